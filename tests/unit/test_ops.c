/* Operators: shapes, messages, reference evaluation, error bounds, lowering. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "ops/families.h"
#include "out.h"
#include "shape.h"
#include "weights.h"

/* ---- networks -------------------------------------------------------------------------------- */

static struct pool *pool;
static struct diag *diag;
static uint64_t seed;

static int setup(void **state)
{
    (void)state;
    pool = pool_new();
    diag = diag_new(pool);
    seed = 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    return 0;
}

/* In [-1, 1). */
static double chance(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(int64_t)(seed >> 11) * 0x1p-52 - 1;
}

/* A graph of layers in flow style, one a line, with random weights; NULL after errors. */
static struct graph *build(const char *layers)
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

static const char *messages(void)
{
    struct out out;
    const char *text;

    out_init(&out);
    diag_print(diag, &out, COLOR_NEVER, false);
    text = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return text;
}

static struct graph *sound(const char *layers)
{
    struct graph *g = build(layers);

    if (!g)
        fail_msg("%s\n%s", layers, messages());
    return g;
}

/* One layer behind an input. */
static struct graph *one(const char *input, const char *layer)
{
    return sound(pool_printf(pool, "  - {type: Input, shape: %s}\n  - {%s}\n", input, layer));
}

static struct node *layer_of(struct graph *g, int i)
{
    return g->layer.at[i];
}

static float *weight_of(struct node *n, const char *name)
{
    const struct weight *w = find_weight(n, name);

    assert_non_null(w);
    return (float *)(uintptr_t)w->data;
}

static int64_t weight_size(const struct node *n, const char *name)
{
    return shape_size(&find_weight(n, name)->shape);
}

static void set_weight(struct node *n, const char *name, const float *v)
{
    memcpy(weight_of(n, name), v, (size_t)weight_size(n, name) * sizeof *v);
}

static void fill_weight(struct node *n, const char *name, float v)
{
    for (int64_t i = 0; i < weight_size(n, name); i++)
        weight_of(n, name)[i] = v;
}

/* ---- values ---------------------------------------------------------------------------------- */

static struct tval value(const struct shape *s)
{
    struct tval t = {.shape = *s};

    t.v = NEW_ARRAY(pool, double, shape_size(s));
    t.e = NEW_ARRAY(pool, double, shape_size(s));
    return t;
}

static struct tval random_value(const struct shape *s)
{
    struct tval t = value(s);

    for (int64_t i = 0; i < shape_size(s); i++)
        t.v[i] = (double)(float)chance();
    return t;
}

/* The last layer's value; of network inputs in order. */
static struct tval run(struct graph *g, const struct tval *in)
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

static struct tval run_on(struct graph *g, const double *x)
{
    struct tval in = value(&g->input.at[0]->shape);

    memcpy(in.v, x, (size_t)shape_size(&in.shape) * sizeof *x);
    return run(g, &in);
}

static void check_values(const struct tval *t, int n, const double *want)
{
    assert_int_equal(shape_size(&t->shape), n);
    for (int i = 0; i < n; i++)
        if (isnan(want[i])
                ? !isnan(t->v[i])
                : !(t->v[i] == want[i] || fabs(t->v[i] - want[i]) <= 1e-12 * fabs(want[i])))
            fail_msg("element %d is %.17g, not %.17g", i, t->v[i], want[i]);
}

static void check_equal(const struct tval *a, const struct tval *b)
{
    assert_true(shape_equal(&a->shape, &b->shape));
    for (int64_t i = 0; i < shape_size(&a->shape); i++)
        if (!(fabs(a->v[i] - b->v[i]) <= 1e-12))
            fail_msg("element %d: %.17g and %.17g", (int)i, a->v[i], b->v[i]);
}

static void check_shape(const struct tval *t, const char *want)
{
    assert_string_equal(shape_text(pool, &t->shape), want);
}

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))
#define CHECK(t, ...) check_values(&(t), COUNT(((double[])__VA_ARGS__)), (double[])__VA_ARGS__)

/* ---- convolution ----------------------------------------------------------------------------- */

static void test_conv_by_hand(void **state)
{
    struct graph *g = one("[3, 3, 1]", "type: Conv2D, filters: 1, kernel_size: 2");
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "kernel", (float[]){1, 2, 3, 4});
    set_weight(layer_of(g, 1), "bias", (float[]){100});
    y = run_on(g, (double[]){1, 2, 3, 4, 5, 6, 7, 8, 9});
    check_shape(&y, "[2, 2, 1]");
    CHECK(y, {137, 147, 167, 177});
}

static void test_conv_identity(void **state)
{
    struct graph *g = one("[4, 5, 3]", "type: Conv2D, filters: 3, kernel_size: 1, use_bias: false");
    struct tval x = random_value(&g->input.at[0]->shape);
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "kernel", (float[]){1, 0, 0, 0, 1, 0, 0, 0, 1});
    y = run(g, &x);
    check_equal(&x, &y);
}

/* Of an impulse, the kernel upside down, since it is not flipped. */
static void test_conv_impulse(void **state)
{
    struct graph *g = one("[3, 3, 1]", "type: Conv2D, filters: 1, kernel_size: 3, padding: same");
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "kernel", (float[]){1, 2, 3, 4, 5, 6, 7, 8, 9});
    fill_weight(layer_of(g, 1), "bias", 0);
    y = run_on(g, (double[]){0, 0, 0, 0, 1, 0, 0, 0, 0});
    CHECK(y, {9, 8, 7, 6, 5, 4, 3, 2, 1});
}

static void test_conv_linear(void **state)
{
    struct graph *g = one("[7, 6, 3]", "type: Conv2D, filters: 5, kernel_size: 3, strides: 2, "
                                       "padding: same, use_bias: false");
    struct tval a = random_value(&g->input.at[0]->shape);
    struct tval b = random_value(&g->input.at[0]->shape);
    struct tval ya = run(g, &a);
    struct tval yb = run(g, &b);
    struct tval y;

    (void)state;
    for (int64_t i = 0; i < shape_size(&a.shape); i++)
        a.v[i] = 3 * a.v[i] - 2 * b.v[i];
    for (int64_t i = 0; i < shape_size(&ya.shape); i++)
        ya.v[i] = 3 * ya.v[i] - 2 * yb.v[i];
    y = run(g, &a);
    check_equal(&y, &ya);
}

/* The input with explicit zeros around, and a convolution without padding, in the plainest
 * order. */
static double plain_conv(const struct conv2d *c, const float *w, const struct tval *x, int oh,
                         int ow, int o)
{
    int ic = c->in_channels / c->groups;
    int first = o / (c->filters / c->groups) * ic;
    double sum = 0;

    for (int i = 0; i < ic; i++)
        for (int kh = 0; kh < c->kernel[0]; kh++)
            for (int kw = 0; kw < c->kernel[1]; kw++) {
                int h = oh * c->strides[0] + kh * c->dilation[0] - c->pad[0];
                int v = ow * c->strides[1] + kw * c->dilation[1] - c->pad[2];
                bool inside = h >= 0 && v >= 0 && h < x->shape.dim[0] && v < x->shape.dim[1];

                if (inside)
                    sum += (double)w[((kh * c->kernel[1] + kw) * ic + i) * c->filters + o] *
                           x->v[(h * x->shape.dim[1] + v) * x->shape.dim[2] + first + i];
            }
    return sum;
}

