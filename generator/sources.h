/* sources.h: from which layers' values a step of the plan computes.
 *
 * Between these and its result lie the layers that the step does, one or a chain of them. */
#ifndef CNNGEN_SOURCES_H
#define CNNGEN_SOURCES_H

#include "plan.h"

/* Layers, as indices in graph->layer, whose values are in memory when the step runs. */
struct sources { VEC(int) layer; };

struct sources sources_of_step(struct pool *, const struct plan *, const struct step *);

/* The same of what is in memory for a tensor. */
struct sources sources_of_tensor(struct pool *, const struct plan *, const struct tensor *);

bool sources_have(const struct sources *, int layer);

#endif
