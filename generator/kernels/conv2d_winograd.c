/* conv2d_winograd: Winograd's minimal filtering (Lavin and Gray, Fast Algorithms for Convolutional
 * Neural Networks, 2016). An output tile comes from an input tile, transformed, times transformed
 * weights, summed over the input channels by small matrix products on the register tile of
 * conv2d_direct, and transformed back. Each group of channels is a convolution of a slice of them, and a kernel
 * of many taps is several smaller ones, pieces, of as many input channels each, whose sums are one. */
#include "conv2d.h"
#include "cut.h"
#include "divide.h"
#include "winograd.h"

enum { MIN_CHANNELS = 8, MAX_TAPS = 64, MAX_TILES = 64, WORTH_A_THREAD = 20000 };  /* cycles */

/* What one instance looks like on a target. */
struct shape_of_work {
    struct winograd_axis down, across;
    int points;              /* of an input tile */
    int ic, oc, ocb, groups; /* channels of one group */
    int pieces, depth;       /* of the kernel; input channels of all of them */
    int tx, ty;              /* tiles in a row, and rows of them in an image */
    int tiles;               /* of the whole batch */
    double param_bytes;      /* group.param_bytes */
};

struct tiling {
    int nr;                  /* vectors of output channels */
    struct cut block, p;     /* tiles in blocks, those of a block in register tiles */
    int parts;               /* into which a block's register tiles are divided among units */
    double cycles;           /* for all, by the model */
    double price;            /* these, and more where threads would share them unevenly */
};

static struct shape_of_work work_of(const struct group *g, int64_t batch, int points)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    struct shape_of_work s = {.down = winograd_axis(a, 0, points), .across = winograd_axis(a, 1, points),
            .ic = a->in_channels / a->groups, .oc = a->filters / a->groups, .groups = a->groups,
            .param_bytes = g->param_bytes};
    s.points = s.down.points * s.across.points;
    s.ocb = conv2d_block(s.oc);
    s.pieces = s.down.pieces * s.across.pieces;
    s.depth = s.pieces * s.ic;
    s.tx = winograd_tiles(&s.across, out.w);
    s.ty = winograd_tiles(&s.down, out.h);
    s.tiles = (int)batch * s.tx * s.ty;
    return s;
}

/* Pitch of tiles in the transformed input: whole vectors, of the last piece, too; and no power of two that would
 * crowd the tiles of a register tile into a few sets of the cache. */
static int64_t pitch_of(const struct shape_of_work *s)
{
    int64_t pitch = round_up(s->depth - s->ic + round_up(s->ic, 16), 16);
    return pitch % 256 == 0 ? pitch + 16 : pitch;
}

/* Pitch of points in scratch: an odd number of lines of the cache, since a tile's points are written, and read,
 * together; those of even numbers share few sets of the first level. */
static int64_t plane_of(int64_t floats)
{
    return round_up(floats, 16) | 16;
}

/* ---- weights --------------------------------------------------------------------------------- */

/* [group][block][point][piece][IC][OCB], then biases (and scales, shifts). A block of 8 output channels or more
 * fills lines of the cache whatever IC is, so that each group begins at one: points are an even number. */
static int64_t weights(const struct group *g, int points)
{
    struct shape_of_work s = work_of(g, 1, points);
    int64_t rows = (int64_t)s.points * s.depth;
    return s.groups * round_up(s.oc, s.ocb) * (rows + (g->affine ? 3 : 1));
}

/* Of an output channel: its place among all, the last block of each group being a whole one. */
static int64_t place_of(const struct shape_of_work *s, int oc)
{
    return oc / s->oc * round_up(s->oc, s->ocb) + oc % s->oc;
}

