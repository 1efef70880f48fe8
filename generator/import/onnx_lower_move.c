/* Layers that move elements and compute nothing. */
#include <string.h>

#include "onnx_layout.h"
#include "text.h"

/* ---- what moves nothing ---------------------------------------------------------------------- */

bool onnx_lower_alias(struct lower *lo, struct onnx_node *n)
{
    place_alias(lo, n->out.at[0], n->in.at[0]);
    lo->m->dropped++;
    return true;
}

/* The third input says whether to train; opset 12 and later. With a ratio of 0 even that changes
 * nothing. */
bool onnx_lower_dropout(struct lower *lo, struct onnx_node *n)
{
    double train = 0, ratio = 0.5;
    if (onnx_in(n, 2) && !onnx_scalar(onnx_in(n, 2), &train))
        return onnx_refuse(lo->m, n, "whether it trains depends on what the network computes");
    if (onnx_in(n, 1) && !onnx_scalar(onnx_in(n, 1), &ratio))
        return onnx_refuse(lo->m, n, "its ratio depends on what the network computes");
    return train != 0 && ratio != 0 ? onnx_refuse(lo->m, n, "training mode")
                                    : onnx_lower_alias(lo, n);
}

bool onnx_lower_transpose(struct lower *lo, struct onnx_node *n)
{
    int perm[ONNX_MAX_RANK];
    return onnx_perm(lo->m, n, perm) &&
           place_transpose(lo, n, n->in.at[0], perm, n->out.at[0]);
}

/* ---- by dimensions --------------------------------------------------------------------------- */

/* The extents of the shape when those of the dimensions have changed: several may share one. */
static void set_extents(struct view *v)
{
    bool set[LIMIT_RANK] = {false};
    for (int i = 0; i < v->dims.rank; i++) {
        int d = v->where[i];
        if (d < 0)
            continue;
        v->shape.dim[d] = (set[d] ? v->shape.dim[d] : 1) * (int)v->dims.at[i];
        set[d] = true;
    }
}

/* The layer of a node with one input, seen as the view; its result has the view's order. */
static struct wlayer *move_layer(struct lower *lo, struct onnx_node *n, const char *type,
        const struct view *view, struct onnx_value *to)
{
    const char *name = place_arrange(lo, n, n->in.at[0], view);
    if (!name)
        return NULL;
    struct wlayer *l = lower_layer(lo, type, to);
    struct view out = *view;
    layer_input(l, name);
    out.dims = to->dims;
    set_extents(&out);
    place_set(lo, to, l, &out);
    return l;
}

/* Which dimensions a change of sizes is about. */
static unsigned changed(const struct onnx_dims *a, const struct onnx_dims *b)
{
    unsigned mask = 0;
    for (int i = 0; i < a->rank; i++)
        mask |= a->at[i] != b->at[i] ? 1u << i : 0;
    return mask;
}

static bool refuse_batch(struct lower *lo, struct onnx_node *n, unsigned mask)
{
    return lo->batch == 1 || !(mask & 1) ||
           onnx_refuse(lo->m, n, "it mixes the images of the batch");
}

/* A number for each dimension of the shape: of those that are left out there is nothing to say. */
static void write_by_dim(struct wlayer *l, const char *key, const struct view *v, const int64_t *n,
        int64_t absent)
{
    int64_t list[LIMIT_RANK] = {absent, absent, absent, absent};
    for (int i = 0; i < v->dims.rank; i++)
        if (v->where[i] >= 0)
            list[v->where[i]] = n[i];
    layer_ints(l, key, v->shape.rank, list);
}

/* ---- Concat ---------------------------------------------------------------------------------- */

/* In the order of the first that is computed. */
bool lower_join(struct lower *lo, struct onnx_node *n, struct onnx_value **v, int count, int axis,
        struct onnx_value *to)
{
    const char **name = NEW_ARRAY(lo->pool, const char *, count);
    const struct onnx_value *first = v[0];
    struct view view;
    for (int i = count - 1; i >= 0; i--)
        first = onnx_is_const(v[i]) ? first : v[i];
    if (!refuse_batch(lo, n, 1u << axis) || !place_natural(lo, n, first, 1u << axis, &view))
        return false;
    for (int i = 0; i < count; i++) {
        struct view operand = view;
        operand.dims = v[i]->dims;
        operand.shape.dim[view.where[axis]] = (int)operand.dims.at[axis];
        name[i] = place_arrange(lo, n, v[i], &operand);
        if (!name[i])
            return false;
    }
    struct wlayer *l = lower_layer(lo, "Concatenate", to);
    for (int i = 0; i < count; i++)
        layer_input(l, name[i]);
    if (view.where[axis] != view.shape.rank - 1)
        layer_int(l, "axis", view.where[axis] + 1);
    view.dims = to->dims;
    view.shape.dim[view.where[axis]] = (int)to->dims.at[axis];
    place_set(lo, to, l, &view);
    return true;
}

