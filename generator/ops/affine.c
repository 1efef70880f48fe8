/* BatchNormalization, Rescaling, Normalization, and the internal AFFINE that they are lowered
 * to. */
#include "common.h"

#include <stdlib.h>

/* ---- scale and shift ------------------------------------------------------------------------- */

/* What a layer multiplies channel c by and adds to it. */
struct rule { void (*of)(const struct node *, int c, double *scale, double *shift); };

static void coefficients_of(const struct node *node, struct rule rule, double **scale,
                            double **shift)
{
    int channels = last_dim(&node->out->shape);

    *scale = new_doubles(channels);
    *shift = new_doubles(channels);
    for (int c = 0; c < channels; c++)
        rule.of(node, c, &(*scale)[c], &(*shift)[c]);
}

static void eval_with(struct rule rule, const struct node *node, const struct tval *in,
                      struct tval *out)
{
    double *scale;
    double *shift;

    coefficients_of(node, rule, &scale, &shift);
    eval_affine(node, in, out, scale, shift);
    free(scale);
    free(shift);
}

static void lower_with(struct rule rule, struct graph *g, struct node *node)
{
    double *scale;
    double *shift;

    coefficients_of(node, rule, &scale, &shift);
    replace_by_affine(g, node, scale, shift);
    free(scale);
    free(shift);
}

/* One number for all channels, or one for each. */
static double pick(const struct floats *f, int c)
{
    return (double)f->at[f->n == 1 ? 0 : c];
}

static bool check_count(struct graph *g, struct node *node, const char *key, const struct floats *f,
                        struct diag *diag)
{
    int channels = last_dim(in_shape(node, 0));

    if (f->n == 1 || f->n == channels)
        return true;
    diag_error(diag, DIAG_SHAPE_MISMATCH, node_attr_at(node, key),
               "'%s' of layer %s has %d numbers, but its input %s has %d channels", key,
               node_title(g, node), f->n, input_words(g, node, 0, diag), channels);
    note_maker(g, node, 0, diag);
    return false;
}

/* ---- AFFINE ---------------------------------------------------------------------------------- */

static void affine_shape(struct graph *g, struct node *node, struct diag *diag)
{
    ((struct affine *)node->attr)->channels = last_dim(in_shape(node, 0));
    shape_as_input(g, node, diag);
}

static void affine_coefficients(const struct node *node, int c, double *scale, double *shift)
{
    *scale = (double)weight_data(node, "scale")[c];
    *shift = (double)weight_data(node, "shift")[c];
}

static void affine_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    eval_with((struct rule){affine_coefficients}, node, in, out);
}

static const struct attr_def no_attrs[] = {ATTRS_END};

const struct op_def op_affine = {
    .stem = "affine", .doc = "x * scale + shift for each channel",
    .family = FAMILY_AFFINE, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct affine), .attrs = no_attrs,
    .shape = affine_shape, .eval = affine_eval,
};

/* ---- BatchNormalization ---------------------------------------------------------------------- */

static void batchnorm_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct batchnorm *b = node->attr;

    if (need_last_axes(g, node, &b->axis, diag))
        shape_as_input(g, node, diag);
}

static void batchnorm_weights(struct graph *g, struct node *node)
{
    const struct batchnorm *b = node->attr;
    struct shape s = vector_shape(last_dim(&node->out->shape));
    struct weight *w;

    (void)g;
    if (b->scale)
        add_weight(node, "gamma", "weight", s)->init = INIT_ONE;
    if (b->center)
        add_weight(node, "beta", "bias", s)->init = INIT_SPREAD;
    w = add_weight(node, "moving_mean", "running_mean", s);
    w->init = INIT_SPREAD;
    w->trainable = false;
    w = add_weight(node, "moving_variance", "running_var", s);
    w->init = INIT_ONE;
    w->trainable = false;
    w->is_variance = true;
}

static void batchnorm_coefficients(const struct node *node, int c, double *scale, double *shift)
{
    const struct batchnorm *b = node->attr;
    const float *gamma = weight_data(node, "gamma");
    const float *beta = weight_data(node, "beta");
    double variance = (double)weight_data(node, "moving_variance")[c] + (double)b->epsilon;

    *scale = (gamma ? (double)gamma[c] : 1) / sqrt(variance);
    *shift = (beta ? (double)beta[c] : 0) - (double)weight_data(node, "moving_mean")[c] * *scale;
}

static void batchnorm_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    eval_with((struct rule){batchnorm_coefficients}, node, in, out);
}

static void batchnorm_lower(struct graph *g, struct node *node)
{
    lower_with((struct rule){batchnorm_coefficients}, g, node);
}

