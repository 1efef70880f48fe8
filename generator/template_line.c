#include "template_line.h"

#include <string.h>

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && *r->at == ' ')
        r->at++;
}

bool read_end(struct reader *r)
{
    skip_blanks(r);
    return r->at == r->end;
}

bool read_token(struct reader *r, const char *token)
{
    size_t len = strlen(token);
    skip_blanks(r);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, token, len))
        return false;
    r->at += len;
    return true;
}

/* The end of the word at r->at, r->at itself when there is none. */
static const char *word_end(struct reader *r)
{
    skip_blanks(r);
    const char *end = r->at;
    if (end < r->end && is_letter(*end))
        while (end < r->end && (is_letter(*end) || is_digit(*end)))
            end++;
    return end;
}

bool read_word(struct reader *r, const char *word)
{
    const char *end = word_end(r);
    size_t len = strlen(word);
    if ((size_t)(end - r->at) != len || memcmp(r->at, word, len))
        return false;
    r->at = end;
    return true;
}

const char *read_name(struct reader *r)
{
    const char *end = word_end(r);
    if (end == r->at)
        return NULL;
    const char *name = pool_copy(r->pool, r->at, (size_t)(end - r->at));
    r->at = end;
    return name;
}

const char *read_quoted(struct reader *r)
{
    if (!read_token(r, "\"")) {
        read_expected(r, "a text in quotes");
        return NULL;
    }
    const char *from = r->at, *close = memchr(from, '"', (size_t)(r->end - from));
    if (!close) {
        diag_error(r->diag, DIAG_TEMPLATE, read_span(r, from - 1, r->end), "missing '\"'");
        return NULL;
    }
    r->at = close + 1;
    return pool_copy(r->pool, from, (size_t)(close - from));
}

static int count_chars(const char *from, const char *to)
{
    int n = 0;
    for (; from < to; from++)
        n += ((unsigned char)*from & 0xc0) != 0x80;  /* not the middle of a UTF-8 character */
    return n;
}

struct span read_span(const struct reader *r, const char *from, const char *to)
{
    return (struct span){r->src, r->line, 1 + count_chars(r->start, from), count_chars(from, to)};
}

bool read_expected(struct reader *r, const char *what)
{
    const char *end = word_end(r);
    if (r->at == r->end) {
        diag_error(r->diag, DIAG_TEMPLATE, read_span(r, r->at, r->at), "expected %s", what);
        return false;
    }
    if (end == r->at)
        do
            end++;
        while (end < r->end && ((unsigned char)*end & 0xc0) == 0x80);
    diag_error(r->diag, DIAG_TEMPLATE, read_span(r, r->at, end), "expected %s, found '%s'", what,
            diag_quote(r->diag, r->at, (size_t)(end - r->at)));
    return false;
}

bool read_required(struct reader *r, const char *token)
{
    return read_token(r, token) || read_expected(r, pool_printf(r->pool, "'%s'", token));
}
