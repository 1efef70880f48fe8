/* Random weights: known values, independence of other layers, and that values stay of order one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eval.h"
#include "out.h"
#include "random.h"
#include "shape.h"
#include "weights.h"

static struct pool *pool;

static int setup(void **state)
{
    (void)state;
    pool = pool_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    return 0;
}

static struct graph *load(const char *text)
{
    struct source *src = NEW(pool, struct source);
    struct diag *d = diag_new(pool);
    struct weight_options options = {NULL};
    *src = source_of("net.cnn.yaml", text, strlen(text));
    struct spec *spec = spec_read(pool, src, d);
    struct graph *g = spec ? graph_build(pool, spec, d) : NULL;
    if (g)
        shape_infer(g, d);
    if (g && !diag_failed(d) && weights_load(g, &options, d))
        return g;
    struct out out;
    out_init(&out);
    diag_print(d, &out, COLOR_NEVER, false);
    fail_msg("%s", out.text);
    return NULL;
}

/* The published first values of splitmix64 for the seed 1234567. */
static void knows_splitmix64(void **state)
{
    static const uint64_t expected[] = {UINT64_C(6457827717110365317),
            UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
            UINT64_C(4593380528125082431), UINT64_C(16408922859458223821)};
    struct random r = {1234567};
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_true(random_next(&r) == expected[i]);
}

static void fills_the_range(void **state)
{
    enum { N = 200001 };
    static float x[N];
    struct random r = random_seeded(0, "layer", "kernel");
    double sum = 0, squares = 0;
    (void)state;
    random_uniform(&r, 2.0f, x, N);
    for (int i = 0; i < N; i++) {
        assert_true(x[i] >= -2.0f && x[i] < 2.0f);
        sum += (double)x[i];
        squares += (double)x[i] * (double)x[i];
    }
    assert_true(fabs(sum / N) < 0.02);
    assert_true(fabs(squares / N - 4.0 / 3) < 0.02);
    random_near_one(&r, x, N);
    for (int i = 0; i < N; i++)
        assert_true(x[i] >= 0.8f && x[i] <= 1.2f);
}

/* Fixed for good: a change would change everybody's output. */
static void keeps_its_values(void **state)
{
    static const float expected[] = {
            -0x1.7dea6p-2f, -0x1.84fe54p-1f, -0x1.ef916p-2f, -0x1.e44cdcp-1f};
    float x[4], y[4];
    (void)state;
    struct random r = random_seeded(7, "conv1", "kernel");
    random_uniform(&r, 1.0f, x, 4);
    r = random_seeded(7, "conv1", "kernel");
    random_uniform(&r, 1.0f, y, 3);
    assert_memory_equal(x, y, 3 * sizeof x[0]);
    for (int i = 0; i < 4; i++)
        assert_true(x[i] == expected[i]);
}

#define TWO "cnngen: 1\nweights: {random: 5}\nlayers:\n" \
            "  - {type: Input, shape: [8, 8, 3]}\n"      \
            "  - {type: Conv2D, name: a, filters: 4, kernel_size: 3}\n"
#define TAIL "  - {type: Conv2D, name: z, filters: 4, kernel_size: 3}\n"

static const struct weight *kernel_of(const struct graph *g, const char *layer)
{
    for (int i = 0; i < g->layer.n; i++)
        if (!strcmp(g->layer.at[i]->name, layer))
            return &g->layer.at[i]->weight[0];
    fail_msg("no layer %s", layer);
    return NULL;
}

static void leaves_other_layers_alone(void **state)
{
    (void)state;
    const struct weight *a = kernel_of(load(TWO TAIL), "z");
    const struct weight *b = kernel_of(
            load(TWO "  - {type: Conv2D, name: b, filters: 4, kernel_size: 1}\n" TAIL), "z");
    assert_memory_equal(a->data, b->data, (size_t)shape_size(&a->shape) * sizeof *a->data);
    const struct weight *c = kernel_of(load(TWO TAIL), "a");
    assert_memory_not_equal(a->data, c->data, 9 * sizeof *a->data);
}

/* ---- values of order one -------------------------------------------------------------------- */

static double rms(const struct tval *t)
{
    double sum = 0;
    int64_t n = shape_size(&t->shape);
    for (int64_t i = 0; i < n; i++)
        sum += t->v[i] * t->v[i];
    return sqrt(sum / (double)n);
}

/* Runs a random image through, and checks the size of every layer's values. */
static void check_sizes(const char *text)
{
    struct graph *g = load(text);
    struct tval image = tval_new(&g->input.at[0]->shape);
    struct tval *all = NEW_ARRAY(pool, struct tval, g->layer.n);
    struct random r = {1};
    double low = HUGE_VAL, high = 0;
    for (int64_t i = 0; i < shape_size(&image.shape); i++) {
        float x;
        random_uniform(&r, 1.7f, &x, 1);
        image.v[i] = (double)x;
    }
    eval_graph(g, &image, all);
    for (int i = 0; i < g->layer.n; i++) {
        double size = rms(&all[i]);
        low = size < low ? size : low;
        high = size > high ? size : high;
        tval_free(&all[i]);
    }
    tval_free(&image);
    print_message("    rms from %.3g to %.3g\n", low, high);
    assert_true(low >= 1e-2 && high <= 1e2);
}

