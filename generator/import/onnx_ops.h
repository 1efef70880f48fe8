/* onnx_ops.h: ONNX' operators: what is known of each. onnx_ops.c has the table; docs/onnx.md is
 * made of it. */
#ifndef CNNGEN_IMPORT_ONNX_OPS_H
#define CNNGEN_IMPORT_ONNX_OPS_H

#include "onnx.h"

struct lower;                        /* onnx_lower.h */

/* The dimensions and element types of the node's outputs; inputs are known. False when refused. */
typedef bool onnx_infer_fn(struct onnx *, struct onnx_node *);

/* The data of the node's outputs, whose dimensions are known; all inputs are constants. */
typedef void onnx_fold_fn(struct onnx *, struct onnx_node *);

/* The node's layers. False when refused. */
typedef bool onnx_lower_fn(struct lower *, struct onnx_node *);

/* A function of one number, or of two, for constants; and the layer that computes it. */
struct onnx_function {
    double (*unary)(double);
    double (*binary)(double, double);
    const char *layer;               /* "Add"; of a unary function the name of an activation */
};

enum { ONNX_MANY = 1 << 16 };        /* as many inputs as the model likes */

enum onnx_flag {
    OP_INTS = 1,                     /* takes integers that the network computes, as floats */
    OP_BOOL_OUT = 2,                 /* makes booleans */
    OP_IMAGE = 4,                    /* works on images, [N, C, H, W] */
    OP_CONST = 16,                   /* its first input may be a constant, though others aren't */
    OP_DIMS = 8,                     /* needs its input's dimensions alone, not its data */
    OP_TAKES = 32,                   /* reads a sequence: onnx_take */
};

struct onnx_op {
    const char *type;
    int min_in, max_in;
    onnx_infer_fn *infer;
    onnx_fold_fn *fold;              /* NULL: never of constants alone, or refused then */
    onnx_lower_fn *lower;            /* NULL: is folded always, or refused */
    struct onnx_function function;
    unsigned flags;
    const char *attrs;               /* "axis:i pads:I mode:s alpha:f": all that are known */
    const char *limits;              /* for the table in docs: what is not supported; "": nothing */
};

/* NULL: not in the table. */
const struct onnx_op *onnx_op_find(const char *domain, const char *type);

/* Whether all attributes are known, and of the right kind: one that isn't would be ignored. */
bool onnx_attrs_ok(struct onnx *, struct onnx_node *);

/* The node reads a sequence, and becomes one of tensors. False when refused. */
bool onnx_take(struct onnx *, struct onnx_node *);

/* Why an operator that isn't in the table can't be imported. */
const char *onnx_op_refused(struct onnx *, const struct onnx_node *);

struct out;
void onnx_ops_print(struct out *);   /* docs/onnx.md */

#define ONNX_INFER(name) onnx_infer_fn onnx_infer_##name
ONNX_INFER(same);
ONNX_INFER(elementwise);
ONNX_INFER(where);
ONNX_INFER(cast);
ONNX_INFER(prelu);
ONNX_INFER(conv);
ONNX_INFER(conv_transpose);
ONNX_INFER(pool);
ONNX_INFER(global_pool);
ONNX_INFER(gemm);
ONNX_INFER(matmul);
ONNX_INFER(reduce);
ONNX_INFER(arg);
ONNX_INFER(concat);
ONNX_INFER(split);
ONNX_INFER(slice);
ONNX_INFER(gather);
ONNX_INFER(gather_nd);
ONNX_INFER(scatter_nd);
ONNX_INFER(cum_sum);
ONNX_INFER(einsum);
ONNX_INFER(pad);
ONNX_INFER(transpose);
ONNX_INFER(reshape);
ONNX_INFER(flatten);
ONNX_INFER(squeeze);
ONNX_INFER(unsqueeze);
ONNX_INFER(expand);
ONNX_INFER(tile);
ONNX_INFER(depth_to_space);
ONNX_INFER(space_to_depth);
ONNX_INFER(resize);
ONNX_INFER(grid_sample);
ONNX_INFER(constant);
ONNX_INFER(constant_of_shape);
ONNX_INFER(shape);
ONNX_INFER(size);
ONNX_INFER(has_element);
ONNX_INFER(range);
ONNX_INFER(sequence_construct);
ONNX_INFER(split_to_sequence);
ONNX_INFER(sequence_at);
ONNX_INFER(concat_from_sequence);
#undef ONNX_INFER

#define ONNX_FOLD(name) onnx_fold_fn onnx_fold_##name
ONNX_FOLD(copy);
ONNX_FOLD(unary);
ONNX_FOLD(binary);
ONNX_FOLD(where);
ONNX_FOLD(cast);
ONNX_FOLD(reduce);
ONNX_FOLD(concat);
ONNX_FOLD(split);
ONNX_FOLD(slice);
ONNX_FOLD(gather);
ONNX_FOLD(gather_nd);
ONNX_FOLD(scatter_nd);
ONNX_FOLD(transpose);
ONNX_FOLD(expand);
ONNX_FOLD(tile);
ONNX_FOLD(constant_of_shape);
ONNX_FOLD(shape);
ONNX_FOLD(size);
ONNX_FOLD(has_element);
ONNX_FOLD(range);
#undef ONNX_FOLD

/* ---- what infer, fold and lower of one operator share ---------------------------------------- */

/* The list that newer opsets pass as input i and older ones as an attribute. False when it is
 * neither there, *n being -1; refuses one that isn't constant. */
bool onnx_list(struct onnx *, struct onnx_node *, int i, const char *attr, const int64_t **list,
        int *n);

int64_t onnx_clamp(int64_t n, int64_t low, int64_t high);

/* The axes of a reduction, squeeze ... as a mask; all of them when none are said. */
bool onnx_axes(struct onnx *, struct onnx_node *, const struct onnx_dims *, unsigned *mask);

struct onnx_slice { int64_t begin[ONNX_MAX_RANK], step[ONNX_MAX_RANK], n[ONNX_MAX_RANK]; };
bool onnx_slice_of(struct onnx *, struct onnx_node *, struct onnx_slice *);

/* The order of a Transpose. */
bool onnx_perm(struct onnx *, struct onnx_node *, int perm[ONNX_MAX_RANK]);

/* A window that moves over the spatial dimensions: of Conv, ConvTranspose and the pools. */
struct onnx_window {
    int rank;                        /* spatial dimensions */
    int64_t kernel[ONNX_MAX_RANK], stride[ONNX_MAX_RANK], dilation[ONNX_MAX_RANK];
    int64_t before[ONNX_MAX_RANK], after[ONNX_MAX_RANK];  /* pads */
    int64_t more[ONNX_MAX_RANK];     /* output_padding */
    bool ceil;
};
int64_t onnx_reach(const struct onnx_window *, int i);     /* elements that it spans */

/* kernel: NULL when the attribute says. Resolves auto_pad (and output_shape of ConvTranspose). */
bool onnx_window_of(struct onnx *, struct onnx_node *, const int64_t *kernel,
        struct onnx_window *);

/* The pads of a Pad, a pair for each dimension. */
struct onnx_pads { int64_t before[ONNX_MAX_RANK], after[ONNX_MAX_RANK]; };
bool onnx_pads_of(struct onnx *, struct onnx_node *, struct onnx_pads *);

/* How many parts a Split makes and how large each is. */
bool onnx_parts_of(struct onnx *, struct onnx_node *, int *axis, int64_t *part);

#endif
