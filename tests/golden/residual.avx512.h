/* residual.h: made by cnngen 0.1.0 from residual.cnn.yaml. Do not edit; make it again with
 *
 *     cnngen --target avx512 residual.cnn.yaml
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef RESIDUAL_H_INCLUDED
#define RESIDUAL_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What made this header, as 10000 * major + 100 * minor + patch, and a hash of the program: of its code, options
 * and, unless they are in a file of their own, weights. The C file refuses a header that has others. */
#define RESIDUAL_CNNGEN_VERSION 100
#define RESIDUAL_MODEL_HASH 0x1acdf7e5d3e8d2fcU

/* Sizes in elements, for the whole batch; images lie one behind the other, each [height][width][channels]. */
#define RESIDUAL_BATCH 1
#define RESIDUAL_INPUT_SIZE 3072 /* image */
#define RESIDUAL_INPUT_HEIGHT 32
#define RESIDUAL_INPUT_WIDTH 32
#define RESIDUAL_INPUT_CHANNELS 3
#define RESIDUAL_OUTPUT_PROB_SIZE 10 /* prob */
#define RESIDUAL_OUTPUT_PROB_HEIGHT 1
#define RESIDUAL_OUTPUT_PROB_WIDTH 1
#define RESIDUAL_OUTPUT_PROB_CHANNELS 10
#define RESIDUAL_OUTPUT_FEAT_SIZE 16384 /* feat */
#define RESIDUAL_OUTPUT_FEAT_HEIGHT 32
#define RESIDUAL_OUTPUT_FEAT_WIDTH 32
#define RESIDUAL_OUTPUT_FEAT_CHANNELS 16

/* Memory for a run: bytes for t threads, and for as many as a run ever uses. */
#define RESIDUAL_MAX_THREADS 8
#define RESIDUAL_ARENA_ALIGN 64
#define RESIDUAL_ARENA_BYTES_FOR(t) (131072 + (t) * 78400)
#define RESIDUAL_ARENA_BYTES 758272

/* What a call takes of the stack, at most, on each of its threads: the frames of this program's own functions as gcc
 * and clang make them with -O1 or more. Those of OpenMP, the C library and a hook come on top. */
#define RESIDUAL_STACK_BYTES 8400

/* Bytes of the weights as they are stored. */
#define RESIDUAL_WEIGHT_BYTES 76480

typedef enum {
    RESIDUAL_OK = 0,
    RESIDUAL_ERR_NULL = -1,        /* a pointer is NULL */
    RESIDUAL_ERR_ARENA_SIZE = -2,  /* arena_bytes < RESIDUAL_ARENA_BYTES_FOR(1) */
    RESIDUAL_ERR_ARENA_ALIGN = -3, /* the arena is not a multiple of RESIDUAL_ARENA_ALIGN */
    RESIDUAL_ERR_SELFTEST = -4,    /* residual_selftest: a result is further from the reference than its bound */
    RESIDUAL_ERR_OVERLAP = -5,     /* an output or the arena shares memory with something else */
    RESIDUAL_ERR_THREADS = -6      /* residual_run_threads: threads < 0 */
} residual_status;

/* Runs the network. Nothing but the outputs and the arena is written, nothing is allocated or kept: calls
 * may overlap as long as each has an arena of its own. The arena's contents mean nothing before and after.
 * Each output and the arena must be memory of their own; inputs may share theirs, as they are only read. */
residual_status residual_run(const float *input, float *out_prob, float *out_feat, void *arena, size_t arena_bytes);

/* The same on at most so many threads, whatever OMP_NUM_THREADS says; 0: as many as OpenMP offers, like
 * residual_run. More than RESIDUAL_MAX_THREADS, than the arena has memory for or than pay are not used. */
residual_status residual_run_threads(const float *input, float *out_prob, float *out_feat, void *arena, size_t arena_bytes, int threads);

/* Compiled with -DRESIDUAL_HOOK=name, the program calls that function after each of its RESIDUAL_STEPS steps,
 * with the step's number from 0, the layer's name and its result as it lies in memory: extent is images,
 * height, width, channels; pitch is the distance in floats between images, rows and pixels. */
#define RESIDUAL_STEPS 6
#ifdef RESIDUAL_HOOK
void RESIDUAL_HOOK(int step, const char *layer, const float *data, const int *extent, const ptrdiff_t *pitch);
#endif

/* Compiled with -DRESIDUAL_PROFILE=name, the program calls that function before each step (done is 0) and after it
 * (done is 1), always from the thread that called residual_run, while others wait for it to begin or to end. */
#ifdef RESIDUAL_PROFILE
void RESIDUAL_PROFILE(int step, const char *layer, int done);
#endif

#ifdef __cplusplus
}
#endif

#endif
