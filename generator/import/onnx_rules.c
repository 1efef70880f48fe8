/* The dimensions of what each operator makes. */
#include <math.h>
#include <string.h>

#include "onnx.h"
#include "onnx_ops.h"

/* ---- outputs --------------------------------------------------------------------------------- */

static void set_out(struct onnx_node *n, int i, const struct onnx_dims *dims, enum onnx_elem elem,
        int type)
{
    struct onnx_value *v = i < n->out.n ? n->out.at[i] : NULL;
    if (!v)
        return;
    v->known = true;
    v->dims = *dims;
    v->elem = elem;
    v->type = type;
}

static bool set_like(struct onnx_node *n, const struct onnx_dims *dims)
{
    set_out(n, 0, dims, n->in.at[0]->elem, n->in.at[0]->type);
    return true;
}

enum { TYPE_FLOAT = 1, TYPE_INT64 = 7, TYPE_BOOL = 9 };

static bool set_ints(struct onnx_node *n, const struct onnx_dims *dims)
{
    set_out(n, 0, dims, ELEM_INT, TYPE_INT64);
    return true;
}

static const struct onnx_dims *dims_of(const struct onnx_node *n, int i)
{
    return &n->in.at[i]->dims;
}

static const char *dims_words(struct onnx *m, const struct onnx_node *n, int i)
{
    return onnx_dims_text(m->pool, dims_of(n, i));
}

/* ---- images ---------------------------------------------------------------------------------- */

static bool window_out(struct onnx *m, struct onnx_node *n, const struct onnx_window *w,
        int64_t channels)
{
    struct onnx_dims out = *dims_of(n, 0);
    out.at[1] = channels;
    for (int i = 0; i < w->rank; i++) {
        int64_t room = out.at[2 + i] + w->before[i] + w->after[i] - onnx_reach(w, i);
        if (room < 0)
            return onnx_refuse(m, n, "a window of %lld over %s with its padding",
                    (long long)onnx_reach(w, i), dims_words(m, n, 0));
        int64_t steps = room / w->stride[i];
        /* A last window may reach beyond the end, but has to begin before it. */
        if (w->ceil && room % w->stride[i] &&
                (steps + 1) * w->stride[i] < out.at[2 + i] + w->before[i])
            steps++;
        out.at[2 + i] = steps + 1;
    }
    return set_like(n, &out);
}

/* [N, C, spatial ...], and weights of the same rank. */
static bool need_image(struct onnx *m, struct onnx_node *n, bool weights)
{
    if (dims_of(n, 0)->rank < 3)
        return onnx_refuse(m, n, "its input %s has no spatial dimension", dims_words(m, n, 0));
    if (weights && dims_of(n, 1)->rank != dims_of(n, 0)->rank)
        return onnx_refuse(m, n, "weights %s for an input %s", dims_words(m, n, 1),
                dims_words(m, n, 0));
    return true;
}

bool onnx_infer_conv(struct onnx *m, struct onnx_node *n)
{
    struct onnx_window w;
    int64_t groups = onnx_int(n, "group", 1);
    if (!need_image(m, n, true))
        return false;
    const struct onnx_dims *x = dims_of(n, 0), *k = dims_of(n, 1);
    if (groups < 1 || x->at[1] % groups || k->at[1] != x->at[1] / groups || k->at[0] % groups)
        return onnx_refuse(m, n, "weights %s for an input %s in %lld groups", dims_words(m, n, 1),
                dims_words(m, n, 0), (long long)groups);
    return onnx_window_of(m, n, k->at + 2, &w) && window_out(m, n, &w, k->at[0]);
}

bool onnx_infer_conv_transpose(struct onnx *m, struct onnx_node *n)
{
    struct onnx_window w;
    int64_t groups = onnx_int(n, "group", 1);
    if (!need_image(m, n, true))
        return false;
    const struct onnx_dims *x = dims_of(n, 0), *k = dims_of(n, 1);
    if (groups < 1 || groups > INT32_MAX || x->at[1] != k->at[0] || x->at[1] % groups)
        return onnx_refuse(m, n, "weights %s for an input %s in %lld groups", dims_words(m, n, 1),
                dims_words(m, n, 0), (long long)groups);
    if (!onnx_window_of(m, n, k->at + 2, &w))
        return false;
    struct onnx_dims out = *x;
    out.at[1] = k->at[1] * groups;
    for (int i = 0; i < w.rank; i++) {
        out.at[2 + i] = (x->at[2 + i] - 1) * w.stride[i] + onnx_reach(&w, i) + w.more[i] -
                        w.before[i] - w.after[i];
        if (out.at[2 + i] < 1)
            return onnx_refuse(m, n, "its padding leaves nothing of the result");
    }
    return set_like(n, &out);
}

