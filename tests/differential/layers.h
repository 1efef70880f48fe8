/* layers.h: the kinds of layers that random_spec draws from. */
#ifndef LAYERS_H
#define LAYERS_H

#include "network.h"

/* Prints layers that read x, the last one of the kind, and adds what they make. 0 where x is not
 * for it or the network would grow too large: nothing is printed then. */
typedef int layer_fn(struct tensor *x);

/* layers_2d.c */
layer_fn conv, depthwise, transpose, pool, global_pool, border, upsample, blocks, resize,
        grid_sample;

/* layers_any.c */
layer_fn unary, function, clip, reshape, dense, binary, concat, stretched, quotient, compare, where;

/* layers_dims.c */
layer_fn reduce, arg, slice, gather, cum_sum, pad, tile, expand, volume, matmul, softmax, norm;

/* layers_1d.c */
layer_fn conv1d, depthwise1d, transpose1d, pool1d, line;

/* layers_nets.c */
layer_fn residual, inverted, excitation, branches, growing, hourglass, shuffle, attention;

#endif
