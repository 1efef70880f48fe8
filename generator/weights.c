#include "weights.h"

#include <math.h>
#include <string.h>

#include "ops.h"
#include "ops/families.h"
#include "out.h"
#include "random.h"
#include "safetensors.h"
#include "torch.h"
#include "weight_file.h"

enum order { ORDER_UNSAID, ORDER_KERAS, ORDER_TORCH };
enum origin { FROM_NOTHING, FROM_RANDOM, FROM_FILE, FROM_BROKEN };  /* BROKEN: and reported */

/* One weight being loaded. */
struct target {
    struct node *node;
    struct weight *w;
    struct torch_layout torch;
    struct span at;             /* what errors underline */
    enum order of_node;         /* in which order the layer's weights before it were */
    bool named;                 /* by the layer, not by default */
};

struct unclear { const struct node *node; const char *why, *help; };

struct loader {
    struct graph *g;
    struct pool *pool;
    struct diag *diag;
    enum origin origin;
    enum order layout;
    uint64_t seed;
    const char *path;                /* the file as the spec names it; NULL: none */
    struct span at;                  /* of the top level's weights */
    struct weight_file file;
    struct safetensors st;
    bool *used;                      /* by tensor of st */
    struct torch_orders orders;
    VEC(struct unclear) unclear;     /* layers where PyTorch's order of features can't be known */
    bool has_torch;                  /* something was loaded in PyTorch's order */
    bool listed;                     /* the tensors without a layer have been listed */
    VEC(struct target) missing;      /* looked for in the file, and not there */
    VEC(const struct node *) bare;   /* layers for which there is no source at all */
    int64_t bytes;                   /* loaded so far */
};

static const char *quoted(struct loader *l, const char *text)
{
    return diag_quote(l->diag, text, strlen(text));
}

static struct span file_span(const struct loader *l) { return (struct span){.src = l->file.src}; }

/* ---- the top level's "weights" -------------------------------------------------------------- */

static bool wrong_type(struct loader *l, const struct value *v, const char *key, const char *needed)
{
    diag_error(l->diag, DIAG_WRONG_TYPE, v->at, "%s takes %s, not %s", key, needed,
            value_kind_name(v));
    return false;
}

static bool top_file(struct loader *l, const struct value *v)
{
    if (!value_is_string(v))
        return wrong_type(l, v, "'file'", "the path of a safetensors file");
    l->origin = FROM_FILE;
    l->path = v->text;
    l->at = v->at;
    return true;
}

static bool top_random(struct loader *l, const struct value *v)
{
    int64_t seed;
    if (!value_int(v, &seed))
        return wrong_type(l, v, "'random'", "an integer, the seed");
    if (seed < 0) {
        diag_error(l->diag, DIAG_BAD_VALUE, v->at, "a seed is at least 0, not %lld",
                (long long)seed);
        return false;
    }
    l->origin = FROM_RANDOM;
    l->seed = (uint64_t)seed;
    return true;
}

static bool top_layout(struct loader *l, const struct value *v)
{
    static const char *const words[] = {"keras", "torch"};
    for (int i = 0; i < 2; i++)
        if (v->kind == VALUE_SCALAR && !strcmp(v->text, words[i])) {
            l->layout = i == 0 ? ORDER_KERAS : ORDER_TORCH;
            return true;
        }
    if (v->kind != VALUE_SCALAR)
        return wrong_type(l, v, "'layout'", "keras or torch");
    const char *near = strstr(v->text, "torch") || strstr(v->text, "Torch")
                               ? "torch"
                               : closest(v->text, words, 2);
    diag_error(l->diag, DIAG_BAD_VALUE, v->at, "'layout' is keras or torch, not '%s'",
            quoted(l, v->text));
    if (near)
        diag_help(l->diag, "did you mean '%s'?", near);
    return false;
}

static const struct {
    const char *key;
    bool (*read)(struct loader *, const struct value *);
} top_keys[] = {{"file", top_file}, {"random", top_random}, {"layout", top_layout}};
enum { TOP_KEYS = sizeof top_keys / sizeof top_keys[0] };

static bool unknown_top_key(struct loader *l, const struct entry *e)
{
    static const char *const words[] = {"file", "random", "layout"};
    const char *near = closest(e->key, words, TOP_KEYS);
    diag_error(l->diag, DIAG_UNKNOWN_KEY, e->key_at, "unknown key '%s' for weights",
            quoted(l, e->key));
    for (int i = 0; i < l->g->layer.n; i++)
        if (!strcmp(l->g->layer.at[i]->name, e->key)) {
            diag_help(l->diag,
                    "a layer's tensors are named in the layer: weights: {kernel: TENSOR}");
            return false;
        }
    if (near)
        diag_help(l->diag, "did you mean '%s'?", near);
    else
        diag_help(l->diag, "it has the keys file, random and layout");
    return false;
}

