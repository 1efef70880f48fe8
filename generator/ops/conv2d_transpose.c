/* Conv2DTranspose: the gradient of a convolution with respect to its input. Input row i and kernel
 * row k meet in output row i * SH - pad top + k * DH. */
#include "common.h"

#include <stdlib.h>

/* ---- shapes ---------------------------------------------------------------------------------- */

/* One axis as Keras has it. With output_padding, `same` stands for a padding of half the kernel at
 * each end; without it, the output is `strides` times the input and the padding is what the
 * convolution from there would have. */
int64_t transpose_extent(const struct conv2d_transpose *c, int axis, int in, int pad[2])
{
    int64_t s = c->strides[axis];
    int64_t reach = (int64_t)(c->kernel[axis] - 1) * c->dilation[axis] + 1;
    int64_t full = (in - 1) * s + reach;
    int64_t more = c->output_padding[axis];
    bool same = c->padding.kind == PAD_SAME;
    int64_t length;
    int64_t crop;

    pad[0] = c->padding.kind == PAD_EXPLICIT ? c->padding.border[2 * axis] : 0;
    pad[1] = c->padding.kind == PAD_EXPLICIT ? c->padding.border[2 * axis + 1] : 0;
    if (c->padding.kind == PAD_EXPLICIT)
        return full - pad[0] - pad[1] + (more < 0 ? 0 : more);
    if (more < 0)
        length = same ? in * s : in * s + (reach > s ? reach - s : 0);
    else
        length = same ? (in - 1) * s + reach % 2 + more : full + more;
    crop = same && full > length ? full - length : 0;
    pad[0] = (int)(crop / 2);
    pad[1] = (int)(crop - crop / 2);
    return length;
}

bool check_output_padding(struct graph *g, struct node *node, const struct conv2d_transpose *c,
                          struct diag *diag)
{
    for (int a = 0; a < 2; a++)
        if (c->output_padding[a] >= c->strides[a]) {
            diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "output_padding"),
                       "output_padding %d of layer %s must be less than its strides, %d",
                       c->output_padding[a], node_title(g, node), c->strides[a]);
            return false;
        }
    return true;
}

static void transpose_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct conv2d_transpose *c = node->attr;
    int64_t out[2];

    if (!need_rank(node, 0, 3, diag) || !check_output_padding(g, node, c, diag))
        return;
    c->in_channels = in_shape(node, 0)->dim[2];
    for (int a = 0; a < 2; a++)
        out[a] = transpose_extent(c, a, in_shape(node, 0)->dim[a], c->pad + 2 * a);
    if (out[0] < 1 || out[1] < 1) {
        diag_error(diag, DIAG_EMPTY_OUTPUT, node_attr_at(node, "padding"),
                   "layer %s cuts off all of its result: %lldx%lld would remain of the input %s",
                   node_title(g, node), (long long)out[0], (long long)out[1],
                   input_words(g, node, 0, diag));
        note_maker(g, node, 0, diag);
    } else if (out[0] > MAX_EXTENT || out[1] > MAX_EXTENT) {
        diag_error(diag, DIAG_TENSOR_TOO_LARGE, node->at, "layer %s would make %lldx%lld pixels",
                   node_title(g, node), (long long)out[0], (long long)out[1]);
    } else {
        set_shape(g, node, image_shape((int)out[0], (int)out[1], c->filters), diag);
    }
}

/* ---- weights and cost ------------------------------------------------------------------------ */

static int gcd(int a, int b)
{
    return b ? gcd(b, a % b) : a;
}

/* Kernel elements of one axis that an output element meets at most. */
static int met(const struct conv2d_transpose *c, int axis)
{
    int period = c->strides[axis] / gcd(c->strides[axis], c->dilation[axis]);

    return (c->kernel[axis] + period - 1) / period;
}

int64_t transpose_products(const struct conv2d_transpose *c)
{
    int64_t factor[] = {met(c, 0), met(c, 1), c->in_channels};

    return saturated_product(factor, 3);
}

static void transpose_weights(struct graph *g, struct node *node)
{
    static const int8_t torch_order[LIMIT_RANK] = {3, 2, 0, 1};  /* [IC, OC, KH, KW] */
    const struct conv2d_transpose *c = node->attr;
    int dim[] = {c->kernel[0], c->kernel[1], c->filters, c->in_channels};
    struct weight *w = add_weight(node, "kernel", "weight", shape_of(4, dim));

    (void)g;
    for (int i = 0; i < LIMIT_RANK; i++)
        w->torch_order[i] = torch_order[i];
    w->init = INIT_KERNEL;
    w->fan_in = transpose_products(c);
    if (c->use_bias)
        add_bias(node, c->filters);
}

