/* What bench measured: a bar for each step, and below them the roofline (plot_roofline.c). */
#include "plot.h"

#include "bench.h"
#include "kernel.h"

enum {
    MARGIN = 20,
    TOP = 78,
    TEXT = 11,
    ROW = 17,
    NAMES = 250, /* of the bars: height, the most that names take */
    APART = 8,
    WIDTH = 1000
};

struct times {
    struct picture *p;
    const struct bench *b;
    double total, longest;     /* of steps, ns */
    int names, bar, figures;   /* widths of the longest: name, bar, and what stands behind it */
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
    p->w = WIDTH;
    p->h = plot_roofline(b, p, TOP + b->plan->step.n * ROW) + 20;
}