static const char *spec_of(int size, int channels, void (*body)(struct out *, int), int n)
{
    struct out out;
    out_init(&out);
    out_printf(&out, "cnngen: 1\nweights: random\ndefaults: {Conv2D: {padding: same}, "
                     "DepthwiseConv2D: {padding: same}}\nlayers:\n");
    out_printf(&out, "  - {type: Input, shape: [%d, %d, %d], name: x0}\n", size, size, channels);
    body(&out, n);
    const char *text = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return text;
}

static void plain(struct out *out, int n)
{
    for (int i = 0; i < n; i++)
        out_printf(out, "  - {type: Conv2D, filters: 16, kernel_size: 3, activation: relu}\n");
}

static void linear(struct out *out, int n)
{
    for (int i = 0; i < n; i++)
        out_printf(out, "  - {type: Conv2D, filters: 16, kernel_size: 3}\n");
}

static void split(struct out *out, int n)
{
    for (int i = 0; i < n; i++)
        out_printf(out, "  - {type: Conv2D, filters: 16, kernel_size: 3, use_bias: false}\n"
                        "  - BatchNormalization\n  - ReLU\n");
}

static void silu(struct out *out, int n)
{
    for (int i = 0; i < n; i++)
        out_printf(out, "  - {type: Conv2D, filters: 16, kernel_size: 3, activation: silu}\n");
}

static void residual(struct out *out, int n)
{
    for (int i = 0; i < n; i++)
        out_printf(out, "  - {type: Conv2D, filters: 16, kernel_size: 3, activation: relu}\n"
                        "  - {type: Conv2D, filters: 16, kernel_size: 3, use_bias: false}\n"
                        "  - {type: BatchNormalization, name: b%d}\n"
                        "  - {type: Add, name: s%d, inputs: [b%d, x%d]}\n"
                        "  - {type: ReLU, name: x%d}\n", i, i, i, i, i + 1);
}

static void projected(struct out *out, int n)
{
    for (int i = 0; i < n; i++)
        out_printf(out, "  - {type: Conv2D, filters: 16, kernel_size: 3, name: a%d}\n"
                        "  - {type: Conv2D, filters: 16, kernel_size: 1, name: b%d, inputs: x%d}\n"
                        "  - {type: Add, inputs: [a%d, b%d]}\n"
                        "  - {type: ReLU, name: x%d}\n", i, i, i, i, i, i + 1);
}

static void inverted(struct out *out, int n)
{
    for (int i = 0; i < n; i++)
        out_printf(out, "  - {type: Conv2D, filters: 32, kernel_size: 1, activation: relu6}\n"
                        "  - {type: DepthwiseConv2D, kernel_size: 3, activation: relu6}\n"
                        "  - {type: Conv2D, filters: 16, kernel_size: 1, name: p%d}\n"
                        "  - {type: Add, inputs: [p%d, x%d], name: x%d}\n", i, i, i, i + 1);
}

static void separable(struct out *out, int n)
{
    for (int i = 0; i < n; i++)
        out_printf(out, "  - {type: DepthwiseConv2D, kernel_size: 3, activation: relu}\n"
                        "  - {type: Conv2D, filters: 16, kernel_size: 1, activation: relu}\n");
}

static void dense(struct out *out, int n)
{
    out_printf(out, "  - Flatten\n");
    for (int i = 0; i < n; i++)
        out_printf(out, "  - {type: Dense, units: 64, activation: relu}\n");
}

#define SIZES(name, size, n)                                  \
    static void name##_##size##_stays(void **state)           \
    {                                                         \
        (void)state;                                          \
        check_sizes(spec_of(size, 16, name, n));              \
    }
SIZES(plain, 8, 100)
SIZES(plain, 16, 100)
SIZES(linear, 8, 100)
SIZES(split, 8, 100)
SIZES(silu, 8, 100)
SIZES(residual, 8, 50)
SIZES(projected, 8, 50)
SIZES(inverted, 8, 30)
SIZES(separable, 8, 50)
SIZES(dense, 4, 100)

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(knows_splitmix64), TEST(fills_the_range), TEST(keeps_its_values),
        TEST(leaves_other_layers_alone), TEST(plain_8_stays), TEST(plain_16_stays),
        TEST(linear_8_stays), TEST(split_8_stays), TEST(silu_8_stays), TEST(residual_8_stays),
        TEST(projected_8_stays), TEST(inverted_8_stays), TEST(separable_8_stays),
        TEST(dense_4_stays),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
