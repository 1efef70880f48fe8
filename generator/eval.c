#include "eval.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/families.h"

/* ---- values ---------------------------------------------------------------------------------- */

struct tval tval_new(const struct shape *shape)
{
    struct tval t = {.shape = *shape};
    size_t n = (size_t)shape_size(shape);
    t.v = calloc(n, sizeof *t.v);
    t.e = calloc(n, sizeof *t.e);
    if (!t.v || !t.e)
        die("no memory for %zu values", n);
    return t;
}

void tval_free(struct tval *t)
{
    free(t->v);
    free(t->e);
    *t = (struct tval){0};
}

/* ---- bounds ---------------------------------------------------------------------------------- */

double sum_error(double n, double s)
{
    double nu = (n + 3) * UNIT_ROUNDOFF;
    return nu < 1 ? nu / (1 - nu) * s : HUGE_VAL;
}

/* Softmax as emitted: m = max x, d[i] = x[i] - m, p[i] = exp(d[i]), y[i] = p[i] / sum p.
 *
 * Every error is written as a factor exp(+-t[i]) of p[i]: t[i] = e[i] (of the input) + u*|d[i]|
 * (of the subtraction) + the relative error of exp. The sum is off by at most exp(+-spread), where
 *
 *     spread = log sum s[j] exp(t[j]),    s the exact softmax
 *
 * (below, too: sum s exp(-t) >= 1 / sum s exp(t), the harmonic mean), times exp(+-(n+3)u) for
 * adding and dividing. Where exp underflows, its absolute error counts instead. */
struct softmax_bound {
    double max, log_sum;  /* log_sum: of exp(x - max) */
    double slack;         /* largest e: how far the emitted maximum may be off */
    double spread;
};

#define FLOAT_TINY 0x1p-126
#define LOG_ULPS 4.0      /* more than the runtime's logarithm is ever off */

static double exp_relative(void)
{
    return 2 * UNIT_ROUNDOFF * (act_defs[ACT_EXPONENTIAL].ulps + 1);
}

static double term_error(const struct softmax_bound *b, double x, double e)
{
    double d = b->max - x + b->slack + e;
    return e + (isinf(x) ? 0 : UNIT_ROUNDOFF * d) + exp_relative();
}

static struct softmax_bound softmax_prepare(const double *x, const double *e, int n)
{
    struct softmax_bound b = {.max = x[0]};
    double sum = 0, spread = 0;
    for (int i = 0; i < n; i++) {
        b.max = x[i] > b.max || isnan(x[i]) ? x[i] : b.max;
        b.slack = e[i] > b.slack ? e[i] : b.slack;
    }
    for (int i = 0; i < n; i++) {
        sum += exp(x[i] - b.max);
        spread += exp(x[i] - b.max + term_error(&b, x[i], e[i]));
    }
    b.log_sum = log(sum);
    b.spread = log(spread / sum) + (n + 3) * 2 * UNIT_ROUNDOFF;
    return b;
}

/* exp(log_x + t) - exp(log_x) at most: 0 for an x of 0, however large t may be. */
static double exp_change(double log_x, double t)
{
    return t < 1 ? exp(log_x) * expm1(t) : exp(log_x + t);
}

/* Where the maximum may be an infinity, or bounds are infinite, so are those of the row. */
static bool softmax_overflows(const struct softmax_bound *b)
{
    return !(b->slack < INFINITY) || (isfinite(b->max) && b->max + b->slack > (double)FLT_MAX);
}

static void softmax_row(double *x, double *e, int n, bool is_log)
{
    struct softmax_bound b = softmax_prepare(x, e, n);
    double tiny = act_defs[ACT_EXPONENTIAL].abs + 4 * FLOAT_TINY;
    bool overflows = softmax_overflows(&b);
    for (int i = 0; i < n; i++) {
        double d = x[i] - b.max, t = term_error(&b, x[i], e[i]);
        if (is_log) {
            double rounding = fabs(d) + b.slack + 2 * LOG_ULPS * (fabs(b.log_sum) + b.spread);
            x[i] = d - b.log_sum;
            e[i] += b.spread + (rounding + fabs(x[i])) * 2 * UNIT_ROUNDOFF + n * tiny;
        } else {
            x[i] = exp(d - b.log_sum);
            e[i] = exp_change(d - b.log_sum, t + b.spread) + (1 + n * x[i]) * tiny;
        }
        if (overflows)
            e[i] = INFINITY;
        else if (!isfinite(x[i]))
            e[i] = 0;  /* it must come out the same */
    }
}

void softmax_eval(struct tval *t, bool is_log)
{
    int n = t->shape.dim[t->shape.rank - 1];
    int64_t size = shape_size(&t->shape);
    for (int64_t i = 0; i < size; i += n)
        softmax_row(t->v + i, t->e + i, n, is_log);
}

/* ---- layers ---------------------------------------------------------------------------------- */

static void apply_activation(const struct activation *a, struct tval *t)
{
    int64_t size = shape_size(&t->shape);
    if (a->kind == ACT_SOFTMAX || a->kind == ACT_LOG_SOFTMAX) {
        softmax_eval(t, a->kind == ACT_LOG_SOFTMAX);
        return;
    }
    for (int64_t i = 0; i < size; i++) {
        t->e[i] = act_error(a, t->v[i], t->e[i]);
        t->v[i] = act_eval(a, t->v[i]);
    }
}

void eval_layer(const struct node *n, const struct tval *in, struct tval *out)
{
    *out = tval_new(&n->out->shape);
    if (!node_def(n)->eval)
        bug("%s can't be evaluated", n->name);
    node_def(n)->eval(n, in, out);
    if (n->bound)
        n->bound(n, in, out);
    if (n->act)
        apply_activation(n->act, out);
}

static void copy_input(const struct graph *g, const struct node *n, const struct tval *in,
        struct tval *out)
{
    int i = 0;
    while (i < g->input.n && g->input.at[i]->layer != n->out->layer)
        i++;
    if (i == g->input.n || shape_size(&in[i].shape) != shape_size(&n->out->shape))
        bug("no value for the input %s", n->name);
    *out = tval_new(&n->out->shape);
    input_arrange(n, in[i].v, out->v);
    input_arrange(n, in[i].e, out->e);
}

void eval_graph(const struct graph *g, const struct tval *in, struct tval *all)
{
    struct tval arg[LIMIT_INPUTS];
    for (int k = 0; k < g->layer.n; k++) {
        const struct node *n = g->layer.at[k];
        for (int i = 0; i < n->in.n; i++)
            arg[i] = all[n->in.at[i]->layer];
        if (node_family(n) == FAMILY_INPUT)
            copy_input(g, n, in, &all[k]);
        else
            eval_layer(n, arg, &all[k]);
    }
}
