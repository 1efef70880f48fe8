#include "onnx_newer.h"

#include <string.h>

#include "onnx_memory.h"

/* ---- fields that the schema knows ------------------------------------------------------------ */

static const ProtobufCFieldDescriptor *known(const ProtobufCMessage *m, unsigned field)
{
    return protobuf_c_message_descriptor_get_field(m->descriptor, field);
}

static const void *member(const ProtobufCMessage *m, unsigned offset)
{
    return (const char *)m + offset;
}

/* ---- and those that it doesn't --------------------------------------------------------------- */

struct bytes { const uint8_t *at; size_t n; };

/* The bytes behind their length; they were checked before the model was unpacked. */
static bool bytes_of(const ProtobufCMessageUnknownField *f, unsigned field, struct bytes *out)
{
    size_t prefix = 0;
    while (prefix < f->len && f->data[prefix] > 127)
        prefix++;
    if (f->tag != field || f->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED || prefix == f->len)
        return false;
    *out = (struct bytes){f->data + prefix + 1, f->len - prefix - 1};
    return true;
}

/* ---- either ---------------------------------------------------------------------------------- */

const char *onnx_newer_text(struct pool *pool, const ProtobufCMessage *m, unsigned field)
{
    const ProtobufCFieldDescriptor *f = known(m, field);
    const char *text = f ? *(char *const *)member(m, f->offset) : NULL;
    struct bytes b;
    for (unsigned i = 0; i < m->n_unknown_fields && !f; i++)
        if (bytes_of(&m->unknown_fields[i], field, &b))
            text = pool_copy(pool, (const char *)b.at, b.n);
    return text ? text : "";
}

bool onnx_newer_attributes(struct pool *pool, const Onnx__FunctionProto *p,
        struct onnx_attributes *out)
{
    ProtobufCAllocator memory = onnx_memory(pool);
    const ProtobufCFieldDescriptor *f = known(&p->base, ONNX_NEWER_ATTRIBUTES);
    size_t n = f ? *(const size_t *)member(&p->base, f->quantifier_offset) : 0;
    struct bytes b;
    for (size_t i = 0; i < n; i++)
        vec_push(pool, &out->list,
                (*(Onnx__AttributeProto *const *const *)member(&p->base, f->offset))[i]);
    for (unsigned i = 0; i < p->base.n_unknown_fields && !f; i++) {
        if (!bytes_of(&p->base.unknown_fields[i], ONNX_NEWER_ATTRIBUTES, &b))
            continue;
        Onnx__AttributeProto *a = onnx__attribute_proto__unpack(&memory, b.n, b.at);
        if (!a)
            return false;
        vec_push(pool, &out->list, a);
    }
    return true;
}
