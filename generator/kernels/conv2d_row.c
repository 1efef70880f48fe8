/* conv2d_row: convolution of one channel to one. Vectors of neighbouring pixels of a row,
 * several rows at once, so that each input vector serves all kernel rows that meet it. */
#include "conv2d.h"
#include "cut.h"

enum { MAX_TAPS = 49, MAX_ROWS = 8, MAX_VECTORS = 4 };  /* taps in text */

struct tiling {
    bool loop;               /* taps are loops: one row, `vectors` of pixels */
    bool hold;               /* all weights in registers */
    int vectors;
    struct cut rows;
    double cycles;           /* for an image, by the model */
};

/* Neighbouring rows share input rows, each of which belongs to some window. */
static bool may_unroll(const struct conv2d *a)
{
    return (int64_t)a->kernel[0] * a->kernel[1] <= MAX_TAPS && a->dilation[0] == 1 &&
           a->strides[0] <= a->kernel[0];
}

/* Cycles for one vector of pixels in r rows. Unaligned loads count for one and a half; a sum
 * waits four cycles for itself, half of them filled by the next tile. */
static double tile_cycles(const struct conv2d *a, const struct target *t, int r, bool hold)
{
    double taps = (double)a->kernel[0] * a->kernel[1];
    double loads = 1.5 * ((r - 1) * a->strides[0] + a->kernel[0]) * a->kernel[1] +
            (hold ? 0 : r * taps);
    double busy = cost_fma(t, r * taps, loads);
    return (busy > 2 * taps ? busy : 2 * taps) + 2 * r + 4;
}

static struct tiling looped(const struct conv2d *a, const struct target *t, int oh, int ow)
{
    struct tiling k = {.loop = true, .rows = cut_even(oh, 1), .vectors = ow / t->vl};
    double taps = (double)a->kernel[0] * a->kernel[1];
    if (k.vectors < 1)
        k.vectors = 1;
    if (k.vectors > MAX_VECTORS)
        k.vectors = MAX_VECTORS;
    int tiles = (ow + k.vectors * t->vl - 1) / (k.vectors * t->vl);
    double busy = cost_fma(t, k.vectors, 1.5 * k.vectors + 1);
    k.cycles = (double)oh * tiles * (taps * (busy > 4 ? busy : 4) + 10);
    return k;
}

static double rows_cycles(const struct conv2d *a, const struct target *t, const struct cut *c,
        bool hold)
{
    double cycles = c->t0 * tile_cycles(a, t, c->n0, hold);
    return c->t1 ? cycles + c->t1 * tile_cycles(a, t, c->n1, hold) : cycles;
}

/* Registers: sums, an input vector, the bias, weights (at least one), a product where there is
 * no FMA. */
static struct tiling best_tiling(const struct conv2d *a, const struct target *t, int oh, int ow)
{
    struct tiling best = looped(a, t, oh, ow);
    int taps = a->kernel[0] * a->kernel[1], tiles = (ow + t->vl - 1) / t->vl;
    for (int r = 1; r <= MAX_ROWS && r <= oh && may_unroll(a); r++)
        for (int hold = 0; hold <= 1; hold++) {
            struct tiling k = {false, hold, 1, cut_even(oh, r), 0};
            if (r + 2 + (hold ? taps : 1) + !t->fma > t->registers - 2)
                continue;
            k.cycles = tiles * rows_cycles(a, t, &k.rows, hold) + 8 * (k.rows.t0 + k.rows.t1);
            if (k.cycles < best.cycles)
                best = k;
        }
    return best;
}

static bool ok(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_CONV2D  /* any residual, activation and affine go along */
        && a->in_channels == 1 && a->filters == 1
        && a->strides[1] == 1;                             /* pixels of a vector are neighbours */
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    t = target_for(t, out.w);
    struct tiling k = best_tiling(a, t, out.h, out.w);
    return (double)batch * k.cycles +
            conv2d_stream_cost(g, batch, t, 4.0 * a->kernel[0] * a->kernel[1]);
}

static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    int taps = a->kernel[0] * a->kernel[1];
    float *w = step_weights(pool, step, taps + (g->affine ? 3 : 1));
    for (int i = 0; i < taps; i++)
        w[i] = g->main->weight[0].data[i];
    conv2d_pack_channel(g, 0, w + taps, 1);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct conv2d *a = step->group->main->attr;
    const struct view *x = &step->in.at[0];
    bool clip = conv2d_clips_rows(a, x->h, step->out.h);
    b->target = t = target_for(t, step->out.w);
    struct tiling k = best_tiling(a, t, step->out.h, step->out.w);

    b->units = step->out.n * (k.rows.t0 + k.rows.t1);
    int64_t reach = step->out.w + (int64_t)(a->kernel[1] - 1) * a->dilation[1];
    if (clip && !k.loop)
        b->scratch = (reach - 1) * x->pixel + 1;
    conv2d_bind_shape(pool, &b->args, step);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "LOOP", k.loop);
    args_int(pool, &b->args, "HOLD", k.hold);
    args_int(pool, &b->args, "P", k.vectors);
    bind_cut(pool, &b->args, "R", "B", &k.rows);
    args_int(pool, &b->args, "OW", step->out.w);
    args_int(pool, &b->args, "CLIP", clip);
    args_int(pool, &b->args, "BIAS", (int64_t)a->kernel[0] * a->kernel[1]);
    bind_epilogue(pool, &b->args, step, 1, 2);
}

const struct kernel conv2d_row = {
    .name = "conv2d_row",
    .doc = "convolution of one channel to one, pixels in vectors, several rows at once",
    .ok = ok, .cost = cost, .halo = conv2d_halo, .pack = pack, .bind = bind,
};
