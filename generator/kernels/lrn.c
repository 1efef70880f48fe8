/* lrn: local response normalization, pixel by pixel; vectors over channels. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_LRN && group_is_plain(g);
}

/* A power and a quotient are some 60 operations, each channel of the window a load and an FMA. */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct lrn *a = g->main->attr;
    return cost_elementwise(g, batch, t, 60 + 2.0 * (a->before + a->after + 1));
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct lrn *a = step->group->main->attr;
    t = narrow_target(t, channels_of(step->group));
    struct walk w = walk_step(pool, step, true, t->vl);
    b->target = t;
    b->units = w.units;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "BEFORE", a->before);
    args_int(pool, &b->args, "AFTER", a->after);
    args_text(pool, &b->args, "ALPHA", float_text(pool, a->factor));
    args_text(pool, &b->args, "BIAS", float_text(pool, a->bias));
    args_text(pool, &b->args, "BETA", float_text(pool, a->beta));
    bind_walk(pool, &b->args, &w);
    bind_view(pool, &b->args, "X", &w.step.in.at[0]);
    bind_view(pool, &b->args, "Y", &w.step.out);
}

const struct kernel lrn = {
    .name = "lrn",
    .doc = "local response normalization, pixel by pixel; vectors over channels",
    .ok = ok, .cost = cost, .bind = bind, .math = true,
};
