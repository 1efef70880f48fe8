/* Normalization. */
#include <math.h>
#include <string.h>

#include "onnx_layout.h"

/* [N, C, ...] with the channels last; a vector [N, C] too. */
static bool channels_view(struct lower *lo, struct onnx_node *n, struct view *v)
{
    v->dims = n->in.at[0]->dims;
    if (v->dims.rank < 2)
        return onnx_refuse(lo->m, n, "%s has no channels", onnx_dims_text(lo->pool, &v->dims));
    place_channels_last(v->dims.rank, v->perm);
    return place_view(lo, v, 2, ~0u) || onnx_refuse(lo->m, n, "%s takes more than %d dimensions",
                                                onnx_dims_text(lo->pool, &v->dims), LIMIT_RANK);
}

static struct wlayer *norm_layer(struct lower *lo, struct onnx_node *n, const char *type,
        const struct view *view)
{
    const char *name = place_arrange(lo, n, n->in.at[0], view);
    if (!name)
        return NULL;
    struct wlayer *l = lower_layer(lo, type, n->out.at[0]);
    layer_input(l, name);
    place_set(lo, n->out.at[0], l, view);
    return l;
}

/* Input i, one number for each channel. */
static bool vector(struct lower *lo, struct onnx_node *n, struct wlayer *l, int i, const char *name,
        int64_t channels)
{
    const struct onnx_value *v = onnx_in(n, i);
    struct view as = {.dims = {1, {channels}}};
    struct shape s = {1, {(int)channels}};
    if (!onnx_is_const(v) || onnx_size(&v->dims) != channels)
        return onnx_refuse(lo->m, n, "its %s is no constant of %lld numbers", name,
                (long long)channels);
    layer_weight(l, name, s, place_data(lo, v, &as));
    return true;
}

bool onnx_lower_batch_norm(struct lower *lo, struct onnx_node *n)
{
    static const char *const names[] = {"gamma", "beta", "moving_mean", "moving_variance"};
    struct view view;
    bool trains = onnx_int(n, "training_mode", n->opset < 7 && !onnx_int(n, "is_test", 0)) != 0;
    if (trains || onnx_int(n, "spatial", 1) != 1)
        return onnx_refuse(lo->m, n, "training mode, or statistics for each pixel");
    for (int i = 1; i < n->out.n; i++)
        if (n->out.at[i] && n->out.at[i]->users)
            return onnx_refuse(lo->m, n, "its statistics are used");
    if (!channels_view(lo, n, &view))
        return false;
    struct wlayer *l = norm_layer(lo, n, "BatchNormalization", &view);
    if (!l)
        return false;
    layer_float(l, "epsilon", onnx_float(n, "epsilon", 1e-5f));
    for (int i = 0; i < 4; i++)
        if (!vector(lo, n, l, i + 1, names[i], view.dims.at[1]))
            return false;
    return true;
}

/* ---- of each image --------------------------------------------------------------------------- */

/* Before opset 21 scale and bias were one for each group. */
static bool group_vector(struct lower *lo, struct onnx_node *n, struct wlayer *l, int i,
        const char *name, int64_t channels, int64_t groups)
{
    struct onnx_value *v = onnx_in(n, i);
    if (!onnx_is_const(v) || onnx_size(&v->dims) != groups || groups == channels)
        return vector(lo, n, l, i, name, channels);
    float *data = NEW_ARRAY(lo->pool, float, channels);
    struct shape s = {1, {(int)channels}};
    for (int64_t c = 0; c < channels; c++)
        data[c] = (float)onnx_number(v, c / (channels / groups));
    layer_weight(l, name, s, data);
    return true;
}

/* InstanceNormalization has as many groups as channels. */
static bool image_norm(struct lower *lo, struct onnx_node *n, int64_t groups, bool instance)
{
    struct view view;
    if (!channels_view(lo, n, &view))
        return false;
    int64_t channels = view.dims.at[1];
    groups = instance ? channels : groups;
    if (groups < 1 || channels % groups || (lo->batch == 1 && view.dims.at[0] != 1))
        return onnx_refuse(lo->m, n, "%lld groups of %s; the first dimension has to be the batch",
                (long long)groups, onnx_dims_text(lo->pool, &view.dims));
    struct wlayer *l = norm_layer(lo, n, n->type, &view);
    if (!l)
        return false;
    if (!instance)
        layer_int(l, "groups", groups);
    layer_float(l, "epsilon", onnx_float(n, "epsilon", 1e-5f));
    return group_vector(lo, n, l, 1, "gamma", channels, groups) &&
           group_vector(lo, n, l, 2, "beta", channels, groups);
}

bool onnx_lower_instance_norm(struct lower *lo, struct onnx_node *n)
{
    return image_norm(lo, n, 0, true);
}

