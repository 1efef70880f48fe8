#include "value.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const struct entry *value_find(const struct value *map, const char *key)
{
    for (int i = 0; i < map->entry.n; i++)
        if (!strcmp(map->entry.at[i].key, key))
            return &map->entry.at[i];
    return NULL;
}

bool value_is_plain(const struct value *v) { return v->kind == VALUE_SCALAR && !v->quoted; }

/* ---- scalars: YAML 1.2's core schema --------------------------------------------------------- */

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};
static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};

bool value_is_null(const struct value *v)
{
    return value_is_plain(v) && text_is_one_of(v->text, nulls);
}

bool value_bool(const struct value *v, bool *out)
{
    if (!value_is_plain(v) || !(text_is_one_of(v->text, trues) || text_is_one_of(v->text, falses)))
        return false;
    *out = text_is_one_of(v->text, trues);
    return true;
}

static const char *skip_sign(const char *s) { return *s == '-' || *s == '+' ? s + 1 : s; }

static const char *skip_digits(const char *s, const char *digits) { return s + strspn(s, digits); }

/* The base of an integer and where its digits start; 0 when text is something else. */
static int int_base(const char *text, const char **digits)
{
    static const struct { const char *prefix, *digits; int base; } forms[] = {
        {"0x", "0123456789abcdefABCDEF", 16},
        {"0o", "01234567", 8},
    };
    for (int i = 0; i < 2; i++) {
        *digits = text + 2;
        if (!strncmp(text, forms[i].prefix, 2))
            return **digits && !*skip_digits(*digits, forms[i].digits) ? forms[i].base : 0;
    }
    *digits = skip_sign(text);
    return **digits && !*skip_digits(*digits, "0123456789") ? 10 : 0;
}

bool value_int(const struct value *v, int64_t *out)
{
    const char *digits;
    int base = value_is_plain(v) ? int_base(v->text, &digits) : 0;
    bool negative = base && v->text[0] == '-';
    int64_t sum = 0;  /* below zero: that side of int64_t has one more */
    if (!base)
        return false;
    for (; *digits; digits++) {
        int digit = isdigit((unsigned char)*digits) ? *digits - '0' : (*digits | 32) - 'a' + 10;
        if (sum < (INT64_MIN + digit) / base)
            return false;
        sum = sum * base - digit;
    }
    if (!negative && sum == INT64_MIN)
        return false;
    *out = negative ? sum : -sum;
    return true;
}

/* [-+]? (. digits | digits (. digits?)?) ([eE] [-+]? digits)? */
static bool is_decimal_float(const char *text)
{
    const char *s = skip_sign(text), *whole = s;
    s = skip_digits(s, "0123456789");
    bool digits = s > whole;
    if (*s == '.') {
        const char *fraction = ++s;
        s = skip_digits(s, "0123456789");
        digits = digits || s > fraction;
    }
    if (digits && (*s == 'e' || *s == 'E')) {
        const char *exponent = s = skip_sign(s + 1);
        s = skip_digits(s, "0123456789");
        digits = s > exponent;
    }
    return digits && !*s;
}

bool value_float(const struct value *v, double *out)
{
    const char *digits;
    if (!value_is_plain(v))
        return false;
    int base = int_base(v->text, &digits);
    if (base == 8 || base == 16) {
        *out = 0;
        for (; *digits; digits++)
            *out = *out * base +
                   (isdigit((unsigned char)*digits) ? *digits - '0' : (*digits | 32) - 'a' + 10);
        return true;
    }
    if (text_is_one_of(skip_sign(v->text), infinities)) {
        *out = v->text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (text_is_one_of(v->text, nans)) {
        *out = (double)NAN;
        return true;
    }
    if (!is_decimal_float(v->text))
        return false;
    *out = strtod(v->text, NULL);  /* no locale is ever set: '.' is the point */
    return true;
}

bool value_is_string(const struct value *v)
{
    bool truth;
    double number;
    return v->kind == VALUE_SCALAR && !value_is_null(v) && !value_bool(v, &truth) &&
           !value_float(v, &number);
}

const char *value_kind_name(const struct value *v)
{
    const char *digits;
    bool truth;
    if (v->kind != VALUE_SCALAR)
        return v->kind == VALUE_LIST ? "a list" : "a mapping";
    if (value_is_null(v))
        return v->len ? "null" : "an empty value";
    if (value_bool(v, &truth))
        return "a boolean";
    if (value_is_plain(v) && int_base(v->text, &digits))
        return "an integer";
    return value_is_string(v) ? "a string" : "a number";
}
