#include "out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 8 };

/* The temporary files of the commit under way, for the signal handler to remove. */
static char *volatile temporary[MAX_FILES];

static void remove_temporaries(void)
{
    for (int i = 0; i < MAX_FILES; i++)
        if (temporary[i])
            unlink(temporary[i]);
}

static void on_signal(int sig)
{
    remove_temporaries();
    signal(sig, SIG_DFL);
    raise(sig);
}

static const int fatal[] = {SIGINT, SIGTERM, SIGHUP, SIGXFSZ, SIGPIPE};
enum { FATALS = sizeof fatal / sizeof fatal[0] };

/* A file that is being written. */
struct target {
    int fd;
    size_t bytes;
};

static bool write_all(void *target, const char *text, size_t len)
{
    struct target *t = target;
    t->bytes += len;
    while (len) {
        ssize_t n = write(t->fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_file(int fd, struct out_file *f)
{
    struct target t = {.fd = fd};
    bool ok = out_copy(f->out, write_all, &t);
    f->bytes = t.bytes;
    return ok;
}

/* Standard output, devices and FIFOs can't be renamed over: they are written when all temporary
 * files are complete, and before any is renamed, since they fail more easily than renaming does. */
static bool is_stream(const char *path)
{
    struct stat st;
    return !strcmp(path, "-") ||
           (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

static bool write_stream(struct out_file *f)
{
    bool is_stdout = !strcmp(f->path, "-");
    int fd = is_stdout ? 1 : open(f->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = write_file(fd, f);
    int saved = errno;
    if (!is_stdout && close(fd) != 0 && ok)
        return false;
    errno = saved;
    return ok;
}

/* "dir/.cnngen-PID-N.tmp" beside the target, so that rename stays within one file system. */
static char *temporary_name(const char *path, int number)
{
    const char *slash = strrchr(path, '/');
    int dir = slash ? (int)(slash - path + 1) : 0;
    size_t size = (size_t)dir + 64;
    char *name = malloc(size);
    if (!name)
        die("out of memory");
    snprintf(name, size, "%.*s.cnngen-%ld-%d.tmp", dir, path, (long)getpid(), number);
    return name;
}

/* Opens a new file; one that a killed process has left behind is passed over. */
static int open_temporary(const char *path, char *volatile *slot)
{
    enum { TRIES = 1000 };
    int fd = -1;
    errno = EEXIST;
    for (int i = 0; i < TRIES && fd < 0 && errno == EEXIST; i++) {
        char *name = temporary_name(path, i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        int saved = errno;
        if (fd >= 0)
            *slot = name;
        else
            free(name);
        errno = saved;
    }
    return fd;
}

static bool write_temporary(struct out_file *f, char *volatile *slot)
{
    struct stat st;
    size_t len = strlen(f->path);
    bool is_dir = (stat(f->path, &st) == 0 && S_ISDIR(st.st_mode)) ||
                  (len && f->path[len - 1] == '/');
    if (is_dir || len == 0) {
        errno = is_dir ? EISDIR : ENOENT;
        return false;
    }
    int fd = open_temporary(f->path, slot);
    if (fd < 0)
        return false;
    bool ok = write_file(fd, f);
    int saved = errno;
    if (close(fd) != 0 && ok)
        return false;
    errno = saved;
    return ok;
}

static bool write_and_rename(struct out_file *files, int n, const char **failed)
{
    for (int i = 0; i < n; i++) {
        *failed = files[i].path;
        if (!is_stream(files[i].path) && !write_temporary(&files[i], &temporary[i]))
            return false;
    }
    for (int i = 0; i < n; i++) {
        *failed = files[i].path;
        if (is_stream(files[i].path) && !write_stream(&files[i]))
            return false;
    }
    for (int i = 0; i < n; i++) {
        *failed = files[i].path;
        if (temporary[i] && rename(temporary[i], files[i].path) != 0)
            return false;
    }
    *failed = NULL;
    return true;
}

bool out_commit(struct out_file *files, int n, const char **failed)
{
    void (*old[FATALS])(int);
    if (n > MAX_FILES)
        bug("%d output files", n);
    for (int i = 0; i < FATALS; i++) {
        old[i] = signal(fatal[i], on_signal);
        if (old[i] == SIG_IGN)  /* nohup, or a shell's background job */
            signal(fatal[i], SIG_IGN);
    }
    bool ok = write_and_rename(files, n, failed);
    int saved = errno;
    if (!ok)
        remove_temporaries();
    for (int i = 0; i < FATALS; i++)
        signal(fatal[i], old[i]);
    for (int i = 0; i < n; i++) {
        free(temporary[i]);
        temporary[i] = NULL;
    }
    errno = saved;
    return ok;
}

bool out_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
