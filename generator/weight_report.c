/* weight_report.c: what is missing, and what is left over. */
#include "weight_loader.h"

#include "ops.h"
#include "text.h"

static bool is_tracked(const char *name)
{
    return weight_name_ends(name, "num_batches_tracked");  /* a counter of PyTorch's training */
}

/* "'a', 'b', 'c' ... (12 in all)": tensors nobody has used. */
static const char *unused_text(struct weight_loader *l, int *count)
{
    enum { SHOWN = 5 };
    const char *text = "";
    *count = 0;
    for (int i = 0; i < l->st.tensor.n; i++) {
        const char *name = l->st.tensor.at[i].name;
        if (l->used[i] || is_tracked(name))
            continue;
        if (++*count <= SHOWN)
            text = pool_printf(l->pool, "%s%s'%s'", text, *count > 1 ? ", " : "",
                    text_quote(l->diag, name));
    }
    return *count > SHOWN ? pool_printf(l->pool, "%s ... (%d in all)", text, *count) : text;
}

/* "'conv1.kernel' [3, 3, 1, 16] or 'conv1.weight' [16, 1, 3, 3]" */
static const char *expected_text(struct weight_loader *l, const struct wanted *x)
{
    const struct weight *w = x->w;
    const char *layer = text_quote(l->diag, x->node->name);
    const char *keras = pool_printf(l->pool, "'%s.%s' %s", layer, w->name,
            shape_text(l->pool, &w->shape));
    const char *torch = pool_printf(l->pool, "'%s.%s' %s", layer,
            weight_names_differ(w) ? w->torch_name : w->name, shape_text(l->pool, &x->torch.shape));
    if (l->layout == ORDER_TORCH)
        return torch;
    if (l->layout == ORDER_KERAS || !weight_names_differ(w))
        return keras;
    return pool_printf(l->pool, "%s or %s", keras, torch);
}

/* The unused tensor whose name is nearest to one the weight could have; NULL: none. */
static const char *nearest_unused(
        struct weight_loader *l, const struct wanted *x, const char **unused, int n)
{
    const char *near = NULL;
    if (l->layout != ORDER_TORCH || !weight_names_differ(x->w))
        near = closest(pool_printf(l->pool, "%s.%s", x->node->name, x->w->name), unused, n);
    if (!near && l->layout != ORDER_KERAS && weight_names_differ(x->w))
        near = closest(pool_printf(l->pool, "%s.%s", x->node->name, x->w->torch_name), unused, n);
    return near;
}

/* The tensor in the order that the layout excludes; NULL: none, or nothing is excluded. */
static const struct st_tensor *find_excluded(struct weight_loader *l, const struct wanted *x)
{
    if (l->layout == ORDER_UNSAID || !weight_names_differ(x->w))
        return NULL;
    return l->layout == ORDER_TORCH ? weight_find_keras(l, x) : weight_find_torch(l, x);
}

/* What to do about a missing tensor, given the names of those that nobody has used. */
static void help_missing(
        struct weight_loader *l, const struct wanted *x, const char **unused, int n)
{
    const char *near = nearest_unused(l, x, unused, n);
    const struct st_tensor *other = find_excluded(l, x);
    bool torch = l->layout == ORDER_TORCH;
    int count;
    if (other) {
        diag_help(l->diag, "the file has '%s', %s name for it; the spec says 'layout: %s'",
                text_quote(l->diag, other->name), torch ? "Keras'" : "PyTorch's",
                torch ? "torch" : "keras");
    } else if (near) {
        near = text_quote(l->diag, near);
        diag_help(l->diag, "did you mean '%s'? In the layer: weights: {%s: %s}", near, x->w->name,
                near);
    } else if (n > 0) {
        if (!l->listed)
            diag_note(l->diag, weight_file_span(l), "tensors without a layer: %s",
                    unused_text(l, &count));
        l->listed = true;
        diag_help(l->diag, "to use a tensor of another name, name it in the layer: weights: {%s: "
                           "TENSOR}", x->w->name);
    }
}

void weight_report_missing(struct weight_loader *l)
{
    const char **unused = NEW_ARRAY(l->pool, const char *, l->st.tensor.n);
    int n = 0;
    for (int i = 0; i < l->st.tensor.n; i++)
        if (!l->used[i] && !is_tracked(l->st.tensor.at[i].name))
            unused[n++] = l->st.tensor.at[i].name;
    for (int i = 0; i < l->missing.n; i++) {
        const struct wanted *x = &l->missing.at[i];
        diag_error(l->diag, DIAG_MISSING_TENSOR, x->at, "%s needs the tensor %s, which %s lacks",
                node_title(l->g, x->node), expected_text(l, x), l->file.src->path);
        if (diag_errors(l->diag) <= MAX_ERRORS)
            help_missing(l, x, unused, n);
    }
}

void weight_warn_unused(struct weight_loader *l)
{
    int count;
    const char *text = unused_text(l, &count);
    if (count > 0)
        diag_warn(l->diag, DIAG_EXTRA_TENSOR, weight_file_span(l), "no layer uses the tensor%s %s",
                count > 1 ? "s" : "", text);
}

void weight_report_bare(struct weight_loader *l)
{
    const struct node *first = l->bare.at[0];
    const char *rest = l->bare.n == 1 ? " needs" : pool_printf(l->pool, " and %d more layer%s need",
            l->bare.n - 1, l->bare.n > 2 ? "s" : "");
    diag_error(l->diag, DIAG_NO_WEIGHTS, first->at, "%s%s weights, and the spec names none",
            node_title(l->g, first), rest);
    diag_help(l->diag,
            "add 'weights: FILE.safetensors' to the top level; 'weights: random' lets you try "
            "size and speed");
}

void weight_report_unclear(struct weight_loader *l)
{
    for (int i = 0; i < l->unclear.n; i++) {
        const struct unclear *u = &l->unclear.at[i];
        diag_error(l->diag, DIAG_UNSUPPORTED, u->node->at, "with PyTorch's weights, %s %s",
                node_title(l->g, u->node), u->why);
        if (u->help)
            diag_help(l->diag, "%s", u->help);
    }
}
