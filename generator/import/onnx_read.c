/* Protobuf to struct onnx: names become pointers, and what contradicts itself is refused. Here are
 * the model, its inputs, constants and outputs. */
#include <string.h>

#include "onnx.h"
#include "onnx_memory.h"
#include "onnx_reader.h"
#include "onnx_tensor.h"

bool onnx_wrong(struct onnx_reader *r, const char *fmt, ...)
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

const char *onnx_text(struct onnx_reader *r, const char *text)
{
    return text ? pool_copy(r->m->pool, text, strlen(text)) : "";
}

const char *onnx_show(struct onnx_reader *r, const char *text)
{
    return onnx_quoted(r->m, onnx_text(r, text));
}

const char *onnx_read_name(struct onnx_reader *r, const char *name)
{
    const struct onnx_call *call = r->scope->call;
    return call && name && *name ? pool_printf(r->m->pool, "%s%s", call->prefix, name)
                                 : onnx_text(r, name);
}

struct onnx_value *onnx_read_find(struct onnx_reader *r, const char *name)
{
    const struct onnx_named *n = onnx_scope_find(r->scope, name);
    return n ? n->value : NULL;
}

struct onnx_value *onnx_read_add(struct onnx_reader *r, const char *name)
{
    struct onnx_value *v = onnx_value_new(r->m, onnx_read_name(r, name));
    onnx_scope_add(r->scope, name, v, false);
    return v;
}

/* ---- inputs, constants, outputs -------------------------------------------------------------- */

void onnx_read_constants(struct onnx_reader *r, const Onnx__GraphProto *g)
{
    for (size_t i = 0; i < g->n_initializer; i++) {
        const Onnx__TensorProto *t = g->initializer[i];
        if (!t->name || !*t->name)
            onnx_wrong(r, "a constant without a name");
        else if (onnx_scope_own(r->scope, t->name))
            onnx_wrong(r, "two constants are called '%s'", onnx_show(r, t->name));
        else
            r->failed |= !onnx_tensor_read(r->m, t, onnx_read_add(r, t->name));
    }
    for (size_t i = 0; i < g->n_sparse_initializer; i++) {
        const Onnx__TensorProto *t = g->sparse_initializer[i]->values;
        if (t && t->name && *t->name && !onnx_scope_own(r->scope, t->name))
            onnx_read_add(r, t->name)->refused = "it is a sparse constant";
    }
}

static void read_dims(struct onnx_reader *r, const Onnx__TensorShapeProto *shape,
        struct onnx_value *v)
{
    if (shape->n_dim > ONNX_MAX_RANK) {
        onnx_wrong(r, "input '%s' has %zu dimensions; the limit is %d", onnx_show(r, v->name),
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
static void read_input(struct onnx_reader *r, const Onnx__ValueInfoProto *p)
{
    if (!p->name || !*p->name) {
        onnx_wrong(r, "an input without a name");
        return;
    }
    struct onnx_value *v = onnx_read_find(r, p->name);
    if (v && onnx_is_const(v))
        return;
    if (v) {
        onnx_wrong(r, "two inputs are called '%s'", onnx_show(r, p->name));
        return;
    }
    v = onnx_read_add(r, p->name);
    v->dims.rank = -1;               /* not said */
    const Onnx__TypeProto *t = p->type;
    if (!t || t->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) {
        onnx_wrong(r, "input '%s' is no tensor", onnx_show(r, v->name));
        return;
    }
    v->type = t->tensor_type->has_elem_type ? t->tensor_type->elem_type : 0;
    v->elem = onnx_elem_of(v->type);
    if (t->tensor_type->shape)
        read_dims(r, t->tensor_type->shape, v);
    vec_push(r->m->pool, &r->m->input, v);
}

static void read_output(struct onnx_reader *r, const Onnx__ValueInfoProto *p)
{
    struct onnx_value *v = p->name && *p->name ? onnx_read_find(r, p->name) : NULL;
    if (!v) {
        onnx_wrong(r, "nothing makes the output '%s'", onnx_show(r, p->name ? p->name : ""));
        return;
    }
    v->users++;
    v->is_output = true;
    vec_push(r->m->pool, &r->m->output, v);
}

static void read_graph(struct onnx_reader *r, const Onnx__GraphProto *g)
{
    size_t names = g->n_input + g->n_initializer + g->n_sparse_initializer +
                   onnx_read_names(g->n_node, g->node);
    onnx_scope_init(r->scope, r->m->pool, names);
    r->m->name = onnx_text(r, g->name);
    onnx_read_constants(r, g);
    for (size_t i = 0; i < g->n_input; i++)
        read_input(r, g->input[i]);
    for (size_t i = 0; i < g->n_node && !r->failed; i++)
        onnx_read_node(r, g->node[i]);
    for (size_t i = 0; i < g->n_output && !r->failed; i++)
        read_output(r, g->output[i]);
}

/* ---- the model ------------------------------------------------------------------------------- */

static bool read_opset(struct onnx_reader *r, const Onnx__ModelProto *p)
{
    int64_t opset = onnx_opset_of(p->n_opset_import, p->opset_import);
    if (!opset)
        return onnx_wrong(r, "the model doesn't say of which opset of ONNX its operators are");
    if (opset < 0 || opset > ONNX_MAX_OPSET)
        return onnx_wrong(r, "the model is of opset %lld; opsets %d to %d are known",
                (long long)opset, ONNX_MIN_OPSET, ONNX_MAX_OPSET);
    r->m->opset = (int)opset;
    return true;
}

static bool read_model(struct onnx_reader *r, const Onnx__ModelProto *p)
{
    if (!p->graph)
        return onnx_wrong(r, "this is no ONNX model: it has no graph");
    if (!read_opset(r, p))
        return false;
    const char *why = onnx_locals_read(&r->functions, r->m, p);
    if (why)
        return onnx_wrong(r, "%s", why);
    r->m->producer = pool_printf(r->m->pool, "%s%s%s", p->producer_name ? p->producer_name : "",
            p->producer_version && *p->producer_version ? " " : "",
            p->producer_version ? p->producer_version : "");
    read_graph(r, p->graph);
    return !r->failed && (r->m->output.n || onnx_wrong(r, "the model has no output"));
}

struct onnx *onnx_read(struct pool *pool, const char *path, const unsigned char *bytes, size_t len,
        struct diag *diag)
{
    struct onnx *m = NEW(pool, struct onnx);
    struct source *src = NEW(pool, struct source);
    const char *why;
    *src = source_of(path, "", 0);
    *m = (struct onnx){.pool = pool, .diag = diag, .path = path, .at = {.src = src}};
    struct onnx_scope graph = {0};
    struct onnx_reader r = {.m = m, .scope = &graph};
    if (len == 0)
        return onnx_wrong(&r, "the file is empty"), NULL;
    if (!onnx_wire_check(bytes, len, pool, &why))
        return onnx_wrong(&r, "this is no ONNX model, or it is damaged: %s", why), NULL;
    ProtobufCAllocator memory = onnx_memory(pool);
    Onnx__ModelProto *p = onnx__model_proto__unpack(&memory, len, bytes);
    if (!p)
        return onnx_wrong(&r, "this is no ONNX model, or it is damaged: a field of the wrong kind"),
               NULL;
    return read_model(&r, p) ? m : NULL;
}
