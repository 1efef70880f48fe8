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

/* ---- bands of rows --------------------------------------------------------------------------- */

static bool reads_only(const struct group *g, const struct group *before)
{
    return tensor_sole_user(before->out) == g->main && g->in.at[0] == before->out;
}

/* The n groups as stages of one. */
static struct group *join(struct pool *pool, struct group *const *at, int n)
{
    struct group *g = NEW(pool, struct group);
    *g = *at[n - 1];
    g->in.at = NULL;
    g->in.n = g->in.cap = 0;
    vec_push(pool, &g->in, at[0]->in.at[0]);
    for (int i = 1; i < at[n - 1]->in.n; i++)
        vec_push(pool, &g->in, at[n - 1]->in.at[i]);
    for (int i = 0; i < n; i++)
        vec_push(pool, &g->stage, at[i]);
    return g;
}

/* The most of the groups that one step had better do, as far as some kernel takes them; NULL: none. */
static struct group *try_stages(struct pool *pool, struct group *const *at, int n, int64_t batch,
        unsigned set)
{
    enum { MOST = 3 };
    int run = 1;
    while (at[0]->in.n && run < n && run < MOST && reads_only(at[run], at[run - 1]))
        run++;
    for (; run > 1; run--) {
        struct group *g = join(pool, at, run);
        if (some_kernel(g) && select_staged(g, batch, set))
            return g;
    }
    return NULL;
}

/* Where what lies between neighbours would leave the cache, they become one. */
static struct groups join_stages(struct pool *pool, const struct groups *apart, int64_t batch,
        unsigned set)
{
    struct groups groups = {0};
    for (int i = 0; i < apart->list.n;) {
        struct group *g = try_stages(pool, &apart->list.at[i], apart->list.n - i, batch, set);
        i += g ? g->stage.n : 1;
        vec_push(pool, &groups.list, g ? g : apart->list.at[i - 1]);
    }
    return groups;
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
    return join_stages(pool, &groups, graph->batch, set);
}

/* ---- words ----------------------------------------------------------------------------------- */

static const char *own_text(struct pool *pool, const struct group *g)
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

const char *group_text(struct pool *pool, const struct group *g)
{
    const char *text = g->stage.n ? group_text(pool, g->stage.at[0]) : own_text(pool, g);
    for (int i = 1; i < g->stage.n; i++)
        text = pool_printf(pool, "%s, %s", text, group_text(pool, g->stage.at[i]));
    return text;
}

static const char *tensor_text(struct pool *pool, const struct tensor *t)
{
    return pool_printf(pool, "%s%s", shape_text(pool, &t->shape),
            t->type == DTYPE_UINT8 ? " uint8" : "");
}

/* The nodes with their arguments. */
static const char *nodes_text(struct pool *pool, const struct group *g)
{
    const struct node *const behind[] = {g->add, g->act, g->affine, g->pool};
    const char *text = node_text(pool, g->main);
    for (int i = 0; i < (int)(sizeof behind / sizeof behind[0]); i++)
        if (behind[i])
            text = pool_printf(pool, "%s + %s", text, node_text(pool, behind[i]));
    return text;
}

const char *group_signature(struct pool *pool, const struct group *g, int64_t batch)
{
    const char *text = nodes_text(pool, g->stage.n ? g->stage.at[0] : g);
    for (int i = 1; i < g->stage.n; i++)
        text = pool_printf(pool, "%s; %s", text, nodes_text(pool, g->stage.at[i]));
    for (int i = 0; i < g->in.n; i++)
        text = pool_printf(pool, "%s%s %s", text, i ? "," : ":", tensor_text(pool, g->in.at[i]));
    text = pool_printf(pool, "%s -> %s", text, tensor_text(pool, g->out));
    return pool_printf(pool, "%s, batch %lld%s", text, (long long)batch,
            g->math == MATH_STRICT ? ", strict" : "");
}

int64_t group_macs(const struct group *g)
{
    const struct op_def *def = node_def(g->main);
    int64_t macs = g->stage.n == 0 && def->macs ? def->macs(g->main) : 0;
    for (int i = 0; i < g->stage.n; i++)
        macs += group_macs(g->stage.at[i]);
    return macs;
}
