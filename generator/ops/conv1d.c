/* Conv1D, DepthwiseConv1D, SeparableConv1D and Conv1DTranspose, on [length, channels]. */
#include "one_dimension.h"

/* The words' indices are those of struct padding's kinds; causal becomes its border. */
static const char *const paddings[] = {"valid", "same", "causal", NULL};
static const char *const transpose_paddings[] = {"valid", "same", NULL};

/* Resolves the height and, unless it is 0, the length of the output. */
static int conv_length(struct graph *g, struct node *node, struct conv2d *c, struct diag *diag)
{
    struct span1d s = {"kernel_size", "kernel", c->kernel[1], c->strides[1], c->dilation[1],
                       &c->padding, c->pad};

    c->kernel[0] = c->strides[0] = c->dilation[0] = 1;
    if (c->padding.kind == PAD_EXPLICIT)
        c->padding.border[2] = (c->kernel[1] - 1) * c->dilation[1];
    c->in_channels = in_shape(node, 0)->dim[1];
    return resolve_length(g, node, &s, diag);
}

/* Keras' kernel of a signal; PyTorch has the dimensions the other way round. */
static void add_kernel(struct node *node, const char *name, const char *torch_name, const int *dim,
                       int64_t fan_in)
{
    struct weight *w = add_weight(node, name, torch_name, shape_of(3, dim));

    for (int i = 0; i < 3; i++)
        w->torch_order[i] = (int8_t)(2 - i);
    w->init = INIT_KERNEL;
    w->fan_in = fan_in;
}

/* ---- attributes ------------------------------------------------------------------------------ */

#define KERNEL_SIZE(type) \
    {"kernel_size", ATTR_INT, AT(type, kernel[1]), NULL, 1, MAX_WINDOW, NULL, \
     "steps that the kernel covers"}
#define STRIDES_PADDING_DILATION \
    {"strides", ATTR_INT, AT(conv2d, strides[1]), "1", 1, MAX_WINDOW, NULL, \
     "how far the kernel moves"}, \
    {"padding", ATTR_WORD, AT(conv2d, padding.kind), "valid", 0, 0, paddings, \
     "valid (none), same (as TensorFlow: an odd step goes behind), or causal: all of it in front; " \
     "other paddings are a ZeroPadding1D"}, \
    DILATION(conv2d)
#define DILATION(type) \
    {"dilation_rate", ATTR_INT, AT(type, dilation[1]), "1", 1, MAX_WINDOW, NULL, \
     "distance between the elements of the kernel"}
#define FILTERS(type) \
    {"filters", ATTR_INT, AT(type, filters), NULL, 1, MAX_EXTENT, NULL, "output channels"}
#define DEPTH_MULTIPLIER \
    {"depth_multiplier", ATTR_INT, AT(conv2d, depth_multiplier), "1", 1, MAX_EXTENT, NULL, \
     "output channels of the depthwise convolution for each input channel"}

/* ---- Conv1D ---------------------------------------------------------------------------------- */

static void conv_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct conv2d *c = node->attr;
    int length;

    if (!need_rank(node, 0, 2, diag) || !check_groups(g, node, c, diag))
        return;
    if ((length = conv_length(g, node, c, diag)) > 0)
        set_shape(g, node, shape_of(2, (int[]){length, c->filters}), diag);
}

/* Keras' [K, IC / groups, OC], PyTorch's [OC, IC / groups, K]. */
static void conv_weights(struct graph *g, struct node *node)
{
    const struct conv2d *c = node->attr;
    int dim[] = {c->kernel[1], c->in_channels / c->groups, c->filters};

    (void)g;
    add_kernel(node, "kernel", "weight", dim,
               saturated_product((int64_t[]){dim[0], dim[1]}, 2));
    if (c->use_bias)
        add_bias(node, c->filters);
}

static int64_t conv_macs(const struct node *node)
{
    return op_conv2d.macs(node);
}

