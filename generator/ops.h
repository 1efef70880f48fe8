/* ops.h: the operators, one file each in ops/: what a layer type means.
 *
 * Parser, did-you-mean, JSON schema, documentation and reference evaluation all come from op_defs.
 * Adding an operator: ops/NAME.c with one struct op_def, a line in ops.def, a kernel if no existing
 * one computes it, a case in tests/cases. */
#ifndef CNNGEN_OPS_H
#define CNNGEN_OPS_H

#include "activation.h"
#include "graph.h"

/* ---- attributes ------------------------------------------------------------------------------ */

enum attr_type {
    ATTR_INT,         /* int */
    ATTR_FLOAT,       /* float */
    ATTR_BOOL,        /* bool */
    ATTR_WORD,        /* int: index in words */
    ATTR_PAIR,        /* int[2]: n or [h, w] */
    ATTR_PADDING,     /* struct padding: valid, same, n, [h, w], [[top, bottom], [left, right]] */
    ATTR_BORDER,      /* int[4] top bottom left right: n, [h, w], [[top, bottom], [left, right]] */
    ATTR_SHAPE,       /* struct shape: list of dimensions; -1 once where min allows it */
    ATTR_FLOATS,      /* struct floats: a number or a list of them */
    ATTR_INDICES,     /* struct indices: an integer or a list, one for each of some dimensions */
    ATTR_INTS,        /* struct ints: an integer or a list of them, of any length */
    ATTR_PADS,        /* struct pads: [before, after] of each dimension */
    ATTR_ACTIVATION   /* const struct activation *; in node->act when offset is ATTR_TO_NODE */
};

#define ATTR_TO_NODE ((size_t)-1)

struct padding {
    enum { PAD_VALID, PAD_SAME, PAD_EXPLICIT } kind;
    int border[4];    /* top bottom left right, of PAD_EXPLICIT */
};

struct floats { int n; const float *at; };
struct ints { int n; const int *at; };
struct indices { int n; int at[LIMIT_RANK]; };
struct pads { int n; int at[LIMIT_RANK][2]; };

struct attr_def {
    const char *key;           /* Keras' name of the argument; NULL ends the table */
    enum attr_type type;
    size_t offset;             /* in the operator's struct */
    const char *fallback;      /* default as YAML; NULL: required; "": absent, bytes stay zero */
    double min, max;           /* of numbers (each of a list); both 0: any */
    const char *const *words;  /* of ATTR_WORD, NULL-terminated */
    const char *doc;           /* one line */
};

#define AT(type, field) offsetof(struct type, field)

/* ---- reference evaluation -------------------------------------------------------------------- */

/* A tensor of one image in double precision, with, for each element, a bound on how far the emitted
 * single-precision code may be from it. Row-major in the tensor's shape. A bound of 0 on an
 * infinity or NaN: it must come out the same. A bound of INFINITY: partial sums may exceed FLT_MAX,
 * though v need not, so that anything may come out. */
struct tval {
    struct shape shape;
    double *v;
    double *e;
};

#define UNIT_ROUNDOFF 0x1p-24

/* Error of a sum of n products whose absolute values sum to s, summed in any order with rounded
 * operations (Higham, Accuracy and Stability, 3.1): gamma_{n+3} * s; the 3 cover a folded scale, a
 * bias and a rounding of the weight itself. */
double sum_error(double n, double s);

/* Softmax, or its logarithm, over the last axis of x, in place: values and error bounds. */
void softmax_eval(struct tval *x, bool log);

/* ---- operators ------------------------------------------------------------------------------- */

/* What kernels are written for; several layer types share a family and its struct. */
enum family {
    FAMILY_INPUT, FAMILY_CONV2D, FAMILY_CONV2D_TRANSPOSE, FAMILY_DENSE, FAMILY_POOL2D,
    FAMILY_AFFINE, FAMILY_ACTIVATION, FAMILY_PRELU, FAMILY_BINARY, FAMILY_CONCAT, FAMILY_SOFTMAX,
    FAMILY_LAYERNORM, FAMILY_GROUPNORM, FAMILY_LRN, FAMILY_CONSTANT, FAMILY_REDUCE, FAMILY_ARG,
    FAMILY_CUM_SUM, FAMILY_MATMUL, FAMILY_RESHAPE, FAMILY_PERMUTE, FAMILY_SLICE, FAMILY_EXPAND,
    FAMILY_GATHER, FAMILY_PAD_ANY, FAMILY_PAD, FAMILY_CROP, FAMILY_UPSAMPLE, FAMILY_RESIZE,
    FAMILY_GRID_SAMPLE, FAMILY_IDENTITY,
    FAMILY_LOWERED    /* always rewritten by optimise: no kernel sees it */
};