/* The weights of an output channel, `to` being the first one's place. */
static void pack_kernel(const struct winograd *t, const struct shape_of_work *s, const struct group *g, int oc,
        float *to)
{
    const struct conv2d *a = g->main->attr;
    const float *kernel = g->main->weight[0].data;
    double u[WINOGRAD_POINTS * WINOGRAD_POINTS];
    for (int i = 0; i < s->depth; i++) {
        int piece = i / s->ic, ic = i % s->ic;
        winograd_weights(t, a, piece, kernel + (int64_t)ic * a->filters + oc, (int64_t)s->ic * a->filters, u);
        for (int k = 0; k < s->points; k++)
            to[((int64_t)k * s->depth + i) * s->ocb] = (float)u[k];
    }
}

static void pack(struct pool *pool, struct step *step, int points)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    const struct winograd t = winograd_transforms(a, points);
    struct shape_of_work s = work_of(g, 1, points);
    int64_t channels = s.groups * round_up(s.oc, s.ocb), rows = (int64_t)s.points * s.depth;
    float *w = step_weights(pool, step, weights(g, points));

    for (int oc = 0; oc < a->filters; oc++) {
        int64_t place = place_of(&s, oc), lane = place % s.ocb;
        pack_kernel(&t, &s, g, oc, w + (place - lane) * rows + lane);
        conv2d_pack_channel(g, oc, w + channels * rows + place, channels);
    }
}

/* ---- tiles ----------------------------------------------------------------------------------- */

/* Cycles of a register tile for one input channel: multiplies, loads, the four cycles that a sum waits
 * for itself, or the weights, from the second level of the cache if the first doesn't hold those of a
 * point. A load for each multiply is too much for CPUs that start as many of both in a cycle: on Zen 5
 * tiles of 8, 16 and 25 by one vector reach 85, 90 and 92 % of the peak, those of two vectors all. */
static double tile_cycles(const struct target *t, const struct shape_of_work *s, int p, int nr)
{
    double busy = cost_fma(t, (double)p * nr, 1.05 * (nr + p)), bytes = 4.0 * nr * t->vl;
    double hidden = p * nr / (4 * t->fma_per_cycle);
    double weights = bytes * s->depth > t->l1 / 2 ? bytes / (0.9 * t->l2_bytes) : 0;
    double step = (busy > 4 ? busy : 4) + (hidden < 2 ? 0.3 * (2 - hidden) : 0);
    return step > weights ? step : weights;
}

/* Sums, weights, a broadcast; and what compilers keep in registers over the loop, where there are
 * many: with 28 sums of AVX-512 gcc moved some to the stack. */
static bool fits_registers(const struct target *t, int p, int nr)
{
    return p * nr + nr + 1 <= t->registers - (t->registers > 16 ? 3 : 1);
}

/* Whether tiles are lines: a row or a column. */
static bool are_lines(const struct shape_of_work *s)
{
    return s->down.points == 1 || s->across.points == 1;
}

/* Cycles for the transform of a vector of a tile's channels, and for the inverse one: loads,
 * arithmetic and stores overlap in part. Lines take one pass, squares two, or three back to five rows. */
static double transform_cycles(const struct target *t, const struct shape_of_work *s, double each)
{
    double slots = t->vl == 16 ? 1 : 1.5 / t->fma_per_cycle;   /* wide stores take two cycles */
    double passes = are_lines(s) ? 0.5 : 1;
    return each * s->points / 36 * passes * slots * (t->registers >= 32 ? 1 : 1.2);
}

/* Cycles for a tile but for its products. */
static double around_cycles(const struct target *t, const struct shape_of_work *s)
{
    double in = (double)(round_up(s->ic, t->vl) / t->vl);
    double out = (double)(round_up(s->oc, t->vl) / t->vl);
    double back = s->down.m == 5 && !are_lines(s) ? 300 : 150;
    return s->pieces * in * transform_cycles(t, s, 200) + out * transform_cycles(t, s, back) +
           (are_lines(s) ? 50 : 120);
}

/* Of one group. */
static double transformed_bytes(const struct shape_of_work *s)
{
    return 4.0 * s->points * s->depth * (double)round_up(s->oc, s->ocb);
}

#define OVERLAP 0.1  /* of the shorter of two streams of work, what isn't hidden behind the other */

