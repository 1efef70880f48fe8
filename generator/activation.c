#include "activation.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

/* ---- the functions, in double ---------------------------------------------------------------- */

/* NaN gives NaN, infinities give the limit. */

static double f_linear(double x, const float *arg)
{
    (void)arg;
    return x;
}

static double f_relu(double x, const float *arg)
{
    (void)arg;
    return x < 0 ? 0 : x;
}

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double f_relu6(double x, const float *arg)
{
    (void)arg;
    return clip(x, 0, 6);
}

/* A slope of 0 gives 0 for infinities too. */
static double sloped(double x, double slope)
{
    return slope < 0 || slope > 0 ? slope * x : 0;
}

/* At the threshold itself Keras gives 0. */
static double f_relu_full(double x, const float *arg)
{
    double threshold = (double)arg[2];

    if (x >= (double)arg[1])
        return (double)arg[1];
    return x <= threshold ? sloped(x - threshold, (double)arg[0]) : x;
}

static double f_leaky_relu(double x, const float *arg)
{
    return x < 0 ? sloped(x, (double)arg[0]) : x;
}

static double f_elu(double x, const float *arg)
{
    return x < 0 ? (double)arg[0] * expm1(x) : x;
}

static double f_selu(double x, const float *arg)
{
    (void)arg;
    return 1.0507009873554804934193349852946 *
           (x < 0 ? 1.6732632423543772848170429916717 * expm1(x) : x);
}

static double f_celu(double x, const float *arg)
{
    double alpha = (double)arg[0];

    return x < 0 ? alpha * expm1(x / alpha) : x;
}

/* x * share, where share goes to 0 faster than x to -infinity. */
static double times_share(double x, double share)
{
    return share > 0 || isnan(share) ? x * share : -0.0;
}

static double f_gelu(double x, const float *arg)
{
    (void)arg;
    return times_share(x, 0.5 * erfc(-x * 0.70710678118654752440));
}

static double sigmoid(double x)
{
    double e = exp(-fabs(x));

    return (x < 0 ? e : 1) / (1 + e);
}

static double f_gelu_tanh(double x, const float *arg)
{
    double u = 0.79788456080286535588 * (x + 0.044715 * x * x * x);

    (void)arg;
    return times_share(x, sigmoid(2 * u));
}

static double f_sigmoid(double x, const float *arg)
{
    (void)arg;
    return sigmoid(x);
}

static double f_hard_sigmoid(double x, const float *arg)
{
    (void)arg;
    return clip(x + 3, 0, 6) / 6;
}

static double f_tanh(double x, const float *arg)
{
    (void)arg;
    return tanh(x);
}

static double f_hard_tanh(double x, const float *arg)
{
    (void)arg;
    return clip(x, -1, 1);
}

static double f_silu(double x, const float *arg)
{
    (void)arg;
    return times_share(x, sigmoid(x));
}

static double f_hard_silu(double x, const float *arg)
{
    return times_share(x, f_hard_sigmoid(x, arg));
}

static double softplus(double x)
{
    return (x < 0 ? 0 : x) + log1p(exp(-fabs(x)));
}

/* tanh(softplus(x)) = (e^2 + 2e) / (e^2 + 2e + 2), which does not cancel. */
static double f_mish(double x, const float *arg)
{
    double e = exp(x > 40 ? 40 : x);
    double n = e * (e + 2);

    (void)arg;
    return times_share(x, n / (n + 2));
}

static double f_softplus(double x, const float *arg)
{
    (void)arg;
    return softplus(x);
}

static double f_softsign(double x, const float *arg)
{
    (void)arg;
    return isinf(x) ? copysign(1, x) : x / (1 + fabs(x));
}

static double f_exponential(double x, const float *arg)
{
    (void)arg;
    return exp(x);
}

static double f_log_sigmoid(double x, const float *arg)
{
    (void)arg;
    return -softplus(-x);
}

