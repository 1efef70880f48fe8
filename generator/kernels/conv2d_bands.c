/* conv2d_bands: a depthwise convolution with the pointwise one before it, or the one behind it, or
 * both, in one pass: the rows that a band of output rows needs are made right before they are read,
 * and overwritten by those of the next band. What lies between the convolutions, six times as much
 * as what they read in an inverted residual (Sandler et al., MobileNetV2, 2018), never leaves the
 * second-level cache, and the arena has no place for it. The functions that compute the rows are those of
 * conv2d_direct and conv2d_depthwise, bound for one row of the one, and the rows of a band of
 * the others, as if the image had no more: zeros above and below it are rows like others. */
#include "conv2d.h"
#include "cut.h"

#include <string.h>

extern const struct kernel conv2d_direct, conv2d_depthwise;

enum { BAND_MOST = 8 };      /* output rows */

#define ROOM 0.6              /* of the second-level cache, for rows between the convolutions */

static bool is_depthwise(const struct group *stage) { return conv2d_is_depthwise(stage->main->attr); }

/* The stages by what they do; NULL: none. */
struct stages { const struct group *expand, *depthwise, *project; };

static struct stages stages_of(const struct group *g)
{
    struct stages s = {NULL, NULL, NULL};
    for (int i = 0; i < g->stage.n; i++) {
        const struct group *stage = g->stage.at[i];
        *(is_depthwise(stage) ? &s.depthwise : s.depthwise ? &s.project : &s.expand) = stage;
    }
    return s;
}

/* How the work is cut. */
struct tiling {
    int rows;                /* output rows in a band: they divide the image's */
    int need;                /* input rows of the depthwise convolution that these read */
    int hold;                /* such rows that there is room for */
};

/* ---- a stage on a few rows ------------------------------------------------------------------- */

/* A stage as if its image had so few rows, and none beyond them. */
struct strip {
    struct group group;
    struct node node;
    struct conv2d attr;
    struct tensor in, out;
    struct tensor *read[2];
};

static void strip_init(struct strip *s, const struct group *stage, int in_rows, int out_rows)
{
    *s = (struct strip){*stage, *stage->main, *(const struct conv2d *)stage->main->attr, *stage->in.at[0],
        *stage->out, {NULL, NULL}};
    s->group.param_bytes = 0;        /* its weights come from afar once, not with every few rows */
    s->attr.pad[0] = s->attr.pad[1] = 0;
    s->in.shape.dim[0] = in_rows;
    s->out.shape.dim[0] = out_rows;
    s->node.attr = &s->attr;
    s->node.out = s->group.out = &s->out;
    s->node.in.at = s->group.in.at = s->read;
    s->group.main = &s->node;
    s->read[0] = &s->in;
    s->read[1] = &s->out;    /* of the residual it is the shape that counts */
}

static double strip_cycles(const struct kernel *k, const struct group *stage, int in_rows, int out_rows,
        const struct target *t)
{
    struct strip s;
    strip_init(&s, stage, in_rows, out_rows);
    return k->cost(&s.group, 1, t);
}

/* ---- the cut --------------------------------------------------------------------------------- */

static const struct conv2d *depthwise_of(const struct stages *s) { return s->depthwise->main->attr; }

static int rows_needed(const struct conv2d *a, int rows)
{
    return (rows - 1) * a->strides[0] + (a->kernel[0] - 1) * a->dilation[0] + 1;
}

static double row_bytes(const struct tensor *t)
{
    struct hwc d = shape_hwc(&t->shape);
    return 4.0 * d.w * d.c;
}

/* Rows between the convolutions that a band needs, in bytes. */
static double band_bytes(const struct stages *s, int rows)
{
    double in = s->expand ? rows_needed(depthwise_of(s), rows) * row_bytes(s->depthwise->in.at[0]) : 0;
    return in + (s->project ? rows * row_bytes(s->depthwise->out) : 0);
}

/* The tallest band that leaves room in the second-level cache for what passes through, and enough of them for
 * threads; the expanded rows that the next one needs, too, are moved the more seldom the more room there is. */
static struct tiling tiling_of(const struct group *g, int64_t batch, const struct target *t)
{
    struct stages s = stages_of(g);
    const struct conv2d *a = depthwise_of(&s);
    int oh = shape_hwc(&g->out->shape).h, rows = BAND_MOST;
    while (rows > 1 && (oh % rows || band_bytes(&s, rows) > ROOM * t->l2 || units_are_uneven(batch * oh / rows)))
        rows--;
    int need = rows_needed(a, rows), step = rows * a->strides[0], hold = need;
    double row = row_bytes(s.depthwise->in.at[0]);
    while (s.expand && need > step && band_bytes(&s, rows) + (hold + step - need) * row < ROOM * t->l2 &&
            hold + step <= 2 * need)
        hold += step;
    return (struct tiling){rows, need, hold};
}

/* ---- the kernel ------------------------------------------------------------------------------ */

