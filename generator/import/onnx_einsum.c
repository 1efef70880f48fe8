/* Einsum, as far as it is a Transpose, a sum, an element-wise product or a product of matrices: it
 * is written in those operators. Letters, and the dimensions of an ellipsis, are labels, of which
 * each is in an operand once. Of two operands
 *
 *     labels of both and of the result    are matrices side by side (batch);
 *     labels of both, not of the result   are summed over in the product (inner);
 *     labels of one and of the result     are its rows or columns (free);
 *     labels of one alone                 are summed over before.
 *
 * [batch, free of the first, inner] by [batch, inner, free of the second]; without inner labels the
 * operands are stretched to each other and multiplied. */
#include <ctype.h>
#include <string.h>

#include "onnx.h"
#include "onnx_layout.h"
#include "onnx_lower.h"
#include "onnx_ops.h"

enum {
    ELLIPSIS = 52,                   /* labels of "..." end at LABELS - 1; before them a-z, A-Z */
    LABELS = ELLIPSIS + ONNX_MAX_RANK,
    SEPARATE = 3,                    /* so many dimensions of a matrix product aren't joined */
};

/* A list of labels. */
struct labels { int n; int at[ONNX_MAX_RANK]; };

struct einsum {
    const char *equation;
    int operands;
    struct labels in[2], out;
    int64_t size[LABELS];            /* 0: not in any operand */
    int uses[LABELS];                /* in how many operands */
};

/* ---- the equation ---------------------------------------------------------------------------- */

static bool has(const struct labels *l, int label)
{
    for (int i = 0; i < l->n; i++)
        if (l->at[i] == label)
            return true;
    return false;
}

static bool add_label(struct labels *l, int label)
{
    if (l->n == ONNX_MAX_RANK || has(l, label))
        return false;
    l->at[l->n++] = label;
    return true;
}

/* The labels up to the next comma or arrow; dots stand for as many as `dots`. False where one
 * stands twice, or for what is no label. */
static bool read_term(const char **text, int dots, struct labels *to)
{
    const char *s = *text;
    bool seen = false;
    for (; *s && *s != ',' && strncmp(s, "->", 2); s++) {
        if (*s == ' ')
            continue;
        if (!strncmp(s, "...", 3) && !seen) {
            for (int i = LABELS - dots; i < LABELS; i++)
                if (!add_label(to, i))
                    return false;
            s += 2;
            seen = true;
        } else if (!isalpha((unsigned char)*s) ||
                !add_label(to, islower((unsigned char)*s) ? *s - 'a' : *s - 'A' + 26)) {
            return false;
        }
    }
    *text = s;
    return true;
}

/* How many letters a term has: the ellipsis of an operand stands for its other dimensions. */
static int letters_of(const char *s)
{
    int n = 0;
    for (; *s && *s != ',' && strncmp(s, "->", 2); s++)
        n += isalpha((unsigned char)*s) != 0;
    return n;
}

/* Without an arrow: the ellipsis, then what stands in one operand alone, by the alphabet. */
static bool implied_result(struct einsum *e)
{
    static const char order[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int i = ELLIPSIS; i < LABELS; i++)
        if (e->size[i] && !add_label(&e->out, i))
            return false;
    for (const char *s = order; *s; s++) {
        int label = islower((unsigned char)*s) ? *s - 'a' : *s - 'A' + 26;
        if (e->uses[label] == 1 && !add_label(&e->out, label))
            return false;
    }
    return true;
}

/* The labels of an operand get their sizes. */
static bool set_sizes(struct einsum *e, const struct labels *l, const struct onnx_dims *d)
{
    if (l->n != d->rank)
        return false;
    for (int i = 0; i < l->n; i++) {
        int label = l->at[i];
        if (e->uses[label]++ && e->size[label] != d->at[i])
            return false;
        e->size[label] = d->at[i];
    }
    return true;
}