bool onnx_lower_concat(struct lower *lo, struct onnx_node *n)
{
    int axis;
    if (n->in.n == 1)
        return onnx_lower_alias(lo, n);
    return onnx_axis(&n->out.at[0]->dims, onnx_int(n, "axis", 0), &axis) &&
           lower_join(lo, n, n->in.at, n->in.n, axis, n->out.at[0]);
}

/* ---- Slice, Split, Gather -------------------------------------------------------------------- */

/* What a Slice takes of each dimension of the shape: those of the mask alone are cut, and others
 * may share one. Down to the first element: what comes before it is written as -(size + 1). */
static void write_slice(struct wlayer *l, const struct view *v, const struct onnx_slice *s,
        unsigned keep)
{
    int64_t begin[LIMIT_RANK] = {0}, end[LIMIT_RANK], step[LIMIT_RANK] = {1, 1, 1, 1};
    bool steps = false;
    for (int d = 0; d < v->shape.rank; d++)
        end[d] = v->shape.dim[d];
    for (int i = 0; i < v->dims.rank; i++) {
        int d = v->where[i];
        if (!(keep >> i & 1) || d < 0)
            continue;
        int64_t last = s->begin[i] + (s->n[i] - 1) * s->step[i];
        begin[d] = s->begin[i];
        step[d] = s->step[i];
        end[d] = s->step[i] > 0 ? last + 1 : last > 0 ? last - 1 : -v->dims.at[i] - 1;
        steps = steps || step[d] != 1;
    }
    layer_ints(l, "begin", v->shape.rank, begin);
    layer_ints(l, "end", v->shape.rank, end);
    if (steps)
        layer_ints(l, "step", v->shape.rank, step);
}

static bool slice(struct lower *lo, struct onnx_node *n, const struct onnx_slice *s, unsigned keep,
        struct onnx_value *to)
{
    struct view view;
    if (onnx_size(&to->dims) == 0)
        return onnx_refuse(lo->m, n, "it leaves nothing of %s",
                onnx_dims_text(lo->pool, &n->in.at[0]->dims));
    if (!refuse_batch(lo, n, keep) || !place_natural(lo, n, n->in.at[0], keep, &view))
        return false;
    struct wlayer *l = move_layer(lo, n, "Slice", &view, to);
    if (l)
        write_slice(l, &view, s, keep);
    return l != NULL;
}

/* All of a tensor, for the dimensions that aren't cut. */
static struct onnx_slice whole(const struct onnx_dims *d)
{
    struct onnx_slice s = {0};
    for (int i = 0; i < d->rank; i++) {
        s.n[i] = d->at[i];
        s.step[i] = 1;
    }
    return s;
}

bool onnx_lower_slice(struct lower *lo, struct onnx_node *n)
{
    struct onnx_slice s;
    unsigned keep = changed(&n->in.at[0]->dims, &n->out.at[0]->dims);
    if (!onnx_slice_of(lo->m, n, &s))
        return false;
    for (int i = 0; i < n->in.at[0]->dims.rank; i++)
        keep |= s.step[i] < 0 && s.n[i] > 1 ? 1u << i : 0;
    if (keep)
        return slice(lo, n, &s, keep, n->out.at[0]);
    return onnx_lower_alias(lo, n);
}

bool onnx_lower_split(struct lower *lo, struct onnx_node *n)
{
    int64_t *part = NEW_ARRAY(lo->pool, int64_t, n->out.n + 1);
    struct onnx_slice s = whole(&n->in.at[0]->dims);
    int axis;
    if (!onnx_parts_of(lo->m, n, &axis, part))
        return false;
    for (int i = 0; i < n->out.n; s.begin[axis] += part[i++]) {
        s.n[axis] = part[i];
        if (n->out.at[i] && n->out.at[i]->users && !slice(lo, n, &s, 1u << axis, n->out.at[i]))
            return false;
    }
    return true;
}

/* Index k of a list, counted from the front. */
static int64_t index_at(const struct onnx_value *index, int64_t k, int64_t size)
{
    return index->i[k] < 0 ? index->i[k] + size : index->i[k];
}

