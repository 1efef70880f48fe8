/* conv2d_grouped: groups of few channels. A vector holds output channels of several neighbouring
 * groups; one input of each group at a time is spread over its lanes. */
#include "conv2d.h"
#include "cut.h"

enum {
    BLOCK = 16,         /* lanes in a block of weights */
    MOST_CHANNELS = 8,  /* inputs or outputs of a group: with more, two don't fit a vector */
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

/* Groups in a block: the outputs of all are 16 lanes at most, and so are their inputs. */
static int block_groups(const struct conv2d *a)
{
    return BLOCK / (inputs(a) > outputs(a) ? inputs(a) : outputs(a));
}

static int blocks(const struct conv2d *a)
{
    return (a->groups + block_groups(a) - 1) / block_groups(a);
}

/* Groups in a vector; 1 where a group takes one or more. */
static int vector_groups(const struct conv2d *a, const struct target *t)
{
    int n = block_groups(a) * t->vl / BLOCK;
    return n > 1 ? n : 1;
}

/* Vectors for the outputs of so many neighbouring groups. */
static int vectors(const struct conv2d *a, const struct target *t, int groups)
{
    int n = vector_groups(a, t);
    return t->vl < outputs(a) ? groups * ((outputs(a) + t->vl - 1) / t->vl) : (groups + n - 1) / n;
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

/* Cycles of a kernel row where a vector is one group's, or part of it: multiplies, loads, or the
 * wait of a sum for itself; without FMA as measured. */
static double broadcast_cycles(const struct conv2d *a, const struct target *t, int p)
{
    double busy = t->fma ? cost_fma(t, p, p + 1) : (t->vl > 1 ? 1.5 : 1.2) * p;
    return terms(a) * (busy > 4 ? busy : 4);
}

/* Of several groups': multiplies, loads (of weights, most of all), spreads (one a cycle), or
 * instructions: four a cycle, without FMA three, as measured. */
static double spread_cycles(const struct conv2d *a, const struct target *t, int p, bool hold)
{
    double products = (double)p * terms(a), met = (double)p * a->kernel[1];
    double reach = (p - 1.0) * a->strides[1] + (a->kernel[1] - 1.0) * a->dilation[1] + 1;
    double columns = reach < met ? reach : met, spreads = columns * inputs(a);
    double loads = (hold ? terms(a) : products) + columns;
    double all = (t->fma ? products : 3 * products) + spreads + columns;
    double busy = cost_fma(t, products, loads);
    busy = busy > spreads ? busy : spreads;
    all /= t->fma ? 4 : 3;
    return busy > all ? busy : all;
}

/* Of a tile of p pixels by one vector. */
static double tile_cycles(const struct conv2d *a, const struct target *t, int p, bool hold)
{
    double row = vector_groups(a, t) > 1 ? spread_cycles(a, t, p, hold) : broadcast_cycles(a, t, p);
    return a->kernel[0] * (row + 2) + 0.5 * p + 4;
}

/* Sums, a column's inputs, one of them spread, and weights; without FMA a product. Beside weights
 * that are held there is room for all inputs spread and two more: clang makes them ahead. Of one
 * group: sums, a weight, an input. */
static bool fits_registers(const struct conv2d *a, const struct target *t, int p, bool hold)
{
    if (vector_groups(a, t) == 1)
        return !hold && p + 2 + !t->fma <= t->registers;
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
        && outputs(a) > 1 && outputs(a) <= MOST_CHANNELS
        && inputs(a) <= MOST_CHANNELS
        && 2 * block_groups(a) * outputs(a) > BLOCK  /* else most lanes would be empty */
        && (int64_t)(a->kernel[1] - 1) * a->dilation[1] < MAX_SPAN
        && a->strides[1] <= MAX_SPAN;
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    int whole = a->groups / block_groups(a), rest = a->groups % block_groups(a);
    double weights = 4.0 * a->kernel[0] * terms(a) * blocks(a) * BLOCK;
    t = target_for(t, out.c);
    double n = (double)whole * vectors(a, t, block_groups(a)) + vectors(a, t, rest);
    return (double)batch * out.h * n * best_tiling(g, t).cycles +
            0.04 * conv2d_stream_cost(g, batch, t, weights);
}

/* A vector of the last block may reach over its end. */
static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    int64_t products = (int64_t)a->kernel[0] * terms(a), lanes = (int64_t)blocks(a) * BLOCK;
    int per_block = block_groups(a) * outputs(a);
    float *w = step_weights(pool, step, lanes * (products + (g->affine ? 3 : 1)) + BLOCK);

    for (int c = 0; c < a->filters; c++) {
        int64_t block = c / per_block * BLOCK, lane = c % per_block;
        for (int64_t i = 0; i < products; i++)
            w[block * products + i * BLOCK + lane] = g->main->weight[0].data[i * a->filters + c];
        conv2d_pack_channel(g, c, w + lanes * products + block + lane, lanes);
    }
}

/* Units: rows by shares of the blocks. */
static int bind_units(struct pool *pool, struct args *args, const struct step *step)
{
    const struct conv2d *a = step->group->main->attr;
    int rows = step->out.n * step->out.h;
    int parts = (UNITS + rows - 1) / rows;
    parts = parts < blocks(a) ? parts : blocks(a);
    int each = (blocks(a) + parts - 1) / parts;
    parts = (blocks(a) + each - 1) / each;
    args_int(pool, args, "PARTS", parts);
    args_int(pool, args, "PER", each);
    return rows * parts;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    int64_t lanes = (int64_t)blocks(a) * BLOCK;
    b->target = t = target_for(t, a->filters);
    struct tiling k = best_tiling(g, t);

    b->units = bind_units(pool, &b->args, step);
    conv2d_bind_shape(pool, &b->args, step);
    args_int(pool, &b->args, "VL", t->vl);
    bind_cut(pool, &b->args, "P", "T", &k.p);
    args_int(pool, &b->args, "HOLD", k.hold);
    args_int(pool, &b->args, "CLIP", conv2d_clips_rows(a, step->in.at[0].h, step->out.h));
    args_int(pool, &b->args, "GB", block_groups(a));
    args_int(pool, &b->args, "BIAS", lanes * a->kernel[0] * terms(a));
    bind_epilogue(pool, &b->args, step, lanes, 2 * lanes);
}

const struct kernel conv2d_grouped = {
    .name = "conv2d_grouped",
    .doc = "convolution in groups of few channels, outputs of several groups in a vector",
    .ok = ok, .cost = cost, .halo = conv2d_halo, .pack = pack, .bind = bind,
    .over_residual = true,
};
