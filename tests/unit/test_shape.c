/* Windows, paddings and shapes; declared shapes and the help about them; limits. */
#include "build_text.h"

#include <stdlib.h>

#include "ops.h"
#include "ops/families.h"

static struct shape dims(const char *text)
{
    struct shape s = {0};
    for (const char *at = text; *at; s.rank++)
        s.dim[s.rank] = (int)strtol(at, (char **)&at, 10);
    return s;
}

static void sizes(void **state)
{
    (void)state;
    struct shape s = dims("28 28 3");
    assert_int_equal(shape_size(&s), 2352);
    assert_string_equal(shape_text(pool, &s), "[28, 28, 3]");
    s = dims("2147483647 2147483647 2147483647 2147483647");
    assert_true(shape_size(&s) == INT64_MAX);
    s = dims("2147483647 2147483647 2");
    assert_true(shape_size(&s) == INT64_C(2147483647) * 2147483647 * 2);
    assert_int_equal(shape_of(2, (int[]){3, 4}).dim[1], 4);
}

static void equality(void **state)
{
    static const char *const texts[] = {"1", "2", "1 2", "2 1", "1 2 3", "1 2 4", "1 2 3 4"};
    (void)state;
    for (int i = 0; i < COUNT(texts); i++)
        for (int k = 0; k < COUNT(texts); k++) {
            struct shape a = dims(texts[i]), b = dims(texts[k]);
            assert_int_equal(shape_equal(&a, &b), i == k);
        }
}

static void as_images(void **state)
{
    static const struct { const char *text; int h, w, c; } cases[] = {
        {"5", 1, 1, 5}, {"4 5", 1, 4, 5}, {"3 4 5", 3, 4, 5}, {"2 3 4 5", 6, 4, 5},
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        struct shape s = dims(cases[i].text);
        struct hwc g = shape_hwc(&s);
        assert_true(g.h == cases[i].h && g.w == cases[i].w && g.c == cases[i].c);
    }
}

static void axes(void **state)
{
    (void)state;
    for (int rank = 1; rank <= LIMIT_RANK; rank++)
        for (int axis = -6; axis <= 6; axis++) {
            int got = 99;
            bool ok = axis >= -rank && axis < rank;
            assert_int_equal(axis_resolve(axis, rank, &got), ok);
            assert_int_equal(got, !ok ? 99 : axis < 0 ? axis + rank : axis);
        }
    int got;
    assert_false(axis_resolve(INT32_MIN, 3, &got));
    assert_false(axis_resolve(INT32_MAX, 3, &got));
}

/* ---- windows --------------------------------------------------------------------------------- */

/* Windows one by one: those that lie inside the padded input. With ceil_mode none starts in the
 * padding behind, but one may reach beyond it, if elements are left for it. */
static int count_windows(int in, int k, int s, int d, int before, int after, bool ceil_mode)
{
    int n = 0, padded = in + before + after, reach = (k - 1) * d + 1, start = 0;
    for (; start + reach <= padded && (!ceil_mode || start < in + before); start += s)
        n++;
    bool some_left = start - s + reach < padded;
    return ceil_mode && some_left && start < in + before ? n + 1 : n;
}

static void extents(void **state)
{
    (void)state;
    for (int in = 1; in < 9; in++)
        for (int k = 1; k < 5; k++)
            for (int s = 1; s < 5; s++)
                for (int d = 1; d < 4; d++)
                    for (int pad = 0; pad < 9; pad++)
                        for (int ceil_mode = 0; ceil_mode < 2; ceil_mode++) {
                            int before = pad / 3, after = pad % 3;
                            assert_int_equal(window_extent(in, k, s, d, before, after, ceil_mode),
                                    count_windows(in, k, s, d, before, after, ceil_mode));
                        }
}

