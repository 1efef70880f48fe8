/* The roofline (Williams, Waterman, Patterson 2009): operations for each byte across, speed up,
 * both by powers of two, under what the machine can do. */
#include <limits.h>
#include <math.h>

#include "bench.h"
#include "kernel.h"
#include "plot.h"

enum {
    MARGIN = 20,
    TEXT = 11,   /* font sizes: of labels, of numbers */
    SMALL = 10,
    LEFT = 64,   /* of the frame, and its width and height */
    WIDTH = 900,
    HEIGHT = 400
};

struct roofline {
    struct picture *picture;
    const struct bench *b;
    double total;              /* of steps, ns */
    int frame;                 /* y of its upper edge */
    double x0, x1, y0, y1;     /* its ends, as powers of two */
};

/* ---- from numbers to pixels ------------------------------------------------------------------ */

static const struct step *step_at(const struct roofline *r, int k)
{
    return r->b->plan->step.at[k];
}

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

static struct point point_of(const struct roofline *r, double flops_per_byte, double gflops)
{
    double x = (log2(flops_per_byte) - r->x0) / (r->x1 - r->x0);
    double y = (log2(gflops) - r->y0) / (r->y1 - r->y0);
    return (struct point){LEFT + (int)lround(x * WIDTH),
            r->frame + (int)lround((1 - y) * HEIGHT)};
}

static double rate_of(const struct roofline *r, int k)
{
    return bench_rate(step_at(r, k)->macs, r->b->step[k]);
}

static int radius_of(const struct roofline *r, int k)
{
    return 3 + (int)(12 * sqrt(r->b->step[k] / r->total));
}

static struct point step_point(const struct roofline *r, int k)
{
    return point_of(r, intensity(step_at(r, k)), rate_of(r, k));
}

/* All points and the roofs' corners are inside. */
static void find_ends(struct roofline *r)
{
    double peak = r->b->peak, corner = log2(peak / r->b->memory);
    r->x0 = floor(log2(peak / fmax(r->b->cache, r->b->memory))) - 2;
    r->x1 = ceil(corner) + 1;
    r->y0 = floor(log2(peak)) - 4;
    r->y1 = ceil(log2(peak) + 0.3);
    for (int k = 0; k < r->b->plan->step.n; k++) {
        double rate = rate_of(r, k);
        if (rate <= 0)
            continue;
        double x = log2(intensity(step_at(r, k))), y = log2(rate);
        r->x0 = x < r->x0 + 0.5 ? floor(x) - 1 : r->x0;
        r->x1 = x > r->x1 - 0.5 ? ceil(x) + 1 : r->x1;
        r->y0 = y < r->y0 + 0.3 ? floor(y) - 1 : r->y0;
        r->y1 = y > r->y1 - 0.3 ? ceil(y) + 1 : r->y1;
    }
}

/* ---- the frame ------------------------------------------------------------------------------- */

/* "16", "1/16": a power of two. */
static const char *power_text(struct pool *pool, double x)
{
    return pool_printf(pool, x < 0 ? "1/%g" : "%g", exp2(fabs(x)));
}

static void draw_frame(const struct roofline *r)
{
    struct pool *pool = r->picture->pool;
    int bottom = r->frame + HEIGHT;
    for (double x = r->x0; x <= r->x1; x++) {
        int at = point_of(r, exp2(x), 1).x;
        svg_line(r->picture, "grid", (struct point){at, r->frame}, (struct point){at, bottom});
        svg_text(r->picture, "dim middle", (struct point){at, bottom + 16},
                power_text(pool, x));
    }
    for (double y = r->y0; y <= r->y1; y++) {
        int at = point_of(r, 1, exp2(y)).y;
        svg_line(r->picture, "grid", (struct point){LEFT, at},
                (struct point){LEFT + WIDTH, at});
        svg_text(r->picture, "dim end", (struct point){LEFT - 6, at + 4},
                power_text(pool, y));
    }
    svg_text(r->picture, "dim middle", (struct point){LEFT + WIDTH / 2, bottom + 34},
            "operations for each byte of input, weights and result");
    svg_text_turned(r->picture, "dim middle", (struct point){MARGIN + 2, r->frame + HEIGHT / 2},
            -90, "GFLOP/s");
}

/* ---- where there is room --------------------------------------------------------------------- */

struct boxes { VEC(struct box) at; };

/* What is drawn on already: texts must not cover circles and each other, and had better not cover
 * lines. */
struct taken { struct boxes all, line; };

