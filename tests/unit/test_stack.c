/* test_stack.c: generator/stack.c: what it finds in a function's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "stack.h"

static int64_t stack_of(const char *text, int vector_bytes)
{
    int64_t bytes = stack_of_text(text, strlen(text), vector_bytes);
    return bytes - STACK_SCALARS - STACK_HELPERS * vector_bytes;
}

static void test_vectors(void **state)
{
    (void)state;
    assert_int_equal(stack_of("", 64), 0);
    assert_int_equal(stack_of("    const vf a = vf_fma(vf_load(x), w, b);\n", 64), 128);
    assert_int_equal(stack_of("    const vf a = vf_fma(vf_load(x), w, b);\n", 32), 64);
    assert_int_equal(stack_of("vi_add(my_vf_add(x))", 16), 16);
}

static void test_vectors_are_no_more_than_a_tile(void **state)
{
    char text[4 * 1000 + 1];
    (void)state;
    for (int i = 0; i < 1000; i++)
        memcpy(text + 4 * i, "vf_ ", 5);
    assert_int_equal(stack_of(text, 16), (STACK_VECTORS - STACK_HELPERS) * 16);
}

static void test_arrays(void **state)
{
    (void)state;
    assert_int_equal(stack_of("    float s[24];\n", 64), 96);
    assert_int_equal(stack_of("    float s[5];\n", 64), 32);
    assert_int_equal(stack_of("        const float *row[4];\n", 64), 32);
    assert_int_equal(stack_of("    vf t[2][3], u[4];\n", 64), 64 * 10);
    assert_int_equal(stack_of("    float part[16] = {0.0f};\n    int at[4];", 64), 80);
}

static void test_what_is_no_array(void **state)
{
    (void)state;
    assert_int_equal(stack_of("    static const float table[99] = {0.0f};\n", 64), 0);
    assert_int_equal(stack_of("    const float a = x[24];\n", 64), 0);
    assert_int_equal(stack_of("    s[3] = y[4];\n", 64), 0);
    assert_int_equal(stack_of("float f(const float *x, float y[8])\n", 64), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_vectors_are_no_more_than_a_tile),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_what_is_no_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
