/* The arguments of nodes: lists, axes, windows, whether inputs or attributes hold them. */
#include <string.h>

#include "onnx.h"
#include "onnx_ops.h"

static const struct onnx_dims *dims_of(const struct onnx_node *n, int i)
{
    return &n->in.at[i]->dims;
}

static const char *dims_words(struct onnx *m, const struct onnx_node *n, int i)
{
    return onnx_dims_text(m->pool, dims_of(n, i));
}

/* ---- arguments ------------------------------------------------------------------------------- */

bool onnx_list(struct onnx *m, struct onnx_node *node, int i, const char *attr,
        const int64_t **list, int *n)
{
    const struct onnx_value *v = onnx_in(node, i);
    *n = -1;
    if (!v) {
        const struct onnx_attr *a = onnx_attr(node, attr);
        *list = a && a->kind == ONNX_INTS ? a->ints : NULL;
        *n = a && a->kind == ONNX_INTS ? a->n : -1;
        return true;
    }
    if (!onnx_is_const(v))
        return onnx_refuse(m, node, "'%s' depends on what the network computes", attr);
    if (!v->i || v->dims.rank > 1 || onnx_size(&v->dims) > ONNX_MAX_NODES)
        return onnx_refuse(m, node, "'%s' is no list of integers", attr);
    *list = v->i;
    *n = (int)onnx_size(&v->dims);
    return true;
}

bool onnx_axes(struct onnx *m, struct onnx_node *node, const struct onnx_dims *d, unsigned *mask)
{
    const int64_t *axes;
    int n, axis;
    if (!onnx_list(m, node, 1, "axes", &axes, &n))
        return false;
    bool noop = n <= 0 && onnx_int(node, "noop_with_empty_axes", 0);
    *mask = n > 0 || noop ? 0 : (1u << d->rank) - 1;
    for (int i = 0; i < n; i++) {
        if (!onnx_axis(d, axes[i], &axis))
            return onnx_refuse(m, node, "axis %lld is not in %s", (long long)axes[i],
                    onnx_dims_text(m->pool, d));
        *mask |= 1u << axis;
    }
    return true;
}

int64_t onnx_clamp(int64_t n, int64_t low, int64_t high)
{
    return n < low ? low : n > high ? high : n;
}

static bool slice_axis(struct onnx *m, struct onnx_node *n, int64_t begin, int64_t end,
        int64_t step, int axis, struct onnx_slice *out)
{
    int64_t size = dims_of(n, 0)->at[axis];
    if (step == 0 || step == INT64_MIN)
        return onnx_refuse(m, n, "a step of 0");
    begin = begin < 0 ? begin < -size ? -1 : begin + size : begin;
    end = end < 0 ? end < -size ? -1 : end + size : end;
    begin = step > 0 ? onnx_clamp(begin, 0, size) : onnx_clamp(begin, 0, size - 1);
    end = step > 0 ? onnx_clamp(end, 0, size) : onnx_clamp(end, -1, size - 1);
    int64_t length = step > 0 ? end - begin : begin - end;
    int64_t pace = step > 0 ? step : -step;
    out->begin[axis] = begin;
    out->step[axis] = step;
    out->n[axis] = length > 0 && size > 0 ? (length - 1) / pace + 1 : 0;
    return true;
}

bool onnx_slice_of(struct onnx *m, struct onnx_node *n, struct onnx_slice *out)
{
    const struct onnx_dims *d = dims_of(n, 0);
    const int64_t *begin, *end, *axes, *steps;
    int begins, ends, naxes, nsteps, axis;
    if (!onnx_list(m, n, 1, "starts", &begin, &begins) ||
            !onnx_list(m, n, 2, "ends", &end, &ends) ||
            !onnx_list(m, n, 3, "axes", &axes, &naxes) ||
            !onnx_list(m, n, 4, "steps", &steps, &nsteps))
        return false;
    if (begins < 0 || begins != ends || begins > d->rank || (naxes >= 0 && naxes != begins) ||
            (nsteps >= 0 && nsteps != begins))
        return onnx_refuse(m, n, "starts, ends, axes and steps are not equally many");
    for (int i = 0; i < d->rank; i++)
        slice_axis(m, n, 0, INT64_MAX, 1, i, out);
    for (int i = 0; i < begins; i++) {
        if (!onnx_axis(d, naxes >= 0 ? axes[i] : i, &axis))
            return onnx_refuse(m, n, "an axis that %s doesn't have", dims_words(m, n, 0));
        if (!slice_axis(m, n, begin[i], end[i], nsteps >= 0 ? steps[i] : 1, axis, out))
            return false;
    }
    return true;
}

