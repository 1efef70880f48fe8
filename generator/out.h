/* out.h: text being written: a growing buffer that knows the current indentation. */
#ifndef CNNGEN_OUT_H
#define CNNGEN_OUT_H

#include "pool.h"

struct out {
    char *text;        /* NUL-terminated */
    size_t len, cap;   /* bytes */
    int indent;        /* spaces put before each line that is not empty */
    bool line_started;
};

void out_init(struct out *);
void out_free(struct out *);

/* Both put the indentation before the first character of each line; out_raw adds nothing. */
void out_printf(struct out *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void out_write(struct out *, const char *text, size_t len);
void out_raw(struct out *, const char *text, size_t len);

/* Takes a piece of text; false after a failure, with errno. */
typedef bool out_sink(void *to, const char *text, size_t len);

/* All of the text to the sink, in order. False as soon as that fails, with its errno. */
bool out_copy(const struct out *, out_sink *, void *to);

/* Whether standard output is a terminal that shows lines, corners and blocks. */
bool out_unicode(void);

#endif
