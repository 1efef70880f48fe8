/* YAML trees, their places and scalars; what is refused, and limits. */
#include "yaml_text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trees), TEST(aliases), TEST(merges), TEST(refusals), TEST(depth),
        TEST(depth_of_aliases), TEST(sizes), TEST(large_maps), TEST(places), TEST(integers),
        TEST(floats), TEST(words),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
