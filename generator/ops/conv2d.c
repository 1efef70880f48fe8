/* Conv2D, DepthwiseConv2D and SeparableConv2D. */
#include "common.h"

#include <stdlib.h>

/* ---- shapes ---------------------------------------------------------------------------------- */

static bool resolve_window(struct graph *g, struct node *node, struct conv2d *c, int out[2],
                           struct diag *diag)
{
    struct window w = {
        .key = "kernel_size", .what = "kernel", .size = {c->kernel[0], c->kernel[1]},
        .strides = {c->strides[0], c->strides[1]}, .dilation = {c->dilation[0], c->dilation[1]},
        .padding = &c->padding,
    };

    c->in_channels = in_shape(node, 0)->dim[2];
    if (!window_resolve(g, node, &w, diag))
        return false;
    for (int i = 0; i < 4; i++)
        c->pad[i] = w.pad[i];
    out[0] = w.out[0];
    out[1] = w.out[1];
    return true;
}

bool check_groups(struct graph *g, struct node *node, const struct conv2d *c, struct diag *diag)
{
    int ic = last_dim(in_shape(node, 0));

    if (ic % c->groups == 0 && c->filters % c->groups == 0)
        return true;
    if (ic % c->groups)
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "groups"),
                   "groups %d of layer %s does not divide the %d channels of its input %s",
                   c->groups, node_title(g, node), ic, input_words(g, node, 0, diag));
    else
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "groups"),
                   "groups %d of layer %s does not divide its %d filters", c->groups,
                   node_title(g, node), c->filters);
    return false;
}

static void conv2d_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct conv2d *c = node->attr;
    int out[2];
    bool ok = need_rank(node, 0, 3, diag) && check_groups(g, node, c, diag);

    if (ok && resolve_window(g, node, c, out, diag))
        set_shape(g, node, image_shape(out[0], out[1], c->filters), diag);
}

int depthwise_channels(struct graph *g, struct node *node, const struct conv2d *c,
                       struct diag *diag)
{
    int ic = last_dim(in_shape(node, 0));

    if (ic <= MAX_EXTENT / c->depth_multiplier)
        return ic * c->depth_multiplier;
    diag_error(diag, DIAG_TENSOR_TOO_LARGE, node_attr_at(node, "depth_multiplier"),
               "layer %s would make %d x %d channels", node_title(g, node), ic,
               c->depth_multiplier);
    return 0;
}

static void depthwise_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct conv2d *c = node->attr;
    int out[2];

    if (!need_rank(node, 0, 3, diag) || !(c->filters = depthwise_channels(g, node, c, diag)))
        return;
    c->groups = in_shape(node, 0)->dim[2];
    if (resolve_window(g, node, c, out, diag))
        set_shape(g, node, image_shape(out[0], out[1], c->filters), diag);
}

bool separable_fits(struct graph *g, struct node *node, struct shape between, struct diag *diag)
{
    if (shape_size(&between) <= LIMIT_TENSOR_BYTES / (int64_t)sizeof(float))
        return true;
    diag_error(diag, DIAG_TENSOR_TOO_LARGE, node->at,
               "layer %s has %s between its two convolutions: a tensor has to stay below 2^31 "
               "bytes", node_title(g, node), shape_text(g->pool, &between));
    return false;
}

static void separable_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct conv2d *c = &((struct separable *)node->attr)->conv;
    int out[2], between;

    if (!need_rank(node, 0, 3, diag) || !(between = depthwise_channels(g, node, c, diag)))
        return;
    c->groups = 1;
    if (resolve_window(g, node, c, out, diag) &&
        separable_fits(g, node, image_shape(out[0], out[1], between), diag))
        set_shape(g, node, image_shape(out[0], out[1], c->filters), diag);
}

/* ---- weights and cost ------------------------------------------------------------------------ */