static void test_conv_forms(void **state)
{
    static const char *const forms[] = {
        "filters: 4, kernel_size: [3, 2], padding: same",
        "filters: 6, kernel_size: 3, strides: [2, 3], groups: 2",
        "filters: 4, kernel_size: [2, 3], dilation_rate: [2, 1], strides: 2, padding: 1",
        "filters: 16, kernel_size: 2, padding: [[0, 3], [2, 1]], groups: 4",
        "filters: 9, kernel_size: [5, 1], dilation_rate: 2, padding: same",
        "filters: 17, kernel_size: 3, padding: [2, 0], strides: 3",
    };

    (void)state;
    for (int f = 0; f < COUNT(forms); f++) {
        struct graph *g = one("[9, 8, 4]", pool_printf(pool, "type: Conv2D, %s", forms[f]));
        struct node *n = layer_of(g, 1);
        struct tval x = random_value(&g->input.at[0]->shape);
        struct tval y = run(g, &x);
        struct tval want = value(&y.shape);
        int64_t at = 0;

        for (int h = 0; h < y.shape.dim[0]; h++)
            for (int w = 0; w < y.shape.dim[1]; w++)
                for (int o = 0; o < y.shape.dim[2]; o++, at++)
                    want.v[at] = plain_conv(n->attr, weight_of(n, "kernel"), &x, h, w, o) +
                                 (double)weight_of(n, "bias")[o];
        check_equal(&y, &want);
    }
}

/* ---- extents of windows ---------------------------------------------------------------------- */

/* How many windows fit, counted one by one. With ceil_mode, as in PyTorch, those that begin on the
 * input or the padding before it, as long as the one before has not reached the end. */
static int count_windows(int padded, int before_end, int reach, int stride, bool ceil_mode)
{
    int n = 0;

    if (!ceil_mode)
        while (n * stride + reach <= padded)
            n++;
    else
        while (n * stride < before_end && (n - 1) * stride + reach < padded)
            n++;
    return n;
}

static int extent_of(const char *layer, int in)
{
    struct graph *g =
        build(pool_printf(pool, "  - {type: Input, shape: [%d, 40, 1]}\n  - {%s}\n", in, layer));

    return g ? layer_of(g, 1)->out->shape.dim[0] : 0;
}

static void check_extents(int in, int k, int s, int d)
{
    static const struct { const char *text; int before, after; } paddings[] = {
        {"valid", 0, 0}, {"1", 1, 1}, {"[[2, 0], [1, 1]]", 2, 0}, {"[3, 1]", 3, 3},
    };
    int reach = (k - 1) * d + 1;

    for (int p = 0; p < COUNT(paddings); p++) {
        int padded = in + paddings[p].before + paddings[p].after;
        const char *layer = pool_printf(pool, "type: Conv2D, filters: 1, kernel_size: [%d, 1], "
                                        "strides: %d, dilation_rate: %d, padding: %s",
                                        k, s, d, paddings[p].text);

        assert_int_equal(extent_of(layer, in), count_windows(padded, 0, reach, s, false));
    }
    assert_int_equal(extent_of(pool_printf(pool, "type: Conv2D, filters: 1, padding: same, "
                                           "kernel_size: [%d, 1], strides: %d, dilation_rate: %d",
                                           k, s, d),
                               in),
                     count_windows(in, in, 1, s, false));
}

static void test_extents(void **state)
{
    (void)state;
    for (int in = 1; in <= 9; in += 1 + in / 4)
        for (int k = 1; k <= 5; k++)
            for (int s = 1; s <= 3; s++)
                for (int d = 1; d <= 2; d++)
                    check_extents(in, k, s, d);
}

static void test_extents_ceil(void **state)
{
    (void)state;
    for (int in = 1; in <= 9; in++)
        for (int k = 1; k <= 4; k++)
            for (int s = 1; s <= 4; s++)
                for (int pad = 0; pad < k && pad < 3; pad++) {
                    const char *layer = pool_printf(pool, "type: MaxPooling2D, ceil_mode: true, "
                                                    "pool_size: [%d, 4], strides: %d, "
                                                    "padding: [%d, 0]", k, s, pad);

                    assert_int_equal(extent_of(layer, in),
                                     count_windows(in + 2 * pad, in + pad, k, s, true));
                }
}

/* TensorFlow's: as few zeros as needed, the odd one behind. */
static void test_same_is_explicit(void **state)
{
    (void)state;
    for (int in = 1; in <= 8; in++)
        for (int k = 1; k <= 4; k++)
            for (int s = 1; s <= 3; s++) {
                int out = count_windows(in, in, 1, s, false);
                int total = (out - 1) * s + k > in ? (out - 1) * s + k - in : 0;
                const char *input = pool_printf(pool, "[%d, 5, 2]", in);
                const char *conv = pool_printf(pool,
                                               "type: Conv2D, filters: 3, kernel_size: [%d, 1], "
                                               "strides: [%d, 1]",
                                               k, s);
                struct graph *a = one(input, pool_printf(pool, "%s, padding: same", conv));
                struct graph *b = one(input, pool_printf(pool, "%s, padding: [[%d, %d], [0, 0]]",
                                                         conv, total / 2, total - total / 2));
                struct tval x = random_value(&a->input.at[0]->shape);
                struct tval ya = run(a, &x);
                struct tval yb;

                set_weight(layer_of(b, 1), "kernel", weight_of(layer_of(a, 1), "kernel"));
                set_weight(layer_of(b, 1), "bias", weight_of(layer_of(a, 1), "bias"));
                yb = run(b, &x);
                check_equal(&ya, &yb);
            }
}

/* ---- depthwise, separable -------------------------------------------------------------------- */

static void test_depthwise_is_grouped(void **state)
{
    struct graph *a =
        one("[6, 7, 3]", "type: DepthwiseConv2D, kernel_size: 3, depth_multiplier: 2, "
                         "strides: 2, padding: same");
    struct graph *b = one("[6, 7, 3]", "type: Conv2D, filters: 6, groups: 3, kernel_size: 3, "
                                       "strides: 2, padding: same");
    struct tval x = random_value(&a->input.at[0]->shape);
    struct tval ya = run(a, &x);
    struct tval yb;

    (void)state;
    assert_string_equal(shape_text(pool, &find_weight(layer_of(a, 1), "kernel")->shape),
                        "[3, 3, 3, 2]");
    set_weight(layer_of(b, 1), "kernel", weight_of(layer_of(a, 1), "kernel"));
    set_weight(layer_of(b, 1), "bias", weight_of(layer_of(a, 1), "bias"));
    yb = run(b, &x);
    check_equal(&ya, &yb);
    for (int64_t i = 0; i < shape_size(&ya.shape); i++)
        assert_true(fabs(ya.e[i] - yb.e[i]) <= 1e-12 * ya.e[i]);
}

static void test_separable_is_two(void **state)
{
    struct graph *a = one("[6, 7, 3]", "type: SeparableConv2D, filters: 5, kernel_size: [3, 2], "
                                       "depth_multiplier: 2, dilation_rate: [2, 1], padding: 1");
    struct graph *b = sound("  - {type: Input, shape: [6, 7, 3]}\n"
                            "  - {type: DepthwiseConv2D, kernel_size: [3, 2], depth_multiplier: 2, "
                            "dilation_rate: [2, 1], padding: 1, use_bias: false}\n"
                            "  - {type: Conv2D, filters: 5, kernel_size: 1}\n");
    struct tval x = random_value(&a->input.at[0]->shape);
    struct tval ya = run(a, &x);
    struct tval yb;

    (void)state;
    set_weight(layer_of(b, 1), "kernel", weight_of(layer_of(a, 1), "depthwise_kernel"));
    set_weight(layer_of(b, 2), "kernel", weight_of(layer_of(a, 1), "pointwise_kernel"));
    set_weight(layer_of(b, 2), "bias", weight_of(layer_of(a, 1), "bias"));
    yb = run(b, &x);
    check_equal(&ya, &yb);
    assert_int_equal(node_def(layer_of(a, 1))->macs(layer_of(a, 1)),
                     node_def(layer_of(b, 1))->macs(layer_of(b, 1)) +
                         node_def(layer_of(b, 2))->macs(layer_of(b, 2)));
}

