/* move: ZeroPadding2D and Cropping2D, a window of one image in another; vectors over pixels and
 * channels. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    enum family f = node_family(g->main);
    return (f == FAMILY_PAD || f == FAMILY_CROP) && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    return cost_elementwise(g, batch, t, 0);
}

/* ROWS by COLS pixels from element FROM of the input to row TOP and column LEFT of the output. */
static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct border *a = step->group->main->attr;
    const struct view *x = &step->in.at[0], *y = &step->out;
    bool pad = node_family(step->group->main) == FAMILY_PAD;
    b->units = y->n * y->h;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "PACKED", x->pixel == x->c && y->pixel == y->c);
    args_int(pool, &b->args, "FROM", pad ? 0 : a->border[0] * x->row + a->border[2] * x->pixel);
    args_int(pool, &b->args, "TOP", pad ? a->border[0] : 0);
    args_int(pool, &b->args, "LEFT", pad ? a->border[2] : 0);
    args_int(pool, &b->args, "ROWS", pad ? x->h : y->h);
    args_int(pool, &b->args, "COLS", pad ? x->w : y->w);
    args_int(pool, &b->args, "OH", y->h);
    args_int(pool, &b->args, "OW", y->w);
    args_int(pool, &b->args, "C", y->c);
    bind_view(pool, &b->args, "X", x);
    bind_view(pool, &b->args, "Y", y);
}

const struct kernel move = {
    .name = "move",
    .doc = "a window of one image in another, zeros around it; vectors over pixels and channels",
    .ok = ok, .cost = cost, .bind = bind,
};
