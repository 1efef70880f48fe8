/* conv2d_direct: output channels in vectors, a tile of pixels of one row, or of a pair of narrow rows, in
 * registers. The workhorse: any kernel, stride, dilation, groups; best with 8 output channels or more in a group.
 * One to three channels behind the last block of 16 are dot products of the same tile of pixels. */
#include "conv2d.h"
#include "cut.h"
#include "divide.h"

enum {
    BLOCK = 16,         /* most output channels in a block of weights */
    MOST_DOTS = 3,      /* channels behind the last such block that are sums of products along the input */
    LEAST_RUN = 16, LEAST_PRODUCTS = 32, /* input channels, and products of a sum, for these */
    MOST_COLUMNS = 64,  /* of the kernel, in all tiles at the ends of a row: each is written out */
    MOST_PAIRED = 12,   /* pixels in rows that are done in pairs */
    MOST_TURNS = 16,    /* tiles of pixels that share asking for a block of weights */
};

/* What one instance looks like. Rows of a 1x1 convolution over contiguous images are joined until
 * they are long enough to fill tiles: oh and ow are those of the joined rows. */
struct shape_of_work {
    int ic, oc, groups;      /* channels of one group; of the output's, those in vectors */
    int dots;                /* and those behind them */
    int batch;
    int ocb;                 /* output channels in a block of weights */
    int taps;                /* kernel rows times columns */
    double used_taps;        /* without kernel rows above and below the image, on the average */
    int columns;             /* of the kernel */
    int oh, ow;
    int full_from, full;     /* the first row with all kernel rows in the image, and how many there are */
    int64_t pitch;           /* floats between the input pixels of neighbouring output pixels */
    int join;                /* rows joined into one */
    double all_weight_bytes; /* of the network; 0: not known yet */
    bool part;               /* of a step: units needn't be many */
};

struct tiling {
    const struct target *target;  /* whose vectors: shorter ones may waste fewer lanes */
    int nr;                       /* vectors of channels */
    struct cut p;                 /* pixels of a row */
    int pairs;                    /* of rows */
    struct cut pair;              /* pixels of two rows, one behind the other */
    double cycles;                /* for one group and image, by the model */
    double price;                 /* these, and more where threads would share them unevenly */
};

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

/* Rows (axis 0) or columns (1) of the kernel inside the image, of an output row or column on the average. */
static double taps_inside(const struct group *g, int axis)
{
    const struct conv2d *a = g->main->attr;
    struct hwc in = shape_hwc(&g->in.at[0]->shape), out = shape_hwc(&g->main->out->shape);
    int64_t size = axis ? in.w : in.h, n = axis ? out.w : out.h, stride = a->strides[axis], inside = 0;
    for (int k = 0; k < a->kernel[axis]; k++) {
        int64_t before = a->pad[2 * axis] - (int64_t)k * a->dilation[axis];
        int64_t first = before > 0 ? (before + stride - 1) / stride : 0, end = (size + before + stride - 1) / stride;
        end = end < n ? end : n;
        inside += end > first ? end - first : 0;
    }
    return (double)inside / (double)n;
}

/* Rows with all kernel rows in the image: any pairs of them do the same, if tiles can't be without a pixel. */
static void find_full_rows(const struct group *g, struct shape_of_work *s)
{
    const struct conv2d *a = g->main->attr;
    struct hwc in = shape_hwc(&g->in.at[0]->shape);
    int64_t stride = a->strides[0];
    int64_t from = (a->pad[0] + stride - 1) / stride;
    int64_t room = in.h - 1 + a->pad[0] - (int64_t)(a->kernel[0] - 1) * a->dilation[0];
    int64_t end = room < 0 ? 0 : room / stride + 1;
    end = end < s->oh ? end : s->oh;
    s->full_from = (int)from;
    s->full = end > from && conv2d_fills(a, 1, in.w, s->ow) ? (int)(end - from) : 0;
}

