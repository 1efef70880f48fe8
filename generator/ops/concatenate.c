/* Concatenate. */
#include "common.h"

#include <string.h>

/* Keras' axes count the batch: 1 is the first dimension, -1 the last. */
static bool resolve_axis(struct graph *g, struct node *node, struct concat *c, struct diag *diag)
{
    int rank = in_shape(node, 0)->rank;

    if (c->axis && axis_resolve(c->axis > 0 ? c->axis - 1 : c->axis, rank, &c->axis))
        return true;
    diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "axis"),
               "axis of layer %s is %d to -1 or 1 to %d for its input %s (0 would be the batch), "
               "not %d",
               node_title(g, node), -rank, rank, input_words(g, node, 0, diag), c->axis);
    return false;
}

static bool fits(const struct shape *a, const struct shape *b, int axis)
{
    for (int d = 0; d < a->rank && a->rank == b->rank; d++)
        if (d != axis && a->dim[d] != b->dim[d])
            return false;
    return a->rank == b->rank;
}

static void concat_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct concat *c = node->attr;
    struct shape s = *in_shape(node, 0);
    int64_t sum = 0;

    if (!resolve_axis(g, node, c, diag))
        return;
    for (int i = 0; i < node->in.n; i++) {
        if (!fits(&s, in_shape(node, i), c->axis)) {
            diag_error(diag, DIAG_SHAPE_MISMATCH, node_attr_at(node, "inputs"),
                       "layer %s needs inputs that are equal but for axis %d, but gets %s and %s",
                       node_title(g, node), c->axis + 1, input_words(g, node, 0, diag),
                       input_words(g, node, i, diag));
            note_maker(g, node, 0, diag);
            note_maker(g, node, i, diag);
            return;
        }
        sum += in_shape(node, i)->dim[c->axis];
    }
    s.dim[c->axis] = sum > MAX_EXTENT + 1LL ? MAX_EXTENT + 1 : (int)sum;  /* set_shape reports it */
    set_shape(g, node, s, diag);
}

static void concat_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct concat *c = node->attr;
    int64_t rows = 1;
    int64_t at = 0;

    for (int d = 0; d < c->axis; d++)
        rows *= out->shape.dim[d];
    for (int64_t r = 0; r < rows; r++)
        for (int i = 0; i < node->in.n; i++) {
            int64_t n = shape_size(&in[i].shape) / rows;

            memcpy(out->v + at, in[i].v + r * n, (size_t)n * sizeof(double));
            memcpy(out->e + at, in[i].e + r * n, (size_t)n * sizeof(double));
            at += n;
        }
}

static const struct attr_def concat_attrs[] = {
    {"axis", ATTR_INT, AT(concat, axis), "-1", 0, 0, NULL,
     "the axis that grows, counted with the batch as 0: -1 is the channels"},
    ATTRS_END
};

const struct op_def op_concatenate = {
    .type = "Concatenate", .stem = "concatenate", .doc = "the inputs one behind the other",
    .family = FAMILY_CONCAT, .min_in = 2, .max_in = LIMIT_INPUTS,
    .attr_bytes = sizeof(struct concat), .attrs = concat_attrs, .shape = concat_shape,
    .eval = concat_eval,
};