bool onnx_infer_pool(struct onnx *m, struct onnx_node *n)
{
    struct onnx_window w;
    if (!need_image(m, n, false) || !onnx_window_of(m, n, NULL, &w))
        return false;
    if (n->out.n > 1 && n->out.at[1] && (n->out.at[1]->users || n->out.at[1]->is_output))
        return onnx_refuse(m, n, "the indices of its maxima are used");
    return window_out(m, n, &w, dims_of(n, 0)->at[1]);
}

bool onnx_infer_global_pool(struct onnx *m, struct onnx_node *n)
{
    if (!need_image(m, n, false))
        return false;
    struct onnx_dims out = *dims_of(n, 0);
    for (int i = 2; i < out.rank; i++)
        out.at[i] = 1;
    return set_like(n, &out);
}

/* ---- matrices -------------------------------------------------------------------------------- */

bool onnx_infer_gemm(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *a = dims_of(n, 0), *b = dims_of(n, 1);
    int ta = onnx_int(n, "transA", 0) != 0, tb = onnx_int(n, "transB", 0) != 0;
    if (a->rank != 2 || b->rank != 2 || a->at[!ta] != b->at[tb])
        return onnx_refuse(m, n, "the product of %s and %s", dims_words(m, n, 0),
                dims_words(m, n, 1));
    struct onnx_dims out = {2, {a->at[ta], b->at[!tb]}}, all;
    if (onnx_in(n, 2) && (!onnx_broadcast(&out, dims_of(n, 2), &all) ||
            !onnx_same_dims(&all, &out)))
        return onnx_refuse(m, n, "a bias %s for a result %s", dims_words(m, n, 2),
                onnx_dims_text(m->pool, &out));
    return set_like(n, &out);
}

bool onnx_infer_matmul(struct onnx *m, struct onnx_node *n)
{
    struct onnx_dims a = *dims_of(n, 0), b = *dims_of(n, 1), out;
    bool row = a.rank == 1, column = b.rank == 1;
    if (row)
        a = (struct onnx_dims){2, {1, a.at[0]}};
    if (column)
        b = (struct onnx_dims){2, {b.at[0], 1}};
    if (a.rank < 2 || b.rank < 2 || a.at[a.rank - 1] != b.at[b.rank - 2])
        return onnx_refuse(m, n, "the product of %s and %s", dims_words(m, n, 0),
                dims_words(m, n, 1));
    int64_t rows = a.at[a.rank - 1 - 1], columns = b.at[b.rank - 1];
    a.rank -= 2;
    b.rank -= 2;
    if (!onnx_broadcast(&a, &b, &out))
        return onnx_refuse(m, n, "the product of %s and %s", dims_words(m, n, 0),
                dims_words(m, n, 1));
    if (!row)
        out.at[out.rank++] = rows;
    if (!column)
        out.at[out.rank++] = columns;
    return set_like(n, &out);
}

/* ---- element by element ---------------------------------------------------------------------- */

bool onnx_infer_same(struct onnx *m, struct onnx_node *n)
{
    (void)m;
    bool truth = n->op->flags & OP_BOOL_OUT;
    set_out(n, 0, dims_of(n, 0), truth ? ELEM_BOOL : n->in.at[0]->elem,
            truth ? TYPE_BOOL : n->in.at[0]->type);
    /* The mask of a Dropout, which is all ones; nobody may use it. */
    set_out(n, 1, dims_of(n, 0), ELEM_OTHER, TYPE_BOOL);
    return true;
}