/* ---- transposed convolution ------------------------------------------------------------------ */

static double dot(const struct tval *a, const struct tval *b)
{
    double sum = 0;

    assert_true(shape_equal(&a->shape, &b->shape));
    for (int64_t i = 0; i < shape_size(&a->shape); i++)
        sum += a->v[i] * b->v[i];
    return sum;
}

/* <conv(x), y> = <x, conv'(y)>: the same kernel read as HWIO and as HWOI. */
static void check_adjoint(const char *input, const char *args)
{
    struct graph *c =
        one(input, pool_printf(pool, "type: Conv2D, filters: 3, %s, use_bias: false", args));
    const char *mid = shape_text(pool, &layer_of(c, 1)->out->shape);
    struct graph *t = one(mid, pool_printf(pool, "type: Conv2DTranspose, filters: 2, %s, "
                                           "use_bias: false", args));
    struct tval x = random_value(&c->input.at[0]->shape);
    struct tval y = random_value(&t->input.at[0]->shape);
    struct tval cx = run(c, &x);
    struct tval ty;

    set_weight(layer_of(t, 1), "kernel", weight_of(layer_of(c, 1), "kernel"));
    ty = run(t, &y);
    if (!(fabs(dot(&cx, &y) - dot(&x, &ty)) <= 1e-12 * (1 + fabs(dot(&cx, &y)))))
        fail_msg("%s: %.17g and %.17g", args, dot(&cx, &y), dot(&x, &ty));
}

static void test_transpose_adjoint(void **state)
{
    (void)state;
    check_adjoint("[7, 6, 2]", "kernel_size: 3");
    check_adjoint("[7, 7, 2]", "kernel_size: 3, strides: 2");
    check_adjoint("[8, 6, 2]", "kernel_size: 3, strides: 2, padding: same");
    check_adjoint("[8, 6, 2]", "kernel_size: [4, 2], strides: 2, padding: same");
    check_adjoint("[9, 6, 2]", "kernel_size: [5, 4], strides: 3, padding: same");
    check_adjoint("[9, 6, 2]", "kernel_size: 2, strides: 3, padding: same");
    check_adjoint("[9, 8, 2]", "kernel_size: 3, dilation_rate: 2, padding: same");
    check_adjoint("[9, 9, 2]", "kernel_size: 3, dilation_rate: 2, strides: 2, padding: 1");
    check_adjoint("[6, 5, 2]", "kernel_size: [3, 2], padding: [[1, 0], [0, 2]]");
}

static void check_transpose_extent(int in, const char *args, int want)
{
    int got = extent_of(pool_printf(pool, "type: Conv2DTranspose, filters: 1, %s", args), in);

    if (got != want)
        fail_msg("%d rows, %s: %d, not %d", in, args, got, want);
}

/* keras.src.backend.common.backend_utils, _get_output_shape_given_tf_padding, worked out by
 * hand. */
static void test_transpose_extents(void **state)
{
    (void)state;
    check_transpose_extent(5, "kernel_size: 3", 7);
    check_transpose_extent(5, "kernel_size: 3, strides: 2", 11);
    check_transpose_extent(5, "kernel_size: 2, strides: 3", 15);
    check_transpose_extent(5, "kernel_size: 3, strides: 2, padding: same", 10);
    check_transpose_extent(5, "kernel_size: 2, strides: 3, padding: same", 15);
    check_transpose_extent(5, "kernel_size: 3, strides: 2, output_padding: 0", 11);
    check_transpose_extent(5, "kernel_size: 3, strides: 2, output_padding: 1", 12);
    check_transpose_extent(5, "kernel_size: 3, strides: 2, padding: same, output_padding: 0", 9);
    check_transpose_extent(5, "kernel_size: 3, strides: 2, padding: same, output_padding: 1", 10);
    check_transpose_extent(5, "kernel_size: 4, strides: 2, padding: same, output_padding: 1", 9);
    check_transpose_extent(5, "kernel_size: 3, dilation_rate: 2", 9);
    check_transpose_extent(5, "kernel_size: 3, strides: 2, padding: 1", 9);
    check_transpose_extent(5, "kernel_size: 3, strides: 2, padding: 1, output_padding: 1", 10);
}

static void test_transpose_by_hand(void **state)
{
    struct graph *g = one("[1, 2, 1]", "type: Conv2DTranspose, filters: 1, kernel_size: [1, 3], "
                                       "strides: [1, 2]");
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "kernel", (float[]){1, 2, 3});
    set_weight(layer_of(g, 1), "bias", (float[]){1000});
    y = run_on(g, (double[]){1, 10});
    CHECK(y, {1001, 1002, 1013, 1020, 1030});
}

/* ---- dense, pooling -------------------------------------------------------------------------- */

static void test_dense(void **state)
{
    struct graph *g = one("[2, 2]", "type: Dense, units: 3");
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "kernel", (float[]){1, 2, 3, 4, 5, 6});
    set_weight(layer_of(g, 1), "bias", (float[]){10, 20, 30});
    y = run_on(g, (double[]){1, 1, 2, 0});
    check_shape(&y, "[2, 3]");
    CHECK(y, {15, 27, 39, 12, 24, 36});
}

static void test_max_pooling(void **state)
{
    struct graph *g = one("[3, 3, 1]", "type: MaxPooling2D, strides: 1, padding: same");
    struct tval y;

    (void)state;
    y = run_on(g, (double[]){-1, -2, -3, -4, -5, -6, -7, -8, -9});
    CHECK(y, {-1, -2, -3, -4, -5, -6, -7, -8, -9});
    y = run_on(g, (double[]){-INFINITY, 1, 2, -INFINITY, NAN, 3, INFINITY, 4, -INFINITY});
    CHECK(y, {NAN, NAN, 3, NAN, NAN, 3, INFINITY, 4, -INFINITY});
    g = one("[5, 5, 2]", "type: MaxPooling2D");
    y = run(g, (struct tval[]){random_value(&g->input.at[0]->shape)});
    check_shape(&y, "[2, 2, 2]");
}

static void test_average_pooling(void **state)
{
    struct graph *g = one("[1, 3, 1]", "type: AveragePooling2D, pool_size: [1, 2], padding: same");
    double x[] = {1, 3, 5};
    struct tval y;

    (void)state;
    y = run_on(g, x);
    CHECK(y, {2, 5});
    g = one("[1, 3, 1]", "type: AvgPool2D, pool_size: [1, 2], padding: [[0, 0], [1, 0]], "
                         "count_include_pad: true");
    y = run_on(g, x);
    CHECK(y, {0.5, 4});
    g = one("[1, 3, 1]", "type: AvgPool2D, pool_size: [1, 2], ceil_mode: true");
    y = run_on(g, x);
    CHECK(y, {2, 5});
    g = one("[1, 3, 1]",
            "type: AvgPool2D, pool_size: [1, 2], ceil_mode: true, count_include_pad: true");
    y = run_on(g, x);
    CHECK(y, {2, 5});
    g = one("[1, 3, 1]",
            "type: AvgPool2D, pool_size: [1, 3], strides: 2, padding: [[0, 0], [1, 1]], "
            "ceil_mode: true, count_include_pad: true");
    y = run_on(g, x);
    CHECK(y, {4.0 / 3, 8.0 / 3});
}

