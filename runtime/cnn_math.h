/* SPDX-License-Identifier: 0BSD
 *
 * cnn_math.h: exp, log, tanh, erf and the activation functions, on vectors of floats.
 *
 * Included once per instruction set, behind its cnn_vec_<isa>.h, and written once in terms of its
 * helpers.  No tables, no branches, nothing from libm: all functions are straight-line code.
 *
 * Polynomials are minimax fits with coefficients that are floats from the outset (Brisebarre and
 * Chevillard's fpminimax, as in the tool Sollya), so that no accuracy is lost by rounding them.
 *
 * NaN gives NaN, infinities give the limit.  Subnormal results are rounded like any other, unless
 * the caller made the CPU flush them.
 *
 * Largest errors in ULP on normal results, the worst of all instruction sets, and the bounds that
 * may be relied on, in ULP plus an absolute term.  Functions marked * were compared on all 2^32
 * floats, others on a sample of 64 million (tests/unit/test_rt_math.c, CNNGEN_EXHAUSTIVE).
 *
 *                  measured   bound                          measured   bound
 *     exp        *   0.981    1                  softplus      1.70     2
 *     expm1      *   1.450    1.5                log_sigmoid   1.72     2
 *     log        *   0.917    1                  softsign      1.50     2
 *     log1p      *   1.505    2                  silu          3.03     4 + 1e-43
 *     tanh       *   1.330    1.5                mish          3.99     5 + 1e-43
 *     sigmoid    *   2.402    2.5                gelu          4.68     6 + 2e-44
 *     erf        *   1.420    1.5                gelu_tanh     -        4 + 2e-8
 *     elu, celu      1.76     4 + 3e-45*alpha    hard_sigmoid  1.34     1.5
 *     selu           2.48     3                  hard_silu     2.47     3
 *
 * relu, relu6, hard_tanh are exact, leaky_relu and square correctly rounded (0.5), relu_full is
 * within 1.5.  The absolute terms of silu, mish and gelu are for results below 1e-30 (measured
 * above it), where a subnormal factor has lost bits.  That of gelu_tanh is for the rounding of its
 * inner cubic, which the exponential magnifies: up to 191 ULP near x = -10, of results near 1e-38.
 */

/* Horner's scheme, a step: p*x + c. */
CNN_INLINE vf vf_poly(vf p, vf x, float c)
{
    return vf_fma(p, x, vf_set1(c));
}

/* ---- exponentials ---- */

/* exp(hi - lo) = (1 + t) * 2^n; returns t.  The argument comes in two parts for callers that know
 * it to more than 24 bits; lo is 0 or much smaller than hi.
 *
 * r = hi - lo - n*ln 2 loses nothing: the head of ln 2 has 15 bits and n at most 8, so the product
 * and the first difference are exact even without FMA.  Then expm1(r) = r + r^2/2 + r^3 Q(r). */
CNN_INLINE vf vf_exp_split(vf hi, vf lo, vf *n)
{
    vf r;
    vf q;

    *n = vf_round(vf_mul(vf_sub(hi, lo), vf_set1(1.44269502f)));
    r = vf_fma(*n, vf_set1(-0.693145752f), hi);
    r = vf_fma(*n, vf_set1(-1.42860677e-6f), vf_sub(r, lo));
    q = vf_set1(0.000199713133f);
    q = vf_poly(q, r, 0.00139309268f);
    q = vf_poly(q, r, 0.00833317824f);
    q = vf_poly(q, r, 0.0416665077f);
    q = vf_poly(q, r, 0.166666672f);
    q = vf_poly(q, r, 0.5f);
    return vf_fma(vf_mul(r, r), q, r);
}

/* The clamps are where the result has become 0 and infinity; they keep n in range. */
CNN_INLINE vf vf_exp(vf x)
{
    vf n;
    vf t = vf_exp_split(vf_atmost(vf_atleast(x, vf_set1(-104.0f)), vf_set1(89.0f)), vf_zero(), &n);

    return vf_ldexp(vf_add(vf_set1(1.0f), t), n);
}

/* exp for |x| < 87, where one scaling does. */
CNN_INLINE vf vf_exp_mid(vf x)
{
    vf n;
    vf t = vf_exp_split(x, vf_zero(), &n);

    return vf_mul(vf_add(vf_set1(1.0f), t), vf_pow2(n));
}

/* 2^n t + (2^n - 1), halved until the end because 2^128 is no float.  The sign restores -0. */
CNN_INLINE vf vf_expm1(vf x)
{
    vf n;
    vf t = vf_exp_split(vf_atmost(vf_atleast(x, vf_set1(-20.0f)), vf_set1(89.0f)), vf_zero(), &n);
    vf half = vf_pow2(vf_sub(n, vf_set1(1.0f)));
    vf sum = vf_fma(half, t, vf_sub(half, vf_set1(0.5f)));

    return vf_copysign(vf_add(sum, sum), x);
}

/* ---- logarithms ---- */