/* Cycles for the products of one block and group: multiplies, or bringing the weights near at so many bytes in a
 * cycle, and for each tile of output channels reading the transformed input again: from the second
 * level of the cache, mostly hidden, if it takes half of it at most, as weights pass through there as
 * well. */
static double product_cycles(const struct target *t, const struct shape_of_work *s,
        const struct tiling *k, double rate)
{
    double nb = k->nr * t->vl, passes = (double)round_up(s->oc, (int64_t)nb) / nb;
    double points = s->points, tiles = k->p.t0 + k->p.t1;
    double sums = k->p.t0 * tile_cycles(t, s, k->p.n0, k->nr) +
            (k->p.t1 ? k->p.t1 * tile_cycles(t, s, k->p.n1, k->nr) : 0);
    double input = 4.0 * points * k->block.n0 * s->depth;
    double again = input * passes * (input <= t->l2 / 2 ? 0.3 / t->l2_bytes : 0.5 / t->l3_bytes);
    double busy = points * passes * (sums * s->depth + 14 * tiles) + again;
    double stream = t->fastest * transformed_bytes(s) / rate;
    return busy > stream ? busy + OVERLAP * stream : stream + OVERLAP * busy;
}

/* Each block of tiles reads all weights, of one group after the other, the first one those of a large network
 * from far away. CPUs that start more multiplies in a cycle get no more bytes in it, and are the ones that
 * wait. */
static double tiling_cycles(const struct target *t, const struct shape_of_work *s, const struct tiling *k)
{
    double near = s->groups * transformed_bytes(s) < t->l2 ? t->l2_bytes : t->l3_bytes;
    double first = conv2d_weight_rate(s->param_bytes, t), blocks = k->block.t0 + k->block.t1;
    double group = blocks * k->block.n0 * around_cycles(t, s) + product_cycles(t, s, k, first < near ? first : near) +
            (blocks - 1) * product_cycles(t, s, k, near);
    return s->groups * group;
}

/* Floats of scratch: a pixel of zeros, the transformed input, and sums. */
static int64_t scratch_of(const struct target *t, const struct shape_of_work *s,
        const struct tiling *k)
{
    return pitch_of(s) + s->points * (plane_of(k->block.n0 * pitch_of(s)) + plane_of((int64_t)k->block.n0 * k->nr * t->vl));
}

/* Whether register tiles begin at a block of weights or lie within one. */
static bool fits_blocks(const struct target *t, const struct shape_of_work *s, int nr)
{
    return nr * t->vl % s->ocb == 0 || s->ocb % (nr * t->vl) == 0;
}

static int units_of(const struct target *t, const struct shape_of_work *s, const struct tiling *k)
{
    int nb = k->nr * t->vl;
    return (k->block.t0 + k->block.t1) * s->groups * ((s->oc + nb - 1) / nb) * k->parts;
}

/* Into how many parts a block's register tiles are divided, if the work is worth a thread. One thread
 * does them as one. */
static int parts_of(const struct target *t, const struct shape_of_work *s, const struct tiling *k)
{
    struct tiling whole = *k;
    whole.parts = 1;
    return k->cycles > 2 * WORTH_A_THREAD ? even_parts(units_of(t, s, &whole), k->p.t0 + k->p.t1) : 1;
}

/* What the choice goes by: cycles, and that threads share evenly, 16 of them too where there is
 * work for so many. */
static double price_of(const struct target *t, const struct shape_of_work *s,
        const struct tiling *k)
{
    static const struct load even;
    int units = units_of(t, s, k);
    bool uneven = k->cycles > 16 * WORTH_A_THREAD && units_are_uneven(units);
    return k->cycles * divide_penalty(k->cycles, units, &even) * (uneven ? 1.1 : 1);
}

/* The fastest register tile for blocks of n tiles; how it divides comes second. */
static struct tiling best_tile(const struct target *t, const struct shape_of_work *s, int n, int nr)
{
    struct tiling best = {0};
    for (int p = 1; p <= n && (p == 1 || fits_registers(t, p, nr)); p++) {
        struct tiling k = {.nr = nr, .block = cut_even(s->tiles, n)};
        k.p = cut_even(k.block.n0, p);
        k.cycles = tiling_cycles(t, s, &k);
        if (best.nr == 0 || k.cycles < best.cycles)
            best = k;
    }
    best.parts = parts_of(t, s, &best);
    best.price = price_of(t, s, &best);
    return best;
}

