/* Convolutions and pooling. Images [N, C, H, W] become [H, W, C]; signals [N, C, L] are images of
 * height 1. */
#include <string.h>

#include "attr.h"
#include "onnx_layout.h"
#include "ops.h"

/* ---- windows --------------------------------------------------------------------------------- */

/* One number where both are the same. */
static void write_sizes(struct wlayer *l, const char *key, const int64_t size[2])
{
    if (size[0] == size[1])
        layer_int(l, key, size[0]);
    else
        layer_ints(l, key, 2, size);
}

static bool both_are(const int64_t size[2], int64_t value)
{
    return size[0] == value && size[1] == value;
}

static void write_padding(struct wlayer *l, const struct onnx_window *w)
{
    const int64_t *b = w->before, *a = w->after;
    if (both_are(b, 0) && both_are(a, 0))
        return;
    if (b[0] == a[0] && b[1] == a[1])
        write_sizes(l, "padding", b);
    else
        layer_raw(l, "padding", "[[%lld, %lld], [%lld, %lld]]", (long long)b[0], (long long)a[0],
                (long long)b[1], (long long)a[1]);
}

/* strides and padding; the kernel under its name for the layer. */
static void write_window(struct wlayer *l, const struct onnx_window *w, const char *kernel)
{
    write_sizes(l, kernel, w->kernel);
    if (!both_are(w->stride, 1) || !strcmp(kernel, "pool_size"))
        write_sizes(l, "strides", w->stride);
    write_padding(l, w);
    if (!both_are(w->dilation, 1))
        write_sizes(l, "dilation_rate", w->dilation);
}

/* The window of the node; that of a signal has height 1. */
static bool window_of(struct lower *lo, struct onnx_node *n, const int64_t *kernel,
        struct onnx_window *w)
{
    int spatial = n->in.at[0]->dims.rank - 2;
    if (spatial > 2)
        return onnx_refuse(lo->m, n, "%d spatial dimensions; 1 and 2 are supported", spatial);
    if (!onnx_window_of(lo->m, n, kernel, w))
        return false;
    int64_t *const of_one[] = {w->kernel, w->stride, w->dilation}, *const of_none[] = {w->before,
        w->after, w->more};
    for (int i = 0; i < 3 && spatial == 1; i++) {
        of_one[i][1] = of_one[i][0];
        of_one[i][0] = 1;
        of_none[i][1] = of_none[i][0];
        of_none[i][0] = 0;
    }
    w->rank = 2;
    return true;
}

/* The view of an image or a signal as [H, W, C]. */
static bool image_view(struct lower *lo, const struct onnx_dims *d, struct view *v)
{
    v->dims = *d;
    if (d->rank == 3)
        v->dims = (struct onnx_dims){4, {d->at[0], d->at[1], 1, d->at[2]}};
    place_channels_last(4, v->perm);
    return place_view(lo, v, 14, 0);
}

/* The image x goes into a layer, whose result, y, is one as well. */
static struct wlayer *image_layer(struct lower *lo, struct onnx_node *n, struct onnx_value *x,
        struct onnx_value *y, const char *type)
{
    struct view in, out;
    if (lo->batch == 1 && x->dims.at[0] != 1) {
        onnx_refuse(lo->m, n, "its images %s are no batch of the network's inputs",
                onnx_dims_text(lo->pool, &x->dims));
        return NULL;
    }
    image_view(lo, &x->dims, &in);
    image_view(lo, &y->dims, &out);
    const char *name = place_arrange(lo, n, x, &in);
    if (!name)
        return NULL;
    struct wlayer *l = lower_layer(lo, type, y);
    layer_input(l, name);
    place_set(lo, y, l, &out);
    y->placed->open = l;
    return l;
}

/* ---- convolution ----------------------------------------------------------------------------- */

/* Weights as ONNX has them, the spatial dimensions first and then those two: the kernel in Keras'
 * order. */
