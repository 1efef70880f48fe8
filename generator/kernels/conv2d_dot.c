/* conv2d_dot: convolution to few output channels. Vectors over input channels, several pixels
 * and outputs at once; every output is 16 partial sums, added at the end. */
#include "conv2d.h"
#include "cut.h"

enum { CHUNK = 16, MAX_OUTPUTS = 16, MAX_SHARED = 11 };  /* kernel columns in text */
enum { MOST_BAND = 16 };  /* rows */

/* Wider tiles save hardly a load more, but the rows under them, of hundreds of channels, leave the
 * first-level cache before the next output row reads them again (measured: 9 to 18 are alike). */
enum { MAX_PIXELS = 16 };

/* What one instance looks like on a target. */
struct tiling {
    bool share;              /* an input vector serves all taps of its kernel row */
    struct cut q, p, h;      /* outputs of a group, pixels of a row, rows of an image */
    double cycles;           /* for all pixels and channels of one group and image, by the model */
};

/* Sharing sums over the taps of a row before the next 16 channels, else it is the other way round:
 * whether it pays differs between targets, and for --math=strict the order must not. */
static bool may_share(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    bool one_order = a->in_channels / a->groups <= CHUNK || a->kernel[1] == 1;
    return (g->math != MATH_STRICT || one_order) && a->dilation[1] == 1 &&
            a->strides[1] <= a->kernel[1] && a->kernel[1] <= MAX_SHARED;
}

/* Where a chunk is two vectors, clang works on both at once and needs two registers more. */
static bool fits(const struct target *t, const struct conv2d *a, bool share, int p, int q)
{
    int sums = p * q * (CHUNK / t->vl), weights = share ? q * a->kernel[1] : q;
    return sums + weights + 1 + !t->fma <= t->registers - (CHUNK / t->vl == 2 ? 4 : 2);
}

/* Vectors of a chunk that have channels in them, on the average. */
static double vectors_of_chunk(const struct target *t, int ic)
{
    return (double)(round_up(ic, t->vl) / t->vl) / (double)(round_up(ic, CHUNK) / CHUNK);
}

/* Cycles for one kernel row and 16 input channels of a tile: limited by multiplies, by loads, or
 * by the four cycles that a sum waits for itself. */
static double chunk_cycles(const struct target *t, const struct conv2d *a, bool share, int p, int q)
{
    double kw = a->kernel[1], parts = vectors_of_chunk(t, a->in_channels / a->groups);
    double loads = share ? (p - 1) * a->strides[1] + kw + kw * q : kw * (p + q);
    double busy = cost_fma(t, parts * p * q * kw, parts * loads);
    return busy > 4 * kw ? busy : 4 * kw;
}

/* Cycles from an output's partial sums to its place, beside those of its neighbours: additions of
 * vectors, of their lanes, the activation, and stores of single floats (measured). */
static const double end_cycles[TARGET_COUNT] = {
    [TARGET_SCALAR] = 16, [TARGET_SSE2] = 24, [TARGET_AVX2] = 6, [TARGET_AVX512] = 7, [TARGET_NEON] = 10,
    [TARGET_WASM] = 24,
};

/* Of a tile. */
static double tile_cycles(const struct target *t, const struct conv2d *a, bool share, int p, int q)
{
    double chunks = (double)a->kernel[0] *
            (double)(round_up(a->in_channels / a->groups, CHUNK) / CHUNK);
    return chunks * (chunk_cycles(t, a, share, p, q) + 2) + p * q * end_cycles[t->id] + 8;
}

static double cycles(const struct target *t, const struct conv2d *a, int oh, const struct tiling *k)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        int p = i & 1 ? k->p.n1 : k->p.n0, tp = i & 1 ? k->p.t1 : k->p.t0;
        int q = i & 2 ? k->q.n1 : k->q.n0, tq = i & 2 ? k->q.t1 : k->q.t0;
        if (tp && tq)
            sum += (double)tp * tq * tile_cycles(t, a, k->share, p, q);
    }
    return sum * oh;
}

/* Bands of rows, for `strips` next to each other: high ones read fewer rows twice, low ones divide
 * evenly among threads. The one that is the least time on 1 to 16 threads together, where a row
 * read again is taken for half of one. */
static struct cut best_bands(const struct conv2d *a, int oh, int64_t strips)
{
    struct cut best = cut_even(oh, 1);
    double least = 0;
    for (int rows = 1; rows <= oh && rows <= MOST_BAND; rows++) {
        struct cut h = cut_even(oh, rows);
        int64_t units = strips * (h.t0 + h.t1);
        double sum = 0;
        for (int threads = 1; threads <= MOST_THREADS; threads *= 2)
            sum += (double)(round_up(units, threads) * (2 * h.n0 + a->kernel[0] - 1));
        if (rows == 1 || sum < least) {
            least = sum;
            best = h;
        }
    }
    return best;
}

/* Without a halo the first and last tile of a row leave out the columns beside the image. They can
 * where all taps of a row are in text (shared), and no other tile reaches over the edge. Copying
 * the input to give it a halo took as long as the products. */
static bool edges(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    int left, right, most = a->strides[1] < a->kernel[1] ? a->strides[1] : a->kernel[1] - 1;
    conv2d_halo(g, &left, &right);
    return may_share(g) && left <= most && right <= most;
}

