/* conv2d_planes: convolution of few channels to few. Vectors of neighbouring pixels of one channel,
 * which the rows of a band are split into first; several rows and all output channels at once. */
#include "conv2d.h"
#include "cut.h"

enum {
    MAX_CHANNELS = 8,
    MAX_SPLIT = 16,         /* channels times stride: what neighbouring vectors are split into */
    MAX_PRODUCTS = 160,     /* of a tile, in text */
    MAX_ROWS = 8, MAX_VECTORS = 4,
    BAND_BYTES = 64 * 1024, /* of scratch, for bands of more than one tile of rows */
};

struct tiling {
    bool share;             /* kernel rows in text: an input vector serves all that meet it */
    int v;                  /* vectors of pixels */
    struct cut r;           /* rows of an image */
    int t;                  /* tiles of rows in a band */
    double cycles;          /* for an image, by the model */
};

/* Where columns are in planes. Column c of a row is in plane c % SW, at c / SW, once the padding on
 * the left, rounded up to a multiple of SW, is counted. */
struct planes {
    int64_t columns;        /* of the input, that windows meet */
    int64_t from;           /* where the first is */
    int64_t origin;         /* where the leftmost window begins */
    int skip;               /* columns from there to its first one */
    int64_t pitch;          /* floats of a row, a multiple of 16 */
};

static struct planes planes_of(const struct group *g, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    int iw = shape_hwc(&g->in.at[0]->shape).w, ow = shape_hwc(&g->main->out->shape).w;
    int64_t sw = a->strides[1], lead = round_up(a->pad[2], sw), skip = lead - a->pad[2];
    int64_t reach = (int64_t)(ow - 1) * sw + (int64_t)(a->kernel[1] - 1) * a->dilation[1] + 1;
    int64_t met = reach - a->pad[2];
    struct planes p = {met < 1 ? 1 : met > iw ? iw : met, round_up(lead / sw, 16), 0, (int)skip, 0};
    p.origin = p.from - lead / sw;
    int64_t windows = p.origin + round_up(ow, t->vl) + (reach - 1 + skip) / sw - (ow - 1) + 1;
    int64_t image = p.from + round_up((p.columns + sw - 1) / sw, t->vl);
    p.pitch = round_up(windows > image ? windows : image, 16);
    return p;
}

/* ---- tiles ----------------------------------------------------------------------------------- */

static int kernel_rows(const struct conv2d *a, bool share)
{
    return share ? a->kernel[0] : 1;
}

static bool may_share(const struct conv2d *a)
{
    return a->dilation[0] == 1 && a->kernel[0] > 1;
}

/* Sums, weights, and an input vector, or all input vectors of the tile and a weight; compilers want
 * an eighth of the registers, and one more of 16 or four of 32 (gcc 12 for AArch64), for what they move
 * around. With AVX-512 weights may be broadcast from memory in each multiplication. */
static bool fits(const struct conv2d *a, const struct target *t, bool share, int r, int v)
{
    int oc = a->filters, pixels = r * v, held = kernel_rows(a, share) * oc + 1;
    int spare = t->vl == 16 ? 0 : t->registers > 16 ? 4 : 1;
    if (!share && pixels < oc)
        held = pixels + 1;
    return pixels * oc + held + !t->fma <= t->registers * 7 / 8 - spare &&
           pixels * oc <= t->registers * 3 / 4 - (share ? t->registers / 8 : 0) &&
           (int64_t)pixels * oc * kernel_rows(a, share) <= MAX_PRODUCTS;
}

/* Cycles to sort out n interleaved vectors, or to interleave them: shuffles, and what is loaded or
 * stored, as many in a cycle on all CPUs. Other pixels go one float at a time. */
static double sort_cycles(const struct target *t, int n)
{
    int odd = n, halved = 0;
    for (; odd % 2 == 0 && halved < 3; odd /= 2)
        halved++;
    double shuffles = t->vl == 1 ? n : n * (halved + odd - 1.0);
    return t->fastest * (shuffles + n);
}

