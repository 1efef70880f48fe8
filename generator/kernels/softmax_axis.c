/* softmax_axis: over another dimension than the channels; vectors over what is contiguous. */
#include "axes.h"

static bool ok(const struct group *g)
{
    const struct softmax *a = g->main->attr;
    return node_family(g->main) == FAMILY_SOFTMAX && group_is_plain(g) &&
           a->dim < g->out->shape.rank - 1;
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    return 2 * cost_elementwise(g, batch, t, 15);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct softmax *a = step->group->main->attr;
    const struct shape *s = &step->group->out->shape;
    const struct view *x = &step->in.at[0], *y = &step->out;
    int dim = a->dim + 4 - s->rank, count;
    struct axes axes = {.n = 0};
    int64_t product;
    add_axis(&axes, (struct axis){y->n, x->image, y->image, false, true});
    for (int d = 0; d < 4; d++)
        if (d != dim)
            add_axis(&axes, (struct axis){dim_of_four(s, d), pitch_of_four(s, x, d),
                                          pitch_of_four(s, y, d), false, false});
    end_axes(&axes);
    const struct axis inner = axes.at[axes.n - 1];
    t = narrow_target(t, (int)inner.n);
    b->target = t;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "NV", t->registers / 8);  /* an exponential alone waits for itself */
    args_int(pool, &b->args, "LOG", a->log);
    args_int(pool, &b->args, "A", s->dim[a->dim]);
    args_int(pool, &b->args, "AX", pitch_of_four(s, x, dim));
    args_int(pool, &b->args, "AY", pitch_of_four(s, y, dim));
    args_text(pool, &b->args, "KEPT", axes_table(pool, &axes, false, &count, &product));
    args_int(pool, &b->args, "KK", count);
    args_int(pool, &b->args, "C", inner.n);
    int64_t blocks = (inner.n + 63) / 64;
    args_int(pool, &b->args, "BLOCKS", blocks);
    b->units = (int)(product * blocks);
}

const struct kernel softmax_axis = {
    .name = "softmax_axis",
    .doc = "softmax over another dimension than the channels; vectors over what is contiguous",
    .ok = ok, .cost = cost, .bind = bind, .math = true,
};
