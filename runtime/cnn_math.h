/* SPDX-License-Identifier: 0BSD
 *
 * cnn_math.h: exp, log, tanh, erf and the activation functions, on vectors of floats.
 *
 * Included once per instruction set, behind its cnn_vec_<isa>.h, and written once in terms of its
 * helpers (but for vf_scale, which is an instruction of AVX-512).  No tables, no branches, nothing from libm: all functions are straight-line code.
 *
 * Polynomials are minimax fits with coefficients that are floats from the outset (Brisebarre and
 * Chevillard's fpminimax, as in the tool Sollya), so that no accuracy is lost by rounding them.
 *
 * NaN gives NaN, infinities give the limit.  Subnormal results are rounded like any other, unless
 * the caller made the CPU flush them.
 *
 * Largest errors in ULP on normal results, the worst of all instruction sets, and the bounds that
 * may be relied on, in ULP plus an absolute term.  Functions marked * were compared on all floats
 * (those of exp from 2^-25 to 104, where its results are not 1 or a limit), others on a sample of some
 * million (tests/unit/test_rt_math.c, CNNGEN_EXHAUSTIVE).
 *
 *                  measured   bound                          measured   bound
 *     exp        *   0.978    1                  softplus   *  1.838    2
 *     expm1      *   1.484    1.5                log_sigmoid*  1.838    2
 *     log        *   0.947    1                  softsign      1.50     2
 *     log1p      *   1.543    2                  silu       *  2.861    4 + 1e-43
 *     tanh       *   1.207    1.5                mish       *  4.702    5 + 1e-43
 *     sigmoid    *   2.481    2.5                gelu       *  5.094    6 + 2e-44
 *     erf        *   1.337    1.5                gelu_tanh     -        4 + 2e-8
 *     elu, celu      1.80     4 + 3e-45*alpha    hard_sigmoid  1.34     1.5
 *     selu           2.48     3                  hard_silu     2.47     3
 *     pow            1.12     2                  rsqrt         1.47     1.5
 *     sin, cos       2.49     3                  sinh          1.58     3
 *     tan            4.05     5                  cosh          1.42     3
 *     asin           2.25     3                  asinh         1.80     4
 *     acos           1.07     2                  acosh         1.86     4
 *     atan           1.81     2                  atanh         2.12     4
 *
 * relu, relu6, hard_tanh, clip, comparisons and what rounds to integers are exact, leaky_relu,
 * square, sqrt and reciprocal correctly rounded (0.5), relu_full is within 1.5.  The absolute terms of
 * silu, mish and gelu are for results below 1e-30 (measured above it), where a subnormal factor has
 * lost bits.  That of gelu_tanh is for the rounding of its
 * inner cubic, which the exponential magnifies: up to 214 ULP near x = -10, of results near 1e-38.
 */

/* Horner's scheme, a step: p*x + c. */
CNN_INLINE vf vf_poly(vf p, vf x, float c)
{
    return vf_fma(p, x, vf_set1(c));
}

/* ---- exponentials ---- */

/* (1 + t) * 2^n for a count of n and |t| < 1, rounded like a product of two floats.  In two steps,
 * since 2^n alone may be out of range; only the second can leave the normal range and round. */
CNN_INLINE vf vf_scale(vf t, vf count)
{
#if CNN_VL == 16
    return (vf)_mm512_maskz_scalef_ps((__mmask16)0xffff, (__m512)(t + 1.0f),
                                      (__m512)(count - CNN_COUNTER));
#else
    vi half = vf_bits(count) >> 1;
    vf first = vf_from_bits(half << 23);

    return vf_fma(t, first, first) * vf_from_bits((vf_bits(count) - half) << 23);
#endif
}

/* The same for n in -190 .. 60. */
CNN_INLINE vf vf_scale_down(vf t, vf count)
{
#if CNN_VL == 16
    return vf_scale(t, count);
#else
    vf first = vf_pow2_count(count, 64);

    return vf_fma(t, first, first) * 5.42101086e-20f; /* 2^-64 */
#endif
}

/* exp(hi - lo) = (1 + t) * 2^n; returns t and a count of n.  The argument comes in two parts for
 * callers that know it to more than 24 bits; lo is 0 or much smaller than hi.
 *
 * r = hi - lo - n*ln 2 loses nothing: the head of ln 2 has 15 bits and n at most 8, so the product
 * and the first difference are exact even without FMA.  Then expm1(r) = r + r^2/2 + r^3 Q(r), the
 * terms in pairs: a chain of products one after the other would take as long again. */
CNN_INLINE vf vf_exp_split(vf hi, vf lo, vf *count)
{
    vf n;
    vf r;
    vf z;
    vf q;

    *count = vf_fma(vf_sub(hi, lo), vf_set1(1.44269502f), CNN_COUNTER);
    n = vf_sub(*count, CNN_COUNTER);
    r = vf_fma(n, vf_set1(-0.693145752f), hi);
    r = vf_fma(n, vf_set1(-1.42860677e-6f), vf_sub(r, lo));
    z = vf_mul(r, r);
    q = vf_fma(vf_set1(0.000199713133f), z, vf_poly(vf_set1(0.00139309268f), r, 0.00833317824f));
    q = vf_fma(q, z, vf_poly(vf_set1(0.0416665077f), r, 0.166666672f));
    q = vf_poly(q, r, 0.5f);
    return vf_fma(z, q, r);
}

