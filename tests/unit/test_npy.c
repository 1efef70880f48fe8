/* .npy files: what numpy writes, every type and order, and everything that is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "npy.h"

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

/* A file of the given version with a header and n bytes of data, in exactly as much memory. */
static const char *make(int version, const char *header, const void *data, size_t n, size_t *len)
{
    size_t h = strlen(header), start = version == 1 ? 10 : 12;
    char *file = pool_alloc(pool, start + h + n + 1);
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (char)version;
    file[8] = (char)(h & 255);
    file[9] = (char)(h >> 8);
    memcpy(file + start, header, h);
    if (n)
        memcpy(file + start + h, data, n);
    *len = start + h + n;
    return file;
}

static struct npy parse(int version, const char *header, const void *data, size_t n)
{
    struct npy a;
    size_t len;
    const char *why = "?", *file = make(version, header, data, n, &len);
    if (!npy_parse(pool, file, len, &a, &why))
        fail_msg("%s", why);
    return a;
}

static void refuse(int version, const char *header, size_t n, const char *expected)
{
    static const char zeros[64];
    struct npy a;
    size_t len;
    const char *why = "accepted", *file = make(version, header, zeros, n, &len);
    if (npy_parse(pool, file, len, &a, &why) || !strstr(why, expected))
        fail_msg("%s: '%s' instead of '%s'", header, why, expected);
}

#define HEAD(type, order, shape) \
    "{'descr': '" type "', 'fortran_order': " order ", 'shape': " shape ", }\n"

static void reads_every_version(void **state)
{
    static const unsigned char data[] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0};  /* 1, -2 */
    (void)state;
    for (int version = 1; version <= 3; version++) {
        struct npy a = parse(version, HEAD("<f4", "False", "(2,)"), data, 8);
        assert_int_equal(a.rank, 1);
        assert_int_equal(a.dim[0], 2);
        assert_true(a.size == 2 && a.at[0] == 1 && a.at[1] == -2);
    }
}

static void reads_every_type(void **state)
{
    static const struct {
        const char *header;
        const char *data;
        size_t n;
        double value;
    } cases[] = {
        {HEAD("<f4", "False", "()"), "\0\0\xc0\x3f", 4, 1.5},
        {HEAD(">f4", "False", "()"), "\x3f\xc0\0\0", 4, 1.5},
        {HEAD("<f8", "False", "()"), "\0\0\0\0\0\0\xf8\x3f", 8, 1.5},
        {HEAD(">f8", "False", "()"), "\x3f\xf8\0\0\0\0\0\0", 8, 1.5},
        {HEAD("<f2", "False", "()"), "\0\x3e", 2, 1.5},
        {HEAD(">f2", "False", "()"), "\x3e\0", 2, 1.5},
        {HEAD("|u1", "False", "()"), "\xfe", 1, 254},
        {HEAD("<f4", "False", "()"), "\1\0\0\0", 4, 0x1p-149},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct npy a = parse(1, cases[i].header, cases[i].data, cases[i].n);
        assert_true(a.rank == 0 && a.size == 1 && a.at[0] == cases[i].value);
    }
    assert_true(isnan(parse(1, HEAD("<f4", "False", "()"), "\0\0\xc0\x7f", 4).at[0]));
}

/* Element [i, j, k] is 100 i + 10 j + k in both orders. */
static void converts_fortran_order(void **state)
{
    unsigned char data[24];
    int n = 0;
    (void)state;
    for (int k = 0; k < 4; k++)
        for (int j = 0; j < 3; j++)
            for (int i = 0; i < 2; i++)
                data[n++] = (unsigned char)(100 * i + 10 * j + k);
    struct npy a = parse(1, HEAD("|u1", "True", "(2, 3, 4)"), data, 24);
    n = 0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 4; k++)
                assert_true(a.at[n++] == 100 * i + 10 * j + k);
}

static void takes_any_spelling(void **state)
{
    static const char *const headers[] = {
        "{'shape': (1, 2), 'descr': '<f4', 'fortran_order': False}",
        "  { \"descr\" : \"<f4\",\n'fortran_order':False,'shape':(1,2,) , }   \n",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1L, 2L)}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct npy a = parse(1, headers[i], "\0\0\0\0\0\0\0\0", 8);
        assert_true(a.rank == 2 && a.dim[0] == 1 && a.dim[1] == 2);
    }
    assert_int_equal(parse(1, HEAD("<f4", "True", "(0, 4611686018427387904)"), "", 0).size, 0);
}

