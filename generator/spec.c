#include "spec.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "limits.h"
#include "text.h"

/* ---- the tree -------------------------------------------------------------------------------- */

/* A value while the tree grows: what aliases need to know of it. */
struct built {
    struct value value;  /* first, so that the two convert */
    int64_t nodes;       /* of the subtree, aliases expanded */
    int height;          /* nested collections in it, itself included; 0 for a scalar */
    bool open;           /* its end has not been seen */
    bool missing;        /* what an alias failed to name: left out, to draw no more errors */
};

/* Anchors by name: an AA tree, so that no choice of names makes the search slow. */
struct anchor {
    const char *name;
    struct built *built;  /* the latest with this name */
    int level;
    struct anchor *left, *right;
};

struct reader {
    yaml_parser_t yaml;
    yaml_event_t event;           /* the current one */
    struct pool *pool;
    const struct source *src;
    struct diag *diag;
    int64_t nodes, max_nodes;
    int depth;                    /* collections that are open */
    struct anchor *anchors;
    VEC(const char *) names;      /* of the first anchors, for "did you mean" */
    int line;                     /* a place that moves on with the events: this line ... */
    size_t line_start;            /* ... starts at this byte */
};

static bool is_plain(const struct value *v) { return v->kind == VALUE_SCALAR && !v->quoted; }

/* Characters from column col (1-based) of a line to its end, trailing blanks not counted. */
static int rest_of_line(struct reader *r, int line, int col)
{
    const struct source *src = r->src;
    if (line < r->line) {
        r->line = 1;
        r->line_start = source_bom(src);
    }
    for (; r->line < line && r->line_start < src->len; r->line++) {
        size_t at = r->line_start;
        while (at < src->len && src->text[at] != '\n' && src->text[at] != '\r')
            at++;
        bool pair = at + 1 < src->len && src->text[at] == '\r' && src->text[at + 1] == '\n';
        r->line_start = at + (pair ? 2 : at < src->len ? 1 : 0);
    }
    int chars = 0, last = 0;
    for (size_t i = r->line_start; i < src->len && src->text[i] != '\n' && src->text[i] != '\r';) {
        uint32_t code;
        bool blank = src->text[i] == ' ' || src->text[i] == '\t';
        i += utf8_next(src->text + i, src->len - i, &code);
        chars++;
        last = blank ? last : chars;
    }
    return last >= col ? last - col + 1 : 0;
}

static struct span span_at(const struct reader *r, yaml_mark_t mark, int len)
{
    return (struct span){r->src, (int)mark.line + 1, (int)mark.column + 1, len};
}

/* What the current event covers of its first line. */
static struct span event_span(struct reader *r)
{
    yaml_mark_t start = r->event.start_mark, end = r->event.end_mark;
    struct span at = span_at(r, start, 0);
    at.len = start.line == end.line ? (int)(end.column - start.column)
                                    : rest_of_line(r, at.line, at.col);
    return at;
}

/* A collection's span reaches as far as its parts do on its first line. */
static void span_include(struct span *at, struct span part)
{
    if (part.line == at->line && part.col + part.len > at->col + at->len)
        at->len = part.col + part.len - at->col;
}

/* ---- what libyaml finds wrong, in words that say what to do */

