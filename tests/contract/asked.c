/* Which of a program's weights its direct convolutions ask for ahead of time. asks.c is the program for SSE2,
 * alone in its file, with asked(p) in place of the prefetch; prints the percentage of lines asked for. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 1 << 20 };
static uintptr_t lines[MOST];
static int count;

static void asked(const float *p)
{
    if (count < MOST)
        lines[count++] = (uintptr_t)p / 64;
}

#include "asks.c"

static int compare(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    static float x[CONV_DIRECT_AHEAD_INPUT_SIZE], y[CONV_DIRECT_AHEAD_OUTPUT_SIZE];
    void *arena = aligned_alloc(CONV_DIRECT_AHEAD_ARENA_ALIGN, CONV_DIRECT_AHEAD_ARENA_BYTES);
    int distinct = 0;

    if (!arena || conv_direct_ahead_run_threads(x, y, arena, CONV_DIRECT_AHEAD_ARENA_BYTES, 1) != 0)
        return 1;
    free(arena);
    qsort(lines, (size_t)count, sizeof *lines, compare);
    for (int i = 0; i < count; i++)
        distinct += i == 0 || lines[i] != lines[i - 1];
    printf("%.0f\n", 100.0 * distinct / (CONV_DIRECT_AHEAD_WEIGHT_BYTES / 64));
    return 0;
}
