/* What depends on constants and shapes alone: the arithmetic of sizes that exporters leave in front
 * of RESHAPE, and weights that are stored in another type. Whatever isn't folded is lowered or
 * refused later. / */
#include <math.h>
#include <string.h>

#include "tflite_fold.h"
#include "tflite_ops.h"

/* ---- STRIDED_SLICE --------------------------------------------------------------------------- */

enum { BEGIN_MASK, END_MASK, ELLIPSIS_MASK, NEW_AXIS_MASK, SHRINK_MASK, SLICE_OFFSET };

static const int64_t *list_of(struct tflite *m, struct tflite_node *n, int i, int count)
{
    struct tflite_tensor *t = tflite_in(n, i);
    if (!t || tflite_size(&t->dims) != count) {
        tflite_refuse(m, n, "its input %d has not %d elements", i, count);
        return NULL;
    }
    return tflite_ints(m, n, t);
}

/* A place on a dimension of n, counted from its end if negative: 0 to n, or backwards -1 to
 * n - 1. */
static int64_t clamp(int64_t at, int64_t n, int64_t step)
{
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
    at = at < 0 ? at + n : at;
    return at < low ? low : at > high ? high : at;
}

/* One dimension of n; begin and end count unless they are masked. */
static void slice_dimension(struct tflite_slice *s, int i, int64_t n, const int64_t *begin,
        const int64_t *end)
{
    bool back = s->step[i] < 0;
    s->begin[i] = begin ? clamp(*begin, n, s->step[i]) : back ? n - 1 : 0;
    s->end[i] = end ? clamp(*end, n, s->step[i]) : back ? -1 : n;
    if (back ? s->end[i] > s->begin[i] : s->end[i] < s->begin[i])
        s->end[i] = s->begin[i];
}

bool tflite_slice_of(struct tflite *m, struct tflite_node *n, struct tflite_slice *s)
{
    const struct tflite_dims *d = &n->in.at[0]->dims;
    int given = n->in.n > 1 && n->in.at[1] ? (int)tflite_size(&n->in.at[1]->dims) : -1;
    int64_t mask[SLICE_OFFSET + 1];
    if (given < 0 || given > d->rank)
        return tflite_refuse(m, n, "it slices %d dimensions of %d", given, d->rank);
    const int64_t *begin = list_of(m, n, 1, given), *end = begin ? list_of(m, n, 2, given) : NULL;
    const int64_t *step = end ? list_of(m, n, 3, given) : NULL;
    for (int i = 0; i <= SLICE_OFFSET; i++)
        mask[i] = fb_int(&m->fb, n->options, i, i == SLICE_OFFSET ? 1 : 4, 0);
    if (!step)
        return false;
    if (mask[ELLIPSIS_MASK] || mask[NEW_AXIS_MASK] || mask[SLICE_OFFSET])
        return tflite_refuse(m, n, "it has an ellipsis, new dimensions, or ends as offsets");
    for (int i = 0; i < d->rank; i++) {
        bool all = i >= given, one = !all && mask[SHRINK_MASK] >> i & 1;
        s->step[i] = all || one ? 1 : step[i];
        if (s->step[i] == 0 || s->step[i] < -INT32_MAX)
            return tflite_refuse(m, n, "its step is %lld", (long long)s->step[i]);
        slice_dimension(s, i, d->at[i], all || mask[BEGIN_MASK] >> i & 1 ? NULL : &begin[i],
                all || mask[END_MASK] >> i & 1 ? NULL : &end[i]);
        if (one)
            s->end[i] = s->begin[i] < d->at[i] ? s->begin[i] + 1 : s->begin[i];
    }
    return true;
}

/* ---- GATHER_ND ------------------------------------------------------------------------------- */

