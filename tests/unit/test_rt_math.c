/* SPDX-License-Identifier: 0BSD
 *
 * test_rt_math.c: the functions of runtime/cnn_math.h, one test each, on every instruction set
 * that this CPU has.  A sample of all floats, or all of them if CNNGEN_EXHAUSTIVE is set.
 *
 *     cc -O2 -fopenmp -Iruntime tests/unit/test_rt_math.c runtime/cnn_rt.c -lcmocka -lm
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rt_math.h"

static void test_function(void **state)
{
    const struct rt_function *f = (const struct rt_function *)*state;

    assert_int_equal(rt_check_function((int)(f - rt_functions)), 0);
}

int main(void)
{
    struct CMUnitTest tests[RT_FUNCTION_COUNT];
    int i;

    for (i = 0; i < RT_FUNCTION_COUNT; i++) {
        struct CMUnitTest test = {rt_functions[i].name, test_function, NULL, NULL,
                                  (void *)&rt_functions[i]};

        tests[i] = test;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
