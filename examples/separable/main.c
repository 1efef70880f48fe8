/* A camera's bytes go in as they are: the network scales them itself. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "separable.h"

static uint8_t frame[SEPARABLE_INPUT_SIZE];
static float classes[SEPARABLE_OUTPUT_SIZE];

int main(void)
{
    void *arena = aligned_alloc(SEPARABLE_ARENA_ALIGN, SEPARABLE_ARENA_BYTES);
    for (int i = 0; i < SEPARABLE_INPUT_SIZE; i++)
        frame[i] = (uint8_t)(i * 7 + i / 288);

    separable_status status = arena ? separable_run(frame, classes, arena, SEPARABLE_ARENA_BYTES)
                                    : SEPARABLE_ERR_NULL;
    free(arena);
    if (status != SEPARABLE_OK)
        return 1;
    for (int k = 0; k < SEPARABLE_OUTPUT_SIZE; k++)
        printf("class %d  %5.1f %%\n", k, 100.0 * (double)classes[k]);
    return 0;
}
