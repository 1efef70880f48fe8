/* safetensors headers and 16-bit floats: what is read, and every contradiction that is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "half.h"
#include "out.h"
#include "safetensors.h"

static struct pool *pool;

static int setup(void **state)
{
    (void)state;
    pool = pool_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    return 0;
}

/* Parses a header with so many bytes of data behind it; the messages, "" if it is accepted. */
static const char *parse(const char *json, int64_t data, struct safetensors *st)
{
    static const struct source file = {"w.safetensors", "", 0};
    struct diag *d = diag_new(pool);
    struct out out;
    size_t n = strlen(json);
    const char *exact = pool_copy(pool, json, n);
    bool ok = st_parse(pool, &file, exact, n, SAFETENSORS_START + (int64_t)n + data, d, st);
    assert_int_equal(ok, !diag_failed(d));
    out_init(&out);
    diag_print(d, &out, COLOR_NEVER, false);
    const char *text = out.text ? pool_copy(pool, out.text, out.len) : "";
    out_free(&out);
    return text;
}

static void refuse(const char *json, int64_t data, const char *expected)
{
    struct safetensors st;
    const char *text = parse(json, data, &st);
    if (!strstr(text, expected) || strncmp(text, "w.safetensors: error: ", 22))
        fail_msg("%s\ngives '%s'\ninstead of '%s'", json, text, expected);
}

static void reads_a_header(void **state)
{
    struct safetensors st;
    (void)state;
    assert_string_equal(
            parse("{\"__metadata__\":{\"format\":\"pt\"},"
                  "\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[4,28]},"
                  "\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                  "\"empty\":{\"dtype\":\"I64\",\"shape\":[0,5],\"data_offsets\":[4,4]},"
                  "\"x/y \\u00e9\":{\"shape\":[],\"data_offsets\":[28,36],"
                  "\"dtype\":\"F64\"}}    ",
                    36, &st),
            "");
    assert_int_equal(st.tensor.n, 4);
    const struct st_tensor *b = st_find(&st, "b");
    assert_non_null(b);
    assert_true(b->rank == 2 && b->dim[0] == 2 && b->dim[1] == 3 && b->size == 6 && b->bytes == 24);
    assert_string_equal(st_shape_text(pool, b), "[2, 3]");
    assert_string_equal(b->type->name, "F32");
    assert_int_equal(b->at - st_find(&st, "a")->at, 4);
    assert_int_equal(st_find(&st, "x/y \xc3\xa9")->rank, 0);
    assert_null(st_find(&st, "c"));
}

static void reads_an_empty_header(void **state)
{
    struct safetensors st;
    (void)state;
    assert_string_equal(parse("{}", 0, &st), "");
    assert_null(st_find(&st, "a"));
    refuse("{}", 1, "bytes not accounted for: 1");
}

#define ONE(dtype, shape, offsets) \
    "{\"t\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define PAIR(a, b) \
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" a "}," \
    "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" b "}}"

