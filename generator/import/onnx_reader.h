/* onnx_reader.h: what the parts of onnx_read share. onnx_read.c reads the model and its graph,
 * onnx_read_node.c nodes, with functions and branches written out, onnx_read_attr.c attributes. */
#ifndef CNNGEN_IMPORT_ONNX_READER_H
#define CNNGEN_IMPORT_ONNX_READER_H

#include "onnx_local.h"
#include "onnx_scope.h"

#define ONNX_MAX_CALLED (INT64_C(1) << 28)   /* bytes of bodies, as often as they are called */

/* A function where it is called. */
struct onnx_call {
    const struct onnx_local *function;
    const Onnx__NodeProto *node;
    const struct onnx_call *outer;   /* that it is called from; NULL: from the graph */
    const char *prefix;              /* of the names of what is in it, which tells calls apart */
    int depth;                       /* 1: called from the graph */
    int opset;
};

struct onnx_reader {
    struct onnx *m;
    struct onnx_locals functions;
    struct onnx_scope *scope;
    int64_t nodes;                   /* read so far, as often as they are called */
    int64_t parts, bytes;            /* of bodies, likewise: messages and strings, bytes */
    bool failed;
};

/* The model is refused: it contradicts itself. Returns false. */
bool onnx_wrong(struct onnx_reader *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A copy in the pool; "" of NULL. */
const char *onnx_text(struct onnx_reader *, const char *text);
const char *onnx_show(struct onnx_reader *, const char *text);    /* fit to be shown */

/* A name as the specification has it: in a function, with the calls' names in front. */
const char *onnx_read_name(struct onnx_reader *, const char *name);

/* The tensor of a name in the scope; NULL: there is none, or it is left out. */
struct onnx_value *onnx_read_find(struct onnx_reader *, const char *name);

/* A new one of a name that isn't in the scope. */
struct onnx_value *onnx_read_add(struct onnx_reader *, const char *name);

/* The constants of a graph or branch. */
void onnx_read_constants(struct onnx_reader *, const Onnx__GraphProto *);

/* Adds the node, or those that a function or the branches of an If bring in its place. */
void onnx_read_node(struct onnx_reader *, const Onnx__NodeProto *);

/* How many names the nodes bring to their scope at most. */
size_t onnx_read_names(size_t n, Onnx__NodeProto *const *);

/* Adds a node's attributes; in a function they may be those of its call. */
void onnx_read_attributes(struct onnx_reader *, const Onnx__NodeProto *, struct onnx_node *);

#endif
