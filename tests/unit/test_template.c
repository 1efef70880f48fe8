/* The template language: what each construct emits, every error as it is printed, hostile input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"

#define ERRORS "tests/templates/errors"  /* programs of the tests run in the top folder */

struct result {
    bool ok;
    struct out text, diag;
};

/* "N=3 ACT=relu": a value that is a number becomes one */
static void read_args(struct pool *pool, const char *spec, struct args *args)
{
    while (*spec) {
        size_t name = strcspn(spec, "="), all = strcspn(spec, " \n");
        const char *value = pool_copy(pool, spec + name + 1, all - name - 1);
        char *end;
        long long number = strtoll(value, &end, 10);
        if (*value && !*end)
            args_int(pool, args, pool_copy(pool, spec, name), number);
        else
            args_text(pool, args, pool_copy(pool, spec, name), value);
        spec += all + strspn(spec + all, " ");
    }
}

static void write_late(const void *context, struct out *out)
{
    (void)context;
    out_printf(out, "late();\n");
}

static void insert(void *context, const char *name, struct out *out)
{
    (void)context;
    if (!strcmp(name, "late"))
        out_late(out, write_late, NULL);
    else if (strcmp(name, "nothing") != 0)
        out_printf(out, "%s();\nreturn;\n", name);
}

static struct result expand(const char *path, const char *text, size_t len, const char *spec,
        template_insert *hole)
{
    struct result r;
    struct pool *pool = pool_new();
    struct diag *d = diag_new(pool);
    struct source src = source_of(path, text, len);
    struct args args = {0};
    out_init(&r.text);
    out_init(&r.diag);
    read_args(pool, spec, &args);
    struct template *t = template_load(pool, &src, d);
    r.ok = t && template_expand(t, &args, hole, NULL, &r.text, d);
    assert_int_equal(r.ok, !diag_failed(d));
    assert_true(r.ok || r.text.len == 0);
    diag_print(d, &r.diag, COLOR_NEVER, false);
    pool_free(pool);
    return r;
}

static void result_free(struct result *r)
{
    out_free(&r->text);
    out_free(&r->diag);
}

#define expect(text, spec, want) expect_at(__LINE__, text, spec, want)

static void expect_at(int line, const char *text, const char *spec, const char *want)
{
    struct result r = expand("t.c.in", text, strlen(text), spec, insert);
    if (!r.ok || strcmp(r.text.text, want) != 0)
        fail_msg("line %d gives\n%s%s\nand not\n%s", line, r.text.text, r.diag.text, want);
    result_free(&r);
}

/* ---- constructs ------------------------------------------------------------------------------ */

static void test_text(void **state)
{
    (void)state;
    expect("", "", "");
    expect("int a;\n    int b;  \n", "", "int a;\n    int b;\n");
    expect("no newline", "", "no newline\n");
    expect("dos\r\nmac\runix\n", "", "dos\nmac\nunix\n");
    expect("a $$ b$$c\n$$for\n", "", "a $ b$c\n$for\n");
    expect("  $# a comment, even with a ${hole\nx\n$#\n", "", "x\n");
    expect("gr\xc3\xb6\xc3\x9f" "e ${1}\n", "", "gr\xc3\xb6\xc3\x9f" "e 1\n");
}

static void test_blank_lines(void **state)
{
    (void)state;
    expect("\n\na\n\n\n\nb\n\n", "", "a\n\nb\n");
    expect("$# head\n\n$let N = 1\n\na${N}\n", "", "a1\n");
    expect("a\n\n$if 0:\n    b\n\nc\n", "", "a\n\nc\n");
    expect("$for i in 0..2:\n    $let k = i\n\n    f${k}\n\nend\n", "", "f0\n\nf1\n\nend\n");
}

static void test_holes(void **state)
{
    (void)state;
    expect("$param N in 0..9 \"n\"\n$param A is x|y \"a\"\n$param T \"t\"\n"
           "${T}_${A}${N + 1};${ -N }\n",
            "N=4 A=y T=a\"%s\\$", "a\"%s\\$_y5;-4\n");
    expect("${1}", "", "1\n");
    expect("  $param T \"t\"\n    ${T}\nx\n", "T=", "\nx\n");
}

