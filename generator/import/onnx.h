/* onnx.h: an ONNX model on its way to a specification, and the steps of that way.
 *
 *     bytes -> onnx_wire_check -> onnx_read -> onnx_infer -> onnx_match -> onnx_lower -> spec
 *
 * onnx_read alone knows protobuf. What it makes is a list of nodes in topological order, and
 * values (tensors) between them; the model's own functions are written out where they are called,
 * and both branches of an If are in the list. onnx_infer gives every value its dimensions, computes
 * what doesn't depend on the network's inputs, and with that decides which branches are taken;
 * onnx_match replaces the small operators that exporters
 * spell batch norms, activations and the like with by one node each; onnx_lower writes layers.
 *
 * Dimensions are ONNX' own here: the batch is among them, images are [N, C, H, W]. Everything
 * lives in the pool of the model. */
#ifndef CNNGEN_IMPORT_ONNX_H
#define CNNGEN_IMPORT_ONNX_H

#include "depfile.h"
#include "diag.h"
#include "pool.h"

enum {
    ONNX_MAX_RANK = 8,
    ONNX_MAX_DEPTH = 32,             /* of messages in messages */
    ONNX_MAX_MESSAGES = 1 << 20,     /* and strings, in a file */
    ONNX_MAX_NODES = 1 << 16,
    ONNX_MAX_CALLS = 32,             /* of functions in functions */
    ONNX_MAX_OPSET = 25,             /* the newest that operators were read for */
    ONNX_MIN_OPSET = 7,
};
#define ONNX_MAX_FILE   INT64_C(2147483647)  /* protobuf's own limit */
#define ONNX_MAX_FOLDED (INT64_C(1) << 26)   /* elements of all computed constants together */
#define ONNX_MAX_WEIGHTS (INT64_C(1) << 30)  /* elements of all layers' weights together, about */

/* What is told apart of element types. Floats of any width are computed in float32. */
enum onnx_elem { ELEM_UNKNOWN, ELEM_FLOAT, ELEM_INT, ELEM_BOOL, ELEM_OTHER };

struct onnx_dims {
    int rank;                        /* 0: a scalar */
    int64_t at[ONNX_MAX_RANK];       /* outermost first */
};

struct onnx_node;

/* How a tensor of the network lies in memory (onnx_layout.h). */
struct onnx_placed;

/* A tensor: an input of the network, a constant, or what a node makes. */
struct onnx_value {
    const char *name;                /* the model's: any bytes but NUL */
    enum onnx_elem elem;
    int type;                        /* ONNX' number of the element type; 0: unknown */
    bool known;                      /* dims are */
    struct onnx_dims dims;           /* of an input that isn't known: -1 where it isn't said */
    const float *f;                  /* a constant of floats, row-major ... */
    const int64_t *i;                /* ... or of integers or booleans; else both NULL */
    const char *refused;             /* why its data can't be used; NULL: nothing is wrong */
    struct onnx_node *maker;         /* NULL: an input or a constant of the file */
    int users;                       /* how often nodes read it, and the network's outputs */
    struct onnx_node *user;          /* the last node that reads it; NULL: none */
    bool is_output;
    struct onnx_placed *placed;      /* of onnx_lower */
    const char *layer;               /* of onnx_lower: the layer that bears its name; NULL */
};

enum onnx_kind { ONNX_NONE, ONNX_FLOAT, ONNX_INT, ONNX_STRING, ONNX_FLOATS, ONNX_INTS, ONNX_TENSOR,
    ONNX_GRAPH, ONNX_OTHER };

struct onnx_attr {
    const char *name;
    enum onnx_kind kind;
    float f;
    int64_t i;
    const char *s;                   /* NUL-terminated */
    int n;                           /* of floats or ints */
    const float *floats;
    const int64_t *ints;
    struct onnx_value *tensor;
};

struct onnx_op;

/* An If, which onnx_infer decides. Each of its results is a node, "If" of the condition and of what
 * either branch gives, until the Identity of one of them takes its place. */
struct onnx_choice {
    bool refused;                    /* it can't be decided, which was told */
    bool decided;
};

/* The nodes of a branch are the network's where the condition, a constant, says so. */
struct onnx_branch {
    const struct onnx_value *condition;
    bool when;                       /* what it has to be */
    const struct onnx_branch *outer; /* that this one is in; NULL: none */
};

struct onnx_node {
    const char *type;                /* "Conv" */
    const char *domain;              /* "" is ONNX' own */
    const char *name;                /* "": none */
    int opset;                       /* of ONNX' own operators, where the node was written */
    VEC(struct onnx_value *) in;     /* NULL: an optional one that is left out */
    VEC(struct onnx_value *) out;    /* likewise */
    VEC(struct onnx_attr) attr;
    const struct onnx_op *op;        /* of the table; NULL: unknown */
    const struct onnx_branch *branch;  /* that it is in; NULL: none */
    struct onnx_choice *choice;      /* of an If that isn't decided; else NULL */
    bool gone;                       /* folded into a constant, or matched away */
    bool failed;                     /* refused: what depends on it is passed over */
};

