#include "json_read.h"

#include <math.h>
#include <string.h>

#include "text.h"

static bool too_large(struct span at, const char *what, const char *why, struct diag *d)
{
    diag_error(d, DIAG_TOO_LARGE, at, "%s %s", what, why);
    return false;
}

/* Depth and number of values, before anything is allocated for them. */
static bool check_limits(struct span at, const char *what, const char *text, size_t len,
        struct diag *d)
{
    int depth = 0, items = 0;
    bool in_text = false;
    if (len > JSON_MAX_BYTES)
        return too_large(at, what, "is larger than 64 MB", d);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            in_text = !in_text;
        else if (in_text)
            i += text[i] == '\\';
        else if (text[i] == '[' || text[i] == '{')
            depth++;
        else if (text[i] == ']' || text[i] == '}')
            depth--;
        items += !in_text && text[i] == ',';
        if (depth > JSON_MAX_DEPTH)
            return too_large(at, what, "nests lists and objects deeper than 128", d);
        if (items > JSON_MAX_ITEMS)
            return too_large(at, what, "has more than a million values", d);
    }
    return true;
}

json_t *json_read(struct span at, const char *what, const char *text, size_t len, struct diag *d)
{
    json_error_t error;
    if (!check_limits(at, what, text, len, d))
        return NULL;
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        diag_error(d, DIAG_BAD_MODEL, at, "%s is not JSON: line %d, column %d: %s", what,
                error.line, error.column, text_quote(d, error.text));
    return json;
}

bool json_is_text(const json_t *v, const char *text)
{
    return json_is_string(v) && !strcmp(json_string_value(v), text);
}

const char *json_text(const json_t *v) { return json_string_value(v); }

bool json_int(const json_t *v, int64_t *out)
{
    enum { EXACT = 1 << 30 };
    double real = json_number_value(v);
    if (!json_is_number(v) || fabs(real) > EXACT || real != floor(real))
        return false;
    *out = (int64_t)real;
    return true;
}

static json_t *unless_null(json_t *v) { return json_is_null(v) ? NULL : v; }
json_t *json_at(const json_t *v, size_t i) { return unless_null(json_array_get(v, i)); }
json_t *json_get(const json_t *v, const char *key) { return unless_null(json_object_get(v, key)); }
