/* Attributes. In the body of a function one may stand for what the call says, or the function for
 * calls that don't. */
#include <string.h>

#include "onnx_reader.h"
#include "onnx_tensor.h"

static void read_numbers(struct onnx_reader *r, const Onnx__AttributeProto *a,
        struct onnx_attr *out)
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

static struct onnx_attr read_attr(struct onnx_reader *r, const char *name,
        const Onnx__AttributeProto *a)
{
    struct onnx_attr out = {.name = onnx_text(r, name), .kind = kind_of(a), .f = a->f, .i = a->i};
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

/* ---- those of a call ------------------------------------------------------------------------- */

static const Onnx__AttributeProto *said(const Onnx__NodeProto *p, const char *name)
{
    for (size_t i = 0; i < p->n_attribute; i++)
        if (p->attribute[i]->name && !strcmp(p->attribute[i]->name, name))
            return p->attribute[i];
    return NULL;
}

/* What an attribute in a body stands for; NULL: its function is called without it. */
static const Onnx__AttributeProto *resolve(struct onnx_reader *r, const Onnx__AttributeProto *a)
{
    const struct onnx_call *call = r->scope->call;
    while (a && a->ref_attr_name && *a->ref_attr_name) {
        const char *name = a->ref_attr_name;
        if (!call || !onnx_local_takes(call->function, name)) {
            onnx_wrong(r, "an attribute is what '%s' is of a function, which has none of the name",
                    onnx_show(r, name));
            return NULL;
        }
        a = said(call->node, name);
        if (!a)
            a = onnx_local_absent(call->function, name);
        call = call->outer;
    }
    return a;
}

void onnx_read_attributes(struct onnx_reader *r, const Onnx__NodeProto *p, struct onnx_node *n)
{
    for (size_t i = 0; i < p->n_attribute; i++) {
        const Onnx__AttributeProto *a = resolve(r, p->attribute[i]);
        if (a)
            vec_push(r->m->pool, &n->attr, read_attr(r, p->attribute[i]->name, a));
    }
}
