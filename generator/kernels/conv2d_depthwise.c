/* conv2d_depthwise: one kernel per channel. Channels in vectors, neighbouring pixels of a row in
 * registers, each input vector loaded once for all taps of its row. */
#include "conv2d.h"
#include "cut.h"

enum { BLOCK = 16, MAX_SHARED = 11 };  /* channels in a block of weights; kernel columns in text */

/* Windows of neighbouring pixels overlap or touch, so that every pixel in reach belongs to one. */
static bool shares(const struct conv2d *a)
{
    return a->dilation[1] == 1 && a->strides[1] <= a->kernel[1] && a->kernel[1] <= MAX_SHARED;
}

/* Registers of a tile: sums, weights of a kernel row, the input vector, a product where there is
 * no FMA. */
static int registers(const struct conv2d *a, const struct target *t, int p)
{
    return p + (shares(a) ? a->kernel[1] : 1) + 1 + !t->fma;
}

/* Cycles for one kernel row of a tile. */
static double tile_cycles(const struct conv2d *a, const struct target *t, int p)
{
    double kw = a->kernel[1], loads = shares(a) ? (p - 1) * a->strides[1] + 2 * kw : (p + 1) * kw;
    double busy = cost_fma(t, p * kw, loads);
    double wait = 4 * kw;  /* each sum waits four cycles for itself */
    return busy > wait ? busy : wait;
}

static double row_cycles(const struct conv2d *a, const struct target *t, const struct cut *k)
{
    double cycles = k->t0 * (a->kernel[0] * tile_cycles(a, t, k->n0) + k->n0 + 8);
    if (k->t1)
        cycles += k->t1 * (a->kernel[0] * tile_cycles(a, t, k->n1) + k->n1 + 8);
    return cycles;
}

/* The cut of a row that takes the fewest cycles; the tile of one pixel goes even where it
 * spills. */
static struct cut best_cut(const struct conv2d *a, const struct target *t, int ow)
{
    struct cut best = cut_even(ow, 1);
    for (int p = 2; p <= 16 && registers(a, t, p) <= t->registers - 2; p++) {
        struct cut k = cut_even(ow, p);
        if (row_cycles(a, t, &k) < row_cycles(a, t, &best))
            best = k;
    }
    return best;
}

static bool ok(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_CONV2D  /* any residual, activation and affine go along */
        && conv2d_is_depthwise(a)
        && a->filters == a->in_channels;          /* depth_multiplier 1 */
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    t = target_for(t, out.c);
    struct cut k = best_cut(a, t, out.w);
    double vectors = (double)(round_up(out.c, t->vl) / t->vl);
    double weights = 4.0 * a->kernel[0] * a->kernel[1] * (double)round_up(out.c, BLOCK);
    return (double)batch * out.h * vectors * row_cycles(a, t, &k) +
            conv2d_stream_cost(g, batch, t, weights);
}

static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    int64_t channels = round_up(a->filters, BLOCK), taps = (int64_t)a->kernel[0] * a->kernel[1];
    float *w = step_weights(pool, step, channels * taps + channels * (g->affine ? 3 : 1));
    float *bias = w + channels * taps;
    const float *kernel = g->main->weight[0].data;

    for (int c = 0; c < a->filters; c++) {
        float *to = w + c / BLOCK * BLOCK * taps + c % BLOCK;
        for (int64_t i = 0; i < taps; i++)
            to[i * BLOCK] = kernel[i * a->filters + c];
        conv2d_pack_channel(g, c, bias + c, channels);
    }
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct conv2d *a = step->group->main->attr;
    int64_t channels = round_up(a->filters, BLOCK);
    b->target = t = target_for(t, a->filters);
    struct cut k = best_cut(a, t, step->out.w);

    b->units = step->out.n * step->out.h;
    conv2d_bind_shape(pool, &b->args, step);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "SHARE", shares(a));
    bind_cut(pool, &b->args, "P", "T", &k);
    args_int(pool, &b->args, "CLIP", conv2d_clips_rows(a, step->in.at[0].h, step->out.h));
    args_int(pool, &b->args, "BIAS", channels * a->kernel[0] * a->kernel[1]);
    bind_epilogue(pool, &b->args, step, channels, 2 * channels);
}

const struct kernel conv2d_depthwise = {
    .name = "conv2d_depthwise",
    .doc = "depthwise convolution, channels in vectors, pixels of a row in registers",
    .ok = ok, .cost = cost, .halo = conv2d_halo, .pack = pack, .bind = bind, .over_residual = true,
};