/* The text at a mark; "" at the end of a line or of the text. */
static const char *text_at(const struct reader *r, yaml_mark_t mark, const char **line, size_t *len)
{
    size_t at = 0;
    *line = source_line(r->src, (int)mark.line + 1, len);
    for (size_t col = 0; col < mark.column && at < *len; col++) {
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
    struct reader *r;
    yaml_mark_t at, context;      /* context: where what is wrong began */
    const char *line, *text;      /* the line of at, and the text at it */
    size_t len;                   /* bytes of the line */
};

typedef void (*explain_fn)(const struct problem *, struct diag *, struct span);

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
static void explain_colon(const struct problem *p, struct diag *d, struct span at)
{
    size_t len = 0;
    const char *above = p->at.line ? source_line(p->r->src, (int)p->at.line, &len) : "";
    const char *item = bare_item(above, len), *end = above + len;
    if (has_colon(p->line, p->text, true)) {
        diag_error(d, DIAG_YAML_SYNTAX, at, "a second ':' in one line");
        diag_help(d, "start a new line for the second key, or put text that holds ': ' in quotes");
    } else if (item) {
        diag_error(d, DIAG_YAML_SYNTAX, at, "a key can't follow the item above, which has none");
        diag_help(d, "write '- type: %s' above", diag_quote(d, item, (size_t)(end - item)));
    } else if (has_colon(above, end, false) && !has_colon(above, end, true)) {
        diag_error(d, DIAG_YAML_SYNTAX, at, "a key can't follow the line above: it is plain text");
        diag_help(d, "put a space after the ':' of the line above");
    } else {
        diag_error(d, DIAG_YAML_SYNTAX, at, "a key can't start in this line");
        diag_help(d, "start it in the same column as the key before it");
    }
}

/* A line that is neither "key: value" nor "- item". */
static void explain_no_colon(const struct problem *p, struct diag *d, struct span at)
{
    const char *line, *text;
    size_t len;
    text = text_at(p->r, p->context, &line, &len);
    at = span_at(p->r, p->context, 0);
    at.len = rest_of_line(p->r, at.line, at.col);
    diag_error(d, DIAG_YAML_SYNTAX, at, "this line is not 'key: value'");
    if (*text == '-')
        diag_help(d, "put a space after the '-' of a list item");
    else if (has_colon(text, line + len, false))
        diag_help(d, "put a space after the ':'");
}

/* A line or a text that does not go on with the mapping or the list it stands in. */
static void explain_no_item(const struct problem *p, struct diag *d, struct span at)
{
    bool in_list = !strcmp(p->r->yaml.problem, "did not find expected '-' indicator");
    if (!starts_line(p->line, p->text)) {
        diag_error(d, DIAG_YAML_SYNTAX, at, "text after the end of a value");
    } else if (*p->text == ':') {
        diag_error(d, DIAG_YAML_SYNTAX, at, "a key is missing before ':'");
    } else if (p->at.column != p->context.column) {
        diag_error(d, DIAG_YAML_SYNTAX, at, "the indentation of this line fits none above it");
    } else if (in_list) {
        diag_error(d, DIAG_YAML_SYNTAX, at, "a key where the next item of a list belongs");
        diag_note(d, span_at(p->r, p->context, 1), "the list starts here");
    } else {
        diag_error(d, DIAG_YAML_SYNTAX, at, "a list item where the next key of a mapping belongs");
        diag_note(d, span_at(p->r, p->context, 1), "the mapping starts here");
    }
}

static void explain_no_bracket(const struct problem *p, struct diag *d, struct span at)
{
    char close = p->r->yaml.problem[strlen(p->r->yaml.problem) - 2];
    bool at_end = p->text == p->r->src->text + p->r->src->len;
    if (at_end) {
        diag_error(d, DIAG_YAML_SYNTAX, span_at(p->r, p->context, 1), "this '%c' is never closed",
                close == ']' ? '[' : '{');
        return;
    }
    if (*p->text && strchr("]}", *p->text))
        diag_error(d, DIAG_YAML_SYNTAX, at, "a '%c' where a ',' or '%c' belongs", *p->text, close);
    else
        diag_error(d, DIAG_YAML_SYNTAX, at, "a ',' or '%c' is missing before this", close);
    diag_note(d, span_at(p->r, p->context, 1), "the %s starts here",
            close == ']' ? "list" : "mapping");
}

static void explain_no_value(const struct problem *p, struct diag *d, struct span at)
{
    if (*p->text && strchr(",]}", *p->text))
        diag_error(d, DIAG_YAML_SYNTAX, at, "a value is missing before '%c'", *p->text);
    else if (*p->text == ':')
        diag_error(d, DIAG_YAML_SYNTAX, at, "a key is missing before ':'");
    else
        diag_error(d, DIAG_YAML_SYNTAX, at, "a value is missing here");
}

static void explain_after_end(const struct problem *p, struct diag *d, struct span at)
{
    diag_error(d, DIAG_YAML_SYNTAX, at, "text after the end of the document");
    if (p->at.column == 0 && !strchr("]}", *p->text))
        diag_help(d, "start all keys of the top level in the same column");
}

static void explain_bad_start(const struct problem *p, struct diag *d, struct span at)
{
    if (*p->text == '\t') {
        diag_error(d, DIAG_YAML_SYNTAX, at, "a tab can't indent a line");
        diag_help(d, "YAML indents with spaces");
        return;
    }
    diag_error(d, DIAG_YAML_SYNTAX, at, "a value can't start with '%s'",
            diag_quote(d, p->text, *p->text != 0));
    diag_help(d, "put it in quotes");
}

static void explain_escape(const struct problem *p, struct diag *d, struct span at)
{
    (void)p;
    at.len = 2;
    diag_error(d, DIAG_YAML_SYNTAX, at, "no such escape in double quotes");
    diag_help(d, "write '\\\\' for a backslash, or use single quotes, which know no escapes");
}

static void explain_name(const struct problem *p, struct diag *d, struct span at)
{
    const char *line;
    size_t len;
    char sign = *text_at(p->r, p->context, &line, &len);
    at = span_at(p->r, p->context, 1);
    diag_error(d, DIAG_YAML_SYNTAX, at, "'%c' needs a name behind it: letters, digits, '-' and '_'",
            sign == '*' ? '*' : '&');
    diag_help(d, "put text that starts with '%c' in quotes", sign == '*' ? '*' : '&');
}

static void explain_tag(const struct problem *p, struct diag *d, struct span at)
{
    (void)p;
    diag_error(d, DIAG_TAG, at, "tags are not used here");
    diag_help(d, "put text that starts with '!' in quotes");
}

static void explain_open_quotes(const struct problem *p, struct diag *d, struct span at)
{
    at = span_at(p->r, p->context, 1);
    diag_error(d, DIAG_YAML_SYNTAX, at, "these quotes are never closed");
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

static void explain(struct reader *r, const struct problem *p)
{
    const char *words = r->yaml.problem ? r->yaml.problem : "the text is not YAML";
    struct span at = span_at(r, p->at, 1);
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++) {
        if (strcmp(words, problems[i].problem))
            continue;
        if (problems[i].explain) {
            problems[i].explain(p, r->diag, at);
            return;
        }
        words = problems[i].what;
    }
    diag_error(r->diag, DIAG_YAML_SYNTAX, at, "%s", words);
}

static void report_yaml_problem(struct reader *r)
{
    const yaml_parser_t *y = &r->yaml;
    struct problem p = {r, y->problem_mark, y->context_mark, NULL, NULL, 0};
    if (y->error == YAML_MEMORY_ERROR)
        die("out of memory (%s)", r->src->path);
    p.text = text_at(r, p.at, &p.line, &p.len);
    explain(r, &p);
}

/* Goes to the next event. */
static bool advance(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->yaml, &r->event))
        return true;
    report_yaml_problem(r);
    return false;
}

