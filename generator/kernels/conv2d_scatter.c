/* conv2d_scatter: transposed convolution to few channels. Products of each input pixel with all of the
 * kernel, whose elements and channels together fill vectors, then sums of those that meet. */
#include "conv2d.h"
#include "elementwise.h"
#include "products.h"

enum {
    MOST_LANES = 512,        /* kernel elements by output channels */
    MOST_SCRATCH = 1 << 16,  /* floats */
    LINE_END = 16,           /* floats that a vector may reach beyond what it is for */
};

/* What the kernel does along one axis: elements of `stride` outputs are a group, to which `span` inputs add. */
struct axis { int span, from, to; };  /* groups from .. to - 1 are of the output */

static struct axis axis_of(const struct conv2d_transpose *a, int axis, int out)
{
    int stride = a->strides[axis], cut = a->pad[2 * axis];
    return (struct axis){(a->kernel[axis] + stride - 1) / stride, cut / stride, (cut + out + stride - 1) / stride};
}

static int lanes(const struct conv2d_transpose *a)
{
    return a->kernel[0] * a->kernel[1] * a->filters;
}

/* Floats that the products of a pixel take: whole vectors of every target that has FMA. */
static int64_t lanes_kept(const struct conv2d_transpose *a)
{
    return round_up(lanes(a), lanes(a) <= 8 ? 8 : 16);
}

/* Four lanes are half a vector of AVX2, but SSE2 has no FMA. */
static const struct target *target_of(const struct conv2d_transpose *a, const struct target *t)
{
    return narrow_target(t, lanes(a) <= 8 ? 8 : lanes(a));
}

static int64_t scratch(const struct conv2d_transpose *a, int iw, int ow)
{
    struct axis rows = axis_of(a, 0, 1), columns = axis_of(a, 1, ow);
    return rows.span * iw * lanes_kept(a) + LINE_END +
           (int64_t)(columns.to - columns.from) * a->strides[1] * a->filters + LINE_END;
}

static bool ok(const struct group *g)
{
    const struct conv2d_transpose *a = g->main->attr;
    return node_family(g->main) == FAMILY_CONV2D_TRANSPOSE
        && !g->add && !g->affine                              /* an activation goes along */
        && a->dilation[0] == 1 && a->dilation[1] == 1
        && a->kernel[0] * (int64_t)a->kernel[1] * a->filters <= MOST_LANES
        && a->strides[1] * (int64_t)a->filters <= MOST_LANES
        && scratch(a, shape_hwc(&g->in.at[0]->shape).w, shape_hwc(&g->out->shape).w) <= MOST_SCRATCH;
}

/* Stripes of a unit: enough that few input rows are multiplied twice. */
static struct cut bands(const struct axis *rows)
{
    return cut_even(rows->to - rows->from, rows->span == 1 ? 1 : 6 * (rows->span - 1));
}

/* Loads and sums of an output row, and the way over `line`; slower where products don't stay in L1. */
static double line_cycles(const struct conv2d_transpose *a, const struct target *t, int iw, const struct axis *columns)
{
    double vectors = (double)((a->strides[1] * a->filters + t->vl - 1) / t->vl);
    double terms = (double)a->kernel[0] / a->strides[0] * columns->span;
    double kept = 4.0 * a->kernel[0] / a->strides[0] * iw * (double)lanes_kept(a);
    return (columns->to - columns->from) * (0.5 + vectors * (2 + (kept < t->l1 ? 1.5 : 3) * terms));
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct conv2d_transpose *a = g->main->attr;
    struct hwc in = shape_hwc(&g->in.at[0]->shape), out = shape_hwc(&g->out->shape);
    struct axis rows = axis_of(a, 0, out.h), columns = axis_of(a, 1, out.w);
    t = target_of(a, t);
    struct tiling k = tile_products(t, in.w, lanes(a), a->in_channels);
    double again = 1 + (rows.span - 1.0) / bands(&rows).n0;
    double products = in.h * again * k.cycles * t->fastest;
    return (double)batch * (products + out.h * line_cycles(a, t, in.w, &columns)) +
           conv2d_stream_cost(g, batch, t, 4.0 * a->in_channels * (double)lanes_kept(a));
}

static void pack(struct pool *pool, struct step *step)
{
    const struct conv2d_transpose *a = step->group->main->attr;
    const float *kernel = step->group->main->weight[0].data;
    const struct weight *bias = find_weight(step->group->main, "bias");
    int64_t kept = lanes_kept(a), ic = a->in_channels, group = a->strides[1] * a->filters;
    float *w = step_weights(pool, step, ic * kept + round_up(group, LINE_END));
    for (int64_t l = 0; l < lanes(a); l++)
        for (int64_t i = 0; i < ic; i++)
            w[i * kept + l] = kernel[l * ic + i];
    for (int64_t l = 0; bias && l < group; l++)
        w[ic * kept + l] = bias->data[l % a->filters] + 0.0f;  /* no -0: see conv2d_pack_channel */
}

static void bind(struct pool *pool, const struct step *step, const struct target *t, struct binding *b)
{
    const struct conv2d_transpose *a = step->group->main->attr;
    struct axis rows = axis_of(a, 0, step->out.h);
    struct cut band = bands(&rows);
    int count = (rows.to - rows.from + band.n0 - 1) / band.n0;
    b->target = t = target_of(a, t);
    struct tiling k = tile_products(t, step->in.at[0].w, lanes(a), a->in_channels);
    b->units = step->out.n * count;
    b->scratch = scratch(a, step->in.at[0].w, step->out.w);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "BAND", band.n0);
    args_int(pool, &b->args, "BANDS", count);
    bind_cut(pool, &b->args, "P", "T", &k.rows);
    bind_cut(pool, &b->args, "Q", "U", &k.vectors);
    args_int(pool, &b->args, "LP", lanes_kept(a));
    args_int(pool, &b->args, "IW", step->in.at[0].w);
    conv2d_transpose_bind_shape(pool, &b->args, step);
    bind_activation(pool, &b->args, step->group);
}

const struct kernel conv2d_scatter = {
    .name = "conv2d_scatter",
    .doc = "transposed convolution to few channels, kernel elements and channels in vectors",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind,
};
