/* An element-wise layer whose second input is a Constant with a number for each channel is a scale
 * and a shift, which goes into a convolution before or behind it. */
#include "common.h"

#include <float.h>
#include <stdlib.h>

/* One number, or one for each of the last dimension's. */
static bool is_per_channel(const struct shape *s, const struct shape *out)
{
    return shape_size(s) == 1 || (shape_size(s) == last_dim(s) && last_dim(s) == last_dim(out));
}

/* x op c. False where it isn't this to less than a rounding, or has other infinities. */
static bool coefficients(enum binary_kind kind, double c, double *scale, double *shift)
{
    double inverse = 1 / c;

    *scale = kind == BIN_MUL ? c : kind == BIN_DIV ? inverse : 1;
    *shift = kind == BIN_ADD ? c : kind == BIN_SUB ? -c : 0;
    if (kind == BIN_DIV)
        return fabs(inverse) >= (double)FLT_MIN && fabs(inverse) <= (double)FLT_MAX;
    return kind == BIN_ADD || kind == BIN_SUB || kind == BIN_MUL;
}

static bool affine_of_constant(const struct node *node, double **scale, double **shift)
{
    enum binary_kind kind = ((const struct binary *)node->attr)->kind;
    const struct node *from = node->in.at[1]->maker;
    const struct shape *out = &node->out->shape;
    const float *value;
    bool ok = true;

    if (node->in.n != 2 || from->op != OP_CONSTANT || !shape_equal(in_shape(node, 0), out) ||
        !is_per_channel(&from->out->shape, out))
        return false;
    value = weight_data(from, "value");
    *scale = new_doubles(last_dim(out));
    *shift = new_doubles(last_dim(out));
    for (int c = 0; c < last_dim(out); c++)
        ok = coefficients(kind, (double)value[shape_size(&from->out->shape) == 1 ? 0 : c],
                          &(*scale)[c], &(*shift)[c]) && ok;
    if (ok)
        return true;
    free(*scale);
    free(*shift);
    return false;
}

bool eval_constant_operand(const struct node *node, const struct tval *in, struct tval *out)
{
    double *scale;
    double *shift;

    if (!affine_of_constant(node, &scale, &shift))
        return false;
    eval_affine(node, in, out, scale, shift);
    free(scale);
    free(shift);
    drop_nonfinite(out);
    return true;
}

void lower_constant_operand(struct graph *g, struct node *node)
{
    double *scale;
    double *shift;

    if (!affine_of_constant(node, &scale, &shift))
        return;
    replace_by_affine(g, node, scale, shift);
    free(scale);
    free(shift);
}
