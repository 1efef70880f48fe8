/* softmax: over the channels of each pixel, or its logarithm; vectors over channels. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    const struct softmax *a = g->main->attr;
    return node_family(g->main) == FAMILY_SOFTMAX && group_is_plain(g) &&
           a->dim == g->out->shape.rank - 1;             /* else softmax_axis's business */
}

/* Pixel by pixel: an exponential costs some 20 operations, the sums across lanes another 30. */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    double channels = channels_of(g);
    double pixels = (double)(shape_size(&g->out->shape) * batch) / channels;
    double vectors = (double)round_up((int64_t)channels, t->vl) / t->vl;
    return pixels * (30 + 25 * vectors) + cost_elementwise(g, batch, t, 0);
}

/* The numbers of the lanes: the last vector of a pixel is filled up by comparing with them. */
static void pack(struct pool *pool, struct step *step)
{
    float *w = step_weights(pool, step, 16);
    for (int i = 0; i < 16; i++)
        w[i] = (float)i;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct softmax *a = step->group->main->attr;
    t = narrow_target(t, channels_of(step->group));
    struct walk w = walk_step(pool, step, true, t->vl);
    b->target = t;
    b->units = w.units;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "LOG", a->log);
    bind_walk(pool, &b->args, &w);
    bind_view(pool, &b->args, "X", &w.step.in.at[0]);
    bind_view(pool, &b->args, "Y", &w.step.out);
}

const struct kernel softmax = {
    .name = "softmax",
    .doc = "softmax over channels, pixel by pixel; vectors over channels",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind, .in_place = true, .math = true,
};
