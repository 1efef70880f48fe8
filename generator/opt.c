#include "opt.h"

#include <string.h>

#include "ops.h"
#include "ops/families.h"

/* ---- a copy to work on ------------------------------------------------------------------------ */

static int index_of(struct tensor *const *list, int n, const struct tensor *t)
{
    for (int i = 0; i < n; i++)
        if (list[i] == t)
            return i;
    bug("tensor '%s' is not in the graph", t->name);
}

static void *copy_bytes(struct pool *pool, const void *from, size_t bytes)
{
    void *to = pool_alloc(pool, bytes ? bytes : 1);
    if (bytes)
        memcpy(to, from, bytes);
    return to;
}

/* New nodes and tensors for graph->node and graph->tensor; those of graph->layer are left alone. */
static void clone(struct graph *g)
{
    int tensors = g->tensor.n;
    struct tensor **old = copy_bytes(g->pool, g->tensor.at, (size_t)tensors * sizeof *old);
    for (int i = 0; i < tensors; i++) {
        struct tensor *t = copy_bytes(g->pool, old[i], sizeof *t);
        t->user.at = NULL;
        t->user.n = t->user.cap = 0;
        g->tensor.at[i] = t;
    }
    for (int i = 0; i < g->node.n; i++) {
        const struct node *from = g->node.at[i];
        struct node *n = copy_bytes(g->pool, from, sizeof *n);
        n->attr = copy_bytes(g->pool, from->attr, node_def(from)->attr_bytes);
        n->in.at = NULL;
        n->in.n = n->in.cap = 0;
        for (int k = 0; k < from->in.n; k++)
            node_input(g, n, g->tensor.at[index_of(old, tensors, from->in.at[k])]);
        n->out = g->tensor.at[index_of(old, tensors, from->out)];
        n->out->maker = n;
        g->node.at[i] = n;
    }
    for (int i = 0; i < g->input.n; i++)
        g->input.at[i] = g->tensor.at[index_of(old, tensors, g->input.at[i])];
    for (int i = 0; i < g->output.n; i++)
        g->output.at[i] = g->tensor.at[index_of(old, tensors, g->output.at[i])];
}

/* ---- order ------------------------------------------------------------------------------------ */

enum { NOT_YET, DONE };  /* node.mark */

/* Appends n to order behind the makers of its inputs: as deep as nodes were appended in a row. */
static void visit(struct node *n, struct node **order, int *count)
{
    if (n->mark == DONE)
        return;
    for (int i = 0; i < n->in.n; i++)
        visit(n->in.at[i]->maker, order, count);
    n->mark = DONE;
    order[(*count)++] = n;
}

/* Passes append nodes at the end: back to topological order, and tensors in the order of their makers. */
static void sort(struct graph *g)
{
    struct node **order = NEW_ARRAY(g->pool, struct node *, g->node.n + 1);
    int count = 0;
    for (int i = 0; i < g->node.n; i++)
        g->node.at[i]->mark = NOT_YET;
    for (int i = 0; i < g->node.n; i++)
        visit(g->node.at[i], order, &count);
    for (int i = 0; i < count; i++) {
        g->node.at[i] = order[i];
        g->tensor.at[i] = order[i]->out;
    }
    g->tensor.n = count;
}

/* ---- the passes ------------------------------------------------------------------------------- */

/* A node of op behind n that takes over its users, its place among the outputs and its layer's value. */
static struct node *put_behind(struct graph *g, struct node *n, enum op op, const char *name)
{
    struct tensor *from = n->out;
    struct node *behind = graph_node(g, op, name, n);
    struct tensor *to = graph_tensor(g, behind, from->shape, DTYPE_FLOAT32);
    to->layer = from->layer;
    tensor_replace(g, from, to);
    node_input(g, behind, from);
    return behind;
}

static void drop(struct graph *g, struct node *n)
{
    struct tensor *in = n->in.at[0];
    if (in->layer < 0)
        in->layer = n->out->layer;
    tensor_replace(g, n->out, in);
    node_remove(g, n);
}

