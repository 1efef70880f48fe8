#include "activation.h"

#include <math.h>

/* ---- the functions: NaN gives NaN, infinities give the limit --------------------------------- */

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

/* Errors are those that the runtime states (cnn_math.h), absolute ones for an alpha of 1. */
const struct act_def act_defs[ACT_COUNT] = {
    [ACT_LINEAR] = {.name = "linear", .helper = NULL, .eval = f_linear},
    [ACT_RELU] = {.name = "relu", .helper = "vf_relu", .eval = f_relu},
    [ACT_RELU6] = {.name = "relu6", .helper = "vf_relu6", .eval = f_relu6},
    [ACT_RELU_FULL] = {.name = "relu_full", .helper = "vf_relu_full", .args = 3,
        .arg_name = {"negative_slope", "max_value", "threshold"}, .arg_default = {0, INFINITY, 0},
        .eval = f_relu_full, .ulps = 1.5},
    [ACT_LEAKY_RELU] = {.name = "leaky_relu", .helper = "vf_leaky_relu", .args = 1,
        .arg_name = {"negative_slope"}, .arg_default = {0.2f}, .eval = f_leaky_relu, .ulps = 0.5},
    [ACT_ELU] = {.name = "elu", .helper = "vf_elu", .args = 1, .arg_name = {"alpha"},
        .arg_default = {1}, .eval = f_elu, .is_long = true, .ulps = 4, .abs = 3e-45},
    [ACT_SELU] = {.name = "selu", .helper = "vf_selu", .eval = f_selu, .is_long = true, .ulps = 3},
    [ACT_CELU] = {.name = "celu", .helper = "vf_celu", .args = 1, .arg_name = {"alpha"},
        .arg_default = {1}, .eval = f_celu, .is_long = true, .ulps = 4, .abs = 3e-45},
    [ACT_GELU] = {.name = "gelu", .helper = "vf_gelu", .eval = f_gelu, .is_long = true, .ulps = 6,
        .abs = 2e-44},
    [ACT_GELU_TANH] = {.name = "gelu_tanh", .helper = "vf_gelu_tanh", .eval = f_gelu_tanh,
        .is_long = true, .ulps = 4, .abs = 2e-8},
    [ACT_SIGMOID] = {.name = "sigmoid", .helper = "vf_sigmoid", .eval = f_sigmoid, .is_long = true,
        .ulps = 2.5},
    [ACT_HARD_SIGMOID] = {.name = "hard_sigmoid", .helper = "vf_hard_sigmoid",
        .eval = f_hard_sigmoid, .ulps = 1.5},
    [ACT_TANH] = {.name = "tanh", .helper = "vf_tanh", .eval = f_tanh, .is_long = true,
        .ulps = 1.5},
    [ACT_HARD_TANH] = {.name = "hard_tanh", .helper = "vf_hard_tanh", .eval = f_hard_tanh},
    [ACT_SILU] = {.name = "silu", .helper = "vf_silu", .eval = f_silu, .is_long = true, .ulps = 4,
        .abs = 1e-43},
    [ACT_HARD_SILU] = {.name = "hard_silu", .helper = "vf_hard_silu", .eval = f_hard_silu,
        .ulps = 3},
    [ACT_MISH] = {.name = "mish", .helper = "vf_mish", .eval = f_mish, .is_long = true, .ulps = 5,
        .abs = 1e-43},
    [ACT_SOFTPLUS] = {.name = "softplus", .helper = "vf_softplus", .eval = f_softplus,
        .is_long = true, .ulps = 2},
    [ACT_SOFTSIGN] = {.name = "softsign", .helper = "vf_softsign", .eval = f_softsign, .ulps = 2},
    [ACT_EXPONENTIAL] = {.name = "exponential", .helper = "vf_exponential", .eval = f_exponential,
        .is_long = true, .ulps = 1},
    [ACT_LOG_SIGMOID] = {.name = "log_sigmoid", .helper = "vf_log_sigmoid", .eval = f_log_sigmoid,
        .is_long = true, .ulps = 2},
    [ACT_CLIP] = {.name = "clip", .helper = "vf_clip", .args = 2,
        .arg_name = {"min_value", "max_value"}, .arg_default = {-INFINITY, INFINITY},
        .eval = f_clip},
    [ACT_THRESHOLDED_RELU] = {.name = "thresholded_relu", .helper = "vf_thresholded_relu",
        .args = 1, .arg_name = {"theta"}, .arg_default = {1}, .eval = f_thresholded_relu},
    [ACT_ABS] = {.name = "abs", .helper = "vf_abs", .eval = f_abs},
    [ACT_NEGATIVE] = {.name = "negative", .helper = "vf_neg", .eval = f_negative},
    [ACT_SIGN] = {.name = "sign", .helper = "vf_sign", .eval = f_sign},
    [ACT_FLOOR] = {.name = "floor", .helper = "vf_floor", .eval = f_floor},
    [ACT_CEIL] = {.name = "ceil", .helper = "vf_ceil", .eval = f_ceil},
    [ACT_ROUND] = {.name = "round", .helper = "vf_round_even", .eval = f_round},
    [ACT_RECIPROCAL] = {.name = "reciprocal", .helper = "vf_reciprocal", .eval = f_reciprocal,
        .ulps = 0.5},
    [ACT_SQUARE] = {.name = "square", .helper = "vf_square", .eval = f_square, .ulps = 0.5},
    [ACT_SQRT] = {.name = "sqrt", .helper = "vf_sqrt", .eval = f_sqrt, .ulps = 0.5},
    [ACT_RSQRT] = {.name = "rsqrt", .helper = "vf_rsqrt", .eval = f_rsqrt, .ulps = 1.5},
    [ACT_LOG] = {.name = "log", .helper = "vf_log", .eval = f_log, .is_long = true, .ulps = 1},
    [ACT_ERF] = {.name = "erf", .helper = "vf_erf", .eval = f_erf, .is_long = true, .ulps = 1.5},
    [ACT_SIN] = {.name = "sin", .helper = "vf_sin", .eval = f_sin, .is_long = true, .ulps = 3},
    [ACT_COS] = {.name = "cos", .helper = "vf_cos", .eval = f_cos, .is_long = true, .ulps = 3},
    [ACT_TAN] = {.name = "tan", .helper = "vf_tan", .eval = f_tan, .is_long = true, .ulps = 5},
    [ACT_ASIN] = {.name = "asin", .helper = "vf_asin", .eval = f_asin, .is_long = true, .ulps = 3},
    [ACT_ACOS] = {.name = "acos", .helper = "vf_acos", .eval = f_acos, .is_long = true, .ulps = 2},
    [ACT_ATAN] = {.name = "atan", .helper = "vf_atan", .eval = f_atan, .is_long = true, .ulps = 2},
    [ACT_SINH] = {.name = "sinh", .helper = "vf_sinh", .eval = f_sinh, .is_long = true, .ulps = 3},
    [ACT_COSH] = {.name = "cosh", .helper = "vf_cosh", .eval = f_cosh, .is_long = true, .ulps = 3},
    [ACT_ASINH] = {.name = "asinh", .helper = "vf_asinh", .eval = f_asinh, .is_long = true,
        .ulps = 4},
    [ACT_ACOSH] = {.name = "acosh", .helper = "vf_acosh", .eval = f_acosh, .is_long = true,
        .ulps = 4},
    [ACT_ATANH] = {.name = "atanh", .helper = "vf_atanh", .eval = f_atanh, .is_long = true,
        .ulps = 4},
    [ACT_SOFTMAX] = {.name = "softmax", .eval = NULL},
    [ACT_LOG_SOFTMAX] = {.name = "log_softmax", .eval = NULL},
};

double act_eval(const struct activation *a, double x)
{
    if (!act_defs[a->kind].eval)
        bug("%s is not element-wise", act_defs[a->kind].name);
    return act_defs[a->kind].eval(x, a->arg);
}
