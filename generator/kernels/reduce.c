/* reduce, arg: sums, norms, extremes and the indices of extremes over any dimensions. Vectors over
 * the innermost dimension, whether it stays or is reduced. */
#include "axes.h"

enum { VECTORS = 4 };  /* accumulators of a block */

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_REDUCE && group_is_plain(g);
}

static bool arg_ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_ARG && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct reduce *a = g->main->attr;
    double floats = (double)(shape_size(&g->in.at[0]->shape) * batch);
    double ops = a->kind == REDUCE_LOG_SUM_EXP ? 30 : 2;
    return floats / t->vl * ops + cost_stream(t, 4 * floats, 0);
}

static struct axes axes_of(const struct step *step)
{
    const struct node *n = step->group->main;
    const struct reduce *r = n->attr;
    const struct shape *x = &n->in.at[0]->shape, *y = &n->out->shape;
    const struct view *in = &step->in.at[0], *out = &step->out;
    struct axes a = {.n = 0};
    int to = 4 - y->rank;
    add_axis(&a, (struct axis){out->n, in->image, out->image, false, true});
    for (int d = 0; d < x->rank; d++) {
        int i = d + 4 - x->rank;
        bool stays = !r->reduced[d];
        add_axis(&a, (struct axis){x->dim[d], pitch_of_four(x, in, i), stays ? pitch_of_four(y, out, to) : 0,
                                   !stays, false});
        to += stays || r->keepdims;
    }
    end_axes(&a);
    return a;
}

/* Those outer axes that are reduced, without the last of them, which is a loop of its own. */
static void bind_loops(struct pool *pool, struct args *args, struct axes *a)
{
    struct axis run = {1, 0, 0, true, false};
    int at = a->n - 2, rounds;
    int64_t product;
    while (at >= 0 && !a->at[at].reduced)
        at--;
    if (at >= 0) {
        run = a->at[at];
        a->at[at].n = 1;
        a->at[at].reduced = false;
        a->at[at].x = a->at[at].y = 0;
    }
    args_text(pool, args, "ROUNDS", axes_table(pool, a, true, &rounds, &product));
    args_int(pool, args, "RK", rounds);
    args_int(pool, args, "R", product);
    args_int(pool, args, "RN", run.n);
    args_int(pool, args, "RX", run.x);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    static const char *const kinds[] = {
        "sum", "mean", "l1", "l2", "square", "logsum", "lse", "prod", "max", "min", "max", "min",
    };
    const struct reduce *r = step->group->main->attr;
    struct axes a = axes_of(step);
    const struct axis inner = a.at[a.n - 1];
    int kept;
    int64_t product;
    if (!inner.reduced)
        t = narrow_target(t, (int)inner.n);
    b->target = t;
    args_int(pool, &b->args, "VL", t->vl);
    args_text(pool, &b->args, "KIND", kinds[r->kind]);
    bind_loops(pool, &b->args, &a);
    args_text(pool, &b->args, "KEPT", axes_table(pool, &a, false, &kept, &product));
    args_int(pool, &b->args, "KK", kept);
    args_int(pool, &b->args, "INNER", inner.reduced);
    args_int(pool, &b->args, "C", inner.n);
    int64_t block = VECTORS * t->vl, blocks = inner.reduced ? 1 : (inner.n + block - 1) / block;
    args_int(pool, &b->args, "BLOCKS", blocks);
    b->units = (int)(product * blocks);
}

/* How many elements go into one: what a mean divides by. */
static void bind_reduce(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct group *g = step->group;
    double count = (double)shape_size(&g->in.at[0]->shape) / (double)shape_size(&g->out->shape);
    bind(pool, step, t, b);
    args_text(pool, &b->args, "COUNT", float_text(pool, (float)count));
}

static void bind_arg(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct reduce *r = step->group->main->attr;
    bind(pool, step, t, b);
    args_int(pool, &b->args, "LAST", r->select_last_index);
}

const struct kernel reduce = {
    .name = "reduce",
    .doc = "sums, norms, extremes over any dimensions; vectors over the innermost",
    .ok = ok, .cost = cost, .bind = bind_reduce, .math = true,
};

const struct kernel arg = {
    .name = "arg",
    .doc = "where the largest or smallest is; vectors over the innermost dimension",
    .ok = arg_ok, .cost = cost, .bind = bind_arg, .math = true,
};
