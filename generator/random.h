/* random.h: weights drawn at random, to try size and speed before training has ended.
 *
 * Every weight has a generator of its own, seeded by (seed, layer, weight): adding a layer leaves
 * the others' values alone. Same values on every platform: integers times one exactly computed
 * factor. */
#ifndef CNNGEN_RANDOM_H
#define CNNGEN_RANDOM_H

#include "graph.h"

struct random { uint64_t state; };

struct random random_seeded(uint64_t seed, const char *layer, const char *weight);
uint64_t random_next(struct random *); /* 64 random bits: splitmix64 */
void random_uniform(struct random *, float a, float *to, int64_t n);  /* in [-a, a) */
void random_near_one(struct random *, float *to, int64_t n);         /* in [0.8, 1.2) */

/* Fills to[shape_size] as w->init says. Kernels get the variance that keeps values of order one
 * behind this layer, through chains of any depth: see kernel_variance. */
void random_weight(const struct graph *, const struct node *, const struct weight *w, uint64_t seed,
        float *to);

#endif