/* The clamps are where the result has become 0 and infinity; they keep n in range. */
CNN_INLINE vf vf_exp(vf x)
{
    vf count;
    vf t = vf_exp_split(vf_atmost(vf_atleast(x, vf_set1(-104.0f)), vf_set1(89.0f)), vf_zero(), &count);

    return vf_scale(t, count);
}

/* The same for x up to 40. */
CNN_INLINE vf vf_exp_low(vf x)
{
    vf count;
    vf t = vf_exp_split(vf_atleast(x, vf_set1(-104.0f)), vf_zero(), &count);

    return vf_scale_down(t, count);
}

/* For terms of a softmax: x is at most 0, often minus infinity.  The sum of all is at least 1, so what
 * is near the smallest normal number or below it is 0: CPUs take a hundred cycles and more for such
 * numbers.  At the end t * 2^n, which is rounded where there is no FMA, is a normal one as well. */
CNN_INLINE vf vf_exp_term(vf x)
{
    vf end = vf_set1(-86.27f);
    vf count;
    vf t = vf_exp_split(vf_atleast(x, end), vf_zero(), &count);
    vf power = vf_pow2_count(count, 0);

    return vf_select_lt(x, end, vf_zero(), vf_fma(t, power, power));
}

/* 2^n t + (2^n - 1), halved until the end because 2^128 is no float.  The sign restores -0. */
CNN_INLINE vf vf_expm1(vf x)
{
    vf count;
    vf t = vf_exp_split(vf_atmost(vf_atleast(x, vf_set1(-20.0f)), vf_set1(89.0f)), vf_zero(), &count);
    vf half = vf_pow2_count(count, (uint32_t)-1);
    vf sum = vf_fma(half, t, vf_sub(half, vf_set1(0.5f)));

    return vf_copysign(vf_add(sum, sum), x);
}

/* ---- logarithms ---- */

/* k ln 2 + log(1 + f) for f from sqrt(1/2)-1 to sqrt(2)-1, as f - f^2/2 + f^3 P(f); the large
 * terms, exact or nearly so, are added last. */
CNN_INLINE vf vf_log_sum(vf f, vf k)
{
    vf z = vf_mul(f, f);
    vf p = vf_poly(vf_set1(0.073413901f), f, -0.1166256f);

    p = vf_fma(p, z, vf_poly(vf_set1(0.116323382f), f, -0.12396162f));
    p = vf_fma(p, z, vf_poly(vf_set1(0.142513752f), f, -0.16669184f));
    p = vf_fma(p, z, vf_poly(vf_set1(0.200006798f), f, -0.249999806f));
    p = vf_fma(p, z, vf_poly(vf_set1(0.333333313f), f, -0.5f));
    p = vf_fma(z, p, vf_mul(k, vf_set1(1.42860677e-6f)));
    return vf_fma(k, vf_set1(0.693145752f), vf_add(f, p));
}

/* result, save where the argument of the logarithm is 0 (-inf), negative (NaN), infinite or NaN. */
CNN_INLINE vf vf_log_special(vf argument, vf result)
{
    vf infinity = vf_set1(CNN_INFINITY);
    vf nan = vf_sub(infinity, infinity);
    vf low = vf_select_lt(argument, vf_zero(), nan, vf_neg(infinity));

    result = vf_select_lt(vf_zero(), argument, result, low);
    result = vf_select_lt(argument, infinity, result, infinity);
    return vf_select_nan(argument, argument, result);
}

CNN_INLINE vf vf_log(vf x)
{
    vf tiny = vf_set1(1.17549435e-38f);
    vf normal = vf_select_lt(x, tiny, vf_mul(x, vf_set1(8388608.0f)), x);
    vf k;
    vf m = vf_frexp(normal, &k);

    k = vf_select_lt(x, tiny, vf_sub(k, vf_set1(23.0f)), k);
    return vf_log_special(x, vf_log_sum(vf_sub(m, vf_set1(1.0f)), k));
}

/* The same for normal x > 0, or NaN: sums of a softmax are at least 1. */
CNN_INLINE vf vf_log_normal(vf x)
{
    vf k;
    vf m = vf_frexp(x, &k);

    return vf_add(vf_log_sum(vf_sub(m, vf_set1(1.0f)), k), vf_sub(x, x));
}

/* log(1 + x) for finite x > -1.  What the sum u = 1 + x lost is known exactly, x - (u - 1), and
 * added to the reduced argument.  From 2^23 on it is nothing, so 2^-k may stop short. */
