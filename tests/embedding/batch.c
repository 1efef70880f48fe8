/* PREFIX_run_batch and PREFIX_run_static_batch: the first images have the bits that they have in a whole batch,
 * arrays may end behind them, and what lies there may be used for something else. */
#include <stdalign.h>
#include <string.h>
#include "batch.h"

enum { IN = BATCH_INPUT_SIZE / BATCH_BATCH, OUT = BATCH_OUTPUT_SIZE / BATCH_BATCH };

static alignas(BATCH_ARENA_ALIGN) unsigned char arena[BATCH_ARENA_BYTES];
static float in[BATCH_INPUT_SIZE], whole[BATCH_OUTPUT_SIZE], few[BATCH_OUTPUT_SIZE], untouched[BATCH_OUTPUT_SIZE];

/* Of n images in an array of so many; what follows stays as it is. */
static int runs(int n, int threads, int own)
{
    memset(few, 0xa5, sizeof few);
    if ((own ? batch_run_static_batch(in, few, n)
             : batch_run_batch(in, few, arena, sizeof arena, threads, n)) != BATCH_OK)
        return 0;
    return !memcmp(few, whole, (size_t)n * OUT * sizeof few[0]) &&
        !memcmp(few + n * OUT, untouched, (size_t)(BATCH_BATCH - n) * OUT * sizeof few[0]);
}

int main(void)
{
    memset(untouched, 0xa5, sizeof untouched);
    for (int i = 0; i < BATCH_INPUT_SIZE; i++)
        in[i] = (float)(i % 23) / 23.0f - 0.3f;
    if (batch_run(in, whole, arena, sizeof arena) != BATCH_OK)
        return 1;
    for (int n = 1; n <= BATCH_BATCH; n++)
        if (!runs(n, 0, 0) || !runs(n, 1, 0) || !runs(n, 2, 0) || !runs(n, 0, 1))
            return 2;
    /* No image, more than a batch. */
    if (batch_run_batch(in, few, arena, sizeof arena, 0, 0) != BATCH_ERR_IMAGES ||
        batch_run_batch(in, few, arena, sizeof arena, 0, BATCH_BATCH + 1) != BATCH_ERR_IMAGES ||
        batch_run_static_batch(in, few, -1) != BATCH_ERR_IMAGES)
        return 3;
    /* Results behind the images that are read; results upon them. */
    if (batch_run_batch(in, in + IN, arena, sizeof arena, 0, 1) != BATCH_OK || memcmp(in + IN, whole, OUT * sizeof in[0]))
        return 4;
    return batch_run_batch(in, in + IN, arena, sizeof arena, 0, 2) != BATCH_ERR_OVERLAP;
}
