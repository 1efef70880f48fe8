/* labels.h: 'labels' of a specification, the names of the classes: one for each number of the only output. */
#ifndef CNNGEN_LABELS_H
#define CNNGEN_LABELS_H

#include "graph.h"
#include "out.h"

/* Whether they fit the output: strings, as many as its last dimension. To be asked when shapes are known. */
void labels_check(const struct graph *, struct diag *);

int labels_count(const struct graph *);                    /* 0: the specification has none */
void labels_write(const struct graph *, struct out *);     /* string literals in the order of the output */

#endif