struct onnx_shape_arg {              /* --shape NAME=1,3,224,224 */
    const char *name;
    struct onnx_dims dims;
    bool used;
};

struct onnx {
    struct pool *pool;
    struct diag *diag;
    struct span at;                  /* the file, for diagnostics */
    const char *path;
    const char *name;                /* of the graph */
    const char *producer;            /* "pytorch 1.13.1"; "": not said */
    int opset;                       /* of ONNX' own operators */
    VEC(struct onnx_node *) node;    /* topological order */
    VEC(struct onnx_value *) value;
    VEC(struct onnx_value *) input;  /* without those that have an initializer */
    VEC(struct onnx_value *) output;
    int64_t folded;                  /* elements of computed constants so far */
    int calls, choices;              /* of functions, and Ifs decided, ... */
    int folds, matches, dropped;     /* ... for the comment at the head of the spec */
    VEC(struct onnx_refusal) refusal;
    struct file_list reads;          /* of external data */
    int kinds;                       /* of refusals, told so far */
};

/* A node that can't be imported; reported at the end, all together. */
struct onnx_refusal {
    const struct onnx_node *node;
    const char *why;
    bool told;                       /* with another one for the same reason */
};

/* ---- the steps, each false after errors ------------------------------------------------------ */

/* Whether the bytes are protobuf of this schema, within the limits of depth and number. */
bool onnx_wire_check(const unsigned char *bytes, size_t len, struct pool *, const char **why);

/* The model. folder is where external data may lie. NULL after errors. */
struct onnx *onnx_read(struct pool *, const char *path, const unsigned char *bytes, size_t len,
        struct diag *);

bool onnx_set_shapes(struct onnx *, struct onnx_shape_arg *, int n);
bool onnx_infer(struct onnx *);
bool onnx_match(struct onnx *);

struct writer;
bool onnx_lower(struct onnx *, const char *model_name, struct writer **out);

/* Turns what onnx_refuse collected into errors. True when there was nothing. */
bool onnx_report(struct onnx *);

/* ---- for the steps --------------------------------------------------------------------------- */

/* The node can't be imported: fmt ends the sentence "Conv 'name': ...". Returns false. */
bool onnx_refuse(struct onnx *, struct onnx_node *, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* What onnx_infer does with each node, for one that a later step makes. */
bool onnx_infer_node(struct onnx *, struct onnx_node *);

/* Counts the uses of values by nodes that the outputs depend on; the other nodes are gone. */
void onnx_count_uses(struct onnx *);

/* Attributes, with what holds when they are absent (those of another kind are refused before). */
const struct onnx_attr *onnx_attr(const struct onnx_node *, const char *name);
int64_t onnx_int(const struct onnx_node *, const char *name, int64_t absent);
float onnx_float(const struct onnx_node *, const char *name, float absent);
const char *onnx_word(const struct onnx_node *, const char *name, const char *absent);
/* The list of integers, NULL with *n = 0 when absent. */
const int64_t *onnx_ints(const struct onnx_node *, const char *name, int *n);

struct onnx_value *onnx_in(const struct onnx_node *, int i);   /* NULL: left out */
struct onnx_value *onnx_value_new(struct onnx *, const char *name);
struct onnx_node *onnx_node_new(struct onnx *, const char *type, const char *name);

bool onnx_is_const(const struct onnx_value *);
double onnx_number(const struct onnx_value *, int64_t at);     /* of a constant */
int64_t onnx_integer(const struct onnx_value *, int64_t at);   /* of a constant; floats are cut */
bool onnx_scalar(const struct onnx_value *, double *out);      /* a constant of one element */

int64_t onnx_size(const struct onnx_dims *);                   /* INT64_MAX on overflow */
bool onnx_fits(const struct onnx_dims *);                      /* size and each below 2^31 */
bool onnx_same_dims(const struct onnx_dims *, const struct onnx_dims *);
const char *onnx_dims_text(struct pool *, const struct onnx_dims *);
bool onnx_axis(const struct onnx_dims *, int64_t axis, int *out);  /* -1 is the last one */
/* a and b aligned at their last dimension, 1s stretched. */
bool onnx_broadcast(const struct onnx_dims *a, const struct onnx_dims *b, struct onnx_dims *out);

const char *onnx_type_name(int type);                          /* "int64" */
enum onnx_elem onnx_elem_of(int type);
const char *onnx_quoted(struct onnx *, const char *text);      /* fit to be shown */

#endif
