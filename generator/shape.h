/* shape.h: the shape of every tensor. */
#ifndef CNNGEN_SHAPE_H
#define CNNGEN_SHAPE_H

#include "graph.h"

/* Fills in the shapes and declares the weights, layer by layer; checks what layers declare as their
 * input_shape and the sizes of all. A layer whose inputs have no known shape is passed over in
 * silence. */
void shape_infer(struct graph *, struct diag *);

#endif
