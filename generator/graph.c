#include "graph.h"

#include <string.h>

#include "attr.h"
#include "ops.h"
#include "out.h"

/* ---- changing a graph ------------------------------------------------------------------------ */

static int node_index(const struct graph *g, const struct node *n)
{
    for (int i = g->node.n; i-- > 0;)
        if (g->node.at[i] == n)
            return i;
    return -1;
}

/* Brings graph.tensor into the order of the nodes. */
static void order_tensors(struct graph *g)
{
    g->tensor.n = 0;
    for (int i = 0; i < g->node.n; i++)
        if (g->node.at[i]->out)
            vec_push(g->pool, &g->tensor, g->node.at[i]->out);
}

/* Moves node i to where it becomes node k. */
static void move_node(struct graph *g, int i, int k)
{
    struct node *n = g->node.at[i], **at = g->node.at;
    if (i < k)
        memmove(&at[i], &at[i + 1], (size_t)(k - i) * sizeof *at);
    else
        memmove(&at[k + 1], &at[k], (size_t)(i - k) * sizeof *at);
    at[k] = n;
}

struct node *graph_node(struct graph *g, enum op op, const char *name, const struct node *origin)
{
    struct node *n = NEW(g->pool, struct node);
    *n = (struct node){.op = op,
            .name = name,
            .attr = pool_alloc(g->pool, op_defs[op]->attr_bytes + 1)};
    vec_push(g->pool, &g->node, n);
    if (!origin)
        return n;
    n->layer = origin->layer;
    n->at = origin->at;
    int before = node_index(g, origin);
    if (before >= 0)
        move_node(g, g->node.n - 1, before);
    return n;
}

struct tensor *graph_tensor(struct graph *g, struct node *maker, struct shape shape,
        enum dtype type)
{
    struct tensor *t = NEW(g->pool, struct tensor);
    if (maker->out)
        bug("%s has an output", maker->name);
    *t = (struct tensor){.name = maker->name,
            .shape = shape,
            .type = type,
            .maker = maker,
            .layer = -1};
    maker->out = t;
    if (g->node.n && g->node.at[g->node.n - 1] == maker)
        vec_push(g->pool, &g->tensor, t);
    else
        order_tensors(g);
    return t;
}

void node_input(struct graph *g, struct node *n, struct tensor *t)
{
    vec_push(g->pool, &n->in, t);
    vec_push(g->pool, &t->user, n);
    int i = node_index(g, n), maker = node_index(g, t->maker);
    if (i >= 0 && i < maker) {
        move_node(g, i, maker);
        order_tensors(g);
    }
}

void tensor_replace(struct graph *g, struct tensor *old, struct tensor *by)
{
    int kept = 0;
    for (int i = 0; i < old->user.n; i++) {
        struct node *n = old->user.at[i];
        if (n == by->maker) {
            old->user.at[kept++] = n;
            continue;
        }
        for (int k = 0; k < n->in.n; k++)
            if (n->in.at[k] == old)
                n->in.at[k] = by;
        vec_push(g->pool, &by->user, n);
    }
    old->user.n = kept;
    for (int i = 0; i < g->output.n; i++)
        if (g->output.at[i] == old) {
            g->output.at[i] = by;
            by->is_output = true;
            old->is_output = false;
        }
}

struct node *tensor_sole_user(const struct tensor *t)
{
    return t->user.n == 1 && !t->is_output ? t->user.at[0] : NULL;
}

static void drop_user(struct tensor *t, const struct node *n)
{
    int kept = 0;
    for (int i = 0; i < t->user.n; i++)
        if (t->user.at[i] != n)
            t->user.at[kept++] = t->user.at[i];
    t->user.n = kept;
}

void node_remove(struct graph *g, struct node *n)
{
    int i = node_index(g, n);
    if (i < 0 || (n->out && (n->out->user.n || n->out->is_output)))
        bug("%s can't be removed", n->name);
    for (int k = 0; k < n->in.n; k++)
        drop_user(n->in.at[k], n);
    move_node(g, i, g->node.n - 1);
    g->node.n--;
    order_tensors(g);
}

