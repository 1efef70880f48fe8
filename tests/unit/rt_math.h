/* SPDX-License-Identifier: 0BSD
 *
 * rt_math.h: the functions of cnn_math.h on every instruction set of this CPU against libm in
 * double precision.
 *
 * Arguments are the bit patterns 0, s, 2s ... below 2^32: every exponent, both signs, subnormals,
 * infinities and NaN.  The step s is a prime near 4096, or 1 (all floats) if CNNGEN_EXHAUSTIVE is
 * set in the environment.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cnn_rt.h"
#include "cnn_names.h"

static double exact_sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double exact_softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* Limits instead of inf * 0. */
static double exact_times(double x, double share)
{
    return share == 0 ? 0 : x * share;
}

static double exact_gelu_tanh(double x)
{
    double u = sqrt(2 / 3.14159265358979324) * (x + 0.044715 * x * x * x);

    return exact_times(x, exact_sigmoid(2 * u));
}

static double exact_relu_full(double x, double slope, double max_value, double threshold)
{
    return x >= max_value ? max_value : x < threshold ? slope * (x - threshold) : x;
}

static double exact_clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* 1.9999999 times a power of 2, as the float nearest to that number is. */
static double exact_scale(double x, double low, double high)
{
    return isnan(x) ? x : ldexp((double)1.9999999f, (int)nearbyint(exact_clip(x, low, high)));
}

/* Name, value in terms of the vector x, exact value in terms of the double d, and the error
 * allowed: so many ULP plus an absolute term.  The table in cnn_math.h gives the same figures. */
