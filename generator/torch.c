#include "torch.h"

#include <string.h>

#include "ops.h"

/* ---- the order of features ------------------------------------------------------------------ */

/* Layers whose result [i] comes from their inputs' [i]. */
static const bool elementwise[OP_COUNT] = {
    [OP_BATCH_NORMALIZATION] = true, [OP_LAYER_NORMALIZATION] = true, [OP_RESCALING] = true,
    [OP_ACTIVATION] = true, [OP_RELU] = true, [OP_LEAKY_RELU] = true, [OP_PRELU] = true,
    [OP_ELU] = true, [OP_SOFTMAX] = true, [OP_ADD] = true, [OP_SUBTRACT] = true,
    [OP_MULTIPLY] = true, [OP_MAXIMUM] = true, [OP_MINIMUM] = true, [OP_AVERAGE] = true,
    [OP_DROPOUT] = true, [OP_SPATIAL_DROPOUT2D] = true, [OP_GAUSSIAN_DROPOUT] = true,
    [OP_GAUSSIAN_NOISE] = true, [OP_ALPHA_DROPOUT] = true, [OP_ACTIVITY_REGULARIZATION] = true,
    [OP_NORMALIZATION] = true, [OP_LOG_SOFTMAX] = true, [OP_CLIP] = true, [OP_DIVIDE] = true, [OP_POWER] = true,
    [OP_GREATER] = true, [OP_GREATER_EQUAL] = true, [OP_LESS] = true, [OP_LESS_EQUAL] = true,
    [OP_EQUAL] = true, [OP_NOT_EQUAL] = true, [OP_WHERE] = true,
};

struct finder {
    struct graph *g;
    struct torch_orders *orders;
    void (*problem)(void *to, const struct node *, const char *why, const char *help);
    void *to;
    bool *explicit_order; /* by layer: a Permute before it has said the order outright */
};

static const char before_flatten[] =
        "say the order outright: Permute with dims [3, 1, 2] in front of Flatten";
static const char behind_reshape[] =
        "say the order outright: Reshape to [channels, height, width], "
        "then Permute with dims [2, 3, 1]";
static const char around_reshape[] =
        "say the order outright: Permute with dims [3, 1, 2], Reshape to "
        "[channels, height, width], Permute with dims [2, 3, 1]";

static bool reshapes(const struct node *n) { return node_family(n) == FAMILY_RESHAPE; }

static bool same_order(const struct feature_order *a, const struct feature_order *b)
{
    return a == b ||
           (a && b && a->n == b->n && !memcmp(a->at, b->at, (size_t)a->n * sizeof *a->at));
}

/* The order of [..., C] flattened by PyTorch, which has [C, ...]; NULL where it is ours. */
static const struct feature_order *image_order(struct pool *pool, const struct shape *s)
{
    int c = s->dim[s->rank - 1], n = (int)shape_size(s), places = n / c;
    if (s->rank < 3 || c == 1 || places == 1)
        return NULL;
    int32_t *at = NEW_ARRAY(pool, int32_t, n);
    for (int i = 0; i < n; i++)
        at[i] = i % c * places + i / c;
    struct feature_order *order = NEW(pool, struct feature_order);
    *order = (struct feature_order){n, at};
    return order;
}

static const struct feature_order *order_of(
        const struct torch_orders *orders, const struct tensor *t)
{
    return t->layer >= 0 && t->shape.rank == 1 ? orders->value[t->layer] : NULL;
}

/* A Reshape with a Permute behind it says the order of its image outright. */
static bool is_explicit(const struct node *reshape)
{
    return reshape->out->user.n == 1 && reshape->out->user.at[0]->op == OP_PERMUTE;
}

