/* Layers as fewer kinds of nodes: activations of their own, composed layers taken apart, what does
 * nothing left out, padding and Dense as what convolutions have and are. */
#include "opt_pass.h"

#include "ops/families.h"

/* ---- activations and composed layers --------------------------------------------------------- */

static void split_softmax(struct graph *g, struct node *n)
{
    struct node *soft = node_put_behind(g, n, OP_SOFTMAX, n->name);
    struct softmax *a = soft->attr;
    a->axis = -1;
    a->dim = n->out->shape.rank - 1;
    a->log = n->act->kind == ACT_LOG_SOFTMAX;
}

/* "activation: relu" becomes a node of its own; softmax, which is of whole rows, another operator.
 */
void opt_split_activation(struct graph *g, struct node *n)
{
    bool layer = node_family(n) == FAMILY_ACTIVATION;
    if (!n->act || (layer && act_defs[n->act->kind].helper))
        return;
    struct tensor *out = n->out;
    if (act_defs[n->act->kind].helper)
        node_put_behind(g, n, OP_ACTIVATION, n->name)->act = n->act;
    else if (n->act->kind != ACT_LINEAR)
        split_softmax(g, n);
    if (!layer)
        out->layer = n->act->kind == ACT_LINEAR ? out->layer : -1;
    n->act = NULL;
}

void opt_lower(struct graph *g, struct node *n)
{
    if (node_def(n)->lower)
        node_def(n)->lower(g, n);
}

/* ---- what does nothing ----------------------------------------------------------------------- */

/* Dropout and its like, and activations that are linear. Two outputs stay two. */
void opt_drop_identity(struct graph *g, struct node *n)
{
    bool linear = node_family(n) == FAMILY_ACTIVATION && !n->act;
    if (!linear && (node_family(n) != FAMILY_IDENTITY || n->op == OP_COPY))
        return;
    if (n->out->is_output && n->in.at[0]->is_output)
        n->op = OP_COPY;
    else
        node_bypass(g, n);
}

/* Numbers that went into scales and shifts. */
void opt_drop_unused_constant(struct graph *g, struct node *n)
{
    if (n->op == OP_CONSTANT && !n->out->user.n && !n->out->is_output)
        node_remove(g, n);
}

/* ---- convolutions ---------------------------------------------------------------------------- */

static bool only_convolutions(const struct tensor *t)
{
    for (int i = 0; i < t->user.n; i++)
        if (node_family(t->user.at[i]) != FAMILY_CONV2D)
            return false;
    return t->user.n > 0 && !t->is_output;
}

/* ZeroPadding2D in front of convolutions alone: their own padding, more of it. */
void opt_merge_padding(struct graph *g, struct node *n)
{
    if (node_family(n) != FAMILY_PAD || !only_convolutions(n->out))
        return;
    const struct border *b = n->attr;
    for (int i = 0; i < n->out->user.n; i++) {
        struct conv2d *a = n->out->user.at[i]->attr;
        for (int k = 0; k < 4; k++)
            a->pad[k] += b->border[k];
    }
    tensor_replace(g, n->out, n->in.at[0]);
    node_remove(g, n);
}

enum { ROWS_FOR_CONVOLUTION = 4 };

/* Dense over many rows is a 1x1 convolution over as many pixels. */
void opt_dense_to_convolution(struct graph *g, struct node *n)
{
    struct hwc d = shape_hwc(&n->out->shape);
    if (node_family(n) != FAMILY_DENSE || d.h * d.w < ROWS_FOR_CONVOLUTION)
        return;
    const struct dense *from = n->attr;
    struct conv2d *a = NEW(g->pool, struct conv2d);
    *a = (struct conv2d){.filters = from->units, .kernel = {1, 1}, .strides = {1, 1},
            .dilation = {1, 1}, .groups = 1, .use_bias = from->use_bias,
            .in_channels = from->in_features};
    n->op = OP_CONV2D;
    n->attr = a;
}
