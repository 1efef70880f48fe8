/* SPDX-License-Identifier: 0BSD
 *
 * cnn_vec_avx2.h: vectors of eight floats; AVX2 and FMA.  Compile inside a region with
 * target("avx2,fma"), <immintrin.h> included ahead of it.
 */
#undef CNN_ISA
#undef CNN_VL
#define CNN_ISA avx2
#define CNN_VL 8

#ifndef CNN_VEC_AVX2_H
#define CNN_VEC_AVX2_H

typedef float vf __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint32_t vi __attribute__((vector_size(32), aligned(4), may_alias));

CNN_INLINE vf vf_set1(float x)
{
    return (vf)_mm256_set1_ps(x);
}

#include "cnn_vec_common.h"

/* All bits set in the first n lanes. */
CNN_INLINE __m256i vf_first(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

CNN_INLINE vf vf_load_n(const float *p, int n)
{
    return n >= 8 ? vf_load(p) : (vf)_mm256_maskload_ps(p, vf_first(n));
}

/* In pieces of 4, 2 and 1 floats: AMD's CPUs take a dozen cycles for a masked store. */
CNN_INLINE void vf_store_n(float *p, vf v, int n)
{
    __m128 part = _mm256_castps256_ps128((__m256)v);

    if (n >= 8) {
        vf_store(p, v);
        return;
    }
    if (n & 4) {
        _mm_storeu_ps(p, part);
        part = _mm256_extractf128_ps((__m256)v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)(void *)p, part);
        part = _mm_movehl_ps(part, part);
        p += 2;
    }
    if (n & 1)
        _mm_store_ss(p, part);
}

CNN_INLINE vf vf_fma(vf a, vf b, vf c)
{
    if (CNN_STRICT)
        return a * b + c;
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

/* NaN in the second operand comes through by itself, see vf_max4. */
CNN_INLINE vf vf_max(vf a, vf b)
{
    __m256 nan = _mm256_cmp_ps((__m256)a, (__m256)a, _CMP_UNORD_Q);

    return (vf)_mm256_or_ps(_mm256_max_ps((__m256)a, (__m256)b), nan);
}

CNN_INLINE vf vf_min(vf a, vf b)
{
    __m256 nan = _mm256_cmp_ps((__m256)a, (__m256)a, _CMP_UNORD_Q);

    return (vf)_mm256_or_ps(_mm256_min_ps((__m256)a, (__m256)b), nan);
}

/* maxps and minps return their second operand for NaN and for two zeros: just what is needed. */
CNN_INLINE vf vf_atleast(vf x, vf low)
{
    return (vf)_mm256_max_ps((__m256)low, (__m256)x);
}

CNN_INLINE vf vf_atmost(vf x, vf high)
{
    return (vf)_mm256_min_ps((__m256)high, (__m256)x);
}

/* The zero is made when x is there: gcc makes it before the loop whose sum x is, in a register that the loop has
 * no other for than a sum's. */
CNN_INLINE vf vf_relu(vf x)
{
#if CNN_GNU && !defined(__clang__)
    vf zero;

    __asm__("vxorps %0, %0, %0" : "=x"(zero) : "x"(x));
    return vf_atleast(x, zero);
#else
    return vf_atleast(x, vf_zero());
#endif
}

CNN_INLINE vf vf_select_lt(vf a, vf b, vf then, vf otherwise)
{
    __m256 less = _mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LT_OQ);

    return (vf)_mm256_blendv_ps((__m256)otherwise, (__m256)then, less);
}

CNN_INLINE vf vf_select_nan(vf x, vf then, vf otherwise)
{
    __m256 nan = _mm256_cmp_ps((__m256)x, (__m256)x, _CMP_UNORD_Q);

    return (vf)_mm256_blendv_ps((__m256)otherwise, (__m256)then, nan);
}

CNN_INLINE vf vf_sqrt(vf x)
{
    return (vf)_mm256_sqrt_ps((__m256)x);
}

CNN_INLINE float vf_sum(vf v)
{
    __m128 low = _mm256_castps256_ps128((__m256)v);
    __m128 high = _mm256_extractf128_ps((__m256)v, 1);

    return vf_sum4(_mm_add_ps(low, high));
}

/* 16 floats, added as vf_sum adds its lanes: 8 apart, 4, 2, 1. */
CNN_INLINE float vf_sum16(const float *p)
{
    return vf_sum(vf_add(vf_load(p), vf_load(p + 8)));
}

CNN_INLINE float vf_hmax(vf v)
{
    __m128 low = _mm256_castps256_ps128((__m256)v);
    __m128 high = _mm256_extractf128_ps((__m256)v, 1);

    return vf_hmax4(vf_max4(low, high));
}

CNN_INLINE vf vf_from_u8_n(const uint8_t *p, int n)
{
    int64_t eight = 0;

    memcpy(&eight, p, (size_t)n);
    return (vf)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(eight)));
}

CNN_INLINE vf vf_from_u8(const uint8_t *p)
{
    return vf_from_u8_n(p, 8);
}

#endif
