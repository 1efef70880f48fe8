/* Names; the top level of a spec; printing; random mutations. */
#include "yaml_text.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(model_names), TEST(layer_names), TEST(names_from_paths), TEST(reads_specs),
        TEST(defaults_of_specs), TEST(goes_on_after_errors), TEST(prints_canonically),
        TEST(prints_any_scalar), TEST(prints_long_keys), TEST(mutations),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