/* Output channels of a group that would leave a vector almost empty, 1 of 17 or 33: vectors lie along the
 * input for these. Four would fill a vector of NEON. Not for --math=strict: the order of the sum differs
 * between targets. */
static int dots_of(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    int ic = a->in_channels / a->groups, oc = a->filters / a->groups, rest = oc % BLOCK;
    bool worth = oc > BLOCK && rest <= MOST_DOTS && ic >= LEAST_RUN &&
                 (int64_t)a->kernel[0] * a->kernel[1] * ic >= LEAST_PRODUCTS;
    return worth && g->math != MATH_STRICT ? rest : 0;
}

static struct shape_of_work work_of(const struct group *g, int64_t batch, bool join)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    int dots = dots_of(g);
    struct shape_of_work s = {a->in_channels / a->groups, a->filters / a->groups - dots, a->groups, dots,
            (int)batch, 0, a->kernel[0] * a->kernel[1], taps_inside(g, 0) * a->kernel[1],
            a->kernel[1], out.h, out.w, 0, 0, (int64_t)a->in_channels * a->strides[1], 1, 0, false};
    s.ocb = conv2d_block(s.oc);
    if (join) {
        s.join = rows_to_join(out.h, out.w);
        s.oh = out.h / s.join;
        s.ow = out.w * s.join;
    } else {
        find_full_rows(g, &s);
    }
    return s;
}

/* ---- tiles ----------------------------------------------------------------------------------- */

/* Cycles for one step (kernel row, column, input channel) of a tile. Without FMA by instructions: copy
 * (or load, for few pixels), multiply and add for each sum, two for a broadcast. */
static double step_cycles(const struct target *t, int p, int nr)
{
    double sums = p * nr;
    if (t->fma)
        return conv2d_step_cycles(t, p, nr);
    double busy = (3 * sums + 2 * p + (p > 3 ? nr : 0)) / 3;
    return (busy > 4 ? busy : 4) + (sums < 8 ? 0.3 * (2 - sums / 4) : 0);
}

/* Extra cycles for one step where pixels are a multiple of a page's fraction apart, so that more
 * of them than a set of the first-level cache has ways (8 of 64 sets of 64 bytes) push each other
 * out. */
static double crowding(const struct shape_of_work *s, int p)
{
    int64_t lines = s->pitch / 16, sets = 64;
    if (s->pitch % 16 != 0)
        return 0;
    for (; sets > 1 && lines % 2 == 0; lines /= 2)
        sets /= 2;
    return p > 8 * sets ? 0.7 * (double)(p - 8 * sets) : 0;
}

/* Cycles in which the second-level cache delivers the weights of one step, where the first is too
 * small for those of a tile: CPUs that start more FMAs in a cycle get no more bytes in it (1x1 256 to
 * 512 at 28x28: tiles of 4 by 4 vectors took a tenth longer than those of 6 by 4 on Zen 5). */
static double weight_cycles(const struct shape_of_work *s, const struct target *t, int nr)
{
    double bytes = 4.0 * nr * t->vl;
    return bytes * s->taps * s->ic > t->l1 / 2 ? t->fastest * bytes / (0.9 * t->l2_bytes) : 0;
}

/* The end of one tile and the start of the next overlap the worse the more sums there are to store
 * and the more pixels they belong to (measured); and the faster multiplications are, since the cache
 * takes as long for the results. */
static double tile_cycles(const struct shape_of_work *s, const struct target *t, int p, int nr)
{
    double sums = p * nr, steps = s->used_taps * s->ic;
    double step = step_cycles(t, p, nr) + crowding(s, p), weights = weight_cycles(s, t, nr);
    double store = 0.05 + 0.11 * (t->fastest - 1);
    return steps * (step > weights ? step : weights) +
            (store * sums * sums + 0.5 * p) / t->fma_per_cycle;
}

