/* The reference: bounds of softmax against computations in single precision, and walking a graph.
 */
#include "build_text.h"

#include <float.h>
#include <math.h>

#include "eval.h"

static double uniform(uint64_t *seed) { return draw(seed, 1 << 30) / (double)(1 << 30); }

/* As emitted code may do it: any order of the sum, dividing or multiplying by the inverse. */
static void softmax_in_float(const float *x, int n, bool is_log, bool inverse, int step, float *y)
{
    float max = x[0], sum = 0;
    for (int i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    for (int i = 0; i < n; i++)
        sum += expf(x[i * step % n] - max);
    for (int i = 0; i < n; i++)
        if (is_log)
            y[i] = x[i] - max - logf(sum);
        else
            y[i] = inverse ? expf(x[i] - max) * (1 / sum) : expf(x[i] - max) / sum;
}

struct row { int n; double spread, error; bool is_log; };

/* Inputs spread over +-spread, off by up to error: the largest share of the bound that was needed.
 */
static double try_row(const struct row *r, uint64_t *seed)
{
    struct shape s = shape_of(1, &r->n);
    struct tval t = tval_new(&s);
    float *x = NEW_ARRAY(pool, float, r->n), *y = NEW_ARRAY(pool, float, r->n);
    double worst = 0;
    for (int i = 0; i < r->n; i++) {
        t.v[i] = (double)(float)((uniform(seed) * 2 - 1) * r->spread);
        x[i] = (float)(t.v[i] + (uniform(seed) * 2 - 1) * r->error);
        t.e[i] = fabs(t.v[i] - (double)x[i]);
    }
    softmax_eval(&t, r->is_log);
    softmax_in_float(x, r->n, r->is_log, draw(seed, 2), r->n > 3 ? r->n - 1 : 1, y);
    for (int i = 0; i < r->n; i++) {
        double off = fabs((double)y[i] - t.v[i]);
        assert_true(t.v[i] <= 1 && isfinite(t.v[i]) && t.e[i] >= 0);
        worst = off / t.e[i] > worst ? off / t.e[i] : worst;
    }
    tval_free(&t);
    return worst;
}

static void bounds_of_softmax(void **state)
{
    static const int sizes[] = {1, 2, 3, 10, 100, 1000};
    static const double spreads[] = {0.001, 1, 10, 80, 200}, errors[] = {0, 1e-6, 1e-3, 0.1, 2};
    uint64_t seed = 5;
    double worst = 0;
    (void)state;
    for (int i = 0; i < 6 * 5 * 5 * 2 * 5; i++) {
        struct row r = {sizes[i % 6], spreads[i / 6 % 5], errors[i / 30 % 5], i / 150 % 2};
        double share = try_row(&r, &seed);
        if (share > 1)
            fail_msg("n %d spread %g error %g log %d: off by %g times the bound", r.n, r.spread,
                    r.error, r.is_log, share);
        worst = share > worst ? share : worst;
    }
    assert_true(worst > 0.1);  /* not ten times too wide everywhere */
}

static void softmax_sums_to_one(void **state)
{
    (void)state;
    struct shape s = shape_of(3, (int[]){2, 3, 4});
    struct tval t = tval_new(&s);
    for (int i = 0; i < 24; i++)
        t.v[i] = i * 7 % 5 * 0.3;
    softmax_eval(&t, false);
    for (int i = 0; i < 24; i += 4)
        assert_true(fabs(t.v[i] + t.v[i + 1] + t.v[i + 2] + t.v[i + 3] - 1) < 1e-12);
    tval_free(&t);
}

static void softmax_of_specials(void **state)
{
    static const double rows[][3] = {
        {0, NAN, 1}, {NAN, 0, 0}, {INFINITY, 0, 0}, {-INFINITY, -INFINITY, -INFINITY},
    };
    (void)state;
    for (int i = 0; i < COUNT(rows); i++) {
        struct shape s = shape_of(1, (int[]){3});
        struct tval t = tval_new(&s);
        memcpy(t.v, rows[i], sizeof rows[i]);
        softmax_eval(&t, false);
        assert_true(isnan(t.v[0]) || i == 2);
        for (int k = 0; k < 3; k++)
            assert_true(!isnan(t.e[k]));
        tval_free(&t);
    }
    struct shape s = shape_of(1, (int[]){2});
    struct tval t = tval_new(&s);
    t.v[0] = -INFINITY;
    softmax_eval(&t, false);
    assert_true(t.v[0] == 0 && t.v[1] == 1);
    tval_free(&t);
}

static void bounds_of_sums(void **state)
{
    (void)state;
    assert_true(sum_error(0, 0) == 0);
    assert_true(sum_error(1, 1) > 4 * UNIT_ROUNDOFF && sum_error(1, 1) < 4.001 * UNIT_ROUNDOFF);
    assert_true(sum_error(1000, 2) > sum_error(999, 2));
    assert_true(isinf(sum_error(0x1p25, 1)));
}

/* ---- graphs ---------------------------------------------------------------------------------- */

static void evaluates(void **state)
{
    static const double a[] = {1, 2, 3}, b[] = {3, 3, 3};
    (void)state;
    struct graph *g = infer("  - {type: Input, shape: [3], name: a}\n"
                            "  - {type: Input, shape: [3], name: b}\n"
                            "  - {type: Subtract, name: d, inputs: [b, a]}\n"
                            "  - {type: Activation, activation: softmax, name: s}\n"
                            "  - {type: Add, inputs: [d, s, d]}\n");
    assert_non_null(g);
    struct tval in[2] = {tval_new(&g->input.at[0]->shape), tval_new(&g->input.at[1]->shape)},
                all[5];
    memcpy(in[0].v, a, sizeof a);
    memcpy(in[1].v, b, sizeof b);
    eval_graph(g, in, all);
    double sum = exp(2) + exp(1) + 1;
    for (int i = 0; i < 3; i++) {
        double d = b[i] - a[i];
        assert_true(all[2].v[i] == d);
        assert_true(fabs(all[4].v[i] - (2 * d + exp(d) / sum)) < 1e-12);
        assert_true(all[4].e[i] > 0 && all[4].e[i] < 1e-5);
    }
    for (int i = 0; i < 5; i++)
        tval_free(&all[i]);
    tval_free(&in[0]);
    tval_free(&in[1]);
}

static void applies_activations(void **state)
{
    (void)state;
    struct graph *g = infer("  - {type: Input, shape: [4], name: a}\n"
                            "  - {type: ReLU, name: r, negative_slope: 0.5}\n");
    struct tval in = tval_new(&g->input.at[0]->shape), out;
    for (int i = 0; i < 4; i++)
        in.v[i] = i - 2, in.e[i] = 0.25;
    eval_layer(find(g, "r"), &in, &out);
    assert_true(out.v[0] == -1 && out.v[1] == -0.5 && out.v[2] == 0 && out.v[3] == 1);
    assert_true(out.e[0] >= 0.125 && out.e[3] >= 0.25 && out.e[3] < 0.26);
    tval_free(&in);
    tval_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bounds_of_softmax), TEST(softmax_sums_to_one), TEST(softmax_of_specials),
        TEST(bounds_of_sums), TEST(evaluates), TEST(applies_activations),
    };
    return cmocka_run_group_tests_name("eval", tests, NULL, NULL);
}