/* What PyTorch 2 makes of nn.MaxPool2d(k, s, p, ceil_mode=True). */
static void ceil_as_pytorch(void **state)
{
    static const int cases[][5] = {  /* in k s p out */
        {6, 3, 2, 0, 3}, {7, 3, 2, 0, 3}, {5, 2, 2, 0, 3}, {112, 3, 2, 0, 56}, {112, 3, 2, 1, 57},
        {4, 2, 3, 1, 2}, {1, 2, 2, 0, 1}, {3, 2, 2, 1, 2}, {10, 3, 4, 0, 3},
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        const int *c = cases[i];
        assert_int_equal(window_extent(c[0], c[1], c[2], 1, c[3], c[3], true), c[4]);
    }
}

static void same_padding(void **state)
{
    static const int cases[][6] = {  /* in k s d before after, as TensorFlow */
        {6, 3, 2, 1, 0, 1}, {5, 3, 2, 1, 1, 1}, {28, 3, 1, 1, 1, 1}, {28, 2, 1, 1, 0, 1},
        {28, 5, 1, 2, 4, 4}, {224, 7, 2, 1, 2, 3}, {4, 1, 3, 1, 0, 0}, {7, 2, 4, 1, 0, 0},
        {1, 3, 1, 1, 1, 1}, {13, 6, 5, 1, 1, 2}, {10, 3, 2, 2, 1, 2},
    };
    const struct padding same = {.kind = PAD_SAME};
    int before, after;
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        const int *c = cases[i];
        window_padding(&same, i % 2, c[0], c[1], c[2], c[3], &before, &after);
        assert_int_equal(before, c[4]);
        assert_int_equal(after, c[5]);
    }
    for (int in = 1; in < 20; in++)
        for (int k = 1; k < 8; k++)
            for (int s = 1; s < 8; s++)
                for (int d = 1; d < 4; d++) {
                    window_padding(&same, 0, in, k, s, d, &before, &after);
                    assert_int_equal(window_extent(in, k, s, d, before, after, false),
                            (in + s - 1) / s);
                    assert_true(after == before || after == before + 1);
                }
}

static void other_paddings(void **state)
{
    const struct padding given = {PAD_EXPLICIT, {1, 2, 3, 4}}, valid = {.kind = PAD_VALID};
    int before, after;
    (void)state;
    window_padding(&given, 0, 9, 3, 1, 1, &before, &after);
    assert_true(before == 1 && after == 2);
    window_padding(&given, 1, 9, 3, 1, 1, &before, &after);
    assert_true(before == 3 && after == 4);
    window_padding(&valid, 1, 9, 3, 1, 1, &before, &after);
    assert_true(before == 0 && after == 0);
}

/* Nothing overflows, whatever the numbers. */
static void extreme_windows(void **state)
{
    static const int n[] = {1, 2, 3, 65536, 1 << 29, INT32_MAX};
    const struct padding same = {.kind = PAD_SAME};
    uint64_t seed = 1;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        int in = n[draw(&seed, 6)], k = n[draw(&seed, 6)], s = n[draw(&seed, 6)],
            d = n[draw(&seed, 6)];
        int before, after;
        window_padding(&same, 0, in, k, s, d, &before, &after);
        assert_true(before >= 0 && after >= before);
        int out = window_extent(in, k, s, d, n[draw(&seed, 6)], n[draw(&seed, 6)], draw(&seed, 2));
        assert_true(out >= 0);
    }
}

/* ---- models ---------------------------------------------------------------------------------- */

static int64_t parameters(const struct graph *g)
{
    int64_t sum = 0;
    for (int i = 0; i < g->node.n; i++)
        for (int k = 0; k < g->node.at[i]->weights; k++)
            sum += shape_size(&g->node.at[i]->weight[k].shape);
    return sum;
}

static int64_t macs(const struct graph *g)
{
    int64_t sum = 0;
    for (int i = 0; i < g->node.n; i++)
        if (node_def(g->node.at[i])->macs)
            sum += node_def(g->node.at[i])->macs(g->node.at[i]);
    return sum;
}

