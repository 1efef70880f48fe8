/* writer.h: a specification and its weights in the making: what importers write.
 *
 * Layers are added in order; each is one line of YAML. Names become legal and unique, so a layer is
 * referred to by the name it got (layer->name). Everything lives in the writer's pool; data of weights
 * is not copied and has to last until writer_write. */
#ifndef CNNGEN_IMPORT_WRITER_H
#define CNNGEN_IMPORT_WRITER_H

#include "graph.h"
#include "pool.h"

struct writer;

struct wlayer {
    const char *name;                /* what it became: [A-Za-z0-9_./-], at most 63 characters */
    struct writer *writer;
    const char *type;
    VEC(const char *) input;
    VEC(const char *) key;           /* "filters: 32", in order */
    const char *comment;             /* NULL: none */
};

/* model_name: any text; it becomes a C name. */
struct writer *writer_new(struct pool *, const char *model_name);

/* A line at the head of the specification. */
void writer_comment(struct writer *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The next layer. */
struct wlayer *writer_layer(struct writer *, const char *type, const char *name);

/* Another name, for a layer that nothing refers to yet. */
void layer_rename(struct wlayer *, const char *name);

/* Appends an input; inputs are written only where they aren't just the layer before. */
void layer_input(struct wlayer *, const char *layer_name);

/* Keys and values. Words and names must be fit for YAML as they are; layer_raw takes any YAML. */
void layer_int(struct wlayer *, const char *key, int64_t);
void layer_ints(struct wlayer *, const char *key, int n, const int64_t *);
void layer_float(struct wlayer *, const char *key, float);
void layer_floats(struct wlayer *, const char *key, int n, const float *);
void layer_word(struct wlayer *, const char *key, const char *word);
void layer_bool(struct wlayer *, const char *key, bool);
void layer_raw(struct wlayer *, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Behind the layer's line. */
void layer_comment(struct wlayer *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A tensor in Keras' layout, "LAYER.kernel" in the file. */
void layer_weight(struct wlayer *, const char *name, struct shape, const float *data);

/* A tensor of that name without a layer, for files of weights alone. */
void writer_tensor(struct writer *, const char *name, struct shape, const float *data);

void writer_output(struct writer *, const char *layer_name);
void writer_batch(struct writer *, int64_t batch);

int writer_layers(const struct writer *);

/* How the specification refers to the weights: their path below its folder. NULL: they aren't there. */
const char *weights_reference(struct pool *, const char *yaml_path, const char *weights_path);

/* Both files or neither; the second one only if there are weights. False with errno, and *failed the path,
 * when they can't be written. weights_path has a weights_reference. */
bool writer_write(struct writer *, const char *yaml_path, const char *weights_path,
        const char **failed);

/* The weight file alone; false as above. */
bool writer_write_weights(struct writer *, const char *path, const char **failed);

/* Whether cnngen takes what has been written: the specification is read as it would be from yaml_path,
 * shapes are inferred, and the weights have those that their layers need. False after errors. */
bool writer_check(struct writer *, const char *yaml_path, struct diag *);

#endif
