/* What the two programs that time XNNPACK share. */
#ifndef TIME_XNNPACK_H
#define TIME_XNNPACK_H

#include <math.h>
#include <pthreadpool.h>
#include <xnnpack.h>

#include "steps.h"

#define XNNPACK_VERSION "2022-02"

static inline void must_succeed(enum xnn_status status, const char *what)
{
    if (status != xnn_status_success) {
        fprintf(stderr, "XNNPACK: %s: %d\n", what, (int)status);
        exit(1);
    }
}

/* NULL, which is the calling thread, for one. */
static inline pthreadpool_t pool_of(int threads)
{
    return threads > 1 ? pthreadpool_create((size_t)threads) : NULL;
}

/* [n][channels][pixels] becomes [n][pixels][channels]. */
static inline float *channels_last(const float *from, size_t n, size_t channels, size_t pixels)
{
    float *to = new_floats(n * channels * pixels);

    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < channels; c++)
            for (size_t p = 0; p < pixels; p++)
                to[(i * pixels + p) * channels + c] = from[(i * channels + c) * pixels + p];
    return to;
}

#endif