static void small_classifier(void **state)
{
    (void)state;
    struct graph *g =
            infer("  - {type: Input, shape: [28, 28, 1]}\n"
                  "  - {type: Conv2D, filters: 256, kernel_size: [3, 3], activation: relu}\n"
                  "  - {type: MaxPooling2D, pool_size: [2, 2]}\n"
                  "  - Flatten\n"
                  "  - {type: Dense, units: 10, activation: softmax}\n");
    assert_int_equal(parameters(g), 435210);
    assert_int_equal(macs(g), 1557504 + 432640);
    assert_string_equal(shape_text(pool, &find(g, "flatten")->out->shape), "[43264]");
}

static void detector(void **state)
{
    (void)state;
    struct graph *g = infer("  - {type: Input, shape: [128, 128, 256]}\n"
                            "  - {type: Conv2D, filters: 64, kernel_size: 3, activation: relu}\n"
                            "  - {type: BatchNormalization, epsilon: 0.001}\n"
                            "  - {type: MaxPooling2D, pool_size: 2}\n"
                            "  - {type: Conv2D, filters: 32, kernel_size: 3, activation: relu}\n"
                            "  - Flatten\n"
                            "  - {type: Dense, units: 1, activation: sigmoid}\n");
    assert_int_equal(parameters(g), 285313);
    assert_int_equal(macs(g), INT64_C(2341011456) + 68585472 + 119072);
}

static void one_of_everything(void **state)
{
    (void)state;
    struct graph *g = infer("  - {type: Input, shape: [1, 1, 1]}\n"
                            "  - {type: Conv2D, filters: 1, kernel_size: 1}\n"
                            "  - {type: MaxPooling2D, pool_size: 1}\n  - Flatten\n"
                            "  - {type: Dense, units: 1}\n");
    assert_string_equal(shape_text(pool, &g->output.at[0]->shape), "[1]");
}

/* ---- declared shapes ------------------------------------------------------------------------- */

static void right_claims(void **state)
{
    (void)state;
    assert_non_null(infer("  - {type: Conv2D, filters: 4, kernel_size: 3, input_shape: [8, 8, 3]}\n"
                          "  - {type: ReLU, input_shape: [6, 6, 4]}\n"
                          "  - {type: Flatten, input_shape: null}\n"
                          "  - {type: Dense, units: 2, input_shape: [144]}\n"));
}

struct claim { int filters, kernel, stride, same, groups, h, w, c; };

static const char *claim_text(const struct claim *m, const char *extra)
{
    return pool_printf(pool,
            "  - {type: Input, shape: [9, 7, 6]}\n"
            "  - {type: Conv2D, name: a, filters: %d, kernel_size: %d, strides: %d, groups: %d,\n"
            "     padding: %s}\n"
            "  - {type: ReLU, input_shape: [%d, %d, %d]}\n%s",
            m->filters, m->kernel, m->stride, m->groups, m->same ? "same" : "valid", m->h, m->w,
            m->c, extra);
}

/* The value behind key in text, as far as ',' or the line's end; 0 without it. */
static int advised(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at ? atoi(at + strlen(key)) : 0;
}

