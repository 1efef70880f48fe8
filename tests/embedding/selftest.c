/* The program's own proof, from a compiler of which nothing is known. */
#include "net.h"

static unsigned char memory[NET_SELFTEST_BYTES + NET_ARENA_ALIGN];

int main(void)
{
    return net_selftest(memory + (NET_ARENA_ALIGN - (uintptr_t)memory % NET_ARENA_ALIGN), NET_SELFTEST_BYTES) != NET_OK;
}
