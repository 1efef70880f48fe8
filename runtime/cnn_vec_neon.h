/* SPDX-License-Identifier: 0BSD
 *
 * cnn_vec_neon.h: vectors of four floats for little-endian AArch64.
 */
#undef CNN_ISA
#undef CNN_VL
#define CNN_ISA neon
#define CNN_VL 4

#ifndef CNN_VEC_NEON_H
#define CNN_VEC_NEON_H

#include <arm_neon.h>

typedef float vf __attribute__((vector_size(16), aligned(4), may_alias));
typedef uint32_t vi __attribute__((vector_size(16), aligned(4), may_alias));

CNN_INLINE vf vf_set1(float x)
{
    return (vf)vdupq_n_f32(x);
}

#include "cnn_vec_common.h"

CNN_INLINE vf vf_load_n(const float *p, int n)
{
    float32x2_t none = vdup_n_f32(0.0f);
    float32x2_t low;

    if (n >= 4)
        return vf_load(p);
    if (n <= 1)
        return (vf)vcombine_f32(n == 1 ? vld1_lane_f32(p, none, 0) : none, none);
    low = vld1_f32(p);
    return (vf)vcombine_f32(low, n == 3 ? vld1_lane_f32(p + 2, none, 0) : none);
}

CNN_INLINE void vf_store_n(float *p, vf v, int n)
{
    if (n >= 4)
        vf_store(p, v);
    else if (n >= 2)
        vst1_f32(p, vget_low_f32((float32x4_t)v));
    if (n == 1)
        vst1q_lane_f32(p, (float32x4_t)v, 0);
    if (n == 3)
        vst1q_lane_f32(p + 2, (float32x4_t)v, 2);
}

CNN_INLINE vf vf_fma(vf a, vf b, vf c)
{
    if (CNN_STRICT)
        return a * b + c;
    return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}

CNN_INLINE vf vf_select_lt(vf a, vf b, vf then, vf otherwise)
{
    uint32x4_t less = vcltq_f32((float32x4_t)a, (float32x4_t)b);

    return (vf)vbslq_f32(less, (float32x4_t)then, (float32x4_t)otherwise);
}

CNN_INLINE vf vf_select_nan(vf x, vf then, vf otherwise)
{
    uint32x4_t number = vceqq_f32((float32x4_t)x, (float32x4_t)x);

    return (vf)vbslq_f32(number, (float32x4_t)otherwise, (float32x4_t)then);
}

/* fmax and fmin return NaN if either operand is, but of two zeros the larger or smaller; elsewhere
 * that is the second. */
CNN_INLINE vf vf_max(vf a, vf b)
{
    vf larger = (vf)vmaxq_f32((float32x4_t)a, (float32x4_t)b);

    return CNN_STRICT ? vf_select_nan(a, a, vf_select_lt(b, a, a, b)) : larger;
}

CNN_INLINE vf vf_min(vf a, vf b)
{
    vf smaller = (vf)vminq_f32((float32x4_t)a, (float32x4_t)b);

    return CNN_STRICT ? vf_select_nan(a, a, vf_select_lt(a, b, a, b)) : smaller;
}

/* Not fmax: it would turn -0 into +0. */
CNN_INLINE vf vf_atleast(vf x, vf low)
{
    return vf_select_lt(x, low, low, x);
}

CNN_INLINE vf vf_atmost(vf x, vf high)
{
    return vf_select_lt(high, x, high, x);
}

CNN_INLINE vf vf_relu(vf x)
{
    return vf_atleast(x, vf_zero());
}

CNN_INLINE vf vf_sqrt(vf x)
{
    return (vf)vsqrtq_f32((float32x4_t)x);
}

/* Not vaddvq, which adds neighbours first. */
CNN_INLINE float vf_sum(vf v)
{
    float32x2_t two = vadd_f32(vget_low_f32((float32x4_t)v), vget_high_f32((float32x4_t)v));

    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

/* 16 floats, added as vf_sum adds its lanes: 8 apart, 4, 2, 1. */
CNN_INLINE float vf_sum16(const float *p)
{
    vf even = vf_add(vf_load(p), vf_load(p + 8));

    return vf_sum(vf_add(even, vf_add(vf_load(p + 4), vf_load(p + 12))));
}

CNN_INLINE float vf_hmax(vf v)
{
    return vmaxvq_f32((float32x4_t)v);
}

CNN_INLINE vf vf_from_u8_n(const uint8_t *p, int n)
{
    uint32_t four = 0;
    uint16x8_t wide;

    memcpy(&four, p, (size_t)n);
    wide = vmovl_u8(vcreate_u8(four));
    return (vf)vcvtq_f32_u32(vmovl_u16(vget_low_u16(wide)));
}

CNN_INLINE vf vf_from_u8(const uint8_t *p)
{
    return vf_from_u8_n(p, 4);
}

#endif
