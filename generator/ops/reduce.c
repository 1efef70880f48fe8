/* Sums, means, norms and extremes over some of the dimensions: ReduceSum and the like. */
#include "common.h"

#include <float.h>
#include <stdlib.h>

/* ---- shapes ---------------------------------------------------------------------------------- */

static void reduce_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct reduce *r = node->attr;
    const struct shape *in = in_shape(node, 0);
    struct shape out = {.rank = 0};
    int axis;

    r->kind = (enum reduce_kind)(node->op - OP_REDUCE_SUM);
    for (int i = 0; i < r->axes.n; i++) {
        if (!find_axis(g, node, "axes", r->axes.at[i], &axis, diag))
            return;
        r->reduced[axis] = true;
    }
    for (int d = 0; d < in->rank; d++) {
        r->reduced[d] = r->reduced[d] || r->axes.n == 0;
        if (!r->reduced[d] || r->keepdims)
            out.dim[out.rank++] = r->reduced[d] ? 1 : in->dim[d];
    }
    set_shape(g, node, out.rank ? out : vector_shape(1), diag);
}

static void arg_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct reduce *r = node->attr;
    const struct shape *in = in_shape(node, 0);
    struct shape out = {.rank = 0};
    int axis;

    r->kind = node->op == OP_ARG_MAX ? REDUCE_ARG_MAX : REDUCE_ARG_MIN;
    if (!find_axis(g, node, "axis", r->axis, &axis, diag))
        return;
    if (in->dim[axis] > 1 << 24) {
        diag_error(diag, DIAG_UNSUPPORTED, node_attr_at(node, "axis"),
                   "layer %s would count to %d: floats count up to 16777216 exactly",
                   node_title(g, node), in->dim[axis]);
        return;
    }
    r->reduced[axis] = true;
    for (int d = 0; d < in->rank; d++)
        if (d != axis || r->keepdims)
            out.dim[out.rank++] = d == axis ? 1 : in->dim[d];
    set_shape(g, node, out.rank ? out : vector_shape(1), diag);
}

/* ---- which element goes where ---------------------------------------------------------------- */

/* The output's element that element i of the input goes into. */
static int64_t target_of(const struct reduce *r, const struct shape *in, int64_t i)
{
    int64_t at = 0;
    int64_t pitch = 1;

    for (int d = in->rank - 1; d >= 0; d--) {
        if (!r->reduced[d]) {
            at += i % in->dim[d] * pitch;
            pitch *= in->dim[d];
        }
        i /= in->dim[d];
    }
    return at;
}

static double count_of(const struct tval *in, const struct tval *out)
{
    return (double)shape_size(&in->shape) / (double)shape_size(&out->shape);
}

/* ---- sums ------------------------------------------------------------------------------------ */

/* What is summed of x, and its error before it is: |x|, x^2 or x itself. */
static void term(enum reduce_kind kind, double *x, double *e)
{
    if (kind == REDUCE_L1)
        *x = fabs(*x);
    if (kind != REDUCE_L2 && kind != REDUCE_SUM_SQUARE)
        return;
    *e = isfinite(*x) ? (2 * fabs(*x) + *e) * *e + 0x1p-149 : *e;
    *x *= *x;
}

/* The root of a sum that isn't negative. */
static double root_error(double v, double e)
{
    double low = v > e ? sqrt(v - e) : 0;

    return fmax(sqrt(v + e) - sqrt(v), sqrt(v) - low) + 2 * rounding(sqrt(v + e));
}

static void finish_sum(enum reduce_kind kind, double n, double *v, double *e)
{
    static const struct activation logarithm = {ACT_LOG, {0}};

    if (kind == REDUCE_MEAN) {
        *v /= n;
        *e = *e / n + 2 * rounding(fabs(*v) + *e / n);
    } else if (kind == REDUCE_L2) {
        *e = *e < INFINITY ? root_error(*v, *e) : *e;
        *v = sqrt(*v);
    } else if (kind == REDUCE_LOG_SUM) {
        *e = act_error(&logarithm, *v, *e);
        *v = log(*v);
    }
}

