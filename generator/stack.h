/* stack.h: how much stack emitted functions take, at most, when they are optimised.
 *
 * Compilers decide, so this is a rule with room, checked against what compilers say of all that the
 * tests emit (tests/stack.sh). A function keeps on its stack
 *   - arrays that it declares,
 *   - vectors that find no register: STACK_HELPERS within functions as exp, which are inlined, and
 *     of its own never more than operations that make them; as tiles are sized for registers there
 *     are, never more than STACK_VECTORS of both,
 *   - pointers and counters: STACK_SCALARS bytes, with saved registers and alignment. */
#ifndef CNNGEN_STACK_H
#define CNNGEN_STACK_H

#include "diag.h"
#include "pool.h"

enum {
    STACK_HELPERS = 32,
    STACK_VECTORS = 96,
    STACK_SCALARS = 512,           /* bytes */
    STACK_DRIVER = 1024,           /* bytes: PREFIX_run, what walks through steps, a step's own */
    STACK_POINTER = 48,            /* more for each input and output: its span, its place in the
                                    * job, and its way through the functions that call each other */
    STACK_PASSED = 8,              /* and where a batch's function is one more of these */
};

/* Bytes for the functions in a text of C, the one and those that it calls there together, with
 * vectors of so many bytes. */
int64_t stack_of_text(const char *text, size_t len, int vector_bytes);

/* A function of the program and what it takes. */
struct stack_use { const char *function; struct span at; int64_t bytes; };

struct stack {
    int64_t bytes;                 /* of a call, on each of its threads */
    VEC(struct stack_use) use;     /* kernels' functions */
};

#endif
