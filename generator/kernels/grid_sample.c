/* grid_sample: an image at places that are computed; weights of rows and columns for each pixel,
 * vectors over channels. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_GRID_SAMPLE && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    static const int taps[] = {[GRID_LINEAR] = 4, [GRID_NEAREST] = 1, [GRID_CUBIC] = 16};
    const struct grid_sampling *a = g->main->attr;
    double channels = channels_of(g);
    double pixels = (double)(shape_size(&g->out->shape) * batch) / channels;
    double vectors = (double)round_up((int64_t)channels, t->vl) / t->vl;
    return pixels * (40 + taps[a->mode] * (2 + vectors)) + cost_elementwise(g, batch, t, 0);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    static const char *const modes[] = {"linear", "nearest", "cubic"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    const struct grid_sampling *a = step->group->main->attr;
    const struct view *x = &step->in.at[0], *y = &step->out;
    t = narrow_target(t, x->c);
    b->target = t;
    b->units = y->n * y->h;
    args_int(pool, &b->args, "VL", t->vl);
    args_text(pool, &b->args, "MODE", modes[a->mode]);
    args_text(pool, &b->args, "PADDING", paddings[a->padding]);
    args_int(pool, &b->args, "ALIGN", a->align_corners);
    args_text(pool, &b->args, "HALF_H", float_text(pool, (float)(x->h - a->align_corners) / 2));
    args_text(pool, &b->args, "HALF_W", float_text(pool, (float)(x->w - a->align_corners) / 2));
    args_int(pool, &b->args, "IH", x->h);
    args_int(pool, &b->args, "IW", x->w);
    args_int(pool, &b->args, "OH", y->h);
    args_int(pool, &b->args, "OW", y->w);
    args_int(pool, &b->args, "C", x->c);
    bind_view(pool, &b->args, "X", x);
    bind_view(pool, &b->args, "G", &step->in.at[1]);
    bind_view(pool, &b->args, "Y", y);
}

const struct kernel grid_sample = {
    .name = "grid_sample",
    .doc = "an image at places that are computed; vectors over channels",
    .ok = ok, .cost = cost, .bind = bind,
};
