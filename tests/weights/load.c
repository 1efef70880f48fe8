/* load FILE STATUS: what net_check_weights says of the file must be STATUS; if that is 0, the network runs. */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include "net.h"

static alignas(64) unsigned char weights[1 << 20], arena[NET_ARENA_BYTES];
static float input[NET_INPUT_SIZE], output[NET_OUTPUT_SIZE];

int main(int argc, char **argv)
{
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (!file)
        return 2;
    size_t bytes = fread(weights, 1, sizeof weights, file);
    fclose(file);
    int status = net_check_weights(weights, bytes);
    if (status == NET_OK)
        status = net_run(input, output, weights, arena, sizeof arena);
    printf("status %d, expected %s\n", status, argv[2]);
    if (net_check_weights(weights + 4, bytes) != NET_ERR_WEIGHTS_ALIGN ||
        net_check_weights(NULL, bytes) != NET_ERR_NULL ||
        net_run(input, output, NULL, arena, sizeof arena) != NET_ERR_NULL)
        return 1;
    return status != atoi(argv[2]);
}
