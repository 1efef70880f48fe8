/* Convolutions, matrices, pooling and reductions. */
#include <string.h>

#include "tflite_lower.h"

/* Fields of the options. */
enum { CONV_PADDING, CONV_STRIDE_W, CONV_STRIDE_H, CONV_ACT, CONV_DILATION_W, CONV_DILATION_H };
enum { DEPTH_MULTIPLIER = 3, DEPTH_DILATION_W = 5, DEPTH_DILATION_H };
enum { POOL_WIDTH = 3, POOL_HEIGHT };
enum { FULL_FORMAT = 1, FULL_KEEP_DIMS };
enum { MATMUL_ADJ_X, MATMUL_ADJ_Y };
enum { PADDING_SAME, PADDING_VALID };

/* ---- what they share ------------------------------------------------------------------------- */

static void write_pair(struct wlayer *l, const char *key, int64_t h, int64_t w)
{
    int64_t pair[] = {h, w};
    if (h == w)
        layer_int(l, key, h);
    else
        layer_ints(l, key, 2, pair);
}

static bool is_image(struct tflite *m, struct tflite_node *n, const struct tflite_tensor *t)
{
    return (t->dims.rank == 4 && t->dims.at[0] == m->batch && tflite_size(&t->dims) > 0) ||
           tflite_refuse(m, n, "'%s' %s is no batch of images", tflite_quoted(m, t->name),
                   tflite_dims_text(m->pool, &t->dims));
}

static bool write_strides(struct tflite *m, struct tflite_node *n, struct wlayer *l, bool always)
{
    int64_t w = lower_option(m, n, CONV_STRIDE_W, 4, 0);
    int64_t h = lower_option(m, n, CONV_STRIDE_H, 4, 0);
    if (h < 1 || w < 1)
        return tflite_refuse(m, n, "its strides are %lld and %lld", (long long)h, (long long)w);
    if (always || h != 1 || w != 1)
        write_pair(l, "strides", h, w);
    return true;
}

static bool write_dilation(struct tflite *m, struct tflite_node *n, struct wlayer *l, int field)
{
    int64_t w = lower_option(m, n, field, 4, 1), h = lower_option(m, n, field + 1, 4, 1);
    if (n->dilation[0]) {
        h = n->dilation[0];
        w = n->dilation[1];
    }
    if (h < 1 || w < 1)
        return tflite_refuse(m, n, "its dilations are %lld and %lld", (long long)h, (long long)w);
    if (h != 1 || w != 1)
        write_pair(l, "dilation_rate", h, w);
    return true;
}

/* "same", or the border that a PAD left to this layer, or none. */
static bool write_padding(struct tflite *m, struct tflite_node *n, struct wlayer *l,
        const struct tflite_tensor *x)
{
    int64_t kind = lower_option(m, n, CONV_PADDING, 1, PADDING_SAME);
    if (kind != PADDING_SAME && kind != PADDING_VALID)
        return tflite_refuse(m, n, "padding %lld is not known", (long long)kind);
    if (kind == PADDING_SAME)
        layer_word(l, "padding", "same");
    else if (x->padded)
        layer_raw(l, "padding", "[[%lld, %lld], [%lld, %lld]]", (long long)x->pad[0],
                (long long)x->pad[1], (long long)x->pad[2], (long long)x->pad[3]);
    return true;
}

static bool write_bias(struct tflite *m, struct tflite_node *n, struct wlayer *l, int i,
        int64_t filters)
{
    struct tflite_tensor *b = tflite_in(n, i);
    struct shape s = {1, {(int)filters}};
    if (!b) {
        layer_bool(l, "use_bias", false);
        return true;
    }
    if (tflite_size(&b->dims) != filters)
        return tflite_refuse(m, n, "a bias %s for %lld channels",
                tflite_dims_text(m->pool, &b->dims), (long long)filters);
    const float *data = tflite_floats(m, n, b);
    if (data)
        layer_weight(l, "bias", s, data);
    return data != NULL;
}

