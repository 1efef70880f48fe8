/* upsample: images enlarged by whole factors, nearest or bilinear; vectors over channels. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_UPSAMPLE && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct upsampling *a = g->main->attr;
    double channels = channels_of(g);
    double pixels = (double)(shape_size(&g->out->shape) * batch) / channels;
    double vectors = (double)round_up((int64_t)channels, t->vl) / t->vl;
    return pixels * (4 + (a->bilinear ? 6 : 1) * vectors) + cost_elementwise(g, batch, t, 0);
}

/* Bilinear: output o = i * size + phase lies between two inputs, whose shares depend on the phase
 * alone. In the middle of an input that one is both of them, so that each has a share of a half: a
 * share of 0 would make a NaN of an infinity. */
static void pack_shares(float *w, int size)
{
    for (int phase = 0; phase < size; phase++) {
        double at = (phase + 0.5) / size - 0.5, second = at < 0 ? at + 1 : at > 0 ? at : 0.5;
        w[2 * phase] = (float)(1 - second);
        w[2 * phase + 1] = (float)second;
    }
}

/* The two shares of each phase of rows, then of columns. */
static void pack(struct pool *pool, struct step *step)
{
    const struct upsampling *a = step->group->main->attr;
    if (!a->bilinear)
        return;
    float *w = step_weights(pool, step, 2 * ((int64_t)a->size[0] + a->size[1]));
    pack_shares(w, a->size[0]);
    pack_shares(w + (ptrdiff_t)2 * a->size[0], a->size[1]);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct upsampling *a = step->group->main->attr;
    const struct view *x = &step->in.at[0], *y = &step->out;
    /* A float becomes a vector of the row. */
    bool spread = x->c == 1 && y->pixel == 1 && !a->bilinear;
    t = narrow_target(t, spread ? a->size[1] : x->c);
    b->target = t;
    b->units = y->n * (a->bilinear ? y->h : x->h);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "BILINEAR", a->bilinear);
    args_int(pool, &b->args, "SPREAD", spread);
    args_int(pool, &b->args, "C", x->c);
    args_int(pool, &b->args, "IH", x->h);
    args_int(pool, &b->args, "IW", x->w);
    args_int(pool, &b->args, "SH", a->size[0]);
    args_int(pool, &b->args, "SW", a->size[1]);
    bind_view(pool, &b->args, "X", x);
    bind_view(pool, &b->args, "Y", y);
}

const struct kernel upsample = {
    .name = "upsample",
    .doc = "enlarging by whole factors, nearest or bilinear; vectors over channels",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind,
};
