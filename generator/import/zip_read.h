/* zip_read.h: the members of a ZIP archive, each read whole into memory.
 *
 * Members are stored or deflated. Refused: encryption, other methods, a name twice, more members than
 * ZIP_MAX_MEMBERS, and a member that claims to be larger than deflate could have made it of its bytes. */
#ifndef CNNGEN_IMPORT_ZIP_READ_H
#define CNNGEN_IMPORT_ZIP_READ_H

#include "diag.h"

enum { ZIP_MAX_MEMBERS = 65536, ZIP_MAX_NAME = 1024 };

struct zip_member {
    const char *name;
    uint64_t bytes;              /* uncompressed */
    uint64_t at[2];              /* minizip's place in the archive */
};

struct zip {
    struct pool *pool;
    struct diag *diag;
    struct span span;            /* the archive, for diagnostics */
    void *file;                  /* minizip's */
    VEC(struct zip_member) member;
};

/* at: the archive, whose path is opened. False after an error; zip_close is fine then too. */
bool zip_open(struct pool *, const struct source *at, struct diag *, struct zip *);
const struct zip_member *zip_find(const struct zip *, const char *name);  /* NULL: none */

/* The member's bytes as a source with its name as path; false after an error. */
bool zip_read(struct zip *, const struct zip_member *, uint64_t max_bytes, struct source *out);
void zip_close(struct zip *);

#endif
