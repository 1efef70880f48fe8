/* Text in memory, and passages that are written when it is copied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"

/* ---- text */

static void indents_lines(void **state)
{
    (void)state;
    struct out out;
    out_init(&out);
    out_printf(&out, "a {\n");
    out.indent += 4;
    out_printf(&out, "b");
    out_printf(&out, " %d;\n\n", 1);
    out_raw(&out, "#raw\n", 5);
    out_printf(&out, "c;\nd;\n");
    out.indent += 66;
    out_printf(&out, "deep;\n");
    out.indent -= 70;
    out_printf(&out, "}\n");
    char expected[256];
    snprintf(expected, sizeof expected, "a {\n    b 1;\n\n#raw\n    c;\n    d;\n%70sdeep;\n}\n", "");
    assert_string_equal(out.text, expected);
    assert_int_equal(out.len, strlen(out.text));
    out_free(&out);
}

static void grows(void **state)
{
    (void)state;
    struct out out;
    char big[5000] = {0};
    memset(big, 'x', sizeof big - 1);
    out_init(&out);
    for (int i = 0; i < 100; i++)
        out_printf(&out, "%s\n", big);
    assert_int_equal(out.len, 500000);
    assert_int_equal(out.text[out.len], 0);
    out_free(&out);
}

/* ---- passages */

/* What a sink got, which takes `most` bytes and fails with the first that are too many. */
struct got {
    struct out text;
    size_t most, longest;
    int pieces, failures;
};

static bool get(void *to, const char *text, size_t len)
{
    struct got *g = to;
    g->pieces++;
    g->longest = len > g->longest ? len : g->longest;
    if (g->text.len + len > g->most) {
        g->failures++;
        errno = ENOSPC;
        return false;
    }
    out_raw(&g->text, text, len);
    return true;
}

static struct got copied(const struct out *out, size_t most)
{
    struct got g = {.most = most};
    out_init(&g.text);
    const bool ok = out_copy(out, get, &g);
    assert_true(ok == (g.failures == 0));
    if (!ok)
        assert_int_equal(errno, ENOSPC);
    return g;
}

static void assert_copied(const struct out *out, const char *text)
{
    for (int twice = 0; twice < 2; twice++) {
        struct got g = copied(out, SIZE_MAX);
        assert_string_equal(g.text.text, text);
        assert_int_equal(g.text.len, strlen(text));
        out_free(&g.text);
    }
}

static void write_word(const void *word, struct out *out)
{
    out_printf(out, "late %s {\n", (const char *)word);
    out->indent += 2;
    out_printf(out, "x");
    out_printf(out, ";\n\n");
    out->indent -= 2;
    out_raw(out, "#raw\n}\n", 7);
}

static void passages_come_in_their_places(void **state)
{
    (void)state;
    struct out out;
    out_init(&out);
    out_late(&out, write_word, "a");
    out_printf(&out, "text\n");
    out.indent = 4;
    out_late(&out, write_word, "b");
    out_late(&out, write_word, "c");
    out_printf(&out, "more\n");
    out.indent = 0;
    out_printf(&out, "end\n");
    out_late(&out, write_word, "d");
    assert_string_equal(out.text, "text\n    more\nend\n");
    assert_copied(&out, "late a {\n  x;\n\n#raw\n}\ntext\n"
            "    late b {\n      x;\n\n#raw\n}\n    late c {\n      x;\n\n#raw\n}\n"
            "    more\nend\nlate d {\n  x;\n\n#raw\n}\n");
    out_free(&out);
}

static void cutting_takes_passages_away(void **state)
{
    (void)state;
    struct out out;
    out_init(&out);
    out_printf(&out, "kept\n");
    out_late(&out, write_word, "kept");
    const struct out_place place = out_end(&out);
    assert_true(out_at_end(&out, place));
    out_late(&out, write_word, "lost");  /* at the same byte of the text */
    assert_false(out_at_end(&out, place));
    out_printf(&out, "lost");
    assert_false(out_at_end(&out, place));
    out_cut(&out, place);
    assert_true(out_at_end(&out, place));
    out_printf(&out, "end\n");
    assert_false(out_at_end(&out, place));
    assert_copied(&out, "kept\nlate kept {\n  x;\n\n#raw\n}\nend\n");
    out_free(&out);
}

/* ---- long ones, which go to the sink in pieces */

enum { MEGABYTES = 4 << 20 };

static void write_long(const void *context, struct out *out)
{
    char line[801];
    for (int i = 0; i < MEGABYTES / 800; i++) {
        snprintf(line, sizeof line, "%799d\n", i);
        line[0] = *(const char *)context;
        if (i % 2)
            out_raw(out, line, 800);
        else
            out_write(out, line, 800);
    }
}

/* One piece that is longer than any buffer. */
static void write_at_once(const void *context, struct out *out)
{
    out_raw(out, context, MEGABYTES);
}

static void long_passages_are_not_kept(void **state)
{
    (void)state;
    struct out out, expected;
    char *blob = malloc(MEGABYTES);
    assert_non_null(blob);
    for (int i = 0; i < MEGABYTES; i++)
        blob[i] = (char)(i % 251);  /* zeros among them */
    out_init(&out);
    out_printf(&out, "begin\n");
    out_late(&out, write_long, "x");
    out_printf(&out, "between\n");
    out_late(&out, write_at_once, blob);
    out_init(&expected);
    out_raw(&expected, "begin\n", 6);
    write_long("x", &expected);
    out_raw(&expected, "between\n", 8);
    out_raw(&expected, blob, MEGABYTES);
    assert_true(out.cap < 10000);
    struct got g = copied(&out, SIZE_MAX);
    assert_int_equal(g.text.len, expected.len);
    assert_memory_equal(g.text.text, expected.text, expected.len);
    assert_true(g.longest <= MEGABYTES / 16);
    out_free(&g.text);
    out_free(&expected);
    out_free(&out);
    free(blob);
}

/* The first failure is the last that the sink hears of, whether it is in the text, in a passage or
 * between two of them. */
static void a_failure_ends_the_copy(void **state)
{
    (void)state;
    struct out out;
    out_init(&out);
    out_printf(&out, "begin\n");
    out_late(&out, write_long, "x");
    out_late(&out, write_long, "y");
    out_printf(&out, "end\n");
    struct got whole = copied(&out, SIZE_MAX);
    assert_int_equal(whole.failures, 0);
    for (size_t most = 3; most < whole.text.len; most += 700001) {
        struct got g = copied(&out, most);
        assert_int_equal(g.failures, 1);
        assert_true(g.pieces < whole.pieces || most + whole.longest > whole.text.len);
        assert_memory_equal(g.text.text, whole.text.text, g.text.len);
        out_free(&g.text);
    }
    struct got g = copied(&out, whole.text.len - 1);
    assert_int_equal(g.failures, 1);
    out_free(&g.text);
    out_free(&whole.text);
    out_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indents_lines), cmocka_unit_test(grows),
        cmocka_unit_test(passages_come_in_their_places),
        cmocka_unit_test(cutting_takes_passages_away),
        cmocka_unit_test(long_passages_are_not_kept), cmocka_unit_test(a_failure_ends_the_copy),
    };
    return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
