/* conv2d_pool: convolution and max pooling in one pass. Output channels in vectors, all results of
 * several windows in registers: what the convolution gives is never stored. */
#include "conv2d.h"
#include "cut.h"

enum { MAX_WINDOW = 3, MAX_WINDOWS = 8, MAX_IN_TEXT = 1500 };  /* multiplications of a tile */

/* The layer: extents of the window's results and of a filter. */
struct work {
    int window;              /* results of the convolution in a window */
    int taps;                /* products in a result */
    int values;              /* pixels times channels that one window reads */
    int oc, ocb;             /* output channels, and those in a block of weights */
    int oh, ow;              /* of windows */
};

struct tiling {
    int nr;                  /* vectors of channels */
    bool hold;               /* the weights stay in registers along a row */
    struct cut p;            /* windows of a row */
    double cycles;           /* for an image, by the model */
};

static struct work work_of(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    const struct pool2d *q = g->pool->attr;
    struct hwc out = shape_hwc(&g->out->shape);
    return (struct work){
        .window = q->size[0] * q->size[1],
        .taps = a->kernel[0] * a->kernel[1] * a->in_channels,
        .values = ((q->size[0] - 1) * a->strides[0] + a->kernel[0]) *
                  ((q->size[1] - 1) * a->strides[1] + a->kernel[1]) * a->in_channels,
        .oc = a->filters,
        .ocb = a->filters <= 4 ? 4 : a->filters <= 8 ? 8 : 16,
        .oh = out.h, .ow = out.w,
    };
}

/* Registers: sums, weights, a broadcast, and a product where there is no FMA; two are kept
 * free. Of 32, four are with all taps in text: clang broadcasts ahead and keeps the bias. */
static bool fits(const struct target *t, const struct work *k, bool hold, int p, int nr)
{
    int sums = p * k->window * nr, weights = (hold ? k->taps : 1) * nr;
    bool short_text = !hold || sums * k->taps <= MAX_IN_TEXT;
    return sums + weights + 1 + !t->fma <= t->registers - (hold ? t->registers / 8 : 2) && short_text;
}

/* Cycles for p windows by nr vectors: limited by multiplies, by loads, or by the four cycles that a
 * sum waits for itself (half of them filled by the next tile where all taps are in text); then
 * about four instructions for a maximum that minds NaN, and the store. */
static double tile_cycles(const struct target *t, const struct work *k, bool hold, int p, int nr)
{
    int sums = p * k->window * nr;
    double broadcast = t->vl == 16 ? 0.5 : 1.0;
    double loads = hold ? p * k->values * broadcast
                        : k->taps * (nr + p * k->window * broadcast);
    double busy = cost_fma(t, (double)sums * k->taps, loads), wait = (hold ? 2.0 : 4.0) * k->taps;
    return (busy > wait ? busy : wait) + 1.5 * sums + (hold ? 3 : 10 + k->taps * 0.5);
}

static double row_cycles(const struct target *t, const struct work *k, const struct tiling *i, int nr)
{
    double sum = i->p.t0 * tile_cycles(t, k, i->hold, i->p.n0, nr);
    if (i->p.t1)
        sum += i->p.t1 * tile_cycles(t, k, i->hold, i->p.n1, nr);
    return sum + 20 + (i->hold ? 0.5 * k->taps * nr : 0);
}

static double cycles(const struct target *t, const struct work *k, const struct tiling *i)
{
    int nb = i->nr * t->vl, rest = k->oc % nb;
    double per_row = k->oc / nb * row_cycles(t, k, i, i->nr);
    if (rest)
        per_row += row_cycles(t, k, i, (rest + t->vl - 1) / t->vl);
    return k->oh * per_row;
}

/* The tile with the fewest predicted cycles among those that fit the registers; nr 0: none does. */
static struct tiling best_tiling(const struct target *t, const struct work *k)
{
    struct tiling best = {0};
    for (int hold = 0; hold <= 1; hold++)
        for (int nr = 1; nr <= 4; nr++)
            for (int p = 1; p <= MAX_WINDOWS && fits(t, k, hold, p, nr); p++) {
                struct tiling i = {nr, hold, cut_even(k->ow, p), 0};
                if (nr * t->vl % k->ocb != 0 && k->ocb % (nr * t->vl) != 0)
                    continue;  /* tiles must begin at a block or lie within one */
                i.cycles = cycles(t, k, &i);
                if (best.nr == 0 || i.cycles < best.cycles)
                    best = i;
            }
    return best;
}

