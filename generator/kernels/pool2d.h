/* pool2d.h: what the kernels of pooling share. */
#ifndef CNNGEN_KERNELS_POOL2D_H
#define CNNGEN_KERNELS_POOL2D_H

#include "../kernel.h"

/* What a window spans along an axis, with its holes. */
int pool2d_extent(const struct pool2d *, int axis);

/* MAX INCLUDE C IH IW OH OW KH KW SH SW DH DW PT PB PL PR CLIP. */
void pool2d_bind_window(struct pool *, struct args *, const struct step *);

#endif