static void split_softmax(struct graph *g, struct node *n)
{
    struct node *soft = put_behind(g, n, OP_SOFTMAX, n->name);
    struct softmax *a = soft->attr;
    a->axis = -1;
    a->dim = n->out->shape.rank - 1;
    a->log = n->act->kind == ACT_LOG_SOFTMAX;
}

/* "activation: relu" becomes a node of its own; softmax, which is of whole rows, another operator. */
static void split_activation(struct graph *g, struct node *n)
{
    bool layer = node_family(n) == FAMILY_ACTIVATION;
    if (!n->act || (layer && act_defs[n->act->kind].helper))
        return;
    struct tensor *out = n->out;
    if (act_defs[n->act->kind].helper)
        put_behind(g, n, OP_ACTIVATION, n->name)->act = n->act;
    else if (n->act->kind != ACT_LINEAR)
        split_softmax(g, n);
    if (!layer)
        out->layer = n->act->kind == ACT_LINEAR ? out->layer : -1;
    n->act = NULL;
}

static void lower(struct graph *g, struct node *n)
{
    if (node_def(n)->lower)
        node_def(n)->lower(g, n);
}

/* Dropout and its like, and activations that are linear. Two outputs stay two. */
static void drop_identity(struct graph *g, struct node *n)
{
    bool linear = node_family(n) == FAMILY_ACTIVATION && !n->act;
    if (!linear && (node_family(n) != FAMILY_IDENTITY || n->op == OP_COPY))
        return;
    if (n->out->is_output && n->in.at[0]->is_output)
        n->op = OP_COPY;
    else
        drop(g, n);
}

/* Numbers that went into scales and shifts. */
static void drop_unused_constant(struct graph *g, struct node *n)
{
    if (n->op == OP_CONSTANT && !n->out->user.n && !n->out->is_output)
        node_remove(g, n);
}

/* ---- signals, which are images of height 1 ------------------------------------------------------ */

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
static void lift_over_reshape(struct graph *g, struct node *n)
{
    bool lifted = node_family(n) == FAMILY_ACTIVATION || node_family(n) == FAMILY_AFFINE;
    struct node *reshape = lifted ? reshape_before(n) : NULL;
    if (!reshape)
        return;
    struct tensor *image = reshape->in.at[0];
    struct node *behind = put_behind(g, n, OP_RESHAPE, n->name);
    ((struct reshape *)behind->attr)->target = n->out->shape;
    tensor_replace(g, reshape->out, image);
    node_remove(g, reshape);
    n->out->shape = image->shape;
}

/* image -> reshape -> reshape of the same shape as the image: the image. */
static void merge_reshapes(struct graph *g, struct node *second)
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

/* ---- inputs ----------------------------------------------------------------------------------- */

/* [C, H, W] to [H, W, C]; where one of them is 1, that is the same memory. */
static void reorder_input(struct graph *g, struct node *n)
{
    struct tensor *in = n->out;
    bool same = in->shape.dim[2] == 1 || in->shape.dim[0] * in->shape.dim[1] == 1;
    struct node *behind = put_behind(g, n, same ? OP_RESHAPE : OP_PERMUTE, n->name);
    if (same)
        ((struct reshape *)behind->attr)->target = in->shape;
    else
        ((struct permute *)behind->attr)->dims = shape_of(3, (int[]){2, 3, 1});
    in->shape = input_given(n);
    in->layer = -1;  /* what is put in between is no layer's value */
}

/* The network's input with the channels last and as floats, and an output that is an input as a copy
 * of it. */
static void read_inputs(struct graph *g, struct node *n)
{
    if (node_family(n) != FAMILY_INPUT || (!n->out->user.n && !n->out->is_output))
        return;
    struct tensor *in = n->out;
    int layer = in->layer;
    if (input_is_nchw(n))
        reorder_input(g, n);
    if (in->type == DTYPE_UINT8 || in->is_output)
        put_behind(g, n, OP_COPY, n->name);
    in->layer = layer;
}

static bool only_convolutions(const struct tensor *t)
{
    for (int i = 0; i < t->user.n; i++)
        if (node_family(t->user.at[i]) != FAMILY_CONV2D)
            return false;
    return t->user.n > 0 && !t->is_output;
}

