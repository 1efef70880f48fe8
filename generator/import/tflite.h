/* tflite.h: a TFLite model on its way to a specification.
 *
 *     bytes -> tflite_read -> tflite_fold -> tflite_lower -> spec + weights
 *
 * tflite_read alone knows the file's tables. What it makes is operators in the order in which they
 * run, and the tensors between them; tflite_fold computes what depends on constants and shapes
 * alone; tflite_lower writes layers.
 *
 * Dimensions are TFLite's here: the batch is among them, images are [N, H, W, C], which is cnngen's
 * own order. Everything lives in the pool of the model. */
#ifndef CNNGEN_IMPORT_TFLITE_H
#define CNNGEN_IMPORT_TFLITE_H

#include "diag.h"
#include "flatbuffer.h"
#include "pool.h"
#include "writer.h"

enum {
    TFLITE_MAX_RANK = 6,
    TFLITE_MAX_TENSORS = 1 << 16,
    TFLITE_MAX_NODES = 1 << 16,
    TFLITE_MAX_OPERANDS = 1024,      /* of one operator */
};
#define TFLITE_MAX_FILE  INT64_C(2147483647)  /* as far as a FlatBuffer's pointers go */
#define TFLITE_MAX_MADE  (INT64_C(1) << 26)   /* elements of constants that are made of nothing */
#define TFLITE_MAX_CONST (INT64_C(1) << 29)   /* elements of all constants that are used */

enum tflite_type {                   /* TFLite's numbers */
    TFL_FLOAT32, TFL_FLOAT16, TFL_INT32, TFL_UINT8, TFL_INT64, TFL_STRING, TFL_BOOL, TFL_INT16,
    TFL_COMPLEX64, TFL_INT8, TFL_FLOAT64, TFL_COMPLEX128, TFL_UINT64, TFL_RESOURCE, TFL_VARIANT,
    TFL_UINT32, TFL_UINT16, TFL_INT4, TFL_BFLOAT16, TFL_TYPES
};

struct tflite_dims {
    int rank;                        /* 0: a scalar */
    int64_t at[TFLITE_MAX_RANK];     /* outermost first, each at least 1 */
};

/* real = scale * (stored - zero), one of each or one for each index of a dimension. */
struct tflite_quant {
    int n;                           /* 0: none */
    const float *scale;
    const int64_t *zero;
    int axis;
};

struct tflite_tensor {
    const char *name;                /* any bytes but NUL */
    int type;                        /* enum tflite_type, or a number that isn't known */
    struct tflite_dims dims;
    bool open;                       /* a dimension behind the batch may change from run to run */
    bool sparse, variable;
    const unsigned char *data;       /* of a constant, as stored; NULL: none */
    size_t bytes;
    struct tflite_quant quant;
    const float *f;                  /* a constant's values, once tflite_floats made them */
    const int64_t *i;                /* ... or tflite_ints, or tflite_fold */
    int users;                       /* how often operators read it, and the network's outputs */
    bool is_output;
    /* Of tflite_lower: */
    const char *layer;               /* that makes it; NULL: none yet */
    bool padded;                     /* a PAD was left to the convolution that reads it: */
    int64_t pad[4];                  /* top bottom left right, included in dims */
};

struct tflite_op;

struct tflite_node {
    const struct tflite_op *op;      /* NULL: unknown */
    const char *type;                /* "CONV_2D", of a custom operator its own name */
    bool custom;
    int index;                       /* in the file */
    struct fb_table options;
    VEC(struct tflite_tensor *) in;  /* NULL: left out */
    VEC(struct tflite_tensor *) out;
    bool gone;                       /* folded, or joined to another */
    int64_t dilation[2];             /* of tflite_blocks.c: height, width; 0: as the options say */
    bool failed;                     /* refused: what depends on it is passed over */
};

/* An operator that can't be imported; reported at the end, all together. */
struct tflite_refusal {
    const struct tflite_node *node;
    const char *why;
    bool told;                       /* with another one for the same reason */
};

struct tflite {
    struct pool *pool;
    struct diag *diag;
    struct span at;                  /* the file, for diagnostics */
    const char *path;
    const char *description;         /* "MLIR Converted."; "": none */
    struct fb fb;
    struct writer *w;                /* of tflite_lower */
    int64_t batch;
    VEC(struct tflite_tensor *) tensor;
    VEC(struct tflite_tensor *) input;
    VEC(struct tflite_tensor *) output;
    VEC(struct tflite_node *) node;
    VEC(struct tflite_refusal) refusal;
    int64_t constants;               /* elements read so far */
    int64_t made;                    /* elements made of nothing */
    int folds, pads, dilations;      /* for the comment at the head of the spec */
    bool hybrid, halves;             /* weights were int8, float16 */
};

/* ---- the steps, each false after errors ------------------------------------------------------ */

/* NULL after errors. Keeps the bytes. */
struct tflite *tflite_read(struct pool *, const char *path, const unsigned char *bytes, size_t len,
        struct diag *);


void tflite_fold(struct tflite *);

bool tflite_lower(struct tflite *, const char *model_name);

/* ---- for the steps --------------------------------------------------------------------------- */

/* The operator can't be imported: fmt is the reason. Returns false. */
bool tflite_refuse(struct tflite *, struct tflite_node *, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Turns what was refused into errors. True when there was nothing. */
bool tflite_report(struct tflite *);

struct tflite_tensor *tflite_in(const struct tflite_node *, int i);  /* NULL: left out */
int64_t tflite_size(const struct tflite_dims *);                     /* elements */
const char *tflite_dims_text(struct pool *, const struct tflite_dims *);
const char *tflite_type_name(int type);                              /* "int8" */
const char *tflite_quoted(const struct tflite *, const char *text);  /* fit to be shown */

bool tflite_is_const(const struct tflite_tensor *);

/* A constant's values; NULL, with the node refused, when they can't be had. Quantised ones become
 * the numbers that they mean. */
const float *tflite_floats(struct tflite *, struct tflite_node *, struct tflite_tensor *);
const int64_t *tflite_ints(struct tflite *, struct tflite_node *, struct tflite_tensor *);

/* What a STRIDED_SLICE takes: elements from begin on, before end, which may be -1 where the step is
 * negative. False when refused. */
struct tflite_slice {
    int64_t begin[TFLITE_MAX_RANK], end[TFLITE_MAX_RANK], step[TFLITE_MAX_RANK];
};
bool tflite_slice_of(struct tflite *, struct tflite_node *, struct tflite_slice *);

/* What a GATHER_ND takes: of outer pieces of inner elements each, n in the order of a list. False
 * when refused. */
struct tflite_places { int64_t outer, inner, n; const int64_t *at; };
bool tflite_places_of(struct tflite *, struct tflite_node *, struct tflite_places *);

#endif
