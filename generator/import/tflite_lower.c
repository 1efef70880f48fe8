/* Layers of operators, in order. */
#include "tflite_lower.h"

#include <string.h>

#include "limits.h"

/* ---- dimensions ------------------------------------------------------------------------------ */

bool lower_seen(struct tflite *m, struct tflite_node *n, const struct tflite_tensor *t,
        struct seen *to)
{
    const struct tflite_dims *d = &t->dims;
    bool batch = d->rank && d->at[0] == m->batch;
    *to = (struct seen){.first = batch && (d->rank > 1 || m->batch > 1)};
    if (m->batch > 1 && !batch)
        return tflite_refuse(m, n, "'%s' %s is no batch of %lld", tflite_quoted(m, t->name),
                tflite_dims_text(m->pool, d), (long long)m->batch);
    if (d->rank - to->first > LIMIT_RANK)
        return tflite_refuse(m, n, "'%s' %s has more than %d dimensions behind the batch",
                tflite_quoted(m, t->name), tflite_dims_text(m->pool, d), LIMIT_RANK);
    to->shape = (struct shape){1, {1}};
    for (int i = to->first; i < d->rank; i++) {
        to->shape.dim[i - to->first] = (int)d->at[i];
        to->shape.rank = i - to->first + 1;
        if (d->at[i] < 1)
            return tflite_refuse(m, n, "'%s' %s has no elements", tflite_quoted(m, t->name),
                    tflite_dims_text(m->pool, d));
    }
    return true;
}

bool lower_axis(struct tflite *m, struct tflite_node *n, const struct tflite_tensor *t,
        const struct seen *seen, int64_t axis, int *out)
{
    int rank = t->dims.rank;
    if (axis < -rank || axis >= rank)
        return tflite_refuse(m, n, "an axis that %s doesn't have",
                tflite_dims_text(m->pool, &t->dims));
    *out = (int)(axis < 0 ? axis + rank : axis) - seen->first;
    return *out >= 0 || tflite_refuse(m, n, "it works across the images of the batch");
}

void lower_dims(struct wlayer *l, const char *key, const struct shape *s)
{
    int64_t dim[LIMIT_RANK];
    for (int i = 0; i < s->rank; i++)
        dim[i] = s->dim[i];
    layer_ints(l, key, s->rank, dim);
}

/* ---- layers ---------------------------------------------------------------------------------- */

/* Names are lists of what was fused: the first of it. */
static const char *short_name(struct tflite *m, const struct tflite_tensor *t)
{
    return pool_copy(m->pool, t->name, strcspn(t->name, ";"));
}

struct wlayer *lower_layer(struct tflite *m, const char *type, struct tflite_tensor *t)
{
    struct wlayer *l = writer_layer(m->w, type, short_name(m, t));
    t->layer = l->name;
    return l;
}

struct wlayer *lower_unary(struct tflite *m, struct tflite_node *n, const char *type)
{
    const char *from = lower_input(m, n, 0);
    if (!from)
        return NULL;
    struct wlayer *l = lower_layer(m, type, n->out.at[0]);
    layer_input(l, from);
    return l;
}

struct wlayer *lower_follow(struct tflite *m, struct tflite_tensor *t, const char *type)
{
    const char *from = t->layer;
    struct wlayer *l = lower_layer(m, type, t);
    layer_input(l, from);
    return l;
}

bool lower_alias(struct tflite *m, struct tflite_node *n, int i, struct tflite_tensor *out)
{
    out->layer = lower_input(m, n, i);
    return out->layer != NULL;
}

/* ---- inputs ---------------------------------------------------------------------------------- */

const char *lower_constant(struct tflite *m, const struct tflite_tensor *t, const struct shape *as,
        const float *data)
{
    struct wlayer *l = writer_layer(m->w, "Constant", short_name(m, t));
    lower_dims(l, "shape", as);
    layer_weight(l, "value", *as, data);
    return l->name;
}

