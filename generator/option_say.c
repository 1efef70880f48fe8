#include "option.h"

#include <stdio.h>
#include <string.h>

static void print_usage_error(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

static void print_usage_error(const char *fmt, va_list ap)
{
    fputs("cnngen: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputs("\nTry 'cnngen --help'.\n", stderr);
}

void usage_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_usage_error(fmt, ap);
    va_end(ap);
}

bool fail(int *status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_usage_error(fmt, ap);
    va_end(ap);
    *status = 2;
    return false;
}

const char *shown(struct pool *pool, const char *text, size_t len)
{
    return diag_quote(diag_new(pool), text, len);
}

const char *suggestion(struct pool *pool, const char *word, const char *const *known, int n)
{
    const char *near = closest(word, known, n);
    return near ? pool_printf(pool, "; did you mean '%s'?", near) : "";
}

const char *list_words(struct pool *pool, const char *const *words, int n)
{
    const char *text = words[0];
    for (int i = 1; i < n; i++)
        text = pool_printf(pool, "%s%s%s", text, i + 1 < n ? ", " : " or ", words[i]);
    return text;
}

int word_index(const char *const *words, int n, const char *word)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(words[i], word))
            return i;
    return -1;
}
