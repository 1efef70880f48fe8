/* What bench measured: a bar for each step, and below them the roofline (Williams, Waterman,
 * Patterson 2009): operations for each byte across, speed up, both by powers of two, under what the
 * machine can do. */
#include <math.h>

#include "plot.h"

#include "bench.h"
#include "kernel.h"

enum {
    MARGIN = 20,
    TOP = 78,
    TEXT = 11,
    SMALL = 10,
    ROW = 17,
    NAMES = 250, /* of the bars: height, the most that names take */
    APART = 8,
    WIDTH = 1000,
    ROOF_LEFT = 64,
    ROOF_W = 900,
    ROOF_H = 400 /* of the roofline's frame */
};

struct times {
    struct picture *p;
    const struct bench *b;
    double total, longest;     /* of steps, ns */
    int names, bar, figures;   /* widths of the longest: name, bar, and what stands behind it */
    int frame;                 /* y of the roofline's upper edge */
    double x0, x1, y0, y1;     /* its ends, as powers of two */
};

static const struct step *step_at(const struct times *t, int k) { return t->b->plan->step.at[k]; }

static const char *class_of(const struct step *s)
{
    return kind_looks[kind_of(s->group->main)].class;
}

/* ---- bars ------------------------------------------------------------------------------------ */

/* Three digits: more are noise. */
static const char *ns_text(struct pool *pool, double ns)
{
    const char *unit = ns < 1e5 ? "µs" : "ms";
    double time = ns < 1e5 ? ns / 1e3 : ns / 1e6;
    int decimals = time < 9.995 ? 2 : time < 99.95 ? 1 : 0;
    return pool_printf(pool, "%.*f %s", decimals, time, unit);
}

static const char *figures_text(const struct times *t, int k)
{
    struct pool *pool = t->p->pool;
    double ns = t->b->step[k], rate = bench_rate(step_at(t, k)->macs, ns);
    const char *text = pool_printf(pool, "%s, %.1f %%", ns_text(pool, ns), 100 * ns / t->total);
    if (rate > 0 && t->b->peak > 0)
        text = pool_printf(pool, "%s, %.1f GFLOP/s (%.0f %%)", text, rate,
                100 * rate / t->b->peak);
    return text;
}

/* Names as wide as the longest wants, figures likewise, and the bars have the rest. */
static void divide_width(struct times *t)
{
    for (int k = 0; k < t->b->plan->step.n; k++) {
        int name = svg_width(step_text(t->p->pool, step_at(t, k)), TEXT);
        int figures = svg_width(figures_text(t, k), TEXT);
        t->names = name > t->names ? name : t->names;
        t->figures = figures > t->figures ? figures : t->figures;
    }
    t->names = t->names > NAMES ? NAMES : t->names;
    t->bar = WIDTH - 2 * MARGIN - t->names - t->figures - 2 * APART;
}

static void draw_bar(const struct times *t, int k)
{
    struct pool *pool = t->p->pool;
    const struct step *s = step_at(t, k);
    const char *figures = figures_text(t, k);
    int x = MARGIN + t->names + APART, y = TOP + k * ROW;
    int w = (int)(t->b->step[k] / t->longest * t->bar + 0.5);
    svg_open(t->p, "step",
            pool_printf(pool, "step %d, %s: %s", s->index, s->kernel->name, figures));
    svg_text(t->p, "end", (struct point){x - APART, y + 12},
            svg_fit(pool, step_text(pool, s), TEXT, NAMES));
    svg_box(t->p, class_of(s), (struct box){x, y + 2, w > 0 ? w : 1, ROW - 4}, 0);
    svg_text(t->p, "dim", (struct point){x + w + APART, y + 12}, figures);
    svg_close(t->p);
}

/* ---- the roofline ---------------------------------------------------------------------------- */

/* Bytes that the step has to read and write at least: inputs, weights and result, each once. */
static double step_bytes(const struct step *s)
{
    double bytes = 4 * (double)s->weights;
    for (int i = 0; i <= s->in.n; i++) {
        const struct view *v = i < s->in.n ? &s->in.at[i] : &s->out;
        bytes += (double)v->n * v->h * v->w * v->c * (v->type == DTYPE_UINT8 ? 1 : 4);
    }
    return bytes;
}

static double intensity(const struct step *s) { return 2 * (double)s->macs / step_bytes(s); }

static struct point point_of(const struct times *t, double flops_per_byte, double gflops)
{
    double x = (log2(flops_per_byte) - t->x0) / (t->x1 - t->x0);
    double y = (log2(gflops) - t->y0) / (t->y1 - t->y0);
    return (struct point){ROOF_LEFT + (int)lround(x * ROOF_W),
            t->frame + (int)lround((1 - y) * ROOF_H)};
}