/* The channels behind the vectors: p sums at a time, whose lanes are then added. */
static double dots_cycles(const struct shape_of_work *s, const struct target *t, int p)
{
    double steps = s->used_taps * (double)(round_up(s->ic, t->vl) / t->vl), step = cost_fma(t, p, p + 1);
    return s->dots * (steps * (step > 4 ? step : 4) + 6 * p);
}

static double cut_cycles(const struct shape_of_work *s, const struct target *t, const struct cut *p, int nr)
{
    double cycles = p->t0 * tile_cycles(s, t, p->n0, nr);
    return p->t1 ? cycles + p->t1 * tile_cycles(s, t, p->n1, nr) : cycles;
}

/* All tiles of pixels by nr vectors. */
static double column_cycles(const struct shape_of_work *s, const struct tiling *k, int nr)
{
    double rows = (s->oh - 2 * k->pairs) * cut_cycles(s, k->target, &k->p, nr);
    return k->pairs ? rows + k->pairs * cut_cycles(s, k->target, &k->pair, nr) : rows;
}

static int channel_tiles(const struct shape_of_work *s, const struct tiling *k)
{
    int nb = k->nr * k->target->vl;
    return (s->oc + nb - 1) / nb;
}

static double weight_bytes(const struct shape_of_work *s)
{
    return 4.0 * s->taps * s->ic * (double)(round_up(s->oc, s->ocb) + s->dots) * s->groups;
}

/* Weights that the second-level cache doesn't hold come, in lines of 64 bytes, at half of the
 * third's rate while the first tile of pixels is done, which may be faster than that. */
static double wait_for_weights(const struct shape_of_work *s, const struct tiling *k)
{
    const struct target *t = k->target;
    double bytes = weight_bytes(s) / s->groups;
    double used = 4.0 * k->nr * t->vl, line = used < 64 ? 64 : used;  /* of one step */
    double wait = 2 / t->l3_bytes - step_cycles(t, k->p.n0, k->nr) / line;
    return bytes * s->groups > t->l2 && wait > 0 ? bytes * line / used * wait : 0;
}

static double tiling_cycles(const struct shape_of_work *s, const struct tiling *k)
{
    int vl = k->target->vl, nb = k->nr * vl, rest = s->oc % nb;
    double cycles = s->oc / nb * column_cycles(s, k, k->nr);
    if (rest)
        cycles += column_cycles(s, k, (rest + vl - 1) / vl);
    cycles += s->oh * (k->p.t0 * dots_cycles(s, k->target, k->p.n0) + k->p.t1 * dots_cycles(s, k->target, k->p.n1));
    return cycles + wait_for_weights(s, k);
}

/* No vector reaches over a block of weights; tiles begin at a block, lie within one, or are the
 * only one. */
static bool fits_blocks(const struct shape_of_work *s, int nr, int vl)
{
    int nb = nr * vl;
    return (vl <= s->ocb || s->oc <= s->ocb) &&
           (nb % s->ocb == 0 || s->ocb % nb == 0 || nb >= s->oc);
}

/* Sums, weights, one broadcast; without FMA a product. */
static bool fits_registers(const struct target *t, int p, int nr)
{
    return p * nr + nr + 1 + !t->fma <= t->registers;
}

/* ---- units ----------------------------------------------------------------------------------- */

/* A pair counts as one. */
static int64_t rows_of(const struct shape_of_work *s, const struct tiling *k)
{
    return (int64_t)s->batch * (s->oh - k->pairs) * s->groups;
}

/* Tiles of pixels that a channel tile's weights serve, for each block of them. */
static int64_t tiles_for_block(const struct shape_of_work *s, const struct tiling *k)
{
    int64_t tiles = (int64_t)(s->oh - 2 * k->pairs) * (k->p.t0 + k->p.t1);
    int64_t blocks = k->nr * k->target->vl / s->ocb;
    tiles += (int64_t)k->pairs * (k->pair.t0 + k->pair.t1);
    return blocks ? tiles / blocks : 0;
}

/* Whether the weights of the channel tile that comes next are asked for: they are far away, and not just
 * for the first of many rows. Pays from a quarter of the second-level cache on. */
