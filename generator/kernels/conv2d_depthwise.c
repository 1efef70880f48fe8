/* conv2d_depthwise: one kernel per channel. Channels in vectors, neighbouring pixels of one or two
 * rows in registers, each input vector loaded once for all taps that meet it. */
#include "conv2d.h"
#include "cut.h"

enum {
    BLOCK = 16,         /* channels in a block of weights */
    MAX_SPAN = 11,      /* columns, or rows, that a kernel in text may reach over */
    MAX_TAPS = 25,      /* of a kernel that is in text with all its rows */
    MAX_PRODUCTS = 400, /* of one tile, in text */
    MAX_PIXELS = 10,    /* in a tile's row */
    UNITS = 48,         /* enough to divide among threads: channels are divided no further */
    LINE = 64, WAY = 4096, WAYS = 8, /* of L1, bytes: an address's low 12 bits choose the set */
};

static int64_t span(const struct conv2d *a, int axis)
{
    return (int64_t)(a->kernel[axis] - 1) * a->dilation[axis] + 1;
}

/* Kernel columns are in text. */
static bool shares(const struct conv2d *a)
{
    return span(a, 1) <= MAX_SPAN;
}

/* Kernel rows are in text, too. */
static bool has_whole(const struct conv2d *a)
{
    return shares(a) && span(a, 0) <= MAX_SPAN && a->kernel[0] * a->kernel[1] <= MAX_TAPS;
}

/* By how many columns a row's windows reach over an end, and how many pixels have such windows. */
struct edge { int columns, pixels; };

struct edges { struct edge left, right; };

static struct edge edge_of(const struct conv2d *a, int columns)
{
    return (struct edge){columns, (columns + a->strides[1] - 1) / a->strides[1]};
}

/* The first and the last tile leave out what lies outside: all such pixels are in them, which takes
 * no tiles wider than MAX_PIXELS. Else the input has a halo, and no window reaches over an end. */
static bool trims(const struct group *g, struct edges *e)
{
    const struct conv2d *a = g->main->attr;
    int left, right;
    conv2d_halo(g, &left, &right);
    *e = (struct edges){edge_of(a, left), edge_of(a, right)};
    bool trims = shares(a) && left < MAX_SPAN && right < MAX_SPAN &&
                 e->left.pixels <= MAX_PIXELS / 2 && e->right.pixels <= MAX_PIXELS / 2;
    if (!trims)
        *e = (struct edges){{0, 0}, {0, 0}};
    return trims;
}

/* How the work is cut on a target. */
struct tiling {
    int q;               /* rows in a tile that has all kernel rows in text; 0: there is none */
    struct cut row;
    int low, high;       /* the output rows whose windows lie inside from top to bottom */
    int band;            /* rows in a unit */
    double cycles;       /* of a vector of channels of one image, by the model */
};

/* The rows whose windows lie inside. */
static void find_inner_rows(const struct group *g, struct tiling *k)
{
    const struct conv2d *a = g->main->attr;
    int ih = shape_hwc(&g->in.at[0]->shape).h, oh = shape_hwc(&g->main->out->shape).h;
    int64_t room = (int64_t)ih + a->pad[0] - span(a, 0);
    k->low = (a->pad[0] + a->strides[0] - 1) / a->strides[0];
    k->high = room < 0 ? -1 : room / a->strides[0] < oh ? (int)(room / a->strides[0]) : oh - 1;
}

/* Weights that stay in registers beside n sums, the input and, without FMA, a product. */
static int weights_kept(const struct target *t, int n)
{
    return t->registers - 2 - n - 1 - !t->fma;
}

/* Cycles of a tile of q rows by p pixels over `rows` kernel rows, of whose columns the share
 * `inside` lies in the image. Weights that aren't kept are operands in memory, half of them or so;
 * inputs come from L2 often enough to cost something however few the loads. */
static double tile_cycles(const struct conv2d *a, const struct target *t, int q, int p, double rows,
        double inside)
{
    int kept = weights_kept(t, q * p);
    double products = q * p * rows * a->kernel[1], taps = rows * a->kernel[1];
    double weights = kept >= taps ? 0 : kept >= a->kernel[1] ? taps : products / 2;
    double columns = (p - 1) * a->strides[1] + (double)span(a, 1);
    double inputs = ((q - 1) * a->strides[0] + rows) * columns;
    if (!shares(a))
        inputs = products;
    return inside * (cost_fma(t, products, inputs + weights) + 0.2 * inputs) + 0.3 * q * p + 4;
}