static void set_kernel(struct weight *w, int64_t fan_in)
{
    static const int8_t oihw[LIMIT_RANK] = {3, 2, 0, 1};

    for (int i = 0; i < LIMIT_RANK; i++)
        w->torch_order[i] = oihw[i];
    w->init = INIT_KERNEL;
    w->fan_in = fan_in;
}

static void conv2d_weights(struct graph *g, struct node *node)
{
    const struct conv2d *c = node->attr;
    int ic = c->in_channels / c->groups;
    int dim[] = {c->kernel[0], c->kernel[1], ic, c->filters};
    int64_t fan_in[] = {c->kernel[0], c->kernel[1], ic};

    (void)g;
    set_kernel(add_weight(node, "kernel", "weight", shape_of(4, dim)),
               saturated_product(fan_in, 3));
    if (c->use_bias)
        add_bias(node, c->filters);
}

/* Keras' [KH, KW, IC, mult]; PyTorch's [IC*mult, 1, KH, KW] is [IC, mult, KH, KW] in memory. */
static void add_depthwise_kernel(struct node *node, const char *name, const char *torch_name,
                                 const struct conv2d *c)
{
    int dim[] = {c->kernel[0], c->kernel[1], c->in_channels, c->depth_multiplier};
    struct weight *w = add_weight(node, name, torch_name, shape_of(4, dim));

    set_kernel(w, (int64_t)c->kernel[0] * c->kernel[1]);
    w->torch_order[0] = 2;
    w->torch_order[1] = 3;
}

static void depthwise_weights(struct graph *g, struct node *node)
{
    const struct conv2d *c = node->attr;

    (void)g;
    add_depthwise_kernel(node, "kernel", "weight", c);
    if (c->use_bias)
        add_bias(node, c->filters);
}

static void separable_weights(struct graph *g, struct node *node)
{
    const struct conv2d *c = &((struct separable *)node->attr)->conv;
    int middle = c->in_channels * c->depth_multiplier;
    int dim[] = {1, 1, middle, c->filters};

    (void)g;
    add_depthwise_kernel(node, "depthwise_kernel", "depthwise.weight", c);
    set_kernel(add_weight(node, "pointwise_kernel", "pointwise.weight", shape_of(4, dim)), middle);
    if (c->use_bias)
        add_weight(node, "bias", "pointwise.bias", vector_shape(c->filters))->init = INIT_SPREAD;
}

static int64_t conv2d_macs(const struct node *node)
{
    const struct conv2d *c = node->attr;
    int64_t factor[] = {shape_size(&node->out->shape), c->kernel[0], c->kernel[1],
                        c->in_channels / c->groups};

    return saturated_product(factor, 4);
}

static int64_t separable_macs(const struct node *node)
{
    const struct conv2d *c = &((struct separable *)node->attr)->conv;
    const struct shape *out = &node->out->shape;
    int64_t middle[] = {out->dim[0], out->dim[1], c->in_channels, c->depth_multiplier};
    int64_t n = saturated_product(middle, 4);
    int64_t depthwise[] = {n, c->kernel[0], c->kernel[1]};
    int64_t pointwise[] = {n, c->filters};
    int64_t sum = INT64_MAX;

    add_ok(saturated_product(depthwise, 3), saturated_product(pointwise, 2), &sum);
    return sum;
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* One output pixel of one group: v and e hold its channels, started with the bias. */
static void conv_pixel(const struct conv2d *c, const float *kernel, const struct tval *in,
                       const double *t, int oh, int ow, int group, double *v, double *e)
{
    int ih0 = oh * c->strides[0] - c->pad[0];
    int iw0 = ow * c->strides[1] - c->pad[2];
    int ic = c->in_channels / c->groups;
    int oc = c->filters / c->groups;

    for (int kh = 0; kh < c->kernel[0]; kh++)
        for (int kw = 0; kw < c->kernel[1]; kw++) {
            int ih = ih0 + kh * c->dilation[0];
            int iw = iw0 + kw * c->dilation[1];
            int64_t x = ((int64_t)ih * in->shape.dim[1] + iw) * c->in_channels + group * ic;
            const float *w =
                kernel + (int64_t)(kh * c->kernel[1] + kw) * ic * c->filters + group * oc;

            if (ih < 0 || ih >= in->shape.dim[0] || iw < 0 || iw >= in->shape.dim[1])
                continue;
            for (int i = 0; i < ic; i++)
                add_products(oc, in->v[x + i], t[x + i], w + (int64_t)i * c->filters, v, e);
        }
}

void eval_conv2d(const struct conv2d *c, const float *kernel, const float *bias,
                 const struct tval *in, struct tval *out)
{
    double k = (double)c->kernel[0] * c->kernel[1] * (c->in_channels / c->groups);
    double *t = product_errors(in, sum_error(k, 1));
    int oc = c->filters / c->groups;
    int64_t at = 0;

    for (int oh = 0; oh < out->shape.dim[0]; oh++)
        for (int ow = 0; ow < out->shape.dim[1]; ow++) {
            start_sums(c->filters, bias, k, out->v + at, out->e + at);
            for (int g = 0; g < c->groups; g++, at += oc)
                conv_pixel(c, kernel, in, t, oh, ow, g, out->v + at, out->e + at);
        }
    free(t);
    bound_sums(out, sum_error(k, 1));
}

static void conv2d_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    eval_conv2d(node->attr, weight_data(node, "kernel"), weight_data(node, "bias"), in, out);
}

