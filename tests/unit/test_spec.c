/* YAML trees, their places and scalars; the top level of a spec; printing; random mutations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "limits.h"
#include "out.h"
#include "spec.h"

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

static struct pool *pool;
static struct diag *diag;

static int setup(void **state)
{
    (void)state;
    pool = pool_new();
    diag = diag_new(pool);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    return 0;
}

static struct value *parse_at_most(const char *text, int64_t max_nodes)
{
    struct source *src = NEW(pool, struct source);
    *src = source_of("t.yaml", text, strlen(text));
    diag = diag_new(pool);
    struct value *v = value_parse(pool, src, max_nodes, diag);
    assert_true((v != NULL) == !diag_failed(diag));
    return v;
}

static struct value *parse(const char *text) { return parse_at_most(text, 1000000); }

static struct spec *read_spec(const char *path, const char *text)
{
    struct source *src = NEW(pool, struct source);
    *src = source_of(path, text, strlen(text));
    diag = diag_new(pool);
    struct spec *spec = spec_read(pool, src, diag);
    assert_true(spec || diag_failed(diag));
    return spec;
}

static const char *said(void)
{
    struct out out;
    out_init(&out);
    diag_print(diag, &out, COLOR_NEVER, false);
    char *copy = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return copy;
}

/* A tree on one line: quoted scalars in '', keys that were merged with a +. */
static const char *show(const struct value *v)
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

/* ---- trees */

struct tree { const char *text, *shown; };

static void check_trees(const struct tree *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct value *v = parse(cases[i].text);
        assert_string_equal(v ? show(v) : said(), cases[i].shown);
    }
}

static void trees(void **state)
{
    static const struct tree cases[] = {
        {"a: 1\nb:\n  - x\n  - 'y'\nc: {d: [], e: {}}\n", "{a:1 b:[x 'y'] c:{d:[] e:{}}}"},
        {"{\"a\": 1, \"b\": [\"x\", null, true], \"c\": {\"d\":[1,2],\"e\":\"\"}}",
         "{a:1 b:['x' null true] c:{d:[1 2] e:''}}"},
        {"a: |\n  two\n  lines\nb: >\n  folded\n  text\n", "{a:'two\nlines\n' b:'folded text\n'}"},
        {"- plain of\n  two lines\n- \"a\\tb\\u00e9\\x41\"\n",
         "[plain of two lines 'a\tb\xc3\xa9""A']"},
        {"a:\nb: ~\n", "{a: b:~}"},
        {"[a: 1, b]", "[{a:1} b]"},
        {"? a\n: 1\n? b\n: 2\n", "{a:1 b:2}"},
        {"\xef\xbb\xbf""a: 1\n", "{a:1}"},
        {"a: 1\r\nb: 2\r\n", "{a:1 b:2}"},
        {"a: 1\rb: 2\r", "{a:1 b:2}"},
        {"a: 1", "{a:1}"},
        {"%YAML 1.2\n---\na: 1\n...\n", "{a:1}"},
        {"text", "text"},
        {"\"\": 1", "{:1}"},
    };
    (void)state;
    check_trees(cases, COUNT(cases));
}

static void aliases(void **state)
{
    static const struct tree cases[] = {
        {"a: &x 1\nb: *x\n", "{a:1 b:1}"},
        {"- &x {a: 1}\n- *x\n- *x\n", "[{a:1} {a:1} {a:1}]"},
        {"- &x 1\n- &x 2\n- *x\n", "[1 2 2]"},                    /* the latest counts */
        {"- &x [&x 1, *x]\n- *x\n", "[[1 1] 1]"},                 /* also inside of an older one */
        {"- &k key\n- {*k : 1}\n", "[key {key:1}]"},
        {"- &c {t: C}\n- &d {<<: *c, n: 1}\n- {<<: *d, n: 2}\n", "[{t:C} {+t:C n:1} {+t:C n:2}]"},
    };
    (void)state;
    check_trees(cases, COUNT(cases));
}

