/* ZeroPadding2D and Cropping2D. */
#include "common.h"

#include <string.h>

static void padding_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const int *b = ((struct border *)node->attr)->border;
    const struct shape *in = in_shape(node, 0);

    if (need_rank(node, 0, 3, diag))
        set_shape(g, node,
                  image_shape(in->dim[0] + b[0] + b[1], in->dim[1] + b[2] + b[3], in->dim[2]),
                  diag);
}

static void cropping_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const int *b = ((struct border *)node->attr)->border;
    const struct shape *in = in_shape(node, 0);

    if (!need_rank(node, 0, 3, diag))
        return;
    if (in->dim[0] > b[0] + b[1] && in->dim[1] > b[2] + b[3]) {
        set_shape(g, node,
                  image_shape(in->dim[0] - b[0] - b[1], in->dim[1] - b[2] - b[3], in->dim[2]),
                  diag);
        return;
    }
    diag_error(diag, DIAG_EMPTY_OUTPUT, node_attr_at(node, "cropping"),
               "layer %s crops %d rows and %d columns: nothing remains of its input %s",
               node_title(g, node), b[0] + b[1], b[2] + b[3], input_words(g, node, 0, diag));
    note_maker(g, node, 0, diag);
}

/* Copies the rows that both have, in lying at (top, left) of out; either may be negative. */
static void copy_rows(const struct tval *in, struct tval *out, int top, int left)
{
    int c = in->shape.dim[2];
    int in_at = left < 0 ? -left : 0;
    int out_at = left < 0 ? 0 : left;
    int width = in->shape.dim[1] < out->shape.dim[1] ? in->shape.dim[1] : out->shape.dim[1];
    size_t bytes = (size_t)width * (size_t)c * sizeof(double);

    for (int h = 0; h < in->shape.dim[0]; h++) {
        int64_t from = ((int64_t)h * in->shape.dim[1] + in_at) * c;
        int64_t to = ((int64_t)(h + top) * out->shape.dim[1] + out_at) * c;

        if (h + top < 0 || h + top >= out->shape.dim[0])
            continue;
        memcpy(out->v + to, in->v + from, bytes);
        memcpy(out->e + to, in->e + from, bytes);
    }
}

static void padding_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const int *b = ((const struct border *)node->attr)->border;
    size_t bytes = (size_t)shape_size(&out->shape) * sizeof(double);

    memset(out->v, 0, bytes);
    memset(out->e, 0, bytes);
    copy_rows(in, out, b[0], b[2]);
}

static void cropping_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const int *b = ((const struct border *)node->attr)->border;

    copy_rows(in, out, -b[0], -b[2]);
}

static const struct attr_def padding_attrs[] = {
    {"padding", ATTR_BORDER, AT(border, border), "1", 0, 0, NULL,
     "rows and columns of zeros: n, [h, w] or [[top, bottom], [left, right]]"},
    ATTRS_END
};

const struct op_def op_zero_padding2d = {
    .type = "ZeroPadding2D", .stem = "zero_padding2d", .doc = "zeros around the image",
    .family = FAMILY_PAD, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct border), .attrs = padding_attrs, .shape = padding_shape,
    .eval = padding_eval,
};

static const struct attr_def cropping_attrs[] = {
    {"cropping", ATTR_BORDER, AT(border, border), "0", 0, 0, NULL,
     "rows and columns cut off: n, [h, w] or [[top, bottom], [left, right]]"},
    ATTRS_END
};

const struct op_def op_cropping2d = {
    .type = "Cropping2D", .stem = "cropping2d", .doc = "the inner part of the image",
    .family = FAMILY_CROP, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct border), .attrs = cropping_attrs, .shape = cropping_shape,
    .eval = cropping_eval,
};
