/* Operators on the elements of constants. */
#include <math.h>
#include <string.h>

#include "tflite_fold.h"
#include "tflite_ops.h"

bool tflite_elements(struct tflite *m, struct tflite_node *n, int i, struct elements *to)
{
    struct tflite_tensor *t = tflite_in(n, i);
    bool integers = t && (t->type == TFL_INT32 || t->type == TFL_INT64);
    bool floats = t && (t->type == TFL_FLOAT32 || t->type == TFL_FLOAT16);
    if ((!integers && !floats) || !tflite_is_const(t))
        return false;
    *to = (struct elements){integers ? NULL : tflite_floats(m, n, t),
        integers ? tflite_ints(m, n, t) : NULL};
    return to->f || to->i;
}

bool tflite_new_elements(struct tflite *m, struct tflite_tensor *y, struct new_elements *to)
{
    int64_t n = tflite_size(&y->dims);
    bool integers = y->type == TFL_INT32 || y->type == TFL_INT64;
    if ((!integers && y->type != TFL_FLOAT32) || n > TFLITE_MAX_MADE - m->made)
        return false;
    m->made += n;
    to->f = integers ? NULL : NEW_ARRAY(m->pool, float, n + 1);
    to->i = integers ? NEW_ARRAY(m->pool, int64_t, n + 1) : NULL;
    return true;
}

/* Room for a result whose elements are those of input i, in another order. */
static bool alike(struct tflite *m, struct tflite_node *n, int i, struct elements *x,
        struct new_elements *y)
{
    return tflite_elements(m, n, i, x) && tflite_new_elements(m, n->out.at[0], y) &&
           !x->f == !y->f;
}

static void copy(const struct new_elements *y, int64_t to, const struct elements *x, int64_t from)
{
    if (y->f)
        y->f[to] = x->f[from];
    else
        y->i[to] = x->i[from];
}

static bool done(struct tflite_node *n, const struct new_elements *y)
{
    n->out.at[0]->f = y->f;
    n->out.at[0]->i = y->i;
    return true;
}

static double number(const struct elements *x, int64_t at)
{
    return x->f ? (double)x->f[at] : (double)x->i[at];
}

/* False where the result's type can't hold it: integers from 2^53 on are not exact here. */
static bool put(const struct tflite_tensor *t, const struct new_elements *y, int64_t at,
        double value)
{
    double most = t->type == TFL_INT32 ? (double)INT32_MAX : 0x1p53 - 1;
    if (y->f) {
        y->f[at] = (float)value;
        return isfinite(y->f[at]);
    }
    if (!(fabs(value) <= most))
        return false;
    y->i[at] = (int64_t)value;
    return true;
}

/* ---- element by element ---------------------------------------------------------------------- */

static double add(double a, double b) { return a + b; }
static double sub(double a, double b) { return a - b; }
static double mul(double a, double b) { return a * b; }
static double div_floats(double a, double b) { return a / b; }
static double floor_div(double a, double b) { return floor(a / b); }

