/* conv_chain.h: made by cnngen 0.1.0 from conv_chain.cnn.yaml. Do not edit; make it again with
 *
 *     cnngen --target avx2 conv_chain.cnn.yaml
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef CONV_CHAIN_H_INCLUDED
#define CONV_CHAIN_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What made this header, as 10000 * major + 100 * minor + patch, and a hash of the program: of its code, options
 * and, unless they are in a file of their own, weights. The C file refuses a header that has others. */
#define CONV_CHAIN_CNNGEN_VERSION 100
#define CONV_CHAIN_MODEL_HASH 0x38a9e0f0284b853bU

/* Sizes in elements, for the whole batch; images lie one behind the other, each [height][width][channels]. */
#define CONV_CHAIN_BATCH 1
#define CONV_CHAIN_INPUT_SIZE 196 /* input */
#define CONV_CHAIN_INPUT_HEIGHT 14
#define CONV_CHAIN_INPUT_WIDTH 14
#define CONV_CHAIN_INPUT_CHANNELS 1
#define CONV_CHAIN_OUTPUT_SIZE 25 /* batch_normalization_1 */
#define CONV_CHAIN_OUTPUT_HEIGHT 5
#define CONV_CHAIN_OUTPUT_WIDTH 5
#define CONV_CHAIN_OUTPUT_CHANNELS 1

/* Memory for a run: bytes for t threads, and for as many as a run ever uses. */
#define CONV_CHAIN_MAX_THREADS 8
#define CONV_CHAIN_ARENA_ALIGN 64
#define CONV_CHAIN_ARENA_BYTES_FOR(t) (218432 + (t) * 0)
#define CONV_CHAIN_ARENA_BYTES 218432

/* What a call takes of the stack, at most, on each of its threads: the frames of this program's own functions as gcc
 * and clang make them with -O1 or more. Those of OpenMP, the C library and a hook come on top. */
#define CONV_CHAIN_STACK_BYTES 4736

/* Bytes of the weights as they are stored. */
#define CONV_CHAIN_WEIGHT_BYTES 168204

typedef enum {
    CONV_CHAIN_OK = 0,
    CONV_CHAIN_ERR_NULL = -1,        /* a pointer is NULL */
    CONV_CHAIN_ERR_ARENA_SIZE = -2,  /* arena_bytes < CONV_CHAIN_ARENA_BYTES_FOR(1) */
    CONV_CHAIN_ERR_ARENA_ALIGN = -3, /* the arena is not a multiple of CONV_CHAIN_ARENA_ALIGN */
    CONV_CHAIN_ERR_SELFTEST = -4,    /* conv_chain_selftest: a result is further from the reference than its bound */
    CONV_CHAIN_ERR_OVERLAP = -5,     /* an output or the arena shares memory with something else */
    CONV_CHAIN_ERR_THREADS = -6      /* conv_chain_run_threads: threads < 0 */
} conv_chain_status;

/* Runs the network. Nothing but the outputs and the arena is written, nothing is allocated or kept: calls
 * may overlap as long as each has an arena of its own. The arena's contents mean nothing before and after.
 * Each output and the arena must be memory of their own; inputs may share theirs, as they are only read. */
conv_chain_status conv_chain_run(const float *input, float *output, void *arena, size_t arena_bytes);

/* The same on at most so many threads, whatever OMP_NUM_THREADS says; 0: as many as OpenMP offers, like
 * conv_chain_run. More than CONV_CHAIN_MAX_THREADS, than the arena has memory for or than pay are not used. */
conv_chain_status conv_chain_run_threads(const float *input, float *output, void *arena, size_t arena_bytes, int threads);

/* Compiled with -DCONV_CHAIN_HOOK=name, the program calls that function after each of its CONV_CHAIN_STEPS steps,
 * with the step's number from 0, the layer's name and its result as it lies in memory: extent is images,
 * height, width, channels; pitch is the distance in floats between images, rows and pixels. */
#define CONV_CHAIN_STEPS 3
#ifdef CONV_CHAIN_HOOK
void CONV_CHAIN_HOOK(int step, const char *layer, const float *data, const int *extent, const ptrdiff_t *pitch);
#endif

/* Compiled with -DCONV_CHAIN_PROFILE=name, the program calls that function before each step (done is 0) and after it
 * (done is 1), always from the thread that called conv_chain_run, while others wait for it to begin or to end. */
#ifdef CONV_CHAIN_PROFILE
void CONV_CHAIN_PROFILE(int step, const char *layer, int done);
#endif

#ifdef __cplusplus
}
#endif

#endif