bool tflite_places_of(struct tflite *m, struct tflite_node *n, struct tflite_places *to)
{
    const struct tflite_dims *x = &n->in.at[0]->dims, *d = &n->in.at[1]->dims;
    int64_t names = d->rank ? d->at[d->rank - 1] : 0;
    const int64_t *index = tflite_ints(m, n, n->in.at[1]);
    if (!index)
        return false;
    if (names < 1 || names > x->rank)
        return tflite_refuse(m, n, "its indices name %lld of %d dimensions", (long long)names,
                x->rank);
    *to = (struct tflite_places){.outer = 1, .inner = 1, .n = tflite_size(d) / names};
    for (int i = 0; i < x->rank; i++)
        *(i < names ? &to->outer : &to->inner) *= x->at[i];
    int64_t *at = NEW_ARRAY(m->pool, int64_t, to->n);
    for (int64_t i = 0; i < to->n * names; i++) {
        int64_t size = x->at[i % names];
        if (index[i] < 0 || index[i] >= size)
            return tflite_refuse(m, n, "it takes element %lld of %lld", (long long)index[i],
                    (long long)size);
        at[i / names] = at[i / names] * size + index[i];
    }
    to->at = at;
    return to->n * to->inner == tflite_size(&n->out.at[0]->dims) ||
           tflite_refuse(m, n, "its result is %s",
                   tflite_dims_text(m->pool, &n->out.at[0]->dims));
}

/* ---- integers -------------------------------------------------------------------------------- */

static bool is_shape(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *x = n->in.at[0], *y = n->out.at[0];
    int64_t *to = NEW_ARRAY(m->pool, int64_t, x->dims.rank);
    if (tflite_size(&y->dims) != x->dims.rank)
        return false;
    for (int i = 0; i < x->dims.rank; i++)
        to[i] = x->dims.at[i];
    y->i = to;
    return true;
}

static bool of_integers(struct tflite *m, struct tflite_node *n)
{
    for (int i = 0; i < n->in.n; i++) {
        const struct tflite_tensor *t = n->in.at[i];
        bool integers = t && (t->type == TFL_INT32 || t->type == TFL_INT64);
        if (!integers || !tflite_is_const(t) || !tflite_ints(m, n, n->in.at[i]))
            return false;
    }
    return true;
}

