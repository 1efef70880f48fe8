/* tflite_lower.h: what the lowerings of TFLite's operators share. */
#ifndef CNNGEN_IMPORT_TFLITE_LOWER_H
#define CNNGEN_IMPORT_TFLITE_LOWER_H

#include "tflite.h"
#include "tflite_ops.h"

/* A tensor as cnngen counts its dimensions: without the batch, at least one, at most LIMIT_RANK. In
 * memory nothing differs. first: how many of TFLite's dimensions are left out in front. */
struct seen { struct shape shape; int first; };

/* False, with the node refused, where the tensor is no batch, or has too many dimensions. */
bool lower_seen(struct tflite *, struct tflite_node *, const struct tflite_tensor *, struct seen *);

/* Dimension axis of the tensor (negative: from the end) as one of seen.shape. */
bool lower_axis(struct tflite *, struct tflite_node *, const struct tflite_tensor *,
        const struct seen *, int64_t axis, int *out);

/* The layer that makes input i; of a constant a Constant layer. NULL when refused. */
const char *lower_input(struct tflite *, struct tflite_node *, int i);

/* The same in other dimensions, with a Reshape where they differ. */
const char *lower_input_as(struct tflite *, struct tflite_node *, int i, const struct shape *);

/* A Constant layer of these values, named like the tensor. */
const char *lower_constant(struct tflite *, const struct tflite_tensor *, const struct shape *,
        const float *data);

/* A layer that makes the tensor; later ones of the same tensor follow on it. */
struct wlayer *lower_layer(struct tflite *, const char *type, struct tflite_tensor *);

/* A layer of one input, which is input 0, for output 0. NULL when refused. */
struct wlayer *lower_unary(struct tflite *, struct tflite_node *, const char *type);

/* Another layer, behind the one that makes the tensor. */
struct wlayer *lower_follow(struct tflite *, struct tflite_tensor *, const char *type);

/* The fused activation, as an argument of the layer (joins) or as a layer of its own. */
bool lower_activation(struct tflite *, struct tflite_node *, struct wlayer *, bool joins);

/* The output is the input under another name. */
bool lower_alias(struct tflite *, struct tflite_node *, int i, struct tflite_tensor *out);

void lower_dims(struct wlayer *, const char *key, const struct shape *);

/* Option i of the operator, of so many bytes. */
int64_t lower_option(struct tflite *, const struct tflite_node *, int i, int bytes, int64_t absent);

/* Input i, a constant list of integers. NULL when refused. n: how many. */
const int64_t *lower_list(struct tflite *, struct tflite_node *, int i, int *n);

#endif
