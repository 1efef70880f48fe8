/* layernorm: mean and variance, or mean square, over the channels of each pixel; vectors over
 * channels. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_LAYERNORM &&
           !g->add && !g->affine;       /* an activation goes along */
}

/* Pixel by pixel: three passes, two sums across lanes, a root and a quotient. */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    double channels = channels_of(g);
    double pixels = (double)(shape_size(&g->out->shape) * batch) / channels;
    double vectors = (double)round_up((int64_t)channels, t->vl) / t->vl;
    return pixels * (80 + 4 * vectors) + cost_elementwise(g, batch, t, g->act ? 10 : 0);
}

static const struct weight *factors(const struct node *n)
{
    const struct layernorm *a = n->attr;
    return find_weight(n, a->rms ? "scale" : "gamma");
}

enum { LANES = 16 };  /* the numbers of the lanes come first in the packed constants */

/* The numbers of the lanes, gammas, betas; those that there are. */
static void pack(struct pool *pool, struct step *step)
{
    const struct node *n = step->group->main;
    const struct weight *weight[] = {factors(n), find_weight(n, "beta")};
    int channels = channels_of(step->group);
    int64_t length = round_up(channels, LANES);
    int arrays = (weight[0] != NULL) + (weight[1] != NULL);
    float *w = step_weights(pool, step, LANES + length * arrays);
    for (int i = 0; i < LANES; i++)
        w[i] = (float)i;
    w += LANES;
    for (int i = 0; i < 2; i++) {
        if (!weight[i])
            continue;
        for (int c = 0; c < channels; c++)
            w[c] = weight[i]->data[c];
        w += length;
    }
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct node *n = step->group->main;
    const struct layernorm *a = n->attr;
    bool gamma = factors(n) != NULL, beta = find_weight(n, "beta") != NULL;
    t = narrow_target(t, channels_of(step->group));
    struct walk w = walk_step(pool, step, true, t->vl);
    int64_t length = round_up(w.channels, LANES);

    b->target = t;
    b->units = w.units;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "CENTER", !a->rms);
    args_text(pool, &b->args, "EPSILON", float_text(pool, a->epsilon));
    args_int(pool, &b->args, "GAMMA", gamma ? LANES : 0);
    args_int(pool, &b->args, "BETA", beta ? LANES + (gamma ? length : 0) : 0);
    bind_walk(pool, &b->args, &w);
    bind_view(pool, &b->args, "X", &w.step.in.at[0]);
    bind_view(pool, &b->args, "Y", &w.step.out);
    bind_epilogue(pool, &b->args, &w.step, 0, 0);
}

const struct kernel layernorm = {
    .name = "layernorm",
    .doc = "normalization over channels, pixel by pixel; vectors over channels",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind, .in_place = true,
};