#define RT_FUNCTIONS(X)                                                                            \
    X(scale, vf_select_nan(x, x, vf_scale(vf_set1(0.9999999f),                                     \
      vf_add(vf_clip(x, -252, 254), CNN_COUNTER))), exact_scale(d, -252, 254), 0.5, 0)             \
    X(scale_down, vf_select_nan(x, x, vf_scale_down(vf_set1(0.9999999f),                           \
      vf_add(vf_clip(x, -190, 60), CNN_COUNTER))), exact_scale(d, -190, 60), 0.5, 0)               \
    X(exp, vf_exp(x), exp(d), 1, 0)                                                                \
    X(exp_low, vf_exp_low(vf_atmost(x, vf_set1(40.0f))), exp(d > 40 ? 40 : d), 1, 0)               \
    X(exp_term, vf_exp_term(vf_negative(x)), exp(-fabs(d)), 1, 3.5e-38)                            \
    X(expm1, vf_expm1(x), expm1(d), 1.5, 0)                                                        \
    X(log, vf_log(x), log(d), 1, 0)                                                                \
    X(log_normal, vf_log_normal(vf_clip(x, 1, 1e38f)), log(exact_clip(d, 1, (double)1e38f)), 1, 0) \
    X(log1p, vf_log1p(x), log1p(d), 2, 0)                                                          \
    X(tanh, vf_tanh(x), tanh(d), 1.5, 0)                                                           \
    X(sigmoid, vf_sigmoid(x), exact_sigmoid(d), 2.5, 0)                                            \
    X(erf, vf_erf(x), erf(d), 1.5, 0)                                                              \
    X(relu, vf_relu(x), d < 0 ? 0 : d, 0, 0)                                                       \
    X(relu6, vf_relu6(x), exact_clip(d, 0, 6), 0, 0)                                               \
    X(leaky_relu, vf_leaky_relu(x, 0.25f), d < 0 ? 0.25 * d : d, 0.5, 0)                           \
    X(leaky_relu_0, vf_leaky_relu(x, 0.0f), d < 0 ? 0 : d, 0, 0)                                   \
    X(relu_full, vf_relu_full(x, 0.25f, 6.0f, 1.0f), exact_relu_full(d, 0.25, 6, 1), 1.5, 0)       \
    X(relu_full_0, vf_relu_full(x, 0.0f, CNN_INFINITY, -1.0f), d < -1 ? 0 : d, 0, 0)               \
    X(hard_sigmoid, vf_hard_sigmoid(x), exact_clip((d + 3) / 6, 0, 1), 1.5, 0)                     \
    X(hard_tanh, vf_hard_tanh(x), exact_clip(d, -1, 1), 0, 0)                                      \
    X(hard_silu, vf_hard_silu(x), exact_times(d, exact_clip((d + 3) / 6, 0, 1)), 3, 0)             \
    X(elu, vf_elu(x, 0.75f), d < 0 ? 0.75 * expm1(d) : d, 4, 3e-45)                                \
    X(selu, vf_selu(x), 1.05070098735548 * (d < 0 ? 1.67326324235437 * expm1(d) : d), 3, 0)        \
    X(celu, vf_celu(x, 0.75f), d < 0 ? 0.75 * expm1(d / 0.75) : d, 4, 3e-45)                       \
    X(gelu, vf_gelu(x), exact_times(d, 0.5 * erfc(-d * 0.707106781186547524)), 6, 2e-44)           \
    X(gelu_tanh, vf_gelu_tanh(x), exact_gelu_tanh(d), 4, 2e-8)                                     \
    X(silu, vf_silu(x), exact_times(d, exact_sigmoid(d)), 4, 1e-43)                                \
    X(mish, vf_mish(x), exact_times(d, tanh(exact_softplus(d))), 5, 1e-43)                         \
    X(softplus, vf_softplus(x), exact_softplus(d), 2, 0)                                           \
    X(log_sigmoid, vf_log_sigmoid(x), -exact_softplus(-d), 2, 0)                                   \
    X(softsign, vf_softsign(x), isinf(d) ? (d < 0 ? -1 : 1) : d / (1 + fabs(d)), 2, 0)             \
    X(exponential, vf_exponential(x), exp(d), 1, 0)                                                \
    X(square, vf_square(x), d * d, 0.5, 0)                                                         \
    X(pow_0_3, vf_pow(x, vf_set1(0.3f)), pow(d, (double)0.3f), 2, 0)                               \
    X(pow_3, vf_pow(x, vf_set1(3.0f)), pow(d, 3), 2, 0)                                            \
    X(pow_minus_2_5, vf_pow(x, vf_set1(-2.5f)), pow(d, -2.5), 2, 0)                                \
    X(pow_minus_5, vf_pow(x, vf_set1(-5.0f)), pow(d, -5), 2, 0)                                    \
    X(pow_of_1_7, vf_pow(vf_set1(1.7f), x), pow((double)1.7f, d), 2, 0)                            \
    X(pow_of_near_1, vf_pow(vf_set1(1.0001f), x), pow((double)1.0001f, d), 2, 0)                   \
    X(pow_of_minus_3, vf_pow(vf_set1(-3.0f), x), pow(-3, d), 2, 0)                                 \
    X(pow_of_0, vf_pow(vf_set1(-0.0f), x), pow(-0.0, d), 0, 0)                                     \
    X(pow_of_infinity, vf_pow(vf_set1(-CNN_INFINITY), x), pow(-HUGE_VAL, d), 0, 0)                 \
    X(pow_infinity, vf_pow(x, vf_set1(CNN_INFINITY)), pow(d, HUGE_VAL), 0, 0)                      \
    X(greater, vf_greater(x, vf_set1(1.5f)), d > 1.5, 0, 0)                                        \
    X(greater_equal, vf_greater_equal(x, vf_set1(1.5f)), d >= 1.5, 0, 0)                           \
    X(less, vf_less(x, vf_set1(1.5f)), d < 1.5, 0, 0)                                              \
    X(less_equal, vf_less_equal(x, vf_set1(1.5f)), d <= 1.5, 0, 0)                                 \
    X(equal, vf_equal(vf_round_even(x), vf_set1(2.0f)), nearbyint(d) == 2, 0, 0)                   \
    X(not_equal, vf_not_equal(vf_round_even(x), vf_set1(2.0f)), nearbyint(d) != 2, 0, 0)           \
    X(where, vf_where(x, vf_set1(3.0f), vf_set1(4.0f)), d == 0 ? 4 : 3, 0, 0)                      \
    X(round, vf_round_even(x), nearbyint(d), 0, 0)                                                 \
    X(floor, vf_floor(x), floor(d), 0, 0)                                                          \
    X(ceil, vf_ceil(x), ceil(d), 0, 0)                                                             \
    X(sign, vf_sign(x), d > 0 ? 1 : d < 0 ? -1 : d, 0, 0)                                          \
    X(reciprocal, vf_reciprocal(x), 1 / d, 0.5, 0)                                                 \
    X(sqrt, vf_sqrt(x), sqrt(d), 0.5, 0)                                                           \
    X(rsqrt, vf_rsqrt(x), 1 / sqrt(d), 1.5, 0)                                                     \
    X(clip, vf_clip(x, -0.5f, 2.0f), exact_clip(d, -0.5, 2), 0, 0)                                 \
    X(thresholded_relu, vf_thresholded_relu(x, 1.0f), d <= 1 ? 0 : d, 0, 0)                        \
    X(sin, vf_sin(x), sin(d), 3, 0)                                                                \
    X(cos, vf_cos(x), cos(d), 3, 0)                                                                \
    X(tan, vf_tan(x), tan(d), 5, 0)                                                                \
    X(asin, vf_asin(x), asin(d), 3, 0)                                                             \
    X(acos, vf_acos(x), acos(d), 2, 0)                                                             \
    X(atan, vf_atan(x), atan(d), 2, 0)                                                             \
    X(sinh, vf_sinh(x), sinh(d), 3, 0)                                                             \
    X(cosh, vf_cosh(x), cosh(d), 3, 0)                                                             \
    X(asinh, vf_asinh(x), asinh(d), 4, 0)                                                          \
    X(acosh, vf_acosh(x), acosh(d), 4, 0)                                                          \
    X(atanh, vf_atanh(x), atanh(d), 4, 0)

