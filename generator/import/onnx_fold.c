/* Computing what depends on constants alone: the arithmetic of shapes, and weights that are cast,
 * transposed or scaled in the graph. */
#include <math.h>
#include <string.h>

#include "onnx.h"
#include "onnx_ops.h"

/* ---- data ------------------------------------------------------------------------------------ */

/* Elements in the making: f for floats, i for integers and booleans. */
struct data {
    float *f;
    int64_t *i;
};

static struct data new_data(struct onnx *m, struct onnx_value *v)
{
    struct data d = {0};
    int64_t n = onnx_size(&v->dims) + 1;
    if (v->elem == ELEM_FLOAT)
        d.f = NEW_ARRAY(m->pool, float, n);
    else
        d.i = NEW_ARRAY(m->pool, int64_t, n);
    v->f = d.f;
    v->i = d.i;
    return d;
}

static void put(struct data d, int64_t at, const struct onnx_value *from, int64_t k)
{
    if (d.f)
        d.f[at] = from->f ? from->f[k] : (float)from->i[k];
    else
        d.i[at] = onnx_integer(from, k);
}

static void put_number(struct data d, int64_t at, double v)
{
    if (d.f)
        d.f[at] = (float)v;
    else
        d.i[at] = v >= -0x1p62 && v <= 0x1p62 ? (int64_t)v : v > 0 ? INT64_MAX : INT64_MIN;
}

/* The same elements in another shape. */
void onnx_fold_copy(struct onnx *m, struct onnx_node *n)
{
    (void)m;
    n->out.at[0]->f = n->in.at[0]->f;
    n->out.at[0]->i = n->in.at[0]->i;
}

/* ---- picking elements ------------------------------------------------------------------------ */

/* Element [a, b, c ...] of the result is element from + offset[0][a] + offset[1][b] + ... */
struct pick {
    struct onnx_dims dims;
    int64_t from;
    int64_t *offset[ONNX_MAX_RANK];
};

static void strides_of(const struct onnx_dims *d, int64_t stride[ONNX_MAX_RANK])
{
    int64_t all = 1;
    for (int i = d->rank - 1; i >= 0; i--) {
        stride[i] = all;
        all *= d->at[i] > 0 ? d->at[i] : 1;
    }
}

/* count offsets: begin, begin + step ... each times the stride, modulo the size. */
static int64_t *offsets(struct pool *pool, int64_t count, int64_t begin, int64_t step, int64_t size,
        int64_t stride)
{
    int64_t *at = NEW_ARRAY(pool, int64_t, count + 1);
    for (int64_t k = 0; k < count && size > 0; k++)
        at[k] = (begin + k * step) % size * stride;
    return at;
}

static void pick(struct onnx *m, const struct pick *p, const struct onnx_value *from,
        struct onnx_value *to)
{
    struct data out = new_data(m, to);
    int64_t at[ONNX_MAX_RANK] = {0}, n = onnx_size(&p->dims);
    for (int64_t k = 0; k < n; k++) {
        int64_t source = p->from;
        for (int d = 0; d < p->dims.rank; d++)
            source += p->offset[d][at[d]];
        put(out, k, from, source);
        for (int d = p->dims.rank - 1; d >= 0 && ++at[d] == p->dims.at[d]; d--)
            at[d] = 0;
    }
}

void onnx_fold_transpose(struct onnx *m, struct onnx_node *n)
{
    struct pick p = {.dims = n->out.at[0]->dims};
    const struct onnx_dims *d = &n->in.at[0]->dims;
    int64_t stride[ONNX_MAX_RANK];
    int perm[ONNX_MAX_RANK];
    if (!onnx_perm(m, n, perm))
        return;
    strides_of(d, stride);
    for (int i = 0; i < d->rank; i++)
        p.offset[i] = offsets(m->pool, d->at[perm[i]], 0, 1, d->at[perm[i]], stride[perm[i]]);
    pick(m, &p, n->in.at[0], n->out.at[0]);
}