/* Weights of a rank; NULL when refused. */
static const float *weights(struct tflite *m, struct tflite_node *n, int i, int rank)
{
    struct tflite_tensor *w = n->in.at[i];
    if (w->dims.rank != rank || tflite_size(&w->dims) < 1) {
        tflite_refuse(m, n, "its weights are %s", tflite_dims_text(m->pool, &w->dims));
        return NULL;
    }
    return tflite_floats(m, n, w);
}

/* rows x columns, turned. */
static float *transposed(struct tflite *m, const float *from, int64_t rows, int64_t columns)
{
    float *to = NEW_ARRAY(m->pool, float, rows * columns);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            to[c * rows + r] = from[r * columns + c];
    return to;
}

/* ---- convolutions ---------------------------------------------------------------------------- */

bool tflite_lower_conv(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_tensor *x = n->in.at[0];
    const float *w = weights(m, n, 1, 4);
    if (!w || !is_image(m, n, x))
        return false;
    const int64_t *d = n->in.at[1]->dims.at;      /* [filters, height, width, channels] */
    if (x->dims.at[3] % d[3] || d[0] % (x->dims.at[3] / d[3]))
        return tflite_refuse(m, n, "its weights %s don't fit %lld channels",
                tflite_dims_text(m->pool, &n->in.at[1]->dims), (long long)x->dims.at[3]);
    struct wlayer *l = lower_unary(m, n, "Conv2D");
    struct shape s = {4, {(int)d[1], (int)d[2], (int)d[3], (int)d[0]}};
    if (!l)
        return false;
    layer_int(l, "filters", d[0]);
    write_pair(l, "kernel_size", d[1], d[2]);
    if (x->dims.at[3] != d[3])
        layer_int(l, "groups", x->dims.at[3] / d[3]);
    layer_weight(l, "kernel", s, transposed(m, w, d[0], d[1] * d[2] * d[3]));
    return write_strides(m, n, l, false) && write_padding(m, n, l, x) &&
           write_dilation(m, n, l, CONV_DILATION_W) && write_bias(m, n, l, 2, d[0]) &&
           lower_activation(m, n, l, true);
}

bool tflite_lower_depthwise(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_tensor *x = n->in.at[0];
    const float *w = weights(m, n, 1, 4);
    if (!w || !is_image(m, n, x))
        return false;
    const int64_t *d = n->in.at[1]->dims.at;      /* [1, height, width, channels * multiplier] */
    int64_t channels = x->dims.at[3];
    if (d[0] != 1 || d[3] % channels)
        return tflite_refuse(m, n, "its weights %s don't fit %lld channels",
                tflite_dims_text(m->pool, &n->in.at[1]->dims), (long long)channels);
    struct wlayer *l = lower_unary(m, n, "DepthwiseConv2D");
    struct shape s = {4, {(int)d[1], (int)d[2], (int)channels, (int)(d[3] / channels)}};
    if (!l)
        return false;
    write_pair(l, "kernel_size", d[1], d[2]);
    if (d[3] != channels)
        layer_int(l, "depth_multiplier", d[3] / channels);
    layer_weight(l, "kernel", s, w);
    return write_strides(m, n, l, false) && write_padding(m, n, l, x) &&
           write_dilation(m, n, l, DEPTH_DILATION_W) && write_bias(m, n, l, 2, d[3]) &&
           lower_activation(m, n, l, true);
}

/* What a transposed convolution makes of n pixels when nothing says otherwise. */
static int64_t stretched(int64_t n, int64_t stride, int64_t kernel, bool same)
{
    return same ? n * stride : n * stride + (kernel > stride ? kernel - stride : 0);
}

