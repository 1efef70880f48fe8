/* select.h: which kernel computes a group. */
#ifndef CNNGEN_SELECT_H
#define CNNGEN_SELECT_H

#include "kernel.h"

/* The kernel with the least worst regret over the targets: a kernel's regret on a target is its predicted
 * time over the best kernel's there. *why says so in words. bug() when no kernel takes the group. */
const struct kernel *select_kernel(struct pool *, const struct group *, int64_t batch, unsigned set,
        const char **why);

/* Whether one step for the whole group, max pooling included, has less worst regret over the targets
 * than one without the pooling and another for it. Some kernel takes the group. */
bool select_pooled(const struct group *, int64_t batch, unsigned set);

#endif