bool onnx_infer_elementwise(struct onnx *m, struct onnx_node *n)
{
    struct onnx_dims out = *dims_of(n, 0);
    for (int i = 1; i < n->in.n; i++)
        if (!onnx_broadcast(&out, dims_of(n, i), &out))
            return onnx_refuse(m, n, "%s and %s don't fit together", dims_words(m, n, 0),
                    dims_words(m, n, i));
    bool truth = n->op->flags & OP_BOOL_OUT;
    set_out(n, 0, &out, truth ? ELEM_BOOL : n->in.at[0]->elem,
            truth ? TYPE_BOOL : n->in.at[0]->type);
    return true;
}

bool onnx_infer_where(struct onnx *m, struct onnx_node *n)
{
    struct onnx_dims out;
    if (!onnx_broadcast(dims_of(n, 0), dims_of(n, 1), &out) ||
            !onnx_broadcast(&out, dims_of(n, 2), &out))
        return onnx_refuse(m, n, "%s, %s and %s don't fit together", dims_words(m, n, 0),
                dims_words(m, n, 1), dims_words(m, n, 2));
    set_out(n, 0, &out, n->in.at[1]->elem, n->in.at[1]->type);
    return true;
}

/* Before opset 7 one slope for each channel was written as [C]. */
bool onnx_infer_prelu(struct onnx *m, struct onnx_node *n)
{
    struct onnx_value *slope = n->in.at[1];
    const struct onnx_dims *d = dims_of(n, 0);
    if (n->opset < 7 && onnx_is_const(slope) && slope->dims.rank == 1 && d->rank > 2 &&
            slope->dims.at[0] == d->at[1]) {
        n->in.at[1] = onnx_value_new(m, slope->name);
        *n->in.at[1] = *slope;
        n->in.at[1]->dims.rank = d->rank - 1;
        for (int i = 1; i < d->rank - 1; i++)
            n->in.at[1]->dims.at[i] = 1;
    }
    return onnx_infer_elementwise(m, n);
}

bool onnx_infer_cast(struct onnx *m, struct onnx_node *n)
{
    int64_t to = !strcmp(n->type, "CastLike") ? n->in.at[1]->type : onnx_int(n, "to", 0);
    enum onnx_elem elem = onnx_elem_of((int)onnx_clamp(to, -1, 1000));
    if (elem == ELEM_OTHER || elem == ELEM_UNKNOWN)
        return onnx_refuse(m, n, "a cast to %s", onnx_type_name((int)onnx_clamp(to, -1, 1000)));
    set_out(n, 0, dims_of(n, 0), elem, (int)to);
    n->in.n = 1;                     /* CastLike: the other one has said its type */
    return true;
}

/* ---- reductions ------------------------------------------------------------------------------ */

/* d without the axes of the mask, or with 1 in their place. */
static struct onnx_dims without(const struct onnx_dims *d, unsigned mask, bool keep)
{
    struct onnx_dims out = {0};
    for (int i = 0; i < d->rank; i++)
        if (!(mask >> i & 1))
            out.at[out.rank++] = d->at[i];
        else if (keep)
            out.at[out.rank++] = 1;
    return out;
}

bool onnx_infer_reduce(struct onnx *m, struct onnx_node *n)
{
    unsigned mask;
    if (!onnx_axes(m, n, dims_of(n, 0), &mask))
        return false;
    struct onnx_dims out = without(dims_of(n, 0), mask, onnx_int(n, "keepdims", 1) != 0);
    return set_like(n, &out);
}

bool onnx_infer_cum_sum(struct onnx *m, struct onnx_node *n)
{
    double axis;
    int dim;
    if (!onnx_scalar(n->in.at[1], &axis))
        return onnx_refuse(m, n, "its axis depends on what the network computes");
    if (!onnx_axis(dims_of(n, 0), onnx_integer(n->in.at[1], 0), &dim))
        return onnx_refuse(m, n, "an axis that %s doesn't have", dims_words(m, n, 0));
    return set_like(n, dims_of(n, 0));
}

bool onnx_infer_arg(struct onnx *m, struct onnx_node *n)
{
    int axis;
    if (!onnx_axis(dims_of(n, 0), onnx_int(n, "axis", 0), &axis))
        return onnx_refuse(m, n, "an axis that %s doesn't have", dims_words(m, n, 0));
    struct onnx_dims out = without(dims_of(n, 0), 1u << axis, onnx_int(n, "keepdims", 1) != 0);
    return set_ints(n, &out);
}

/* ---- moving data ----------------------------------------------------------------------------- */

