/* pool2d: maximum and average of windows. Channels in vectors, several windows of a row at once. */
#include "pool2d.h"

#include "cut.h"

/* Pixels at once: accumulators, an input vector, what a maximum that minds NaN takes. */
static int tile_of(const struct target *t)
{
    return t->registers >= 32 ? 8 : 6;
}

int pool2d_extent(const struct pool2d *a, int axis)
{
    return (a->size[axis] - 1) * a->dilation[axis] + 1;
}

/* Pixels x0 <= ox < x1 have windows inside the row. */
static void inside(const struct pool2d *a, int iw, int ow, int *x0, int *x1)
{
    int sw = a->strides[1], last = iw + a->pad[2] - pool2d_extent(a, 1);
    *x0 = (a->pad[2] + sw - 1) / sw;
    *x1 = last < 0 ? 0 : last / sw + 1;
    if (*x1 > ow)
        *x1 = ow;
    if (*x0 >= *x1)
        *x0 = *x1 = 0;       /* no window is: all of the row is border */
}

static bool clips_rows(const struct pool2d *a, int ih, int oh)
{
    return a->pad[0] > 0 || (int64_t)(oh - 1) * a->strides[0] + pool2d_extent(a, 0) > ih;
}

static bool ok(const struct group *g)
{
    const struct pool2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_POOL2D && !a->is_global && group_is_plain(g);
}

/* Whether each column of the windows is combined once: COLUMNS in the template. */
static bool combines_columns(const struct pool2d *a)
{
    return a->strides[1] <= a->size[1] && (int64_t)a->size[0] * a->size[1] <= 25 &&
           a->dilation[0] == 1 && a->dilation[1] == 1;
}

/* Columns that are loaded for one window more: not those that it shares with its neighbours. */
static int new_columns(const struct pool2d *a)
{
    bool shared = a->strides[1] <= a->size[1] && a->size[1] <= 7 && a->dilation[1] == 1;
    return shared || combines_columns(a) ? a->strides[1] : a->size[1];
}

static double combinations(const struct pool2d *a)
{
    return combines_columns(a) ? a->strides[1] * (a->size[0] - 1.0) + a->size[1] - 1 :
            (double)a->size[0] * a->size[1];
}

/* Instructions of a maximum that minds NaN. */
static double max_steps(const struct target *t)
{
    return t->vl == 16 ? 2 : 3;
}

/* Cycles of a vector of results. One that channels don't fill is loaded in more than one step. */
static double window_cycles(const struct pool2d *a, const struct target *t, int channels)
{
    double loads = (double)new_columns(a) * a->size[0];
    bool filled = channels % target_for(t, channels)->vl == 0;
    if (t->vl > 8 && channels <= 8)
        t = &targets[t->base];
    return cost_fma(t, combinations(a) * (a->is_max ? max_steps(t) : 1), loads) + 2 + (filled ? 0 : loads);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct pool2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->out->shape);
    double in_bytes = 4.0 * (double)shape_size(&g->in.at[0]->shape) * (double)batch;
    double out_bytes = 4.0 * (double)shape_size(&g->out->shape) * (double)batch;
    double vectors = (double)batch * out.h * out.w * (double)(round_up(out.c, t->vl) / t->vl);
    return vectors * window_cycles(a, t, out.c) + cost_stream(t, in_bytes, out_bytes);
}

void pool2d_bind_window(struct pool *pool, struct args *args, const struct step *step)
{
    const struct pool2d *a = step->group->main->attr;
    static const char *const pads[] = {"PT", "PB", "PL", "PR"};
    args_int(pool, args, "MAX", a->is_max);
    args_int(pool, args, "INCLUDE", a->count_include_pad);
    args_int(pool, args, "C", step->out.c);
    args_int(pool, args, "IH", step->in.at[0].h);
    args_int(pool, args, "IW", step->in.at[0].w);
    args_int(pool, args, "OH", step->out.h);
    args_int(pool, args, "OW", step->out.w);
    args_int(pool, args, "KH", a->size[0]);
    args_int(pool, args, "KW", a->size[1]);
    args_int(pool, args, "SH", a->strides[0]);
    args_int(pool, args, "SW", a->strides[1]);
    args_int(pool, args, "DH", a->dilation[0]);
    args_int(pool, args, "DW", a->dilation[1]);
    for (int i = 0; i < 4; i++)
        args_int(pool, args, pads[i], a->pad[i]);
    args_int(pool, args, "CLIP", clips_rows(a, step->in.at[0].h, step->out.h));
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct pool2d *a = step->group->main->attr;
    int x0, x1;
    struct cut k = {0};
    inside(a, step->in.at[0].w, step->out.w, &x0, &x1);
    b->target = t = target_for(t, step->out.c);
    if (x1 > x0)
        k = cut_even(x1 - x0, tile_of(t));

    b->units = step->out.n * step->out.h;
    pool2d_bind_window(pool, &b->args, step);
    args_int(pool, &b->args, "VL", t->vl);
    bind_cut(pool, &b->args, "P", "T", &k);
    args_int(pool, &b->args, "X0", x0);
    args_int(pool, &b->args, "X1", x1);
    bind_view(pool, &b->args, "X", &step->in.at[0]);
    bind_view(pool, &b->args, "Y", &step->out);
}

const struct kernel pool2d = {
    .name = "pool2d",
    .doc = "maximum or average of windows, channels in vectors, several windows at once",
    .ok = ok, .cost = cost, .bind = bind,
};