/* k ln 2 + log(1 + f) for f from sqrt(1/2)-1 to sqrt(2)-1, as f - f^2/2 + f^3 P(f); the large
 * terms, exact or nearly so, are added last. */
CNN_INLINE vf vf_log_sum(vf f, vf k)
{
    vf p = vf_set1(0.073413901f);

    p = vf_poly(p, f, -0.1166256f);
    p = vf_poly(p, f, 0.116323382f);
    p = vf_poly(p, f, -0.12396162f);
    p = vf_poly(p, f, 0.142513752f);
    p = vf_poly(p, f, -0.16669184f);
    p = vf_poly(p, f, 0.200006798f);
    p = vf_poly(p, f, -0.249999806f);
    p = vf_poly(p, f, 0.333333313f);
    p = vf_poly(p, f, -0.5f);
    p = vf_fma(vf_mul(f, f), p, vf_mul(k, vf_set1(1.42860677e-6f)));
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
    vf a = vf_abs(x);
    vf z = vf_mul(x, x);
    vf e = vf_exp_mid(vf_mul(vf_atmost(a, vf_set1(10.0f)), vf_set1(2.0f)));
    vf large = vf_div(vf_set1(2.0f), vf_add(e, vf_set1(1.0f)));
    vf t = vf_set1(-0.00610265136f);

    t = vf_poly(t, z, 0.0210008025f);
    t = vf_poly(t, z, -0.0538513437f);
    t = vf_poly(t, z, 0.133327648f);
    t = vf_poly(t, z, -0.333333284f);
    t = vf_fma(vf_mul(a, z), t, a);
    large = vf_sub(vf_set1(1.0f), large);
    return vf_copysign(vf_select_lt(a, vf_set1(0.625f), t, large), x);
}

/* 1/(1 + exp(-x)), in a form that overflows nowhere: e = exp(-|x|) is at most 1. */
CNN_INLINE vf vf_sigmoid(vf x)
{
    vf one = vf_set1(1.0f);
    vf e = vf_exp(vf_neg(vf_abs(x)));

    return vf_div(vf_select_lt(x, vf_zero(), e, one), vf_add(one, e));
}

/* The tail of the normal distribution, P(X > a), for a >= 0: exp(-a^2/2) H(q)/(a + 5/2).  H,
 * slow and smooth, is a polynomial in q = a/(a + 5/2), fitted for a up to 14.5 where the tail has
 * become 0.  Small for small a, q makes it most accurate where gelu needs it most.
 *
 * An error in a^2/2 is a relative error of the result, so the square is exact: a = h + (a - h)
 * with a short h gives a^2 = h^2 + (a - h)(a + h). */
CNN_INLINE vf vf_normal_tail(vf a)
{
    vf n;
    vf half = vf_set1(0.5f);
    vf c = vf_atmost(a, vf_set1(14.5f));
    vf h = vf_head(c);
    vf lo = vf_mul(half, vf_mul(vf_sub(c, h), vf_add(c, h)));
    vf t = vf_exp_split(vf_neg(vf_mul(half, vf_mul(h, h))), lo, &n);
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
    return vf_mul(vf_ldexp(vf_add(vf_set1(1.0f), t), n), vf_mul(p, r));
}

/* x + x P(x^2) up to 1, then 1 minus both tails. */
CNN_INLINE vf vf_erf(vf x)
{
    vf one = vf_set1(1.0f);
    vf a = vf_abs(x);
    vf z = vf_mul(x, x);
    vf tails = vf_mul(vf_set1(2.0f), vf_normal_tail(vf_mul(a, vf_set1(1.41421356f))));
    vf p = vf_set1(7.92413048e-05f);

    p = vf_poly(p, z, -0.00080318359f);
    p = vf_poly(p, z, 0.00519084465f);
    p = vf_poly(p, z, -0.0268551745f);
    p = vf_poly(p, z, 0.11283619f);
    p = vf_poly(p, z, -0.376126289f);
    p = vf_poly(p, z, 0.128379166f);
    p = vf_fma(a, p, a);
    return vf_copysign(vf_select_lt(a, one, p, vf_sub(one, tails)), x);
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
    return vf_mul(vf_atleast(x, vf_set1(-104.0f)), vf_sigmoid(x));
}

/* x tanh(softplus(x)) without logarithm: with e = exp(x) it is x (e^2 + 2e) / (e^2 + 2e + 2). */
CNN_INLINE vf vf_mish(vf x)
{
    vf two = vf_set1(2.0f);
    vf e = vf_exp(vf_atmost(x, vf_set1(20.0f)));
    vf n = vf_mul(e, vf_add(e, two));

    return vf_mul(vf_atleast(x, vf_set1(-104.0f)), vf_div(n, vf_add(n, two)));
}

CNN_INLINE vf vf_softplus(vf x)
{
    return vf_add(vf_relu(x), vf_log1p_finite(vf_exp(vf_neg(vf_abs(x)))));
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