static void test_text_of_lines(void **state)
{
    (void)state;
    struct pool *pool = pool_new();
    struct diag *d = diag_new(pool);
    const char *text = "$param T \"t\"\n$if 1:\n        {\n            ${T}\n        }\n";
    struct source src = source_of("t.c.in", text, strlen(text));
    struct template *t = template_load(pool, &src, d);
    struct args args = {0};
    struct out out;
    args_text(pool, &args, "T", "a;\n\nb;");
    out_init(&out);
    out.indent = 2;
    assert_non_null(t);
    assert_true(template_expand(t, &args, NULL, NULL, &out, d));
    assert_string_equal(out.text, "  {\n      a;\n\n      b;\n  }\n");
    assert_int_equal(out.indent, 2);
    out_free(&out);
    pool_free(pool);
}

static void test_let(void **state)
{
    (void)state;
    expect("$let A = 2\n$let B = A * A\n${A} ${B}\n", "", "2 4\n");
    expect("$if 1:\n    $let A = 1\n    a${A}\n$if 1:\n    $let A = 2\n    b${A}\n", "",
            "a1\nb2\n");
    expect("$param ACT is none|relu \"a\"\n$let A = ACT\n$if A == relu:\n    ${A}\n", "ACT=relu",
            "relu\n");
    expect("{\n    $let A = 3\n    a = ${A};\n}\n", "", "{\n    a = 3;\n}\n");
}

static void test_for(void **state)
{
    (void)state;
    expect("$for i in 0..3:\n    a${i}\n", "", "a0\na1\na2\n");
    expect("$for i in -1..1:\n    a${i}\nb\n", "", "a-1\na0\nb\n");
    expect("$for i in 3..3:\n    a\n$for i in 5..-2:\n    b\nc\n", "", "c\n");
    expect("$for i in 0..(1 ? 2 : 1):\n    a\n", "", "a\na\n");
    expect("$for i in 0..2:\n    $for k in 0..i + 1:\n        a${i}_${k}\n", "",
            "a0_0\na1_0\na1_1\n");
    expect("$for i in 0..65536:\n    $let k = i\nx\n", "", "x\n");
}

static void test_if(void **state)
{
    (void)state;
    const char *text = "$param N in 0..9 \"n\"\n"
                       "$if N == 0:\n"
                       "    zero\n"
                       "$elif N < 3:\n"
                       "    $if N == 1:\n"
                       "        one\n"
                       "    $else:\n"
                       "        two\n"
                       "\n"
                       "$elif N < 5:\n"
                       "    few\n"
                       "$else:\n"
                       "    many\n";
    expect(text, "N=0", "zero\n");
    expect(text, "N=1", "one\n");
    expect(text, "N=2", "two\n");
    expect(text, "N=4", "few\n");
    expect(text, "N=5", "many\n");
    expect("$if 0:\n    a\n$elif 0:\n    b\nc\n", "", "c\n");
}

static void test_words(void **state)
{
    (void)state;
    const char *text = "$param A is none|relu \"a\"\n$param B is relu|tanh \"b\"\n$param T \"t\"\n"
                       "${A == relu}${relu == A}${A == \"relu\"}${A != none}${A == B}${T == A}"
                       "${T == any_word}${T == \"any text\"}\n";
    expect(text, "A=relu B=relu T=relu", "11111100\n");
    expect(text, "A=none B=tanh T=any_word", "00000010\n");
}

/* The C inside a block loses the indentation of the block and keeps its own. */
static void test_indentation(void **state)
{
    (void)state;
    expect("{\n"
           "    $for i in 0..2:\n"
           "        for (;;)\n"
           "            a${i};\n"
           "\n"
           "        $if i:\n"
           "            $# a comment may stand anywhere\n"
           "  $# here too\n"
           "            b;\n"
           "              c;\n"
           "    d;\n"
           "}\n",
            "",
            "{\n"
            "    for (;;)\n"
            "        a0;\n"
            "\n"
            "    for (;;)\n"
            "        a1;\n"
            "\n"
            "    b;\n"
            "      c;\n"
            "    d;\n"
            "}\n");
}

static void test_functions_in_for(void **state)
{
    (void)state;
    expect("$param FN \"f\"\n"
           "$for t in 0..2:\n"
           "    $let P = t ? 3 : 8\n"
           "\n"
           "    static void ${FN}_tile${P}(void)\n"
           "    {\n"
           "    }\n"
           "\n"
           "static void ${FN}(void)\n",
            "FN=conv",
            "static void conv_tile8(void)\n{\n}\n\n"
            "static void conv_tile3(void)\n{\n}\n\n"
            "static void conv(void)\n");
}

static void test_assert(void **state)
{
    (void)state;
    expect("$assert 1\n$assert 2 > 1 \"text\"\n$if 0:\n    $assert 0\nx\n", "", "x\n");
}

