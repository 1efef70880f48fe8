/* Constant: a tensor of numbers as a layer without inputs, the same for every image. */
#include "common.h"

static void constant_shape(struct graph *g, struct node *node, struct diag *diag)
{
    set_shape(g, node, ((const struct constant *)node->attr)->shape, diag);
}

static void constant_weights(struct graph *g, struct node *node)
{
    (void)g;
    add_weight(node, "value", "value", node->out->shape)->init = INIT_SPREAD;
}

static void constant_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const float *value = weight_data(node, "value");
    int64_t n = shape_size(&out->shape);

    (void)in;
    for (int64_t i = 0; i < n; i++)
        out->v[i] = (double)value[i];
}

static const struct attr_def constant_attrs[] = {
    {"shape", ATTR_SHAPE, AT(constant, shape), NULL, 1, MAX_EXTENT, NULL,
     "of one image, without the batch"},
    ATTRS_END
};

const struct op_def op_constant = {
    .type = "Constant", .stem = "constant", .doc = "numbers, the same for every image",
    .family = FAMILY_CONSTANT, .min_in = 0, .max_in = 0,
    .attr_bytes = sizeof(struct constant), .attrs = constant_attrs, .shape = constant_shape,
    .weights = constant_weights, .eval = constant_eval,
};
