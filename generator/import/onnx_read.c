/* Protobuf to struct onnx: names become pointers, and what contradicts itself is refused. */
#include <string.h>

#include "onnx.h"
#include "onnx_ops.h"
#include "onnx_tensor.h"

struct reader {
    struct onnx *m;
    struct onnx_value **slot;        /* by name: a hash table, open addressing */
    size_t slots;                    /* a power of two */
    bool failed;
};

static bool wrong(struct reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool wrong(struct reader *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    diag_error(r->m->diag, DIAG_BAD_MODEL, r->m->at, "%s",
            pool_vprintf(r->m->pool, fmt, args));
    va_end(args);
    r->failed = true;
    return false;
}

/* ---- names ----------------------------------------------------------------------------------- */

static const char *copy(struct reader *r, const char *text)
{
    return text ? pool_copy(r->m->pool, text, strlen(text)) : "";
}

static struct onnx_value **slot_of(struct reader *r, const char *name)
{
    uint64_t hash = 14695981039346656037u;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    size_t at = (size_t)hash & (r->slots - 1);
    while (r->slot[at] && strcmp(r->slot[at]->name, name))
        at = (at + 1) & (r->slots - 1);
    return &r->slot[at];
}

static struct onnx_value *find(struct reader *r, const char *name) { return *slot_of(r, name); }

static struct onnx_value *add(struct reader *r, const char *name)
{
    struct onnx_value **slot = slot_of(r, name);
    if (!*slot)
        *slot = onnx_value_new(r->m, copy(r, name));
    return *slot;
}

/* Room for all names that the graph can bring, at most half full. */
static void make_table(struct reader *r, const Onnx__GraphProto *g)
{
    size_t names = g->n_input + g->n_initializer + g->n_sparse_initializer + g->n_output;
    for (size_t i = 0; i < g->n_node; i++)
        names += g->node[i]->n_output;
    for (r->slots = 64; r->slots < 2 * names;)
        r->slots *= 2;
    r->slot = NEW_ARRAY(r->m->pool, struct onnx_value *, r->slots);
}

/* ---- attributes ------------------------------------------------------------------------------ */

static void read_numbers(struct reader *r, const Onnx__AttributeProto *a, struct onnx_attr *out)
{
    struct pool *pool = r->m->pool;
    if (out->kind == ONNX_FLOATS) {
        float *f = NEW_ARRAY(pool, float, a->n_floats + 1);
        for (size_t i = 0; i < a->n_floats; i++)
            f[i] = a->floats[i];
        out->floats = f;
        out->n = (int)a->n_floats;
    } else {
        int64_t *n = NEW_ARRAY(pool, int64_t, a->n_ints + 1);
        for (size_t i = 0; i < a->n_ints; i++)
            n[i] = a->ints[i];
        out->ints = n;
        out->n = (int)a->n_ints;
    }
}

static const enum onnx_kind kinds[] = {
    [ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT] = ONNX_FLOAT,
    [ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT] = ONNX_INT,
    [ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING] = ONNX_STRING,
    [ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR] = ONNX_TENSOR,
    [ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH] = ONNX_GRAPH,
    [ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS] = ONNX_FLOATS,
    [ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS] = ONNX_INTS,
};

/* What models of before the type was written mean by what is there. */
static enum onnx_kind kind_of(const Onnx__AttributeProto *a)
{
    size_t type = a->has_type ? (size_t)a->type : 0;
    if (type)
        return type < sizeof kinds / sizeof kinds[0] && kinds[type] ? kinds[type] : ONNX_OTHER;
    return a->has_f   ? ONNX_FLOAT
           : a->has_i ? ONNX_INT
           : a->has_s ? ONNX_STRING
           : a->t     ? ONNX_TENSOR
           : a->g     ? ONNX_GRAPH
           : a->n_floats ? ONNX_FLOATS
                         : ONNX_INTS;
}

static struct onnx_attr read_attr(struct reader *r, const Onnx__AttributeProto *a)
{
    struct onnx_attr out = {.name = copy(r, a->name), .kind = kind_of(a), .f = a->f, .i = a->i};
    if (out.kind == ONNX_STRING && a->has_s)
        out.s = pool_copy(r->m->pool, (const char *)a->s.data, a->s.len);
    else if (out.kind == ONNX_STRING)
        out.s = "";
    if (out.kind == ONNX_FLOATS || out.kind == ONNX_INTS)
        read_numbers(r, a, &out);
    if (out.kind == ONNX_TENSOR && a->t) {
        out.tensor = onnx_value_new(r->m, out.name);
        r->failed |= !onnx_tensor_read(r->m, a->t, out.tensor);
    } else if (out.kind == ONNX_TENSOR) {
        out.kind = ONNX_OTHER;
    }
    return out;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static void read_inputs(struct reader *r, const Onnx__NodeProto *p, struct onnx_node *n)
{
    for (size_t i = 0; i < p->n_input; i++) {
        struct onnx_value *v = *p->input[i] ? find(r, p->input[i]) : NULL;
        if (*p->input[i] && !v)
            wrong(r, "%s '%s' reads '%s', which nothing before it makes",
                    onnx_quoted(r->m, n->type), onnx_quoted(r->m, n->name),
                    onnx_quoted(r->m, p->input[i]));
        if (v) {
            v->users++;
            v->user = n;
        }
        vec_push(r->m->pool, &n->in, v);
    }
}

static void read_outputs(struct reader *r, const Onnx__NodeProto *p, struct onnx_node *n)
{
    for (size_t i = 0; i < p->n_output; i++) {
        bool named = *p->output[i] != 0;
        if (named && find(r, p->output[i]))
            wrong(r, "%s '%s' makes '%s', which is there already", onnx_quoted(r->m, n->type),
                    onnx_quoted(r->m, n->name), onnx_quoted(r->m, p->output[i]));
        struct onnx_value *v = named ? add(r, p->output[i]) : NULL;
        if (v)
            v->maker = n;
        vec_push(r->m->pool, &n->out, v);
    }
}

static void read_node(struct reader *r, const Onnx__NodeProto *p)
{
    struct onnx_node *n = NEW(r->m->pool, struct onnx_node);
    n->type = copy(r, p->op_type);
    n->domain = p->domain && !strcmp(p->domain, "ai.onnx") ? "" : copy(r, p->domain);
    n->name = copy(r, p->name);
    n->op = onnx_op_find(n->domain, n->type);
    for (size_t i = 0; i < p->n_attribute; i++)
        vec_push(r->m->pool, &n->attr, read_attr(r, p->attribute[i]));
    read_inputs(r, p, n);
    read_outputs(r, p, n);
    vec_push(r->m->pool, &r->m->node, n);
}

/* ---- inputs, constants, outputs -------------------------------------------------------------- */

static void read_constants(struct reader *r, const Onnx__GraphProto *g)
{
    for (size_t i = 0; i < g->n_initializer; i++) {
        const Onnx__TensorProto *t = g->initializer[i];
        if (!t->name || !*t->name)
            wrong(r, "a constant without a name");
        else if (find(r, t->name))
            wrong(r, "two constants are called '%s'", onnx_quoted(r->m, t->name));
        else
            r->failed |= !onnx_tensor_read(r->m, t, add(r, t->name));
    }
    for (size_t i = 0; i < g->n_sparse_initializer; i++) {
        const Onnx__TensorProto *t = g->sparse_initializer[i]->values;
        if (t && t->name && *t->name && !find(r, t->name))
            add(r, t->name)->refused = "it is a sparse constant";
    }
}

static void read_dims(struct reader *r, const Onnx__TensorShapeProto *shape, struct onnx_value *v)
{
    if (shape->n_dim > ONNX_MAX_RANK) {
        wrong(r, "input '%s' has %zu dimensions; the limit is %d", onnx_quoted(r->m, v->name),
                shape->n_dim, ONNX_MAX_RANK);
        return;
    }
    v->known = true;
    v->dims.rank = (int)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *d = shape->dim[i];
        bool said = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        v->dims.at[i] = said && d->dim_value > 0 ? d->dim_value : -1;
        v->known = v->known && v->dims.at[i] > 0;
    }
}

/* Old models list their constants among the inputs, too. */
static void read_input(struct reader *r, const Onnx__ValueInfoProto *p)
{
    if (!p->name || !*p->name) {
        wrong(r, "an input without a name");
        return;
    }
    struct onnx_value *v = find(r, p->name);
    if (v && onnx_is_const(v))
        return;
    if (v) {
        wrong(r, "two inputs are called '%s'", onnx_quoted(r->m, p->name));
        return;
    }
    v = add(r, p->name);
    v->dims.rank = -1;               /* not said */
    const Onnx__TypeProto *t = p->type;
    if (!t || t->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) {
        wrong(r, "input '%s' is no tensor", onnx_quoted(r->m, v->name));
        return;
    }
    v->type = t->tensor_type->has_elem_type ? t->tensor_type->elem_type : 0;
    v->elem = onnx_elem_of(v->type);
    if (t->tensor_type->shape)
        read_dims(r, t->tensor_type->shape, v);
    vec_push(r->m->pool, &r->m->input, v);
}

static void read_output(struct reader *r, const Onnx__ValueInfoProto *p)
{
    struct onnx_value *v = p->name && *p->name ? find(r, p->name) : NULL;
    if (!v) {
        wrong(r, "nothing makes the output '%s'", onnx_quoted(r->m, p->name ? p->name : ""));
        return;
    }
    v->users++;
    v->is_output = true;
    vec_push(r->m->pool, &r->m->output, v);
}

static void read_graph(struct reader *r, const Onnx__GraphProto *g)
{
    make_table(r, g);
    r->m->name = copy(r, g->name);
    read_constants(r, g);
    for (size_t i = 0; i < g->n_input; i++)
        read_input(r, g->input[i]);
    for (size_t i = 0; i < g->n_node; i++)
        read_node(r, g->node[i]);
    for (size_t i = 0; i < g->n_output; i++)
        read_output(r, g->output[i]);
}

/* ---- the model ------------------------------------------------------------------------------- */

static bool read_opset(struct reader *r, const Onnx__ModelProto *p)
{
    int64_t opset = 0;
    for (size_t i = 0; i < p->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *o = p->opset_import[i];
        if (!o->domain || !*o->domain || !strcmp(o->domain, "ai.onnx"))
            opset = o->has_version ? o->version : 0;
    }
    if (opset < 1 || opset > ONNX_MAX_OPSET)
        return wrong(r, "the model is of opset %lld; opsets %d to %d are known", (long long)opset,
                ONNX_MIN_OPSET, ONNX_MAX_OPSET);
    r->m->opset = (int)opset;
    return true;
}

static bool read_model(struct reader *r, const Onnx__ModelProto *p)
{
    if (!p->graph)
        return wrong(r, "this is no ONNX model: it has no graph");
    if (p->graph->n_node > ONNX_MAX_NODES)
        return wrong(r, "%zu nodes; the limit is %d", p->graph->n_node, ONNX_MAX_NODES);
    if (!read_opset(r, p))
        return false;
    r->m->producer = pool_printf(r->m->pool, "%s%s%s", p->producer_name ? p->producer_name : "",
            p->producer_version && *p->producer_version ? " " : "",
            p->producer_version ? p->producer_version : "");
    read_graph(r, p->graph);
    return !r->failed && (r->m->output.n || wrong(r, "the model has no output"));
}

struct onnx *onnx_read(struct pool *pool, const char *path, const unsigned char *bytes, size_t len,
        struct diag *diag)
{
    struct onnx *m = NEW(pool, struct onnx);
    struct source *src = NEW(pool, struct source);
    const char *why;
    *src = source_of(path, "", 0);
    *m = (struct onnx){.pool = pool, .diag = diag, .path = path, .at = {.src = src}};
    struct reader r = {.m = m};
    if (len == 0)
        return wrong(&r, "the file is empty"), NULL;
    if (!onnx_wire_check(bytes, len, pool, &why))
        return wrong(&r, "this is no ONNX model, or it is damaged: %s", why), NULL;
    Onnx__ModelProto *p = onnx__model_proto__unpack(NULL, len, bytes);
    if (!p)
        return wrong(&r, "this is no ONNX model, or it is damaged: a field of the wrong kind"),
               NULL;
    bool ok = read_model(&r, p);
    onnx__model_proto__free_unpacked(p, NULL);
    return ok ? m : NULL;
}
