/* emit_holes.h: what fills the $insert lines of model.c.in, model.h.in and weights.c.in. */
#ifndef CNNGEN_EMIT_HOLES_H
#define CNNGEN_EMIT_HOLES_H

#include "emitter.h"

void emit_hole(void *emitter, const char *name, struct out *);  /* a template_insert */

#endif