static double rate_of(const struct times *t, int k)
{
    return bench_rate(step_at(t, k)->macs, t->b->step[k]);
}

/* All points and the roofs' corners are inside. */
static void find_ends(struct times *t)
{
    double peak = t->b->peak, corner = log2(peak / t->b->memory);
    t->x0 = floor(log2(peak / t->b->cache)) - 1;
    t->x1 = ceil(corner) + 1;
    t->y0 = floor(log2(peak)) - 4;
    t->y1 = ceil(log2(peak) + 0.3);
    for (int k = 0; k < t->b->plan->step.n; k++) {
        double rate = rate_of(t, k);
        if (rate <= 0)
            continue;
        double x = log2(intensity(step_at(t, k))), y = log2(rate);
        t->x0 = x < t->x0 + 0.5 ? floor(x) - 1 : t->x0;
        t->x1 = x > t->x1 - 0.5 ? ceil(x) + 1 : t->x1;
        t->y0 = y < t->y0 + 0.3 ? floor(y) - 1 : t->y0;
        t->y1 = y > t->y1 - 0.3 ? ceil(y) + 1 : t->y1;
    }
}

static void draw_frame(const struct times *t)
{
    struct pool *pool = t->p->pool;
    int bottom = t->frame + ROOF_H;
    for (double x = t->x0; x <= t->x1; x++) {
        int at = point_of(t, exp2(x), 1).x;
        svg_line(t->p, "grid", (struct point){at, t->frame}, (struct point){at, bottom});
        svg_text(t->p, "dim middle", (struct point){at, bottom + 16},
                pool_printf(pool, "%g", exp2(x)));
    }
    for (double y = t->y0; y <= t->y1; y++) {
        int at = point_of(t, 1, exp2(y)).y;
        svg_line(t->p, "grid", (struct point){ROOF_LEFT, at},
                (struct point){ROOF_LEFT + ROOF_W, at});
        svg_text(t->p, "dim end", (struct point){ROOF_LEFT - 6, at + 4},
                pool_printf(pool, "%g", exp2(y)));
    }
    svg_text(t->p, "dim middle", (struct point){ROOF_LEFT + ROOF_W / 2, bottom + 34},
            "operations for each byte of input, weights and result");
    svg_text_turned(t->p, "dim middle", (struct point){MARGIN + 2, t->frame + ROOF_H / 2}, -90,
            "GFLOP/s");
}

/* From the lower or left edge of the frame up to the peak. */
static void draw_slope(const struct times *t, double gbs, const char *title)
{
    double x = exp2(t->x0);
    x = x * gbs < exp2(t->y0) ? exp2(t->y0) / gbs : x;
    struct point from = point_of(t, x, x * gbs), corner = point_of(t, t->b->peak / gbs, t->b->peak);
    svg_line(t->p, "roof", from, corner);
    double slope = atan2(corner.y - from.y, corner.x - from.x) * 57.29578;   /* degrees */
    svg_text_turned(t->p, "dim", (struct point){from.x + 14, from.y - 20}, (int)lround(slope),
            pool_printf(t->p->pool, "%s: %.1f GB/s", title, gbs));
}

static void draw_roofs(const struct times *t)
{
    double peak = t->b->peak;
    struct point left = point_of(t, peak / t->b->cache, peak);
    struct point right = point_of(t, exp2(t->x1), peak);
    svg_line(t->p, "roof", left, right);
    svg_text(t->p, "dim end", (struct point){right.x, t->frame - 14},
            pool_printf(t->p->pool, "the horizontal line: FMA in registers (%s), %.1f GFLOP/s",
                    t->b->isa, peak));
    draw_slope(t, t->b->memory, "memory");
    if (t->b->cache > 1.1 * t->b->memory)
        draw_slope(t, t->b->cache, "cache");
}

static bool is_free(const struct box *taken, int n, struct box b)
{
    for (int i = 0; i < n; i++)
        if (b.x < taken[i].x + taken[i].w && taken[i].x < b.x + b.w &&
                b.y < taken[i].y + taken[i].h && taken[i].y < b.y + b.h)
            return false;
    return true;
}

static int radius_of(const struct times *t, int k)
{
    return 3 + (int)(12 * sqrt(t->b->step[k] / t->total));
}