static double row_cycles(const struct conv2d *a, const struct target *t, const struct cut *k, int q,
        double rows, double inside)
{
    return k->t0 * tile_cycles(a, t, q, k->n0, rows, inside) +
           (k->t1 ? k->t1 * tile_cycles(a, t, q, k->n1, rows, inside) : 0);
}

/* The taps of all windows along an axis that lie inside the n pixels there are. */
static double taps_inside(const struct conv2d *a, int axis, int windows, int n)
{
    double inside = 0;
    for (int k = 0; k < a->kernel[axis]; k++) {
        int64_t at = (int64_t)k * a->dilation[axis] - a->pad[2 * axis], stride = a->strides[axis];
        int64_t from = at < 0 ? (-at + stride - 1) / stride : 0;
        int64_t to = at < n ? (n - 1 - at) / stride + 1 : 0;
        to = to < windows ? to : windows;
        inside += to > from ? (double)(to - from) : 0;
    }
    return inside;
}

static double tiling_cycles(const struct group *g, const struct target *t, const struct tiling *k)
{
    const struct conv2d *a = g->main->attr;
    struct hwc in = shape_hwc(&g->in.at[0]->shape), out = shape_hwc(&g->main->out->shape);
    double inside = taps_inside(a, 1, out.w, in.w) / ((double)out.w * a->kernel[1]);
    int pairs = k->q && k->high >= k->low ? (k->high - k->low + 1) / k->q : 0, kh = a->kernel[0];
    int others = out.h - pairs * k->q;
    double whole = pairs ? pairs * row_cycles(a, t, &k->row, k->q, kh, inside) : 0;
    double rows = taps_inside(a, 0, out.h, in.h) - (double)pairs * k->q * kh;
    return whole + (others ? others * row_cycles(a, t, &k->row, 1, rows / others, inside) : 0);
}

/* A cut whose first and last tile hold all pixels that reach over the ends. */
static bool cut_fits(const struct edges *e, const struct cut *k)
{
    int last = k->t1 ? k->n1 : k->n0;
    return k->t0 + k->t1 == 1 || (k->n0 >= e->left.pixels && last >= e->right.pixels);
}

/* The tiling with the fewest cycles. */
static struct tiling best_tiling(const struct group *g, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    int ow = shape_hwc(&g->main->out->shape).w, taps = a->kernel[0] * a->kernel[1];
    struct edges e;
    struct tiling best = {.cycles = -1}, k = {0};
    trims(g, &e);
    find_inner_rows(g, &k);
    for (k.q = has_whole(a) ? 2 : 0; k.q >= 0; k.q--)
        for (int p = 1; p <= MAX_PIXELS; p++) {
            k.row = cut_even(ow, p);
            k.cycles = tiling_cycles(g, t, &k);
            if (cut_fits(&e, &k.row) && weights_kept(t, (k.q ? k.q : 1) * p) > 0 &&
                    k.q * p * taps <= MAX_PRODUCTS && (best.cycles < 0 || k.cycles < best.cycles))
                best = k;
        }
    return best;
}

/* Input rows that a band of output rows reads. */
static int64_t band_input(const struct conv2d *a, int band)
{
    return (int64_t)(band - 1) * a->strides[0] + span(a, 0);
}

/* Whether input and output of an image come from behind L2, from where the order of memory is the fastest. */
static bool is_far(const struct group *g, const struct target *t)
{
    return 4.0 * (double)(shape_size(&g->in.at[0]->shape) + shape_size(&g->main->out->shape)) > 2 * t->l2;
}

/* ---- bands of rows --------------------------------------------------------------------------- */

/* Rows of a unit that reads its input where it is: those of a tile, but more where the next unit would read
 * much of the same from L2 again, 7 input rows of 8 with 7x1. Only while the rows under a tile stay in L1 and
 * images in a large L2: what comes from further away comes faster in the order of memory. */
