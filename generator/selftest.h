/* selftest.h: PREFIX_selftest, the proof that a board computes what the reference does. */
#ifndef CNNGEN_SELFTEST_H
#define CNNGEN_SELFTEST_H

#include "out.h"
#include "plan.h"

struct selftest;

void selftest_write(const struct selftest *, const char *prefix, struct out *);

#endif
