/* Divide, Power, the comparisons and Where: element-wise layers whose bounds come from the range of
 * each operand. Shapes as in binary.c. */
#include "common.h"

#include <float.h>

/* One operand: its value and bound. */
struct side { double v, e; };

static bool is_exact(struct side s) { return s.e <= 0; }

/* ---- Divide ---------------------------------------------------------------------------------- */

static double divide(double a, double b) { return a / b; }

/* |a'/b' - a/b| <= (ea + |a/b| eb) / (|b| - eb), and a rounding. A divisor that may be zero, when
 * it isn't exactly that, decides between all there is. */
static double divide_bound(struct side a, struct side b, double v)
{
    double moved;

    if (is_exact(a) && is_exact(b))
        return isfinite(v) ? rounding(v) : 0;
    if (isfinite(b.v) ? fabs(b.v) <= b.e : b.e > 0)
        return INFINITY;
    if (!isfinite(v) || isinf(b.v))
        return 0;
    moved = (a.e + fabs(v) * b.e) / (fabs(b.v) - b.e);
    return moved + rounding(fabs(v) + moved);
}

/* ---- Power ----------------------------------------------------------------------------------- */

enum { POWER_ULPS = 2 };  /* of vf_pow, see cnn_math.h */

static double power_rounding(double v) { return 2 * POWER_ULPS * rounding(v); }

/* The most that pow differs from v at the corners of what the operands may be, and at 0. */
static double power_moved(struct side a, struct side b, double v)
{
    double base[] = {a.v - a.e, a.v + a.e, 0};
    double exponent[] = {b.v - b.e, b.v + b.e};
    int bases = fabs(a.v) <= a.e ? 3 : 2;
    double most = 0;

    for (int i = 0; i < bases; i++)
        for (int k = 0; k < 2; k++) {
            double moved = fabs(pow(base[i], exponent[k]) - v);

            if (!(moved <= most))
                most = isnan(moved) ? INFINITY : moved;
        }
    return most;
}

/* Between corners pow is monotonous for positive bases, and for others if the exponent is one
 * integer; else a bound can't be told. */
static double power_bound(struct side a, struct side b, double v)
{
    double moved;

    if (is_exact(a) && is_exact(b))
        return isfinite(v) ? power_rounding(v) : 0;
    if (!isfinite(v) || !isfinite(a.v) || !isfinite(b.v))
        return INFINITY;
    if (a.v - a.e <= 0 && !(is_exact(b) && b.v == floor(b.v)))
        return INFINITY;
    moved = power_moved(a, b, v);
    return moved + power_rounding(fabs(v) + moved);
}

/* ---- comparisons ----------------------------------------------------------------------------- */

static double greater(double a, double b) { return a > b; }
static double greater_equal(double a, double b) { return a >= b; }
static double less(double a, double b) { return a < b; }
static double less_equal(double a, double b) { return a <= b; }
static double equal(double a, double b) { return a == b; }
static double not_equal(double a, double b) { return a != b; }

/* Operands nearer to each other than their bounds may compare as they like. */
static double compare_bound(struct side a, struct side b, double v)
{
    (void)v;
    if (is_exact(a) && is_exact(b))
        return 0;
    return fabs(a.v - b.v) > a.e + b.e || (isnan(a.v) && is_exact(a)) ||
           (isnan(b.v) && is_exact(b)) ? 0 : 1;
}

/* ---- evaluation ------------------------------------------------------------------------------ */

static const struct {
    double (*of)(double a, double b);
    double (*bound)(struct side a, struct side b, double v);
} pairs[] = {
    [BIN_DIV] = {divide, divide_bound}, [BIN_POW] = {pow, power_bound},
    [BIN_GREATER] = {greater, compare_bound},
    [BIN_GREATER_EQUAL] = {greater_equal, compare_bound}, [BIN_LESS] = {less, compare_bound},
    [BIN_LESS_EQUAL] = {less_equal, compare_bound}, [BIN_EQUAL] = {equal, compare_bound},
    [BIN_NOT_EQUAL] = {not_equal, compare_bound},
};

static struct side side_of(const struct tval *in, const struct tval *out, int64_t i)
{
    int64_t at = broadcast_element(&in->shape, &out->shape, i);

    return (struct side){in->v[at], in->e[at]};
}

/* An operand beyond FLT_MAX arrives as an infinity. */
static bool may_overflow(struct side s)
{
    return !(s.e < INFINITY) || (isfinite(s.v) && fabs(s.v) + s.e > (double)FLT_MAX);
}

static void pair_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    enum binary_kind kind = ((const struct binary *)node->attr)->kind;
    int64_t size = shape_size(&out->shape);

    if (eval_constant_operand(node, in, out))
        return;
    for (int64_t i = 0; i < size; i++) {
        struct side a = side_of(&in[0], out, i);
        struct side b = side_of(&in[1], out, i);

        out->v[i] = pairs[kind].of(a.v, b.v);
        out->e[i] = may_overflow(a) || may_overflow(b)
                        ? INFINITY : pairs[kind].bound(a, b, out->v[i]);
    }
    drop_nonfinite(out);
}

/* A condition that may be zero or not lets both through; NaN is not zero. */
static void where_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    int64_t size = shape_size(&out->shape);

    (void)node;
    for (int64_t i = 0; i < size; i++) {
        struct side c = side_of(&in[0], out, i);
        struct side then = side_of(&in[1], out, i);
        struct side otherwise = side_of(&in[2], out, i);
        struct side taken = c.v == 0 ? otherwise : then;
        struct side left = c.v == 0 ? then : otherwise;
        bool sure = is_exact(c) || fabs(c.v) > c.e;

        out->v[i] = taken.v;
        out->e[i] = sure ? taken.e
                    : isfinite(taken.v) && isfinite(left.v)
                        ? fmax(taken.e, left.e + fabs(taken.v - left.v)) : INFINITY;
    }
    drop_nonfinite(out);
}

/* ---- definitions ----------------------------------------------------------------------------- */

static const struct attr_def no_attrs[] = {ATTRS_END};

#define PAIRWISE(id, inputs, evaluate, type_name, stem_name, line) \
    const struct op_def op_##id = { \
        .type = type_name, .stem = stem_name, .doc = line, .family = FAMILY_BINARY, \
        .min_in = inputs, .max_in = inputs, .attr_bytes = sizeof(struct binary), \
        .attrs = no_attrs, .shape = binary_shape, .eval = evaluate, \
        .lower = lower_constant_operand, \
    }

PAIRWISE(divide, 2, pair_eval, "Divide", "divide", "first input divided by the second");
PAIRWISE(power, 2, pair_eval, "Power", "power", "first input to the power of the second");
PAIRWISE(greater, 2, pair_eval, "Greater", "greater", "1 where the first input is greater, else 0");
PAIRWISE(greater_equal, 2, pair_eval, "GreaterEqual", "greater_equal",
         "1 where the first input is greater or equal, else 0");
PAIRWISE(less, 2, pair_eval, "Less", "less", "1 where the first input is less, else 0");
PAIRWISE(less_equal, 2, pair_eval, "LessEqual", "less_equal",
         "1 where the first input is less or equal, else 0");
PAIRWISE(equal, 2, pair_eval, "Equal", "equal", "1 where the inputs are equal, else 0");
PAIRWISE(not_equal, 2, pair_eval, "NotEqual", "not_equal", "1 where the inputs differ, else 0");
PAIRWISE(where, 3, where_eval, "Where", "where",
         "the second input where the first is not 0, else the third");
