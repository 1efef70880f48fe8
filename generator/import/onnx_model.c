/* What the steps of the import share: attributes, constants, dimensions, refusals. */
#include "onnx.h"

#include <math.h>
#include <string.h>

#include "text.h"

/* ---- refusals -------------------------------------------------------------------------------- */

const char *onnx_quoted(struct onnx *m, const char *text) { return text_quote(m->diag, text); }

bool onnx_refuse(struct onnx *m, struct onnx_node *n, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *why = pool_vprintf(m->pool, fmt, args);
    va_end(args);
    if (!n->failed)
        vec_push(m->pool, &m->refusal, (struct onnx_refusal){n, why, false});
    n->failed = true;
    return false;
}

static const char *node_label(struct onnx *m, const struct onnx_node *n)
{
    for (int i = 0; !*n->name && i < n->out.n; i++)
        if (n->out.at[i])
            return pool_printf(m->pool, "that makes '%s'", onnx_quoted(m, n->out.at[i]->name));
    return pool_printf(m->pool, "'%s'", onnx_quoted(m, n->name));
}

static bool same_complaint(const struct onnx_refusal *a, const struct onnx_refusal *b)
{
    return !strcmp(a->node->type, b->node->type) && !strcmp(a->why, b->why);
}

enum { MAX_NAMED = 100 };            /* nodes of one kind that are named */

/* One error for all nodes that are refused for the same reason, naming each. */
static void report_one(struct onnx *m, int first)
{
    struct onnx_refusal *r = &m->refusal.at[first];
    diag_error(m->diag, DIAG_UNSUPPORTED, m->at, "%s %s: %s", onnx_quoted(m, r->node->type),
            node_label(m, r->node), r->why);
    const char *others = "";
    int n = 0;
    for (int i = first + 1; i < m->refusal.n && m->kinds <= MAX_ERRORS; i++) {
        if (m->refusal.at[i].told || !same_complaint(r, &m->refusal.at[i]))
            continue;
        m->refusal.at[i].told = true;
        if (n++ < MAX_NAMED)
            others = pool_printf(m->pool, "%s%s%s", others, n > 1 ? ", " : "",
                    node_label(m, m->refusal.at[i].node));
    }
    if (n)
        diag_note(m->diag, m->at, "and %d more: %s%s", n, others, n > MAX_NAMED ? " ..." : "");
}

bool onnx_report(struct onnx *m)
{
    m->kinds = 0;
    for (int i = 0; i < m->refusal.n; i++)
        if (!m->refusal.at[i].told) {
            m->kinds++;
            report_one(m, i);
        }
    return m->refusal.n == 0;
}

/* ---- attributes ------------------------------------------------------------------------------ */

const struct onnx_attr *onnx_attr(const struct onnx_node *n, const char *name)
{
    for (int i = 0; i < n->attr.n; i++)
        if (!strcmp(n->attr.at[i].name, name))
            return &n->attr.at[i];
    return NULL;
}

int64_t onnx_int(const struct onnx_node *n, const char *name, int64_t absent)
{
    const struct onnx_attr *a = onnx_attr(n, name);
    return a && a->kind == ONNX_INT ? a->i : absent;
}

float onnx_float(const struct onnx_node *n, const char *name, float absent)
{
    const struct onnx_attr *a = onnx_attr(n, name);
    return a && a->kind == ONNX_FLOAT ? a->f : absent;
}

const char *onnx_word(const struct onnx_node *n, const char *name, const char *absent)
{
    const struct onnx_attr *a = onnx_attr(n, name);
    return a && a->kind == ONNX_STRING ? a->s : absent;
}

