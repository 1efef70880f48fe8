/* emit.h: a plan as C text: MODEL.c, MODEL.h and what goes with them. Decides nothing; the C is in
 * templates/. */
#ifndef CNNGEN_EMIT_H
#define CNNGEN_EMIT_H

#include "diag.h"
#include "out.h"
#include "plan.h"
#include "stack.h"
#include "storage.h"
#include "version.h"

struct selftest;                   /* selftest.h */
struct file_list;                  /* depfile.h */

struct emit_options {
    const char *prefix;            /* of everything visible: a C identifier */
    const char *spec_name;         /* as comments call the specification */
    const char *header_name;       /* base name of the header, for #include */
    const char *command;           /* in canonical form */
    const char *tuning;            /* name and hash of the file of --tuning; NULL: none */
    const char *template_dir;      /* instead of the built-in templates; NULL */
    bool standalone;               /* the runtime's text goes into the .c file */
    enum storage storage;          /* of weights */
    const char *weights_name;      /* base name of the weights file, for .incbin */
    bool split;                    /* weights in a C file of their own */
    const char *c_name;            /* base name of the C file, for that one's comment */
    const struct selftest *selftest; /* NULL: none */
    struct file_list *reads;       /* gets the paths of the templates read from template_dir */
    bool static_arena;             /* with PREFIX_run_static, which owns an arena */
    bool bare_targets;             /* the vectors of all the plan's targets, also where no step uses them */
};

struct emitted {
    struct out c, h;
    struct out w;                  /* the weights file, where storage_file(storage) */
    struct out split;              /* the C file of weights, where split */
    struct stack stack;            /* that a call needs */
};

/* Appends to all texts; false after diagnostics (only a --template-dir's templates can be
 * wrong). */
bool emit(const struct plan *, const struct emit_options *, struct emitted *, struct diag *);

void emitted_init(struct emitted *);
void emitted_free(struct emitted *);

#endif