static int band_of(const struct group *g, const struct target *t, const struct tiling *k)
{
    const struct conv2d *a = g->main->attr;
    struct hwc in = shape_hwc(&g->in.at[0]->shape), out = shape_hwc(&g->main->out->shape);
    int q = k->q ? k->q : 1, lead = k->low % q, blocks = (out.c + BLOCK - 1) / BLOCK;
    int64_t both = span(a, 0) - a->strides[0];
    if (both <= 0 || is_far(g, t) || (double)(band_input(a, q + 1) * in.w * LINE) > t->l1)
        return q;
    int64_t band = round_up(4 * both / (3 * a->strides[0]) + 1, q);
    band = band < out.h + lead ? band : round_up(out.h + lead, q);
    while (band > q && units_are_uneven(blocks * ((out.h + lead + band - 1) / band)))
        band -= q;
    return (int)band;
}

/* ---- the order of channels ------------------------------------------------------------------- */

/* The share of L1 that can hold lines of `width` neighbouring channels of pixels `pixel` floats apart: with a pitch
 * of 512 floats, a line of each pixel falls into two of 64 sets. */
static double l1_share(int64_t pixel, int64_t width)
{
    int64_t step = 4 * pixel, apart = LINE;
    while (apart < WAY && step % (2 * apart) == 0)
        apart *= 2;
    return step % LINE || 4 * width > apart ? 1 : (double)round_up(4 * width, LINE) / (double)apart;
}

/* Whether what a tile reads and writes takes more than half of that. */
static bool crowds(const struct conv2d *a, const struct tiling *k, int64_t pixel)
{
    int q = k->q ? k->q : 1;
    int64_t columns = (int64_t)(k->row.n0 - 1) * a->strides[1] + span(a, 1);
    int64_t lines = band_input(a, q) * columns + q * k->row.n0;
    double share = l1_share(pixel, LINE / 4);
    return share < 1 && 2.0 * (double)lines > share * WAYS * WAY / LINE;
}

/* Channels of a tile before the next tile: all, in the order of memory. With shorter vectors than a cache line,
 * and so smaller tiles that share more with their neighbours, a block, unless L1 would not keep what they share or
 * images come from behind L2. */
static int64_t chunk_of(const struct group *g, const struct target *t, const struct tiling *k, const struct view *x)
{
    bool all = 4 * t->vl >= LINE || crowds(g->main->attr, k, x->pixel) || is_far(g, t);
    return all ? round_up(x->c, BLOCK) : BLOCK;
}

/* Whether a band's units are one, so that its pixels are walked in the order of memory: unless the rows that its
 * tiles share stay in L1 for `width` channels, those of a unit, and would not for all. L1 is half as large again
 * on many CPUs. */
static bool runs(const struct group *g, const struct target *t, const struct tiling *k, const struct view *x,
        int width)
{
    double rows = (double)band_input(g->main->attr, k->band) * x->w, l1 = 1.5 * t->l1;
    bool all_stay = 4 * rows * x->c <= l1, unit_stays = 4 * rows * width <= l1 * l1_share(x->pixel, width);
    return all_stay || !unit_stays || is_far(g, t);
}

/* ---- the kernel ------------------------------------------------------------------------------ */

static bool ok(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_CONV2D  /* any residual, activation and affine go along */
        && conv2d_is_depthwise(a)
        && a->filters == a->in_channels;          /* depth_multiplier 1 */
}

/* Input and output pass once, while the work goes on. */
static double passing_cycles(const struct group *g, int64_t batch, const struct target *t)
{
    double in = (double)shape_size(&g->in.at[0]->shape), out = (double)shape_size(&g->out->shape);
    double bytes = 4.0 * (double)batch * (in + (g->add ? 2 : 1) * out);
    double l2 = 0.7 * t->l2_bytes, l3 = 1.15 * t->l3_bytes;  /* as measured, stride 2 */
    return bytes / (bytes < t->l2 ? l2 : bytes < t->l3 ? l3 : t->dram_bytes);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    int c = shape_hwc(&g->main->out->shape).c;
    t = target_for(t, c);
    double vectors = (double)(round_up(c, t->vl) / t->vl);
    struct tiling k = best_tiling(g, t);
    double work = (double)batch * vectors * k.cycles;
    double passing = passing_cycles(g, batch, t);
    return work > passing ? work : passing;
}

