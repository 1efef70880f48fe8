/* session.h: one run of the program: the pipeline's stages as far as a command needs them. */
#ifndef CNNGEN_SESSION_H
#define CNNGEN_SESSION_H

#include "depfile.h"
#include "diag.h"
#include "emit.h"
#include "graph.h"
#include "options.h"
#include "out.h"
#include "out_file.h"
#include "plan.h"
#include "spec.h"
#include "tuning.h"

struct session {
    struct pool *pool;
    const struct options *options;
    struct diag *diag;
    struct source source;
    struct spec *spec;
    struct graph *graph;        /* with shapes and weights (of a summary: made-up ones) */
    struct plan *plan;
    const char *prefix;         /* of what is emitted */
    bool imported;              /* from a model of another format */
    int status;                 /* not 0: a model couldn't be imported, and what to exit with */
    const struct tuning *tuning; /* times that kernels are chosen by; NULL: none */
    bool trial;                 /* of struct plan */
    enum target_id trial_target;
    struct emitted text;
    struct file_list reads;     /* besides spec and weights: labels, templates, parts of a model */
};

/* Each takes the session from the stage before. False after diagnostics, or with the message of a
 * dump in place: session_report says with what to end. */
bool session_read(struct session *);    /* text -> spec -> graph with shapes -> weights */
bool session_plan(struct session *);    /* optimise, plan */
bool session_emit(struct session *);    /* s->text */

/* The times in a file, which ends the program when it can't be read. NULL after diagnostics. */
struct tuning *session_tuning(struct session *, const char *path);

/* All of the files or none, as out_commit has it. Ends the program when one can't be written. */
void session_write(struct out_file *, int n);

/* Appends the files that outputs are made from; the first is the specification, or the model. */
void session_sources(struct session *, struct file_list *);

/* Ends the program when one of the files would overwrite what they are made from, or another. */
void session_keep_sources(struct session *, const struct out_file *, int n);

/* The text to the file that --output names, which must not be one of those it was made from; frees
 * it. */
void session_save(struct session *, struct out *);

/* The text to standard output, likewise, and frees it. */
void session_print(struct out *);

/* Prints diagnostics to stderr. The exit code: 1 if there were errors. */
int session_report(struct session *);

/* The commands. Each prints its own output and returns the exit code. */
typedef int command_fn(struct session *);
command_fn command_generate, command_check, command_summary, command_run, command_verify,
        command_bench, command_tune, command_plot, command_report;

#endif
