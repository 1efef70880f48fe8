#include "writer.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "diag.h"
#include "names.h"
#include "out.h"
#include "out_file.h"
#include "safetensors_write.h"
#include "shape.h"
#include "text.h"

struct wweight {
    const struct wlayer *layer;      /* NULL: of none */
    const char *name;
    struct shape shape;
    const float *data;
};

struct writer {
    struct pool *pool;
    const char *name;
    int64_t batch;
    VEC(const char *) comment;
    VEC(struct wlayer *) layer;
    VEC(struct wweight) weight;
    VEC(const char *) output;
};

struct writer *writer_new(struct pool *pool, const char *model_name)
{
    const char *why;
    struct writer *w = NEW(pool, struct writer);
    w->pool = pool;
    w->batch = 1;
    w->name = c_name_ok(model_name, &why) ? model_name : c_name_near(pool, model_name);
    if (!w->name)
        w->name = "model";
    return w;
}

void writer_batch(struct writer *w, int64_t batch) { w->batch = batch; }
int writer_layers(const struct writer *w) { return w->layer.n; }

/* ---- names ----------------------------------------------------------------------------------- */

enum { TAIL_CHARS = 8 };             /* what a number behind a name may take */

/* The name with '_' for what may not be in it, from the first character that may begin one. */
static const char *legal(struct pool *pool, const char *name)
{
    char text[LIMIT_NAME_CHARS + 1];
    int n = 0;
    name += strcspn(name, TEXT_LETTERS TEXT_DIGITS "_");
    for (; *name && n < LIMIT_NAME_CHARS; name++)
        text[n++] = strchr(TEXT_LETTERS TEXT_DIGITS "_./-", *name) ? *name : '_';
    return n ? pool_copy(pool, text, (size_t)n) : "layer";
}

static bool is_taken(const struct writer *w, const struct wlayer *by, const char *name)
{
    for (int i = 0; i < w->layer.n; i++)
        if (w->layer.at[i] != by && !strcmp(w->layer.at[i]->name, name))
            return true;
    return false;
}

void layer_rename(struct wlayer *l, const char *name)
{
    struct writer *w = l->writer;
    const char *base = legal(w->pool, name);
    l->name = base;
    /* More layers than a specification can have are never written. */
    for (int i = 1; w->layer.n <= LIMIT_LAYERS && is_taken(w, l, l->name); i++)
        l->name = pool_printf(w->pool, "%.*s_%d", LIMIT_NAME_CHARS - TAIL_CHARS, base, i);
}

struct wlayer *writer_layer(struct writer *w, const char *type, const char *name)
{
    struct wlayer *l = NEW(w->pool, struct wlayer);
    l->writer = w;
    l->type = pool_copy(w->pool, type, strlen(type));
    layer_rename(l, name);
    vec_push(w->pool, &w->layer, l);
    return l;
}

/* 'text', each ' in it twice. */
static const char *quoted(struct pool *pool, const char *text)
{
    char *to = pool_alloc(pool, 2 * strlen(text) + 3), *at = to;
    *at++ = '\'';
    for (; *text; text++) {
        if (*text == '\'')
            *at++ = '\'';
        *at++ = *text;
    }
    *at = '\'';
    return to;
}

/* As YAML text: quoted where it would be read as something other than text. */
static const char *name_text(struct pool *pool, const char *name)
{
    static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE", "null",
        "Null", "NULL", NULL};
    bool plain = strchr(TEXT_LETTERS "_", *name) && !text_is_one_of(name, words) &&
                 !name[strspn(name, TEXT_LETTERS TEXT_DIGITS "_./-")];
    return plain ? name : quoted(pool, name);
}

/* ---- keys and values ------------------------------------------------------------------------- */

void layer_input(struct wlayer *l, const char *layer_name)
{
    vec_push(l->writer->pool, &l->input, layer_name);
}

void layer_raw(struct wlayer *l, const char *key, const char *fmt, ...)
{
    struct pool *pool = l->writer->pool;
    va_list args;
    va_start(args, fmt);
    vec_push(pool, &l->key, pool_printf(pool, "%s: %s", key, pool_vprintf(pool, fmt, args)));
    va_end(args);
}

void layer_int(struct wlayer *l, const char *key, int64_t v)
{
    layer_raw(l, key, "%lld", (long long)v);
}

void layer_word(struct wlayer *l, const char *key, const char *word)
{
    layer_raw(l, key, "%s", word);
}

