#include "below.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *below_refused(struct pool *pool, const char *path, const char *whose)
{
    if (!*path)
        return "is empty";
    if (*path == '/' || *path == '~')
        return pool_printf(pool, "leads out of %s's folder", whose);
    if (strchr(path, '\\'))
        return "has a backslash; folders are separated by '/'";
    if (((*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z')) && path[1] == ':')
        return "names a drive";
    if (path[strlen(path) - 1] == '/')
        return "names a folder";
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (!strncmp(part, "..", 2) && (part[2] == '/' || !part[2]))
            return "has a '..' in it";
    }
    return NULL;
}

const char *folder_of(struct pool *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? pool_copy(pool, path, (size_t)(slash - path) + 1) : "";
}

/* Closes fd, the folder to start from. */
static int walk_below(struct pool *pool, int fd, const char *path)
{
    while (fd >= 0 && *path) {
        size_t n = strcspn(path, "/");
        bool last = path[n] == 0;
        int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (last ? 0 : O_DIRECTORY);
        if (n > 0) {
            int next = openat(fd, pool_copy(pool, path, n), flags);
            int saved = errno;
            close(fd);
            errno = saved;
            fd = next;
        }
        path += last ? n : n + 1;
    }
    return fd;
}

int open_below(struct pool *pool, const char *folder, const char *path)
{
    int fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return walk_below(pool, fd, path);
}

int open_below_at(struct pool *pool, int folder, const char *path)
{
    return walk_below(pool, fcntl(folder, F_DUPFD_CLOEXEC, 0), path);
}

bool below_has_link(struct pool *pool, const char *folder, const char *path)
{
    const int saved = errno;
    bool link = false;
    for (size_t i = 1; i <= strlen(path) && !link; i++) {
        struct stat st;
        if (path[i] == '/' || path[i] == 0)
            link = lstat(pool_printf(pool, "%s%.*s", folder, (int)i, path), &st) == 0 &&
                    S_ISLNK(st.st_mode);
    }
    errno = saved;
    return link;
}
