#include "weight_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "limits.h"

/* ---- opening -------------------------------------------------------------------------------- */

/* What can't be used, of what was opened; NULL: nothing. */
static const char *unusable(int fd, bool may_be_folder, bool must_be_folder, struct stat *st)
{
    if (fstat(fd, st) != 0)
        return strerror(errno);
    if (S_ISDIR(st->st_mode))
        return may_be_folder ? NULL : "it is a folder";
    if (!S_ISREG(st->st_mode))
        return "it is not a regular file";
    if (must_be_folder)
        return "it is not a folder";
    return (int64_t)st->st_size > LIMIT_WEIGHT_BYTES ? "it is larger than 16 GiB" : NULL;
}

static bool ends_in_slash(const char *path) { return *path && path[strlen(path) - 1] == '/'; }

/* Checks what was opened, and fills *out. The file is closed again when it can't be used. */
static bool accept_file(struct pool *pool, int fd, const char *shown, bool may_be_folder,
        struct span at, struct diag *d, struct weight_file *out)
{
    struct stat st;
    const char *why = unusable(fd, may_be_folder, ends_in_slash(shown), &st);
    if (why) {
        diag_error(d, DIAG_WEIGHT_FILE, at, "can't read the weight file '%s': %s",
                diag_quote(d, shown, strlen(shown)), why);
        close(fd);
        return false;
    }
    bool folder = S_ISDIR(st.st_mode);
    struct source *src = NEW(pool, struct source);
    *src = source_of(pool_printf(pool, "%s%s", shown, folder && !ends_in_slash(shown) ? "/" : ""),
            "", 0);
    *out = (struct weight_file){src, fd, (int64_t)st.st_size, folder};
    return true;
}

/* "params" of "params/": the slash says that a folder is meant. */
static const char *without_slash(struct pool *pool, const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    return pool_copy(pool, path, n);
}

bool weight_file_open(struct pool *pool, const char *spec_path, const char *path, struct span at,
        struct diag *d, struct weight_file *out)
{
    const char *quoted = diag_quote(d, path, strlen(path)), *bare = without_slash(pool, path);
    const char *folder = folder_of(pool, spec_path), *why = below_refused(pool, bare, "the spec");
    int fd = why ? -1 : open_below(pool, folder, bare);
    if (fd >= 0)
        return accept_file(pool, fd, pool_printf(pool, "%s%s", folder, path), true, at, d, out);
    int saved = errno;
    if (!why && below_has_link(pool, folder, bare))
        why = "goes through a symbolic link";
    if (why) {
        diag_error(d, DIAG_WEIGHT_PATH, at, "the weight path '%s' %s", quoted, why);
        diag_help(d, "name a file in the spec's folder or below it, or use --weights-file, which "
                     "may name any");
    } else {
        diag_error(d, DIAG_WEIGHT_FILE, at, "can't read the weight file '%s': %s", quoted,
                strerror(saved));
        if (saved == ENOENT)
            diag_help(d, "until there is one, 'weights: random' makes some up");
    }
    return false;
}

/* Opened, or an error that errno tells. */
static bool opened(struct pool *pool, int fd, const char *shown, bool may_be_folder, struct diag *d,
        struct weight_file *out)
{
    if (fd >= 0)
        return accept_file(pool, fd, shown, may_be_folder, (struct span){0}, d, out);
    diag_error(d, DIAG_WEIGHT_FILE, (struct span){0}, "can't read the weight file '%s': %s",
            diag_quote(d, shown, strlen(shown)), strerror(errno));
    return false;
}

bool weight_file_open_any(
        struct pool *pool, const char *path, struct diag *d, struct weight_file *out)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return opened(pool, fd, path, true, d, out);
}

bool weight_file_open_in(struct pool *pool, const struct weight_file *folder, const char *path,
        struct diag *d, struct weight_file *out)
{
    int fd = open_below_at(pool, folder->fd, path);
    return opened(pool, fd, pool_printf(pool, "%s%s", folder->src->path, path), false, d, out);
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
