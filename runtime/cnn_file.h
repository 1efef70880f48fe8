/* SPDX-License-Identifier: 0BSD
 *
 * cnn_file.h: a weights file of --weights=bin in memory, for programs on systems with files. Part of
 * libcnngen_rt.a, never of generated files. No globals, no malloc.
 */
#ifndef CNN_FILE_H
#define CNN_FILE_H

#include "cnn_weights.h"

/* Beside the reasons of cnn_weights.h. */
#define CNN_WEIGHTS_OPEN (-27) /* the file can't be opened: errno says why */
#define CNN_WEIGHTS_READ (-28) /* it can't be read or mapped, or is a folder or a device */
#define CNN_WEIGHTS_ROOM (-29) /* it is larger than the memory; NULL where files can't be mapped */

#ifdef __cplusplus
extern "C" {
#endif

/* The file's contents, for PREFIX_run. */
struct cnn_weights {
    const void *data;
    size_t bytes;
    int mapped;
};

/* Maps the file, with memory NULL, where there is POSIX' mmap; otherwise reads it into the caller's
 * memory of `room` bytes, which begins at a multiple of CNN_WEIGHTS_ALIGNMENT. All of it is checked
 * against the program's id, PREFIX_WEIGHTS_ID. 0, or a CNN_WEIGHTS_...: then *weights is empty, and
 * there is nothing to close. A mapped file must stay as it is, but may be renamed over. */
int cnn_weights_open(struct cnn_weights *weights, const char *path, uint64_t id, void *memory, size_t room);

/* Unmaps what was mapped. Memory stays the caller's. */
void cnn_weights_close(struct cnn_weights *weights);

#ifdef __cplusplus
}
#endif

#endif
