/* Dense. */
#include "common.h"

#include <stdlib.h>

static void dense_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct dense *d = node->attr;
    struct shape s = *in_shape(node, 0);

    d->in_features = last_dim(&s);
    s.dim[s.rank - 1] = d->units;
    set_shape(g, node, s, diag);
}

static void dense_weights(struct graph *g, struct node *node)
{
    const struct dense *d = node->attr;
    int dim[] = {d->in_features, d->units};
    struct weight *w = add_weight(node, "kernel", "weight", shape_of(2, dim));

    (void)g;
    w->torch_order[0] = 1;
    w->torch_order[1] = 0;
    w->init = INIT_KERNEL;
    w->fan_in = d->in_features;
    if (d->use_bias)
        add_bias(node, d->units);
}

static int64_t dense_macs(const struct node *node)
{
    const struct dense *d = node->attr;
    int64_t factor[] = {shape_size(&node->out->shape), d->in_features};

    return saturated_product(factor, 2);
}

static void dense_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct dense *d = node->attr;
    const float *w = weight_data(node, "kernel");
    const float *bias = weight_data(node, "bias");
    double *t = product_errors(in, sum_error(d->in_features, 1));
    int64_t rows = shape_size(&in->shape) / d->in_features;

    for (int64_t r = 0; r < rows; r++) {
        double *v = out->v + r * d->units;
        double *e = out->e + r * d->units;

        start_sums(d->units, bias, d->in_features, v, e);
        for (int i = 0; i < d->in_features; i++) {
            int64_t x = r * d->in_features + i;

            add_products(d->units, in->v[x], t[x], w + (int64_t)i * d->units, v, e);
        }
    }
    free(t);
    bound_sums(out, sum_error(d->in_features, 1));
}

static const struct attr_def dense_attrs[] = {
    {"units", ATTR_INT, AT(dense, units), NULL, 1, MAX_EXTENT, NULL, "outputs"},
    ATTRS_ACTIVATION,
    ATTRS_USE_BIAS(dense),
    ATTRS_END
};

const struct op_def op_dense = {
    .type = "Dense", .stem = "dense",
    .doc = "matrix product over the last axis (nothing is flattened before it)",
    .family = FAMILY_DENSE, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct dense), .attrs = dense_attrs, .has_activation = true,
    .shape = dense_shape, .weights = dense_weights, .macs = dense_macs, .eval = dense_eval,
};
