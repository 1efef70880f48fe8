/* SPDX-License-Identifier: 0BSD
 *
 * cnn_vec_sse2.h: vectors of four floats for every x86-64; no FMA.
 */
#undef CNN_ISA
#undef CNN_VL
#define CNN_ISA sse2
#define CNN_VL 4

#ifndef CNN_VEC_SSE2_H
#define CNN_VEC_SSE2_H

#include <emmintrin.h>

typedef float vf __attribute__((vector_size(16), aligned(4), may_alias));
typedef uint32_t vi __attribute__((vector_size(16), aligned(4), may_alias));

CNN_INLINE vf vf_set1(float x)
{
    return (vf)_mm_set1_ps(x);
}

#include "cnn_vec_common.h"

CNN_INLINE vf vf_load_n(const float *p, int n)
{
    __m128 low = _mm_setzero_ps();

    if (n >= 4)
        return vf_load(p);
    if (n >= 2)
        low = _mm_loadl_pi(low, (const __m64 *)(const void *)p);
    if (n & 1)
        return (vf)(n == 1 ? _mm_load_ss(p) : _mm_movelh_ps(low, _mm_load_ss(p + 2)));
    return (vf)low;
}

CNN_INLINE void vf_store_n(float *p, vf v, int n)
{
    if (n >= 4)
        vf_store(p, v);
    else if (n >= 2)
        _mm_storel_pi((__m64 *)(void *)p, (__m128)v);
    if (n == 1)
        _mm_store_ss(p, (__m128)v);
    if (n == 3)
        _mm_store_ss(p + 2, _mm_movehl_ps((__m128)v, (__m128)v));
}

CNN_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return a * b + c;
}

CNN_INLINE vf vf_max(vf a, vf b)
{
    return (vf)vf_max4((__m128)a, (__m128)b);
}

CNN_INLINE vf vf_min(vf a, vf b)
{
    return (vf)vf_min4((__m128)a, (__m128)b);
}

/* maxps and minps return their second operand for NaN and for two zeros: just what is needed. */
CNN_INLINE vf vf_atleast(vf x, vf low)
{
    return (vf)_mm_max_ps((__m128)low, (__m128)x);
}

CNN_INLINE vf vf_atmost(vf x, vf high)
{
    return (vf)_mm_min_ps((__m128)high, (__m128)x);
}

CNN_INLINE vf vf_relu(vf x)
{
    return vf_atleast(x, vf_zero());
}

CNN_INLINE vf vf_blend(__m128 mask, vf then, vf otherwise)
{
    return (vf)_mm_or_ps(_mm_and_ps(mask, (__m128)then), _mm_andnot_ps(mask, (__m128)otherwise));
}

CNN_INLINE vf vf_select_lt(vf a, vf b, vf then, vf otherwise)
{
    return vf_blend(_mm_cmplt_ps((__m128)a, (__m128)b), then, otherwise);
}

CNN_INLINE vf vf_select_nan(vf x, vf then, vf otherwise)
{
    return vf_blend(_mm_cmpunord_ps((__m128)x, (__m128)x), then, otherwise);
}

CNN_INLINE vf vf_sqrt(vf x)
{
    return (vf)_mm_sqrt_ps((__m128)x);
}

CNN_INLINE float vf_sum(vf v)
{
    return vf_sum4((__m128)v);
}

/* 16 floats, added as vf_sum adds its lanes: 8 apart, 4, 2, 1. */
CNN_INLINE float vf_sum16(const float *p)
{
    vf even = vf_add(vf_load(p), vf_load(p + 8));

    return vf_sum(vf_add(even, vf_add(vf_load(p + 4), vf_load(p + 12))));
}

CNN_INLINE float vf_hmax(vf v)
{
    return vf_hmax4((__m128)v);
}

CNN_INLINE vf vf_from_u8_n(const uint8_t *p, int n)
{
    __m128i zero = _mm_setzero_si128();
    __m128i bytes;
    int32_t four = 0;

    memcpy(&four, p, (size_t)n);
    bytes = _mm_cvtsi32_si128(four);
    return (vf)_mm_cvtepi32_ps(_mm_unpacklo_epi16(_mm_unpacklo_epi8(bytes, zero), zero));
}

CNN_INLINE vf vf_from_u8(const uint8_t *p)
{
    return vf_from_u8_n(p, 4);
}

#endif