static bool transpose_size_ok(struct tflite *m, struct tflite_node *n)
{
    const int64_t *w = n->in.at[1]->dims.at, *x = n->in.at[2]->dims.at;
    int64_t stride[] = {lower_option(m, n, CONV_STRIDE_H, 4, 0),
        lower_option(m, n, CONV_STRIDE_W, 4, 0)};
    bool same = lower_option(m, n, CONV_PADDING, 1, PADDING_SAME) == PADDING_SAME;
    int count;
    const int64_t *size = lower_list(m, n, 0, &count);
    if (!size || count != 4)
        return tflite_refuse(m, n, "the shape of its result has %d dimensions", count);
    for (int i = 0; i < 2; i++)
        if (stride[i] < 1 || stride[i] > INT32_MAX ||
                size[1 + i] != stretched(x[1 + i], stride[i], w[1 + i], same))
            return tflite_refuse(m, n, "%lldx%lld pixels become %lldx%lld by strides %lldx%lld",
                    (long long)x[1], (long long)x[2], (long long)size[1], (long long)size[2],
                    (long long)stride[0], (long long)stride[1]);
    return true;
}

/* [filters, height, width, channels] to [height, width, filters, channels]. */
static float *transpose_kernel(struct tflite *m, const float *from, const int64_t *d)
{
    int64_t pixels = d[1] * d[2];
    float *to = NEW_ARRAY(m->pool, float, d[0] * pixels * d[3]);
    for (int64_t f = 0; f < d[0]; f++)
        for (int64_t p = 0; p < pixels; p++)
            memcpy(to + (p * d[0] + f) * d[3], from + (f * pixels + p) * d[3],
                    (size_t)d[3] * sizeof *to);
    return to;
}

bool tflite_lower_transpose_conv(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *x = n->in.at[2];
    const float *w = weights(m, n, 1, 4);
    if (!w || !is_image(m, n, x) || !transpose_size_ok(m, n))
        return false;
    const int64_t *d = n->in.at[1]->dims.at;
    struct shape s = {4, {(int)d[1], (int)d[2], (int)d[0], (int)d[3]}};
    const char *from = lower_input(m, n, 2);
    if (!from || d[3] != x->dims.at[3])
        return from && tflite_refuse(m, n, "its weights %s don't fit %lld channels",
                               tflite_dims_text(m->pool, &n->in.at[1]->dims),
                               (long long)x->dims.at[3]);
    struct wlayer *l = lower_layer(m, "Conv2DTranspose", n->out.at[0]);
    layer_input(l, from);
    layer_int(l, "filters", d[0]);
    write_pair(l, "kernel_size", d[1], d[2]);
    layer_weight(l, "kernel", s, transpose_kernel(m, w, d));
    return write_strides(m, n, l, false) && write_padding(m, n, l, x) &&
           write_bias(m, n, l, 3, d[0]) && lower_activation(m, n, l, true);
}

/* ---- matrices -------------------------------------------------------------------------------- */

/* The input as rows of so many numbers each: one row for each image unless its dimensions are
 * kept. */
static const char *rows(struct tflite *m, struct tflite_node *n, int64_t features)
{
    const struct tflite_tensor *x = n->in.at[0];
    struct seen seen;
    if (!lower_seen(m, n, x, &seen))
        return NULL;
    bool last = seen.shape.dim[seen.shape.rank - 1] == features;
    bool keep = lower_option(m, n, FULL_KEEP_DIMS, 1, 0) != 0;
    int64_t size = shape_size(&seen.shape);
    if (size % features || (keep && !last) || (m->batch > 1 && size != features && !last)) {
        tflite_refuse(m, n, "its weights take %lld features of %s", (long long)features,
                tflite_dims_text(m->pool, &x->dims));
        return NULL;
    }
    struct shape one = {1, {(int)features}}, many = {2, {(int)(size / features), (int)features}};
    if (keep)
        return lower_input(m, n, 0);
    return lower_input_as(m, n, 0, size == features ? &one : &many);
}

bool tflite_lower_fully_connected(struct tflite *m, struct tflite_node *n)
{
    const float *w = weights(m, n, 1, 2);
    if (!w)
        return false;
    const int64_t *d = n->in.at[1]->dims.at;      /* [units, features] */
    struct shape s = {2, {(int)d[1], (int)d[0]}};
    if (lower_option(m, n, FULL_FORMAT, 1, 0))
        return tflite_refuse(m, n, "its weights are shuffled");
    const char *from = rows(m, n, d[1]);
    if (!from)
        return false;
    struct wlayer *l = lower_layer(m, "Dense", n->out.at[0]);
    layer_input(l, from);
    layer_int(l, "units", d[0]);
    layer_weight(l, "kernel", s, transposed(m, w, d[0], d[1]));
    return write_bias(m, n, l, 2, d[0]) && lower_activation(m, n, l, true);
}

