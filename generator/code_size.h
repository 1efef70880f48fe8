/* code_size.h: how much C there is for each target, and how much code a compiler makes of it. */
#ifndef CNNGEN_CODE_SIZE_H
#define CNNGEN_CODE_SIZE_H

#include "session.h"

struct code_size {
    int64_t lines;   /* of C that are there for this target alone */
    int64_t bytes;   /* of code and constants of the program for it and those that it builds on,
                      * without weights; -1: not measured, or not a target of the compiler */
};

/* Of a session that is planned, for the targets of the plan, and the bound of the stack, in bytes.
 * compile: run the compiler too. False after a message: it failed. */
bool code_sizes(struct session *, bool compile, struct code_size size[TARGET_COUNT],
        int64_t *stack);

#endif
