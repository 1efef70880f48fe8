/* Nodes. Where a function of the model is called, its nodes take the call's place, under names of
 * their own; of an If those of both branches do, and a choice for each result. */
#include <string.h>

#include "onnx_ops.h"
#include "onnx_reader.h"

/* ---- operators ------------------------------------------------------------------------------- */

static struct onnx_node *new_node(struct onnx_reader *r, const Onnx__NodeProto *p, const char *type)
{
    struct onnx_node *n = onnx_node_new(r->m, type, onnx_read_name(r, p->name));
    if (r->scope->call)
        n->opset = r->scope->call->opset;
    n->op = onnx_op_find("", type);
    n->branch = r->scope->branch;
    vec_push(r->m->pool, &r->m->node, n);
    return n;
}

static void add_input(struct onnx_reader *r, struct onnx_node *n, struct onnx_value *v)
{
    vec_push(r->m->pool, &n->in, v);
}

static void add_output(struct onnx_reader *r, struct onnx_node *n, struct onnx_value *v)
{
    if (v)
        v->maker = n;
    vec_push(r->m->pool, &n->out, v);
}

/* Input i of a node or call; NULL: it is left out, or there is none of the name. */
static struct onnx_value *input_of(struct onnx_reader *r, const Onnx__NodeProto *p, size_t i)
{
    const char *name = i < p->n_input ? p->input[i] : "";
    if (*name && !onnx_scope_find(r->scope, name))
        onnx_wrong(r, "%s '%s' reads '%s', which nothing before it makes",
                onnx_show(r, p->op_type), onnx_show(r, p->name), onnx_show(r, name));
    return *name ? onnx_read_find(r, name) : NULL;
}

static bool is_new(struct onnx_reader *r, const Onnx__NodeProto *p, const char *name)
{
    return !onnx_scope_own(r->scope, name) ||
           onnx_wrong(r, "%s '%s' makes '%s', which is there already", onnx_show(r, p->op_type),
                   onnx_show(r, p->name), onnx_show(r, name));
}

/* The result i; NULL: it is not asked for. */
static struct onnx_value *result_of(struct onnx_reader *r, const Onnx__NodeProto *p, size_t i)
{
    const char *name = p->output[i];
    return *name && is_new(r, p, name) ? onnx_read_add(r, name) : NULL;
}

static void read_operator(struct onnx_reader *r, const Onnx__NodeProto *p)
{
    struct onnx_node *n = new_node(r, p, onnx_text(r, p->op_type));
    n->domain = p->domain && !strcmp(p->domain, "ai.onnx") ? "" : onnx_text(r, p->domain);
    n->op = onnx_op_find(n->domain, n->type);
    onnx_read_attributes(r, p, n);
    for (size_t i = 0; i < p->n_input; i++)
        add_input(r, n, input_of(r, p, i));
    for (size_t i = 0; i < p->n_output; i++)
        add_output(r, n, result_of(r, p, i));
}

size_t onnx_read_names(size_t n, Onnx__NodeProto *const *node)
{
    size_t names = 0;
    for (size_t i = 0; i < n; i++)
        names += node[i]->n_output;
    return names;
}

/* Bodies count as often as they are called: a small file may call them very often. */
static bool spend(struct onnx_reader *r, const struct onnx_call *call, size_t parts)
{
    r->parts += call ? (int64_t)parts : 0;
    return r->parts <= ONNX_MAX_MESSAGES ||
           onnx_wrong(r, "the functions that are called hold more messages and strings, each as "
                         "often as it is called, than the limit of %d", ONNX_MAX_MESSAGES);
}

/* ---- If -------------------------------------------------------------------------------------- */

/* The branch; NULL after errors. */
static const Onnx__GraphProto *branch_of(struct onnx_reader *r, const Onnx__NodeProto *p,
        const char *name)
{
    const Onnx__GraphProto *g = NULL;
    for (size_t i = 0; i < p->n_attribute; i++)
        if (p->attribute[i]->name && !strcmp(p->attribute[i]->name, name))
            g = p->attribute[i]->g;
    if (g && !g->n_input && g->n_output == p->n_output)
        return g;
    onnx_wrong(r, "If '%s' has no %s of %zu results and no inputs", onnx_show(r, p->name), name,
            p->n_output);
    return NULL;
}