static void refuses_contradictions(void **state)
{
    (void)state;
    refuse(ONE("\"F32\"", "[2]", "[0,8]"), 7, "cut off");
    refuse(ONE("\"F32\"", "[2]", "[0,8]"), 9, "bytes not accounted for: 1");
    refuse(ONE("\"F32\"", "[3]", "[0,8]"), 8, "occupies 8 bytes");
    refuse(ONE("\"F16\"", "[2]", "[0,8]"), 8, "occupies 8 bytes");
    refuse(ONE("\"F4\"", "[1]", "[0,0]"), 0, "occupies 0 bytes");
    refuse(ONE("\"F32\"", "[2]", "[8,0]"), 8, "end before they begin");
    refuse(ONE("\"F32\"", "[2]", "[8,16]"), 16, "a gap");
    refuse(ONE("\"F32\"", "[]", "[0,18446744073709551620]"), 8, "other than [begin, end]");
    refuse(ONE("\"F32\"", "[]", "[0,9223372036854775807]"), 8, "cut off");
    refuse(ONE("\"F32\"", "[4294967296,4294967296]", "[0,0]"), 0, "more elements");
    refuse(ONE("\"F32\"", "[1073741825,4294967296]", "[0,0]"), 0, "occupies 0 bytes");
    refuse(ONE("\"F32\"", "[-2]", "[0,8]"), 8, "other than sizes");
    refuse(ONE("\"F32\"", "[2.0]", "[0,8]"), 8, "other than sizes");
    refuse(ONE("\"F32\"", "[\"2\"]", "[0,8]"), 8, "other than sizes");
    refuse(ONE("\"F32\"", "[true]", "[0,8]"), 8, "other than sizes");
    refuse(ONE("\"F32\"", "[[2]]", "[0,8]"), 8, "other than sizes");
    refuse(ONE("\"F32\"", "2", "[0,8]"), 8, "not a list");
    refuse(ONE("\"F32\"", "[2]", "[0]"), 8, "other than [begin, end]");
    refuse(ONE("\"F32\"", "[2]", "[0,8,8]"), 8, "other than [begin, end]");
    refuse(ONE("\"F32\"", "[2]", "8"), 8, "other than [begin, end]");
    refuse(ONE("\"F31\"", "[2]", "[0,8]"), 8, "unknown dtype 'F31'");
    refuse(ONE("32", "[2]", "[0,8]"), 8, "not text");
    refuse(PAIR("[0,8]", "[0,8]"), 8, "'b' overlaps");
    refuse(PAIR("[0,8]", "[4,12]"), 12, "'b' overlaps");
    refuse(PAIR("[0,8]", "[12,20]"), 20, "a gap");
}