static void halo(const struct group *g, int *left, int *right)
{
    struct edges e;
    *left = *right = 0;
    if (!trims(g, &e))
        conv2d_halo(g, left, right);
}

static void pack(struct pool *pool, struct step *step)
{
    const struct conv2d *a = step->group->main->attr;
    conv2d_pack_blocks(pool, step, (int64_t)a->kernel[0] * a->kernel[1], BLOCK);
}

/* Tiles of a row, those at its ends apart where they leave out columns. */
static void bind_row(struct pool *pool, struct args *args, const struct group *g, struct cut k)
{
    struct edges e;
    trims(g, &e);
    bool alone = k.t0 + k.t1 == 1, left = e.left.columns > 0;
    int first = left ? k.n0 : 0, last = 0;
    k.t0 -= left;
    if (e.right.columns > 0 && !(alone && left)) {
        last = k.t1 ? k.n1 : k.n0;
        *(k.t1 ? &k.t1 : &k.t0) -= 1;
    }
    args_int(pool, args, "LEFT", e.left.columns);
    args_int(pool, args, "RIGHT", e.right.columns);
    args_int(pool, args, "FIRST", first);
    args_int(pool, args, "LAST", last);
    bind_cut(pool, args, "P", "T", &k);
}

/* Units: bands of rows by shares of the channels. */
static int bind_units(struct pool *pool, struct args *args, const struct step *step, const struct target *t,
        const struct tiling *k)
{
    const struct view *x = &step->in.at[0];
    int64_t chunk = chunk_of(step->group, t, k, x);
    int lead = k->q == 2 ? k->low % 2 : 0, rows = (step->out.h + lead + k->band - 1) / k->band;
    int blocks = (step->out.c + BLOCK - 1) / BLOCK, parts = (UNITS + rows - 1) / rows;
    parts = parts < blocks ? parts : blocks;
    int each = (blocks + parts - 1) / parts;
    parts = (blocks + each - 1) / each;
    args_int(pool, args, "Q", k->q ? k->q : 1);
    args_int(pool, args, "BAND", k->band);
    args_int(pool, args, "LEAD", lead);
    args_int(pool, args, "ROWS", rows);
    args_int(pool, args, "PARTS", parts);
    args_int(pool, args, "CHUNK", chunk);
    args_int(pool, args, "RUN", chunk > BLOCK && parts > 1 && runs(step->group, t, k, x, each * BLOCK));
    return step->out.n * rows * parts;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    int64_t channels = round_up(a->filters, BLOCK);
    b->target = t = target_for(t, a->filters);
    struct tiling k = best_tiling(g, t);
    bool whole = k.q && k.high - k.low + 1 >= k.q;
    bool even = k.low == 0 && k.high == step->out.h - 1 && k.q && step->out.h % k.q == 0;
    if (!whole)
        k.q = 0;
    k.band = band_of(g, t, &k);

    b->units = bind_units(pool, &b->args, step, t, &k);
    conv2d_bind_shape(pool, &b->args, step);
    args_int(pool, &b->args, "PART", step->part);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "SHARE", shares(a));
    args_int(pool, &b->args, "WHOLE", whole);
    args_int(pool, &b->args, "LOOP", !whole || !even);
    args_int(pool, &b->args, "LOW", k.low);
    args_int(pool, &b->args, "HIGH", k.high);
    bind_row(pool, &b->args, g, k.row);
    args_int(pool, &b->args, "CLIP", conv2d_clips_rows(a, step->in.at[0].h, step->out.h));
    args_int(pool, &b->args, "BIAS", channels * a->kernel[0] * a->kernel[1]);
    bind_epilogue(pool, &b->args, step, channels, 2 * channels);
}

static const char *const parts[] = {
    "conv2d_depthwise_tile", "conv2d_depthwise_row", "conv2d_depthwise", NULL,
};

const struct kernel conv2d_depthwise = {
    .name = "conv2d_depthwise",
    .doc = "depthwise convolution, channels in vectors, pixels of one or two rows in registers",
    .ok = ok, .cost = cost, .halo = halo, .pack = pack, .bind = bind,
    .parts = parts, .over_residual = true,
};
