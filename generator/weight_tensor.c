/* weight_tensor.c: a tensor of the file as a weight: its type, its shape, its elements. */
#include "weight_loader.h"

#include <math.h>
#include <string.h>

#include "ops.h"
#include "text.h"
#include "weight_folder.h"

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

/* ---- elements ------------------------------------------------------------------------------- */

/* A tensor that can be read: its place in the weight file, or in a .npy file of its own. */
struct reading {
    struct st_tensor t;
    const struct weight_file *file;
    struct weight_npy own;    /* file: NULL in a safetensors file */
};

static bool reading_open(struct weight_loader *l, const struct st_tensor *t, struct reading *r)
{
    *r = (struct reading){*t, &l->file, {.file = {.fd = -1}}};
    if (!l->file.folder)
        return true;
    if (!weight_npy_open(l->pool, &l->file, t, l->diag, &r->own))
        return false;
    vec_push(l->g->pool, &l->g->weight_file, r->own.file.src->path);
    r->t = r->own.tensor;
    r->file = &r->own.file;
    return true;
}

static void reading_close(struct reading *r) { weight_file_close(&r->own.file); }

static void swap_bytes(unsigned char *raw, int64_t n, int64_t bytes)
{
    for (; n > 0; n--, raw += bytes)
        for (int64_t i = 0; i < bytes / 2; i++) {
            unsigned char c = raw[i];
            raw[i] = raw[bytes - 1 - i];
            raw[bytes - 1 - i] = c;
        }
}

/* n elements, in the file's order, to where they belong. */
static void scatter(const float *from, int64_t n, struct npy_walk *walk, float *to)
{
    for (int64_t i = 0; i < n; i++, npy_walk_next(walk))
        to[walk->to] = from[i];
}

static bool decode_tensor(struct weight_loader *l, const struct reading *r, float *to)
{
    enum { CHUNK = 1 << 18 };
    struct pool *scratch = pool_new();
    const struct st_tensor *t = &r->t;
    int64_t bytes = t->type->bits / 8, done = 0;
    unsigned char *raw = pool_array(scratch, CHUNK, 8);
    float *part = r->own.npy.fortran ? NEW_ARRAY(scratch, float, CHUNK) : NULL;
    struct npy_walk walk = npy_walk(&r->own.npy);
    bool ok = true;
    for (int64_t n; ok && done < t->size; done += n) {
        n = t->size - done < CHUNK ? t->size - done : CHUNK;
        ok = weight_file_read(r->file, t->at + done * bytes, raw, n * bytes, l->diag);
        if (ok && r->own.big)
            swap_bytes(raw, n, bytes);
        if (ok)
            t->type->decode(raw, part ? part : to + done, n);
        if (ok && part)
            scatter(part, n, &walk, to);
    }
    pool_free(scratch);
    return ok;
}

static const char *infinity_text(const struct st_tensor *t)
{
    return t->type->bits == 64 ? "an infinity, or what is too large for float32," : "an infinity";
}

static bool all_finite(struct weight_loader *l, const struct wanted *x, const struct st_tensor *t,
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
            text_quote(l->diag, t->name), l->file.src->path,
            isnan(at[first]) ? "NaN" : infinity_text(t),
            index_text(l->pool, t->rank, t->dim, first));
    if (bad > 1)
        diag_note(l->diag, weight_file_span(l), "%lld of its %lld elements are not finite",
                (long long)bad, (long long)t->size);
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
    {OP_CONV1D, "kernel", {"kernel_size", NULL, "filters"}},
    {OP_CONV1D, "bias", {"filters"}},
    {OP_DEPTHWISE_CONV2D, "kernel", {"kernel_size", "kernel_size", NULL, "depth_multiplier"}},
    {OP_SEPARABLE_CONV2D, "depthwise_kernel",
        {"kernel_size", "kernel_size", NULL, "depth_multiplier"}},
    {OP_SEPARABLE_CONV2D, "pointwise_kernel", {NULL, NULL, NULL, "filters"}},
    {OP_SEPARABLE_CONV2D, "bias", {"filters"}},
    {OP_CONV2D_TRANSPOSE, "kernel", {"kernel_size", "kernel_size", "filters", NULL}},
    {OP_CONV2D_TRANSPOSE, "bias", {"filters"}},
    {OP_DEPTHWISE_CONV1D, "kernel", {"kernel_size", NULL, "depth_multiplier"}},
    {OP_SEPARABLE_CONV1D, "depthwise_kernel", {"kernel_size", NULL, "depth_multiplier"}},
    {OP_SEPARABLE_CONV1D, "pointwise_kernel", {NULL, NULL, "filters"}},
    {OP_SEPARABLE_CONV1D, "bias", {"filters"}},
    {OP_CONV1D_TRANSPOSE, "kernel", {"kernel_size", "filters", NULL}},
    {OP_CONV1D_TRANSPOSE, "bias", {"filters"}},
    {OP_DENSE, "kernel", {NULL, "units"}},
    {OP_DENSE, "bias", {"units"}},
};

