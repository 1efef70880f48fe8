/* SPDX-License-Identifier: 0BSD
 *
 * test_rt_math_strict.c: test_rt_math.c as --math=strict has it: the same bounds without FMA, and
 * the same bits from every instruction set.
 */
#define CNN_STRICT 1
#include "test_rt_math.c"
