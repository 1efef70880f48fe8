/* SPDX-License-Identifier: 0BSD
 *
 * cnn_rt.h: what generated code needs to know about its compiler and its CPU.
 *
 * Everything a compiler does differently is settled here, once, so that vector helpers and
 * kernels contain no #ifdef.  No globals, no malloc, no I/O, nothing from libm.
 */
#ifndef CNN_RT_H
#define CNN_RT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cnn_version.h"

/* As 10000 * major + 100 * minor + patch: that of the cnngen whose output it is for. */
#define CNN_RT_VERSION (10000 * CNN_VERSION_MAJOR + 100 * CNN_VERSION_MINOR + CNN_VERSION_PATCH)

/* Kernels let NaN and infinities through as IEEE 754 says; these options delete the code for it. */
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "cnngen: compile this file without -ffast-math, -Ofast and -ffinite-math-only"
#endif

/* 1 where the generated file was made with --math=strict and says so before this: its results are
 * the same bits on every instruction set.  vf_fma rounds the product and the sum then, as it must
 * where there is no FMA, and zeros of both signs are told apart as on x86. */
#ifndef CNN_STRICT
#define CNN_STRICT 0
#endif

/* x87 keeps more bits than float has, so results would depend on what the compiler spills. */
#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2)
#error "cnngen: float arithmetic must be done in float; on 32-bit x86 add -msse2 -mfpmath=sse"
#endif

#if CNN_STRICT
#include <float.h>
#if !defined(FLT_EVAL_METHOD) || (FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16)
#error "cnngen: --math=strict needs a compiler that does float arithmetic in float"
#endif
#if defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__INTEL_COMPILER)
#error "cnngen: --math=strict needs a compiler, and options, that keep the order of operations"
#endif
#endif

/* Compilers with GNU attributes, vector types and target regions, recent enough to trust. */
#if defined(__INTEL_COMPILER) || defined(__NVCOMPILER) || defined(__PGI) || defined(__TINYC__)
#define CNN_GNU 0
#elif defined(__clang__)
#define CNN_GNU (__clang_major__ >= 8)
#elif defined(__GNUC__)
#define CNN_GNU (__GNUC__ >= 7)
#else
#define CNN_GNU 0
#endif

/* clang as MSVC has AVX's intrinsics only where options turn AVX on, and no __builtin_cpu_supports.
 * Windows aligns the stack to 16 bytes, and gcc has no variables of more there: without optimisation,
 * when each vector is one, it ends with an internal error. */
#if defined(_WIN32) && defined(__GNUC__) && !defined(__clang__) && !defined(__OPTIMIZE__)
#define CNN_X86 0
#elif CNN_GNU && defined(__x86_64__) && defined(__SSE2__) && !defined(_MSC_VER)
#define CNN_X86 1
#else
#define CNN_X86 0
#endif

#if CNN_GNU && defined(__aarch64__) && defined(__ARM_NEON) && !defined(__AARCH64EB__)
#define CNN_ARM64 1
#else
#define CNN_ARM64 0
#endif

#if CNN_GNU && defined(__wasm_simd128__)
#define CNN_WASM_SIMD 1
#else
#define CNN_WASM_SIMD 0
#endif

#define CNN_VECTOR (CNN_X86 || CNN_ARM64 || CNN_WASM_SIMD)

/* Weights stored as bytes are little-endian.  Unknown compilers are taken to be so, too: all that
 * we know of define these macros where they are not. */
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__)
#define CNN_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#elif defined(__BIG_ENDIAN__) || defined(__AARCH64EB__) || defined(__ARMEB__) || defined(__MIPSEB__)
#define CNN_BIG_ENDIAN 1
#else
#define CNN_BIG_ENDIAN 0
#endif

/* a*b + c is rounded twice unless vf_fma says otherwise.  Left alone, compilers fuse it wherever
 * the instruction set of the moment can, and the bits depend on -std= and -march=.
 *
 * Registers are given out by whoever wrote the kernels, too.  gcc for AArch64 reorders before it
 * gives them out itself: it loads so far ahead that accumulators go to the stack, one move for each
 * multiplication.  Predictive commoning keeps what neighbouring pixels share, on the stack again:
 * convolutions of three channels took almost twice as long.
 *
 * Where gcc 12 makes vectors of its own (of the scalar target), it takes vfmaddsub for products and
 * sums, whatever is said of contraction; and they don't pay: LeNet-5 in portable C took a tenth less
 * time with them at -O2, and a third more at -O3. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off", "no-schedule-insns")
#pragma GCC optimize("no-predictive-commoning", "no-tree-vectorize")
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#else
#pragma STDC FP_CONTRACT OFF
#endif

#if defined(_MSC_VER)
#define CNN_RESTRICT __restrict /* "restrict" with /std:c11 alone */
#elif defined(__cplusplus)
#if CNN_GNU
#define CNN_RESTRICT __restrict__
#else
#define CNN_RESTRICT
#endif
#else
#define CNN_RESTRICT restrict
#endif

