/* one_dimension.h: layers on [length, channels] as the 2D ones on images of height 1. */
#ifndef CNNGEN_OPS_ONE_DIMENSION_H
#define CNNGEN_OPS_ONE_DIMENSION_H

#include "common.h"

/* The 2D form's evaluation, and the 2D form between two Reshapes in the node's place, itself
 * lowered where it is composed. The attributes are those of the 2D form, resolved. */
void height_eval(const struct node *, const struct tval *in, struct tval *out);
void height_lower(struct graph *, struct node *);

/* A window along the length: Keras' attributes are the second of each pair of the 2D form's. */
struct span1d {
    const char *key, *what;
    int size, stride, dilation;
    const struct padding *padding;
    int *pad;                        /* resolved: 0 0 before behind */
};

/* Steps of the output; 0 after an error. */
int resolve_length(struct graph *, struct node *, const struct span1d *, struct diag *);

_Static_assert(sizeof ((struct padding *)NULL)->kind == sizeof(int), "ATTR_WORD writes an int");

#endif