static void test_insert(void **state)
{
    (void)state;
    expect("{\n    $if 1:\n        $insert steps\n}\n", "", "{\n    steps();\n    return;\n}\n");
    expect("a\n\n$insert nothing\n\nb\n", "", "a\n\nb\n");
    expect("a\n\n$insert steps\n\nb\n", "", "a\n\nsteps();\nreturn;\n\nb\n");
    expect("a\n\n$insert late\n\nb\n", "", "a\n\n\nb\n");  /* it lies between the blank lines */
}

static void test_passages(void **state)
{
    (void)state;
    expect("$def f():\n    a\nb\n$use f()\n$use f()\n", "", "b\na\na\n");
    expect("$def f(A, B):\n    ${A}-${B}\n$for i in 0..2:\n    $use f(i, 10 * i + 1)\n", "", "0-1\n1-11\n");
    expect("$let N = 3\n$def f(A):\n    $let M = A * N\n    $for i in 0..A:\n        ${i} of ${M}\n"
           "$let M = 2\n$for i in 1..M:\n    $use f(i + 1)\n", "", "0 of 6\n1 of 6\n");
    expect("$def f(A):\n    f${A}\n$def g(A):\n    $use f(A + 1)\n    $use f(A + 2)\n$use g(1)\n", "",
            "f2\nf3\n");
    expect("$for i in 0..2:\n    $def f(A):\n        ${i + A}\n    $use f(5)\n", "", "5\n6\n");
}

/* What a passage emits stands where its $use does, deeper or less deep than it was written. */
static void test_passage_indentation(void **state)
{
    (void)state;
    expect("{\n    $def f():\n        if (1) {\n            a;\n        }\n"
           "    $use f()\n    {\n        $if 1:\n            $use f()\n        b;\n    }\n}\n", "",
           "{\n    if (1) {\n        a;\n    }\n    {\n        if (1) {\n            a;\n        }\n        b;\n    }\n}\n");
    expect("$if 1:\n    $def f():\n        a\n\n        $insert steps\n    {\n        $use f()\n    }\n", "",
           "{\n    a\n\n    steps();\n    return;\n}\n");
}

static void test_params(void **state)
{
    (void)state;
    const char *text = "$param MR in 1..4 * 7 \"pixels\"\n$let X = 1\n"
                       "$param ACT is none|relu \"activation\"\n$param FN \"name\"\n";
    struct pool *pool = pool_new();
    struct source src = source_of("t.c.in", text, strlen(text));
    struct template *t = template_load(pool, &src, diag_new(pool));
    const struct param *p;
    assert_non_null(t);
    assert_int_equal(template_params(t, &p), 3);
    assert_string_equal(p[0].name, "MR");
    assert_int_equal(p[0].kind, PARAM_INT);
    assert_int_equal(p[0].min, 1);
    assert_int_equal(p[0].max, 28);
    assert_string_equal(p[0].doc, "pixels");
    assert_int_equal(p[1].kind, PARAM_WORD);
    assert_int_equal(p[1].word.n, 2);
    assert_string_equal(p[1].word.at[1], "relu");
    assert_int_equal(p[2].kind, PARAM_TEXT);
    pool_free(pool);
}

static void test_args_equal(void **state)
{
    (void)state;
    static const char *const different[] = {"", "A=2 T=x", "A=1 T=y", "A=1", "T=x A=1", "A=x T=x"};
    struct pool *pool = pool_new();
    struct args a = {0}, same = {0};
    read_args(pool, "A=1 T=x", &a);
    read_args(pool, "A=1 T=x", &same);
    assert_true(args_equal(&a, &same));
    for (size_t i = 0; i < sizeof different / sizeof different[0]; i++) {
        struct args b = {0};
        read_args(pool, different[i], &b);
        assert_false(args_equal(&a, &b));
    }
    pool_free(pool);
}

/* A failure, wherever it comes, leaves what was in the buffer before, and nothing else. */
static void test_failure_leaves_out(void **state)
{
    (void)state;
    const char *text = "a\n{\n    $insert steps\n    $insert late\n    ${1 / 0}\n";
    struct pool *pool = pool_new();
    struct diag *d = diag_new(pool);
    struct source src = source_of("t.c.in", text, strlen(text));
    struct template *t = template_load(pool, &src, d);
    struct args args = {0};
    struct out out;
    out_init(&out);
    out_printf(&out, "before\n");
    const struct out_place before = out_end(&out);
    out.indent = 4;
    assert_non_null(t);
    assert_false(template_expand(t, &args, insert, NULL, &out, d));
    assert_string_equal(out.text, "before\n");
    assert_true(out_at_end(&out, before));
    assert_int_equal(out.indent, 4);
    assert_false(out.line_started);
    out_free(&out);
    pool_free(pool);
}

