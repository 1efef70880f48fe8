#include "graph.h"

#include <ctype.h>
#include <string.h>

#include "attr.h"
#include "ops/families.h"
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
    i->node->attr = NULL;  /* its shape can't be known */
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
    } else if (op_defs[op]->max_in > 0 && shape && !value_is_null(shape)) {
        add_implicit_input(b, first, shape);
    } else if (op != OP_INPUT) {
        diag_error(b->diag, DIAG_NO_LAYERS, first->type_at,
                op_defs[op]->max_in == 0 ? "the first layer has to be an Input"
                : "the first layer has nothing to work on: no Input and no 'input_shape'");
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

static void use(struct build *b, const struct item *i, const struct item *from)
{
    if (from && from->node && i->node) {
        struct tensor *t = from->node->out;
        vec_push(b->pool, &i->node->in, t);  /* not node_input: the order is right as it is */
        vec_push(b->pool, &t->user, i->node);
    } else if (i->node) {
        i->node->attr = NULL;  /* its shape can't be known */
    }
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

/* By default the layer before; none for an Input or a Constant. */
static void connect(struct build *b, struct item *i)
{
    const struct value *v = i->implied ? NULL : layer_value(i->layer, "inputs");
    bool is_input = i->node && node_def(i->node)->max_in == 0, is_list = v && v->kind == VALUE_LIST;
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
