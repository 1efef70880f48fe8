/* PREFIX_run_threads uses as many threads as it is told to, and PREFIX_PROFILE sees each step begin and end in order.
 * To be run with OMP_NUM_THREADS=3, and without OpenMP. */
#include <stdalign.h>
#include <string.h>
#if defined(_OPENMP)
#include <omp.h>
#endif
#include "residual.h"

static alignas(RESIDUAL_ARENA_ALIGN) unsigned char arena[RESIDUAL_ARENA_BYTES];
static float image[RESIDUAL_INPUT_SIZE], feat[RESIDUAL_OUTPUT_FEAT_SIZE], prob[RESIDUAL_OUTPUT_PROB_SIZE],
    expected[RESIDUAL_OUTPUT_PROB_SIZE];
static int calls, disorder, used;

void watch(int step, const char *layer, int done)
{
    disorder |= step != calls / 2 || done != calls % 2 || !*layer;
    calls++;
#if defined(_OPENMP)
    used = omp_get_num_threads();
#else
    used = 1;
#endif
}

/* Whether a run on so many threads is on `expect` of them, and as it should be. */
static int runs(int threads, size_t bytes, int expect)
{
#if !defined(_OPENMP)
    expect = 1;
#endif
    calls = used = 0;
    memset(prob, 0xff, sizeof prob);
    return residual_run_threads(image, prob, feat, arena, bytes, threads) == RESIDUAL_OK && used == expect &&
        calls == 2 * RESIDUAL_STEPS && !disorder && !memcmp(prob, expected, sizeof prob);
}

int main(void)
{
    for (int i = 0; i < RESIDUAL_INPUT_SIZE; i++)
        image[i] = (float)(i % 23) / 23.0f;
    if (residual_run(image, expected, feat, arena, sizeof arena) != RESIDUAL_OK)
        return 1;
    for (int threads = 1; threads <= RESIDUAL_MAX_THREADS; threads++)
        if (!runs(threads, sizeof arena, threads))
            return 2;
    if (!runs(0, sizeof arena, 3) || !runs(RESIDUAL_MAX_THREADS + 5, sizeof arena, RESIDUAL_MAX_THREADS))
        return 3;
    /* An arena with scratch for two; residual has some for each thread. */
    if (RESIDUAL_ARENA_BYTES_FOR(2) == RESIDUAL_ARENA_BYTES_FOR(1) || !runs(4, RESIDUAL_ARENA_BYTES_FOR(2), 2))
        return 4;
    return residual_run_threads(image, prob, feat, arena, sizeof arena, -1) != RESIDUAL_ERR_THREADS;
}
