/* Any text as a specification, through the whole compiler: refused with diagnostics, or compiled. Weights
 * are random whatever the text says, and networks too large to be worth the time are left alone. */
#include <string.h>

#include "diag.h"
#include "emit.h"
#include "graph.h"
#include "labels.h"
#include "opt.h"
#include "out.h"
#include "plan.h"
#include "shape.h"
#include "spec.h"
#include "targets.h"
#include "weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLOATS_MAX = 1 << 18 };

/* The sizes of all tensors and weights stay small enough for a thousand runs a second. */
static bool is_small(const struct graph *g)
{
    int64_t floats = 0;
    for (int i = 0; i < g->node.n; i++) {
        const struct node *n = g->node.at[i];
        floats += g->batch * shape_size(&n->out->shape);
        for (int k = 0; k < n->weights; k++)
            floats += shape_size(&n->weight[k].shape);
        if (floats > FLOATS_MAX)
            return false;
    }
    return true;
}

static struct graph *read_model(struct pool *pool, const struct source *src, struct diag *diag)
{
    static const struct weight_options weights;
    struct file_list reads = {0};
    struct spec *spec = spec_read(pool, src, diag);
    struct graph *g = spec ? graph_build(pool, spec, diag) : NULL;
    if (!g)
        return NULL;
    shape_infer(g, diag);
    if (!diag_failed(diag))
        labels_read(g, &reads, diag);
    if (diag_failed(diag) || !is_small(g) || !weights_load(g, &weights, diag) || diag_failed(diag))
        return NULL;
    graph_check(g);
    return g;
}

static void compile_model(struct pool *pool, struct graph *g, struct diag *diag)
{
    const struct plan_options options = {.targets = TARGETS_ALL, .max_threads = 8,
            .max_weight_growth = 2, .math = MATH_FAST};
    const struct emit_options text = {.prefix = g->name, .spec_name = "fuzz.yaml",
            .header_name = "fuzz.h", .command = "cnngen fuzz.yaml", .storage = STORAGE_AUTO};
    struct emitted c;
    optimise(g);
    struct plan *plan = plan_make(pool, g, &options, diag);
    if (!plan)
        return;
    emitted_init(&c);
    emit(plan, &text, &c, diag);
    emitted_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct diag *diag = diag_new(pool);
    const char *text = pool_copy(pool, (const char *)data, size);
    struct source src = source_of("fuzz.yaml", text, size);
    struct graph *g = read_model(pool, &src, diag);
    struct out printed;
    if (g)
        compile_model(pool, g, diag);
    out_init(&printed);
    diag_print(diag, &printed, COLOR_NEVER, false);
    out_free(&printed);
    pool_free(pool);
    return 0;
}