/* Doing what the help says makes the model right, and what it does not say would not have. */
static void help_helps(void **state)
{
    uint64_t seed = 3;
    int helped = 0, not_helped = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct claim m = {1 + draw(&seed, 6), 1 + draw(&seed, 4), 1 + draw(&seed, 2),
                draw(&seed, 4) == 0, 1 + draw(&seed, 3), 3 + draw(&seed, 7), 2 + draw(&seed, 6),
                1 + draw(&seed, 6)};
        if (draw(&seed, 2))  /* mostly shapes that something makes */
            m.h = (9 + m.stride - 1) / m.stride, m.w = (7 + m.stride - 1) / m.stride;
        pool_free(pool);
        pool = pool_new();
        if (infer(claim_text(&m, "")) || !strstr(said(), "[shape-mismatch]"))
            continue;
        infer(claim_text(&m, ""));
        const char *help = strstr(said(), "or give 'a' ");
        struct claim all = m;
        all.filters = m.c, all.same = 1;
        if (help) {
            m.filters = advised(help, "filters: ") ? advised(help, "filters: ") : m.filters;
            m.same = m.same || strstr(help, "padding: same");
            assert_non_null(infer(claim_text(&m, "")));
            helped++;
        } else {
            assert_null(infer(claim_text(&all, "")));
            not_helped++;
        }
    }
    assert_true(helped > 30 && not_helped > 30);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void words(void **state)
{
    static const struct { const char *layer, *words;
    } cases[] = {
            {"Conv2D, filters: 4, kernel_size: 3, strides: [1, 2], padding: [1, 0], dilation_rate: "
             "2",
                    "'x' (Conv2D, 4 filters, 3x3, strides 1x2, padding [1, 0], dilation 2)"},
            {"Conv2D, filters: 3, kernel_size: [1, 3], groups: 3, padding: same",
                    "'x' (Conv2D, 3 filters, 1x3, strides 1, padding same, 3 groups)"},
            {"MaxPooling2D, ceil_mode: true",
                    "'x' (MaxPooling2D, 2x2, strides 2, padding valid, ceil mode)"},
            {"GlobalAveragePooling2D, keepdims: true", "'x' (GlobalAveragePooling2D, keepdims)"},
            {"Dense, units: 5", "'x' (Dense, 5 units)"},
            {"UpSampling2D, size: [2, 3]", "'x' (UpSampling2D, 2x3)"},
            {"ZeroPadding2D, padding: [[1, 2], [3, 4]]",
                    "'x' (ZeroPadding2D, padding [[1, 2], [3, 4]])"},
            {"Reshape, target_shape: [64, 3]", "'x' (Reshape, to [64, 3])"},
            {"ReLU, max_value: 6", "'x' (ReLU)"},
            {"BatchNormalization, epsilon: 1", "'x' (BatchNormalization)"},
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        struct graph *g =
                infer(pool_printf(pool, IMAGE "  - {name: x, type: %s}\n", cases[i].layer));
        assert_string_equal(node_words(g, find(g, "x")), cases[i].words);
        assert_ptr_equal(strchr(node_title(g, find(g, "x")), ','), NULL);
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void tensors(void **state)
{
    (void)state;
    assert_non_null(infer("  - {type: Input, shape: [536870911]}\n"));
    assert_null(infer("  - {type: Input, shape: [32768, 16384, 1]}\n"));
    assert_non_null(strstr(said(), "[tensor-too-large]"));
    assert_null(
            infer("  - {type: Input, shape: [1000000]}\n  - {type: Dense, units: 536870911}\n"));
    assert_non_null(strstr(said(), "[tensor-too-large]"));
    assert_null(
            infer("  - {type: Input, shape: [1, 1, 500000000]}\n"
                  "  - {type: Conv2D, filters: 500000000, kernel_size: 16384, padding: same}\n"));
    assert_non_null(strstr(said(), "weight 'kernel'"));
    assert_int_equal(diag_errors(diag), 1);
}

static void totals(void **state)
{
    (void)state;
    const char *head = "  - {type: Input, shape: [500000000]}\n", *text = head;
    for (int i = 1; i < 600; i++)
        text = pool_printf(pool, "%s  - ReLU\n", text);
    assert_null(infer(text));
    assert_int_equal(diag_errors(diag), 1);
    assert_non_null(strstr(said(), "2^40"));
}

static void silence(void **state)
{
    (void)state;
    assert_null(
            infer(IMAGE "  - {type: Conv2D, filters: 1, kernel_size: 9, name: a}\n"
                        "  - {type: Conv2D, filters: 1, kernel_size: 9, input_shape: [4]}\n"
                        "  - {type: Add, inputs: [a, conv2d]}\n"
                        "  - {type: Conv2D, filters: 1, kernel_size: 9, inputs: image, name: b}\n"
                        "outputs: [add, b]\n"));
    assert_int_equal(diag_errors(diag), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sizes), TEST(equality), TEST(as_images), TEST(axes), TEST(extents),
        TEST(ceil_as_pytorch), TEST(same_padding), TEST(other_paddings), TEST(extreme_windows),
        TEST(small_classifier), TEST(detector), TEST(one_of_everything), TEST(right_claims),
        TEST(help_helps), TEST(words), TEST(tensors), TEST(totals), TEST(silence),
    };
    return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
