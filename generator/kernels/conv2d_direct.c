/* conv2d_direct: output channels in vectors, a tile of pixels of one row in registers. The workhorse:
 * any kernel, stride, dilation, groups; best with 8 output channels or more in a group. */
#include "conv2d.h"
#include "divide.h"

/* What one instance looks like on a target. Rows of a 1x1 convolution over contiguous images are joined
 * until they are long enough to fill tiles: ih, oh, iw and ow are those of the joined rows. */
struct shape_of_work {
    int ic, oc;              /* of one group */
    int ocb;                 /* output channels in a block of weights */
    int oh, ow;
    int join;                /* rows joined into one */
    int64_t copies;          /* images by groups */
};

struct tiling {
    int nr;                  /* vectors of channels */
    int p0, t0, p1, t1;      /* t0 tiles of p0 pixels and t1 of p1 in a row */
    double cycles;           /* for all pixels and channels of one group and image, by the model */
};

static int block_width(int oc)
{
    return oc <= 4 ? 4 : oc <= 8 ? 8 : 16;
}

/* Rows can be joined when a row's end is the next one's beginning in every view. */
static bool joinable(const struct step *step)
{
    const struct conv2d *a = step->group->main->attr;
    bool ok = conv2d_is_pointwise(a) && step->out.row == step->out.w * step->out.pixel &&
              step->in.at[0].row == step->in.at[0].w * step->in.at[0].pixel;
    if (ok && step->group->add)
        ok = step->in.at[1].row == step->in.at[1].w * step->in.at[1].pixel;
    return ok;
}

/* The smallest divisor of the height that gives rows of at least 24 pixels, else all of it. */
static int rows_to_join(int h, int w)
{
    int join = 1;
    while (join < h && (join * w < 24 || h % join != 0))
        join++;
    return join;
}

static struct shape_of_work work_of(const struct group *g, int64_t batch, bool join)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    struct shape_of_work s = {a->in_channels / a->groups, a->filters / a->groups, 0,
            out.h, out.w, 1, batch * a->groups};
    s.ocb = block_width(s.oc);
    if (join) {
        s.join = rows_to_join(out.h, out.w);
        s.oh = out.h / s.join;
        s.ow = out.w * s.join;
    }
    return s;
}

/* Cuts a row into the fewest tiles of at most p pixels, as equal as can be. */
static struct tiling cut_row(int ow, int p, int nr)
{
    int tiles = (ow + p - 1) / p, small = ow / tiles, wide = ow - tiles * small;
    if (wide == 0)
        return (struct tiling){nr, small, tiles, 0, 0, 0};
    return (struct tiling){nr, small + 1, wide, small, tiles - wide, 0};
}

/* Cycles for one step (kernel row, column, input channel) of a tile: limited by multiplies, by loads, or
 * by the four cycles that a sum waits for itself. Among equals the tile that touches fewer cache lines is
 * better: a vector of weights is a line or half of one each time, a pixel a line for many steps, but
 * pixels a power of two apart crowd each other out. */
static double tile_cycles(const struct target *t, int p, int nr)
{
    double busy = cost_fma(t, (double)p * nr, nr + p * (t->vl == 16 ? 0.5 : 1.0));
    return (busy > 4 ? busy : 4) + 0.05 * (0.25 * p + nr);
}

static double row_cycles(const struct target *t, const struct tiling *k, int nr)
{
    return k->t0 * tile_cycles(t, k->p0, nr) + k->t1 * tile_cycles(t, k->p1, nr);
}

static double tiling_cycles(const struct target *t, const struct shape_of_work *s, double taps,
        const struct tiling *k)
{
    int nb = k->nr * t->vl, rest = s->oc % nb;
    double per_row = s->oc / nb * row_cycles(t, k, k->nr);
    if (rest)
        per_row += row_cycles(t, k, (rest + t->vl - 1) / t->vl);
    double tiles = (double)(k->t0 + k->t1) * ((s->oc + nb - 1) / nb);
    return s->oh * (per_row * taps * s->ic + 12 * tiles);  /* 12: start and store of a tile */
}

/* Units of a row: pieces of whole tiles by channels in tiles. */
static int row_pieces(const struct shape_of_work *s, const struct tiling *k, int vl)
{
    int q = (s->oc + k->nr * vl - 1) / (k->nr * vl);
    return divide_row(k->cycles * (double)s->copies, s->copies * q * s->oh, k->t0 + k->t1);
}

/* The last tile of channels may be a narrower one. */
static struct load load_of(const struct target *t, const struct shape_of_work *s,
        const struct tiling *k)
{
    int nb = k->nr * t->vl, rest = s->oc % nb, column = s->oh * row_pieces(s, k, t->vl);
    if (rest == 0 || rest == s->oc)
        return (struct load){0};
    return (struct load){column * (s->oc / nb + 1), column,
            row_cycles(t, k, (rest + t->vl - 1) / t->vl) / row_cycles(t, k, k->nr)};
}

