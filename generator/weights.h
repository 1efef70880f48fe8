/* weights.h: where each layer's weights come from: a safetensors file, a folder of
 * .npy files, the spec itself, or chance.
 *
 * Top level of a spec:  weights: FILE | random | {file: FILE, layout: keras|torch} | {random: SEED}
 * In a layer:           weights: {kernel: TENSOR, bias: [0.5, 1.0], gamma: 1}
 * The tensors of a file or folder are named LAYER.WEIGHT. The name or the layout says in
 * which order a tensor's dimensions stand (Keras: kernel, gamma, moving_mean; PyTorch: weight,
 * running_mean), never the shape. */
#ifndef CNNGEN_WEIGHTS_H
#define CNNGEN_WEIGHTS_H

#include "graph.h"

struct weight_options {
    const char *override_file;  /* --weights-file: in the place of the spec's file; NULL: none */
};

/* Fills weight[].data of all nodes of g->layer, finite and in Keras' layout. Needs shapes; to be
 * called once, before optimise. False after errors: then some have no data. */
bool weights_load(struct graph *g, const struct weight_options *, struct diag *);

#endif
