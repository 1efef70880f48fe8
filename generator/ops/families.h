/* families.h: what node->attr points to, one struct per family of operators. The first fields are
 * the attributes as the user gave them; those below the line are resolved by the shape rule. */
#ifndef CNNGEN_FAMILIES_H
#define CNNGEN_FAMILIES_H

#include "ops.h"

/* Conv2D, DepthwiseConv2D. The kernel is HWIO: [KH, KW, IC/groups, OC]. A depthwise convolution is
 * one with groups == IC and OC == IC * depth_multiplier; its Keras kernel [KH, KW, IC, mult] is the
 * same floats in the same order. Weights: "kernel" (or "depthwise_kernel"), then "bias" if
 * use_bias. */
struct conv2d {
    int filters;             /* OC */
    int kernel[2];           /* KH, KW */
    int strides[2];
    struct padding padding;
    int dilation[2];
    int groups;
    int depth_multiplier;    /* DepthwiseConv2D only */
    bool use_bias;
    /* resolved */
    int pad[4];              /* top bottom left right */
    int in_channels;         /* IC */
};

/* Conv2DTranspose. The kernel is HWOI: [KH, KW, OC, IC]. Output row = input row * SH - pad top +
 * kh. */
struct conv2d_transpose {
    int filters;
    int kernel[2];
    int strides[2];
    struct padding padding;
    int output_padding[2];   /* -1: not given */
    int dilation[2];
    bool use_bias;
    /* resolved */
    int pad[4];
    int in_channels;
};

/* Dense, on the last dimension. Kernel [in, out]. */
struct dense {
    int units;
    bool use_bias;
    /* resolved */
    int in_features;
};

/* The four pooling layers; a global one has the whole image as its window. */
struct pool2d {
    int size[2];             /* 0 0 with strides: as Keras, strides default to the size */
    int strides[2];
    int dilation[2];         /* 1 1 but for a maximum */
    struct padding padding;
    bool ceil_mode;
    bool count_include_pad;  /* average: divide by what lies on the padded input */
    bool keepdims;           /* global */
    /* resolved */
    bool is_max;
    bool is_global;
    int pad[4];              /* with ceil_mode, the last window may reach further */
};

/* y = x * scale[c] + shift[c], c the last dimension: what BatchNormalization, Rescaling and
 * Normalization become. Weights "scale" and "shift" of [C] each. Internal. */
struct affine { int channels; };

/* ReLU, LeakyReLU, ELU, Softplus ..., Activation: node->act says which; this struct holds the
 * arguments until the shape rule has made the activation of them. */
struct activation_args {
    const struct activation *given;  /* of Activation */
    struct floats min_value, max_value;  /* one, or none: no limit */
    float negative_slope, threshold, alpha;
};

/* PReLU: weight "alpha" of the input's shape with 1 in the shared axes (1 is the first, as in
 * Keras). */
struct prelu { struct floats shared_axes; };

/* Add, Subtract ...: two or more inputs, a dimension of 1 stretches. Where has three: condition,
 * then, otherwise. Those behind BIN_AVG are evaluated by pairwise.c. */
enum binary_kind {
    BIN_ADD, BIN_SUB, BIN_MUL, BIN_MAX, BIN_MIN, BIN_AVG, BIN_DIV, BIN_POW, BIN_GREATER,
    BIN_GREATER_EQUAL, BIN_LESS, BIN_LESS_EQUAL, BIN_EQUAL, BIN_NOT_EQUAL, BIN_WHERE
};
struct binary { enum binary_kind kind; };

struct constant { struct shape shape; };  /* weight "value" of that shape */
struct concat { int axis; };             /* resolved: 0 .. rank-1 */
struct softmax { int axis; int dim; bool log; };  /* dim: resolved, 0 .. rank-1 */

/* Weights "gamma" and "beta" as scale and center say; RMSNormalization (rms: no mean is subtracted)
 * has one, "scale". axis: -1, which configurations may write [-1]. */
struct layernorm {
    float epsilon;
    struct indices axis;     /* the last ones */
    bool center, scale;
    /* resolved */
    bool rms;
    int from;                /* dimensions from .. rank-1 are normalized */
};
/* Weights "gamma" and "beta" as scale and center say. */
struct groupnorm {
    int groups;              /* of GroupNormalization; -1: as many as channels */
    float epsilon;
    struct indices axis;
    bool center, scale;
    /* resolved */
    int resolved;            /* groups */
};

/* Windows of `before` channels below and `after` above: resolved, as factor is, alpha / size. */
struct lrn { int size; float alpha, beta, bias; /* resolved */ int before, after; float factor; };
struct batchnorm { float epsilon; struct indices axis; bool center, scale; };
struct rescaling { struct floats scale, offset; };
struct normalization { struct floats mean, variance; struct indices axis; bool invert; };