static const char *constant(struct tflite *m, struct tflite_node *n, struct tflite_tensor *t,
        const struct shape *as)
{
    const float *data = tflite_floats(m, n, t);
    return data ? lower_constant(m, t, as, data) : NULL;
}

/* Where a constant stands for all images of a batch, its first dimension is 1. */
static bool constant_shape(struct tflite *m, struct tflite_node *n, const struct tflite_tensor *t,
        struct shape *to)
{
    struct tflite_tensor one = *t;
    struct seen seen;
    if (m->batch > 1 && one.dims.rank && one.dims.at[0] != 1)
        return tflite_refuse(m, n, "its constant '%s' differs from image to image",
                tflite_quoted(m, t->name));
    if (m->batch > 1 && one.dims.rank)
        one.dims.at[0] = m->batch;
    if (m->batch > 1 && !one.dims.rank) {
        *to = (struct shape){1, {1}};
        return true;
    }
    bool ok = lower_seen(m, n, &one, &seen);
    *to = seen.shape;
    return ok;
}

const char *lower_input(struct tflite *m, struct tflite_node *n, int i)
{
    struct tflite_tensor *t = tflite_in(n, i);
    struct shape s;
    if (!t) {
        tflite_refuse(m, n, "input %d is missing", i);
        return NULL;
    }
    if (!tflite_is_const(t))
        return t->layer;
    return constant_shape(m, n, t, &s) ? constant(m, n, t, &s) : NULL;
}

const char *lower_input_as(struct tflite *m, struct tflite_node *n, int i, const struct shape *as)
{
    struct tflite_tensor *t = n->in.at[i];
    struct seen seen;
    if (tflite_is_const(t))
        return constant(m, n, t, as);
    if (!lower_seen(m, n, t, &seen))
        return NULL;
    if (shape_equal(&seen.shape, as))
        return t->layer;
    struct wlayer *l = writer_layer(m->w, "Reshape", short_name(m, t));
    layer_input(l, t->layer);
    lower_dims(l, "target_shape", as);
    return l->name;
}

int64_t lower_option(struct tflite *m, const struct tflite_node *n, int i, int bytes,
        int64_t absent)
{
    return fb_int(&m->fb, n->options, i, bytes, absent);
}

const int64_t *lower_list(struct tflite *m, struct tflite_node *n, int i, int *count)
{
    struct tflite_tensor *t = tflite_in(n, i);
    *count = 0;
    if (!t) {
        tflite_refuse(m, n, "input %d is missing", i);
        return NULL;
    }
    *count = (int)tflite_size(&t->dims);
    return tflite_ints(m, n, t);
}

/* ---- fused activations ----------------------------------------------------------------------- */

static const char *const activations[] = {NULL, "relu", "hard_tanh", "relu6", "tanh"};

bool lower_activation(struct tflite *m, struct tflite_node *n, struct wlayer *l, bool joins)
{
    int64_t act = n->op->act >= 0 ? lower_option(m, n, n->op->act, 1, 0) : 0;
    if (act < 0 || act >= (int64_t)(sizeof activations / sizeof activations[0]))
        return tflite_refuse(m, n, "fused activation %lld is not supported", (long long)act);
    if (act)
        layer_word(joins ? l : lower_follow(m, n->out.at[0], "Activation"), "activation",
                activations[act]);
    return true;
}

/* ---- operators ------------------------------------------------------------------------------- */

static bool is_quantised(const struct tflite_tensor *t)
{
    bool small = t->type == TFL_INT8 || t->type == TFL_UINT8 || t->type == TFL_INT16;
    return small && t->quant.n > 0 && !tflite_is_const(t);
}

static bool is_integer(const struct tflite_tensor *t)
{
    return t->type == TFL_INT32 || t->type == TFL_INT64;
}