CNN_INLINE vf vf_log1p_finite(vf x)
{
    vf one = vf_set1(1.0f);
    vf u = vf_add(one, x);
    vf lost = vf_sub(x, vf_sub(u, one));
    vf k;
    vf m = vf_frexp(u, &k);
    vf scale = vf_pow2(vf_neg(vf_atmost(k, vf_set1(126.0f))));

    return vf_log_sum(vf_fma(lost, scale, vf_sub(m, one)), k);
}

CNN_INLINE vf vf_log1p(vf x)
{
    return vf_copysign(vf_log_special(vf_add(x, vf_set1(1.0f)), vf_log1p_finite(x)), x);
}

/* ---- tanh, sigmoid, erf ---- */

/* x + x^3 T(x^2) near 0, 1 - 2/(exp(2x) + 1) from 0.625 on; the latter is 1 from 9.02 on. */
CNN_INLINE vf vf_tanh(vf x)
{
    vf one = vf_set1(1.0f);
    vf a = vf_abs(x);
    vf z = vf_mul(x, x);
    vf c = vf_atmost(a, vf_set1(10.0f));
    vf count;
    vf e = vf_exp_split(vf_add(c, c), vf_zero(), &count);
    vf power = vf_pow2_count(count, 0);
    vf large = vf_div(vf_set1(2.0f), vf_fma(power, e, vf_add(power, one)));
    vf t = vf_set1(-0.00610265136f);

    t = vf_poly(t, z, 0.0210008025f);
    t = vf_poly(t, z, -0.0538513437f);
    t = vf_poly(t, z, 0.133327648f);
    t = vf_poly(t, z, -0.333333284f);
    t = vf_fma(vf_mul(a, z), t, a);
    return vf_copysign(vf_select_lt(a, vf_set1(0.625f), t, vf_sub(one, large)), x);
}

/* 1/(1 + exp(-x)) for x from -104 on; from 17 on it is 1, and so the clamp does no harm.  Both sides of the
 * fraction are 2^-64 times as large, which keeps exp(104) in range. */
CNN_INLINE vf vf_sigmoid_above(vf x)
{
    vf one = vf_set1(5.42101086e-20f);
    vf count;
    vf t = vf_exp_split(vf_neg(vf_atmost(x, vf_set1(40.0f))), vf_zero(), &count);
    vf power = vf_pow2_count(count, (uint32_t)-64);

    return vf_div(one, vf_add(one, vf_fma(t, power, power)));
}

CNN_INLINE vf vf_sigmoid(vf x)
{
    return vf_sigmoid_above(vf_atleast(x, vf_set1(-104.0f)));
}

/* The tail of the normal distribution, P(X > a), for a >= 0: exp(-a^2/2) H(q)/(a + 5/2).  H,
 * slow and smooth, is a polynomial in q = a/(a + 5/2), fitted for a up to 14.5 where the tail has
 * become 0.  Small for small a, q makes it most accurate where gelu needs it most.
 *
 * An error in a^2/2 is a relative error of the result, so the square is exact: a = h + (a - h)
 * with a short h gives a^2 = h^2 + (a - h)(a + h). */
CNN_INLINE vf vf_normal_tail(vf a)
{
    vf count;
    vf half = vf_set1(0.5f);
    vf c = vf_atmost(a, vf_set1(14.5f));
    vf h = vf_head(c);
    vf lo = vf_mul(half, vf_mul(vf_sub(c, h), vf_add(c, h)));
    vf t = vf_exp_split(vf_neg(vf_mul(half, vf_mul(h, h))), lo, &count);
    vf r = vf_div(vf_set1(1.0f), vf_add(c, vf_set1(2.5f)));
    vf q = vf_mul(c, r);
    vf p = vf_set1(-0.0795526132f);

    p = vf_poly(p, q, 0.278820872f);
    p = vf_poly(p, q, -0.311998725f);
    p = vf_poly(p, q, 0.13693662f);
    p = vf_poly(p, q, -0.149286613f);
    p = vf_poly(p, q, 0.0559276566f);
    p = vf_poly(p, q, 0.291879207f);
    p = vf_poly(p, q, 0.16960676f);
    p = vf_poly(p, q, -1.24339223f);
    p = vf_poly(p, q, 1.25f);
    return vf_mul(vf_scale_down(t, count), vf_mul(p, r));
}

/* erf(a) for a from 1 to 4, from where on it is 1: 1 - 2^(n + f), with n + f a polynomial in a.  That
 * power is at most 0.16, so that some of its last bits may be wrong. */
CNN_INLINE vf vf_erf_far(vf a)
{
    vf z = vf_mul(a, a);
    vf p = vf_poly(vf_set1(-1.62597525f), a, -0.000510263373f);
    vf q = vf_poly(vf_set1(-0.148651704f), a, -0.920764744f);
    vf r = vf_poly(vf_set1(-0.00424096687f), a, 0.031458497f);
    vf t = vf_fma(vf_fma(vf_fma(vf_set1(0.000267726718f), z, r), z, q), z, p);
    vf bias = vf_set1(12583039.0f);   /* CNN_ROUNDER, and 127 for the exponent of 2^n */
    vf n = vf_add(t, bias);
    vf f = vf_sub(t, vf_sub(n, bias));

    z = vf_mul(f, f);
    p = vf_poly(vf_set1(0.693147063f), f, 1.0f);
    q = vf_poly(vf_set1(0.0555070378f), f, 0.240222901f);
    r = vf_poly(vf_set1(0.00132613326f), f, 0.00966935419f);
    p = vf_fma(vf_fma(r, z, q), z, p);
    return vf_fma(vf_neg(p), vf_from_bits(vf_bits(n) << 23), vf_set1(1.0f));
}

