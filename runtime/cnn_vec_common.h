/* SPDX-License-Identifier: 0BSD
 *
 * cnn_vec_common.h: the helpers that are the same text for every instruction set.
 *
 * Included by each cnn_vec_<isa>.h after it has defined CNN_ISA, CNN_VL, vf, vi and vf_set1.
 * The operators of C work on vectors as on scalars, so the scalar target uses this text as well.
 *
 * vi holds the bits of a vf as unsigned integers, for which shifts and wrap-around are defined.
 */

#if CNN_VL == 1

CNN_INLINE vi vf_bits(vf x)
{
    vi b;
    memcpy(&b, &x, sizeof b);
    return b;
}

CNN_INLINE vf vf_from_bits(vi b)
{
    vf x;
    memcpy(&x, &b, sizeof x);
    return x;
}

#else

CNN_INLINE vi vf_bits(vf x)
{
    return (vi)x;
}

CNN_INLINE vf vf_from_bits(vi b)
{
    return (vf)b;
}

#endif

CNN_INLINE vf vf_load(const float *p)
{
    return *(const vf *)p;
}

CNN_INLINE void vf_store(float *p, vf v)
{
    *(vf *)p = v;
}

/* x, from now on in a register: gcc would rather load it anew than keep it for two or three uses. */
CNN_INLINE vf vf_keep(vf x)
{
#if CNN_X86 && CNN_VL > 4
    __asm__("" : "+v"(x));
#endif
    return x;
}

CNN_INLINE vf vf_fma(vf a, vf b, vf c);

/* sum + x*w, in sum's own register: gcc 12 leaves some sums of a loop in that of x or w and moves them back in
 * each round, or to the stack when the loop does two steps in one.  The instruction is in both of gcc's
 * syntaxes (-masm). */
CNN_INLINE vf vf_accumulate(vf sum, vf x, vf w)
{
#if CNN_X86 && CNN_VL == 8 && !defined(__clang__)
    if (!CNN_STRICT) {
        __asm__("vfmadd231ps {%2, %1, %0|%0, %1, %2}" : "+x"(sum) : "x"(x), "x"(w));
        return sum;
    }
#endif
    return vf_fma(x, w, sum);
}

/* x is needed up to here: keeps compilers from giving its register away to what is loaded next. */
CNN_INLINE void vf_hold(vf x)
{
#if CNN_X86 && CNN_VL == 8 && !defined(__clang__)
    __asm__("" : : "x"(x));
#else
    (void)x;
#endif
}

CNN_INLINE vf vf_zero(void)
{
    return vf_set1(0.0f);
}

CNN_INLINE vf vf_add(vf a, vf b)
{
    return a + b;
}

CNN_INLINE vf vf_sub(vf a, vf b)
{
    return a - b;
}

CNN_INLINE vf vf_mul(vf a, vf b)
{
    return a * b;
}

CNN_INLINE vf vf_div(vf a, vf b)
{
    return a / b;
}

CNN_INLINE vf vf_neg(vf x)
{
    return -x;
}

CNN_INLINE vf vf_abs(vf x)
{
    return vf_from_bits(vf_bits(x) & 0x7fffffffu);
}

/* -|x| */
CNN_INLINE vf vf_negative(vf x)
{
    return vf_from_bits(vf_bits(x) | 0x80000000u);
}

/* |x| with the sign of s. */
CNN_INLINE vf vf_copysign(vf x, vf s)
{
    return vf_from_bits((vf_bits(x) & 0x7fffffffu) | (vf_bits(s) & 0x80000000u));
}

/* x without the lower half of its significand: squares and products of two such are exact. */
CNN_INLINE vf vf_head(vf x)
{
    return vf_from_bits(vf_bits(x) & 0xfffff000u);
}

/* 1.5 * 2^23: above it floats are integers, so that adding it rounds to one, nearest and ties to
 * even, and leaves that integer in the low bits of the sum. */
#define CNN_ROUNDER vf_set1(12582912.0f)

/* 2^n for an integral n in -126 .. 127. */
CNN_INLINE vf vf_pow2(vf n)
{
    return vf_from_bits((vf_bits(n + CNN_ROUNDER) + 127u) << 23);
}

/* Added to an integer n of -252 .. 254 it makes a count of n: n + 254, twice the exponent of 1 more,
 * is in the low bits, from where powers of 2 are made. */
#define CNN_COUNTER vf_set1(12583166.0f)

/* 2^(n + more) for a count of n, of which no more than that power is a normal number. */
CNN_INLINE vf vf_pow2_count(vf count, uint32_t more)
{
    return vf_from_bits((vf_bits(count) + (more - 127u)) << 23);
}

/* Splits a normal x > 0 into m * 2^k with m from sqrt(1/2) to sqrt(2); returns m.  Counting the
 * exponent from sqrt(1/2) keeps numbers near 1, where logarithms are delicate, together. */
CNN_INLINE vf vf_frexp(vf x, vf *k)
{
    vi from_half_root = vf_bits(x) - 0x3f3504f3u + 0x3f800000u;

    *k = vf_from_bits((from_half_root >> 23) | 0x4b000000u) - (8388608.0f + 127.0f);
    return vf_from_bits((from_half_root & 0x007fffffu) + 0x3f3504f3u);
}

