/* run STATUS: net_run must return it. */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include "net.h"

static alignas(64) unsigned char arena[NET_ARENA_BYTES];
static float input[NET_INPUT_SIZE], output[NET_OUTPUT_SIZE];

int main(int argc, char **argv)
{
    int status = net_run(input, output, arena, sizeof arena);
    printf("status %d\n", status);
    return argc != 2 || status != atoi(argv[1]);
}