bool onnx_infer_concat(struct onnx *m, struct onnx_node *n)
{
    struct onnx_dims out = *dims_of(n, 0);
    int axis;
    if (!onnx_axis(&out, onnx_int(n, "axis", 0), &axis))
        return onnx_refuse(m, n, "an axis that %s doesn't have", dims_words(m, n, 0));
    for (int i = 1; i < n->in.n; i++) {
        struct onnx_dims d = *dims_of(n, i);
        int64_t more = d.at[axis];
        d.at[axis] = out.at[axis];
        if (!onnx_same_dims(&d, &out) || !add_ok(out.at[axis], more, &out.at[axis]))
            return onnx_refuse(m, n, "%s and %s don't fit together", dims_words(m, n, 0),
                    dims_words(m, n, i));
    }
    return set_like(n, &out);
}

bool onnx_infer_split(struct onnx *m, struct onnx_node *n)
{
    struct onnx_dims out = *dims_of(n, 0);
    int64_t *part = NEW_ARRAY(m->pool, int64_t, n->out.n + 1);
    int axis;
    if (!onnx_parts_of(m, n, &axis, part))
        return false;
    for (int i = 0; i < n->out.n; i++) {
        out.at[axis] = part[i];
        set_out(n, i, &out, n->in.at[0]->elem, n->in.at[0]->type);
    }
    return true;
}

bool onnx_infer_slice(struct onnx *m, struct onnx_node *n)
{
    struct onnx_slice s;
    if (!onnx_slice_of(m, n, &s))
        return false;
    struct onnx_dims out = *dims_of(n, 0);
    for (int i = 0; i < out.rank; i++)
        out.at[i] = s.n[i];
    return set_like(n, &out);
}

bool onnx_infer_gather(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = dims_of(n, 0), *at = dims_of(n, 1);
    struct onnx_dims out = {0};
    int axis;
    if (!onnx_axis(d, onnx_int(n, "axis", 0), &axis))
        return onnx_refuse(m, n, "an axis that %s doesn't have", dims_words(m, n, 0));
    if (!n->in.at[1]->i)
        return onnx_refuse(m, n, "its indices depend on what the network computes");
    if (d->rank - 1 + at->rank > ONNX_MAX_RANK)
        return onnx_refuse(m, n, "a result of more than %d dimensions", ONNX_MAX_RANK);
    for (int64_t i = 0; i < onnx_size(at); i++)
        if (n->in.at[1]->i[i] < -d->at[axis] || n->in.at[1]->i[i] >= d->at[axis])
            return onnx_refuse(m, n, "index %lld of %s", (long long)n->in.at[1]->i[i],
                    dims_words(m, n, 0));
    for (int i = 0; i < axis; i++)
        out.at[out.rank++] = d->at[i];
    for (int i = 0; i < at->rank; i++)
        out.at[out.rank++] = at->at[i];
    for (int i = axis + 1; i < d->rank; i++)
        out.at[out.rank++] = d->at[i];
    return set_like(n, &out);
}

/* Each run of the last dimension of the indices is the place of a part of the data, behind the
 * dimensions that both have in common (batch_dims). */
bool onnx_infer_gather_nd(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = dims_of(n, 0), *at = dims_of(n, 1);
    struct onnx_dims out = *at;
    int64_t common = onnx_int(n, "batch_dims", 0);
    int64_t coordinates = at->rank ? at->at[at->rank - 1] : 0;
    if (!n->in.at[1]->i)
        return onnx_refuse(m, n, "its indices depend on what the network computes");
    if (common < 0 || common >= at->rank || common >= d->rank || coordinates < 1 ||
            coordinates > d->rank - common)
        return onnx_refuse(m, n, "indices %s of %s", dims_words(m, n, 1), dims_words(m, n, 0));
    for (int i = 0; i < common; i++)
        if (d->at[i] != at->at[i])
            return onnx_refuse(m, n, "indices %s of %s", dims_words(m, n, 1), dims_words(m, n, 0));
    out.rank--;
    if (out.rank + d->rank - common - coordinates > ONNX_MAX_RANK)
        return onnx_refuse(m, n, "a result of more than %d dimensions", ONNX_MAX_RANK);
    for (int64_t i = common + coordinates; i < d->rank; i++)
        out.at[out.rank++] = d->at[i];
    for (int64_t k = 0; k < onnx_size(at); k++) {
        int64_t size = d->at[common + k % coordinates], index = n->in.at[1]->i[k];
        if (index < -size || index >= size)
            return onnx_refuse(m, n, "index %lld of %s", (long long)index, dims_words(m, n, 0));
    }
    return set_like(n, &out);
}

