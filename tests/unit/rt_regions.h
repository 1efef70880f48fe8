/* SPDX-License-Identifier: 0BSD
 *
 * rt_regions.h: includes the file RT_TEXT once for each instruction set, in the same kind of
 * regions that generated code has, so that one program tests them all.
 */
#include "cnn_vec_scalar.h"
#include "cnn_math.h"
#include RT_TEXT

#if CNN_X86

#include <immintrin.h>

#include "cnn_vec_sse2.h"
#include "cnn_math.h"
#include RT_TEXT

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#include "cnn_vec_avx2.h"
#include "cnn_math.h"
#include RT_TEXT
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#if defined(__clang__)
#pragma clang attribute push(__attribute__((                                                       \
    target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")
#endif
#include "cnn_vec_avx512.h"
#include "cnn_math.h"
#include RT_TEXT
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#elif CNN_ARM64

#include "cnn_vec_neon.h"
#include "cnn_math.h"
#include RT_TEXT

#elif CNN_WASM_SIMD

#include "cnn_vec_wasm.h"
#include "cnn_math.h"
#include RT_TEXT

#endif