static void test_global_pooling(void **state)
{
    double x[] = {1, 8, 2, 7, 3, 6, 4, 5};
    struct tval y = run_on(one("[2, 2, 2]", "type: GlobalAveragePooling2D"), x);

    (void)state;
    check_shape(&y, "[2]");
    CHECK(y, {2.5, 6.5});
    y = run_on(one("[2, 2, 2]", "type: GlobalMaxPool2D, keepdims: true"), x);
    check_shape(&y, "[1, 1, 2]");
    CHECK(y, {4, 8});
}

/* ---- scales ---------------------------------------------------------------------------------- */

static void test_batch_normalization(void **state)
{
    struct graph *g = one("[1, 1, 2]", "type: BatchNormalization, epsilon: 1");
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "gamma", (float[]){2, 1});
    set_weight(layer_of(g, 1), "beta", (float[]){5, 0});
    set_weight(layer_of(g, 1), "moving_mean", (float[]){1, 10});
    set_weight(layer_of(g, 1), "moving_variance", (float[]){3, 0});
    y = run_on(g, (double[]){3, 12});
    CHECK(y, {7, 2});
    g = one("[1, 1, 2]",
            "type: BatchNormalization, epsilon: 1, center: false, scale: false, axis: [3]");
    assert_int_equal(layer_of(g, 1)->weights, 2);
    set_weight(layer_of(g, 1), "moving_mean", (float[]){1, 10});
    set_weight(layer_of(g, 1), "moving_variance", (float[]){3, 0});
    y = run_on(g, (double[]){3, 12});
    CHECK(y, {1, 2});
}

static void test_normalizations(void **state)
{
    double x[] = {1, 3, 5};
    struct tval y = run_on(one("[3]", "type: Rescaling, scale: 0.5, offset: [1, 2, 3]"), x);

    (void)state;
    CHECK(y, {1.5, 3.5, 5.5});
    y = run_on(one("[3]", "type: Normalization, mean: 1, variance: [4, 1, 16]"), x);
    CHECK(y, {0, 2, 1});
    y = run_on(one("[3]", "type: Normalization, mean: 1, variance: [4, 1, 16], invert: true"), x);
    CHECK(y, {3, 4, 21});
    y = run_on(one("[3]", "type: Normalization, mean: 1, variance: 0"), x);
    CHECK(y, {0, 2e7, 4e7});
}

static void test_rms_normalization(void **state)
{
    struct graph *g = one("[2, 2]", "type: RMSNormalization, epsilon: 11.5");
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "scale", (float[]){1, -2});
    y = run_on(g, (double[]){3, 4, 0, 1});
    CHECK(y, {3 / sqrt(24), -8 / sqrt(24), 0, -2 / sqrt(12)});
}

static void test_local_response_normalization(void **state)
{
    struct tval y = run_on(one("[2, 4]", "type: LocalResponseNormalization, size: 4, alpha: 4, "
                               "beta: 0.5, bias: 2"), (double[]){1, 2, 3, 4, 1, 0, 0, -1});

    (void)state;
    CHECK(y, {1 / 4., 2 / sqrt(32), 3 / sqrt(31), 4 / sqrt(27), 1 / sqrt(3), 0, 0, -1 / sqrt(3)});
}

static void test_group_normalization(void **state)
{
    static const double x[] = {1, 5, 3, 7, 3, 9, 1, 7};
    struct graph *g = one("[1, 2, 4]", "type: GroupNormalization, groups: 2, epsilon: 1");
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "gamma", (float[]){1, 2, 1, 3});
    set_weight(layer_of(g, 1), "beta", (float[]){0, 0, 10, 0});
    y = run_on(g, x);
    CHECK(y, {-3.5 / sqrt(9.75), 1 / sqrt(9.75), 10 - 1.5 / sqrt(7.75), 7.5 / sqrt(7.75),
              -1.5 / sqrt(9.75), 9 / sqrt(9.75), 10 - 3.5 / sqrt(7.75), 7.5 / sqrt(7.75)});
    g = one("[1, 2, 4]", "type: InstanceNormalization, epsilon: 0.5, center: false, scale: false");
    y = run_on(g, x);
    CHECK(y, {-1 / sqrt(1.5), -2 / sqrt(4.5), 1 / sqrt(1.5), 0,
              1 / sqrt(1.5), 2 / sqrt(4.5), -1 / sqrt(1.5), 0});
}

/* A norm below 1e-6, and of nothing but zeros, counts as 1e-6. */
static void test_unit_normalization(void **state)
{
    struct tval y = run_on(one("[2, 2]", "type: UnitNormalization"), (double[]){3, -4, 0, 0});

    (void)state;
    CHECK(y, {0.6, -0.8, 0, 0});
    y = run_on(one("[2, 2]", "type: UnitNormalization, axis: 1"), (double[]){3, 1e-7, -4, 0});
    CHECK(y, {0.6, 1e-7 / (double)1e-6f, -0.8, 0});
    y = run_on(one("[2, 2]", "type: UnitNormalization, axis: [1, 2]"), (double[]){1, 1, -1, 1});
    CHECK(y, {0.5, 0.5, -0.5, 0.5});
}

static void test_layer_normalization(void **state)
{
    struct graph *g = one("[2, 2]", "type: LayerNormalization, epsilon: 3");
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "gamma", (float[]){2, 4});
    set_weight(layer_of(g, 1), "beta", (float[]){0, 10});
    y = run_on(g, (double[]){3, 5, 7, 7});
    CHECK(y, {-1, 12, 0, 10});
    g = one("[2, 1, 2]", "type: LayerNormalization, axis: [1, 2, 3], epsilon: 0.75");
    set_weight(layer_of(g, 1), "gamma", (float[]){1, 2, 3, 4});
    set_weight(layer_of(g, 1), "beta", (float[]){0, 10, 0, 20});
    y = run_on(g, (double[]){3, 4, 6, 3});
    CHECK(y, {-1 / 1.5, 10, 6 / 1.5, 20 - 4 / 1.5});
}

/* ---- activations as layers ------------------------------------------------------------------- */

static void test_activation_layers(void **state)
{
    static const double x[] = {-2, -0.5, 0, 3, 7};
    static const struct { const char *layer; double want[5]; } cases[] = {
        {"type: ReLU", {0, 0, 0, 3, 7}},
        {"type: ReLU, max_value: 6", {0, 0, 0, 3, 6}},
        {"type: ReLU, max_value: null, negative_slope: 0.5", {-1, -0.25, 0, 3, 7}},
        {"type: ReLU, max_value: 5, negative_slope: 0.5, threshold: 1", {-1.5, -0.75, -0.5, 3, 5}},
        {"type: ReLU, threshold: 3", {0, 0, 0, 0, 7}},
        {"type: LeakyReLU, negative_slope: 0.25", {-0.5, -0.125, 0, 3, 7}},
        {"type: ELU, alpha: 2", {-1.7293294335267746, -0.78693868057473315, 0, 3, 7}},
        {"type: Activation, activation: hard_sigmoid", {1.0 / 6, 2.5 / 6, 0.5, 1, 1}},
        {"type: Activation, activation: linear", {-2, -0.5, 0, 3, 7}},
        {"type: Identity", {-2, -0.5, 0, 3, 7}},
        {"type: Dropout, rate: 0.5, seed: null", {-2, -0.5, 0, 3, 7}},
    };

    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        struct tval y = run_on(one("[5]", cases[i].layer), x);

        check_values(&y, 5, cases[i].want);
    }
}

static void test_leaky_default(void **state)
{
    struct tval y = run_on(one("[1]", "type: LeakyReLU"), (double[]){-1});

    (void)state;
    CHECK(y, {-(double)0.3f});
}