bool onnx_perm(struct onnx *m, struct onnx_node *n, int perm[ONNX_MAX_RANK])
{
    int rank = dims_of(n, 0)->rank, given;
    const int64_t *list = onnx_ints(n, "perm", &given);
    unsigned seen = 0;
    for (int i = 0; i < rank; i++) {
        perm[i] = rank - 1 - i;
        if (list && (given != rank || list[i] < 0 || list[i] >= rank))
            return onnx_refuse(m, n, "perm does not hold each axis of %s once",
                    dims_words(m, n, 0));
        if (list)
            perm[i] = (int)list[i];
        seen |= 1u << perm[i];
    }
    return seen == (1u << rank) - 1 ||
           onnx_refuse(m, n, "perm does not hold each axis of %s once", dims_words(m, n, 0));
}

bool onnx_pads_of(struct onnx *m, struct onnx_node *n, struct onnx_pads *out)
{
    const struct onnx_dims *d = dims_of(n, 0);
    const int64_t *pads, *axes;
    int npads, naxes, axis;
    if (!onnx_list(m, n, 1, "pads", &pads, &npads) || !onnx_list(m, n, 3, "axes", &axes, &naxes))
        return false;
    int count = naxes >= 0 ? naxes : d->rank;
    if (npads != 2 * count || count > d->rank)
        return onnx_refuse(m, n, "pads must be two for each of %d axes", count);
    *out = (struct onnx_pads){0};
    for (int i = 0; i < count; i++) {
        if (!onnx_axis(d, naxes >= 0 ? axes[i] : i, &axis))
            return onnx_refuse(m, n, "an axis that %s doesn't have", dims_words(m, n, 0));
        out->before[axis] = onnx_clamp(pads[i], INT32_MIN, INT32_MAX);
        out->after[axis] = onnx_clamp(pads[count + i], INT32_MIN, INT32_MAX);
    }
    return true;
}

bool onnx_parts_of(struct onnx *m, struct onnx_node *n, int *axis, int64_t *part)
{
    const int64_t *list;
    int given, parts = n->out.n;
    if (!onnx_axis(dims_of(n, 0), onnx_int(n, "axis", 0), axis))
        return onnx_refuse(m, n, "an axis that %s doesn't have", dims_words(m, n, 0));
    if (!onnx_list(m, n, 1, "split", &list, &given))
        return false;
    if (given >= 0 && given != parts)
        return onnx_refuse(m, n, "%d sizes for %d outputs", given, parts);
    int64_t size = dims_of(n, 0)->at[*axis], each = (size + parts - 1) / parts, sum = 0;
    for (int i = 0; i < parts; i++) {
        part[i] = given >= 0 ? list[i] : onnx_clamp(size - sum, 0, each);
        if (part[i] < 0 || part[i] > size - sum)
            return onnx_refuse(m, n, "parts that don't add up to %lld", (long long)size);
        sum += part[i];
    }
    return sum == size || onnx_refuse(m, n, "parts that don't add up to %lld", (long long)size);
}

/* ---- windows --------------------------------------------------------------------------------- */

enum { MAX_EXTENT = 1 << 24 };       /* of a kernel, stride, dilation or padding */

