/* The file's tables as operators and tensors. */
#include <string.h>

#include "tflite.h"
#include "tflite_ops.h"

/* Fields of the schema's tables, by number. */
enum { MODEL_VERSION, MODEL_CODES, MODEL_SUBGRAPHS, MODEL_DESCRIPTION, MODEL_BUFFERS };
enum { CODE_OLD, CODE_CUSTOM, CODE_VERSION, CODE_NEW };
enum { GRAPH_TENSORS, GRAPH_INPUTS, GRAPH_OUTPUTS, GRAPH_OPERATORS };
enum { TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER, TENSOR_NAME, TENSOR_QUANT, TENSOR_VARIABLE,
    TENSOR_SPARSITY, TENSOR_SIGNATURE };
enum { QUANT_MIN, QUANT_MAX, QUANT_SCALE, QUANT_ZERO, QUANT_DETAILS_TYPE, QUANT_DETAILS,
        QUANT_AXIS };
enum { OPERATOR_CODE, OPERATOR_INPUTS, OPERATOR_OUTPUTS, OPERATOR_OPTIONS_TYPE, OPERATOR_OPTIONS };
enum { BUFFER_DATA, BUFFER_OFFSET, BUFFER_SIZE };

enum { SCHEMA_VERSION = 3, CODE_CUSTOM_OPERATOR = 32 };

struct reader {
    struct tflite *m;
    struct fb *f;
    struct fb_table model;
    struct fb_list codes, buffers;
};