static bool is_stage(const struct group *g, bool last)
{
    return node_family(g->main) == FAMILY_CONV2D && !g->pool && (last || !g->add) &&
           g->in.at[0]->type == DTYPE_FLOAT32 && g->in.at[0]->shape.rank == 3;
}

/* Windows of neighbouring rows meet, none is higher than the image, and at the ends of rows no kernel needs a
 * halo. */
static bool depthwise_ok(const struct group *g)
{
    const struct conv2d *a = g->main->attr;
    int left = 0, right = 0;
    int64_t span = (int64_t)(a->kernel[0] - 1) * a->dilation[0] + 1;
    if (!conv2d_depthwise.ok(g))
        return false;
    conv2d_depthwise.halo(g, &left, &right);
    return left == 0 && right == 0 && span >= a->strides[0] && span <= shape_hwc(&g->in.at[0]->shape).h;
}

static bool ok(const struct group *g)
{
    int n = g->stage.n, depthwise = -1;
    for (int i = 0; i < n; i++)
        if (!is_stage(g->stage.at[i], i == n - 1))
            return false;
    for (int i = 0; i < n && depthwise < 0; i++)
        if (is_depthwise(g->stage.at[i]))
            depthwise = i;
    return n > 1 && depthwise >= 0 && depthwise_ok(g->stage.at[depthwise])
        && depthwise <= 1 && n - 1 - depthwise <= 1      /* one before it, one behind, at most */
        && (depthwise == 0 || conv2d_is_pointwise(g->stage.at[0]->main->attr))
        && (depthwise == n - 1 || conv2d_is_pointwise(g->stage.at[n - 1]->main->attr));
}

static const struct kernel *kernel_of(const struct group *stage)
{
    return is_depthwise(stage) ? &conv2d_depthwise : &conv2d_direct;
}

/* Floats that the stage's kernel packs. */
static int64_t stage_floats(const struct group *stage)
{
    const struct conv2d *a = stage->main->attr;
    int64_t channels = round_up(a->filters, 16), products = (int64_t)a->kernel[0] * a->kernel[1];
    return is_depthwise(stage) ? channels * (products + (stage->affine ? 3 : 1)) : conv2d_direct_floats(stage);
}

/* Where those of stage n begin: at a cache line. */
static int64_t weights_at(const struct group *g, int n)
{
    int64_t at = 0;
    for (int i = 0; i < n; i++)
        at += round_up(stage_floats(g->stage.at[i]), 16);
    return at;
}

static int64_t weights(const struct group *g)
{
    return weights_at(g, g->stage.n);
}

/* Rows one by one, bands one by one; what several bands need is moved; input, output and weights pass once. */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    struct stages s = stages_of(g);
    struct tiling k = tiling_of(g, batch, t);
    int ih = shape_hwc(&s.depthwise->in.at[0]->shape).h, oh = shape_hwc(&g->out->shape).h, bands = oh / k.rows;
    int step = k.rows * depthwise_of(&s)->strides[0];
    double moves = (double)bands * (k.need - step) / (1 + (k.hold - k.need) / step);
    double cycles = bands * strip_cycles(&conv2d_depthwise, s.depthwise, k.need, k.rows, t);
    if (s.expand)
        cycles += ih * strip_cycles(&conv2d_direct, s.expand, 1, 1, t) +
                  cost_stream(t, 0, moves * row_bytes(s.depthwise->in.at[0])) / 2;
    if (s.project)
        cycles += bands * strip_cycles(&conv2d_direct, s.project, k.rows, k.rows, t);
    return (double)batch * cycles + 0.04 * conv2d_stream_cost(g, batch, t, 0) +
            conv2d_far_weights_cost(g, t, 4.0 * (double)weights(g));
}

static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    float *w = step_weights(pool, step, weights(g));
    for (int i = 0; i < g->stage.n; i++) {
        struct step s = {.group = g->stage.at[i], .out = {.n = 1}};
        kernel_of(s.group)->pack(pool, &s);
        if (s.weights != stage_floats(s.group))
            bug("stage %d of step %d packs %lld floats", i + 1, step->index, (long long)s.weights);
        memcpy(w + weights_at(g, i), s.weight, (size_t)s.weights * sizeof *w);
    }
}

/* ---- the functions of the stages ------------------------------------------------------------- */

/* So many rows of a tensor in scratch. */
static struct view rows_view(const struct tensor *t, int rows)
{
    struct hwc d = shape_hwc(&t->shape);
    int64_t row = (int64_t)d.w * d.c;
    return (struct view){.place = PLACE_ARENA, .image = rows * row, .row = row, .pixel = d.c,
            .n = 1, .h = rows, .w = d.w, .c = d.c, .type = DTYPE_FLOAT32};
}

/* So many rows of the step's own. */
static struct view part_view(const struct view *whole, int rows)
{
    struct view v = *whole;
    v.n = 1;
    v.h = rows;
    return v;
}