static bool type_ok(const struct tflite_node *n, const struct tflite_tensor *t)
{
    return t->type == TFL_FLOAT32 || (t->type == TFL_BOOL && n->op->flags & TOP_BOOL_IN) ||
           (t->type == TFL_UINT8 && n->op->flags & TOP_BYTES_IN) ||
           (is_integer(t) && n->op->flags & TOP_INT_IN);
}

static bool result_ok(const struct tflite_node *n, const struct tflite_tensor *t)
{
    bool kept = n->op->flags & TOP_KEEPS ? n->in.at[0]->type == t->type : true;
    return t->type == TFL_FLOAT32 || (t->type == TFL_BOOL && n->op->flags & TOP_BOOL_OUT) ||
           (is_integer(t) && n->op->flags & TOP_INT_OUT && kept);
}

static bool inputs_ok(struct tflite *m, struct tflite_node *n)
{
    bool computed = false;
    for (int i = 0; i < n->in.n; i++) {
        const struct tflite_tensor *t = n->in.at[i];
        if (!t || tflite_is_const(t))
            continue;
        computed = true;
        if (t->variable)
            return tflite_refuse(m, n, "it keeps '%s' from run to run", tflite_quoted(m, t->name));
        if (!t->layer && !t->padded) {
            n->failed = true;
            return false;
        }
        if (!type_ok(n, t))
            return tflite_refuse(m, n, "'%s' is %s: cnngen computes in float32",
                    tflite_quoted(m, t->name), tflite_type_name(t->type));
    }
    return computed || tflite_refuse(m, n, "it computes nothing of the network's inputs");
}

static bool outputs_ok(struct tflite *m, struct tflite_node *n)
{
    for (int i = 0; i < n->out.n; i++) {
        const struct tflite_tensor *t = n->out.at[i];
        if (!t || tflite_is_const(t) || t->layer)
            return tflite_refuse(m, n, "its output %d is %s", i,
                    !t ? "missing" : t->layer ? "made already" : "a constant");
        if (!result_ok(n, t))
            return tflite_refuse(m, n, "its result is %s: cnngen computes in float32",
                    tflite_type_name(t->type));
    }
    return true;
}

static bool known(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_op *op = n->op;
    if (!op)
        return tflite_refuse(m, n, "%s", tflite_op_refused(n));
    if (n->in.n < op->min_in || n->in.n > op->max_in || !n->out.n ||
            (op->out >= 0 && n->out.n != op->out))
        return tflite_refuse(m, n, "%d inputs and %d outputs", n->in.n, n->out.n);
    for (int i = 0; i < op->min_in; i++)
        if (!n->in.at[i])
            return tflite_refuse(m, n, "input %d is missing", i);
    return true;
}

static void lower_node(struct tflite *m, struct tflite_node *n)
{
    if (!known(m, n) || !inputs_ok(m, n) || !outputs_ok(m, n))
        return;
    if (!n->op->lower(m, n))
        n->failed = true;
    for (int i = 0; n->failed && i < n->out.n; i++) {
        n->out.at[i]->layer = NULL;
        n->out.at[i]->padded = false;
    }
}

/* ---- the network's ends ---------------------------------------------------------------------- */

/* One error for a model of integers, rather than one for each of its operators. */
static bool floats_only(struct tflite *m)
{
    for (int i = 0; i < m->node.n; i++)
        for (int k = 0; k < m->node.at[i]->in.n; k++) {
            const struct tflite_tensor *t = m->node.at[i]->in.at[k];
            if (!t || !is_quantised(t))
                continue;
            diag_error(m->diag, DIAG_UNSUPPORTED, m->at,
                    "the model is quantised: '%s' is %s, and cnngen computes in float32",
                    tflite_quoted(m, t->name), tflite_type_name(t->type));
            diag_help(m->diag, "convert it with float32 or float16 weights, or with weights alone "
                    "in int8 (\"dynamic range\")");
            return false;
        }
    return true;
}