typedef void rt_map(const float *in, float *out, int n);

#define RT_TEXT "rt_math_text.h"
#include "rt_regions.h"
#undef RT_TEXT

#define RT_EXACT(name, value, exact, ulps, absolute)                                               \
    static double exact_value_##name(double d)                                                     \
    {                                                                                              \
        return exact;                                                                              \
    }
RT_FUNCTIONS(RT_EXACT)

static const struct rt_function {
    const char *name;
    double (*exact)(double);
    double ulps;
    double absolute;
} rt_functions[] = {
#define RT_ROW(name, value, exact, ulps, absolute) {#name, exact_value_##name, ulps, absolute},
    RT_FUNCTIONS(RT_ROW)
};

enum { RT_FUNCTION_COUNT = sizeof rt_functions / sizeof rt_functions[0] };

static const struct rt_isa_maps {
    const char *name;
    int level;
    rt_map *const *maps;
} rt_isas[] = {
    {"scalar", CNN_SCALAR, cnn_maps_scalar},
#if CNN_X86
    {"sse2", CNN_SSE2, cnn_maps_sse2},
    {"avx2", CNN_AVX2, cnn_maps_avx2},
    {"avx512", CNN_AVX512, cnn_maps_avx512},
#elif CNN_ARM64
    {"neon", CNN_NEON, cnn_maps_neon},
#elif CNN_WASM_SIMD
    {"wasm", CNN_WASM, cnn_maps_wasm},
#endif
};

enum { RT_ISA_COUNT = sizeof rt_isas / sizeof rt_isas[0], RT_BLOCK = 1024 };

/* What was found for one function on one instruction set. */
struct rt_error {
    long failures;
    double ulps;      /* largest error in ULP where the exact value is a normal number */
    double absolute;  /* largest error where it is subnormal */
    double beyond;    /* largest part of an error that 4 ULP don't explain */
    float worst;      /* argument of the largest error in ULP */
};

/* The distance of floats around a value, 2^(e - 23) for 2^e <= |value| < 2^(e + 1); subnormals are
 * as far apart as the smallest normals.  By the bits of the double, since this runs 2^32 times. */
static double rt_ulp(double value)
{
    uint64_t exponent;
    double ulp;

    memcpy(&exponent, &value, sizeof exponent);
    exponent = exponent >> 52 & 0x7ff;
    if (exponent < 1023 - 126)
        exponent = 1023 - 126;
    if (exponent > 1023 + 127)
        exponent = 1023 + 127;
    exponent = (exponent - 23) << 52;
    memcpy(&ulp, &exponent, sizeof ulp);
    return ulp;
}

/* Infinity counts as 2^128, the number that it stands for when rounding overflows. */
static double rt_finite(double value)
{
    return exact_clip(value, -0x1p128, 0x1p128);
}

static void rt_compare(const struct rt_function *f, float x, double exact, double got,
                       struct rt_error *e)
{
    double error = fabs(rt_finite(got) - rt_finite(exact));
    double ulp = rt_ulp(exact);