static bool wrong(struct reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool wrong(struct reader *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    diag_error(r->m->diag, DIAG_BAD_MODEL, r->m->at, "the model is damaged: %s",
            pool_vprintf(r->m->pool, fmt, args));
    va_end(args);
    return false;
}

/* Text up to its first NUL. */
static const char *text(struct reader *r, struct fb_table t, int field)
{
    enum { MOST = 4096 };
    struct fb_list l = fb_list(r->f, t, field, 1);
    const char *at = (const char *)r->f->at + l.at;
    return l.n ? pool_copy(r->m->pool, at, strnlen(at, l.n < MOST ? l.n : MOST)) : "";
}

/* ---- tensors --------------------------------------------------------------------------------- */

static bool read_dims(struct reader *r, struct fb_table t, struct tflite_tensor *to)
{
    struct fb_list shape = fb_list(r->f, t, TENSOR_SHAPE, 4);
    struct fb_list open = fb_list(r->f, t, TENSOR_SIGNATURE, 4);
    int64_t size = 1;
    if (shape.n > TFLITE_MAX_RANK)
        return wrong(r, "tensor '%s' has %u dimensions; the limit is %d",
                tflite_quoted(r->m, to->name), (unsigned)shape.n, TFLITE_MAX_RANK);
    to->dims.rank = (int)shape.n;
    for (uint32_t i = 0; i < shape.n; i++) {
        int64_t n = fb_list_int(r->f, shape, i, 4);
        if (n < 0 || (n && (!mul_ok(size, n, &size) || size > INT32_MAX)))
            return wrong(r, "dimension %u of tensor '%s' is %lld", (unsigned)i,
                    tflite_quoted(r->m, to->name), (long long)n);
        to->dims.at[i] = n;
    }
    for (uint32_t i = 1; i < open.n; i++)
        to->open = to->open || fb_list_int(r->f, open, i, 4) < 0;
    return true;
}

static bool read_quant(struct reader *r, struct fb_table t, struct tflite_tensor *to)
{
    struct fb_table q = fb_child(r->f, t, TENSOR_QUANT);
    struct fb_list scale = fb_list(r->f, q, QUANT_SCALE, 4);
    struct fb_list zero = fb_list(r->f, q, QUANT_ZERO, 8);
    if (!scale.n)
        return true;
    if (zero.n && zero.n != scale.n && zero.n != 1)
        return wrong(r, "tensor '%s' has %u scales and %u zero points",
                tflite_quoted(r->m, to->name), (unsigned)scale.n, (unsigned)zero.n);
    float *s = NEW_ARRAY(r->m->pool, float, scale.n);
    int64_t *z = NEW_ARRAY(r->m->pool, int64_t, scale.n);
    for (uint32_t i = 0; i < scale.n; i++) {
        s[i] = fb_list_float(r->f, scale, i);
        z[i] = zero.n ? fb_list_int(r->f, zero, zero.n == 1 ? 0 : i, 8) : 0;
    }
    to->quant = (struct tflite_quant){(int)scale.n, s, z,
        (int)fb_int(r->f, q, QUANT_AXIS, 4, 0)};
    return true;
}

/* What a constant holds: in its buffer, or behind the tables in files of more than 2 GB. */
static bool read_data(struct reader *r, struct fb_table t, struct tflite_tensor *to)
{
    int64_t index = fb_int(r->f, t, TENSOR_BUFFER, 4, 0);
    if (index < 0 || (index && index >= r->buffers.n))
        return wrong(r, "tensor '%s' is in buffer %lld of %u", tflite_quoted(r->m, to->name),
                (long long)index, (unsigned)r->buffers.n);
    if (!index)
        return true;
    struct fb_table b = fb_list_table(r->f, r->buffers, (uint32_t)index);
    struct fb_list data = fb_list(r->f, b, BUFFER_DATA, 1);
    uint64_t at = (uint64_t)fb_int(r->f, b, BUFFER_OFFSET, 8, 0);
    uint64_t n = (uint64_t)fb_int(r->f, b, BUFFER_SIZE, 8, 0);
    if (data.n) {
        at = data.at;
        n = data.n;
    } else if (at <= 1) {
        return true;
    }
    if (at > r->f->len || n > r->f->len - at)
        return wrong(r, "the data of tensor '%s' ends behind the file",
                tflite_quoted(r->m, to->name));
    to->data = r->f->at + at;
    to->bytes = n;
    return true;
}

static bool read_tensor(struct reader *r, struct fb_table t)
{
    struct tflite_tensor *to = NEW(r->m->pool, struct tflite_tensor);
    to->name = text(r, t, TENSOR_NAME);
    to->type = (int)fb_int(r->f, t, TENSOR_TYPE, 1, TFL_FLOAT32);
    to->variable = fb_int(r->f, t, TENSOR_VARIABLE, 1, 0) != 0;
    to->sparse = fb_child(r->f, t, TENSOR_SPARSITY).at != 0;
    vec_push(r->m->pool, &r->m->tensor, to);
    return read_dims(r, t, to) && read_quant(r, t, to) && read_data(r, t, to);
}

/* ---- operators ------------------------------------------------------------------------------- */

/* Tensor number i, -1 being none. */
static bool operand(struct reader *r, int64_t i, const char *whose, struct tflite_tensor **out)
{
    *out = NULL;
    if (i < -1 || i >= r->m->tensor.n)
        return wrong(r, "%s refers to tensor %lld of %d", whose, (long long)i, r->m->tensor.n);
    if (i >= 0)
        *out = r->m->tensor.at[i];
    return true;
}

static bool read_operands(struct reader *r, struct fb_table t, struct tflite_node *n)
{
    const char *whose = pool_printf(r->m->pool, "operator %d (%s)", n->index,
            tflite_quoted(r->m, n->type));
    for (int side = 0; side < 2; side++) {
        struct fb_list l = fb_list(r->f, t, side ? OPERATOR_OUTPUTS : OPERATOR_INPUTS, 4);
        if (l.n > TFLITE_MAX_OPERANDS)
            return wrong(r, "%s has %u operands; the limit is %d", whose, (unsigned)l.n,
                    TFLITE_MAX_OPERANDS);
        for (uint32_t i = 0; i < l.n; i++) {
            struct tflite_tensor *v;
            if (!operand(r, fb_list_int(r->f, l, i, 4), whose, &v))
                return false;
            if (side)
                vec_push(r->m->pool, &n->out, v);
            else
                vec_push(r->m->pool, &n->in, v);
            if (v && !side)
                v->users++;
        }
    }
    return true;
}

static bool read_node(struct reader *r, struct fb_table t, int index)
{
    struct tflite_node *n = NEW(r->m->pool, struct tflite_node);
    int64_t i = fb_int(r->f, t, OPERATOR_CODE, 4, 0);
    if (i < 0 || i >= r->codes.n)
        return wrong(r, "operator %d is of kind %lld of %u", index, (long long)i,
                (unsigned)r->codes.n);
    struct fb_table code = fb_list_table(r->f, r->codes, (uint32_t)i);
    int64_t old = fb_int(r->f, code, CODE_OLD, 1, 0), now = fb_int(r->f, code, CODE_NEW, 4, 0);
    int number = (int)(old > now ? old : now);
    n->index = index;
    n->custom = number == CODE_CUSTOM_OPERATOR;
    n->op = tflite_op_find(number);
    n->type = n->custom ? text(r, code, CODE_CUSTOM) : tflite_op_name(r->m->pool, number);
    n->options = fb_child(r->f, t, OPERATOR_OPTIONS);
    vec_push(r->m->pool, &r->m->node, n);
    return read_operands(r, t, n);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool read_lists(struct reader *r, struct fb_table graph)
{
    struct fb_list tensors = fb_list(r->f, graph, GRAPH_TENSORS, 4);
    struct fb_list nodes = fb_list(r->f, graph, GRAPH_OPERATORS, 4);
    if (tensors.n > TFLITE_MAX_TENSORS || nodes.n > TFLITE_MAX_NODES)
        return wrong(r, "it has %u tensors and %u operators; the limits are %d and %d",
                (unsigned)tensors.n, (unsigned)nodes.n, TFLITE_MAX_TENSORS, TFLITE_MAX_NODES);
    for (uint32_t i = 0; i < tensors.n && !r->f->why; i++)
        if (!read_tensor(r, fb_list_table(r->f, tensors, i)))
            return false;
    for (uint32_t i = 0; i < nodes.n && !r->f->why; i++)
        if (!read_node(r, fb_list_table(r->f, nodes, i), (int)i))
            return false;
    return true;
}

static bool read_ends(struct reader *r, struct fb_table graph)
{
    for (int side = 0; side < 2; side++) {
        struct fb_list l = fb_list(r->f, graph, side ? GRAPH_OUTPUTS : GRAPH_INPUTS, 4);
        for (uint32_t i = 0; i < l.n; i++) {
            struct tflite_tensor *v;
            if (!operand(r, fb_list_int(r->f, l, i, 4), "the network", &v))
                return false;
            if (!v)
                return wrong(r, "one of the network's inputs or outputs is no tensor");
            v->is_output = v->is_output || side;
            v->users += side;
            if (side)
                vec_push(r->m->pool, &r->m->output, v);
            else
                vec_push(r->m->pool, &r->m->input, v);
        }
    }
    return r->f->why || r->m->output.n || wrong(r, "it has no outputs");
}

static bool read_model(struct reader *r)
{
    r->model = fb_root(r->f, "TFL3");
    r->codes = fb_list(r->f, r->model, MODEL_CODES, 4);
    r->buffers = fb_list(r->f, r->model, MODEL_BUFFERS, 4);
    r->m->description = text(r, r->model, MODEL_DESCRIPTION);
    int64_t version = fb_int(r->f, r->model, MODEL_VERSION, 4, 0);
    struct fb_list graphs = fb_list(r->f, r->model, MODEL_SUBGRAPHS, 4);
    if (!r->f->why && version != SCHEMA_VERSION)
        return wrong(r, "its version is %lld; version %d is known", (long long)version,
                SCHEMA_VERSION);
    if (!r->f->why && !graphs.n)
        return wrong(r, "it has no graph");
    struct fb_table graph = graphs.n ? fb_list_table(r->f, graphs, 0) : (struct fb_table){0};
    return read_lists(r, graph) && read_ends(r, graph);
}

struct tflite *tflite_read(struct pool *pool, const char *path, const unsigned char *bytes,
        size_t len, struct diag *diag)
{
    struct tflite *m = NEW(pool, struct tflite);
    struct source *src = NEW(pool, struct source);
    struct reader r = {.m = m, .f = &m->fb};
    *src = source_of(path, "", 0);
    *m = (struct tflite){.pool = pool, .diag = diag, .at = {.src = src}, .path = path, .batch = 1,
        .fb = {.at = bytes, .len = len}};
    bool ok = read_model(&r);
    if (m->fb.why)
        ok = wrong(&r, "at byte %zu, %s", m->fb.where, m->fb.why);
    return ok ? m : NULL;
}
