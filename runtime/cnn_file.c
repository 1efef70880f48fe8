/* SPDX-License-Identifier: 0BSD
 *
 * cnn_file.c: reads or maps a weights file.
 */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif

#include "cnn_file.h"

#if __STDC_HOSTED__ /* elsewhere there are no files */

#if defined(__unix__) || defined(__APPLE__)
#define CNN_POSIX 1
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#define CNN_POSIX 0
#include <stdio.h>
#endif

#if CNN_POSIX
static int read_all(int fd, unsigned char *to, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t n = read(fd, to, bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return CNN_WEIGHTS_READ;
        to += n;
        bytes -= (size_t)n;
    }
    return 0;
}

static int map_all(int fd, struct cnn_weights *weights)
{
    void *at = mmap(NULL, weights->bytes, PROT_READ, MAP_PRIVATE, fd, 0);

    if (at == MAP_FAILED)
        return CNN_WEIGHTS_READ;
    weights->data = at;
    weights->mapped = 1;
    return 0;
}

static int take(int fd, struct cnn_weights *weights, void *memory, size_t room)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uintmax_t)st.st_size > SIZE_MAX)
        return CNN_WEIGHTS_READ;
    weights->bytes = (size_t)st.st_size;
    if (weights->bytes < CNN_WEIGHTS_HEAD)
        return CNN_WEIGHTS_SHORT;
    if (!memory)
        return map_all(fd, weights);
    if (weights->bytes > room)
        return CNN_WEIGHTS_ROOM;
    weights->data = memory;
    return read_all(fd, (unsigned char *)memory, weights->bytes);
}

/* Not to wait for the other end of a FIFO: it is refused. */
static int load(struct cnn_weights *weights, const char *path, void *memory, size_t room)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int status;

    if (fd < 0)
        return CNN_WEIGHTS_OPEN;
    status = take(fd, weights, memory, room);
    close(fd);
    return status;
}
#else
static int load(struct cnn_weights *weights, const char *path, void *memory, size_t room)
{
    FILE *file;
    int status = 0;

    if (!memory)
        return CNN_WEIGHTS_ROOM;
    file = fopen(path, "rb");
    if (!file)
        return CNN_WEIGHTS_OPEN;
    weights->data = memory;
    weights->bytes = fread(memory, 1, room, file);
    if (ferror(file))
        status = CNN_WEIGHTS_READ;
    else if (weights->bytes == room && fgetc(file) != EOF)
        status = CNN_WEIGHTS_ROOM;
    fclose(file);
    return status;
}
#endif

static const struct cnn_weights empty = {NULL, 0, 0};

int cnn_weights_open(struct cnn_weights *weights, const char *path, uint64_t id, void *memory, size_t room)
{
    int status;

    *weights = empty;
    status = load(weights, path, memory, room);
    if (status == 0)
        status = cnn_weights_check(weights->data, weights->bytes, id);
    if (status != 0)
        cnn_weights_close(weights);
    return status;
}

void cnn_weights_close(struct cnn_weights *weights)
{
#if CNN_POSIX
    if (weights->mapped)
        munmap((void *)(uintptr_t)weights->data, weights->bytes);
#endif
    *weights = empty;
}

#endif
