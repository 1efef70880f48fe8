/* Activation functions: values, limits, error bounds, names and arguments. */
#include "fixture.h"

#include <math.h>
#include <stdio.h>

#include "activation.h"
#include "reference.h"

/* From YAML; *ok says whether it could be read. */
static const struct activation *read(const char *yaml, bool *ok)
{
    struct source *src = NEW(pool, struct source);
    const struct activation *a = NULL;
    struct value *v;

    *src = source_of("t.yaml", yaml, strlen(yaml));
    diag = diag_new(pool);
    v = value_parse(pool, src, 100, diag);
    if (!v)
        fail_msg("%s: %s", yaml, said());
    *ok = act_parse(pool, v, diag, &a);
    assert_true(*ok == !diag_failed(diag));
    return a;
}

static struct activation act(const char *yaml)
{
    bool ok;
    const struct activation *a = read(yaml, &ok);

    if (!ok)
        fail_msg("%s", said());
    return a ? *a : (struct activation){ACT_LINEAR, {0}};
}

/* ---- values ---------------------------------------------------------------------------------- */

/* At -2, -0.5, 0, 0.5, 2 and 7: computed with mpmath from Keras' definitions. */
static const struct { const char *yaml; double want[6]; } values[] = {
    {"linear", {-2, -0.5, 0, 0.5, 2, 7}},
    {"relu", {0, 0, 0, 0.5, 2, 7}},
    {"relu6", {0, 0, 0, 0.5, 2, 6}},
    {"{name: relu, max_value: 1.5, threshold: 1, negative_slope: 0.5}",
     {-1.5, -0.75, -0.5, -0.25, 1.5, 1.5}},
    {"{name: leaky_relu, negative_slope: 0.125}", {-0.25, -0.0625, 0, 0.5, 2, 7}},
    {"{name: elu, alpha: 0.5}", {-0.43233235838169365, -0.1967346701436833, 0, 0.5, 2, 7}},
    {"selu",
     {-1.520166468595695, -0.6917581878028713, 0,
      0.5253504936777402, 2.101401974710961, 7.354906911488364}},
    {"{name: celu, alpha: 0.5}", {-0.4908421805556329, -0.31606027941427883, 0, 0.5, 2, 7}},
    {"gelu",
     {-0.04550026389635842, -0.15426876936299344, 0,
      0.34573123063700656, 1.9544997361036416, 6.999999999991041}},
    {"{name: gelu, approximate: true}",
     {-0.04540230591222498, -0.15428599017485609, 0,
      0.34571400982514394, 1.954597694087775, 6.999999999999997}},
    {"sigmoid",
     {0.11920292202211756, 0.37754066879814546, 0.5,
      0.6224593312018546, 0.8807970779778824, 0.9990889488055994}},
    {"hard_sigmoid",
     {0.16666666666666666, 0.4166666666666667, 0.5, 0.5833333333333334, 0.8333333333333334, 1}},
    {"tanh",
     {-0.9640275800758169, -0.46211715726000974, 0,
      0.46211715726000974, 0.9640275800758169, 0.9999983369439447}},
    {"hard_tanh", {-1, -0.5, 0, 0.5, 1, 1}},
    {"silu",
     {-0.23840584404423512, -0.18877033439907273, 0,
      0.3112296656009273, 1.7615941559557649, 6.993622641639195}},
    {"hard_silu",
     {-0.3333333333333333, -0.20833333333333334, 0, 0.2916666666666667, 1.6666666666666667, 7}},
    {"mish",
     {-0.2525014826957089, -0.22074377465173, 0,
      0.37524521130489513, 1.9439589595339946, 6.999988379809741}},
    {"softplus",
     {0.1269280110429725, 0.4740769841801067, 0.6931471805599453,
      0.9740769841801067, 2.1269280110429727, 7.000911466453775}},
    {"softsign",
     {-0.6666666666666666, -0.3333333333333333, 0, 0.3333333333333333, 0.6666666666666666, 0.875}},
    {"exponential",
     {0.1353352832366127, 0.6065306597126334, 1,
      1.6487212707001282, 7.38905609893065, 1096.6331584284585}},
    {"log_sigmoid",
     {-2.1269280110429727, -0.9740769841801067, -0.6931471805599453,
      -0.4740769841801067, -0.1269280110429725, -0.0009114664537742447}},
    {"{name: clip, min_value: -1, max_value: 3}", {-1, -0.5, 0, 0.5, 2, 3}},
    {"{name: clip, min_value: 0.25}", {0.25, 0.25, 0.25, 0.5, 2, 7}},
    {"{name: thresholded_relu, theta: 0.5}", {0, 0, 0, 0, 2, 7}},
    {"abs", {2, 0.5, 0, 0.5, 2, 7}},
    {"negative", {2, 0.5, 0, -0.5, -2, -7}},
    {"sign", {-1, -1, 0, 1, 1, 1}},
    {"floor", {-2, -1, 0, 0, 2, 7}},
    {"ceil", {-2, 0, 0, 1, 2, 7}},
    {"round", {-2, 0, 0, 0, 2, 7}},
    {"square", {4, 0.25, 0, 0.25, 4, 49}},
    {"erf",
     {-0.99532226501895273, -0.52049987781304654, 0,
      0.52049987781304654, 0.99532226501895273, 1}},
    {"sin",
     {-0.90929742682568170, -0.47942553860420300, 0,
      0.47942553860420300, 0.90929742682568170, 0.65698659871878909}},
    {"cos",
     {-0.41614683654714239, 0.87758256189037272, 1,
      0.87758256189037272, -0.41614683654714239, 0.75390225434330463}},
    {"atan",
     {-1.1071487177940905, -0.46364760900080612, 0,
      0.46364760900080612, 1.1071487177940905, 1.4288992721907327}},
    {"sinh",
     {-3.6268604078470188, -0.52109530549374736, 0,
      0.52109530549374736, 3.6268604078470188, 548.31612327324652}},
    {"cosh",
     {3.7621956910836315, 1.1276259652063807, 1,
      1.1276259652063807, 3.7621956910836315, 548.31703515521207}},
    {"asinh",
     {-1.4436354751788103, -0.48121182505960345, 0,
      0.48121182505960345, 1.4436354751788103, 2.6441207610586294}},
};

