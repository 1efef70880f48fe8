/* Several outputs: one pointer for each, in the order of the specification. */
#include <stdio.h>
#include <stdlib.h>

#include "residual.h"

static float image[RESIDUAL_INPUT_SIZE], prob[RESIDUAL_OUTPUT_PROB_SIZE], feat[RESIDUAL_OUTPUT_FEAT_SIZE];

int main(void)
{
    void *arena = aligned_alloc(RESIDUAL_ARENA_ALIGN, RESIDUAL_ARENA_BYTES);
    for (int i = 0; i < RESIDUAL_INPUT_SIZE; i++)
        image[i] = (float)(i % 23) / 23.0f;

    residual_status status = arena ? residual_run(image, prob, feat, arena, RESIDUAL_ARENA_BYTES)
                                   : RESIDUAL_ERR_NULL;
    free(arena);
    if (status != RESIDUAL_OK)
        return 1;
    for (int k = 0; k < RESIDUAL_OUTPUT_PROB_SIZE; k++)
        printf("class %d  %5.1f %%\n", k, 100.0 * (double)prob[k]);
    double mean = 0;
    for (int i = 0; i < RESIDUAL_OUTPUT_FEAT_SIZE; i++)
        mean += (double)feat[i] / RESIDUAL_OUTPUT_FEAT_SIZE;
    printf("mean of the %dx%dx%d features: %.4f\n", RESIDUAL_OUTPUT_FEAT_HEIGHT, RESIDUAL_OUTPUT_FEAT_WIDTH,
            RESIDUAL_OUTPUT_FEAT_CHANNELS, mean);
    return 0;
}