static void sum_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct reduce *r = node->attr;
    int64_t inputs = shape_size(&in->shape);
    int64_t outputs = shape_size(&out->shape);
    double n = count_of(in, out);
    double gamma = sum_error(n, 1);
    bool worked_on = r->kind == REDUCE_MEAN || r->kind == REDUCE_L2 || r->kind == REDUCE_LOG_SUM;

    for (int64_t i = 0; i < inputs; i++) {
        int64_t to = target_of(r, &in->shape, i);
        double x = in->v[i];
        double e = in->e[i];

        term(r->kind, &x, &e);
        out->v[to] += x;
        out->e[to] += product_error(x, e, gamma);
    }
    for (int64_t i = 0; i < outputs; i++) {
        double s = out->e[i] / gamma;

        out->e[i] = worked_on ? inner_sum_bound(out->v[i], out->e[i], s)
                              : sum_bound(out->v[i], out->e[i], s);
        finish_sum(r->kind, n, &out->v[i], &out->e[i]);
    }
    drop_nonfinite(out);
}

/* ---- extremes -------------------------------------------------------------------------------- */

static void extreme_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct reduce *r = node->attr;
    int64_t inputs = shape_size(&in->shape);
    int64_t outputs = shape_size(&out->shape);
    double sign = r->kind == REDUCE_MAX ? 1 : -1;

    for (int64_t i = 0; i < outputs; i++)
        out->v[i] = -INFINITY;
    for (int64_t i = 0; i < inputs; i++) {
        int64_t to = target_of(r, &in->shape, i);

        keep_larger(&out->v[to], &out->e[to], sign * in->v[i], in->e[i]);
    }
    for (int64_t i = 0; i < outputs; i++)
        out->v[i] *= sign;
    drop_nonfinite(out);
}

/* ---- products -------------------------------------------------------------------------------- */

/* Of the factors above 1 and of those below: partial products stay between them. */
struct product { double most, least; };

/* In another order a partial product may leave the floats, though the whole doesn't. */
static double product_bound(const struct product *p, double v, double e)
{
    if (!isfinite(v))
        return p->least < 0x1p-149 ? INFINITY : 0;
    if (p->most > (double)FLT_MAX && fabs(v) - e <= (double)FLT_MAX)
        return INFINITY;
    return p->least < (double)FLT_MIN && p->most > 1 ? INFINITY : e;
}

static void product_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct reduce *r = node->attr;
    int64_t inputs = shape_size(&in->shape);
    int64_t outputs = shape_size(&out->shape);
    struct product *p = calloc((size_t)outputs, sizeof *p);

    if (!p)
        die("no memory for %lld values", (long long)outputs);
    for (int64_t i = 0; i < outputs; i++) {
        p[i] = (struct product){1, 1};
        out->v[i] = 1;
    }
    for (int64_t i = 0; i < inputs; i++) {
        int64_t to = target_of(r, &in->shape, i);
        double x = finite_magnitude(in->v[i]);
        double e = in->e[i];

        p[to].most *= fmax(x + e, 1);
        p[to].least *= isfinite(in->v[i]) ? fmin(fmax(x - e, 0), 1) : 1;
        out->e[to] = finite_magnitude(out->v[to]) * e + (x + e) * out->e[to];
        out->v[to] *= in->v[i];
        out->e[to] += rounding(finite_magnitude(out->v[to]) + out->e[to]);
    }
    for (int64_t i = 0; i < outputs; i++)
        out->e[i] = product_bound(&p[i], out->v[i], out->e[i]);
    drop_nonfinite(out);
    free(p);
}

/* ---- log of a sum of exponentials ------------------------------------------------------------ */

