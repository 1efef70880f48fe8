/* out.h: text being written: a growing buffer that knows the current indentation, and files that
 * appear whole or not at all. */
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

/* A set of files that is written whole or not at all: each goes to a temporary file beside its
 * target, and only when all are complete are they renamed, in order. A path of "-" is standard
 * output; devices and FIFOs are written directly. Returns false with errno and *failed (the path)
 * when anything went wrong; then no target has been touched and no temporary file is left, unless
 * the renaming itself failed half-way (only a failing disk does that). */
struct out_file {
    const char *path;
    const char *text;
    size_t len;
};
bool out_commit(const struct out_file *files, int n, const char **failed);

/* Whether both paths lead to one file, which is there. */
bool out_same_file(const char *a, const char *b);

/* Whether standard output is a terminal that shows lines, corners and blocks. */
bool out_unicode(void);

#endif
