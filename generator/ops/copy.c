/* copy: the same values in another place; made by the compiler itself, to give a tensor a halo, to turn
 * uint8 into float32, or to gather what can't be a view. */
#include "families.h"

static void shape(struct graph *g, struct node *n, struct diag *diag)
{
    set_shape(g, n, n->in.at[0]->shape, diag);
}

static void eval(const struct node *n, const struct tval *in, struct tval *out)
{
    (void)n;
    for (int64_t i = 0; i < shape_size(&in->shape); i++) {
        out->v[i] = in->v[i];
        out->e[i] = in->e[i];
    }
}

const struct op_def copy = {
    .stem = "copy", .doc = "the same values in another place", .family = FAMILY_IDENTITY,
    .min_in = 1, .max_in = 1, .shape = shape, .eval = eval,
};
