/* Reductions, ArgMax, CumSum, Softmax, Hardmax: along some of the dimensions. */
#include <string.h>

#include "onnx_layout.h"

/* Axes as layers count them: the batch is 0. */
static int write_axes(struct wlayer *l, const char *key, const struct view *v, unsigned mask)
{
    int64_t axis[LIMIT_RANK];
    int n = 0;
    for (int d = 0; d < v->shape.rank; d++)
        for (int i = 0; i < v->dims.rank; i++)
            if ((mask >> i & 1) && v->where[i] == d)
                axis[n++] = d + 1;
    layer_ints(l, key, n, axis);
    return n;
}

/* What remains: 1 in the place of what was reduced, all of it seen as the node's result is. */
static void set_reduced(struct lower *lo, struct onnx_node *n, struct wlayer *l, unsigned mask,
        const struct view *view, bool keep)
{
    struct view out = *view;
    int at[LIMIT_RANK + 1] = {0};
    for (int i = 0; i < out.dims.rank; i++) {
        if (!(mask >> i & 1))
            continue;
        out.dims.at[i] = 1;
        if (out.where[i] >= 0)
            at[out.where[i]] = 1;
    }
    out.shape.rank = 0;
    for (int d = 0; d < view->shape.rank; d++)
        if (!at[d] || keep)
            out.shape.dim[out.shape.rank++] = at[d] ? 1 : view->shape.dim[d];
    if (!out.shape.rank)
        out.shape = (struct shape){1, {1}};
    place_set(lo, n->out.at[0], l, &out);
}

/* The dimensions with something to reduce, so that a batch of one image stays out of it; all
 * others too where even one element is changed by it (its square, its logarithm). */
static bool reduced_view(struct lower *lo, struct onnx_node *n, unsigned mask, struct view *view)
{
    if (lo->batch > 1 && (mask & 1))
        return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    return place_natural(lo, n, n->in.at[0], mask, view);
}

static bool is_global_mean(const struct onnx_node *n, const struct view *v, unsigned mask)
{
    return !strcmp(n->type, "ReduceMean") && v->dims.rank == 4 && mask == 12 &&
           v->shape.rank == 3 && v->where[2] == 0 && v->where[3] == 1;
}

bool onnx_lower_reduce(struct lower *lo, struct onnx_node *n)
{
    unsigned mask;
    struct view view;
    bool keep = onnx_int(n, "keepdims", 1) != 0;
    if (!onnx_axes(lo->m, n, &n->in.at[0]->dims, &mask))
        return false;
    bool trivial = strstr("ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd", n->type) != NULL;
    for (int i = 0; i < n->in.at[0]->dims.rank; i++)
        if (trivial && n->in.at[0]->dims.at[i] == 1)
            mask &= ~(1u << i);
    if (!mask && trivial)
        return onnx_lower_alias(lo, n);
    if (!reduced_view(lo, n, mask, &view))
        return false;
    const char *name = place_arrange(lo, n, n->in.at[0], &view);
    if (!name)
        return false;
    bool global = is_global_mean(n, &view, mask);
    struct wlayer *l = lower_layer(lo, global ? "GlobalAveragePooling2D" : n->type, n->out.at[0]);
    layer_input(l, name);
    if (!global)
        write_axes(l, "axes", &view, mask);
    layer_bool(l, "keepdims", keep);
    set_reduced(lo, n, l, mask, &view, keep);
    return true;
}

bool onnx_lower_arg(struct lower *lo, struct onnx_node *n)
{
    struct view view;
    int axis;
    bool keep = onnx_int(n, "keepdims", 1) != 0;
    if (!onnx_axis(&n->in.at[0]->dims, onnx_int(n, "axis", 0), &axis))
        return false;
    if (!reduced_view(lo, n, 1u << axis, &view))
        return false;
    const char *name = place_arrange(lo, n, n->in.at[0], &view);
    if (!name)
        return false;
    struct wlayer *l = lower_layer(lo, n->type, n->out.at[0]);
    layer_input(l, name);
    layer_int(l, "axis", view.where[axis] + 1);
    layer_bool(l, "keepdims", keep);
    if (onnx_int(n, "select_last_index", 0))
        layer_bool(l, "select_last_index", true);
    set_reduced(lo, n, l, 1u << axis, &view, keep);
    return true;
}

bool onnx_lower_cum_sum(struct lower *lo, struct onnx_node *n)
{
    struct view view;
    int axis;
    if (!onnx_axis(&n->in.at[0]->dims, onnx_integer(n->in.at[1], 0), &axis))
        return false;
    if (lower_is_batch(lo, axis))
        return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    if (!place_natural(lo, n, n->in.at[0], 1u << axis, &view))
        return false;
    const char *name = place_arrange(lo, n, n->in.at[0], &view);
    if (!name)
        return false;
    struct wlayer *l = lower_layer(lo, "CumSum", n->out.at[0]);
    layer_input(l, name);
    layer_int(l, "axis", view.where[axis] + 1);
    if (onnx_int(n, "exclusive", 0))
        layer_bool(l, "exclusive", true);
    if (onnx_int(n, "reverse", 0))
        layer_bool(l, "reverse", true);
    place_set(lo, n->out.at[0], l, &view);
    return true;
}

