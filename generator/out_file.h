/* out_file.h: files that appear whole or not at all. */
#ifndef CNNGEN_OUT_FILE_H
#define CNNGEN_OUT_FILE_H

#include "out.h"

/* A set of files that is written whole or not at all: each goes to a temporary file beside its
 * target, and only when all are complete are they renamed, in order. A path of "-" is standard
 * output; devices and FIFOs are written directly. Returns false with errno and *failed (the path)
 * when anything went wrong; then no target has been touched and no temporary file is left, unless
 * the renaming itself failed half-way (only a failing disk does that). */
struct out_file {
    const char *path;
    const struct out *out;     /* what is to be in it */
    size_t bytes;              /* once it is written */
};
bool out_commit(struct out_file *files, int n, const char **failed);

/* Whether both paths lead to one file, which is there. */
bool out_same_file(const char *a, const char *b);

#endif
