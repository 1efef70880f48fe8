/* format.h: what a file holds, by its content: models of other formats, and what people take for
 * one. Names and endings of files tell nothing here. */
#ifndef CNNGEN_FORMAT_H
#define CNNGEN_FORMAT_H

#include "pool.h"

struct format {
    const char *what;       /* "an ONNX model": ends "'FILE' is ..." */
    const char *importer;   /* "onnx" of cnngen-import-onnx; NULL: can't be imported */
    const char *packages;   /* Debian's, to build the importer with; NULL: none */
    bool weights_only;      /* there is an importer, but it makes no specification */
    const char *help;       /* what to do instead, or with it; NULL: nothing to say */
};

/* NULL: text, or nothing that is known: a specification as far as one can tell; also when the path
 * can't be read at all, and for "-". Reads a few pages of it. */
const struct format *format_find(struct pool *, const char *path);

/* An empty file, or a folder, that isn't known; NULL: neither. */
const struct format *format_of_nothing(const char *path);

#endif