static int64_t transpose_macs(const struct node *node)
{
    const struct conv2d_transpose *c = node->attr;
    int64_t factor[] = {shape_size(in_shape(node, 0)), c->kernel[0], c->kernel[1], c->filters};

    return saturated_product(factor, 4);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* [KH, KW, OC, IC] as [KH, KW, IC, OC]. */
static float *swap_channels(const struct conv2d_transpose *c, const float *kernel)
{
    int ic = c->in_channels;
    int oc = c->filters;
    int taps = c->kernel[0] * c->kernel[1];
    float *w = malloc((size_t)taps * (size_t)ic * (size_t)oc * sizeof *w);

    if (!w)
        die("out of memory");
    for (int k = 0; k < taps; k++)
        for (int o = 0; o < oc; o++)
            for (int i = 0; i < ic; i++)
                w[((int64_t)k * ic + i) * oc + o] = kernel[((int64_t)k * oc + o) * ic + i];
    return w;
}

/* The input index that meets output index o at kernel index k, -1 if none does. */
static int source_index(const struct conv2d_transpose *c, int axis, int in, int o, int k)
{
    int at = o + c->pad[2 * axis] - k * c->dilation[axis];

    if (at < 0 || at % c->strides[axis] || at / c->strides[axis] >= in)
        return -1;
    return at / c->strides[axis];
}

static void transpose_pixel(const struct conv2d_transpose *c, const float *w, const struct tval *in,
                            const double *t, int oh, int ow, double *v, double *e)
{
    for (int kh = 0; kh < c->kernel[0]; kh++) {
        int ih = source_index(c, 0, in->shape.dim[0], oh, kh);

        for (int kw = 0; ih >= 0 && kw < c->kernel[1]; kw++) {
            int iw = source_index(c, 1, in->shape.dim[1], ow, kw);
            int64_t x = ((int64_t)ih * in->shape.dim[1] + iw) * c->in_channels;
            int64_t row = (int64_t)(kh * c->kernel[1] + kw) * c->in_channels;

            for (int i = 0; iw >= 0 && i < c->in_channels; i++)
                add_products(c->filters, in->v[x + i], t[x + i], w + (row + i) * c->filters, v, e);
        }
    }
}

static void transpose_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct conv2d_transpose *c = node->attr;
    const float *bias = weight_data(node, "bias");
    double k = (double)transpose_products(c);
    double *t = product_errors(in, sum_error(k, 1));
    float *w = swap_channels(c, weight_data(node, "kernel"));
    int64_t at = 0;

    for (int oh = 0; oh < out->shape.dim[0]; oh++)
        for (int ow = 0; ow < out->shape.dim[1]; ow++, at += c->filters) {
            start_sums(c->filters, bias, k, out->v + at, out->e + at);
            transpose_pixel(c, w, in, t, oh, ow, out->v + at, out->e + at);
        }
    free(w);
    free(t);
    bound_sums(out, sum_error(k, 1));
}

/* ---- definition ------------------------------------------------------------------------------ */

static const struct attr_def transpose_attrs[] = {
    {"filters", ATTR_INT, AT(conv2d_transpose, filters), NULL, 1, MAX_EXTENT, NULL,
     "output channels"},
    ATTRS_KERNEL_SIZE(conv2d_transpose),
    {"strides", ATTR_PAIR, AT(conv2d_transpose, strides), "1", 1, MAX_WINDOW, NULL,
     "distance of the input's elements in the output"},
    {"padding", ATTR_PADDING, AT(conv2d_transpose, padding), "valid", 0, 0, NULL,
     "valid, same (the result is strides times the input), or pixels cut off the result"},
    {"output_padding", ATTR_PAIR, AT(conv2d_transpose, output_padding), "-1", -1, MAX_WINDOW, NULL,
     "rows and columns more at the bottom and right, below strides; -1 leaves it to the padding"},
    ATTRS_DILATION(conv2d_transpose),
    ATTRS_ACTIVATION,
    ATTRS_USE_BIAS(conv2d_transpose),
    ATTRS_END
};

const struct op_def op_conv2d_transpose = {
    .type = "Conv2DTranspose", .alias = "Convolution2DTranspose", .stem = "conv2d_transpose",
    .doc = "transposed convolution, which enlarges by its strides",
    .family = FAMILY_CONV2D_TRANSPOSE, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct conv2d_transpose), .attrs = transpose_attrs, .has_activation = true,
    .shape = transpose_shape, .weights = transpose_weights, .macs = transpose_macs,
    .eval = transpose_eval,
};
