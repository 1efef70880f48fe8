/* LayerNormalization and RMSNormalization over the channels of each pixel, or over the last
 * dimensions taken as one: then Reshape, the same over that one, and Reshape. */
#include "common.h"

#include <float.h>

/* ---- shapes ---------------------------------------------------------------------------------- */

static const char *axes_text(struct graph *g, const int *axis, int n)
{
    const char *text = "";

    for (int i = 0; i < n; i++)
        text = pool_printf(g->pool, "%s%s%d", text, i ? ", " : "", axis[i]);
    return pool_printf(g->pool, "[%s]", text);
}

/* Weights are in the order of the axes: other than ascending, it would have to be guessed. */
static bool resolve_last_axes(struct graph *g, struct node *node, struct layernorm *l,
                              struct diag *diag)
{
    int rank = in_shape(node, 0)->rank;
    int n = l->axis.n < rank ? l->axis.n : rank;
    int last[LIMIT_RANK];
    bool ok = n == l->axis.n;
    int axis;

    l->from = rank - n;
    if (l->axis.n == 1)
        return need_last_axis(g, node, l->axis.at[0], diag);
    for (int i = 0; i < l->axis.n; i++) {
        if (!find_axis(g, node, "axis", l->axis.at[i], &axis, diag))
            return false;
        ok = ok && axis == l->from + i;
    }
    for (int i = 0; i < n; i++)
        last[i] = l->from + i + 1;
    if (!ok)
        diag_error(diag, DIAG_UNSUPPORTED, node_attr_at(node, "axis"),
                   "layer %s works on the last axes only, in their order, which are %s for the "
                   "input %s, not %s", node_title(g, node), axes_text(g, last, n),
                   input_words(g, node, 0, diag), axes_text(g, l->axis.at, l->axis.n));
    return ok;
}

static void layernorm_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct layernorm *l = node->attr;

    l->rms = node->op == OP_RMS_NORMALIZATION;
    if (resolve_last_axes(g, node, l, diag))
        shape_as_input(g, node, diag);
}

/* The normalized dimensions, which are those of the weights. */
static struct shape normalized_shape(const struct node *node)
{
    const struct layernorm *l = node->attr;
    const struct shape *s = &node->out->shape;

    return shape_of(s->rank - l->from, s->dim + l->from);
}

/* A weight for each element that is normalized; PyTorch's of whole images have channels first. */
static struct weight *add_factors(struct node *node, const char *name, const char *torch_name)
{
    const struct layernorm *l = node->attr;
    struct shape s = normalized_shape(node);
    struct weight *w = add_weight(node, name, torch_name, s);

    for (int i = 0; l->from == 0 && i < s.rank; i++)
        w->torch_order[i] = (int8_t)(i ? i - 1 : s.rank - 1);
    return w;
}

static void layernorm_weights(struct graph *g, struct node *node)
{
    const struct layernorm *l = node->attr;

    (void)g;
    if (l->scale)
        add_factors(node, "gamma", "weight")->init = INIT_ONE;
    if (l->center)
        add_factors(node, "beta", "bias")->init = INIT_SPREAD;
}

static void rms_weights(struct graph *g, struct node *node)
{
    (void)g;
    add_factors(node, "scale", "weight")->init = INIT_ONE;
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* The statistics of one pixel and what they may be off by. */
struct moments {
    double mean, mean_error;
    double rstd, rstd_error;   /* 1 / sqrt(variance + epsilon) */
    bool overflows;            /* sums of values or squares may exceed FLT_MAX */
};

/* By how much one x - mean may be off, but for what all of them share (the error of the mean). */
static double own_error(double d, double e, double mean_error)
{
    return e + UNIT_ROUNDOFF * (fabs(d) + e + mean_error);
}

/* The variance changes by mean(2 d own + (own + shared)^2): the shared part meets sum d = 0. The
 * rest is the rounding of the sum; epsilon, root and division are three roundings more. */
static void set_rstd(struct moments *m, int n, const double *x, const double *e, double epsilon)
{
    double variance = 0;
    double changed = 0;
    double magnitude = 0;
    double low;

    for (int i = 0; i < n; i++) {
        double d = x[i] - m->mean;
        double own = own_error(d, e[i], m->mean_error);
        double all = own + m->mean_error;

        variance += d * d / n;
        changed += (2 * fabs(d) * own + all * all) / n;
        magnitude += (fabs(d) + all) * (fabs(d) + all) / n;
    }
    m->overflows = m->overflows || magnitude * n * (1 + sum_error(n, 1)) > (double)FLT_MAX;
    changed += sum_error(n, magnitude) + UNIT_ROUNDOFF * epsilon;
    low = fmax(variance - changed, 0) + epsilon;
    m->rstd = 1 / sqrt(variance + epsilon);
    m->rstd_error = (1 / sqrt(low) - m->rstd) + 4 * UNIT_ROUNDOFF / sqrt(low);
}

/* Deviations are from 0: the variance is the mean square. */
static struct moments mean_square(int n, const double *x, const double *e, double epsilon)
{
    struct moments m = {0};

    set_rstd(&m, n, x, e, epsilon);
    return m;
}

static struct moments moments_of(int n, const double *x, const double *e, double epsilon)
{
    struct moments m = {0};
    double magnitude = 0;

    for (int i = 0; i < n; i++) {
        m.mean += x[i] / n;
        m.mean_error += e[i] / n;
        magnitude += (fabs(x[i]) + e[i]) / n;
    }
    m.mean_error += sum_error(n, magnitude);
    m.overflows = magnitude * n + n * m.mean_error > (double)FLT_MAX;
    set_rstd(&m, n, x, e, epsilon);
    return m;
}

/* y = d * rstd * gamma + beta; d, the products and the sum are four roundings. */
static void layernorm_pixel(int n, const double *x, const double *e, const struct moments *m,
                            const float *gamma, const float *beta, double *y, double *ye)
{
    for (int i = 0; i < n; i++) {
        double d = x[i] - m->mean;
        double d_error = own_error(d, e[i], m->mean_error) + m->mean_error;
        double scale = gamma ? (double)gamma[i] : 1;
        double shift = beta ? (double)beta[i] : 0;
        double z = d * m->rstd;
        double z_error = fabs(d) * m->rstd_error + d_error * (m->rstd + m->rstd_error);

        y[i] = z * scale + shift;
        ye[i] = fabs(scale) * z_error + 0x1p-148 +
                sum_error(1, fabs(scale) * (fabs(z) + z_error) + fabs(shift));
        if (isnan(y[i]))
            ye[i] = isfinite(m->mean) ? ye[i] : 0;
        else if (m->overflows)
            ye[i] = INFINITY;
    }
}

void normalize_row(int n, const double *x, const double *e, double epsilon, const float *gamma,
                   const float *beta, double *y, double *ye)
{
    struct moments m = moments_of(n, x, e, epsilon);

    layernorm_pixel(n, x, e, &m, gamma, beta, y, ye);
}

static void layernorm_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct layernorm *l = node->attr;
    const float *gamma = weight_data(node, l->rms ? "scale" : "gamma");
    const float *beta = weight_data(node, "beta");
    struct shape normalized = normalized_shape(node);
    int n = (int)shape_size(&normalized);
    int64_t size = shape_size(&in->shape);

    for (int64_t at = 0; at < size; at += n) {
        struct moments m = (l->rms ? mean_square : moments_of)(n, in->v + at, in->e + at,
                                                               (double)l->epsilon);

        layernorm_pixel(n, in->v + at, in->e + at, &m, gamma, beta, out->v + at, out->e + at);
    }
    drop_nonfinite(out);
}

