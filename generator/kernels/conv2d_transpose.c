/* conv2d_transpose: transposed convolution, gathered. Output channels in vectors, a tile of
 * pixels that meet the same kernel elements (they lie a stride apart) in registers. */
#include "conv2d.h"
#include "cut.h"

struct tiling {
    int nr, p;               /* vectors of channels, pixels */
    double cycles;           /* for an image, by the model */
};

/* An output element meets every `period`-th kernel element, in input elements `step` apart. */
struct meeting { int period, step; };

static int gcd(int a, int b)
{
    return b ? gcd(b, a % b) : a;
}

static struct meeting meeting(const struct conv2d_transpose *a, int axis)
{
    int common = gcd(a->strides[axis], a->dilation[axis]);
    return (struct meeting){a->strides[axis] / common, a->dilation[axis] / common};
}

/* Cycles in which the third-level cache delivers the weights of a step, where the second is too
 * small for those of a tile: each row of the output reads them again, in order, so that they come
 * faster than what is read at random (measured on a Zen 5). */
static double weight_cycles(const struct target *t, const struct conv2d_transpose *a, int nr)
{
    double step = 4.0 * nr * t->vl, all = step * a->kernel[0] * a->kernel[1] * a->in_channels;
    return all > 0.75 * t->l2 ? t->fastest * step / (1.5 * t->l3_bytes) : 0;
}

static double tile_cycles(const struct target *t, const struct conv2d_transpose *a, int p, int nr)
{
    double steps = (double)a->kernel[0] / meeting(a, 0).period * a->kernel[1] /
            meeting(a, 1).period * a->in_channels;
    double step = conv2d_step_cycles(t, p, nr), weights = weight_cycles(t, a, nr);
    return steps * (step > weights ? step : weights) + p * nr + 12;
}

/* For an image: tiles of a row (of whole and of partly filled channels), each with its share of
 * the kernel. */
static double cycles(const struct target *t, const struct conv2d_transpose *a,
        const struct hwc *out, int p, int nr)
{
    int phases = a->strides[1] < out->w ? a->strides[1] : out->w;
    int nb = nr * t->vl, rest = out->c % nb;
    double tiles = (double)phases * (((out->w + phases - 1) / phases + p - 1) / p);
    double sum = out->c / nb * tile_cycles(t, a, p, nr);
    if (rest)
        sum += tile_cycles(t, a, p, (rest + t->vl - 1) / t->vl);
    return out->h * tiles * sum;
}

static const struct target *target_of(const struct conv2d_transpose *a, const struct target *t)
{
    return target_for(t, conv2d_block(a->filters));
}

/* Sums, weights, one broadcast, one more; without FMA a product. */
static bool fits_registers(const struct target *t, int p, int nr)
{
    return p * nr + nr + 2 + !t->fma <= t->registers;
}

/* Tiles begin at a block or lie within one, and every phase of a row has at least one tile's
 * pixels. */
static struct tiling best_tiling(const struct target *t, const struct conv2d_transpose *a,
        const struct hwc *out)
{
    struct tiling best = {0};
    int ocb = conv2d_block(out->c), pixels = out->w / a->strides[1];
    int most = pixels < 28 ? pixels : 28;
    for (int nr = 1; nr <= 4; nr++)
        for (int p = 1; p == 1 || (p <= most && fits_registers(t, p, nr)); p++) {
            struct tiling k = {nr, p, cycles(t, a, out, p, nr)};
            if (nr * t->vl % ocb != 0 && ocb % (nr * t->vl) != 0)
                continue;
            if (best.nr == 0 || k.cycles < best.cycles)
                best = k;
        }
    return best;
}

static bool ok(const struct group *g)
{
    /* any residual, activation and affine go along */
    return node_family(g->main) == FAMILY_CONV2D_TRANSPOSE;
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d_transpose *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    double weights = 4.0 * a->kernel[0] * a->kernel[1] * a->in_channels *
            (double)round_up(out.c, conv2d_block(out.c));
    t = target_of(a, t);
    return (double)batch * best_tiling(t, a, &out).cycles +
            conv2d_stream_cost(g, batch, t, weights);
}

/* How far pixels of the first and last column are from the input's: pixels of zeros needed
 * there. */
static void halo(const struct group *g, int *left, int *right)
{
    const struct conv2d_transpose *a = g->main->attr;
    struct hwc in = shape_hwc(&g->in.at[0]->shape), out = shape_hwc(&g->main->out->shape);
    int64_t reach = (int64_t)(a->kernel[1] - 1) * a->dilation[1] - a->pad[2];
    int64_t last = ((int64_t)out.w - 1 + a->pad[2]) / a->strides[1];
    *left = reach > 0 ? (int)((reach + a->strides[1] - 1) / a->strides[1]) : 0;
    *right = last >= in.w ? (int)(last - in.w + 1) : 0;
}

static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    const struct conv2d_transpose *a = g->main->attr;
    int ocb = conv2d_block(a->filters), ic = a->in_channels;
    int64_t taps = (int64_t)a->kernel[0] * a->kernel[1], rows = taps * ic;
    int64_t channels = round_up(a->filters, ocb);
    float *w = step_weights(pool, step, channels * rows + channels * (g->affine ? 3 : 1));
    const float *kernel = g->main->weight[0].data;

    for (int oc = 0; oc < a->filters; oc++) {
        float *to = w + oc / ocb * rows * ocb + oc % ocb;
        for (int64_t k = 0; k < taps; k++)
            for (int64_t i = 0; i < ic; i++)
                to[(k * ic + i) * ocb] = kernel[(k * a->filters + oc) * ic + i];
        conv2d_pack_channel(g, oc, w + channels * rows + oc, channels);
    }
}

static void bind_shape(struct pool *pool, struct args *args, const struct step *step)
{
    const struct conv2d_transpose *a = step->group->main->attr;
    conv2d_transpose_bind_shape(pool, args, step);
    args_int(pool, args, "DH", a->dilation[0]);
    args_int(pool, args, "DW", a->dilation[1]);
    args_int(pool, args, "HP", meeting(a, 0).period);
    args_int(pool, args, "HS", meeting(a, 0).step);
    args_int(pool, args, "WP", meeting(a, 1).period);
    args_int(pool, args, "WS", meeting(a, 1).step);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct conv2d_transpose *a = step->group->main->attr;
    struct hwc out = {step->out.h, step->out.w, step->out.c};
    int ocb = conv2d_block(a->filters);
    int64_t channels = round_up(a->filters, ocb);
    b->target = t = target_of(a, t);
    struct tiling k = best_tiling(t, a, &out);
    int nb = k.nr * t->vl;

    b->units = step->out.n * step->out.h * ((a->filters + nb - 1) / nb);
    bind_shape(pool, &b->args, step);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "NR", k.nr);
    args_int(pool, &b->args, "P", k.p);
    args_int(pool, &b->args, "OCB", ocb);
    args_int(pool, &b->args, "BIAS", channels * a->kernel[0] * a->kernel[1] * a->in_channels);
    bind_epilogue(pool, &b->args, step, channels, 2 * channels);
}

const struct kernel conv2d_transpose = {
    .name = "conv2d_transpose",
    .doc = "transposed convolution, output channels in vectors, pixels in registers",
    .ok = ok, .cost = cost, .halo = halo, .pack = pack, .bind = bind,
};