/* As GatherND's, of the data that an update takes the place of: whether they are there. */
static bool places_ok(const struct onnx_value *index, const struct onnx_dims *d)
{
    int64_t coordinates = index->dims.at[index->dims.rank - 1];
    for (int64_t k = 0; k < onnx_size(&index->dims); k++) {
        int64_t size = d->at[k % coordinates];
        if (index->i[k] < -size || index->i[k] >= size)
            return false;
    }
    return true;
}

bool onnx_infer_scatter_nd(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = dims_of(n, 0), *at = dims_of(n, 1);
    struct onnx_dims updates = *at;
    int64_t coordinates = at->rank ? at->at[at->rank - 1] : 0;
    if (strcmp(onnx_word(n, "reduction", "none"), "none"))
        return onnx_refuse(m, n, "a reduction");
    if (!n->in.at[1]->i)
        return onnx_refuse(m, n, "its indices depend on what the network computes");
    bool fits = coordinates >= 1 && coordinates <= d->rank &&
                at->rank - 1 + d->rank - coordinates <= ONNX_MAX_RANK;
    updates.rank = at->rank - (at->rank > 0);
    for (int64_t i = coordinates; fits && i < d->rank; i++)
        updates.at[updates.rank++] = d->at[i];
    if (!fits || !onnx_same_dims(&updates, dims_of(n, 2)) || !places_ok(n->in.at[1], d))
        return onnx_refuse(m, n, "%s at places %s of %s", dims_words(m, n, 2),
                dims_words(m, n, 1), dims_words(m, n, 0));
    return set_like(n, d);
}

bool onnx_infer_pad(struct onnx *m, struct onnx_node *n)
{
    struct onnx_pads p;
    if (!onnx_pads_of(m, n, &p))
        return false;
    struct onnx_dims out = *dims_of(n, 0);
    for (int i = 0; i < out.rank; i++) {
        out.at[i] += p.before[i] + p.after[i];
        if (out.at[i] < 0)
            return onnx_refuse(m, n, "it cuts off more than there is");
    }
    return set_like(n, &out);
}

bool onnx_infer_transpose(struct onnx *m, struct onnx_node *n)
{
    int perm[ONNX_MAX_RANK];
    if (!onnx_perm(m, n, perm))
        return false;
    struct onnx_dims out = *dims_of(n, 0);
    for (int i = 0; i < out.rank; i++)
        out.at[i] = dims_of(n, 0)->at[perm[i]];
    return set_like(n, &out);
}

bool onnx_infer_reshape(struct onnx *m, struct onnx_node *n)
{
    const int64_t *shape;
    int rank, open = -1;
    if (!onnx_list(m, n, 1, "shape", &shape, &rank))
        return false;
    if (rank < 0 || rank > ONNX_MAX_RANK)
        return onnx_refuse(m, n, "a shape of %d dimensions; the limit is %d", rank, ONNX_MAX_RANK);
    struct onnx_dims out = {.rank = rank};
    bool zero_is_zero = onnx_int(n, "allowzero", 0) != 0;
    int64_t size = onnx_size(dims_of(n, 0)), known;
    for (int i = 0; i < rank; i++) {
        bool copied = shape[i] == 0 && !zero_is_zero && i < dims_of(n, 0)->rank;
        out.at[i] = copied ? dims_of(n, 0)->at[i] : shape[i];
        if (shape[i] == -1 && open < 0) {
            open = i;
            out.at[i] = 1;
        }
    }
    known = onnx_size(&out);
    if (open >= 0 && known > 0 && known != INT64_MAX && size % known == 0)
        out.at[open] = size / known;
    if (onnx_size(&out) == size)
        return set_like(n, &out);
    memcpy(out.at, shape, (size_t)rank * sizeof *shape);
    return onnx_refuse(m, n, "%s can't become %s", dims_words(m, n, 0),
            onnx_dims_text(m->pool, &out));
}