/* ---- files ----------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *len)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return NULL;
    char *text = calloc(1, 1 << 18);
    assert_non_null(text);
    *len = fread(text, 1, (1 << 18) - 1, in);
    fclose(in);
    return text;
}

static char *read_existing(const char *path, size_t *len)
{
    char *text = read_file(path, len);
    if (!text)
        fail_msg("can't read %s", path);
    return text;
}

static void test_sketch(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "static inline void conv_tile2(const float *restrict x, const float *restrict w,\n",
        "static inline void conv_tile1(const float *restrict x, const float *restrict w,\n",
        "\n    vf a1_1 = vf_load(bias + 8);\n\n    for (int kh = 0; kh < 3; kh++) {\n",
        "        for (int ic = 0; ic < 16; ic++) {        /* tap (kh, 1) */\n"
        "            const vf w0 = vf_load(w + ic * 16 + 0);\n"
        "            const vf w1 = vf_load(w + ic * 16 + 8);\n"
        "            a0_0 += x[ic + 16] * w0;\n"
        "            a0_1 += x[ic + 16] * w1;\n"
        "            a1_0 += x[ic + 32] * w0;\n"
        "            a1_1 += x[ic + 32] * w1;\n"
        "        }\n",
        "    a1_0 = vf_max(a1_0, vf_zero());\n    vf_store(y + 32, a1_0);\n",
        "            conv_tile1(xr + 896, wb, bb, yr + 1792);\n",
    };
    size_t len;
    char *text = read_existing("tests/templates/sketch.c.in", &len);
    struct result r = expand("sketch.c.in", text, len, "FN=conv VL=8 MR=2 NR=2 IC=16 OC=32 IW=59 "
            "OH=56 OW=57 KH=3 KW=3 S=1 ACT=relu", NULL);
    assert_string_equal(r.diag.text, "");
    assert_null(strchr(r.text.text, '$'));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(r.text.text, lines[i]))
            fail_msg("lacks\n%s\nin\n%s", lines[i], r.text.text);
    result_free(&r);
    free(text);
}

/* The manual's example: its first piece of C is a template, its second what that emits. */
static void test_manual(void **state)
{
    (void)state;
    static const char begin[] = "```c\n", end[] = "```\n";
    size_t len;
    char *text = read_existing("templates/README.md", &len), *piece[2] = {text, NULL};
    for (int i = 0; i < 2; i++) {
        piece[i] = strstr(i ? piece[0] + strlen(piece[0]) + 1 : text, begin);
        assert_non_null(piece[i]);
        piece[i] += strlen(begin);
        char *close = strstr(piece[i], end);
        assert_non_null(close);
        *close = 0;
    }
    expect(piece[0], "FN=dense VL=8 NR=2 IC=100 ACT=relu", piece[1]);
    free(text);
}

/* NAME.c.in, whose first line may hold "$# args: N=3", against NAME.stderr. BLESS=1 in the
 * environment writes the latter, to be read as a diff. */
static bool check_error(const char *file)
{
    char path[512];
    size_t len, want_len;
    snprintf(path, sizeof path, ERRORS "/%s", file);
    char *text = read_existing(path, &len);
    const char *spec = strncmp(text, "$# args: ", 9) ? "" : text + 9;
    char args[200] = "";
    memcpy(args, spec, strcspn(spec, "\n"));
    struct result r = expand(file, text, len, args, NULL);
    snprintf(path, sizeof path, ERRORS "/%.*s.stderr", (int)(strlen(file) - 5), file);
    if (getenv("BLESS")) {
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        fputs(r.diag.text, out);
        fclose(out);
    }
    char *want = read_existing(path, &want_len);
    bool ok = !r.ok && !strcmp(want, r.diag.text);
    if (!ok)
        print_error("%s gives\n%s\nand not\n%s\n", file, r.diag.text, want);
    result_free(&r);
    free(want);
    free(text);
    return ok;
}

static void test_errors(void **state)
{
    (void)state;
    int n = 0, wrong = 0;
    DIR *dir = opendir(ERRORS);
    if (!dir)
        fail_msg("can't open " ERRORS);
    for (struct dirent *e; (e = readdir(dir));) {
        size_t len = strlen(e->d_name);
        if (len > 5 && !strcmp(e->d_name + len - 5, ".c.in")) {
            n++;
            wrong += !check_error(e->d_name);
        }
    }
    closedir(dir);
    assert_int_equal(wrong, 0);
    assert_true(n > 50);
}