/* m + log sum exp(x - m), m the largest. Off by the largest e at most, since the slopes add up to
 * 1; by what each difference and exponential is rounded by, in the mean over their shares, which
 * for the differences is at most log n; and by the sum, the logarithm and the last addition. */
static double log_sum_exp_error(double n, double m, double log_sum, double e)
{
    double relative = log(n) + 6 + n;
    double y = m + log_sum;

    if (!(e < INFINITY) || fabs(m) + e > (double)FLT_MAX)
        return INFINITY;
    return e + 2 * UNIT_ROUNDOFF * (relative + 4 * fabs(log_sum) + e) + 2 * rounding(fabs(y) + e) +
           n * 0x1p-126;
}

static void log_sum_exp_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct reduce *r = node->attr;
    int64_t inputs = shape_size(&in->shape);
    int64_t outputs = shape_size(&out->shape);
    double *most = new_doubles(outputs);

    for (int64_t i = 0; i < outputs; i++)
        most[i] = -INFINITY;
    for (int64_t i = 0; i < inputs; i++) {
        int64_t to = target_of(r, &in->shape, i);

        most[to] = in->v[i] > most[to] || isnan(in->v[i]) ? in->v[i] : most[to];
        out->e[to] = fmax(out->e[to], in->e[i]);
    }
    for (int64_t i = 0; i < inputs; i++) {
        int64_t to = target_of(r, &in->shape, i);

        out->v[to] += exp(in->v[i] - (isfinite(most[to]) ? most[to] : 0));
    }
    for (int64_t i = 0; i < outputs; i++) {
        double m = isfinite(most[i]) ? most[i] : 0;
        double log_sum = log(out->v[i]);

        out->e[i] = isfinite(log_sum) ? log_sum_exp_error(count_of(in, out), m, log_sum, out->e[i])
                                      : out->e[i] > 0 ? INFINITY : 0;
        out->v[i] = isnan(most[i]) ? most[i] : m + log_sum;
    }
    drop_nonfinite(out);
    free(most);
}

/* ---- indices --------------------------------------------------------------------------------- */

/* Whether x takes the place of best, which came before; NaN is above all, as in NumPy. */
static bool takes_place(double x, double best, bool last)
{
    if (isnan(x) || isnan(best))
        return isnan(x) && (last || !isnan(best));
    return last ? x >= best : x > best;
}

/* The elements of one result: n of them, a pitch apart. */
struct lane { const double *v, *e; int n; int64_t pitch; };

static int winner_of(const struct lane *l, double sign, bool last)
{
    int best = 0;

    for (int i = 1; i < l->n; i++)
        if (takes_place(sign * l->v[i * l->pitch], sign * l->v[best * l->pitch], last))
            best = i;
    return best;
}

/* How far away one is that may win instead. */
static double winner_error(const struct lane *l, int best)
{
    double v = l->v[best * l->pitch];
    double e = l->e[best * l->pitch];
    double most = 0;

    for (int i = 0; i < l->n; i++) {
        double apart = fabs(l->v[i * l->pitch] - v);
        double both = e + l->e[i * l->pitch];

        if (both > 0 && !(apart > both))
            most = fmax(most, abs(i - best));
    }
    return most;
}

static void arg_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct reduce *r = node->attr;
    int64_t outputs = shape_size(&out->shape);
    struct lane l = {.pitch = 1};
    int axis = 0;

    while (!r->reduced[axis])
        axis++;
    for (int d = axis + 1; d < in->shape.rank; d++)
        l.pitch *= in->shape.dim[d];
    l.n = in->shape.dim[axis];
    for (int64_t i = 0; i < outputs; i++) {
        int64_t at = i / l.pitch * l.pitch * l.n + i % l.pitch;
        int best;

        l.v = in->v + at;
        l.e = in->e + at;
        best = winner_of(&l, r->kind == REDUCE_ARG_MAX ? 1 : -1, r->select_last_index);
        out->v[i] = best;
        out->e[i] = winner_error(&l, best);
    }
}