/* Vectors must not cross a call (the calling convention depends on the instruction set), so
 * helpers are inlined whatever the optimiser thinks of it. */
#if CNN_GNU
#define CNN_INLINE static inline __attribute__((always_inline, unused))
#define CNN_NOINLINE __attribute__((noinline))
#define CNN_ALIGNED(n) __attribute__((aligned(n)))
#else
#define CNN_INLINE static inline
#define CNN_NOINLINE
#define CNN_ALIGNED(n)
#endif

/* A condition that is hardly ever true.  Told so, gcc 12 keeps all sums of a loop in registers; else two of
 * twelve went to the stack and back in each round. */
#if CNN_GNU
#define CNN_RARELY(condition) __builtin_expect((condition), 0)
#else
#define CNN_RARELY(condition) (condition)
#endif

/* In a loop: hides where p came from.  Where neighbouring pixels share inputs, clang would keep those
 * of one round for the next, far more of them than there are registers, and gcc those of one column of a
 * kernel for the next one, unless the statement is volatile. */
#if CNN_GNU
#define CNN_HIDE(p) __asm__ volatile("" : "+r"(p))
#else
#define CNN_HIDE(p) (void)(p)
#endif

/* Keeps a store where it stands, among the arithmetic around it: gcc would gather stores, and a row of them
 * holds up what follows. */
#if CNN_GNU
#define CNN_IN_ORDER() __asm__ volatile("" : : : "memory")
#else
#define CNN_IN_ORDER() (void)0
#endif

/* A float constant, for "no upper limit". */
#if CNN_GNU
#define CNN_INFINITY __builtin_inff()
#else
#include <math.h>
#define CNN_INFINITY INFINITY
#endif

/* The instruction sets in the order of preference; each contains those below it. */
#define CNN_SCALAR 0
#define CNN_SSE2 1
#define CNN_NEON 1
#define CNN_WASM 1    /* SIMD128 */
#define CNN_AVX2 2    /* with FMA */
#define CNN_AVX512 3  /* F, VL, DQ and BW */

/* Zeros around rows from to to - 1 of a tensor: `left` pixels before its first row and `gap` pixels
 * behind each, which are the left halo of the next row too. Pitches are in floats; c channels of each
 * pixel. */
CNN_INLINE void cnn_clear_halo(float *y, int from, int to, ptrdiff_t row, int w, ptrdiff_t pixel, int c,
        int left, int gap)
{
    for (int i = 1; i <= left && from == 0; i++)
        memset(y - i * pixel, 0, (size_t)c * sizeof(float));
    for (int r = from; r < to; r++)
        for (int i = 0; i < gap; i++)
            memset(y + r * row + (w + i) * pixel, 0, (size_t)c * sizeof(float));
}

/* n vectors at most are in registers here, of the 16 that AVX2 has: those that the code around needs. gcc keeps
 * constants of what follows a loop in others while the loop needs them for its sums. */
#if CNN_GNU && defined(__x86_64__) && !defined(__clang__)
#define CNN_FREE_15 "xmm15"
#define CNN_FREE_14 "xmm14", CNN_FREE_15
#define CNN_FREE_13 "xmm13", CNN_FREE_14
#define CNN_FREE_12 "xmm12", CNN_FREE_13
#define CNN_FREE_11 "xmm11", CNN_FREE_12
#define CNN_FREE_10 "xmm10", CNN_FREE_11
#define CNN_FREE_9 "xmm9", CNN_FREE_10
#define CNN_FREE_8 "xmm8", CNN_FREE_9
#define CNN_FREE_7 "xmm7", CNN_FREE_8
#define CNN_FREE_6 "xmm6", CNN_FREE_7
#define CNN_FREE_5 "xmm5", CNN_FREE_6
#define CNN_FREE_4 "xmm4", CNN_FREE_5
#define CNN_FREE_3 "xmm3", CNN_FREE_4
#define CNN_FREE_2 "xmm2", CNN_FREE_3
#define CNN_FREE_1 "xmm1", CNN_FREE_2
#define CNN_FREE_FROM(n) __asm__ volatile("" : : : CNN_FREE_##n)
#else
#define CNN_FREE_FROM(n) (void)0
#endif

