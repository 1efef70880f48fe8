/* npy.h: NumPy's .npy files: the tensors that `cnngen run` reads and writes. */
#ifndef CNNGEN_NPY_H
#define CNNGEN_NPY_H

#include "out.h"
#include "pool.h"

enum { NPY_MAX_RANK = 8 };

struct npy {
    int rank;                    /* 0: a scalar */
    int64_t dim[NPY_MAX_RANK];   /* outermost first */
    int64_t size;                /* elements */
    const char *type;            /* as in the file: "<f4" */
    double *at; /* row-major, whatever the file's order; every type converts exactly */
};

/* Versions 1 to 3; float16, float32, float64 of either endianness, and uint8. False with *why, a
 * message in the pool, when the file can't be read or used. */
bool npy_read(struct pool *, const char *path, struct npy *out, const char **why);
bool npy_parse(struct pool *, const char *bytes, size_t len, struct npy *out, const char **why);

/* Appends a version 1 file of little-endian float32 in row-major order. */
void npy_text(struct out *, int rank, const int64_t *dim, const float *at);

#endif