static const struct attr_def conv_attrs[] = {
    FILTERS(conv2d),
    KERNEL_SIZE(conv2d),
    STRIDES_PADDING_DILATION,
    {"groups", ATTR_INT, AT(conv2d, groups), "1", 1, MAX_EXTENT, NULL,
     "parts of the channels that are convolved separately; divides input channels and filters"},
    ATTRS_ACTIVATION,
    ATTRS_USE_BIAS(conv2d),
    ATTRS_END
};

const struct op_def op_conv1d = {
    .type = "Conv1D", .alias = "Convolution1D", .stem = "conv1d",
    .doc = "convolution along [length, channels] (cross-correlation: the kernel is not flipped)",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct conv2d), .attrs = conv_attrs, .has_activation = true,
    .shape = conv_shape, .weights = conv_weights, .macs = conv_macs, .eval = height_eval,
    .lower = height_lower,
};

/* ---- DepthwiseConv1D ------------------------------------------------------------------------- */

static void depthwise_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct conv2d *c = node->attr;
    int length;

    if (!need_rank(node, 0, 2, diag) || !(c->filters = depthwise_channels(g, node, c, diag)))
        return;
    c->groups = in_shape(node, 0)->dim[1];
    if ((length = conv_length(g, node, c, diag)) > 0)
        set_shape(g, node, shape_of(2, (int[]){length, c->filters}), diag);
}

/* Keras' [K, IC, mult]; PyTorch's [IC * mult, 1, K] is [IC, mult, K] in memory. */
static void add_depthwise_kernel(struct node *node, const char *name, const char *torch_name,
                                 const struct conv2d *c)
{
    int dim[] = {c->kernel[1], c->in_channels, c->depth_multiplier};

    add_kernel(node, name, torch_name, dim, c->kernel[1]);
}

static void depthwise_weights(struct graph *g, struct node *node)
{
    const struct conv2d *c = node->attr;

    (void)g;
    add_depthwise_kernel(node, "kernel", "weight", c);
    if (c->use_bias)
        add_bias(node, c->filters);
}

static const struct attr_def depthwise_attrs[] = {
    KERNEL_SIZE(conv2d),
    STRIDES_PADDING_DILATION,
    DEPTH_MULTIPLIER,
    ATTRS_ACTIVATION,
    ATTRS_USE_BIAS(conv2d),
    ATTRS_END
};

const struct op_def op_depthwise_conv1d = {
    .type = "DepthwiseConv1D", .alias = "DepthwiseConvolution1D", .stem = "depthwise_conv1d",
    .doc = "convolution along [length, channels] of each channel with kernels of its own",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct conv2d), .attrs = depthwise_attrs, .has_activation = true,
    .shape = depthwise_shape, .weights = depthwise_weights, .macs = conv_macs, .eval = height_eval,
    .lower = height_lower,
};

/* ---- SeparableConv1D ------------------------------------------------------------------------- */

static void separable_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct conv2d *c = &((struct separable *)node->attr)->conv;
    int length, between;

    if (!need_rank(node, 0, 2, diag) || !(between = depthwise_channels(g, node, c, diag)))
        return;
    c->groups = 1;
    if ((length = conv_length(g, node, c, diag)) > 0 &&
        separable_fits(g, node, shape_of(2, (int[]){length, between}), diag))
        set_shape(g, node, shape_of(2, (int[]){length, c->filters}), diag);
}

static void separable_weights(struct graph *g, struct node *node)
{
    const struct conv2d *c = &((struct separable *)node->attr)->conv;
    int dim[] = {1, c->in_channels * c->depth_multiplier, c->filters};

    (void)g;
    add_depthwise_kernel(node, "depthwise_kernel", "depthwise.weight", c);
    add_kernel(node, "pointwise_kernel", "pointwise.weight", dim, dim[1]);
    if (c->use_bias)
        add_weight(node, "bias", "pointwise.bias", vector_shape(c->filters))->init = INIT_SPREAD;
}

static int64_t separable_macs(const struct node *node)
{
    const struct conv2d *c = &((struct separable *)node->attr)->conv;
    int64_t middle[] = {node->out->shape.dim[0], c->in_channels, c->depth_multiplier};
    int64_t factor[] = {saturated_product(middle, 3), (int64_t)c->kernel[1] + c->filters};

    return saturated_product(factor, 2);
}