/* ---- anchors */

static struct anchor *anchor_find(struct anchor *a, const char *name)
{
    while (a) {
        int order = strcmp(name, a->name);
        if (order == 0)
            break;
        a = order < 0 ? a->left : a->right;
    }
    return a;
}

static struct anchor *rotate_right(struct anchor *a)
{
    struct anchor *left = a->left;
    if (!left || left->level != a->level)
        return a;
    a->left = left->right;
    left->right = a;
    return left;
}

static struct anchor *rotate_left(struct anchor *a)
{
    struct anchor *right = a->right;
    if (!right || !right->right || right->right->level != a->level)
        return a;
    a->right = right->left;
    right->left = a;
    right->level++;
    return right;
}

static struct anchor *anchor_insert(struct anchor *a, struct anchor *fresh)
{
    if (!a)
        return fresh;
    if (strcmp(fresh->name, a->name) < 0)
        a->left = anchor_insert(a->left, fresh);
    else
        a->right = anchor_insert(a->right, fresh);
    return rotate_left(rotate_right(a));
}

static void set_anchor(struct reader *r, const yaml_char_t *anchor, struct built *b)
{
    enum { SUGGESTED = 200 };
    if (!anchor)
        return;
    const char *name = (const char *)anchor;
    struct anchor *a = anchor_find(r->anchors, name);
    if (a) {
        a->built = b;
        return;
    }
    a = NEW(r->pool, struct anchor);
    *a = (struct anchor){pool_copy(r->pool, name, strlen(name)), b, 1, NULL, NULL};
    r->anchors = anchor_insert(r->anchors, a);
    if (r->names.n < SUGGESTED)
        vec_push(r->pool, &r->names, a->name);
}

/* ---- composing */

static struct built *compose(struct reader *r);

static bool count_nodes(struct reader *r, int64_t n, struct span at)
{
    r->nodes += n;
    if (r->nodes <= r->max_nodes)
        return true;
    diag_error(r->diag, DIAG_TOO_LARGE, at, "more than %lld values%s", (long long)r->max_nodes,
            n > 1 ? ", aliases counted as often as they are used" : "");
    return false;
}

static bool check_depth(struct reader *r, int depth, struct span at)
{
    if (depth <= LIMIT_SPEC_DEPTH)
        return true;
    diag_error(r->diag, DIAG_TOO_DEEP, at, "lists and mappings are nested more than %d deep",
            LIMIT_SPEC_DEPTH);
    return false;
}

static void refuse_tag(struct reader *r, const yaml_char_t *tag, struct span at)
{
    static const char standard[] = "tag:yaml.org,2002:";
    const size_t n = sizeof standard - 1;
    if (!tag)
        return;
    const char *text = (const char *)tag;
    bool is_standard = !strncmp(text, standard, n), is_local = *text == '!';
    diag_error(r->diag, DIAG_TAG, at, "tags are not used here: '%s%s%s'",
            is_standard ? "!!" : is_local ? "" : "!<",
            text_quote(r->diag, text + (is_standard ? n : 0)), is_standard || is_local ? "" : ">");
    diag_help(r->diag, "delete the tag%s",
            is_standard && !strcmp(text + n, "str") ? "; text in quotes is a string" : "");
}

static struct built *built_new(struct reader *r, enum value_kind kind, const yaml_char_t *anchor,
        const yaml_char_t *tag)
{
    struct span at = event_span(r);
    if (!count_nodes(r, 1, at))
        return NULL;
    refuse_tag(r, tag, at);
    struct built *b = NEW(r->pool, struct built);
    b->value.kind = kind;
    b->value.at = at;
    b->nodes = 1;
    b->open = true;
    set_anchor(r, anchor, b);
    return b;
}

static struct built *compose_scalar(struct reader *r)
{
    struct built *b = built_new(r, VALUE_SCALAR, r->event.data.scalar.anchor,
            r->event.data.scalar.tag);
    if (!b)
        return NULL;
    struct value *v = &b->value;
    v->len = r->event.data.scalar.length;
    v->text = pool_copy(r->pool, (const char *)r->event.data.scalar.value, v->len);
    v->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (memchr(v->text, 0, v->len)) {
        diag_error(r->diag, DIAG_BAD_ENCODING, v->at, "a string can't hold a NUL character (\\0)");
        v->len = strlen(v->text);
    }
    b->open = false;
    return b;
}

static struct built *missing_value(struct reader *r, struct span at)
{
    struct built *b = NEW(r->pool, struct built);
    b->value = (struct value){.kind = VALUE_SCALAR, .at = at, .text = ""};
    b->missing = true;
    return b;
}

static struct built *compose_alias(struct reader *r)
{
    const char *name = (const char *)r->event.data.alias.anchor;
    struct span at = event_span(r);
    struct anchor *a = anchor_find(r->anchors, name);
    if (!a) {
        const char *near = closest(name, r->names.at, r->names.n);
        diag_error(r->diag, DIAG_ALIAS, at, "no anchor '&%s' stands before this alias",
                text_quote(r->diag, name));
        if (near)
            diag_help(r->diag, "did you mean '*%s'?", text_quote(r->diag, near));
        return missing_value(r, at);
    }
    if (a->built->open) {
        diag_error(r->diag, DIAG_ALIAS, at, "alias '*%s' stands inside of what it names",
                text_quote(r->diag, name));
        diag_note(r->diag, a->built->value.at, "'&%s' starts here", text_quote(r->diag, name));
        return missing_value(r, at);
    }
    if (!count_nodes(r, a->built->nodes, at) || !check_depth(r, r->depth + a->built->height, at))
        return NULL;
    struct built *b = NEW(r->pool, struct built);
    *b = *a->built;
    b->value.at = at;
    return b;
}

