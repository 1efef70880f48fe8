/* groupnorm: mean and variance of groups of channels over all pixels; vectors over channels. */
#include "elementwise.h"

enum { LANES = 16, BLOCK = 16 };  /* floats that a vector may read too many; channels of a unit */

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_GROUPNORM &&
           !g->add && !g->affine;       /* an activation goes along */
}

/* Channels of a unit: a group's, or some that are a group each. */
static int unit_width(const struct group *g)
{
    const struct groupnorm *a = g->main->attr;
    int channels = channels_of(g), size = channels / a->resolved;
    return size > 1 ? size : channels < BLOCK ? channels : BLOCK;
}

/* Three passes, two sums; the last vector of a unit's channels may be filled in part only. */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    int width = unit_width(g);
    double filled = (double)width / (double)round_up(width, t->vl);
    return cost_elementwise(g, batch, t, g->act ? 18 : 8) / filled;
}

static void pack(struct pool *pool, struct step *step)
{
    const struct node *n = step->group->main;
    const struct weight *gamma = find_weight(n, "gamma"), *beta = find_weight(n, "beta");
    int channels = channels_of(step->group);
    float *w = step_weights(pool, step, 2 * (int64_t)(channels + LANES));
    for (int c = 0; c < channels; c++) {
        w[c] = gamma ? gamma->data[c] : 1;
        w[channels + LANES + c] = beta ? beta->data[c] : 0;
    }
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct groupnorm *a = step->group->main->attr;
    const struct view *x = &step->in.at[0];
    int size = x->c / a->resolved, width = unit_width(step->group);
    int units = (x->c + width - 1) / width;
    double count = (double)x->h * (double)x->w * size;

    b->target = t = narrow_target(t, width);
    b->units = x->n * units;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "K", size);
    args_int(pool, &b->args, "WIDTH", width);
    args_int(pool, &b->args, "UNITS", units);
    args_text(pool, &b->args, "COUNT", float_text(pool, (float)count));
    args_text(pool, &b->args, "EPSILON", float_text(pool, a->epsilon));
    args_int(pool, &b->args, "SHIFT", x->c + LANES);
    args_int(pool, &b->args, "C", x->c);
    args_int(pool, &b->args, "H", x->h);
    args_int(pool, &b->args, "W", x->w);
    bind_view(pool, &b->args, "X", x);
    bind_view(pool, &b->args, "Y", &step->out);
    bind_activation(pool, &b->args, step->group);
}

const struct kernel groupnorm = {
    .name = "groupnorm",
    .doc = "normalization of groups of channels over all pixels; vectors over channels",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind, .in_place = true,
};