static bool asks_ahead(const struct shape_of_work *s, const struct tiling *k)
{
    double bytes = weight_bytes(s), l2 = k->target->l2;
    return s->all_weight_bytes > 2 * l2 && 4 * bytes > l2 && (s->oh == 1 || bytes > l2) &&
           s->groups == 1 && channel_tiles(s, k) > 1 && tiles_for_block(s, k) >= 1;
}

/* That many tiles of pixels then share a block, each asking in one step of so many, a power of two: memory
 * delivers slower than a tile multiplies, and all of a block at once kept its own loads waiting (1x1 160 to
 * 960 at 7x7 among weights from memory, Zen 3: a tenth). */
static int ask_every(const struct shape_of_work *s, const struct tiling *k)
{
    int every = 1;
    while (every < MOST_TURNS && 2 * every <= tiles_for_block(s, k))
        every *= 2;
    return asks_ahead(s, k) ? every : 0;
}

/* How many channel tiles a unit does for each tile of pixels. As many as have weights that stay in
 * half of the second-level cache: input and output then go through the caches once. Fewer where units
 * would be too few for many threads; one where it asks for the next one's weights. A row's units are
 * alike: 4 and 4 tiles, not 7 and 1. */
static int tiles_of_unit(const struct shape_of_work *s, const struct tiling *k)
{
    if (asks_ahead(s, k))
        return 1;
    int tiles = channel_tiles(s, k);
    double bytes = 4.0 * s->taps * s->ic * k->nr * k->target->vl, most = k->target->l2 / 2 / bytes;
    int qb = most >= tiles ? tiles : most < 1 ? 1 : (int)most;
    while (!s->part && qb > 1 && units_are_uneven(rows_of(s, k) * ((tiles + qb - 1) / qb)))
        qb = (qb + 1) / 2;
    int parts = (tiles + qb - 1) / qb;
    return (tiles + parts - 1) / parts;
}

static int64_t units_of_rows(const struct shape_of_work *s, const struct tiling *k)
{
    int tiles = channel_tiles(s, k), unit = tiles_of_unit(s, k);
    return rows_of(s, k) * ((tiles + unit - 1) / unit);
}

/* Where those are too few, the tiles of pixels of joined rows are divided, into as many pieces as divide
 * their number: the fewest with which many threads find work alike, or come nearest to that. */
static int pieces_of_row(const struct shape_of_work *s, const struct tiling *k)
{
    return s->join > 1 && !s->part ? even_parts(units_of_rows(s, k), k->p.t0 + k->p.t1) : 1;
}

static int units_of(const struct shape_of_work *s, const struct tiling *k)
{
    return (int)(units_of_rows(s, k) * pieces_of_row(s, k));
}

/* ---- the choice ------------------------------------------------------------------------------ */

/* What the choice goes by: cycles, and that threads share them evenly. */
static double price_of(const struct shape_of_work *s, const struct tiling *k)
{
    static const struct load even;
    return k->cycles * divide_penalty(k->cycles * s->batch * s->groups, units_of(s, k), &even);
}

static void set_price(const struct shape_of_work *s, struct tiling *k)
{
    k->cycles = tiling_cycles(s, k);
    k->price = price_of(s, k);
}

/* Narrow rows, in loops of some steps for each column of the kernel. */
static bool may_pair(const struct shape_of_work *s)
{
    return s->ow <= MOST_PAIRED && s->ic >= LEAST_RUN && s->full > 1 && s->join == 1 && !s->part && !s->dots;
}

/* Rows in pairs, where that is cheaper by a twentieth: 7 pixels are 4 and 3 by two vectors of AVX2, of which the
 * latter wait for their sums, 14 are 5, 5 and 4 (3x3/2 256 to 512 at 14x14, Zen 3: a ninth less). */
