/* Which tensor of the file is which weight of which layer. */
#include <string.h>

#include "keras.h"
#include "text.h"

/* Whether the last part of the path is one of the names: "conv/kernel" and "kernel|depthwise_kernel". */
static bool has_name(const char *path, const char *names)
{
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    size_t n = strlen(last);
    for (const char *at = names; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strcspn(at, "|") == n && !strncmp(at, last, n))
            return true;
    }
    return false;
}

/* Whether the tensor is the layer's: "LAYER/kernel", or ".../LAYER/kernel". */
static bool is_of_layer(const char *path, const char *layer)
{
    const char *slash = strrchr(path, '/');
    size_t n = strlen(layer), before = slash ? (size_t)(slash - path) : 0;
    return before >= n && !strncmp(slash - n, layer, n) && (before == n || slash[-1 - (long)n] == '/');
}

/* How many tensors the layer has; *index_of: the place among them of the one that is looked for. */
struct search {
    const struct keras_tensor *named;     /* by its name */
    const struct keras_tensor *placed;    /* by its place */
    int named_n, all;                     /* tensors of that name, of the layer */
};

static struct search search_v3(struct keras_file *f, const struct klayer *l, int index)
{
    struct search s = {0};
    const char *vars = pool_printf(f->pool, "%s/vars/", l->path);
    const char *path = pool_printf(f->pool, "%s%d", vars, index);
    for (int i = 0; i < f->tensor.n; i++) {
        const struct keras_tensor *t = &f->tensor.at[i];
        s.all += !strncmp(t->name, vars, strlen(vars));
        if (!strcmp(t->name, path))
            s.placed = t;
    }
    return s;
}

/* A layer of the outermost model has a group to itself; one of a nested model shares it. */
static struct search search_named(struct keras_file *f, const struct klayer *l, const char *names,
        int index)
{
    struct search s = {0};
    bool h5 = f->naming == NAMING_H5, alone = h5 && !strcmp(l->name, l->outermost);
    for (int i = 0; i < f->tensor.n; i++) {
        const struct keras_tensor *t = &f->tensor.at[i];
        if (h5 ? strcmp(t->group, l->outermost) != 0 : false)
            continue;
        if (!alone && !is_of_layer(t->name, l->name))
            continue;
        if (alone && s.all == index)
            s.placed = t;
        s.all++;
        if (has_name(t->name, names)) {
            s.named = t;
            s.named_n++;
        }
    }
    return s;
}

static const struct keras_tensor *refuse(struct keras_file *f, const struct klayer *l,
        const char *names, const char *why)
{
    diag_error(f->diag, DIAG_MISSING_TENSOR, f->at, "layer '%s' (%s): its %.*s %s",
            text_quote(f->diag, l->name), text_quote(f->diag, l->class_name),
            (int)strcspn(names, "|"), names, why);
    return NULL;
}

const struct keras_tensor *keras_find(struct keras_file *f, const struct klayer *l,
        const char *names, int index, int count)
{
    struct search s = f->naming == NAMING_V3 ? search_v3(f, l, index)
                                             : search_named(f, l, names, index);
    const struct keras_tensor *t = s.named ? s.named : s.placed;
    if (s.named_n > 1)
        return refuse(f, l, names, "is there more than once, under different paths");
    if (!t)
        return refuse(f, l, names, "is not in the file");
    if (s.all != count)
        return refuse(f, l, names, pool_printf(f->pool, "can't be told: the layer has %d "
                "weights, the file %d of it", count, s.all));
    if (t->layer && strcmp(t->layer, l->name))
        return refuse(f, l, names, pool_printf(f->pool, "is where the file says that the layer "
                "'%s' is: configuration and weights are of two models",
                text_quote(f->diag, t->layer)));
    if (t->refused)
        return refuse(f, l, names, t->refused);
    if (t->rank < 1 || t->rank > LIMIT_RANK)
        return refuse(f, l, names, "has an unusual number of dimensions");
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] < 1 || t->dim[i] > INT32_MAX)
            return refuse(f, l, names, "has a dimension of 0, or a huge one");
    return t;
}
