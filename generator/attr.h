/* attr.h: a layer's keys, read by its operator's table of attributes.
 *
 * A value comes from the layer, else from the spec's "defaults" for its type, else from the
 * table. */
#ifndef CNNGEN_ATTR_H
#define CNNGEN_ATTR_H

#include "graph.h"
#include "ops.h"

enum { MAX_BORDER = 65536 };  /* of padding and cropping */

/* What the layers of one type start from. */
struct attr_base {
    void *attr;                    /* attr_bytes; NULL: not made yet */
    const struct activation *act;
    uint64_t given;                /* bit i: attrs[i] has a value */
    bool broken;                   /* "defaults" has errors, which were reported */
};

struct attr_reader {
    struct pool *pool;
    const struct spec *spec;
    struct diag *diag;
    struct attr_base base[OP_COUNT];
    VEC(struct span) reported;     /* keys that several layers share are reported once */
    int ignored;                   /* training-only keys met */
    struct span ignored_at;        /* the first of them */
    const char *ignored_key;
};

/* Checks the spec's "defaults". */
void attr_start(struct attr_reader *, struct pool *, const struct spec *, struct diag *);

/* Fills node->attr and node->act. Leaves node->attr NULL and returns false after errors. */
bool attr_read(struct attr_reader *, struct node *);

/* The one warning about keys that have no effect. */
void attr_finish(struct attr_reader *);

/* One value into attr (and *act for ATTR_TO_NODE). */
bool attr_parse(struct pool *, const struct attr_def *, const struct value *, void *attr,
        const struct activation **act, struct diag *);

/* The defaults of the table alone; those that are required stay zero. */
void attr_fallback(struct pool *, const struct op_def *, struct attr_base *);

/* The value as YAML text, pairs as "3x3". NULL: absent. */
const char *attr_text(struct pool *, const struct attr_def *, const void *attr,
        const struct activation *act);

/* What a number of the attribute may be, both ends included; infinite: any. */
void attr_range(const struct attr_def *, double *min, double *max);

/* Reports a layer type that no operator has. */
void attr_report_type(struct pool *, const char *type, struct span, struct diag *);

/* As Keras makes names: "MaxPooling2D" -> "max_pooling2d". */
const char *attr_snake_case(struct pool *, const char *type);

/* The key of the table, or NULL. */
const struct attr_def *attr_find(const struct op_def *, const char *key);

/* Keys of every layer beside its operator's: NULL-terminated. */
extern const char *const attr_common_keys[];
/* Keys of Keras that only training uses; "_initializer" and the like stand for all that end so. */
extern const char *const attr_training_keys[];
extern const char *const attr_training_ends[];

/* "input_shape", which every layer may have: an ATTR_SHAPE at offset 0. */
extern const struct attr_def attr_input_shape;

#endif
