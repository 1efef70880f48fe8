/* op_network.h: networks of a few layers, from text, with random weights, and their values by the
 * reference evaluation. */
#ifndef OP_NETWORK_H
#define OP_NETWORK_H

#include "fixture.h"

#include <math.h>

#include "eval.h"
#include "ops/families.h"
#include "shape.h"
#include "weights.h"

#define CHECK(t, ...) check_values(&(t), COUNT(((double[])__VA_ARGS__)), (double[])__VA_ARGS__)
#define TEST(f) cmocka_unit_test_setup_teardown(f, seeded, teardown)

/* ---- networks -------------------------------------------------------------------------------- */

static uint64_t seed;

static inline int seeded(void **state)
{
    seed = 1;
    return setup(state);
}

/* In [-1, 1). */
static inline double chance(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(int64_t)(seed >> 11) * 0x1p-52 - 1;
}

/* A graph of layers in flow style, one a line, with random weights; NULL after errors. */
static inline struct graph *build(const char *layers)
{
    struct source *src = NEW(pool, struct source);
    const char *text =
        pool_printf(pool, "cnngen: 1\nname: t\nweights: random\nlayers:\n%s", layers);
    struct spec *spec;
    struct graph *g;

    *src = source_of("t.yaml", text, strlen(text));
    diag = diag_new(pool);
    spec = spec_read(pool, src, diag);
    g = spec ? graph_build(pool, spec, diag) : NULL;
    if (g)
        shape_infer(g, diag);
    if (g && !diag_failed(diag))
        weights_load(g, &(struct weight_options){NULL}, diag);
    return diag_failed(diag) ? NULL : g;
}

static inline struct graph *sound(const char *layers)
{
    struct graph *g = build(layers);

    if (!g)
        fail_msg("%s\n%s", layers, said());
    return g;
}

/* One layer behind an input. */
static inline struct graph *one(const char *input, const char *layer)
{
    return sound(pool_printf(pool, "  - {type: Input, shape: %s}\n  - {%s}\n", input, layer));
}

static inline struct node *layer_of(struct graph *g, int i)
{
    return g->layer.at[i];
}

static inline float *weight_of(struct node *n, const char *name)
{
    const struct weight *w = find_weight(n, name);

    assert_non_null(w);
    return (float *)(uintptr_t)w->data;
}

static inline int64_t weight_size(const struct node *n, const char *name)
{
    return shape_size(&find_weight(n, name)->shape);
}

static inline void set_weight(struct node *n, const char *name, const float *v)
{
    memcpy(weight_of(n, name), v, (size_t)weight_size(n, name) * sizeof *v);
}

static inline void fill_weight(struct node *n, const char *name, float v)
{
    for (int64_t i = 0; i < weight_size(n, name); i++)
        weight_of(n, name)[i] = v;
}

/* ---- values ---------------------------------------------------------------------------------- */

static inline struct tval value(const struct shape *s)
{
    struct tval t = {.shape = *s};

    t.v = NEW_ARRAY(pool, double, shape_size(s));
    t.e = NEW_ARRAY(pool, double, shape_size(s));
    return t;
}

static inline struct tval random_value(const struct shape *s)
{
    struct tval t = value(s);

    for (int64_t i = 0; i < shape_size(s); i++)
        t.v[i] = (double)(float)chance();
    return t;
}

/* The last layer's value; of network inputs in order. */
static inline struct tval run(struct graph *g, const struct tval *in)
{
    struct tval *all = NEW_ARRAY(pool, struct tval, g->layer.n);
    struct tval out;

    eval_graph(g, in, all);
    out = value(&all[g->layer.n - 1].shape);
    memcpy(out.v, all[g->layer.n - 1].v, (size_t)shape_size(&out.shape) * sizeof(double));
    memcpy(out.e, all[g->layer.n - 1].e, (size_t)shape_size(&out.shape) * sizeof(double));
    for (int i = 0; i < g->layer.n; i++)
        tval_free(&all[i]);
    return out;
}

static inline struct tval run_on(struct graph *g, const double *x)
{
    struct tval in = value(&g->input.at[0]->shape);

    memcpy(in.v, x, (size_t)shape_size(&in.shape) * sizeof *x);
    return run(g, &in);
}

static inline void check_values(const struct tval *t, int n, const double *want)
{
    assert_int_equal(shape_size(&t->shape), n);
    for (int i = 0; i < n; i++)
        if (isnan(want[i])
                ? !isnan(t->v[i])
                : !(t->v[i] == want[i] || fabs(t->v[i] - want[i]) <= 1e-12 * fabs(want[i])))
            fail_msg("element %d is %.17g, not %.17g", i, t->v[i], want[i]);
}

static inline void check_equal(const struct tval *a, const struct tval *b)
{
    assert_true(shape_equal(&a->shape, &b->shape));
    for (int64_t i = 0; i < shape_size(&a->shape); i++)
        if (!(fabs(a->v[i] - b->v[i]) <= 1e-12))
            fail_msg("element %d: %.17g and %.17g", (int)i, a->v[i], b->v[i]);
}

static inline void check_shape(const struct tval *t, const char *want)
{
    assert_string_equal(shape_text(pool, &t->shape), want);
}

#endif