void layer_bool(struct wlayer *l, const char *key, bool v)
{
    layer_raw(l, key, "%s", v ? "true" : "false");
}

/* The shortest decimal number that is read as the same float. */
static const char *float_text(struct pool *pool, float v)
{
    for (int digits = 1; digits < FLT_DECIMAL_DIG; digits++) {
        const char *text = pool_printf(pool, "%.*g", digits, (double)v);
        if (strtof(text, NULL) == v)
            return text;
    }
    return pool_printf(pool, "%.*g", FLT_DECIMAL_DIG, (double)v);
}

void layer_float(struct wlayer *l, const char *key, float v)
{
    layer_raw(l, key, "%s", float_text(l->writer->pool, v));
}

void layer_ints(struct wlayer *l, const char *key, int n, const int64_t *v)
{
    struct out list;
    out_init(&list);
    for (int i = 0; i < n; i++)
        out_printf(&list, "%s%lld", i ? ", " : "", (long long)v[i]);
    layer_raw(l, key, "[%s]", list.text);
    out_free(&list);
}

void layer_floats(struct wlayer *l, const char *key, int n, const float *v)
{
    struct out list;
    out_init(&list);
    for (int i = 0; i < n; i++)
        out_printf(&list, "%s%s", i ? ", " : "", float_text(l->writer->pool, v[i]));
    layer_raw(l, key, "[%s]", list.text);
    out_free(&list);
}

void layer_weight(struct wlayer *l, const char *name, struct shape shape, const float *data)
{
    vec_push(l->writer->pool, &l->writer->weight, (struct wweight){l, name, shape, data});
}

void writer_tensor(struct writer *w, const char *name, struct shape shape, const float *data)
{
    vec_push(w->pool, &w->weight, (struct wweight){NULL, name, shape, data});
}

void writer_output(struct writer *w, const char *layer_name)
{
    vec_push(w->pool, &w->output, layer_name);
}

/* ---- comments -------------------------------------------------------------------------------- */

/* Nothing in it ends the line, or hides. */
static const char *comment_text(struct pool *pool, const char *text)
{
    return diag_quote(diag_new(pool), text, strlen(text));
}

void writer_comment(struct writer *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vec_push(w->pool, &w->comment, pool_vprintf(w->pool, fmt, args));
    va_end(args);
}

void layer_comment(struct wlayer *l, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    l->comment = comment_text(l->writer->pool, pool_vprintf(l->writer->pool, fmt, args));
    va_end(args);
}

/* ---- the specification ----------------------------------------------------------------------- */

enum { LINE_CHARS = 100 };

/* One name, or a list of them. */
static const char *list_text(const struct writer *w, const char *const *names, int n)
{
    const char *text = n == 1 ? name_text(w->pool, names[0]) : "[";
    for (int i = 0; n != 1 && i < n; i++)
        text = pool_printf(w->pool, "%s%s%s", text, i ? ", " : "", name_text(w->pool, names[i]));
    return n == 1 ? text : pool_printf(w->pool, "%s]", text);
}

/* ", key: value" on the line that began at *line, or a new one where that gets too long. */
static void write_key(struct out *out, size_t *line, const char *text)
{
    bool fits = out->len - *line + strlen(text) + 3 <= LINE_CHARS;
    if (!fits)
        *line = out->len + 2;
    out_printf(out, fits ? ", %s" : ",\n     %s", text);
}

/* {type: ..., name: ..., ...} */
static void write_layer(struct writer *w, struct out *out, int i)
{
    const struct wlayer *l = w->layer.at[i];
    const char *before = i ? w->layer.at[i - 1]->name : "";
    bool follows = l->input.n == 0 || (l->input.n == 1 && !strcmp(l->input.at[0], before));
    size_t line = out->len;
    out_printf(out, "  - {type: %s, name: %s", l->type, name_text(w->pool, l->name));
    if (!follows)
        write_key(out, &line, pool_printf(w->pool, "inputs: %s",
                list_text(w, l->input.at, l->input.n)));
    for (int k = 0; k < l->key.n; k++)
        write_key(out, &line, l->key.at[k]);
    out_printf(out, "}%s%s\n", l->comment ? "  # " : "", l->comment ? l->comment : "");
}

static bool last_alone(const struct writer *w)
{
    return w->output.n == 1 && w->layer.n &&
           !strcmp(w->output.at[0], w->layer.at[w->layer.n - 1]->name);
}

