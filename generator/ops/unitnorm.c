/* UnitNormalization: x divided by its norm over some dimensions, which counts as 1e-6 at least. In
 * Keras, 2 and 3, that is x * rsqrt(max(sum of squares, 1e-12)). Becomes ReduceL2, Clip, Divide. */
#include "common.h"

#include <stdlib.h>

static const struct activation at_least = {ACT_CLIP, {1e-6f, INFINITY}};

static void unitnorm_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct reduce *r = node->attr;
    int axis;

    r->kind = REDUCE_L2;
    r->keepdims = true;
    for (int i = 0; i < r->axes.n; i++) {
        if (!find_axis(g, node, "axis", r->axes.at[i], &axis, diag))
            return;
        r->reduced[axis] = true;
    }
    shape_as_input(g, node, diag);
}

/* The shape of the norms: 1 in place of what they are over. */
static struct shape norms_shape(const struct node *node)
{
    const struct reduce *r = node->attr;
    struct shape s = node->out->shape;

    for (int d = 0; d < s.rank; d++)
        s.dim[d] = r->reduced[d] ? 1 : s.dim[d];
    return s;
}

/* |x'/m' - x/m| <= (ex + |x/m| em) / (m - em), and a rounding. */
static double quotient_error(double x_error, double m, double m_error, double y)
{
    double moved = (x_error + fabs(y) * m_error) / (m - m_error);

    if (isnan(m))
        return m_error;
    return m_error < m ? moved + rounding(fabs(y) + moved) : INFINITY;
}

/* The norms by ReduceL2's rule, made 1e-6 at least. */
static void unitnorm_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    struct tval norm = {.shape = norms_shape(node)};
    int64_t norms = shape_size(&norm.shape);
    int64_t size = shape_size(&in->shape);

    norm.v = new_doubles(norms);
    norm.e = new_doubles(norms);
    op_defs[OP_REDUCE_L2]->eval(node, in, &norm);
    for (int64_t i = 0; i < norms; i++) {
        norm.e[i] = act_error(&at_least, norm.v[i], norm.e[i]);
        norm.v[i] = act_eval(&at_least, norm.v[i]);
    }
    for (int64_t i = 0; i < size; i++) {
        int64_t at = broadcast_element(&norm.shape, &in->shape, i);

        out->v[i] = in->v[i] / norm.v[at];
        out->e[i] = quotient_error(in->e[i], norm.v[at], norm.e[at], out->v[i]);
    }
    drop_nonfinite(out);
    free(norm.v);
    free(norm.e);
}

static void unitnorm_lower(struct graph *g, struct node *node)
{
    struct tensor *x = node->in.at[0];
    struct shape norms = norms_shape(node);
    struct node *norm = graph_node(g, OP_REDUCE_L2, node->name, node);
    struct node *clip = graph_node(g, OP_ACTIVATION, node->name, node);
    struct node *divide = graph_node(g, OP_DIVIDE, node->name, node);
    struct tensor *t;

    norm->attr = node->attr;
    node_input(g, norm, x);
    clip->act = &at_least;
    node_input(g, clip, graph_tensor(g, norm, norms, DTYPE_FLOAT32));
    ((struct binary *)divide->attr)->kind = BIN_DIV;
    node_input(g, divide, x);
    node_input(g, divide, graph_tensor(g, clip, norms, DTYPE_FLOAT32));
    t = graph_tensor(g, divide, node->out->shape, DTYPE_FLOAT32);
    t->layer = node->out->layer;
    tensor_replace(g, node->out, t);
    node_remove(g, node);
}

static const struct attr_def unitnorm_attrs[] = {
    {"axis", ATTR_INDICES, AT(reduce, axes), "-1", 0, 0, NULL,
     "what the norm is over, 1 the first dimension (0 is the batch) and -1 the last"},
    ATTRS_END
};

const struct op_def op_unit_normalization = {
    .type = "UnitNormalization", .stem = "unit_normalization",
    .doc = "x divided by the root of its sum of squares over some dimensions, or by 1e-6 if that "
           "is larger",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct reduce), .attrs = unitnorm_attrs, .shape = unitnorm_shape,
    .eval = unitnorm_eval, .lower = unitnorm_lower,
};
