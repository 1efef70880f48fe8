/* The arena over time: steps across, bytes up, a rectangle for each tensor that is kept in it. */
#include "plot.h"

enum {
    LEFT = 74, RIGHT = 150, TOP = 88, BOTTOM = 250, MARGIN = 20,
    HEIGHT = 380,              /* of all tensors */
    SCRATCH = 64,              /* of one thread's scratch, a scale of its own */
    APART = 26,                /* between the two */
    WIDTH = 1000,              /* of all steps, if they are neither few nor many */
    LEAST_STEP = 15, MOST_STEP = 110,
    TEXT = 11, SMALL = 10, LINE = 13, TICKS = 8
};

struct chart {
    struct picture *p;
    const struct summary *s;
    const struct plan *plan;
    int step_w;
    int64_t total;             /* bytes of tensors, halos and gaps; at least 1 */
    int top, base;             /* y of the last byte and of byte 0 */
    int bottom;                /* below: room for names */
};

/* Where a byte of the arena is drawn. */
static int y_of(const struct chart *c, int64_t byte)
{
    return c->base - (int)(byte * HEIGHT / c->total);
}

static int x_of(const struct chart *c, int step) { return LEFT + step * c->step_w; }
static int right_of(const struct chart *c) { return x_of(c, c->plan->step.n); }

static enum kind kind_of_buffer(const struct chart *c, const struct buffer *b)
{
    return kind_of(c->plan->step.at[b->first]->group->main);
}

static const char *step_name(const struct chart *c, int k)
{
    return step_text(c->p->pool, c->plan->step.at[k]);
}

/* ---- the peak ------------------------------------------------------------------------------- */

/* Bytes in use in a step. */
static int64_t in_use(const struct plan *plan, int step)
{
    int64_t bytes = 0;
    for (int i = 0; i < plan->buffer.n; i++) {
        const struct buffer *b = &plan->buffer.at[i];
        bytes += b->first <= step && step <= b->last ? b->bytes : 0;
    }
    return bytes;
}

/* The first step in which most is in use. */
static int peak_step(const struct plan *plan)
{
    int peak = 0;
    for (int k = 1; k < plan->step.n; k++)
        peak = in_use(plan, k) > in_use(plan, peak) ? k : peak;
    return peak;
}

/* ---- axes ------------------------------------------------------------------------------------ */

static void draw_axes(const struct chart *c)
{
    struct pool *pool = c->p->pool;
    int64_t tick = 1;
    while (c->total / tick > TICKS)
        tick *= 2;
    int peak = c->plan->buffer.n ? peak_step(c->plan) : -1;
    for (int64_t at = 0; at <= c->plan->shared_bytes; at += tick) {
        svg_line(c->p, "grid", (struct point){LEFT, y_of(c, at)},
                (struct point){right_of(c), y_of(c, at)});
        svg_text(c->p, "dim end", (struct point){LEFT - 7, y_of(c, at) + 4}, bytes_text(pool, at));
    }
    for (int k = 0; k < c->plan->step.n; k++) {
        struct point at = {x_of(c, k) + c->step_w / 2 + 4, c->base + 10};
        svg_text_turned(c->p, k == peak ? "end small limit-text" : "end small", at, -90,
                svg_fit(pool, step_name(c, k), SMALL, c->bottom - MARGIN));
        svg_line(c->p, "grid", (struct point){x_of(c, k), c->base + 4},
                (struct point){x_of(c, k), c->top});
    }
    svg_line(c->p, "axis", (struct point){LEFT, c->base}, (struct point){right_of(c), c->base});
}

/* ---- tensors --------------------------------------------------------------------------------- */

static bool fits(const char *text, int room) { return svg_width(text, SMALL) <= room - 4; }

/* Two lines in the middle of a box, or the first alone. */
static void draw_lines(const struct chart *c, struct box at, const char *name, const char *size)
{
    struct point middle = {at.x + at.w / 2, at.y + at.h / 2 + 4};
    bool two = at.h >= 2 * LINE + 2 && fits(size, at.w);
    svg_text(c->p, "middle small", (struct point){middle.x, middle.y - (two ? LINE / 2 : 0)}, name);
    if (two)
        svg_text(c->p, "middle small dim", (struct point){middle.x, middle.y + LINE / 2 + 1}, size);
}