/* x + x P(x^2) up to 1, then 1 minus the rest. */
CNN_INLINE vf vf_erf(vf x)
{
    vf a = vf_abs(x);
    vf z = vf_mul(x, x);
    vf far = vf_erf_far(vf_atmost(a, vf_set1(4.0f)));
    vf p = vf_set1(7.92413048e-05f);

    p = vf_poly(p, z, -0.00080318359f);
    p = vf_poly(p, z, 0.00519084465f);
    p = vf_poly(p, z, -0.0268551745f);
    p = vf_poly(p, z, 0.11283619f);
    p = vf_poly(p, z, -0.376126289f);
    p = vf_poly(p, z, 0.128379166f);
    p = vf_fma(a, p, a);
    return vf_copysign(vf_select_lt(a, vf_set1(1.0f), p, far), x);
}

/* ---- comparisons: 1 where they hold, else 0; with NaN only not_equal does ---- */

CNN_INLINE vf vf_less(vf a, vf b)
{
    return vf_select_lt(a, b, vf_set1(1.0f), vf_zero());
}

CNN_INLINE vf vf_greater(vf a, vf b)
{
    return vf_less(b, a);
}

/* value, but `otherwise` where a or b is NaN. */
CNN_INLINE vf vf_ordered(vf a, vf b, vf value, vf otherwise)
{
    return vf_select_nan(a, otherwise, vf_select_nan(b, otherwise, value));
}

CNN_INLINE vf vf_less_equal(vf a, vf b)
{
    return vf_ordered(a, b, vf_select_lt(b, a, vf_zero(), vf_set1(1.0f)), vf_zero());
}

CNN_INLINE vf vf_greater_equal(vf a, vf b)
{
    return vf_less_equal(b, a);
}

CNN_INLINE vf vf_not_equal(vf a, vf b)
{
    vf one = vf_set1(1.0f);

    return vf_ordered(a, b, vf_select_lt(a, b, one, vf_less(b, a)), one);
}

CNN_INLINE vf vf_equal(vf a, vf b)
{
    return vf_sub(vf_set1(1.0f), vf_not_equal(a, b));
}

/* then where the condition is not 0 (NaN is not), else otherwise. */
CNN_INLINE vf vf_where(vf condition, vf then, vf otherwise)
{
    vf some = vf_select_lt(vf_zero(), vf_abs(condition), then, otherwise);

    return vf_select_nan(condition, then, some);
}

/* ---- to integers: exact ---- */

/* |x| rounded, ties to even: from 2^23 on all floats are integers. */
CNN_INLINE vf vf_round_abs(vf x)
{
    vf big = vf_set1(8388608.0f);
    vf a = vf_abs(x);

    return vf_select_lt(a, big, vf_sub(vf_add(a, big), big), a);
}

CNN_INLINE vf vf_round_even(vf x)
{
    return vf_copysign(vf_round_abs(x), x);
}

CNN_INLINE vf vf_floor(vf x)
{
    vf r = vf_round_even(x);

    return vf_copysign(vf_select_lt(x, r, vf_sub(r, vf_set1(1.0f)), r), x);
}

CNN_INLINE vf vf_ceil(vf x)
{
    vf r = vf_round_even(x);

    return vf_copysign(vf_select_lt(r, x, vf_add(r, vf_set1(1.0f)), r), x);
}

CNN_INLINE vf vf_sign(vf x)
{
    vf one = vf_set1(1.0f);
    vf low = vf_select_lt(x, vf_zero(), vf_neg(one), x);

    return vf_select_lt(vf_zero(), x, one, low);
}

/* ---- powers and roots ---- */

CNN_INLINE vf vf_reciprocal(vf x)
{
    return vf_div(vf_set1(1.0f), x);
}

CNN_INLINE vf vf_rsqrt(vf x)
{
    return vf_div(vf_set1(1.0f), vf_sqrt(x));
}

/* What the product a*b, rounded to p, has lost: exactly, if nothing over- or underflows. */
CNN_INLINE vf vf_lost(vf a, vf b, vf p)
{
    vf ah = vf_head(a);
    vf bh = vf_head(b);
    vf al = vf_sub(a, ah);
    vf bl = vf_sub(b, bh);
    vf rest = vf_sub(vf_mul(ah, bh), p);

    rest = vf_add(vf_add(rest, vf_mul(ah, bl)), vf_mul(al, bh));
    return vf_add(rest, vf_mul(al, bl));
}

