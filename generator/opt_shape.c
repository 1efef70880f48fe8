/* Reshape moved out of the way, and inputs as kernels read them: floats, the channels last. */
#include "opt_pass.h"

#include "ops/families.h"

/* ---- signals, which are images of height 1 --------------------------------------------------- */

/* The Reshape that makes n's input for n alone, of an image with the same channels; NULL. */
static struct node *reshape_before(const struct node *n)
{
    struct node *r = n->in.n == 1 ? n->in.at[0]->maker : NULL;
    if (!r || r->op != OP_RESHAPE || r->out->is_output || r->out->user.n != 1)
        return NULL;
    const struct shape *image = &r->in.at[0]->shape, *signal = &r->out->shape;
    bool same = image->dim[image->rank - 1] == signal->dim[signal->rank - 1];
    return same && image->rank == 3 && signal->rank == 2 ? r : NULL;
}

/* image -> reshape -> activation or scale: that of the image, so that it can be computed along with
 * what makes the image. */
void opt_lift_over_reshape(struct graph *g, struct node *n)
{
    bool lifted = node_family(n) == FAMILY_ACTIVATION || node_family(n) == FAMILY_AFFINE;
    struct node *reshape = lifted ? reshape_before(n) : NULL;
    if (!reshape)
        return;
    struct tensor *image = reshape->in.at[0];
    struct node *behind = node_put_behind(g, n, OP_RESHAPE, n->name);
    ((struct reshape *)behind->attr)->target = n->out->shape;
    tensor_replace(g, reshape->out, image);
    node_remove(g, reshape);
    n->out->shape = image->shape;
}

/* image -> reshape -> reshape of the same shape as the image: the image. */
void opt_merge_reshapes(struct graph *g, struct node *second)
{
    struct node *first = second->in.n == 1 ? second->in.at[0]->maker : NULL;
    if (second->op != OP_RESHAPE || second->out->is_output || !first || first->op != OP_RESHAPE ||
            !shape_equal(&first->in.at[0]->shape, &second->out->shape))
        return;
    tensor_replace(g, second->out, first->in.at[0]);
    node_remove(g, second);
    if (!first->out->user.n && !first->out->is_output)
        node_remove(g, first);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

/* [C, H, W] to [H, W, C]; where one of them is 1, that is the same memory. */
static void reorder_input(struct graph *g, struct node *n)
{
    struct tensor *in = n->out;
    bool same = in->shape.dim[2] == 1 || in->shape.dim[0] * in->shape.dim[1] == 1;
    struct node *behind = node_put_behind(g, n, same ? OP_RESHAPE : OP_PERMUTE, n->name);
    if (same)
        ((struct reshape *)behind->attr)->target = in->shape;
    else
        ((struct permute *)behind->attr)->dims = shape_of(3, (int[]){2, 3, 1});
    in->shape = input_given(n);
    in->layer = -1;  /* what is put in between is no layer's value */
}

/* The network's input with the channels last and as floats, and an output that is an input as a
 * copy of it. */
void opt_read_inputs(struct graph *g, struct node *n)
{
    if (node_family(n) != FAMILY_INPUT || (!n->out->user.n && !n->out->is_output))
        return;
    struct tensor *in = n->out;
    int layer = in->layer;
    if (input_is_nchw(n))
        reorder_input(g, n);
    if (in->type == DTYPE_UINT8 || in->is_output)
        node_put_behind(g, n, OP_COPY, n->name);
    in->layer = layer;
}