static struct tiling in_pairs(const struct shape_of_work *s, struct tiling single)
{
    struct tiling best = single;
    double limit = 0.95 * single.price;
    if (!may_pair(s))
        return single;
    for (int p = 1; p <= 28 && fits_registers(single.target, p, single.nr); p++) {
        struct tiling k = single;
        k.pairs = s->full / 2;
        k.pair = cut_even(2 * s->ow, p);
        set_price(s, &k);
        if ((k.pair.t0 + k.pair.t1) * s->columns <= MOST_COLUMNS && k.price < limit) {
            best = k;
            limit = k.price;
        }
    }
    return best;
}

/* The tile of the least price. */
static struct tiling best_tiling_on(const struct target *t, const struct shape_of_work *s)
{
    struct tiling best = {.target = t};
    for (int nr = 1; nr <= 4; nr++)
        for (int p = 1; p <= 28 && fits_registers(t, p, nr); p++) {
            struct tiling k = {.target = t, .nr = nr, .p = cut_even(s->ow, p)};
            set_price(s, &k);
            k = in_pairs(s, k);
            if (fits_blocks(s, nr, t->vl) && (best.nr == 0 || k.price < best.price))
                best = k;
        }
    return best;
}

/* With the target's own vectors or, where those would be partly empty, with shorter ones (always
 * where half of them would be). */
static struct tiling best_tiling(const struct target *t, const struct shape_of_work *s)
{
    struct tiling best = {0};
    const struct target *of = t;
    for (t = target_for(t, s->oc);; t = &targets[t->base]) {
        struct tiling k = best_tiling_on(t, s);
        k.cycles *= conv2d_stand_in(of, t);
        k.price *= conv2d_stand_in(of, t);
        if (best.nr == 0 || k.price < best.price)
            best = k;
        if (targets[t->base].vl >= t->vl || s->oc % t->vl == 0)
            return best;
    }
}

/* ---- the ends of rows ------------------------------------------------------------------------ */

/* The first pixel of tile i. */
static int64_t tile_start(const struct cut *p, int i)
{
    return i < p->t0 ? (int64_t)i * p->n0 : (int64_t)p->t0 * p->n0 + (int64_t)(i - p->t0) * p->n1;
}

/* Tiles of a row whose windows reach over the image: so many at its left end, and others at its right one. */
struct ends { int left, right; };

static struct ends ends_of(const struct group *g, const struct cut *p)
{
    const struct conv2d *a = g->main->attr;
    int iw = shape_hwc(&g->in.at[0]->shape).w, tiles = p->t0 + p->t1;
    int64_t reach = (int64_t)(a->kernel[1] - 1) * a->dilation[1] - a->pad[2];
    struct ends e = {0, 0};
    while (e.left < tiles && tile_start(p, e.left) * a->strides[1] < a->pad[2])
        e.left++;
    while (e.left + e.right < tiles && (tile_start(p, tiles - e.right) - 1) * a->strides[1] + reach >= iw)
        e.right++;
    return e;
}

/* Whether no tap of tile i has a pixel in the image. */
static bool tile_is_empty(const struct group *g, const struct cut *p, int i)
{
    const struct conv2d *a = g->main->attr;
    int64_t iw = shape_hwc(&g->in.at[0]->shape).w, sw = a->strides[1];
    int64_t start = tile_start(p, i), pixels = tile_start(p, i + 1) - start;
    for (int k = 0; k < a->kernel[1]; k++) {
        int64_t at = start * sw + (int64_t)k * a->dilation[1] - a->pad[2];
        int64_t first = at < 0 ? (sw - 1 - at) / sw : 0;
        if (first < pixels && at + first * sw < iw)
            return false;
    }
    return true;
}

/* Whether one of these tiles is: its sums are biases alone. */
static bool ends_are_empty(const struct group *g, const struct cut *p, const struct ends *e)
{
    bool empty = false;
    for (int i = 0; i < e->left && !empty; i++)
        empty = tile_is_empty(g, p, i);
    for (int i = 0; i < e->right && !empty; i++)
        empty = tile_is_empty(g, p, p->t0 + p->t1 - 1 - i);
    return empty;
}