/* ---- Softmax --------------------------------------------------------------------------------- */

/* Before opset 13 the dimensions from the axis on are one. */
static bool softmax_axis(struct lower *lo, struct onnx_node *n, struct onnx_dims *d, int *axis)
{
    bool old = n->opset < 13;
    *d = n->in.at[0]->dims;
    if (!onnx_axis(d, onnx_int(n, "axis", old ? 1 : -1), axis))
        return onnx_refuse(lo->m, n, "an axis that %s doesn't have",
                onnx_dims_text(lo->pool, d));
    for (int i = *axis + 1; i < d->rank && old; i++)
        if (d->at[i] != 1) {
            for (int k = *axis + 1; k < d->rank; k++)
                d->at[*axis] *= d->at[k];
            d->rank = *axis + 1;
        }
    return true;
}

enum { LEAST_BEHIND = 8 };  /* elements side by side: of fewer, exponentials cost more than moving all twice */

/* The dimensions as they are stored, where the axis is the last one or has enough elements behind it; else
 * with the axis at the end. False when there are more than the shape can have. */
static bool softmax_view(struct lower *lo, const struct onnx_value *v, int axis, struct view *view)
{
    int64_t behind = 1;
    place_order(lo, v, &view->dims, view->perm);
    if (!place_view(lo, view, 1u << axis, ~0u))
        return false;
    for (int d = view->where[axis] + 1; d < view->shape.rank; d++)
        behind *= view->shape.dim[d];
    if (view->where[axis] == view->shape.rank - 1 || behind >= LEAST_BEHIND)
        return true;
    place_last(view, axis);
    return place_view(lo, view, 1u << axis, ~0u);
}

bool onnx_lower_softmax(struct lower *lo, struct onnx_node *n)
{
    struct view view;
    int axis;
    if (!softmax_axis(lo, n, &view.dims, &axis))
        return false;
    if (lower_is_batch(lo, axis))
        return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    if (!softmax_view(lo, n->in.at[0], axis, &view))
        return onnx_refuse(lo->m, n, "it takes more than %d dimensions", LIMIT_RANK);
    const char *name = place_arrange(lo, n, n->in.at[0], &view);
    if (!name)
        return false;
    struct wlayer *l = lower_layer(lo, n->type, n->out.at[0]);
    layer_input(l, name);
    if (view.where[axis] < view.shape.rank - 1)
        layer_int(l, "axis", view.where[axis] + 1);
    place_set(lo, n->out.at[0], l, &view);
    return true;
}

/* ---- Hardmax --------------------------------------------------------------------------------- */

enum { HARDMAX_MOST = 1 << 24 };  /* indices are floats */

/* 0, 1, 2 ... along dimension d of the shape, 1 in the others. */
static struct wlayer *count_up(struct lower *lo, const struct onnx_value *v,
        const struct shape *s, int d)
{
    struct shape shape = {s->rank, {1, 1, 1, 1}};
    float *number = NEW_ARRAY(lo->pool, float, s->dim[d]);
    for (int i = 0; i < s->dim[d]; i++)
        number[i] = (float)i;
    shape.dim[d] = s->dim[d];
    struct wlayer *l = lower_helper(lo, "Constant", v, "indices");
    layer_dims(l, "shape", &shape);
    layer_weight(l, "value", shape, number);
    return l;
}

/* 1 where the index is that of the first of the largest, 0 elsewhere. */
bool onnx_lower_hardmax(struct lower *lo, struct onnx_node *n)
{
    struct view view;
    int axis;
    if (!softmax_axis(lo, n, &view.dims, &axis))
        return false;
    if (lower_is_batch(lo, axis))
        return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    place_order(lo, n->in.at[0], &view.dims, view.perm);
    if (!place_view(lo, &view, 1u << axis, ~0u))
        return onnx_refuse(lo->m, n, "it takes more than %d dimensions", LIMIT_RANK);
    if (view.shape.dim[view.where[axis]] > HARDMAX_MOST)
        return onnx_refuse(lo->m, n, "it counts more than %d elements", HARDMAX_MOST);
    const char *name = place_arrange(lo, n, n->in.at[0], &view);
    if (!name)
        return false;
    struct wlayer *best = lower_helper(lo, "ArgMax", n->out.at[0], "index");
    layer_input(best, name);
    layer_int(best, "axis", view.where[axis] + 1);
    layer_bool(best, "keepdims", true);
    struct wlayer *indices = count_up(lo, n->out.at[0], &view.shape, view.where[axis]);
    struct wlayer *l = lower_layer(lo, "Equal", n->out.at[0]);
    layer_input(l, best->name);
    layer_input(l, indices->name);
    place_set(lo, n->out.at[0], l, &view);
    return true;
}
