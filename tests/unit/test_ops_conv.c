/* Convolutions and the extents of windows: reference evaluation. */
#include "op_network.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_conv_by_hand),
        TEST(test_conv_identity),
        TEST(test_conv_impulse),
        TEST(test_conv_linear),
        TEST(test_conv_forms),
        TEST(test_extents),
        TEST(test_extents_ceil),
        TEST(test_same_is_explicit),
        TEST(test_depthwise_is_grouped),
        TEST(test_separable_is_two),
        TEST(test_transpose_adjoint),
        TEST(test_transpose_extents),
        TEST(test_transpose_by_hand),
    };
    return cmocka_run_group_tests_name("ops_conv", tests, NULL, NULL);
}
