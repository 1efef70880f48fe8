/* winograd.h: the algebra of Winograd's minimal filtering (Lavin and Gray, Fast Algorithms for
 * Convolutional Neural Networks, 2016; Barabasz and others, Error Analysis and Improving the
 * Accuracy of Winograd Convolution for Deep Neural Networks, 2020).
 *
 * A tile of m x m outputs Y of a kernel g of r x r, r = points - m + 1, comes from points x points
 * inputs d:  Y = A' (G g G' o B' d B) A, o being the product of elements. */
#ifndef CNNGEN_KERNELS_WINOGRAD_H
#define CNNGEN_KERNELS_WINOGRAD_H

#include "../ops.h"
#include "../ops/families.h"

enum { WINOGRAD_POINTS = 6 };  /* at most */

struct winograd {
    int points, m, r;
    double g[WINOGRAD_POINTS][WINOGRAD_POINTS];   /* G, points x r */
    double b[WINOGRAD_POINTS][WINOGRAD_POINTS];   /* B', points x points */
    double a[WINOGRAD_POINTS][WINOGRAD_POINTS];   /* A', m x points */
};

/* The transforms of kernels of r x r: those of Toom and Cook, interpolation at the points, the last of
 * them infinity. */
struct winograd winograd_transform(int points, int r);

/* u = G g G', points x points, of the kernel g whose elements are `step` apart. */
void winograd_weights(const struct winograd *, const float *kernel, int64_t step, double *u);

/* Replaces the error bounds in out, those of a convolution whose sums are of products as they
 * stand, by those of the same convolution on tiles of points x points, before any activation. */
void winograd_bound(const struct node *, int points, const struct tval *in, struct tval *out);

#endif
