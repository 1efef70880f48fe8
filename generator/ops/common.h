/* common.h: what the files of ops/ share: rows of attribute tables, messages, numbers.
 *
 * Error bounds: e is how far the emitted code may be from v whatever the fusion, the order of sums
 * and the use of FMA. An element whose value is not finite has e = 0: it must come out the same. */
#ifndef CNNGEN_OPS_COMMON_H
#define CNNGEN_OPS_COMMON_H

#include <math.h>

#include "families.h"

/* ---- attribute tables ------------------------------------------------------------------------ */

enum {
    MAX_WINDOW = 16384,      /* kernel, stride, dilation: their products stay far from overflow */
    MAX_EXTENT = 536870911   /* filters, units, dimensions: as many floats are the limit */
};

#define ATTRS_END {.key = NULL}

#define ATTRS_KERNEL_SIZE(type) \
    {"kernel_size", ATTR_PAIR, AT(type, kernel), NULL, 1, MAX_WINDOW, NULL, \
     "height and width of the kernel"}
#define ATTRS_STRIDES(type) \
    {"strides", ATTR_PAIR, AT(type, strides), "1", 1, MAX_WINDOW, NULL, \
     "steps of the kernel down and to the right"}
#define ATTRS_PADDING(type) \
    {"padding", ATTR_PADDING, AT(type, padding), "valid", 0, 0, NULL, \
     "valid (none), same (as TensorFlow: an odd pixel goes to the bottom and right), or pixels"}
#define ATTRS_DILATION(type) \
    {"dilation_rate", ATTR_PAIR, AT(type, dilation), "1", 1, MAX_WINDOW, NULL, \
     "distance between the elements of the kernel"}
#define ATTRS_USE_BIAS(type) \
    {"use_bias", ATTR_BOOL, AT(type, use_bias), "true", 0, 0, NULL, \
     "whether a bias is added to each output channel"}
#define ATTRS_ACTIVATION \
    {"activation", ATTR_ACTIVATION, ATTR_TO_NODE, "linear", 0, 0, NULL, \
     "function applied to the result"}

/* ---- shapes and messages --------------------------------------------------------------------- */

const struct shape *in_shape(const struct node *, int i);
struct shape image_shape(int h, int w, int c);
struct shape vector_shape(int c);
int last_dim(const struct shape *);

/* "'stem' [32, 32, 16]" of an input, and where its shape comes from as a note. */
const char *input_words(struct graph *, const struct node *, int i, struct diag *);
void note_maker(struct graph *, const struct node *, int i, struct diag *);

/* The output has the shape of the first input. */
void shape_as_input(struct graph *, struct node *, struct diag *);

/* The dimension that an axis as in Keras means: 1 is the first, -1 the last, 0 the batch, which is
 * refused as others are that aren't there. */
bool find_axis(struct graph *, struct node *, const char *key, int axis, int *to, struct diag *);

/* Whether an axis as in Keras (0 is the batch, -1 the last) is the last one; reports if not. The
 * second form is for layers whose configurations say [-1]. */
bool need_last_axis(struct graph *, struct node *, int axis, struct diag *);
bool need_last_axes(struct graph *, struct node *, const struct indices *axis, struct diag *);

/* A window on an image: what is given and, resolved, its pads and the output's height and width. */
struct window {
    const char *key;                 /* of the attribute that an error underlines */
    const char *what;                /* "kernel", "window" */
    int size[2], strides[2], dilation[2];
    const struct padding *padding;
    bool ceil_mode;
    int pad[4];                      /* resolved: top bottom left right */
    int out[2];                      /* resolved */
};

/* Resolves against in[0], an image; reports [empty-output] and returns false when nothing comes
 * out. */
bool window_resolve(struct graph *, struct node *, struct window *, struct diag *);

/* Whether the groups divide the channels of the first input, and the filters; reports if not. */
bool check_groups(struct graph *, struct node *, const struct conv2d *, struct diag *);

/* IC * depth_multiplier; 0 after an error. */
int depthwise_channels(struct graph *, struct node *, const struct conv2d *, struct diag *);

/* Whether what lies between the two convolutions of a separable one is no larger than a tensor may
 * be; reports if it is. */
