/* tflite_ops.h: TFLite's operators: what is known of each. tflite_ops.c has the table; docs/tflite.md
 * is made of it. */
#ifndef CNNGEN_IMPORT_TFLITE_OPS_H
#define CNNGEN_IMPORT_TFLITE_OPS_H

#include "tflite.h"

/* The node's layers. False when refused. */
typedef bool tflite_lower_fn(struct tflite *, struct tflite_node *);

enum tflite_flag {
    TOP_BOOL_IN = 1,                 /* takes booleans, as 0 and 1 */
    TOP_BOOL_OUT = 2,                /* makes them */
    TOP_BYTES_IN = 4,                /* takes an image of bytes */
    TOP_INT_OUT = 8,                 /* makes integers, which become floats */
    TOP_INT_IN = 16,                 /* takes integers that the network computes */
    TOP_KEEPS = 32,                  /* its result's integers are its first input's */
};

struct tflite_op {
    int code;                        /* the schema's number */
    const char *type;                /* "CONV_2D" */
    int min_in, max_in, out;         /* operands; out -1: any number */
    int act;                         /* the field of the options with a fused activation; -1: none */
    tflite_lower_fn *lower;
    const char *layer;               /* what the lowering makes of it, or is told; NULL */
    unsigned flags;
    const char *limits;              /* for the table in docs: what is not supported; "": nothing */
};

const struct tflite_op *tflite_op_find(int code);              /* NULL: not in the table */
const char *tflite_op_name(struct pool *, int code);           /* of any operator */
const char *tflite_op_refused(const struct tflite_node *);     /* why it isn't in the table */

struct out;
void tflite_ops_print(struct out *);                           /* docs/tflite.md */

#define TFLITE_LOWER(name) tflite_lower_fn tflite_lower_##name
TFLITE_LOWER(conv);
TFLITE_LOWER(depthwise);
TFLITE_LOWER(space_to_batch);
TFLITE_LOWER(transpose_conv);
TFLITE_LOWER(fully_connected);
TFLITE_LOWER(matmul);
TFLITE_LOWER(pool);
TFLITE_LOWER(reduce);
TFLITE_LOWER(arg);
TFLITE_LOWER(activation);
TFLITE_LOWER(leaky_relu);
TFLITE_LOWER(prelu);
TFLITE_LOWER(gelu);
TFLITE_LOWER(softmax);
TFLITE_LOWER(binary);
TFLITE_LOWER(squared_difference);
TFLITE_LOWER(add_n);
TFLITE_LOWER(select);
TFLITE_LOWER(logical_not);
TFLITE_LOWER(pow);
TFLITE_LOWER(cast);
TFLITE_LOWER(concatenation);
TFLITE_LOWER(reshape);
TFLITE_LOWER(transpose);
TFLITE_LOWER(pad);
TFLITE_LOWER(slice);
TFLITE_LOWER(strided_slice);
TFLITE_LOWER(tile);
TFLITE_LOWER(split);
TFLITE_LOWER(pack);
TFLITE_LOWER(unpack);
TFLITE_LOWER(depth);
TFLITE_LOWER(resize_bilinear);
TFLITE_LOWER(resize_nearest);
TFLITE_LOWER(lrn);
TFLITE_LOWER(l2_norm);
TFLITE_LOWER(l2_pool);
TFLITE_LOWER(cum_sum);
TFLITE_LOWER(gather);
TFLITE_LOWER(gather_nd);
TFLITE_LOWER(one_hot);
TFLITE_LOWER(reverse);
TFLITE_LOWER(broadcast);
TFLITE_LOWER(floor_div);
TFLITE_LOWER(relu_0_to_1);
TFLITE_LOWER(folded);
#undef TFLITE_LOWER

#endif