/* ZeroPadding2D in front of convolutions alone: their own padding, more of it. */
static void merge_padding(struct graph *g, struct node *n)
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

/* ---- scales and shifts ------------------------------------------------------------------------ */

static struct node *sole_user(const struct tensor *t)
{
    return t->user.n == 1 && !t->is_output ? t->user.at[0] : NULL;
}

static float *copy_floats(struct graph *g, const struct weight *w)
{
    return copy_bytes(g->pool, w->data, (size_t)shape_size(&w->shape) * sizeof(float));
}

/* The bias to change, of zeros when there was none. */
static float *own_bias(struct graph *g, struct node *n, int channels)
{
    for (int i = 0; i < n->weights; i++)
        if (!strcmp(n->weight[i].name, "bias")) {
            float *bias = copy_floats(g, &n->weight[i]);
            n->weight[i].data = bias;
            return bias;
        }
    float *bias = NEW_ARRAY(g->pool, float, channels);
    add_weight(n, "bias", "bias", shape_of(1, &channels))->data = bias;
    return bias;
}

/* Which output channel element i of the kernel belongs to: the last dimension, or HWOI's third. */
static int kernel_channel(const struct node *n, int64_t i, int channels)
{
    if (node_family(n) == FAMILY_CONV2D_TRANSPOSE)
        return (int)(i / n->weight[0].shape.dim[3] % channels);
    return (int)(i % channels);
}

static bool has_kernel(const struct node *n)
{
    enum family f = node_family(n);
    return f == FAMILY_CONV2D || f == FAMILY_DENSE || f == FAMILY_CONV2D_TRANSPOSE;
}

static void set_use_bias(struct node *n)
{
    if (node_family(n) == FAMILY_CONV2D)
        ((struct conv2d *)n->attr)->use_bias = true;
    else if (node_family(n) == FAMILY_DENSE)
        ((struct dense *)n->attr)->use_bias = true;
    else
        ((struct conv2d_transpose *)n->attr)->use_bias = true;
}

/* conv -> affine: scales go into the kernel, shifts into the bias. */
static void fold_behind(struct graph *g, struct node *affine)
{
    struct node *n = affine->in.n ? affine->in.at[0]->maker : NULL;
    if (node_family(affine) != FAMILY_AFFINE || !n || !has_kernel(n) || sole_user(n->out) != affine)
        return;
    const float *scale = find_weight(affine, "scale")->data, *shift = find_weight(affine, "shift")->data;
    int channels = ((const struct affine *)affine->attr)->channels;
    float *kernel = copy_floats(g, &n->weight[0]), *bias = own_bias(g, n, channels);
    const int64_t size = shape_size(&n->weight[0].shape);
    for (int64_t i = 0; i < size; i++)
        kernel[i] = (float)((double)kernel[i] * scale[kernel_channel(n, i, channels)]);
    for (int c = 0; c < channels; c++)
        bias[c] = (float)((double)bias[c] * scale[c] + shift[c]);
    n->weight[0].data = kernel;
    set_use_bias(n);
    n->out->layer = affine->out->layer;
    tensor_replace(g, affine->out, n->out);
    node_remove(g, affine);
}

static bool has_no_padding(const struct conv2d *a)
{
    return !a->pad[0] && !a->pad[1] && !a->pad[2] && !a->pad[3];
}

static bool all_zero(const float *f, int n)
{
    for (int i = 0; i < n; i++)
        if (f[i] != 0)
            return false;
    return true;
}

/* affine -> conv: scales go into the kernel by input channel, shifts, summed over the kernel, into the
 * bias. Zeros of a padding are not shifted, so with padding only a pure scale can go. */
