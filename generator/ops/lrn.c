/* LocalResponseNormalization: each channel over a power of the squares around it, as ONNX's LRN. */
#include "common.h"

#include <float.h>

static void lrn_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct lrn *l = node->attr;
    int highest = last_dim(in_shape(node, 0)) - 1;

    l->before = (l->size - 1) / 2 < highest ? (l->size - 1) / 2 : highest;
    l->after = l->size / 2 < highest ? l->size / 2 : highest;
    l->factor = (float)((double)l->alpha / l->size);
    shape_as_input(g, node, diag);
}

/* What is raised to a power, and how far it may be off: INFINITY where it may overflow. */
struct base { double v, e; };

static struct base base_of(const struct lrn *l, int n, const double *x, const double *e)
{
    double sum = 0;
    double changed = 0;
    double magnitude = 0;
    struct base b;

    for (int i = 0; i < n; i++) {
        sum += x[i] * x[i];
        changed += (2 * fabs(x[i]) + e[i]) * e[i];
        magnitude += (fabs(x[i]) + e[i]) * (fabs(x[i]) + e[i]);
    }
    changed += sum_error(n, magnitude) + n * 0x1p-149;
    b.v = (double)l->bias + (double)l->factor * sum;
    b.e = (double)l->factor * changed + 0x1p-149 +
          sum_error(1, (double)l->factor * magnitude + (double)l->bias);
    if (isfinite(sum) && (magnitude + changed > (double)FLT_MAX || b.v + b.e > (double)FLT_MAX))
        b.e = INFINITY;
    return b;
}

enum { POWER_ULPS = 2 };  /* of vf_pow, see cnn_math.h */

/* The error of x / power, the power of the ends of what the base may be: pow is monotonous. A power
 * that is no normal float has lost its digits, or its value. */
static double quotient_error(double x, double e, struct base b, double beta, double y)
{
    double unsure = 2 * POWER_ULPS * UNIT_ROUNDOFF;
    double low = pow(b.v - b.e, beta) * (1 - unsure);
    double high = pow(b.v + b.e, beta) * (1 + unsure);
    double most;

    if (!(b.e < INFINITY) || b.v - b.e <= 0 || low < (double)FLT_MIN || high > (double)FLT_MAX)
        return INFINITY;
    most = (fabs(x) + e) / low;
    return fmax(most - fabs(y), fabs(y) - (fabs(x) - e) / high) + rounding(most) + 0x1p-149;
}

/* An infinite base makes 0 of what is finite, and NaN of infinities. */
static void lrn_channel(const struct lrn *l, const struct tval *in, int64_t at, struct base b,
                        struct tval *out)
{
    double x = in->v[at];
    double y = x / pow(b.v, (double)l->beta);

    out->v[at] = y;
    if (isfinite(b.v))
        out->e[at] = quotient_error(x, in->e[at], b, (double)l->beta, y);
}

static void lrn_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct lrn *l = node->attr;
    int channels = last_dim(&in->shape);
    int64_t size = shape_size(&in->shape);

    for (int64_t pixel = 0; pixel < size; pixel += channels)
        for (int c = 0; c < channels; c++) {
            int first = c > l->before ? c - l->before : 0;
            int last = c + l->after < channels ? c + l->after : channels - 1;
            struct base b = base_of(l, last - first + 1, in->v + pixel + first,
                                    in->e + pixel + first);

            lrn_channel(l, in, pixel + c, b, out);
        }
    drop_nonfinite(out);
}

static const struct attr_def lrn_attrs[] = {
    {"size", ATTR_INT, AT(lrn, size), NULL, 1, MAX_EXTENT, NULL,
     "channels of a window, which ends at the first channel and the last; of an even size, one "
     "more is above than below"},
    {"alpha", ATTR_FLOAT, AT(lrn, alpha), "1e-4", 0, 1e30, NULL,
     "factor of the squares, divided by size"},
    {"beta", ATTR_FLOAT, AT(lrn, beta), "0.75", 0, 1e30, NULL, "the power"},
    {"bias", ATTR_FLOAT, AT(lrn, bias), "1", 0, 1e30, NULL, "added before that"},
    ATTRS_END
};

const struct op_def op_local_response_normalization = {
    .type = "LocalResponseNormalization", .stem = "local_response_normalization",
    .doc = "each channel over (bias + alpha / size * sum of the squares around it)^beta",
    .family = FAMILY_LRN, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct lrn), .attrs = lrn_attrs, .shape = lrn_shape, .eval = lrn_eval,
};
