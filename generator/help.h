/* help.h: what --help and --version print. */
#ifndef CNNGEN_HELP_H
#define CNNGEN_HELP_H

#include "pool.h"

extern const char help_import_text[];   /* of cnngen import */
extern const char help_text[], version_text[];

/* What the help text says about an option, as one line. It must be there. */
const char *help_of_option(struct pool *, const char *name);

#endif