/* An image made of features: they have to be in the order PyTorch would make that image of. */
static void check_to_image(struct finder *f, const struct node *n)
{
    const struct feature_order *have = order_of(f->orders, n->in.at[0]);
    if (!f->explicit_order[n->in.at[0]->layer] &&
            !same_order(have, image_order(f->g->pool, &n->out->shape)))
        f->problem(f->to, n, "makes an image of features, whose order PyTorch and Keras differ in",
                n->out->shape.rank == 3 ? behind_reshape : NULL);
}

/* An image made of another: pixels may be regrouped, but what becomes of channels depends on
 * whether they come first or last. */
static void check_regrouping(struct finder *f, const struct node *n)
{
    const struct shape *in = &n->in.at[0]->shape, *out = &n->out->shape;
    if (in->dim[in->rank - 1] != out->dim[out->rank - 1] && (in->rank > 2 || out->rank > 2) &&
            !f->explicit_order[n->in.at[0]->layer])
        f->problem(f->to, n, "divides channels anew, which PyTorch has first and Keras last",
                in->rank == 3 && out->rank == 3 ? around_reshape : NULL);
}

static bool is_signal(const struct shape *s)
{
    return s->rank == 2 && s->dim[0] > 1 && s->dim[1] > 1;
}

static bool convolves_signals(enum op op)
{
    return op == OP_CONV1D || op == OP_DEPTHWISE_CONV1D || op == OP_SEPARABLE_CONV1D ||
           op == OP_CONV1D_TRANSPOSE;
}

/* [length, channels], which PyTorch's convolutions have as [channels, length], and its transformers
 * as here: where a network has such a convolution, nothing tells which it is. */
static void check_signal(struct finder *f, const struct node *n)
{
    bool from = is_signal(&n->in.at[0]->shape), found = false;
    for (int k = 0; k < f->g->layer.n; k++)
        found = found || convolves_signals(f->g->layer.at[k]->op);
    if (!found || !(from || is_signal(&n->out->shape)) || is_explicit(n) ||
            f->explicit_order[n->in.at[0]->layer])
        return;
    f->problem(f->to, n, "regroups [length, channels], which PyTorch's convolutions have as "
            "[channels, length]", from
            ? "say the order outright: Permute with dims [2, 1] in front of it"
            : "say the order outright: Reshape to [channels, length], then Permute with dims [2, 1]");
}

static const struct feature_order *reshape_order(struct finder *f, const struct node *n)
{
    const struct tensor *in = n->in.at[0], *out = n->out;
    if (in->shape.rank == 1 && out->shape.rank == 1)
        return order_of(f->orders, in);
    if (in->shape.rank == 1 && !is_explicit(n))
        check_to_image(f, n);
    else if (out->shape.rank > 1 && !is_explicit(n))
        check_regrouping(f, n);
    if (out->shape.rank != 1 || f->explicit_order[in->layer])
        return NULL;
    return image_order(f->g->pool, &in->shape);
}

/* Features side by side: each input's order, shifted. */
static const struct feature_order *concat_order(struct finder *f, const struct node *n)
{
    bool ours = true;
    int at = 0;
    for (int i = 0; i < n->in.n; i++)
        ours = ours && !order_of(f->orders, n->in.at[i]);
    if (ours)
        return NULL;
    struct feature_order *all = NEW(f->g->pool, struct feature_order);
    int32_t *to = NEW_ARRAY(f->g->pool, int32_t, n->out->shape.dim[0]);
    for (int i = 0; i < n->in.n; i++) {
        const struct feature_order *part = order_of(f->orders, n->in.at[i]);
        int size = n->in.at[i]->shape.dim[0];
        for (int k = 0; k < size; k++)
            to[at + k] = at + (part ? part->at[k] : k);
        at += size;
    }
    *all = (struct feature_order){at, to};
    return all;
}

