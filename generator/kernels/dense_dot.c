/* dense_dot: Dense. Vectors over inputs, several outputs at once, for each weight several rows
 * where there are some; every output is 16 partial sums, added at the end. */
#include "conv2d.h"
#include "cut.h"
#include "divide.h"

/* At most MAX_Q rows of weights are read side by side: rows that are a power of two apart fall into
 * one set of a first-level cache, which has eight places. Fewer are worse from memory, where each
 * row is a stream that is fetched ahead. */
enum { CHUNK = 16, MAX_Q = 8, MAX_M = 8 };

/* Rows at equal distances, as many as can be: all of a batch, of an image, or of an image's row. */
struct rows {
    int images, runs, count;
    int of_image;            /* rows of one, where a run is several images; else 0 */
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
    all.of_image = x->n > all.images ? all.count / x->n : 0;
    return all;
}

static bool fits(const struct target *t, int m, int q)
{
    int sums = m * q * (CHUNK / t->vl);
    return sums + (m > 1 ? q : 1) + 1 + !t->fma <= t->registers - 2;
}

/* Cycles for 16 inputs of a tile, and for what follows the sums. Loads that multiplies hide are not
 * for free: some cross a cache line. */
static double tile_cycles(const struct target *t, int ic, int m, int q)
{
    double parts = CHUNK / t->vl, chunks = (double)(round_up(ic, CHUNK) / CHUNK);
    double busy = cost_fma(t, parts * m * q, parts * (m + q));
    double loads = 0.15 * parts * (m + q);
    return chunks * ((busy > 4 ? busy : 4) + loads + 1) + 12.0 * m * q + 10;
}

/* How much of so many bytes, read again and again, the first level can't hold: all of twice its
 * size. */
static double overflow(const struct target *t, double bytes)
{
    double over = 2 * (bytes - t->l1);
    return over < 0 ? 0 : over < bytes ? over : bytes;
}

/* Bytes that come from the second level again: each tile of outputs goes through all rows, and each
 * tile of rows but the first through the weights of its outputs. */
static double bytes_again(const struct target *t, int ic, const struct tiling *k)
{
    double rows = 4.0 * ic * (k->m.n0 * k->m.t0 + k->m.n1 * k->m.t1);
    double weights = 4.0 * ic * k->q.n0;
    return (k->q.t0 + k->q.t1) *
           (overflow(t, rows) + (k->m.t0 + k->m.t1 - 1) * overflow(t, weights));
}

static double run_cycles(const struct target *t, int ic, const struct tiling *k)
{
    double sum = bytes_again(t, ic, k) / t->l2_bytes / 2;  /* half of it while sums go on */
    for (int i = 0; i < 4; i++) {
        int m = i & 1 ? k->m.n1 : k->m.n0, tm = i & 1 ? k->m.t1 : k->m.t0;
        int q = i & 2 ? k->q.n1 : k->q.n0, tq = i & 2 ? k->q.t1 : k->q.t0;
        if (tm && tq)
            sum += (double)tm * tq * tile_cycles(t, ic, m, q);
    }
    return sum;
}

/* Matrix and rows of one step. */
struct product {
    int ic, oc, rows, runs;  /* rows of a run */
    double stream;           /* cycles for what comes from outer caches */
};

static double step_cycles(const struct product *p, const struct tiling *k)
{
    return p->runs * k->cycles + p->stream;
}

/* Units of a run and a tile of outputs. */
static int run_pieces(const struct product *p, const struct tiling *k)
{
    return divide_row(step_cycles(p, k), (int64_t)p->runs * (k->q.t0 + k->q.t1), k->m.t0 + k->m.t1);
}

static int units_of(const struct product *p, const struct tiling *k)
{
    return p->runs * (k->q.t0 + k->q.t1) * run_pieces(p, k);
}

/* What the choice goes by: cycles for all runs, and that threads share evenly. */
static double price(const struct product *p, const struct tiling *k)
{
    double cycles = step_cycles(p, k);
    return cycles * divide_penalty(cycles, units_of(p, k), &(struct load){0});
}

/* The best tile that fits the registers; one by one always goes. */
static struct tiling best_tiling(const struct target *t, const struct product *p)
{
    struct tiling best = {cut_even(p->rows, 1), cut_even(p->oc, 1), 0};
    best.cycles = run_cycles(t, p->ic, &best);
    for (int q = 1; q <= MAX_Q && q <= p->oc; q++)
        for (int m = 1; m <= MAX_M && m <= p->rows && fits(t, m, q); m++) {
            struct tiling k = {cut_even(p->rows, m), cut_even(p->oc, q), 0};
            k.cycles = run_cycles(t, p->ic, &k);
            if (price(p, &k) < price(p, &best))
                best = k;
        }
    return best;
}

static double stream_cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct dense *a = g->main->attr;
    double weights = 4.0 * (double)round_up(a->in_features, CHUNK) * a->units;
    return conv2d_stream_cost(g, batch, t, weights);
}

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_DENSE;  /* any residual, activation and affine go along */
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct dense *a = g->main->attr;
    int64_t rows = shape_size(&g->in.at[0]->shape) / a->in_features * batch;
    double stream = stream_cost(g, batch, t);
    struct product p = {a->in_features, a->units, rows < 1024 ? (int)rows : 1024, 1, stream};
    struct tiling k = best_tiling(t, &p);
    return k.cycles * (rows < 1024 ? 1 : (double)rows / 1024) + stream;
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
    struct product p = {a->in_features, a->units, rows.count, rows.images * rows.runs,
            stream_cost(step->group, step->out.n, t)};
    struct tiling k = best_tiling(t, &p);

    joined.in.at = NEW_ARRAY(pool, struct view, step->in.n);
    joined.in.at[0] = rows.x;
    if (step->in.n > 1)
        joined.in.at[step->in.n - 1] = rows.r;
    b->units = units_of(&p, &k);
    if (rows.of_image)
        b->crossing = (struct crossing){b->units, 1, 1};  /* each has a share of the rows that there are */
    args_int(pool, &b->args, "VL", t->vl);
    bind_cut(pool, &b->args, "Q", "B", &k.q);
    bind_cut(pool, &b->args, "M", "T", &k.m);
    args_int(pool, &b->args, "RUNS", rows.runs);
    args_int(pool, &b->args, "PIECES", run_pieces(&p, &k));
    args_int(pool, &b->args, "OF_IMAGE", rows.of_image);
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
    .ok = ok, .cost = cost, .pack = pack, .bind = bind, .over_residual = true,
};