/* log x for normal x > 0 as hi + lo, to some 32 bits: k ln 2 + 2 atanh q with q = (m - 1)/(m + 1),
 * of which 2q is taken to more than 24 bits and the rest, at most 1 % of it, is a polynomial. */
CNN_INLINE vf vf_log_split(vf x, vf shift, vf *lo)
{
    vf k;
    vf m = vf_frexp(x, &k);
    vf f = vf_sub(m, vf_set1(1.0f));
    vf d = vf_add(m, vf_set1(1.0f));
    vf q = vf_div(f, d);
    vf qd = vf_mul(q, d);
    vf rest = vf_sub(vf_sub(f, qd), vf_lost(q, d, qd));
    vf z = vf_mul(q, q);
    vf p = vf_set1(0.23333071f);
    vf hi;
    vf sum;

    /* d has lost m - (d - 1) */
    rest = vf_sub(rest, vf_mul(q, vf_sub(m, vf_sub(d, vf_set1(1.0f)))));
    k = vf_add(k, shift);
    p = vf_poly(p, z, 0.2855072f);
    p = vf_poly(p, z, 0.40000123f);
    p = vf_poly(p, z, 0.6666667f);
    rest = vf_fma(vf_mul(q, z), p, vf_mul(vf_set1(2.0f), vf_div(rest, d)));
    rest = vf_fma(k, vf_set1(1.42860677e-6f), rest);
    q = vf_add(q, q);
    f = vf_mul(k, vf_set1(0.693145752f));
    hi = vf_add(f, q);
    rest = vf_add(rest, vf_sub(q, vf_sub(hi, f)));
    sum = vf_add(hi, rest);
    *lo = vf_sub(rest, vf_sub(sum, hi));
    return sum;
}

/* |x|^y = exp(y log |x|), the product in two parts, without what concerns signs. */
CNN_INLINE vf vf_pow_abs(vf a, vf y)
{
    vf infinity = vf_set1(CNN_INFINITY);
    vf tiny = vf_set1(1.17549435e-38f);
    vf is_tiny = vf_less(a, tiny);
    vf normal = vf_where(is_tiny, vf_mul(a, vf_set1(8388608.0f)), a);
    vf lo;
    vf log = vf_log_split(normal, vf_mul(is_tiny, vf_set1(-23.0f)), &lo);
    vf count;
    vf p;
    vf t;

    log = vf_select_lt(vf_zero(), a, log, vf_neg(infinity));
    log = vf_select_lt(a, infinity, log, infinity);
    p = vf_mul(y, log);
    lo = vf_fma(y, lo, vf_lost(y, log, p));
    lo = vf_select_lt(vf_abs(p), vf_set1(128.0f), lo, vf_zero());
    p = vf_atmost(vf_atleast(p, vf_set1(-104.0f)), vf_set1(89.0f));
    t = vf_exp_split(p, vf_neg(lo), &count);
    return vf_scale(t, count);
}

/* x^y as C99's pow: 1 for x = 1 and for y = 0 whatever the other is; NaN for negative x and y that
 * is no integer. */
CNN_INLINE vf vf_pow(vf x, vf y)
{
    vf one = vf_set1(1.0f);
    vf infinity = vf_set1(CNN_INFINITY);
    vf nan = vf_sub(infinity, infinity);
    vf a = vf_abs(x);
    vf b = vf_abs(y);
    vf half = vf_mul(b, vf_set1(0.5f));
    vf broken = vf_not_equal(vf_round_abs(b), b);
    vf odd = vf_mul(vf_not_equal(vf_round_abs(half), half), vf_sub(one, broken));
    vf r = vf_where(vf_equal(a, one), one, vf_pow_abs(a, y));
    vf negative = vf_mul(vf_mul(vf_less(x, vf_zero()), vf_less(a, infinity)), broken);

    r = vf_where(odd, vf_copysign(r, x), r);
    r = vf_where(negative, nan, r);
    r = vf_ordered(x, y, r, nan);
    return vf_where(vf_mul(vf_not_equal(x, one), vf_not_equal(y, vf_zero())), r, one);
}

/* ---- circular functions ---- */

/* x less the nearest multiple of pi/2, number q: |result| <= pi/4, within 1 ULP for any x.  x 2/pi
 * is taken modulo 4 to 62 bits behind the point, with those bits of 2/pi that matter (Payne and
 * Hanek), in integers, so that it is the same everywhere. */
CNN_INLINE float vf_reduce(float x, uint32_t *q)
{
    static const uint32_t two_over_pi[8] = {
        0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu
    };
    uint32_t bits;
    uint32_t at;
    uint64_t m;
    uint64_t turns = 0;
    float r;

    memcpy(&bits, &x, sizeof bits);
    *q = 0;
    if ((bits & 0x7fffffffu) <= 0x3f490fdbu)
        return x;
    if ((bits & 0x7fffffffu) >= 0x7f800000u)
        return x - x;
    at = (bits >> 23 & 255u) - 120u;
    m = (bits & 0x007fffffu) | 0x00800000u;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t word = (at >> 5) + i;
        uint64_t pair = (uint64_t)two_over_pi[word] << 32 | two_over_pi[word + 1];
        uint64_t product = m * (uint32_t)(pair >> (32u - (at & 31u)));

        turns += i == 0 ? product << 32 : i == 1 ? product : product >> 32;
    }
    *q = (uint32_t)(turns >> 62) + (uint32_t)(turns >> 61 & 1u);
    turns <<= 2;
    r = 5.42101086e-20f * (float)(turns >> 63 ? 0u - turns : turns);
    r = r * 1.57079637f - r * 4.37113883e-08f;
    if (bits >> 31)
        *q = 0u - *q;
    return bits >> 31 == (uint32_t)(turns >> 63) ? r : -r;
}