void onnx_fold_slice(struct onnx *m, struct onnx_node *n)
{
    struct pick p = {.dims = n->out.at[0]->dims};
    const struct onnx_dims *d = &n->in.at[0]->dims;
    struct onnx_slice s;
    int64_t stride[ONNX_MAX_RANK];
    if (!onnx_slice_of(m, n, &s))
        return;
    strides_of(d, stride);
    for (int i = 0; i < d->rank; i++)
        p.offset[i] = offsets(m->pool, s.n[i], s.begin[i], s.step[i], INT64_MAX, stride[i]);
    pick(m, &p, n->in.at[0], n->out.at[0]);
}

/* Aligned at the last dimension; Expand and Tile alike repeat what is there. */
static void repeat(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = &n->in.at[0]->dims;
    struct pick p = {.dims = n->out.at[0]->dims};
    int64_t stride[ONNX_MAX_RANK];
    int more = p.dims.rank - d->rank;
    strides_of(d, stride);
    for (int i = 0; i < p.dims.rank; i++)
        p.offset[i] = offsets(m->pool, p.dims.at[i], 0, 1, i < more ? 1 : d->at[i - more],
                i < more ? 0 : stride[i - more]);
    pick(m, &p, n->in.at[0], n->out.at[0]);
}

void onnx_fold_expand(struct onnx *m, struct onnx_node *n) { repeat(m, n); }
void onnx_fold_tile(struct onnx *m, struct onnx_node *n) { repeat(m, n); }

void onnx_fold_split(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = &n->in.at[0]->dims;
    int64_t *part = NEW_ARRAY(m->pool, int64_t, n->out.n + 1), stride[ONNX_MAX_RANK];
    int axis;
    if (!onnx_parts_of(m, n, &axis, part))
        return;
    strides_of(d, stride);
    struct pick p = {0};
    for (int k = 0; k < n->out.n; p.from += part[k++] * stride[axis]) {
        if (!n->out.at[k])
            continue;
        p.dims = n->out.at[k]->dims;
        for (int i = 0; i < d->rank; i++)
            p.offset[i] = offsets(m->pool, p.dims.at[i], 0, 1, INT64_MAX, stride[i]);
        pick(m, &p, n->in.at[0], n->out.at[k]);
    }
}

/* [before axis] x [indices] x [behind it] */
void onnx_fold_gather(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_value *index = n->in.at[1];
    const struct onnx_dims *d = &n->in.at[0]->dims;
    int64_t before = 1, behind = 1, count = onnx_size(&index->dims);
    int axis;
    if (!onnx_axis(d, onnx_int(n, "axis", 0), &axis))
        return;
    for (int i = 0; i < axis; i++)
        before *= d->at[i];
    for (int i = axis + 1; i < d->rank; i++)
        behind *= d->at[i];
    int64_t size = d->at[axis];
    struct pick p = {.dims = {3, {before, count, behind}}};
    p.offset[0] = offsets(m->pool, before, 0, 1, INT64_MAX, size * behind);
    p.offset[1] = NEW_ARRAY(m->pool, int64_t, count + 1);
    for (int64_t k = 0; k < count; k++)
        p.offset[1][k] = (index->i[k] < 0 ? index->i[k] + size : index->i[k]) * behind;
    p.offset[2] = offsets(m->pool, behind, 0, 1, INT64_MAX, 1);
    pick(m, &p, n->in.at[0], n->out.at[0]);
}

