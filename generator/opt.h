/* opt.h: rewrites the graph into what kernels are made for.
 *
 * The passes, in this order: copy the graph (graph->layer stays as written, for the reference), split
 * activations off their layers, lower composed layers, drop identities, work on signals as on images, read inputs (uint8, channels first), merge padding, merge
 * and fold scales and shifts. Each leaves a graph that graph_check accepts. Folding computes in double
 * precision and rounds once. */
#ifndef CNNGEN_OPT_H
#define CNNGEN_OPT_H

#include "graph.h"

void optimise(struct graph *);

#endif
