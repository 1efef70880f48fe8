/* binary: sum, difference, product, largest, smallest or mean of two or more tensors, element by
 * element; dimensions of 1 stretch. Vectors over contiguous floats when nothing stretches, else
 * over channels. */
#include "elementwise.h"

#include "../group.h"

/* Of an input: of images, planes (the first of four dimensions), rows, pixels, channels. */
enum { PITCHES = 5 };

/* An input, seen from the output: the pitches of its indices, 0 where it stretches. */
struct operand { int64_t pitch[PITCHES]; };

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_BINARY;  /* residual, activation and affine go along */
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct binary *a = g->main->attr;
    double ops = g->main->in.n + (a->kind == BIN_AVG || a->kind == BIN_DIV ? 4 : 0) +
            (a->kind == BIN_POW ? 60 : 0) + (g->act ? 10 : 0);
    return cost_elementwise(g, batch, t, ops);
}

static void pack(struct pool *pool, struct step *step)
{
    const struct group *g = step->group;
    int channels = channels_of(g);
    int64_t length = pattern_length(channels);
    if (!g->affine)
        return;
    float *w = step_weights(pool, step, 2 * length);
    pattern_pack(w, find_weight(g->affine, "scale")->data, channels);
    pattern_pack(w + length, find_weight(g->affine, "shift")->data, channels);
}

static struct operand operand_of(const struct view *v, const struct shape *s)
{
    struct operand o = {{v->image, 0, 0, 0, 0}};
    for (int d = 0; d < 4; d++)
        o.pitch[d + 1] = dim_of_four(s, d) > 1 ? pitch_of_four(s, v, d) : 0;
    return o;
}

static bool stretches(const struct group *g)
{
    for (int i = 0; i < g->in.n; i++)
        if (!shape_equal(&g->in.at[i]->shape, &g->out->shape))
            return true;
    return false;
}

/* Of every row of the output: so many pixels of so many channels. */
struct rows { int planes, rows, pixels, channels; };

/* Pixels that follow each other in all operands, or are the same float there, are but channels. */
static void join_pixels(struct rows *r, struct operand *o, int n)
{
    for (int i = 0; i < n; i++)
        if (r->channels == 1 ? o[i].pitch[3] > 1 : o[i].pitch[3] != r->channels * o[i].pitch[4])
            return;
    for (int i = 0; i < n; i++)
        if (r->channels == 1)
            o[i].pitch[4] = o[i].pitch[3];
    r->channels *= r->pixels;
    r->pixels = 1;
}

/* "{784, 0, 28, 1}, ...": pitches of images, planes, rows and pixels of all operands. */
static const char *pitches_text(struct pool *pool, const struct operand *o, int n)
{
    const char *text = "";
    for (int i = 0; i < n; i++)
        text = pool_printf(pool, "%s%s{%lld, %lld, %lld, %lld}", text,
                i == 0 ? "" : i % 4 ? ", " : ",\n", (long long)o[i].pitch[0],
                (long long)o[i].pitch[1], (long long)o[i].pitch[2], (long long)o[i].pitch[3]);
    return text;
}

/* Bit i: operand first + i has one float for all channels. */
static int64_t single_bits(const struct operand *o, int first, int n)
{
    int64_t bits = 0;
    for (int i = 0; i < 32 && first + i < n; i++)
        bits |= (int64_t)(o[first + i].pitch[4] == 0) << i;
    return bits;
}

/* Rows, since something stretches: pitches as a table, the output behind the inputs. */
static void bind_rows(struct pool *pool, const struct step *step, struct walk *w, struct binding *b)
{
    const struct group *g = step->group;
    int n = step->in.n;
    struct operand *o = NEW_ARRAY(pool, struct operand, n + 1);
    const struct shape *y = &g->out->shape;
    struct rows r = {dim_of_four(y, 0), dim_of_four(y, 1), step->out.w, step->out.c};
    for (int i = 0; i < n; i++)
        o[i] = operand_of(&step->in.at[i], &g->in.at[i]->shape);
    o[n] = operand_of(&step->out, y);
    o[n].pitch[4] = 1;
    if (!g->affine)
        join_pixels(&r, o, n + 1);
    *w = (struct walk){.step = *step, .packed = r.pixels == 1, .channels = r.channels,
            .period = r.channels, .pixels = r.pixels, .last = r.pixels, .rows = r.rows,
            .units = step->out.n * r.planes * r.rows};
    args_int(pool, &b->args, "PLANES", r.planes);
    args_text(pool, &b->args, "PITCHES", pitches_text(pool, o, n));
    args_int(pool, &b->args, "SINGLE0", single_bits(o, 0, g->main->in.n));
    args_int(pool, &b->args, "SINGLE1", single_bits(o, 32, g->main->in.n));
}

static void bind_list(struct pool *pool, const struct step *step, int vl, struct walk *w,
        struct binding *b)
{
    const struct group *g = step->group;
    int n = step->in.n;
    struct operand *o = NEW_ARRAY(pool, struct operand, n);
    *w = walk_step(pool, step, g->affine != NULL, vl);
    for (int i = 0; i < n; i++) {
        const struct view *v = &w->step.in.at[i];
        o[i] = (struct operand){{v->image, v->h * v->row, v->row, v->pixel, 1}};
    }
    args_int(pool, &b->args, "PLANES", 1);
    args_text(pool, &b->args, "PITCHES", pitches_text(pool, o, n));
    args_int(pool, &b->args, "SINGLE0", 0);
    args_int(pool, &b->args, "SINGLE1", 0);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    static const char *const ops[] = {
        [BIN_ADD] = "vf_add", [BIN_SUB] = "vf_sub", [BIN_MUL] = "vf_mul",
        [BIN_MAX] = "vf_max", [BIN_MIN] = "vf_min", [BIN_AVG] = "vf_add",
        [BIN_DIV] = "vf_div", [BIN_POW] = "vf_pow", [BIN_GREATER] = "vf_greater",
        [BIN_GREATER_EQUAL] = "vf_greater_equal", [BIN_LESS] = "vf_less",
        [BIN_LESS_EQUAL] = "vf_less_equal", [BIN_EQUAL] = "vf_equal",
        [BIN_NOT_EQUAL] = "vf_not_equal", [BIN_WHERE] = "vf_where",
    };
    const struct group *g = step->group;
    const struct binary *a = g->main->attr;
    int n = g->main->in.n;
    bool mean = a->kind == BIN_AVG;
    struct walk w;

    args_text(pool, &b->args, "WHAT", group_text(pool, g));
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "N", n);
    args_text(pool, &b->args, "OP", ops[a->kind]);
    args_int(pool, &b->args, "TOGETHER", a->kind == BIN_WHERE);
    args_int(pool, &b->args, "MEAN", mean && (n & (n - 1)) ? 1 : 0);
    args_text(pool, &b->args, "FACTOR",
            mean && !(n & (n - 1)) ? float_text(pool, 1.0f / (float)n) : "none");
    if (stretches(g))
        bind_rows(pool, step, &w, b);
    else
        bind_list(pool, step, t->vl, &w, b);
    b->units = w.units;
    bind_walk(pool, &b->args, &w);
    bind_view(pool, &b->args, "Y", &w.step.out);
    bind_epilogue(pool, &b->args, &w.step, 0, pattern_length(channels_of(g)));
}

const struct kernel binary = {
    .name = "binary",
    .doc = "sum, product, maximum ... element by element; vectors over what is contiguous",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind, .in_place = true,
};
