/* yaml.c: value_parse: libyaml's events -> a tree of values. The only file that includes <yaml.h>.
 *
 * An event is composed into a value with all that is in it. Beside each value stands what an alias
 * of it needs (struct built), so that no alias is ever walked through: it costs the same however
 * much it names. */
#include "value.h"

#include <string.h>
#include <yaml.h>

#include "limits.h"
#include "text.h"
#include "value_merge.h"
#include "yaml_anchors.h"
#include "yaml_explain.h"

/* A value while the tree grows: what aliases need to know of it. */
struct built {
    struct value value;  /* first, so that the two convert */
    int64_t nodes;       /* of the subtree, aliases expanded */
    int height;          /* nested collections in it, itself included; 0 for a scalar */
    bool open;           /* its end has not been seen */
    bool missing;        /* what an alias failed to name: left out, to draw no more errors */
};

struct reader {
    yaml_parser_t yaml;
    yaml_event_t event;           /* the current one */
    struct pool *pool;
    const struct source *src;
    struct diag *diag;
    int64_t nodes, max_nodes;
    int depth;                    /* collections that are open */
    struct anchors anchors;
    int line;                     /* a place that moves on with the events: this line ... */
    size_t line_start;            /* ... starts at this byte */
};

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

/* Goes to the next event. False after an error: the text is no YAML from here on. */
static bool advance(struct reader *r)
{
    const yaml_parser_t *y = &r->yaml;
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->yaml, &r->event))
        return true;
    if (y->error == YAML_MEMORY_ERROR)
        die("out of memory (%s)", r->src->path);
    struct span context = span_at(r, y->context_mark, 0);
    context.len = rest_of_line(r, context.line, context.col);
    explain_yaml(y->problem, span_at(r, y->problem_mark, 1), context, r->diag);
    return false;
}

/* ---- values ---------------------------------------------------------------------------------- */

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
    if (anchor)
        anchors_set(&r->anchors, (const char *)anchor, b);
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
    const struct built *named = anchors_find(&r->anchors, name);
    if (!named) {
        const char *near = anchors_closest(&r->anchors, name);
        diag_error(r->diag, DIAG_ALIAS, at, "no anchor '&%s' stands before this alias",
                text_quote(r->diag, name));
        if (near)
            diag_help(r->diag, "did you mean '*%s'?", text_quote(r->diag, near));
        return missing_value(r, at);
    }
    if (named->open) {
        diag_error(r->diag, DIAG_ALIAS, at, "alias '*%s' stands inside of what it names",
                text_quote(r->diag, name));
        diag_note(r->diag, named->value.at, "'&%s' starts here", text_quote(r->diag, name));
        return missing_value(r, at);
    }
    if (!count_nodes(r, named->nodes, at) || !check_depth(r, r->depth + named->height, at))
        return NULL;
    struct built *b = NEW(r->pool, struct built);
    *b = *named;
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
    return value_is_plain(key) && !strcmp(key->text, "<<");
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
    return value_is_plain(key) && value_is_plain(val) && !val->len && strchr(key->text, ':');
}

static void add_entry(struct reader *r, struct value *map, const struct value *key,
        struct value *val)
{
    if (lacks_blank(key, val))
        diag_error(r->diag, DIAG_BAD_KEY, key->at, "a space is missing after the ':' of '%s'",
                text_quote(r->diag, key->text));
    vec_push(r->pool, &map->entry, (struct entry){key->text, key->at, val, false});
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
    value_merge(r->pool, &map->value, &val->value, r->diag);
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
    value_make_keys_unique(r->pool, &b->value, r->diag);
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

struct value *value_parse_partial(struct pool *pool, const struct source *src, int64_t max_nodes,
        struct diag *d)
{
    struct reader r = {.pool = pool, .src = src, .diag = d, .max_nodes = max_nodes,
                       .anchors = {.pool = pool}, .line = 1, .line_start = source_bom(src)};
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
    struct value *v = value_parse_partial(pool, src, max_nodes, d);
    if (v && value_is_null(v) && diag_errors(d) == errors)
        diag_error(d, DIAG_DOCUMENTS, (struct span){.src = src}, "the text holds no value");
    return diag_errors(d) == errors ? v : NULL;
}
