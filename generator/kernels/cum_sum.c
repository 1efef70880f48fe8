/* cum_sum: running sums along a dimension; vectors over what is contiguous beside it. */
#include "axes.h"

enum { BLOCK = 64 };  /* sums side by side of a unit */

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_CUM_SUM && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    return cost_elementwise(g, batch, t, 4);
}

/* The dimensions that aren't summed along, the batch first. */
static struct axes other_axes(const struct step *step, int dim)
{
    const struct shape *s = &step->group->out->shape;
    const struct view *x = &step->in.at[0], *y = &step->out;
    struct axes axes = {.n = 0};
    add_axis(&axes, (struct axis){y->n, x->image, y->image, false, true});
    for (int d = 0; d < 4; d++)
        if (d != dim)
            add_axis(&axes, (struct axis){dim_of_four(s, d), pitch_of_four(s, x, d),
                                          pitch_of_four(s, y, d), false, false});
    end_axes(&axes);
    return axes;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct cum_sum *a = step->group->main->attr;
    const struct shape *s = &step->group->out->shape;
    int dim = a->dim + 4 - s->rank, count;
    struct axes axes = other_axes(step, dim);
    const struct axis inner = axes.at[axes.n - 1];
    int64_t product, blocks = (inner.n + BLOCK - 1) / BLOCK;
    t = narrow_target(t, (int)inner.n);
    b->target = t;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "EXCLUSIVE", a->exclusive);
    args_int(pool, &b->args, "REVERSE", a->reverse);
    args_int(pool, &b->args, "A", s->dim[a->dim]);
    args_int(pool, &b->args, "AX", pitch_of_four(s, &step->in.at[0], dim));
    args_int(pool, &b->args, "AY", pitch_of_four(s, &step->out, dim));
    args_text(pool, &b->args, "KEPT", axes_table(pool, &axes, false, &count, &product));
    args_int(pool, &b->args, "KK", count);
    args_int(pool, &b->args, "C", inner.n);
    args_int(pool, &b->args, "BLOCKS", blocks);
    b->units = (int)(product * blocks);
}

const struct kernel cum_sum = {
    .name = "cum_sum",
    .doc = "running sums along a dimension; vectors over what is contiguous beside it",
    .ok = ok, .cost = cost, .bind = bind,
};
