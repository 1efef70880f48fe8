/* SPDX-License-Identifier: 0BSD
 *
 * cnn_rt.c: which instruction set to use on this machine.
 */
#include "cnn_rt.h"

#ifndef CNN_RT_C
#define CNN_RT_C

/* The compiler's library asks the CPU once, and the system whether it saves the wide registers.
 * A cpuid of our own on every run would trap in virtual machines (about 30 microseconds). */
CNN_API int cnn_isa_level(void)
{
#if CNN_X86
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return CNN_SSE2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        return CNN_AVX512;
    return CNN_AVX2;
#elif CNN_ARM64
    return CNN_NEON;
#elif CNN_WASM_SIMD
    return CNN_WASM;
#else
    return CNN_SCALAR;
#endif
}

#endif