void onnx_fold_gather_nd(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_value *index = n->in.at[1];
    const struct onnx_dims *d = &n->in.at[0]->dims;
    int64_t common = onnx_int(n, "batch_dims", 0), stride[ONNX_MAX_RANK];
    int64_t coordinates = index->dims.at[index->dims.rank - 1];
    int64_t parts = onnx_size(&index->dims) / coordinates, each = 1;
    struct data out = new_data(m, n->out.at[0]);
    strides_of(d, stride);
    int64_t run = stride[common + coordinates - 1], block = 1;
    for (int64_t i = common; i < index->dims.rank - 1; i++)
        each *= index->dims.at[i];
    for (int64_t i = common; i < d->rank; i++)
        block *= d->at[i];
    for (int64_t k = 0; k < parts; k++) {
        int64_t from = k / each * block;
        for (int64_t c = 0; c < coordinates; c++) {
            int64_t at = index->i[k * coordinates + c];
            from += (at < 0 ? at + d->at[common + c] : at) * stride[common + c];
        }
        for (int64_t i = 0; i < run; i++)
            put(out, k * run + i, n->in.at[0], from + i);
    }
}

void onnx_fold_scatter_nd(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_value *data = n->in.at[0], *index = n->in.at[1], *updates = n->in.at[2];
    int64_t coordinates = index->dims.at[index->dims.rank - 1], stride[ONNX_MAX_RANK];
    int64_t places = onnx_size(&index->dims) / coordinates, size = onnx_size(&data->dims);
    struct data out = new_data(m, n->out.at[0]);
    strides_of(&data->dims, stride);
    int64_t run = stride[coordinates - 1];
    for (int64_t k = 0; k < size; k++)
        put(out, k, data, k);
    for (int64_t k = 0; k < places; k++) {
        int64_t to = 0;
        for (int64_t c = 0; c < coordinates; c++) {
            int64_t at = index->i[k * coordinates + c];
            to += (at < 0 ? at + data->dims.at[c] : at) * stride[c];
        }
        for (int64_t i = 0; i < run; i++)
            put(out, to + i, updates, k * run + i);
    }
}