static const struct feature_order *elementwise_order(struct finder *f, const struct node *n)
{
    const struct feature_order *order = NULL;
    for (int i = 0; i < n->in.n; i++) {
        const struct tensor *in = n->in.at[i];
        if (in->shape.rank != 1 || shape_size(&in->shape) == 1)
            continue;
        const struct feature_order *other = order_of(f->orders, in);
        if (i > 0 && !same_order(order, other))
            f->problem(f->to, n,
                    "combines flattened features with others, which PyTorch orders otherwise",
                    before_flatten);
        order = i > 0 ? order : other;
    }
    return order;
}

/* The Dense whose features this value holds, through layers that only this value comes out of. */
static const struct node *dense_before(const struct tensor *t)
{
    while (t->user.n == 1 && t->maker->op != OP_DENSE) {
        const struct node *maker = t->maker;
        if (!elementwise[maker->op] || maker->in.n != 1)
            return NULL;
        t = maker->in.at[0];
    }
    return t->maker->op == OP_DENSE && t->user.n == 1 ? t->maker : NULL;
}

/* Dense in front of a Reshape to an image: its outputs are in the order of PyTorch's image. */
static void order_generators(struct finder *f)
{
    for (int i = 0; i < f->g->layer.n; i++) {
        const struct node *n = f->g->layer.at[i];
        if (!reshapes(n) || n->in.at[0]->shape.rank != 1 || n->out->shape.rank < 3 ||
                is_explicit(n))
            continue;
        const struct node *dense = dense_before(n->in.at[0]);
        if (dense && dense->out->layer >= 0 && dense->out->shape.rank == 1)
            f->orders->value[dense->out->layer] = image_order(f->g->pool, &n->out->shape);
    }
}

static bool takes_order(const struct finder *f, const struct node *n)
{
    for (int i = 0; i < n->in.n; i++)
        if (order_of(f->orders, n->in.at[i]))
            return true;
    return false;
}

/* One value's order, from its layer's inputs'. */
static void order_value(struct finder *f, const struct node *n)
{
    int k = n->out->layer;
    bool moves = n->op == OP_PERMUTE && n->out->shape.rank > 1;
    bool keeps = elementwise[n->op] || (n->op == OP_PERMUTE && !moves);
    if (n->in.n == 0 || n->out->shape.rank == 0)
        return;
    f->explicit_order[k] = moves ||
            ((reshapes(n) || keeps) && f->explicit_order[n->in.at[0]->layer]);
    if (reshapes(n)) {
        check_signal(f, n);
        f->orders->value[k] = reshape_order(f, n);
    } else if (n->out->shape.rank == 1 && keeps)
        f->orders->value[k] = elementwise_order(f, n);
    else if (n->out->shape.rank == 1 && n->op == OP_CONCATENATE)
        f->orders->value[k] = concat_order(f, n);
    else if (n->op != OP_DENSE && takes_order(f, n))
        f->problem(f->to, n, "takes flattened features, which PyTorch orders otherwise",
                before_flatten);
}

void torch_orders_find(struct graph *g, struct torch_orders *out,
        void (*problem)(void *to, const struct node *, const char *why, const char *help), void *to)
{
    struct finder f = {g, out, problem, to, NEW_ARRAY(g->pool, bool, g->layer.n)};
    out->pool = g->pool;
    out->value = NEW_ARRAY(g->pool, const struct feature_order *, g->layer.n);
    order_generators(&f);
    for (int i = 0; i < g->layer.n; i++)
        order_value(&f, g->layer.at[i]);
}

/* ---- one weight ----------------------------------------------------------------------------- */

static bool is_depthwise(const struct node *n, const struct weight *w)
{
    return !strcmp(w->name, "depthwise_kernel") ||
           ((n->op == OP_DEPTHWISE_CONV2D || n->op == OP_DEPTHWISE_CONV1D) && w->shape.rank > 1);
}

/* Keras [K, IC, mult] is PyTorch's [IC * mult, 1, K]. */
static void signal_depthwise_layout(const struct shape *keras, struct torch_layout *l)
{
    const int *d = keras->dim;
    l->shape = shape_of(3, (const int[]){d[1] * d[2], 1, d[0]});
    l->stride[0] = 1;
    l->stride[1] = (int64_t)d[0] * d[2];
    l->stride[2] = d[0];
}

