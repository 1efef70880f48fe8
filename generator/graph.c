#include "graph.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "ops/families.h"
#include "out.h"
#include "shape.h"

/* ---- layers and their names ------------------------------------------------------------------ */

/* A layer on its way to a node. */
struct item {
    const char *name;
    struct span name_at;
    struct node *node;       /* NULL: its type is unknown */
    const struct spec_layer *layer;
    int index;               /* in build.item */
    bool implied;            /* the Input that the first layer's input_shape stands for */
    struct item *next;       /* in its bucket of names */
};

enum { BUCKETS = 4096 };

struct build {
    struct pool *pool;
    const struct spec *spec;
    struct diag *diag;
    struct graph *graph;
    struct attr_reader reader;
    VEC(struct item *) item;           /* layers, and the Input that the first of them may imply */
    struct item *bucket[BUCKETS];      /* by c_hash(name) */
    VEC(struct stem *) stem;           /* counters of default names */
    bool edges_unsure;                 /* unknown layers or inputs: who uses what is not known */
};

struct stem { const char *text; int used; };

static const char *quote(struct build *b, const char *text)
{
    return diag_quote(b->diag, text, strlen(text));
}

/* A layer's name in C: what is no letter or digit becomes '_'. */
static char c_char(char c) { return isalnum((unsigned char)c) ? c : '_'; }

static unsigned c_hash(const char *name)
{
    unsigned h = 5381;
    for (; *name; name++)
        h = h * 33 + (unsigned char)c_char(*name);
    return h % BUCKETS;
}

static bool c_equal(const char *a, const char *b)
{
    while (*a && c_char(*a) == c_char(*b))
        a++, b++;
    return !*a && !*b;
}

static struct item *find_item(const struct build *b, const char *name)
{
    struct item *i = b->bucket[c_hash(name)];
    while (i && strcmp(i->name, name))
        i = i->next;
    return i;
}

/* "conv2d", "conv2d_1" ... */
static const char *default_name(struct build *b, const char *text)
{
    int i = 0;
    while (i < b->stem.n && strcmp(b->stem.at[i]->text, text))
        i++;
    if (i == b->stem.n) {
        struct stem *s = NEW(b->pool, struct stem);
        s->text = text;
        vec_push(b->pool, &b->stem, s);
    }
    int n = b->stem.at[i]->used++;
    return n ? pool_printf(b->pool, "%s_%d", text, n) : text;
}

static const struct value *layer_value(const struct spec_layer *layer, const char *key)
{
    const struct entry *e = layer->map ? value_find(layer->map, key) : NULL;
    return e ? e->val : NULL;
}

/* The name that the layer was given; NULL: none, or not one that can be used. */
static const char *given_name(struct build *b, const struct value *v)
{
    const char *why;
    if (!v)
        return NULL;
    if (!value_is_string(v)) {
        diag_error(b->diag, DIAG_WRONG_TYPE, v->at, "'name' is a string, not %s",
                value_kind_name(v));
        if (v->kind == VALUE_SCALAR && v->len && layer_name_ok(v->text, &why))
            diag_help(b->diag, "to use it as a name, put it in quotes: \"%s\"", v->text);
        return NULL;
    }
    if (!layer_name_ok(v->text, &why))
        diag_error(b->diag, DIAG_BAD_NAME, v->at, "'%s' can't be the name of a layer: %s",
                quote(b, v->text), why);
    return v->text;
}

static void check_unique(struct build *b, const struct item *i)
{
    const struct item *first = b->bucket[c_hash(i->name)];
    while (first && !c_equal(first->name, i->name))
        first = first->next;
    if (!first)
        return;
    if (!strcmp(first->name, i->name))
        diag_error(b->diag, DIAG_DUPLICATE_NAME, i->name_at, "two layers are called '%s'",
                quote(b, i->name));
    else
        diag_error(b->diag, DIAG_DUPLICATE_NAME, i->name_at,
                "the names '%s' and '%s' are the same in C", quote(b, i->name),
                quote(b, first->name));
    diag_note(b->diag, first->name_at,
            first->implied ? "this 'input_shape' makes an Input of that name"
                           : "the first is here");
    if (!layer_value(i->layer, "name"))
        diag_help(b->diag, "this one got its name by default: give it another");
}

