/* onnx_local.h: the functions that a model brings along: operators of its own, written in
 * others. */
#ifndef CNNGEN_IMPORT_ONNX_LOCAL_H
#define CNNGEN_IMPORT_ONNX_LOCAL_H

#include "onnx.h"
#include "onnx_newer.h"

enum { ONNX_MAX_LOCAL_ATTRIBUTES = 256 };    /* of each function */

struct onnx_local {
    const char *name, *domain, *overload;
    const Onnx__FunctionProto *p;
    int64_t opset;                   /* of ONNX' own operators; 0: the model's */
    size_t bytes;                    /* of it in a file */
    struct onnx_attributes absent;   /* what attributes are that a call leaves out */
};

struct onnx_locals {
    struct pool *pool;
    VEC(struct onnx_local) list;     /* sorted */
};

/* The opset that a list names for ONNX' own operators; 0: none. */
int64_t onnx_opset_of(size_t n, Onnx__OperatorSetIdProto *const *);

/* NULL, or why they can't be read, as a sentence. */
const char *onnx_locals_read(struct onnx_locals *, struct onnx *, const Onnx__ModelProto *);

/* The function that the node calls; NULL: it is an operator. */
const struct onnx_local *onnx_local_of(const struct onnx_locals *, const Onnx__NodeProto *);

/* Whether the function has such an attribute; what it is where a call leaves it out, or NULL. */
bool onnx_local_takes(const struct onnx_local *, const char *attribute);
const Onnx__AttributeProto *onnx_local_absent(const struct onnx_local *, const char *attribute);

#endif