/* An attribute with one number for each spatial dimension. */
static bool window_list(struct onnx *m, struct onnx_node *n, const char *name, int count,
        int64_t absent, int64_t least, int64_t *out)
{
    int given;
    const int64_t *list = onnx_ints(n, name, &given);
    if (list && given != count)
        return onnx_refuse(m, n, "%s has %d numbers, not %d", name, given, count);
    for (int i = 0; i < count; i++) {
        out[i] = list ? list[i] : absent;
        if (out[i] < least || out[i] > MAX_EXTENT)
            return onnx_refuse(m, n, "%s of %lld", name, (long long)out[i]);
    }
    return true;
}

int64_t onnx_reach(const struct onnx_window *w, int i)
{
    return (w->kernel[i] - 1) * w->dilation[i] + 1;
}

static void share(int64_t total, bool lower, int64_t *before, int64_t *after)
{
    total = total > 0 ? total : 0;
    *before = lower ? total - total / 2 : total / 2;
    *after = total - *before;
}

/* ConvTranspose computes its pads from the size that is asked for. */
static bool transposed_pads(struct onnx *m, struct onnx_node *n, const char *mode,
        struct onnx_window *w)
{
    int given;
    const int64_t *shape = onnx_ints(n, "output_shape", &given);
    const struct onnx_dims *d = dims_of(n, 0);
    bool same = !strncmp(mode, "SAME", 4);
    if (!shape && !same)
        return true;
    if (shape && given != w->rank && given != w->rank + 2)
        return onnx_refuse(m, n, "output_shape has %d numbers, not %d", given, w->rank);
    for (int i = 0; i < w->rank; i++) {
        int64_t size = shape ? shape[given - w->rank + i] : d->at[2 + i] * w->stride[i];
        int64_t full = (d->at[2 + i] - 1) * w->stride[i] + onnx_reach(w, i) + w->more[i];
        if (size < 1 || size > INT32_MAX)
            return onnx_refuse(m, n, "output_shape of %lld", (long long)size);
        share(full - size, strcmp(mode, "SAME_UPPER") != 0, &w->before[i], &w->after[i]);
        w->more[i] += size > full ? size - full : 0;
    }
    return true;
}

static void same_pads(const struct onnx_dims *d, bool lower, struct onnx_window *w)
{
    for (int i = 0; i < w->rank; i++) {
        int64_t size = d->at[2 + i], steps = (size + w->stride[i] - 1) / w->stride[i];
        share((steps - 1) * w->stride[i] + onnx_reach(w, i) - size, lower, &w->before[i],
                &w->after[i]);
    }
}

bool onnx_window_of(struct onnx *m, struct onnx_node *n, const int64_t *kernel,
        struct onnx_window *w)
{
    const struct onnx_dims *d = dims_of(n, 0);
    const char *mode = onnx_word(n, "auto_pad", "NOTSET");
    bool transposed = !strcmp(n->type, "ConvTranspose");
    int64_t pads[2 * ONNX_MAX_RANK];
    *w = (struct onnx_window){.rank = d->rank - 2, .ceil = onnx_int(n, "ceil_mode", 0) != 0};
    if (!window_list(m, n, "kernel_shape", w->rank, 0, kernel ? 0 : 1, w->kernel) ||
            !window_list(m, n, "strides", w->rank, 1, 1, w->stride) ||
            !window_list(m, n, "dilations", w->rank, 1, 1, w->dilation) ||
            !window_list(m, n, "pads", 2 * w->rank, 0, 0, pads) ||
            !window_list(m, n, "output_padding", w->rank, 0, 0, w->more))
        return false;
    for (int i = 0; i < w->rank; i++) {
        if (kernel && (kernel[i] < 1 || kernel[i] > MAX_EXTENT))
            return onnx_refuse(m, n, "a kernel of %lld", (long long)kernel[i]);
        if (kernel && w->kernel[i] && w->kernel[i] != kernel[i])
            return onnx_refuse(m, n, "kernel_shape is not that of the weights");
        w->kernel[i] = kernel ? kernel[i] : w->kernel[i];
        w->before[i] = pads[i];
        w->after[i] = pads[w->rank + i];
    }
    if (transposed)
        return transposed_pads(m, n, mode, w);
    if (!strncmp(mode, "SAME", 4))
        same_pads(d, !strcmp(mode, "SAME_LOWER"), w);
    return true;
}