static const char *misfit(struct onnx *m, const struct onnx_node *n, int i)
{
    return pool_printf(m->pool, "%s, operand %d, has other dimensions",
            onnx_dims_text(m->pool, &n->in.at[i]->dims), i);
}

/* What the equation says, NULL where it is read; else why it is refused. */
static const char *read_equation(struct onnx *m, const struct onnx_node *n, struct einsum *e)
{
    static const char strange[] = "it takes a diagonal, or is no equation of letters and dots";
    const char *s = e->equation;
    int dots = 0;
    e->operands = n->in.n;
    for (int i = 0; i < n->in.n; i++) {
        const struct onnx_dims *d = &n->in.at[i]->dims;
        int more = d->rank - letters_of(s);
        if (more < 0)
            return misfit(m, n, i);
        dots = more > dots ? more : dots;
        if (!read_term(&s, more, &e->in[i]) || (i + 1 < n->in.n && *s++ != ','))
            return strange;
        if (!set_sizes(e, &e->in[i], d))
            return misfit(m, n, i);
    }
    if (!*s)
        return implied_result(e) ? NULL : "its result has too many dimensions";
    s += 2;
    if (strncmp(s - 2, "->", 2) || !read_term(&s, dots, &e->out) || *s)
        return strange;
    for (int i = 0; i < e->out.n; i++)
        if (!e->uses[e->out.at[i]])
            return "its result has a dimension of no operand";
    return NULL;
}

static bool read_einsum(struct onnx *m, struct onnx_node *n, struct einsum *e)
{
    *e = (struct einsum){.equation = onnx_word(n, "equation", "")};
    if (n->in.n > 2)
        return onnx_refuse(m, n, "'%s' has %d operands; 1 and 2 are supported",
                onnx_quoted(m, e->equation), n->in.n);
    const char *why = read_equation(m, n, e);
    return !why || onnx_refuse(m, n, "'%s': %s", onnx_quoted(m, e->equation), why);
}

bool onnx_infer_einsum(struct onnx *m, struct onnx_node *n)
{
    struct einsum e;
    if (!read_einsum(m, n, &e))
        return false;
    struct onnx_value *v = n->out.at[0];
    v->known = true;
    v->elem = n->in.at[0]->elem;
    v->type = n->in.at[0]->type;
    v->dims.rank = e.out.n;
    for (int i = 0; i < e.out.n; i++)
        v->dims.at[i] = e.size[e.out.at[i]];
    return true;
}

/* ---- in other operators ---------------------------------------------------------------------- */

/* An operand, or a product: a value and the labels of its dimensions. */
struct term { struct onnx_value *v; struct labels l; };

static struct onnx_value *list_of(struct onnx *m, const int64_t *n, int count)
{
    struct onnx_value *v = onnx_value_new(m, "list");
    int64_t *i = NEW_ARRAY(m->pool, int64_t, count + 1);
    memcpy(i, n, (size_t)count * sizeof *n);
    v->known = true;
    v->elem = ELEM_INT;
    v->dims = (struct onnx_dims){1, {count}};
    v->i = i;
    return v;
}

static struct onnx_node *step_node(struct lower *lo, const struct onnx_node *of, const char *type,
        struct onnx_value *a, struct onnx_value *b)
{
    struct onnx_node *n = onnx_node_new(lo->m, type, of->name);
    struct onnx_value *out = onnx_value_new(lo->m,
            pool_printf(lo->pool, "%s_%s", of->out.at[0]->name, type));
    n->op = onnx_op_find("", type);
    vec_push(lo->pool, &n->in, a);
    if (b)
        vec_push(lo->pool, &n->in, b);
    vec_push(lo->pool, &n->out, out);
    out->maker = n;
    out->users = 1;
    return n;
}

static void give_list(struct lower *lo, struct onnx_node *n, const char *name, const int *list,
        int count)
{
    int64_t *i = NEW_ARRAY(lo->pool, int64_t, count + 1);
    for (int k = 0; k < count; k++)
        i[k] = list[k];
    vec_push(lo->pool, &n->attr, (struct onnx_attr){.name = name, .kind = ONNX_INTS, .n = count,
                                     .ints = i});
}