bool onnx_infer_flatten(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = dims_of(n, 0);
    int64_t axis = onnx_int(n, "axis", 1);
    axis = axis < 0 ? axis + d->rank : axis;
    if (axis < 0 || axis > d->rank)
        return onnx_refuse(m, n, "an axis that %s doesn't have", dims_words(m, n, 0));
    struct onnx_dims before = *d, behind = {.rank = d->rank - (int)axis};
    before.rank = (int)axis;
    memcpy(behind.at, d->at + axis, (size_t)behind.rank * sizeof *d->at);
    struct onnx_dims out = {2, {onnx_size(&before), onnx_size(&behind)}};
    return set_like(n, &out);
}

bool onnx_infer_squeeze(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = dims_of(n, 0);
    const int64_t *axes;
    int given;
    unsigned mask;
    if (!onnx_axes(m, n, d, &mask) || !onnx_list(m, n, 1, "axes", &axes, &given))
        return false;
    for (int i = 0; i < d->rank; i++)
        if (given < 0 && d->at[i] != 1)
            mask &= ~(1u << i);
        else if ((mask >> i & 1) && d->at[i] != 1)
            return onnx_refuse(m, n, "axis %d of %s is not 1", i, dims_words(m, n, 0));
    struct onnx_dims out = without(d, mask, false);
    return set_like(n, &out);
}

bool onnx_infer_unsqueeze(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = dims_of(n, 0);
    const int64_t *axes;
    int given, axis, at = 0;
    unsigned mask = 0;
    if (!onnx_list(m, n, 1, "axes", &axes, &given))
        return false;
    if (given < 0 || d->rank + given > ONNX_MAX_RANK)
        return onnx_refuse(m, n, "axes are missing, or more than %d", ONNX_MAX_RANK);
    struct onnx_dims out = {.rank = d->rank + given};
    for (int i = 0; i < given; i++) {
        if (!onnx_axis(&out, axes[i], &axis) || (mask >> axis & 1))
            return onnx_refuse(m, n, "axis %lld of a result of %d dimensions, or twice",
                    (long long)axes[i], out.rank);
        mask |= 1u << axis;
    }
    for (int i = 0; i < out.rank; i++)
        out.at[i] = mask >> i & 1 ? 1 : d->at[at++];
    return set_like(n, &out);
}

/* The sizes that Expand and Tile are given: a list of at most ONNX_MAX_RANK, none negative. */
static bool sizes_of(struct onnx *m, struct onnx_node *n, const char *what, struct onnx_dims *out)
{
    const int64_t *list;
    if (!onnx_list(m, n, 1, what, &list, &out->rank))
        return false;
    if (out->rank < 0 || out->rank > ONNX_MAX_RANK)
        return onnx_refuse(m, n, "%d numbers as its %s; the limit is %d", out->rank, what,
                ONNX_MAX_RANK);
    for (int i = 0; i < out->rank; i++) {
        out->at[i] = list[i];
        if (list[i] < 0 || list[i] > INT32_MAX)
            return onnx_refuse(m, n, "%s of %lld", what, (long long)list[i]);
    }
    return true;
}

bool onnx_infer_expand(struct onnx *m, struct onnx_node *n)
{
    struct onnx_dims shape, out;
    if (!sizes_of(m, n, "shape", &shape))
        return false;
    if (!onnx_broadcast(dims_of(n, 0), &shape, &out))
        return onnx_refuse(m, n, "%s can't become %s", dims_words(m, n, 0),
                onnx_dims_text(m->pool, &shape));
    return set_like(n, &out);
}

bool onnx_infer_tile(struct onnx *m, struct onnx_node *n)
{
    struct onnx_dims times, out = *dims_of(n, 0);
    if (!sizes_of(m, n, "repeats", &times))
        return false;
    if (times.rank != out.rank)
        return onnx_refuse(m, n, "%d repeats for %s", times.rank, dims_words(m, n, 0));
    for (int i = 0; i < out.rank; i++)
        if (!mul_ok(out.at[i], times.at[i], &out.at[i]))
            return onnx_refuse(m, n, "a result that is too large");
    return set_like(n, &out);
}

enum { MAX_BLOCK = 1 << 15 };