static int units_of(const struct target *t, const struct shape_of_work *s, const struct tiling *k)
{
    int nb = k->nr * t->vl;
    return (int)s->copies * s->oh * ((s->oc + nb - 1) / nb) * row_pieces(s, k, t->vl);
}

/* What the choice goes by: cycles, and that threads share evenly. */
static double price(const struct target *t, const struct shape_of_work *s, const struct tiling *k)
{
    struct load load = load_of(t, s, k);
    return k->cycles * divide_penalty(k->cycles * (double)s->copies, units_of(t, s, k), &load);
}

/* The tile with the fewest predicted cycles among those that fit the registers, two kept free. */
static struct tiling best_tiling(const struct target *t, const struct shape_of_work *s, double taps)
{
    struct tiling best = {0};
    for (int nr = 1; nr <= 4; nr++)
        for (int p = 1; p <= 28 && p * nr + nr + 1 <= t->registers - 1; p++) {
            struct tiling k = cut_row(s->ow, p, nr);
            k.cycles = tiling_cycles(t, s, taps, &k);
            if (nr * t->vl % s->ocb != 0 && s->ocb % (nr * t->vl) != 0)
                continue;  /* tiles must begin at a block or lie within one */
            if (best.nr == 0 || price(t, s, &k) < price(t, s, &best))
                best = k;
        }
    return best;
}

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_CONV2D;  /* any residual, activation and affine go along */
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    struct shape_of_work s = work_of(g, batch, conv2d_is_pointwise(a));
    struct tiling k = best_tiling(t, &s, (double)a->kernel[0] * a->kernel[1]);
    double weights = 4.0 * a->kernel[0] * a->kernel[1] * s.ic * (double)round_up(s.oc, s.ocb) * a->groups;
    return (double)batch * k.cycles * a->groups + conv2d_stream_cost(g, batch, t, weights);
}

/* Kernel blocks, then biases, then (with a fused affine) scales and shifts in the order of the biases. */
static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    struct shape_of_work s = work_of(g, 1, false);
    int64_t blocks = round_up(s.oc, s.ocb) / s.ocb, rows = (int64_t)a->kernel[0] * a->kernel[1] * s.ic;
    int64_t channels = blocks * s.ocb * a->groups;
    float *w = step_weights(pool, step, channels * rows + channels * (g->affine ? 3 : 1));
    float *bias = w + channels * rows;
    const float *kernel = g->main->weight[0].data;

    for (int oc = 0; oc < a->filters; oc++) {
        int64_t block = oc / s.oc * blocks + oc % s.oc / s.ocb, lane = oc % s.oc % s.ocb;
        float *to = w + block * rows * s.ocb + lane;
        for (int64_t i = 0; i < rows; i++)
            to[i * s.ocb] = kernel[i * a->filters + oc];
        conv2d_pack_channel(g, oc, bias + block * s.ocb + lane, channels);
    }
}

static void bind(struct pool *pool, const struct step *step, const struct target *t, struct binding *b)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    struct shape_of_work s = work_of(g, step->out.n, joinable(step));
    struct step joined = step_join_rows(pool, step, s.join);
    if (t->vl > s.ocb && targets[t->base].vl >= s.ocb)
        t = &targets[t->base];  /* shorter vectors waste fewer lanes */
    struct tiling k = best_tiling(t, &s, (double)a->kernel[0] * a->kernel[1]);
    int64_t blocks = round_up(s.oc, s.ocb) / s.ocb, channels = blocks * s.ocb * a->groups;

    b->target = t;
    b->units = units_of(t, &s, &k);
    b->load = load_of(t, &s, &k);
    conv2d_bind_shape(pool, &b->args, &joined);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "NR", k.nr);
    args_int(pool, &b->args, "P0", k.p0);
    args_int(pool, &b->args, "T0", k.t0);
    args_int(pool, &b->args, "P1", k.p1);
    args_int(pool, &b->args, "T1", k.t1);
    args_int(pool, &b->args, "PIECES", row_pieces(&s, &k, t->vl));
    args_int(pool, &b->args, "OCB", s.ocb);
    args_int(pool, &b->args, "CLIP", conv2d_clips_rows(a, step->in.at[0].h, step->out.h));
    args_int(pool, &b->args, "BIAS", channels * a->kernel[0] * a->kernel[1] * s.ic);
    bind_epilogue(pool, &b->args, &joined, channels, 2 * channels);
}

const struct kernel conv2d_direct = {
    .name = "conv2d_direct",
    .doc = "direct convolution, output channels in vectors, a tile of pixels in registers",
    .ok = ok, .cost = cost, .halo = conv2d_halo, .pack = pack, .bind = bind, .over_residual = true,
};
