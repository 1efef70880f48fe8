/* net_run_static must compute what net_run does, bit for bit, and again in a second call. */
#include <stdalign.h>
#include <string.h>
#include "net.h"

static alignas(64) unsigned char arena[NET_ARENA_BYTES];
static float input[NET_INPUT_SIZE], expected[NET_OUTPUT_SIZE], output[NET_OUTPUT_SIZE];

int main(void)
{
    for (int i = 0; i < NET_INPUT_SIZE; i++)
        input[i] = (float)(i % 17) / 16.0f;
    if (net_run(input, expected, arena, sizeof arena) != NET_OK || expected[0] == 0.0f)
        return 1;
    for (int call = 0; call < 2; call++) {
        memset(output, 0xff, sizeof output);
        if (net_run_static(input, output) != NET_OK || memcmp(output, expected, sizeof output) != 0)
            return 2;
    }
    return net_run_static(NULL, output) != NET_ERR_NULL;
}
