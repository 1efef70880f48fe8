#include "yaml_explain.h"

#include <string.h>

/* The text at a place; "" at the end of a line or of the text. */
static const char *text_at(struct span place, const char **line, size_t *len)
{
    size_t at = 0;
    *line = source_line(place.src, place.line, len);
    for (int col = 1; col < place.col && at < *len; col++) {
        uint32_t code;
        at += utf8_next(*line + at, *len - at, &code);
    }
    return *line + at;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || !c; }

/* Whether a ':' with (or without) a blank behind it stands in the text. */
static bool has_colon(const char *text, const char *end, bool blank_behind)
{
    for (; text < end; text++)
        if (*text == ':' && is_blank(text[1]) == blank_behind)
            return true;
    return false;
}

static bool starts_line(const char *line, const char *at)
{
    while (line < at && is_blank(*line))
        line++;
    return line == at;
}

struct problem {
    const char *words;            /* libyaml's */
    struct span at;               /* the character where libyaml noticed */
    struct span context;          /* the character where what is wrong began */
    int rest;                     /* characters from context to the end of its line */
    const char *line, *text;      /* the line of at, and the text at it */
    size_t len;                   /* bytes of the line */
};

typedef void (*explain_fn)(const struct problem *, struct diag *);

/* The text of a line "  - text", a list's item without keys; NULL when it is none. */
static const char *bare_item(const char *line, size_t len)
{
    const char *end = line + len;
    while (line < end && *line == ' ')
        line++;
    bool item = line + 2 < end && line[0] == '-' && line[1] == ' ';
    return item && !memchr(line, ':', (size_t)(end - line)) ? line + 2 : NULL;
}

/* "key: value" where none may start: a second ':' in the line, or an indentation that fits none. */
static void explain_colon(const struct problem *p, struct diag *d)
{
    size_t len = 0;
    const char *above = p->at.line > 1 ? source_line(p->at.src, p->at.line - 1, &len) : "";
    const char *item = bare_item(above, len), *end = above + len;
    if (has_colon(p->line, p->text, true)) {
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a second ':' in one line");
        diag_help(d, "start a new line for the second key, or put text that holds ': ' in quotes");
    } else if (item) {
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a key can't follow the item above, which has none");
        diag_help(d, "write '- type: %s' above", diag_quote(d, item, (size_t)(end - item)));
    } else if (has_colon(above, end, false) && !has_colon(above, end, true)) {
        diag_error(d, DIAG_YAML_SYNTAX, p->at,
                "a key can't follow the line above: it is plain text");
        diag_help(d, "put a space after the ':' of the line above");
    } else {
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a key can't start in this line");
        diag_help(d, "start it in the same column as the key before it");
    }
}

/* A line that is neither "key: value" nor "- item". */
static void explain_no_colon(const struct problem *p, struct diag *d)
{
    const char *line;
    size_t len;
    struct span at = p->context;
    const char *text = text_at(at, &line, &len);
    at.len = p->rest;
    diag_error(d, DIAG_YAML_SYNTAX, at, "this line is not 'key: value'");
    if (*text == '-')
        diag_help(d, "put a space after the '-' of a list item");
    else if (has_colon(text, line + len, false))
        diag_help(d, "put a space after the ':'");
}

/* A line or a text that does not go on with the mapping or the list it stands in. */
static void explain_no_item(const struct problem *p, struct diag *d)
{
    bool in_list = !strcmp(p->words, "did not find expected '-' indicator");
    if (!starts_line(p->line, p->text)) {
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "text after the end of a value");
    } else if (*p->text == ':') {
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a key is missing before ':'");
    } else if (p->at.col != p->context.col) {
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "the indentation of this line fits none above it");
    } else if (in_list) {
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a key where the next item of a list belongs");
        diag_note(d, p->context, "the list starts here");
    } else {
        diag_error(d, DIAG_YAML_SYNTAX, p->at,
                "a list item where the next key of a mapping belongs");
        diag_note(d, p->context, "the mapping starts here");
    }
}

static void explain_no_bracket(const struct problem *p, struct diag *d)
{
    char close = p->words[strlen(p->words) - 2];
    bool at_end = p->text == p->at.src->text + p->at.src->len;
    if (at_end) {
        diag_error(d, DIAG_YAML_SYNTAX, p->context, "this '%c' is never closed",
                close == ']' ? '[' : '{');
        return;
    }
    if (*p->text && strchr("]}", *p->text))
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a '%c' where a ',' or '%c' belongs", *p->text,
                close);
    else
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a ',' or '%c' is missing before this", close);
    diag_note(d, p->context, "the %s starts here", close == ']' ? "list" : "mapping");
}

static void explain_no_value(const struct problem *p, struct diag *d)
{
    if (*p->text && strchr(",]}", *p->text))
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a value is missing before '%c'", *p->text);
    else if (*p->text == ':')
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a key is missing before ':'");
    else
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a value is missing here");
}

static void explain_after_end(const struct problem *p, struct diag *d)
{
    diag_error(d, DIAG_YAML_SYNTAX, p->at, "text after the end of the document");
    if (p->at.col == 1 && !strchr("]}", *p->text))
        diag_help(d, "start all keys of the top level in the same column");
}