static void test_too_large(void **state)
{
    (void)state;
    size_t len = 300000;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, '\n', len);
    struct result r = expand("big.c.in", text, len, "", NULL);
    assert_string_equal(r.diag.text, "big.c.in: error: larger than 262144 bytes [template]\n");
    result_free(&r);
    free(text);
}

/* ---- hostile input --------------------------------------------------------------------------- */

static uint32_t seed = 20240607;

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

/* Puts a word of the language, a byte, or a piece of the text itself somewhere in the text. */
static size_t mutate(char *text, size_t len, size_t cap)
{
    static const char *const words[] = {
        "$for ", "$if ", "$elif ", "$else:", "$let ", "$param ", "$assert ", "$insert ", "$def ",
        "$use ", "${", "}",
        "\n", "    ", "..", ":", "(", ")", "\"", "==", "?", "||", "%", "/", "-", "!", "min(", "0",
        "9223372036854775807", "ACT", "N", " in ", " is ", "|", "$", "\t", "\xff", "\r",
    };
    char piece[40];
    const char *word = words[below(sizeof words / sizeof words[0])];
    size_t at = below((uint32_t)len), gone = below(4) ? 0 : below(30), n = strlen(word);
    memcpy(piece, word, n);
    if (below(4) == 0) {
        size_t from = below((uint32_t)len);
        n = below(sizeof piece);
        n = n < len - from ? n : len - from;
        memcpy(piece, text + from, n);
    }
    gone = gone < len - at ? gone : len - at;
    if (len - gone + n >= cap || len - gone + n == 0)
        return len;
    memmove(text + at + n, text + at + gone, len - at - gone);
    memcpy(text + at, piece, n);
    return len - gone + n;
}

static void test_mutations(void **state)
{
    (void)state;
    static const char sample[] = "$# sample\n"
                                 "$param N in 0..9 \"n\"\n"
                                 "$param ACT is none|relu|relu6 \"act\"\n"
                                 "$param FN \"name\"\n"
                                 "$let K = max(N, 2) * (3 + ceil_div(N, 2)) % 5\n"
                                 "$assert K < 100 && N != 10 \"text\"\n"
                                 "\n"
                                 "void ${FN}(int x)  /* $$ */\n"
                                 "{\n"
                                 "    $for i in 0..N:\n"
                                 "        $for k in i..K - 1:\n"
                                 "            a${i}_${k} += ${i * K - -k};\n"
                                 "        $if ACT == relu || !(i < 2):\n"
                                 "            b(${i ? K : N});\n"
                                 "\n"
                                 "        $elif FN == \"f\":\n"
                                 "            c();\n"
                                 "        $else:\n"
                                 "            d(${ACT});\n"
                                 "    $def g(A):\n"
                                 "        e(${A + K});\n"
                                 "    $use g(N)\n"
                                 "    $insert steps\n"
                                 "}\n";
    print_message("seed %u\n", (unsigned)seed);
    int loaded = 0;
    for (int i = 0; i < 20000; i++) {
        char text[2 * sizeof sample];
        size_t len = sizeof sample - 1;
        memcpy(text, sample, sizeof sample);
        for (uint32_t changes = 1 + below(6); changes > 0; changes--)
            len = mutate(text, len, sizeof text);
        struct result r = expand("m.c.in", text, len, "N=4 ACT=relu FN=f", insert);
        loaded += r.ok;
        result_free(&r);
    }
    assert_in_range(loaded, 500, 19500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text), cmocka_unit_test(test_blank_lines),
        cmocka_unit_test(test_holes), cmocka_unit_test(test_text_of_lines),
        cmocka_unit_test(test_let), cmocka_unit_test(test_for), cmocka_unit_test(test_if),
        cmocka_unit_test(test_words), cmocka_unit_test(test_indentation),
        cmocka_unit_test(test_functions_in_for), cmocka_unit_test(test_assert),
        cmocka_unit_test(test_insert), cmocka_unit_test(test_passages),
        cmocka_unit_test(test_passage_indentation), cmocka_unit_test(test_params),
        cmocka_unit_test(test_args_equal), cmocka_unit_test(test_failure_leaves_out),
        cmocka_unit_test(test_sketch), cmocka_unit_test(test_manual),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_too_large), cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
