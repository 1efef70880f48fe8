/* pool2d_row: maximum and average of windows, for few channels. A row of the image is one list of floats:
 * its vectors meet whatever channels follow one another, first down the columns, then across them. */
#include "pool2d.h"

#include "cut.h"
#include "elementwise.h"

enum {
    MOST_CHANNELS = 16,  /* of more, pool2d's vectors are full or nearly so */
    ROW = 40,            /* cycles for each: what is stored is not there to be loaded at once */
    ALIGN = 16,          /* floats: columns are stored in whole vectors */
};

/* Columns that windows meet, the padding on both sides too. */
static int64_t reach(const struct pool2d *a, int ow)
{
    return (int64_t)(ow - 1) * a->strides[1] + pool2d_extent(a, 1);
}

static bool ok(const struct group *g)
{
    const struct pool2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_POOL2D && !a->is_global && group_is_plain(g)
        && channels_of(g) <= MOST_CHANNELS;
}

/* ---- cost ------------------------------------------------------------------------------------ */

/* Cycles of a vector for which n are combined, each after `before` instructions beside its load. Most
 * loads reach over the end of a cache line, and hide the third instruction of AVX2's maximum. */
static double combine_cycles(const struct pool2d *a, const struct target *t, int n, double before)
{
    return cost_fma(t, (n - 1) * (a->is_max ? 2.0 : 1.0) + n * before, 1.5 * n) + 2;
}

/* Of a row of results: vectors of neighbours, or pixels one by one. */
static double across_cycles(const struct pool2d *a, const struct target *t, int ow, int c)
{
    bool neighbours = a->strides[1] == 1, pairs = a->strides[1] == 2 && 2 * c <= t->vl;
    int width = neighbours ? t->vl : pairs ? t->vl / c * c : c < t->vl ? c : t->vl;
    int64_t vectors = neighbours || pairs ? ((int64_t)ow * c + width - 1) / width :
            (int64_t)ow * ((c + width - 1) / width);
    return (double)vectors * combine_cycles(a, t, a->size[1], pairs ? (t->vl == 8 ? 3 : 1) : 0);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct pool2d *a = g->main->attr;
    struct hwc in = shape_hwc(&g->in.at[0]->shape), out = shape_hwc(&g->out->shape);
    double in_bytes = 4.0 * (double)shape_size(&g->in.at[0]->shape) * (double)batch;
    double out_bytes = 4.0 * (double)shape_size(&g->out->shape) * (double)batch;
    double down = (double)(round_up((int64_t)in.w * in.c, t->vl) / t->vl) *
            combine_cycles(a, t, a->size[0], 0);
    return (double)batch * out.h * (down + across_cycles(a, t, out.w, out.c) + ROW) +
            cost_stream(t, in_bytes, out_bytes);
}

/* ---- averages -------------------------------------------------------------------------------- */

/* Of a window's columns, those that count. */
static int counted(const struct pool2d *a, int iw, int ox)
{
    int from = ox * a->strides[1] - a->pad[2], end = from + a->size[1];
    int last = iw + (a->count_include_pad ? a->pad[3] : 0);
    if (from < 0 && !a->count_include_pad)
        from = 0;
    return (end < last ? end : last) - from;
}

static bool counts_differ(const struct group *g)
{
    const struct pool2d *a = g->main->attr;
    int iw = shape_hwc(&g->in.at[0]->shape).w, ow = shape_hwc(&g->out->shape).w;
    for (int ox = 0; !a->is_max && ox < ow; ox++)
        if (counted(a, iw, ox) != a->size[1])
            return true;
    return false;
}

/* For averages whose windows have unlike numbers of columns these, for each float of a row. */
static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    int iw = shape_hwc(&g->in.at[0]->shape).w, ow = shape_hwc(&g->out->shape).w, c = channels_of(g);
    if (!counts_differ(g))
        return;
    float *w = step_weights(pool, step, (int64_t)ow * c + ALIGN);
    for (int i = 0; i < ow * c + ALIGN; i++)
        w[i] = i < ow * c ? (float)counted(g->main->attr, iw, i / c) : 1;
}

/* ---- binding --------------------------------------------------------------------------------- */

/* Rows whose pixels lie side by side are runs, else each pixel is one. */
static void bind_runs(struct pool *pool, struct args *args, const struct step *step,
        const struct target *t)
{
    const struct pool2d *a = step->group->main->attr;
    const struct view *x = &step->in.at[0], *y = &step->out;
    bool pairs = y->pixel == y->c && a->strides[1] == 2 && 2 * y->c <= t->vl;
    bool row = pairs || (y->pixel == y->c && a->strides[1] == 1);
    args_int(pool, args, "XRUN", x->pixel == x->c ? x->w * x->c : x->c);
    args_int(pool, args, "YRUN", row ? y->w * y->c : y->c);
    args_int(pool, args, "PAIRS", pairs);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct pool2d *a = step->group->main->attr;
    const struct view *x = &step->in.at[0], *y = &step->out;
    int64_t from = round_up((int64_t)a->pad[2] * x->c, ALIGN);
    int64_t columns = reach(a, y->w) - a->pad[2];
    int64_t end = from + (columns > x->w ? columns : x->w) * x->c + 2 * ALIGN;
    b->target = t = target_for(t, x->w * x->c);

    b->units = y->n * y->h;
    b->scratch = end;
    pool2d_bind_window(pool, &b->args, step);
    args_int(pool, &b->args, "VL", t->vl);
    bind_runs(pool, &b->args, step, t);
    args_int(pool, &b->args, "COUNTS", step->weights > 0);
    args_int(pool, &b->args, "FROM", from);
    args_int(pool, &b->args, "END", end);
    bind_view(pool, &b->args, "X", x);
    bind_view(pool, &b->args, "Y", y);
}

const struct kernel pool2d_row = {
    .name = "pool2d_row",
    .doc = "maximum or average of windows of few channels, neighbours of a row in vectors",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind,
};
