/* conv2d_grouped: groups of few channels. A vector holds output channels of several neighbouring
 * groups; one input of each group at a time is spread over its lanes. */
#include "conv2d.h"
#include "cut.h"

enum {
    BLOCK = 16,         /* output channels in a block of weights */
    MOST_OUTPUTS = 4,   /* of a group: with 8, conv2d_direct was faster with AVX2 */
    MAX_SPAN = 11,      /* columns that a kernel row, or a step, may reach over: they are in text */
    MAX_PRODUCTS = 400, /* of a tile's row, in text */
    MAX_PIXELS = 14,    /* in a tile */
    UNITS = 48,         /* enough to divide among threads: channels are divided no further */
};

static int inputs(const struct conv2d *a)
{
    return a->in_channels / a->groups;
}

static int outputs(const struct conv2d *a)
{
    return a->filters / a->groups;
}

/* How a row is cut on a target. */
struct tiling {
    struct cut p;
    bool hold;          /* the weights of a kernel row stay in registers */
    double cycles;      /* of one vector of channels in one output row, by the model */
};

/* Products of a kernel row: columns times inputs. */
static int terms(const struct conv2d *a)
{
    return a->kernel[1] * inputs(a);
}

/* Cycles of a tile of p pixels by one vector: limited by multiplies, loads (of weights, most of
 * all), spreads (one a cycle), or instructions: four a cycle, without FMA three, as measured. */
static double tile_cycles(const struct conv2d *a, const struct target *t, int p, bool hold)
{
    double products = (double)p * terms(a), met = (double)p * a->kernel[1];
    double reach = (p - 1.0) * a->strides[1] + (a->kernel[1] - 1.0) * a->dilation[1] + 1;
    double columns = reach < met ? reach : met, spreads = columns * inputs(a);
    double loads = (hold ? terms(a) : products) + (t->vl > outputs(a) ? columns : spreads);
    double all = (t->fma ? products : 3 * products) + spreads + columns;
    double busy = cost_fma(t, products, loads);
    busy = busy > spreads ? busy : spreads;
    all /= t->fma ? 4 : 3;
    busy = busy > all ? busy : all;
    return a->kernel[0] * (busy + 2) + 0.5 * p + 4;
}

/* Sums, a column's inputs, one of them spread, and weights; without FMA a product. Beside weights
 * that are held there is room for all inputs spread and two more: clang makes them ahead. */
static bool fits_registers(const struct conv2d *a, const struct target *t, int p, bool hold)
{
    int weights = hold ? terms(a) + inputs(a) + 2 : 1;
    return p + 2 + weights + !t->fma <= t->registers;
}

static bool fits(const struct conv2d *a, const struct target *t, int p, bool hold)
{
    return fits_registers(a, t, p, hold) && p * terms(a) <= MAX_PRODUCTS;
}

/* The tile with the fewest predicted cycles. */
static struct tiling best_tiling(const struct group *g, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    int ow = shape_hwc(&g->main->out->shape).w;
    struct tiling best = {.cycles = -1};
    for (int p = 1; p <= MAX_PIXELS; p++)
        for (int hold = 0; hold <= 1; hold++) {
            struct tiling k = {cut_even(ow, p), hold, 0};
            k.cycles = k.p.t0 * tile_cycles(a, t, k.p.n0, hold);
            if (k.p.t1)
                k.cycles += k.p.t1 * tile_cycles(a, t, k.p.n1, hold);
            if (fits(a, t, p, hold) && (best.cycles < 0 || k.cycles < best.cycles))
                best = k;
        }
    return best;
}

static bool ok(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_CONV2D  /* any residual, activation and affine go along */
        && a->groups > 1
        && outputs(a) > 1 && outputs(a) <= MOST_OUTPUTS
        && BLOCK % outputs(a) == 0                /* a vector holds whole groups, or part of one */
        && inputs(a) <= outputs(a)                /* whose inputs are one vector at most */
        && (int64_t)(a->kernel[1] - 1) * a->dilation[1] < MAX_SPAN
        && a->strides[1] <= MAX_SPAN;
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    int64_t channels = round_up(out.c, BLOCK);
    t = target_for(t, out.c);
    double vectors = (double)(round_up(out.c, t->vl) / t->vl);
    double weights = 4.0 * a->kernel[0] * terms(a) * (double)channels;
    return (double)batch * out.h * vectors * best_tiling(g, t).cycles +
            0.04 * conv2d_stream_cost(g, batch, t, weights);
}

static void pack(struct pool *pool, struct step *step)
{
    const struct conv2d *a = step->group->main->attr;
    conv2d_pack_blocks(pool, step, (int64_t)a->kernel[0] * terms(a), BLOCK);
}

/* Units: rows by shares of the channels. */
static int bind_units(struct pool *pool, struct args *args, const struct step *step)
{
    int rows = step->out.n * step->out.h, blocks = (step->out.c + BLOCK - 1) / BLOCK;
    int parts = (UNITS + rows - 1) / rows;
    parts = parts < blocks ? parts : blocks;
    int each = (blocks + parts - 1) / parts;
    parts = (blocks + each - 1) / each;
    args_int(pool, args, "PARTS", parts);
    args_int(pool, args, "PER", each * BLOCK);
    return rows * parts;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    int64_t channels = round_up(a->filters, BLOCK);
    b->target = t = target_for(t, a->filters);
    struct tiling k = best_tiling(g, t);

    b->units = bind_units(pool, &b->args, step);
    conv2d_bind_shape(pool, &b->args, step);
    args_int(pool, &b->args, "VL", t->vl);
    bind_cut(pool, &b->args, "P", "T", &k.p);
    args_int(pool, &b->args, "HOLD", k.hold);
    args_int(pool, &b->args, "CLIP", conv2d_clips_rows(a, step->in.at[0].h, step->out.h));
    args_int(pool, &b->args, "BIAS", channels * a->kernel[0] * terms(a));
    bind_epilogue(pool, &b->args, step, channels, 2 * channels);
}

const struct kernel conv2d_grouped = {
    .name = "conv2d_grouped",
    .doc = "convolution in groups of few channels, outputs of several groups in a vector",
    .ok = ok, .cost = cost, .halo = conv2d_halo, .pack = pack, .bind = bind,
    .over_residual = true,
};
