/* SPDX-License-Identifier: 0BSD
 *
 * cnn_vec_scalar.h: vectors of one float in plain C99, for compilers and CPUs without vectors.
 */
#undef CNN_ISA
#undef CNN_VL
#define CNN_ISA scalar
#define CNN_VL 1

#ifndef CNN_VEC_SCALAR_H
#define CNN_VEC_SCALAR_H

typedef float vf;
typedef uint32_t vi;

CNN_INLINE vf vf_set1(float x)
{
    return x;
}

#include "cnn_vec_common.h"

CNN_INLINE vf vf_load_n(const float *p, int n)
{
    return n > 0 ? *p : 0.0f;
}

CNN_INLINE void vf_store_n(float *p, vf v, int n)
{
    if (n > 0)
        *p = v;
}

CNN_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return a * b + c;
}

CNN_INLINE vf vf_max(vf a, vf b)
{
    return a > b || a != a ? a : b;
}

CNN_INLINE vf vf_min(vf a, vf b)
{
    return a < b || a != a ? a : b;
}

CNN_INLINE vf vf_atleast(vf x, vf low)
{
    return x < low ? low : x;
}

CNN_INLINE vf vf_atmost(vf x, vf high)
{
    return high < x ? high : x;
}

CNN_INLINE vf vf_relu(vf x)
{
    return x < 0.0f ? 0.0f : x;
}

CNN_INLINE vf vf_select_lt(vf a, vf b, vf then, vf otherwise)
{
    return a < b ? then : otherwise;
}

CNN_INLINE vf vf_select_nan(vf x, vf then, vf otherwise)
{
    return x != x ? then : otherwise;
}

/* The root of m, a 24-bit significand scaled to 46 or 47 bits, bit by bit as on paper, rounded to
 * nearest.  No tie is possible: the square of a number that ends in 1/2 ends in 1/4. */
CNN_INLINE uint32_t vf_isqrt(uint64_t m)
{
    uint64_t root = 0;
    uint64_t bit;

    for (bit = (uint64_t)1 << 46; bit != 0; bit >>= 2) {
        if (m >= root + bit) {
            m -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)(root + (m > root));
}

/* Correctly rounded, as the instruction of the other targets; libm is out of bounds. */
CNN_INLINE vf vf_sqrt(vf x)
{
    uint32_t bits;
    uint32_t exponent = 0;  /* half of: biased exponent + 127 */

    if (!(x > 0.0f) || x > 3.40282347e38f)
        return x < 0.0f ? vf_from_bits(0x7fc00000u) : x;
    if (x < 1.17549435e-38f) {
        x *= 16777216.0f;
        exponent = (uint32_t)-12;
    }
    bits = vf_bits(x);
    exponent += ((bits >> 23) + 127u) >> 1;
    bits = vf_isqrt((uint64_t)((bits & 0x007fffffu) | 0x00800000u) << (23 + !(bits >> 23 & 1u)));
    return vf_from_bits((exponent << 23) + (bits - 0x00800000u));
}

CNN_INLINE float vf_sum(vf v)
{
    return v;
}

/* 16 floats, added as vf_sum elsewhere adds its lanes: 8 apart, 4, 2, 1. */
CNN_INLINE float vf_sum16(const float *p)
{
    float sum[4];

    for (int i = 0; i < 4; i++)
        sum[i] = (p[i] + p[i + 8]) + (p[i + 4] + p[i + 12]);
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

CNN_INLINE float vf_hmax(vf v)
{
    return v;
}

CNN_INLINE vf vf_from_u8(const uint8_t *p)
{
    return (float)*p;
}

CNN_INLINE vf vf_from_u8_n(const uint8_t *p, int n)
{
    return n > 0 ? (float)*p : 0.0f;
}

#endif