/* Name and size, across or upwards, as far as there is room; in place of the name the number of the
 * step that makes it, which stands below the chart with its name. */
static void draw_label(const struct chart *c, const struct buffer *b, struct box at)
{
    struct pool *pool = c->p->pool;
    const char *size = bytes_text(pool, b->bytes);
    const char *both = pool_printf(pool, "%s  %s", b->name, size);
    const char *number = pool_printf(pool, "%d", c->plan->step.at[b->first]->index);
    if (at.h >= LINE && fits(b->name, at.w))
        draw_lines(c, at, at.h < 2 * LINE + 2 && fits(both, at.w) ? both : b->name, size);
    else if (at.w >= LINE && fits(b->name, at.h))
        svg_text_turned(c->p, "middle small", (struct point){at.x + at.w / 2 + 4, at.y + at.h / 2},
                -90, fits(both, at.h) ? both : b->name);
    else if (at.h >= LINE - 2 && fits(number, at.w))
        draw_lines(c, at, number, size);
}

static void draw_buffer(const struct chart *c, const struct buffer *b)
{
    int top = y_of(c, b->offset + b->bytes), bottom = y_of(c, b->offset);
    struct box at = {x_of(c, b->first), top, (b->last + 1 - b->first) * c->step_w, bottom - top};
    int halo = (int)(b->halo_bytes * at.h / b->bytes);
    at.h = at.h > 0 ? at.h : 1;
    svg_open(c->p, "tensor",
            pool_printf(c->p->pool, "%s: %lld bytes at %lld, steps %d to %d, %lld of them halo",
                    b->name, (long long)b->bytes, (long long)b->offset, b->first + 1, b->last + 1,
                    (long long)b->halo_bytes));
    svg_box(c->p, kind_looks[kind_of_buffer(c, b)].class, at, 0);
    if (halo > 0)
        svg_hatch(c->p, (struct box){at.x, at.y, at.w, halo});
    draw_label(c, b, (struct box){at.x, at.y + halo, at.w, at.h - halo});
    svg_close(c->p);
}

/* ---- scratch --------------------------------------------------------------------------------- */

/* Bytes that a thread needs in the step: on the target that needs most. */
static int64_t scratch_of(const struct plan *plan, int step)
{
    int64_t most = 0;
    for (int t = 0; t < TARGET_COUNT; t++) {
        int64_t bytes = 4 * plan->step.at[step]->bind[t].scratch;
        most = (plan->targets & TARGET_BIT(t)) && bytes > most ? bytes : most;
    }
    return most;
}

