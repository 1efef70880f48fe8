/* What the steps of the import share: refusals, dimensions, constants. */
#include <math.h>
#include <string.h>

#include "half.h"
#include "text.h"
#include "tflite.h"

const char *tflite_quoted(const struct tflite *m, const char *text)
{
    return text_quote(m->diag, text);
}

struct tflite_tensor *tflite_in(const struct tflite_node *n, int i)
{
    return i < n->in.n ? n->in.at[i] : NULL;
}

/* ---- refusals -------------------------------------------------------------------------------- */

bool tflite_refuse(struct tflite *m, struct tflite_node *n, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *why = pool_vprintf(m->pool, fmt, args);
    va_end(args);
    if (!n->failed)
        vec_push(m->pool, &m->refusal, (struct tflite_refusal){n, why, false});
    n->failed = true;
    return false;
}

/* TFLite's operators have no names: they are told by what they make. */
static const char *label(struct tflite *m, const struct tflite_node *n)
{
    const char *name = n->out.n && n->out.at[0] ? n->out.at[0]->name : "";
    return pool_printf(m->pool, "%d ('%s')", n->index, tflite_quoted(m, name));
}

enum { MAX_NAMED = 100 };            /* operators of one kind that are named */

/* One error for all operators that are refused for the same reason, naming each. */
static void report_one(struct tflite *m, int first, bool quiet)
{
    struct tflite_refusal *r = &m->refusal.at[first];
    diag_error(m->diag, DIAG_UNSUPPORTED, m->at, "%s%s, operator %s: %s",
            r->node->custom ? "custom operator " : "", tflite_quoted(m, r->node->type),
            label(m, r->node), r->why);
    const char *others = "";
    int n = 0;
    for (int i = first + 1; i < m->refusal.n && !quiet; i++) {
        struct tflite_refusal *s = &m->refusal.at[i];
        if (s->told || strcmp(s->node->type, r->node->type) || strcmp(s->why, r->why))
            continue;
        s->told = true;
        if (n++ < MAX_NAMED)
            others = pool_printf(m->pool, "%s%s%s", others, n > 1 ? ", " : "", label(m, s->node));
    }
    if (n)
        diag_note(m->diag, m->at, "and %d more: %s%s", n, others, n > MAX_NAMED ? " ..." : "");
}

bool tflite_report(struct tflite *m)
{
    int kinds = 0;
    for (int i = 0; i < m->refusal.n; i++)
        if (!m->refusal.at[i].told)
            report_one(m, i, kinds++ >= MAX_ERRORS);
    return m->refusal.n == 0;
}

/* ---- dimensions ------------------------------------------------------------------------------ */

int64_t tflite_size(const struct tflite_dims *d)
{
    int64_t n = 1;
    for (int i = 0; i < d->rank; i++)
        n *= d->at[i];               /* tflite_read saw to it that this is below 2^31 */
    return n;
}

const char *tflite_dims_text(struct pool *pool, const struct tflite_dims *d)
{
    const char *text = "";
    for (int i = 0; i < d->rank; i++)
        text = pool_printf(pool, "%s%s%lld", text, i ? ", " : "", (long long)d->at[i]);
    return pool_printf(pool, "[%s]", text);
}

/* ---- element types --------------------------------------------------------------------------- */

static const struct { const char *name; int bits; } types[TFL_TYPES] = {
    [TFL_FLOAT32] = {"float32", 32}, [TFL_FLOAT16] = {"float16", 16}, [TFL_INT32] = {"int32", 32},
    [TFL_UINT8] = {"uint8", 8}, [TFL_INT64] = {"int64", 64}, [TFL_STRING] = {"string", 0},
    [TFL_BOOL] = {"bool", 8}, [TFL_INT16] = {"int16", 16}, [TFL_COMPLEX64] = {"complex64", 0},
    [TFL_INT8] = {"int8", 8}, [TFL_FLOAT64] = {"float64", 64}, [TFL_COMPLEX128] = {"complex128", 0},
    [TFL_UINT64] = {"uint64", 0}, [TFL_RESOURCE] = {"resource", 0}, [TFL_VARIANT] = {"variant", 0},
    [TFL_UINT32] = {"uint32", 32}, [TFL_UINT16] = {"uint16", 16}, [TFL_INT4] = {"int4", 4},
    [TFL_BFLOAT16] = {"bfloat16", 16},
};

const char *tflite_type_name(int type)
{
    return type >= 0 && type < TFL_TYPES ? types[type].name : "of an unknown type";
}

static uint64_t bits_at(const unsigned char *data, int64_t i, int bits)
{
    uint64_t v = 0;
    if (bits == 4)
        return data[i / 2] >> (i % 2 ? 4 : 0) & 15;
    for (int k = bits / 8 - 1; k >= 0; k--)
        v = v << 8 | data[i * (bits / 8) + k];
    return v;
}

static int64_t sign_extend(uint64_t v, int bits)
{
    uint64_t sign = (uint64_t)1 << (bits - 1);
    return v & sign ? -(int64_t)(~v & (sign - 1)) - 1 : (int64_t)v;
}

static float single(uint64_t bits)
{
    uint32_t b = (uint32_t)bits;
    float v;
    memcpy(&v, &b, sizeof v);
    return v;
}