/* Asks for the cache line at p, which is about to be written. */
CNN_INLINE void cnn_prefetch_write(const float *p)
{
#if CNN_GNU
    __builtin_prefetch(p, 1);
#else
    (void)p;
#endif
}

/* Asks for the cache line at p, which is about to be read. */
CNN_INLINE void cnn_prefetch_read(const float *p)
{
#if CNN_GNU
    __builtin_prefetch(p);
#else
    (void)p;
#endif
}

/* The same, of what is read but once: not into the first level. */
CNN_INLINE void cnn_prefetch_stream(const float *p)
{
#if CNN_GNU
    __builtin_prefetch(p, 0, 2);
#else
    (void)p;
#endif
}

struct cnn_span {
    const void *at;
    size_t bytes;
};

/* Whether one of the first `written` spans shares memory with another of `all`. */
CNN_INLINE int cnn_overlap(const struct cnn_span *span, int written, int all)
{
    for (int i = 0; i < written; i++)
        for (int k = i + 1; k < all; k++) {
            const uintptr_t a = (uintptr_t)span[i].at, b = (uintptr_t)span[k].at;

            if (a <= b ? b - a < span[i].bytes : a - b < span[k].bytes)
                return 1;
        }
    return 0;
}

/* ---- threads ------------------------------------------------------------------------------------ */

/* Where the threads of a run wait for each other. OpenMP's own barrier would do; but gcc's makes a system
 * call each time, to wake whoever might be asleep, which takes longer than many a step. All zeros before
 * the first meeting. What threads count and what they watch lie in cache lines of their own. */
struct cnn_meeting {
    char before[64];
    int arrived;          /* threads at this meeting */
    char between[64];
    int round;            /* meetings that are over */
    char behind[64];
};

#if defined(_OPENMP)
#if CNN_GNU && (defined(__unix__) || defined(__APPLE__))
#include <sched.h>

/* Nothing, for as long as another thread of the core may make use of. */
CNN_INLINE void cnn_pause(void)
{
    #if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
    #elif defined(__aarch64__)
    __asm__ __volatile__("yield");
    #endif
}

/* All `threads` threads of a team call it; none comes back before the last has called, and each sees what
 * the others wrote before. A wait of more than some ten microseconds leaves the core to whoever wants it:
 * there may be more threads than cores, and the one that is missing among those without. */
CNN_INLINE void cnn_meet(struct cnn_meeting *m, int threads)
{
    const int round = __atomic_load_n(&m->round, __ATOMIC_RELAXED);

    if (__atomic_add_fetch(&m->arrived, 1, __ATOMIC_ACQ_REL) == threads) {
        __atomic_store_n(&m->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&m->round, round + 1, __ATOMIC_RELEASE);
        return;
    }
    for (int spins = 0; __atomic_load_n(&m->round, __ATOMIC_ACQUIRE) == round;)
        if (spins < 1000) {
            spins++;
            cnn_pause();
        } else {
            sched_yield();
        }
}
#else
CNN_INLINE void cnn_meet(struct cnn_meeting *m, int threads)
{
    (void)m, (void)threads;
    #pragma omp barrier
}
#endif
#endif

/* "static" when this text stands in the generated file itself. */
#ifndef CNN_API
#define CNN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Its name at the linker says for which version it is, so that a library of another does not link. */
#define cnn_isa_level CNN_RT_NAME(cnn_isa_level, CNN_VERSION_MAJOR, CNN_VERSION_MINOR, CNN_VERSION_PATCH)
#define CNN_RT_NAME(stem, major, minor, patch) CNN_RT_NAME_OF(stem, major, minor, patch)
#define CNN_RT_NAME_OF(stem, major, minor, patch) stem##_##major##_##minor##_##patch

/* The best of the levels above that CPU and operating system support.  Reads what the program
 * loader found once; cheap enough for every run. */
CNN_API int cnn_isa_level(void);

#ifdef __cplusplus
}
#endif

#endif