static bool top_entry(struct loader *l, const struct entry *e)
{
    for (int i = 0; i < TOP_KEYS; i++)
        if (!strcmp(e->key, top_keys[i].key))
            return top_keys[i].read(l, e->val);
    return unknown_top_key(l, e);
}

static bool top_map(struct loader *l, const struct value *v)
{
    const struct entry *file = value_find(v, "file"), *rnd = value_find(v, "random");
    bool ok = true;
    for (int i = 0; i < v->entry.n; i++)
        ok = top_entry(l, &v->entry.at[i]) && ok;
    if (file && rnd) {
        diag_error(l->diag, DIAG_CONFLICTING_KEYS, rnd->key_at,
                "weights come from a file or are random, not both");
        diag_note(l->diag, file->key_at, "the file is given here");
        return false;
    }
    if (ok && !file && !rnd && l->origin == FROM_NOTHING && v->entry.n == 0) {
        diag_error(l->diag, DIAG_MISSING_KEY, v->at, "weights need a file, or random with a seed");
        return false;
    }
    return ok;
}

static bool read_top(struct loader *l)
{
    const struct value *v = l->g->spec->weights;
    if (!v)
        return true;
    l->at = v->at;
    if (v->kind == VALUE_MAP)
        return top_map(l, v);
    if (!value_is_string(v))
        return wrong_type(l, v, "'weights'",
                "the path of a safetensors file, 'random' or a mapping");
    l->origin = strcmp(v->text, "random") ? FROM_FILE : FROM_RANDOM;
    l->path = v->text;
    return true;
}

/* ---- the file ------------------------------------------------------------------------------- */

static bool read_header(struct loader *l)
{
    struct weight_file *f = &l->file;
    char start[512];
    int64_t n = f->bytes < (int64_t)sizeof start ? f->bytes : (int64_t)sizeof start, header;
    if (!weight_file_read(f, 0, start, n, l->diag) ||
            !st_header_bytes(f->src, start, (size_t)n, f->bytes, l->diag, &header))
        return false;
    char *text = pool_alloc(l->pool, (size_t)header);
    return weight_file_read(f, SAFETENSORS_START, text, header, l->diag) &&
           st_parse(l->pool, f->src, text, (size_t)header, f->bytes, l->diag, &l->st);
}

static void open_file(struct loader *l, const char *override_file)
{
    bool ok = override_file
        ? weight_file_open_any(l->pool, override_file, l->diag, &l->file)
        : weight_file_open(l->pool, l->g->spec->src->path, l->path, l->at, l->diag, &l->file);
    ok = ok && read_header(l);
    l->origin = ok ? FROM_FILE : FROM_BROKEN;
    if (ok)
        l->used = NEW_ARRAY(l->pool, bool, l->st.tensor.n);
}

/* Element i of a tensor as "[0, 2, 1]". */
static const char *index_text(struct pool *pool, int rank, const int64_t *dim, int64_t i)
{
    const char *text = "]";
    for (int d = rank - 1; d >= 0; d--) {
        text = pool_printf(pool, "%s%lld%s", d > 0 ? ", " : "[", (long long)(i % dim[d]), text);
        i /= dim[d];
    }
    return rank > 0 ? text : "[]";
}

static bool decode_tensor(struct loader *l, const struct st_tensor *t, float *to)
{
    enum { CHUNK = 1 << 18 };
    struct pool *scratch = pool_new();
    int64_t bytes = t->type->bits / 8, done = 0;
    unsigned char *raw = pool_array(scratch, CHUNK, 8);
    bool ok = true;
    for (int64_t n; ok && done < t->size; done += n) {
        n = t->size - done < CHUNK ? t->size - done : CHUNK;
        ok = weight_file_read(&l->file, t->at + done * bytes, raw, n * bytes, l->diag);
        if (ok)
            t->type->decode(raw, to + done, n);
    }
    pool_free(scratch);
    return ok;
}

static bool all_finite(struct loader *l, const struct target *x, const struct st_tensor *t,
        const float *at)
{
    int64_t bad = 0, first = 0;
    for (int64_t i = t->size - 1; i >= 0; i--)
        if (!isfinite(at[i])) {
            bad++;
            first = i;
        }
    if (bad == 0)
        return true;
    diag_error(l->diag, DIAG_NOT_FINITE, x->at, "tensor '%s' of %s holds %s at %s",
            quoted(l, t->name), l->file.src->path, isnan(at[first]) ? "NaN" : "an infinity",
            index_text(l->pool, t->rank, t->dim, first));
    if (bad > 1)
        diag_note(l->diag, file_span(l), "%lld of its %lld elements are not finite", (long long)bad,
                (long long)t->size);
    return false;
}

