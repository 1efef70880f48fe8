/* weight_file.h: opening and reading weight files, and folders of them: which paths a spec may
 * name, and reads that notice a file that changes. Never mapped: a file cut short while it is read
 * is an error, not a signal. */
#ifndef CNNGEN_WEIGHT_FILE_H
#define CNNGEN_WEIGHT_FILE_H

#include "diag.h"
#include "pool.h"
#include "source.h"

struct weight_file {
    const struct source *src;  /* for messages: its path counts, it has no text */
    int fd;
    int64_t bytes;             /* when it was opened */
    bool folder;               /* then its path ends in a slash, and nothing is read from it */
};

/* Opens a path that stands in the spec at the given place: in the spec's folder or below, through
 * no "..", no symbolic link, and a regular file or a folder. False after an error. */
bool weight_file_open(struct pool *, const char *spec_path, const char *path, struct span at,
        struct diag *, struct weight_file *out);

/* Opens a path from the command line: any regular file or folder. */
bool weight_file_open_any(struct pool *, const char *path, struct diag *, struct weight_file *out);

/* Opens a regular file in an open folder or below it, through no symbolic link. */
bool weight_file_open_in(struct pool *, const struct weight_file *folder, const char *path,
        struct diag *, struct weight_file *out);

/* Reads n bytes from offset at; reports an error and returns false if they can't be had. */
bool weight_file_read(const struct weight_file *, int64_t at, void *to, int64_t n, struct diag *);

void weight_file_close(struct weight_file *);

#endif