static double from_double(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static bool is_float(int type)
{
    return type == TFL_FLOAT32 || type == TFL_FLOAT16 || type == TFL_FLOAT64 ||
            type == TFL_BFLOAT16;
}

static bool is_unsigned(int type)
{
    return type == TFL_UINT8 || type == TFL_BOOL || type == TFL_UINT32 || type == TFL_UINT16;
}

static double element(const struct tflite_tensor *t, int64_t i)
{
    int bits = types[t->type].bits;
    uint64_t v = bits_at(t->data, i, bits);
    switch (t->type) {
    case TFL_FLOAT32:
        return (double)single(v);
    case TFL_FLOAT16:
        return (double)half_to_float((uint16_t)v);
    case TFL_BFLOAT16:
        return (double)bfloat_to_float((uint16_t)v);
    case TFL_FLOAT64:
        return from_double(v);
    default:
        return is_unsigned(t->type) ? (double)v : (double)sign_extend(v, bits);
    }
}

/* ---- constants ------------------------------------------------------------------------------- */

bool tflite_is_const(const struct tflite_tensor *t) { return t->data || t->f || t->i; }

/* Refuses what can't be read; counts what is. */
static bool readable(struct tflite *m, struct tflite_node *n, const struct tflite_tensor *t)
{
    const char *name = tflite_quoted(m, t->name);
    int64_t size = tflite_size(&t->dims);
    int bits = t->type >= 0 && t->type < TFL_TYPES ? types[t->type].bits : 0;
    if (!bits)
        return tflite_refuse(m, n, "its constant '%s' is %s", name, tflite_type_name(t->type));
    if (t->sparse)
        return tflite_refuse(m, n, "its constant '%s' is stored sparsely", name);
    if ((uint64_t)(size * bits + 7) / 8 != t->bytes)
        return tflite_refuse(m, n, "its constant '%s' %s takes %lld bytes, but has %zu", name,
                tflite_dims_text(m->pool, &t->dims), (long long)(size * bits + 7) / 8, t->bytes);
    m->constants += size;
    return m->constants <= TFLITE_MAX_CONST ||
           tflite_refuse(m, n, "the model's constants have more than %lld elements",
                   (long long)TFLITE_MAX_CONST);
}

static bool quant_ok(struct tflite *m, struct tflite_node *n, const struct tflite_tensor *t)
{
    const struct tflite_quant *q = &t->quant;
    const char *name = tflite_quoted(m, t->name);
    if (!q->n)
        return tflite_refuse(m, n, "its constant '%s' is %s without a scale", name,
                tflite_type_name(t->type));
    if (q->n > 1 && (q->axis < 0 || q->axis >= t->dims.rank || t->dims.at[q->axis] != q->n))
        return tflite_refuse(m, n, "its constant '%s' %s has %d scales for dimension %d", name,
                tflite_dims_text(m->pool, &t->dims), q->n, q->axis);
    for (int i = 0; i < q->n; i++)
        if (!isfinite(q->scale[i]))
            return tflite_refuse(m, n, "a scale of its constant '%s' is not finite", name);
    return true;
}

/* One scale for each index of dimension axis: elements that share one stand side by side. */
static void dequantise(const struct tflite_tensor *t, float *to)
{
    const struct tflite_quant *q = &t->quant;
    int64_t size = tflite_size(&t->dims), inner = 1;
    for (int i = q->axis + 1; i < t->dims.rank && q->n > 1; i++)
        inner *= t->dims.at[i];
    for (int64_t i = 0; i < size; i++) {
        int k = q->n > 1 ? (int)(i / inner % q->n) : 0;
        to[i] = (float)((double)q->scale[k] * (element(t, i) - (double)q->zero[k]));
    }
}

const float *tflite_floats(struct tflite *m, struct tflite_node *n, struct tflite_tensor *t)
{
    if (t->f)
        return t->f;
    if (!t->data) {
        tflite_refuse(m, n, "'%s' depends on what the network computes", tflite_quoted(m, t->name));
        return NULL;
    }
    bool floats = is_float(t->type);
    if (!readable(m, n, t) || (!floats && !quant_ok(m, n, t)))
        return NULL;
    float *to = NEW_ARRAY(m->pool, float, tflite_size(&t->dims));
    for (int64_t i = 0; floats && i < tflite_size(&t->dims); i++) {
        to[i] = (float)element(t, i);
        if (!isfinite(to[i])) {
            tflite_refuse(m, n, "its constant '%s' holds NaN or an infinity",
                    tflite_quoted(m, t->name));
            return NULL;
        }
    }
    if (!floats)
        dequantise(t, to);
    m->hybrid = m->hybrid || !floats;
    m->halves = m->halves || t->type == TFL_FLOAT16;
    t->f = to;
    return to;
}

const int64_t *tflite_ints(struct tflite *m, struct tflite_node *n, struct tflite_tensor *t)
{
    if (t->i)
        return t->i;
    if (!t->data) {
        tflite_refuse(m, n, "'%s' depends on what the network computes", tflite_quoted(m, t->name));
        return NULL;
    }
    if (t->type != TFL_INT32 && t->type != TFL_INT64) {
        tflite_refuse(m, n, "'%s' is %s, not of integers", tflite_quoted(m, t->name),
                tflite_type_name(t->type));
        return NULL;
    }
    if (!readable(m, n, t))
        return NULL;
    int64_t *to = NEW_ARRAY(m->pool, int64_t, tflite_size(&t->dims));
    int bits = types[t->type].bits;
    for (int64_t i = 0; i < tflite_size(&t->dims); i++)
        to[i] = sign_extend(bits_at(t->data, i, bits), bits);
    t->i = to;
    return to;
}
