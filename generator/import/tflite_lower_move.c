/* Layers that move elements: and those that resize images. */
#include <math.h>
#include <string.h>

#include "tflite_lower.h"

/* ---- in other dimensions --------------------------------------------------------------------- */

/* RESHAPE, SQUEEZE, EXPAND_DIMS: as the result's dimensions say. */
bool tflite_lower_reshape(struct tflite *m, struct tflite_node *n)
{
    struct seen x, y;
    if (!lower_seen(m, n, n->in.at[0], &x) || !lower_seen(m, n, n->out.at[0], &y))
        return false;
    if (shape_size(&x.shape) != shape_size(&y.shape))
        return tflite_refuse(m, n, "%s can't become %s",
                tflite_dims_text(m->pool, &n->in.at[0]->dims),
                tflite_dims_text(m->pool, &n->out.at[0]->dims));
    if (shape_equal(&x.shape, &y.shape))
        return lower_alias(m, n, 0, n->out.at[0]);
    struct wlayer *l = lower_unary(m, n, y.shape.rank == 1 ? "Flatten" : "Reshape");
    if (l && y.shape.rank > 1)
        lower_dims(l, "target_shape", &y.shape);
    return l != NULL;
}

bool tflite_lower_transpose(struct tflite *m, struct tflite_node *n)
{
    struct seen x;
    int count;
    unsigned seen_axes = 0;
    const int64_t *perm = lower_list(m, n, 1, &count);
    struct shape to = {0};
    if (!perm || !lower_seen(m, n, n->in.at[0], &x))
        return false;
    if (count != n->in.at[0]->dims.rank || (x.first && perm[0] != 0))
        return tflite_refuse(m, n, "it moves the batch, or takes %d of %d dimensions", count,
                n->in.at[0]->dims.rank);
    for (int i = x.first; i < count; i++) {
        if (perm[i] < x.first || perm[i] >= count || seen_axes & 1u << perm[i])
            return tflite_refuse(m, n, "its order names dimension %lld", (long long)perm[i]);
        seen_axes |= 1u << perm[i];
        to.dim[to.rank++] = (int)perm[i] - x.first + 1;
    }
    if (!to.rank)
        return lower_alias(m, n, 0, n->out.at[0]);
    struct wlayer *l = lower_unary(m, n, "Permute");
    if (l)
        lower_dims(l, "dims", &to);
    return l != NULL;
}

/* ---- one behind the other -------------------------------------------------------------------- */

bool tflite_lower_concatenation(struct tflite *m, struct tflite_node *n)
{
    struct seen seen;
    int axis;
    const char **name = NEW_ARRAY(m->pool, const char *, n->in.n);
    if (!lower_seen(m, n, n->out.at[0], &seen) ||
            !lower_axis(m, n, n->out.at[0], &seen, lower_option(m, n, 0, 4, 0), &axis))
        return false;
    if (n->in.n == 1)
        return lower_alias(m, n, 0, n->out.at[0]);
    for (int i = 0; i < n->in.n; i++) {
        name[i] = lower_input(m, n, i);
        if (!name[i])
            return false;
    }
    struct wlayer *l = lower_layer(m, "Concatenate", n->out.at[0]);
    for (int i = 0; i < n->in.n; i++)
        layer_input(l, name[i]);
    layer_int(l, "axis", axis + 1);
    return lower_activation(m, n, l, false);
}

/* Each with a dimension of 1 more, and then as above. */
bool tflite_lower_pack(struct tflite *m, struct tflite_node *n)
{
    struct seen seen;
    int axis;
    const char **name = NEW_ARRAY(m->pool, const char *, n->in.n);
    if (!lower_seen(m, n, n->out.at[0], &seen) ||
            !lower_axis(m, n, n->out.at[0], &seen, lower_option(m, n, 1, 4, 0), &axis))
        return false;
    struct shape one = seen.shape;
    one.dim[axis] = 1;
    for (int i = 0; i < n->in.n; i++) {
        if (tflite_size(&n->in.at[i]->dims) * n->in.n != tflite_size(&n->out.at[0]->dims))
            return tflite_refuse(m, n, "'%s' %s is no part of %s",
                    tflite_quoted(m, n->in.at[i]->name),
                    tflite_dims_text(m->pool, &n->in.at[i]->dims),
                    tflite_dims_text(m->pool, &n->out.at[0]->dims));
        name[i] = lower_input_as(m, n, i, &one);
        if (!name[i])
            return false;
    }
    if (n->in.n == 1) {
        n->out.at[0]->layer = name[0];
        return true;
    }
    struct wlayer *l = lower_layer(m, "Concatenate", n->out.at[0]);
    for (int i = 0; i < n->in.n; i++)
        layer_input(l, name[i]);
    layer_int(l, "axis", axis + 1);
    return true;
}

