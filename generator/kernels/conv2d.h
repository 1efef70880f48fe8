/* conv2d.h: what the convolution kernels share. */
#ifndef CNNGEN_KERNELS_CONV2D_H
#define CNNGEN_KERNELS_CONV2D_H

#include "../kernel.h"

bool conv2d_is_pointwise(const struct conv2d *);   /* 1x1, stride 1, no padding, one group */
bool conv2d_is_depthwise(const struct conv2d *);   /* one input channel in each group */

/* Some output rows use fewer than KH kernel rows. */
bool conv2d_clips_rows(const struct conv2d *, int ih, int oh);

/* No output row (axis 0) or column (1) is without a kernel row or column in the image: dilated kernels can reach
 * over all of it. */
bool conv2d_fills(const struct conv2d *, int axis, int in, int out);

/* kernel.halo: the padding on the left, and what windows reach over on the right. */
void conv2d_halo(const struct group *, int *left, int *right);

/* Cycles for moving input, output and weights once. */
double conv2d_stream_cost(const struct group *, int64_t batch, const struct target *, double weight_bytes);

/* Cycles for one step (kernel element, input channel) of a register tile of p pixels by nr vectors of
 * output channels: multiplies, loads of nr weights and p broadcasts, or the four cycles that a sum
 * waits for itself, some of which shows unless there are twice as many sums as hide it. One tile
 * serves all CPUs of a kind: the one counts that starts most FMAs in a cycle, which needs the most
 * sums and comes least near to its own peak. */
double conv2d_step_cycles(const struct target *, int p, int nr);

/* What a cycle of code of shorter vectors, `t`, is on CPUs of the target that it stands in for: those that
 * start more of the long ones in a cycle don't start more of these; those with FMA start five instructions
 * in a cycle, not three. */
double conv2d_stand_in(const struct target *of, const struct target *t);

/* Bytes of a layer's weights that come in a cycle when a network of so many bytes of weights runs again: what
 * the second level holds stays there. The third is shared, and larger than what a core can count on. */
double conv2d_weight_rate(double param_bytes, const struct target *);

/* What shows of the weights' way from behind the second level where the next tile's are asked for, in cycles. */
double conv2d_far_weights_cost(const struct group *, const struct target *, double weight_bytes);

/* Bias of channel oc to *at; with a fused affine its scale to at[step] and its shift to at[2 * step]. */
void conv2d_pack_channel(const struct group *, int oc, float *at, int64_t step);

/* Packs the step's weights in blocks of output channels, the last one filled with zeros: [block][products][in
 * block], where `products` are those of one output in the order of the kernel; then biases (scales,
 * shifts) [block][in block]. */
void conv2d_pack_blocks(struct pool *, struct step *, int64_t products, int block);

/* IC OC (of one group) G IH OH KH KW SH SW DH DW PT PL and the pitches X and Y. */
void conv2d_bind_shape(struct pool *, struct args *, const struct step *);

/* Of a transposed convolution: IC OC IH OH OW KH KW SH SW PT PL and the pitches X and Y. */
void conv2d_transpose_bind_shape(struct pool *, struct args *, const struct step *);

/* Output channels in a block of weights, for kernels that have them in vectors. */
int conv2d_block(int channels);

/* Floats that conv2d_direct packs for a group (conv2d_direct.c). */
int64_t conv2d_direct_floats(const struct group *);

#endif