static void write_kernel(struct lower *lo, struct wlayer *l, const struct onnx_value *w, int first,
        int second, const struct shape *as)
{
    struct view v = {.dims = w->dims};
    int n = 0;
    for (int i = 2; i < w->dims.rank; i++)
        v.perm[n++] = i;
    v.perm[n++] = first;
    v.perm[n] = second;
    layer_weight(l, "kernel", *as, place_data(lo, w, &v));
}

/* The bias of the filters from `first` on. */
static bool write_bias(struct lower *lo, struct onnx_node *n, struct wlayer *l, int64_t first,
        int64_t filters)
{
    const struct onnx_value *b = onnx_in(n, 2);
    struct shape s = {1, {(int)filters}};
    if (!b)
        layer_bool(l, "use_bias", false);
    else if (!b->f || onnx_size(&b->dims) != n->out.at[0]->dims.at[1])
        return onnx_refuse(lo->m, n, "a bias %s for %lld filters",
                onnx_dims_text(lo->pool, &b->dims), (long long)n->out.at[0]->dims.at[1]);
    else
        layer_weight(l, "bias", s, b->f + first);
    return true;
}

static bool weights_constant(struct lower *lo, struct onnx_node *n)
{
    for (int i = 1; i < n->in.n; i++)
        if (n->in.at[i] && !onnx_is_const(n->in.at[i]))
            return onnx_refuse(lo->m, n, "its weights '%s' are no constant",
                    onnx_quoted(lo->m, n->in.at[i]->name));
    return n->in.at[1]->f || onnx_refuse(lo->m, n, "its weights are no floats");
}

static struct shape kernel_shape(const struct onnx_window *w, int64_t first, int64_t second)
{
    struct shape s = {.rank = w->rank + 2};
    for (int i = 0; i < w->rank; i++)
        s.dim[i] = (int)w->kernel[i];
    s.dim[w->rank] = (int)first;
    s.dim[w->rank + 1] = (int)second;
    return s;
}

bool onnx_lower_conv(struct lower *lo, struct onnx_node *n)
{
    struct onnx_window w;
    if (!weights_constant(lo, n) || !window_of(lo, n, n->in.at[1]->dims.at + 2, &w))
        return false;
    const struct onnx_value *k = n->in.at[1];
    int64_t groups = onnx_int(n, "group", 1), channels = n->in.at[0]->dims.at[1];
    int64_t filters = k->dims.at[0], multiplier = filters / groups;
    bool depthwise = groups == channels && groups > 1;
    struct wlayer *l = image_layer(lo, n, n->in.at[0], n->out.at[0],
            depthwise ? "DepthwiseConv2D" : "Conv2D");
    if (!l)
        return false;
    if (!depthwise)
        layer_int(l, "filters", filters);
    write_window(l, &w, "kernel_size");
    if (depthwise && multiplier > 1)
        layer_int(l, "depth_multiplier", multiplier);
    else if (!depthwise && groups > 1)
        layer_int(l, "groups", groups);
    struct shape s = depthwise ? kernel_shape(&w, channels, multiplier)
                               : kernel_shape(&w, k->dims.at[1], filters);
    write_kernel(lo, l, k, depthwise ? 0 : 1, depthwise ? 1 : 0, &s);
    return write_bias(lo, n, l, 0, filters);
}

/* The layer of one group, or of all of a convolution without groups: x to y with the weights
 * [channels, filters, ...] from channel `first` on. */
