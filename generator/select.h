/* select.h: which kernel computes a group.
 *
 * Of the kernels that take a group, the one with the least worst regret over the targets that judge
 * (plan_judges): a kernel's regret on a target is its predicted time over the best kernel's there.
 * Kernels that are fast because they store weights transformed, which takes more room, then make way
 * where they gain the least for their bytes, until all packed weights together are within
 * plan_options.max_weight_growth.
 *
 * Where plan.tuning has times of all kernels that take a group, on one of the targets, these stand
 * for the predictions of that target, and only targets with such times decide about the group. */
#ifndef CNNGEN_SELECT_H
#define CNNGEN_SELECT_H

#include "group.h"
#include "kernel.h"

/* By default, models that are small anyway may grow by more than the factor, to so many bytes. */
enum { FREE_WEIGHT_BYTES = 4 << 20 };

struct choice {
    const struct group *group;
    const struct kernel *kernel;
    const char *why;               /* in words */
};

struct choices { VEC(struct choice) list; };

/* A choice for each group that a kernel takes: views alone do for the others (place.h). */
struct choices select_kernels(struct plan *, const struct groups *, const struct plan_options *);

/* The kernel of a group that came later: the one of least regret. bug() when there is none. */
struct choice select_kernel(struct plan *, const struct group *);

/* Whether one step for the whole group has less worst regret over the targets than one for each of
 * its parts: without the max pooling and that, or the stages. Some kernel takes the group. */
bool select_pooled(const struct group *, int64_t batch, unsigned set);
bool select_staged(const struct group *, int64_t batch, unsigned set);

#endif
