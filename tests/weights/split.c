/* net_split_run, whose weights are in a file of their own, must compute what net_run does, bit for bit. */
#include <stdalign.h>
#include <string.h>
#include "net.h"
#include "split.h"

static alignas(64) unsigned char arena[NET_ARENA_BYTES];
static float input[NET_INPUT_SIZE], expected[NET_OUTPUT_SIZE], output[NET_OUTPUT_SIZE];

int main(void)
{
    for (int i = 0; i < NET_INPUT_SIZE; i++)
        input[i] = (float)(i % 17) / 16.0f;
    if (net_run(input, expected, arena, sizeof arena) != NET_OK || expected[0] == 0.0f)
        return 1;
    if (NET_SPLIT_ARENA_BYTES != NET_ARENA_BYTES ||
        net_split_run(input, output, arena, sizeof arena) != NET_SPLIT_OK)
        return 2;
    return memcmp(output, expected, sizeof output) != 0;
}
