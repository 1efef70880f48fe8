/* emit_face.h: what callers see of an emitted program: the functions that run it, with a pointer
 * for each input and output, and the macros of their sizes. */
#ifndef CNNGEN_EMIT_FACE_H
#define CNNGEN_EMIT_FACE_H

#include "graph.h"
#include "out.h"

struct emit_face {
    struct pool *pool;
    const struct graph *graph;
    const char *prefix, *upper;    /* "mnist", "MNIST" */
    bool given;                    /* the caller gives the weights: --weights=bin */
};

/* A layer's name as part of a C identifier. Not unique by itself: step numbers make it so. */
const char *face_part(struct pool *, const char *name);

/* The pointer argument of the i-th input (or output): "input", or of several "in_image". */
const char *face_pointer(const struct emit_face *, bool output, int i);

const char *face_type(enum dtype);     /* "float" */

/* Fills a hole of the templates that is about this. False: it isn't. */
bool face_insert(const struct emit_face *, const char *name, struct out *);

#endif