/* What was measured of each target: what a load over the end of a cache line counts, as most are; cycles of a
 * multiplication and an addition over those of an FMA, on units that do either; and how much of a tile's end
 * doesn't overlap with the next one's products. */
static const struct { double load, pair, end; } measured[TARGET_COUNT] = {
    [TARGET_SCALAR] = {1.2, 0.7, 0.6},  /* of floats, two start in a cycle */
    [TARGET_SSE2] = {1.2, 1.2, 0.6},
    [TARGET_AVX2] = {1.2, 1, 0.25},
    [TARGET_AVX512] = {1.5, 1, 0.6},
    [TARGET_NEON] = {1.2, 1, 0.6},
    [TARGET_WASM] = {1.2, 1.2, 0.6},
};

/* Cycles of a tile of r rows by v vectors: its sums, limited by multiplies, by loads (a few are in
 * the way in any case) or by the four cycles that a sum waits for itself, half of them filled by the next
 * tile; and its end. */
static double tile_cycles(const struct conv2d *a, const struct target *t, bool share, int r, int v)
{
    int kh = kernel_rows(a, share), oc = a->filters;
    double rows = share ? (r - 1) * a->strides[0] + kh : r;
    double loads = measured[t->id].load * rows * v + kh * oc;
    double busy = cost_fma(t, (double)r * v * oc * kh, loads) * measured[t->id].pair;
    double steps = (double)a->kernel[1] * a->in_channels * a->kernel[0] / kh;
    double wait = 2 * t->fastest * kh;
    busy = (busy > wait ? busy : wait) + 0.6 * t->fastest + 0.03 * loads;
    return steps * busy + measured[t->id].end * r * v * (t->fastest * oc + sort_cycles(t, oc)) + 8;
}

/* ---- bands ----------------------------------------------------------------------------------- */

static int64_t band_rows(const struct conv2d *a, const struct tiling *k, int64_t tiles)
{
    return (tiles * k->r.n0 - 1) * a->strides[0] + (int64_t)(a->kernel[0] - 1) * a->dilation[0] + 1;
}

static int64_t row_floats(const struct group *g, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    return planes_of(g, t).pitch * a->in_channels * a->strides[1];
}

/* Cycles for a row of the input. */
static double split_cycles(const struct group *g, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    int n = a->in_channels * a->strides[1];
    double floats = (double)planes_of(g, t).columns * a->in_channels;
    return floats / t->vl / n * sort_cycles(t, n) + 8;
}

/* Chooses how many tiles of rows are a band: high bands split fewer rows twice, low ones divide
 * evenly among threads. The number that takes the least time on 1 to 16 threads together. */
static void choose_band(const struct group *g, const struct target *t, struct tiling *k)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    int tiles = k->r.t0 + k->r.t1, nv = (out.w + t->vl - 1) / t->vl, wide = (nv + k->v - 1) / k->v;
    double split = split_cycles(g, t), least = 0;
    double tile = wide * tile_cycles(a, t, k->share, k->r.n0, k->v);
    for (int i = 1; i <= tiles; i++) {
        int64_t bands = (tiles + i - 1) / i, rows = band_rows(a, k, i);
        double sum = 0;
        if (i > 1 && 4 * rows * row_floats(g, t) > BAND_BYTES)
            break;
        for (int threads = 1; threads <= MOST_THREADS; threads *= 2)
            sum += (double)round_up(bands, threads) * (i * tile + (double)rows * split);
        if (i == 1 || sum < least) {
            least = sum;
            k->t = i;
            k->cycles = (double)bands * (double)rows * split + tiles * tile;
        }
    }
}

