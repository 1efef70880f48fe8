/* The driver of lowering: inputs, nodes in order, outputs. */
#include "onnx_lower.h"

#include <string.h>

#include "attr.h"
#include "onnx_layout.h"
#include "ops.h"

/* ---- names ----------------------------------------------------------------------------------- */

struct wlayer *lower_layer(struct lower *lo, const char *type, struct onnx_value *v)
{
    struct wlayer *l = writer_layer(lo->w, type, v->name);
    v->layer = l->name;
    return l;
}

struct wlayer *lower_helper(struct lower *lo, const char *type, const struct onnx_value *v,
        const char *what)
{
    return writer_layer(lo->w, type, pool_printf(lo->pool, "%s_%s", v->name, what));
}

void layer_dims(struct wlayer *l, const char *key, const struct shape *s)
{
    int64_t dim[LIMIT_RANK];
    for (int i = 0; i < s->rank; i++)
        dim[i] = s->dim[i];
    layer_ints(l, key, s->rank, dim);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

enum { SEARCHED = 64 };              /* nodes between an input and what says its layout */

/* Whether the first node behind v that cares wants the channels last. */
static bool feeds_image(const struct onnx *m, const struct onnx_value *v, int depth)
{
    for (int i = 0; i < m->node.n && depth < SEARCHED; i++) {
        const struct onnx_node *n = m->node.at[i];
        bool reads = false;
        for (int k = 0; k < n->in.n && !n->gone; k++)
            reads = reads || n->in.at[k] == v;
        if (!reads)
            continue;
        if (n->op->flags & OP_IMAGE)
            return n->in.at[0] == v;  /* GridSample's places are none */
        bool keeps = n->op->infer == onnx_infer_same || n->op->infer == onnx_infer_elementwise ||
                     n->op->infer == onnx_infer_cast;
        return keeps && feeds_image(m, n->out.at[0], depth + 1);
    }
    return false;
}

static bool is_bytes(const struct onnx_value *v)
{
    return v->elem == ELEM_BOOL || !strcmp(onnx_type_name(v->type), "uint8");
}

static void add_input(struct lower *lo, struct onnx_value *v)
{
    struct view view = {.dims = v->dims};
    bool image = v->dims.rank == 4 && attr_find(op_defs[OP_INPUT], "layout") &&
                 feeds_image(lo->m, v, 0);
    for (int i = 0; i < v->dims.rank; i++)
        view.perm[i] = i;
    if (image)
        place_channels_last(4, view.perm);
    struct onnx_node *n = onnx_node_new(lo->m, "input", v->name);
    if (onnx_size(&v->dims) < 1) {
        onnx_refuse(lo->m, n, "%s has no elements", onnx_dims_text(lo->pool, &v->dims));
        return;
    }
    if (v->elem != ELEM_FLOAT && !is_bytes(v)) {
        onnx_refuse(lo->m, n, "%s; cnngen takes float32 and uint8", onnx_type_name(v->type));
        return;
    }
    if (!place_view(lo, &view, image ? 14 : 0, 0)) {
        onnx_refuse(lo->m, n, "%s has more than %d dimensions",
                onnx_dims_text(lo->pool, &v->dims), LIMIT_RANK);
        return;
    }
    struct wlayer *l = lower_layer(lo, "Input", v);
    layer_dims(l, "shape", &view.shape);
    if (is_bytes(v))
        layer_word(l, "dtype", "uint8");
    if (image)
        layer_word(l, "layout", "NCHW");
    place_set(lo, v, l, &view);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* Integers are refused where only floats make sense; so is what has no elements. */
static bool operands_ok(struct lower *lo, struct onnx_node *n)
{
    for (int i = 0; i < n->in.n; i++) {
        const struct onnx_value *v = n->in.at[i];
        if (i == 0 && onnx_is_const(v) && !(n->op->flags & OP_CONST))
            return onnx_refuse(lo->m, n, "its input '%s' is a constant",
                    onnx_quoted(lo->m, v->name));
        if (!v || onnx_is_const(v))
            continue;
        if (!v->placed)
            return n->failed = true, false;
        if (v->elem == ELEM_INT && !(n->op->flags & OP_INTS))
            return onnx_refuse(lo->m, n, "'%s' is %s: cnngen computes in float32",
                    onnx_quoted(lo->m, v->name), onnx_type_name(v->type));
    }
    for (int i = 0; i < n->out.n; i++)
        if (n->out.at[i] && n->out.at[i]->users && onnx_size(&n->out.at[i]->dims) < 1)
            return onnx_refuse(lo->m, n, "its result %s has no elements",
                    onnx_dims_text(lo->pool, &n->out.at[i]->dims));
    return true;
}

static bool batch_ok(struct lower *lo, struct onnx_node *n)
{
    for (int i = 0; i < n->out.n; i++) {
        const struct onnx_value *v = n->out.at[i];
        if (v && v->users && (!v->dims.rank || v->dims.at[0] != lo->batch) && lo->batch > 1 &&
                n->op->infer != onnx_infer_reshape && n->op->infer != onnx_infer_transpose)
            return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    }
    return true;
}

static void lower_node(struct lower *lo, struct onnx_node *n)
{
    if (!operands_ok(lo, n) || !batch_ok(lo, n))
        return;
    if (lo->weights > ONNX_MAX_WEIGHTS || writer_layers(lo->w) > LIMIT_LAYERS)
        onnx_refuse(lo->m, n, "the layers before it, or their weights, are too many");
    else if (!n->op->lower)
        onnx_refuse(lo->m, n, "it depends on what the network computes");
    else if (!n->op->lower(lo, n))
        onnx_refuse(lo->m, n, "it can't be written as layers");  /* if nothing else was said */
    for (int i = 0; i < n->out.n && !n->failed; i++)
        if (n->out.at[i] && n->out.at[i]->users && !n->out.at[i]->placed)
            onnx_refuse(lo->m, n, "its output '%s' is not supported",
                    onnx_quoted(lo->m, n->out.at[i]->name));
}

/* ---- outputs --------------------------------------------------------------------------------- */

static void add_output(struct lower *lo, struct onnx_value *v)
{
    struct onnx_node *n = onnx_node_new(lo->m, "output", v->name);
    if (onnx_is_const(v))
        onnx_refuse(lo->m, n, "it is a constant: the network computes nothing of it");
    if (!v->placed)
        return;
    const char *name = place_final(lo, n, v);
    if (name)
        writer_output(lo->w, name);
    v->layer = NULL;                 /* the same value as another output is another layer */
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void reset(struct onnx *m)
{
    m->refusal.n = 0;
    for (int i = 0; i < m->value.n; i++) {
        m->value.at[i]->placed = NULL;
        m->value.at[i]->layer = NULL;
    }
    for (int i = 0; i < m->node.n; i++)
        m->node.at[i]->failed = false;
}

static bool has_images(const struct onnx *m)
{
    for (int i = 0; i < m->node.n; i++)
        if (!m->node.at[i]->gone && (m->node.at[i]->op->flags & OP_IMAGE))
            return true;
    return false;
}

static struct writer *attempt(struct onnx *m, const char *name, int64_t batch)
{
    struct lower lo = {.m = m, .pool = m->pool, .w = writer_new(m->pool, name), .batch = batch,
        .images = has_images(m)};
    reset(m);
    for (int i = 0; i < m->input.n; i++)
        if (m->input.at[i]->users)
            add_input(&lo, m->input.at[i]);
        else
            writer_comment(lo.w, "The input '%s' has no effect and is left out.",
                    onnx_quoted(m, m->input.at[i]->name));
    for (int i = 0; i < m->node.n; i++)
        if (!m->node.at[i]->gone)
            lower_node(&lo, m->node.at[i]);
    for (int i = 0; i < m->output.n; i++)
        add_output(&lo, m->output.at[i]);
    if (batch > 1)
        writer_batch(lo.w, batch);
    return lo.w;
}

/* The first dimension of all inputs, where they agree: 1 when they don't. */
static int64_t batch_of(const struct onnx *m)
{
    int64_t batch = 0;
    for (int i = 0; i < m->input.n; i++) {
        const struct onnx_value *v = m->input.at[i];
        int64_t n = v->dims.rank > 1 ? v->dims.at[0] : 1;
        if (!v->users)
            continue;
        if (batch && n != batch)
            return 1;
        batch = n;
    }
    return batch > 1 && batch <= LIMIT_BATCH ? batch : 1;
}

bool onnx_lower(struct onnx *m, const char *model_name, struct writer **out)
{
    onnx_count_uses(m);
    int64_t batch = batch_of(m);
    *out = attempt(m, model_name, batch);
    if (m->refusal.n && batch > 1) {
        struct onnx_refusal *first = m->refusal.at;
        int refusals = m->refusal.n;
        m->refusal.at = NULL;
        m->refusal.n = m->refusal.cap = 0;
        *out = attempt(m, model_name, 1);
        if (m->refusal.n && has_images(m)) {
            m->refusal.at = first;
            m->refusal.n = refusals;
        }
    }
    return onnx_report(m);
}