/* A chart of its own above the tensors: what each thread has beside them. */
static void draw_scratch(const struct chart *c)
{
    const struct plan *plan = c->plan;
    struct pool *pool = c->p->pool;
    int base = TOP + SCRATCH;
    if (!plan->scratch_bytes)
        return;
    svg_line(c->p, "grid", (struct point){LEFT, TOP}, (struct point){right_of(c), TOP});
    svg_text(c->p, "dim end", (struct point){LEFT - 7, TOP + 4},
            bytes_text(pool, plan->scratch_bytes));
    svg_text(c->p, "dim end", (struct point){LEFT - 7, base + 4}, "0 B");
    for (int k = 0; k < plan->step.n; k++) {
        int h = (int)(scratch_of(plan, k) * SCRATCH / plan->scratch_bytes);
        if (h > 0)
            svg_box(c->p, "scratch", (struct box){x_of(c, k), base - h, c->step_w, h}, 0);
    }
    svg_line(c->p, "axis", (struct point){LEFT, base}, (struct point){right_of(c), base});
    svg_text(c->p, "dim", (struct point){right_of(c) + 8, base - SCRATCH / 2},
            "scratch of a thread,");
    svg_text(c->p, "dim", (struct point){right_of(c) + 8, base - SCRATCH / 2 + LINE},
            pool_printf(pool, "%d times in the arena", plan->max_threads));
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void draw_limit(const struct chart *c)
{
    int y = y_of(c, c->plan->shared_bytes);
    svg_line(c->p, "limit", (struct point){LEFT, y}, (struct point){right_of(c) + 4, y});
    svg_text(c->p, "limit-text", (struct point){right_of(c) + 8, y + 4},
            pool_printf(c->p->pool, "peak: %s", bytes_text(c->p->pool, c->plan->shared_bytes)));
    if (c->plan->buffer.n)
        svg_text(c->p, "limit-text", (struct point){right_of(c) + 8, y + 4 + LINE},
                pool_printf(c->p->pool, "in step %d", peak_step(c->plan) + 1));
}

/* Returns where it ends. */
static int draw_legend(const struct chart *c)
{
    struct point at = {MARGIN, 54};
    bool used[KIND_COUNT] = {false}, halos = false;
    for (int i = 0; i < c->plan->buffer.n; i++) {
        used[kind_of_buffer(c, &c->plan->buffer.at[i])] = true;
        halos = halos || c->plan->buffer.at[i].halo_bytes > 0;
    }
    at.x = plot_legend(c->p, used, at);
    if (halos) {
        svg_hatch(c->p, (struct box){at.x, at.y, 12, 12});
        at.x = plot_legend_entry(c->p, "axis", at, "halo (zeros beside rows)");
    }
    if (c->plan->scratch_bytes)
        at.x = plot_legend_entry(c->p, "scratch", at, "scratch");
    return at.x;
}

static const char *facts(const struct chart *c)
{
    struct pool *pool = c->p->pool;
    const struct plan *p = c->plan;
    return pool_printf(pool,
            "arena %s: tensors %s, halos and rounding %s, gaps %s, scratch %d × %s; "
            "inputs and outputs are the caller's",
            bytes_text(pool, p->shared_bytes + p->max_threads * p->scratch_bytes),
            bytes_text(pool, p->tensor_bytes), bytes_text(pool, p->lower_bound - p->tensor_bytes),
            bytes_text(pool, p->shared_bytes - p->lower_bound), p->max_threads,
            bytes_text(pool, p->scratch_bytes));
}

static struct chart chart_of(const struct summary *s, struct picture *p)
{
    struct chart c = {.p = p, .s = s, .plan = s->plan};
    int n = s->plan->step.n > 0 ? s->plan->step.n : 1;
    c.step_w = WIDTH / n < LEAST_STEP ? LEAST_STEP : WIDTH / n > MOST_STEP ? MOST_STEP : WIDTH / n;
    c.total = s->plan->shared_bytes > 0 ? s->plan->shared_bytes : 1;
    c.top = TOP + (s->plan->scratch_bytes ? SCRATCH + APART : 0);
    c.base = c.top + HEIGHT;
    c.bottom = MARGIN;
    for (int k = 0; k < s->plan->step.n; k++) {
        int w = svg_width(step_name(&c, k), SMALL) + MARGIN + 10;
        c.bottom = w > BOTTOM ? BOTTOM : w > c.bottom ? w : c.bottom;
    }
    return c;
}

void plot_memory(const struct summary *s, struct picture *p)
{
    struct chart c = chart_of(s, p);
    const char *text = facts(&c);
    p->title = pool_printf(s->pool, "Memory of %s", s->graph->name);
    p->desc = pool_printf(s->pool, "%s. Steps from left to right, bytes from bottom to top.", text);
    svg_text(p, "big", (struct point){MARGIN, 30},
            pool_printf(s->pool, "Memory of %s", s->graph->name));
    svg_text(p, "dim", (struct point){MARGIN, 46}, text);
    int w = draw_legend(&c);
    w = svg_width(text, TEXT) + MARGIN > w ? svg_width(text, TEXT) + MARGIN : w;
    draw_axes(&c);
    for (int i = 0; i < c.plan->buffer.n; i++)
        draw_buffer(&c, &c.plan->buffer.at[i]);
    draw_scratch(&c);
    draw_limit(&c);
    p->w = right_of(&c) + RIGHT > w + MARGIN ? right_of(&c) + RIGHT : w + MARGIN;
    p->h = c.base + c.bottom;
}
