/* Input. */
#include "common.h"

bool input_is_nchw(const struct node *node)
{
    return node->op == OP_INPUT && ((const struct input *)node->attr)->layout == LAYOUT_NCHW;
}

struct shape input_given(const struct node *node)
{
    const struct input *a = node->attr;
    const int *d = a->shape.dim;

    return input_is_nchw(node) ? image_shape(d[2], d[0], d[1]) : a->shape;
}

void input_arrange(const struct node *node, const double *given, double *to)
{
    const struct input *a = node->attr;
    int64_t n = shape_size(&a->shape);
    int64_t channels = input_is_nchw(node) ? a->shape.dim[2] : 1;
    int64_t pixels = n / channels;

    for (int64_t i = 0; i < n; i++)
        to[i] = given[i % channels * pixels + i / channels];
}

/* A layout is of images. */
static bool layout_ok(struct graph *g, struct node *node, struct diag *diag)
{
    const struct input *a = node->attr;

    if (!input_is_nchw(node) || a->shape.rank == 3)
        return true;
    diag_error(diag, DIAG_BAD_RANK, node_attr_at(node, "layout"),
               "layout NCHW of layer %s needs a shape [height, width, channels], not %s",
               node_title(g, node), shape_text(g->pool, &a->shape));
    return false;
}

static void input_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct input *a = node->attr;

    if (layout_ok(g, node, diag))
        set_shape(g, node, a->shape, diag);
    node->out->type = (enum dtype)a->dtype;
}

static const char *const dtype_words[] = {"float32", "uint8", NULL};

static const char *const layout_words[] = {"NHWC", "NCHW", NULL};

static const struct attr_def input_attrs[] = {
    {"shape", ATTR_SHAPE, AT(input, shape), NULL, 1, MAX_EXTENT, NULL,
     "of one image, without the batch: [height, width, channels]"},
    {"dtype", ATTR_WORD, AT(input, dtype), "float32", 0, 0, dtype_words,
     "element type; uint8 is read as 0 .. 255"},
    {"layout", ATTR_WORD, AT(input, layout), "NHWC", 0, 0, layout_words,
     "order in memory of the images that the program is given; NCHW: channel by channel, each of "
     "height x width. `shape` stays [height, width, channels]"},
    ATTRS_END
};

const struct op_def op_input = {
    .type = "Input", .alias = "InputLayer", .stem = "input", .doc = "an input of the network",
    .family = FAMILY_INPUT, .min_in = 0, .max_in = 0,
    .attr_bytes = sizeof(struct input), .attrs = input_attrs, .shape = input_shape,
};