/* Operand i, its rows and columns exchanged where the option says so. */
static const char *matrix(struct tflite *m, struct tflite_node *n, int i, int turned)
{
    struct shape dims;
    struct seen x;
    const char *from = lower_input(m, n, i);
    if (!from || !lower_option(m, n, turned, 1, 0))
        return from;
    if (!lower_seen(m, n, n->in.at[i], &x))
        return NULL;
    if (x.shape.rank < 2) {
        tflite_refuse(m, n, "%s is no matrix to be turned",
                tflite_dims_text(m->pool, &n->in.at[i]->dims));
        return NULL;
    }
    dims.rank = x.shape.rank;
    for (int d = 0; d < dims.rank; d++)
        dims.dim[d] = d < dims.rank - 2 ? d + 1 : 2 * dims.rank - 2 - d;
    struct wlayer *l = writer_layer(m->w, "Permute",
            pool_printf(m->pool, "%s_turned_%d", n->out.at[0]->name, i));
    layer_input(l, from);
    lower_dims(l, "dims", &dims);
    return l->name;
}

bool tflite_lower_matmul(struct tflite *m, struct tflite_node *n)
{
    const char *a = matrix(m, n, 0, MATMUL_ADJ_X);
    const char *b = a ? matrix(m, n, 1, MATMUL_ADJ_Y) : NULL;
    if (!b)
        return false;
    struct wlayer *l = lower_layer(m, "MatMul", n->out.at[0]);
    layer_input(l, a);
    layer_input(l, b);
    return true;
}

/* ---- pooling --------------------------------------------------------------------------------- */

bool tflite_lower_pool(struct tflite *m, struct tflite_node *n)
{
    int64_t h = lower_option(m, n, POOL_HEIGHT, 4, 0), w = lower_option(m, n, POOL_WIDTH, 4, 0);
    if (!is_image(m, n, n->in.at[0]))
        return false;
    if (h < 1 || w < 1)
        return tflite_refuse(m, n, "its window is %lldx%lld", (long long)h, (long long)w);
    struct wlayer *l = lower_unary(m, n, n->op->layer);
    if (!l)
        return false;
    write_pair(l, "pool_size", h, w);
    return write_strides(m, n, l, true) && write_padding(m, n, l, n->in.at[0]) &&
           lower_activation(m, n, l, false);
}

/* The root of the mean of squares. */
bool tflite_lower_l2_pool(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *out = n->out.at[0];
    struct wlayer *l = is_image(m, n, n->in.at[0]) ? lower_unary(m, n, "Activation") : NULL;
    int64_t h = lower_option(m, n, POOL_HEIGHT, 4, 0), w = lower_option(m, n, POOL_WIDTH, 4, 0);
    if (!l)
        return false;
    if (h < 1 || w < 1)
        return tflite_refuse(m, n, "its window is %lldx%lld", (long long)h, (long long)w);
    layer_word(l, "activation", "square");
    l = lower_follow(m, out, "AveragePooling2D");
    write_pair(l, "pool_size", h, w);
    if (!write_strides(m, n, l, true) || !write_padding(m, n, l, n->in.at[0]))
        return false;
    l = lower_follow(m, out, "Activation");
    layer_word(l, "activation", "sqrt");
    return lower_activation(m, n, l, false);
}

/* ---- reductions ------------------------------------------------------------------------------ */