/* The tile with the fewest predicted cycles; one row by one vector always goes. */
static struct tiling best_tiling(const struct group *g, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    int nv = (out.w + t->vl - 1) / t->vl;
    struct tiling best = {0};
    for (int share = 0; share <= may_share(a); share++)
        for (int r = 1; r <= MAX_ROWS && r <= out.h; r++)
            for (int v = 1; v <= MAX_VECTORS && v <= nv; v++) {
                struct tiling k = {.share = share, .v = v, .r = cut_even(out.h, r)};
                if (!fits(a, t, share, r, v) && (share || r > 1 || v > 1))
                    continue;
                choose_band(g, t, &k);
                if (best.v == 0 || k.cycles < best.cycles)
                    best = k;
            }
    return best;
}

static bool ok(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_CONV2D  /* any residual, activation and affine go along */
        && a->groups == 1
        && a->in_channels <= MAX_CHANNELS && a->filters <= MAX_CHANNELS
        && a->strides[1] <= MAX_SPLIT / a->in_channels;
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    const struct target *of = t;
    t = target_for(t, shape_hwc(&g->main->out->shape).w);
    double weights = 4.0 * a->kernel[0] * a->kernel[1] * a->in_channels * a->filters;
    return (double)batch * best_tiling(g, t).cycles * conv2d_stand_in(of, t) + 200 +
            0.5 * conv2d_stream_cost(g, batch, t, weights);
}

/* [KW][IC][KH][OC], then biases, scales, shifts. */
static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    int kh = a->kernel[0], kw = a->kernel[1], ic = a->in_channels, oc = a->filters;
    int64_t all = (int64_t)kh * kw * ic * oc;
    float *w = step_weights(pool, step, all + (int64_t)oc * (g->affine ? 3 : 1)), *to = w;
    for (int k = 0; k < kw; k++)
        for (int i = 0; i < ic; i++)
            for (int h = 0; h < kh; h++)
                for (int o = 0; o < oc; o++)
                    *to++ = g->main->weight[0].data[(((int64_t)h * kw + k) * ic + i) * oc + o];
    for (int o = 0; o < oc; o++)
        conv2d_pack_channel(g, o, w + all + o, oc);
}

static void bind_planes(struct pool *pool, struct args *args, const struct planes *p)
{
    args_int(pool, args, "COLS", p->columns);
    args_int(pool, args, "FROM", p->from);
    args_int(pool, args, "ORIGIN", p->origin);
    args_int(pool, args, "SKIP", p->skip);
    args_int(pool, args, "PITCH", p->pitch);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    b->target = t = target_for(t, step->out.w);
    struct planes p = planes_of(g, t);
    struct tiling k = best_tiling(g, t);
    int tiles = k.r.t0 + k.r.t1;

    b->units = step->out.n * ((tiles + k.t - 1) / k.t);
    b->scratch = band_rows(a, &k, k.t) * row_floats(g, t);
    conv2d_bind_shape(pool, &b->args, step);
    bind_planes(pool, &b->args, &p);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "SHARE", k.share);
    args_int(pool, &b->args, "V", k.v);
    args_int(pool, &b->args, "NV", (step->out.w + t->vl - 1) / t->vl);
    bind_cut(pool, &b->args, "R", "B", &k.r);
    args_int(pool, &b->args, "T", k.t);
    args_int(pool, &b->args, "OW", step->out.w);
    args_int(pool, &b->args, "CLIP", conv2d_clips_rows(a, step->in.at[0].h, step->out.h));
    args_int(pool, &b->args, "BIAS",
            (int64_t)a->kernel[0] * a->kernel[1] * a->in_channels * a->filters);
    bind_epilogue(pool, &b->args, step, a->filters, 2 * a->filters);
}

static const char *const parts[] = {
    "conv2d_planes_split", "conv2d_planes_store", "conv2d_planes", NULL};

const struct kernel conv2d_planes = {
    .name = "conv2d_planes",
    .doc = "convolution of few channels to few, pixels of each channel in vectors",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind, .parts = parts,
};
