/* onnx_newer.h: fields that ONNX got after the schema that some builds are made with. protobuf-c
 * keeps those that it doesn't know as bytes; what is read here is the same with either schema. */
#ifndef CNNGEN_IMPORT_ONNX_NEWER_H
#define CNNGEN_IMPORT_ONNX_NEWER_H

#include <onnx.pb-c.h>

#include "pool.h"

/* Numbers of fields. */
enum {
    ONNX_NEWER_ATTRIBUTES = 11,      /* of FunctionProto: AttributeProtos, what those are that a
                                        call leaves out; onnx_wire_check walks them */
    ONNX_NEWER_FUNCTION_OVERLOAD = 13,
    ONNX_NEWER_NODE_OVERLOAD = 8,
};

/* A field of text; "": it is absent. */
const char *onnx_newer_text(struct pool *, const ProtobufCMessage *, unsigned field);

/* The attributes of a function; false: one can't be read. They live in the pool. */
struct onnx_attributes { VEC(const Onnx__AttributeProto *) list; };
bool onnx_newer_attributes(struct pool *, const Onnx__FunctionProto *, struct onnx_attributes *);

#endif