/* ---- shapes --------------------------------------------------------------------------------- */

static bool has_shape(const struct st_tensor *t, const struct shape *s)
{
    bool same = t->rank == s->rank;
    for (int i = 0; same && i < s->rank; i++)
        same = t->dim[i] == s->dim[i];
    return same;
}

/* The attribute that each dimension of a weight comes from; NULL: from the input. */
static const struct {
    enum op op;
    const char *weight;
    const char *key[LIMIT_RANK];
} dimension_keys[] = {
    {OP_CONV2D, "kernel", {"kernel_size", "kernel_size", NULL, "filters"}},
    {OP_CONV2D, "bias", {"filters"}},
    {OP_DEPTHWISE_CONV2D, "kernel", {"kernel_size", "kernel_size", NULL, "depth_multiplier"}},
    {OP_SEPARABLE_CONV2D, "depthwise_kernel",
        {"kernel_size", "kernel_size", NULL, "depth_multiplier"}},
    {OP_SEPARABLE_CONV2D, "pointwise_kernel", {NULL, NULL, NULL, "filters"}},
    {OP_SEPARABLE_CONV2D, "bias", {"filters"}},
    {OP_CONV2D_TRANSPOSE, "kernel", {"kernel_size", "kernel_size", "filters", NULL}},
    {OP_CONV2D_TRANSPOSE, "bias", {"filters"}},
    {OP_DENSE, "kernel", {NULL, "units"}},
    {OP_DENSE, "bias", {"units"}},
};

static const char *dimension_key(const struct target *x, int d)
{
    for (size_t i = 0; i < sizeof dimension_keys / sizeof dimension_keys[0]; i++)
        if (dimension_keys[i].op == x->node->op && !strcmp(dimension_keys[i].weight, x->w->name))
            return dimension_keys[i].key[d];
    return NULL;
}

/* Where Keras' dimension d of what is needed comes from. */
static void note_dimension(struct loader *l, const struct target *x, int d)
{
    const char *key = dimension_key(x, d);
    const struct node *n = x->node;
    if (key) {
        diag_note(l->diag, node_attr_at(n, key), "%s says %d", key, x->w->shape.dim[d]);
    } else if (n->in.n > 0 && n->in.at[0]->maker) {
        const struct node *maker = n->in.at[0]->maker;
        diag_note(l->diag, maker->at, "'%s' gives it %s", quoted(l, maker->name),
                shape_text(l->pool, &n->in.at[0]->shape));
    }
}

/* Notes for the first two dimensions that differ, if the rank is right. */
static void note_dimensions(struct loader *l, const struct target *x, const struct st_tensor *t,
        const struct shape *need, bool torch)
{
    const char *last = "";
    for (int i = 0, told = 0; t->rank == need->rank && i < need->rank && told < 2; i++) {
        int d = torch && need->rank == x->w->shape.rank ? x->w->torch_order[i] : i;
        const char *key = dimension_key(x, d);
        if (t->dim[i] == need->dim[i] || (key && !strcmp(key, last)))
            continue;
        note_dimension(l, x, d);
        last = key ? key : "";
        told++;
    }
}

static void report_shape(
        struct loader *l, const struct target *x, const struct st_tensor *t, bool torch)
{
    const struct shape *need = torch ? &x->torch.shape : &x->w->shape;
    const struct shape *other = torch ? &x->w->shape : &x->torch.shape;
    diag_error(l->diag, DIAG_TENSOR_SHAPE, x->at, "tensor '%s' of %s is %s, but %s needs %s",
            quoted(l, t->name), l->file.src->path, st_shape_text(l->pool, t),
            node_title(l->g, x->node), shape_text(l->pool, need));
    if (!has_shape(t, other)) {
        note_dimensions(l, x, t, need, torch);
        return;
    }
    const char *name = torch ? x->w->name : x->w->torch_name,
               *whose = torch ? "Keras'" : "PyTorch's";
    if (x->named || !name)
        diag_help(l->diag, "%s is its shape in %s order: say 'layout: %s'",
                shape_text(l->pool, other), whose, torch ? "keras" : "torch");
    else
        diag_help(l->diag, "%s is its shape in %s order: then the tensor is called '%s.%s'",
                shape_text(l->pool, other), whose, quoted(l, x->node->name), name);
}

/* ---- putting data into weights -------------------------------------------------------------- */

