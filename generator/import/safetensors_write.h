/* safetensors_write.h: weight files as text, ready to be written. */
#ifndef CNNGEN_IMPORT_SAFETENSORS_WRITE_H
#define CNNGEN_IMPORT_SAFETENSORS_WRITE_H

#include "graph.h"
#include "out.h"

struct st_entry {
    const char *name;                /* no character that JSON escapes */
    struct shape shape;
    const float *data;               /* row-major */
};

/* Appends the file: the length of the header, the header (JSON, padded to 8 bytes), the data,
 * float32, little-endian, one tensor behind the other: late passages, for which entries and data must
 * live as long as the text. */
void safetensors_write(struct out *, const struct st_entry *, int n);

#endif
