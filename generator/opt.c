#include "opt.h"

#include "opt_pass.h"
#include "ops.h"

/* ---- a copy to work on ----------------------------------------------------------------------- */

static int index_of(struct tensor *const *list, int n, const struct tensor *t)
{
    for (int i = 0; i < n; i++)
        if (list[i] == t)
            return i;
    bug("tensor '%s' is not in the graph", t->name);
}

/* New nodes and tensors for graph->node and graph->tensor; those of graph->layer are left alone. */
static void clone(struct graph *g)
{
    int tensors = g->tensor.n;
    struct tensor **old = pool_dup(g->pool, g->tensor.at, (size_t)tensors * sizeof *old);
    for (int i = 0; i < tensors; i++) {
        struct tensor *t = pool_dup(g->pool, old[i], sizeof *t);
        t->user.at = NULL;
        t->user.n = t->user.cap = 0;
        g->tensor.at[i] = t;
    }
    for (int i = 0; i < g->node.n; i++) {
        const struct node *from = g->node.at[i];
        struct node *n = pool_dup(g->pool, from, sizeof *n);
        n->attr = pool_dup(g->pool, from->attr, node_def(from)->attr_bytes);
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

/* ---- order ----------------------------------------------------------------------------------- */

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

/* Passes append nodes at the end: back to topological order, and tensors in the order of their
 * makers. */
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

/* ---- the passes ------------------------------------------------------------------------------ */

static pass_fn *const passes[] = {
    opt_split_activation,
    opt_lower,
    opt_drop_unused_constant,
    opt_drop_identity,
    opt_lift_over_reshape,
    opt_merge_reshapes,
    opt_read_inputs,
    opt_merge_padding,
    opt_merge_affines,
    opt_fold_behind,
    opt_fold_before,
    opt_dense_to_convolution,
};

static void run_pass(struct graph *g, pass_fn *run)
{
    int n = g->node.n;
    struct node **list = pool_dup(g->pool, g->node.at, (size_t)n * sizeof *list);
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
        run_pass(g, passes[i]);
}