/* Reads a branch, and what it gives. */
static void read_branch(struct onnx_reader *r, const Onnx__GraphProto *g,
        const struct onnx_branch *branch, struct onnx_value **given)
{
    struct onnx_scope *around = r->scope;
    struct onnx_scope s = {.outer = around, .call = around->call, .branch = branch};
    size_t names = g->n_initializer + g->n_sparse_initializer +
                   onnx_read_names(g->n_node, g->node);
    if (!spend(r, around->call, names))
        return;
    onnx_scope_init(&s, r->m->pool, names);
    r->scope = &s;
    onnx_read_constants(r, g);
    for (size_t i = 0; i < g->n_node && !r->failed; i++)
        onnx_read_node(r, g->node[i]);
    for (size_t i = 0; i < g->n_output && !r->failed; i++) {
        const char *name = g->output[i]->name ? g->output[i]->name : "";
        given[i] = onnx_read_find(r, name);
        if (!given[i])
            onnx_wrong(r, "nothing makes the output '%s' of a branch", onnx_show(r, name));
    }
    r->scope = around;
}

static struct onnx_branch *new_branch(struct onnx_reader *r, const struct onnx_value *v, bool when)
{
    struct onnx_branch *b = NEW(r->m->pool, struct onnx_branch);
    *b = (struct onnx_branch){v, when, r->scope->branch};
    return b;
}

static void read_if(struct onnx_reader *r, const Onnx__NodeProto *p)
{
    struct pool *pool = r->m->pool;
    const Onnx__GraphProto *yes = branch_of(r, p, "then_branch"),
                           *no = yes ? branch_of(r, p, "else_branch") : NULL;
    struct onnx_value *condition = input_of(r, p, 0);
    if (!condition || p->n_input > 1 || p->n_attribute > 2)
        onnx_wrong(r, "If '%s' has more than a condition and two branches, or less",
                onnx_show(r, p->name));
    if (r->failed)
        return;
    struct onnx_value **given = NEW_ARRAY(pool, struct onnx_value *, 2 * p->n_output);
    struct onnx_choice *choice = NEW(pool, struct onnx_choice);
    read_branch(r, yes, new_branch(r, condition, true), given);
    read_branch(r, no, new_branch(r, condition, false), given + p->n_output);
    for (size_t i = 0; i < p->n_output && !r->failed; i++) {
        struct onnx_node *n = new_node(r, p, "If");
        n->choice = choice;
        add_input(r, n, condition);
        add_input(r, n, given[i]);
        add_input(r, n, given[p->n_output + i]);
        add_output(r, n, result_of(r, p, i));
    }
}

/* ---- functions ------------------------------------------------------------------------------- */

static bool calls_itself(const struct onnx_call *call, const struct onnx_local *f)
{
    for (; call; call = call->outer)
        if (call->function == f)
            return true;
    return false;
}

static bool attributes_ok(struct onnx_reader *r, const Onnx__NodeProto *p,
        const struct onnx_local *f)
{
    if (p->n_attribute > ONNX_MAX_LOCAL_ATTRIBUTES)
        return onnx_wrong(r, "a call of function '%s' has %zu attributes", onnx_show(r, f->name),
                p->n_attribute);
    for (size_t i = 0; i < p->n_attribute; i++)
        if (!p->attribute[i]->name || !onnx_local_takes(f, p->attribute[i]->name))
            return onnx_wrong(r, "function '%s' has no attribute '%s'", onnx_show(r, f->name),
                    onnx_show(r, p->attribute[i]->name));
    return true;
}

static bool call_ok(struct onnx_reader *r, const Onnx__NodeProto *p, const struct onnx_local *f)
{
    const char *name = onnx_show(r, f->name);
    r->bytes += (int64_t)f->bytes;
    if (calls_itself(r->scope->call, f))
        return onnx_wrong(r, "function '%s' calls itself", name);
    if (r->scope->call && r->scope->call->depth == ONNX_MAX_CALLS)
        return onnx_wrong(r, "function '%s' is called in functions deeper than the limit of %d",
                name, ONNX_MAX_CALLS);
    if (r->bytes > ONNX_MAX_CALLED)
        return onnx_wrong(r, "the functions that are called take more bytes, each as often as it "
                             "is called, than the limit of %lld", (long long)ONNX_MAX_CALLED);
    if (p->n_input > f->p->n_input || p->n_output > f->p->n_output)
        return onnx_wrong(r, "function '%s' has %zu inputs and %zu outputs, but a call %zu and %zu",
                name, f->p->n_input, f->p->n_output, p->n_input, p->n_output);
    return attributes_ok(r, p, f);
}

