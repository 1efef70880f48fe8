#include "graph.h"

#include <stdlib.h>

#include "ops.h"

/* Where each node and tensor stands, for looking up by address. */
struct place { uintptr_t what; int index; };

static int compare_places(const void *a, const void *b)
{
    uintptr_t x = ((const struct place *)a)->what, y = ((const struct place *)b)->what;
    return (x > y) - (x < y);
}

struct places { struct place *at; int n; };

static int place_of(const struct places *p, const void *what)
{
    struct place key = {(uintptr_t)what, 0};
    const struct place *found = !p->n ? NULL
            : bsearch(&key, p->at, (size_t)p->n, sizeof key, compare_places);
    return found ? found->index : -1;
}

static void check_shape(const struct tensor *t)
{
    for (int i = 0; i < t->shape.rank; i++)
        if (t->shape.dim[i] < 1)
            bug("%s has an empty shape", t->name);
    if (t->shape.rank < 0 || t->shape.rank > LIMIT_RANK ||
            shape_size(&t->shape) > LIMIT_TENSOR_BYTES / (int64_t)sizeof(float))
        bug("%s has an impossible shape", t->name);
}

static void check_node(const struct graph *g, const struct node *n, int index,
        const struct places *p)
{
    const struct op_def *op = node_def(n);
    if (!n->name || !*n->name || !n->out || !n->attr)
        bug("node %d is not complete", index);
    if (n->out->maker != n || g->tensor.at[index] != n->out)
        bug("%s and its output don't agree", n->name);
    if (n->in.n < op->min_in || n->in.n > op->max_in)
        bug("%s has %d inputs", n->name, n->in.n);
    if (n->weights < 0 || n->weights > MAX_WEIGHTS)
        bug("%s has %d weights", n->name, n->weights);
    for (int i = 0; i < n->in.n; i++) {
        const struct tensor *t = n->in.at[i];
        int maker = place_of(p, t->maker);
        if (maker < 0 || maker >= index || t->maker->out != t)
            bug("%s uses %s, which is not made before it", n->name, t->name);
    }
}

static void check_tensor(const struct graph *g, const struct tensor *t, bool known)
{
    int as_output = 0;
    check_shape(t);
    if ((t->shape.rank > 0) != known)
        bug("%s: some shapes are known and others not", t->name);
    for (int i = 0; i < g->output.n; i++)
        as_output += g->output.at[i] == t;
    if (as_output != t->is_output)
        bug("%s is an output and is not", t->name);
}

/* "node uses tensor" */
struct edge { uintptr_t node, tensor; };

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    int by_node = (x->node > y->node) - (x->node < y->node);
    return by_node ? by_node : (x->tensor > y->tensor) - (x->tensor < y->tensor);
}

/* What the nodes say that they use is what the tensors say who uses them. */
static void check_uses(const struct graph *g, struct pool *pool)
{
    int n = 0, m = 0, i = 0;
    for (int k = 0; k < g->node.n; k++)
        n += g->node.at[k]->in.n, m += g->tensor.at[k]->user.n;
    if (n != m)
        bug("%s: %d inputs are used %d times", g->name, n, m);
    struct edge *in = NEW_ARRAY(pool, struct edge, n + 1),
                *user = NEW_ARRAY(pool, struct edge, n + 1);
    for (int k = 0; k < g->node.n; k++)
        for (int j = 0; j < g->node.at[k]->in.n; j++)
            in[i++] = (struct edge){(uintptr_t)g->node.at[k], (uintptr_t)g->node.at[k]->in.at[j]};
    for (int k = i = 0; k < g->tensor.n; k++)
        for (int j = 0; j < g->tensor.at[k]->user.n; j++)
            user[i++] = (struct edge){(uintptr_t)g->tensor.at[k]->user.at[j],
                    (uintptr_t)g->tensor.at[k]};
    qsort(in, (size_t)n, sizeof *in, compare_edges);
    qsort(user, (size_t)n, sizeof *user, compare_edges);
    for (int k = 0; k < n; k++)
        if (compare_edges(&in[k], &user[k]))
            bug("%s: a node uses a tensor that does not know, or the reverse", g->name);
}

static void check_ends(const struct graph *g, const struct places *p)
{
    int inputs = 0;
    for (int i = 0; i < g->node.n; i++)
        inputs += g->node.at[i]->op == OP_INPUT;
    if (inputs != g->input.n || !inputs || !g->output.n)
        bug("%s has no input or no output", g->name);
    for (int i = 0; i < g->input.n; i++)
        if (place_of(p, g->input.at[i]->maker) < 0 || g->input.at[i]->maker->op != OP_INPUT)
            bug("%s is not an input", g->input.at[i]->name);
    for (int i = 0; i < g->output.n; i++)
        if (place_of(p, g->output.at[i]->maker) < 0)
            bug("%s is an output that nothing makes", g->output.at[i]->name);
}

void graph_check(const struct graph *g)
{
    struct pool *pool = pool_new();
    struct places p = {NEW_ARRAY(pool, struct place, g->node.n + 1), g->node.n};
    for (int i = 0; i < g->node.n; i++)
        p.at[i] = (struct place){(uintptr_t)g->node.at[i], i};
    qsort(p.at, (size_t)p.n, sizeof *p.at, compare_places);
    if (g->tensor.n != g->node.n)
        bug("%s: %d nodes make %d tensors", g->name, g->node.n, g->tensor.n);
    for (int i = 0; i < g->node.n; i++)
        check_node(g, g->node.at[i], i, &p);
    for (int i = 0; i < g->tensor.n; i++)
        check_tensor(g, g->tensor.at[i], g->tensor.at[0]->shape.rank > 0);
    check_uses(g, pool);
    check_ends(g, &p);
    pool_free(pool);
}
