#include "check.h"

#include <string.h>

#include "graph.h"
#include "shape.h"
#include "spec.h"

static void check_weight(struct graph *g, const struct writer *w, const struct node *n,
        const struct weight *need, struct diag *d)
{
    const struct shape *have = writer_weight(w, n->name, need->name);
    if (!have)
        diag_error(d, DIAG_MISSING_TENSOR, n->at, "layer '%s' needs '%s' %s, which isn't there",
                n->name, need->name, shape_text(g->pool, &need->shape));
    else if (!shape_equal(have, &need->shape))
        diag_error(d, DIAG_TENSOR_SHAPE, n->at, "layer '%s' needs '%s' %s, but %s was written",
                n->name, need->name, shape_text(g->pool, &need->shape),
                shape_text(g->pool, have));
}

bool import_check(struct pool *pool, const struct writer *w, const char *path, const char *text,
        size_t len, struct diag *d)
{
    struct source *src = NEW(pool, struct source);
    *src = source_of(path, text, len);
    struct spec *spec = spec_read(pool, src, d);
    struct graph *g = spec ? graph_build(pool, spec, d) : NULL;
    if (!g)
        return false;
    shape_infer(g, d);
    for (int i = 0; i < g->layer.n && !diag_failed(d); i++)
        for (int k = 0; k < g->layer.at[i]->weights; k++)
            check_weight(g, w, g->layer.at[i], &g->layer.at[i]->weight[k], d);
    return !diag_failed(d);
}