/* The two convolutions that a separable one is made of. */
static struct conv2d depthwise_part(const struct conv2d *c)
{
    struct conv2d d = *c;

    d.filters = c->in_channels * c->depth_multiplier;
    d.groups = c->in_channels;
    d.use_bias = false;
    return d;
}

static struct conv2d pointwise_part(const struct conv2d *c)
{
    struct conv2d p = {.filters = c->filters,
                       .kernel = {1, 1},
                       .strides = {1, 1},
                       .dilation = {1, 1},
                       .groups = 1,
                       .use_bias = c->use_bias};

    p.padding.kind = PAD_VALID;
    p.in_channels = c->in_channels * c->depth_multiplier;
    return p;
}

static void separable_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct conv2d *c = &((struct separable *)node->attr)->conv;
    struct conv2d d = depthwise_part(c);
    struct conv2d p = pointwise_part(c);
    struct tval mid = {.shape = image_shape(out->shape.dim[0], out->shape.dim[1], d.filters)};

    mid.v = new_doubles(shape_size(&mid.shape));
    mid.e = new_doubles(shape_size(&mid.shape));
    eval_conv2d(&d, weight_data(node, "depthwise_kernel"), NULL, in, &mid);
    bound_hidden(&mid);
    eval_conv2d(&p, weight_data(node, "pointwise_kernel"), weight_data(node, "bias"), &mid, out);
    free(mid.v);
    free(mid.e);
}

/* ---- lowering -------------------------------------------------------------------------------- */

static struct node *new_part(struct graph *g, enum op op, const struct node *origin,
                             const char *suffix, const struct conv2d *c, struct tensor *in)
{
    struct node *n = graph_node(g, op, pool_printf(g->pool, "%s/%s", origin->name, suffix), origin);
    struct conv2d *attr = NEW(g->pool, struct conv2d);

    *attr = *c;
    n->attr = attr;
    node_input(g, n, in);
    return n;
}

static void separable_lower(struct graph *g, struct node *node)
{
    const struct conv2d *c = &((struct separable *)node->attr)->conv;
    struct conv2d d = depthwise_part(c);
    struct conv2d p = pointwise_part(c);
    const struct shape *s = &node->out->shape;
    struct node *dw = new_part(g, OP_DEPTHWISE_CONV2D, node, "depthwise", &d, node->in.at[0]);
    struct tensor *mid =
        graph_tensor(g, dw, image_shape(s->dim[0], s->dim[1], d.filters), DTYPE_FLOAT32);
    struct node *pw = new_part(g, OP_CONV2D, node, "pointwise", &p, mid);
    struct tensor *out = graph_tensor(g, pw, *s, node->out->type);

    depthwise_weights(g, dw);
    conv2d_weights(g, pw);
    dw->weight[0].data = weight_data(node, "depthwise_kernel");
    pw->weight[0].data = weight_data(node, "pointwise_kernel");
    if (c->use_bias)
        pw->weight[1].data = weight_data(node, "bias");
    pw->act = node->act;
    out->layer = node->out->layer;
    tensor_replace(g, node->out, out);
    node_remove(g, node);
}

