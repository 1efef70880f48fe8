#include "group.h"

#include "kernel.h"
#include "select.h"

static bool some_kernel(const struct group *g)
{
    for (int i = 0; i < KERNEL_COUNT; i++)
        if (kernel_takes(kernels[i], g))
            return true;
    return false;
}

/* Each try_... extends g by n when n is of its kind and in its place, and some kernel takes the
 * whole. */
static bool try_add(struct pool *pool, struct group *g, struct node *n)
{
    const struct binary *b = n->attr;
    if (node_family(n) != FAMILY_BINARY || b->kind != BIN_ADD || n->in.n != 2 || g->add || g->act ||
            g->affine)
        return false;
    struct tensor *other = n->in.at[n->in.at[0] == g->out];
    if (other == g->out || other->type != DTYPE_FLOAT32 ||
            !shape_equal(&other->shape, &g->out->shape))
        return false;
    g->add = n;
    vec_push(pool, &g->in, other);
    if (some_kernel(g))
        return true;
    g->add = NULL;
    g->in.n--;
    return false;
}

static int channels(const struct tensor *t) { return t->shape.dim[t->shape.rank - 1]; }

/* Convolutions to few channels apply the function to vectors that are mostly empty, but for those
 * from few channels, which have pixels in their vectors. One that takes long is then better done to
 * the whole tensor: 16 to 1 and a sigmoid took 2.2 times as long in one. */
static bool wants_full_vectors(const struct group *g, const struct activation *a)
{
    enum { FEW = 4 };
    enum family family = node_family(g->main);
    return (family == FAMILY_CONV2D || family == FAMILY_CONV2D_TRANSPOSE) &&
            act_defs[a->kind].is_long &&
           channels(g->out) <= FEW && channels(g->in.at[0]) > FEW;
}

static bool try_act(struct pool *pool, struct group *g, struct node *n)
{
    (void)pool;
    if (node_family(n) != FAMILY_ACTIVATION || g->act || g->affine || wants_full_vectors(g, n->act))
        return false;
    g->act = n;
    if (!some_kernel(g))
        g->act = NULL;
    return g->act != NULL;
}

static bool try_affine(struct pool *pool, struct group *g, struct node *n)
{
    (void)pool;
    if (node_family(n) != FAMILY_AFFINE || g->affine)
        return false;
    g->affine = n;
    if (!some_kernel(g))
        g->affine = NULL;
    return g->affine != NULL;
}

/* Last of all, and only where the tensor between costs more to store than what its loss costs. */
static bool try_pool(struct group *g, struct node *n, int64_t batch, unsigned set)
{
    const struct pool2d *a = n->attr;
    if (node_family(n) != FAMILY_POOL2D || !a->is_max || a->is_global)
        return false;
    struct group whole = *g;
    whole.pool = n;
    whole.out = n->out;
    if (!some_kernel(&whole) || !select_pooled(&whole, batch, set))
        return false;
    g->pool = n;
    return true;
}

typedef bool try_fn(struct pool *, struct group *, struct node *);
static try_fn *const tries[] = {try_add, try_act, try_affine};

/* All other inputs of n exist before the group runs: their makers come before its main node. */
static bool inputs_ready(const struct graph *graph, const struct group *g, const struct node *n,
        int main_at)
{
    for (int k = main_at + 1; k < graph->node.n; k++)
        for (int i = 0; i < n->in.n; i++)
            if (n->in.at[i] != g->out && n->in.at[i]->maker == graph->node.at[k])
                return false;
    return true;
}

static void grow(struct pool *pool, const struct graph *graph, unsigned set, struct group *g,
        int main_at, bool *taken)
{
    for (bool grown = true; grown && !g->pool;) {
        struct node *n = tensor_sole_user(g->out);
        grown = false;
        if (!n || !inputs_ready(graph, g, n, main_at))
            return;
        for (int i = 0; i < (int)(sizeof tries / sizeof tries[0]) && !grown; i++)
            grown = tries[i](pool, g, n);
        grown = grown || try_pool(g, n, graph->batch, set);
        if (!grown)
            return;
        g->out = n->out;
        for (int k = 0; k < graph->node.n; k++)
            taken[k] |= graph->node.at[k] == n;
    }
}

static double param_bytes(const struct graph *graph)
{
    int64_t floats = 0;
    for (int i = 0; i < graph->node.n; i++)
        for (int k = 0; k < graph->node.at[i]->weights; k++)
            floats += shape_size(&graph->node.at[i]->weight[k].shape);
    return 4.0 * (double)floats;
}

static struct group *group_new(struct pool *pool, struct node *main, enum math_mode math, double bytes)
{
    struct group *g = NEW(pool, struct group);
    g->math = math;
    g->param_bytes = bytes;
    g->main = main;
    g->out = main->out;
    for (int i = 0; i < main->in.n; i++)
        vec_push(pool, &g->in, main->in.at[i]);
    return g;
}

struct groups group_nodes(struct pool *pool, const struct graph *graph, enum math_mode math,
        unsigned set)
{
    struct groups groups = {0};
    bool *taken = NEW_ARRAY(pool, bool, graph->node.n + 1);
    double bytes = param_bytes(graph);
    for (int i = 0; i < graph->node.n; i++) {
        struct node *n = graph->node.at[i];
        if (taken[i] || node_family(n) == FAMILY_INPUT)
            continue;
        struct group *g = group_new(pool, n, math, bytes);
        grow(pool, graph, set, g, i, taken);
        vec_push(pool, &groups.list, g);
    }
    return groups;
}

const char *group_text(struct pool *pool, const struct group *g)
{
    const char *text = node_def(g->main)->stem;
    if (node_family(g->main) == FAMILY_ACTIVATION && g->main->act)
        text = act_text(pool, g->main->act);
    if (g->add)
        text = pool_printf(pool, "%s + add", text);
    if (g->act)
        text = pool_printf(pool, "%s + %s", text, act_text(pool, g->act->act));
    if (g->affine)
        text = pool_printf(pool, "%s + scale and shift", text);
    if (g->pool)
        text = pool_printf(pool, "%s + max pooling", text);
    return text;
}

static const char *tensor_text(struct pool *pool, const struct tensor *t)
{
    return pool_printf(pool, "%s%s", shape_text(pool, &t->shape),
            t->type == DTYPE_UINT8 ? " uint8" : "");
}

const char *group_signature(struct pool *pool, const struct group *g, int64_t batch)
{
    const struct node *const behind[] = {g->add, g->act, g->affine, g->pool};
    const char *text = node_text(pool, g->main);
    for (int i = 0; i < (int)(sizeof behind / sizeof behind[0]); i++)
        if (behind[i])
            text = pool_printf(pool, "%s + %s", text, node_text(pool, behind[i]));
    for (int i = 0; i < g->in.n; i++)
        text = pool_printf(pool, "%s%s %s", text, i ? "," : ":", tensor_text(pool, g->in.at[i]));
    text = pool_printf(pool, "%s -> %s", text, tensor_text(pool, g->out));
    return pool_printf(pool, "%s, batch %lld%s", text, (long long)batch,
            g->math == MATH_STRICT ? ", strict" : "");
}

int64_t group_macs(const struct group *g)
{
    const struct op_def *def = node_def(g->main);
    return def->macs ? def->macs(g->main) : 0;
}