static void find_batch(struct tflite *m)
{
    int64_t n = m->input.n && m->input.at[0]->dims.rank > 1 ? m->input.at[0]->dims.at[0] : 1;
    for (int i = 0; i < m->input.n; i++)
        if (m->input.at[i]->dims.rank < 2 || m->input.at[i]->dims.at[0] != n)
            n = 1;
    m->batch = n > 0 ? n : 1;
    writer_batch(m->w, m->batch);
}

static bool input_type_ok(struct tflite *m, const struct tflite_tensor *t)
{
    if (t->type == TFL_FLOAT32 || t->type == TFL_UINT8)
        return true;
    diag_error(m->diag, DIAG_UNSUPPORTED, m->at, "the input '%s' is %s; float32 and uint8 can be",
            tflite_quoted(m, t->name), tflite_type_name(t->type));
    return false;
}

static void add_input(struct tflite *m, struct tflite_tensor *t)
{
    struct tflite_node as = {.type = "input", .index = -1};
    struct seen seen;
    if (tflite_is_const(t) || t->layer || !input_type_ok(m, t))
        return;
    if (!lower_seen(m, &as, t, &seen)) {
        diag_error(m->diag, DIAG_UNSUPPORTED, m->at, "the input: %s",
                m->refusal.at[--m->refusal.n].why);
        return;
    }
    if (t->open) {
        diag_error(m->diag, DIAG_UNSUPPORTED, m->at,
                "the input '%s' leaves dimensions open; all of a TFLite model is made for one size",
                tflite_quoted(m, t->name));
        diag_help(m->diag, "convert it with a fixed input shape");
        return;
    }
    struct wlayer *l = lower_layer(m, "Input", t);
    lower_dims(l, "shape", &seen.shape);
    if (t->type == TFL_UINT8)
        layer_word(l, "dtype", "uint8");
}

/* Outputs are layers of their own, even where two are one tensor, or one is an input. */
static void add_output(struct tflite *m, int i)
{
    struct tflite_tensor *t = m->output.at[i];
    bool taken = false;
    if (tflite_is_const(t))
        diag_error(m->diag, DIAG_UNSUPPORTED, m->at,
                "the output '%s' is a constant: the network computes nothing of it",
                tflite_quoted(m, t->name));
    if (!t->layer && !m->refusal.n && !diag_failed(m->diag))
        diag_error(m->diag, DIAG_BAD_MODEL, m->at, "the model is damaged: no operator makes the "
                   "output '%s'", tflite_quoted(m, t->name));
    if (!t->layer)
        return;
    for (int k = 0; k < m->input.n; k++)
        taken = taken || t->layer == m->input.at[k]->layer;
    for (int k = 0; k < i; k++)
        taken = taken || t->layer == m->output.at[k]->layer;
    if (taken) {
        const char *from = t->layer;
        struct wlayer *l = writer_layer(m->w, "Identity", short_name(m, t));
        layer_input(l, from);
        writer_output(m->w, l->name);
    } else {
        writer_output(m->w, t->layer);
    }
}

bool tflite_lower(struct tflite *m, const char *model_name)
{
    m->w = writer_new(m->pool, model_name);
    if (!floats_only(m))
        return false;
    find_batch(m);
    for (int i = 0; i < m->input.n; i++)
        add_input(m, m->input.at[i]);
    for (int i = 0; i < m->node.n && !diag_failed(m->diag); i++)
        if (!m->node.at[i]->gone)
            lower_node(m, m->node.at[i]);
    if (!tflite_report(m) || diag_failed(m->diag))
        return false;
    for (int i = 0; i < m->output.n; i++)
        add_output(m, i);
    if (m->fb.why)
        diag_error(m->diag, DIAG_BAD_MODEL, m->at, "the model is damaged: at byte %zu, %s",
                m->fb.where, m->fb.why);
    return !diag_failed(m->diag);
}