static void merges(void **state)
{
    static const struct tree cases[] = {
        {"- &a {x: 1, y: 2}\n- {<<: *a, z: 3}\n", "[{x:1 y:2} {+x:1 +y:2 z:3}]"},
        {"- &a {x: 1, y: 2}\n- {y: 9, <<: *a}\n", "[{x:1 y:2} {y:9 +x:1}]"},
        {"- &a {x: 1, y: 2}\n- {<<: *a, y: 9}\n", "[{x:1 y:2} {+x:1 y:9}]"},
        {"- &a {x: 1}\n- &b {x: 2, y: 3}\n- {<<: [*a, *b]}\n", "[{x:1} {x:2 y:3} {+x:1 +y:3}]"},
        {"- &a {x: 1}\n- &b {x: 2, y: 3}\n- {<<: [*b, *a]}\n", "[{x:1} {x:2 y:3} {+x:2 +y:3}]"},
        {"{<<: {x: 1}, y: 2}", "{+x:1 y:2}"},
        {"{<<: [], y: 2}", "{y:2}"},
        {"{<<: {}, y: 2}", "{y:2}"},
        {"- &a\n  x: 1\n-\n  <<: *a\n  y: 2\n", "[{x:1} {+x:1 y:2}]"},
        {"{\"<<\": 1}", "{<<:1}"},                                /* in quotes: a key like others */
    };
    (void)state;
    check_trees(cases, COUNT(cases));
}

/* ---- what is refused; tests/errors has the messages */

