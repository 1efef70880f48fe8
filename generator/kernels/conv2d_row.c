/* conv2d_row: convolution of one channel to one. Vectors of neighbouring pixels of a row,
 * several rows at once, so that each input vector serves all kernel rows that meet it. */
#include "conv2d.h"
#include "cut.h"

enum {
    MAX_TAPS = 49,          /* more than these, or dilation of rows: conv2d_planes */
    MAX_ROWS = 8,
    MAX_TEXT = 1000,        /* products in text, of tiles at the edges and of those between */
};

/* The tiles of a row: the first and the last ones, whose windows may reach over the edge, are
 * each in text, those between are a loop. Without a loop at least one counts as a last one, since
 * those end with the row, and the first ones lie in whole vectors from its beginning. */
struct edges {
    int left, right, inner;
    int most;                /* the last pixel at which a window is inside the image */
};

struct tiling {
    bool hold;               /* all weights in registers */
    struct cut rows;
    double cycles;           /* for an image, by the model */
};

static struct edges edges_of(const struct group *g, const struct target *t)
{
    int ow = shape_hwc(&g->main->out->shape).w, tiles = (ow + t->vl - 1) / t->vl, left, right;
    conv2d_halo(g, &left, &right);
    struct edges e = {(left + t->vl - 1) / t->vl, (right + t->vl - 1) / t->vl, 1,
            ow - right - t->vl};
    if (e.left + e.right < tiles && e.most >= left)
        return e;
    e.right = e.right < 1 ? 1 : e.right < tiles ? e.right : tiles;
    return (struct edges){tiles - e.right, e.right, 0, 0};
}

static int taps_of(const struct conv2d *a)
{
    return a->kernel[0] * a->kernel[1];
}

/* Cycles for one vector of pixels in r rows. Unaligned loads count for one and a half; a sum
 * waits four cycles for itself, half of them filled by the next tile. Like the end of a tile, that takes
 * as long on CPUs that start more multiplications in a cycle. */
static double tile_cycles(const struct conv2d *a, const struct target *t, int r, bool hold)
{
    double taps = taps_of(a);
    double loads = 1.5 * ((r - 1) * a->strides[0] + a->kernel[0]) * a->kernel[1] +
            (hold ? 0 : r * taps);
    double busy = cost_fma(t, r * taps, loads);
    double wait = 2 * t->fastest * taps;
    return (busy > wait ? busy : wait) + t->fastest * (2 * r + 4);
}

static double rows_cycles(const struct conv2d *a, const struct target *t, const struct cut *c,
        bool hold)
{
    double cycles = c->t0 * tile_cycles(a, t, c->n0, hold);
    return c->t1 ? cycles + c->t1 * tile_cycles(a, t, c->n1, hold) : cycles;
}

/* Registers: sums, an input vector, the bias, weights (at least one), a product where there is
 * no FMA. One row always goes. */
static bool fits(const struct conv2d *a, const struct target *t, const struct edges *e, int r,
        bool hold)
{
    return r + 2 + (hold ? taps_of(a) : 1) + !t->fma <= t->registers - 2 &&
           (e->left + e->inner + e->right) * r * taps_of(a) <= MAX_TEXT;
}

static struct tiling best_tiling(const struct group *g, const struct target *t)
{
    const struct conv2d *a = g->main->attr;
    struct hwc out = shape_hwc(&g->main->out->shape);
    struct edges e = edges_of(g, t);
    struct tiling best = {0};
    for (int r = 1; r <= MAX_ROWS && r <= out.h; r++)
        for (int hold = 0; hold <= 1; hold++) {
            struct tiling k = {hold, cut_even(out.h, r), 0};
            if (!fits(a, t, &e, r, hold) && (r > 1 || hold))
                continue;
            k.cycles = (out.w + t->vl - 1) / t->vl * rows_cycles(a, t, &k.rows, hold) +
                    8 * (k.rows.t0 + k.rows.t1);
            if (best.rows.n0 == 0 || k.cycles < best.cycles)
                best = k;
        }
    return best;
}

/* Each pixel's window has a column of the image in it: no tile is without products. */
static bool windows_meet_image(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    int64_t iw = shape_hwc(&g->in.at[0]->shape).w, ow = shape_hwc(&g->main->out->shape).w;
    for (int64_t x = -a->pad[2]; x < ow - a->pad[2]; x++) {
        int64_t k = x < 0 ? (-x + a->dilation[1] - 1) / a->dilation[1] : 0;
        if (k >= a->kernel[1] || x + k * a->dilation[1] >= iw)
            return false;
    }
    return true;
}

static bool ok(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    return node_family(g->main) == FAMILY_CONV2D  /* any residual, activation and affine go along */
        && a->in_channels == 1 && a->filters == 1
        && a->strides[1] == 1                              /* pixels of a vector are neighbours */
        && a->strides[0] <= a->kernel[0] && a->dilation[0] == 1  /* each input row is in a window */
        && (int64_t)a->kernel[0] * a->kernel[1] <= MAX_TAPS
        && a->pad[2] <= MAX_TAPS && a->pad[3] <= MAX_TAPS  /* tiles at the edges are in text */
        && windows_meet_image(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct target *of = t;
    t = target_for(t, shape_hwc(&g->main->out->shape).w);
    return (double)batch * best_tiling(g, t).cycles * conv2d_stand_in(of, t) +
            0.5 * conv2d_stream_cost(g, batch, t, 4.0 * taps_of(g->main->attr));
}

static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    int taps = taps_of(g->main->attr);
    float *w = step_weights(pool, step, taps + (g->affine ? 3 : 1));
    for (int i = 0; i < taps; i++)
        w[i] = g->main->weight[0].data[i];
    conv2d_pack_channel(g, 0, w + taps, 1);
}

/* Whether to ask for the output's lines before they are written: where vectors of 64 bytes may lie
 * across two lines, which are then written twice, and lines don't stay in the first-level cache. */
static bool prefetches(const struct step *step, const struct target *t)
{
    double bytes = 4.0 * (double)(step->in.at[0].image + step->out.image);
    bool across = step->out.row % 16 != 0 || step->out.place == PLACE_OUTPUT;
    return t->vl == 16 && across && bytes > t->l1;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct conv2d *a = step->group->main->attr;
    const struct view *x = &step->in.at[0];
    bool clip = conv2d_clips_rows(a, x->h, step->out.h);
    b->target = t = target_for(t, step->out.w);
    struct tiling k = best_tiling(step->group, t);
    struct edges e = edges_of(step->group, t);

    b->units = step->out.n * (k.rows.t0 + k.rows.t1);
    b->scratch = clip ? (x->w - 1) * x->pixel + 1 : 0;
    conv2d_bind_shape(pool, &b->args, step);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "HOLD", k.hold);
    bind_cut(pool, &b->args, "R", "B", &k.rows);
    args_int(pool, &b->args, "LEFT", e.left);
    args_int(pool, &b->args, "INNER", e.inner);
    args_int(pool, &b->args, "RIGHT", e.right);
    args_int(pool, &b->args, "MOST", e.most);
    args_int(pool, &b->args, "PREFETCH", prefetches(step, t));
    args_int(pool, &b->args, "IW", x->w);
    args_int(pool, &b->args, "OW", step->out.w);
    args_int(pool, &b->args, "CLIP", clip);
    args_int(pool, &b->args, "BIAS", taps_of(a));
    bind_epilogue(pool, &b->args, step, 1, 2);
}

const struct kernel conv2d_row = {
    .name = "conv2d_row",
    .doc = "convolution of one channel to one, pixels in vectors, several rows at once",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind,
};
