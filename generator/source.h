/* source.h: text files kept in memory for as long as diagnostics may point into them. */
#ifndef CNNGEN_SOURCE_H
#define CNNGEN_SOURCE_H

#include "pool.h"

struct source {
    const char *path;  /* as the user typed it; "-" was standard input: "<stdin>" */
    const char *text;  /* NUL-terminated; may hold NULs before len too */
    size_t len;        /* bytes */
};

/* A place: 1-based line, 1-based column in characters (not bytes), len characters on that line
 * (0: unknown, underline one). src == NULL: no place (the command line, say). */
struct span {
    const struct source *src;
    int line, col, len;
};

/* Why a file could not be read. */
enum source_status {
    SOURCE_OK,
    SOURCE_ERRNO,        /* errno says */
    SOURCE_NOT_REGULAR,  /* a directory, FIFO, device */
    SOURCE_TOO_BIG
};

/* Reads a whole file of at most max bytes; "-" is standard input (the only thing read that need not
 * be a regular file). */
enum source_status source_read(struct pool *, const char *path, size_t max, struct source *out);

/* The same of an open file, which is closed. */
enum source_status source_read_open(struct pool *, int fd, const char *path, size_t max,
        struct source *out);

/* The text as a source: for tests and for texts built into the program. Copies nothing. */
struct source source_of(const char *path, const char *text, size_t len);

/* Start and length in bytes of the 1-based line; length 0 past the end. Lines end in LF, CR or
 * CRLF. A byte order mark is not part of the first line. */
const char *source_line(const struct source *, int line, size_t *len);

size_t source_bom(const struct source *);  /* bytes of the UTF-8 byte order mark in front: 3 or 0 */

/* Bytes of the UTF-8 character at text (at most len bytes) and its code point; 0 when it is
 * broken. */
size_t utf8_next(const char *text, size_t len, uint32_t *code);

/* Characters that change what a terminal or an editor shows beyond themselves: control characters,
 * line and paragraph separators, bidirectional marks, byte order marks. */
bool char_is_hostile(uint32_t code);

#endif
