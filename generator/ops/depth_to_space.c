/* DepthToSpace and SpaceToDepth: blocks of b x b pixels with C channels each, and single pixels
 * with b*b*C channels, as ONNX defines them. Both become Reshape and Permute:
 *
 *     deep [H, W, b*b*C]  =  [H, W, b, b*C]  <-swap->  [H, b, W, b*C]  =  wide [H*b, W*b, C]
 *
 * where runs of b*C floats stay together. That is mode dcr; of crd, with channels as [C, b*b],
 * each pixel is transposed first (or last). */
#include "common.h"

enum { MODE_DCR, MODE_CRD };

/* ---- shapes ---------------------------------------------------------------------------------- */

static void report_channels(struct graph *g, struct node *node, int block, struct diag *diag)
{
    diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "block_size"),
               "layer %s needs channels that are a multiple of its block_size squared, %lld, but "
               "receives %s",
               node_title(g, node), (long long)block * block, input_words(g, node, 0, diag));
    note_maker(g, node, 0, diag);
}

static void depth_to_space_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct blocks *a = node->attr;
    const struct shape *in = in_shape(node, 0);
    int b = a->block_size;

    if (!need_rank(node, 0, 3, diag))
        return;
    if (in->dim[2] % ((int64_t)b * b) != 0) {
        report_channels(g, node, b, diag);
        return;
    }
    set_shape(g, node, image_shape(in->dim[0] * b, in->dim[1] * b, in->dim[2] / (b * b)), diag);
}

static void space_to_depth_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct blocks *a = node->attr;
    const struct shape *in = in_shape(node, 0);
    int b = a->block_size;

    if (!need_rank(node, 0, 3, diag))
        return;
    if (in->dim[0] % b != 0 || in->dim[1] % b != 0) {
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "block_size"),
                   "layer %s needs a height and a width that are multiples of its block_size, %d, "
                   "but receives %s",
                   node_title(g, node), b, input_words(g, node, 0, diag));
        note_maker(g, node, 0, diag);
        return;
    }
    set_shape(g, node, image_shape(in->dim[0] / b, in->dim[1] / b, in->dim[2] * b * b), diag);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* Where element (h, w, c) of the wide image is in the deep one, whose shape is given. */
static int64_t deep_index(const struct blocks *a, const struct shape *deep, int h, int w, int c)
{
    int b = a->block_size;
    int area = b * b;
    int in_block = h % b * b + w % b;
    int channel = a->mode == MODE_CRD ? c * area + in_block
                                      : in_block * (deep->dim[2] / area) + c;

    return ((int64_t)(h / b) * deep->dim[1] + w / b) * deep->dim[2] + channel;
}

/* Elements keep their values and bounds: only places change. */
static void blocks_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    bool to_space = node->op == OP_DEPTH_TO_SPACE;
    const struct shape *wide = to_space ? &out->shape : &in->shape;
    const struct shape *deep = to_space ? &in->shape : &out->shape;
    int64_t at = 0;

    for (int h = 0; h < wide->dim[0]; h++)
        for (int w = 0; w < wide->dim[1]; w++)
            for (int c = 0; c < wide->dim[2]; c++, at++) {
                int64_t other = deep_index(node->attr, deep, h, w, c);
                int64_t from = to_space ? other : at;
                int64_t to = to_space ? at : other;

                out->v[to] = in->v[from];
                out->e[to] = in->e[from];
            }
}

/* ---- lowering -------------------------------------------------------------------------------- */

static struct tensor *reshaped(struct graph *g, const struct node *origin, struct tensor *in,
                               struct shape shape)
{
    struct node *n = graph_node(g, OP_RESHAPE, origin->name, origin);

    ((struct reshape *)n->attr)->target = shape;
    node_input(g, n, in);
    return graph_tensor(g, n, shape, DTYPE_FLOAT32);
}

/* Dimensions i and i + 1, counted from 0, change places. */
static struct tensor *swapped(struct graph *g, const struct node *origin, struct tensor *in, int i)
{
    struct node *n = graph_node(g, OP_PERMUTE, origin->name, origin);
    struct permute *a = n->attr;
    struct shape shape = in->shape;

    a->dims.rank = shape.rank;
    for (int d = 0; d < shape.rank; d++)
        a->dims.dim[d] = d + 1 + (d == i) - (d == i + 1);
    shape.dim[i] = in->shape.dim[i + 1];
    shape.dim[i + 1] = in->shape.dim[i];
    node_input(g, n, in);
    return graph_tensor(g, n, shape, DTYPE_FLOAT32);
}

/* A deep image, in as many dimensions as it comes, with the channels of each pixel, seen as
 * [rows, columns], transposed. */
static struct tensor *transposed(struct graph *g, const struct node *origin, struct tensor *in,
                                 int rows, int columns)
{
    int pixels = (int)(shape_size(&in->shape) / (rows * columns));
    struct shape matrices = shape_of(3, (int[]){pixels, rows, columns});

    return swapped(g, origin, reshaped(g, origin, in, matrices), 1);
}

static void blocks_lower(struct graph *g, struct node *node)
{
    const struct blocks *a = node->attr;
    bool to_space = node->op == OP_DEPTH_TO_SPACE;
    const struct shape *wide = to_space ? &node->out->shape : in_shape(node, 0);
    int b = a->block_size;
    int h = wide->dim[0] / b;
    int w = wide->dim[1] / b;
    int c = wide->dim[2];
    struct tensor *t = node->in.at[0];

    if (b == 1) {
        node->op = OP_IDENTITY;
        return;
    }
    if (to_space && a->mode == MODE_CRD)
        t = transposed(g, node, t, c, b * b);
    t = reshaped(g, node, t, to_space ? shape_of(4, (int[]){h, w, b, b * c})
                                      : shape_of(4, (int[]){h, b, w, b * c}));
    t = swapped(g, node, t, 1);
    if (!to_space && a->mode == MODE_CRD)
        t = transposed(g, node, t, b * b, c);
    t = reshaped(g, node, t, node->out->shape);
    t->layer = node->out->layer;
    tensor_replace(g, node->out, t);
    node_remove(g, node);
}

/* ---- definitions ----------------------------------------------------------------------------- */

static const char *const modes[] = {"dcr", "crd", NULL};

static const struct attr_def blocks_attrs[] = {
    {"block_size", ATTR_INT, AT(blocks, block_size), NULL, 1, MAX_WINDOW, NULL,
     "height and width of a block"},
    {"mode", ATTR_WORD, AT(blocks, mode), "dcr", 0, 0, modes,
     "order of the deep channels: dcr [block row, block column, channel], as TensorFlow; "
     "crd [channel, block row, block column], as PyTorch's PixelShuffle"},
    ATTRS_END
};

const struct op_def op_depth_to_space = {
    .type = "DepthToSpace", .stem = "depth_to_space",
    .doc = "the channels of each pixel become a block of pixels",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct blocks), .attrs = blocks_attrs, .shape = depth_to_space_shape,
    .eval = blocks_eval, .lower = blocks_lower,
};

const struct op_def op_space_to_depth = {
    .type = "SpaceToDepth", .stem = "space_to_depth",
    .doc = "each block of pixels becomes the channels of one pixel",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct blocks), .attrs = blocks_attrs, .shape = space_to_depth_shape,
    .eval = blocks_eval, .lower = blocks_lower,
};
