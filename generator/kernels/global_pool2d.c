/* global_pool2d: maximum or mean of each channel of an image. Channels in vectors, several
 * accumulators. */
#include "cut.h"

/* Pixels with accumulators of their own: enough to keep additions (four cycles each) busy. The same
 * on all targets, since the order of a sum depends on it. */
static int pixels_of(int width) { return width < 4 ? width : 4; }

/* Vectors of channels in a tile. */
static int vectors_of(const struct target *t, int c)
{
    int vectors = (c + t->vl - 1) / t->vl, most = t->registers / 8;
    return vectors < most ? vectors : most;
}

static bool ok(const struct group *g)
{
    const struct pool2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_POOL2D && a->is_global && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    struct hwc in = shape_hwc(&g->in.at[0]->shape);
    double bytes = 4.0 * (double)shape_size(&g->in.at[0]->shape) * (double)batch;
    double vectors = (double)batch * in.h * in.w * (double)(round_up(in.c, t->vl) / t->vl);
    return cost_fma(t, vectors, vectors) + cost_stream(t, bytes, 4.0 * in.c * (double)batch);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct pool2d *a = step->group->main->attr;
    int join = view_rows_join(&step->in.at[0]) ? step->in.at[0].h : 1;
    struct step s = step_join_rows(pool, step, join);
    const struct view *x = &s.in.at[0];
    b->target = t = target_for(t, x->c);
    int nr = vectors_of(t, x->c);

    b->units = x->n * ((x->c + nr * t->vl - 1) / (nr * t->vl));
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "NR", nr);
    args_int(pool, &b->args, "U", pixels_of(x->w));
    args_int(pool, &b->args, "MAX", a->is_max);
    args_int(pool, &b->args, "C", x->c);
    args_int(pool, &b->args, "IH", x->h);
    args_int(pool, &b->args, "IW", x->w);
    bind_view(pool, &b->args, "X", x);
    args_int(pool, &b->args, "YN", step->out.image);
}

const struct kernel global_pool2d = {
    .name = "global_pool2d",
    .doc = "maximum or mean of whole images, channels in vectors",
    .ok = ok, .cost = cost, .bind = bind,
};