static struct item *add_item(struct build *b, const struct spec_layer *layer, const char *name,
        struct span name_at)
{
    struct item *i = NEW(b->pool, struct item);
    *i = (struct item){.name = name, .name_at = name_at, .layer = layer, .index = b->item.n};
    check_unique(b, i);
    i->next = b->bucket[c_hash(name)];
    b->bucket[c_hash(name)] = i;
    vec_push(b->pool, &b->item, i);
    return i;
}

static struct node *new_node(struct build *b, const struct item *i, enum op op)
{
    struct node *n = graph_node(b->graph, op, i->name, NULL);
    n->layer = i->layer;
    n->at = i->layer->type_at;
    return n;
}

/* The form of an input_shape behind the first layer: a claim, which shape_infer checks. */
static void check_claim(struct build *b, const struct spec_layer *layer)
{
    const struct value *v = layer->index ? layer_value(layer, "input_shape") : NULL;
    struct shape claimed;
    if (v)
        attr_parse(b->pool, &attr_input_shape, v, &claimed, NULL, b->diag);
}

static void add_layer(struct build *b, const struct spec_layer *layer)
{
    enum op op;
    const struct value *v = layer_value(layer, "name");
    const char *name = given_name(b, v);
    bool known = op_find(layer->type, &op);
    if (!name)
        name = default_name(b, known ? op_defs[op]->stem : attr_snake_case(b->pool, layer->type));
    struct item *i = add_item(b, layer, name, v ? v->at : layer->type_at);
    b->edges_unsure = b->edges_unsure || !known;
    if (known) {
        i->node = new_node(b, i, op);
        attr_read(&b->reader, i->node);
        if (op != OP_INPUT)
            check_claim(b, layer);
    } else {
        attr_report_type(b->pool, layer->type, layer->type_at, b->diag);
    }
}

/* ---- the Input that the first layer's input_shape stands for -------------------------------- */

static void add_implicit_input(struct build *b, const struct spec_layer *first,
        const struct value *shape)
{
    struct item *i = add_item(b, first, default_name(b, op_defs[OP_INPUT]->stem), shape->at);
    struct attr_base base;
    struct shape given;
    i->implied = true;
    i->node = new_node(b, i, OP_INPUT);
    attr_fallback(b->pool, op_defs[OP_INPUT], &base);
    if (attr_parse(b->pool, &attr_input_shape, shape, &given, NULL, b->diag)) {
        i->node->attr = base.attr;
        ((struct input *)base.attr)->shape = given;
    }
}

static void start_with_input(struct build *b)
{
    const struct spec_layer *first = &b->spec->layer.at[0];
    const struct value *shape = layer_value(first, "input_shape");
    enum op op;
    if (!op_find(first->type, &op)) {
        b->edges_unsure = true;  /* "Inptu" is reported as such */
    } else if (op != OP_INPUT && shape && !value_is_null(shape)) {
        add_implicit_input(b, first, shape);
    } else if (op != OP_INPUT) {
        diag_error(b->diag, DIAG_NO_LAYERS, first->type_at,
                "the first layer has nothing to work on: no Input and no 'input_shape'");
        diag_help(b->diag,
                "put '- {type: Input, shape: [height, width, channels]}' in front of it");
        b->edges_unsure = true;
    }
}

/* ---- edges ----------------------------------------------------------------------------------- */

/* Of the first `before` layers; NULL: none is near, or nobody will see it. */
static const char *nearest_name(struct build *b, const char *text, int before)
{
    if (diag_errors(b->diag) > MAX_ERRORS)
        return NULL;
    const char **known = NEW_ARRAY(b->pool, const char *, before + 1);
    for (int k = 0; k < before; k++)
        known[k] = b->item.at[k]->name;
    return closest(text, known, before);
}

