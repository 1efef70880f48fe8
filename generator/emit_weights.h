/* emit_weights.h: the plan's arrays as C text, as numbers or as strings of bytes. Those of
 * --weights asm and bin are in a file instead: storage.h. */
#ifndef CNNGEN_EMIT_WEIGHTS_H
#define CNNGEN_EMIT_WEIGHTS_H

#include "out.h"
#include "plan.h"
#include "storage.h"

struct emit_weights {
    const struct plan *plan;
    enum storage storage;
    const char *prefix, *upper;    /* of names, of macros */
    bool split;                    /* in a C file of their own */
    uint64_t id;                   /* split: hash of the program, part of each name that is linked */
};

/* Whether the array is a string of bytes rather than numbers, and whether any is. */
bool weights_are_bytes(const struct emit_weights *, const struct array *);
bool weights_any_bytes(const struct emit_weights *);

/* The array as a call names it: "mnist_w1", "mnist_w3.f". */
const char *weights_name(const struct emit_weights *, const struct array *);

/* split: what both files say of each array. Arrays of another program have other names, so that
 * files which don't fit each other don't link. */
void weights_declare(const struct emit_weights *, struct out *);

/* Their definitions, each behind a comment that says whose they are; the values are late passages,
 * which read the plan. */
void weights_define(const struct emit_weights *, struct out *);

#endif
