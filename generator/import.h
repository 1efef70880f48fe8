/* import.h: starting importers: programs of their own, so that cnngen links none of their
 * libraries.
 *
 * cnngen-import-FORMAT is looked for beside the running cnngen, then in libexecdir: never in PATH,
 * and it is started without a shell. */
#ifndef CNNGEN_IMPORT_H
#define CNNGEN_IMPORT_H

#include "build.h"
#include "depfile.h"
#include "format.h"
#include "options.h"

/* A model as a specification in a private folder, which is gone when the program ends. */
struct imported {
    const char *spec, *weights;  /* weights may be NULL: the model has none */
    struct file_list sources;    /* files besides the model that it was made of */
};

/* Imports the model for a command. 0: done; else the exit code, after messages. */
int import_model(struct pool *, const struct options *, const struct format *, struct imported *);

/* Why the file can't be imported, on stderr; the exit code. */
int import_refused(struct pool *, const char *path, const struct format *);

/* cnngen import MODEL -o SPEC.yaml [OPTION]...; argv[0] is "import". The exit code. */
int command_import(struct pool *, int argc, char **argv);

#endif
