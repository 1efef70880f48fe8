#include "out.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct passage {
    size_t at;             /* in the text: it comes before this byte */
    int indent;
    out_writer *write;
    const void *context;
};

struct drain {
    out_sink *sink;
    void *to;
    bool failed;           /* and what comes is dropped */
    int error;             /* errno of that */
};

void out_init(struct out *out)
{
    *out = (struct out){0};
    out->cap = 4096;
    out->text = calloc(1, out->cap);
    if (!out->text)
        die("out of memory");
}

void out_free(struct out *out)
{
    free(out->text);
    free(out->passage);
    *out = (struct out){0};
}

/* ---- appending ------------------------------------------------------------------------------- */

static void grow(struct out *out, size_t more)
{
    if (more >= SIZE_MAX / 4 - out->len)
        die("out of memory (output of %zu bytes)", out->len);
    while (out->len + more + 1 > out->cap)
        out->cap *= 2;
    out->text = realloc(out->text, out->cap);
    if (!out->text)
        die("out of memory (output of %zu bytes)", out->len);
}

static void append(struct out *out, const char *text, size_t len)
{
    memcpy(out->text + out->len, text, len);
    out->len += len;
    out->text[out->len] = 0;
}

/* Empties the buffer into the sink. */
static void drain(struct out *out)
{
    struct drain *d = out->drain;
    if (!d->failed && !d->sink(d->to, out->text, out->len)) {
        d->failed = true;
        d->error = errno;
    }
    out->len = 0;
}

void out_raw(struct out *out, const char *text, size_t len)
{
    if (len >= out->cap - out->len && !out->drain)
        grow(out, len);
    for (size_t room; len >= out->cap - out->len; text += room, len -= room) {
        room = out->cap - out->len - 1;
        append(out, text, room);
        drain(out);
    }
    append(out, text, len);
}

static void write_indent(struct out *out)
{
    static const char blanks[] = "                                ";
    const int all = sizeof blanks - 1;
    for (int n = out->indent; n > 0; n -= all)
        out_raw(out, blanks, (size_t)(n < all ? n : all));
}

void out_write(struct out *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t start = i;
        while (i < len && text[i] != '\n')
            i++;
        if (i > start) {
            if (!out->line_started)
                write_indent(out);
            out_raw(out, text + start, i - start);
            out->line_started = true;
        }
        if (i < len) {
            out_raw(out, "\n", 1);
            out->line_started = false;
            i++;
        }
    }
}

void out_printf(struct out *out, const char *fmt, ...)
{
    char small[512];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    if (n < 0)
        bug("bad format '%s'", fmt);
    if ((size_t)n < sizeof small) {
        out_write(out, small, (size_t)n);
    } else {
        char *big = malloc((size_t)n + 1);
        if (!big)
            die("out of memory");
        vsnprintf(big, (size_t)n + 1, fmt, again);
        out_write(out, big, (size_t)n);
        free(big);
    }
    va_end(again);
    va_end(args);
}

/* ---- passages -------------------------------------------------------------------------------- */

void out_late(struct out *out, out_writer *write, const void *context)
{
    const size_t n = (size_t)out->passages;
    if (out->line_started || out->drain)
        bug("a passage that doesn't begin a line of a text");
    out->passage = realloc(out->passage, (n + 1) * sizeof *out->passage);
    if (!out->passage)
        die("out of memory");
    out->passage[out->passages++] = (struct passage){out->len, out->indent, write, context};
}

struct out_place out_end(const struct out *out)
{
    return (struct out_place){out->len, out->passages, out->line_started};
}

bool out_at_end(const struct out *out, struct out_place p)
{
    return out->len == p.len && out->passages == p.passages;
}

void out_cut(struct out *out, struct out_place p)
{
    out->len = p.len;
    out->text[out->len] = 0;
    out->passages = p.passages;
    out->line_started = p.line_started;
}

/* ---- copying --------------------------------------------------------------------------------- */

static bool copy_passage(const struct passage *p, out_sink *sink, void *to)
{
    char buffer[1 << 16];
    struct drain d = {.sink = sink, .to = to};
    struct out out = {.text = buffer, .cap = sizeof buffer, .indent = p->indent, .drain = &d};
    p->write(p->context, &out);
    drain(&out);
    if (d.failed)
        errno = d.error;
    return !d.failed;
}

bool out_copy(const struct out *out, out_sink *sink, void *to)
{
    size_t at = 0;
    for (int i = 0; i < out->passages; i++) {
        const struct passage *p = &out->passage[i];
        if (!sink(to, out->text + at, p->at - at) || !copy_passage(p, sink, to))
            return false;
        at = p->at;
    }
    return sink(to, out->text + at, out->len - at);
}

bool out_unicode(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return isatty(1) && (strstr(value, "UTF-8") || strstr(value, "utf8"));
    }
    return false;
}