bool onnx_lower_group_norm(struct lower *lo, struct onnx_node *n)
{
    return image_norm(lo, n, onnx_int(n, "num_groups", 1), false);
}

/* ---- over the last axes ---------------------------------------------------------------------- */

/* The dimensions from the axis on in one, the last: what the layer works on. */
static bool trailing_view(struct lower *lo, struct onnx_node *n, struct view *v)
{
    const struct onnx_dims *d = &n->in.at[0]->dims;
    int axis;
    if (!onnx_axis(d, onnx_int(n, "axis", -1), &axis))
        return onnx_refuse(lo->m, n, "an axis that %s doesn't have", onnx_dims_text(lo->pool, d));
    if (lower_is_batch(lo, axis))
        return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    v->dims = *d;
    v->dims.rank = axis + 1;
    for (int i = axis + 1; i < d->rank; i++)
        v->dims.at[axis] *= d->at[i];
    for (int i = 0; i <= axis; i++)
        v->perm[i] = i;
    return place_view(lo, v, 1u << axis, ~0u) ||
           onnx_refuse(lo->m, n, "%s takes more than %d dimensions", onnx_dims_text(lo->pool, d),
                   LIMIT_RANK);
}

/* factor: what the layer calls the weights that it multiplies by. */
static bool trailing_norm(struct lower *lo, struct onnx_node *n, const char *type,
        const char *factor, bool center)
{
    struct view view;
    for (int i = 1; i < n->out.n; i++)
        if (n->out.at[i] && n->out.at[i]->users)
            return onnx_refuse(lo->m, n, "its statistics are used");
    if (!trailing_view(lo, n, &view))
        return false;
    struct wlayer *l = norm_layer(lo, n, type, &view);
    if (!l)
        return false;
    int64_t size = view.dims.at[view.dims.rank - 1];
    layer_float(l, "epsilon", onnx_float(n, "epsilon", 1e-5f));
    if (center && !onnx_in(n, 2))
        layer_bool(l, "center", false);
    return vector(lo, n, l, 1, factor, size) &&
           (!center || !onnx_in(n, 2) || vector(lo, n, l, 2, "beta", size));
}

bool onnx_lower_layer_norm(struct lower *lo, struct onnx_node *n)
{
    return trailing_norm(lo, n, "LayerNormalization", "gamma", true);
}

bool onnx_lower_rms_norm(struct lower *lo, struct onnx_node *n)
{
    return trailing_norm(lo, n, "RMSNormalization", "scale", false);
}

/* ---- LRN, LpNormalization -------------------------------------------------------------------- */

bool onnx_lower_lrn(struct lower *lo, struct onnx_node *n)
{
    float alpha = onnx_float(n, "alpha", 1e-4f), beta = onnx_float(n, "beta", 0.75f);
    float bias = onnx_float(n, "bias", 1);
    int64_t size = onnx_int(n, "size", 1);
    struct view view;
    if (!(alpha >= 0 && beta >= 0 && bias >= 0) || size < 1)
        return onnx_refuse(lo->m, n, "size %lld, alpha %g, beta %g and bias %g", (long long)size,
                (double)alpha, (double)beta, (double)bias);
    if (!channels_view(lo, n, &view))
        return false;
    struct wlayer *l = norm_layer(lo, n, "LocalResponseNormalization", &view);
    if (!l)
        return false;
    layer_int(l, "size", size);
    layer_float(l, "alpha", alpha);
    layer_float(l, "beta", beta);
    layer_float(l, "bias", bias);
    return true;
}

/* x divided by its norm along an axis. */
bool onnx_lower_lp_norm(struct lower *lo, struct onnx_node *n)
{
    struct onnx_value *x = n->in.at[0];
    int64_t p = onnx_int(n, "p", 2), list[1];
    struct view view;
    int axis;
    if (!onnx_axis(&x->dims, onnx_int(n, "axis", -1), &axis) || (p != 1 && p != 2))
        return onnx_refuse(lo->m, n, "a norm of order %lld, or an axis that isn't there",
                (long long)p);
    if (lower_is_batch(lo, axis))
        return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    if (!place_natural(lo, n, x, 1u << axis, &view))
        return false;
    const char *name = place_arrange(lo, n, x, &view);
    if (!name)
        return false;
    struct wlayer *norm = lower_helper(lo, p == 1 ? "ReduceL1" : "ReduceL2", x, "norm");
    layer_input(norm, name);
    list[0] = view.where[axis] + 1;
    layer_ints(norm, "axes", 1, list);
    layer_bool(norm, "keepdims", true);
    struct wlayer *l = lower_layer(lo, "Divide", n->out.at[0]);
    layer_input(l, name);
    layer_input(l, norm->name);
    place_set(lo, n->out.at[0], l, &view);
    return true;
}
