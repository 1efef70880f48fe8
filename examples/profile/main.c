/* The time of each layer, measured where the network runs: everything is compiled with -DRESIDUAL_PROFILE=note_time,
 * so that the network calls note_time (declared in its header) before and after each step. Without that there is
 * no such call in the program. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "residual.h"

enum { RUNS = 50 };

static float image[RESIDUAL_INPUT_SIZE], prob[RESIDUAL_OUTPUT_PROB_SIZE], feat[RESIDUAL_OUTPUT_FEAT_SIZE];

static struct {
    const char *layer;
    double started, least; /* microseconds */
} step_times[RESIDUAL_STEPS];

/* Any clock will do: on a microcontroller, a counter of cycles. */
static double microseconds(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Of several runs the fastest counts: others were disturbed. */
void note_time(int step, const char *layer, int done)
{
    const double now = microseconds();
    if (!done) {
        step_times[step].layer = layer;
        step_times[step].started = microseconds();
    } else if (step_times[step].least == 0 || now - step_times[step].started < step_times[step].least) {
        step_times[step].least = now - step_times[step].started;
    }
}

static void print_table(void)
{
    double sum = 0;
    for (int i = 0; i < RESIDUAL_STEPS; i++)
        sum += step_times[i].least;
    printf("step  layer                              us  share\n");
    for (int i = 0; i < RESIDUAL_STEPS; i++)
        printf("%4d  %-28s %8.1f  %4.0f %%\n", i, step_times[i].layer, step_times[i].least,
                sum > 0 ? 100 * step_times[i].least / sum : 0);
    printf("%34s %8.1f\n", "", sum);
}

int main(void)
{
    void *arena = aligned_alloc(RESIDUAL_ARENA_ALIGN, RESIDUAL_ARENA_BYTES);
    residual_status status = arena ? RESIDUAL_OK : RESIDUAL_ERR_NULL;

    for (int i = 0; i < RUNS && status == RESIDUAL_OK; i++)
        status = residual_run_threads(image, prob, feat, arena, RESIDUAL_ARENA_BYTES, 1);
    free(arena);
    if (status != RESIDUAL_OK)
        return 1;
    print_table();
    return 0;
}