/* Infers and writes the node; its result, NULL where it is refused: of the Einsum then, too. */
static struct onnx_value *do_step(struct lower *lo, struct onnx_node *of, struct onnx_node *n)
{
    struct onnx_value *out = n->out.at[0];
    if (!onnx_infer_node(lo->m, n) || (!n->gone && !n->op->lower(lo, n))) {
        of->failed = true;
        return NULL;
    }
    return out;
}

/* Labels that are neither in the result nor in the other operand are summed over. */
static bool sum_out(struct lower *lo, struct onnx_node *n, struct term *t,
        const struct labels *result, const struct labels *other)
{
    struct labels left = {0};
    int axes[ONNX_MAX_RANK], count = 0;
    for (int i = 0; i < t->l.n; i++)
        if (has(result, t->l.at[i]) || has(other, t->l.at[i]))
            add_label(&left, t->l.at[i]);
        else
            axes[count++] = i;
    if (!count)
        return true;
    struct onnx_node *sum = step_node(lo, n, "ReduceSum", t->v, NULL);
    give_list(lo, sum, "axes", axes, count);
    vec_push(lo->pool, &sum->attr, (struct onnx_attr){.name = "keepdims", .kind = ONNX_INT});
    *t = (struct term){do_step(lo, n, sum), left};
    return t->v != NULL;
}

/* The dimensions in the order of the labels, which are the term's own. */
static bool transpose(struct lower *lo, struct onnx_node *n, struct term *t,
        const struct labels *order)
{
    int perm[ONNX_MAX_RANK];
    bool moved = false;
    for (int i = 0; i < order->n; i++)
        for (int k = 0; k < t->l.n; k++)
            if (t->l.at[k] == order->at[i]) {
                perm[i] = k;
                moved = moved || k != i;
            }
    if (!moved)
        return true;
    struct onnx_node *turn = step_node(lo, n, "Transpose", t->v, NULL);
    give_list(lo, turn, "perm", perm, order->n);
    *t = (struct term){do_step(lo, n, turn), *order};
    return t->v != NULL;
}

static struct onnx_value *reshaped(struct lower *lo, struct onnx_node *n, struct onnx_value *v,
        const struct onnx_dims *d)
{
    if (!v || onnx_same_dims(&v->dims, d))
        return v;
    return do_step(lo, n, step_node(lo, n, "Reshape", v, list_of(lo->m, d->at, d->rank)));
}

/* The labels of a that are in b (or aren't), in the order of a. */
static struct labels select_labels(const struct labels *a, const struct labels *b, bool in)
{
    struct labels l = {0};
    for (int i = 0; i < a->n; i++)
        if (has(b, a->at[i]) == in)
            l.at[l.n++] = a->at[i];
    return l;
}

static struct labels joined(const struct labels *a, const struct labels *b)
{
    struct labels l = *a;
    for (int i = 0; i < b->n; i++)
        l.at[l.n++] = b->at[i];
    return l;
}

/* Dimensions of the labels: each its own, or all in one. */
static void add_dims(const struct einsum *e, const struct labels *l, bool join, struct onnx_dims *d)
{
    int64_t all = 1;
    for (int i = 0; i < l->n; i++) {
        all *= e->size[l->at[i]];
        if (!join)
            d->at[d->rank++] = e->size[l->at[i]];
    }
    if (join)
        d->at[d->rank++] = all;
}

/* Element by element: each operand in the order of the result, with 1 for what it hasn't. */
static struct onnx_value *multiply(struct lower *lo, struct onnx_node *n, const struct einsum *e,
        struct term t[2])
{
    struct onnx_value *v[2];
    for (int i = 0; i < 2; i++) {
        struct labels order = select_labels(&e->out, &t[i].l, true);
        struct onnx_dims d = {.rank = e->out.n};
        if (!transpose(lo, n, &t[i], &order))
            return NULL;
        for (int k = 0; k < e->out.n; k++)
            d.at[k] = has(&t[i].l, e->out.at[k]) ? e->size[e->out.at[k]] : 1;
        v[i] = reshaped(lo, n, t[i].v, &d);
        if (!v[i])
            return NULL;
    }
    return do_step(lo, n, step_node(lo, n, "Mul", v[0], v[1]));
}