/* The maximum prevails over a minimum above it. */
static double f_clip(double x, const float *arg)
{
    double y = x < (double)arg[0] ? (double)arg[0] : x;

    return y > (double)arg[1] ? (double)arg[1] : y;
}

static double f_thresholded_relu(double x, const float *arg)
{
    return x <= (double)arg[0] ? 0 : x;
}

static double f_negative(double x, const float *arg)
{
    (void)arg;
    return -x;
}

static double f_sign(double x, const float *arg)
{
    (void)arg;
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

/* Ties to even, whatever the rounding mode. */
static double f_round(double x, const float *arg)
{
    double r = floor(x);
    double rest = x - r;

    (void)arg;
    if (rest > 0.5 || (rest == 0.5 && fmod(r, 2) != 0))
        r++;
    return isinf(x) ? x : copysign(r, x);
}

static double f_reciprocal(double x, const float *arg)
{
    (void)arg;
    return 1 / x;
}

static double f_square(double x, const float *arg)
{
    (void)arg;
    return x * x;
}

static double f_rsqrt(double x, const float *arg)
{
    (void)arg;
    return 1 / sqrt(x);
}

/* Those that libm has. */
#define FROM_LIBM(name, function) \
    static double f_##name(double x, const float *arg) \
    { \
        (void)arg; \
        return function(x); \
    }

FROM_LIBM(abs, fabs)
FROM_LIBM(floor, floor)
FROM_LIBM(ceil, ceil)
FROM_LIBM(sqrt, sqrt)
FROM_LIBM(log, log)
FROM_LIBM(erf, erf)
FROM_LIBM(sin, sin)
FROM_LIBM(cos, cos)
FROM_LIBM(tan, tan)
FROM_LIBM(asin, asin)
FROM_LIBM(acos, acos)
FROM_LIBM(atan, atan)
FROM_LIBM(sinh, sinh)
FROM_LIBM(cosh, cosh)
FROM_LIBM(asinh, asinh)
FROM_LIBM(acosh, acosh)
FROM_LIBM(atanh, atanh)

/* ---- the table ------------------------------------------------------------------------------- */

/* Slopes hold for arguments at most 1 in size; errors are those that the runtime states
 * (cnn_math.h), absolute ones for an alpha of 1. */
const struct act_def act_defs[ACT_COUNT] = {
    [ACT_LINEAR] = {.name = "linear", .helper = NULL, .eval = f_linear, .lipschitz = 1},
    [ACT_RELU] = {.name = "relu", .helper = "vf_relu", .eval = f_relu, .lipschitz = 1},
    [ACT_RELU6] = {.name = "relu6", .helper = "vf_relu6", .eval = f_relu6, .lipschitz = 1},
    [ACT_RELU_FULL] = {.name = "relu_full", .helper = "vf_relu_full", .args = 3,
                       .arg_name = {"negative_slope", "max_value", "threshold"},
                       .arg_default = {0, INFINITY, 0},
                       .eval = f_relu_full, .lipschitz = 1, .ulps = 1.5},
    [ACT_LEAKY_RELU] = {.name = "leaky_relu", .helper = "vf_leaky_relu", .args = 1,
                        .arg_name = {"negative_slope"}, .arg_default = {0.2f},
                        .eval = f_leaky_relu, .lipschitz = 1, .ulps = 0.5},
    [ACT_ELU] = {.name = "elu", .helper = "vf_elu", .args = 1, .arg_name = {"alpha"},
                 .arg_default = {1}, .eval = f_elu, .lipschitz = 1,
                 .is_long = true, .ulps = 4, .abs = 3e-45},
    [ACT_SELU] = {.name = "selu", .helper = "vf_selu", .eval = f_selu,
                  .lipschitz = 1.76, .is_long = true, .ulps = 3},
    [ACT_CELU] = {.name = "celu", .helper = "vf_celu", .args = 1, .arg_name = {"alpha"},
                  .arg_default = {1}, .eval = f_celu, .lipschitz = 1,
                  .is_long = true, .ulps = 4, .abs = 3e-45},
    [ACT_GELU] = {.name = "gelu", .helper = "vf_gelu", .eval = f_gelu,
                  .lipschitz = 1.13, .is_long = true, .ulps = 6, .abs = 2e-44},
    [ACT_GELU_TANH] = {.name = "gelu_tanh", .helper = "vf_gelu_tanh", .eval = f_gelu_tanh,
                       .lipschitz = 1.13, .is_long = true, .ulps = 4, .abs = 2e-8},
    [ACT_SIGMOID] = {.name = "sigmoid", .helper = "vf_sigmoid", .eval = f_sigmoid,
                     .lipschitz = 0.25, .is_long = true, .ulps = 2.5},
    [ACT_HARD_SIGMOID] = {.name = "hard_sigmoid", .helper = "vf_hard_sigmoid",
                          .eval = f_hard_sigmoid, .lipschitz = 1.0 / 6, .ulps = 1.5},
    [ACT_TANH] = {.name = "tanh", .helper = "vf_tanh", .eval = f_tanh, .lipschitz = 1,
                  .is_long = true, .ulps = 1.5},
    [ACT_HARD_TANH] = {.name = "hard_tanh", .helper = "vf_hard_tanh", .eval = f_hard_tanh,
                       .lipschitz = 1},
    [ACT_SILU] = {.name = "silu", .helper = "vf_silu", .eval = f_silu,
                  .lipschitz = 1.1, .is_long = true, .ulps = 4, .abs = 1e-43},
    [ACT_HARD_SILU] = {.name = "hard_silu", .helper = "vf_hard_silu", .eval = f_hard_silu,
                       .lipschitz = 1.5, .ulps = 3},
    [ACT_MISH] = {.name = "mish", .helper = "vf_mish", .eval = f_mish,
                  .lipschitz = 1.09, .is_long = true, .ulps = 5, .abs = 1e-43},
    [ACT_SOFTPLUS] = {.name = "softplus", .helper = "vf_softplus", .eval = f_softplus,
                      .lipschitz = 1, .is_long = true, .ulps = 2},
    [ACT_SOFTSIGN] = {.name = "softsign", .helper = "vf_softsign", .eval = f_softsign,
                      .lipschitz = 1, .ulps = 2},
    [ACT_EXPONENTIAL] = {.name = "exponential", .helper = "vf_exponential", .eval = f_exponential,
                         .lipschitz = INFINITY, .is_long = true, .ulps = 1},
    [ACT_LOG_SIGMOID] = {.name = "log_sigmoid", .helper = "vf_log_sigmoid", .eval = f_log_sigmoid,
                         .lipschitz = 1, .is_long = true, .ulps = 2},
    [ACT_CLIP] = {.name = "clip", .helper = "vf_clip", .args = 2,
                  .arg_name = {"min_value", "max_value"}, .arg_default = {-INFINITY, INFINITY},
                  .eval = f_clip, .lipschitz = 1},
    [ACT_THRESHOLDED_RELU] = {.name = "thresholded_relu", .helper = "vf_thresholded_relu",
                              .args = 1, .arg_name = {"theta"}, .arg_default = {1},
                              .eval = f_thresholded_relu, .lipschitz = INFINITY},
    [ACT_ABS] = {.name = "abs", .helper = "vf_abs", .eval = f_abs, .lipschitz = 1},
    [ACT_NEGATIVE] = {.name = "negative", .helper = "vf_neg", .eval = f_negative, .lipschitz = 1},
    [ACT_SIGN] = {.name = "sign", .helper = "vf_sign", .eval = f_sign, .lipschitz = INFINITY},
    [ACT_FLOOR] = {.name = "floor", .helper = "vf_floor", .eval = f_floor, .lipschitz = INFINITY},
    [ACT_CEIL] = {.name = "ceil", .helper = "vf_ceil", .eval = f_ceil, .lipschitz = INFINITY},
    [ACT_ROUND] = {.name = "round", .helper = "vf_round_even", .eval = f_round,
                   .lipschitz = INFINITY},
    [ACT_RECIPROCAL] = {.name = "reciprocal", .helper = "vf_reciprocal", .eval = f_reciprocal,
                        .lipschitz = INFINITY, .ulps = 0.5},
    [ACT_SQUARE] = {.name = "square", .helper = "vf_square", .eval = f_square,
                    .lipschitz = INFINITY, .ulps = 0.5},
    [ACT_SQRT] = {.name = "sqrt", .helper = "vf_sqrt", .eval = f_sqrt,
                  .lipschitz = INFINITY, .ulps = 0.5, .partial = true},
    [ACT_RSQRT] = {.name = "rsqrt", .helper = "vf_rsqrt", .eval = f_rsqrt,
                   .lipschitz = INFINITY, .ulps = 1.5, .partial = true},
    [ACT_LOG] = {.name = "log", .helper = "vf_log", .eval = f_log,
                 .lipschitz = INFINITY, .is_long = true, .ulps = 1, .partial = true},
    [ACT_ERF] = {.name = "erf", .helper = "vf_erf", .eval = f_erf, .lipschitz = 1.13,
                 .is_long = true, .ulps = 1.5},
    [ACT_SIN] = {.name = "sin", .helper = "vf_sin", .eval = f_sin, .lipschitz = 1,
                 .is_long = true, .ulps = 3},
    [ACT_COS] = {.name = "cos", .helper = "vf_cos", .eval = f_cos, .lipschitz = 1,
                 .is_long = true, .ulps = 3},
    [ACT_TAN] = {.name = "tan", .helper = "vf_tan", .eval = f_tan,
                 .lipschitz = INFINITY, .is_long = true, .ulps = 5},
    [ACT_ASIN] = {.name = "asin", .helper = "vf_asin", .eval = f_asin,
                  .lipschitz = INFINITY, .is_long = true, .ulps = 3, .partial = true},
    [ACT_ACOS] = {.name = "acos", .helper = "vf_acos", .eval = f_acos,
                  .lipschitz = INFINITY, .is_long = true, .ulps = 2, .partial = true},
    [ACT_ATAN] = {.name = "atan", .helper = "vf_atan", .eval = f_atan, .lipschitz = 1,
                  .is_long = true, .ulps = 2},
    [ACT_SINH] = {.name = "sinh", .helper = "vf_sinh", .eval = f_sinh,
                  .lipschitz = INFINITY, .is_long = true, .ulps = 3},
    [ACT_COSH] = {.name = "cosh", .helper = "vf_cosh", .eval = f_cosh,
                  .lipschitz = INFINITY, .is_long = true, .ulps = 3},
    [ACT_ASINH] = {.name = "asinh", .helper = "vf_asinh", .eval = f_asinh,
                   .lipschitz = 1, .is_long = true, .ulps = 4},
    [ACT_ACOSH] = {.name = "acosh", .helper = "vf_acosh", .eval = f_acosh,
                   .lipschitz = INFINITY, .is_long = true, .ulps = 4, .partial = true},
    [ACT_ATANH] = {.name = "atanh", .helper = "vf_atanh", .eval = f_atanh,
                   .lipschitz = INFINITY, .is_long = true, .ulps = 4, .partial = true},
    [ACT_SOFTMAX] = {.name = "softmax", .eval = NULL, .lipschitz = 1},
    [ACT_LOG_SOFTMAX] = {.name = "log_softmax", .eval = NULL, .lipschitz = 2},
};

/* ---- values and errors ----------------------------------------------------------------------- */

double act_eval(const struct activation *a, double x)
{
    if (!act_defs[a->kind].eval)
        bug("%s is not element-wise", act_defs[a->kind].name);
    return act_defs[a->kind].eval(x, a->arg);
}

/* Where a function may turn: between these points all are monotonous. The minimum of those that dip
 * below zero is flat, so that its place need not be exact. Of a wave those two matter that come
 * first behind x - e. */
static int turning_points(const struct activation *a, double x, double e, double at[6])
{
    static const double minimum[ACT_COUNT] = {
        [ACT_GELU] = -0.7517915246935645, [ACT_GELU_TANH] = -0.7524614220710163,
        [ACT_SILU] = -1.2784645427610737, [ACT_HARD_SILU] = -1.5, [ACT_MISH] = -1.1924312145154907,
    };
    int n = 0;

    at[n++] = 0;
    at[n++] = minimum[a->kind];
    if (a->kind == ACT_SIN || a->kind == ACT_COS) {
        double before = a->kind == ACT_SIN ? 0.5 : 0;
        double first = ceil((x - e) / PI - before) + before;

        at[n++] = first * PI;
        at[n++] = (first + 1) * PI;
    }
    if (a->kind == ACT_THRESHOLDED_RELU) {
        at[n++] = (double)a->arg[0];
        at[n++] = nextafter((double)a->arg[0], INFINITY);
    }
    if (a->kind == ACT_RELU_FULL) {
        at[n++] = (double)a->arg[1];
        at[n++] = (double)a->arg[2];
        at[n++] = nextafter((double)a->arg[2], INFINITY);
    }
    return n;
}

static bool meets_pole(const struct activation *a, double x, double e)
{
    return a->kind == ACT_TAN && floor((x - e) / PI - 0.5) < floor((x + e) / PI - 0.5);
}

/* How far f(at) is from fx: infinitely, if one of both is NaN or infinite. */
static double distance(const struct activation *a, double at, double fx)
{
    double d = fabs(act_eval(a, at) - fx);

    return isnan(d) ? INFINITY : d;
}

/* The most that f changes within e of x. */
static double change(const struct activation *a, double x, double e)
{
    double fx = act_eval(a, x);
    double most = fmax(distance(a, x + e, fx), distance(a, x - e, fx));
    double at[6];
    int n = turning_points(a, x, e, at);

    if (meets_pole(a, x, e))
        return INFINITY;
    for (int i = 0; i < n; i++)
        if (fabs(at[i] - x) <= e)
            most = fmax(most, distance(a, at[i], fx));
    return most;
}

/* Whether an argument that is a little off may make a number of a y that is none, as beside the
 * poles and the ends of where a function is defined. */
static bool may_be_finite(const struct activation *a, double x, double e)
{
    return isfinite(x) && e > 0 && !isnan(x) &&
           (isfinite(act_eval(a, x - e)) || isfinite(act_eval(a, x + e)));
}

/* The unit in the last place of single precision at |y|. */
static double ulp(double y)
{
    int exponent;

    frexp(y, &exponent);
    return y > 0 && exponent > -125 ? ldexp(1, exponent - 24) : 0x1p-149;
}

/* An argument beyond FLT_MAX arrives as an infinity: does that make one of a result in range? */
static bool may_turn_infinite(const struct activation *a, double x, double e)
{
    bool large = isfinite(x) && fabs(x) + e > (double)FLT_MAX;

    return large && !isfinite(act_eval(a, copysign(INFINITY, x))) &&
           fabs(act_eval(a, x)) <= (double)FLT_MAX;
}

double act_error(const struct activation *a, double x, double e)
{
    const struct act_def *d = &act_defs[a->kind];
    double y = act_eval(a, x);
    double moved;

    if (!(e < INFINITY) || may_turn_infinite(a, x, e))
        return INFINITY;
    if (!isfinite(y))
        return may_be_finite(a, x, e) ? INFINITY : 0;
    moved = isfinite(x) && e > 0 ? change(a, x, e) : 0;
    if (!isfinite(moved))
        return INFINITY;
    if (d->ulps <= 0 && d->abs <= 0)
        return moved;
    return moved + d->ulps * ulp(fabs(y) + moved) + d->abs * fmax(1, fabs((double)a->arg[0]));
}

/* ---- from a specification -------------------------------------------------------------------- */

static bool is_internal(enum act kind)
{
    return kind == ACT_RELU_FULL || kind == ACT_GELU_TANH;
}

static const struct { const char *alias; enum act kind; } aliases[] = {
    {"swish", ACT_SILU}, {"hard_swish", ACT_HARD_SILU},
};

enum { ALIASES = sizeof aliases / sizeof *aliases };

/* Keras' others. */
static const char *const unsupported[] = {
    "glu", "hard_shrink", "soft_shrink", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
    "tanh_shrink", "threshold",
};

bool act_find(const char *name, enum act *kind)
{
    for (int i = 0; i < ACT_COUNT; i++)
        if (!is_internal((enum act)i) && !strcmp(act_defs[i].name, name)) {
            *kind = (enum act)i;
            return true;
        }
    for (int i = 0; i < ALIASES; i++)
        if (!strcmp(aliases[i].alias, name)) {
            *kind = aliases[i].kind;
            return true;
        }
    return false;
}

static bool is_unsupported(const char *name)
{
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (!strcmp(unsupported[i], name))
            return true;
    return false;
}

static const char *suggest(const char *name)
{
    const char *known[ACT_COUNT + ALIASES];
    int n = 0;

    for (int i = 0; i < ACT_COUNT; i++)
        if (!is_internal((enum act)i))
            known[n++] = act_defs[i].name;
    for (int i = 0; i < ALIASES; i++)
        known[n++] = aliases[i].alias;
    return closest(name, known, n);
}

static bool parse_name(const struct value *v, struct diag *diag, enum act *kind)
{
    const char *near;

    if (v->kind != VALUE_SCALAR) {
        diag_error(diag, DIAG_WRONG_TYPE, v->at,
                   "an activation is a name or a map with 'name', not %s", value_kind_name(v));
        return false;
    }
    if (act_find(v->text, kind))
        return true;
    if (is_unsupported(v->text)) {
        diag_error(diag, DIAG_UNSUPPORTED, v->at, "Keras' activation '%s' is not to be had",
                   v->text);
        return false;
    }
    diag_error(diag, DIAG_BAD_VALUE, v->at, "unknown activation '%s'",
               diag_quote(diag, v->text, v->len));
    near = suggest(v->text);
    if (near)
        diag_help(diag, "did you mean '%s'?", near);
    return false;
}

/* ReLU's arguments are written on "relu". */
static enum act with_args(enum act kind)
{
    return kind == ACT_RELU ? ACT_RELU_FULL : kind;
}

static int find_arg(const struct act_def *d, const char *key)
{
    for (int i = 0; i < d->args; i++)
        if (!strcmp(d->arg_name[i], key))
            return i;
    return -1;
}

static bool parse_approximate(const struct entry *e, struct diag *diag, struct activation *a)
{
    bool approximate;

    if (!value_bool(e->val, &approximate)) {
        diag_error(diag, DIAG_WRONG_TYPE, e->val->at, "'approximate' is true or false, not %s",
                   value_kind_name(e->val));
        return false;
    }
    a->kind = approximate ? ACT_GELU_TANH : ACT_GELU;
    return true;
}

static void report_key(const struct entry *e, enum act kind, struct diag *diag)
{
    const struct act_def *d = &act_defs[kind];
    bool gelu = kind == ACT_GELU || kind == ACT_GELU_TANH;
    const char *known[MAX_ACT_ARGS + 2] = {"name"};
    int n = 1;
    const char *near;

    for (int i = 0; i < d->args; i++)
        known[n++] = d->arg_name[i];
    if (gelu)
        known[n++] = "approximate";
    near = closest(e->key, known, n);
    diag_error(diag, DIAG_UNKNOWN_KEY, e->key_at, "activation %s has no argument '%s'",
               kind == ACT_RELU_FULL ? "relu" : gelu ? "gelu" : d->name,
               diag_quote(diag, e->key, strlen(e->key)));
    if (near)
        diag_help(diag, "did you mean '%s'?", near);
}

/* Slopes, thresholds and maxima as Keras takes them; elu's and celu's alpha. */
static bool is_allowed(const struct activation *a, int i, double x)
{
    if (a->kind == ACT_CLIP)
        return !isnan(x);
    if (!(fabs(x) <= (double)FLT_MAX))
        return a->kind == ACT_RELU_FULL && i == 1 && x > 0;
    if (a->kind == ACT_CELU)
        return x < 0 ? -x >= (double)FLT_MIN : x >= (double)FLT_MIN;
    return a->kind != ACT_RELU_FULL || x >= 0;
}

static bool parse_arg(const struct entry *e, struct diag *diag, struct activation *a)
{
    int i = find_arg(&act_defs[a->kind], e->key);
    double x;

    if (a->kind == ACT_GELU && !strcmp(e->key, "approximate"))
        return parse_approximate(e, diag, a);
    if (i < 0) {
        report_key(e, a->kind, diag);
        return false;
    }
    if (value_is_null(e->val))
        return true;
    if (!value_float(e->val, &x)) {
        diag_error(diag, DIAG_WRONG_TYPE, e->val->at, "'%s' is a number, not %s", e->key,
                   value_kind_name(e->val));
        return false;
    }
    if (!is_allowed(a, i, x)) {
        diag_error(diag, DIAG_BAD_VALUE, e->val->at, "'%s' cannot be %g", e->key, x);
        return false;
    }
    a->arg[i] = (float)x;
    return true;
}

static bool parse_map(const struct value *v, struct diag *diag, struct activation *a)
{
    const struct entry *name = value_find(v, "name");
    bool ok = true;

    if (!name) {
        diag_error(diag, DIAG_MISSING_KEY, v->at, "an activation with arguments needs its 'name'");
        return false;
    }
    if (!parse_name(name->val, diag, &a->kind))
        return false;
    a->kind = with_args(a->kind);
    memcpy(a->arg, act_defs[a->kind].arg_default, sizeof a->arg);
    for (int i = 0; i < v->entry.n; i++)
        if (&v->entry.at[i] != name)
            ok = parse_arg(&v->entry.at[i], diag, a) && ok;
    if (a->kind == ACT_RELU_FULL)
        *a = act_relu(a->arg[0], a->arg[1], a->arg[2]);
    return ok;
}

struct activation act_relu(float negative_slope, float max_value, float threshold)
{
    struct activation a = {ACT_RELU_FULL, {negative_slope, max_value, threshold}};
    bool sloped_down = negative_slope < 0 || negative_slope > 0;
    bool shifted = threshold < 0 || threshold > 0;

    if (shifted || (sloped_down && !isinf(max_value)))
        return a;
    if (sloped_down)
        return (struct activation){ACT_LEAKY_RELU, {negative_slope}};
    if (isinf(max_value))
        return (struct activation){ACT_RELU, {0}};
    return max_value >= 6 && max_value <= 6 ? (struct activation){ACT_RELU6, {0}} : a;
}

bool act_parse(struct pool *pool, const struct value *v, struct diag *diag,
               const struct activation **out)
{
    struct activation a = {ACT_LINEAR, {0}};
    struct activation *kept;

    *out = NULL;
    if (value_is_null(v))
        return true;
    if (v->kind == VALUE_MAP ? !parse_map(v, diag, &a) : !parse_name(v, diag, &a.kind))
        return false;
    if (v->kind != VALUE_MAP)
        memcpy(a.arg, act_defs[a.kind].arg_default, sizeof a.arg);
    if (a.kind == ACT_LINEAR)
        return true;
    kept = NEW(pool, struct activation);
    *kept = a;
    *out = kept;
    return true;
}

const char *act_text(struct pool *pool, const struct activation *a)
{
    const struct act_def *d = &act_defs[a->kind];
    const char *text = d->name;

    for (int i = 0; i < d->args; i++)
        text = pool_printf(pool, "%s%s%.9g", text, i ? ", " : "(", (double)a->arg[i]);
    return d->args ? pool_printf(pool, "%s)", text) : text;
}
