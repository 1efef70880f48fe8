/* opt_pass.h: the passes of optimise, in the files that have them; opt.c has their order. Each is
 * called for every node that is there when the pass begins; it may remove that node, and add
 * others. */
#ifndef CNNGEN_OPT_PASS_H
#define CNNGEN_OPT_PASS_H

#include "graph.h"

typedef void pass_fn(struct graph *, struct node *);

/* opt_layer.c */
pass_fn opt_split_activation, opt_lower, opt_drop_unused_constant, opt_drop_identity,
        opt_merge_padding, opt_dense_to_convolution;

/* opt_shape.c */
pass_fn opt_lift_over_reshape, opt_merge_reshapes, opt_read_inputs;

/* opt_affine.c */
pass_fn opt_merge_affines, opt_fold_behind, opt_fold_before;

#endif
