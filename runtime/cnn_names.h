/* SPDX-License-Identifier: 0BSD
 *
 * cnn_names.h: one spelling of the helpers for all instruction sets.
 *
 * vf_load stands for cnn_vf_load_avx512 while CNN_ISA is avx512, and for cnn_vf_load_sse2 after
 * the next cnn_vec_<isa>.h has redefined it: macros are expanded where they are used.  So one
 * source file holds the same kernel text for every instruction set.
 */
#ifndef CNN_NAMES_H
#define CNN_NAMES_H

#define CNN_JOIN3(name, isa) cnn_##name##_##isa
#define CNN_JOIN2(name, isa) CNN_JOIN3(name, isa)
#define CNN_JOIN(name) CNN_JOIN2(name, CNN_ISA)

/* Types. */
#define vf CNN_JOIN(vf)
#define vi CNN_JOIN(vi)

/* Helpers, cnn_vec_common.h and cnn_vec_<isa>.h. */
#define vf_bits CNN_JOIN(vf_bits)
#define vf_from_bits CNN_JOIN(vf_from_bits)
#define vf_load CNN_JOIN(vf_load)
#define vf_store CNN_JOIN(vf_store)
#define vf_keep CNN_JOIN(vf_keep)
#define vf_zero CNN_JOIN(vf_zero)
#define vf_add CNN_JOIN(vf_add)
#define vf_sub CNN_JOIN(vf_sub)
#define vf_mul CNN_JOIN(vf_mul)
#define vf_div CNN_JOIN(vf_div)
#define vf_neg CNN_JOIN(vf_neg)
#define vf_abs CNN_JOIN(vf_abs)
#define vf_copysign CNN_JOIN(vf_copysign)
#define vf_head CNN_JOIN(vf_head)
#define vf_round CNN_JOIN(vf_round)
#define vf_pow2 CNN_JOIN(vf_pow2)
#define vf_ldexp CNN_JOIN(vf_ldexp)
#define vf_frexp CNN_JOIN(vf_frexp)
#define vf_sum4 CNN_JOIN(vf_sum4)
#define vf_max4 CNN_JOIN(vf_max4)
#define vf_min4 CNN_JOIN(vf_min4)
#define vf_hmax4 CNN_JOIN(vf_hmax4)
#define vf_set1 CNN_JOIN(vf_set1)
#define vf_load_n CNN_JOIN(vf_load_n)
#define vf_store_n CNN_JOIN(vf_store_n)
#define vf_fma CNN_JOIN(vf_fma)
#define vf_max CNN_JOIN(vf_max)
#define vf_min CNN_JOIN(vf_min)
#define vf_atleast CNN_JOIN(vf_atleast)
#define vf_atmost CNN_JOIN(vf_atmost)
#define vf_relu CNN_JOIN(vf_relu)
#define vf_select_lt CNN_JOIN(vf_select_lt)
#define vf_select_nan CNN_JOIN(vf_select_nan)
#define vf_isqrt CNN_JOIN(vf_isqrt)
#define vf_sqrt CNN_JOIN(vf_sqrt)
#define vf_sum CNN_JOIN(vf_sum)
#define vf_sum16 CNN_JOIN(vf_sum16)
#define vf_hmax CNN_JOIN(vf_hmax)
#define vf_from_u8 CNN_JOIN(vf_from_u8)
#define vf_from_u8_n CNN_JOIN(vf_from_u8_n)
#define vf_blend CNN_JOIN(vf_blend)
#define vf_first CNN_JOIN(vf_first)

/* Functions, cnn_math.h. */
#define vf_poly CNN_JOIN(vf_poly)
#define vf_exp_split CNN_JOIN(vf_exp_split)
#define vf_exp CNN_JOIN(vf_exp)
#define vf_exp_mid CNN_JOIN(vf_exp_mid)
#define vf_expm1 CNN_JOIN(vf_expm1)
#define vf_log_sum CNN_JOIN(vf_log_sum)
#define vf_log_special CNN_JOIN(vf_log_special)
#define vf_log CNN_JOIN(vf_log)
#define vf_log1p_finite CNN_JOIN(vf_log1p_finite)
#define vf_log1p CNN_JOIN(vf_log1p)
#define vf_tanh CNN_JOIN(vf_tanh)
#define vf_sigmoid CNN_JOIN(vf_sigmoid)
#define vf_normal_tail CNN_JOIN(vf_normal_tail)
#define vf_erf CNN_JOIN(vf_erf)
#define vf_relu6 CNN_JOIN(vf_relu6)
#define vf_slope CNN_JOIN(vf_slope)
#define vf_leaky_relu CNN_JOIN(vf_leaky_relu)
#define vf_relu_full CNN_JOIN(vf_relu_full)
#define vf_hard_sigmoid CNN_JOIN(vf_hard_sigmoid)
#define vf_hard_tanh CNN_JOIN(vf_hard_tanh)
#define vf_hard_silu CNN_JOIN(vf_hard_silu)
#define vf_elu CNN_JOIN(vf_elu)
#define vf_selu CNN_JOIN(vf_selu)
#define vf_celu CNN_JOIN(vf_celu)
#define vf_gelu CNN_JOIN(vf_gelu)
#define vf_gelu_tanh CNN_JOIN(vf_gelu_tanh)
#define vf_silu CNN_JOIN(vf_silu)
#define vf_mish CNN_JOIN(vf_mish)
#define vf_softplus CNN_JOIN(vf_softplus)
#define vf_log_sigmoid CNN_JOIN(vf_log_sigmoid)
#define vf_softsign CNN_JOIN(vf_softsign)
#define vf_exponential CNN_JOIN(vf_exponential)
#define vf_square CNN_JOIN(vf_square)

#endif
