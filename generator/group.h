/* group.h: the nodes of an optimised graph gathered into groups, one kernel call each, in order.
 *
 * A group starts with one node and grows along its only consumer as long as some kernel computes
 * the longer chain: conv2d, then a residual add, an activation, a scale and shift, and max pooling
 * where that pays. Then neighbours become stages of one group where a step for all of them is
 * faster: a depthwise convolution with pointwise ones. Every node that computes is in exactly one
 * group. Reshape and Concatenate may need no code at all: place decides. */
#ifndef CNNGEN_GROUP_H
#define CNNGEN_GROUP_H

#include "plan.h"

struct groups { VEC(struct group *) list; };

/* The set of targets decides whether fused pooling pays. */
struct groups group_nodes(struct pool *, const struct graph *, enum math_mode, unsigned set);

const char *group_text(struct pool *, const struct group *);  /* "conv2d + relu" */

/* What its kernels' times depend on, in words: operators with their arguments, shapes, the batch;
 * equal for equal groups of any network. */
const char *group_signature(struct pool *, const struct group *, int64_t batch);

int64_t group_macs(const struct group *);

#endif
