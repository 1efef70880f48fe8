/* Gemm and MatMul. A product with a constant matrix takes its features in whatever order they are
 * stored, and permutes the rows of the matrix: so no image is transposed before it is flattened. */
#include <string.h>

#include "onnx_layout.h"

/* The features, the last dimension of the view, may be stored in any order: makes its atoms
 * dimensions of their own, in the order in which they are stored. Where that isn't possible the
 * view stays as it is. */
static void take_any_order(const struct onnx_value *v, struct view *view)
{
    struct onnx_placed p = *v->placed;
    int rank = view->dims.rank, first = 0;
    if (view->perm[rank - 1] != rank - 1 || !place_cut(&p, &view->dims))
        return;
    for (int64_t rest = onnx_size(&view->dims) / view->dims.at[rank - 1]; rest > 1; first++)
        rest /= p.size[first];
    if (p.atoms - first + rank - 1 > ONNX_MAX_RANK)
        return;
    for (int k = 0; k < first; k++)
        if (p.order[k] != k)
            return;
    struct view wide = *view;
    wide.dims.rank = rank - 1;
    for (int k = first; k < p.atoms; k++) {
        wide.perm[rank - 1 + k - first] = rank - 1 + p.order[k] - first;
        wide.dims.at[rank - 1 + k - first] = p.size[k];
    }
    wide.dims.rank += p.atoms - first;
    *view = wide;
}

/* The rows of the matrix [features, units] in the order in which the features are stored. */
static const float *permuted_rows(struct lower *lo, const struct onnx_value *b, bool transposed,
        const struct view *x, int x_rank, double scale)
{
    struct view v = {0};
    int features = x->dims.rank - (x_rank - 1);
    int64_t units = b->dims.at[transposed ? 0 : 1];
    for (int i = 0; i < features; i++) {
        v.dims.at[i + transposed] = x->dims.at[x_rank - 1 + i];
        v.perm[i] = x->perm[x_rank - 1 + i] - (x_rank - 1) + transposed;
    }
    v.dims.rank = features + 1;
    v.dims.at[transposed ? 0 : features] = units;
    v.perm[features] = transposed ? 0 : features;
    float *data = (float *)place_data(lo, b, &v);
    for (int64_t i = 0; i < onnx_size(&b->dims) && scale != 1; i++)
        data[i] = (float)(scale * (double)data[i]);
    return data;
}

/* x [..., features] by a constant matrix. The layer's shape is [..., features] in one piece. */
static struct wlayer *dense(struct lower *lo, struct onnx_node *n, struct onnx_value *x,
        const struct onnx_value *b, bool transposed, double scale, const struct view *plain)
{
    struct view view = *plain;
    int rank = view.dims.rank;
    int64_t features = view.dims.at[rank - 1], units = b->dims.at[transposed ? 0 : 1];
    if (!place_view(lo, &view, 1u << (rank - 1), ~0u)) {
        onnx_refuse(lo->m, n, "%s has more than %d dimensions",
                onnx_dims_text(lo->pool, &view.dims), LIMIT_RANK);
        return NULL;
    }
    struct shape shape = view.shape;
    take_any_order(x, &view);
    view.shape = shape;
    const char *name = place_arrange(lo, n, x, &view);
    if (!name)
        return NULL;
    struct wlayer *l = lower_layer(lo, "Dense", n->out.at[0]);
    struct shape kernel = {2, {(int)features, (int)units}};
    layer_input(l, name);
    layer_int(l, "units", units);
    layer_weight(l, "kernel", kernel, permuted_rows(lo, b, transposed, &view, rank, scale));
    return l;
}

/* ---- Gemm ------------------------------------------------------------------------------------ */

/* The bias as one number for each unit, NULL when it isn't. */
static const float *unit_bias(struct lower *lo, const struct onnx_value *c, int64_t units,
        double beta)
{
    int64_t size = onnx_size(&c->dims);
    bool row = size == 1 || (size == units && c->dims.at[c->dims.rank - 1] == units);
    if (!onnx_is_const(c) || !row)
        return NULL;
    float *bias = NEW_ARRAY(lo->pool, float, units);
    for (int64_t i = 0; i < units; i++)
        bias[i] = (float)(beta * onnx_number(c, size == 1 ? 0 : i));
    return bias;
}

/* The result [rows, units] of the layer. */
static void set_matrix(struct lower *lo, struct onnx_value *v, struct wlayer *l, const int *perm)
{
    struct view out = {.dims = v->dims};
    memcpy(out.perm, perm, sizeof out.perm);
    place_view(lo, &out, 1u << (v->dims.rank - 1), ~0u);
    place_set(lo, v, l, &out);
}