/* Whether blocks of n tiles can be, and their scratch is within twice the second level of the
 * cache: it is read in order, so that it may be more than that level holds. */
static bool fits(const struct target *t, const struct shape_of_work *s, int n, int nr)
{
    struct tiling k = {.nr = nr, .block = cut_even(s->tiles, n)};
    return k.block.n0 == n && fits_blocks(t, s, nr) &&
           (n == 1 || 4.0 * (double)scratch_of(t, s, &k) <= 2 * t->l2);
}

/* The tiling of the least price; of two nearly alike, the one of smaller blocks, which takes less
 * scratch. */
static struct tiling best_tiling(const struct target *t, const struct shape_of_work *s)
{
    struct tiling best = {0};
    for (int n = 1; n <= MAX_TILES && n <= s->tiles; n++)
        for (int nr = 1; nr <= 4; nr++) {
            if (!fits(t, s, n, nr))
                continue;
            struct tiling k = best_tile(t, s, n, nr);
            if (best.nr == 0 || k.price < (n > best.block.n0 ? 0.98 : 1) * best.price)
                best = k;
        }
    return best;
}

/* Whether weights are asked for one point of the transform ahead: where the second level of the cache
 * doesn't hold them. The prefetchers of CPUs don't keep up with several streams from memory, nor with one
 * that is as fast as this. */
static bool asks_ahead(const struct shape_of_work *s, const struct target *t)
{
    return s->groups * transformed_bytes(s) > t->l2;
}

/* ---- the kernels ----------------------------------------------------------------------------- */

/* Blocks of tiles reach across images, unless they divide the tiles of one. */
static struct crossing crossing_of(const struct target *t, const struct shape_of_work *s, const struct tiling *k,
        int batch)
{
    int of_image = s->tx * s->ty, blocks = k->block.t0 + k->block.t1;
    int least = k->block.t1 ? k->block.n1 : k->block.n0;
    if (batch == 1 || (!k->block.t1 && of_image % least == 0))
        return (struct crossing){0};
    return (struct crossing){of_image, least, units_of(t, s, k) / blocks};
}

static bool ok(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_CONV2D  /* any residual, activation and affine go along */
        && a->kernel[0] * a->kernel[1] > 1 && a->kernel[0] <= MAX_TAPS && a->kernel[1] <= MAX_TAPS
        && a->strides[0] == 1 && a->strides[1] == 1
        && a->in_channels / a->groups >= MIN_CHANNELS  /* fewer: transforms cost more than they save */
        && a->filters / a->groups >= MIN_CHANNELS;
}

