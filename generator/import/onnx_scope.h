/* onnx_scope.h: where names have their meaning while a model is read: in its graph, in the body of
 * a function as often as it is called, in a branch of an If. */
#ifndef CNNGEN_IMPORT_ONNX_SCOPE_H
#define CNNGEN_IMPORT_ONNX_SCOPE_H

#include "onnx.h"

struct onnx_named {
    const char *name;
    struct onnx_value *value;        /* NULL: an input of a function that its call leaves out */
    bool named;                      /* the value has its name from outside of the function */
};

struct onnx_call;                    /* onnx_reader.h */

struct onnx_scope {
    struct onnx_named *slot;         /* a hash table, open addressing */
    size_t slots;                    /* a power of two */
    const struct onnx_scope *outer;  /* of a branch: what its nodes see, too; else NULL */
    const struct onnx_call *call;    /* that it belongs to; NULL: the graph, or a branch there */
    const struct onnx_branch *branch;  /* that it is; NULL: none */
};

/* Room for so many names, at most half full; there may not be more. */
void onnx_scope_init(struct onnx_scope *, struct pool *, size_t names);

/* In this scope alone; NULL: there is none. */
struct onnx_named *onnx_scope_own(const struct onnx_scope *, const char *name);

/* In this one or one around it. */
const struct onnx_named *onnx_scope_find(const struct onnx_scope *, const char *name);

/* The name must not be there; it is not copied. */
void onnx_scope_add(struct onnx_scope *, const char *name, struct onnx_value *, bool named);

#endif