/* Whether all indices are evenly spaced, and by how much: what one Slice can pick. */
static bool evenly_spaced(const struct onnx_value *index, int64_t size, int64_t *step)
{
    int64_t n = onnx_size(&index->dims);
    *step = n > 1 ? index_at(index, 1, size) - index_at(index, 0, size) : 1;
    for (int64_t k = 1; k < n; k++)
        if (index_at(index, k, size) != index_at(index, 0, size) + k * *step)
            return false;
    return *step != 0;
}

struct onnx_value *lower_part(struct lower *lo, struct onnx_node *n, int axis, int64_t begin,
        int64_t count, int64_t step)
{
    struct onnx_slice s = whole(&n->in.at[0]->dims);
    struct onnx_value *part = onnx_value_new(lo->m, n->out.at[0]->name);
    s.begin[axis] = begin;
    s.n[axis] = count;
    s.step[axis] = step;
    part->dims = n->in.at[0]->dims;
    part->dims.at[axis] = count;
    part->elem = n->in.at[0]->elem;
    part->users = 1;
    return slice(lo, n, &s, 1u << axis, part) ? part : NULL;
}

/* Counted from the front, as the layer has them. */
static void write_indices(struct lower *lo, struct wlayer *l, const struct onnx_value *index,
        int64_t size)
{
    int64_t n = onnx_size(&index->dims), *list = NEW_ARRAY(lo->pool, int64_t, n + 1);
    for (int64_t k = 0; k < n; k++)
        list[k] = index_at(index, k, size);
    layer_ints(l, "indices", (int)n, list);
}

/* Along the axis, in the order of the indices; evenly spaced ones are a Slice. */
static struct onnx_value *gathered(struct lower *lo, struct onnx_node *n, int axis)
{
    const struct onnx_value *index = n->in.at[1];
    int64_t size = n->in.at[0]->dims.at[axis], count = onnx_size(&index->dims), step;
    struct onnx_value *to = onnx_value_new(lo->m, n->out.at[0]->name);
    struct view view;
    if (evenly_spaced(index, size, &step))
        return lower_part(lo, n, axis, index_at(index, 0, size), count, step);
    to->dims = n->in.at[0]->dims;
    to->dims.at[axis] = count;
    to->elem = n->in.at[0]->elem;
    to->users = 1;
    if (!refuse_batch(lo, n, 1u << axis) ||
            !place_natural(lo, n, n->in.at[0], 1u << axis, &view))
        return NULL;
    struct wlayer *l = move_layer(lo, n, "Gather", &view, to);
    if (!l)
        return NULL;
    layer_int(l, "axis", view.where[axis] + 1);
    write_indices(lo, l, index, size);
    return to;
}

/* What replaces the axis has the dimensions of the indices. */
bool onnx_lower_gather(struct lower *lo, struct onnx_node *n)
{
    int axis;
    if (!onnx_axis(&n->in.at[0]->dims, onnx_int(n, "axis", 0), &axis))
        return false;
    const struct onnx_value *to = gathered(lo, n, axis);
    if (to)
        place_alias(lo, n->out.at[0], to);
    return to != NULL;
}

/* ---- Pad ------------------------------------------------------------------------------------- */

static bool pad_value(struct lower *lo, struct onnx_node *n, double *value)
{
    *value = (double)onnx_float(n, "value", 0);
    return !onnx_in(n, 2) || onnx_scalar(onnx_in(n, 2), value) ||
           onnx_refuse(lo->m, n, "its value depends on what the network computes");
}

static void write_pads(struct lower *lo, struct wlayer *l, const struct view *v,
        const struct onnx_pads *p)
{
    const char *text = "";
    for (int d = 0; d < v->shape.rank; d++) {
        long long before = 0, after = 0;
        for (int i = 0; i < v->dims.rank; i++)
            if (v->where[i] == d) {
                before = p->before[i];
                after = p->after[i];
            }
        text = pool_printf(lo->pool, "%s%s[%lld, %lld]", text, d ? ", " : "", before, after);
    }
    layer_raw(l, "pads", "[%s]", text);
}

/* Zeros around an image: the layer that convolutions take in. */
static bool pads_image(const struct view *v, unsigned keep, const char *mode, double value)
{
    return !strcmp(mode, "constant") && value == 0 && v->dims.rank == 4 && !(keep & 3u) &&
           v->shape.rank == 3 && v->where[2] == 0 && v->where[3] == 1;
}

