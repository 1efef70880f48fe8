/* Softmax. */
#include "common.h"

static void softmax_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct softmax *s = node->attr;

    if (need_last_axis(g, node, s->axis, diag))
        shape_as_input(g, node, diag);
}

static void softmax_layer_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    eval_copy(node, in, out);
    softmax_eval(out, ((const struct softmax *)node->attr)->log);
    drop_nonfinite(out);
}

static const struct attr_def softmax_attrs[] = {
    {"axis", ATTR_INT, AT(softmax, axis), "-1", 0, 0, NULL, "the channels: the last axis only"},
    ATTRS_END
};

const struct op_def op_softmax = {
    .type = "Softmax", .stem = "softmax", .doc = "exp(x) / sum exp(x) over the channels",
    .family = FAMILY_SOFTMAX, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct softmax), .attrs = softmax_attrs, .shape = softmax_shape,
    .eval = softmax_layer_eval,
};
