/* expr.h: the integer expressions of the template language.
 *
 * An expression is read once, when its template is loaded, into a tree whose names are slots of an
 * array of values: evaluating looks nothing up. Words may only be compared (ACT == relu) or stand
 * alone in a hole; everything else is a 64-bit integer, and overflow is an error. */
#ifndef CNNGEN_EXPR_H
#define CNNGEN_EXPR_H

#include "diag.h"
#include "out.h"
#include "pool.h"
#include "source.h"
#include "template.h"

struct reader;                /* template_line.h */

/* What an expression may name: parameters, $let names, $for variables. */
struct name {
    const char *name;
    enum param_kind kind;
    const char *const *word;  /* of a PARAM_WORD: what it may be */
    int words;
    int slot;                 /* where its value is, while expanding */
    struct span at;           /* its declaration */
};

struct scope {
    VEC(struct name) name;    /* those in sight, innermost last */
    int slots;                /* used by all names so far; a slot is never used for two */
};

/* The value of a name, while expanding. */
struct slot {
    int64_t num;
    const char *text;         /* of a word or text; NULL for a number */
};

const struct name *scope_find(const struct scope *, const char *name);

struct expr;

/* ---- expr.c ---------------------------------------------------------------------------------- */

/* NULL after diagnostics: of syntax, unknown names, words where a number must be. */
struct expr *expr_read(struct reader *);      /* a number */
struct expr *expr_read_any(struct reader *);  /* or a word or text parameter alone */

/* What a word or text parameter standing alone is; NULL for a number. */
const struct name *expr_alone(const struct expr *, const struct scope *);

/* ---- expr_eval.c ----------------------------------------------------------------------------- */

/* False after a diagnostic: overflow, division by zero. */
bool expr_eval(const struct expr *, const struct slot *slots, struct diag *, struct slot *out);

/* "OC = 10, NB = 16": the names in an expression with their values, each once. */
void expr_print_values(const struct expr *, const struct slot *slots, struct pool *, struct diag *,
        struct out *);

#endif