static bool overlap(struct box a, struct box b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/* How many of the boxes it lies on. */
static int covers(const struct boxes *boxes, struct box b)
{
    int n = 0;
    for (int i = 0; i < boxes->at.n; i++)
        n += overlap(boxes->at.at[i], b);
    return n;
}

static bool in_frame(const struct roofline *r, struct box b)
{
    return b.x >= LEFT && b.x + b.w <= LEFT + WIDTH && b.y >= r->frame &&
           b.y + b.h <= r->frame + HEIGHT;
}

static void take_circles(const struct roofline *r, struct taken *taken)
{
    for (int k = 0; k < r->b->plan->step.n; k++) {
        if (rate_of(r, k) <= 0)
            continue;
        struct point at = step_point(r, k);
        int radius = radius_of(r, k);
        struct box b = {at.x - radius, at.y - radius, 2 * radius, 2 * radius};
        vec_push(r->picture->pool, &taken->all.at, b);
    }
}

/* ---- the roofs, and their labels ------------------------------------------------------------- */

/* A text along a line, or the line: it begins at x, y and goes on by c, s for each pixel. As boxes,
 * it is a row of them, each around a PIECE: of that height, its middle so far above x, y. */
struct slanted { double x, y, c, s; int width, height, middle; };

enum { PIECE = 6, ABOVE = 6, BELOW = -15 /* baselines from the line, to its upper left */ };

static struct slanted slanted_between(struct point from, struct point to)
{
    double c = to.x - from.x, s = to.y - from.y, length = hypot(c, s);
    return (struct slanted){from.x, from.y, c / length, s / length, (int)length, 4, 0};
}

/* A text of that width, so far along the line and aside of it. */
static struct slanted label_at(struct slanted line, int width, int along, int aside)
{
    return (struct slanted){line.x + along * line.c + aside * line.s,
            line.y + along * line.s - aside * line.c, line.c, line.s, width, TEXT + 1, 3};
}

static int pieces_of(const struct slanted *l) { return (l->width + PIECE - 1) / PIECE; }

static struct box piece_of(const struct slanted *l, int i)
{
    double along = (i + 0.5) * PIECE;
    double x = l->x + along * l->c + l->middle * l->s, y = l->y + along * l->s - l->middle * l->c;
    double w = PIECE * fabs(l->c) + l->height * fabs(l->s);
    double h = PIECE * fabs(l->s) + l->height * fabs(l->c);
    return (struct box){(int)floor(x - w / 2), (int)floor(y - h / 2), (int)ceil(w) + 1,
            (int)ceil(h) + 1};
}

/* How much of what is there the label lies on; INT_MAX: it isn't inside. */
static int label_covers(const struct roofline *r, const struct taken *taken,
        const struct slanted *l)
{
    int n = 0;
    for (int i = 0; i < pieces_of(l); i++) {
        if (!in_frame(r, piece_of(l, i)))
            return INT_MAX;
        n += covers(&taken->all, piece_of(l, i));
    }
    return n;
}

static void take_pieces(const struct roofline *r, const struct slanted *l, struct boxes *boxes)
{
    for (int i = 0; i < pieces_of(l); i++)
        vec_push(r->picture->pool, &boxes->at, piece_of(l, i));
}

static void draw_roof(const struct roofline *r, struct point from, struct point to,
        struct taken *taken)
{
    struct slanted line = slanted_between(from, to);
    svg_line(r->picture, "roof", from, to);
    take_pieces(r, &line, &taken->line);
}

/* Beside the line, on the side if there is room, where it covers as little as may be. */
static void draw_label(const struct roofline *r, struct slanted line, int side, const char *text,
        struct taken *taken)
{
    int width = svg_width(text, TEXT), least = INT_MAX;
    struct slanted best = label_at(line, width, 14, ABOVE);
    for (int turn = 0; turn < 2; turn++, side = ABOVE + BELOW - side)
        for (int along = 14; along + width + 8 <= line.width && least > 0; along += PIECE) {
            struct slanted l = label_at(line, width, along, side);
            int covered = label_covers(r, taken, &l);
            if (covered < least)
                best = l, least = covered;
        }
    take_pieces(r, &best, &taken->all);
    svg_text_turned(r->picture, "dim", (struct point){(int)lround(best.x), (int)lround(best.y)},
            (int)lround(atan2(best.s, best.c) * 57.29578), text);
}

/* From the lower or left edge of the frame up to the peak. */
static void draw_slope(const struct roofline *r, double gbs, const char *title, int side,
        struct taken *taken)
{
    double x = exp2(r->x0);
    x = x * gbs < exp2(r->y0) ? exp2(r->y0) / gbs : x;
    struct point from = point_of(r, x, x * gbs), corner = point_of(r, r->b->peak / gbs, r->b->peak);
    draw_roof(r, from, corner, taken);
    draw_label(r, slanted_between(from, corner), side,
            pool_printf(r->picture->pool, "%s: %.1f GB/s", title, gbs), taken);
}

/* The labels are on the outer sides of the two slopes, which may be close to each other. */
static void draw_roofs(const struct roofline *r, struct taken *taken)
{
    double peak = r->b->peak;
    struct point left = point_of(r, peak / r->b->cache, peak);
    struct point right = point_of(r, exp2(r->x1), peak);
    draw_roof(r, left, right, taken);
    svg_text(r->picture, "dim end", (struct point){right.x, r->frame - 14},
            pool_printf(r->picture->pool,
                    "the horizontal line: FMA in registers (%s), %.1f GFLOP/s", r->b->isa, peak));
    draw_slope(r, r->b->memory, "memory", BELOW, taken);
    if (r->b->cache > 1.1 * r->b->memory)
        draw_slope(r, r->b->cache, "cache", ABOVE, taken);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void draw_circle(const struct roofline *r, int k)
{
    const struct step *s = step_at(r, k);
    const char *class = kind_looks[kind_of(s->group->main)].class;
    const char *text = pool_printf(r->picture->pool,
            "step %d, %s: %.1f GFLOP/s, %.2f operations for each byte", s->index,
            s->group->out->name, rate_of(r, k), intensity(s));
    svg_open(r->picture, "step", text);
    svg_circle(r->picture, class, step_point(r, k), radius_of(r, k));
    svg_close(r->picture);
}

/* The step's number beside its circle, where it covers nothing, or a line if need be. */
static void draw_number(const struct roofline *r, int k, struct taken *taken)
{
    struct point at = step_point(r, k);
    const char *number = pool_printf(r->picture->pool, "%d", step_at(r, k)->index);
    int w = svg_width(number, SMALL), h = SMALL + 1, far = radius_of(r, k) + 3;
    const struct box where[] = {
        {at.x + far, at.y - h / 2, w, h}, {at.x - far - w, at.y - h / 2, w, h},
        {at.x - w / 2, at.y - far - h, w, h}, {at.x - w / 2, at.y + far, w, h},
    };
    for (int i = 0; i < 8; i++) {
        struct box b = where[i % 4];
        if (!in_frame(r, b) || covers(&taken->all, b) || (i < 4 && covers(&taken->line, b)))
            continue;
        vec_push(r->picture->pool, &taken->all.at, b);
        svg_text(r->picture, "small", (struct point){b.x, b.y + h - 2}, number);
        return;
    }
}

/* Those that take longest first. */
static void draw_numbers(const struct roofline *r, struct taken *taken)
{
    int n = r->b->plan->step.n;
    bool *done = NEW_ARRAY(r->picture->pool, bool, n + 1);
    for (int i = 0, most; i < n; i++) {
        most = -1;
        for (int k = 0; k < n; k++)
            if (!done[k] && rate_of(r, k) > 0 && (most < 0 || r->b->step[k] > r->b->step[most]))
                most = k;
        if (most < 0)
            return;
        done[most] = true;
        draw_number(r, most, taken);
    }
}

static void draw_roofline(struct roofline *r)
{
    struct taken taken = {{{0}}, {{0}}};
    find_ends(r);
    svg_text(r->picture, "name", (struct point){MARGIN, r->frame - 14},
            "Roofline: one thread; numbers are steps, and larger circles take longer");
    draw_frame(r);
    take_circles(r, &taken);
    draw_roofs(r, &taken);
    for (int k = 0; k < r->b->plan->step.n; k++)
        if (rate_of(r, k) > 0)
            draw_circle(r, k);
    draw_numbers(r, &taken);
}

int plot_roofline(const struct bench *b, struct picture *p, int top)
{
    struct roofline r = {.picture = p, .b = b, .total = 1, .frame = top + 60};
    if (b->peak <= 0 || b->memory <= 0 || b->cache <= 0)
        return top;
    for (int k = 0; k < b->plan->step.n; k++)
        r.total += b->step[k];
    draw_roofline(&r);
    return r.frame + HEIGHT + 30;
}
