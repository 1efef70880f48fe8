/* SPDX-License-Identifier: 0BSD
 *
 * test_rt_vec.c: the vector helpers of runtime/ on every instruction set that this CPU has.
 *
 *     cc -O2 -fopenmp -Iruntime tests/unit/test_rt_vec.c runtime/cnn_rt.c -lcmocka -lm
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rt_vec.h"

/* Runs a check on all instruction sets. */
static void on_all(long (*check)(const struct rt_isa_vec *isa))
{
    int i;

    for (i = 0; i < RT_ISA_VEC_COUNT && rt_isa_vecs[i].level <= cnn_isa_level(); i++)
        assert_int_equal(check(&rt_isa_vecs[i]), 0);
}

static void test_lanes(void **state)
{
    (void)state;
    on_all(rt_check_lanes);
}

static void test_sqrt(void **state)
{
    (void)state;
    on_all(rt_check_sqrt);
}

static void test_reductions(void **state)
{
    (void)state;
    on_all(rt_check_reductions);
}

static void test_shuffles(void **state)
{
    (void)state;
    on_all(rt_check_spread);
    on_all(rt_check_slide);
    on_all(rt_check_other);
    on_all(rt_check_weave);
}

static void test_tails(void **state)
{
    (void)state;
    on_all(rt_check_tails);
}

static void test_level(void **state)
{
    (void)state;
    assert_in_range(cnn_isa_level(), CNN_X86 ? CNN_SSE2 : CNN_SCALAR, CNN_AVX512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanes),      cmocka_unit_test(test_sqrt),
        cmocka_unit_test(test_reductions), cmocka_unit_test(test_tails),
        cmocka_unit_test(test_level),      cmocka_unit_test(test_shuffles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