/* Room for the weight, unless there is too much of it all. */
static float *allocate(struct loader *l, const struct target *x)
{
    int64_t bytes;
    bool ok = mul_ok(shape_size(&x->w->shape), 4, &bytes) && bytes <= LIMIT_TENSOR_BYTES;
    if (ok && add_ok(l->bytes, bytes, &l->bytes) && l->bytes <= LIMIT_WEIGHT_BYTES)
        return NEW_ARRAY(l->pool, float, shape_size(&x->w->shape));
    if (!ok)
        diag_error(l->diag, DIAG_TENSOR_TOO_LARGE, x->node->at,
                "%s needs a %s of %s, more than 2^31 bytes", node_title(l->g, x->node), x->w->name,
                shape_text(l->pool, &x->w->shape));
    else if (l->bytes - bytes <= LIMIT_WEIGHT_BYTES)
        diag_error(l->diag, DIAG_TENSOR_TOO_LARGE, x->node->at,
                "the weights up to %s exceed 16 GiB", node_title(l->g, x->node));
    return NULL;
}

static double epsilon(const struct node *n)
{
    return n->op == OP_BATCH_NORMALIZATION ? (double)((const struct batchnorm *)n->attr)->epsilon
                                           : 0;
}

/* A square root of variance + epsilon will be divided by. */
static void check_variance(struct loader *l, const struct target *x)
{
    int64_t n = shape_size(&x->w->shape);
    if (!x->w->is_variance || !x->w->data)
        return;
    for (int64_t i = 0; i < n; i++)
        if (!((double)x->w->data[i] + epsilon(x->node) > 0)) {
            diag_error(l->diag, DIAG_NOT_FINITE, x->at,
                    "variance %lld of %s is %.9g: with epsilon %.6g added it has to be above 0",
                    (long long)i, node_title(l->g, x->node), (double)x->w->data[i],
                    epsilon(x->node));
            return;
        }
}

/* Takes floats in the given order (PyTorch's only if it differs) as the weight's data. */
static void accept(struct target *x, const float *from, bool torch, float *to)
{
    if (torch)
        torch_to_keras(&x->torch, &x->w->shape, from, to);
    x->w->data = to;
}

static void load_tensor(struct loader *l, struct target *x, const struct st_tensor *t, bool torch)
{
    l->used[t - l->st.tensor.at] = true;
    l->has_torch = l->has_torch || torch;
    if (!t->type->decode) {
        diag_error(l->diag, DIAG_TENSOR_TYPE, x->at, "tensor '%s' of %s has the type %s",
                quoted(l, t->name), l->file.src->path, t->type->name);
        diag_help(l->diag, "save it as float32 (F32); F16 and BF16 are read too");
        return;
    }
    if (!has_shape(t, torch ? &x->torch.shape : &x->w->shape)) {
        report_shape(l, x, t, torch);
        return;
    }
    float *to = allocate(l, x);
    bool permute = torch && !x->torch.same;
    struct pool *scratch = pool_new();
    float *from = to && permute ? NEW_ARRAY(scratch, float, t->size) : to;
    if (to && decode_tensor(l, t, from) && all_finite(l, x, t, from))
        accept(x, from, permute, to);
    pool_free(scratch);
}

/* ---- in the spec itself --------------------------------------------------------------------- */

static bool one_number(struct loader *l, const struct value *v, float *to)
{
    double number;
    if (!value_float(v, &number))
        return wrong_type(l, v, "a list of weights", "numbers");
    *to = (float)number;
    if (isfinite(*to))
        return true;
    diag_error(l->diag, DIAG_NOT_FINITE, v->at,
            "a weight has to be a finite single-precision number, not %s", quoted(l, v->text));
    return false;
}

/* Nested lists of the given shape, from dimension d on, to **to. */
static bool numbers(struct loader *l, const struct target *x, const struct value *v,
        const struct shape *s, int d, float **to)
{
    if (d == s->rank)
        return one_number(l, v, (*to)++);
    if (v->kind != VALUE_LIST || v->item.n != s->dim[d]) {
        diag_error(l->diag, DIAG_TENSOR_SHAPE, v->at,
                "%s of %s is %s: a list of %d belongs here, not %s", x->w->name,
                node_title(l->g, x->node), shape_text(l->pool, s), s->dim[d],
                v->kind == VALUE_LIST ? pool_printf(l->pool, "of %d", v->item.n)
                                      : value_kind_name(v));
        return false;
    }
    for (int i = 0; i < v->item.n; i++)
        if (!numbers(l, x, v->item.at[i], s, d + 1, to))
            return false;
    return true;
}

static void load_list(struct loader *l, struct target *x, const struct value *v, bool torch)
{
    float *to = allocate(l, x);
    bool permute = torch && !x->torch.same;
    struct pool *scratch = pool_new();
    float *from = to && permute ? NEW_ARRAY(scratch, float, shape_size(&x->w->shape)) : to;
    float *end = from;
    l->has_torch = l->has_torch || torch;
    if (to && numbers(l, x, v, torch ? &x->torch.shape : &x->w->shape, 0, &end))
        accept(x, from, permute, to);
    pool_free(scratch);
}