struct op_def {
    const char *type;          /* Keras' class name; NULL: internal, not for specs */
    const char *alias;         /* another class name Keras accepts ("MaxPool2D"), or NULL */
    const char *stem;          /* of default names: "conv2d", "conv2d_1" ... */
    const char *doc;           /* one line */
    enum family family;
    int min_in, max_in;        /* inputs */
    size_t attr_bytes;
    const struct attr_def *attrs;
    bool has_activation;       /* takes "activation:" (listed in attrs too) */

    /* Fills node->out->shape (and out->type) from the inputs' shapes and resolves what depends on
     * them (pads). Reports errors and leaves rank 0. Called once, when all inputs have known
     * shapes; ranks and values are the operator's to check. */
    void (*shape)(struct graph *, struct node *, struct diag *);

    /* Declares node->weight[] once the shapes are known; NULL: none. */
    void (*weights)(struct graph *, struct node *);

    /* Multiply-accumulates for one image; NULL: 0. */
    int64_t (*macs)(const struct node *);

    /* out->v and out->e from the inputs, naive loops in double; out is allocated. The layer's
     * activation is not applied here. NULL only for FAMILY_INPUT. */
    void (*eval)(const struct node *, const struct tval *in, struct tval *out);

    /* Replaces the node by nodes of other operators; NULL: it is one that kernels know.
     * (optimise has already split off the activation.) */
    void (*lower)(struct graph *, struct node *);
};

#define OP(id, def) extern const struct op_def op_##def;
#include "ops.def"
#undef OP

extern const struct op_def *const op_defs[OP_COUNT];

static inline const struct op_def *node_def(const struct node *n) { return op_defs[n->op]; }
static inline enum family node_family(const struct node *n) { return op_defs[n->op]->family; }

bool op_find(const char *type, enum op *);          /* also by alias */
const char *op_suggest(const char *type);     /* did you mean; knows PyTorch's, ONNX's names */
/* Of a layer that Keras has and cnngen lacks: what to use instead, "" when nothing; else NULL. */
const char *op_missing(const char *type);

/* ---- helpers for ops/ ------------------------------------------------------------------------ */

/* "'conv1' (Conv2D, 256 filters, 3x3, strides 1, padding valid)": for messages. The short form, for
 * their subjects: "'conv1' (Conv2D)". Both are printable whatever the user wrote. */
const char *node_words(struct graph *, const struct node *);
const char *node_title(const struct graph *, const struct node *);

/* An axis that may count from the end (-1 is the last), made 0 .. rank-1; false when it is out of
 * range. */
bool axis_resolve(int axis, int rank, int *out);

/* Reports [bad-rank] and returns false unless in[i] has the given rank. */
bool need_rank(struct node *, int i, int rank, struct diag *);

/* Output extent of a window: 0 when it doesn't fit. k is the kernel, d its dilation, s the
 * stride. */
int window_extent(int in, int k, int s, int d, int pad_before, int pad_after, bool ceil_mode);

/* Resolves padding for one axis into before/after: TensorFlow's rule for same. */
void window_padding(const struct padding *, int axis, int in, int k, int s, int d, int *before,
        int *after);

/* Sets the output's shape after checking its size against the limits; reports and leaves rank 0
 * else. */
void set_shape(struct graph *, struct node *, struct shape, struct diag *);

/* Declares a weight: Keras' name and shape, PyTorch's name. It comes with PyTorch's dimensions in
 * Keras' order, INIT_ZERO, trainable: the caller sets what differs. shape_infer checks its size. */
struct weight *add_weight(struct node *, const char *name, const char *torch_name, struct shape);
const struct weight *find_weight(const struct node *, const char *name);  /* NULL: no such */

#endif
