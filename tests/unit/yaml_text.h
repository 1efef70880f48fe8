/* yaml_text.h: trees and specifications from YAML text, and what was said on the way. */
#ifndef YAML_TEXT_H
#define YAML_TEXT_H

#include "fixture.h"

#include "limits.h"
#include "spec.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static inline struct value *parse_at_most(const char *text, int64_t max_nodes)
{
    struct source *src = NEW(pool, struct source);
    *src = source_of("t.yaml", text, strlen(text));
    diag = diag_new(pool);
    struct value *v = value_parse(pool, src, max_nodes, diag);
    assert_true((v != NULL) == !diag_failed(diag));
    return v;
}

static inline struct value *parse(const char *text) { return parse_at_most(text, 1000000); }

static inline struct spec *read_spec(const char *path, const char *text)
{
    struct source *src = NEW(pool, struct source);
    *src = source_of(path, text, strlen(text));
    diag = diag_new(pool);
    struct spec *spec = spec_read(pool, src, diag);
    assert_true(spec || diag_failed(diag));
    return spec;
}

/* A tree on one line: quoted scalars in '', keys that were merged with a +. */
static inline const char *show(const struct value *v)
{
    char *s = "";
    if (v->kind == VALUE_SCALAR)
        return v->quoted ? pool_printf(pool, "'%s'", v->text) : v->text;
    for (int i = 0; i < v->item.n; i++)
        s = pool_printf(pool, "%s%s%s", s, i ? " " : "", show(v->item.at[i]));
    for (int i = 0; i < v->entry.n; i++) {
        const struct entry *e = &v->entry.at[i];
        s = pool_printf(pool, "%s%s%s%s:%s", s, i ? " " : "", e->merged ? "+" : "", e->key,
                show(e->val));
    }
    return pool_printf(pool, v->kind == VALUE_LIST ? "[%s]" : "{%s}", s);
}

static inline char *repeat(const char *s, int n, const char *end)
{
    size_t len = strlen(s);
    char *text = pool_alloc(pool, len * (size_t)n + strlen(end) + 1);
    for (int i = 0; i < n; i++)
        memcpy(text + len * (size_t)i, s, len);
    strcpy(text + len * (size_t)n, end);
    return text;
}

static inline struct value scalar(const char *text)
{
    return (struct value){.kind = VALUE_SCALAR, .text = text, .len = strlen(text)};
}

#endif
