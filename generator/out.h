/* out.h: text being written: a growing buffer that knows the current indentation. Passages too long
 * to be kept are written late: when the text is copied to where it goes. */
#ifndef CNNGEN_OUT_H
#define CNNGEN_OUT_H

#include "pool.h"

struct out {
    char *text;        /* NUL-terminated; without the passages */
    size_t len, cap;   /* bytes */
    int indent;        /* spaces put before each line that is not empty */
    bool line_started;
    struct passage *passage;  /* in their order */
    int passages;
    struct drain *drain;      /* where text goes when the buffer is full; NULL: it grows */
};

void out_init(struct out *);
void out_free(struct out *);

/* Both put the indentation before the first character of each line; out_raw adds nothing. */
void out_printf(struct out *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void out_write(struct out *, const char *text, size_t len);
void out_raw(struct out *, const char *text, size_t len);

/* Appends a passage that `write` makes, with the indentation of now, each time that the text is
 * copied: always the same, from the beginning of a line to the end of one, and without failing. On
 * the out that it is given it may call the three functions above (out_printf for less than 512
 * characters: more take memory) and no others. The context must live as long as the text. */
typedef void out_writer(const void *context, struct out *);
void out_late(struct out *, out_writer *write, const void *context);

/* A place in the text: its end as it was once. out_cut takes away what was appended since. */
struct out_place { size_t len; int passages; bool line_started; };
struct out_place out_end(const struct out *);
bool out_at_end(const struct out *, struct out_place);  /* nothing was appended since */
void out_cut(struct out *, struct out_place);

/* Takes a piece of text; false after a failure, with errno. */
typedef bool out_sink(void *to, const char *text, size_t len);

/* The text and its passages to the sink, in order and in pieces, without any other memory than the
 * stack's. False with its errno once that has failed: it gets nothing more. */
bool out_copy(const struct out *, out_sink *, void *to);

/* Whether standard output is a terminal that shows lines, corners and blocks. */
bool out_unicode(void);

#endif
