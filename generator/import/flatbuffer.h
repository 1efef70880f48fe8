/* flatbuffer.h: reading FlatBuffers that nobody vouches for.
 *
 * A buffer is tables that point at each other. A table begins with the distance back to its vtable,
 * which says for each field where in the table it is, 0 for one that is left out. A pointer is a
 * distance forward: to a table, or to a list, which is a count and its elements. Everything is
 * little-endian. No place in the buffer is trusted: each access is held against its length, and
 * what lies outside ends the reading: the first such place is kept, and everything that is read
 * afterwards is absent, so that callers check once, at the end.
 *
 * Several pointers may lead to one table or list, so a small file can describe a large thing: lists
 * are counted, all together. */
#ifndef CNNGEN_IMPORT_FLATBUFFER_H
#define CNNGEN_IMPORT_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FB_MAX_ELEMENTS = 1 << 22 };  /* of all lists but lists of bytes, as often as they are read */

struct fb {
    const unsigned char *at;
    size_t len;
    int64_t elements;                /* of lists, so far */
    const char *why;                 /* what is wrong, NULL: nothing yet */
    size_t where;                    /* at which byte */
};

/* Where it is in the buffer; 0: it is absent. */
struct fb_table { size_t at, vtable, bytes, fields; };
struct fb_list { size_t at; uint32_t n; };

/* The table that a buffer with this identifier ("TFL3") begins with. */
struct fb_table fb_root(struct fb *, const char *identifier);

/* Field i of a table, or the default that the schema gives it. */
int64_t fb_int(struct fb *, struct fb_table, int i, int bytes, int64_t absent);  /* 1, 2, 4 or 8, signed */
float fb_float(struct fb *, struct fb_table, int i, float absent);
struct fb_table fb_child(struct fb *, struct fb_table, int i);

/* A list of elements of so many bytes each (pointers: 4). Empty when it is absent. */
struct fb_list fb_list(struct fb *, struct fb_table, int i, size_t bytes);

/* Element k < n of a list. */
int64_t fb_list_int(const struct fb *, struct fb_list, uint32_t k, int bytes);
float fb_list_float(const struct fb *, struct fb_list, uint32_t k);
struct fb_table fb_list_table(struct fb *, struct fb_list, uint32_t k);

#endif