/* Whether the code of these tiles, which leave out the halo, isn't too long. */
static bool ends_fit(const struct group *g, const struct tiling *k)
{
    const struct conv2d *a = g->main->attr;
    struct ends e = ends_of(g, &k->p);
    return (int64_t)(e.left + e.right) * a->kernel[1] <= MOST_COLUMNS;
}

/* Whether a sixteenth of all products or more are with the halo. */
static bool ends_pay(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    return 16 * (a->kernel[1] - taps_inside(g, 1)) >= a->kernel[1];
}

/* ---- the kernel ------------------------------------------------------------------------------ */

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_CONV2D;  /* any residual, activation and affine go along */
}

/* An input had better be read where it is than copied for a halo, where that is so on all targets. */
static bool edges(const struct group *g)
{
    struct shape_of_work s = work_of(g, 1, false);
    bool fit = true;
    for (int t = 0; t < TARGET_COUNT; t++) {
        struct tiling k = best_tiling(&targets[t], &s);
        fit = fit && ends_fit(g, &k);
    }
    return fit;
}

/* Almost all of the traffic is hidden behind the multiplies: what shows is 4 % of it (measured). */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    struct shape_of_work s = work_of(g, batch, conv2d_is_pointwise(a));
    struct tiling k = best_tiling(t, &s);
    return (double)batch * k.cycles * s.groups +
            0.04 * conv2d_stream_cost(g, batch, t, weight_bytes(&s)) + conv2d_far_weights_cost(g, t, weight_bytes(&s));
}

/* Channels that biases have room for: whole blocks of them. */
static int64_t bias_channels(const struct shape_of_work *s)
{
    return round_up(s->oc + s->dots, s->ocb) * s->groups;
}

/* Floats of kernels. What is in blocks begins at a cache line in each group. */
static int64_t kernel_floats(const struct shape_of_work *s)
{
    int64_t rows = (int64_t)s->taps * s->ic;
    return (round_up(s->oc, s->ocb) * rows + round_up(s->dots * rows, BLOCK)) * s->groups;
}

int64_t conv2d_direct_floats(const struct group *g)
{
    struct shape_of_work s = work_of(g, 1, false);
    return kernel_floats(&s) + bias_channels(&s) * (g->affine ? 3 : 1);
}

/* Where the first weight of a group's output channel is, and how far apart they are. */
struct lane { int64_t at, step; };

static struct lane lane_of(const struct shape_of_work *s, int oc)
{
    int64_t rows = (int64_t)s->taps * s->ic, blocks = round_up(s->oc, s->ocb);
    if (oc >= s->oc)
        return (struct lane){(blocks + oc - s->oc) * rows, 1};
    return (struct lane){oc / s->ocb * s->ocb * rows + oc % s->ocb, s->ocb};
}

/* Of each group kernel blocks and those of the channels behind, then biases, then (with a fused affine)
 * scales and shifts in the order of the biases. */
static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    struct shape_of_work s = work_of(g, step->out.n, false);
    int64_t rows = (int64_t)s.taps * s.ic, channels = bias_channels(&s), all = kernel_floats(&s);
    int per_group = s.oc + s.dots;
    float *w = step_weights(pool, step, conv2d_direct_floats(g)), *bias = w + all;
    const float *kernel = g->main->weight[0].data;

    for (int oc = 0; oc < a->filters; oc++) {
        int group = oc / per_group, of = oc % per_group;
        struct lane l = lane_of(&s, of);
        float *to = w + all / s.groups * group + l.at;
        for (int64_t i = 0; i < rows; i++)
            to[i * l.step] = kernel[i * a->filters + oc];
        conv2d_pack_channel(g, oc, bias + channels / s.groups * group + of, channels);
    }
}

/* How the work is cut, on rows that may be joined ones. Units of a row are neighbours (INNER) where
 * all weights stay in the cache. Threads have rows of their own then, rather than parts of the same
 * pixels: two of them writing to neighbouring lines got in each other's way so much that the second
 * gained nothing. */
