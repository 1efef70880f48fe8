#include "out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    *out = (struct out){0};
}

static void reserve(struct out *out, size_t more)
{
    if (more >= SIZE_MAX / 4 - out->len)
        die("out of memory (output of %zu bytes)", out->len);
    if (out->len + more + 1 <= out->cap)
        return;
    while (out->len + more + 1 > out->cap)
        out->cap *= 2;
    out->text = realloc(out->text, out->cap);
    if (!out->text)
        die("out of memory (output of %zu bytes)", out->len);
}

void out_raw(struct out *out, const char *text, size_t len)
{
    reserve(out, len);
    memcpy(out->text + out->len, text, len);
    out->len += len;
    out->text[out->len] = 0;
}

void out_write(struct out *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t start = i;
        while (i < len && text[i] != '\n')
            i++;
        if (i > start) {
            if (!out->line_started) {
                reserve(out, (size_t)out->indent);
                memset(out->text + out->len, ' ', (size_t)out->indent);
                out->len += (size_t)out->indent;
            }
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

bool out_copy(const struct out *out, out_sink *sink, void *to)
{
    return sink(to, out->text, out->len);
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
