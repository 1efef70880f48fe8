/* axes.h: the dimensions of a tensor as loops, for kernels that treat some of them apart. */
#ifndef CNNGEN_KERNELS_AXES_H
#define CNNGEN_KERNELS_AXES_H

#include "elementwise.h"

enum { AXES = 5 };  /* batch and four dimensions */

/* A dimension: its extent and its pitches in input and output. */
struct axis { int64_t n, x, y; bool reduced, batch; };

/* Those of more than one element, neighbours joined where they are one to the eye of a loop, but for the batch,
 * so that units go image by image; the last is contiguous and of an image, a dimension of 1 if need be. */
struct axes { struct axis at[AXES + 1]; int n; };

void add_axis(struct axes *, struct axis);  /* from the outermost to the innermost */
void end_axes(struct axes *);

/* "{7, 160, 32}, {4, 32, 8}": extents and pitches of the outer axes of a kind, "none" if there are
 * none, their number in *count, and in *product what they come to. */
const char *axes_table(struct pool *, const struct axes *, bool reduced, int *count,
        int64_t *product);

#endif
