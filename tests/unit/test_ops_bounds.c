/* Error bounds of the reference evaluation. */
#include "op_network.h"

#include <float.h>

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

/* Resizing sums each row, then the rows. At (1, 1) it takes pixels 1 to 4 of rows 1 to 4 times -3/32,
 * 19/32, 19/32 and -3/32: by that sign, a row of so many times FLT_MAX is 1.375 times as much. */
static struct tval resized(double of_inner, double of_outer)
{
    struct graph *g = one("[8, 8, 1]", "type: Resize, size: [4, 4], mode: cubic");
    struct tval x = value(&g->input.at[0]->shape);

    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            x.v[i * 8 + j] = (j == 2 || j == 3 ? 1 : -1) * (double)FLT_MAX *
                             (i == 2 || i == 3 ? of_inner : of_outer);
    return run(g, &x);
}

/* Infinite rows with weights of both signs make NaN, though their sum in full precision is an infinity. */
static void test_bounds_of_overflow(void **state)
{
    struct tval rows = resized(1, 1);
    struct tval sums = resized(0.7, -0.7);

    (void)state;
    assert_true(rows.v[5] > (double)FLT_MAX);
    assert_true(isinf(rows.e[5]));
    assert_true(sums.v[5] > (double)FLT_MAX);
    assert_true(isfinite(sums.e[5]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bounds_hold),
        TEST(test_bounds_of_rounding),
        TEST(test_bounds_of_folding),
        TEST(test_bounds_of_overflow),
    };
    return cmocka_run_group_tests_name("ops_bounds", tests, NULL, NULL);
}