static void test_values(void **state)
{
    static const double x[6] = {-2, -0.5, 0, 0.5, 2, 7};

    (void)state;
    for (int i = 0; i < COUNT(values); i++) {
        struct activation a = act(values[i].yaml);

        for (int k = 0; k < 6; k++) {
            double y = act_eval(&a, x[k]);

            if (!(fabs(y - values[i].want[k]) <= 2e-15 * fabs(values[i].want[k])))
                fail_msg("%s of %g is %.17g, not %.17g", values[i].yaml, x[k], y,
                         values[i].want[k]);
        }
    }
}

/* At minus and plus infinity. */
static void test_limits(void **state)
{
    static const struct { const char *yaml; double low, high; } cases[] = {
        {"relu", 0, INFINITY}, {"relu6", 0, 6},
        {"{name: leaky_relu, negative_slope: 0}", 0, INFINITY},
        {"leaky_relu", -INFINITY, INFINITY}, {"{name: relu, threshold: 1}", 0, INFINITY},
        {"elu", -1, INFINITY}, {"celu", -1, INFINITY}, {"gelu", 0, INFINITY},
        {"{name: gelu, approximate: true}", 0, INFINITY}, {"sigmoid", 0, 1}, {"hard_sigmoid", 0, 1},
        {"tanh", -1, 1}, {"hard_tanh", -1, 1}, {"silu", 0, INFINITY}, {"hard_silu", 0, INFINITY},
        {"mish", 0, INFINITY}, {"softplus", 0, INFINITY}, {"softsign", -1, 1},
        {"exponential", 0, INFINITY}, {"log_sigmoid", -INFINITY, 0},
    };

    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        struct activation a = act(cases[i].yaml);

        assert_true(act_eval(&a, -INFINITY) == cases[i].low);
        assert_true(act_eval(&a, INFINITY) == cases[i].high);
    }
}

/* Functions that some numbers have no value for. */
static bool is_partial(enum act kind)
{
    static const enum act partial[] = {ACT_SQRT, ACT_RSQRT, ACT_LOG, ACT_ASIN, ACT_ACOS, ACT_ACOSH,
        ACT_ATANH};

    for (int i = 0; i < COUNT(partial); i++)
        if (partial[i] == kind)
            return true;
    return false;
}

/* NaN stays NaN; far out nothing becomes NaN. */
static void test_extremes(void **state)
{
    static const double far[] = {-3.4e38, -1e10, -800, -110, 110, 800, 1e10, 3.4e38};

    (void)state;
    for (int k = 0; k < ACT_COUNT; k++) {
        struct activation a = {(enum act)k, {0}};

        if (!act_defs[k].eval)
            continue;
        memcpy(a.arg, act_defs[k].arg_default, sizeof a.arg);
        assert_true(isnan(act_eval(&a, NAN)));
        if (is_partial((enum act)k))
            continue;
        assert_true(act_error(&a, NAN, 0) == 0);
        for (int i = 0; i < COUNT(far); i++) {
            assert_true(isnan(act_eval(&a, far[i])) == 0);
            assert_true(isnan(act_error(&a, far[i], 1e-3)) == 0);
        }
    }
}