/* The axes as a mask; those of the batch, where that is 1, change nothing. */
static bool axes_mask(struct tflite *m, struct tflite_node *n, const struct seen *seen,
        unsigned *mask)
{
    const struct tflite_tensor *x = n->in.at[0];
    int count, axis;
    const int64_t *list = lower_list(m, n, 1, &count);
    *mask = 0;
    for (int i = 0; list && i < count; i++) {
        bool batch = seen->first && m->batch == 1 && (list[i] == 0 || list[i] == -x->dims.rank);
        if (batch)
            continue;
        if (!lower_axis(m, n, x, seen, list[i], &axis))
            return false;
        *mask |= 1u << axis;
    }
    return list != NULL;
}

static void write_axes(struct wlayer *l, unsigned mask)
{
    int64_t list[LIMIT_RANK];
    int n = 0;
    for (int i = 0; i < LIMIT_RANK; i++)
        if (mask & 1u << i)
            list[n++] = i + 1;       /* counted with the batch as 0 */
    layer_ints(l, "axes", n, list);
}

/* The result lies as its own dimensions say, kept or not: the reduced ones are 1. */
static bool write_result(struct tflite *m, struct tflite_node *n, const struct seen *x,
        unsigned mask)
{
    struct shape kept = x->shape;
    struct seen y;
    if (!lower_seen(m, n, n->out.at[0], &y))
        return false;
    for (int i = 0; i < kept.rank; i++)
        if (mask & 1u << i)
            kept.dim[i] = 1;
    if (shape_size(&kept) != shape_size(&y.shape))
        return tflite_refuse(m, n, "its result is %s",
                tflite_dims_text(m->pool, &n->out.at[0]->dims));
    if (!shape_equal(&kept, &y.shape))
        lower_dims(lower_follow(m, n->out.at[0], "Reshape"), "target_shape", &y.shape);
    return true;
}

bool tflite_lower_reduce(struct tflite *m, struct tflite_node *n)
{
    struct seen x;
    unsigned mask;
    if (!lower_seen(m, n, n->in.at[0], &x) || !axes_mask(m, n, &x, &mask))
        return false;
    bool global = !strcmp(n->op->layer, "ReduceMean") && x.shape.rank == 3 && mask == 3;
    struct wlayer *l = lower_unary(m, n,
            !mask ? "Identity" : global ? "GlobalAveragePooling2D" : n->op->layer);
    if (!l)
        return false;
    if (mask && !global)
        write_axes(l, mask);
    if (mask)
        layer_bool(l, "keepdims", true);
    return write_result(m, n, &x, mask);
}

bool tflite_lower_arg(struct tflite *m, struct tflite_node *n)
{
    struct seen x;
    int count, axis;
    const int64_t *list = lower_list(m, n, 1, &count);
    if (!list || count != 1 || !lower_seen(m, n, n->in.at[0], &x) ||
            !lower_axis(m, n, n->in.at[0], &x, *list, &axis))
        return list && tflite_refuse(m, n, "it takes one axis, not %d", count);
    struct wlayer *l = lower_unary(m, n, n->op->layer);
    if (!l)
        return false;
    layer_int(l, "axis", axis + 1);
    layer_bool(l, "keepdims", true);
    return write_result(m, n, &x, 1u << axis);
}

bool tflite_lower_cum_sum(struct tflite *m, struct tflite_node *n)
{
    struct seen x;
    int count, axis;
    const int64_t *list = lower_list(m, n, 1, &count);
    if (!list || count != 1 || !lower_seen(m, n, n->in.at[0], &x) ||
            !lower_axis(m, n, n->in.at[0], &x, *list, &axis))
        return list && tflite_refuse(m, n, "it takes one axis, not %d", count);
    struct wlayer *l = lower_unary(m, n, "CumSum");
    if (!l)
        return false;
    layer_int(l, "axis", axis + 1);
    if (lower_option(m, n, 0, 1, 0))
        layer_bool(l, "exclusive", true);
    if (lower_option(m, n, 1, 1, 0))
        layer_bool(l, "reverse", true);
    return true;
}

/* Of the last dimension, as the layer has it: the norm counts as 1e-6 at least. */
bool tflite_lower_l2_norm(struct tflite *m, struct tflite_node *n)
{
    struct wlayer *l = lower_unary(m, n, "UnitNormalization");
    return l && lower_activation(m, n, l, false);
}
