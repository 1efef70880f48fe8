/* The weights of a specification that is there, from a file of weights alone. */
#include <errno.h>
#include <string.h>

#include "keras_lower.h"
#include "ops.h"
#include "shape.h"
#include "text.h"

static struct graph *read_spec(struct keras_file *f, const char *path)
{
    struct source *src = NEW(f->pool, struct source);
    enum source_status status = source_read(f->pool, path, LIMIT_SPEC_BYTES, src);
    if (status != SOURCE_OK)
        die("can't read '%s': %s", text_quote(f->diag, path),
                status == SOURCE_ERRNO ? strerror(errno) : "not a regular file, or too large");
    const struct spec *spec = spec_read(f->pool, src, f->diag);
    struct graph *g = spec ? graph_build(f->pool, spec, f->diag) : NULL;
    if (g)
        shape_infer(g, f->diag);
    return g && !diag_failed(f->diag) ? g : NULL;
}

/* Where Keras 3 keeps the layer's weights: under its name where the file says names, else under its
 * class and number. */
static const char *path_of(struct keras_file *f, const struct graph *g, int index)
{
    const char *name = g->layer.at[index]->name;
    int n = 0;
    for (int i = 0; i < f->tensor.n; i++) {
        const struct keras_tensor *t = &f->tensor.at[i];
        const char *vars = strstr(t->name, "/vars/");
        if (vars && t->layer && !strcmp(t->layer, name))
            return pool_copy(f->pool, t->name, (size_t)(vars - t->name));
    }
    for (int i = 0; i < index; i++)
        n += g->layer.at[i]->op == g->layer.at[index]->op;
    const char *kind = keras_snake_case(f->pool, op_defs[g->layer.at[index]->op]->type);
    return n ? pool_printf(f->pool, "/layers/%s_%d", kind, n)
             : pool_printf(f->pool, "/layers/%s", kind);
}

/* Keras' names of a weight: cnngen's, and others that it has had. */
static const char *names_of(const char *class_name, const char *weight)
{
    const struct klayer_type *type = keras_layer_type(class_name);
    size_t n = strlen(weight);
    for (int i = 0; type && i < KERAS_MAX_WEIGHTS; i++) {
        const char *names = type->weight[i].names;
        if (names && !strncmp(names, weight, n) && (!names[n] || names[n] == '|'))
            return names;
    }
    return weight;
}

static void fill_layer(struct keras_file *f, const struct graph *g, int index, struct writer *w)
{
    const struct node *node = g->layer.at[index];
    const char *type = op_defs[node->op]->type;
    struct klayer l = {.class_name = type, .name = node->name, .path = path_of(f, g, index),
        .outermost = node->name};
    struct wlayer *wl = writer_layer(w, type, node->name);
    for (int i = 0; i < node->weights; i++) {
        const struct weight *weight = &node->weight[i];
        int dim[LIMIT_RANK];
        const struct keras_tensor *t = keras_find(f, &l, names_of(type, weight->name), i,
                node->weights);
        for (int d = 0; t && d < t->rank; d++)
            dim[d] = (int)t->dim[d];
        if (!t)
            continue;
        struct shape shape = shape_of(t->rank, dim);
        if (!shape_equal(&shape, &weight->shape))
            diag_error(f->diag, DIAG_TENSOR_SHAPE, node->at,
                    "layer '%s' (%s) needs a %s of %s; the file's is %s", node->name, type,
                    weight->name, shape_text(f->pool, &weight->shape),
                    shape_text(f->pool, &shape));
        layer_weight(wl, weight->name, shape, t->at);
    }
}

struct writer *keras_fill(struct keras_file *f, const struct import_options *o)
{
    const struct graph *g = read_spec(f, o->spec);
    struct writer *w = writer_new(f->pool, "weights");
    for (int i = 0; g && i < g->layer.n; i++)
        if (g->layer.at[i]->weights && !g->layer.at[i]->weight[0].data)
            fill_layer(f, g, i, w);
    return diag_failed(f->diag) ? NULL : w;
}
