/* Runs detector on made-up features; the 16 MB of input come from the heap, the network takes none. */
#include <stdio.h>
#include <stdlib.h>

#include "detector.h"

int main(void)
{
    float *features = (float *)malloc(DETECTOR_INPUT_SIZE * sizeof(float)), score[DETECTOR_OUTPUT_SIZE];
    void *arena = aligned_alloc(DETECTOR_ARENA_ALIGN, DETECTOR_ARENA_BYTES);
    if (!features || !arena) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    for (int i = 0; i < DETECTOR_INPUT_SIZE; i++)
        features[i] = (float)(i % 17) / 8.5f - 1.0f;

    detector_status status = detector_run(features, score, arena, DETECTOR_ARENA_BYTES);
    if (status == DETECTOR_OK)
        printf("score %.6f, arena %d bytes\n", (double)score[0], DETECTOR_ARENA_BYTES);
    free(arena);
    free(features);
    return status == DETECTOR_OK ? 0 : 1;
}
