/* Layers on [length, channels]: images of height 1, which their 2D forms work on. */
#include "common.h"

/* ---- the 2D form ----------------------------------------------------------------------------- */

static const enum op two_dimensional[OP_COUNT] = {
    [OP_GLOBAL_MAX_POOLING1D] = OP_GLOBAL_MAX_POOLING2D,
    [OP_GLOBAL_AVERAGE_POOLING1D] = OP_GLOBAL_AVERAGE_POOLING2D,
    [OP_UP_SAMPLING1D] = OP_UP_SAMPLING2D,
};

static struct shape with_height(const struct shape *s)
{
    return s->rank == 1 ? image_shape(1, 1, s->dim[0]) : image_shape(1, s->dim[0], s->dim[1]);
}

/* The attributes are those of the 2D form, resolved. */
static void height_eval(const struct node *node, const struct tval *in, struct tval *out)
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

/* Reshape, the 2D form, Reshape: views of the same memory. */
static void height_lower(struct graph *g, struct node *node)
{
    struct tensor *in = node->in.at[0];
    struct tensor *image = reshaped(g, node, in, with_height(&in->shape));
    struct node *work = part(g, two_dimensional[node->op], node, image);
    struct tensor *t = graph_tensor(g, work, with_height(&node->out->shape), DTYPE_FLOAT32);

    work->attr = node->attr;
    t = reshaped(g, node, t, node->out->shape);
    t->layer = node->out->layer;
    tensor_replace(g, node->out, t);
    node_remove(g, node);
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
