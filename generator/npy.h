/* npy.h: NumPy's .npy files: the tensors that `cnngen run` reads and writes. */
#ifndef CNNGEN_NPY_H
#define CNNGEN_NPY_H

#include "out.h"
#include "pool.h"

enum { NPY_MAX_RANK = 8, NPY_MAX_HEADER = 12 + 65535 /* bytes before the elements */ };

struct npy {
    int rank;                    /* 0: a scalar */
    int64_t dim[NPY_MAX_RANK];   /* outermost first */
    int64_t size;                /* elements */
    const char *type;            /* as in the file: "<f4" */
    bool fortran;                /* in the file the first dimension runs fastest */
    double *at; /* row-major, whatever the file's order; every type converts exactly */
};

/* Versions 1 to 3; float16, float32, float64 of either endianness, and uint8. False with *why, a
 * message in the pool, when the file can't be read or used. */
bool npy_read(struct pool *, const char *path, struct npy *out, const char **why);
bool npy_parse(struct pool *, const char *bytes, size_t len, struct npy *out, const char **why);

/* The header alone, from a file's first len bytes (at least NPY_MAX_HEADER of them if there are so
 * many), without elements, of any type; *data_at: where these start. */
bool npy_header(struct pool *, const char *bytes, size_t len, struct npy *out, size_t *data_at,
        const char **why);

/* Where elements in the file's order go in row-major order: walk.to, then one after the other. */
struct npy_walk {
    const struct npy *npy;
    int64_t index[NPY_MAX_RANK], stride[NPY_MAX_RANK], to;
};
struct npy_walk npy_walk(const struct npy *);
void npy_walk_next(struct npy_walk *);

/* Appends a version 1 file of little-endian float32 in row-major order. */
void npy_text(struct out *, int rank, const int64_t *dim, const float *at);

#endif