/* Stage n as the kernel of its kind does it on a few rows: of the step's tensors at both ends, of scratch
 * between. */
static const struct binding *bind_stage(struct pool *pool, const struct step *step, int n, int in_rows,
        int out_rows, const struct target *t)
{
    const struct group *g = step->group, *stage = g->stage.at[n];
    bool first = n == 0, last = n == g->stage.n - 1;
    struct binding *b = NEW(pool, struct binding);
    struct strip strip;
    struct step s = {.index = step->index, .kernel = kernel_of(stage), .group = &strip.group, .part = true};
    strip_init(&strip, stage, in_rows, out_rows);
    vec_push(pool, &s.in, first ? part_view(&step->in.at[0], in_rows) : rows_view(stage->in.at[0], in_rows));
    if (last && stage->add)
        vec_push(pool, &s.in, part_view(&step->in.at[1], out_rows));
    s.out = last ? part_view(&step->out, out_rows) : rows_view(stage->out, out_rows);
    b->target = t;
    s.kernel->bind(pool, &s, t, b);
    return b;
}

/* Its function, by the name in the template, how many units that has, and where in the weights its own are. */
static void add_piece(struct pool *pool, struct binding *b, const struct group *g, int n, const char *name,
        const struct binding *piece)
{
    vec_push(pool, &b->piece, (struct piece){name, kernel_of(g->stage.at[n]), g->stage.at[n], piece});
    args_int(pool, &b->args, pool_printf(pool, "%s_UNITS", name), piece->units);
    args_int(pool, &b->args, pool_printf(pool, "%s_AT", name), weights_at(g, n));
}

static void add_none(struct pool *pool, struct binding *b, const char *name)
{
    args_text(pool, &b->args, name, "none");
    args_int(pool, &b->args, pool_printf(pool, "%s_UNITS", name), 0);
    args_int(pool, &b->args, pool_printf(pool, "%s_AT", name), 0);
}

/* ---- the binding ----------------------------------------------------------------------------- */

/* Scratch: the rows that the depthwise convolution reads, those that it writes. */
static void bind_scratch(struct pool *pool, struct binding *b, const struct stages *s, const struct tiling *k,
        const struct view *x)
{
    const struct tensor *in = s->depthwise->in.at[0], *out = s->depthwise->out;
    int64_t row = s->expand ? rows_view(in, 1).row : x->row, made = s->project ? rows_view(out, 1).row : 0;
    int64_t behind = round_up(k->hold * row, 16);
    args_int(pool, &b->args, "ROW", row);
    args_int(pool, &b->args, "FILLED", s->expand ? row : (x->w - 1) * x->pixel + x->c);
    args_int(pool, &b->args, "MADE", behind);
    b->scratch = behind + round_up(k->rows * made, 16);
}

static void bind_stages(struct pool *pool, const struct step *step, const struct target *t,
        const struct tiling *k, struct binding *b)
{
    const struct group *g = step->group;
    struct stages s = stages_of(g);
    int n = s.expand != NULL;
    add_piece(pool, b, g, n, "DEPTHWISE", bind_stage(pool, step, n, k->need, k->rows, t));
    if (s.expand)
        add_piece(pool, b, g, 0, "EXPAND", bind_stage(pool, step, 0, 1, 1, t));
    else
        add_none(pool, b, "EXPAND");
    if (s.project)
        add_piece(pool, b, g, n + 1, "PROJECT", bind_stage(pool, step, n + 1, k->rows, k->rows, t));
    else
        add_none(pool, b, "PROJECT");
    bind_scratch(pool, b, &s, k, &step->in.at[0]);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t, struct binding *b)
{
    static const struct view none;
    const struct group *g = step->group;
    struct stages s = stages_of(g);
    const struct conv2d *a = depthwise_of(&s);
    struct tiling k = tiling_of(g, step->out.n, t);
    int bands = step->out.h / k.rows;
    b->units = step->out.n * bands;
    args_int(pool, &b->args, "ROWS", k.rows);
    args_int(pool, &b->args, "BANDS", bands);
    args_int(pool, &b->args, "NEED", k.need);
    args_int(pool, &b->args, "HOLD", k.hold);
    args_int(pool, &b->args, "IH", step->in.at[0].h);
    args_int(pool, &b->args, "SH", a->strides[0]);
    args_int(pool, &b->args, "PT", a->pad[0]);
    bind_view(pool, &b->args, "X", &step->in.at[0]);
    bind_view(pool, &b->args, "Y", &step->out);
    args_int(pool, &b->args, "ADD", g->add != NULL);
    bind_view(pool, &b->args, "R", g->add ? &step->in.at[1] : &none);
    bind_stages(pool, step, t, &k, b);
}

const struct kernel conv2d_bands = {
    .name = "conv2d_bands",
    .doc = "pointwise and depthwise convolutions in one pass, a band of rows at a time",
    .ok = ok, .cost = cost, .weights = weights, .pack = pack, .bind = bind, .stages = true,
};