static const struct attr_def batchnorm_attrs[] = {
    {"axis", ATTR_INDICES, AT(batchnorm, axis), "-1", 0, 0, NULL,
     "the channels: the last axis only"},
    {"epsilon", ATTR_FLOAT, AT(batchnorm, epsilon), "1e-3", 0, 1e30, NULL,
     "added to the variance (Keras' default; PyTorch's is 1e-5)"},
    {"center", ATTR_BOOL, AT(batchnorm, center), "true", 0, 0, NULL, "whether there is a beta"},
    {"scale", ATTR_BOOL, AT(batchnorm, scale), "true", 0, 0, NULL, "whether there is a gamma"},
    ATTRS_END
};

const struct op_def op_batch_normalization = {
    .type = "BatchNormalization", .stem = "batch_normalization",
    .doc = "gamma * (x - mean) / sqrt(variance + epsilon) + beta with the moving statistics",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct batchnorm), .attrs = batchnorm_attrs, .shape = batchnorm_shape,
    .weights = batchnorm_weights, .eval = batchnorm_eval, .lower = batchnorm_lower,
};

/* ---- Rescaling ------------------------------------------------------------------------------- */

static void rescaling_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct rescaling *r = node->attr;
    bool ok = check_count(g, node, "scale", &r->scale, diag);

    if (check_count(g, node, "offset", &r->offset, diag) && ok)
        shape_as_input(g, node, diag);
}

static void rescaling_coefficients(const struct node *node, int c, double *scale, double *shift)
{
    const struct rescaling *r = node->attr;

    *scale = pick(&r->scale, c);
    *shift = pick(&r->offset, c);
}

static void rescaling_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    eval_with((struct rule){rescaling_coefficients}, node, in, out);
}

static void rescaling_lower(struct graph *g, struct node *node)
{
    lower_with((struct rule){rescaling_coefficients}, g, node);
}

static const struct attr_def rescaling_attrs[] = {
    {"scale", ATTR_FLOATS, AT(rescaling, scale), NULL, 0, 0, NULL,
     "factor, one number or one for each channel"},
    {"offset", ATTR_FLOATS, AT(rescaling, offset), "0", 0, 0, NULL,
     "added after scaling, one number or one for each channel"},
    ATTRS_END
};

const struct op_def op_rescaling = {
    .type = "Rescaling", .stem = "rescaling", .doc = "x * scale + offset",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct rescaling), .attrs = rescaling_attrs, .shape = rescaling_shape,
    .eval = rescaling_eval, .lower = rescaling_lower,
};

/* ---- Normalization --------------------------------------------------------------------------- */

static bool check_variance(struct graph *g, struct node *node, const struct normalization *n,
                           struct diag *diag)
{
    for (int i = 0; i < n->variance.n; i++)
        if (n->variance.at[i] < 0) {
            diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "variance"),
                       "a variance of layer %s is negative: %g", node_title(g, node),
                       (double)n->variance.at[i]);
            return false;
        }
    return true;
}

static void normalization_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct normalization *n = node->attr;
    bool ok = need_last_axes(g, node, &n->axis, diag);

    ok = check_count(g, node, "mean", &n->mean, diag) && ok;
    ok = check_count(g, node, "variance", &n->variance, diag) && ok;
    if (ok && check_variance(g, node, n, diag))
        shape_as_input(g, node, diag);
}

/* Keras has no epsilon under the root but keeps the divisor from becoming 0. */
static void normalization_coefficients(const struct node *node, int c, double *scale, double *shift)
{
    const struct normalization *n = node->attr;
    double mean = pick(&n->mean, c);
    double deviation = fmax(sqrt(pick(&n->variance, c)), 1e-7);

    *scale = n->invert ? deviation : 1 / deviation;
    *shift = n->invert ? mean : -mean * *scale;
}

static void normalization_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    eval_with((struct rule){normalization_coefficients}, node, in, out);
}

static void normalization_lower(struct graph *g, struct node *node)
{
    lower_with((struct rule){normalization_coefficients}, g, node);
}

static const struct attr_def normalization_attrs[] = {
    {"axis", ATTR_INDICES, AT(normalization, axis), "-1", 0, 0, NULL,
     "the channels: the last axis only"},
    {"mean", ATTR_FLOATS, AT(normalization, mean), NULL, 0, 0, NULL,
     "of the inputs, one number or one for each channel"},
    {"variance", ATTR_FLOATS, AT(normalization, variance), NULL, 0, 0, NULL,
     "of the inputs, one number or one for each channel"},
    {"invert", ATTR_BOOL, AT(normalization, invert), "false", 0, 0, NULL,
     "x * sqrt(variance) + mean instead"},
    ATTRS_END
};

const struct op_def op_normalization = {
    .type = "Normalization", .stem = "normalization", .doc = "(x - mean) / sqrt(variance)",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct normalization), .attrs = normalization_attrs,
    .shape = normalization_shape, .eval = normalization_eval, .lower = normalization_lower,
};