const int64_t *onnx_ints(const struct onnx_node *node, const char *name, int *n)
{
    const struct onnx_attr *a = onnx_attr(node, name);
    *n = a && a->kind == ONNX_INTS ? a->n : 0;
    return *n ? a->ints : NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

struct onnx_value *onnx_in(const struct onnx_node *n, int i)
{
    return i < n->in.n ? n->in.at[i] : NULL;
}

struct onnx_value *onnx_value_new(struct onnx *m, const char *name)
{
    struct onnx_value *v = NEW(m->pool, struct onnx_value);
    v->name = name;
    vec_push(m->pool, &m->value, v);
    return v;
}

/* Not in the model's list. */
struct onnx_node *onnx_node_new(struct onnx *m, const char *type, const char *name)
{
    struct onnx_node *n = NEW(m->pool, struct onnx_node);
    n->type = type;
    n->domain = "";
    n->name = name;
    n->opset = m->opset;
    return n;
}

void onnx_count_uses(struct onnx *m)
{
    for (int i = 0; i < m->value.n; i++) {
        m->value.at[i]->users = m->value.at[i]->is_output;
        m->value.at[i]->user = NULL;
    }
    for (int i = m->node.n - 1; i >= 0; i--) {
        struct onnx_node *n = m->node.at[i];
        bool used = false;
        for (int k = 0; k < n->out.n; k++)
            used = used || (n->out.at[k] && n->out.at[k]->users);
        if (!used)
            n->gone = true;
        for (int k = 0; k < n->in.n && !n->gone; k++)
            if (n->in.at[k]) {
                n->in.at[k]->users++;
                n->in.at[k]->user = n;
            }
    }
}

bool onnx_is_const(const struct onnx_value *v) { return v && (v->f || v->i); }

double onnx_number(const struct onnx_value *v, int64_t at)
{
    return v->f ? (double)v->f[at] : (double)v->i[at];
}

int64_t onnx_integer(const struct onnx_value *v, int64_t at)
{
    if (v->i)
        return v->i[at];
    float f = v->f[at];
    return f >= -0x1p62f && f <= 0x1p62f ? (int64_t)f : f > 0 ? INT64_MAX : INT64_MIN;
}

bool onnx_scalar(const struct onnx_value *v, double *out)
{
    if (!onnx_is_const(v) || onnx_size(&v->dims) != 1)
        return false;
    *out = onnx_number(v, 0);
    return true;
}

/* ---- dimensions ------------------------------------------------------------------------------ */

int64_t onnx_size(const struct onnx_dims *d)
{
    int64_t n = 1;
    for (int i = 0; i < d->rank; i++)
        if (!mul_ok(n, d->at[i], &n))
            return INT64_MAX;
    return n;
}

bool onnx_fits(const struct onnx_dims *d)
{
    for (int i = 0; i < d->rank; i++)
        if (d->at[i] > INT32_MAX)
            return false;
    return onnx_size(d) <= INT32_MAX;
}

bool onnx_same_dims(const struct onnx_dims *a, const struct onnx_dims *b)
{
    for (int i = 0; i < a->rank && a->rank == b->rank; i++)
        if (a->at[i] != b->at[i])
            return false;
    return a->rank == b->rank;
}

const char *onnx_dims_text(struct pool *pool, const struct onnx_dims *d)
{
    const char *text = "[";
    for (int i = 0; i < d->rank; i++)
        text = d->at[i] < 0 ? pool_printf(pool, "%s%s?", text, i ? ", " : "")
                            : pool_printf(pool, "%s%s%lld", text, i ? ", " : "",
                                      (long long)d->at[i]);
    return pool_printf(pool, "%s]", text);
}

bool onnx_axis(const struct onnx_dims *d, int64_t axis, int *out)
{
    if (axis < -d->rank || axis >= d->rank)
        return false;
    *out = (int)(axis < 0 ? axis + d->rank : axis);
    return true;
}

bool onnx_broadcast(const struct onnx_dims *a, const struct onnx_dims *b, struct onnx_dims *out)
{
    struct onnx_dims r = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 0; i < r.rank; i++) {
        int ia = i - (r.rank - a->rank), ib = i - (r.rank - b->rank);
        int64_t x = ia < 0 ? 1 : a->at[ia], y = ib < 0 ? 1 : b->at[ib];
        if (x != y && x != 1 && y != 1)
            return false;
        r.at[i] = x == 1 ? y : x;
    }
    *out = r;
    return true;
}

/* ---- element types --------------------------------------------------------------------------- */

static const struct { const char *name; enum onnx_elem elem; } types[] = {
    {"undefined", ELEM_UNKNOWN}, {"float32", ELEM_FLOAT}, {"uint8", ELEM_INT}, {"int8", ELEM_INT},
    {"uint16", ELEM_INT}, {"int16", ELEM_INT}, {"int32", ELEM_INT}, {"int64", ELEM_INT},
    {"string", ELEM_OTHER}, {"bool", ELEM_BOOL}, {"float16", ELEM_FLOAT}, {"float64", ELEM_FLOAT},
    {"uint32", ELEM_INT}, {"uint64", ELEM_INT}, {"complex64", ELEM_OTHER},
    {"complex128", ELEM_OTHER}, {"bfloat16", ELEM_FLOAT}, {"float8e4m3fn", ELEM_OTHER},
    {"float8e4m3fnuz", ELEM_OTHER}, {"float8e5m2", ELEM_OTHER}, {"float8e5m2fnuz", ELEM_OTHER},
    {"uint4", ELEM_OTHER}, {"int4", ELEM_OTHER}, {"float4e2m1", ELEM_OTHER},
    {"float8e8m0", ELEM_OTHER}, {"uint2", ELEM_OTHER}, {"int2", ELEM_OTHER},
};

enum { TYPES = sizeof types / sizeof types[0] };

const char *onnx_type_name(int type)
{
    return type >= 0 && type < TYPES ? types[type].name : "of an unknown kind";
}

enum onnx_elem onnx_elem_of(int type)
{
    return type >= 0 && type < TYPES ? types[type].elem : ELEM_OTHER;
}