static void report_no_layer(struct build *b, const struct value *v, int before)
{
    diag_error(b->diag, DIAG_UNKNOWN_INPUT, v->at, "no layer is called '%s'", quote(b, v->text));
    if (!strcmp(value_kind_name(v), "an integer"))
        diag_help(b->diag, "inputs are names of layers, not positions");
    const char *near = nearest_name(b, v->text, before);
    if (near)
        diag_help(b->diag, "did you mean '%s'?", quote(b, near));
}

/* The layer that v names, one of the first `before`. NULL after errors. */
static struct item *resolve(struct build *b, const char *key, const struct value *v, int before)
{
    struct item *found;
    if (v->kind != VALUE_SCALAR || value_is_null(v)) {
        diag_error(b->diag, DIAG_WRONG_TYPE, v->at,
                "'%s' is the name of a layer or a list of names, not %s", key,
                v->kind == VALUE_LIST ? "a list in a list" : value_kind_name(v));
        return NULL;
    }
    found = find_item(b, v->text);
    if (!found)
        report_no_layer(b, v, before);
    else if (found->index == before)
        diag_error(b->diag, DIAG_FORWARD_INPUT, v->at, "layer '%s' can't be its own input",
                quote(b, v->text));
    else if (found->index > before) {
        diag_error(b->diag, DIAG_FORWARD_INPUT, v->at,
                "layer '%s' comes later than the layer that uses it", quote(b, v->text));
        diag_note(b->diag, found->name_at, "'%s' is here", quote(b, v->text));
    }
    return found && found->index < before ? found : NULL;
}

static void add_use(struct graph *g, struct node *n, struct tensor *t)
{
    vec_push(g->pool, &n->in, t);
    vec_push(g->pool, &t->user, n);
}

static void use(struct build *b, const struct item *i, const struct item *from)
{
    if (from && from->node && i->node)
        add_use(b->graph, i->node, from->node->out);
    else if (i->node)
        i->node->attr = NULL;  /* its shape can't be known */
    b->edges_unsure = b->edges_unsure || !from || !from->node;
}

static void report_input_count(struct build *b, const struct item *i, const struct value *v, int n)
{
    const struct op_def *op = node_def(i->node);
    const char *title = node_title(b->graph, i->node);
    struct span at = v ? v->at : i->node->at;
    int need = n < op->min_in ? op->min_in : op->max_in < LIMIT_INPUTS ? op->max_in : LIMIT_INPUTS;
    const char *bound = op->min_in == op->max_in ? "" : n < op->min_in ? "at least " : "at most ";
    if (op->max_in == 0)
        diag_error(b->diag, DIAG_INPUT_COUNT, at, "layer %s takes no inputs", title);
    else
        diag_error(b->diag, DIAG_INPUT_COUNT, at, "layer %s takes %s%d input%s, not %d", title,
                bound, need, need == 1 ? "" : "s", n);
    if (!v)
        diag_help(b->diag,
                "name them: 'inputs: [a, b]'; without 'inputs' it is the layer before alone");
    else if (n > 1 && op->max_in == 1)
        diag_help(b->diag, "a layer in front (Add, Concatenate ...) makes one of several");
}

/* By default the layer before; none for an Input. */
static void connect(struct build *b, struct item *i)
{
    const struct value *v = i->implied ? NULL : layer_value(i->layer, "inputs");
    bool is_input = i->node && i->node->op == OP_INPUT, is_list = v && v->kind == VALUE_LIST;
    if (v && value_is_null(v))
        v = NULL;
    int n = is_list ? v->item.n : v ? 1 : i->index > 0 && !is_input;
    bool few = i->node && n < node_def(i->node)->min_in;
    bool many = i->node && (n > node_def(i->node)->max_in || n > LIMIT_INPUTS);
    int errors = diag_errors(b->diag);
    for (int k = 0; k < n && !many; k++)
        use(b, i, !v ? b->item.at[i->index - 1]
                     : resolve(b, "inputs", is_list ? v->item.at[k] : v, i->index));
    bool is_first = !v && i->index == 0;  /* and has no Input, which was reported */
    if ((few || many) && !is_first && diag_errors(b->diag) == errors)
        report_input_count(b, i, v, n);
    if (few || many) {
        i->node->attr = NULL;
        b->edges_unsure = true;
    }
}

