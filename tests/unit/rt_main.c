/* SPDX-License-Identifier: 0BSD
 *
 * rt_main.c: the checks of the runtime without CMocka, for targets that have none, in qemu.
 * Prints what was found; the exit status is 0 if nothing failed.
 *
 *     aarch64-linux-gnu-gcc -O2 -static -Iruntime tests/unit/rt_main.c runtime/cnn_rt.c -lm
 *
 * checks the functions; with -DRT_MAIN_VEC, the vector helpers.
 */
#define _DEFAULT_SOURCE

#ifdef RT_MAIN_VEC

#include "rt_vec.h"

static long check_all(void)
{
    long all = 0;
    int i;

    for (i = 0; i < RT_ISA_VEC_COUNT && rt_isa_vecs[i].level <= cnn_isa_level(); i++) {
        const struct rt_isa_vec *isa = &rt_isa_vecs[i];
        long failures = rt_check_lanes(isa) + rt_check_sqrt(isa) + rt_check_reductions(isa) +
                        rt_check_spread(isa) + rt_check_slide(isa) + rt_check_other(isa) +
                        rt_check_weave(isa) + rt_check_tails(isa);

        printf("%-7s %ld failures\n", isa->name, failures);
        all += failures;
    }
    return all;
}

#else

#include "rt_math.h"

static long check_all(void)
{
    long all = 0;
    int i;

    for (i = 0; i < RT_FUNCTION_COUNT; i++)
        all += rt_check_function(i);
    return all;
}

#endif

int main(void)
{
    long failures = check_all();

    printf("%ld failures\n", failures);
    return failures != 0;
}
