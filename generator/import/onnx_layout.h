/* onnx_layout.h: how tensors lie in memory.
 *
 * ONNX' images are [N, C, H, W], cnngen's [H, W, C]. Rather than transposing back and forth, each
 * tensor knows in which order its elements are stored: the tensor is cut into factors, its atoms,
 * listed in ONNX' order (outermost first), and `order` says in which sequence they are stored. An
 * image has the atoms C, H, W, stored as H, W, C. Then
 *
 *   - Transpose only lists the atoms in another sequence: nothing moves;
 *   - Reshape, Flatten, Squeeze change nothing at all: a dimension may be several atoms, and one
 *     atom can be cut in two where a dimension ends inside of it (channel shuffles and pixel
 *     shuffles are nothing but that);
 *   - a layer that needs an order says so, and gets Reshape and Permute layers where the order is
 *     another one (place_arrange); Gemm takes any order of its features and permutes its weights.
 *
 * Atoms of size 1 are left out. The batch, where there is more than one image, is the first atom,
 * stored first, and is no part of the layer's shape. */
#ifndef CNNGEN_IMPORT_ONNX_LAYOUT_H
#define CNNGEN_IMPORT_ONNX_LAYOUT_H

#include "graph.h"
#include "onnx_lower.h"

enum { MAX_ATOMS = 32 };             /* a tensor has less than 2^31 elements */

struct onnx_placed {
    const char *layer;               /* whose result it is */
    struct wlayer *made;             /* of place_arrange: the last layer it added; NULL */
    struct wlayer *open;             /* that layer while it can take an activation; NULL */
    struct shape shape;              /* the layer's, without the batch */
    int atoms;
    int64_t size[MAX_ATOMS];         /* in ONNX' order; each more than 1 */
    int order[MAX_ATOMS];            /* the atoms as they are stored, outermost first */
    struct onnx_placed *also;        /* the same value once more, rearranged */
};

/* A way to see a value: as these dimensions (of the same size as its own), stored in the sequence
 * perm[0], perm[1] ...; dimension i is dimension where[i] of the layer's shape, or is left out
 * (-1: it is the batch, or 1), or shares one (see place_view). */
struct view {
    struct onnx_dims dims;
    int perm[ONNX_MAX_RANK];
    int where[ONNX_MAX_RANK];
    struct shape shape;
};

/* dims in the order in which the value is stored, where each is in one piece; otherwise, and for
 * constants, channels last if it may be an image, else as ONNX has them. */
void place_order(const struct lower *, const struct onnx_value *, const struct onnx_dims *,
        int perm[ONNX_MAX_RANK]);

/* [N, C, spatial ...] with the channels last. */
void place_channels_last(int rank, int perm[ONNX_MAX_RANK]);

/* Fills in where and shape. Dimensions of the mask keep get one of the shape's each, others may be
 * left out or share one where there are too many. joined: bit k, the dimensions perm[k] and
 * perm[k+1] may share one. False when there are more than the shape can have. */
bool place_view(const struct lower *, struct view *, unsigned keep, unsigned joined);

/* place_order and place_view; refuses. */
bool place_natural(struct lower *, struct onnx_node *, const struct onnx_value *, unsigned keep,
        struct view *);

/* The name of the layer that has the value as the view wants it; Reshape, Permute and Constant
 * layers are added as needed. NULL when refused. */
const char *place_arrange(struct lower *, struct onnx_node *, struct onnx_value *,
        const struct view *);

/* An output of the network in ONNX' order: the last layer bears the value's name. */
const char *place_final(struct lower *, struct onnx_node *, struct onnx_value *);

/* The value is what this layer makes, lying as the view says. */
void place_set(struct lower *, struct onnx_value *, struct wlayer *, const struct view *);

/* The layer of an output that has to be rearranged leaves the value's name to the last one. */
void place_name(struct lower *, struct onnx_value *, struct wlayer *);

/* The value is another one, whose dimensions are only seen differently. */
void place_alias(struct lower *, struct onnx_value *, const struct onnx_value *);

/* The value is another one with its dimensions in another order. False when it can't be. */
bool place_transpose(struct lower *, struct onnx_node *, const struct onnx_value *from,
        const int perm[ONNX_MAX_RANK], struct onnx_value *to);

/* Cuts atoms so that each dimension starts with one. False when a dimension ends inside an atom
 * that can't be cut there. */
bool place_cut(struct onnx_placed *, const struct onnx_dims *);

/* The constant's data in the order of the view. */
const float *place_data(struct lower *, const struct onnx_value *, const struct view *);

#endif