void onnx_fold_concat(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = &n->out.at[0]->dims;
    struct data out = new_data(m, n->out.at[0]);
    int64_t stride[ONNX_MAX_RANK], from = 0;
    int axis;
    if (!onnx_axis(d, onnx_int(n, "axis", 0), &axis))
        return;
    strides_of(d, stride);
    int64_t row = d->at[axis] * stride[axis];
    for (int i = 0; i < n->in.n; i++) {
        const struct onnx_value *v = n->in.at[i];
        int64_t run = v->dims.at[axis] * stride[axis], size = onnx_size(&v->dims);
        for (int64_t k = 0; k < size; k++)
            put(out, k / run * row + from + k % run, v, k);
        from += run;
    }
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

void onnx_fold_unary(struct onnx *m, struct onnx_node *n)
{
    struct data out = new_data(m, n->out.at[0]);
    int64_t size = onnx_size(&n->out.at[0]->dims);
    for (int64_t k = 0; k < size; k++)
        put_number(out, k, n->op->function.unary(onnx_number(n->in.at[0], k)));
}

/* Where element k of a result lies in an operand that is stretched to it. */
static int64_t stretched(const struct onnx_dims *to, const struct onnx_dims *from, int64_t k)
{
    int64_t at = 0, stride = 1;
    for (int i = to->rank - 1, f = from->rank - 1; f >= 0; i--, f--) {
        at += from->at[f] == 1 ? 0 : k % to->at[i] * stride;
        k /= to->at[i];
        stride *= from->at[f];
    }
    return at;
}

/* Integers divide as in C; everything else is exact in double precision below 2^53. */
static double apply(const struct onnx_node *n, double a, double b)
{
    bool whole = n->out.at[0]->elem == ELEM_INT && !strcmp(n->type, "Div");
    return whole && b == 0 ? 0 : whole ? trunc(a / b) : n->op->function.binary(a, b);
}

void onnx_fold_binary(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = &n->out.at[0]->dims;
    struct data out = new_data(m, n->out.at[0]);
    int64_t size = onnx_size(d);
    for (int64_t k = 0; k < size; k++) {
        double v = onnx_number(n->in.at[0], stretched(d, &n->in.at[0]->dims, k));
        for (int i = 1; i < n->in.n; i++)
            v = apply(n, v, onnx_number(n->in.at[i], stretched(d, &n->in.at[i]->dims, k)));
        if (!strcmp(n->type, "Mean"))
            v /= n->in.n;
        put_number(out, k, v);
    }
}

void onnx_fold_where(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = &n->out.at[0]->dims;
    struct data out = new_data(m, n->out.at[0]);
    int64_t size = onnx_size(d);
    for (int64_t k = 0; k < size; k++) {
        int which = onnx_number(n->in.at[0], stretched(d, &n->in.at[0]->dims, k)) != 0 ? 1 : 2;
        put(out, k, n->in.at[which], stretched(d, &n->in.at[which]->dims, k));
    }
}

void onnx_fold_cast(struct onnx *m, struct onnx_node *n)
{
    struct onnx_value *v = n->out.at[0];
    struct data out = new_data(m, v);
    int64_t size = onnx_size(&v->dims);
    for (int64_t k = 0; k < size; k++)
        if (v->elem == ELEM_BOOL)
            out.i[k] = onnx_number(n->in.at[0], k) != 0;
        else
            put(out, k, n->in.at[0], k);
}

/* ReduceSum, ReduceMean, ReduceProd, ReduceMax, ReduceMin: of shapes and of weights. */
void onnx_fold_reduce(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_value *v = n->in.at[0];
    struct onnx_dims kept = v->dims;
    unsigned mask;
    if (!onnx_axes(m, n, &v->dims, &mask))
        return;
    for (int i = 0; i < kept.rank; i++)
        kept.at[i] = mask >> i & 1 ? 1 : kept.at[i];
    int64_t size = onnx_size(&v->dims), results = onnx_size(&kept);
    double *sum = NEW_ARRAY(m->pool, double, results + 1);
    char *seen = NEW_ARRAY(m->pool, char, results + 1);
    for (int64_t k = 0; k < size; k++) {
        int64_t at = stretched(&v->dims, &kept, k);
        double x = onnx_number(v, k);
        sum[at] = seen[at] ? n->op->function.binary(sum[at], x) : x;
        seen[at] = 1;
    }
    struct data out = new_data(m, n->out.at[0]);
    bool mean = !strcmp(n->type, "ReduceMean");
    for (int64_t k = 0; k < results; k++)
        put_number(out, k, mean ? sum[k] * (double)results / (double)(size ? size : 1) : sum[k]);
}

/* ---- made of nothing ------------------------------------------------------------------------- */

void onnx_fold_constant_of_shape(struct onnx *m, struct onnx_node *n)
{
    struct onnx_value *v = n->out.at[0];
    const struct onnx_attr *a = onnx_attr(n, "value");
    struct data out = new_data(m, v);
    int64_t size = onnx_size(&v->dims);
    for (int64_t k = 0; a && k < size; k++)
        put(out, k, a->tensor, 0);
}

void onnx_fold_shape(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_dims *d = &n->in.at[0]->dims;
    int64_t begin = onnx_int(n, "start", 0);
    begin = begin < 0 ? begin + d->rank : begin;
    begin = begin < 0 ? 0 : begin;
    struct data out = new_data(m, n->out.at[0]);
    for (int64_t i = 0; i < n->out.at[0]->dims.at[0]; i++)
        out.i[i] = d->at[begin + i];
}

void onnx_fold_size(struct onnx *m, struct onnx_node *n)
{
    new_data(m, n->out.at[0]).i[0] = onnx_size(&n->in.at[0]->dims);
}

/* Inputs of the network are always there; those of a function may be left out by its call. */
void onnx_fold_has_element(struct onnx *m, struct onnx_node *n)
{
    new_data(m, n->out.at[0]).i[0] = onnx_in(n, 0) != NULL;
}

void onnx_fold_range(struct onnx *m, struct onnx_node *n)
{
    struct data out = new_data(m, n->out.at[0]);
    double begin = onnx_number(n->in.at[0], 0), step = onnx_number(n->in.at[2], 0);
    for (int64_t k = 0; k < n->out.at[0]->dims.at[0]; k++)
        put_number(out, k, begin + (double)k * step);
}