static void test_prelu(void **state)
{
    struct graph *g = one("[1, 2, 2]", "type: PReLU, shared_axes: [1, 2]");
    struct tval y;

    (void)state;
    set_weight(layer_of(g, 1), "alpha", (float[]){0.5f, 2});
    y = run_on(g, (double[]){-1, -1, 1, 1});
    CHECK(y, {-0.5, -2, 1, 1});
    g = one("[1, 2, 2]", "type: PReLU");
    set_weight(layer_of(g, 1), "alpha", (float[]){1, 2, 3, 4});
    y = run_on(g, (double[]){-1, -1, -1, -1});
    CHECK(y, {-1, -2, -3, -4});
}

static void test_softmax(void **state)
{
    struct tval y = run_on(one("[2, 2]", "type: Softmax"), (double[]){1000, 1000, 0, log(3)});

    (void)state;
    CHECK(y, {0.5, 0.5, 0.25, 0.75});
}

/* ---- rearrangements -------------------------------------------------------------------------- */

static void test_shapes(void **state)
{
    double x[] = {1, 2, 3, 4, 5, 6};
    struct tval y = run_on(one("[1, 2, 3]", "type: Reshape, target_shape: [-1, 2]"), x);

    (void)state;
    check_shape(&y, "[3, 2]");
    CHECK(y, {1, 2, 3, 4, 5, 6});
    y = run_on(one("[1, 2, 3]", "type: Permute, dims: [3, 1, 2]"), x);
    check_shape(&y, "[3, 1, 2]");
    CHECK(y, {1, 4, 2, 5, 3, 6});
    y = run_on(one("[1, 2, 3]", "type: Flatten"), x);
    check_shape(&y, "[6]");
}

static void test_borders(void **state)
{
    double x[] = {1, 2, 3, 4};
    struct tval y = run_on(one("[2, 2, 1]", "type: ZeroPadding2D, padding: [[0, 1], [1, 0]]"), x);

    (void)state;
    CHECK(y, {0, 1, 2, 0, 3, 4, 0, 0, 0});
    y = run_on(one("[2, 2, 1]", "type: Cropping2D, cropping: [[1, 0], [0, 1]]"), x);
    CHECK(y, {3});
}

static void test_upsampling(void **state)
{
    double x[] = {1, 2};
    struct tval y = run_on(one("[1, 2, 1]", "type: UpSampling2D, size: [1, 2]"), x);

    (void)state;
    CHECK(y, {1, 1, 2, 2});
    y = run_on(one("[1, 2, 1]", "type: UpSampling2D, interpolation: bilinear"), x);
    check_shape(&y, "[2, 4, 1]");
    CHECK(y, {1, 1.25, 1.75, 2, 1, 1.25, 1.75, 2});
    y = run_on(one("[1, 2, 1]", "type: UpSampling2D, size: [1, 3], interpolation: bilinear"), x);
    CHECK(y, {1, 1, 4.0 / 3, 5.0 / 3, 2, 2});
}

/* By hand from ONNX's formulas. With a scale of 0.625 of 5 columns, places are those of 0.625,
 * not of 3 / 5; ties go down or up; a corner that is aligned is met. */
static void test_resize(void **state)
{
    double x[] = {0, 10, 20, 30, 40};
    struct tval y = run_on(one("[1, 5, 1]", "type: Resize, scales: [1, 0.625], mode: linear"), x);

    (void)state;
    CHECK(y, {3, 19, 35});
    y = run_on(one("[1, 5, 1]", "type: Resize, size: [1, 3], mode: linear"), x);
    CHECK(y, {10.0 / 3, 20, 110.0 / 3});
    y = run_on(one("[1, 5, 1]", "type: Resize, size: [2, 3], coordinates: align_corners"), x);
    CHECK(y, {0, 20, 40, 0, 20, 40});
    y = run_on(one("[1, 4, 1]", "type: Resize, size: [1, 2]"), x);
    CHECK(y, {0, 20});
    y = run_on(one("[1, 4, 1]", "type: Resize, size: [1, 2], nearest_mode: round_prefer_ceil"), x);
    CHECK(y, {10, 30});
    y = run_on(one("[1, 4, 1]", "type: Resize, size: [1, 2], mode: cubic"), x);
    CHECK(y, {5 - 0.09375 * 10, 25 + 0.09375 * 10});
    y = run_on(one("[1, 5, 1]", "type: Resize, size: [1, 1], mode: linear, coordinates: "
                   "pytorch_half_pixel"), x);
    CHECK(y, {0});
    y = run_on(one("[1, 2, 1]", "type: Resize, size: [1, 1], mode: cubic, coordinates: asymmetric, "
                   "exclude_outside: true"), x);
    CHECK(y, {0});
    y = run_on(one("[1, 4, 1]", "type: Resize, size: [1, 2], mode: cubic, exclude_outside: true"), x);
    CHECK(y, {(0.59375 - 2 * 0.09375) * 10 / (1 + 0.09375),
              (0.59375 * 50 - 0.09375 * 10) / (1 + 0.09375)});
}

/* By hand from ONNX's definitions; each layer undoes the other. */
static void test_depth_to_space(void **state)
{
    double x[] = {0, 1, 2, 3, 4, 5, 6, 7};
    double crd[] = {0, 4, 1, 5, 2, 6, 3, 7};
    double rows[] = {0, 1, 4, 5, 2, 3, 6, 7};
    struct tval y = run_on(one("[1, 1, 8]", "type: DepthToSpace, block_size: 2"), x);

    (void)state;
    check_shape(&y, "[2, 2, 2]");
    CHECK(y, {0, 1, 2, 3, 4, 5, 6, 7});
    y = run_on(one("[1, 1, 8]", "type: DepthToSpace, block_size: 2, mode: crd"), x);
    CHECK(y, {0, 4, 1, 5, 2, 6, 3, 7});
    y = run_on(one("[1, 2, 4]", "type: DepthToSpace, block_size: 2"), x);
    check_shape(&y, "[2, 4, 1]");
    CHECK(y, {0, 1, 4, 5, 2, 3, 6, 7});
    y = run_on(one("[2, 2, 2]", "type: SpaceToDepth, block_size: 2"), x);
    check_shape(&y, "[1, 1, 8]");
    CHECK(y, {0, 1, 2, 3, 4, 5, 6, 7});
    y = run_on(one("[2, 2, 2]", "type: SpaceToDepth, block_size: 2, mode: crd"), crd);
    CHECK(y, {0, 1, 2, 3, 4, 5, 6, 7});
    y = run_on(one("[2, 4, 1]", "type: SpaceToDepth, block_size: 2"), rows);
    check_shape(&y, "[1, 2, 4]");
    CHECK(y, {0, 1, 2, 3, 4, 5, 6, 7});
}

static void test_one_dimension(void **state)
{
    double x[] = {1, -6, 2, -4, 6, -5};
    struct tval y = run_on(one("[3, 2]", "type: GlobalAveragePooling1D"), x);

    (void)state;
    check_shape(&y, "[2]");
    CHECK(y, {3, -5});
    y = run_on(one("[3, 2]", "type: GlobalMaxPooling1D, keepdims: true"), x);
    check_shape(&y, "[1, 2]");
    CHECK(y, {6, -4});
    y = run_on(one("[3, 2]", "type: UpSampling1D"), x);
    check_shape(&y, "[6, 2]");
    CHECK(y, {1, -6, 1, -6, 2, -4, 2, -4, 6, -5, 6, -5});
}

/* ---- several inputs -------------------------------------------------------------------------- */

