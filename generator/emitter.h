/* emitter.h: what the files that write a program share while they write one: emit.c, emit_holes.c,
 * emit_target.c and emit_instances.c. Texts live in the plan's pool. */
#ifndef CNNGEN_EMITTER_H
#define CNNGEN_EMITTER_H

#include "emit.h"
#include "emit_face.h"
#include "emit_weights.h"

/* A kernel instance: steps with equal arguments share one. */
struct instance {
    const char *fn;            /* "mnist_conv2d_direct_1_avx2" */
    const struct kernel *kernel;
    const struct target *target;
    struct args args;          /* without FN; with the names of the functions that it calls */
    int64_t stack;             /* bytes, once it is written */
    VEC(const struct group *) user;
};

struct emitter {
    const struct plan *plan;
    const struct emit_options *opt;
    struct pool *pool;
    struct diag *diag;
    const char *upper;         /* the prefix in capitals */
    uint64_t id;               /* the program's hash, where weights are apart; 0: not known yet */
    uint64_t hash;             /* of both files; 0: not known yet */
    bool draft;                /* to be hashed: without values of weights, places in the
                                * specification, names of files */
    VEC(struct instance) instance;
    VEC(struct emitter_loaded { const char *name; struct template *t; }) loaded;
    bool failed;               /* after diagnostics: a template is wrong */
};

struct emit_face emitter_face(const struct emitter *);        /* what callers see of the program */
struct emit_weights emitter_weights(const struct emitter *);  /* what it has of weights */
bool emitter_any_bytes(const struct emitter *);               /* any of these are bytes in text */
int emitter_threads(const struct emitter *);                  /* the most that any step can use */

const char *emitter_place(struct emitter *, const struct node *); /* "mnist.yaml:7"; drafts: "" */
const char *emitter_extents(struct emitter *, const struct tensor *);  /* "28x28x1" */
const char *emitter_hash(struct emitter *, uint64_t);                  /* "0x00c0ffee00c0ffee" */

/* A template by its file's name, of --template-dir or else built in: loaded when it is first asked
 * for, and kept under that name, which must live as long as the emitter. NULL after diagnostics. */
struct template *emitter_template(struct emitter *, const char *name);

/* Expands one into out; insert, given the emitter, fills its holes (NULL: it has none). */
void emitter_expand(struct emitter *, const char *name, const struct args *,
        template_insert *insert, struct out *);

/* A file of the runtime: an #include of it; with --standalone its text, those that it includes in
 * their places. */
void emitter_runtime(struct emitter *, const char *name, struct out *);

#endif
