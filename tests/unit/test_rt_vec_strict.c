/* SPDX-License-Identifier: 0BSD
 *
 * test_rt_vec_strict.c: test_rt_vec.c as --math=strict has it: vf_fma rounds twice everywhere, and
 * of two zeros vf_max and vf_min take the second. / */
#define CNN_STRICT 1
#include "test_rt_vec.c"