bool separable_fits(struct graph *, struct node *, struct shape between, struct diag *);

/* Of a transposed convolution, for an axis (0 height, 1 width) with `in` elements: what comes out,
 * below 1 if nothing does, and the pads; and the products in one element at most. */
bool check_output_padding(struct graph *, struct node *, const struct conv2d_transpose *,
                          struct diag *);
int64_t transpose_extent(const struct conv2d_transpose *, int axis, int in, int pad[2]);
int64_t transpose_products(const struct conv2d_transpose *);

/* ---- weights --------------------------------------------------------------------------------- */

void add_bias(struct node *, int channels);
const float *weight_data(const struct node *, const char *name);  /* NULL: no such weight */
int64_t saturated_product(const int64_t *factor, int n);          /* at most INT64_MAX */

/* ---- evaluation ------------------------------------------------------------------------------ */

/* The error of one rounding to single precision, denormals included. */
static inline double rounding(double x) { return UNIT_ROUNDOFF * fabs(x) + 0x1p-150; }

/* The larger of v and x, and the bound of that; NaN is kept. An x that loses by more than both
 * errors has no influence. */
void keep_larger(double *v, double *e, double x, double x_e);

double *new_doubles(int64_t n);      /* zeroed; to be given to free() */
void drop_nonfinite(struct tval *);  /* finite e become 0 where v is not finite: ends most evals */

/* The bound of a sum v, e being the one that holds if nothing overflows and s at least the sum of
 * the magnitudes of the finite summands: INFINITY where a partial sum, in some order, may exceed
 * FLT_MAX and so change the result. For the results of start_sums and add_products s is e / gamma:
 * every magnitude is in e with that factor, and what else is in e makes s larger. The inner form is
 * for sums that are worked on, whose value itself has to be a float. */
double sum_bound(double v, double e, double s);
double inner_sum_bound(double v, double e, double s);
void bound_sums(struct tval *, double gamma);
void bound_hidden(struct tval *);    /* INFINITY where a value on the way may not be a float */
static inline double finite_magnitude(double x) { return isfinite(x) ? fabs(x) : 0; }
void eval_copy(const struct node *, const struct tval *in, struct tval *out);

/* v[o] += x * w[o] and e[o] += t * |w[o]| for n outputs. With t = product_error(...) of x, e
 * becomes the bound of a sum of products, gamma being sum_error of their number and 1. */
void add_products(int n, double x, double t, const float *w, double *v, double *e);
static inline double product_error(double x, double e, double gamma)
{
    return isfinite(x) ? e + gamma * (fabs(x) + e) : e;  /* infinities and NaN are not rounded */
}
double *product_errors(const struct tval *, double gamma);  /* of all elements; to be freed */

/* Starts n sums of k products each with the bias (NULL: 0). */
void start_sums(int n, const float *bias, double k, double *v, double *e);

/* y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, statistics over the n numbers, gamma
 * and beta one for each; either may be NULL. */
void normalize_row(int n, const double *x, const double *e, double epsilon, const float *gamma,
                   const float *beta, double *y, double *ye);

/* y = x * scale + shift on channels, given in double precision. */
void eval_affine(const struct node *, const struct tval *in, struct tval *out, const double *scale,
                 const double *shift);

/* Puts the internal AFFINE in a node's place; the floats are those of the doubles, rounded. */
void replace_by_affine(struct graph *, struct node *, const double *scale, const double *shift);

/* The shape rule of all element-wise layers of several inputs; and which element of an input goes
 * into element i of the output. */
void binary_shape(struct graph *, struct node *, struct diag *);
int64_t broadcast_element(const struct shape *in, const struct shape *out, int64_t i);

/* An element-wise layer of two inputs, the second a Constant with one number, or one for each
 * channel, may be x * scale + shift: evaluates it as that, and puts AFFINE in its place. The former
 * returns false where it isn't. */
bool eval_constant_operand(const struct node *, const struct tval *in, struct tval *out);
void lower_constant_operand(struct graph *, struct node *);

void eval_conv2d(const struct conv2d *, const float *kernel, const float *bias,
                 const struct tval *in, struct tval *out);

#endif