static void refusals(void **state)
{
    static const struct { const char *text, *id; int errors; } cases[] = {
        {"", "one-document", 1}, {"# c\n", "one-document", 1}, {"~", "one-document", 1},
        {"--- a\n--- b\n", "one-document", 1},
        {"{a: 1, a: 2, a: 3}", "duplicate-key", 2},
        {"{a: 1, \"a\": 2}", "duplicate-key", 1},
        {"[{a: 1, a: 2}, {b: 1, b: 2}]", "duplicate-key", 2},
        {"{<<: {}, <<: {}}", "duplicate-key", 1},
        {"*a", "bad-alias", 1}, {"[*a, *b, &a 1]", "bad-alias", 2},
        {"&a [*a]", "bad-alias", 1}, {"&a {b: [{c: *a}]}", "bad-alias", 1},
        {"{<<: 1}", "bad-merge", 1}, {"{<<: [1]}", "bad-merge", 1}, {"{<<: [[]]}", "bad-merge", 1},
        {"{<<: }", "bad-merge", 1}, {"{<<: *a}", "bad-alias", 1},
        {"? [a]\n: 1\n", "bad-key", 1}, {"? {a: 1}\n: 1\n", "bad-key", 1},
        {"?\n: 1\n", "bad-key", 1},
        {"!!str a", "yaml-tag", 1}, {"[!a 1, !b [], !c {}]", "yaml-tag", 3}, {"! a", "yaml-tag", 1},
        {"%TAG ! tag:x,1:\n---\na\n", "yaml-tag", 1},
        {"%YAML 2.0\n---\na\n", "yaml-syntax", 1},
        {"\"a\\0b\"", "bad-encoding", 1}, {"{\"a\\0b\": 1}", "bad-encoding", 1},
        {"a\x01", "bad-encoding", 1}, {"a\x7f", "bad-encoding", 1},
        {"a\xc2\x9f", "bad-encoding", 1},
        {"a\xc2\x85", "bad-encoding", 1}, {"a\xe2\x80\xa8", "bad-encoding", 1},
        {"a\xe2\x80\xa9", "bad-encoding", 1}, {"a\xe2\x80\xaa", "bad-encoding", 1},
        {"a\xe2\x80\xae", "bad-encoding", 1}, {"a\xe2\x81\xa6", "bad-encoding", 1},
        {"a\xe2\x81\xa9", "bad-encoding", 1}, {"a\xe2\x80\x8e", "bad-encoding", 1},
        {"a\xe2\x80\x8f", "bad-encoding", 1}, {"a\xd8\x9c", "bad-encoding", 1},
        {"a\xef\xbb\xbf", "bad-encoding", 1}, {"a\xef\xbf\xbe", "bad-encoding", 1},
        {"a\xc3", "bad-encoding", 1}, {"\xff\xfe", "bad-encoding", 1},
        {"a\xc0\x80", "bad-encoding", 1},
        {"[1, 2", "yaml-syntax", 1}, {"{a: 1]", "yaml-syntax", 1}, {"a: b: c", "yaml-syntax", 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_null(parse(cases[i].text));
        if (diag_errors(diag) != cases[i].errors)
            fail_msg("%s\n%s", cases[i].text, said());
        assert_non_null(strstr(said(), pool_printf(pool, "[%s]", cases[i].id)));
    }
}

/* ---- limits */

static char *repeat(const char *s, int n, const char *end)
{
    size_t len = strlen(s);
    char *text = pool_alloc(pool, len * (size_t)n + strlen(end) + 1);
    for (int i = 0; i < n; i++)
        memcpy(text + len * (size_t)i, s, len);
    strcpy(text + len * (size_t)n, end);
    return text;
}

static void depth(void **state)
{
    static const char *const openings[] = {"[", "{a: ", "- ", "? ", "[{a: "};
    (void)state;
    const char *deep = repeat("[", LIMIT_SPEC_DEPTH, repeat("]", LIMIT_SPEC_DEPTH, ""));
    assert_non_null(parse(deep));
    assert_null(parse(pool_printf(pool, "[%s]", deep)));
    assert_non_null(parse(pool_printf(pool, "- &a %s\n", repeat("[", 63, repeat("]", 63, "")))));
    for (size_t i = 0; i < COUNT(openings); i++) {
        clock_t start = clock();
        assert_null(parse(repeat(openings[i], 100000, "")));
        assert_non_null(strstr(said(), "[too-deep]"));
        assert_true(clock() - start < CLOCKS_PER_SEC);
    }
}

/* What aliases build counts like what is written: 40 + 24 levels fit, one more does not. */
static void depth_of_aliases(void **state)
{
    (void)state;
    const char *inner = repeat("[", 40, repeat("]", 40, ""));
    for (int more = 23; more <= 24; more++) {
        const char *text = pool_printf(pool, "- &a %s\n- %s*a%s\n", inner, repeat("[", more, ""),
                repeat("]", more, ""));
        assert_true((parse(text) != NULL) == (more == 23));
    }
}

static void sizes(void **state)
{
    static const struct { const char *text; int64_t nodes; } cases[] = {
        {"a", 1}, {"[a, b]", 3}, {"{a: b}", 3}, {"[&a [x, y], *a]", 7},
        {"[&a [x], &b [*a, *a], *b]", 13},
        {"[&a {x: y}, {<<: *a}]", 9},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_non_null(parse_at_most(cases[i].text, cases[i].nodes));
        assert_null(parse_at_most(cases[i].text, cases[i].nodes - 1));
        assert_non_null(strstr(said(), "[too-large]"));
    }
}

/* Neither many keys nor many anchors, in any order, make it slow. */
static void large_maps(void **state)
{
    enum { N = 100000 };
    (void)state;
    for (int order = 0; order < 3; order++) {
        struct out out;
        clock_t start = clock();
        out_init(&out);
        for (int i = 0; i < N; i++) {
            int k = order == 0 ? i : order == 1 ? N - 1 - i : (int)((int64_t)i * 7919 % N);
            out_printf(&out, "k%06d: &a%06d %d\n", k, k, k);
        }
        for (int i = 0; i < N; i += 10)
            out_printf(&out, "use%06d: *a%06d\n", i, i);
        struct value *v = parse(out.text);
        assert_non_null(v);
        assert_int_equal(v->entry.n, N + N / 10);
        for (int i = 0; i < N / 10; i += 977)
            assert_int_equal(atoi(v->entry.at[N + i].val->text), i * 10);
        assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
        out_free(&out);
    }
}

/* ---- places */

/* The value at a path like "b.0.c"; with "!" at the end the place of the last key instead. */
static struct span place(const struct value *v, const char *path)
{
    struct span at = v->at;
    while (*path) {
        size_t n = strcspn(path, ".!");
        const char *step = pool_copy(pool, path, n);
        if (v->kind == VALUE_LIST) {
            v = v->item.at[atoi(step)];
            at = v->at;
        } else {
            const struct entry *e = value_find(v, step);
            assert_non_null(e);
            v = e->val;
            at = path[n] == '!' ? e->key_at : v->at;
        }
        path += n + (path[n] != 0);
    }
    return at;
}

static void places(void **state)
{
    static const struct { const char *text, *path; int line, col, len; } cases[] = {
        {"a: xyz\n", "", 1, 1, 6},
        {"a: xyz\n", "a", 1, 4, 3},
        {"a: xyz\n", "a!", 1, 1, 1},
        {"a:\n  bc: 'd e'\n", "a", 2, 3, 9},
        {"a:\n  bc: 'd e'\n", "a.bc", 2, 7, 5},
        {"a: [1, {b: 22}]\n", "a", 1, 4, 12},
        {"a: [1, {b: 22}]\n", "a.1", 1, 8, 7},
        {"a: [1, {b: 22}]\n", "a.1.b", 1, 12, 2},
        {"a: [1,\n    2]\n", "a", 1, 4, 2},
        {"a: [1,\n    2]\n", "a.1", 2, 5, 1},
        {"a: [\n  1]\n", "a", 1, 4, 1},
        {"a:\n  - x\n  - y: 1\n    z: 2\n", "a", 2, 3, 3},
        {"a:\n  - x\n  - y: 1\n    z: 2\n", "a.1", 3, 5, 4},
        {"a:\n- x\n- y\n", "a", 2, 1, 3},
        {"a:\n", "a", 1, 3, 0},
        {"{a: , b: 1}", "a", 1, 5, 0},
        {"a: \"x\n  y\" \n", "a", 1, 4, 2},
        {"a: x y  # c\n", "a", 1, 4, 3},
        {"a: |\n  text\n", "a", 1, 4, 1},
        {"a: &n {b: 1}\nc: *n\n", "a", 1, 4, 9},
        {"a: &n {b: 1}\nc: *n\n", "c", 2, 4, 2},
        {"a: &n {b: 1}\nc: *n\n", "c.b", 1, 11, 1},
        {"a: &n {b: 1}\nc: {<<: *n, d: 2}\n", "c.b!", 1, 8, 1},
        {"a: &n\n  b: 1\n", "a", 1, 4, 2},
        {"\xc3\xa9: \xc3\xa9\xc3\xa9\xc3\xa9\n", "\xc3\xa9", 1, 4, 3},
        {"\xe6\xbc\xa2: [\xe5\xad\x97, x]\n", "\xe6\xbc\xa2.1", 1, 8, 1},
        {"\xf0\x9f\x98\x80: {\xf0\x9f\x98\x80: 1}\n", "\xf0\x9f\x98\x80.\xf0\x9f\x98\x80", 1, 8, 1},
        {"a: \"\xc3\xa9\n\xc3\xa9\xc3\xa9\"\n", "a", 1, 4, 2},
        {"\xef\xbb\xbf""a: b\n", "a", 1, 4, 1},
        {"\xef\xbb\xbf""a: \"b\n\n c\"\n", "a", 1, 4, 2},
        {"a: 1\rb: 2\r\nc: 3\n", "c", 3, 4, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct value *v = parse(cases[i].text);
        assert_non_null(v);
        struct span at = place(v, cases[i].path);
        assert_string_equal(pool_printf(pool, "%zu: %d:%d+%d", i, at.line, at.col, at.len),
                pool_printf(pool, "%zu: %d:%d+%d", i, cases[i].line, cases[i].col, cases[i].len));
    }
}

/* ---- scalars */

static struct value scalar(const char *text)
{
    return (struct value){.kind = VALUE_SCALAR, .text = text, .len = strlen(text)};
}

static void integers(void **state)
{
    static const struct { const char *text; bool ok; int64_t value; } cases[] = {
        {"0", true, 0}, {"7", true, 7}, {"+3", true, 3}, {"-1", true, -1}, {"007", true, 7},
        {"-0", true, 0}, {"0x10", true, 16}, {"0xfF", true, 255}, {"0o17", true, 15},
        {"9223372036854775807", true, INT64_MAX}, {"-9223372036854775808", true, INT64_MIN},
        {"0x7fffffffffffffff", true, INT64_MAX},
        {"9223372036854775808", false, 0}, {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0}, {"0x8000000000000000", false, 0},
        {"0xffffffffffffffffffff", false, 0}, {"0o1000000000000000000000", false, 0},
        {"", false, 0}, {"+", false, 0}, {"-", false, 0}, {"1_000", false, 0}, {"1e3", false, 0},
        {"3.0", false, 0}, {" 3", false, 0}, {"3 ", false, 0}, {"\xef\xbc\x93", false, 0},
        {"yes", false, 0}, {"~", false, 0}, {"0x", false, 0}, {"0o", false, 0}, {"0o8", false, 0},
        {"0xg", false, 0}, {"-0x1", false, 0}, {"+0o7", false, 0}, {"0X1", false, 0},
        {"0b1", false, 0},
        {"1:30", false, 0}, {"--1", false, 0}, {"0x-1", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct value v = scalar(cases[i].text), quoted = v;
        int64_t got = 0;
        quoted.quoted = true;
        assert_int_equal(value_int(&v, &got), cases[i].ok);
        assert_true(got == cases[i].value);
        assert_false(value_int(&quoted, &got));
    }
}

static void floats(void **state)
{
    static const struct { const char *text; bool ok; double value; } cases[] = {
        {"0", true, 0}, {"1", true, 1}, {"-2", true, -2}, {"+3.5", true, 3.5}, {".5", true, .5},
        {"5.", true, 5}, {"-.5", true, -.5}, {"1e3", true, 1000}, {"1E-3", true, 1e-3},
        {"1.5e+2", true, 150}, {"0x10", true, 16}, {"0o17", true, 15}, {"007", true, 7},
        {"1e-5", true, 1e-5}, {"1e999", true, HUGE_VAL}, {"1e-999", true, 0},
        {"9223372036854775808", true, 9223372036854775808.0}, {".inf", true, HUGE_VAL},
        {"+.INF", true, HUGE_VAL}, {"-.Inf", true, -HUGE_VAL}, {"4.9e-324", true, 4.9e-324},
        {"0.1", true, 0.1}, {"1.7976931348623157e308", true, DBL_MAX},
        {"nan", false, 0}, {"inf", false, 0}, {"-.nan", false, 0}, {".iNF", false, 0},
        {".", false, 0},
        {"1e", false, 0}, {"e1", false, 0}, {"1e+", false, 0}, {"0x1p3", false, 0},
        {"1,5", false, 0},
        {"1/255", false, 0}, {"1.2.3", false, 0}, {"1 ", false, 0}, {"", false, 0},
        {"true", false, 0},
        {"1_0.5", false, 0}, {"+", false, 0}, {"-.", false, 0}, {".e1", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct value v = scalar(cases[i].text);
        double got = 0;
        assert_int_equal(value_float(&v, &got), cases[i].ok);
        assert_true(got == cases[i].value);
        v.quoted = true;
        assert_false(value_float(&v, &got));
    }
    double nan = 0;
    struct value v = scalar(".NaN");
    assert_true(value_float(&v, &nan) && nan != nan);
}

static void words(void **state)
{
    static const struct { const char *text, *kind; int truth; } cases[] = {
        {"true", "a boolean", 1}, {"True", "a boolean", 1}, {"TRUE", "a boolean", 1},
        {"false", "a boolean", 0}, {"False", "a boolean", 0}, {"FALSE", "a boolean", 0},
        {"tRUE", "a string", -1}, {"yes", "a string", -1}, {"no", "a string", -1},
        {"on", "a string", -1},
        {"off", "a string", -1}, {"y", "a string", -1}, {"null", "null", -1}, {"Null", "null", -1},
        {"NULL", "null", -1}, {"~", "null", -1}, {"", "an empty value", -1},
        {"none", "a string", -1},
        {"3x3", "a string", -1}, {"1", "an integer", -1},
        {"99999999999999999999", "an integer", -1},
        {"0x1F", "an integer", -1}, {"1.0", "a number", -1}, {".nan", "a number", -1},
        {"-.inf", "a number", -1}, {"2024-01-01", "a string", -1}, {"<<", "a string", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct value v = scalar(cases[i].text);
        bool truth = false;
        assert_string_equal(value_kind_name(&v), cases[i].kind);
        assert_int_equal(value_bool(&v, &truth) ? truth : -1, cases[i].truth);
        assert_int_equal(value_is_null(&v),
                !strcmp(cases[i].kind, "null") || !strcmp(cases[i].kind, "an empty value"));
        v.quoted = true;
        assert_string_equal(value_kind_name(&v), "a string");
        assert_false(value_bool(&v, &truth) || value_is_null(&v));
    }
    assert_string_equal(value_kind_name(parse("[]")), "a list");
    assert_string_equal(value_kind_name(parse("{}")), "a mapping");
    assert_false(value_is_null(parse("[]")));
}

/* ---- names */

static void model_names(void **state)
{
    static const struct { const char *name, *why; } cases[] = {
        {"mnist", NULL}, {"_x", NULL}, {"A1_", NULL}, {"net_int", NULL}, {"Int", NULL}, {"i", NULL},
        {"", "empty"}, {"1x", "digit"}, {"a-b", "consist"}, {"a b", "consist"}, {"a.b", "consist"},
        {"\xc3\xa9", "consist"}, {"a\n", "consist"}, {"int", "keyword of C"},
        {"inline", "keyword of C"},
        {"asm", "keyword of C"}, {"restrict", "keyword of C"}, {"class", "C++"}, {"new", "C++"},
        {"template", "C++"}, {"main", "starts"}, {"printf", "library"}, {"errno", "library"},
        {"near", "meaning"}, {"far", "meaning"}, {"interrupt", "meaning"}, {"nul", "Windows"},
        {"con", "Windows"}, {"_X", "capital"}, {"__x", "capital"}, {"__", "capital"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *why = "?";
        assert_int_equal(c_name_ok(cases[i].name, &why), !cases[i].why);
        assert_true(cases[i].why ? strstr(why, cases[i].why) != NULL : why == NULL);
    }
    const char *why;
    assert_true(c_name_ok(repeat("n", LIMIT_NAME_CHARS, ""), &why));
    assert_false(c_name_ok(repeat("n", LIMIT_NAME_CHARS + 1, ""), &why));
    assert_string_equal(why, "it has more than 63 characters");
}

static void layer_names(void **state)
{
    static const struct { const char *name; bool ok; } cases[] = {
        {"conv1", true}, {"block1/conv.2-a", true}, {"1x1", true}, {"_a", true}, {"int", true},
        {"", false}, {".a", false}, {"-a", false}, {"/a", false}, {"a b", false}, {"a:b", false},
        {"a*/", false}, {"a\\", false}, {"a?", false}, {"\xc3\xa9", false}, {"a\n", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *why = "?";
        assert_int_equal(layer_name_ok(cases[i].name, &why), cases[i].ok);
        assert_true(cases[i].ok ? why == NULL : why != NULL);
    }
    const char *why;
    assert_true(layer_name_ok(repeat("n", LIMIT_NAME_CHARS, ""), &why));
    assert_false(layer_name_ok(repeat("n", LIMIT_NAME_CHARS + 1, ""), &why));
}

static void names_from_paths(void **state)
{
    static const struct { const char *path, *name; } cases[] = {
        {"mnist.cnn.yaml", "mnist"}, {"a/b.c/mnist.yml", "mnist"}, {"MNIST.CNN.YAML", "MNIST"},
        {"net.json", "net"}, {"net", "net"}, {"net.v2.yaml", "net_v2"}, {"<stdin>", "model"},
        {"3x3 net.yaml", "m_3x3_net"}, {"int.yaml", "int_model"}, {"main.cnn.yaml", "main_model"},
        {"nul.yaml", "nul_model"}, {"caf\xc3\xa9.yaml", "caf_"}, {"__net.yaml", "net"},
        {"_Net.yaml", "Net"}, {"_net.yaml", "_net"}, {".yaml", "model"}, {"", "model"},
        {"/", "model"},
        {"---.yaml", "model"}, {"a\"b;c.yaml", "a_b_c"}, {"__1.yaml", "m_1"},
        {"\xff.yaml", "model"},
        {"x.yaml.yaml", "x_yaml"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *why;
        struct spec *spec = read_spec(cases[i].path, "cnngen: 1\nlayers: [Flatten]\n");
        assert_string_equal(spec->name, cases[i].name);
        assert_true(c_name_ok(spec->name, &why));
    }
    struct spec *spec = read_spec(repeat("n", 300, ".cnn.yaml"), "cnngen: 1\nlayers: [Flatten]\n");
    assert_string_equal(spec->name, repeat("n", LIMIT_NAME_CHARS, ""));
}

/* ---- specs */

static const char full[] =
    "cnngen: 1\n"
    "name: residual\n"
    "batch: 4\n"
    "dtype: float32\n"
    "weights: {file: \"a b.safetensors\", layout: torch}\n"
    "templates:\n"
    "  - &conv {type: Conv2D, filters: 16, padding: same}\n"
    "defaults:\n"
    "  Conv2D: {kernel_size: 3, use_bias: false}\n"
    "layers:\n"
    "  - {type: Input, name: image, shape: [32, 32, 3]}\n"
    "  - {<<: *conv, name: a}\n"
    "  - ReLU\n"
    "  - {<<: *conv, name: \"1.0\", kernel_size: [1, 3]}\n"
    "  - type: Dense\n"
    "    weights: {kernel: [[0.5, -1e-3], [.inf, ~]], bias: null, text: \"a\\n\\\"\\\\\\u202e\"}\n"
    "    \"odd key\": true\n"
    "    empty: {}\n"
    "  - \"Flatten\"\n"
    "outputs: [a, \"1.0\"]\n";

static void reads_specs(void **state)
{
    (void)state;
    struct spec *s = read_spec("dir/x.yaml", full);
    assert_non_null(s);
    assert_false(diag_failed(diag));
    assert_string_equal(s->name, "residual");
    assert_int_equal(s->name_at.line, 2);
    assert_int_equal(s->batch, 4);
    assert_string_equal(show(s->weights), "{file:'a b.safetensors' layout:torch}");
    assert_string_equal(show(s->defaults), "{Conv2D:{kernel_size:3 use_bias:false}}");
    assert_string_equal(show(s->outputs), "[a '1.0']");
    assert_int_equal(s->layer.n, 6);
    assert_string_equal(s->layer.at[1].type, "Conv2D");
    assert_int_equal(s->layer.at[1].type_at.line, 7);
    assert_int_equal(s->layer.at[1].at.line, 12);
    assert_string_equal(show(s->layer.at[1].map),
    "{+type:Conv2D +filters:16 +padding:same name:a}");
    assert_string_equal(s->layer.at[2].type, "ReLU");
    assert_null(s->layer.at[2].map);
    for (int i = 0; i < 6; i++)
        assert_int_equal(s->layer.at[i].index, i);
}

static void defaults_of_specs(void **state)
{
    (void)state;
    struct spec *s = read_spec("dir/x.yaml", "cnngen: 1\nlayers: [Flatten]\ndefaults:\n");
    assert_string_equal(s->name, "x");
    assert_int_equal(s->name_at.line, 0);
    assert_int_equal(s->batch, 1);
    assert_null(s->weights);
    assert_null(s->defaults);
    assert_null(s->outputs);
}

/* With errors that the layers don't depend on there is a spec for the next step to check too. */
static void goes_on_after_errors(void **state)
{
    (void)state;
    struct spec *s = read_spec("x.yaml",
        "cnngen: 1\nname: int\nbatch: 0\ndtype: int8\nfoo: 1\nlayers: [Flatten]\n");
    assert_non_null(s);
    assert_int_equal(diag_errors(diag), 4);
    assert_string_equal(s->name, "x");
    assert_int_equal(s->batch, 1);
    assert_null(read_spec("x.yaml", "cnngen: 1\nlayers: [Flatten, 3]\n"));
    assert_null(read_spec("x.yaml", "cnngen: 1\nname: a\nname: b\nlayers: [Flatten]\n"));
}

static const char *printed(const struct spec *spec)
{
    struct out out;
    out_init(&out);
    spec_print(spec, &out);
    char *copy = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return copy;
}

static void prints_canonically(void **state)
{
    (void)state;
    static const char canonical[] =
        "cnngen: 1\n"
        "name: residual\n"
        "batch: 4\n"
        "weights: {file: \"a b.safetensors\", layout: torch}\n"
        "defaults: {Conv2D: {kernel_size: 3, use_bias: false}}\n"
        "layers:\n"
        "  - {type: Input, name: image, shape: [32, 32, 3]}\n"
        "  - {type: Conv2D, filters: 16, padding: same, name: a}\n"
        "  - ReLU\n"
        "  - {type: Conv2D, filters: 16, padding: same, name: \"1.0\", kernel_size: [1, 3]}\n"
        "  - {type: Dense, weights: {kernel: [[0.5, -1e-3], [.inf, null]], bias: null, "
        "text: \"a\\n\\\"\\\\\\u202E\"}, \"odd key\": true, empty: {}}\n"
        "  - Flatten\n"
        "outputs: [a, \"1.0\"]\n";
    assert_string_equal(printed(read_spec("x.yaml", full)), canonical);
    assert_string_equal(printed(read_spec("y.yaml", canonical)), canonical);
}

/* Whatever text a string has, printing and reading gives it back, as a value and as a key. */
static void prints_any_scalar(void **state)
{
    static const char *const texts[] = {
        "", "a", "a b", "~", "null", "true", "1", "-1", "1e3", "-", "--", "---", "...", "-.5", ".5",
        "-.",
        "...a", "- a", "? a", ": a", "a: b", "a #b", "#", "[", "]", "{", "}", ",", "&a", "*a", "!a",
        "|",
        ">", "'", "\"", "%", "@", "`", "<<", "=", "a\nb", "\n", "\t", " ", "a ", "\\", "\x1b",
        "\x7f",
        "\xc2\x85", "\xc2\xa0", "\xe2\x80\xa8", "\xe2\x80\xae", "\xef\xbb\xbf", "\xc3\xa9",
        "\xf0\x9f\x98\x80", "\xef\xbf\xbf", "\r", "\x01", "0x1F", "yes", "-a", ".nan", "a/b.c", "+",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct value text = scalar(texts[i]);
        struct value list = {.kind = VALUE_LIST}, map = {.kind = VALUE_MAP};
        text.quoted = true;
        vec_push(pool, &list.item, &text);
        vec_push(pool, &map.entry, (struct entry){.key = text.text, .val = &text});
        vec_push(pool, &map.entry, (struct entry){.key = "type", .val = &text});
        if (!strcmp(text.text, "type"))
            continue;
        struct spec spec = {.name = "m", .batch = 1, .weights = &list, .outputs = &text};
        vec_push(pool, &spec.layer, (struct spec_layer){.type = "X", .map = &map});
        const char *once = printed(&spec);
        struct value *v = parse(once);
        assert_non_null(v);
        const struct value *back = value_find(v, "weights")->val->item.at[0];
        assert_string_equal(back->text, text.text);
        assert_string_equal(value_kind_name(back), "a string");
        assert_string_equal(value_find(v, "layers")->val->item.at[0]->entry.at[0].key, text.text);
    }
}

static void prints_long_keys(void **state)
{
    (void)state;
    const char *key = repeat("k", 5000, "");
    const char *text = pool_printf(pool, "cnngen: 1\nname: m\nbatch: 1\nlayers:\n"
        "  - {type: X, ? %s: [1, {? \"%s \": 2}]}\n", key, key);
    struct spec *s = read_spec("x.yaml", text);
    assert_non_null(s);
    assert_string_equal(printed(s), text);
}

/* ---- mutations */

static const char *const seeds[] = {
    full,
    "cnngen: 1\nlayers:\n  - {type: Input, shape: [28, 28, 1]}\n"
    "  - Flatten\n  - {type: Dense, units: 10}\n",
    "{\"__metadata__\":{\"format\":\"pt\"},\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],"
    "\"data_offsets\":[0,24]}}  ",
    "\xef\xbb\xbf""cnngen: 1\r\nname: caf\xc3\xa9\r\nlayers:\r- &a {x: 'y''z', ? k : |+\n",
    "a: &a [1, &b {c: *a}]\n<<: [*b, {d: >-\n   folded\n   text\n  }]\n",
};

static const char *const pieces[] = {
    "{", "}", "[", "]", ": ", ":", "- ", "\n", "\n  ", ", ", "&a ", "*a", "<<: ", "!x ", "|\n",
    ">\n",
    "\"", "'", "#", "? ", "%YAML 1.2\n---\n", "---\n", "...\n", "\t", "\r", "\\0", "\\u202e",
    "\xc3\xa9",
    "\xe2\x80\xa8", "\xff", "cnngen: 1\n", "layers:\n", "type: Conv2D", "name: ", "~", "0x1F",
    "1e999",
};

static uint32_t random_below(uint64_t *seed, size_t n)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)((*seed >> 16) % n);
}

static size_t mutate(char *text, size_t len, size_t cap, uint64_t *seed)
{
    size_t at = random_below(seed, len + 1), n = random_below(seed, 9);
    const char *piece = pieces[random_below(seed, COUNT(pieces))];
    switch (random_below(seed, 5)) {
    case 0:                                              /* a byte of another value */
        if (at < len)
            text[at] = (char)random_below(seed, 256);
        return len;
    case 1:                                              /* some bytes less */
        n = n > len - at ? len - at : n;
        memmove(text + at, text + at + n, len - at - n);
        return len - n;
    case 2:                                              /* the end cut off */
        return random_below(seed, 8) ? len : at;
    default:                                             /* a piece more, or one byte of it */
        n = strlen(piece);
        if (len + n > cap)
            return len;
        memmove(text + at + n, text + at, len - at);
        memcpy(text + at, piece, n);
        return len + n;
    }
}

/* Any text is either refused with a diagnostic or a spec that printing and reading gives back. */
static void check_any_text(const char *text, size_t len)
{
    struct source src = source_of("fuzz.yaml", text, len);
    diag = diag_new(pool);
    struct value *v = value_parse(pool, &src, 10000, diag);
    assert_true((v != NULL) == !diag_failed(diag));
    diag = diag_new(pool);
    struct spec *spec = spec_read(pool, &src, diag);
    assert_true(spec || diag_failed(diag));
    if (!spec || diag_failed(diag)) {
        assert_true(strlen(said()) > 0);
        return;
    }
    const char *once = printed(spec);
    struct spec *again = read_spec("other.yaml", once);
    assert_non_null(again);
    assert_false(diag_failed(diag));
    assert_string_equal(printed(again), once);
}

static void mutations(void **state)
{
    enum { ROUNDS = 20000, CAP = 4096 };
    uint64_t seed = 20240229;
    char text[CAP];
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        const char *start = seeds[random_below(&seed, COUNT(seeds))];
        size_t len = strlen(start);
        memcpy(text, start, len);
        for (uint32_t n = 1 + random_below(&seed, 6); n; n--)
            len = mutate(text, len, CAP - 1, &seed);
        text[len] = 0;
        pool_free(pool);
        pool = pool_new();
        check_any_text(text, len);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trees), TEST(aliases), TEST(merges), TEST(refusals), TEST(depth),
        TEST(depth_of_aliases),
        TEST(sizes), TEST(large_maps), TEST(places), TEST(integers), TEST(floats), TEST(words),
        TEST(model_names), TEST(layer_names), TEST(names_from_paths), TEST(reads_specs),
        TEST(defaults_of_specs), TEST(goes_on_after_errors), TEST(prints_canonically),
        TEST(prints_any_scalar), TEST(prints_long_keys), TEST(mutations),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
