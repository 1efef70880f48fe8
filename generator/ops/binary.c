/* Add, Subtract, Multiply, Maximum, Minimum and Average of two or more inputs. Dimensions of 1
 * stretch; an input of lower rank is as if it had dimensions of 1 in front, as in Keras. */
#include "common.h"

#include <float.h>

/* ---- shapes ---------------------------------------------------------------------------------- */

/* Dimension d of a shape seen with the given rank. */
static int dim_in_rank(const struct shape *s, int rank, int d)
{
    return d < rank - s->rank ? 1 : s->dim[d - (rank - s->rank)];
}

/* The shape of both, and in *bad a bit for each dimension that does not fit. */
static struct shape broadcast(const struct shape *a, const struct shape *b, unsigned *bad)
{
    struct shape s = {.rank = a->rank > b->rank ? a->rank : b->rank};

    *bad = 0;
    for (int d = 0; d < s.rank; d++) {
        int x = dim_in_rank(a, s.rank, d);
        int y = dim_in_rank(b, s.rank, d);

        s.dim[d] = x == 1 ? y : x;
        if (x != y && x != 1 && y != 1)
            *bad |= 1U << d;
    }
    return s;
}

/* "height and width differ" */
static const char *axes_words(struct graph *g, unsigned bad, int rank)
{
    static const char *const image[] = {"height", "width", "channels"};
    const char *text = "";
    bool many = (bad & (bad - 1)) != 0;

    for (int d = 0; d < rank; d++) {
        const char *name = rank == 3 ? image[d] : pool_printf(g->pool, "dimension %d", d + 1);

        if (bad & 1U << d)
            text = pool_printf(g->pool, "%s%s%s", text,
                               !*text ? "" : bad >> (d + 1) ? ", " : " and ", name);
    }
    return pool_printf(g->pool, "%s %s", text,
                       many || (rank == 3 && bad == 4) ? "differ" : "differs");
}

static void report_unequal(struct graph *g, struct node *node, int i, int j, unsigned bad, int rank,
                           struct diag *diag)
{
    diag_error(diag, DIAG_SHAPE_MISMATCH, node_attr_at(node, "inputs"),
               "layer %s needs inputs of equal shapes, but gets %s and %s: %s", node_title(g, node),
               input_words(g, node, i, diag), input_words(g, node, j, diag),
               axes_words(g, bad, rank));
    note_maker(g, node, i, diag);
    note_maker(g, node, j, diag);
}

/* The input that is to blame for the misfit with input j. */
static int other_input(const struct node *node, int j)
{
    unsigned bad;

    for (int i = 0; i < j; i++) {
        broadcast(in_shape(node, i), in_shape(node, j), &bad);
        if (bad)
            return i;
    }
    return 0;
}

