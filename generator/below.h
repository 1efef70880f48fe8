/* below.h: opening files that another file names: in its folder or below, never anywhere else. */
#ifndef CNNGEN_BELOW_H
#define CNNGEN_BELOW_H

#include "pool.h"

/* Why a path may not stand in such a file, as the end of a sentence ("has a '..' in it"); NULL
 * when it may. whose is what names it: "the spec". */
const char *below_refused(struct pool *, const char *path, const char *whose);

/* "dir/" of "dir/net.cnn.yaml", "" of "net.cnn.yaml". */
const char *folder_of(struct pool *, const char *path);

/* Opens folder, then one component after the other, none of which may be a symbolic link. -1 with
 * errno (ELOOP or ENOTDIR for a link). */
int open_below(struct pool *, const char *folder, const char *path);

/* The same from an open folder, which stays open. */
int open_below_at(struct pool *, int folder, const char *path);

/* Is some component of path, below folder, a symbolic link? Only to say so, open_below decides.
 * Keeps errno. */
bool below_has_link(struct pool *, const char *folder, const char *path);

#endif
