/* template_line.h: reading a control line of a template, or a hole, from left to right. */
#ifndef CNNGEN_TEMPLATE_LINE_H
#define CNNGEN_TEMPLATE_LINE_H

#include "diag.h"
#include "pool.h"
#include "source.h"

struct scope;                 /* expr.h */

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

bool is_letter(char);         /* that a name may begin with */
bool is_digit(char);

struct span read_span(const struct reader *, const char *from, const char *to);

/* Reports at the next thing on the line: "expected WHAT, found 'x'"; returns false. */
bool read_expected(struct reader *, const char *what);

#endif
