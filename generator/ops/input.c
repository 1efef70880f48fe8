/* Input. */
#include "common.h"

static void input_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct input *a = node->attr;

    set_shape(g, node, a->shape, diag);
    node->out->type = (enum dtype)a->dtype;
}

static const char *const dtype_words[] = {"float32", "uint8", NULL};

static const struct attr_def input_attrs[] = {
    {"shape", ATTR_SHAPE, AT(input, shape), NULL, 1, MAX_EXTENT, NULL,
     "of one image, without the batch: [height, width, channels]"},
    {"dtype", ATTR_WORD, AT(input, dtype), "float32", 0, 0, dtype_words,
     "element type; uint8 is read as 0 .. 255"},
    ATTRS_END
};

const struct op_def op_input = {
    .type = "Input", .alias = "InputLayer", .stem = "input", .doc = "an input of the network",
    .family = FAMILY_INPUT, .min_in = 0, .max_in = 0,
    .attr_bytes = sizeof(struct input), .attrs = input_attrs, .shape = input_shape,
};
