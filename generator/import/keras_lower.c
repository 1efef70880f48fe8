/* A model, and the models in it, call by call. */
#include "keras_lower.h"

#include <string.h>

#include "options.h"
#include "text.h"

enum { MAX_CALLS = 16 * LIMIT_LAYERS };   /* of layers, each nested model's as often as it is called */

/* What the outputs of a call are: names of the specification's layers. "": refused. */
struct kvalue {
    const char **name;
    int n;                    /* 0: not known yet */
};

struct frame {
    struct kmodel *model;
    const char *prefix;       /* "inner/"; "": the outermost */
    const char **in;          /* what the model is called with; one for each of its inputs */
    struct kvalue **value;     /* [layer][call] */
};

/* The name of a tensor; NULL: not known yet. */
static const char *name_of(const struct frame *fr, const struct kref *r)
{
    const struct kvalue *v = r->layer < 0 ? NULL : &fr->value[r->layer][r->call];
    if (!v)
        return fr->in[0];
    if (v->n == 0)
        return NULL;
    return r->output < v->n ? v->name[r->output] : "";
}

static bool inputs_known(const struct frame *fr, const struct kcall *c)
{
    for (int i = 0; i < c->in.n; i++)
        if (!name_of(fr, &c->in.at[i]))
            return false;
    return true;
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static bool refuse_input(struct lower *k, const char *name, const char *why)
{
    diag_error(k->f->diag, DIAG_UNSUPPORTED, k->f->at, "input '%s': %s",
            text_quote(k->f->diag, name), why);
    return false;
}

static const struct import_shape *find_shape(struct lower *k, const char *name)
{
    for (int i = 0; i < k->options->shape.n; i++)
        if (!strcmp(k->options->shape.at[i].input, name)) {
            k->shape_used[i] = true;
            return &k->options->shape.at[i];
        }
    return NULL;
}

/* The model's dimensions as text for --shape: "1,H,W,3" with "?" where they are open. */
static const char *dims_text(struct pool *pool, const json_t *dims)
{
    const char *all = "";
    for (size_t i = 0; i < json_array_size(dims); i++) {
        int64_t d;
        const char *one = json_int(json_at(dims, i), &d) ? pool_printf(pool, "%lld", (long long)d)
                        : i ? "?" : "1";
        all = pool_printf(pool, "%s%s%s", all, i ? "," : "", one);
    }
    return all;
}

/* The dimensions of --shape, or the model's; the batch is 1 where nobody says. */
static bool input_dims(struct lower *k, const char *name, const json_t *dims,
        const struct import_shape *given, int64_t *out, int *rank)
{
    *rank = given ? given->rank : (int)json_array_size(dims);
    if (*rank < 2 || *rank > LIMIT_RANK + 1)
        return refuse_input(k, name, dims || given ? pool_printf(k->pool,
                "it has %d dimensions with the batch; 2 to %d are supported", *rank,
                LIMIT_RANK + 1) : "the model doesn't say its shape: give --shape INPUT=1,...");
    if (given && dims && json_array_size(dims) != (size_t)*rank)
        return refuse_input(k, name, pool_printf(k->pool, "--shape gives %d dimensions, the model "
                "has %s", *rank, dims_text(k->pool, dims)));
    for (int i = 0; i < *rank; i++) {
        int64_t d = 0;
        bool known = json_int(json_at(dims, (size_t)i), &d);
        out[i] = given ? given->dim[i] : known ? d : i ? 0 : 1;
        if (given && known && given->dim[i] != d)
            return refuse_input(k, name, pool_printf(k->pool, "--shape contradicts the model, "
                    "which has %s", dims_text(k->pool, dims)));
        if (out[i] < 1)
            return refuse_input(k, name, pool_printf(k->pool, "its shape is open: give --shape "
                    "'%s=%s' with numbers for '?'", text_quote(k->f->diag, name),
                    dims_text(k->pool, dims)));
    }
    return true;
}

const char *keras_lower_input(struct lower *k, const char *name, const json_t *dims,
        const json_t *config)
{
    static const char *const floats[] = {"float32", "float16", "bfloat16", "float64", NULL};
    int64_t dim[LIMIT_RANK + 1];
    int rank;
    const char *dtype = json_text(json_get(config, "dtype"));
    bool bytes = dtype && !strcmp(dtype, "uint8");
    if (json_is_true(json_get(config, "sparse")) || json_is_true(json_get(config, "ragged")))
        return refuse_input(k, name, "sparse and ragged tensors are not supported"), "";
    if (dtype && !bytes && !text_is_one_of(dtype, floats))
        return refuse_input(k, name, "its dtype is neither float32 nor uint8"), "";
    if (!input_dims(k, name, dims, find_shape(k, name), dim, &rank))
        return "";
    if (k->batch && k->batch != dim[0])
        return refuse_input(k, name, "its batch is not that of the input before"), "";
    k->batch = dim[0];
    struct wlayer *l = writer_layer(k->w, "Input", name);
    layer_ints(l, "shape", rank - 1, dim + 1);
    if (bytes)
        layer_word(l, "dtype", "uint8");
    return l->name;
}

static const json_t *batch_shape(const json_t *config)
{
    const json_t *dims = json_get(config, "batch_shape");
    return dims ? dims : json_get(config, "batch_input_shape");
}

/* The outermost model's inputs, in its order. */
static void lower_inputs(struct lower *k, struct kmodel *m, const char **in)
{
    for (int i = 0; i < m->input.n; i++) {
        bool implied = m->input.at[i].layer < 0;
        const struct klayer *l = &m->layer.at[implied ? 0 : m->input.at[i].layer];
        const json_t *dims = batch_shape(l->config);
        if (implied)
            in[i] = keras_lower_input(k, pool_printf(k->pool, "%s_input", l->name),
                    dims ? dims : m->build_shape, NULL);
        else
            in[i] = keras_lower_input(k, l->name, dims, l->config);
    }
}

static void check_shapes_used(struct lower *k)
{
    for (int i = 0; i < k->options->shape.n; i++)
        if (!k->shape_used[i])
            diag_error(k->f->diag, DIAG_UNKNOWN_INPUT, k->f->at, "--shape: the model has no input "
                    "'%s'", text_quote(k->f->diag, k->options->shape.at[i].input));
}

/* ---- calls ----------------------------------------------------------------------------------- */

static bool expand(struct lower *, struct kmodel *, const char *prefix, const char **in,
        const char **out);

/* A nested model; its inputs are this call's. */
static bool call_model(struct lower *k, const struct frame *fr, struct klayer *l,
        const char **in, int n, const char *name, struct kvalue *v)
{
    (void)fr;
    v->n = l->inner->output.n;
    v->name = NEW_ARRAY(k->pool, const char *, v->n);
    if (n == l->inner->input.n)
        return expand(k, l->inner, pool_printf(k->pool, "%s/", name), in, v->name);
    lower_refuse(k, l, "it is called with %d tensors, and has %d inputs", n, l->inner->input.n);
    for (int i = 0; i < v->n; i++)
        v->name[i] = "";
    return true;
}

static const char *call_refused(const struct kcall *c)
{
    return c->training ? "it is called with training=True, as if it were being trained"
                       : c->refused;
}

static bool call_layer(struct lower *k, struct frame *fr, int layer, int call)
{
    struct klayer *l = &fr->model->layer.at[layer];
    const struct kcall *c = &l->call.at[call];
    struct kvalue *v = &fr->value[layer][call];
    const char **in = NEW_ARRAY(k->pool, const char *, c->in.n + 1);
    const char *name = pool_printf(k->pool, call ? "%s%s_%d" : "%s%s", fr->prefix, l->name, call);
    for (int i = 0; i < c->in.n; i++)
        in[i] = name_of(fr, &c->in.at[i]);
    if (++k->calls > MAX_CALLS || writer_layers(k->w) > LIMIT_LAYERS) {
        diag_error(k->f->diag, DIAG_TOO_LARGE, k->f->at, "the model, with the models in it, takes "
                "more than %d layers", LIMIT_LAYERS);
        return false;
    }
    if (l->inner && !call_refused(c))
        return call_model(k, fr, l, in, c->in.n, name, v);
    const char *out = call_refused(c) ? lower_refuse(k, l, "%s", call_refused(c))
                                      : keras_lower_layer(k, l, name, in, c->in.n);
    v->name = NEW_ARRAY(k->pool, const char *, 1);
    v->name[0] = out ? out : "";
    v->n = 1;
    return true;
}

/* Each needed call as soon as its inputs are known. False when the model is too large, or a circle. */
static bool call_all(struct lower *k, struct frame *fr)
{
    struct kmodel *m = fr->model;
    bool waiting = true, progress = true;
    while (waiting && progress) {
        waiting = progress = false;
        for (int i = 0; i < m->layer.n; i++)
            for (int c = 0; c < m->layer.at[i].call.n; c++) {
                const struct kcall *call = &m->layer.at[i].call.at[c];
                if (!call->needed || fr->value[i][c].n)
                    continue;
                bool ready = inputs_known(fr, call);
                waiting = waiting || !ready;
                progress = progress || ready;
                if (ready && !call_layer(k, fr, i, c))
                    return false;
            }
    }
    if (waiting)
        diag_error(k->f->diag, DIAG_BAD_MODEL, k->f->at, "model '%s': its layers wait for each "
                "other in a circle", text_quote(k->f->diag, m->name));
    return !waiting;
}

static bool expand(struct lower *k, struct kmodel *m, const char *prefix, const char **in,
        const char **out)
{
    struct frame fr = {m, prefix, in, NEW_ARRAY(k->pool, struct kvalue *, m->layer.n)};
    for (int i = 0; i < m->layer.n; i++)
        fr.value[i] = NEW_ARRAY(k->pool, struct kvalue, m->layer.at[i].call.n + 1);
    for (int i = 0; i < m->input.n; i++)
        if (m->input.at[i].layer >= 0)
            fr.value[m->input.at[i].layer][m->input.at[i].call] = (struct kvalue){&in[i], 1};
    if (!call_all(k, &fr))
        return false;
    for (int i = 0; i < m->output.n; i++)
        out[i] = name_of(&fr, &m->output.at[i]);
    return true;
}

/* ---- what can't be imported ------------------------------------------------------------------ */

static bool same_refusal(const struct refusal *a, const struct refusal *b)
{
    return !strcmp(a->layer->class_name, b->layer->class_name) && !strcmp(a->why, b->why);
}

/* One error for each class and reason, with the layers that share them. */
static void report(struct lower *k)
{
    struct diag *d = k->f->diag;
    for (int i = 0; i < k->refusal.n; i++) {
        const struct refusal *r = &k->refusal.at[i];
        if (r->told)
            continue;
        diag_error(d, DIAG_UNSUPPORTED, k->f->at, "layer '%s' (%s) can't be imported: %s",
                text_quote(d, r->layer->name), text_quote(d, r->layer->class_name), r->why);
        for (int j = i + 1; j < k->refusal.n; j++)
            if (same_refusal(r, &k->refusal.at[j])) {
                k->refusal.at[j].told = true;
                diag_note(d, k->f->at, "nor '%s', likewise",
                        text_quote(d, k->refusal.at[j].layer->name));
            }
    }
}

static void comment(struct lower *k)
{
    const struct keras_file *f = k->f;
    bool number = *f->writer >= '0' && *f->writer <= '9';
    writer_comment(k->w, "Made by cnngen-import-keras of %s (%s%s%s).",
            text_quote(f->diag, options_base_name(k->pool, f->path)), f->format,
            !*f->writer ? "" : number ? ", by Keras " : ", by ", text_quote(f->diag, f->writer));
    if (k->dropped)
        writer_comment(k->w, "Left out, as they do nothing at inference: %d layer%s.", k->dropped,
                k->dropped > 1 ? "s" : "");
}

struct writer *keras_lower(struct keras_file *f, struct kmodel *m, const struct import_options *o)
{
    struct lower k = {.f = f, .pool = f->pool, .options = o};
    const char **in = NEW_ARRAY(f->pool, const char *, m->input.n + 1);
    const char **out = NEW_ARRAY(f->pool, const char *, m->output.n + 1);
    k.w = writer_new(f->pool, o->name);
    k.shape_used = NEW_ARRAY(f->pool, bool, o->shape.n + 1);
    lower_inputs(&k, m, in);
    check_shapes_used(&k);
    bool whole = expand(&k, m, "", in, out);
    report(&k);
    if (!whole || diag_failed(f->diag))
        return NULL;
    for (int i = 0; i < m->output.n; i++)
        writer_output(k.w, out[i]);
    writer_batch(k.w, k.batch ? k.batch : 1);
    comment(&k);
    return writer_check(k.w, o->output, f->diag) ? k.w : NULL;
}