static struct tval run_two(const char *shape_a, const char *shape_b, const char *layer,
                           const double *a, const double *b)
{
    struct graph *g = sound(pool_printf(pool, "  - {type: Input, name: a, shape: %s}\n"
                                        "  - {type: Input, name: b, shape: %s}\n"
                                        "  - {%s, inputs: [a, b]}\n", shape_a, shape_b, layer));
    struct tval in[2];

    for (int i = 0; i < 2; i++) {
        in[i] = value(&g->input.at[i]->shape);
        memcpy(in[i].v, i ? b : a, (size_t)shape_size(&in[i].shape) * sizeof *a);
    }
    return run(g, in);
}

static void test_binary(void **state)
{
    static const double a[] = {1, 2, 3, 4};
    static const double b[] = {10, -1, NAN, 4};
    static const struct { const char *type; double want[4]; } cases[] = {
        {"Add", {11, 1, NAN, 8}}, {"Subtract", {-9, 3, NAN, 0}}, {"Multiply", {10, -2, NAN, 16}},
        {"Maximum", {10, 2, NAN, 4}}, {"Minimum", {1, -1, NAN, 4}}, {"Average", {5.5, 0.5, NAN, 4}},
    };

    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        const char *layer = pool_printf(pool, "type: %s", cases[i].type);
        struct tval y = run_two("[2, 2, 1]", "[2, 2, 1]", layer, a, b);

        check_values(&y, 4, cases[i].want);
        for (int k = 0; k < 4; k++)
            if (isnan(y.v[k]))
                assert_true(y.e[k] == 0);
    }
}

static void test_broadcast(void **state)
{
    double a[] = {1, 2, 3, 4, 5, 6};
    double b[] = {10, 20, 30};
    struct tval y = run_two("[2, 1, 3]", "[3]", "type: Add", a, b);

    (void)state;
    check_shape(&y, "[2, 1, 3]");
    CHECK(y, {11, 22, 33, 14, 25, 36});
    y = run_two("[1, 1, 3]", "[2, 1, 3]", "type: Subtract", b, a);
    CHECK(y, {9, 18, 27, 6, 15, 24});
    y = run_two("[2, 1, 1]", "[1, 3, 1]", "type: Multiply", a, b);
    check_shape(&y, "[2, 3, 1]");
    CHECK(y, {10, 20, 30, 20, 40, 60});
}

static void test_many_inputs(void **state)
{
    struct graph *g = sound("  - {type: Input, shape: [2]}\n  - {type: Rescaling, scale: 2}\n"
                            "  - {type: Average, inputs: [input, rescaling, input]}\n");
    struct tval y = run_on(g, (double[]){3, 6});

    (void)state;
    CHECK(y, {4, 8});
}

static void test_concatenate(void **state)
{
    double a[] = {1, 2, 3, 4};
    double b[] = {5, 6, 7, 8};
    struct tval y = run_two("[2, 1, 2]", "[2, 1, 2]", "type: Concatenate", a, b);

    (void)state;
    check_shape(&y, "[2, 1, 4]");
    CHECK(y, {1, 2, 5, 6, 3, 4, 7, 8});
    y = run_two("[2, 1, 2]", "[2, 1, 2]", "type: Concatenate, axis: 1", a, b);
    check_shape(&y, "[4, 1, 2]");
    CHECK(y, {1, 2, 3, 4, 5, 6, 7, 8});
}

static void test_uint8(void **state)
{
    struct graph *g = sound("  - {type: Input, shape: [2], dtype: uint8}\n"
                            "  - {type: Rescaling, scale: 0.5}\n");
    struct tval y = run_on(g, (double[]){0, 255});

    (void)state;
    assert_int_equal(g->input.at[0]->type, DTYPE_UINT8);
    assert_int_equal(layer_of(g, 1)->out->type, DTYPE_FLOAT32);
    CHECK(y, {0, 127.5});
}

/* ---- error bounds ---------------------------------------------------------------------------- */

/* What the layers below are tried on. */
static const struct { const char *input, *layer; } bounded[] = {
    {"[6, 7, 3]", "type: Conv2D, filters: 5, kernel_size: 3, padding: same"},
    {"[6, 7, 3]", "type: Conv2D, filters: 5, kernel_size: 3, strides: 2, activation: relu"},
    {"[6, 7, 3]", "type: DepthwiseConv2D, kernel_size: 3"},
    {"[6, 7, 3]", "type: SeparableConv2D, filters: 4, kernel_size: 3"},
    {"[6, 7, 3]", "type: Conv2DTranspose, filters: 4, kernel_size: 3, strides: 2"},
    {"[20]", "type: Dense, units: 7"},
    {"[6, 7, 3]", "type: MaxPooling2D"},
    {"[6, 7, 3]", "type: AveragePooling2D, padding: same"},
    {"[6, 7, 3]", "type: GlobalMaxPooling2D"},
    {"[6, 7, 3]", "type: GlobalAveragePooling2D"},
    {"[6, 7, 3]", "type: BatchNormalization"},
    {"[6, 7, 3]", "type: Rescaling, scale: [2, -3, 0.1], offset: 1"},
    {"[6, 7, 3]", "type: Normalization, mean: 0.3, variance: 0.1"},
    {"[4, 12]", "type: LayerNormalization"},
    {"[4, 12]", "type: RMSNormalization"},
    {"[3, 4, 12]", "type: GroupNormalization, groups: 3"},
    {"[3, 4, 12]", "type: InstanceNormalization"},
    {"[4, 12]", "type: LocalResponseNormalization, size: 5, alpha: 2"},
    {"[50]", "type: Activation, activation: gelu"},
    {"[50]", "type: Activation, activation: tanh"},
    {"[50]", "type: ReLU, threshold: 0.3, max_value: 0.6, negative_slope: 0.1"},
    {"[6, 7, 3]", "type: PReLU"},
    {"[4, 12]", "type: Softmax"},
    {"[4, 12]", "type: Activation, activation: log_softmax"},
    {"[6, 7, 3]", "type: UpSampling2D, interpolation: bilinear, size: 3"},
    {"[6, 7, 3]", "type: UpSampling2D"},
    {"[6, 7, 3]", "type: Resize, size: [9, 4], mode: linear"},
    {"[6, 7, 3]", "type: Resize, scales: [0.7, 2.3], mode: cubic, exclude_outside: true"},
    {"[6, 7, 3]", "type: Permute, dims: [2, 3, 1]"},
    {"[6, 7, 3]", "type: Cropping2D, cropping: 1"},
    {"[6, 7, 8]", "type: DepthToSpace, block_size: 2, mode: crd"},
    {"[6, 9, 2]", "type: SpaceToDepth, block_size: 3"},
    {"[9, 5]", "type: GlobalAveragePooling1D"},
    {"[9, 5]", "type: GlobalMaxPooling1D"},
    {"[9, 5]", "type: UpSampling1D, size: 3"},
};

/* The largest |difference| / bound of values that other inputs within the error give. */
static double worst_ratio(struct graph *g, const struct tval *x, const struct tval *y, int corners)
{
    struct tval other = value(&x->shape);
    double worst = 0;

    for (int k = 0; k < corners; k++) {
        struct tval z;

        for (int64_t i = 0; i < shape_size(&x->shape); i++)
            other.v[i] = x->v[i] + (k % 2 ? chance() : copysign(1, chance())) * x->e[i];
        z = run(g, &other);
        for (int64_t i = 0; i < shape_size(&y->shape); i++)
            worst = fmax(worst, fabs(z.v[i] - y->v[i]) / y->e[i]);
    }
    return worst;
}