struct reshape { struct shape target; };  /* Flatten too; resolved: no -1 */
struct permute { struct shape dims; };    /* output dimension i is input dimension dim[i] - 1 */

/* ReduceSum ..., in the order of ops.def, ArgMax and ArgMin. */
enum reduce_kind {
    REDUCE_SUM, REDUCE_MEAN, REDUCE_L1, REDUCE_L2, REDUCE_SUM_SQUARE, REDUCE_LOG_SUM,
    REDUCE_LOG_SUM_EXP, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ARG_MAX, REDUCE_ARG_MIN
};
struct reduce {
    struct indices axes;     /* none: all */
    int axis;                /* of ArgMax and ArgMin */
    bool keepdims;
    bool select_last_index;
    /* resolved */
    enum reduce_kind kind;
    bool reduced[LIMIT_RANK];
};

/* Sums of all elements up to each. */
struct cum_sum {
    int axis;
    bool exclusive;          /* without the element itself */
    bool reverse;            /* from the last one on */
    int dim;                 /* resolved, 0 .. rank-1 */
};

/* One begin, end and step for each dimension; none given: all of it, step 1. */
struct slice {
    struct indices begin, end, step;
    /* resolved: output dimension d is first[d] + i * stride[d] of the input */
    int first[LIMIT_RANK], stride[LIMIT_RANK];
};
struct expand { struct shape shape; };
struct gather {
    struct ints indices;     /* negative: from the end; gather_index counts from the front */
    int axis;
    int dim;                 /* resolved, 0 .. rank-1 */
};
enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_SYMMETRIC, PAD_WRAP };
struct pad { struct pads pads; int mode; float value; };  /* mode: ATTR_WORD, enum pad_mode */
struct tile { struct indices repeats; };

struct border { int border[4]; };         /* ZeroPadding2D, Cropping2D: top bottom left right */
struct upsampling { int size[2]; int bilinear; };/* ATTR_WORD: 0 nearest, 1 bilinear */

/* Resize, as ONNX's. Either size or scales is given; the words are ATTR_WORDs, in this order. */
enum resize_mode { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC };
enum resize_coordinates {
    RESIZE_HALF_PIXEL, RESIZE_HALF_PIXEL_SYMMETRIC, RESIZE_PYTORCH_HALF_PIXEL,
    RESIZE_ALIGN_CORNERS, RESIZE_ASYMMETRIC, RESIZE_TF_HALF_PIXEL_FOR_NN
};
enum resize_nearest {
    RESIZE_ROUND_PREFER_FLOOR, RESIZE_ROUND_PREFER_CEIL, RESIZE_FLOOR, RESIZE_CEIL
};
struct resizing {
    int size[2];             /* of the output; 0 0: not given */
    struct floats scales;
    int mode, coordinates, nearest_mode;
    float cubic_coeff_a;
    bool exclude_outside;
    /* resolved */
    double scale[2];         /* as given; 0: the ratio of the sizes */
};

int gather_index(const struct node *, int i);   /* which element of the input is the output's i */

/* Where element o of the output's `out` lies along an axis (0 height, 1 width) of `in` elements:
 * 0 is the centre of the first, or its edge, as the coordinates have it. */
double resize_origin(const struct resizing *, int axis, int in, int out, int o);

/* The element that is nearest to a place, before it is clamped; and Keys' cubic kernel, the weight
 * of an element at distance d. */
double resize_nearest(const struct resizing *, double at);
double resize_cubic(const struct resizing *, double d);

/* GridSample, as ONNX's; the words are ATTR_WORDs, in this order. */
enum grid_mode { GRID_LINEAR, GRID_NEAREST, GRID_CUBIC };
enum grid_padding { GRID_ZEROS, GRID_BORDER, GRID_REFLECTION };
struct grid_sampling { int mode, padding; bool align_corners; };

struct blocks { int block_size, mode; };  /* DepthToSpace, SpaceToDepth; ATTR_WORD: 0 dcr, 1 crd */
struct separable {     /* SeparableConv2D: becomes depthwise and pointwise */
    struct conv2d conv; /* filters of the pointwise, the rest of the depthwise */
};

/* Dropout, noise, regularization: nothing is left of them when a network runs. */
struct training_only { float rate, stddev, l1, l2; struct floats noise_shape, seed; };

struct input {
    struct shape shape;
    int dtype;                 /* ATTR_WORD: float32, uint8 */
    int layout;                /* enum input_layout */
};

enum input_layout { LAYOUT_NHWC, LAYOUT_NCHW };

bool input_is_nchw(const struct node *);  /* an Input of that layout */

/* How the program's caller gives an image: [C, H, W] for LAYOUT_NCHW, else the input's shape. */
struct shape input_given(const struct node *input);

/* Puts an image from that order into the order of the input's shape. */
void input_arrange(const struct node *input, const double *given, double *to);

#endif