static void refuses_other_json(void **state)
{
    (void)state;
    refuse("{\"t\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "not described by");
    refuse("{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"offsets\":[0,8]}}", 8, "not described by");
    refuse("{\"t\":5}", 8, "not described by");
    refuse("{\"t\":[1,2,3]}", 8, "not described by");
    refuse("[1]", 8, "not a JSON object");
    refuse("{\"t\":", 8, "can't be read as JSON");
    refuse("", 8, "can't be read as JSON");
    refuse("{\"t\":1,\"t\":2}", 8, "can't be read as JSON");
    refuse("{\"\\ud83d\\ude00\":{}}", 8, "can't be read as JSON");
    refuse("{\"\\u0000\":{}}", 8, "can't be read as JSON");
    refuse("{\"\xff\":{}}", 8, "can't be read as JSON");
    char *deep = pool_alloc(pool, 100001);
    memset(deep, '[', 100000);
    refuse(deep, 8, "can't be read as JSON");
}

/* libyaml stops at keys of 1024 characters. */
static void survives_long_names(void **state)
{
    struct safetensors st;
    char *name = pool_alloc(pool, 2001);
    (void)state;
    memset(name, 'n', 2000);
    const char *text = parse(pool_printf(pool, "{\"%s\":{\"dtype\":\"F32\",\"shape\":[2],"
                                               "\"data_offsets\":[0,8]}}", name), 8, &st);
    assert_true(!*text || strstr(text, "can't be read as JSON"));
}

static void escapes_names(void **state)
{
    (void)state;
    refuse("{\"\\u001b[31m\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}}", 9,
            "tensor '\\x1b[31m' occupies");
}

static void header_bytes(const char *start, size_t n, int64_t bytes, const char *expected)
{
    static const struct source file = {"w", "", 0};
    struct diag *d = diag_new(pool);
    struct out out;
    int64_t header = -1;
    bool ok = st_header_bytes(&file, pool_copy(pool, start, n), n, bytes, d, &header);
    out_init(&out);
    diag_print(d, &out, COLOR_NEVER, false);
    if (expected ? ok || !strstr(out.text, expected) : !ok)
        fail_msg(
                "'%s' instead of '%s'", out.text ? out.text : "", expected ? expected : "accepted");
    out_free(&out);
}

static void checks_the_length(void **state)
{
    (void)state;
    header_bytes("\2\0\0\0\0\0\0\0{}", 10, 10, NULL);
    header_bytes("", 0, 0, "the file is empty");
    header_bytes("\2\0\0", 3, 3, "not a safetensors file");
    header_bytes("\0\0\0\0\0\0\0\0", 8, 8, "not a safetensors file");
    header_bytes(
            "\3\0\0\0\0\0\0\0{}", 10, 10, "cut off: its header needs 3 bytes, and 2 are there");
    header_bytes("\0\0\0\0\0\0\0\0{}", 10, 10, "claims 0 bytes");
    header_bytes("\xff\xff\xff\xff\0\0\0\0{}", 10, 10, "claims 4294967295 bytes");
    header_bytes("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, 10, "claims 18446744073709551615 bytes");
    header_bytes("\1\0\0\1\0\0\0\0{}", 10, 1 << 30, "claims 16777217 bytes");
}

static void names_other_files(void **state)
{
    (void)state;
    header_bytes(
            "PK\3\4..............................model/data.pkl", 48, 48, "PyTorch checkpoint");
    header_bytes("PK\3\4..........................metadata.json", 43, 43, "Keras archive");
    header_bytes("PK\3\4..........................conv.kernel.npy", 45, 45, "NumPy archive");
    header_bytes("PK\3\4..........................", 30, 30, "ZIP archive");
    header_bytes("\x89HDF\r\n\x1a\n........", 16, 16, "HDF5");
    header_bytes("\x93NUMPY\1\0........", 16, 16, "NumPy array");
    header_bytes("\x1c\0\0\0TFL3........", 16, 16, "TensorFlow Lite");
    header_bytes("\x80\2}q\0..........", 16, 16, "pickle");
    header_bytes("\x08\7\x12\7pytorch\x1a\3", 13, 13, "ONNX");
    header_bytes("cnngen: 1\n", 10, 10, "a spec");
    header_bytes("version https://git-lfs.github.com/spec/v1\n", 43, 43, "Git LFS");
}

/* ---- 16-bit floats -------------------------------------------------------------------------- */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* By the definition of binary16, in double precision. */
static double half_value(unsigned bits)
{
    int exponent = (int)(bits >> 10 & 31), rest = (int)(bits & 1023);
    double x = exponent ? ldexp(1024 + rest, exponent - 25) : ldexp(rest, -24);
    return bits >> 15 ? -x : x;
}

static void converts_every_half(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        float x = half_to_float((uint16_t)i);
        assert_int_equal(bits_of(x) >> 31, i >> 15);
        if ((i >> 10 & 31) == 31)
            assert_true(i & 1023 ? isnan(x) : isinf(x));
        else
            assert_true((double)x == half_value(i));
#ifdef __FLT16_MANT_DIG__
        _Float16 h;
        uint16_t low = (uint16_t)i;
        memcpy(&h, &low, sizeof h);
        assert_true(isnan(x) ? h != h : bits_of(x) == bits_of((float)h));
#endif
    }
}

static void converts_every_bfloat(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 65536; i++)
        assert_int_equal(bits_of(bfloat_to_float((uint16_t)i)), (uint32_t)i << 16);
}

static void decodes_every_type(void **state)
{
    static const struct { const char *json; const char *data; float value; } cases[] = {
        {ONE("\"F32\"", "[1]", "[0,4]"), "\0\0\xc0\x3f", 1.5f},
        {ONE("\"F16\"", "[1]", "[0,2]"), "\0\x3e", 1.5f},
        {ONE("\"BF16\"", "[1]", "[0,2]"), "\xc0\x3f", 1.5f},
    };
    struct safetensors st;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float x = 0;
        assert_string_equal(parse(cases[i].json, i == 0 ? 4 : 2, &st), "");
        st.tensor.at[0].type->decode((const unsigned char *)cases[i].data, &x, 1);
        assert_true(x == cases[i].value);
    }
    assert_string_equal(parse(ONE("\"F64\"", "[1]", "[0,8]"), 8, &st), "");
    assert_null(st.tensor.at[0].type->decode);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_a_header), TEST(reads_an_empty_header), TEST(refuses_contradictions),
        TEST(refuses_other_json), TEST(survives_long_names), TEST(escapes_names),
        TEST(checks_the_length), TEST(names_other_files), TEST(converts_every_half),
        TEST(converts_every_bfloat), TEST(decodes_every_type),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
