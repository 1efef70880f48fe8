/* dense_dot: Dense. Vectors over inputs, several outputs at once, for each weight several rows
 * where there are some; every output is 16 partial sums, added at the end. */
#include "conv2d.h"
#include "cut.h"

enum { CHUNK = 16 };

/* Rows at equal distances, as many as can be: all of a batch, of an image, or of an image's row. */
struct rows {
    int images, runs, count;
    struct view x, y, r;     /* n, h, w are those; r only with a residual */
};

struct tiling {
    struct cut m, q;         /* rows of a run, outputs */
    double cycles;           /* for a run, by the model */
};

/* The view with its rows joined where all are to be; a batch of vectors becomes a row of pixels. */
static struct view join(const struct view *v, bool rows, bool images)
{
    struct view j = *v;
    if (rows) {
        j.w *= j.h;
        j.row *= j.h;
        j.h = 1;
    }
    if (images) {
        if (j.w == 1)
            j.pixel = j.image;
        j.w *= j.n;
        j.n = 1;
    }
    return j;
}

/* One pixel an image, or images without a gap. */
static bool images_join(const struct view *v)
{
    return v->w * v->h == 1 || (view_rows_join(v) && view_images_join(v));
}

static struct rows rows_of(const struct step *step)
{
    const struct view *x = &step->in.at[0], *y = &step->out;
    const struct view *r = step->group->add ? &step->in.at[step->in.n - 1] : y;
    bool rows = view_rows_join(x) && view_rows_join(y) && view_rows_join(r);
    bool images = rows && images_join(x) && images_join(y) && images_join(r);
    struct rows all = {.x = join(x, rows, images), .y = join(y, rows, images),
            .r = join(r, rows, images)};
    all.images = all.x.n;
    all.runs = all.x.h;
    all.count = all.x.w;
    return all;
}

static bool fits(const struct target *t, int m, int q)
{
    int sums = m * q * (CHUNK / t->vl);
    return sums + (m > 1 ? q : 1) + 1 + !t->fma <= t->registers - 2;
}

/* Cycles for 16 inputs of a tile, and for what follows the sums. */
static double tile_cycles(const struct target *t, int ic, int m, int q)
{
    double parts = CHUNK / t->vl, chunks = (double)(round_up(ic, CHUNK) / CHUNK);
    double busy = cost_fma(t, parts * m * q, parts * (m + q));
    return chunks * ((busy > 4 ? busy : 4) + 1) + 12.0 * m * q + 10;
}

static double run_cycles(const struct target *t, int ic, const struct tiling *k)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        int m = i & 1 ? k->m.n1 : k->m.n0, tm = i & 1 ? k->m.t1 : k->m.t0;
        int q = i & 2 ? k->q.n1 : k->q.n0, tq = i & 2 ? k->q.t1 : k->q.t0;
        if (tm && tq)
            sum += (double)tm * tq * tile_cycles(t, ic, m, q);
    }
    return sum;
}

/* The fastest tile that fits the registers, outputs cut into at least `parts` tiles; one by one
 * always goes. */
static struct tiling best_tiling(const struct target *t, int ic, int oc, int rows, int parts)
{
    struct tiling best = {cut_even(rows, 1), cut_even(oc, 1), 0};
    best.cycles = run_cycles(t, ic, &best);
    for (int q = 1; q <= 12 && q <= oc && (q == 1 || (oc + q - 1) / q >= parts); q++)
        for (int m = 1; m <= 8 && m <= rows && fits(t, m, q); m++) {
            struct tiling k = {cut_even(rows, m), cut_even(oc, q), 0};
            k.cycles = run_cycles(t, ic, &k);
            if (k.cycles < best.cycles)
                best = k;
        }
    return best;
}

/* Large matrices are to be divided among threads. */
static int parts_of(int ic, int oc)
{
    return (int64_t)ic * oc >= 65536 ? 2 : 1;
}

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_DENSE;  /* any residual, activation and affine go along */
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct dense *a = g->main->attr;
    int64_t rows = shape_size(&g->in.at[0]->shape) / a->in_features * batch;
    struct tiling k = best_tiling(t, a->in_features, a->units, rows < 1024 ? (int)rows : 1024, 1);
    double weights = 4.0 * (double)round_up(a->in_features, CHUNK) * a->units;
    return k.cycles * (rows < 1024 ? 1 : (double)rows / 1024) +
            conv2d_stream_cost(g, batch, t, weights);
}

static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    const struct dense *a = g->main->attr;
    int64_t row = round_up(a->in_features, CHUNK), channels = round_up(a->units, CHUNK) + CHUNK;
    float *w = step_weights(pool, step, row * a->units + channels * (g->affine ? 3 : 1));
    const float *kernel = g->main->weight[0].data;

    for (int o = 0; o < a->units; o++) {
        for (int64_t i = 0; i < a->in_features; i++)
            w[o * row + i] = kernel[i * a->units + o];
        conv2d_pack_channel(g, o, w + row * a->units + o, channels);
    }
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct dense *a = step->group->main->attr;
    struct rows rows = rows_of(step);
    struct step joined = *step;
    int64_t row = round_up(a->in_features, CHUNK), channels = round_up(a->units, CHUNK) + CHUNK;
    b->target = t = target_for(t, a->in_features);
    struct tiling k = best_tiling(t, a->in_features, a->units, rows.count,
            parts_of(a->in_features, a->units));

    joined.in.at = NEW_ARRAY(pool, struct view, step->in.n);
    joined.in.at[0] = rows.x;
    if (step->in.n > 1)
        joined.in.at[step->in.n - 1] = rows.r;
    b->units = rows.images * rows.runs * (k.q.t0 + k.q.t1);
    args_int(pool, &b->args, "VL", t->vl);
    bind_cut(pool, &b->args, "Q", "B", &k.q);
    bind_cut(pool, &b->args, "M", "T", &k.m);
    args_int(pool, &b->args, "RUNS", rows.runs);
    args_int(pool, &b->args, "IC", a->in_features);
    args_int(pool, &b->args, "OC", a->units);
    bind_view(pool, &b->args, "X", &rows.x);
    bind_view(pool, &b->args, "Y", &rows.y);
    args_int(pool, &b->args, "BIAS", row * a->units);
    bind_epilogue(pool, &b->args, &joined, channels, 2 * channels);
}

const struct kernel dense_dot = {
    .name = "dense_dot",
    .doc = "Dense, inputs in vectors, several outputs and rows in registers",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind,
};
