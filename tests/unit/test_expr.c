/* The expressions of the template language: values, precedence, limits, the help in errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "expr.h"
#include "template_line.h"

static const char *const activations[] = {"none", "relu", "relu6"};

struct fixture {
    struct pool *pool;
    struct scope scope;
    struct slot slots[5];
    struct source src;
    struct reader r;
};

static void add(struct fixture *f, const char *name, enum param_kind kind, struct slot v)
{
    bool word = kind == PARAM_WORD;
    struct name n = {name, kind, word ? activations : NULL, word ? 3 : 0, f->scope.slots++, {0}};
    f->slots[n.slot] = v;
    vec_push(f->pool, &f->scope.name, n);
}

static void setup(struct fixture *f, const char *text)
{
    *f = (struct fixture){.pool = pool_new()};
    add(f, "IC", PARAM_INT, (struct slot){.num = 24});
    add(f, "OC", PARAM_INT, (struct slot){.num = 10});
    add(f, "ZERO", PARAM_INT, (struct slot){.num = 0});
    add(f, "ACT", PARAM_WORD, (struct slot){.text = "relu"});
    add(f, "FN", PARAM_TEXT, (struct slot){.text = "conv"});
    f->src = source_of("e", text, strlen(text));
    f->r = (struct reader){.pool = f->pool, .diag = diag_new(f->pool), .scope = &f->scope,
                           .src = &f->src, .line = 1, .start = text, .end = text + strlen(text),
                           .at = text};
}

static void expect(const char *text, int64_t want)
{
    struct fixture f;
    struct slot v = {.num = 123456789};
    setup(&f, text);
    struct expr *e = expr_read(&f.r);
    bool ok = e && read_end(&f.r) && expr_eval(e, f.slots, f.r.diag, &v);
    if (!ok || v.num != want)
        fail_msg("%s: %s, %lld, not %lld", text, ok ? "evaluates" : "fails", (long long)v.num,
                (long long)want);
    pool_free(f.pool);
}

/* want: the first line of what is printed */
static void expect_error(const char *text, const char *want)
{
    struct fixture f;
    struct slot v;
    struct out out;
    setup(&f, text);
    struct expr *e = expr_read(&f.r);
    bool ok = e && expr_eval(e, f.slots, f.r.diag, &v);
    out_init(&out);
    diag_print(f.r.diag, &out, COLOR_NEVER, false);
    if (ok || strncmp(out.text, want, strlen(want)) != 0 || out.text[strlen(want)] != ' ')
        fail_msg("%s: %s\n%s\nnot\n%s", text, ok ? "evaluates" : "fails", out.text, want);
    out_free(&out);
    pool_free(f.pool);
}

static void test_values(void **state)
{
    (void)state;
    expect("0", 0);
    expect(" 42 ", 42);
    expect("9223372036854775807", INT64_MAX);
    expect("-9223372036854775807 - 1", INT64_MIN);
    expect("IC", 24);
    expect("(((IC)))", 24);
    expect("min(IC, OC) + max(IC, OC) * 100", 2410);
    expect("ceil_div(IC, OC)", 3);
    expect("ceil_div(20, OC)", 2);
    expect("ceil_div(-7, 2)", -3);
    expect("ceil_div(7, -2)", -3);
    expect("ceil_div(-7, -2)", 4);
    expect("ceil_div(ceil_div(100, 8), min(4, 5))", 4);
}

static void test_operators(void **state)
{
    (void)state;
    expect("7 / 2", 3);
    expect("-7 / 2", -3);
    expect("-7 % 2", -1);
    expect("7 % -1", 0);
    expect("-9223372036854775807 - 1 == (-9223372036854775807 - 1) / 1", 1);
    expect("(-9223372036854775807 - 1) % -1", 0);
    expect("3 < 4", 1);
    expect("4 < 4", 0);
    expect("4 <= 4", 1);
    expect("4 > 3", 1);
    expect("3 >= 4", 0);
    expect("3 == 3", 1);
    expect("3 != 3", 0);
    expect("!3", 0);
    expect("!!3", 1);
    expect("- -3", 3);
    expect("--3", 3);
    expect("2 && 3", 1);
    expect("0 || 0", 0);
    expect("0 || 5", 1);
}

static void test_precedence(void **state)
{
    (void)state;
    expect("2 + 3 * 4 - 5", 9);
    expect("20 / 2 / 5", 2);
    expect("10 - 3 - 2", 5);
    expect("-2 * 3", -6);
    expect("!0 + 1", 2);
    expect("1 + 1 == 2 && 2 * 2 > 3", 1);
    expect("1 < 2 == 1", 1);
    expect("0 && 0 || 1", 1);
    expect("1 || 0 && 0", 1);
    expect("0 ? 1 : 1 ? 2 : 3", 2);
    expect("1 ? 0 ? 4 : 5 : 6", 5);
    expect("0 || 1 ? 2 : 3", 2);
    expect("(1 ? 2 : 3) * 4", 8);
    expect("IC%OC==4?1:0", 1);
}

static void test_words(void **state)
{
    (void)state;
    expect("ACT == relu", 1);
    expect("ACT == none", 0);
    expect("\"relu6\" != ACT", 1);
    expect("(ACT) == (relu) ? 8 : 9", 8);
    expect("FN == conv && FN != \"a b\"", 1);
    expect("ACT == FN", 0);
    expect_error("ACT == rellu", "e:1:8: error: 'ACT' is never 'rellu'");
    expect_error("ACT", "e:1:1: error: 'ACT' is a word, not a number");
    expect_error("-FN", "e:1:2: error: 'FN' is a text, not a number");
    expect_error("ACT < relu", "e:1:1: error: 'ACT' is a word, not a number");
    expect_error("ACT == 1", "e:1:1: error: 'ACT' is a word, not a number");
    expect_error("ACT == IC", "e:1:1: error: 'ACT' is a word, not a number");
    expect_error("1 ? ACT : 2", "e:1:5: error: 'ACT' is a word, not a number");
    expect_error("relu == none", "e:1:1: error: unknown name 'relu'");
}