/* The sine of x + n pi/2 is the sine (odd 0) or cosine (1) of the result times the sign. */
CNN_INLINE vf vf_quarters(vf x, uint32_t n, vf *odd, vf *sign)
{
    float r[CNN_VL];
    float odds[CNN_VL];
    float signs[CNN_VL];

    vf_store(r, x);
    for (int i = 0; i < CNN_VL; i++) {
        uint32_t q;

        r[i] = vf_reduce(r[i], &q);
        q += n;
        odds[i] = q & 1u ? 1.0f : 0.0f;
        signs[i] = q & 2u ? -1.0f : 1.0f;
    }
    *odd = vf_load(odds);
    *sign = vf_load(signs);
    return vf_load(r);
}

/* For |r| <= pi/4: r + r^3 P(r^2). */
CNN_INLINE vf vf_sin_near(vf r)
{
    vf z = vf_mul(r, r);
    vf a = vf_abs(r);
    vf p = vf_set1(-0.000195186f);

    p = vf_poly(p, z, 0.008332191f);
    p = vf_poly(p, z, -0.16666655f);
    return vf_copysign(vf_fma(vf_mul(a, z), p, a), r);
}

/* 1 - r^2/2 + r^4 P(r^2). */
CNN_INLINE vf vf_cos_near(vf r)
{
    vf z = vf_mul(r, r);
    vf p = vf_set1(2.4430661e-05f);

    p = vf_poly(p, z, -0.0013887301f);
    p = vf_poly(p, z, 0.041666646f);
    p = vf_fma(vf_mul(z, z), p, vf_mul(z, vf_set1(-0.5f)));
    return vf_add(vf_set1(1.0f), p);
}

CNN_INLINE vf vf_sin_ahead(vf x, uint32_t quarters)
{
    vf odd;
    vf sign;
    vf r = vf_quarters(x, quarters, &odd, &sign);

    return vf_mul(sign, vf_where(odd, vf_cos_near(r), vf_sin_near(r)));
}

CNN_INLINE vf vf_sin(vf x)
{
    return vf_sin_ahead(x, 0);
}

CNN_INLINE vf vf_cos(vf x)
{
    return vf_sin_ahead(x, 1);
}

CNN_INLINE vf vf_tan(vf x)
{
    vf odd;
    vf sign;
    vf r = vf_quarters(x, 0, &odd, &sign);
    vf s = vf_sin_near(r);
    vf c = vf_cos_near(r);

    return vf_div(vf_where(odd, vf_neg(c), s), vf_where(odd, s, c));
}

/* a + a^3 P(a^2) below tan(pi/8), of -1/a above tan(3pi/8), of (a - 1)/(a + 1) between. */
CNN_INLINE vf vf_atan(vf x)
{
    vf one = vf_set1(1.0f);
    vf a = vf_abs(x);
    vf large = vf_less(vf_set1(2.41421366f), a);
    vf mid = vf_less(vf_set1(0.414213568f), a);
    vf n = vf_where(large, vf_neg(one), vf_where(mid, vf_sub(a, one), a));
    vf d = vf_where(large, a, vf_where(mid, vf_add(a, one), one));
    vf far = vf_where(large, vf_set1(1.57079637f), vf_where(mid, vf_set1(0.785398185f), vf_zero()));
    vf rest = vf_mul(far, vf_set1(-2.78275449e-08f));
    vf t = vf_div(n, d);
    vf z = vf_mul(t, t);
    vf p = vf_set1(0.08057006f);

    p = vf_poly(p, z, -0.1387885f);
    p = vf_poly(p, z, 0.19977835f);
    p = vf_poly(p, z, -0.33332953f);
    p = vf_fma(vf_mul(t, z), p, rest);
    p = vf_add(far, vf_add(t, p));
    return vf_select_nan(x, x, vf_copysign(p, x));
}

/* For 0 <= a <= 1/2, z = a^2. */
CNN_INLINE vf vf_asin_near(vf a, vf z)
{
    vf p = vf_set1(0.04221972f);

    p = vf_poly(p, z, 0.024148162f);
    p = vf_poly(p, z, 0.045476656f);
    p = vf_poly(p, z, 0.07495249f);
    p = vf_poly(p, z, 0.16666754f);
    return vf_fma(vf_mul(a, z), p, a);
}