/* Its maximum over a window is its value at the maximum: it never falls, and NaN comes through. */
static bool never_falls(const struct node *act)
{
    return act->act->kind == ACT_RELU || act->act->kind == ACT_RELU6;
}

/* Windows that lie inside and share no pixel: none is computed twice. */
static bool windows_apart(const struct pool2d *q, struct hwc in, struct hwc out)
{
    return q->strides[0] >= q->size[0] && q->strides[1] >= q->size[1] && !q->pad[0] && !q->pad[2] &&
           (int64_t)(out.h - 1) * q->strides[0] + q->size[0] <= in.h &&
           (int64_t)(out.w - 1) * q->strides[1] + q->size[1] <= in.w;
}

static bool ok(const struct group *g)
{
    if (node_family(g->main) != FAMILY_CONV2D || !g->pool)
        return false;
    const struct conv2d *a = g->main->attr;
    const struct pool2d *q = g->pool->attr;
    return !g->add && !g->affine && (!g->act || never_falls(g->act))
        && a->groups == 1 && a->dilation[0] == 1 && a->dilation[1] == 1
        && q->is_max && !q->is_global && q->dilation[0] == 1 && q->dilation[1] == 1
        && q->size[0] <= MAX_WINDOW && q->size[1] <= MAX_WINDOW    /* results fit 16 registers */
        && windows_apart(q, shape_hwc(&g->main->out->shape), shape_hwc(&g->out->shape));
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    struct work k = work_of(g);
    t = target_for(t, k.oc);
    struct tiling i = best_tiling(t, &k);
    double weights = 4.0 * k.taps * (double)round_up(k.oc, k.ocb);
    return (double)batch * i.cycles + conv2d_stream_cost(g, batch, t, weights);
}

/* Kernel blocks, then biases. */
static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    struct work k = work_of(g);
    int64_t channels = round_up(k.oc, k.ocb);
    float *w = step_weights(pool, step, channels * (k.taps + 1));
    const float *kernel = g->main->weight[0].data;

    for (int oc = 0; oc < k.oc; oc++) {
        float *to = w + (int64_t)(oc / k.ocb) * k.taps * k.ocb + oc % k.ocb;
        for (int64_t i = 0; i < k.taps; i++)
            to[i * k.ocb] = kernel[i * k.oc + oc];
        conv2d_pack_channel(g, oc, w + channels * k.taps + oc, channels);
    }
}

static void bind_window(struct pool *pool, struct args *args, const struct pool2d *q)
{
    args_int(pool, args, "QH", q->size[0]);
    args_int(pool, args, "QW", q->size[1]);
    args_int(pool, args, "QSH", q->strides[0]);
    args_int(pool, args, "QSW", q->strides[1]);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct conv2d *a = step->group->main->attr;
    const struct pool2d *q = step->group->pool->attr;
    const struct view *x = &step->in.at[0];
    struct work k = work_of(step->group);
    b->target = t = target_for(t, k.oc);
    struct tiling i = best_tiling(t, &k);
    int64_t rows = (int64_t)(k.oh - 1) * q->strides[0] + q->size[0];     /* of the convolution */
    int64_t columns = (int64_t)(k.ow - 1) * q->strides[1] + q->size[1];
    int64_t width = (columns - 1) * a->strides[1] + a->kernel[1];
    bool clip = conv2d_clips_rows(a, x->h, (int)rows);

    b->units = step->out.n * k.oh * ((k.oc + i.nr * t->vl - 1) / (i.nr * t->vl));
    if (clip)
        b->scratch = (width - 1) * x->pixel + a->in_channels;
    conv2d_bind_shape(pool, &b->args, step);
    bind_window(pool, &b->args, q);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "NR", i.nr);
    args_int(pool, &b->args, "HOLD", i.hold);
    bind_cut(pool, &b->args, "P", "T", &i.p);
    args_int(pool, &b->args, "OCB", k.ocb);
    args_int(pool, &b->args, "IW", width);
    args_int(pool, &b->args, "CLIP", clip);
    args_int(pool, &b->args, "BIAS", round_up(k.oc, k.ocb) * k.taps);
    bind_activation(pool, &b->args, step->group);
}

const struct kernel conv2d_pool = {
    .name = "conv2d_pool",
    .doc = "convolution and max pooling in one pass, all results of several windows in registers",
    .ok = ok, .cost = cost, .halo = conv2d_halo, .pack = pack, .bind = bind, .pools = true,
};