/* "outer/inner/". Of long ones the end counts: layers have names of some 60 characters. */
static const char *prefix_of(struct onnx_reader *r, const Onnx__NodeProto *p)
{
    enum { LONGEST = 40 };
    const char *before = r->scope->call ? r->scope->call->prefix : "";
    const char *name = onnx_text(r, p->name && *p->name ? p->name : p->op_type);
    const char *all = pool_printf(r->m->pool, "%s%s/", before, name);
    size_t n = strlen(all);
    return all + (n > LONGEST ? n - LONGEST : 0);
}

/* Output i of a function, in the scope of its call. What is called otherwise in there is renamed;
 * what has a name from outside becomes another tensor. */
static void give_back(struct onnx_reader *r, const struct onnx_scope *body, size_t i)
{
    const Onnx__NodeProto *p = body->call->node;
    struct onnx_named *made = onnx_scope_own(body, body->call->function->p->output[i]);
    const char *name = p->output[i];
    if (!*name || !is_new(r, p, name))
        return;
    if (!made || !made->value) {
        onnx_wrong(r, "nothing in function '%s' makes its output %zu, which a call calls '%s'",
                onnx_show(r, body->call->function->name), i, onnx_show(r, name));
    } else if (made->named) {
        struct onnx_node *n = new_node(r, p, "Identity");
        add_input(r, n, made->value);
        add_output(r, n, onnx_read_add(r, name));
    } else {
        made->named = true;
        made->value->name = onnx_read_name(r, name);
        onnx_scope_add(r->scope, name, made->value, false);
    }
}

static void read_body(struct onnx_reader *r, const struct onnx_call *call)
{
    const Onnx__FunctionProto *f = call->function->p;
    struct onnx_scope *around = r->scope;
    struct onnx_scope s = {.call = call, .branch = around->branch};
    size_t names = f->n_input + onnx_read_names(f->n_node, f->node);
    if (!spend(r, call, names))
        return;
    onnx_scope_init(&s, r->m->pool, names);
    for (size_t i = 0; i < f->n_input; i++)
        if (!onnx_scope_own(&s, f->input[i]))
            onnx_scope_add(&s, f->input[i], input_of(r, call->node, i), true);
    r->scope = &s;
    for (size_t i = 0; i < f->n_node && !r->failed; i++)
        onnx_read_node(r, f->node[i]);
    r->scope = around;
    for (size_t i = 0; i < call->node->n_output && !r->failed; i++)
        give_back(r, &s, i);
}

static void read_call(struct onnx_reader *r, const Onnx__NodeProto *p, const struct onnx_local *f)
{
    const struct onnx_call *outer = r->scope->call;
    if (!call_ok(r, p, f))
        return;
    struct onnx_call *call = NEW(r->m->pool, struct onnx_call);
    *call = (struct onnx_call){.function = f, .node = p, .outer = outer, .prefix = prefix_of(r, p),
        .depth = outer ? outer->depth + 1 : 1, .opset = f->opset ? (int)f->opset : r->m->opset};
    r->m->calls++;
    read_body(r, call);
}

/* ---- any of them ----------------------------------------------------------------------------- */

static bool is_if(const Onnx__NodeProto *p)
{
    return p->op_type && !strcmp(p->op_type, "If") &&
           (!p->domain || !*p->domain || !strcmp(p->domain, "ai.onnx"));
}

void onnx_read_node(struct onnx_reader *r, const Onnx__NodeProto *p)
{
    const struct onnx_local *f = onnx_local_of(&r->functions, p);
    if (++r->nodes > ONNX_MAX_NODES)
        onnx_wrong(r, "more nodes than the limit of %d", ONNX_MAX_NODES);
    else if (!spend(r, r->scope->call, 1 + p->n_input + p->n_output + p->n_attribute))
        return;
    else if (f)
        read_call(r, p, f);
    else if (is_if(p))
        read_if(r, p);
    else
        read_operator(r, p);
}
