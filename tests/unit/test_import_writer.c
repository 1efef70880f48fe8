/* The specification and the weight file that importers write: names, keys, inputs, line breaks,
 * bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "safetensors.h"
#include "safetensors_write.h"
#include "writer.h"

static struct pool *pool;
static char folder[] = "/tmp/cnngen-writer-XXXXXX";
static const char *spec_path, *weights_path;

static int setup(void **state)
{
    (void)state;
    pool = pool_new();
    if (!mkdtemp(folder))
        return -1;
    spec_path = pool_printf(pool, "%s/net.yaml", folder);
    weights_path = pool_printf(pool, "%s/net.safetensors", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(spec_path);
    unlink(weights_path);
    int status = rmdir(folder);
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    pool_free(pool);
    return status;
}

static struct source read_back(const char *path)
{
    struct source src;
    assert_int_equal(source_read(pool, path, 1 << 20, &src), SOURCE_OK);
    return src;
}

static const char *written(struct writer *w)
{
    const char *failed;
    assert_true(writer_write(w, spec_path, weights_path, &failed));
    return read_back(spec_path).text;
}

static void writes_a_spec(void **state)
{
    static const float kernel[] = {1, -2.5f};
    const int dim[] = {1, 1, 2, 1};
    const int64_t shape[] = {4, 4, 2};
    struct writer *w = writer_new(pool, "3x3 net");
    struct wlayer *in, *conv, *add;
    (void)state;
    writer_comment(w, "From %s.", "a model");
    in = writer_layer(w, "Input", "image:0");
    layer_ints(in, "shape", 3, shape);
    conv = writer_layer(w, "Conv2D", "conv");
    layer_input(conv, in->name);
    layer_int(conv, "filters", 1);
    layer_bool(conv, "use_bias", false);
    layer_weight(conv, "kernel", shape_of(4, dim), kernel);
    layer_comment(conv, "was 'x\ny'");
    add = writer_layer(w, "Add", "conv");
    layer_input(add, conv->name);
    layer_input(add, conv->name);
    writer_output(w, add->name);
    assert_string_equal(written(w),
            "# From a model.\n"
            "cnngen: 1\n"
            "name: m_3x3_net\n"
            "weights: net.safetensors\n"
            "layers:\n"
            "  - {type: Input, name: image_0, shape: [4, 4, 2]}\n"
            "  - {type: Conv2D, name: conv, filters: 1, use_bias: false}  # was 'x\\x0ay'\n"
            "  - {type: Add, name: conv_1, inputs: [conv, conv]}\n");
}

static void writes_weights_that_are_read_back(void **state)
{
    static const float kernel[] = {1, -2.5f, 0, 3e-39f};
    const int dim[] = {2, 2};
    struct safetensors st;
    struct diag *d = diag_new(pool);
    struct writer *w = writer_new(pool, "net");
    (void)state;
    struct wlayer *dense = writer_layer(w, "Dense", "dense");
    layer_weight(dense, "kernel", shape_of(2, dim), kernel);
    writer_output(w, dense->name);
    written(w);
    const struct source src = read_back(weights_path);
    int64_t header;
    assert_true(st_header_bytes(&src, src.text, src.len, (int64_t)src.len, d, &header));
    assert_true(st_parse(pool, &src, src.text + SAFETENSORS_START, (size_t)header,
            (int64_t)src.len, d, &st));
    const struct st_tensor *t = st_find(&st, "dense.kernel");
    assert_non_null(t);
    assert_int_equal(t->at % 8, 0);
    assert_string_equal(st_shape_text(pool, t), "[2, 2]");
    float values[4];
    t->type->decode((const unsigned char *)src.text + t->at, values, 4);
    assert_memory_equal(values, kernel, sizeof kernel);
}

/* Names are cut, made unique, and quoted where YAML would take them for something else. */
static void makes_names_legal(void **state)
{
    static const struct { const char *from, *to; } name[] = {
        {"conv/relu:0", "conv/relu_0"}, {"conv/relu:0", "conv/relu_0_1"}, {"///", "layer"},
        {"", "layer_1"},
        {"\xc3\xa4x", "x"}, {"true", "true"}, {"7", "7"},
    };
    struct writer *w = writer_new(pool, "int");
    char longest[100] = "";
    (void)state;
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++)
        assert_string_equal(writer_layer(w, "Flatten", name[i].from)->name, name[i].to);
    memset(longest, 'a', sizeof longest - 1);
    assert_int_equal(strlen(writer_layer(w, "Flatten", longest)->name), LIMIT_NAME_CHARS);
    const char *second = writer_layer(w, "Flatten", longest)->name;
    assert_true(strlen(second) <= LIMIT_NAME_CHARS);
    writer_output(w, second);
    const char *text = written(w);
    assert_non_null(strstr(text, "name: int_"));
    assert_non_null(strstr(text, "name: 'true'"));
    assert_non_null(strstr(text, "name: '7'"));
    assert_null(strstr(text, "weights:"));
    assert_int_equal(access(weights_path, F_OK), -1);
}

static void breaks_long_lines_and_writes_short_numbers(void **state)
{
    static const float axis[] = {0.1f, 1e-5f, 16777216, -0.0f};
    struct writer *w = writer_new(pool, "net");
    struct wlayer *l = writer_layer(w, "Activation", "a");
    (void)state;
    layer_floats(l, "v", 4, axis);
    for (int i = 0; i < 8; i++)
        layer_word(l, pool_printf(pool, "a_long_key_%d", i), "word");
    writer_output(w, l->name);
    writer_output(w, l->name);
    const char *text = written(w);
    assert_non_null(strstr(text, "v: [0.1, 1e-05, 16777216, -0]"));
    assert_non_null(strstr(text, "outputs: [a, a]\n"));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 102);
}

/* Weights stand in the folder of the specification or below it. */
static void refers_to_weights_below(void **state)
{
    (void)state;
    assert_string_equal(weights_reference(pool, "a/net.yaml", "a/b/w.st"), "b/w.st");
    assert_string_equal(weights_reference(pool, "net.yaml", "w.st"), "w.st");
    assert_null(weights_reference(pool, "a/net.yaml", "w.st"));
    assert_null(weights_reference(pool, "a/net.yaml", "a/../w.st"));
    assert_null(weights_reference(pool, "net.yaml", "/tmp/w.st"));
}

/* A file that can't be written leaves the other one unwritten. */
static void writes_both_or_neither(void **state)
{
    static const float one = 1;
    const int dim[] = {1};
    const char *failed = NULL;
    struct writer *w = writer_new(pool, "net");
    struct wlayer *l = writer_layer(w, "Dense", "d");
    (void)state;
    layer_weight(l, "bias", shape_of(1, dim), &one);
    writer_output(w, l->name);
    const char *nowhere = pool_printf(pool, "%s/none/net.safetensors", folder);
    assert_false(writer_write(w, spec_path, nowhere, &failed));
    assert_string_equal(failed, nowhere);
    assert_int_equal(access(spec_path, F_OK), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_a_spec), TEST(writes_weights_that_are_read_back), TEST(makes_names_legal),
        TEST(breaks_long_lines_and_writes_short_numbers), TEST(refers_to_weights_below),
        TEST(writes_both_or_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
