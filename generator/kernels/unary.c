/* unary: copies (floats, bytes to floats), scale and shift per channel, activations: vectors over
 * all that is contiguous, whatever the channels. */
#include "elementwise.h"

#include "../group.h"

/* The group as copy, scale and shift, or neither, followed by an epilogue. */
static struct group as_epilogue(const struct group *g)
{
    struct group e = *g;
    if (node_family(g->main) == FAMILY_ACTIVATION)
        e.act = g->main;
    return e;
}

static bool has_affine(const struct group *g)
{
    return node_family(g->main) == FAMILY_AFFINE || g->affine;
}

static bool affine_is_uniform(const struct node *n, int channels)
{
    return all_equal(find_weight(n, "scale")->data, channels) &&
           all_equal(find_weight(n, "shift")->data, channels);
}

/* All scales are the same and all shifts: a float's channel is of no importance. */
static bool is_uniform(const struct group *g)
{
    int channels = channels_of(g);
    return (node_family(g->main) != FAMILY_AFFINE || affine_is_uniform(g->main, channels)) &&
           (!g->affine || affine_is_uniform(g->affine, channels));
}

static bool ok(const struct group *g)
{
    enum family f = node_family(g->main);
    return !g->add &&                                       /* a residual is binary's business */
           (f == FAMILY_IDENTITY || f == FAMILY_AFFINE ||
            (f == FAMILY_ACTIVATION && !g->act));           /* the main node is its activation */
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    struct group e = as_epilogue(g);
    return cost_elementwise(g, batch, t, (e.act ? 10 : 0) + (has_affine(g) ? 2 : 0));
}

/* Scale and shift of the main node, then those of the affine behind: patterns of the channels, or
 * one number of each when it is the same for all. */
static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    bool first = node_family(g->main) == FAMILY_AFFINE;
    const struct node *affine[] = {first ? g->main : NULL, g->affine};
    int channels = is_uniform(g) ? 1 : channels_of(g);
    int64_t length = is_uniform(g) ? 1 : pattern_length(channels);
    if (!has_affine(g))
        return;
    float *w = step_weights(pool, step, length * (affine[0] && affine[1] ? 4 : 2));
    for (int i = 0; i < 2; i++) {
        if (!affine[i])
            continue;
        const float *scale = find_weight(affine[i], "scale")->data;
        const float *shift = find_weight(affine[i], "shift")->data;
        if (is_uniform(g)) {
            w[0] = scale[0];
            w[1] = shift[0];
        } else {
            pattern_pack(w, scale, channels);
            pattern_pack(w + length, shift, channels);
        }
        w += 2 * length;
    }
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    struct group e = as_epilogue(step->group);
    bool affine = node_family(e.main) == FAMILY_AFFINE, uniform = is_uniform(&e);
    bool bytes = step->in.at[0].type == DTYPE_UINT8;
    struct walk w = walk_step(pool, step, has_affine(&e) && !uniform, t->vl);
    int64_t length = uniform ? 1 : pattern_length(channels_of(&e));
    int64_t behind = affine ? 2 * length : 0;

    w.step.group = &e;
    b->units = w.units;
    args_text(pool, &b->args, "WHAT", group_text(pool, step->group));
    args_int(pool, &b->args, "VL", t->vl);
    args_text(pool, &b->args, "TYPE", bytes ? "uint8_t" : "float");
    args_text(pool, &b->args, "LOAD", bytes ? "vf_from_u8" : "vf_load");
    args_int(pool, &b->args, "MAIN", affine);
    args_int(pool, &b->args, "LENGTH", length);
    args_int(pool, &b->args, "UNIFORM", uniform);
    args_text(pool, &b->args, "AT", uniform ? "w" : "w + j");
    bind_walk(pool, &b->args, &w);
    bind_view(pool, &b->args, "X", &w.step.in.at[0]);
    bind_view(pool, &b->args, "Y", &w.step.out);
    bind_epilogue(pool, &b->args, &w.step, behind, behind + length);
}

const struct kernel unary = {
    .name = "unary",
    .doc = "copy, scale and shift, activation by element; vectors over what is contiguous",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind, .in_place = true,
};
