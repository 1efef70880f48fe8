/* weight_names.c: what Keras and PyTorch call a weight, and the order that a name tells. */
#include "weight_loader.h"

#include <string.h>

#include "text.h"

const char *weight_other_name(const struct node *n, const struct weight *w)
{
    bool depthwise = n->op == OP_DEPTHWISE_CONV2D || n->op == OP_DEPTHWISE_CONV1D;
    return depthwise && !strcmp(w->name, "kernel") ? "depthwise_kernel" : NULL;
}

bool weight_names_differ(const struct weight *w)
{
    return w->torch_name && strcmp(w->torch_name, w->name);
}

bool weight_name_ends(const char *name, const char *suffix)
{
    size_t n = strcspn(name, ":"), len = suffix ? strlen(suffix) : 0;  /* "conv/kernel:0" */
    return suffix && n >= len && !memcmp(name + n - len, suffix, len) &&
           (n == len || name[n - len - 1] == '.' || name[n - len - 1] == '/');
}

static bool ends_in_one_of(const char *name, const char *const *suffixes)
{
    while (*suffixes && !weight_name_ends(name, *suffixes))
        suffixes++;
    return *suffixes != NULL;
}

/* The order that a tensor's name tells. */
static enum weight_order name_order(const struct wanted *x, const char *name)
{
    static const char *const torch[] = {"weight", "running_mean", "running_var", NULL};
    static const char *const keras[] = {"kernel", "depthwise_kernel", "pointwise_kernel", NULL};
    if (weight_names_differ(x->w) && weight_name_ends(name, x->w->torch_name))
        return ORDER_TORCH;
    if (ends_in_one_of(name, torch))
        return ORDER_TORCH;
    if (!weight_names_differ(x->w))
        return x->of_node;
    if (weight_name_ends(name, x->w->name) || ends_in_one_of(name, keras))
        return ORDER_KERAS;
    return ORDER_UNSAID;
}

bool weight_choose_order(struct weight_loader *l, struct wanted *x, const char *name, bool *torch)
{
    enum weight_order order = l->layout ? l->layout : name_order(x, name);
    if (order == ORDER_UNSAID && x->torch.same)
        order = ORDER_KERAS;
    *torch = order == ORDER_TORCH;
    if (order != ORDER_UNSAID) {
        x->of_node = order;
        return true;
    }
    diag_error(l->diag, DIAG_TENSOR_LAYOUT, x->at,
            "nothing says in which order the dimensions of tensor '%s' stand",
            text_quote(l->diag, name));
    diag_help(l->diag,
            "say 'layout: keras' (%s) or 'layout: torch' (%s) in the top level's weights",
            shape_text(l->pool, &x->w->shape), shape_text(l->pool, &x->torch.shape));
    return false;
}

static const struct st_tensor *find_tensor(
        struct weight_loader *l, const struct node *n, const char *weight)
{
    return weight ? st_find(&l->st, pool_printf(l->pool, "%s.%s", n->name, weight)) : NULL;
}

const struct st_tensor *weight_find_keras(struct weight_loader *l, const struct wanted *x)
{
    const struct st_tensor *t = find_tensor(l, x->node, x->w->name);
    return t ? t : find_tensor(l, x->node, weight_other_name(x->node, x->w));
}

const struct st_tensor *weight_find_torch(struct weight_loader *l, const struct wanted *x)
{
    return find_tensor(l, x->node, x->w->torch_name);
}