static bool is_slice(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *x = n->in.at[0], *y = n->out.at[0];
    struct tflite_slice s;
    if (x->dims.rank != 1 || !of_integers(m, n) || !tflite_slice_of(m, n, &s) || s.step[0] < 1)
        return false;
    int64_t count = (s.end[0] - s.begin[0] + s.step[0] - 1) / s.step[0];
    if (tflite_size(&y->dims) != count)
        return false;
    int64_t *to = NEW_ARRAY(m->pool, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        to[i] = x->i[s.begin[0] + i * s.step[0]];
    y->i = to;
    return true;
}

static bool is_pack(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *y = n->out.at[0];
    int64_t *to = NEW_ARRAY(m->pool, int64_t, n->in.n);
    if (tflite_size(&y->dims) != n->in.n || !of_integers(m, n))
        return false;
    for (int i = 0; i < n->in.n; i++) {
        if (tflite_size(&n->in.at[i]->dims) != 1)
            return false;
        to[i] = n->in.at[i]->i[0];
    }
    y->i = to;
    return true;
}

/* ---- weights --------------------------------------------------------------------------------- */

/* DEQUANTIZE of a constant: of halves, or of integers with scales. */
static bool is_dequantize(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *x = n->in.at[0], *y = n->out.at[0];
    if (!tflite_is_const(x) || tflite_size(&x->dims) != tflite_size(&y->dims))
        return false;
    y->f = tflite_floats(m, n, x);
    return y->f != NULL;
}

/* RESHAPE and the like of a constant: the same elements. */
static bool is_reshape(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *x = n->in.at[0], *y = n->out.at[0];
    bool integers = x->type == TFL_INT32 || x->type == TFL_INT64;
    if (!tflite_is_const(x) || tflite_size(&x->dims) != tflite_size(&y->dims))
        return false;
    if (integers)
        y->i = tflite_ints(m, n, x);
    else
        y->f = tflite_floats(m, n, x);
    return y->i || y->f;
}

/* ---- made of nothing ------------------------------------------------------------------------- */

/* The number in a constant of one element. */
static bool number_of(struct tflite *m, struct tflite_node *n, int i, double *to)
{
    struct elements x;
    if (!tflite_elements(m, n, i, &x) || tflite_size(&n->in.at[i]->dims) != 1)
        return false;
    *to = x.i ? (double)*x.i : (double)*x.f;
    return true;
}

/* first, first + step ... */
static bool progression(struct tflite *m, struct tflite_tensor *y, double first, double step)
{
    struct new_elements to;
    if (!tflite_new_elements(m, y, &to))
        return false;
    for (int64_t i = 0; i < tflite_size(&y->dims); i++)
        if (to.f)
            to.f[i] = (float)(first + (double)i * step);
        else
            to.i[i] = (int64_t)(first + (double)i * step);
    y->f = to.f;
    y->i = to.i;
    return true;
}

static bool is_zeros(struct tflite *m, struct tflite_node *n)
{
    return tflite_size(&n->in.at[0]->dims) == tflite_size(&n->out.at[0]->dims) &&
           progression(m, n->out.at[0], 0, 0);
}

/* FILL (dimensions, value): as the result's dimensions say. */
static bool is_fill(struct tflite *m, struct tflite_node *n)
{
    double value;
    return tflite_is_const(n->in.at[0]) && number_of(m, n, 1, &value) &&
           fabs(value) < 0x1p53 && progression(m, n->out.at[0], value, 0);
}

/* RANGE (first, end, step). */
static bool is_range(struct tflite *m, struct tflite_node *n)
{
    double first, end, step;
    if (!number_of(m, n, 0, &first) || !number_of(m, n, 1, &end) || !number_of(m, n, 2, &step))
        return false;
    bool small = fabs(first) < 0x1p53 && fabs(end) < 0x1p53 && fabs(step) < 0x1p53;
    double count = step < 0 || step > 0 ? ceil((end - first) / step) : -1;
    return small && count == (double)tflite_size(&n->out.at[0]->dims) &&
           progression(m, n->out.at[0], first, step);
}

static bool is_rank(struct tflite *m, struct tflite_node *n)
{
    return tflite_size(&n->out.at[0]->dims) == 1 &&
           progression(m, n->out.at[0], n->in.at[0]->dims.rank, 0);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const struct {
    const char *type;
    int inputs;                      /* at least */
    tflite_fold_fn *fold;
} folds[] = {
    {"SHAPE", 1, is_shape}, {"STRIDED_SLICE", 4, is_slice}, {"PACK", 1, is_pack},
    {"DEQUANTIZE", 1, is_dequantize}, {"RESHAPE", 1, is_reshape}, {"SQUEEZE", 1, is_reshape},
    {"EXPAND_DIMS", 1, is_reshape}, {"ZEROS_LIKE", 1, is_zeros}, {"FILL", 2, is_fill},
    {"RANGE", 3, is_range}, {"RANK", 1, is_rank}, {"ADD", 2, tflite_fold_binary},
    {"SUB", 2, tflite_fold_binary}, {"MUL", 2, tflite_fold_binary}, {"DIV", 2, tflite_fold_binary},
    {"MAXIMUM", 2, tflite_fold_binary}, {"MINIMUM", 2, tflite_fold_binary},
    {"FLOOR_DIV", 2, tflite_fold_binary}, {"FLOOR_MOD", 2, tflite_fold_binary},
    {"CAST", 1, tflite_fold_cast}, {"CONCATENATION", 1, tflite_fold_concatenation},
    {"GATHER", 2, tflite_fold_gather}, {"GATHER_ND", 2, tflite_fold_gather_nd},
    {"ONE_HOT", 4, tflite_fold_one_hot}, {"TRANSPOSE", 2, tflite_fold_transpose},
};

static void fold_node(struct tflite *m, struct tflite_node *n)
{
    bool usual = !n->custom && n->out.n == 1 && n->out.at[0] && !tflite_is_const(n->out.at[0]);
    for (size_t i = 0; usual && i < sizeof folds / sizeof folds[0]; i++)
        if (!strcmp(n->type, folds[i].type) && n->in.n >= folds[i].inputs && n->in.at[0])
            n->gone = folds[i].fold(m, n);
    m->folds += n->gone;
}

void tflite_fold(struct tflite *m)
{
    for (int i = 0; i < m->node.n; i++)
        fold_node(m, m->node.at[i]);
}
