/* expr.h: the integer expressions of the template language, and the reading of a line.
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

struct value {
    int64_t num;
    const char *text;         /* of a word or text; NULL for a number */
};

const struct name *scope_find(const struct scope *, const char *name);

/* A place in a line that is being read. */
struct reader {
    struct pool *pool;
    struct diag *diag;
    const struct scope *scope;
    const struct source *src;
    int line;                 /* 1-based */
    const char *start, *end;  /* of the line */
    const char *at;
    int depth, nodes;         /* of the expression being read: bounded */
};

/* These skip blanks first; false or NULL: the line goes on differently, nothing is reported. */
bool read_end(struct reader *);                       /* nothing is left */
bool read_token(struct reader *, const char *token);  /* punctuation */
bool read_word(struct reader *, const char *word);    /* this very word */
const char *read_name(struct reader *);               /* letters, digits, _ */

/* The token, or false after "expected 'TOKEN', found 'x'". */
bool read_required(struct reader *, const char *token);

/* "text" in quotes, without escapes; NULL after a diagnostic. */
const char *read_quoted(struct reader *);

struct span read_span(const struct reader *, const char *from, const char *to);

/* Reports at the next thing on the line: "expected WHAT, found 'x'"; returns false. */
bool read_expected(struct reader *, const char *what);

struct expr;

/* NULL after diagnostics: of syntax, unknown names, words where a number must be. */
struct expr *expr_read(struct reader *);      /* a number */
struct expr *expr_read_any(struct reader *);  /* or a word or text parameter alone */

/* What a word or text parameter standing alone is; NULL for a number. */
const struct name *expr_alone(const struct expr *, const struct scope *);

/* False after a diagnostic: overflow, division by zero. */
bool expr_eval(const struct expr *, const struct value *slots, struct diag *, struct value *out);

/* "OC = 10, NB = 16": the names in an expression with their values, each once. */
void expr_print_values(const struct expr *, const struct value *slots, struct pool *, struct diag *,
        struct out *);

#endif
