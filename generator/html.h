/* html.h: tables of a page. Text is escaped here; classes and headings are the program's own. */
#ifndef CNNGEN_HTML_H
#define CNNGEN_HTML_H

#include "out.h"

struct html { struct pool *pool; struct out *out; };

/* A table whose columns have these headings, those that begin with '#' without it and to the right,
 * as all numbers below it. Heads end with NULL. Neither caption nor heads need be there: NULL. */
void html_table(struct html *, const char *caption, const char *const *heads);
void html_end_table(struct html *);

void html_row(struct html *);
void html_end_row(struct html *);
void html_head(struct html *, const char *text);      /* of a row */
void html_cell(struct html *, const char *text);
void html_number(struct html *, const char *text);

#endif