/* Keras [KH, KW, IC, mult] is PyTorch's [IC * mult, 1, KH, KW]. */
static void depthwise_layout(const struct shape *keras, struct torch_layout *l)
{
    const int *d = keras->dim;
    int64_t taps = (int64_t)d[0] * d[1];
    if (keras->rank == 3) {
        signal_depthwise_layout(keras, l);
        return;
    }
    l->shape = shape_of(4, (const int[]){d[2] * d[3], 1, d[0], d[1]});
    l->stride[0] = d[1];
    l->stride[1] = 1;
    l->stride[2] = taps * d[3];
    l->stride[3] = taps;
}

/* PReLU's slopes: Keras [1, 1, C], PyTorch [C]. */
static void slopes_layout(const struct shape *keras, struct torch_layout *l)
{
    l->shape = shape_of(1, (const int[]){keras->dim[keras->rank - 1]});
    l->stride[keras->rank - 1] = 1;
}

static bool has_one_row(const struct shape *s)
{
    return shape_size(s) == s->dim[s->rank - 1];
}

static void permuted_layout(const struct weight *w, struct torch_layout *l)
{
    int64_t step = 1;
    l->shape.rank = w->shape.rank;
    for (int i = w->shape.rank - 1; i >= 0; i--) {
        int d = w->torch_order[i];
        l->shape.dim[i] = w->shape.dim[d];
        l->stride[d] = step;
        step *= w->shape.dim[d];
    }
}

/* Which features the weight's dimensions run through. */
static void feature_orders(const struct torch_orders *orders, const struct node *n,
        const struct weight *w, struct torch_layout *l)
{
    const struct feature_order *in = order_of(orders, n->in.at[0]);
    const struct feature_order *out = order_of(orders, n->out);
    if (n->op == OP_DENSE && w->shape.rank == 2) {
        l->order[0] = in;
        l->order[1] = out;
    } else if (w->shape.rank == 1) {
        const struct feature_order *order = n->op == OP_DENSE ? out : in;
        l->order[0] = order && order->n == w->shape.dim[0] ? order : NULL;
    }
}

struct torch_layout torch_layout(const struct torch_orders *orders, const struct node *n,
        const struct weight *w)
{
    struct torch_layout l = {.same = true};
    if (is_depthwise(n, w))
        depthwise_layout(&w->shape, &l);
    else if (n->op == OP_PRELU && w->shape.rank > 1 && has_one_row(&w->shape))
        slopes_layout(&w->shape, &l);
    else
        permuted_layout(w, &l);
    if (n->in.n > 0)
        feature_orders(orders, n, w, &l);
    int64_t step = 1;
    for (int d = w->shape.rank - 1; d >= 0; d--) {
        l.same = l.same && (l.stride[d] == step || w->shape.dim[d] == 1) && !l.order[d];
        step *= w->shape.dim[d];
    }
    return l;
}

static int64_t offset(const struct torch_layout *l, int d, int k)
{
    return l->stride[d] * (l->order[d] ? l->order[d]->at[k] : k);
}

void torch_to_keras(const struct torch_layout *l, const struct shape *keras, const float *from,
        float *to)
{
    int size[LIMIT_RANK] = {1, 1, 1, 1};
    memcpy(size, keras->dim, (size_t)keras->rank * sizeof size[0]);
    for (int a = 0; a < size[0]; a++)
        for (int b = 0; b < size[1]; b++)
            for (int c = 0; c < size[2]; c++) {
                const float *row = from + offset(l, 0, a) + offset(l, 1, b) + offset(l, 2, c);
                for (int d = 0; d < size[3]; d++)
                    *to++ = row[offset(l, 3, d)];
            }
}
