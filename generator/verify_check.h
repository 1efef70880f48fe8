/* verify_check.h: the results of a program's steps against the reference evaluation, layer by
 * layer.
 *
 * A step is judged alone: the reference evaluates the layers between the values that the step
 * read, as the program made them, and its result. What an earlier step did wrong, or merely
 * rounded, is not counted again, so that the bounds stay those of one step, however deep the
 * network. */
#ifndef CNNGEN_VERIFY_CHECK_H
#define CNNGEN_VERIFY_CHECK_H

#include "plan.h"
#include "sources.h"
#include "targets.h"

/* One step, or one output of the network, on one target. */
struct finding {
    bool seen;
    uint64_t bits;             /* hash of the result */
    bool rounded;              /* some element was not compared exactly */
    double share;              /* largest error in terms of its bound */
    double error;              /* largest */
    int64_t wrong;             /* elements beyond their bound */
    int64_t at;                /* the first of them, counted through the whole batch */
    double expected, got, bound;
};

struct check {
    struct pool *pool;
    const struct plan *plan;
    const double *const *input;          /* of each input of the network, the whole batch */
    bool exact;                          /* inputs and weights are integers, results to be exact */
    float **value;                       /* of each layer, as the program made it; or NULL */
    uint64_t *hash;                      /* of these values */
    uint64_t *key[TARGET_COUNT];         /* of each step: hash of what it read and made */
    struct finding *step[TARGET_COUNT];  /* of each step */
    struct finding *output[TARGET_COUNT];
    float **out;                         /* what the last target's run left in each output */
    struct sources *source;              /* of each step, then of each output */
    int *last_use;                       /* of each layer: the last source that has it */
};

void check_init(struct check *, struct pool *, const struct plan *,
        const double *const *input, bool exact);
void check_free(struct check *);

/* A target's run begins; its steps and outputs follow in order. n floats each, whole batch. */
void check_start(struct check *);
void check_step(struct check *, enum target_id, int step, const float *result, int64_t n);
void check_output(struct check *, enum target_id, int output, const float *result, int64_t n);

/* For --math=strict. The first step, or behind the steps the first output, whose bits differ
 * between two targets; -1: none. And a hash of the bits of all of them. */
int check_bits(const struct check *, enum target_id, enum target_id other);
uint64_t check_hash(const struct check *, enum target_id);

/* The largest difference of an output, as the last target left it, from what double precision
 * makes of the inputs, in terms of the output's largest magnitude. One for each output. */
void check_whole(const struct check *, double *relative);

#endif
