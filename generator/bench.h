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
    const struct plan *plan;
    char isa[16];                        /* that runs use: "avx512" */
    double peak;                         /* of its FMA on one thread: GFLOP/s */
    double memory, cache;                /* reading on one thread, from memory and from 256 KB: GB/s */
    double *step;                        /* median of each, nanoseconds, on one thread */
    VEC(struct bench_runs) runs;         /* on one thread, and on several */
};

/* Takes a session from its beginning through all stages, then compiles, in the folder, and runs.
 * The exit code, messages being printed; only with 0 is there a bench. Ends the program when what
 * was compiled can't be run. */
int bench_measure(struct session *, struct build *, struct bench *);

double bench_rate(int64_t macs, double ns);   /* GFLOP/s, two for each MAC; 0: too short to be told */

/* Both take times that are complete. */
void bench_table(const struct bench *, bool unicode, struct out *);
void bench_json(const struct bench *, struct out *);

#endif
