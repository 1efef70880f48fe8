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

/* G g G', points x points, of the kernel whose elements are `step` apart. */
void winograd_weights(int points, int r, const float *kernel, int64_t step, double *u);

/* Replaces the error bounds in out, those of a convolution whose sums are of products as they
 * stand, by those of the same convolution on tiles of points x points, before any activation. */
void winograd_bound(const struct node *, int points, const struct tval *in, struct tval *out);

#endif
