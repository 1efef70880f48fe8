/* opt.h: rewrites the graph into what kernels are made for.
 *
 * The passes (opt_pass.h), in the order of the table at the end of opt.c, work on a copy of the
 * nodes; graph->layer stays as written, for the reference. Each leaves a graph that graph_check
 * accepts. Folding scales and shifts into weights computes in double precision and rounds once. */
#ifndef CNNGEN_OPT_H
#define CNNGEN_OPT_H

#include "graph.h"

void optimise(struct graph *);   /* once shaped, with its weights; never fails */

#endif