static void explain_bad_start(const struct problem *p, struct diag *d)
{
    if (*p->text == '\t') {
        diag_error(d, DIAG_YAML_SYNTAX, p->at, "a tab can't indent a line");
        diag_help(d, "YAML indents with spaces");
        return;
    }
    diag_error(d, DIAG_YAML_SYNTAX, p->at, "a value can't start with '%s'",
            diag_quote(d, p->text, *p->text != 0));
    diag_help(d, "put it in quotes");
}

static void explain_escape(const struct problem *p, struct diag *d)
{
    struct span at = p->at;
    at.len = 2;
    diag_error(d, DIAG_YAML_SYNTAX, at, "no such escape in double quotes");
    diag_help(d, "write '\\\\' for a backslash, or use single quotes, which know no escapes");
}

static void explain_name(const struct problem *p, struct diag *d)
{
    const char *line;
    size_t len;
    char sign = *text_at(p->context, &line, &len);
    diag_error(d, DIAG_YAML_SYNTAX, p->context,
            "'%c' needs a name behind it: letters, digits, '-' and '_'", sign == '*' ? '*' : '&');
    diag_help(d, "put text that starts with '%c' in quotes", sign == '*' ? '*' : '&');
}

static void explain_tag(const struct problem *p, struct diag *d)
{
    diag_error(d, DIAG_TAG, p->at, "tags are not used here");
    diag_help(d, "put text that starts with '!' in quotes");
}

static void explain_open_quotes(const struct problem *p, struct diag *d)
{
    diag_error(d, DIAG_YAML_SYNTAX, p->context, "these quotes are never closed");
}

#define NO_DIRECTIVE \
    "a line that starts with '%' is a directive of YAML's: there is only '%YAML 1.2'"

static const struct {
    const char *problem;   /* libyaml's words */
    explain_fn explain;    /* or else: */
    const char *what;
} problems[] = {
    {"mapping values are not allowed in this context", explain_colon, NULL},
    {"could not find expected ':'", explain_no_colon, NULL},
    {"did not find expected key", explain_no_item, NULL},
    {"did not find expected '-' indicator", explain_no_item, NULL},
    {"did not find expected ',' or ']'", explain_no_bracket, NULL},
    {"did not find expected ',' or '}'", explain_no_bracket, NULL},
    {"did not find expected node content", explain_no_value, NULL},
    {"did not find expected <document start>", explain_after_end, NULL},
    {"found character that cannot start any token", explain_bad_start, NULL},
    {"found a tab character that violates indentation", explain_bad_start, NULL},
    {"found a tab character where an indentation space is expected", explain_bad_start, NULL},
    {"found unknown escape character", explain_escape, NULL},
    {"did not find expected alphabetic or numeric character", explain_name, NULL},
    {"found unexpected end of stream", explain_open_quotes, NULL},
    {"found unexpected document indicator", explain_open_quotes, NULL},
    {"found undefined tag handle", explain_tag, NULL},
    {"did not find the expected '>'", explain_tag, NULL},
    {"did not find expected tag URI", explain_tag, NULL},
    {"did not find expected '!'", explain_tag, NULL},
    {"did not find URI escaped octet", explain_tag, NULL},
    {"did not find expected whitespace or line break", explain_tag, NULL},
    {"did not find expected hexdecimal number", NULL,
     "too few hexadecimal digits: '\\x' takes two, '\\u' four, '\\U' eight"},
    {"found invalid Unicode character escape code", NULL, "this escape names no character"},
    {"found unexpected ':'", NULL, "a space is missing after ':'"},
    {"block sequence entries are not allowed in this context", NULL,
     "a list with '- ' starts in a line of its own"},
    {"did not find expected comment or line break", NULL,
     "the text of a block starts in the line below its '|' or '>'"},
    {"found incompatible YAML document", NULL, "the text is not YAML 1.1 or 1.2"},
    {"found unknown directive name", NULL, NO_DIRECTIVE},
    {"found unexpected non-alphabetical character", NULL, NO_DIRECTIVE},
    {"could not find expected directive name", NULL, NO_DIRECTIVE},
    {"did not find expected version number", NULL, NO_DIRECTIVE},
    {"did not find expected digit or '.' character", NULL, NO_DIRECTIVE},
};

/* libyaml's own words stand for what the table lacks. */
static void explain(const struct problem *p, struct diag *d)
{
    const char *words = p->words;
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++) {
        if (strcmp(words, problems[i].problem))
            continue;
        if (problems[i].explain) {
            problems[i].explain(p, d);
            return;
        }
        words = problems[i].what;
    }
    diag_error(d, DIAG_YAML_SYNTAX, p->at, "%s", words);
}

void explain_yaml(const char *words, struct span at, struct span context, struct diag *d)
{
    struct problem p = {.words = words ? words : "the text is not YAML", .at = at,
                        .context = context, .rest = context.len};
    p.context.len = 1;
    p.text = text_at(at, &p.line, &p.len);
    explain(&p, d);
}
