/* check.h: whether what an importer is about to write is a specification that cnngen takes. */
#ifndef CNNGEN_IMPORT_CHECK_H
#define CNNGEN_IMPORT_CHECK_H

#include "diag.h"
#include "writer.h"

/* Reads the specification back, infers its shapes, and compares the weights that its layers need
 * with those that are there. False after errors, whose places are lines of the file at path. */
bool import_check(struct pool *, const struct writer *, const char *path, const char *text,
        size_t len, struct diag *);

#endif
