/* template.h: the language that kernels are written in (templates/README.md), loaded and expanded.
 *
 * A template is C with control lines that begin with '$' and holes ${expr}. Loading resolves every
 * name and checks every expression, in branches never taken too; expanding evaluates with the
 * arguments of one kernel instance and appends C to an out buffer. Mistakes in a template are
 * diagnostics with file, line and column [template]; so are arguments that a template does not
 * declare or lacks, or that are outside its ranges. */
#ifndef CNNGEN_TEMPLATE_H
#define CNNGEN_TEMPLATE_H

#include "diag.h"
#include "out.h"
#include "pool.h"
#include "source.h"

enum param_kind { PARAM_INT, PARAM_WORD, PARAM_TEXT };

struct param {
    const char *name;
    enum param_kind kind;
    int64_t min, max;               /* PARAM_INT: the range, both ends included */
    VEC(const char *) word;         /* PARAM_WORD: what it may be */
    const char *doc;
};

struct template;                    /* a loaded template */

struct arg {
    const char *name;
    int64_t value;                  /* of an int */
    const char *text;               /* of a word or text; NULL for an int */
};

struct args {
    VEC(struct arg) arg;
};

/* Both keep the pointers: name and text must live as long as the arguments. */
void args_int(struct pool *, struct args *, const char *name, int64_t value);
void args_text(struct pool *, struct args *, const char *name, const char *text);
bool args_equal(const struct args *, const struct args *);  /* same names and values, same order */

/* NULL after diagnostics. The source must outlive the template. */
struct template *template_load(struct pool *, const struct source *, struct diag *);

/* Called for "$insert NAME" with the hole's indentation already set in the out buffer. */
typedef void template_insert(void *context, const char *name, struct out *);

/* Appends the expansion; false after diagnostics (a failed $assert, a value out of its range, a
 * division by zero, an overflow), with out as it was. insert may be NULL where no hole is. */
bool template_expand(const struct template *, const struct args *, template_insert *insert,
        void *context, struct out *, struct diag *);

int template_params(const struct template *, const struct param **params);

/* The templates built into the program by generator/host/embed.c: NULL when there is none of that
 * name ("conv2d_direct.c.in"). */
const struct source *template_builtin(const char *name);

#endif