static void test_short_circuit(void **state)
{
    (void)state;
    expect("ZERO && 1 / ZERO", 0);
    expect("IC || 1 / ZERO", 1);
    expect("ZERO ? 1 / ZERO : 7", 7);
    expect("IC ? 7 : 1 / ZERO", 7);
    expect_error("IC && 1 / ZERO", "e:1:9: error: division by zero: 1 / 0");
    expect_error("ZERO || 1 % ZERO", "e:1:11: error: division by zero: 1 % 0");
}

static void test_overflow(void **state)
{
    (void)state;
    expect_error("9223372036854775807 + 1", "e:1:21: error: overflow: 9223372036854775807 + 1");
    expect_error("-9223372036854775807 - 2", "e:1:22: error: overflow: -9223372036854775807 - 2");
    expect_error("4294967296 * -4294967296", "e:1:12: error: overflow: 4294967296 * -4294967296");
    expect_error("-(-9223372036854775807 - 1)", "e:1:1: error: overflow: -(-9223372036854775808)");
    expect_error("ceil_div(-9223372036854775807 - 1, -1)",
            "e:1:1: error: overflow: ceil_div(-9223372036854775808, -1)");
    expect_error("10000000000000000000", "e:1:1: error: number does not fit 64 bits");
}

static void test_syntax(void **state)
{
    (void)state;
    expect_error("", "e:1:1: error: expected a value");
    expect_error("1 +", "e:1:4: error: expected a value");
    expect_error("* 2", "e:1:1: error: expected a value, found '*'");
    expect_error("1 << 2", "e:1:4: error: expected a value, found '<'");
    expect_error("(1", "e:1:3: error: expected ')'");
    expect_error("1 ? 2", "e:1:6: error: expected ':'");
    expect_error("max(1, 2, 3)", "e:1:9: error: expected ')', found ','");
    expect_error("ceildiv(1, 2)", "e:1:1: error: unknown function 'ceildiv'");
    expect_error("IC + \xc3\xa4", "e:1:6: error: expected a value, found '\xc3\xa4'");
    expect_error("\"\xc3\xa4\" == FN && ICC", "e:1:14: error: unknown name 'ICC'");
    expect_error("FN == \"conv", "e:1:7: error: missing '\"'");
}

/* All names are looked at, not the first only. */
static void test_every_name(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, "OCC + 0 * XYZW");
    assert_null(expr_read(&f.r));
    assert_int_equal(diag_errors(f.r.diag), 2);
    struct out out;
    out_init(&out);
    diag_print(f.r.diag, &out, COLOR_NEVER, false);
    assert_string_equal(out.text,
            "e:1:1: error: unknown name 'OCC' [template]\n"
            "    1 | OCC + 0 * XYZW\n"
            "      | ^~~\n"
            "help: did you mean 'OC'?\n"
            "e:1:11: error: unknown name 'XYZW' [template]\n"
            "    1 | OCC + 0 * XYZW\n"
            "      |           ^~~~\n");
    out_free(&out);
    pool_free(f.pool);
}

static void test_printed_values(void **state)
{
    (void)state;
    struct fixture f;
    struct out out;
    setup(&f, "OC % IC == 0 ? ACT == relu : -OC < min(ZERO, IC)");
    struct expr *e = expr_read(&f.r);
    out_init(&out);
    assert_non_null(e);
    expr_print_values(e, f.slots, f.pool, f.r.diag, &out);
    assert_string_equal(out.text, "OC = 10, IC = 24, ACT = 'relu', ZERO = 0");
    out_free(&out);
    pool_free(f.pool);
}

/* 1 within most times open and close is fine, within one more of them it is not. */
static void expect_nested(const char *open, const char *close, int most, const char *error)
{
    for (int extra = 0; extra < 2; extra++) {
        char text[4000] = "";
        for (int i = 0; i < most + extra; i++)
            strcat(text, open);
        strcat(text, "1");
        for (int i = 0; i < most + extra; i++)
            strcat(text, close);
        struct fixture f;
        struct slot v = {0};
        struct out out;
        setup(&f, text);
        struct expr *e = expr_read(&f.r);
        out_init(&out);
        diag_print(f.r.diag, &out, COLOR_NEVER, false);
        assert_int_equal(e != NULL, !extra);
        assert_int_equal(strstr(out.text, error) != NULL, extra);
        if (e)
            assert_true(expr_eval(e, f.slots, f.r.diag, &v));
        out_free(&out);
        pool_free(f.pool);
    }
}

static void test_limits(void **state)
{
    (void)state;
    expect_nested("(", ")", 64, "more than 64 nested parentheses");
    expect_nested("max(0, ", ")", 64, "more than 64 nested parentheses");
    expect_nested("!", "", 499, "expression is too long");
    expect_nested("1+", "", 249, "expression is too long");
    expect_nested("0?0:", "", 166, "expression is too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_operators),
        cmocka_unit_test(test_precedence), cmocka_unit_test(test_words),
        cmocka_unit_test(test_short_circuit), cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_syntax), cmocka_unit_test(test_every_name),
        cmocka_unit_test(test_printed_values), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