static const char *dimension_key(const struct wanted *x, int d)
{
    for (size_t i = 0; i < sizeof dimension_keys / sizeof dimension_keys[0]; i++)
        if (dimension_keys[i].op == x->node->op && !strcmp(dimension_keys[i].weight, x->w->name))
            return dimension_keys[i].key[d];
    return NULL;
}

/* Where Keras' dimension d of what is needed comes from. */
static void note_dimension(struct weight_loader *l, const struct wanted *x, int d)
{
    const char *key = dimension_key(x, d);
    const struct node *n = x->node;
    if (key) {
        diag_note(l->diag, node_attr_at(n, key), "%s says %d", key, x->w->shape.dim[d]);
    } else if (n->in.n > 0 && n->in.at[0]->maker) {
        const struct node *maker = n->in.at[0]->maker;
        diag_note(l->diag, maker->at, "'%s' gives it %s", text_quote(l->diag, maker->name),
                shape_text(l->pool, &n->in.at[0]->shape));
    }
}

/* Notes for the first two dimensions that differ, if the rank is right. */
static void note_dimensions(struct weight_loader *l, const struct wanted *x,
        const struct st_tensor *t, const struct shape *need, bool torch)
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
        struct weight_loader *l, const struct wanted *x, const struct st_tensor *t, bool torch)
{
    const struct shape *need = torch ? &x->torch.shape : &x->w->shape;
    const struct shape *other = torch ? &x->w->shape : &x->torch.shape;
    diag_error(l->diag, DIAG_TENSOR_SHAPE, x->at, "tensor '%s' of %s is %s, but %s needs %s",
            text_quote(l->diag, t->name), l->file.src->path, st_shape_text(l->pool, t),
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
                shape_text(l->pool, other), whose, text_quote(l->diag, x->node->name), name);
}

/* ---- loading -------------------------------------------------------------------------------- */

static void report_type(struct weight_loader *l, const struct wanted *x, const struct st_tensor *t)
{
    diag_error(l->diag, DIAG_TENSOR_TYPE, x->at, "tensor '%s' of %s has the type %s",
            text_quote(l->diag, t->name), l->file.src->path, text_quote(l->diag, t->type->name));
    diag_help(l->diag, l->file.folder ? "save it as float32: a.astype('float32'); float16 and "
                                        "float64 are read too"
                                      : "save it as float32 (F32); F16 and BF16 are read too");
}

static void load_elements(struct weight_loader *l, struct wanted *x, const struct reading *r,
        bool torch)
{
    if (!r->t.type->decode) {
        report_type(l, x, &r->t);
        return;
    }
    if (!has_shape(&r->t, torch ? &x->torch.shape : &x->w->shape)) {
        report_shape(l, x, &r->t, torch);
        return;
    }
    struct weight_room room = weight_room_open(l, x, torch);
    bool filled = room.from && decode_tensor(l, r, room.from) && all_finite(l, x, &r->t, room.from);
    weight_room_close(&room, x, filled);
}

void weight_load_tensor(
        struct weight_loader *l, struct wanted *x, const struct st_tensor *t, bool torch)
{
    struct reading r;
    l->used[t - l->st.tensor.at] = true;
    l->has_torch = l->has_torch || torch;
    if (reading_open(l, t, &r))
        load_elements(l, x, &r, torch);
    reading_close(&r);
}