#if CNN_VL > 1

/* F(0), F(1) ... for all lanes. */
#define CNN_LANES4(F, l) F(l), F(l + 1), F(l + 2), F(l + 3)
#if CNN_VL == 4
#define CNN_LANES(F) CNN_LANES4(F, 0)
#elif CNN_VL == 8
#define CNN_LANES(F) CNN_LANES4(F, 0), CNN_LANES4(F, 4)
#else
#define CNN_LANES(F) CNN_LANES4(F, 0), CNN_LANES4(F, 4), CNN_LANES4(F, 8), CNN_LANES4(F, 12)
#endif

/* Compilers make shuffles of the following where all numbers but the vectors are constants. */

/* Lane l of the result is lane l / run * apart + i of v: number i of every `apart` neighbours, each
 * over `run` lanes. Lanes for which v has none are of no use. */
CNN_INLINE vf vf_spread(vf v, int run, int apart, int i)
{
#define CNN_FROM(l) v[((l) / run * apart + i) & (CNN_VL - 1)]
    const vf spread = {CNN_LANES(CNN_FROM)};
#undef CNN_FROM

    return spread;
}

/* Lane l of the result is lane l + by of v, zero where there is none. */
CNN_INLINE vf vf_slide(vf v, int by)
{
#define CNN_FROM(l) ((l) + by >= 0 && (l) + by < CNN_VL ? v[((l) + by) & (CNN_VL - 1)] : 0.0f)
    const vf slid = {CNN_LANES(CNN_FROM)};
#undef CNN_FROM

    return slid;
}

/* Lane l of the result is number CNN_FROM(l) among the lanes of a, then those of b. gcc takes
 * lists of lanes of two vectors apart. */
#if defined(__clang__)
#define CNN_FROM_BOTH(l) \
    (CNN_FROM(l) < CNN_VL ? a[CNN_FROM(l) & (CNN_VL - 1)] : b[CNN_FROM(l) & (CNN_VL - 1)])
#define CNN_SHUFFLE const vf shuffled = {CNN_LANES(CNN_FROM_BOTH)}
#else
#define CNN_NUMBER(l) (uint32_t)(CNN_FROM(l))
#define CNN_SHUFFLE \
    const vi lanes = {CNN_LANES(CNN_NUMBER)}; \
    const vf shuffled = __builtin_shuffle(a, b, lanes)
#endif

/* Every other `run` lanes of a, then b, from the first of a on. */
CNN_INLINE vf vf_every_other(vf a, vf b, int run)
{
#define CNN_FROM(l) ((l) / run * 2 * run + (l) % run)
    CNN_SHUFFLE;
#undef CNN_FROM

    return shuffled;
}

/* Of n channels, one vector of pixels each, interleaved: element number at + l in lane l. Made
 * channel by channel: this adds channel k, from b, to a, which is channel 0 for k = 1. */
CNN_INLINE vf vf_weave(vf a, vf b, int n, int k, int at)
{
#define CNN_FROM(l) \
    ((at + (l)) % n == k ? CNN_VL + (at + (l)) / n % CNN_VL : \
     k == 1 ? (at + (l)) / n % CNN_VL : (l))
    CNN_SHUFFLE;
#undef CNN_FROM

    return vf_keep(shuffled);
}

/* The other way round: channel k of n that are interleaved in n vectors. Made vector by vector:
 * this adds what vector j has of it, from b, to a, which is vector 0 for j = 1. */
CNN_INLINE vf vf_pick(vf a, vf b, int n, int k, int j)
{
#define CNN_FROM(l) \
    ((n * (l) + k) / CNN_VL == j ? CNN_VL + (n * (l) + k) % CNN_VL : \
     j == 1 ? (n * (l) + k) % CNN_VL : (l))
    CNN_SHUFFLE;
#undef CNN_FROM

    return vf_keep(shuffled);
}

#undef CNN_SHUFFLE
#undef CNN_NUMBER
#undef CNN_FROM_BOTH
#undef CNN_LANES
#undef CNN_LANES4

#endif

#if CNN_X86 && CNN_VL > 1

/* The last two levels of the trees of vf_sum and vf_hmax, for all of x86. */
CNN_INLINE float vf_sum4(__m128 v)
{
    v = _mm_add_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_add_ss(v, _mm_shuffle_ps(v, v, 1)));
}

/* maxps returns its second operand if either is NaN, so only NaN in the first needs care; all
 * bits set is a NaN, too. */
CNN_INLINE __m128 vf_max4(__m128 a, __m128 b)
{
    return _mm_or_ps(_mm_max_ps(a, b), _mm_cmpunord_ps(a, a));
}

CNN_INLINE __m128 vf_min4(__m128 a, __m128 b)
{
    return _mm_or_ps(_mm_min_ps(a, b), _mm_cmpunord_ps(a, a));
}

CNN_INLINE float vf_hmax4(__m128 v)
{
    v = vf_max4(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(vf_max4(v, _mm_shuffle_ps(v, v, 1)));
}

#endif
