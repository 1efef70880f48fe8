/* safetensors.h: the header of a .safetensors file, checked against itself and the file's size.
 *
 * The file is 8 bytes of length (little-endian), that many bytes of JSON, possibly padded with
 * spaces,
 *     {"conv1.kernel": {"dtype": "F32", "shape": [3, 3, 1, 16], "data_offsets": [0, 576]}, ...}
 * and the tensors' bytes, which follow one another without gaps. */
#ifndef CNNGEN_SAFETENSORS_H
#define CNNGEN_SAFETENSORS_H

#include "diag.h"
#include "limits.h"
#include "pool.h"
#include "source.h"

enum { SAFETENSORS_START = 8 };   /* bytes of the length */

struct st_dtype {
    const char *name;      /* "F32" */
    int bits;              /* of an element */
    /* Decodes n elements; NULL: weights of this type can't be used. */
    void (*decode)(const unsigned char *from, float *to, int64_t n);
};

struct st_tensor {
    const char *name;
    const struct st_dtype *type;
    int rank;
    const int64_t *dim;
    int64_t size;          /* elements */
    int64_t at, bytes;     /* in the file, counted from its start */
    const char *file;      /* in a folder of .npy: only this and the name are known at first */
};

struct safetensors {
    const char *path;
    VEC(struct st_tensor) tensor;   /* by name */
};

/* The element type of the name; NULL: none. */
const struct st_dtype *st_find_dtype(const char *name);

/* Sorts the tensors, for st_find. */
void st_sort(struct safetensors *);

/* The header's length from the first n <= 512 bytes of a file of the given size (n < 512 only if
 * the file ends there). Reports what the file is if it is something else; false then. */
bool st_header_bytes(const struct source *file, const char *start, size_t n, int64_t file_bytes,
        struct diag *, int64_t *out);

/* Parses the n bytes behind the length. file is for messages: its path counts, not its text. */
bool st_parse(struct pool *, const struct source *file, const char *header, size_t n,
        int64_t file_bytes, struct diag *, struct safetensors *out);

const struct st_tensor *st_find(const struct safetensors *, const char *name);  /* NULL: none */
const char *st_shape_text(struct pool *, const struct st_tensor *); /* "[3, 3, 1, 16]" */

#endif