static void add_part(struct built *whole, const struct built *part)
{
    whole->nodes += part->nodes;
    if (part->height >= whole->height)
        whole->height = part->height + 1;
    span_include(&whole->value.at, part->value.at);
}

static struct built *open_collection(struct reader *r, enum value_kind kind,
        const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct built *b = built_new(r, kind, anchor, tag);
    if (!b || !check_depth(r, ++r->depth, b->value.at))
        return NULL;
    b->height = 1;
    if (anchor && b->value.at.len == 0)
        b->value.at.len = (int)strlen((const char *)anchor) + 1;
    return b;
}

/* The current event is the end: a closing bracket, or nothing in block style. */
static struct built *close_collection(struct reader *r, struct built *b)
{
    yaml_mark_t start = r->event.start_mark, end = r->event.end_mark;
    if (end.index > start.index)
        span_include(&b->value.at, event_span(r));
    if (b->value.at.len == 0)
        b->value.at.len = 1;
    r->depth--;
    b->open = false;
    return b;
}

static struct built *compose_list(struct reader *r)
{
    struct built *b = open_collection(r, VALUE_LIST, r->event.data.sequence_start.anchor,
            r->event.data.sequence_start.tag);
    if (!b)
        return NULL;
    for (;;) {
        if (!advance(r))
            return NULL;
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return close_collection(r, b);
        struct built *item = compose(r);
        if (!item)
            return NULL;
        add_part(b, item);
        if (!item->missing)
            vec_push(r->pool, &b->value.item, &item->value);
    }
}

static bool is_merge_key(const struct value *key)
{
    return key->kind == VALUE_SCALAR && !key->quoted && !strcmp(key->text, "<<");
}

static bool key_ok(struct reader *r, const struct value *key)
{
    if (key->kind != VALUE_SCALAR) {
        diag_error(r->diag, DIAG_BAD_KEY, key->at, "a key is plain text, not %s",
                value_kind_name(key));
        return false;
    }
    if (!key->quoted && !key->len) {
        diag_error(r->diag, DIAG_BAD_KEY, key->at, "a key is missing before ':'");
        return false;
    }
    return true;
}

/* "{filters:8}" is, to YAML, a key "filters:8" without a value. */
static bool lacks_blank(const struct value *key, const struct value *val)
{
    return is_plain(key) && is_plain(val) && !val->len && strchr(key->text, ':');
}

static void add_entry(struct reader *r, struct value *map, const struct value *key,
        struct value *val)
{
    if (lacks_blank(key, val))
        diag_error(r->diag, DIAG_BAD_KEY, key->at, "a space is missing after the ':' of '%s'",
                text_quote(r->diag, key->text));
    vec_push(r->pool, &map->entry, (struct entry){key->text, key->at, val, false});
}

/* ---- merging: "<<" and the uniqueness of keys */

static void merge_map(struct reader *r, struct value *map, const struct value *from)
{
    for (int i = 0; i < from->entry.n; i++) {
        struct entry e = from->entry.at[i];
        e.merged = true;
        vec_push(r->pool, &map->entry, e);
    }
}

/* "<<: *a" or "<<: [*a, *b]": the entries take the place of the "<<". */
static void merge(struct reader *r, struct value *map, const struct value *from)
{
    bool ok = from->kind != VALUE_SCALAR;
    if (from->kind == VALUE_MAP)
        merge_map(r, map, from);
    for (int i = 0; i < from->item.n; i++) {
        ok = ok && from->item.at[i]->kind == VALUE_MAP;
        if (ok)
            merge_map(r, map, from->item.at[i]);
    }
    if (!ok)
        diag_error(r->diag, DIAG_MERGE, from->at,
                "'<<' takes a mapping or a list of mappings, not %s",
                from->kind == VALUE_LIST ? "a list with something else in it"
                                         : value_kind_name(from));
}

/* By key; among equals those written here first, then in the order written. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    int order = strcmp(x->key, y->key);
    if (order == 0)
        order = x->merged - y->merged;
    return order ? order : (x > y) - (x < y);
}

/* For each entry the place of the one that wins its key. */
static int *find_winners(struct reader *r, const struct value *map)
{
    int n = map->entry.n;
    const struct entry *at = map->entry.at, **sorted = NEW_ARRAY(r->pool, const struct entry *, n);
    int *winner = NEW_ARRAY(r->pool, int, n);
    for (int i = 0; i < n; i++)
        sorted[i] = &at[i];
    qsort(sorted, (size_t)n, sizeof *sorted, compare_entries);
    for (int i = 0, first = 0; i < n; i++) {
        if (strcmp(sorted[i]->key, sorted[first]->key))
            first = i;
        winner[sorted[i] - at] = (int)(sorted[first] - at);
    }
    return winner;
}