/* ---- lowering -------------------------------------------------------------------------------- */

/* The mean of an image's rows and columns is global pooling, under another name. */
static void mean_lower(struct graph *g, struct node *node)
{
    const struct reduce *r = node->attr;
    const struct shape *in = in_shape(node, 0);
    struct pool2d *p;

    if (in->rank != 3 || !r->reduced[0] || !r->reduced[1] || r->reduced[2])
        return;
    p = NEW(g->pool, struct pool2d);
    *p = (struct pool2d){.size = {in->dim[0], in->dim[1]}, .strides = {in->dim[0], in->dim[1]},
                         .dilation = {1, 1}, .keepdims = r->keepdims, .is_global = true};
    node->op = OP_GLOBAL_AVERAGE_POOLING2D;
    node->attr = p;
}

/* ---- definitions ----------------------------------------------------------------------------- */

#define ATTR_KEEPDIMS \
    {"keepdims", ATTR_BOOL, AT(reduce, keepdims), "false", 0, 0, NULL, \
     "keep what is reduced as dimensions of 1; [1] is left where nothing else is"}

static const struct attr_def reduce_attrs[] = {
    {"axes", ATTR_INDICES, AT(reduce, axes), "", 0, 0, NULL,
     "what to reduce, 1 the first dimension (0 is the batch) and -1 the last; default: all"},
    ATTR_KEEPDIMS,
    ATTRS_END
};

#define REDUCE(id, evaluate, rewrite, type_name, line) \
    const struct op_def op_reduce_##id = { \
        .type = type_name, .stem = "reduce_" #id, .doc = line, .family = FAMILY_REDUCE, \
        .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct reduce), .attrs = reduce_attrs, \
        .shape = reduce_shape, .eval = evaluate, .lower = rewrite, \
    }

REDUCE(sum, sum_eval, NULL, "ReduceSum", "sum over some dimensions");
REDUCE(mean, sum_eval, mean_lower, "ReduceMean", "mean over some dimensions");
REDUCE(l1, sum_eval, NULL, "ReduceL1", "sum of the magnitudes over some dimensions");
REDUCE(l2, sum_eval, NULL, "ReduceL2", "root of the sum of squares over some dimensions");
REDUCE(sum_square, sum_eval, NULL, "ReduceSumSquare", "sum of squares over some dimensions");
REDUCE(log_sum, sum_eval, NULL, "ReduceLogSum", "logarithm of the sum over some dimensions");
REDUCE(log_sum_exp, log_sum_exp_eval, NULL, "ReduceLogSumExp",
       "logarithm of the sum of exponentials over some dimensions");
REDUCE(prod, product_eval, NULL, "ReduceProd", "product over some dimensions");
REDUCE(max, extreme_eval, NULL, "ReduceMax", "largest over some dimensions");
REDUCE(min, extreme_eval, NULL, "ReduceMin", "smallest over some dimensions");

static const struct attr_def arg_attrs[] = {
    {"axis", ATTR_INT, AT(reduce, axis), "1", 0, 0, NULL,
     "where to look, 1 the first dimension (0 is the batch) and -1 the last"},
    ATTR_KEEPDIMS,
    {"select_last_index", ATTR_BOOL, AT(reduce, select_last_index), "false", 0, 0, NULL,
     "of equals the last instead of the first"},
    ATTRS_END
};

#define ARG(id, type_name, line) \
    const struct op_def op_##id = { \
        .type = type_name, .stem = #id, .doc = line, .family = FAMILY_ARG, .min_in = 1, \
        .max_in = 1, .attr_bytes = sizeof(struct reduce), .attrs = arg_attrs, \
        .shape = arg_shape, .eval = arg_eval, \
    }

ARG(arg_max, "ArgMax", "index of the largest along a dimension, from 0, as a float");
ARG(arg_min, "ArgMin", "index of the smallest along a dimension, from 0, as a float");
