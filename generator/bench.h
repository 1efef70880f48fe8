/* bench.h: what the parts of the bench command share. */
#ifndef CNNGEN_BENCH_H
#define CNNGEN_BENCH_H

#include "plan.h"

struct build;
struct out;
struct session;

/* Whole runs on some number of threads; nanoseconds. */
struct bench_runs {
    int threads, count;
    double minimum, low, median, high;   /* low, high: quartiles */
};

struct bench {
    struct pool *pool;
    const struct plan *plan;
    const char *program;
    char isa[16];                        /* that runs use: "avx512" */
    double peak;                         /* of its FMA on one thread: GFLOP/s */
    double memory, cache;                /* reading on one thread, from memory and from 256 KB: GB/s */
    double *step, *low;                  /* median and first quartile of each, nanoseconds, on one thread */
    VEC(struct bench_runs) runs;         /* on one thread, and on several; none, unless whole */
};

/* Takes a session from its beginning through all stages, then compiles, in the folder, a program that
 * times the steps and, where `whole`, runs. The exit code, messages being printed; only with 0 is there
 * a bench (none if a dump was asked for), still without times. */
int bench_make(struct session *, struct build *, const char *program, bool whole, struct bench *);

/* Runs it for the times, any number of times. Ends cnngen when it can't be run. */
void bench_run(struct build *, struct bench *);

/* Both, of whole runs too. */
int bench_measure(struct session *, struct build *, struct bench *);

double bench_rate(int64_t macs, double ns);   /* GFLOP/s, two for each MAC; 0: too short to be told */

/* Both take times that are complete. */
void bench_table(const struct bench *, bool unicode, struct out *);
void bench_json(const struct bench *, struct out *);

#endif
