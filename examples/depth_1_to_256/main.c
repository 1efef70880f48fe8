/* Runs mnist on a made-up image and prints the ten probabilities. */
#include <stdio.h>
#include <stdlib.h>

#include "mnist.h"

static float image[MNIST_INPUT_SIZE], probability[MNIST_OUTPUT_SIZE];

int main(void)
{
    void *arena = aligned_alloc(MNIST_ARENA_ALIGN, MNIST_ARENA_BYTES);
    for (int i = 0; i < MNIST_INPUT_SIZE; i++)
        image[i] = (float)(i % 29 * i % 31) / 31.0f;

    mnist_status status = arena ? mnist_run(image, probability, arena, MNIST_ARENA_BYTES) : MNIST_ERR_NULL;
    free(arena);
    if (status != MNIST_OK) {
        fprintf(stderr, "mnist_run: error %d\n", status);
        return 1;
    }
    for (int k = 0; k < MNIST_OUTPUT_SIZE; k++)
        printf("class %d  %5.1f %%\n", k, 100.0 * (double)probability[k]);
    printf("arena: %d bytes\n", MNIST_ARENA_BYTES);
    return 0;
}
