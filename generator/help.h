/* help.h: what --help and --version print. */
#ifndef CNNGEN_HELP_H
#define CNNGEN_HELP_H

extern const char help_import_text[];   /* of cnngen import */
extern const char help_text[], version_text[];

#endif
