/* The other layers: reference evaluation. */
#include "op_network.h"

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
    y = run_on(one("[1, 4, 1]", "type: Resize, size: [1, 2], mode: cubic, exclude_outside: true"),
            x);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dense),
        TEST(test_max_pooling),
        TEST(test_average_pooling),
        TEST(test_global_pooling),
        TEST(test_batch_normalization),
        TEST(test_normalizations),
        TEST(test_local_response_normalization),
        TEST(test_group_normalization),
        TEST(test_layer_normalization),
        TEST(test_unit_normalization),
        TEST(test_activation_layers),
        TEST(test_leaky_default),
        TEST(test_prelu),
        TEST(test_softmax),
        TEST(test_shapes),
        TEST(test_borders),
        TEST(test_upsampling),
        TEST(test_resize),
        TEST(test_depth_to_space),
        TEST(test_rms_normalization),
        TEST(test_one_dimension),
        TEST(test_binary),
        TEST(test_broadcast),
        TEST(test_many_inputs),
        TEST(test_concatenate),
        TEST(test_uint8),
    };
    return cmocka_run_group_tests_name("ops_layers", tests, NULL, NULL);
}
