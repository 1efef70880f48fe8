/* place.h: where tensors live.
 *
 * place_views turns groups into steps: Reshape becomes another view of the same memory and
 * Concatenate a set of slices that producers write into, or else a copy; halos that kernels need
 * are given to the tensors they read, or to a copy where that can't be (the user's memory, a
 * reshaped tensor). Steps get their views. place_offsets then gives each buffer its place in the
 * arena by lifetime. */
#ifndef CNNGEN_PLACE_H
#define CNNGEN_PLACE_H

#include "group.h"
#include "plan.h"

/* The kernel of a group: select.c's choice. */
typedef const struct kernel *kernel_choice(void *context, const struct group *, const char **why);

void place_views(struct plan *, const struct groups *, kernel_choice *, void *context);
void place_offsets(struct plan *);

#endif
