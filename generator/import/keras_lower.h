/* keras_lower.h: writing one call of a layer. */
#ifndef CNNGEN_IMPORT_KERAS_LOWER_H
#define CNNGEN_IMPORT_KERAS_LOWER_H

#include "keras.h"

struct refusal {
    const struct klayer *layer;
    const char *why;
    bool told;                /* with another one of that class and reason */
};

struct lower {
    struct keras_file *f;
    struct pool *pool;
    struct writer *w;
    const struct import_options *options;
    VEC(struct refusal) refusal;
    int64_t batch;            /* 0: not known yet */
    int dropped;              /* layers that do nothing at inference */
    int calls;                /* of layers, so far */
    bool *shape_used;         /* of each --shape */
};

/* One call: name is the layer's to be, in the layers that it reads. The last layer that was written for
 * it; NULL after lower_refuse. */
const char *keras_lower_layer(struct lower *, struct klayer *, const char *name,
        const char *const *in, int n);

/* The input of a model: its name, dimensions with the batch in front, null where they are open. */
const char *keras_lower_input(struct lower *, const char *name, const json_t *dims,
        const json_t *config);

/* Remembers why the layer can't be imported; NULL. */
const char *lower_refuse(struct lower *, const struct klayer *, const char *fmt, ...)
        PRINTF_LIKE(3, 4);

/* Each layer's weights: the names are Keras', several where it changed its mind; the first one is cnngen's. */
struct kweight {
    const char *names;        /* "kernel|depthwise_kernel" */
    const char *flag;         /* of the configuration; without it, or where it is false, there is none. NULL: always */
};

struct klayer_type {
    const char *class_name;
    bool idle;                /* does nothing at inference */
    const char *keys;         /* between blanks; "alpha>negative_slope" is renamed */
    struct kweight weight[KERAS_MAX_WEIGHTS];
};

const struct klayer_type *keras_layer_type(const char *class_name);  /* NULL: unknown */
const char *keras_why_not(const char *class_name);   /* why an unknown one is */

/* Writes the layer's weights, or in a later call names those of the first. */
bool keras_lower_weights(struct lower *, struct klayer *, const struct klayer_type *,
        struct wlayer *);

#endif
