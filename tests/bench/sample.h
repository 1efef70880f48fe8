/* What the timing programs share: files of floats, sampling, comparison, JSON. C and C++. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct timing {
    double min, median; /* seconds a call */
    int samples;
};

static inline void *must(void *p, const char *what)
{
    if (!p) {
        perror(what);
        exit(2);
    }
    return p;
}

static inline float *new_floats(size_t n)
{
    return (float *)must(aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64), "memory");
}

/* FOLDER/NAME, which has to hold n floats. */
static inline float *read_floats(const char *folder, const char *name, size_t n)
{
    char path[4096];
    float *values = new_floats(n);

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = (FILE *)must(fopen(path, "rb"), path);
    if (fread(values, sizeof(float), n, f) != n || fgetc(f) != EOF) {
        fprintf(stderr, "%s: not %zu floats\n", path, n);
        exit(2);
    }
    fclose(f);
    return values;
}

/* Largest difference over the largest value of FOLDER/reference.chw; a NaN counts as infinite. */
static inline double error_of(const float *got, const char *folder, size_t n)
{
    float *want = read_floats(folder, "reference.chw", n);
    double error = 0, largest = 1e-30;

    for (size_t i = 0; i < n; i++) {
        const double e = fabs((double)got[i] - (double)want[i]);
        if (!(e <= error))
            error = isnan(e) ? (double)INFINITY : e;
        largest = fmax(largest, fabs((double)want[i]));
    }
    free(want);
    return error / largest;
}

static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Calls run for about so many seconds, after a warm-up of a quarter of that. A sample is as many
 * calls as take 50 us, so that reading the clock (some 30 ns) is lost in it. */
static inline struct timing sample(void (*run)(void *), void *arg, double seconds)
{
    enum { MOST = 100000, LEAST = 3 };
    static double samples[MOST];
    double start = now(), fastest = 1e9;
    struct timing result = {0, 0, 0};

    do {
        const double before = now();
        run(arg);
        fastest = fmin(fastest, now() - before);
    } while (now() - start < seconds / 4);
    const int calls = fastest < 50e-6 ? (int)(50e-6 / fastest) + 1 : 1;
    start = now();
    while (result.samples < MOST && (result.samples < LEAST || now() - start < seconds)) {
        const double before = now();
        for (int i = 0; i < calls; i++)
            run(arg);
        samples[result.samples++] = (now() - before) / calls;
    }
    qsort(samples, (size_t)result.samples, sizeof *samples, by_size);
    result.min = samples[0];
    result.median = samples[result.samples / 2];
    return result;
}

static inline void print_json(const char *peer, const char *version, struct timing t, double error)
{
    printf("{\"peer\": \"%s\", \"version\": \"%s\", \"min\": %.9f, \"median\": %.9f, "
           "\"samples\": %d, \"error\": %.3g}\n", peer, version, t.min, t.median, t.samples,
            isfinite(error) ? error : 1e30);
    fflush(stdout);
}

#endif
