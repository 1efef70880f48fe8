/* selftest.h: PREFIX_selftest, the proof that a board computes what the reference does. */
#ifndef CNNGEN_SELFTEST_H
#define CNNGEN_SELFTEST_H

#include "out.h"
#include "plan.h"
#include "template.h"

struct selftest;

/* Evaluates the network on an input made by a small generator, which the emitted code repeats. */
const struct selftest *selftest_make(struct pool *, const struct graph *);

int64_t selftest_io_bytes(const struct selftest *);  /* what it needs beside the network's arena */

/* Arguments of selftest.c.in, and its holes: context is the struct selftest. */
void selftest_args(struct pool *, const struct selftest *, struct args *);
void selftest_insert(const struct selftest *, const char *prefix, bool weights, const char *name,
        struct out *);          /* weights: the caller gives them */

#endif