static bool block_of(struct onnx *m, struct onnx_node *n, int64_t *block)
{
    *block = onnx_int(n, "blocksize", 0);
    if (dims_of(n, 0)->rank != 4 || *block < 1 || *block > MAX_BLOCK)
        return onnx_refuse(m, n, "blocks of %lld in %s", (long long)*block, dims_words(m, n, 0));
    return true;
}

bool onnx_infer_depth_to_space(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = dims_of(n, 0);
    int64_t b;
    if (!block_of(m, n, &b))
        return false;
    if (d->at[1] % (b * b))
        return onnx_refuse(m, n, "blocks of %lld in %s", (long long)b, dims_words(m, n, 0));
    struct onnx_dims out = {4, {d->at[0], d->at[1] / (b * b), d->at[2] * b, d->at[3] * b}};
    return set_like(n, &out);
}

bool onnx_infer_space_to_depth(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = dims_of(n, 0);
    int64_t b;
    if (!block_of(m, n, &b))
        return false;
    if (d->at[2] % b || d->at[3] % b)
        return onnx_refuse(m, n, "blocks of %lld in %s", (long long)b, dims_words(m, n, 0));
    struct onnx_dims out = {4, {d->at[0], d->at[1] * b * b, d->at[2] / b, d->at[3] / b}};
    return set_like(n, &out);
}

/* ---- Resize ---------------------------------------------------------------------------------- */

/* The input that holds the numbers, NULL where none are given or none are in it. */
static const struct onnx_value *given_numbers(const struct onnx_node *n, int i)
{
    const struct onnx_value *v = onnx_in(n, i);
    return v && onnx_size(&v->dims) > 0 ? v : NULL;
}

bool onnx_infer_resize(struct onnx *m, struct onnx_node *n)
{
    struct onnx_dims out = *dims_of(n, 0);
    bool old = !strcmp(n->type, "Upsample") || n->opset < 11;
    const struct onnx_value *scales = given_numbers(n, old ? 1 : 2);
    const struct onnx_value *sizes = old ? NULL : given_numbers(n, 3);
    const struct onnx_value *v = sizes ? sizes : scales;
    const struct onnx_attr *a = onnx_attr(n, "scales");
    int count, axis;
    const int64_t *axes = onnx_ints(n, "axes", &count);
    count = axes ? count : out.rank;
    bool listed = !v && a && a->kind == ONNX_FLOATS;      /* Upsample of opset 7 */
    if (v && !onnx_is_const(v))
        return onnx_refuse(m, n, "its size depends on what the network computes");
    if (listed ? a->n != count : !v || onnx_size(&v->dims) != count)
        return onnx_refuse(m, n, "scales or sizes must be one for each of %d axes", count);
    for (int i = 0; i < count; i++) {
        if (!onnx_axis(&out, axes ? axes[i] : i, &axis))
            return onnx_refuse(m, n, "an axis that %s doesn't have", dims_words(m, n, 0));
        float scale = listed ? a->floats[i] : (float)onnx_number(v, i);
        double size = sizes ? onnx_number(v, i) : (double)(scale * (float)out.at[axis]);
        if (!(size >= 1 && size <= INT32_MAX))
            return onnx_refuse(m, n, "it makes %g of %lld", size, (long long)out.at[axis]);
        out.at[axis] = (int64_t)floor(size);  /* of single precision, as ONNX has it */
    }
    return set_like(n, &out);
}

bool onnx_infer_grid_sample(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = dims_of(n, 0), *at = dims_of(n, 1);
    if (d->rank == 5)
        return onnx_refuse(m, n, "3 spatial dimensions; 2 are supported");
    if (d->rank != 4 || at->rank != 4 || at->at[0] != d->at[0] || at->at[3] != 2)
        return onnx_refuse(m, n, "an image %s at places %s", dims_words(m, n, 0),
                dims_words(m, n, 1));
    struct onnx_dims out = {4, {d->at[0], d->at[1], at->at[1], at->at[2]}};
    return set_like(n, &out);
}

/* ---- constants ------------------------------------------------------------------------------- */

