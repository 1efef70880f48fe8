/* diag.h: errors, warnings and notes about what the user wrote.
 *
 * A diagnostic is data (severity, id, place, text) collected during a step and printed when it is
 * complete with its notes and help:
 *
 *     net.cnn.yaml:7:5: error: unknown key 'kernal' for Conv2D [unknown-key]
 *         7 |     kernal: 3
 *           |     ^~~~~~
 *     help: did you mean 'kernel_size'?
 *
 * Errors are reported all together, at most MAX_ERRORS; a step goes on after an error as long as
 * what follows does not depend on it. Text from the user is printed through diag_quote's escaping:
 * no control character, bidirectional mark or broken UTF-8 reaches the terminal. */
#ifndef CNNGEN_DIAG_H
#define CNNGEN_DIAG_H

#include "pool.h"
#include "source.h"

enum diag_id {
#define DIAG(id, name, doc) DIAG_##id,
#include "diag.def"
#undef DIAG
    DIAG_COUNT
};

const char *diag_name(enum diag_id);  /* "shape-mismatch" */
const char *diag_doc(enum diag_id);   /* one line: when it is raised */

enum { MAX_ERRORS = 20 };

struct diag;

struct diag *diag_new(struct pool *);

/* Each starts a diagnostic, which later notes and help lines belong to. fmt: lower case, no full
 * stop. User text that a format prints has gone through diag_quote. */
void diag_error(struct diag *, enum diag_id, struct span, const char *fmt, ...) PRINTF_LIKE(4, 5);
void diag_warn(struct diag *, enum diag_id, struct span, const char *fmt, ...) PRINTF_LIKE(4, 5);
void diag_note(struct diag *, struct span, const char *fmt, ...) PRINTF_LIKE(3, 4);
void diag_help(struct diag *, const char *fmt, ...) PRINTF_LIKE(2, 3);

bool diag_failed(const struct diag *);  /* an error was reported */
int diag_errors(const struct diag *);   /* how many, also those beyond MAX_ERRORS */
int diag_warnings(const struct diag *);

/* User text made printable: control characters, bidi marks, bytes that are not UTF-8 as \xNN; long
 * text cut with "..." after 60 characters. No quotes are added. */
const char *diag_quote(struct diag *, const char *text, size_t len);

/* The word of known[0..n) nearest to word by edits (Damerau-Levenshtein), or NULL when none is near
 * (more than a third of its length away; words of one or two letters only differ in case). */
const char *closest(const char *word, const char *const *known, int n);

enum diag_color { COLOR_NEVER, COLOR_ALWAYS, COLOR_TAGS };  /* TAGS: "<error>...</error>", for tests */

struct out;
/* Appends everything collected so far, and forgets it: the counts stay. quiet leaves out
 * warnings. */
void diag_print(struct diag *, struct out *, enum diag_color, bool quiet);

#endif