/* From 1/2 on pi/2 - 2 asin(sqrt((1 - a)/2)); beyond 1 the root is NaN. */
CNN_INLINE vf vf_asin(vf x)
{
    vf half = vf_set1(0.5f);
    vf a = vf_abs(x);
    vf far = vf_less(half, a);
    vf z = vf_where(far, vf_mul(half, vf_sub(vf_set1(1.0f), a)), vf_mul(a, a));
    vf s = vf_asin_near(vf_where(far, vf_sqrt(z), a), z);
    vf rest = vf_sub(vf_set1(-4.37113883e-08f), vf_add(s, s));

    return vf_copysign(vf_where(far, vf_add(vf_set1(1.57079637f), rest), s), x);
}

CNN_INLINE vf vf_acos(vf x)
{
    vf half = vf_set1(0.5f);
    vf a = vf_abs(x);
    vf far = vf_less(half, a);
    vf negative = vf_less(x, vf_zero());
    vf z = vf_where(far, vf_mul(half, vf_sub(vf_set1(1.0f), a)), vf_mul(a, a));
    vf s = vf_asin_near(vf_where(far, vf_sqrt(z), a), z);
    vf twice = vf_add(s, s);
    vf back = vf_add(vf_set1(3.14159274f), vf_sub(vf_set1(-8.74227766e-08f), twice));
    vf front = vf_sub(vf_set1(-4.37113883e-08f), vf_copysign(s, x));

    front = vf_add(vf_set1(1.57079637f), front);
    return vf_where(far, vf_where(negative, back, twice), front);
}

/* ---- hyperbolic functions ---- */

/* exp(a)/2 for a >= 0, which stays finite as long as sinh and cosh. */
CNN_INLINE vf vf_half_exp(vf a)
{
    vf count;
    vf t = vf_exp_split(vf_atmost(a, vf_set1(90.0f)), vf_zero(), &count);

    return vf_scale(t, vf_sub(count, vf_set1(1.0f)));
}

/* a + a^3 P(a^2) below 1. */
CNN_INLINE vf vf_sinh(vf x)
{
    vf a = vf_abs(x);
    vf z = vf_mul(a, a);
    vf h = vf_half_exp(a);
    vf p = vf_set1(2.783925e-06f);

    p = vf_poly(p, z, 0.00019842635f);
    p = vf_poly(p, z, 0.008333311f);
    p = vf_poly(p, z, 0.16666667f);
    p = vf_fma(vf_mul(a, z), p, a);
    h = vf_sub(h, vf_div(vf_set1(0.25f), h));
    return vf_copysign(vf_select_lt(a, vf_set1(1.0f), p, h), x);
}

CNN_INLINE vf vf_cosh(vf x)
{
    vf h = vf_half_exp(vf_abs(x));

    return vf_add(h, vf_div(vf_set1(0.25f), h));
}

/* log 2a, of large a. */
CNN_INLINE vf vf_log_twice(vf a)
{
    return vf_add(vf_log(a), vf_set1(0.693147182f));
}

/* log(a + sqrt(a^2 + 1)) = log1p(a + a^2 / (1 + sqrt(a^2 + 1))). */
CNN_INLINE vf vf_asinh(vf x)
{
    vf one = vf_set1(1.0f);
    vf large = vf_set1(65536.0f);
    vf a = vf_abs(x);
    vf c = vf_atmost(a, large);
    vf z = vf_mul(c, c);
    vf u = vf_add(c, vf_div(z, vf_add(one, vf_sqrt(vf_add(one, z)))));

    return vf_copysign(vf_select_lt(large, a, vf_log_twice(a), vf_log1p(u)), x);
}

/* log(x + sqrt(x^2 - 1)) with t = x - 1; below 1 the root is NaN. */
CNN_INLINE vf vf_acosh(vf x)
{
    vf large = vf_set1(65536.0f);
    vf t = vf_sub(vf_atmost(x, large), vf_set1(1.0f));
    vf u = vf_add(t, vf_sqrt(vf_fma(t, t, vf_add(t, t))));
    vf nan = vf_sub(vf_set1(CNN_INFINITY), vf_set1(CNN_INFINITY));
    vf y = vf_select_lt(large, x, vf_log_twice(x), vf_log1p(u));

    return vf_select_lt(x, vf_set1(1.0f), nan, y);
}

/* log((1 + a)/(1 - a))/2, for which log1p is NaN beyond 1. */
CNN_INLINE vf vf_atanh(vf x)
{
    vf a = vf_abs(x);
    vf u = vf_div(vf_add(a, a), vf_sub(vf_set1(1.0f), a));

    return vf_copysign(vf_mul(vf_set1(0.5f), vf_log1p(u)), x);
}

/* ---- activations: piecewise linear ---- */

CNN_INLINE vf vf_relu6(vf x)
{
    return vf_atmost(vf_relu(x), vf_set1(6.0f));
}

/* slope * x; a slope of 0 gives 0 even for infinities. */
CNN_INLINE vf vf_slope(vf x, float slope)
{
    return slope < 0.0f || slope > 0.0f ? vf_mul(x, vf_set1(slope)) : vf_zero();
}

