/* SPDX-License-Identifier: 0BSD
 *
 * cnn_vec_wasm.h: vectors of four floats for WebAssembly with SIMD128; no FMA.
 */
#undef CNN_ISA
#undef CNN_VL
#define CNN_ISA wasm
#define CNN_VL 4

#ifndef CNN_VEC_WASM_H
#define CNN_VEC_WASM_H

#include <wasm_simd128.h>

typedef float vf __attribute__((vector_size(16), aligned(4), may_alias));
typedef uint32_t vi __attribute__((vector_size(16), aligned(4), may_alias));

CNN_INLINE vf vf_set1(float x)
{
    return (vf)wasm_f32x4_splat(x);
}

#include "cnn_vec_common.h"

CNN_INLINE vf vf_load_n(const float *p, int n)
{
    v128_t low;

    if (n >= 4)
        return vf_load(p);
    if (n <= 1)
        return n == 1 ? (vf)wasm_v128_load32_zero(p) : vf_zero();
    low = wasm_v128_load64_zero(p);
    return (vf)(n == 3 ? wasm_v128_load32_lane(p + 2, low, 2) : low);
}

/* All lanes of v are made, whatever is stored: clang 14 never ends simplifying some of our functions
 * for fewer. */
CNN_INLINE void vf_store_n(float *p, vf v, int n)
{
    __asm__("" : "+r"(v));
    if (n >= 4)
        vf_store(p, v);
    else if (n >= 2)
        wasm_v128_store64_lane(p, (v128_t)v, 0);
    if (n == 1)
        wasm_v128_store32_lane(p, (v128_t)v, 0);
    if (n == 3)
        wasm_v128_store32_lane(p + 2, (v128_t)v, 2);
}

CNN_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return a * b + c;
}

CNN_INLINE vf vf_select_lt(vf a, vf b, vf then, vf otherwise)
{
    return (vf)wasm_v128_bitselect((v128_t)then, (v128_t)otherwise,
            wasm_f32x4_lt((v128_t)a, (v128_t)b));
}

CNN_INLINE vf vf_select_nan(vf x, vf then, vf otherwise)
{
    return (vf)wasm_v128_bitselect((v128_t)then, (v128_t)otherwise,
            wasm_f32x4_ne((v128_t)x, (v128_t)x));
}

/* f32x4.max and f32x4.min give NaN if either operand is, but of two zeros the larger or smaller;
 * elsewhere that is the second. */
CNN_INLINE vf vf_max(vf a, vf b)
{
    vf larger = (vf)wasm_f32x4_max((v128_t)a, (v128_t)b);

    return CNN_STRICT ? vf_select_nan(a, a, vf_select_lt(b, a, a, b)) : larger;
}

CNN_INLINE vf vf_min(vf a, vf b)
{
    vf smaller = (vf)wasm_f32x4_min((v128_t)a, (v128_t)b);

    return CNN_STRICT ? vf_select_nan(a, a, vf_select_lt(a, b, a, b)) : smaller;
}

/* pmax(x, low) is x < low ? low : x, and pmin(x, high) is high < x ? high : x. */
CNN_INLINE vf vf_atleast(vf x, vf low)
{
    return (vf)wasm_f32x4_pmax((v128_t)x, (v128_t)low);
}

CNN_INLINE vf vf_atmost(vf x, vf high)
{
    return (vf)wasm_f32x4_pmin((v128_t)x, (v128_t)high);
}

CNN_INLINE vf vf_relu(vf x)
{
    return vf_atleast(x, vf_zero());
}

CNN_INLINE vf vf_sqrt(vf x)
{
    return (vf)wasm_f32x4_sqrt((v128_t)x);
}

CNN_INLINE float vf_sum(vf v)
{
    return (v[0] + v[2]) + (v[1] + v[3]);
}

/* 16 floats, added as vf_sum adds its lanes: 8 apart, 4, 2, 1. */
CNN_INLINE float vf_sum16(const float *p)
{
    vf even = vf_add(vf_load(p), vf_load(p + 8));

    return vf_sum(vf_add(even, vf_add(vf_load(p + 4), vf_load(p + 12))));
}

CNN_INLINE float vf_hmax(vf v)
{
    vf swapped = (vf)wasm_i32x4_shuffle((v128_t)v, (v128_t)v, 2, 3, 0, 1);
    vf two = (vf)wasm_f32x4_max((v128_t)v, (v128_t)swapped);

    return wasm_f32x4_extract_lane(wasm_f32x4_max((v128_t)two,
            wasm_i32x4_shuffle((v128_t)two, (v128_t)two, 1, 0, 3, 2)), 0);
}

CNN_INLINE vf vf_from_u8_n(const uint8_t *p, int n)
{
    uint32_t four = 0;
    v128_t wide;

    memcpy(&four, p, (size_t)n);
    wide = wasm_u16x8_extend_low_u8x16(wasm_i32x4_splat((int32_t)four));
    return (vf)wasm_f32x4_convert_u32x4(wasm_u32x4_extend_low_u16x8(wide));
}

CNN_INLINE vf vf_from_u8(const uint8_t *p)
{
    return vf_from_u8_n(p, 4);
}

#endif