static void fold_before(struct graph *g, struct node *affine)
{
    struct node *n = sole_user(affine->out);
    if (node_family(affine) != FAMILY_AFFINE || !n || node_family(n) != FAMILY_CONV2D)
        return;
    const struct conv2d *a = n->attr;
    const float *scale = find_weight(affine, "scale")->data, *shift = find_weight(affine, "shift")->data;
    if (!has_no_padding(a) && !all_zero(shift, a->in_channels))
        return;
    int per_group = a->in_channels / a->groups, oc_group = a->filters / a->groups;
    int taps = a->kernel[0] * a->kernel[1];
    float *kernel = copy_floats(g, &n->weight[0]), *bias = own_bias(g, n, a->filters);
    for (int oc = 0; oc < a->filters; oc++) {
        double sum = bias[oc];
        for (int i = 0; i < taps * per_group; i++) {
            int ic = oc / oc_group * per_group + i % per_group;
            float *w = &kernel[(int64_t)i * a->filters + oc];
            sum += (double)*w * shift[ic];
            *w = (float)((double)*w * scale[ic]);
        }
        bias[oc] = (float)sum;
    }
    n->weight[0].data = kernel;
    set_use_bias(n);
    tensor_replace(g, affine->out, affine->in.at[0]);
    node_remove(g, affine);
}

/* affine -> affine: one. */
static void merge_affines(struct graph *g, struct node *second)
{
    struct node *first = second->in.n ? second->in.at[0]->maker : NULL;
    if (node_family(second) != FAMILY_AFFINE || !first || node_family(first) != FAMILY_AFFINE ||
            sole_user(first->out) != second)
        return;
    int channels = ((const struct affine *)first->attr)->channels;
    float *scale = copy_floats(g, find_weight(first, "scale"));
    float *shift = copy_floats(g, find_weight(first, "shift"));
    const float *scale2 = find_weight(second, "scale")->data, *shift2 = find_weight(second, "shift")->data;
    for (int c = 0; c < channels; c++) {
        shift[c] = (float)((double)shift[c] * scale2[c] + shift2[c]);
        scale[c] = (float)((double)scale[c] * scale2[c]);
    }
    first->weight[0].data = scale;
    first->weight[1].data = shift;
    first->out->layer = second->out->layer;
    tensor_replace(g, second->out, first->out);
    node_remove(g, second);
}

/* ---- Dense over many rows is a 1x1 convolution over as many pixels ------------------------------ */

enum { ROWS_FOR_CONVOLUTION = 4 };

static void dense_to_convolution(struct graph *g, struct node *n)
{
    struct hwc d = shape_hwc(&n->out->shape);
    if (node_family(n) != FAMILY_DENSE || d.h * d.w < ROWS_FOR_CONVOLUTION)
        return;
    const struct dense *from = n->attr;
    struct conv2d *a = NEW(g->pool, struct conv2d);
    *a = (struct conv2d){.filters = from->units, .kernel = {1, 1}, .strides = {1, 1}, .dilation = {1, 1},
            .groups = 1, .use_bias = from->use_bias, .in_channels = from->in_features};
    n->op = OP_CONV2D;
    n->attr = a;
}

typedef void pass_fn(struct graph *, struct node *);

static const struct { const char *name; pass_fn *run; } passes[] = {
    {"split activations", split_activation},
    {"lower composed layers", lower},
    {"drop unused constants", drop_unused_constant},
    {"drop identities", drop_identity},
    {"lift over reshapes", lift_over_reshape},
    {"merge reshapes", merge_reshapes},
    {"read inputs", read_inputs},
    {"merge padding", merge_padding},
    {"merge scales and shifts", merge_affines},
    {"fold scales and shifts behind", fold_behind},
    {"fold scales and shifts before", fold_before},
    {"dense to convolution", dense_to_convolution},
};

/* Passes visit the nodes that were there when they began; they may remove the visited one and append. */
static void run_pass(struct graph *g, pass_fn *run)
{
    int n = g->node.n;
    struct node **list = copy_bytes(g->pool, g->node.at, (size_t)n * sizeof *list);
    for (int i = 0; i < n; i++)
        run(g, list[i]);
    sort(g);
    graph_check(g);
}

void optimise(struct graph *g)
{
    clone(g);
    graph_check(g);
    for (int i = 0; i < (int)(sizeof passes / sizeof passes[0]); i++)
        run_pass(g, passes[i].run);
}
