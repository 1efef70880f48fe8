/* onnx_lower.h: writing the layers of a model, node by node. */
#ifndef CNNGEN_IMPORT_ONNX_LOWER_H
#define CNNGEN_IMPORT_ONNX_LOWER_H

#include "onnx.h"
#include "onnx_ops.h"
#include "writer.h"

struct lower {
    struct onnx *m;
    struct pool *pool;
    struct writer *w;
    int64_t batch;                   /* images; 1: the first dimension is like any other */
    bool images;                     /* some operator works on images */
    int64_t weights;                 /* elements of all weights so far */
};

/* The layer of a node's value, with its name. */
struct wlayer *lower_layer(struct lower *, const char *type, struct onnx_value *);

/* The same for one that comes before: "NAME_what". */
struct wlayer *lower_helper(struct lower *, const char *type, const struct onnx_value *,
        const char *what);

void layer_dims(struct wlayer *, const char *key, const struct shape *);

/* Part of the node's first input along an axis; NULL when refused. */
struct onnx_value *lower_part(struct lower *, struct onnx_node *, int axis, int64_t begin,
        int64_t count, int64_t step);

/* The values one behind the other along the axis. */
bool lower_join(struct lower *, struct onnx_node *, struct onnx_value **, int count, int axis,
        struct onnx_value *to);

/* Whether the dimension is the batch, which layers never see. */
bool lower_is_batch(const struct lower *, int dim);

#define ONNX_LOWER(name) onnx_lower_fn onnx_lower_##name
ONNX_LOWER(alias);
ONNX_LOWER(cast);
ONNX_LOWER(dropout);
ONNX_LOWER(transpose);
ONNX_LOWER(conv);
ONNX_LOWER(conv_transpose);
ONNX_LOWER(max_pool);
ONNX_LOWER(average_pool);
ONNX_LOWER(global_pool);
ONNX_LOWER(gemm);
ONNX_LOWER(matmul);
ONNX_LOWER(activation);
ONNX_LOWER(parametric);
ONNX_LOWER(hard_sigmoid);
ONNX_LOWER(selu);
ONNX_LOWER(celu);
ONNX_LOWER(gelu);
ONNX_LOWER(swish);
ONNX_LOWER(clip);
ONNX_LOWER(prelu);
ONNX_LOWER(binary);
ONNX_LOWER(pow);
ONNX_LOWER(not);
ONNX_LOWER(where);
ONNX_LOWER(softmax);
ONNX_LOWER(reduce);
ONNX_LOWER(arg);
ONNX_LOWER(cum_sum);
ONNX_LOWER(hardmax);
ONNX_LOWER(einsum);
ONNX_LOWER(concat);
ONNX_LOWER(split);
ONNX_LOWER(slice);
ONNX_LOWER(gather);
ONNX_LOWER(pad);
ONNX_LOWER(expand);
ONNX_LOWER(tile);
ONNX_LOWER(depth);
ONNX_LOWER(resize);
ONNX_LOWER(grid_sample);
ONNX_LOWER(batch_norm);
ONNX_LOWER(layer_norm);
ONNX_LOWER(instance_norm);
ONNX_LOWER(group_norm);
ONNX_LOWER(rms_norm);
ONNX_LOWER(lrn);
ONNX_LOWER(lp_norm);
#undef ONNX_LOWER

#endif
