/* emit_target.h: what a program has once for each instruction set: vector helpers, the kernels'
 * functions, a function for each step that calls one with the step's memory, and their table. */
#ifndef CNNGEN_EMIT_TARGET_H
#define CNNGEN_EMIT_TARGET_H

#include "emitter.h"

void emit_targets(struct emitter *, struct out *);  /* all of the plan's, in their order; instances are found */

#endif
