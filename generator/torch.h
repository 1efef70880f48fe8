/* torch.h: what PyTorch stores in another order than Keras, and the way from one to the other.
 *
 * A kernel's dimensions stand in another order (struct weight.torch_order). And PyTorch's Flatten
 * runs through channels first, ours through channels last: the features behind it are permuted, and
 * so is each weight that belongs to one of those features, up to and with the next Dense. */
#ifndef CNNGEN_TORCH_H
#define CNNGEN_TORCH_H

#include "graph.h"

/* The order of features of a rank-1 value: at[i] is PyTorch's index of our feature i. NULL: the
 * same. */
struct feature_order {
    int n;
    const int32_t *at;
};

struct torch_orders {
    struct pool *pool;
    const struct feature_order **value;  /* of each layer's value, by index in graph.layer */
};

/* Follows features from Flatten (Reshape to rank 1) through element-wise layers, and from a Reshape
 * to an image back to the Dense that makes its features. Where the order can't be known it is taken
 * to be ours, and problem is told the layer, why, and what to do instead (NULL: nothing known). */
void torch_orders_find(struct graph *, struct torch_orders *out,
        void (*problem)(void *to, const struct node *, const char *why, const char *help),
        void *to);

/* How a weight lies in a PyTorch file: element [k0, k1, k2, k3] of Keras' layout is PyTorch's
 * sum of stride[d] * (order[d] ? order[d]->at[kd] : kd). */
struct torch_layout {
    struct shape shape;               /* PyTorch's */
    int64_t stride[LIMIT_RANK];       /* by Keras dimension */
    const struct feature_order *order[LIMIT_RANK];
    bool same;                        /* as Keras' */
};

struct torch_layout torch_layout(const struct torch_orders *, const struct node *,
        const struct weight *);
void torch_to_keras(const struct torch_layout *, const struct shape *keras, const float *from,
        float *to);

#endif