/* TILE: how often in each dimension. */
bool tflite_lower_tile(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_dims *d = &n->in.at[0]->dims;
    struct seen x;
    int count;
    const int64_t *times = lower_list(m, n, 1, &count);
    if (!times || !lower_seen(m, n, n->in.at[0], &x))
        return false;
    if (count != d->rank || count != n->out.at[0]->dims.rank)
        return tflite_refuse(m, n, "it repeats %d of %d dimensions", count, d->rank);
    for (int i = 0; i < count; i++)
        if (times[i] < 1 || d->at[i] * times[i] != n->out.at[0]->dims.at[i])
            return tflite_refuse(m, n, "%s, dimension %d %lld times, can't become %s",
                    tflite_dims_text(m->pool, d), i, (long long)times[i],
                    tflite_dims_text(m->pool, &n->out.at[0]->dims));
    if (x.first && times[0] != 1)
        return tflite_refuse(m, n, "it repeats the batch");
    if (count == x.first)
        return lower_alias(m, n, 0, n->out.at[0]);
    struct wlayer *l = lower_unary(m, n, "Tile");
    if (l)
        layer_ints(l, "repeats", x.shape.rank, times + x.first);
    return l != NULL;
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* What is taken of each dimension of an input as cnngen sees it. */
struct part { int64_t begin[LIMIT_RANK], end[LIMIT_RANK], step[LIMIT_RANK]; };

static void whole(const struct shape *s, struct part *p)
{
    for (int i = 0; i < LIMIT_RANK; i++) {
        p->begin[i] = 0;
        p->end[i] = i < s->rank ? s->dim[i] : 1;
        p->step[i] = 1;
    }
}

/* The part as one layer, and another one where its dimensions are to be others. */
static bool take(struct tflite *m, struct tflite_node *n, int input, const struct seen *x,
        const struct part *p, struct tflite_tensor *out)
{
    struct shape s = x->shape;
    struct seen y;
    const char *from = lower_input(m, n, input);
    int64_t end[LIMIT_RANK];
    bool steps = false;
    if (!from || !lower_seen(m, n, out, &y))
        return false;
    for (int i = 0; i < s.rank; i++) {
        int64_t length = p->step[i] < 0 ? p->begin[i] - p->end[i] : p->end[i] - p->begin[i];
        int64_t pace = p->step[i] < 0 ? -p->step[i] : p->step[i];
        end[i] = p->end[i] < 0 ? -x->shape.dim[i] - 1 : p->end[i];  /* -1 is the last element */
        s.dim[i] = (int)((length + pace - 1) / pace);
        steps = steps || p->step[i] != 1;
        if (s.dim[i] < 1)
            return tflite_refuse(m, n, "it takes nothing of dimension %d", i + x->first);
    }
    struct wlayer *l = lower_layer(m, "Slice", out);
    layer_input(l, from);
    layer_ints(l, "begin", s.rank, p->begin);
    layer_ints(l, "end", s.rank, end);
    if (steps)
        layer_ints(l, "step", s.rank, p->step);
    if (shape_size(&s) != shape_size(&y.shape))
        return tflite_refuse(m, n, "its result is %s", tflite_dims_text(m->pool, &out->dims));
    if (!shape_equal(&s, &y.shape))
        lower_dims(lower_follow(m, out, "Reshape"), "target_shape", &y.shape);
    return true;
}

/* The whole batch, where the first dimension is that. */
static bool batch_whole(struct tflite *m, struct tflite_node *n, const struct seen *x,
        int64_t begin, int64_t end, int64_t step)
{
    return !x->first || (begin == 0 && end == m->batch && step == 1) ||
           tflite_refuse(m, n, "it takes a part of the batch");
}

/* SLICE: begin, size (-1: what remains). */
bool tflite_lower_slice(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_dims *d = &n->in.at[0]->dims;
    struct seen x;
    struct part p;
    int begins, sizes;
    const int64_t *begin = lower_list(m, n, 1, &begins);
    const int64_t *size = begin ? lower_list(m, n, 2, &sizes) : NULL;
    if (!size || !lower_seen(m, n, n->in.at[0], &x))
        return false;
    if (begins != d->rank || sizes != d->rank)
        return tflite_refuse(m, n, "%d begins and %d sizes of %d dimensions", begins, sizes,
                d->rank);
    whole(&x.shape, &p);
    for (int i = 0; i < d->rank; i++) {
        bool fits = begin[i] >= 0 && begin[i] <= d->at[i] && size[i] >= -1 &&
                    (size[i] == -1 || size[i] <= d->at[i] - begin[i]);
        int64_t end = size[i] == -1 ? d->at[i] : fits ? begin[i] + size[i] : 0;
        if (!fits)
            return tflite_refuse(m, n, "it takes %lld from %lld on of %lld", (long long)size[i],
                    (long long)begin[i], (long long)d->at[i]);
        if (i < x.first && !batch_whole(m, n, &x, begin[i], end, 1))
            return false;
        if (i >= x.first) {
            p.begin[i - x.first] = begin[i];
            p.end[i - x.first] = end;
        }
    }
    return take(m, n, 0, &x, &p, n->out.at[0]);
}

/* STRIDED_SLICE: begin, end, strides, and masks of options: of dimensions whose begin or end
 * doesn't count, and of those that vanish. */
bool tflite_lower_strided_slice(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_dims *d = &n->in.at[0]->dims;
    struct tflite_slice s;
    struct seen x;
    struct part p;
    if (!tflite_slice_of(m, n, &s) || !lower_seen(m, n, n->in.at[0], &x))
        return false;
    whole(&x.shape, &p);
    for (int i = 0; i < d->rank; i++) {
        if (i < x.first && !batch_whole(m, n, &x, s.begin[i], s.end[i], s.step[i]))
            return false;
        if (i >= x.first) {
            p.begin[i - x.first] = s.begin[i];
            p.end[i - x.first] = s.end[i];
            p.step[i - x.first] = s.step[i];
        }
    }
    return take(m, n, 0, &x, &p, n->out.at[0]);
}

/* REVERSE_V2: along the axes of a list. */
bool tflite_lower_reverse(struct tflite *m, struct tflite_node *n)
{
    struct seen x;
    struct part p;
    int count, axis;
    const int64_t *list = lower_list(m, n, 1, &count);
    if (!list || !lower_seen(m, n, n->in.at[0], &x))
        return false;
    whole(&x.shape, &p);
    for (int i = 0; i < count; i++) {
        if (!lower_axis(m, n, n->in.at[0], &x, list[i], &axis))
            return false;
        p.begin[axis] = x.shape.dim[axis] - 1;
        p.end[axis] = -1;
        p.step[axis] = -1;
    }
    return take(m, n, 0, &x, &p, n->out.at[0]);
}

/* GATHER: elements along an axis, which the dimensions of the indices replace. */
bool tflite_lower_gather(struct tflite *m, struct tflite_node *n)
{
    struct seen x, y;
    int count, axis;
    const int64_t *index = lower_list(m, n, 1, &count);
    if (!index || !lower_seen(m, n, n->in.at[0], &x) || !lower_seen(m, n, n->out.at[0], &y) ||
            !lower_axis(m, n, n->in.at[0], &x, lower_option(m, n, 0, 4, 0), &axis))
        return false;
    if (lower_option(m, n, 1, 4, 0))
        return tflite_refuse(m, n, "its indices differ along other dimensions (batch_dims)");
    for (int i = 0; i < count; i++)
        if (index[i] < 0 || index[i] >= x.shape.dim[axis])
            return tflite_refuse(m, n, "it takes element %lld of %d", (long long)index[i],
                    x.shape.dim[axis]);
    if (shape_size(&x.shape) / x.shape.dim[axis] * count != shape_size(&y.shape))
        return tflite_refuse(m, n, "its result is %s",
                tflite_dims_text(m->pool, &n->out.at[0]->dims));
    struct wlayer *l = lower_unary(m, n, "Gather");
    if (!l)
        return false;
    layer_ints(l, "indices", count, index);
    layer_int(l, "axis", axis + 1);
    x.shape.dim[axis] = count;
    if (!shape_equal(&x.shape, &y.shape))
        lower_dims(lower_follow(m, n->out.at[0], "Reshape"), "target_shape", &y.shape);
    return true;
}

/* GATHER_ND: pieces whose place the first dimensions say, those being one here. */
bool tflite_lower_gather_nd(struct tflite *m, struct tflite_node *n)
{
    struct tflite_places places;
    struct seen x, y;
    if (!tflite_places_of(m, n, &places) || !lower_seen(m, n, n->in.at[0], &x) ||
            !lower_seen(m, n, n->out.at[0], &y))
        return false;
    if (m->batch > 1)
        return tflite_refuse(m, n, "it works across the images of the batch");
    const char *from = lower_input_as(m, n, 0,
            &(struct shape){2, {(int)places.outer, (int)places.inner}});
    if (!from)
        return false;
    struct wlayer *l = lower_layer(m, "Gather", n->out.at[0]);
    layer_input(l, from);
    layer_ints(l, "indices", (int)places.n, places.at);
    layer_int(l, "axis", 1);
    if (!shape_equal(&(struct shape){2, {(int)places.n, (int)places.inner}}, &y.shape))
        lower_dims(lower_follow(m, n->out.at[0], "Reshape"), "target_shape", &y.shape);
    return true;
}

/* SPLIT (axis, input) and SPLIT_V (input, sizes, axis): each output is a part, as large as it
 * says. */
bool tflite_lower_split(struct tflite *m, struct tflite_node *n)
{
    bool sizes = n->in.n == 3;
    int from = sizes ? 0 : 1, count, axis;
    struct tflite_tensor *t = n->in.at[from];
    struct seen x;
    struct part p;
    const int64_t *list = lower_list(m, n, sizes ? 2 : 0, &count);
    if (!list || count != 1 || !lower_seen(m, n, t, &x) || !lower_axis(m, n, t, &x, *list, &axis))
        return list && tflite_refuse(m, n, "it takes one axis, not %d", count);
    whole(&x.shape, &p);
    p.end[axis] = 0;
    for (int i = 0; i < n->out.n; i++) {
        const struct tflite_dims *d = &n->out.at[i]->dims;
        p.begin[axis] = p.end[axis];
        p.end[axis] += d->rank == t->dims.rank ? d->at[axis + x.first] : x.shape.dim[axis] + 1;
        if (p.end[axis] > x.shape.dim[axis] || !take(m, n, from, &x, &p, n->out.at[i]))
            return tflite_refuse(m, n, "its parts don't fit %s",
                    tflite_dims_text(m->pool, &t->dims));
    }
    return p.end[axis] == x.shape.dim[axis] ||
           tflite_refuse(m, n, "its parts leave something of %s",
                   tflite_dims_text(m->pool, &t->dims));
}

bool tflite_lower_unpack(struct tflite *m, struct tflite_node *n)
{
    struct seen x;
    struct part p;
    int axis;
    if (!lower_seen(m, n, n->in.at[0], &x) ||
            !lower_axis(m, n, n->in.at[0], &x, lower_option(m, n, 1, 4, 0), &axis))
        return false;
    if (x.shape.dim[axis] != n->out.n)
        return tflite_refuse(m, n, "%d outputs of %d parts", n->out.n, x.shape.dim[axis]);
    whole(&x.shape, &p);
    for (int i = 0; i < n->out.n; i++) {
        p.begin[axis] = i;
        p.end[axis] = i + 1;
        if (!take(m, n, 0, &x, &p, n->out.at[i]))
            return false;
    }
    return true;
}

/* ---- borders --------------------------------------------------------------------------------- */

struct border { int64_t before[TFLITE_MAX_RANK], after[TFLITE_MAX_RANK]; };

static bool read_border(struct tflite *m, struct tflite_node *n, struct border *b)
{
    const struct tflite_dims *d = &n->in.at[0]->dims;
    int count;
    const int64_t *list = lower_list(m, n, 1, &count);
    if (!list || count != 2 * d->rank)
        return list && tflite_refuse(m, n, "%d borders of %d dimensions", count, d->rank);
    for (int i = 0; i < d->rank; i++) {
        b->before[i] = list[2 * i];
        b->after[i] = list[2 * i + 1];
        if (b->before[i] < 0 || b->after[i] < 0 || b->before[i] > INT32_MAX ||
                b->after[i] > INT32_MAX)
            return tflite_refuse(m, n, "its borders are %lld and %lld", (long long)b->before[i],
                    (long long)b->after[i]);
    }
    return true;
}

/* Rows and columns of images alone. */
static bool is_spatial(const struct tflite *m, const struct tflite_node *n, const struct border *b)
{
    const struct tflite_dims *d = &n->in.at[0]->dims;
    return d->rank == 4 && d->at[0] == m->batch && !b->before[3] && !b->after[3];
}

/* The only reader of the padded image is a convolution that pads by itself nothing. */
static bool can_join(struct tflite *m, const struct tflite_tensor *t)
{
    if (t->users != 1 || t->is_output)
        return false;
    for (int i = 0; i < m->node.n; i++) {
        const struct tflite_node *n = m->node.at[i];
        bool conv = n->op && (n->op->lower == tflite_lower_conv ||
                                     n->op->lower == tflite_lower_depthwise);
        if (conv && tflite_in(n, 0) == t)
            return lower_option(m, n, 0, 1, 0) == 1;
    }
    return false;
}

static bool padding_value(struct tflite *m, struct tflite_node *n, float *value)
{
    const float *v = n->in.n > 2 ? tflite_floats(m, n, n->in.at[2]) : NULL;
    *value = v && tflite_size(&n->in.at[2]->dims) == 1 ? *v : 0;
    return n->in.n < 3 || (v && (tflite_size(&n->in.at[2]->dims) == 1 ||
                                        tflite_refuse(m, n, "it pads with more than one number")));
}

static bool pad_any(struct tflite *m, struct tflite_node *n, const struct border *b, float value)
{
    struct seen x;
    const char *text = "";
    if (!lower_seen(m, n, n->in.at[0], &x))
        return false;
    for (int i = x.first; i < n->in.at[0]->dims.rank; i++)
        text = pool_printf(m->pool, "%s%s[%lld, %lld]", text, i > x.first ? ", " : "",
                (long long)b->before[i], (long long)b->after[i]);
    struct wlayer *l = lower_unary(m, n, "Pad");
    if (!l)
        return false;
    layer_raw(l, "pads", "[%s]", *text ? text : "[0, 0]");
    if (n->op->layer) {
        int64_t symmetric = lower_option(m, n, 0, 1, 0);
        if (symmetric != 0 && symmetric != 1)
            return tflite_refuse(m, n, "mode %lld is not known", (long long)symmetric);
        layer_word(l, "mode", symmetric ? "symmetric" : "reflect");
    }
    if (value != 0)
        layer_float(l, "value", value);
    return true;
}

bool tflite_lower_pad(struct tflite *m, struct tflite_node *n)
{
    struct border b;
    struct tflite_tensor *out = n->out.at[0];
    float value;
    if (!read_border(m, n, &b) || !padding_value(m, n, &value))
        return false;
    if (n->in.at[0]->dims.rank && n->in.at[0]->dims.at[0] == m->batch &&
            n->in.at[0]->dims.rank > 1 && (b.before[0] || b.after[0]))
        return tflite_refuse(m, n, "it pads the batch");
    if (n->op->layer || value != 0 || !is_spatial(m, n, &b))
        return pad_any(m, n, &b, value);
    if (can_join(m, out)) {
        const int64_t pad[] = {b.before[1], b.after[1], b.before[2], b.after[2]};
        memcpy(out->pad, pad, sizeof pad);
        out->padded = true;
        m->pads++;
        return lower_alias(m, n, 0, out);
    }
    struct wlayer *l = lower_unary(m, n, "ZeroPadding2D");
    if (l)
        layer_raw(l, "padding", "[[%lld, %lld], [%lld, %lld]]", (long long)b.before[1],
                (long long)b.after[1], (long long)b.before[2], (long long)b.after[2]);
    return l != NULL;
}

/* ---- images ---------------------------------------------------------------------------------- */

static bool is_image(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_dims *d = &n->in.at[0]->dims;
    return (d->rank == 4 && d->at[0] == m->batch) ||
           tflite_refuse(m, n, "%s is no batch of images", tflite_dims_text(m->pool, d));
}

bool tflite_lower_depth(struct tflite *m, struct tflite_node *n)
{
    int64_t size = lower_option(m, n, 0, 4, 0);
    if (!is_image(m, n))
        return false;
    if (size < 1)
        return tflite_refuse(m, n, "its blocks are of %lld pixels", (long long)size);
    struct wlayer *l = lower_unary(m, n, n->op->layer);
    if (l)
        layer_int(l, "block_size", size);
    return l != NULL;
}

/* By whole factors, as UpSampling2D does: pixels repeated, or bilinear between their centres. */
static struct wlayer *upsample(struct tflite *m, struct tflite_node *n, const int64_t *size,
        const char *mode)
{
    const int64_t *from = n->in.at[0]->dims.at + 1;
    int64_t factor[] = {size[0] / from[0], size[1] / from[1]};
    struct wlayer *l = lower_unary(m, n, "UpSampling2D");
    if (l)
        layer_ints(l, "size", 2, factor);
    if (l && !strcmp(mode, "linear"))
        layer_word(l, "interpolation", "bilinear");
    return l;
}

/* coordinates, nearest_mode: as the layer Resize calls them. */
static bool resize(struct tflite *m, struct tflite_node *n, const char *mode,
        const char *coordinates, const char *nearest_mode)
{
    int count;
    const int64_t *size = lower_list(m, n, 1, &count);
    if (!size || !is_image(m, n))
        return false;
    const int64_t *from = n->in.at[0]->dims.at + 1;
    if (count != 2 || size[0] < 1 || size[1] < 1 || from[0] < 1 || from[1] < 1)
        return tflite_refuse(m, n, "its new size has %d dimensions, or is 0", count);
    bool centers = strcmp(coordinates, "align_corners") &&
            (nearest_mode || !strcmp(coordinates, "half_pixel"));
    if (centers && size[0] % from[0] == 0 && size[1] % from[1] == 0)
        return upsample(m, n, size, mode) != NULL;
    struct wlayer *l = lower_unary(m, n, "Resize");
    if (!l)
        return false;
    layer_ints(l, "size", 2, size);
    layer_word(l, "mode", mode);
    layer_word(l, "coordinates", coordinates);
    if (nearest_mode)
        layer_word(l, "nearest_mode", nearest_mode);
    return true;
}

/* How corners and centres of pixels lie on each other: not both may be told. */
static bool alignment(struct tflite *m, struct tflite_node *n, int field, bool *corners,
        bool *centers)
{
    *corners = lower_option(m, n, field, 1, 0) != 0;
    *centers = lower_option(m, n, field + 1, 1, 0) != 0;
    return !*corners || !*centers ||
           tflite_refuse(m, n, "align_corners and half_pixel_centers can't both hold");
}

bool tflite_lower_resize_bilinear(struct tflite *m, struct tflite_node *n)
{
    enum { FIRST_FIELD = 2 };        /* behind two that are no longer used */
    bool corners, centers;
    return alignment(m, n, FIRST_FIELD, &corners, &centers) &&
           resize(m, n, "linear",
                   corners   ? "align_corners"
                   : centers ? "half_pixel"
                             : "asymmetric",
                   NULL);
}

bool tflite_lower_resize_nearest(struct tflite *m, struct tflite_node *n)
{
    bool corners, centers;
    return alignment(m, n, 0, &corners, &centers) &&
           resize(m, n, "nearest",
                   corners   ? "align_corners"
                   : centers ? "tf_half_pixel_for_nn"
                             : "asymmetric",
                   corners ? "round_prefer_ceil" : "floor");
}

/* x / (bias + alpha * sum of squares of 2 * radius + 1 channels) ** beta; cnngen's alpha is of
 * their mean. */
bool tflite_lower_lrn(struct tflite *m, struct tflite_node *n)
{
    int64_t radius = lower_option(m, n, 0, 4, 0);
    float bias = fb_float(&m->fb, n->options, 1, 0), alpha = fb_float(&m->fb, n->options, 2, 0);
    float beta = fb_float(&m->fb, n->options, 3, 0);
    if (radius < 0 || !isfinite(bias) || !isfinite(alpha) || !isfinite(beta))
        return tflite_refuse(m, n, "its radius is %lld, bias %g, alpha %g, beta %g",
                (long long)radius, (double)bias, (double)alpha, (double)beta);
    struct wlayer *l = is_image(m, n) ? lower_unary(m, n, "LocalResponseNormalization") : NULL;
    if (!l)
        return false;
    layer_int(l, "size", 2 * radius + 1);
    layer_float(l, "alpha", (float)((double)alpha * (2 * (double)radius + 1)));
    layer_float(l, "beta", beta);
    layer_float(l, "bias", bias);
    return true;
}

/* What tflite_fold left: it depends on more than constants. */
bool tflite_lower_folded(struct tflite *m, struct tflite_node *n)
{
    return tflite_refuse(m, n, "it depends on what the network computes");
}
