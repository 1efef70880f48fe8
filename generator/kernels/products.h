/* products.h: how kernels cut a product of matrices into tiles that stay in registers. */
#ifndef CNNGEN_KERNELS_PRODUCTS_H
#define CNNGEN_KERNELS_PRODUCTS_H

#include "cut.h"

/* One product of matrices, its rows and its vectors of columns in tiles. */
struct tiling {
    struct cut rows, vectors;
    double cycles;           /* by the model, on the fastest CPU of the target */
};

/* The tiling of [m, k] by [k, n] with the fewest cycles. */
struct tiling tile_products(const struct target *, int m, int n, int k);

#endif