static void load_scalar(struct loader *l, struct target *x, const struct value *v)
{
    float number, *to;
    if (!one_number(l, v, &number) || !(to = allocate(l, x)))
        return;
    for (int64_t i = shape_size(&x->w->shape); i-- > 0;)
        to[i] = number;
    x->w->data = to;
}

/* ---- which order a tensor is in ------------------------------------------------------------- */

/* Another name of Keras' for the weight, in older or newer versions; NULL: none. */
static const char *other_name(const struct node *n, const struct weight *w)
{
    return n->op == OP_DEPTHWISE_CONV2D && !strcmp(w->name, "kernel") ? "depthwise_kernel" : NULL;
}

static bool names_differ(const struct weight *w)
{
    return w->torch_name && strcmp(w->torch_name, w->name);
}

static bool ends_as(const char *name, const char *suffix)
{
    size_t n = strcspn(name, ":"), len = suffix ? strlen(suffix) : 0;  /* "conv/kernel:0" */
    return suffix && n >= len && !memcmp(name + n - len, suffix, len) &&
           (n == len || name[n - len - 1] == '.' || name[n - len - 1] == '/');
}

/* The order that a tensor's name tells. */
static enum order name_order(const struct target *x, const char *name)
{
    if (names_differ(x->w) && ends_as(name, x->w->torch_name))
        return ORDER_TORCH;
    if (ends_as(name, "weight") || ends_as(name, "running_mean") || ends_as(name, "running_var"))
        return ORDER_TORCH;
    if (!names_differ(x->w))
        return x->of_node;
    if (ends_as(name, x->w->name) || ends_as(name, "kernel") || ends_as(name, "depthwise_kernel") ||
            ends_as(name, "pointwise_kernel"))
        return ORDER_KERAS;
    return ORDER_UNSAID;
}

/* False after an error: the order matters and nothing tells it. */
static bool choose_order(struct loader *l, struct target *x, const char *name, bool *torch)
{
    enum order order = l->layout ? l->layout : name_order(x, name);
    if (order == ORDER_UNSAID && x->torch.same)
        order = ORDER_KERAS;
    *torch = order == ORDER_TORCH;
    if (order != ORDER_UNSAID) {
        x->of_node = order;
        return true;
    }
    diag_error(l->diag, DIAG_TENSOR_LAYOUT, x->at,
            "nothing says in which order the dimensions of tensor '%s' stand", quoted(l, name));
    diag_help(l->diag,
            "say 'layout: keras' (%s) or 'layout: torch' (%s) in the top level's weights",
            shape_text(l->pool, &x->w->shape), shape_text(l->pool, &x->torch.shape));
    return false;
}

/* ---- a layer's own "weights" ---------------------------------------------------------------- */

static void add_missing(struct loader *l, const struct target *x)
{
    vec_push(l->pool, &l->missing, *x);
}

/* weights: {kernel: head.fc.weight} */
static void load_named(struct loader *l, struct target *x, const struct value *v)
{
    bool torch;
    x->at = v->at;
    x->named = true;
    if (l->origin == FROM_BROKEN)
        return;
    if (l->origin != FROM_FILE) {
        diag_error(l->diag, DIAG_NO_WEIGHTS, v->at, "tensor '%s' has no file to come from",
                quoted(l, v->text));
        diag_help(l->diag, "name the file in the top level: weights: FILE.safetensors");
        return;
    }
    const struct st_tensor *t = st_find(&l->st, v->text);
    if (!t) {
        const char *near = NULL;
        if (diag_errors(l->diag) < MAX_ERRORS) {
            const char **names = NEW_ARRAY(l->pool, const char *, l->st.tensor.n);
            for (int i = 0; i < l->st.tensor.n; i++)
                names[i] = l->st.tensor.at[i].name;
            near = closest(v->text, names, l->st.tensor.n);
        }
        diag_error(l->diag, DIAG_MISSING_TENSOR, v->at, "%s has no tensor '%s'", l->file.src->path,
                quoted(l, v->text));
        if (near)
            diag_help(l->diag, "did you mean '%s'?", quoted(l, near));
    } else if (choose_order(l, x, t->name, &torch)) {
        load_tensor(l, x, t, torch);
    } else {
        l->used[t - l->st.tensor.at] = true;
    }
}