static void write_spec(struct writer *w, struct out *out, const char *weights)
{
    for (int i = 0; i < w->comment.n; i++)
        out_printf(out, "# %s\n", w->comment.at[i]);
    out_printf(out, "cnngen: 1\nname: %s\n", w->name);
    if (w->batch > 1)
        out_printf(out, "batch: %lld\n", (long long)w->batch);
    if (w->weight.n)
        out_printf(out, "weights: %s\n", name_text(w->pool, weights));
    out_printf(out, "layers:\n");
    for (int i = 0; i < w->layer.n; i++)
        write_layer(w, out, i);
    if (!last_alone(w))
        out_printf(out, "outputs: %s\n", list_text(w, w->output.at, w->output.n));
}

static void write_weights(struct writer *w, struct out *out)
{
    struct st_entry *t = NEW_ARRAY(w->pool, struct st_entry, w->weight.n);
    for (int i = 0; i < w->weight.n; i++) {
        const struct wweight *from = &w->weight.at[i];
        const char *name = from->layer
            ? pool_printf(w->pool, "%s.%s", from->layer->name, from->name) : from->name;
        t[i] = (struct st_entry){name, from->shape, from->data};
    }
    safetensors_write(out, t, w->weight.n);
}

const char *weights_reference(struct pool *pool, const char *yaml_path, const char *weights_path)
{
    const char *folder = folder_of(pool, yaml_path);
    size_t n = strlen(folder);
    const char *rest = strncmp(weights_path, folder, n) ? "" : weights_path + n;
    return below_refused(pool, rest, "the spec") ? NULL : rest;
}

bool writer_write(struct writer *w, const char *yaml_path, const char *weights_path,
        const char **failed)
{
    struct out spec, weights;
    out_init(&spec);
    out_init(&weights);
    write_spec(w, &spec, weights_reference(w->pool, yaml_path, weights_path));
    if (w->weight.n)
        write_weights(w, &weights);
    struct out_file files[] = {{weights_path, &weights, 0}, {yaml_path, &spec, 0}};
    bool ok = w->weight.n ? out_commit(files, 2, failed) : out_commit(files + 1, 1, failed);
    int saved = errno;
    out_free(&spec);
    out_free(&weights);
    errno = saved;
    return ok;
}

bool writer_write_weights(struct writer *w, const char *path, const char **failed)
{
    struct out weights;
    out_init(&weights);
    write_weights(w, &weights);
    struct out_file file = {path, &weights, 0};
    bool ok = out_commit(&file, 1, failed);
    int saved = errno;
    out_free(&weights);
    errno = saved;
    return ok;
}

/* ---- the specification, read again ----------------------------------------------------------- */

static const struct node *find_node(const struct graph *g, const char *name)
{
    for (int i = 0; i < g->layer.n; i++)
        if (!strcmp(g->layer.at[i]->name, name))
            return g->layer.at[i];
    return NULL;
}

static void check_weight(const struct wweight *given, const struct node *n, struct diag *d)
{
    for (int i = 0; n && i < n->weights; i++) {
        const struct weight *needed = &n->weight[i];
        if (strcmp(needed->name, given->name) || shape_equal(&needed->shape, &given->shape))
            continue;
        struct pool *pool = given->layer->writer->pool;
        diag_error(d, DIAG_TENSOR_SHAPE, n->at, "layer '%s' (%s) needs a %s of %s; the model's "
                "is %s", n->name, given->layer->type, needed->name,
                shape_text(pool, &needed->shape), shape_text(pool, &given->shape));
    }
}

bool writer_check(struct writer *w, const char *yaml_path, struct diag *d)
{
    struct out text;
    struct source *src = NEW(w->pool, struct source);
    int before = diag_errors(d);
    out_init(&text);
    write_spec(w, &text, "weights.safetensors");
    *src = source_of(yaml_path, pool_copy(w->pool, text.text, text.len), text.len);
    out_free(&text);
    const struct spec *spec = spec_read(w->pool, src, d);
    struct graph *g = spec ? graph_build(w->pool, spec, d) : NULL;
    if (g)
        shape_infer(g, d);
    for (int i = 0; g && diag_errors(d) == before && i < w->weight.n; i++)
        if (w->weight.at[i].layer)
            check_weight(&w->weight.at[i], find_node(g, w->weight.at[i].layer->name), d);
    if (diag_errors(d) == before)
        return true;
    diag_help(d, "the lines shown are the specification made of the model; it was not written");
    return false;
}