/* The labels of the operands of a matrix product, in their parts. */
struct parts { struct labels batch, inner, free[2]; };

static struct parts parts_of(const struct einsum *e, const struct term t[2])
{
    struct labels both = select_labels(&t[0].l, &t[1].l, true);
    return (struct parts){.batch = select_labels(&both, &e->out, true),
                          .inner = select_labels(&both, &e->out, false),
                          .free = {select_labels(&t[0].l, &both, false),
                                   select_labels(&t[1].l, &both, false)}};
}

/* Rows stay apart where the second matrix is one for all of them, as Dense layers have it. */
static bool keeps_rows(const struct parts *p)
{
    return !p->batch.n && p->free[0].n > 0 && p->free[0].n <= SEPARATE;
}

static struct onnx_value *operand(struct lower *lo, struct onnx_node *n, const struct einsum *e,
        const struct parts *p, struct term *t, int i)
{
    const struct labels *first = i ? &p->inner : &p->free[0], *second = i ? &p->free[1] : &p->inner;
    struct labels front = joined(&p->batch, first), order = joined(&front, second);
    struct onnx_dims d = {0};
    if (!transpose(lo, n, t, &order))
        return NULL;
    if (p->batch.n)
        add_dims(e, &p->batch, p->batch.n > SEPARATE, &d);
    add_dims(e, first, i || !keeps_rows(p), &d);
    add_dims(e, second, true, &d);
    return reshaped(lo, n, t->v, &d);
}

static bool matrices(struct lower *lo, struct onnx_node *n, const struct einsum *e,
        const struct parts *p, struct term t[2], struct term *result)
{
    struct onnx_value *a = operand(lo, n, e, p, &t[0], 0);
    struct onnx_value *b = a ? operand(lo, n, e, p, &t[1], 1) : NULL;
    struct onnx_dims d = {0};
    struct labels rows = joined(&p->batch, &p->free[0]);
    if (!b)
        return false;
    result->l = joined(&rows, &p->free[1]);
    add_dims(e, &result->l, false, &d);
    result->v = reshaped(lo, n, do_step(lo, n, step_node(lo, n, "MatMul", a, b)), &d);
    return result->v && transpose(lo, n, result, &e->out);
}

static bool product(struct lower *lo, struct onnx_node *n, const struct einsum *e, struct term t[2],
        struct term *result)
{
    for (int i = 0; i < 2; i++)
        if (!sum_out(lo, n, &t[i], &e->out, &t[1 - i].l))
            return false;
    struct parts p = parts_of(e, t);
    if (p.inner.n)
        return matrices(lo, n, e, &p, t, result);
    *result = (struct term){multiply(lo, n, e, t), e->out};
    return result->v != NULL;
}

bool onnx_lower_einsum(struct lower *lo, struct onnx_node *n)
{
    struct einsum e;
    struct term t[2] = {{0}}, result;
    if (!read_einsum(lo->m, n, &e))
        return false;
    bool swap = e.operands == 2 && onnx_is_const(n->in.at[0]);
    if (onnx_is_const(n->in.at[swap]))
        return onnx_refuse(lo->m, n, "all of its operands are constants");
    for (int i = 0; i < e.operands; i++)
        t[i] = (struct term){n->in.at[swap ? 1 - i : i], e.in[swap ? 1 - i : i]};
    result = t[0];
    bool ok = e.operands == 2 ? product(lo, n, &e, t, &result)
                              : sum_out(lo, n, &result, &e.out, &e.out) &&
                                        transpose(lo, n, &result, &e.out);
    if (!ok)
        return false;
    place_alias(lo, n->out.at[0], result.v);
    return true;
}
