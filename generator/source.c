#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads fd to its end, growing as it goes: the size a file claims is never trusted. */
static enum source_status read_all(struct pool *pool, int fd, size_t hint, size_t max,
        struct source *out)
{
    size_t cap = hint + 1 > 4096 ? hint + 1 : 4096, len = 0;
    char *text = pool_alloc(pool, cap + 1);
    for (;;) {
        ssize_t n = read(fd, text + len, cap - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SOURCE_ERRNO;
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > max)
            return SOURCE_TOO_BIG;
        if (len == cap) {
            char *bigger = pool_alloc(pool, 2 * cap + 1);
            memcpy(bigger, text, len);
            text = bigger;
            cap *= 2;
        }
    }
    text[len] = 0;
    out->text = text;
    out->len = len;
    return SOURCE_OK;
}

enum source_status source_read(struct pool *pool, const char *path, size_t max, struct source *out)
{
    *out = source_of(path, "", 0);
    if (!strcmp(path, "-")) {
        out->path = "<stdin>";
        return read_all(pool, 0, 0, max, out);
    }
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? SOURCE_ERRNO : source_read_open(pool, fd, path, max, out);
}

enum source_status source_read_open(struct pool *pool, int fd, const char *path, size_t max,
        struct source *out)
{
    struct stat st;
    *out = source_of(path, "", 0);
    enum source_status status = SOURCE_ERRNO;
    if (fstat(fd, &st) == 0) {
        if (!S_ISREG(st.st_mode))
            status = SOURCE_NOT_REGULAR;
        else if ((uintmax_t)st.st_size > max)
            status = SOURCE_TOO_BIG;
        else
            status = read_all(pool, fd, (size_t)st.st_size, max, out);
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return status;
}

struct source source_of(const char *path, const char *text, size_t len)
{
    return (struct source){path, text, len};
}

static size_t line_end(const struct source *src, size_t at)
{
    while (at < src->len && src->text[at] != '\n' && src->text[at] != '\r')
        at++;
    return at;
}

const char *source_line(const struct source *src, int line, size_t *len)
{
    size_t at = source_bom(src);
    for (int l = 1; l < line && at < src->len; l++) {
        at = line_end(src, at);
        if (at + 1 < src->len && src->text[at] == '\r' && src->text[at + 1] == '\n')
            at++;
        if (at < src->len)
            at++;
    }
    *len = line_end(src, at) - at;
    return src->text + at;
}

size_t source_bom(const struct source *src)
{
    return src->len >= 3 && !memcmp(src->text, "\xef\xbb\xbf", 3) ? 3 : 0;
}

size_t utf8_next(const char *text, size_t len, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    if (len == 0)
        return 0;
    size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    uint32_t c = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *code = c;
    return n;
}

bool char_is_hostile(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || c == 0x061c ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}