static double cost(const struct group *g, int64_t batch, const struct target *t, int points)
{
    struct shape_of_work s = work_of(g, batch, points);
    const struct target *with = target_for(t, s.ocb);
    return best_tiling(with, &s).cycles * conv2d_stand_in(t, with) + conv2d_stream_cost(g, batch, with, 0);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b, int points)
{
    const struct conv2d *a = step->group->main->attr;
    struct shape_of_work s = work_of(step->group, step->out.n, points);
    b->target = t = target_for(t, s.ocb);
    struct tiling k = best_tiling(t, &s);
    int64_t channels = s.groups * round_up(s.oc, s.ocb);

    b->units = units_of(t, &s, &k);
    b->scratch = scratch_of(t, &s, &k);
    b->crossing = crossing_of(t, &s, &k, step->out.n);
    args_int(pool, &b->args, "IC", s.ic);
    args_int(pool, &b->args, "OC", s.oc);
    args_int(pool, &b->args, "G", s.groups);
    args_int(pool, &b->args, "IH", step->in.at[0].h);
    args_int(pool, &b->args, "IW", step->in.at[0].w);
    args_int(pool, &b->args, "OH", step->out.h);
    args_int(pool, &b->args, "OW", step->out.w);
    args_int(pool, &b->args, "KH", a->kernel[0]);
    args_int(pool, &b->args, "KW", a->kernel[1]);
    args_int(pool, &b->args, "DH", s.down.dilation);
    args_int(pool, &b->args, "DW", s.across.dilation);
    args_int(pool, &b->args, "PT", a->pad[0]);
    args_int(pool, &b->args, "PL", a->pad[2]);
    bind_view(pool, &b->args, "X", &step->in.at[0]);
    bind_view(pool, &b->args, "Y", &step->out);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "NR", k.nr);
    args_int(pool, &b->args, "PH", s.down.points);
    args_int(pool, &b->args, "PW", s.across.points);
    args_int(pool, &b->args, "MH", s.down.m);
    args_int(pool, &b->args, "MW", s.across.m);
    args_int(pool, &b->args, "IMAGES", b->crossing.times > 0);
    args_int(pool, &b->args, "T", k.block.n0);
    args_int(pool, &b->args, "BLOCKS", k.block.t0 + k.block.t1);
    args_int(pool, &b->args, "NT", s.tiles);
    args_int(pool, &b->args, "TX", s.tx);
    args_int(pool, &b->args, "TY", s.ty);
    bind_cut(pool, &b->args, "P", "T", &k.p);
    args_int(pool, &b->args, "PARTS", k.parts);
    args_int(pool, &b->args, "VS", pitch_of(&s));
    args_int(pool, &b->args, "VPLANE", plane_of(k.block.n0 * pitch_of(&s)));
    args_int(pool, &b->args, "MPLANE", plane_of((int64_t)k.block.n0 * k.nr * t->vl));
    args_int(pool, &b->args, "OCB", s.ocb);
    args_int(pool, &b->args, "AHEAD", asks_ahead(&s, t));
    args_int(pool, &b->args, "BIAS", channels * s.points * s.depth);
    bind_epilogue(pool, &b->args, step, channels, 2 * channels);
}

static int64_t weights_4(const struct group *g) { return weights(g, 4); }
static int64_t weights_6(const struct group *g) { return weights(g, 6); }

static double cost_4(const struct group *g, int64_t batch, const struct target *t)
{
    return cost(g, batch, t, 4);
}

static double cost_6(const struct group *g, int64_t batch, const struct target *t)
{
    return cost(g, batch, t, 6);
}

static void pack_4(struct pool *pool, struct step *step) { pack(pool, step, 4); }
static void pack_6(struct pool *pool, struct step *step) { pack(pool, step, 6); }

static void bind_4(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    bind(pool, step, t, b, 4);
}

static void bind_6(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    bind(pool, step, t, b, 6);
}

static void bound_4(const struct node *n, const struct tval *in, struct tval *out)
{
    winograd_bound(n, 4, in, out);
}

static void bound_6(const struct node *n, const struct tval *in, struct tval *out)
{
    winograd_bound(n, 6, in, out);
}

static const char *const parts[] = {
    "conv2d_winograd_in", "conv2d_winograd_out", "conv2d_winograd", NULL};

const struct kernel conv2d_winograd4 = {
    .name = "conv2d_winograd4",
    .doc = "Winograd convolution on tiles of 4 pixels along each axis of the kernel, as F(2x2,3x3)",
    .ok = ok, .cost = cost_4, .weights = weights_4, .pack = pack_4, .bind = bind_4,
    .bound = bound_4, .parts = parts, .strictest = MATH_FAST,
    .over_residual = true,
};

const struct kernel conv2d_winograd6 = {
    .name = "conv2d_winograd6",
    .doc = "Winograd convolution on tiles of 6 pixels along each axis of the kernel, as F(4x4,3x3)",
    .ok = ok, .cost = cost_6, .weights = weights_6, .pack = pack_6, .bind = bind_6,
    .bound = bound_6, .parts = parts, .strictest = MATH_FAST,
    .over_residual = true,
};
