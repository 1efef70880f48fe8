#include "text.h"

#include <string.h>

const char *text_char_refused(uint32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return NULL;
    if (c == 0x85 || c == 0x2028 || c == 0x2029)
        return "editors disagree whether it ends a line";
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return "it is a control character";
    if (c == 0xfeff)
        return "it is a byte order mark, which stands at the start of a file only";
    if (c == 0xfffe || c == 0xffff)
        return "it is no character";
    return char_is_hostile(c) ? "it changes the direction of the text around it" : NULL;
}

static bool looks_like_utf16(const struct source *src)
{
    const unsigned char *s = (const unsigned char *)src->text;
    if (src->len < 2)
        return false;
    bool mark = (s[0] == 0xff && s[1] == 0xfe) || (s[0] == 0xfe && s[1] == 0xff);
    return mark || (!s[0] != !s[1]);
}

static bool refuse_char(const struct source *src, struct span at, uint32_t code, struct diag *d)
{
    const char *why = code ? text_char_refused(code) : "";
    if (!why)
        return false;
    if (code)
        diag_error(d, DIAG_BAD_ENCODING, at, "U+%04X may not stand here: %s", (unsigned)code, why);
    else
        diag_error(d, DIAG_BAD_ENCODING, (struct span){.src = src},
                "line %d holds a NUL byte: this is not a text file", at.line);
    return true;
}

bool text_check(const struct source *src, struct diag *d)
{
    struct span at = {src, 1, 1, 1};
    size_t i = source_bom(src);
    if (looks_like_utf16(src)) {
        diag_error(d, DIAG_BAD_ENCODING, (struct span){.src = src},
                "the file is UTF-16 or UTF-32, not UTF-8");
        diag_help(d, "save the file as UTF-8");
        return false;
    }
    while (i < src->len) {
        uint32_t code = 0;
        size_t n = utf8_next(src->text + i, src->len - i, &code);
        if (n == 0) {
            diag_error(d, DIAG_BAD_ENCODING, at, "byte 0x%02X is not UTF-8",
                    (unsigned)(unsigned char)src->text[i]);
            diag_help(d, "save the file as UTF-8");
            return false;
        }
        if ((code < 0x20 || code >= 0x7f) && refuse_char(src, at, code, d))
            return false;
        bool ends_line = code == '\n' || (code == '\r' && src->text[i + 1] != '\n');
        at.line += ends_line;
        at.col = ends_line ? 1 : at.col + 1;
        i += n;
    }
    return true;
}

bool text_is_one_of(const char *text, const char *const *words)
{
    while (*words && strcmp(text, *words))
        words++;
    return *words != NULL;
}

const char *text_quote(struct diag *d, const char *text)
{
    return diag_quote(d, text, strlen(text));
}