static void test_bounds_hold(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(bounded); i++)
        for (int size = 0; size < 2; size++) {
            struct graph *g = one(bounded[i].input, bounded[i].layer);
            struct tval x = random_value(&g->input.at[0]->shape);
            struct tval y;
            double worst;

            for (int64_t k = 0; k < shape_size(&x.shape); k++)
                x.e[k] = (size ? 0.1 : 1e-4) * fabs(chance());
            y = run(g, &x);
            worst = worst_ratio(g, &x, &y, 200);
            if (!(worst <= 1 + 1e-9) || !(worst > 0.02))
                fail_msg("%s: inputs within their errors use %.3g of the bound", bounded[i].layer,
                         worst);
        }
}

/* Sums in single precision, forwards and backwards. */
static void test_bounds_of_rounding(void **state)
{
    struct graph *g = one("[2000]", "type: Dense, units: 16");
    struct node *n = layer_of(g, 1);
    struct tval x = random_value(&g->input.at[0]->shape);
    struct tval y = run(g, &x);
    const float *w = weight_of(n, "kernel");

    (void)state;
    for (int o = 0; o < 16; o++) {
        float forth = weight_of(n, "bias")[o];
        float back = 0;

        for (int i = 0; i < 2000; i++) {
            forth += (float)x.v[i] * w[i * 16 + o];
            back += (float)x.v[1999 - i] * w[(1999 - i) * 16 + o];
        }
        back += weight_of(n, "bias")[o];
        assert_true(fabs((double)forth - y.v[o]) <= y.e[o]);
        assert_true(fabs((double)back - y.v[o]) <= y.e[o]);
    }
}

/* conv -> batch norm -> conv, folded in both directions and summed in single precision. */
static void test_bounds_of_folding(void **state)
{
    struct graph *g =
        sound("  - {type: Input, shape: [400]}\n  - {type: Rescaling, scale: 100, offset: -50}\n"
              "  - {type: Dense, units: 8, use_bias: false}\n");
    const float *w = weight_of(layer_of(g, 2), "kernel");
    struct tval x = value(&g->input.at[0]->shape);
    struct tval y;

    (void)state;
    for (int i = 0; i < 400; i++)
        x.v[i] = 0.5 + (double)(float)(chance() * 1e-4);
    for (int i = 0; i < 400; i++)
        x.v[i] = (double)(float)x.v[i];
    y = run(g, &x);
    for (int o = 0; o < 8; o++) {
        double bias = 0;
        float sum;

        for (int i = 0; i < 400; i++)
            bias += (double)w[i * 8 + o] * -50;
        sum = (float)bias;
        for (int i = 0; i < 400; i++)
            sum += (float)x.v[i] * (float)((double)w[i * 8 + o] * 100);
        assert_true(fabs((double)sum - y.v[o]) <= y.e[o]);
    }
}

/* ---- lowering -------------------------------------------------------------------------------- */

/* Lowers all layers and evaluates what they have become. */
static struct tval run_lowered(struct graph *g, const struct tval *x)
{
    struct tval *all = NEW_ARRAY(pool, struct tval, 16);
    const struct tensor *made[16];
    int n = 0;

    for (int i = g->layer.n - 1; i >= 0; i--)
        if (node_def(layer_of(g, i))->lower)
            node_def(layer_of(g, i))->lower(g, layer_of(g, i));
    graph_check(g);
    for (int i = 0; i < g->node.n; i++, n++) {
        struct node *node = g->node.at[i];
        struct tval in[2];

        for (int k = 0; k < node->in.n; k++)
            for (int m = 0; m < n; m++)
                if (made[m] == node->in.at[k])
                    in[k] = all[m];
        made[n] = node->out;
        if (node->op == OP_INPUT)
            all[n] = *x;
        else
            eval_layer(node, in, &all[n]);
        assert_int_not_equal(node_family(node), FAMILY_LOWERED);
    }
    assert_ptr_equal(g->output.at[0], made[n - 1]);
    for (int i = 1; i < n - 1; i++)
        tval_free(&all[i]);
    return all[n - 1];
}

static void test_lowering(void **state)
{
    static const char *const layers[] = {
        "type: SeparableConv2D, filters: 5, kernel_size: 3, depth_multiplier: 2, strides: 2",
        "type: SeparableConv2D, filters: 5, kernel_size: 3, use_bias: false, padding: same",
        "type: BatchNormalization", "type: BatchNormalization, center: false, scale: false",
        "type: Rescaling, scale: 0.1, offset: [1, 2, 3]",
        "type: Normalization, mean: 0.1, variance: 0.3",
        "type: Normalization, mean: 0.1, variance: [0.3, 1, 2], invert: true",
        "type: ReduceMean, axes: [1, 2]", "type: ReduceMean, axes: [-2, 1], keepdims: true",
        "type: LayerNormalization, axis: [2, 3]", "type: LayerNormalization, axis: [1, 2, 3]",
        "type: RMSNormalization, axis: [-2, -1]", "type: UnitNormalization, axis: [1, 3]",
    };

    (void)state;
    for (int i = 0; i < COUNT(layers); i++) {
        struct graph *g = one("[6, 7, 3]", layers[i]);
        struct tval x = random_value(&g->input.at[0]->shape);
        struct tval y = run(g, &x);
        struct tval z = run_lowered(g, &x);

        assert_true(shape_equal(&y.shape, &z.shape));
        for (int64_t k = 0; k < shape_size(&y.shape); k++)
            assert_true(fabs(y.v[k] - z.v[k]) <= y.e[k]);
        tval_free(&z);
    }
}

/* A mean over rows and columns, whatever it is called, is one operator to the kernels. */
static void test_mean_is_pooling(void **state)
{
    static const struct { const char *input, *layer; enum op op; } cases[] = {
        {"[6, 7, 3]", "type: ReduceMean, axes: [1, 2]", OP_GLOBAL_AVERAGE_POOLING2D},
        {"[6, 7, 3]", "type: ReduceMean, axes: [-2, -3]", OP_GLOBAL_AVERAGE_POOLING2D},
        {"[6, 7, 3]", "type: ReduceMean, axes: [1, 3]", OP_REDUCE_MEAN},
        {"[6, 7, 3]", "type: ReduceMean", OP_REDUCE_MEAN},
        {"[6, 7, 3]", "type: ReduceMean, axes: 1", OP_REDUCE_MEAN},
        {"[6, 7, 3, 2]", "type: ReduceMean, axes: [1, 2]", OP_REDUCE_MEAN},
        {"[6, 7, 3]", "type: ReduceSum, axes: [1, 2]", OP_REDUCE_SUM},
    };
    static const char *const keep[] = {"false", "true"};

    (void)state;
    for (int i = 0; i < 2 * COUNT(cases); i++) {
        const char *layer = pool_printf(pool, "%s, keepdims: %s", cases[i / 2].layer, keep[i % 2]);
        struct graph *g = one(cases[i / 2].input, layer);
        struct node *n = layer_of(g, 1);
        const struct pool2d *p;

        if (node_def(n)->lower)
            node_def(n)->lower(g, n);
        assert_int_equal(n->op, cases[i / 2].op);
        if (n->op != OP_GLOBAL_AVERAGE_POOLING2D)
            continue;
        p = n->attr;
        assert_true(p->is_global && !p->is_max && p->keepdims == (i % 2 == 1));
        assert_true(p->size[0] == 6 && p->size[1] == 7 && p->strides[0] == 6 && p->strides[1] == 7);
        assert_true(p->dilation[0] == 1 && p->dilation[1] == 1);
    }
}

/* ---- weights --------------------------------------------------------------------------------- */

