/* SPDX-License-Identifier: 0BSD
 *
 * cnn_vec_avx512.h: vectors of sixteen floats; AVX-512 F, VL, DQ and BW.  Compile inside a region
 * with target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"), <immintrin.h> included
 * ahead of it.
 */
#undef CNN_ISA
#undef CNN_VL
#define CNN_ISA avx512
#define CNN_VL 16

#ifndef CNN_VEC_AVX512_H
#define CNN_VEC_AVX512_H

typedef float vf __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t vi __attribute__((vector_size(64), aligned(4), may_alias));

CNN_INLINE vf vf_set1(float x)
{
    return (vf)_mm512_set1_ps(x);
}

#include "cnn_vec_common.h"

/* All lanes.  The masked intrinsics give the same instructions as those without mask, whose
 * "undefined" operand gcc 12 warns about in C++. */
#define CNN_ALL ((__mmask16)0xffff)

/* The mask of the first n lanes. */
CNN_INLINE __mmask16 vf_first(int n)
{
    return (__mmask16)((1u << n) - 1u);
}

CNN_INLINE vf vf_load_n(const float *p, int n)
{
    return (vf)_mm512_maskz_loadu_ps(vf_first(n), p);
}

CNN_INLINE void vf_store_n(float *p, vf v, int n)
{
    _mm512_mask_storeu_ps(p, vf_first(n), (__m512)v);
}

CNN_INLINE vf vf_fma(vf a, vf b, vf c)
{
    if (CNN_STRICT)
        return a * b + c;
    return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

/* vmaxps returns its second operand if either is NaN; where the first is NaN, keep that. */
CNN_INLINE vf vf_max(vf a, vf b)
{
    __mmask16 number = _mm512_cmp_ps_mask((__m512)a, (__m512)a, _CMP_ORD_Q);

    return (vf)_mm512_mask_max_ps((__m512)a, number, (__m512)a, (__m512)b);
}

CNN_INLINE vf vf_min(vf a, vf b)
{
    __mmask16 number = _mm512_cmp_ps_mask((__m512)a, (__m512)a, _CMP_ORD_Q);

    return (vf)_mm512_mask_min_ps((__m512)a, number, (__m512)a, (__m512)b);
}

/* vmaxps and vminps return their second operand for NaN and for two zeros: just what is needed. */
CNN_INLINE vf vf_atleast(vf x, vf low)
{
    return (vf)_mm512_maskz_max_ps(CNN_ALL, (__m512)low, (__m512)x);
}

CNN_INLINE vf vf_atmost(vf x, vf high)
{
    return (vf)_mm512_maskz_min_ps(CNN_ALL, (__m512)high, (__m512)x);
}

CNN_INLINE vf vf_relu(vf x)
{
    return vf_atleast(x, vf_zero());
}

CNN_INLINE vf vf_select_lt(vf a, vf b, vf then, vf otherwise)
{
    __mmask16 less = _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);

    return (vf)_mm512_mask_blend_ps(less, (__m512)otherwise, (__m512)then);
}

CNN_INLINE vf vf_select_nan(vf x, vf then, vf otherwise)
{
    __mmask16 nan = _mm512_cmp_ps_mask((__m512)x, (__m512)x, _CMP_UNORD_Q);

    return (vf)_mm512_mask_blend_ps(nan, (__m512)otherwise, (__m512)then);
}

CNN_INLINE vf vf_sqrt(vf x)
{
    return (vf)_mm512_maskz_sqrt_ps(CNN_ALL, (__m512)x);
}

CNN_INLINE float vf_sum(vf v)
{
    __m256 low = _mm512_maskz_extractf32x8_ps((__mmask8)0xff, (__m512)v, 0);
    __m256 high = _mm512_maskz_extractf32x8_ps((__mmask8)0xff, (__m512)v, 1);
    __m256 eight = _mm256_add_ps(low, high);

    return vf_sum4(_mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1)));
}

/* 16 floats, added as vf_sum adds its lanes: 8 apart, 4, 2, 1. */
CNN_INLINE float vf_sum16(const float *p)
{
    return vf_sum(vf_load(p));
}

CNN_INLINE float vf_hmax(vf v)
{
    vf high = (vf)_mm512_maskz_shuffle_f32x4(CNN_ALL, (__m512)v, (__m512)v, 0x4e);
    __m512 eight = (__m512)vf_max(v, high);
    __m128 low = _mm512_maskz_extractf32x4_ps((__mmask8)0xf, eight, 0);

    return vf_hmax4(vf_max4(low, _mm512_maskz_extractf32x4_ps((__mmask8)0xf, eight, 1)));
}

CNN_INLINE vf vf_from_u8_n(const uint8_t *p, int n)
{
    __m128i bytes = _mm_maskz_loadu_epi8(vf_first(n), p);

    return (vf)_mm512_maskz_cvtepi32_ps(CNN_ALL, _mm512_maskz_cvtepu8_epi32(CNN_ALL, bytes));
}

CNN_INLINE vf vf_from_u8(const uint8_t *p)
{
    return vf_from_u8_n(p, 16);
}

#endif