_Static_assert(offsetof(struct separable, conv) == 0, "the rows below are those of struct conv2d");

static const struct attr_def separable_attrs[] = {
    FILTERS(conv2d),
    KERNEL_SIZE(conv2d),
    STRIDES_PADDING_DILATION,
    DEPTH_MULTIPLIER,
    ATTRS_ACTIVATION,
    ATTRS_USE_BIAS(conv2d),
    ATTRS_END
};

const struct op_def op_separable_conv1d = {
    .type = "SeparableConv1D", .alias = "SeparableConvolution1D", .stem = "separable_conv1d",
    .doc = "depthwise convolution along [length, channels], followed by one of kernel size 1",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct separable), .attrs = separable_attrs, .has_activation = true,
    .shape = separable_shape, .weights = separable_weights, .macs = separable_macs,
    .eval = height_eval, .lower = height_lower,
};

/* ---- Conv1DTranspose ------------------------------------------------------------------------- */

static void transpose_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct conv2d_transpose *c = node->attr;
    const struct shape *in = in_shape(node, 0);
    int64_t length;

    c->kernel[0] = c->strides[0] = c->dilation[0] = 1;
    c->output_padding[0] = -1;
    if (!need_rank(node, 0, 2, diag) || !check_output_padding(g, node, c, diag))
        return;
    c->in_channels = in->dim[1];
    length = transpose_extent(c, 1, in->dim[0], c->pad + 2);
    if (length < 1) {
        diag_error(diag, DIAG_EMPTY_OUTPUT, node_attr_at(node, "padding"),
                   "layer %s cuts off all of its result: nothing would remain of its input %s",
                   node_title(g, node), input_words(g, node, 0, diag));
        note_maker(g, node, 0, diag);
    } else if (length > MAX_EXTENT) {
        diag_error(diag, DIAG_TENSOR_TOO_LARGE, node->at, "layer %s would make %lld steps",
                   node_title(g, node), (long long)length);
    } else {
        set_shape(g, node, shape_of(2, (int[]){(int)length, c->filters}), diag);
    }
}

/* Keras' [K, OC, IC], PyTorch's [IC, OC, K]. */
static void transpose_weights(struct graph *g, struct node *node)
{
    const struct conv2d_transpose *c = node->attr;
    int dim[] = {c->kernel[1], c->filters, c->in_channels};

    (void)g;
    add_kernel(node, "kernel", "weight", dim, transpose_products(c));
    if (c->use_bias)
        add_bias(node, c->filters);
}

static int64_t transpose_macs(const struct node *node)
{
    return op_conv2d_transpose.macs(node);
}

static const struct attr_def transpose_attrs[] = {
    FILTERS(conv2d_transpose),
    KERNEL_SIZE(conv2d_transpose),
    {"strides", ATTR_INT, AT(conv2d_transpose, strides[1]), "1", 1, MAX_WINDOW, NULL,
     "distance of the input's elements in the output"},
    {"padding", ATTR_WORD, AT(conv2d_transpose, padding.kind), "valid", 0, 0, transpose_paddings,
     "valid, or same (the result is strides times the input); other paddings are a Cropping1D"},
    {"output_padding", ATTR_INT, AT(conv2d_transpose, output_padding[1]), "-1", -1, MAX_WINDOW,
     NULL, "steps more at the end, below strides; -1 leaves it to the padding"},
    DILATION(conv2d_transpose),
    ATTRS_ACTIVATION,
    ATTRS_USE_BIAS(conv2d_transpose),
    ATTRS_END
};

const struct op_def op_conv1d_transpose = {
    .type = "Conv1DTranspose", .alias = "Convolution1DTranspose", .stem = "conv1d_transpose",
    .doc = "transposed convolution along [length, channels], which lengthens by its strides",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct conv2d_transpose), .attrs = transpose_attrs, .has_activation = true,
    .shape = transpose_shape, .weights = transpose_weights, .macs = transpose_macs,
    .eval = height_eval, .lower = height_lower,
};
