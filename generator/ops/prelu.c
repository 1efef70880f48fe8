/* PReLU: leaky ReLU with learned slopes. */
#include "common.h"

static void prelu_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct prelu *p = node->attr;
    int rank = in_shape(node, 0)->rank;

    for (int i = 0; i < p->shared_axes.n; i++) {
        double axis = (double)p->shared_axes.at[i];

        if (axis == floor(axis) && axis >= 1 && axis <= rank)
            continue;
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "shared_axes"),
                   "shared_axes of layer %s are integers from 1 (the first axis) to %d for its "
                   "input %s, not %g", node_title(g, node), rank, input_words(g, node, 0, diag),
                   axis);
        return;
    }
    shape_as_input(g, node, diag);
}

static void prelu_weights(struct graph *g, struct node *node)
{
    const struct prelu *p = node->attr;
    struct shape s = node->out->shape;
    struct weight *w;

    (void)g;
    for (int i = 0; i < p->shared_axes.n; i++)
        s.dim[(int)p->shared_axes.at[i] - 1] = 1;
    w = add_weight(node, "alpha", "weight", s);
    w->init = INIT_SPREAD;
    for (int i = 0; i < s.rank; i++)  /* channels first */
        w->torch_order[i] = (int8_t)(i ? i - 1 : s.rank - 1);
}

/* Where the element at[] of the output finds its slope. */
static int64_t alpha_index(const struct shape *alpha, const struct shape *out, int64_t i)
{
    int64_t index = 0;
    int64_t pitch = 1;

    for (int d = out->rank - 1; d >= 0; d--) {
        if (alpha->dim[d] > 1)
            index += i % out->dim[d] * pitch;
        pitch *= alpha->dim[d];
        i /= out->dim[d];
    }
    return index;
}

static void prelu_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct weight *w = find_weight(node, "alpha");
    const float *alpha = weight_data(node, "alpha");
    int64_t n = shape_size(&out->shape);

    for (int64_t i = 0; i < n; i++) {
        double a = (double)alpha[alpha_index(&w->shape, &out->shape, i)];
        double x = in->v[i];
        double e = in->e[i];
        double slope = x - e >= 0 ? 1 : x + e < 0 ? fabs(a) : fmax(1, fabs(a));

        out->v[i] = x < 0 ? a * x : x;
        out->e[i] = slope * e + (x - e < 0 ? rounding(a * (finite_magnitude(x) + e)) : 0);
    }
    drop_nonfinite(out);
}

static const struct attr_def prelu_attrs[] = {
    {"shared_axes", ATTR_FLOATS, AT(prelu, shared_axes), "", 0, 0, NULL,
     "axes that share slopes, the first being 1: [1, 2] for one slope per channel"},
    ATTRS_END
};

const struct op_def op_prelu = {
    .type = "PReLU", .stem = "p_re_lu", .doc = "x, or alpha * x below 0, with learned alpha",
    .family = FAMILY_PRELU, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct prelu), .attrs = prelu_attrs, .shape = prelu_shape,
    .weights = prelu_weights, .eval = prelu_eval,
};