/* As large as the divisor at most, and of its sign. */
static double floor_mod(double a, double b)
{
    double rest = fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Sums, products and quotients of float32 come out as if they had never been double. A quotient's
 * floor wouldn't, and is computed of integers alone; the rest of a division is exact. */
static const struct {
    const char *type;
    bool floats, ints;
    double (*of)(double, double);
} binaries[] = {
    {"ADD", true, true, add}, {"SUB", true, true, sub}, {"MUL", true, true, mul},
    {"DIV", true, false, div_floats}, {"MAXIMUM", true, true, fmax}, {"MINIMUM", true, true, fmin},
    {"FLOOR_DIV", false, true, floor_div}, {"FLOOR_MOD", true, true, floor_mod},
};
enum { BINARIES = sizeof binaries / sizeof binaries[0] };

/* Whether the dimensions become those of the result, 1s being stretched. */
static bool stretches(const struct tflite_dims *d, const struct tflite_dims *to)
{
    for (int i = 0; i < d->rank && d->rank <= to->rank; i++) {
        int64_t wanted = to->at[to->rank - d->rank + i];
        if (d->at[i] != 1 && d->at[i] != wanted)
            return false;
    }
    return d->rank <= to->rank;
}

/* Which element of an operand makes element at of the result. */
static int64_t stretched(const struct tflite_dims *d, const struct tflite_dims *to, int64_t at)
{
    int64_t place = 0, step = 1;
    for (int i = to->rank - 1; i >= 0; at /= to->at[i], i--) {
        int k = i - (to->rank - d->rank);
        if (k < 0)
            break;
        place += d->at[k] == 1 ? 0 : at % to->at[i] * step;
        step *= d->at[k];
    }
    return place;
}

bool tflite_fold_binary(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *out = n->out.at[0];
    struct elements a, b;
    struct new_elements y;
    int which = 0;
    while (which < BINARIES - 1 && strcmp(binaries[which].type, n->type))
        which++;
    bool fused = n->op->act >= 0 && fb_int(&m->fb, n->options, n->op->act, 1, 0);
    if (fused || !tflite_elements(m, n, 0, &a) || !alike(m, n, 1, &b, &y) || !a.f != !b.f ||
            !(a.f ? binaries[which].floats : binaries[which].ints))
        return false;
    const struct tflite_dims *da = &n->in.at[0]->dims, *db = &n->in.at[1]->dims;
    if (!stretches(da, &out->dims) || !stretches(db, &out->dims))
        return false;
    for (int64_t i = 0; i < tflite_size(&out->dims); i++) {
        double left = number(&a, stretched(da, &out->dims, i));
        double right = number(&b, stretched(db, &out->dims, i));
        bool exact = a.f || (fabs(left) < 0x1p31 && fabs(right) < 0x1p31);
        if (!exact || !put(out, &y, i, binaries[which].of(left, right)))
            return false;
    }
    return done(n, &y);
}

bool tflite_fold_cast(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *out = n->out.at[0];
    struct elements x;
    struct new_elements y;
    if (!tflite_elements(m, n, 0, &x) || !tflite_new_elements(m, out, &y) ||
            tflite_size(&n->in.at[0]->dims) != tflite_size(&out->dims))
        return false;
    for (int64_t i = 0; i < tflite_size(&out->dims); i++)
        if (!put(out, &y, i, y.i ? trunc(number(&x, i)) : number(&x, i)))
            return false;
    return done(n, &y);
}

/* ---- in another order ------------------------------------------------------------------------ */

/* Dimension axis, which may be negative; outer is what is in front of it, inner behind it. */
struct axis { int64_t outer, n, inner; };

static bool axis_of(const struct tflite_dims *d, int64_t axis, struct axis *to)
{
    *to = (struct axis){1, 1, 1};
    axis += axis < 0 ? d->rank : 0;
    for (int i = 0; i < d->rank; i++)
        *(i < axis ? &to->outer : i == axis ? &to->n : &to->inner) *= d->at[i];
    return axis >= 0 && axis < d->rank;
}

bool tflite_fold_concatenation(struct tflite *m, struct tflite_node *n)
{
    int64_t axis = fb_int(&m->fb, n->options, 0, 4, 0), begin = 0;
    struct elements x;
    struct new_elements y;
    struct axis all, part;
    bool fused = fb_int(&m->fb, n->options, n->op->act, 1, 0) != 0;
    if (fused || !alike(m, n, 0, &x, &y) || !axis_of(&n->out.at[0]->dims, axis, &all))
        return false;
    for (int i = 0; i < n->in.n; i++, begin += part.n) {
        bool fits = tflite_elements(m, n, i, &x) && !x.f == !y.f &&
                    axis_of(&n->in.at[i]->dims, axis, &part) && part.outer == all.outer &&
                    part.inner == all.inner && part.n <= all.n - begin;
        if (!fits)
            return false;
        for (int64_t k = 0; k < part.outer * part.n * part.inner; k++) {
            int64_t row = part.n * part.inner, at = k / row * all.n * all.inner + k % row;
            copy(&y, at + begin * all.inner, &x, k);
        }
    }
    return begin == all.n && done(n, &y);
}

bool tflite_fold_gather(struct tflite *m, struct tflite_node *n)
{
    struct elements x, index;
    struct new_elements y;
    struct axis axis;
    bool batches = fb_int(&m->fb, n->options, 1, 4, 0) != 0;
    if (batches || !tflite_elements(m, n, 1, &index) || !index.i || !alike(m, n, 0, &x, &y) ||
            !axis_of(&n->in.at[0]->dims, fb_int(&m->fb, n->options, 0, 4, 0), &axis))
        return false;
    int64_t count = tflite_size(&n->in.at[1]->dims), row = count * axis.inner;
    if (axis.outer * row != tflite_size(&n->out.at[0]->dims))
        return false;
    for (int64_t k = 0; k < axis.outer * row; k++) {
        int64_t at = index.i[k % row / axis.inner];
        if (at < 0 || at >= axis.n)
            return false;
        copy(&y, k, &x, (k / row * axis.n + at) * axis.inner + k % axis.inner);
    }
    return done(n, &y);
}

bool tflite_fold_gather_nd(struct tflite *m, struct tflite_node *n)
{
    struct elements x;
    struct new_elements y;
    struct tflite_places places;
    if (!tflite_is_const(tflite_in(n, 1)) || !alike(m, n, 0, &x, &y) ||
            !tflite_places_of(m, n, &places))
        return false;
    for (int64_t k = 0; k < places.n * places.inner; k++)
        copy(&y, k, &x, places.at[k / places.inner] * places.inner + k % places.inner);
    return done(n, &y);
}

bool tflite_fold_transpose(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_dims *d = &n->in.at[0]->dims, *to = &n->out.at[0]->dims;
    struct elements x, perm;
    struct new_elements y;
    int64_t step[TFLITE_MAX_RANK], size = 1;
    unsigned taken = 0;
    if (!tflite_elements(m, n, 1, &perm) || !perm.i || !alike(m, n, 0, &x, &y) ||
            tflite_size(&n->in.at[1]->dims) != d->rank || to->rank != d->rank)
        return false;
    for (int i = d->rank - 1; i >= 0; size *= d->at[i], i--)
        step[i] = size;
    for (int i = 0; i < d->rank; i++) {
        if (perm.i[i] < 0 || perm.i[i] >= d->rank || to->at[i] != d->at[perm.i[i]])
            return false;
        taken |= 1u << perm.i[i];
    }
    for (int64_t k = 0; taken == (1u << d->rank) - 1 && k < size; k++) {
        int64_t at = 0, rest = k;
        for (int i = d->rank - 1; i >= 0; rest /= to->at[i], i--)
            at += rest % to->at[i] * step[perm.i[i]];
        copy(&y, k, &x, at);
    }
    return taken == (1u << d->rank) - 1 && done(n, &y);
}

/* ONE_HOT (indices, depth, on, off). */
bool tflite_fold_one_hot(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_dims *d = &n->out.at[0]->dims;
    int64_t where = fb_int(&m->fb, n->options, 0, 4, -1);
    struct elements index, on, off;
    struct new_elements y;
    struct axis axis;
    if (!tflite_elements(m, n, 0, &index) || !index.i || !alike(m, n, 2, &on, &y) ||
            !tflite_elements(m, n, 3, &off) || !off.f != !on.f || !axis_of(d, where, &axis) ||
            tflite_size(&n->in.at[0]->dims) != axis.outer * axis.inner ||
            tflite_size(&n->in.at[2]->dims) != 1 || tflite_size(&n->in.at[3]->dims) != 1)
        return false;
    for (int64_t k = 0; k < tflite_size(d); k++) {
        int64_t at = k / axis.inner % axis.n, row = axis.n * axis.inner;
        bool hit = index.i[k / row * axis.inner + k % axis.inner] == at;
        copy(&y, k, hit ? &on : &off, 0);
    }
    return done(n, &y);
}
