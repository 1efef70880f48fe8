/* Layers on [length, channels]: images of height 1, which their 2D forms work on. */
#include "one_dimension.h"

/* ---- the 2D form ----------------------------------------------------------------------------- */

static const enum op two_dimensional[OP_COUNT] = {
    [OP_GLOBAL_MAX_POOLING1D] = OP_GLOBAL_MAX_POOLING2D,
    [OP_GLOBAL_AVERAGE_POOLING1D] = OP_GLOBAL_AVERAGE_POOLING2D,
    [OP_UP_SAMPLING1D] = OP_UP_SAMPLING2D,
    [OP_CONV1D] = OP_CONV2D,
    [OP_DEPTHWISE_CONV1D] = OP_DEPTHWISE_CONV2D,
    [OP_SEPARABLE_CONV1D] = OP_SEPARABLE_CONV2D,
    [OP_CONV1D_TRANSPOSE] = OP_CONV2D_TRANSPOSE,
    [OP_MAX_POOLING1D] = OP_MAX_POOLING2D,
    [OP_AVERAGE_POOLING1D] = OP_AVERAGE_POOLING2D,
    [OP_ZERO_PADDING1D] = OP_ZERO_PADDING2D,
    [OP_CROPPING1D] = OP_CROPPING2D,
};

static struct shape with_height(const struct shape *s)
{
    return s->rank == 1 ? image_shape(1, 1, s->dim[0]) : image_shape(1, s->dim[0], s->dim[1]);
}

void height_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    struct tval image = *in;
    struct tval result = *out;

    image.shape = with_height(&in->shape);
    result.shape = with_height(&out->shape);
    op_defs[two_dimensional[node->op]]->eval(node, &image, &result);
}

static struct node *part(struct graph *g, enum op op, const struct node *origin, struct tensor *in)
{
    struct node *n = graph_node(g, op, origin->name, origin);

    node_input(g, n, in);
    return n;
}

static struct tensor *reshaped(struct graph *g, const struct node *origin, struct tensor *in,
                               struct shape shape)
{
    struct node *n = part(g, OP_RESHAPE, origin, in);

    ((struct reshape *)n->attr)->target = shape;
    return graph_tensor(g, n, shape, DTYPE_FLOAT32);
}

/* The 2D form's weights are the same numbers, of kernels of height 1. */
static void give_weights(struct graph *g, const struct node *from, struct node *to)
{
    if (!node_def(to)->weights)
        return;
    node_def(to)->weights(g, to);
    for (int i = 0; i < from->weights; i++)
        to->weight[i].data = from->weight[i].data;
}

/* Reshape, the 2D form, Reshape: views of the same memory, the layer's value. */
void height_lower(struct graph *g, struct node *node)
{
    struct tensor *in = node->in.at[0];
    struct tensor *image = reshaped(g, node, in, with_height(&in->shape));
    struct node *work = part(g, two_dimensional[node->op], node, image);
    struct tensor *t = graph_tensor(g, work, with_height(&node->out->shape), DTYPE_FLOAT32);

    work->attr = node->attr;
    give_weights(g, node, work);
    t->layer = node->out->layer;
    t = reshaped(g, node, t, node->out->shape);
    t->layer = node->out->layer;
    tensor_replace(g, node->out, t);
    node_remove(g, node);
    if (node_def(work)->lower)
        node_def(work)->lower(g, work);
}

/* ---- global pooling -------------------------------------------------------------------------- */

static void global_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct pool2d *p = node->attr;
    const struct shape *in = in_shape(node, 0);

    if (!need_rank(node, 0, 2, diag))
        return;
    p->is_max = node->op == OP_GLOBAL_MAX_POOLING1D;
    p->is_global = true;
    p->size[0] = p->strides[0] = 1;
    p->dilation[0] = p->dilation[1] = 1;
    p->size[1] = p->strides[1] = in->dim[0];
    set_shape(g, node, p->keepdims ? shape_of(2, (int[]){1, in->dim[1]}) : vector_shape(in->dim[1]),
              diag);
}

static const struct attr_def global_attrs[] = {
    {"keepdims", ATTR_BOOL, AT(pool2d, keepdims), "false", 0, 0, NULL,
     "whether the result is [1, channels] rather than [channels]"},
    ATTRS_END
};

const struct op_def op_global_max_pooling1d = {
    .type = "GlobalMaxPooling1D", .alias = "GlobalMaxPool1D", .stem = "global_max_pooling1d",
    .doc = "maximum of each channel of [length, channels]; NaN wins",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct pool2d), .attrs = global_attrs, .shape = global_shape,
    .eval = height_eval, .lower = height_lower,
};

const struct op_def op_global_average_pooling1d = {
    .type = "GlobalAveragePooling1D", .alias = "GlobalAvgPool1D",
    .stem = "global_average_pooling1d",
    .doc = "mean of each channel of [length, channels]",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct pool2d), .attrs = global_attrs, .shape = global_shape,
    .eval = height_eval, .lower = height_lower,
};

/* ---- UpSampling1D ---------------------------------------------------------------------------- */

static void upsampling_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct upsampling *u = node->attr;
    const struct shape *in = in_shape(node, 0);

    if (!need_rank(node, 0, 2, diag))
        return;
    u->size[0] = 1;
    if (in->dim[0] > MAX_EXTENT / u->size[1]) {
        diag_error(diag, DIAG_TENSOR_TOO_LARGE, node_attr_at(node, "size"),
                   "layer %s would make %d times %d steps of its input %s",
                   node_title(g, node), u->size[1], in->dim[0], input_words(g, node, 0, diag));
        return;
    }
    set_shape(g, node, shape_of(2, (int[]){in->dim[0] * u->size[1], in->dim[1]}), diag);
}