/* ---- definitions ----------------------------------------------------------------------------- */

#define DEPTH_MULTIPLIER(type) \
    {"depth_multiplier", ATTR_INT, AT(type, depth_multiplier), "1", 1, MAX_EXTENT, NULL, \
     "output channels of the depthwise convolution for each input channel"}

static const struct attr_def conv2d_attrs[] = {
    {"filters", ATTR_INT, AT(conv2d, filters), NULL, 1, MAX_EXTENT, NULL, "output channels"},
    ATTRS_KERNEL_SIZE(conv2d),
    ATTRS_STRIDES(conv2d),
    ATTRS_PADDING(conv2d),
    ATTRS_DILATION(conv2d),
    {"groups", ATTR_INT, AT(conv2d, groups), "1", 1, MAX_EXTENT, NULL,
     "parts of the channels that are convolved separately; divides input channels and filters"},
    ATTRS_ACTIVATION,
    ATTRS_USE_BIAS(conv2d),
    ATTRS_END
};

const struct op_def op_conv2d = {
    .type = "Conv2D", .alias = "Convolution2D", .stem = "conv2d",
    .doc = "2D convolution (cross-correlation: the kernel is not flipped)",
    .family = FAMILY_CONV2D, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct conv2d), .attrs = conv2d_attrs, .has_activation = true,
    .shape = conv2d_shape, .weights = conv2d_weights, .macs = conv2d_macs, .eval = conv2d_eval,
};

static const struct attr_def depthwise_attrs[] = {
    ATTRS_KERNEL_SIZE(conv2d),
    ATTRS_STRIDES(conv2d),
    ATTRS_PADDING(conv2d),
    DEPTH_MULTIPLIER(conv2d),
    ATTRS_DILATION(conv2d),
    ATTRS_ACTIVATION,
    ATTRS_USE_BIAS(conv2d),
    ATTRS_END
};

const struct op_def op_depthwise_conv2d = {
    .type = "DepthwiseConv2D", .alias = "DepthwiseConvolution2D", .stem = "depthwise_conv2d",
    .doc = "2D convolution of each channel with kernels of its own",
    .family = FAMILY_CONV2D, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct conv2d), .attrs = depthwise_attrs, .has_activation = true,
    .shape = depthwise_shape, .weights = depthwise_weights, .macs = conv2d_macs,
    .eval = conv2d_eval,
};

static const struct attr_def separable_attrs[] = {
    {"filters", ATTR_INT, AT(separable, conv.filters), NULL, 1, MAX_EXTENT, NULL,
     "output channels"},
    ATTRS_KERNEL_SIZE(conv2d),
    ATTRS_STRIDES(conv2d),
    ATTRS_PADDING(conv2d),
    ATTRS_DILATION(conv2d),
    DEPTH_MULTIPLIER(conv2d),
    ATTRS_ACTIVATION,
    ATTRS_USE_BIAS(conv2d),
    ATTRS_END
};

_Static_assert(offsetof(struct separable, conv) == 0, "the rows above are those of struct conv2d");

const struct op_def op_separable_conv2d = {
    .type = "SeparableConv2D", .alias = "SeparableConvolution2D", .stem = "separable_conv2d",
    .doc = "depthwise convolution followed by a 1x1 convolution",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct separable), .attrs = separable_attrs, .has_activation = true,
    .shape = separable_shape, .weights = separable_weights, .macs = separable_macs,
    .eval = separable_eval, .lower = separable_lower,
};