bool onnx_lower_gemm(struct lower *lo, struct onnx_node *n)
{
    static const int in_order[ONNX_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct onnx_value *a = n->in.at[0], *c = onnx_in(n, 2);
    const struct onnx_value *b = n->in.at[1];
    double alpha = (double)onnx_float(n, "alpha", 1), beta = (double)onnx_float(n, "beta", 1);
    bool ta = onnx_int(n, "transA", 0) != 0, tb = onnx_int(n, "transB", 0) != 0;
    int64_t units = n->out.at[0]->dims.at[1];
    const float *bias = c && beta != 0 ? unit_bias(lo, c, units, beta) : NULL;
    if (!onnx_is_const(b) || onnx_is_const(a))
        return onnx_refuse(lo->m, n, "its second matrix is no constant");
    if (c && beta != 0 && !bias)
        return onnx_refuse(lo->m, n, "a bias %s that differs from row to row, or is no constant",
                onnx_dims_text(lo->pool, &c->dims));
    struct onnx_value *x = a;
    if (ta) {
        static const int swap[ONNX_MAX_RANK] = {1, 0};
        x = onnx_value_new(lo->m, a->name);
        x->dims = (struct onnx_dims){2, {a->dims.at[1], a->dims.at[0]}};
        if (!place_transpose(lo, n, a, swap, x))
            return false;
    }
    struct view view = {.dims = x->dims, .perm = {0, 1}};
    struct wlayer *l = dense(lo, n, x, b, tb, alpha, &view);
    if (!l)
        return false;
    struct shape s = {1, {(int)units}};
    if (bias)
        layer_weight(l, "bias", s, bias);
    else
        layer_bool(l, "use_bias", false);
    set_matrix(lo, n->out.at[0], l, in_order);
    n->out.at[0]->placed->open = l;
    return true;
}

/* ---- MatMul ---------------------------------------------------------------------------------- */

/* Two matrices that the network computes, or a constant one with a batch of its own. */
static bool product(struct lower *lo, struct onnx_node *n)
{
    struct onnx_value *v[2] = {n->in.at[0], n->in.at[1]};
    const struct onnx_dims *out = &n->out.at[0]->dims;
    const char *name[2];
    if (v[0]->dims.rank < 2 || v[1]->dims.rank < 2 || out->rank > LIMIT_RANK + 1)
        return onnx_refuse(lo->m, n, "the product of %s and %s that the network computes",
                onnx_dims_text(lo->pool, &v[0]->dims), onnx_dims_text(lo->pool, &v[1]->dims));
    struct view view = {.dims = *out}, operand[2];
    unsigned keep = 3u << (out->rank - 2);
    for (int k = 0; k < out->rank; k++) {
        view.perm[k] = k;
        keep |= view.dims.at[k] > 1 && !lower_is_batch(lo, k) ? 1u << k : 0;
    }
    for (int i = 0; i < 2; i++) {
        operand[i] = view;
        for (int k = 0, more = out->rank - v[i]->dims.rank; k < out->rank; k++)
            operand[i].dims.at[k] = k < more ? 1 : v[i]->dims.at[k - more];
        if (!place_view(lo, &operand[i], keep, 0))
            return onnx_refuse(lo->m, n, "it takes more than %d dimensions", LIMIT_RANK);
        name[i] = place_arrange(lo, n, v[i], &operand[i]);
        if (!name[i])
            return false;
    }
    struct wlayer *l = lower_layer(lo, "MatMul", n->out.at[0]);
    layer_input(l, name[0]);
    layer_input(l, name[1]);
    place_view(lo, &view, keep, 0);
    place_set(lo, n->out.at[0], l, &view);
    return true;
}

bool onnx_lower_matmul(struct lower *lo, struct onnx_node *n)
{
    struct onnx_value *a = n->in.at[0], *c = onnx_in(n, 2);
    const struct onnx_value *b = n->in.at[1];
    if (!onnx_is_const(b) || b->dims.rank != 2 || onnx_is_const(a) || a->dims.rank < 1)
        return product(lo, n);
    struct view view = {.dims = a->dims};
    for (int i = 0; i < a->dims.rank; i++)
        view.perm[i] = i;
    struct wlayer *l = dense(lo, n, a, b, false, 1, &view);
    if (!l)
        return false;
    if (c) {
        struct shape s = {1, {(int)b->dims.at[1]}};
        layer_weight(l, "bias", s, unit_bias(lo, c, b->dims.at[1], 1));
    } else {
        layer_bool(l, "use_bias", false);
    }
    set_matrix(lo, n->out.at[0], l, view.perm);
    n->out.at[0]->placed->open = l;
    return true;
}