static void refuses_types(void **state)
{
    (void)state;
    refuse(1, HEAD("<i4", "False", "(1,)"), 4, "'<i4'");
    refuse(1, HEAD("<i8", "False", "(1,)"), 8, "astype('float32')");
    refuse(1, HEAD("|O", "False", "(1,)"), 8, "'|O'");
    refuse(1, HEAD("f4", "False", "(1,)"), 4, "'f4'");
    refuse(1, HEAD("|f4", "False", "(1,)"), 4, "'|f4'");
    refuse(1, HEAD("", "False", "(1,)"), 4, "''");
    refuse(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", 4, "records");
    refuse(1, "{'descr': float, 'fortran_order': False, 'shape': (1,)}", 4, "no element type");
}

static void refuses_headers(void **state)
{
    (void)state;
    refuse(1, HEAD("<f4", "0", "(1,)"), 4, "fortran_order");
    refuse(1, HEAD("<f4", "False", "[1]"), 4, "not a tuple");
    refuse(1, HEAD("<f4", "False", "(1"), 4, "other than sizes");
    refuse(1, HEAD("<f4", "False", "(1 2)"), 4, "not a tuple");
    refuse(1, HEAD("<f4", "False", "(-1,)"), 4, "other than sizes");
    refuse(1, HEAD("<f4", "False", "(__import__('os').system('true'),)"), 4, "other than sizes");
    refuse(1, HEAD("<f4", "False", "(99999999999999999999,)"), 4, "other than sizes");
    refuse(1, HEAD("<f4", "False", "(4611686018427387904, 4)"), 4, "too large");
    refuse(1, HEAD("<f4", "False", "(2305843009213693952,)"), 4, "too large");
    refuse(1, HEAD("<f4", "False", "(1,1,1,1,1,1,1,1,1)"), 4, "more than 8");
    refuse(1, "{'descr': '<f4', 'fortran_order': False}", 4, "lacks");
    refuse(1, "{'descr': '<f4', 'descr': '<f4', 'shape': ()}", 4, "twice");
    refuse(1, "{'descr': '<f4', 'x': 1}", 4, "unknown key");
    refuse(1, "{'descr': '<f4' 'shape': ()}", 4, "malformed");
    refuse(1, "['descr']", 4, "malformed");
    refuse(1, "", 4, "malformed");
    refuse(1, HEAD("<f4", "False", "()") "x", 4, "behind its end");
    refuse(4, HEAD("<f4", "False", "()"), 4, "version");
    refuse(0, HEAD("<f4", "False", "()"), 4, "version");
}

static void refuses_sizes(void **state)
{
    struct npy a;
    size_t len;
    const char *why, *file = make(1, HEAD("<f4", "False", "(2, 2)"), "0123456789abcdef", 16, &len);
    (void)state;
    for (size_t n = 0; n <= len; n++)
        assert_int_equal(npy_parse(pool, pool_copy(pool, file, n), n, &a, &why), n == len);
    refuse(1, HEAD("<f4", "False", "(2, 2)"), 17, "17 bytes of data, but its shape needs 16");
}

static void refuses_files(void **state)
{
    struct npy a;
    const char *why = NULL;
    (void)state;
    assert_false(npy_read(pool, "/nonexistent.npy", &a, &why));
    assert_string_equal(why, "No such file or directory");
    assert_false(npy_read(pool, "/tmp", &a, &why));
    assert_string_equal(why, "it is not a regular file");
}

static void writes_what_it_reads(void **state)
{
    static const int64_t dims[][3] = {{0, 0, 0}, {5, 0, 0}, {2, 3, 0}, {2, 2, 600}};
    static float x[2400];
    (void)state;
    for (int i = 0; i < 2400; i++)
        x[i] = (float)i / 7;
    for (int rank = 0; rank <= 3; rank++) {
        struct out out;
        struct npy a;
        const char *why = "";
        out_init(&out);
        npy_text(&out, rank, dims[rank], x);
        size_t header = 10 + (unsigned char)out.text[8] + 256 * (size_t)(unsigned char)out.text[9];
        assert_int_equal(header % 64, 0);
        assert_int_equal(out.text[header - 1], '\n');
        assert_true(npy_parse(pool, out.text, out.len, &a, &why));
        assert_int_equal(a.rank, rank);
        assert_string_equal(a.type, "<f4");
        assert_memory_equal(a.dim, dims[rank], (size_t)rank * sizeof a.dim[0]);
        for (int64_t i = 0; i < a.size; i++)
            assert_true(a.at[i] == (double)x[i]);
        out_free(&out);
    }
}

static void writes_as_numpy_does(void **state)
{
    static const char header[] = "\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, "
                                 "'shape': (2, 1), }";
    static const int64_t dim[] = {2, 1};
    static const float x[] = {1, -2};
    struct out out;
    (void)state;
    out_init(&out);
    npy_text(&out, 2, dim, x);
    assert_int_equal(out.len, 128 + 8);
    assert_memory_equal(out.text, header, sizeof header - 1);
    assert_memory_equal(out.text + 128, "\0\0\x80\x3f\0\0\0\xc0", 8);
    out_free(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_every_version), TEST(reads_every_type), TEST(converts_fortran_order),
        TEST(takes_any_spelling), TEST(refuses_types), TEST(refuses_headers), TEST(refuses_sizes),
        TEST(refuses_files), TEST(writes_what_it_reads), TEST(writes_as_numpy_does),
    };
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