void binary_shape(struct graph *g, struct node *node, struct diag *diag)
{
    static const enum binary_kind kinds[OP_COUNT] = {
        [OP_ADD] = BIN_ADD, [OP_SUBTRACT] = BIN_SUB, [OP_MULTIPLY] = BIN_MUL,
        [OP_MAXIMUM] = BIN_MAX, [OP_MINIMUM] = BIN_MIN, [OP_AVERAGE] = BIN_AVG,
        [OP_DIVIDE] = BIN_DIV, [OP_POWER] = BIN_POW, [OP_GREATER] = BIN_GREATER,
        [OP_GREATER_EQUAL] = BIN_GREATER_EQUAL, [OP_LESS] = BIN_LESS,
        [OP_LESS_EQUAL] = BIN_LESS_EQUAL, [OP_EQUAL] = BIN_EQUAL,
        [OP_NOT_EQUAL] = BIN_NOT_EQUAL, [OP_WHERE] = BIN_WHERE,
    };
    struct binary *b = node->attr;
    struct shape s = *in_shape(node, 0);
    unsigned bad = 0;

    b->kind = kinds[node->op];
    for (int j = 1; j < node->in.n; j++) {
        s = broadcast(&s, in_shape(node, j), &bad);
        if (bad) {
            report_unequal(g, node, other_input(node, j), j, bad, s.rank, diag);
            return;
        }
    }
    set_shape(g, node, s, diag);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

int64_t broadcast_element(const struct shape *in, const struct shape *out, int64_t i)
{
    int64_t index = 0;
    int64_t pitch = 1;

    for (int d = out->rank - 1; d >= 0; d--) {
        int n = dim_in_rank(in, out->rank, d);

        if (n > 1)
            index += i % out->dim[d] * pitch;
        pitch *= n;
        i /= out->dim[d];
    }
    return index;
}

/* A value so far, its error without the roundings of sums, the sum of the finite magnitudes;
 * products of those above 1 and of those below; whether a bound is infinite. */
struct part { double v, e, magnitude, most, least; bool overflows; };

static void part_add(struct part *p, double x, double e)
{
    p->v += x;
    p->e += e;
}

static void part_sub(struct part *p, double x, double e)
{
    p->v -= x;
    p->e += e;
}

static void part_mul(struct part *p, double x, double e)
{
    p->e = finite_magnitude(p->v) * e + finite_magnitude(x) * p->e + p->e * e;
    p->v *= x;
    p->e += rounding(finite_magnitude(p->v) + p->e);
}

static void part_max(struct part *p, double x, double e)
{
    keep_larger(&p->v, &p->e, x, e);
}

static void part_min(struct part *p, double x, double e)
{
    p->v = -p->v;
    part_max(p, -x, e);
    p->v = -p->v;
}

static void (*const parts[])(struct part *, double x, double e) = {
    [BIN_ADD] = part_add, [BIN_SUB] = part_sub, [BIN_MUL] = part_mul,
    [BIN_MAX] = part_max, [BIN_MIN] = part_min, [BIN_AVG] = part_add,
};

static void part_note(struct part *p, double x, double e)
{
    double magnitude = finite_magnitude(x) + e;

    p->magnitude += magnitude;
    p->most *= fmax(magnitude, 1);
    p->least *= fmin(isfinite(x) ? fmax(fabs(x) - e, 0) : 1, 1);
    p->overflows = p->overflows || !(e < INFINITY);
}

/* The roundings of n - 1 sums in any order: of the result alone if there is one. */
static double sum_part_bound(const struct part *p, int n, bool average)
{
    double rounded = n == 2 ? rounding(finite_magnitude(p->v) + p->e) : sum_error(n, p->magnitude);

    if (average)
        return inner_sum_bound(p->v, p->e + rounded, p->magnitude);
    return sum_bound(p->v, p->e + rounded, n == 2 ? 0 : p->magnitude);
}

/* On the way a product of many may leave the floats though the result doesn't; a factor that may
 * become 0 decides between infinity and NaN. */
static double product_bound(const struct part *p, int n)
{
    if (!isfinite(p->v))
        return p->least < 0x1p-149 && (n > 2 || p->e > 0) ? INFINITY : 0;
    if (n > 2 && p->most > (double)FLT_MAX && fabs(p->v) - p->e <= (double)FLT_MAX)
        return INFINITY;
    return p->e;
}

static double part_bound(const struct part *p, int kind, int n)
{
    if (p->overflows)
        return INFINITY;
    if (kind == BIN_MUL)
        return product_bound(p, n);
    if (kind == BIN_MAX || kind == BIN_MIN)
        return p->e;
    return sum_part_bound(p, n, kind == BIN_AVG);
}

static void binary_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct binary *b = node->attr;
    int n = node->in.n;
    int64_t size = shape_size(&out->shape);

    if (eval_constant_operand(node, in, out))
        return;

    for (int64_t i = 0; i < size; i++) {
        struct part p = {.most = 1, .least = 1};

        for (int j = 0; j < n; j++) {
            int64_t x = broadcast_element(&in[j].shape, &out->shape, i);

            part_note(&p, in[j].v[x], in[j].e[x]);
            if (j == 0)
                p.v = in[j].v[x], p.e = in[j].e[x];
            else
                parts[b->kind](&p, in[j].v[x], in[j].e[x]);
        }
        p.e = part_bound(&p, b->kind, n);
        out->v[i] = b->kind == BIN_AVG ? p.v / n : p.v;
        out->e[i] = b->kind != BIN_AVG ? p.e
                    : (p.e + 2 * rounding(finite_magnitude(p.v) + p.e)) / n + 0x1p-149;
    }
    drop_nonfinite(out);
}

/* ---- definitions ----------------------------------------------------------------------------- */

static const struct attr_def no_attrs[] = {ATTRS_END};

#define BINARY(id, max_inputs, type_name, stem_name, line) \
    const struct op_def op_##id = { \
        .type = type_name, .stem = stem_name, .doc = line, .family = FAMILY_BINARY, \
        .min_in = 2, .max_in = max_inputs, .attr_bytes = sizeof(struct binary), .attrs = no_attrs, \
        .shape = binary_shape, .eval = binary_eval, .lower = lower_constant_operand, \
    }

BINARY(add, LIMIT_INPUTS, "Add", "add", "sum of the inputs");
BINARY(subtract, 2, "Subtract", "subtract", "first input less the second");
BINARY(multiply, LIMIT_INPUTS, "Multiply", "multiply", "product of the inputs, element by element");
BINARY(maximum, LIMIT_INPUTS, "Maximum", "maximum", "largest of the inputs, element by element");
BINARY(minimum, LIMIT_INPUTS, "Minimum", "minimum", "smallest of the inputs, element by element");
BINARY(average, LIMIT_INPUTS, "Average", "average", "mean of the inputs, element by element");