/* weights: {weight: [[1, 2], [3, 4]]}: the layout tells the order, or else the key. */
static void load_inline(struct loader *l, struct target *x, const struct entry *e)
{
    bool torch_key = names_differ(x->w) && !strcmp(e->key, x->w->torch_name);
    if (l->layout == ORDER_KERAS && torch_key && !x->torch.same) {
        diag_error(l->diag, DIAG_TENSOR_LAYOUT, e->key_at,
                "'%s' is PyTorch's name, and the spec says 'layout: keras'", e->key);
        diag_help(l->diag, "call it '%s' if its dimensions stand in Keras' order, %s", x->w->name,
                shape_text(l->pool, &x->w->shape));
        return;
    }
    enum order order = l->layout ? l->layout : torch_key ? ORDER_TORCH
                     : names_differ(x->w) ? ORDER_KERAS : x->of_node;
    x->at = e->val->at;
    x->of_node = order;
    load_list(l, x, e->val, order == ORDER_TORCH);
}

static void load_entry(struct loader *l, struct target *x, const struct entry *e)
{
    const struct value *v = e->val;
    double number;
    x->at = v->at;
    if (v->kind == VALUE_LIST)
        load_inline(l, x, e);
    else if (value_float(v, &number))
        load_scalar(l, x, v);
    else if (value_is_string(v))
        load_named(l, x, v);
    else
        wrong_type(l, v, pool_printf(l->pool, "'%s'", e->key),
                "a tensor's name, nested lists of numbers, or one number for all elements");
}

/* The weight's entry in the layer's map, by Keras' or PyTorch's name; NULL: none. */
static const struct entry *find_entry(
        struct loader *l, const struct node *n, const struct weight *w, const struct value *map)
{
    const char *other = other_name(n, w);
    const struct entry *keras = map ? value_find(map, w->name) : NULL;
    const struct entry *torch = map && names_differ(w) ? value_find(map, w->torch_name) : NULL;
    if (!keras && map && other)
        keras = value_find(map, other);
    if (keras && torch) {
        diag_error(l->diag, DIAG_CONFLICTING_KEYS, torch->key_at,
                "'%s' and '%s' are the same weight", torch->key, keras->key);
        diag_note(l->diag, keras->key_at, "the other one is here");
    }
    return keras ? keras : torch;
}

static bool knows_weight(const struct node *n, const char *key)
{
    for (int i = 0; i < n->weights; i++) {
        const struct weight *w = &n->weight[i];
        const char *other = other_name(n, w);
        if (!strcmp(key, w->name) || (w->torch_name && !strcmp(key, w->torch_name)) ||
                (other && !strcmp(key, other)))
            return true;
    }
    return false;
}

static void report_unknown_weight(struct loader *l, const struct node *n, const struct entry *e)
{
    const char *names[2 * MAX_WEIGHTS], *list = "";
    int count = 0;
    for (int i = 0; i < n->weights; i++) {
        names[count++] = n->weight[i].name;
        list = pool_printf(l->pool, "%s%s%s", list, i > 0 ? ", " : "", n->weight[i].name);
    }
    for (int i = 0; i < n->weights; i++)
        if (names_differ(&n->weight[i]))
            names[count++] = n->weight[i].torch_name;
    const char *near = closest(e->key, names, count);
    diag_error(l->diag, DIAG_UNKNOWN_KEY, e->key_at, "%s has no weight '%s'", node_title(l->g, n),
            quoted(l, e->key));
    if (near)
        diag_help(l->diag, "did you mean '%s'?", near);
    else
        diag_help(l->diag, "its weights: %s", list);
}

/* The layer's map, its keys checked; NULL when there is none. */
static const struct value *layer_map(struct loader *l, const struct node *n)
{
    const struct value *map = n->layer ? n->layer->map : NULL;
    const struct entry *e = map ? value_find(map, "weights") : NULL;
    if (!e)
        return NULL;
    if (e->val->kind != VALUE_MAP) {
        wrong_type(l, e->val, "a layer's 'weights'", "a mapping, {kernel: TENSOR, ...}");
        return NULL;
    }
    if (n->weights == 0) {
        diag_error(l->diag, DIAG_UNKNOWN_KEY, e->key_at, "%s has no weights", node_title(l->g, n));
        return NULL;
    }
    for (int i = 0; i < e->val->entry.n; i++)
        if (!knows_weight(n, e->val->entry.at[i].key))
            report_unknown_weight(l, n, &e->val->entry.at[i]);
    return e->val;
}

/* ---- by default names ----------------------------------------------------------------------- */

static const struct st_tensor *find_tensor(
        struct loader *l, const struct node *n, const char *weight)
{
    return weight ? st_find(&l->st, pool_printf(l->pool, "%s.%s", n->name, weight)) : NULL;
}

static const struct st_tensor *find_keras(struct loader *l, const struct target *x)
{
    const struct st_tensor *t = find_tensor(l, x->node, x->w->name);
    return t ? t : find_tensor(l, x->node, other_name(x->node, x->w));
}

