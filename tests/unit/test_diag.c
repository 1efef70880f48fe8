/* Diagnostics: how they look, what they hide, what they suggest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "out.h"

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

static const struct source *text(const char *path, const char *s)
{
    struct source *src = NEW(pool, struct source);
    *src = source_of(path, s, strlen(s));
    return src;
}

static char *printed(enum diag_color color, bool quiet)
{
    struct out out;
    out_init(&out);
    diag_print(diag, &out, color, quiet);
    char *copy = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return copy;
}

/* The text without "<error>" and the like: one expectation checks both colours. */
static char *without_tags(const char *tagged)
{
    char *plain = pool_copy(pool, tagged, strlen(tagged)), *to = plain;
    static const char *const words[] = {"error>", "warning>", "note>", "help>"};
    for (const char *s = tagged; *s;) {
        size_t skip = 0;
        const char *word = s + (s[0] == '<' ? s[1] == '/' ? 2 : 1 : 0);
        for (int i = 0; i < 4 && word > s; i++)
            if (!strncmp(word, words[i], strlen(words[i])))
                skip = (size_t)(word - s) + strlen(words[i]);
        if (skip)
            s += skip;
        else
            *to++ = *s++;
    }
    *to = 0;
    return plain;
}

/* make is called twice: printing forgets. */
static void check(void (*make)(void), const char *tagged)
{
    make();
    assert_string_equal(printed(COLOR_TAGS, false), tagged);
    make();
    assert_string_equal(printed(COLOR_NEVER, false), without_tags(tagged));
}

/* ---- the form */

static void make_all_severities(void)
{
    const struct source *src = text("dir/a.cnn.yaml", "one\ntwo: three\n");
    diag_error(diag, DIAG_SHAPE_MISMATCH, (struct span){src, 2, 6, 5}, "%d and %d differ", 3, 4);
    diag_note(diag, (struct span){src, 1, 1, 3}, "because of this");
    diag_help(diag, "make them equal");
    diag_warn(diag, DIAG_IGNORED_KEY, (struct span){.src = src}, "a file without a place");
    diag_error(diag, DIAG_WEIGHT_FILE, (struct span){0}, "nowhere at all");
}

static void severities(void **state)
{
    (void)state;
    check(make_all_severities,
        "dir/a.cnn.yaml:2:6: <error>error:</error> 3 and 4 differ [shape-mismatch]\n"
        "    2 | two: three\n"
        "      |      <error>^~~~~</error>\n"
        "dir/a.cnn.yaml:1:1: <note>note:</note> because of this\n"
        "    1 | one\n"
        "      | <note>^~~</note>\n"
        "<help>help:</help> make them equal\n"
        "dir/a.cnn.yaml: <warning>warning:</warning> a file without a place [ignored-key]\n"
        "cnngen: <error>error:</error> nowhere at all [weight-file]\n");
    assert_int_equal(diag_errors(diag), 4);
    assert_int_equal(diag_warnings(diag), 2);
    assert_true(diag_failed(diag));
}

static void colours(void **state)
{
    (void)state;
    diag_error(diag, DIAG_TAG, (struct span){text("a", "x"), 1, 1, 1}, "m");
    assert_string_equal(printed(COLOR_ALWAYS, false),
        "a:1:1: \033[1;31merror:\033[0m m [yaml-tag]\n    1 | x\n      | \033[1;31m^\033[0m\n");
}

static void quiet_leaves_warnings_out(void **state)
{
    (void)state;
    const struct source *src = text("a", "x");
    diag_warn(diag, DIAG_IGNORED_KEY, (struct span){src, 1, 1, 1}, "w");
    diag_note(diag, (struct span){src, 1, 1, 1}, "of the warning");
    diag_help(diag, "too");
    diag_error(diag, DIAG_TAG, (struct span){.src = src}, "e");
    diag_note(diag, (struct span){.src = src}, "of the error");
    assert_string_equal(printed(COLOR_NEVER, true),
        "a: error: e [yaml-tag]\na: note: of the error\n");
    assert_false(diag_failed(diag_new(pool)));
}