bool onnx_lower_pad(struct lower *lo, struct onnx_node *n)
{
    const char *mode = onnx_word(n, "mode", "constant");
    struct onnx_pads p;
    struct view view;
    double value;
    if (!text_is_one_of(mode, (const char *const[]){"constant", "reflect", "edge", "wrap", NULL}))
        return onnx_refuse(lo->m, n, "mode '%s' is not supported", onnx_quoted(lo->m, mode));
    if (!onnx_pads_of(lo->m, n, &p) || !pad_value(lo, n, &value))
        return false;
    unsigned keep = changed(&n->in.at[0]->dims, &n->out.at[0]->dims);
    for (int i = 0; i < n->in.at[0]->dims.rank; i++) {
        keep |= p.before[i] || p.after[i] ? 1u << i : 0;
        if (p.before[i] < 0 || p.after[i] < 0)
            return onnx_refuse(lo->m, n, "negative pads");
    }
    if (!keep)
        return onnx_lower_alias(lo, n);
    if (!refuse_batch(lo, n, keep) || !place_natural(lo, n, n->in.at[0], keep, &view))
        return false;
    bool image = pads_image(&view, keep, mode, value);
    struct wlayer *l = move_layer(lo, n, image ? "ZeroPadding2D" : "Pad", &view, n->out.at[0]);
    if (!l)
        return false;
    if (image) {
        layer_raw(l, "padding", "[[%lld, %lld], [%lld, %lld]]", (long long)p.before[2],
                (long long)p.after[2], (long long)p.before[3], (long long)p.after[3]);
        return true;
    }
    write_pads(lo, l, &view, &p);
    if (strcmp(mode, "constant"))
        layer_word(l, "mode", mode);
    else if (value != 0)
        layer_float(l, "value", (float)value);
    return true;
}

/* ---- Expand, Tile ---------------------------------------------------------------------------- */

/* The input with 1s in front, so that it has as many dimensions as the result; and how often each
 * of them is repeated. */
static bool repeat(struct lower *lo, struct onnx_node *n)
{
    struct onnx_value *x = n->in.at[0], *y = n->out.at[0];
    int64_t times[ONNX_MAX_RANK];
    struct view view = {.dims = {.rank = y->dims.rank}};
    for (int i = 0, more = y->dims.rank - x->dims.rank; i < y->dims.rank; i++) {
        view.dims.at[i] = i < more ? 1 : x->dims.at[i - more];
        times[i] = view.dims.at[i] ? y->dims.at[i] / view.dims.at[i] : 1;
    }
    unsigned keep = changed(&view.dims, &y->dims);
    if (!keep)
        return onnx_lower_alias(lo, n);
    place_order(lo, x, &view.dims, view.perm);
    if (!refuse_batch(lo, n, keep))
        return false;
    if (!place_view(lo, &view, keep, ~0u))
        return onnx_refuse(lo->m, n, "it takes more than %d dimensions", LIMIT_RANK);
    struct wlayer *l = move_layer(lo, n, "Tile", &view, y);
    if (l)
        write_by_dim(l, "repeats", &view, times, 1);
    return l != NULL;
}

bool onnx_lower_expand(struct lower *lo, struct onnx_node *n) { return repeat(lo, n); }
bool onnx_lower_tile(struct lower *lo, struct onnx_node *n) { return repeat(lo, n); }

/* ---- images ---------------------------------------------------------------------------------- */

/* An image with the channels last, and all three dimensions in the shape. */
static bool image(struct lower *lo, struct onnx_node *n, struct view *v)
{
    v->dims = n->in.at[0]->dims;
    if (v->dims.rank != 4 || (lo->batch == 1 && v->dims.at[0] != 1))
        return onnx_refuse(lo->m, n, "%s is no batch of images of the network's inputs",
                onnx_dims_text(lo->pool, &v->dims));
    place_channels_last(4, v->perm);
    return place_view(lo, v, 14, 0);
}

bool onnx_lower_depth(struct lower *lo, struct onnx_node *n)
{
    struct view view;
    if (!image(lo, n, &view))
        return false;
    struct wlayer *l = move_layer(lo, n, n->type, &view, n->out.at[0]);
    if (!l)
        return false;
    layer_int(l, "block_size", onnx_int(n, "blocksize", 1));
    if (!strcmp(onnx_word(n, "mode", "DCR"), "CRD"))
        layer_word(l, "mode", "crd");
    return true;
}
