/* The wire format, walked by the schema before protobuf-c unpacks it: that one recurses as deep as
 * the file says, and makes a hundred bytes of two. */
#include "onnx.h"

#include "onnx_newer.h"

struct wire {
    struct pool *pool;
    const unsigned char *bytes;
    size_t at, end;                  /* of the message being walked */
    int depth;
    int messages;                    /* and strings */
    const char *why;
};

enum wire_type { WIRE_VARINT, WIRE_64, WIRE_LENGTH, WIRE_GROUP, WIRE_GROUP_END, WIRE_32 };

static bool fail(struct wire *w, size_t at, const char *what)
{
    w->why = pool_printf(w->pool, "%s at byte %zu", what, at);
    return false;
}

static bool read_varint(struct wire *w, uint64_t *out)
{
    size_t from = w->at;
    *out = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (w->at >= w->end)
            return fail(w, from, "a number that the file ends in");
        unsigned char byte = w->bytes[w->at++];
        *out |= shift < 64 ? (uint64_t)(byte & 127) << shift : 0;
        if (byte < 128)
            return true;
    }
    return fail(w, from, "a number of more than ten bytes");
}

static bool walk(struct wire *, const ProtobufCMessageDescriptor *);

/* What kind of message a field is; NULL: none, or an unknown one. */
static const ProtobufCMessageDescriptor *part_of(const ProtobufCMessageDescriptor *message,
        const ProtobufCFieldDescriptor *field, uint64_t number)
{
    if (field)
        return field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
    bool absent = message == &onnx__function_proto__descriptor && number == ONNX_NEWER_ATTRIBUTES;
    return absent ? &onnx__attribute_proto__descriptor : NULL;
}

/* The field's bytes: a message is walked, anything else passed over. */
static bool walk_bytes(struct wire *w, const ProtobufCFieldDescriptor *field,
        const ProtobufCMessageDescriptor *part, size_t from)
{
    uint64_t len;
    if (++w->messages > ONNX_MAX_MESSAGES)
        return fail(w, from, "more messages and strings than the limit of 1048576");
    if (!read_varint(w, &len))
        return false;
    if (len > w->end - w->at)
        return fail(w, from, pool_printf(w->pool, "field '%s' is longer than the message it is in",
                field ? field->name : "?"));
    size_t end = w->end, next = w->at + (size_t)len;
    if (part) {
        w->end = next;
        if (!walk(w, part))
            return false;
        w->end = end;
    }
    w->at = next;
    return true;
}

static bool skip(struct wire *w, size_t bytes, size_t from)
{
    if (bytes > w->end - w->at)
        return fail(w, from, "a number that the file ends in");
    w->at += bytes;
    return true;
}

static bool walk_field(struct wire *w, const ProtobufCMessageDescriptor *message)
{
    uint64_t key, ignored;
    size_t from = w->at;
    if (!read_varint(w, &key))
        return false;
    if (key >> 3 == 0 || key >> 3 > (1u << 29) - 1)
        return fail(w, from, "a field with an impossible number");
    const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(message, (unsigned)(key >> 3));
    switch ((enum wire_type)(key & 7)) {
    case WIRE_VARINT:
        return read_varint(w, &ignored);
    case WIRE_64:
        return skip(w, 8, from);
    case WIRE_32:
        return skip(w, 4, from);
    case WIRE_LENGTH:
        return walk_bytes(w, field, part_of(message, field, key >> 3), from);
    case WIRE_GROUP:
    case WIRE_GROUP_END:
        break;
    }
    return fail(w, from, "a group, or an unknown kind of field, which ONNX doesn't have");
}

static bool walk(struct wire *w, const ProtobufCMessageDescriptor *message)
{
    if (++w->depth > ONNX_MAX_DEPTH)
        return fail(w, w->at, "messages nested deeper than the limit of 32");
    while (w->at < w->end)
        if (!walk_field(w, message))
            return false;
    w->depth--;
    return true;
}

bool onnx_wire_check(const unsigned char *bytes, size_t len, struct pool *pool, const char **why)
{
    struct wire w = {.pool = pool, .bytes = bytes, .end = len};
    bool ok = walk(&w, &onnx__model_proto__descriptor);
    *why = w.why;
    return ok;
}