static void make_keys_unique(struct reader *r, struct value *map)
{
    if (map->entry.n < 2)
        return;
    const int *winner = find_winners(r, map);
    int kept = 0, n = map->entry.n;
    struct entry *old = NEW_ARRAY(r->pool, struct entry, n);
    memcpy(old, map->entry.at, (size_t)n * sizeof *old);
    for (int i = 0; i < n; i++) {
        if (winner[i] == i) {
            map->entry.at[kept++] = old[i];
        } else if (!old[i].merged) {
            diag_error(r->diag, DIAG_DUPLICATE_KEY, old[i].key_at, "key '%s' is given twice",
                    text_quote(r->diag, old[i].key));
            diag_note(r->diag, old[winner[i]].key_at, "the first is here");
        }
    }
    map->entry.n = kept;
}

/* One "key: value"; the current event is the key's. */
static bool compose_entry(struct reader *r, struct built *map, struct span *merge_at)
{
    struct built *key = compose(r);
    if (!key || !advance(r))
        return false;
    struct built *val = compose(r);
    if (!val)
        return false;
    add_part(map, key);
    add_part(map, val);
    if (key->missing || val->missing)
        return true;
    if (!is_merge_key(&key->value)) {
        if (key_ok(r, &key->value))
            add_entry(r, &map->value, &key->value, &val->value);
        return true;
    }
    if (merge_at->line) {
        diag_error(r->diag, DIAG_DUPLICATE_KEY, key->value.at, "key '<<' is given twice");
        diag_note(r->diag, *merge_at, "the first is here");
        diag_help(r->diag, "merge several mappings with one list: '<<: [*a, *b]'");
        return true;
    }
    *merge_at = key->value.at;
    merge(r, &map->value, &val->value);
    return true;
}

static struct built *compose_map(struct reader *r)
{
    struct built *b = open_collection(r, VALUE_MAP, r->event.data.mapping_start.anchor,
            r->event.data.mapping_start.tag);
    struct span merge_at = {0};
    if (!b)
        return NULL;
    for (;;) {
        if (!advance(r))
            return NULL;
        if (r->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (!compose_entry(r, b, &merge_at))
            return NULL;
    }
    make_keys_unique(r, &b->value);
    return close_collection(r, b);
}

/* The value that the current event starts; afterwards its last event is the current one. */
static struct built *compose(struct reader *r)
{
    switch (r->event.type) {
    case YAML_ALIAS_EVENT: return compose_alias(r);
    case YAML_SCALAR_EVENT: return compose_scalar(r);
    case YAML_SEQUENCE_START_EVENT: return compose_list(r);
    case YAML_MAPPING_START_EVENT: return compose_map(r);
    default: bug("YAML event %d where a value belongs", (int)r->event.type);
    }
}

/* ---- documents */

static void refuse_tag_directives(struct reader *r)
{
    if (r->event.data.document_start.tag_directives.start !=
            r->event.data.document_start.tag_directives.end)
        diag_error(r->diag, DIAG_TAG, event_span(r), "tags are not used here: delete %%TAG");
}

/* A text without a document is one that holds null. */
static struct value *compose_document(struct reader *r)
{
    if (!advance(r) || !advance(r))  /* the start of the stream, then of the document */
        return NULL;
    if (r->event.type == YAML_STREAM_END_EVENT)
        return &missing_value(r, (struct span){.src = r->src})->value;
    refuse_tag_directives(r);
    if (!advance(r))
        return NULL;
    struct built *b = compose(r);
    if (!b || !advance(r) || !advance(r))  /* the end of the document, and what follows */
        return NULL;
    if (r->event.type != YAML_STREAM_END_EVENT) {
        diag_error(r->diag, DIAG_DOCUMENTS, span_at(r, r->event.start_mark, 3),
                "a second document starts here");
        diag_help(r->diag, "a file holds one model: make it two files");
        return NULL;
    }
    return &b->value;
}

/* The tree, although errors may have been reported; NULL when there is none. */
static struct value *parse(struct pool *pool, const struct source *src, int64_t max_nodes,
        struct diag *d)
{
    struct reader r = {.pool = pool, .src = src, .diag = d, .max_nodes = max_nodes, .line = 1,
                       .line_start = source_bom(src)};
    if (src->len > INT32_MAX) {
        diag_error(d, DIAG_TOO_LARGE, (struct span){.src = src}, "a text of %zu bytes", src->len);
        return NULL;
    }
    if (!text_check(src, d))
        return NULL;
    if (!yaml_parser_initialize(&r.yaml))
        die("out of memory (%s)", src->path);
    yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.yaml, (const unsigned char *)src->text + source_bom(src),
            src->len - source_bom(src));
    struct value *v = compose_document(&r);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.yaml);
    return v;
}

struct value *value_parse(struct pool *pool, const struct source *src, int64_t max_nodes,
        struct diag *d)
{
    int errors = diag_errors(d);
    struct value *v = parse(pool, src, max_nodes, d);
    if (v && value_is_null(v) && diag_errors(d) == errors)
        diag_error(d, DIAG_DOCUMENTS, (struct span){.src = src}, "the text holds no value");
    return diag_errors(d) == errors ? v : NULL;
}

const struct entry *value_find(const struct value *map, const char *key)
{
    for (int i = 0; i < map->entry.n; i++)
        if (!strcmp(map->entry.at[i].key, key))
            return &map->entry.at[i];
    return NULL;
}

/* ---- scalars: YAML 1.2's core schema --------------------------------------------------------- */

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};
static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};

bool value_is_null(const struct value *v)
{
    return is_plain(v) && text_is_one_of(v->text, nulls);
}