struct node *node_put_behind(struct graph *g, struct node *n, enum op op, const char *name)
{
    struct tensor *from = n->out;
    struct node *behind = graph_node(g, op, name, n);
    struct tensor *to = graph_tensor(g, behind, from->shape, DTYPE_FLOAT32);
    to->layer = from->layer;
    tensor_replace(g, from, to);
    node_input(g, behind, from);
    return behind;
}

void node_bypass(struct graph *g, struct node *n)
{
    struct tensor *in = n->in.at[0];
    if (in->layer < 0)
        in->layer = n->out->layer;
    tensor_replace(g, n->out, in);
    node_remove(g, n);
}

struct span node_attr_at(const struct node *n, const char *key)
{
    const struct value *map = n->layer ? n->layer->map : NULL;
    const struct entry *e = map ? value_find(map, key) : NULL;
    return e ? e->val->at : n->at;
}

/* ---- printing -------------------------------------------------------------------------------- */

static const char *append_arg(struct pool *pool, const char *text, const char *key,
        const char *value)
{
    return pool_printf(pool, "%s%s%s=%s", text, *text ? ", " : "", key, value);
}

/* "filters=256, kernel_size=3x3": what is not the default. */
static const char *args_text(struct pool *pool, const struct node *n)
{
    const struct op_def *op = node_def(n);
    const char *text = "";
    struct attr_base plain;
    attr_fallback(pool, op, &plain);
    if (n->op == OP_ACTIVATION && n->act)
        return append_arg(pool, text, "activation", act_text(pool, n->act));
    for (const struct attr_def *a = op->attrs; a && a->key && n->attr; a++) {
        const char *value = a->offset == ATTR_TO_NODE ? NULL : attr_text(pool, a, n->attr, NULL);
        const char *usual = !a->fallback ? NULL : attr_text(pool, a, plain.attr, NULL);
        if (value && (!usual || strcmp(value, usual)))
            text = append_arg(pool, text, a->key, value);
    }
    if (n->act && node_family(n) != FAMILY_ACTIVATION) /* else it says the same as the attributes */
        text = append_arg(pool, text, "activation", act_text(pool, n->act));
    return text;
}

const char *node_text(struct pool *pool, const struct node *n)
{
    const char *args = args_text(pool, n);
    const char *type = node_def(n)->type ? node_def(n)->type : node_def(n)->stem;
    return pool_printf(pool, *args ? "%s(%s)" : "%s%s", type, args);
}

static const char *edge_text(struct pool *pool, const struct node *n)
{
    const char *text = "";
    for (int i = 0; i < n->in.n; i++)
        text = pool_printf(pool, "%s%s%s", text, i ? ", " : "", n->in.at[i]->name);
    return pool_printf(pool, "%s%s-> %s%s%s", text, *text ? " " : "",
            n->out->shape.rank ? shape_text(pool, &n->out->shape) : "?",
            n->out->type == DTYPE_UINT8 ? " uint8" : "", n->out->is_output ? " (output)" : "");
}

/* conv2d  Conv2D(filters=256, kernel_size=3x3, activation=relu)  input -> [26, 26, 256] */
void graph_print(const struct graph *g, struct out *out)
{
    enum { WIDEST = 90 };
    struct pool *pool = pool_new();
    int name_width = 0, text_width = 0;
    const char **text = NEW_ARRAY(pool, const char *, g->node.n + 1);
    for (int i = 0; i < g->node.n; i++) {
        int name = (int)strlen(g->node.at[i]->name);
        text[i] = node_text(pool, g->node.at[i]);
        int width = (int)strlen(text[i]);
        name_width = name > name_width ? name : name_width;
        text_width = width > text_width && width <= WIDEST ? width : text_width;
    }
    for (int i = 0; i < g->node.n; i++)
        out_printf(out, "%-*s  %-*s  %s\n", name_width, g->node.at[i]->name, text_width, text[i],
                edge_text(pool, g->node.at[i]));
    pool_free(pool);
}