CNN_INLINE vf vf_leaky_relu(vf x, float slope)
{
    return vf_select_lt(x, vf_zero(), vf_slope(x, slope), x);
}

/* Keras's ReLU: max_value from there on, x from the threshold on, slope * (x - threshold) below.
 * CNN_INFINITY: no maximum. */
CNN_INLINE vf vf_relu_full(vf x, float slope, float max_value, float threshold)
{
    vf low = vf_set1(threshold);
    vf high = vf_set1(max_value);
    vf y = vf_select_lt(x, low, vf_slope(vf_sub(x, low), slope), x);

    return vf_select_nan(x, x, vf_select_lt(x, high, y, high));
}

/* Above low and then below high, which prevails. */
CNN_INLINE vf vf_clip(vf x, float low, float high)
{
    return vf_atmost(vf_atleast(x, vf_set1(low)), vf_set1(high));
}

CNN_INLINE vf vf_thresholded_relu(vf x, float theta)
{
    vf y = vf_select_lt(vf_set1(theta), x, x, vf_zero());

    return vf_select_nan(x, x, y);
}

/* Divided last: x + 3 is exact where the result is small. */
CNN_INLINE vf vf_hard_sigmoid(vf x)
{
    return vf_mul(vf_relu6(vf_add(x, vf_set1(3.0f))), vf_set1(0.166666672f));
}

CNN_INLINE vf vf_hard_tanh(vf x)
{
    return vf_atmost(vf_atleast(x, vf_set1(-1.0f)), vf_set1(1.0f));
}

/* Below -3 it is 0: the clamp keeps -inf * 0 from being NaN. */
CNN_INLINE vf vf_hard_silu(vf x)
{
    return vf_mul(vf_atleast(x, vf_set1(-3.0f)), vf_hard_sigmoid(x));
}

/* ---- activations: exponential ---- */

CNN_INLINE vf vf_elu(vf x, float alpha)
{
    return vf_select_lt(x, vf_zero(), vf_mul(vf_set1(alpha), vf_expm1(x)), x);
}

CNN_INLINE vf vf_selu(vf x)
{
    vf low = vf_mul(vf_set1(1.75809934f), vf_expm1(x));

    return vf_select_lt(x, vf_zero(), low, vf_mul(vf_set1(1.05070098f), x));
}

CNN_INLINE vf vf_celu(vf x, float alpha)
{
    vf a = vf_set1(alpha);

    return vf_select_lt(x, vf_zero(), vf_mul(a, vf_expm1(vf_div(x, a))), x);
}

/* x times the normal distribution function. */
CNN_INLINE vf vf_gelu(vf x)
{
    vf tail = vf_normal_tail(vf_abs(x));
    vf share = vf_select_lt(x, vf_zero(), tail, vf_sub(vf_set1(1.0f), tail));

    return vf_mul(vf_atleast(x, vf_set1(-14.5f)), share);
}

/* x (1 + tanh u) / 2 = x sigmoid(2u), where nothing cancels; u = sqrt(2/pi) (x + 0.044715 x^3). */
CNN_INLINE vf vf_gelu_tanh(vf x)
{
    vf c = vf_atleast(x, vf_set1(-12.0f));
    vf scale = vf_poly(vf_mul(c, c), vf_set1(0.0713548163f), 1.59576912f);

    return vf_mul(c, vf_sigmoid(vf_mul(c, scale)));
}

/* The clamp is where exp becomes 0; it keeps -inf * 0 from being NaN. */
CNN_INLINE vf vf_silu(vf x)
{
    vf c = vf_atleast(x, vf_set1(-104.0f));

    return vf_mul(c, vf_sigmoid_above(c));
}

/* x tanh(softplus(x)) without logarithm: with e = exp(x) it is x (e^2 + 2e) / (e^2 + 2e + 2). */
CNN_INLINE vf vf_mish(vf x)
{
    vf two = vf_set1(2.0f);
    vf e = vf_exp_low(vf_atmost(x, vf_set1(20.0f)));
    vf n = vf_mul(e, vf_add(e, two));

    return vf_mul(vf_atleast(x, vf_set1(-104.0f)), vf_div(n, vf_add(n, two)));
}

CNN_INLINE vf vf_softplus(vf x)
{
    return vf_add(vf_relu(x), vf_log1p_finite(vf_exp_low(vf_negative(x))));
}

CNN_INLINE vf vf_log_sigmoid(vf x)
{
    return vf_neg(vf_softplus(vf_neg(x)));
}

/* x/(1 + |x|), which is 1 in float from the clamp on, for infinity as well. */
CNN_INLINE vf vf_softsign(vf x)
{
    vf big = vf_set1(33554432.0f);
    vf c = vf_atmost(vf_atleast(x, vf_neg(big)), big);

    return vf_div(c, vf_add(vf_set1(1.0f), vf_abs(c)));
}

CNN_INLINE vf vf_exponential(vf x)
{
    return vf_exp(x);
}

CNN_INLINE vf vf_square(vf x)
{
    return vf_mul(x, x);
}
