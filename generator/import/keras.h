/* keras.h: a Keras model on its way to a specification.
 *
 *     file -> keras_open -> struct keras_file          what the format says, and its tensors
 *          -> keras_parse -> struct kmodel             the configuration as layers and their calls
 *          -> keras_lower -> struct writer             each call of a layer as a layer of the spec
 *
 * Formats: .keras (Keras 3; a ZIP archive or the folder unpacked), .h5 of Keras 2 and 3, weights
 * alone (Keras 2's and Keras 3's), and TensorFlow.js layers models. They differ in where the
 * configuration is, and in how a layer's tensors are found; configurations are Keras 2's or
 * Keras 3's wherever they are. */
#ifndef CNNGEN_IMPORT_KERAS_H
#define CNNGEN_IMPORT_KERAS_H

#include "graph.h"
#include "json_read.h"
#include "main.h"

enum { KERAS_MAX_RANK = 8, KERAS_MAX_NESTING = 16, KERAS_MAX_WEIGHTS = 4,
    KERAS_MAX_TENSORS = 1 << 15 };
#define KERAS_MAX_FILE INT64_C(8589934592)       /* read into memory */

/* How tensors are named. */
enum keras_naming {
    NAMING_V3,                /* "/layers/conv2d_1/vars/0": class, number, place in the layer */
    NAMING_H5,                /* in the group of the outermost layer: "conv/kernel:0" */
    NAMING_TFJS               /* "conv/kernel", wherever the layer is */
};

struct keras_tensor {
    const char *group;        /* NAMING_H5: the outermost layer's name; else "" */
    const char *name;
    const char *layer;        /* NAMING_V3: the layer's name where the file says it; NULL */
    int rank;
    int64_t dim[KERAS_MAX_RANK];
    const float *at;          /* row-major; NULL: refused */
    const char *refused;      /* why it can't be used */
};

struct keras_file {
    struct pool *pool;
    struct diag *diag;
    struct span at;           /* for diagnostics */
    const char *path;
    const char *format;       /* "Keras 3 archive" */
    enum keras_naming naming;
    int version;              /* whose rules the layers obey: 2 or 3 */
    const char *writer;       /* "3.4.1", as the file says; "" */
    const json_t *model;      /* {"class_name": ..., "config": ...}; NULL: weights alone */
    VEC(json_t *) json;       /* to be freed by keras_close */
    VEC(struct keras_tensor) tensor;
    struct file_list reads;   /* shards, and the files of a folder */
};

/* What the file is, by its content. False after errors, which name what it is instead. */
bool keras_open(struct pool *, const char *path, struct diag *, struct keras_file *);
void keras_close(struct keras_file *);

/* The parts of keras_open. */
bool keras_open_archive(struct keras_file *, const struct source *);
bool keras_open_h5(struct keras_file *, const struct source *);
bool keras_open_tfjs(struct keras_file *, const struct source *, const char *folder);
bool keras_open_folder(struct keras_file *, const char *folder);
bool keras_set_model(struct keras_file *, const json_t *model);
bool keras_read_weights_v3(struct keras_file *, const struct source *);
bool keras_add_tensor(struct keras_file *, struct keras_tensor);
void keras_set_writer(struct keras_file *, const char *version);  /* NULL: not said */

/* ---- the model ------------------------------------------------------------------------------- */

/* A tensor of the model: which output of which call of which layer. */
struct kref { int layer, call, output; };

struct kcall {
    VEC(struct kref) in;
    bool training;            /* called with training=True: noise at inference too */
    const char *refused;      /* why the call can't be imported; NULL */
    bool needed;              /* for the model's outputs */
};

struct klayer {
    const char *class_name, *name;
    const char *kind;         /* keras_snake_case(class_name) */
    const char *module;       /* "keras.layers"; "" */
    const json_t *config;     /* an object */
    struct kmodel *inner;     /* of a nested model; NULL */
    VEC(struct kcall) call;
    const char *path;         /* NAMING_V3: "/layers/conv2d_1" */
    const char *outermost;    /* name of the layer of the outermost model that holds it, or is it */
    const char *first;        /* the spec's layer of its first call; NULL: none yet */
};

struct kmodel {
    const char *name;
    bool sequential;
    VEC(struct klayer) layer;
    VEC(struct kref) input, output;
    const json_t *build_shape;  /* of a sequential model without an InputLayer; NULL */
};

/* NULL after errors. */
struct kmodel *keras_parse(struct keras_file *);

/* Keras' name of a class in paths: "Conv2DTranspose" -> "conv2d_transpose". */
const char *keras_snake_case(struct pool *, const char *class_name);

/* ---- weights --------------------------------------------------------------------------------- */

/* The tensor that is the layer's index-th of count, "kernel" or one of the names behind '|':
 * "kernel|depthwise_kernel". NULL after an error. */
const struct keras_tensor *keras_find(struct keras_file *, const struct klayer *, const char *names,
        int index, int count);

/* ---- lowering -------------------------------------------------------------------------------- */

/* The whole model; NULL after errors: all that can't be imported is reported together. */
struct writer *keras_lower(struct keras_file *, struct kmodel *, const struct import_options *);

/* The weights of a specification's layers, from a file of weights alone; NULL after errors. */
struct writer *keras_fill(struct keras_file *, const struct import_options *);

/* docs/keras.md: --print-reference. */
void keras_types_print(struct out *);

#endif