/* ---- lowering -------------------------------------------------------------------------------- */

static struct tensor *reshaped(struct graph *g, const struct node *origin, struct tensor *in,
                               struct shape shape)
{
    struct node *n = graph_node(g, OP_RESHAPE, origin->name, origin);

    ((struct reshape *)n->attr)->target = shape;
    node_input(g, n, in);
    return graph_tensor(g, n, shape, DTYPE_FLOAT32);
}

/* The normalized dimensions of s, of which there are several, in one. */
static struct shape merged(struct shape s, int from)
{
    for (; s.rank > from + 1; s.rank--)
        s.dim[from] *= s.dim[s.rank - 1];
    return s;
}

/* Kernels know one axis, the last: Reshape, that, Reshape, which are views of the same memory. */
static void layernorm_lower(struct graph *g, struct node *node)
{
    const struct layernorm *l = node->attr;
    struct shape shape = node->out->shape;
    struct shape flat = merged(shape, l->from);
    struct node *work;
    struct tensor *t;

    if (l->from == shape.rank - 1)
        return;
    t = reshaped(g, node, node->in.at[0], flat);
    work = graph_node(g, node->op, node->name, node);
    work->attr = node->attr;
    node_input(g, work, t);
    t = graph_tensor(g, work, flat, DTYPE_FLOAT32);
    node_def(work)->weights(g, work);
    for (int i = 0; i < node->weights; i++)
        work->weight[i].data = node->weight[i].data;
    t->layer = node->out->layer;
    t = reshaped(g, node, t, shape);
    t->layer = node->out->layer;
    tensor_replace(g, node->out, t);
    node_remove(g, node);
}

/* ---- definitions ----------------------------------------------------------------------------- */

#define ATTR_LAST_AXES \
    {"axis", ATTR_INDICES, AT(layernorm, axis), "-1", 0, 0, NULL, \
     "the last axis, or a list of the last ones in their order"}

static const struct attr_def layernorm_attrs[] = {
    ATTR_LAST_AXES,
    {"epsilon", ATTR_FLOAT, AT(layernorm, epsilon), "1e-3", 0, 1e30, NULL,
     "added to the variance (Keras' default; PyTorch's is 1e-5)"},
    {"center", ATTR_BOOL, AT(layernorm, center), "true", 0, 0, NULL, "whether there is a beta"},
    {"scale", ATTR_BOOL, AT(layernorm, scale), "true", 0, 0, NULL, "whether there is a gamma"},
    ATTRS_END
};

const struct op_def op_layer_normalization = {
    .type = "LayerNormalization", .stem = "layer_normalization",
    .doc = "gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics over the last axes",
    .family = FAMILY_LAYERNORM, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct layernorm), .attrs = layernorm_attrs, .shape = layernorm_shape,
    .weights = layernorm_weights, .eval = layernorm_eval, .lower = layernorm_lower,
};

static const struct attr_def rms_attrs[] = {
    ATTR_LAST_AXES,
    {"epsilon", ATTR_FLOAT, AT(layernorm, epsilon), "1e-6", 0, 1e30, NULL,
     "added to the mean square (Keras' default)"},
    ATTRS_END
};

const struct op_def op_rms_normalization = {
    .type = "RMSNormalization", .stem = "rms_normalization",
    .doc = "scale * x / sqrt(mean square + epsilon), the mean over the last axes",
    .family = FAMILY_LAYERNORM, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct layernorm), .attrs = rms_attrs, .shape = layernorm_shape,
    .weights = rms_weights, .eval = layernorm_eval, .lower = layernorm_lower,
};
