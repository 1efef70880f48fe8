#include "weight_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "limits.h"

/* Is some component of path, below folder, a symbolic link? (Only to say so: open_below decides.)
 */
static bool has_link(struct pool *pool, const char *folder, const char *path)
{
    for (size_t i = 1; i <= strlen(path); i++) {
        struct stat st;
        if (path[i] != '/' && path[i] != 0)
            continue;
        if (lstat(pool_printf(pool, "%s%.*s", folder, (int)i, path), &st) == 0 &&
                S_ISLNK(st.st_mode))
            return true;
    }
    return false;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Checks what was opened, and fills *out. The file is closed again when it can't be used. */
static bool accept_file(struct pool *pool, int fd, const char *shown, struct span at,
        struct diag *d, struct weight_file *out)
{
    struct stat st;
    const char *path = diag_quote(d, shown, strlen(shown)), *why = NULL;
    if (fstat(fd, &st) != 0)
        why = strerror(errno);
    else if (!S_ISREG(st.st_mode))
        why = S_ISDIR(st.st_mode) ? "it is a folder" : "it is not a regular file";
    else if ((int64_t)st.st_size > LIMIT_WEIGHT_BYTES)
        why = "it is larger than 16 GiB";
    if (why) {
        diag_error(d, DIAG_WEIGHT_FILE, at, "can't read the weight file '%s': %s", path, why);
        close(fd);
        return false;
    }
    struct source *src = NEW(pool, struct source);
    *src = source_of(pool_copy(pool, shown, strlen(shown)), "", 0);
    *out = (struct weight_file){src, fd, (int64_t)st.st_size};
    return true;
}

bool weight_file_open(struct pool *pool, const char *spec_path, const char *path, struct span at,
        struct diag *d, struct weight_file *out)
{
    const char *quoted = diag_quote(d, path, strlen(path)), *why = below_refused(pool, path, "the spec");
    const char *folder = folder_of(pool, spec_path);
    int fd = why ? -1 : open_below(pool, folder, path);
    if (fd >= 0)
        return accept_file(pool, fd, pool_printf(pool, "%s%s", folder, path), at, d, out);
    int saved = errno;
    if (!why && has_link(pool, folder, path))
        why = "goes through a symbolic link";
    if (why) {
        diag_error(d, DIAG_WEIGHT_PATH, at, "the weight path '%s' %s", quoted, why);
        diag_help(d, "name a file in the spec's folder or below it, or use --weights-file, which "
                     "may name any");
    } else {
        diag_error(d, DIAG_WEIGHT_FILE, at, "can't read the weight file '%s': %s", quoted,
                strerror(saved));
    }
    return false;
}

bool weight_file_open_any(
        struct pool *pool, const char *path, struct diag *d, struct weight_file *out)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        return accept_file(pool, fd, path, (struct span){0}, d, out);
    diag_error(d, DIAG_WEIGHT_FILE, (struct span){0}, "can't read the weight file '%s': %s",
            diag_quote(d, path, strlen(path)), strerror(errno));
    return false;
}

/* ---- reading -------------------------------------------------------------------------------- */

bool weight_file_read(const struct weight_file *f, int64_t at, void *to, int64_t n, struct diag *d)
{
    char *p = to;
    const char *why = "it became shorter while it was read";
    while (n > 0) {
        ssize_t got = pread(f->fd, p, n < 1 << 30 ? (size_t)n : (size_t)1 << 30, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            why = strerror(errno);
        if (got <= 0) {
            diag_error(d, DIAG_WEIGHT_FILE, (struct span){.src = f->src}, "can't read the file: %s",
                    why);
            return false;
        }
        p += got;
        at += got;
        n -= got;
    }
    return true;
}

void weight_file_close(struct weight_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}
