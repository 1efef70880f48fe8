/* h5_read.h: the text attributes and the floating-point datasets of an HDF5 file.
 *
 * The HDF5 library was not made for files of strangers, so it reads in a process of its own, whose end,
 * however sudden, is an error message here; so is reading for longer than H5_CPU_SECONDS and what the
 * file's size allows besides. Refused: soft and external links, virtual and external
 * datasets, filters other than deflate, shuffle and fletcher32, and datasets that claim much more than
 * the file stores for them. */
#ifndef CNNGEN_IMPORT_H5_READ_H
#define CNNGEN_IMPORT_H5_READ_H

#include "diag.h"

enum { H5_MAX_RANK = 8, H5_MAX_DEPTH = 64, H5_MAX_OBJECTS = 1 << 17, H5_MAX_STRINGS = 1 << 17,
    H5_CPU_SECONDS = 10, H5_BYTES_PER_SECOND = 10000000 };

struct h5_attr {
    const char *path;            /* of the group or dataset: "/model_weights" */
    const char *name;
    int n;
    const char *const *text;     /* one, or a list */
};

struct h5_data {
    const char *path;            /* "/model_weights/conv/conv/kernel:0" */
    int rank;
    int64_t dim[H5_MAX_RANK];
    const float *at;             /* row-major; NULL: not of floats */
};

struct h5 {
    VEC(struct h5_attr) attr;
    VEC(struct h5_data) data;
};

/* file: all bytes; at: what diagnostics call it. Groups at the root whose name begins with "optimizer" are
 * passed over. */
bool h5_read(struct pool *, const struct source *file, struct span at, struct diag *, struct h5 *);

const struct h5_attr *h5_attr(const struct h5 *, const char *path, const char *name);  /* NULL: none */

#endif