/* The number or list of numbers that stands in the attribute. */
static bool listed_constant(struct onnx *m, const struct onnx_attr *a, struct onnx_value *v)
{
    int n = a->kind == ONNX_FLOATS || a->kind == ONNX_INTS ? a->n : 1;
    bool floats = a->kind == ONNX_FLOATS || a->kind == ONNX_FLOAT;
    bool list = a->kind == ONNX_FLOATS || a->kind == ONNX_INTS;
    if (!list && a->kind != ONNX_FLOAT && a->kind != ONNX_INT)
        return false;
    float *f = NEW_ARRAY(m->pool, float, n + 1);
    int64_t *k = NEW_ARRAY(m->pool, int64_t, n + 1);
    for (int i = 0; i < n; i++) {
        f[i] = floats ? list ? a->floats[i] : a->f : 0;
        k[i] = floats ? 0 : list ? a->ints[i] : a->i;
    }
    v->known = true;
    v->dims = (struct onnx_dims){list, {n}};
    v->elem = floats ? ELEM_FLOAT : ELEM_INT;
    v->type = floats ? TYPE_FLOAT : TYPE_INT64;
    v->f = floats ? f : NULL;
    v->i = floats ? NULL : k;
    return true;
}

bool onnx_infer_constant(struct onnx *m, struct onnx_node *n)
{
    struct onnx_value *v = n->out.n ? n->out.at[0] : NULL;
    const struct onnx_attr *a = n->attr.n ? &n->attr.at[0] : NULL;
    if (!v || !a)
        return onnx_refuse(m, n, "it has no value");
    if (a->kind == ONNX_TENSOR) {
        const struct onnx_value *t = a->tensor;
        v->refused = t->refused;
        v->f = t->f;
        v->i = t->i;
        set_out(n, 0, &t->dims, t->elem, t->type);
    } else if (!listed_constant(m, a, v)) {
        return onnx_refuse(m, n, "its value '%s' is no tensor of numbers", onnx_quoted(m, a->name));
    }
    n->gone = true;
    return true;
}

bool onnx_infer_constant_of_shape(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_attr *a = onnx_attr(n, "value");
    const struct onnx_value *t = a && a->kind == ONNX_TENSOR ? a->tensor : NULL;
    const int64_t *list;
    struct onnx_dims out;
    if (!onnx_list(m, n, 0, "shape", &list, &out.rank))
        return false;
    if (out.rank < 0 || out.rank > ONNX_MAX_RANK || (t && (onnx_size(&t->dims) != 1 || t->refused)))
        return onnx_refuse(m, n, "a shape of %d dimensions, or a value that is no number",
                out.rank);
    for (int i = 0; i < out.rank; i++) {
        out.at[i] = list[i];
        if (list[i] < 0)
            return onnx_refuse(m, n, "a negative dimension");
    }
    set_out(n, 0, &out, t ? t->elem : ELEM_FLOAT, t ? t->type : TYPE_FLOAT);
    return true;
}

bool onnx_infer_shape(struct onnx *m, struct onnx_node *n)
{
    int64_t rank = dims_of(n, 0)->rank;
    int64_t begin = onnx_int(n, "start", 0), end = onnx_int(n, "end", rank);
    (void)m;
    begin = onnx_clamp(begin < 0 ? begin + rank : begin, 0, rank);
    end = onnx_clamp(end < 0 ? end + rank : end, begin, rank);
    struct onnx_dims out = {1, {end - begin}};
    return set_ints(n, &out);
}

bool onnx_infer_size(struct onnx *m, struct onnx_node *n)
{
    (void)m;
    struct onnx_dims scalar = {0};
    return set_ints(n, &scalar);
}

bool onnx_infer_has_element(struct onnx *m, struct onnx_node *n)
{
    (void)m;
    struct onnx_dims scalar = {0};
    set_out(n, 0, &scalar, ELEM_BOOL, TYPE_BOOL);
    return true;
}

bool onnx_infer_range(struct onnx *m, struct onnx_node *n)
{
    double v[3];
    for (int i = 0; i < 3; i++)
        if (!onnx_scalar(n->in.at[i], &v[i]))
            return onnx_refuse(m, n, "its bounds depend on what the network computes");
    double steps = v[2] != 0 ? ceil((v[1] - v[0]) / v[2]) : -1;
    if (!(steps <= 0x1p31) || v[2] == 0)
        return onnx_refuse(m, n, "from %g to %g in steps of %g", v[0], v[1], v[2]);
    struct onnx_dims out = {1, {steps > 0 ? (int64_t)steps : 0}};
    return set_like(n, &out);
}