static void at_most_twenty(void **state)
{
    (void)state;
    for (int i = 1; i <= MAX_ERRORS + 1; i++) {
        diag_error(diag, DIAG_TAG, (struct span){0}, "%d", i);
        diag_note(diag, (struct span){0}, "note %d", i);
        diag_help(diag, "help %d", i);
    }
    const char *out = printed(COLOR_NEVER, false);
    assert_non_null(strstr(out, "error: 20 ["));
    assert_non_null(strstr(out, "help 20\n"));
    assert_null(strstr(out, "21"));
    assert_non_null(strstr(out, "1 more error is not shown\n"));
    assert_int_equal(diag_errors(diag), 21);
}

/* ---- the line and what is under it */

struct caret { const char *line; int col, len; const char *shown, *mark; };

static void carets(void **state)
{
    static const struct caret cases[] = {
        {"abc", 2, 1, "abc", " ^"},
        {"abc", 1, 3, "abc", "^~~"},
        {"abc", 2, 0, "abc", " ^"},          /* length unknown */
        {"abc", 4, 0, "abc", "   ^"},        /* behind the end */
        {"abc", 9, 3, "abc", "   ^"},        /* far behind it */
        {"abc", 2, 99, "abc", " ^~"},        /* a span longer than the line */
        {"", 1, 0, "", "^"},
        {"\tx\ty", 4, 1, " x y", "   ^"},    /* a tab is one column here */
        {"\xc3\xa9t\xc3\xa9: x", 6, 1, "\xc3\xa9t\xc3\xa9: x", "     ^"},
        {"\xe6\xbc\xa2\xe5\xad\x97 x", 4, 1, "\xe6\xbc\xa2\xe5\xad\x97 x", "     ^"},
        {"\xe6\xbc\xa2\xe5\xad\x97 x", 1, 2, "\xe6\xbc\xa2\xe5\xad\x97 x", "^~~~"},
        {"e\xcc\x81x", 3, 1, "e\xcc\x81x", " ^"},            /* an accent takes no column */
        {"a\x1b[0mb", 2, 1, "a\\x1b[0mb", " ^~~~"},          /* escaped: four columns */
        {"a\xff""b", 3, 1, "a\\xff""b", "     ^"},
        {"a\xe2\x80\xae""b", 3, 1, "a\\xe2\\x80\\xae""b", "             ^"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct caret *c = &cases[i];
        diag_error(diag, DIAG_TAG, (struct span){text("f", c->line), 1, c->col, c->len}, "m");
        assert_string_equal(printed(COLOR_NEVER, false),
            pool_printf(pool, "f:1:%d: error: m [yaml-tag]\n    1 | %s\n      | %s\n", c->col,
                    c->shown, c->mark));
    }
}

static void line_endings(void **state)
{
    (void)state;
    const struct source *src = text("f", "\xef\xbb\xbf""one\rtwo\r\nthree\n\nfive");
    static const char *const lines[] = {"one", "two", "three", "", "five", ""};
    for (int i = 0; i < 6; i++) {
        size_t len;
        const char *line = source_line(src, i + 1, &len);
        assert_string_equal(pool_copy(pool, line, len), lines[i]);
    }
}

/* The mark stands under its character also where the line has been cut on both sides. */
static void long_lines(void **state)
{
    (void)state;
    char line[1001];
    for (int i = 0; i < 1000; i++)
        line[i] = (char)('a' + i % 26);
    line[1000] = 0;
    for (int col = 1; col <= 1000; col++) {
        diag = diag_new(pool);
        diag_error(diag, DIAG_TAG, (struct span){text("f", line), 1, col, 3}, "m");
        char *shown = strstr(printed(COLOR_NEVER, false), "    1 | ");
        char *mark = strchr(shown, '\n') + 1;
        assert_int_equal(shown[strcspn(mark, "^")], line[col - 1]);
        assert_true(strcspn(shown, "\n") <= 115);
        assert_true(strspn(strchr(mark, '^'), "^~") == (size_t)(col < 999 ? 3 : 1001 - col));
    }
}

/* Characters that are shown escaped take many columns: the place stays in sight. */
static void long_lines_of_escapes(void **state)
{
    (void)state;
    char line[601];
    for (int i = 0; i < 600; i++)
        line[i] = '\x01';
    for (int col = 1; col <= 600; col++) {
        line[600] = 0;
        line[col - 1] = 'X';
        diag = diag_new(pool);
        diag_error(diag, DIAG_TAG, (struct span){text("f", line), 1, col, 1}, "m");
        char *shown = strstr(printed(COLOR_NEVER, false), "    1 | ");
        char *mark = strchr(shown, '\n') + 1;
        assert_int_equal(shown[strcspn(mark, "^")], 'X');
        line[col - 1] = '\x01';
    }
}

static void big_line_numbers(void **state)
{
    (void)state;
    char *s = pool_alloc(pool, 1234567 + 2);
    memset(s, '\n', 1234566);
    s[1234566] = 'x';
    diag_error(diag, DIAG_TAG, (struct span){text("f", s), 1234567, 1, 1}, "m");
    assert_string_equal(printed(COLOR_NEVER, false),
        "f:1234567:1: error: m [yaml-tag]\n1234567 | x\n        | ^\n");
}

static void paths_are_escaped(void **state)
{
    (void)state;
    diag_error(diag, DIAG_TAG, (struct span){text("a\033]0;\n\xff.yaml", "x"), 1, 1, 1}, "m");
    const char *shown = "a\\x1b]0;\\x0a\\xff.yaml:1:1: error: m [yaml-tag]\n";
    assert_memory_equal(printed(COLOR_NEVER, false), shown, strlen(shown));
}

/* ---- words */

static void quoting(void **state)
{
    static const struct { const char *text; size_t len; const char *shown; } cases[] = {
        {"plain", 5, "plain"},
        {"a\0b", 3, "a\\x00b"},
        {"\x1b[31m\r\n", 7, "\\x1b[31m\\x0d\\x0a"},
        {"\xe2\x80\xae\xe2\x81\xa6\xd8\x9c", 8, "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xd8\\x9c"},
        {"\xc2\x85\xef\xbb\xbf", 5, "\\xc2\\x85\\xef\\xbb\\xbf"},
        {"\xc3\xa9\xf0\x9f\x98\x80", 6, "\xc3\xa9\xf0\x9f\x98\x80"},
        {"\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", 9,
         "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80"},
        {"\xe2\x82", 2, "\\xe2\\x82"},
        {"", 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(diag_quote(diag, cases[i].text, cases[i].len), cases[i].shown);
    char a60[61] = {0}, a61[62] = {0};
    memset(a60, 'a', 60);
    memset(a61, 'a', 61);
    assert_string_equal(diag_quote(diag, a60, 60), a60);
    assert_string_equal(diag_quote(diag, a61, 61), pool_printf(pool, "%s...", a60));
}

static void did_you_mean(void **state)
{
    static const char *const known[] = {"filters", "kernel_size", "strides", "padding", "units",
                                        "Conv2D", "ReLU",
                                        "a_word_that_is_longer_than_forty_characters"};
    static const struct { const char *word, *near; } cases[] = {
        {"filter", "filters"}, {"fitlers", "filters"}, {"FILTERS", "filters"},
        {"kernelsize", "kernel_size"}, {"stride", "strides"}, {"pading", "padding"},
        {"unit", "units"}, {"conv2d", "Conv2D"}, {"Relu", "ReLU"}, {"RLeU", "ReLU"},
        {"learning_rate", NULL}, {"x", NULL}, {"", NULL}, {"filters", NULL},
        {"a_word_that_is_longer_than_forty_character", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *near = closest(cases[i].word, known, 8);
        if (cases[i].near)
            assert_string_equal(near ? near : "(none)", cases[i].near);
        else
            assert_null(near);
    }
    assert_null(closest("x", NULL, 0));
}

static void ids(void **state)
{
    (void)state;
    for (int i = 0; i < DIAG_COUNT; i++) {
        const char *name = diag_name((enum diag_id)i);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        assert_true(strlen(diag_doc((enum diag_id)i)) > 10);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(name, diag_name((enum diag_id)k));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(severities), TEST(colours), TEST(quiet_leaves_warnings_out), TEST(at_most_twenty),
        TEST(carets), TEST(line_endings), TEST(long_lines), TEST(long_lines_of_escapes),
        TEST(big_line_numbers), TEST(paths_are_escaped), TEST(quoting), TEST(did_you_mean),
        TEST(ids),
    };
    return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