static const struct attr_def upsampling_attrs[] = {
    {"size", ATTR_INT, AT(upsampling, size) + sizeof(int), "2", 1, MAX_WINDOW, NULL,
     "how often each step is repeated"},
    ATTRS_END
};

const struct op_def op_up_sampling1d = {
    .type = "UpSampling1D", .stem = "up_sampling1d",
    .doc = "repeats each step of [length, channels]",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct upsampling), .attrs = upsampling_attrs, .shape = upsampling_shape,
    .eval = height_eval, .lower = height_lower,
};

/* ---- windows --------------------------------------------------------------------------------- */

static const char *const pool_paddings[] = {"valid", "same", NULL};

int resolve_length(struct graph *g, struct node *node, const struct span1d *s, struct diag *diag)
{
    int in = in_shape(node, 0)->dim[0];
    int extent = (s->size - 1) * s->dilation + 1;
    int out;

    window_padding(s->padding, 1, in, s->size, s->stride, s->dilation, &s->pad[2], &s->pad[3]);
    out = window_extent(in, s->size, s->stride, s->dilation, s->pad[2], s->pad[3], false);
    if (out > 0)
        return out;
    diag_error(diag, DIAG_EMPTY_OUTPUT, node_attr_at(node, s->key),
               "the %s of layer %s covers %d steps, more than its input %s has", s->what,
               node_title(g, node), extent, input_words(g, node, 0, diag));
    note_maker(g, node, 0, diag);
    diag_help(diag, "with padding: same the result would have %d steps",
              (in + s->stride - 1) / s->stride);
    return 0;
}

/* ---- pooling --------------------------------------------------------------------------------- */

static void pool_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct pool2d *p = node->attr;
    int length;

    p->is_max = node->op == OP_MAX_POOLING1D;
    p->size[0] = p->strides[0] = p->dilation[0] = p->dilation[1] = 1;
    p->strides[1] = p->strides[1] ? p->strides[1] : p->size[1];
    struct span1d s = {"pool_size", "window", p->size[1], p->strides[1], 1, &p->padding, p->pad};

    if (need_rank(node, 0, 2, diag) && (length = resolve_length(g, node, &s, diag)) > 0)
        set_shape(g, node, shape_of(2, (int[]){length, in_shape(node, 0)->dim[1]}), diag);
}

static const struct attr_def pool_attrs[] = {
    {"pool_size", ATTR_INT, AT(pool2d, size[1]), "2", 1, MAX_WINDOW, NULL,
     "steps that the window covers"},
    {"strides", ATTR_INT, AT(pool2d, strides[1]), "", 1, MAX_WINDOW, NULL,
     "how far the window moves; default: pool_size"},
    {"padding", ATTR_WORD, AT(pool2d, padding.kind), "valid", 0, 0, pool_paddings,
     "valid or same (as TensorFlow); padding never is a maximum, and is not averaged"},
    ATTRS_END
};

const struct op_def op_max_pooling1d = {
    .type = "MaxPooling1D", .alias = "MaxPool1D", .stem = "max_pooling1d",
    .doc = "maximum of each window of [length, channels]; NaN wins",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct pool2d), .attrs = pool_attrs, .shape = pool_shape,
    .eval = height_eval, .lower = height_lower,
};

const struct op_def op_average_pooling1d = {
    .type = "AveragePooling1D", .alias = "AvgPool1D", .stem = "average_pooling1d",
    .doc = "mean of each window of [length, channels]",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct pool2d), .attrs = pool_attrs, .shape = pool_shape,
    .eval = height_eval, .lower = height_lower,
};

/* ---- ends ------------------------------------------------------------------------------------ */

static void padding_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const int *b = ((struct border *)node->attr)->border;
    const struct shape *in = in_shape(node, 0);

    if (need_rank(node, 0, 2, diag))
        set_shape(g, node, shape_of(2, (int[]){in->dim[0] + b[2] + b[3], in->dim[1]}), diag);
}

static void cropping_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const int *b = ((struct border *)node->attr)->border;
    const struct shape *in = in_shape(node, 0);

    if (!need_rank(node, 0, 2, diag))
        return;
    if (in->dim[0] > b[2] + b[3]) {
        set_shape(g, node, shape_of(2, (int[]){in->dim[0] - b[2] - b[3], in->dim[1]}), diag);
        return;
    }
    diag_error(diag, DIAG_EMPTY_OUTPUT, node_attr_at(node, "cropping"),
               "layer %s crops %d steps: nothing remains of its input %s", node_title(g, node),
               b[2] + b[3], input_words(g, node, 0, diag));
    note_maker(g, node, 0, diag);
}

static const struct attr_def padding_attrs[] = {
    {"padding", ATTR_PAIR, AT(border, border[2]), "1", 0, MAX_EXTENT, NULL,
     "zeros in front and behind: n or [front, behind]"},
    ATTRS_END
};

const struct op_def op_zero_padding1d = {
    .type = "ZeroPadding1D", .stem = "zero_padding1d",
    .doc = "zeros in front of and behind [length, channels]",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct border), .attrs = padding_attrs, .shape = padding_shape,
    .eval = height_eval, .lower = height_lower,
};

static const struct attr_def cropping_attrs[] = {
    {"cropping", ATTR_PAIR, AT(border, border[2]), "1", 0, MAX_EXTENT, NULL,
     "steps cut off in front and behind: n or [front, behind]"},
    ATTRS_END
};

const struct op_def op_cropping1d = {
    .type = "Cropping1D", .stem = "cropping1d", .doc = "the inner part of [length, channels]",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct border), .attrs = cropping_attrs, .shape = cropping_shape,
    .eval = height_eval, .lower = height_lower,
};