static void test_negative_zero(void **state)
{
    struct activation a = {ACT_RELU, {0}};

    (void)state;
    assert_true(signbit(act_eval(&a, -0.0)));
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* The most that f changes within e of x, tried at some points. */
static double change(const struct activation *a, double x, double e)
{
    double y = act_eval(a, x);
    double most = 0;

    for (int i = -50; i <= 50; i++)
        most = fmax(most, fabs(act_eval(a, x + e * i / 50) - y));
    return most;
}

/* The bound covers all of f within e of x, and is not much more than that. */
static void check_error(const struct activation *a, double x, double e)
{
    double bound = act_error(a, x, e);
    double least = change(a, x, e);
    double most = 1.1 * change(a, x, 1.000001 * e) + 16e-7 * (fabs(act_eval(a, x)) + least) +
                  1e-43 + act_defs[a->kind].abs;

    if (!(least <= bound * (1 + 1e-12)) || !(bound <= most))
        fail_msg("%s at %g +- %g: bound %g, not in [%g, %g]", act_text(pool, a), x, e, bound, least,
                 most);
}

static void test_errors(void **state)
{
    static const double e[] = {0, 1e-6, 1e-3, 0.3, 4};

    (void)state;
    for (int i = 0; i < COUNT(values); i++) {
        struct activation a = act(values[i].yaml);

        for (int k = 0; k < COUNT(e); k++)
            for (int x = -80; x <= 80; x++)
                check_error(&a, x * 0.25, e[k]);
    }
}

/* ---- names and arguments --------------------------------------------------------------------- */

static void test_names(void **state)
{
    static const struct { const char *yaml, *text; } cases[] = {
        {"relu", "relu"}, {"swish", "silu"}, {"hard_swish", "hard_silu"}, {"linear", "linear"},
        {"leaky_relu", "leaky_relu(0.200000003)"}, {"elu", "elu(1)"},
        {"{name: elu, alpha: 0.5}", "elu(0.5)"}, {"{name: gelu, approximate: true}", "gelu_tanh"},
        {"{name: gelu, approximate: false}", "gelu"}, {"{name: relu}", "relu"},
        {"{name: relu, max_value: 6}", "relu6"}, {"{name: relu, max_value: null}", "relu"},
        {"{name: relu, negative_slope: 0.5}", "leaky_relu(0.5)"},
        {"{name: relu, max_value: 2}", "relu_full(0, 2, 0)"},
        {"{name: relu, threshold: 0.5}", "relu_full(0, inf, 0.5)"},
        {"softmax", "softmax"}, {"log_softmax", "log_softmax"},
    };

    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        struct activation a = act(cases[i].yaml);

        assert_string_equal(act_text(pool, &a), cases[i].text);
    }
}

static void test_messages(void **state)
{
    static const struct { const char *yaml, *want; } cases[] = {
        {"rleu", "did you mean 'relu'?"}, {"Relu", "did you mean 'relu'?"},
        {"relu_full", "unknown activation"}, {"gelu_tanh", "unknown activation"},
        {"sparsemax", "[unsupported]"}, {"[relu]", "[wrong-type]"}, {"{alpha: 1}", "[missing-key]"},
        {"{name: elu, alpa: 1}", "did you mean 'alpha'?"},
        {"{name: elu, alpha: x}", "[wrong-type]"},
        {"{name: celu, alpha: 0}", "[bad-value]"}, {"{name: relu, max_value: -1}", "[bad-value]"},
        {"{name: elu, alpha: .nan}", "[bad-value]"},
        {"{name: clip, min_value: .nan}", "[bad-value]"},
        {"{name: clip, max_valu: 3}", "did you mean 'max_value'?"},
        {"{name: gelu, approximate: 1}", "[wrong-type]"},
        {"{name: gelu, aproximate: true}", "did you mean 'approximate'?"},
    };

    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        bool ok;

        read(cases[i].yaml, &ok);
        assert_false(ok);
        if (!strstr(said(), cases[i].want))
            fail_msg("%s lacks '%s': %s", cases[i].yaml, cases[i].want, said());
    }
}

/* ---- the page about them --------------------------------------------------------------------- */

/* "elu", "alpha 1, beta 2" as "{name: elu, alpha: 1, beta: 2}". */
static const char *row_as_yaml(const char *name, const char *args)
{
    const char *yaml = pool_printf(pool, "{name: %s", name);
    char *copy = pool_copy(pool, args, strlen(args));

    for (char *arg = strtok(copy, ","); arg; arg = strtok(NULL, ",")) {
        char key[64];
        char value[64];

        if (sscanf(arg, "%63s %63s", key, value) == 2)
            yaml = pool_printf(pool, "%s, %s: %s", yaml, key, value);
    }
    return pool_printf(pool, "%s}", yaml);
}

/* The parser takes each row of docs/layers.md with its arguments, and they are the defaults. */
static void test_reference(void **state)
{
    struct out out;
    char name[64];
    char args[128];
    int rows = 0;

    (void)state;
    out_init(&out);
    reference_print(&out);
    for (char *at = strstr(out.text, "## Activations"); *at && strncmp(at, "## Limits", 9) != 0;
         at += strcspn(at, "\n") + 1)
        if (sscanf(at, "| `%63[^`]` |%127[^|]|", name, args) == 2) {
            struct activation plain = act(name);
            struct activation full = act(row_as_yaml(name, args));

            assert_string_equal(act_text(pool, &plain), act_text(pool, &full));
            rows++;
        }
    assert_true(rows > 30);
    out_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_extremes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_negative_zero, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reference, setup, teardown),
    };
    return cmocka_run_group_tests_name("activation", tests, NULL, NULL);
}