static bool transpose_group(struct lower *lo, struct onnx_node *n, struct onnx_value *x,
        struct onnx_value *y, int64_t first, const struct onnx_window *w)
{
    struct onnx_value k = *n->in.at[1];
    int64_t filters = k.dims.at[1], size = onnx_size(&k.dims) / k.dims.at[0];
    struct wlayer *l = image_layer(lo, n, x, y, "Conv2DTranspose");
    if (!l)
        return false;
    layer_int(l, "filters", filters);
    write_window(l, w, "kernel_size");
    write_sizes(l, "output_padding", w->more);
    struct shape s = kernel_shape(w, filters, x->dims.at[1]);
    k.f += first * size;
    k.dims.at[0] = x->dims.at[1];
    write_kernel(lo, l, &k, 1, 0, &s);
    return write_bias(lo, n, l, first / x->dims.at[1] * filters, filters);
}

enum { MAX_GROUPS = 64 };

/* Groups are layers of their own, on slices of the channels. */
static bool transpose_groups(struct lower *lo, struct onnx_node *n, int64_t groups,
        const struct onnx_window *w)
{
    struct onnx_value *part[MAX_GROUPS];
    int64_t each = n->in.at[0]->dims.at[1] / groups;
    for (int64_t g = 0; g < groups; g++) {
        struct onnx_value *x = lower_part(lo, n, 1, g * each, each, 1);
        part[g] = onnx_value_new(lo->m, n->out.at[0]->name);
        part[g]->dims = n->out.at[0]->dims;
        part[g]->dims.at[1] /= groups;
        part[g]->users = 1;
        if (!x || !transpose_group(lo, n, x, part[g], g * each, w))
            return false;
    }
    return lower_join(lo, n, part, (int)groups, 1, n->out.at[0]);
}

bool onnx_lower_conv_transpose(struct lower *lo, struct onnx_node *n)
{
    struct onnx_window w;
    int64_t groups = onnx_int(n, "group", 1);
    if (!weights_constant(lo, n) || !window_of(lo, n, n->in.at[1]->dims.at + 2, &w))
        return false;
    if (groups > MAX_GROUPS)
        return onnx_refuse(lo->m, n, "%lld groups, more than %d", (long long)groups, MAX_GROUPS);
    if (groups > 1)
        return transpose_groups(lo, n, groups, &w);
    return transpose_group(lo, n, n->in.at[0], n->out.at[0], 0, &w);
}

/* ---- pooling --------------------------------------------------------------------------------- */

static struct wlayer *pool_layer(struct lower *lo, struct onnx_node *n, const char *type)
{
    struct onnx_window w;
    if (!window_of(lo, n, NULL, &w))
        return NULL;
    struct wlayer *l = image_layer(lo, n, n->in.at[0], n->out.at[0], type);
    if (!l)
        return NULL;
    n->out.at[0]->placed->open = NULL;         /* pooling takes no activation */
    write_window(l, &w, "pool_size");
    if (w.ceil)
        layer_bool(l, "ceil_mode", true);
    return l;
}

bool onnx_lower_max_pool(struct lower *lo, struct onnx_node *n)
{
    return pool_layer(lo, n, "MaxPooling2D") != NULL;
}

bool onnx_lower_average_pool(struct lower *lo, struct onnx_node *n)
{
    int given;
    const int64_t *dilation = onnx_ints(n, "dilations", &given);
    for (int i = 0; i < given; i++)
        if (dilation[i] != 1)
            return onnx_refuse(lo->m, n, "dilated windows");
    struct wlayer *l = pool_layer(lo, n, "AveragePooling2D");
    if (l && onnx_int(n, "count_include_pad", 0))
        layer_bool(l, "count_include_pad", true);
    return l != NULL;
}

bool onnx_lower_global_pool(struct lower *lo, struct onnx_node *n)
{
    int spatial = n->in.at[0]->dims.rank - 2;
    if (spatial > 2)
        return onnx_refuse(lo->m, n, "%d spatial dimensions; 1 and 2 are supported", spatial);
    struct wlayer *l = image_layer(lo, n, n->in.at[0], n->out.at[0], n->op->function.layer);
    if (!l)
        return false;
    n->out.at[0]->placed->open = NULL;
    layer_bool(l, "keepdims", true);
    return true;
}