static void bind_tiling(struct pool *pool, struct args *args, const struct shape_of_work *s,
        const struct tiling *k)
{
    args_int(pool, args, "PART", s->part);
    args_int(pool, args, "VL", k->target->vl);
    args_int(pool, args, "NR", k->nr);
    bind_cut(pool, args, "P", "T", &k->p);
    args_int(pool, args, "PAIR", k->pairs ? s->full_from : 0);
    args_int(pool, args, "PAIRS", k->pairs);
    args_int(pool, args, "P2", k->pair.n0);
    args_int(pool, args, "T2", k->pair.t0);
    args_int(pool, args, "P3", k->pair.n1);
    args_int(pool, args, "T3", k->pair.t1);
    args_int(pool, args, "QB", tiles_of_unit(s, k));
    args_int(pool, args, "AHEAD", ask_every(s, k));
    args_int(pool, args, "PIECES", pieces_of_row(s, k));
    args_int(pool, args, "INNER", weight_bytes(s) <= k->target->l2);
    args_int(pool, args, "OCB", s->ocb);
    args_int(pool, args, "DOTS", s->dots);
}

/* The ends of rows leave out a halo that the input doesn't have, or that takes much of the time. */
static void bind_ends(struct pool *pool, struct binding *b, const struct step *step, const struct tiling *k)
{
    const struct view *x = &step->in.at[0];
    int left, right;
    conv2d_halo(step->group, &left, &right);
    struct ends e = {0, 0};
    if (x->left < left || x->right < right || (ends_fit(step->group, k) && ends_pay(step->group)))
        e = ends_of(step->group, &k->p);
    args_int(pool, &b->args, "IW", x->w);
    args_int(pool, &b->args, "LEFT", e.left);
    args_int(pool, &b->args, "RIGHT", e.right);
    args_int(pool, &b->args, "EMPTY", ends_are_empty(step->group, &k->p, &e));
}

/* Whether to ask for the output's lines before they are written: those that no cache has; and those
 * of the caller's memory, which may begin anywhere. Where vectors lie across two lines, each line is
 * written twice, and the second tile found it gone (1->256, two thirds of the speed). */
static bool prefetches(const struct step *step, const struct target *t)
{
    double bytes = 4.0 * step->out.n * (double)step->out.image;
    return bytes > (step->out.place == PLACE_OUTPUT ? t->l1 : t->l2);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t, struct binding *b)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    struct shape_of_work s = work_of(g, step->out.n, joinable(step));
    s.all_weight_bytes = (double)step->all_weight_bytes;
    s.part = step->part;
    struct step joined = step_join_rows(pool, step, s.join);
    struct tiling k = best_tiling(t, &s);
    int64_t channels = bias_channels(&s);

    b->target = k.target;
    b->units = units_of(&s, &k);
    conv2d_bind_shape(pool, &b->args, &joined);
    bind_tiling(pool, &b->args, &s, &k);
    bind_ends(pool, b, &joined, &k);
    args_int(pool, &b->args, "PREFETCH", prefetches(step, k.target));
    args_int(pool, &b->args, "CLIP", conv2d_clips_rows(a, step->in.at[0].h, step->out.h));
    args_int(pool, &b->args, "FILLED", conv2d_fills(a, 0, step->in.at[0].h, step->out.h));
    args_int(pool, &b->args, "BIAS", kernel_floats(&s));
    bind_epilogue(pool, &b->args, &joined, channels, 2 * channels);
}

static const char *const parts[] = {"conv2d_direct_tile", "conv2d_direct_dots", "conv2d_direct", NULL};

const struct kernel conv2d_direct = {
    .name = "conv2d_direct",
    .doc = "direct convolution, output channels in vectors, a tile of pixels in registers",
    .ok = ok, .cost = cost, .halo = conv2d_halo, .edges = edges, .pack = pack, .bind = bind,
    .parts = parts, .over_residual = true,
};