static void report_both(struct loader *l, const struct target *x, const struct st_tensor *keras,
        const struct st_tensor *torch)
{
    l->used[keras - l->st.tensor.at] = l->used[torch - l->st.tensor.at] = true;
    diag_error(l->diag, DIAG_TENSOR_LAYOUT, x->at, "%s has both '%s' and '%s' for %s",
            l->file.src->path, quoted(l, keras->name), quoted(l, torch->name),
            node_title(l->g, x->node));
    diag_help(l->diag, "say 'layout: keras' or 'layout: torch' in the top level's weights");
}

static void load_default(struct loader *l, struct target *x)
{
    bool may_keras = l->layout != ORDER_TORCH || !names_differ(x->w);
    bool may_torch = l->layout != ORDER_KERAS && names_differ(x->w);
    const struct st_tensor *keras = may_keras ? find_keras(l, x) : NULL;
    const struct st_tensor *torch = may_torch ? find_tensor(l, x->node, x->w->torch_name) : NULL;
    if (keras && torch) {
        report_both(l, x, keras, torch);
    } else if (torch) {
        x->of_node = ORDER_TORCH;
        load_tensor(l, x, torch, true);
    } else if (keras) {
        if (names_differ(x->w))
            x->of_node = ORDER_KERAS;
        load_tensor(l, x, keras, (l->layout ? l->layout : x->of_node) == ORDER_TORCH);
    } else {
        add_missing(l, x);
    }
}

static void load_random(struct loader *l, struct target *x)
{
    float *to = allocate(l, x);
    if (to)
        random_weight(l->g, x->node, x->w, l->seed, to);
    x->w->data = to;
}

static void load_weight(struct loader *l, struct target *x, const struct entry *e)
{
    if (e)
        load_entry(l, x, e);
    else if (l->origin == FROM_RANDOM)
        load_random(l, x);
    else if (l->origin == FROM_FILE)
        load_default(l, x);
    else if (l->origin == FROM_NOTHING && (l->bare.n == 0 || l->bare.at[l->bare.n - 1] != x->node))
        vec_push(l->pool, &l->bare, x->node);
    check_variance(l, x);
}

static void load_node(struct loader *l, struct node *n)
{
    const struct value *map = layer_map(l, n);
    enum order order = l->layout;
    for (int i = 0; i < n->weights; i++) {
        struct torch_layout torch = torch_layout(&l->orders, n, &n->weight[i]);
        struct target x = {n, &n->weight[i], torch, n->at, order, false};
        load_weight(l, &x, find_entry(l, n, x.w, map));
        order = x.of_node;
    }
}

/* ---- what is missing, what is left over ----------------------------------------------------- */

static bool is_tracked(const char *name)
{
    return ends_as(name, "num_batches_tracked");  /* a counter of PyTorch's training */
}

/* "'a', 'b', 'c' ... (12 in all)": tensors nobody has used. */
static const char *unused_text(struct loader *l, int *count)
{
    enum { SHOWN = 5 };
    const char *text = "";
    *count = 0;
    for (int i = 0; i < l->st.tensor.n; i++) {
        const char *name = l->st.tensor.at[i].name;
        if (l->used[i] || is_tracked(name))
            continue;
        if (++*count <= SHOWN)
            text = pool_printf(l->pool, "%s%s'%s'", text, *count > 1 ? ", " : "", quoted(l, name));
    }
    return *count > SHOWN ? pool_printf(l->pool, "%s ... (%d in all)", text, *count) : text;
}

/* "'conv1.kernel' [3, 3, 1, 16] or 'conv1.weight' [16, 1, 3, 3]" */
static const char *expected_text(struct loader *l, const struct target *x)
{
    const struct weight *w = x->w;
    const char *layer = quoted(l, x->node->name);
    const char *keras = pool_printf(l->pool, "'%s.%s' %s", layer, w->name,
            shape_text(l->pool, &w->shape));
    const char *torch = pool_printf(l->pool, "'%s.%s' %s", layer,
            names_differ(w) ? w->torch_name : w->name, shape_text(l->pool, &x->torch.shape));
    if (l->layout == ORDER_TORCH)
        return torch;
    if (l->layout == ORDER_KERAS || !names_differ(w))
        return keras;
    return pool_printf(l->pool, "%s or %s", keras, torch);
}

/* The unused tensor whose name is nearest to one the weight could have; NULL: none. */
static const char *nearest_unused(
        struct loader *l, const struct target *x, const char **unused, int n)
{
    const char *near = NULL;
    if (l->layout != ORDER_TORCH || !names_differ(x->w))
        near = closest(pool_printf(l->pool, "%s.%s", x->node->name, x->w->name), unused, n);
    if (!near && l->layout != ORDER_KERAS && names_differ(x->w))
        near = closest(pool_printf(l->pool, "%s.%s", x->node->name, x->w->torch_name), unused, n);
    return near;
}