static void consider(const struct target *t, const struct group *g, struct tiling *k,
        struct tiling *best)
{
    const struct conv2d *a = g->main->attr;
    int oh = shape_hwc(&g->main->out->shape).h;
    k->h = best_bands(a, oh, (int64_t)a->groups * (k->q.t0 + k->q.t1) * (k->p.t0 + k->p.t1));
    k->cycles = cycles(t, a, oh, k);
    if (best->p.n0 == 0 || k->cycles < best->cycles)
        *best = *k;
}

/* The tile with the fewest predicted cycles among those that fit the registers, sharing if that is
 * a must; one by one always goes. */
static struct tiling best_tiling(const struct target *t, const struct group *g, bool shared)
{
    const struct conv2d *a = g->main->attr;
    int oc = a->filters / a->groups, ow = shape_hwc(&g->main->out->shape).w;
    struct tiling best = {0}, one = {.share = shared, .q = cut_even(oc, 1), .p = cut_even(ow, 1)};
    consider(t, g, &one, &best);
    for (int share = shared; share <= may_share(g); share++)
        for (int q = 1; q <= oc && fits(t, a, share, 1, q); q++)
            for (int p = 1; p <= MAX_PIXELS && fits(t, a, share, p, q); p++) {
                struct tiling k = {.share = share, .q = cut_even(oc, q), .p = cut_even(ow, p)};
                consider(t, g, &k, &best);
            }
    return best;
}

/* Floats of weights for one kernel row and column. */
static int64_t tap_floats(const struct conv2d *a)
{
    return round_up(a->in_channels / a->groups, CHUNK) * (a->filters / a->groups);
}

static bool ok(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_CONV2D  /* any residual, activation and affine go along */
        && a->filters / a->groups <= MAX_OUTPUTS       /* more: conv2d_direct fills its vectors */
        && a->in_channels / a->groups >= 4;            /* fewer: vectors would be almost empty */
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    const struct target *of = t;
    t = target_for(t, a->in_channels / a->groups);
    struct tiling k = best_tiling(t, g, false);
    double weights = 4.0 * a->kernel[0] * a->kernel[1] * (double)tap_floats(a) * a->groups;
    return (double)batch * a->groups * k.cycles * conv2d_stand_in(of, t) + conv2d_stream_cost(g, batch, t, weights);
}

/* The weights of output oc at one kernel row and column: 16 input channels, then those of the
 * next output. */
static void pack_tap(const struct conv2d *a, const float *kernel, int oc, float *to)
{
    int per_group = a->filters / a->groups, ic = a->in_channels / a->groups;
    for (int i = 0; i < ic; i++)
        to[(int64_t)i / CHUNK * CHUNK * per_group + i % CHUNK] =
                kernel[(int64_t)i * a->filters + oc];
}

static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    int taps = a->kernel[0] * a->kernel[1], per_group = a->filters / a->groups;
    int64_t tap = tap_floats(a), all = tap * taps * a->groups;
    int64_t kernel_tap = (int64_t)(a->in_channels / a->groups) * a->filters;
    float *w = step_weights(pool, step, all + (int64_t)a->filters * (g->affine ? 3 : 1));

    for (int oc = 0; oc < a->filters; oc++) {
        float *to = w + oc / per_group * taps * tap + oc % per_group * CHUNK;
        for (int i = 0; i < taps; i++)
            pack_tap(a, g->main->weight[0].data + i * kernel_tap, oc, to + i * tap);
        conv2d_pack_channel(g, oc, w + all + oc, a->filters);
    }
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct conv2d *a = step->group->main->attr;
    b->target = t = target_for(t, a->in_channels / a->groups);
    const struct view *x = &step->in.at[0];
    int left, right;
    conv2d_halo(step->group, &left, &right);
    bool bare = x->left < left || x->right < right;
    struct tiling k = best_tiling(t, step->group, bare);

    b->units = step->out.n * (k.h.t0 + k.h.t1) * a->groups * (k.q.t0 + k.q.t1) * (k.p.t0 + k.p.t1);
    conv2d_bind_shape(pool, &b->args, step);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "SHARE", k.share);
    args_int(pool, &b->args, "EDGES", bare);
    args_int(pool, &b->args, "IW", x->w);
    bind_cut(pool, &b->args, "P", "T", &k.p);
    bind_cut(pool, &b->args, "Q", "B", &k.q);
    bind_cut(pool, &b->args, "H", "V", &k.h);
    args_int(pool, &b->args, "CLIP", conv2d_clips_rows(a, step->in.at[0].h, step->out.h));
    args_int(pool, &b->args, "BIAS", tap_floats(a) * a->kernel[0] * a->kernel[1] * a->groups);
    bind_epilogue(pool, &b->args, step, a->filters, 2 * a->filters);
}

static const char *const parts[] = {"conv2d_dot_tile", "conv2d_dot", NULL};

const struct kernel conv2d_dot = {
    .name = "conv2d_dot",
    .doc = "convolution to few channels, input channels in vectors, pixels in registers",
    .ok = ok, .cost = cost, .halo = conv2d_halo, .edges = edges, .pack = pack,
    .bind = bind, .parts = parts, .over_residual = true,
};
