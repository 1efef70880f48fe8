/* winograd.h: the algebra of Winograd's minimal filtering (Lavin and Gray, Fast Algorithms for
 * Convolutional Neural Networks, 2016; Barabasz and others, Error Analysis and Improving the
 * Accuracy of Winograd Convolution for Deep Neural Networks, 2020).
 *
 * Down and across the image alike: m outputs of a kernel of r taps, r = points - m + 1, come from `points`
 * inputs. A tile of m x m' outputs Y of a kernel g of r x r' comes from points x points' inputs d:
 * Y = A' (G g G' o B' d B) A, o being the product of elements. A kernel of more taps is cut to pieces of
 * r x r', the last ones filled with zeros, whose products are added before they are transformed back. An
 * axis of one tap has one point. With dilation a tile's pixels are as far apart as the kernel's. */
#ifndef CNNGEN_KERNELS_WINOGRAD_H
#define CNNGEN_KERNELS_WINOGRAD_H

#include "../ops.h"
#include "../ops/families.h"

enum { WINOGRAD_POINTS = 6 };  /* at most */

struct winograd_axis { int points, m, r, pieces, dilation; };

struct winograd {
    struct winograd_axis axis[2];                    /* rows, columns */
    double g[2][WINOGRAD_POINTS][WINOGRAD_POINTS];   /* G of each axis, points x r */
    double b[2][WINOGRAD_POINTS][WINOGRAD_POINTS];   /* B', points x points */
    double a[2][WINOGRAD_POINTS][WINOGRAD_POINTS];   /* A', m x points */
};

/* How a convolution's axis is computed with tiles of `points` inputs, 4 or 6: in the pieces that take the fewest
 * multiplications. */
struct winograd_axis winograd_axis(const struct conv2d *, int axis, int points);

/* Tiles along an axis of so many outputs, and the first output of one: with dilation d, tile i has the outputs
 * start, start + d, start + 2 d ... Every tile has one at least. */
int winograd_tiles(const struct winograd_axis *, int outputs);
int winograd_start(const struct winograd_axis *, int tile);

/* The transforms of a convolution: those of Toom and Cook, interpolation at the points, the last of them infinity. */
struct winograd winograd_transforms(const struct conv2d *, int points);

/* u = G g G', points x points', of a piece of the kernel whose elements are `step` apart. Pieces are counted along
 * the rows. */
void winograd_weights(const struct winograd *, const struct conv2d *, int piece, const float *kernel, int64_t step,
        double *u);

/* Replaces the error bounds in out, those of a convolution whose sums are of products as they
 * stand, by those of the same convolution on tiles of `points`, before any activation. */
void winograd_bound(const struct node *, int points, const struct tval *in, struct tval *out);

#endif