/* The step's number beside its circle, where it covers nothing. */
static void draw_number(const struct times *t, int k, struct box *taken, int *n)
{
    struct point at = point_of(t, intensity(step_at(t, k)), rate_of(t, k));
    const char *number = pool_printf(t->p->pool, "%d", step_at(t, k)->index);
    int w = svg_width(number, SMALL), h = SMALL + 1, far = radius_of(t, k) + 3;
    const struct box where[] = {
        {at.x + far, at.y - h / 2, w, h}, {at.x - far - w, at.y - h / 2, w, h},
        {at.x - w / 2, at.y - far - h, w, h}, {at.x - w / 2, at.y + far, w, h},
    };
    for (int i = 0; i < 4; i++)
        if (is_free(taken, *n, where[i])) {
            taken[(*n)++] = where[i];
            svg_text(t->p, "small", (struct point){where[i].x, where[i].y + h - 2}, number);
            return;
        }
}

/* Those that take longest first. */
static void draw_numbers(const struct times *t)
{
    int n = t->b->plan->step.n, taken = 0;
    struct box *used = NEW_ARRAY(t->p->pool, struct box, 2 * n + 1);
    bool *done = NEW_ARRAY(t->p->pool, bool, n + 1);
    for (int k = 0; k < n; k++) {
        if (rate_of(t, k) <= 0)
            continue;
        struct point at = point_of(t, intensity(step_at(t, k)), rate_of(t, k));
        int r = radius_of(t, k);
        used[taken++] = (struct box){at.x - r, at.y - r, 2 * r, 2 * r};
    }
    for (int i = 0, most; i < n; i++) {
        most = -1;
        for (int k = 0; k < n; k++)
            if (!done[k] && rate_of(t, k) > 0 && (most < 0 || t->b->step[k] > t->b->step[most]))
                most = k;
        if (most < 0)
            return;
        done[most] = true;
        draw_number(t, most, used, &taken);
    }
}

static void draw_roofline(struct times *t)
{
    find_ends(t);
    svg_text(t->p, "name", (struct point){MARGIN, t->frame - 14},
            "Roofline: one thread; numbers are steps, and larger circles take longer");
    draw_frame(t);
    draw_roofs(t);
    for (int k = 0; k < t->b->plan->step.n; k++) {
        const struct step *s = step_at(t, k);
        if (rate_of(t, k) <= 0)
            continue;
        svg_open(t->p, "step",
                pool_printf(t->p->pool, "step %d, %s: %.1f GFLOP/s, %.2f operations for each byte",
                        s->index, s->group->out->name, rate_of(t, k), intensity(s)));
        svg_circle(t->p, class_of(s), point_of(t, intensity(s), rate_of(t, k)), radius_of(t, k));
        svg_close(t->p);
    }
    draw_numbers(t);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static const char *facts(const struct bench *b, struct pool *pool)
{
    const char *text = "median of whole runs:";
    for (int i = 0; i < b->runs.n; i++)
        text = pool_printf(pool, "%s %s on %d thread%s%s", text,
                ns_text(pool, b->runs.at[i].median), b->runs.at[i].threads,
                b->runs.at[i].threads == 1 ? "" : "s", i + 1 < b->runs.n ? "," : "");
    return pool_printf(pool,
            "%s; steps on one thread: time, share of the run, speed (share of the peak)", text);
}

static void draw_legend(const struct times *t)
{
    bool used[KIND_COUNT] = {false};
    for (int k = 0; k < t->b->plan->step.n; k++)
        used[kind_of(step_at(t, k)->group->main)] = true;
    plot_legend(t->p, used, (struct point){MARGIN, 54});
}

void plot_time(const struct bench *b, struct picture *p)
{
    struct times t = {.p = p, .b = b, .longest = 1, .total = 1};
    for (int k = 0; k < b->plan->step.n; k++) {
        t.total += b->step[k];
        t.longest = b->step[k] > t.longest ? b->step[k] : t.longest;
    }
    p->title = pool_printf(p->pool, "Time of %s", b->plan->graph->name);
    p->desc = pool_printf(p->pool,
            "%s. A bar for each step, and their speeds against those of the machine.",
            facts(b, p->pool));
    svg_text(p, "big", (struct point){MARGIN, 30}, p->title);
    svg_text(p, "dim", (struct point){MARGIN, 46}, facts(b, p->pool));
    draw_legend(&t);
    divide_width(&t);
    for (int k = 0; k < b->plan->step.n; k++)
        draw_bar(&t, k);
    t.frame = TOP + b->plan->step.n * ROW + 60;
    p->w = WIDTH;
    p->h = t.frame - 40;
    if (b->peak > 0 && b->memory > 0 && b->cache > 0) {
        draw_roofline(&t);
        p->h = t.frame + ROOF_H + 50;
    }
}
