#include "stack.h"

#include <stdlib.h>
#include <string.h>

/* Whether the text goes on with the word. */
static bool has(const char *text, const char *end, const char *word)
{
    size_t len = strlen(word);
    return (size_t)(end - text) >= len && !memcmp(text, word, len);
}

static const char *find_in(const char *text, const char *end, const char *word)
{
    while (text < end && !has(text, end, word))
        text++;
    return text < end ? text : NULL;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Calls of helpers that make vectors: "vf_fma(", "vi_add(". */
static int64_t count_vectors(const char *text, const char *end)
{
    int64_t n = 0;
    for (const char *c = text; c < end; c++)
        if ((has(c, end, "vf_") || has(c, end, "vi_")) && (c == text || !is_name(c[-1])))
            n++;
    return n;
}

/* Bytes of an element of what the line declares; 0: it declares nothing of the kind. */
static int64_t element_bytes(const char *line, const char *end, int vector_bytes)
{
    const char *bracket = find_in(line, end, "["), *star = find_in(line, end, "*");
    line += strspn(line, " ");
    if (has(line, end, "const "))
        line += 6;
    if (star && bracket && star < bracket)
        return has(line, end, "float *") ? 8 : 0;
    if (has(line, end, "vf ") || has(line, end, "vi "))
        return vector_bytes;
    bool word = has(line, end, "float ") || has(line, end, "int ") || has(line, end, "unsigned ");
    return word ? 4 : 0;
}

/* "float s[24];", "vf t[2][3], u[4];": bytes of the arrays of a line. */
static int64_t array_bytes(const char *line, const char *end, int vector_bytes)
{
    const char *first = find_in(line, end, "[");
    int64_t each = element_bytes(line, end, vector_bytes), all = 0;
    if (!first || !each || find_in(line, first, "=") || find_in(line, first, "("))
        return 0;
    int64_t one = 0;
    for (const char *c = first; c && c < end; c = find_in(c + 1, end, "[")) {
        int64_t n = c[1] >= '0' && c[1] <= '9' ? strtoll(c + 1, NULL, 10) : 0;
        all += c[-1] == ']' ? 0 : one;
        one = c[-1] == ']' ? one * n : each * n;
    }
    return all + one;
}

int64_t stack_of_text(const char *text, size_t len, int vector_bytes)
{
    const char *end = text + len;
    int64_t vectors = STACK_HELPERS + count_vectors(text, end), arrays = 0;
    for (const char *line = text, *next; line < end; line = next) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop ? stop + 1 : end;
        arrays += array_bytes(line, stop ? stop : end, vector_bytes);
    }
    if (vectors > STACK_VECTORS)
        vectors = STACK_VECTORS;
    return STACK_SCALARS + vectors * vector_bytes + (arrays + 15) / 16 * 16;
}