static void add_output(struct build *b, const struct value *v)
{
    const struct item *i = resolve(b, "outputs", v, b->item.n);
    b->edges_unsure = b->edges_unsure || !i || !i->node;
    if (!i || !i->node)
        return;
    if (i->node->out->is_output)
        diag_error(b->diag, DIAG_DUPLICATE_NAME, v->at, "'%s' is an output already",
                quote(b, i->name));
    i->node->out->is_output = true;
    vec_push(b->pool, &b->graph->output, i->node->out);
}

static void find_outputs(struct build *b)
{
    const struct value *v = b->spec->outputs;
    const struct item *last = b->item.at[b->item.n - 1];
    if (v && v->kind == VALUE_LIST) {
        for (int k = 0; k < v->item.n; k++)
            add_output(b, v->item.at[k]);
    } else if (v) {
        add_output(b, v);
    } else if (last->node) {
        last->node->out->is_output = true;
        vec_push(b->pool, &b->graph->output, last->node->out);
    }
}

static void find_unused(struct build *b)
{
    for (int k = 0; k < b->item.n; k++) {
        const struct node *n = b->item.at[k]->node;
        if (n->out->user.n || n->out->is_output)
            continue;
        diag_error(b->diag, DIAG_UNUSED_LAYER, n->at, "nothing uses layer %s",
                node_title(b->graph, n));
        if (b->spec->outputs)
            diag_help(b->diag, "delete it, or add '%s' to 'outputs'", quote(b, n->name));
        else
            diag_help(b->diag, "delete it, or add 'outputs: [%s, %s]' to the top level",
                    quote(b, n->name), quote(b, b->item.at[b->item.n - 1]->name));
    }
}

/* ---- from spec to graph ---------------------------------------------------------------------- */

static void make_layers(struct build *b)
{
    start_with_input(b);
    for (int k = 0; k < b->spec->layer.n; k++)
        add_layer(b, &b->spec->layer.at[k]);
    for (int k = 0; k < b->item.n; k++) {
        struct node *n = b->item.at[k]->node;
        if (!n)
            continue;
        struct tensor *t = graph_tensor(b->graph, n, (struct shape){0}, DTYPE_FLOAT32);
        t->layer = b->graph->layer.n;
        vec_push(b->pool, &b->graph->layer, n);
        if (n->op == OP_INPUT)
            vec_push(b->pool, &b->graph->input, t);
    }
}

struct graph *graph_build(struct pool *pool, const struct spec *spec, struct diag *d)
{
    struct build *b = NEW(pool, struct build);
    int errors = diag_errors(d);
    *b = (struct build){.pool = pool, .spec = spec, .diag = d, .graph = NEW(pool, struct graph)};
    *b->graph =
            (struct graph){.pool = pool, .spec = spec, .name = spec->name, .batch = spec->batch};
    attr_start(&b->reader, pool, spec, d);
    make_layers(b);
    for (int k = 0; k < b->item.n; k++)
        connect(b, b->item.at[k]);
    find_outputs(b);
    if (!b->edges_unsure)
        find_unused(b);
    attr_finish(&b->reader);
    if (diag_errors(d) > errors) {
        shape_infer(b->graph, d);  /* of what is sound: its errors belong to the same run */
        return NULL;
    }
    graph_check(b->graph);
    return b->graph;
}

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
    add_use(g, n, t);
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

struct span node_attr_at(const struct node *n, const char *key)
{
    const struct value *v = n->layer ? layer_value(n->layer, key) : NULL;
    return v ? v->at : n->at;
}

/* ---- invariants ------------------------------------------------------------------------------ */

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

static const char *node_text(struct pool *pool, const struct node *n)
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
