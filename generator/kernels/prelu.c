/* prelu: x, or alpha * x below 0, with one alpha for each channel or for each element of an image.
 * */
#include "elementwise.h"

/* Slopes of channels alone: all other axes are shared. */
static bool by_channel(const struct node *n)
{
    const struct weight *alpha = find_weight(n, "alpha");
    return shape_size(&alpha->shape) == alpha->shape.dim[alpha->shape.rank - 1];
}

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_PRELU && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    return cost_elementwise(g, batch, t, by_channel(g->main) ? 3 : 4);
}

/* Where element i of an image finds its slope. */
static int64_t alpha_at(const struct shape *alpha, const struct shape *x, int64_t i)
{
    int64_t at = 0, pitch = 1;
    for (int d = x->rank - 1; d >= 0; d--) {
        if (alpha->dim[d] > 1)
            at += i % x->dim[d] * pitch;
        pitch *= alpha->dim[d];
        i /= x->dim[d];
    }
    return at;
}

/* A pattern of channels, or a slope for each element of an image, and zeros up to a whole vector.
 * */
static void pack(struct pool *pool, struct step *step)
{
    const struct node *n = step->group->main;
    const struct weight *alpha = find_weight(n, "alpha");
    int64_t size = shape_size(&n->out->shape);
    int channels = channels_of(step->group);
    if (by_channel(n)) {
        float *all = NEW_ARRAY(pool, float, channels);
        for (int c = 0; c < channels; c++)
            all[c] = alpha->data[alpha_at(&alpha->shape, &n->out->shape, c)];
        pattern_pack(step_weights(pool, step, pattern_length(channels)), all, channels);
        return;
    }
    float *w = step_weights(pool, step, size + 16);
    for (int64_t i = 0; i < size; i++)
        w[i] = alpha->data[alpha_at(&alpha->shape, &n->out->shape, i)];
}

/* With a slope for each element the row of the image matters: a unit is a row, and a packed row is
 * one pixel of many channels. */
static struct walk walk_elements(const struct step *step)
{
    struct walk w = {.step = *step, .rows = step->out.h, .units = step->out.n * step->out.h};
    w.packed = step->out.pixel == step->out.c && step->in.at[0].pixel == step->out.c;
    w.channels = w.packed ? step->out.w * step->out.c : step->out.c;
    w.pixels = w.last = w.packed ? 1 : step->out.w;
    w.period = w.channels;
    return w;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    bool shared = by_channel(step->group->main);
    struct walk w = shared ? walk_step(pool, step, true, t->vl) : walk_elements(step);
    b->units = w.units;
    args_int(pool, &b->args, "VL", t->vl);
    bind_walk(pool, &b->args, &w);
    bind_view(pool, &b->args, "X", &w.step.in.at[0]);
    bind_view(pool, &b->args, "Y", &w.step.out);
    args_int(pool, &b->args, "WR", shared ? 0 : step->out.w * step->out.c);
    args_int(pool, &b->args, "WP", shared || w.packed ? 0 : step->out.c);
}

const struct kernel prelu = {
    .name = "prelu",
    .doc = "slopes below zero by channel or element; vectors over contiguous floats",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind, .in_place = true,
};
