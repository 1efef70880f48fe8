/* elementwise.h: made by cnngen 0.1.0 from elementwise.cnn.yaml. Do not edit; make it again with
 *
 *     cnngen --target scalar elementwise.cnn.yaml
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef ELEMENTWISE_H_INCLUDED
#define ELEMENTWISE_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What made this header, as 10000 * major + 100 * minor + patch, and a hash of the program: of its code, options
 * and, unless they are in a file of their own, weights. The C file refuses a header that has others. */
#define ELEMENTWISE_CNNGEN_VERSION 100
#define ELEMENTWISE_MODEL_HASH 0x3ea37e1d3cfe95deU

/* Sizes in elements, for the whole batch; images lie one behind the other, each [height][width][channels]. */
#define ELEMENTWISE_BATCH 1
#define ELEMENTWISE_INPUT_A_SIZE 180 /* a */
#define ELEMENTWISE_INPUT_A_HEIGHT 6
#define ELEMENTWISE_INPUT_A_WIDTH 6
#define ELEMENTWISE_INPUT_A_CHANNELS 5
#define ELEMENTWISE_INPUT_B_SIZE 180 /* b */
#define ELEMENTWISE_INPUT_B_HEIGHT 6
#define ELEMENTWISE_INPUT_B_WIDTH 6
#define ELEMENTWISE_INPUT_B_CHANNELS 5
#define ELEMENTWISE_OUTPUT_SHARE_SIZE 10 /* share */
#define ELEMENTWISE_OUTPUT_SHARE_HEIGHT 1
#define ELEMENTWISE_OUTPUT_SHARE_WIDTH 1
#define ELEMENTWISE_OUTPUT_SHARE_CHANNELS 10
#define ELEMENTWISE_OUTPUT_TURNED_SIZE 1440 /* turned */
#define ELEMENTWISE_OUTPUT_TURNED_HEIGHT 10
#define ELEMENTWISE_OUTPUT_TURNED_WIDTH 12
#define ELEMENTWISE_OUTPUT_TURNED_CHANNELS 12

/* Memory for a run: bytes for t threads, and for as many as a run ever uses. */
#define ELEMENTWISE_MAX_THREADS 8
#define ELEMENTWISE_ARENA_ALIGN 64
#define ELEMENTWISE_ARENA_BYTES_FOR(t) (7232 + (t) * 0)
#define ELEMENTWISE_ARENA_BYTES 7232

/* What a call takes of the stack, at most, on each of its threads: the frames of this program's own functions as gcc
 * and clang make them with -O1 or more. Those of OpenMP, the C library and a hook come on top. */
#define ELEMENTWISE_STACK_BYTES 2112

/* Bytes of the weights as they are stored. */
#define ELEMENTWISE_WEIGHT_BYTES 1016

typedef enum {
    ELEMENTWISE_OK = 0,
    ELEMENTWISE_ERR_NULL = -1,        /* a pointer is NULL */
    ELEMENTWISE_ERR_ARENA_SIZE = -2,  /* arena_bytes < ELEMENTWISE_ARENA_BYTES_FOR(1) */
    ELEMENTWISE_ERR_ARENA_ALIGN = -3, /* the arena is not a multiple of ELEMENTWISE_ARENA_ALIGN */
    ELEMENTWISE_ERR_SELFTEST = -4,    /* elementwise_selftest: a result is further from the reference than its bound */
    ELEMENTWISE_ERR_OVERLAP = -5,     /* an output or the arena shares memory with something else */
    ELEMENTWISE_ERR_THREADS = -6      /* elementwise_run_threads: threads < 0 */
} elementwise_status;

/* Runs the network. Nothing but the outputs and the arena is written, nothing is allocated or kept: calls
 * may overlap as long as each has an arena of its own. The arena's contents mean nothing before and after.
 * Each output and the arena must be memory of their own; inputs may share theirs, as they are only read. */
elementwise_status elementwise_run(const uint8_t *in_a, const float *in_b, float *out_share, float *out_turned, void *arena, size_t arena_bytes);

/* The same on at most so many threads, whatever OMP_NUM_THREADS says; 0: as many as OpenMP offers, like
 * elementwise_run. More than ELEMENTWISE_MAX_THREADS, than the arena has memory for or than pay are not used. */
elementwise_status elementwise_run_threads(const uint8_t *in_a, const float *in_b, float *out_share, float *out_turned, void *arena, size_t arena_bytes, int threads);

/* Compiled with -DELEMENTWISE_HOOK=name, the program calls that function after each of its ELEMENTWISE_STEPS steps,
 * with the step's number from 0, the layer's name and its result as it lies in memory: extent is images,
 * height, width, channels; pitch is the distance in floats between images, rows and pixels. */
#define ELEMENTWISE_STEPS 9
#ifdef ELEMENTWISE_HOOK
void ELEMENTWISE_HOOK(int step, const char *layer, const float *data, const int *extent, const ptrdiff_t *pitch);
#endif

/* Compiled with -DELEMENTWISE_PROFILE=name, the program calls that function before each step (done is 0) and after it
 * (done is 1), always from the thread that called elementwise_run, while others wait for it to begin or to end. */
#ifdef ELEMENTWISE_PROFILE
void ELEMENTWISE_PROFILE(int step, const char *layer, int done);
#endif

#ifdef __cplusplus
}
#endif

#endif