    if (error == 0)
        return;
    if (isnan(error)) {
        e->failures += !isnan(exact) || !isnan(got);
        return;
    }
    e->failures += error > f->ulps * ulp + f->absolute;
    if (error - 4 * ulp > e->beyond)
        e->beyond = error - 4 * ulp;
    if (fabs(exact) < 0x1p-126 && error > e->absolute)
        e->absolute = error;
    if (fabs(exact) >= 0x1p-126 && error > e->ulps * ulp) {
        e->ulps = error / ulp;
        e->worst = x;
    }
}

static void rt_merge(struct rt_error *all, const struct rt_error *e)
{
    all->failures += e->failures;
    all->absolute = fmax(all->absolute, e->absolute);
    all->beyond = fmax(all->beyond, e->beyond);
    if (e->ulps > all->ulps) {
        all->ulps = e->ulps;
        all->worst = e->worst;
    }
}

/* --math=strict: where an instruction set has other bits than portable C. */
static long rt_differences(const float *out, const float *portable)
{
    long n = 0;
    int i;

    for (i = 0; CNN_STRICT && i < RT_BLOCK; i++)
        n += memcmp(&out[i], &portable[i], sizeof *out) &&
             !(isnan(out[i]) && isnan(portable[i]));
    return n;
}

/* One block of arguments, on all instruction sets. */
static void rt_check_block(int function, uint64_t first, uint64_t step, struct rt_error *errors)
{
    const struct rt_function *f = &rt_functions[function];
    float in[RT_BLOCK];
    float out[RT_BLOCK];
    float portable[RT_BLOCK];
    double exact[RT_BLOCK];
    int i;
    int isa;

    for (i = 0; i < RT_BLOCK; i++) {
        uint32_t bits = (uint32_t)(first + (uint64_t)i * step);

        memcpy(&in[i], &bits, sizeof bits);
        exact[i] = f->exact((double)in[i]);
    }
    for (isa = 0; isa < RT_ISA_COUNT && rt_isas[isa].level <= cnn_isa_level(); isa++) {
        rt_isas[isa].maps[function](in, out, RT_BLOCK);
        if (isa == 0)
            memcpy(portable, out, sizeof out);
        errors[isa].failures += rt_differences(out, portable);
        for (i = 0; i < RT_BLOCK; i++)
            rt_compare(f, in[i], exact[i], (double)out[i], &errors[isa]);
    }
}

static void rt_report(int function, const struct rt_error *errors)
{
    int isa;

    for (isa = 0; isa < RT_ISA_COUNT && rt_isas[isa].level <= cnn_isa_level(); isa++) {
        printf("%-13s %-7s %7.3f ULP at %-15.9g subnormal %-8.2g beyond 4 ULP %-8.2g",
               rt_functions[function].name, rt_isas[isa].name, errors[isa].ulps,
               (double)errors[isa].worst, errors[isa].absolute, errors[isa].beyond);
        printf(errors[isa].failures ? "  %ld FAILED\n" : "\n", errors[isa].failures);
    }
    fflush(stdout);
}

/* The number of arguments for which a function errs more than it may. */
static long rt_check_function(int function)
{
    struct rt_error errors[RT_ISA_COUNT] = {{0, 0, 0, 0, 0}};
    uint64_t step = getenv("CNNGEN_EXHAUSTIVE") ? 1 : 4093;
    int64_t blocks = (int64_t)(((uint64_t)1 << 32) / step / RT_BLOCK + 1);
    long failures = 0;
    int64_t b;
    int isa;

#ifdef _OPENMP
#pragma omp parallel
#endif
    {
        struct rt_error mine[RT_ISA_COUNT] = {{0, 0, 0, 0, 0}};
        int i;

#ifdef _OPENMP
#pragma omp for schedule(dynamic, 64)
#endif
        for (b = 0; b < blocks; b++)
            rt_check_block(function, (uint64_t)b * RT_BLOCK * step, step, mine);
#ifdef _OPENMP
#pragma omp critical
#endif
        for (i = 0; i < RT_ISA_COUNT; i++)
            rt_merge(&errors[i], &mine[i]);
    }
    rt_report(function, errors);
    for (isa = 0; isa < RT_ISA_COUNT; isa++)
        failures += errors[isa].failures;
    return failures;
}