static void test_weight_shapes(void **state)
{
    static const struct { const char *layer, *weight, *shape; } cases[] = {
        {"type: Conv2D, filters: 8, kernel_size: [3, 2], groups: 2", "kernel", "[3, 2, 2, 8]"},
        {"type: Conv2D, filters: 8, kernel_size: 3", "bias", "[8]"},
        {"type: DepthwiseConv2D, kernel_size: 3, depth_multiplier: 3", "kernel", "[3, 3, 4, 3]"},
        {"type: DepthwiseConv2D, kernel_size: 3, depth_multiplier: 3", "bias", "[12]"},
        {"type: SeparableConv2D, filters: 8, kernel_size: 3", "depthwise_kernel", "[3, 3, 4, 1]"},
        {"type: SeparableConv2D, filters: 8, kernel_size: 3", "pointwise_kernel", "[1, 1, 4, 8]"},
        {"type: Conv2DTranspose, filters: 8, kernel_size: [3, 2]", "kernel", "[3, 2, 8, 4]"},
        {"type: Dense, units: 8", "kernel", "[4, 8]"},
        {"type: BatchNormalization", "moving_variance", "[4]"},
        {"type: LayerNormalization", "gamma", "[4]"},
        {"type: RMSNormalization", "scale", "[4]"},
        {"type: LayerNormalization, axis: [2, 3]", "beta", "[9, 4]"},
        {"type: PReLU, shared_axes: [1, 2]", "alpha", "[1, 1, 4]"},
    };

    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        struct graph *g = one("[9, 9, 4]", cases[i].layer);
        const struct weight *w = find_weight(layer_of(g, 1), cases[i].weight);

        assert_non_null(w);
        assert_string_equal(shape_text(pool, &w->shape), cases[i].shape);
    }
}

static void test_macs(void **state)
{
    static const struct { const char *layer; int64_t macs; } cases[] = {
        {"type: Conv2D, filters: 8, kernel_size: 3", 7 * 7 * 8 * 9 * 4},
        {"type: Conv2D, filters: 8, kernel_size: 3, groups: 2", 7 * 7 * 8 * 9 * 2},
        {"type: DepthwiseConv2D, kernel_size: 3", 7 * 7 * 4 * 9},
        {"type: Conv2DTranspose, filters: 8, kernel_size: 3, strides: 2", 9 * 9 * 4 * 8 * 9},
        {"type: Dense, units: 8", 9 * 9 * 4 * 8},
    };

    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        struct node *n = layer_of(one("[9, 9, 4]", cases[i].layer), 1);

        assert_int_equal(node_def(n)->macs(n), cases[i].macs);
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

static void check_message(const char *input, const char *layer, const char *want)
{
    const char *layers = pool_printf(pool, "  - {type: Input, name: image, shape: %s}\n  - {%s}\n",
                                     input, layer);

    assert_null(build(layers));
    if (!strstr(messages(), want))
        fail_msg("%s lacks '%s':\n%s", layer, want, messages());
}

static void test_messages(void **state)
{
    (void)state;
    check_message("[3, 3, 8]", "type: Conv2D, filters: 1, kernel_size: 5", "[empty-output]");
    check_message("[3, 3, 8]", "type: Conv2D, filters: 1, kernel_size: 3, dilation_rate: 2",
                  "3x3 (5x5 with its dilation_rate)");
    check_message("[3, 3, 8]", "type: Conv2D, filters: 1, kernel_size: 6, padding: 1",
                  "padded to 5x5");
    check_message("[3, 3, 8]", "type: MaxPooling2D, pool_size: 4", "[empty-output]");
    check_message("[4, 4, 8]", "type: MaxPooling2D, padding: 2", "[bad-value]");
    check_message("[3, 3, 8]", "type: Conv2D, filters: 4, groups: 3, kernel_size: 1", "8 channels");
    check_message("[3, 3, 8]", "type: Conv2D, filters: 6, groups: 4, kernel_size: 1",
                  "its 6 filters");
    check_message("[3, 8]", "type: Conv2D, filters: 6, kernel_size: 1", "[bad-rank]");
    check_message("[3, 3, 8]", "type: Conv2DTranspose, filters: 6, kernel_size: 3, padding: 4",
                  "[empty-output]");
    check_message("[3, 3, 8]",
                  "type: Conv2DTranspose, filters: 6, kernel_size: 3, output_padding: 1",
                  "less than its strides");
    check_message("[3, 3, 8]", "type: BatchNormalization, axis: 1", "last axis only");
    check_message("[3, 3, 8]", "type: LayerNormalization, axis: [1, 3]", "[2, 3] for the");
    check_message("[3, 3, 8]", "type: Rescaling, scale: [1, 2]", "2 numbers");
    check_message("[3, 3, 8]", "type: Normalization, mean: 0, variance: -1", "negative");
    check_message("[3, 3, 8]", "type: Reshape, target_shape: [7, 7]", "[shape-mismatch]");
    check_message("[3, 3, 8]", "type: Reshape, target_shape: [7, -1]", "no multiple of 7");
    check_message("[3, 3, 8]", "type: Permute, dims: [1, 1, 2]", "each of 1 to 3 once");
    check_message("[3, 3, 8]", "type: Cropping2D, cropping: 2", "[empty-output]");
    check_message("[3, 3, 8]", "type: PReLU, shared_axes: [0]", "[bad-value]");
    check_message("[3, 3, 8]", "type: Softmax, axis: 0", "is the batch");
    check_message("[3, 3, 8]", "type: ReLU, max_value: [1, 2]", "one number");
}

static void test_messages_of_merges(void **state)
{
    static const char two[] = "  - {type: Input, name: stem, shape: [32, 32, 16]}\n"
                              "  - {type: Input, name: side, shape: [16, 16, 16]}\n"
                              "  - {type: %s, inputs: [stem, side]}\n";

    (void)state;
    assert_null(build(pool_printf(pool, two, "Add")));
    assert_non_null(
        strstr(messages(), "'stem' [32, 32, 16] and 'side' [16, 16, 16]: height and width differ"));
    assert_null(build(pool_printf(pool, two, "Concatenate")));
    assert_non_null(strstr(messages(), "[shape-mismatch]"));
    assert_null(build(pool_printf(pool, two, "Concatenate, axis: 0")));
    assert_non_null(strstr(messages(), "0 would be the batch"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_conv_by_hand, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conv_identity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conv_impulse, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conv_linear, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conv_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_extents, setup, teardown),
        cmocka_unit_test_setup_teardown(test_extents_ceil, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_is_explicit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depthwise_is_grouped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_separable_is_two, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transpose_adjoint, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transpose_extents, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transpose_by_hand, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dense, setup, teardown),
        cmocka_unit_test_setup_teardown(test_max_pooling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_average_pooling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_global_pooling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_normalization, setup, teardown),
        cmocka_unit_test_setup_teardown(test_normalizations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_local_response_normalization, setup, teardown),
        cmocka_unit_test_setup_teardown(test_group_normalization, setup, teardown),
        cmocka_unit_test_setup_teardown(test_layer_normalization, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unit_normalization, setup, teardown),
        cmocka_unit_test_setup_teardown(test_activation_layers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leaky_default, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prelu, setup, teardown),
        cmocka_unit_test_setup_teardown(test_softmax, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_borders, setup, teardown),
        cmocka_unit_test_setup_teardown(test_upsampling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resize, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depth_to_space, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rms_normalization, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_dimension, setup, teardown),
        cmocka_unit_test_setup_teardown(test_binary, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broadcast, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_inputs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_concatenate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uint8, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds_of_rounding, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds_of_folding, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lowering, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mean_is_pooling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_weight_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_macs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_messages_of_merges, setup, teardown),
    };
    return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