bool value_bool(const struct value *v, bool *out)
{
    if (!is_plain(v) || !(text_is_one_of(v->text, trues) || text_is_one_of(v->text, falses)))
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
    int base = is_plain(v) ? int_base(v->text, &digits) : 0;
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
    if (!is_plain(v))
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

const char *value_kind_name(const struct value *v)
{
    const char *digits;
    bool truth;
    double number;
    if (v->kind != VALUE_SCALAR)
        return v->kind == VALUE_LIST ? "a list" : "a mapping";
    if (value_is_null(v))
        return v->len ? "null" : "an empty value";
    if (value_bool(v, &truth))
        return "a boolean";
    if (is_plain(v) && int_base(v->text, &digits))
        return "an integer";
    return value_float(v, &number) ? "a number" : "a string";
}

/* ---- the specification ----------------------------------------------------------------------- */

struct reading {
    struct pool *pool;
    struct diag *diag;
    struct spec *spec;
    bool tree_ok;  /* the YAML had no errors: what is missing is missing */
};

/* A value as it follows "not": "'1e3'", "the string '4'", "a list". */
static const char *described(struct reading *r, const struct value *v)
{
    if (v->kind != VALUE_SCALAR || (!v->quoted && !v->len))
        return value_kind_name(v);
    return pool_printf(r->pool, "%s'%s'", v->quoted ? "the string " : "",
            text_quote(r->diag, v->text));
}

/* These read one key of the top level. False: what comes after spec_read can't go on. */

static bool read_version(struct reading *r, const struct entry *e)
{
    int64_t version;
    if (!value_int(e->val, &version) || version < 1) {
        diag_error(r->diag, DIAG_VERSION, e->val->at,
                "'cnngen' is the version of the spec, 1, not %s", described(r, e->val));
        return false;
    }
    if (version > 1)
        diag_error(r->diag, DIAG_VERSION, e->val->at,
                "written for spec version %lld; this cnngen understands 1", (long long)version);
    return version == 1;
}

static bool read_name(struct reading *r, const struct entry *e)
{
    const struct value *v = e->val;
    const char *why;
    r->spec->name_at = v->at;
    if (v->kind != VALUE_SCALAR || (!v->quoted && !v->len)) {
        diag_error(r->diag, DIAG_WRONG_TYPE, v->at, "'name' is a string, not %s",
                value_kind_name(v));
        if (v->kind == VALUE_SCALAR)
            diag_help(r->diag, "without 'name' the model is called '%s'", r->spec->name);
    } else if (!c_name_ok(v->text, &why)) {
        diag_error(r->diag, DIAG_BAD_NAME, v->at, "'%s' can't be the name of a model: %s",
                text_quote(r->diag, v->text), why);
        const char *near = c_name_near(r->pool, v->text);
        if (near)
            diag_help(r->diag, "'%s' would do", near);
    } else {
        r->spec->name = v->text;
    }
    return true;
}

static bool read_batch(struct reading *r, const struct entry *e)
{
    int64_t batch;
    if (value_int(e->val, &batch) && batch >= 1 && batch <= LIMIT_BATCH) {
        r->spec->batch = batch;
        return true;
    }
    bool is_int = !strcmp(value_kind_name(e->val), "an integer");
    diag_error(r->diag, is_int ? DIAG_BAD_VALUE : DIAG_WRONG_TYPE, e->val->at,
            "'batch' is an integer from 1 to %d, not %s", LIMIT_BATCH, described(r, e->val));
    return true;
}

static bool read_dtype(struct reading *r, const struct entry *e)
{
    static const char *const others[] = {"float16", "bfloat16", "float64", "float", "double",
                                         "half", "int8", "uint8", "int16", "int32",
                                         "mixed_float16", "mixed_bfloat16", NULL};
    static const char *const known[] = {"float32"};
    const struct value *v = e->val;
    bool scalar = v->kind == VALUE_SCALAR;
    if (scalar && !strcmp(v->text, "float32"))
        return true;
    if (scalar && text_is_one_of(v->text, others)) {
        diag_error(r->diag, DIAG_UNSUPPORTED, v->at, "cnngen computes in float32, not in '%s'",
                v->text);
        if (!strcmp(v->text, "uint8"))
            diag_help(r->diag, "for images of bytes, give the Input layer 'dtype: uint8'");
        return true;
    }
    diag_error(r->diag, scalar ? DIAG_BAD_VALUE : DIAG_WRONG_TYPE, v->at,
            "'dtype' is float32, not %s", described(r, v));
    if (scalar && closest(v->text, known, 1))
        diag_help(r->diag, "did you mean 'float32'?");
    return true;
}

static bool read_weights(struct reading *r, const struct entry *e)
{
    r->spec->weights = e->val;
    if (!value_is_null(e->val))
        return true;
    diag_error(r->diag, DIAG_WRONG_TYPE, e->val->at, "'weights' has no value");
    diag_help(r->diag, "name a safetensors file, or write 'weights: random' to do without one");
    return false;
}

static bool read_defaults(struct reading *r, const struct entry *e)
{
    bool ok = e->val->kind == VALUE_MAP || value_is_null(e->val);
    const struct value *bad = e->val;
    for (int i = 0; i < e->val->entry.n && ok; i++) {
        bad = e->val->entry.at[i].val;
        ok = bad->kind == VALUE_MAP;
    }
    if (!ok)
        diag_error(r->diag, DIAG_WRONG_TYPE, bad->at,
                "%s is a mapping, not %s", bad == e->val ? "'defaults'"
                : "what a layer type has in 'defaults'", value_kind_name(bad));
    if (!ok)
        diag_help(r->diag, "as in 'defaults: {Conv2D: {padding: same}}'");
    r->spec->defaults = e->val->kind == VALUE_MAP ? e->val : NULL;
    return ok;
}

static bool read_outputs(struct reading *r, const struct entry *e)
{
    const struct value *v = e->val, *bad = v->kind == VALUE_MAP || value_is_null(v) ? v : NULL;
    for (int i = 0; i < v->item.n && !bad; i++)
        if (v->item.at[i]->kind != VALUE_SCALAR || value_is_null(v->item.at[i]))
            bad = v->item.at[i];
    if (v->kind == VALUE_LIST && !v->item.n)
        bad = v;
    if (bad)
        diag_error(r->diag, DIAG_WRONG_TYPE, bad->at,
                "'outputs' is the name of a layer or a list of names, not %s",
                bad->kind == VALUE_LIST && !bad->item.n ? "an empty list" : value_kind_name(bad));
    r->spec->outputs = v;
    return !bad;
}

static bool read_templates(struct reading *r, const struct entry *e)
{
    (void)r, (void)e;  /* a home for anchors: whatever it holds */
    return true;
}

/* ---- layers */

static bool read_bare_layer(struct reading *r, const struct value *v, struct spec_layer *layer)
{
    if (strcmp(value_kind_name(v), "a string")) {
        diag_error(r->diag, DIAG_WRONG_TYPE, v->at,
                "a layer is a mapping with a 'type', or the bare name of a type, not %s",
                value_kind_name(v));
        return false;
    }
    if (!v->quoted && strchr(v->text, ':')) {
        diag_error(r->diag, DIAG_WRONG_TYPE, v->at, "a space is missing after the ':' of '%s'",
                text_quote(r->diag, v->text));
        return false;
    }
    layer->type = v->text;
    layer->type_at = v->at;
    return true;
}

/* "- Conv2D: {filters: 8}", or the same with its keys wrongly indented. */
static bool is_type_as_key(const struct value *v)
{
    return v->entry.n && isupper((unsigned char)v->entry.at[0].key[0]);
}

static void report_no_type(struct reading *r, const struct value *v)
{
    static const char *const people_write[] = {"class_name", "class", "op", "op_type", "layer",
                                               "kind", "module", "Type", NULL};
    if (!r->tree_ok)
        return;
    diag_error(r->diag, DIAG_MISSING_KEY, v->at, "this layer has no 'type'");
    if (is_type_as_key(v)) {
        diag_help(r->diag, "write '- {type: %s, ...}'", text_quote(r->diag, v->entry.at[0].key));
        return;
    }
    for (int i = 0; i < v->entry.n; i++)
        if (text_is_one_of(v->entry.at[i].key, people_write)) {
            diag_help(r->diag, "cnngen calls it 'type', not '%s'%s", v->entry.at[i].key,
                    value_find(v, "config") ? ", and what is under 'config' stands beside it" : "");
            return;
        }
}

static bool read_map_layer(struct reading *r, const struct value *v, struct spec_layer *layer)
{
    const struct entry *type = value_find(v, "type");
    if (!type) {
        report_no_type(r, v);
        return false;
    }
    if (strcmp(value_kind_name(type->val), "a string") || !type->val->len) {
        diag_error(r->diag, DIAG_WRONG_TYPE, type->val->at,
                "'type' is the name of a layer type, not %s",
                type->val->quoted ? "an empty string" : value_kind_name(type->val));
        return false;
    }
    layer->type = type->val->text;
    layer->type_at = type->val->at;
    layer->map = v;
    return true;
}

static bool read_layer(struct reading *r, const struct value *v)
{
    struct spec_layer layer = {.at = v->at, .index = r->spec->layer.n};
    bool ok = v->kind == VALUE_MAP ? read_map_layer(r, v, &layer) : read_bare_layer(r, v, &layer);
    vec_push(r->pool, &r->spec->layer, layer);
    return ok;
}

static void report_no_layers(struct reading *r, enum diag_id id, struct span at, const char *what)
{
    diag_error(r->diag, id, at, "%s", what);
    diag_help(r->diag, "the first layer is '- {type: Input, shape: [height, width, channels]}'");
}

static void report_layers_kind(struct reading *r, const struct value *v)
{
    diag_error(r->diag, DIAG_WRONG_TYPE, v->at, "'layers' is a list, not %s", value_kind_name(v));
    if (v->entry.n && v->entry.at[0].val->kind == VALUE_MAP)
        diag_help(r->diag, "layers are items that may have names: '- {name: %s, type: ...}'",
                text_quote(r->diag, v->entry.at[0].key));
    else
        diag_help(r->diag, "start each layer with '- '");
}

static bool read_layers(struct reading *r, const struct entry *e)
{
    const struct value *v = e->val;
    int errors = diag_errors(r->diag);
    if (v->kind != VALUE_LIST && !value_is_null(v))
        report_layers_kind(r, v);
    else if (v->item.n == 0)
        report_no_layers(r, DIAG_NO_LAYERS, e->key_at, "the model has no layers");
    else if (v->item.n > LIMIT_LAYERS)
        diag_error(r->diag, DIAG_TOO_LARGE, e->key_at, "%d layers: the limit is %d", v->item.n,
                LIMIT_LAYERS);
    bool ok = diag_errors(r->diag) == errors;
    for (int i = 0; i < v->item.n && v->item.n <= LIMIT_LAYERS; i++)
        ok = read_layer(r, v->item.at[i]) && ok;
    return ok;
}

/* ---- the top level */

static const struct {
    const char *key;
    bool (*read)(struct reading *, const struct entry *);
} top_keys[] = {
    {"cnngen", read_version}, {"name", read_name}, {"batch", read_batch}, {"dtype", read_dtype},
    {"weights", read_weights}, {"defaults", read_defaults}, {"templates", read_templates},
    {"layers", read_layers}, {"outputs", read_outputs},
};
enum { TOP_KEYS = sizeof top_keys / sizeof top_keys[0] };

static int top_key(const char *key)
{
    int i = 0;
    while (i < TOP_KEYS && strcmp(key, top_keys[i].key))
        i++;
    return i;
}

/* What people write, and what to tell them. */
static const struct { const char *key, *help; } foreign_keys[] = {
    {"model", "the list of layers is called 'layers'"},
    {"network", "the list of layers is called 'layers'"},
    {"output", "did you mean 'outputs'?"},
    {"input", "the input is a layer: '- {type: Input, shape: [height, width, channels]}'"},
    {"inputs", "the input is a layer: '- {type: Input, shape: [height, width, channels]}'"},
    {"version", "the version is called 'cnngen'"},
    {"batch_size", "did you mean 'batch'?"},
    {"model_name", "did you mean 'name'?"},
    {"prefix", "did you mean 'name'?"},
    {"anchors", "did you mean 'templates'?"},
    {"input_shape", "the input is a layer: '- {type: Input, shape: [height, width, channels]}'"},
};

static void report_unknown_key(struct reading *r, const struct entry *e)
{
    const char *known[TOP_KEYS], *near;
    for (int i = 0; i < TOP_KEYS; i++)
        known[i] = top_keys[i].key;
    diag_error(r->diag, DIAG_UNKNOWN_KEY, e->key_at, "a spec has no key '%s'",
            text_quote(r->diag, e->key));
    for (size_t i = 0; i < sizeof foreign_keys / sizeof foreign_keys[0]; i++)
        if (!strcmp(e->key, foreign_keys[i].key)) {
            diag_help(r->diag, "%s", foreign_keys[i].help);
            return;
        }
    near = closest(e->key, known, TOP_KEYS);
    if (near)
        diag_help(r->diag, "did you mean '%s'?", near);
}

/* A mapping that is something else altogether: one error instead of one for each key. */
static bool is_foreign(struct reading *r, const struct value *top)
{
    bool is_keras = value_find(top, "class_name") && value_find(top, "config");
    if (!r->tree_ok || value_find(top, "cnngen") || (value_find(top, "layers") && !is_keras))
        return false;
    diag_error(r->diag, DIAG_VERSION, top->at,
            "this is not a spec: it has neither 'cnngen' nor 'layers'");
    if (is_keras)
        diag_help(r->diag, "it looks like Keras' own format; a spec holds the same layers "
                "as a list 'layers' of '{type: CLASS, ARGUMENT: ...}'");
    else
        diag_help(r->diag, "a spec starts with 'cnngen: 1'");
    return true;
}

static bool read_version_first(struct reading *r, const struct value *top)
{
    const struct entry *e = value_find(top, "cnngen");
    if (e)
        return read_version(r, e);
    if (r->tree_ok) {
        diag_error(r->diag, DIAG_VERSION, top->at, "the spec does not say its version");
        diag_help(r->diag, "start the file with 'cnngen: 1'");
    }
    return true;
}

static bool read_top(struct reading *r, const struct value *top)
{
    if (is_foreign(r, top) || !read_version_first(r, top))
        return false;
    bool ok = true;
    for (int i = 0; i < top->entry.n; i++) {
        const struct entry *e = &top->entry.at[i];
        int k = top_key(e->key);
        if (k == TOP_KEYS)
            report_unknown_key(r, e);
        else if (k > 0)
            ok = top_keys[k].read(r, e) && ok;
    }
    if (value_find(top, "layers"))
        return ok;
    if (r->tree_ok && !value_find(top, "model") && !value_find(top, "network"))
        report_no_layers(r, DIAG_MISSING_KEY, top->at, "the spec has no 'layers'");
    return false;
}

struct spec *spec_read(struct pool *pool, const struct source *src, struct diag *d)
{
    int errors = diag_errors(d);
    const struct value *top = parse(pool, src, LIMIT_SPEC_NODES, d);
    if (!top)
        return NULL;
    if (value_is_null(top) && diag_errors(d) > errors)
        return NULL;
    if (value_is_null(top)) {
        diag_error(d, DIAG_DOCUMENTS, (struct span){.src = src}, "the file holds no model");
        diag_help(d, "a spec starts with 'cnngen: 1'");
        return NULL;
    }
    if (top->kind != VALUE_MAP) {
        diag_error(d, DIAG_WRONG_TYPE, top->at, "a spec is a mapping of keys to values, not %s",
                value_kind_name(top));
        return NULL;
    }
    struct reading r = {pool, d, NULL, diag_errors(d) == errors};
    struct spec *spec = NEW(pool, struct spec);
    *spec = (struct spec){.src = src, .top = top, .batch = 1, .name_at = {.src = src}};
    spec->name = c_name_from_path(pool, src->path);
    r.spec = spec;
    return read_top(&r, top) && r.tree_ok ? spec : NULL;
}
