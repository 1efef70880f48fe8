/* CumSum: sums along a dimension, each of all elements up to it. */
#include "common.h"

static void cum_sum_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct cum_sum *c = node->attr;

    if (find_axis(g, node, "axis", c->axis, &c->dim, diag))
        shape_as_input(g, node, diag);
}

/* The n sums of elements that are a pitch apart, begun with the first, or, reverse, the last. */
static void eval_lane(const struct cum_sum *c, int n, int64_t pitch, const double *x,
                      const double *x_e, double *y, double *y_e)
{
    double gamma = sum_error(n, 1);
    double sum = 0;
    double e = 0;

    for (int k = 0; k < n; k++) {
        int64_t i = (c->reverse ? n - 1 - k : k) * pitch;
        double next = sum + x[i];
        double next_e = e + product_error(x[i], x_e[i], gamma);

        y[i] = c->exclusive ? sum : next;
        y_e[i] = c->exclusive ? e : next_e;
        sum = next;
        e = next_e;
    }
}

static void cum_sum_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct cum_sum *c = node->attr;
    int n = out->shape.dim[c->dim];
    int64_t lanes = shape_size(&out->shape) / n;
    int64_t pitch = 1;

    for (int d = c->dim + 1; d < out->shape.rank; d++)
        pitch *= out->shape.dim[d];
    for (int64_t i = 0; i < lanes; i++) {
        int64_t at = i / pitch * pitch * n + i % pitch;

        eval_lane(c, n, pitch, in->v + at, in->e + at, out->v + at, out->e + at);
    }
    bound_sums(out, sum_error(n, 1));
    drop_nonfinite(out);
}

static const struct attr_def cum_sum_attrs[] = {
    {"axis", ATTR_INT, AT(cum_sum, axis), NULL, 0, 0, NULL,
     "what to sum along, 1 the first dimension (0 is the batch) and -1 the last"},
    {"exclusive", ATTR_BOOL, AT(cum_sum, exclusive), "false", 0, 0, NULL,
     "leave the element itself out of its sum"},
    {"reverse", ATTR_BOOL, AT(cum_sum, reverse), "false", 0, 0, NULL,
     "begin with the last element"},
    ATTRS_END
};

const struct op_def op_cum_sum = {
    .type = "CumSum", .stem = "cum_sum", .doc = "sum of all elements up to each, along a dimension",
    .family = FAMILY_CUM_SUM, .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct cum_sum),
    .attrs = cum_sum_attrs, .shape = cum_sum_shape, .eval = cum_sum_eval,
};