/* The tensor in the order that the layout excludes; NULL: none, or nothing is excluded. */
static const struct st_tensor *find_excluded(struct loader *l, const struct target *x)
{
    if (l->layout == ORDER_UNSAID || !names_differ(x->w))
        return NULL;
    return l->layout == ORDER_TORCH ? find_keras(l, x) : find_tensor(l, x->node, x->w->torch_name);
}

/* What to do about a missing tensor, given the names of those that nobody has used. */
static void help_missing(struct loader *l, const struct target *x, const char **unused, int n)
{
    const char *near = nearest_unused(l, x, unused, n);
    const struct st_tensor *other = find_excluded(l, x);
    bool torch = l->layout == ORDER_TORCH;
    int count;
    if (other) {
        diag_help(l->diag, "the file has '%s', %s name for it; the spec says 'layout: %s'",
                quoted(l, other->name), torch ? "Keras'" : "PyTorch's", torch ? "torch" : "keras");
    } else if (near) {
        diag_help(l->diag, "did you mean '%s'? In the layer: weights: {%s: %s}", quoted(l, near),
                x->w->name, quoted(l, near));
    } else if (n > 0) {
        if (!l->listed)
            diag_note(l->diag, file_span(l), "tensors without a layer: %s", unused_text(l, &count));
        l->listed = true;
        diag_help(l->diag, "to use a tensor of another name, name it in the layer: weights: {%s: "
                           "TENSOR}", x->w->name);
    }
}

static void report_missing(struct loader *l)
{
    const char **unused = NEW_ARRAY(l->pool, const char *, l->st.tensor.n);
    int n = 0;
    for (int i = 0; i < l->st.tensor.n; i++)
        if (!l->used[i] && !is_tracked(l->st.tensor.at[i].name))
            unused[n++] = l->st.tensor.at[i].name;
    for (int i = 0; i < l->missing.n; i++) {
        const struct target *x = &l->missing.at[i];
        diag_error(l->diag, DIAG_MISSING_TENSOR, x->at, "%s needs the tensor %s, which %s lacks",
                node_title(l->g, x->node), expected_text(l, x), l->file.src->path);
        if (diag_errors(l->diag) <= MAX_ERRORS)
            help_missing(l, x, unused, n);
    }
}

static void warn_extra(struct loader *l)
{
    int count;
    const char *text = unused_text(l, &count);
    if (count > 0)
        diag_warn(l->diag, DIAG_EXTRA_TENSOR, file_span(l), "no layer uses the tensor%s %s",
                count > 1 ? "s" : "", text);
}

static void report_bare(struct loader *l)
{
    const struct node *first = l->bare.at[0];
    const char *rest = l->bare.n == 1 ? " needs" : pool_printf(l->pool, " and %d more layer%s need",
            l->bare.n - 1, l->bare.n > 2 ? "s" : "");
    diag_error(l->diag, DIAG_NO_WEIGHTS, first->at, "%s%s weights, and the spec names none",
            node_title(l->g, first), rest);
    diag_help(l->diag,
            "add 'weights: FILE.safetensors' to the top level; 'weights: random' lets you try "
            "size and speed");
}

static void add_unclear(void *to, const struct node *n, const char *why, const char *help)
{
    struct loader *l = to;
    vec_push(l->pool, &l->unclear, (struct unclear){n, why, help});
}

static void report_unclear(struct loader *l)
{
    for (int i = 0; i < l->unclear.n; i++) {
        const struct unclear *u = &l->unclear.at[i];
        diag_error(l->diag, DIAG_UNSUPPORTED, u->node->at, "with PyTorch's weights, %s %s",
                node_title(l->g, u->node), u->why);
        if (u->help)
            diag_help(l->diag, "%s", u->help);
    }
}

bool weights_load(struct graph *g, const struct weight_options *options, struct diag *d)
{
    struct loader l = {.g = g, .pool = g->pool, .diag = d, .file = {.fd = -1}};
    int before = diag_errors(d);
    torch_orders_find(g, &l.orders, add_unclear, &l);
    if (!read_top(&l))
        l.origin = FROM_BROKEN;
    else if (options->override_file || l.origin == FROM_FILE)
        open_file(&l, options->override_file);
    for (int i = 0; i < g->layer.n; i++)
        if (g->layer.at[i]->out->shape.rank > 0)
            load_node(&l, g->layer.at[i]);
    if (l.bare.n > 0 && !diag_failed(d))
        report_bare(&l);
    if (l.missing.n > 0)
        report_missing(&l);
    if (l.has_torch)
        report_unclear(&l);
    if (l.origin == FROM_FILE && !diag_failed(d))
        warn_extra(&l);
    weight_file_close(&l.file);
    return diag_errors(d) == before;
}
