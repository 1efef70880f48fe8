#include "spec.h"

#include <ctype.h>
#include <string.h>

#include "limits.h"
#include "text.h"

struct reading {
    struct pool *pool;
    struct diag *diag;
    struct spec *spec;
    bool tree_ok;  /* the YAML had no errors: what is missing is missing */
};

/* A value as it follows "not": "'1e3'", "the string '4'", "a list". */
static const char *described(struct reading *r, const struct value *v)
{
    if (v->kind != VALUE_SCALAR || (!v->quoted && !v->len))
        return value_kind_name(v);
    return pool_printf(r->pool, "%s'%s'", v->quoted ? "the string " : "",
            text_quote(r->diag, v->text));
}

/* These read one key of the top level. False: what comes after spec_read can't go on. */

static bool read_version(struct reading *r, const struct entry *e)
{
    int64_t version;
    if (!value_int(e->val, &version) || version < 1) {
        diag_error(r->diag, DIAG_VERSION, e->val->at,
                "'cnngen' is the version of the spec, 1, not %s", described(r, e->val));
        return false;
    }
    if (version > 1)
        diag_error(r->diag, DIAG_VERSION, e->val->at,
                "written for spec version %lld; this cnngen understands 1", (long long)version);
    return version == 1;
}

static bool read_name(struct reading *r, const struct entry *e)
{
    const struct value *v = e->val;
    const char *why;
    r->spec->name_at = v->at;
    if (v->kind != VALUE_SCALAR || (!v->quoted && !v->len)) {
        diag_error(r->diag, DIAG_WRONG_TYPE, v->at, "'name' is a string, not %s",
                value_kind_name(v));
        if (v->kind == VALUE_SCALAR)
            diag_help(r->diag, "without 'name' the model is called '%s'", r->spec->name);
    } else if (!c_name_ok(v->text, &why)) {
        diag_error(r->diag, DIAG_BAD_NAME, v->at, "'%s' can't be the name of a model: %s",
                text_quote(r->diag, v->text), why);
        const char *near = c_name_near(r->pool, v->text);
        if (near)
            diag_help(r->diag, "'%s' would do", near);
    } else {
        r->spec->name = v->text;
    }
    return true;
}

static bool read_batch(struct reading *r, const struct entry *e)
{
    int64_t batch;
    if (value_int(e->val, &batch) && batch >= 1 && batch <= LIMIT_BATCH) {
        r->spec->batch = batch;
        return true;
    }
    bool is_int = !strcmp(value_kind_name(e->val), "an integer");
    diag_error(r->diag, is_int ? DIAG_BAD_VALUE : DIAG_WRONG_TYPE, e->val->at,
            "'batch' is an integer from 1 to %d, not %s", LIMIT_BATCH, described(r, e->val));
    return true;
}

static bool read_dtype(struct reading *r, const struct entry *e)
{
    static const char *const others[] = {"float16", "bfloat16", "float64", "float", "double",
                                         "half", "int8", "uint8", "int16", "int32",
                                         "mixed_float16", "mixed_bfloat16", NULL};
    static const char *const known[] = {"float32"};
    const struct value *v = e->val;
    bool scalar = v->kind == VALUE_SCALAR;
    if (scalar && !strcmp(v->text, "float32"))
        return true;
    if (scalar && text_is_one_of(v->text, others)) {
        diag_error(r->diag, DIAG_UNSUPPORTED, v->at, "cnngen computes in float32, not in '%s'",
                v->text);
        if (!strcmp(v->text, "uint8"))
            diag_help(r->diag, "for images of bytes, give the Input layer 'dtype: uint8'");
        return true;
    }
    diag_error(r->diag, scalar ? DIAG_BAD_VALUE : DIAG_WRONG_TYPE, v->at,
            "'dtype' is float32, not %s", described(r, v));
    if (scalar && closest(v->text, known, 1))
        diag_help(r->diag, "did you mean 'float32'?");
    return true;
}

static bool read_weights(struct reading *r, const struct entry *e)
{
    r->spec->weights = e->val;
    if (!value_is_null(e->val))
        return true;
    diag_error(r->diag, DIAG_WRONG_TYPE, e->val->at, "'weights' has no value");
    diag_help(r->diag, "name a safetensors file or a folder of .npy files, or "
                       "write 'weights: random' to do without one");
    return false;
}

static bool read_defaults(struct reading *r, const struct entry *e)
{
    bool ok = e->val->kind == VALUE_MAP || value_is_null(e->val);
    const struct value *bad = e->val;
    for (int i = 0; i < e->val->entry.n && ok; i++) {
        bad = e->val->entry.at[i].val;
        ok = bad->kind == VALUE_MAP;
    }
    if (!ok)
        diag_error(r->diag, DIAG_WRONG_TYPE, bad->at,
                "%s is a mapping, not %s", bad == e->val ? "'defaults'"
                : "what a layer type has in 'defaults'", value_kind_name(bad));
    if (!ok)
        diag_help(r->diag, "as in 'defaults: {Conv2D: {padding: same}}'");
    r->spec->defaults = e->val->kind == VALUE_MAP ? e->val : NULL;
    return ok;
}

static bool read_outputs(struct reading *r, const struct entry *e)
{
    const struct value *v = e->val, *bad = v->kind == VALUE_MAP || value_is_null(v) ? v : NULL;
    for (int i = 0; i < v->item.n && !bad; i++)
        if (v->item.at[i]->kind != VALUE_SCALAR || value_is_null(v->item.at[i]))
            bad = v->item.at[i];
    if (v->kind == VALUE_LIST && !v->item.n)
        bad = v;
    if (bad)
        diag_error(r->diag, DIAG_WRONG_TYPE, bad->at,
                "'outputs' is the name of a layer or a list of names, not %s",
                bad->kind == VALUE_LIST && !bad->item.n ? "an empty list" : value_kind_name(bad));
    r->spec->outputs = v;
    return !bad;
}

static bool read_labels(struct reading *r, const struct entry *e)
{
    r->spec->labels = e->val;
    return true;
}

static bool read_templates(struct reading *r, const struct entry *e)
{
    (void)r, (void)e;  /* a home for anchors: whatever it holds */
    return true;
}

/* ---- layers */

static bool read_bare_layer(struct reading *r, const struct value *v, struct spec_layer *layer)
{
    if (!value_is_string(v)) {
        diag_error(r->diag, DIAG_WRONG_TYPE, v->at,
                "a layer is a mapping with a 'type', or the bare name of a type, not %s",
                value_kind_name(v));
        return false;
    }
    if (!v->quoted && strchr(v->text, ':')) {
        diag_error(r->diag, DIAG_WRONG_TYPE, v->at, "a space is missing after the ':' of '%s'",
                text_quote(r->diag, v->text));
        return false;
    }
    layer->type = v->text;
    layer->type_at = v->at;
    return true;
}

/* "- Conv2D: {filters: 8}", or the same with its keys wrongly indented. */
static bool is_type_as_key(const struct value *v)
{
    return v->entry.n && isupper((unsigned char)v->entry.at[0].key[0]);
}

static void report_no_type(struct reading *r, const struct value *v)
{
    static const char *const people_write[] = {"class_name", "class", "op", "op_type", "layer",
                                               "kind", "module", "Type", NULL};
    if (!r->tree_ok)
        return;
    diag_error(r->diag, DIAG_MISSING_KEY, v->at, "this layer has no 'type'");
    if (is_type_as_key(v)) {
        diag_help(r->diag, "write '- {type: %s, ...}'", text_quote(r->diag, v->entry.at[0].key));
        return;
    }
    for (int i = 0; i < v->entry.n; i++)
        if (text_is_one_of(v->entry.at[i].key, people_write)) {
            diag_help(r->diag, "cnngen calls it 'type', not '%s'%s", v->entry.at[i].key,
                    value_find(v, "config") ? ", and what is under 'config' stands beside it" : "");
            return;
        }
}

static bool read_map_layer(struct reading *r, const struct value *v, struct spec_layer *layer)
{
    const struct entry *type = value_find(v, "type");
    if (!type) {
        report_no_type(r, v);
        return false;
    }
    if (!value_is_string(type->val) || !type->val->len) {
        diag_error(r->diag, DIAG_WRONG_TYPE, type->val->at,
                "'type' is the name of a layer type, not %s",
                type->val->quoted ? "an empty string" : value_kind_name(type->val));
        return false;
    }
    layer->type = type->val->text;
    layer->type_at = type->val->at;
    layer->map = v;
    return true;
}

static bool read_layer(struct reading *r, const struct value *v)
{
    struct spec_layer layer = {.at = v->at, .index = r->spec->layer.n};
    bool ok = v->kind == VALUE_MAP ? read_map_layer(r, v, &layer) : read_bare_layer(r, v, &layer);
    vec_push(r->pool, &r->spec->layer, layer);
    return ok;
}

static void report_no_layers(struct reading *r, enum diag_id id, struct span at, const char *what)
{
    diag_error(r->diag, id, at, "%s", what);
    diag_help(r->diag, "the first layer is '- {type: Input, shape: [height, width, channels]}'");
}

static void report_layers_kind(struct reading *r, const struct value *v)
{
    diag_error(r->diag, DIAG_WRONG_TYPE, v->at, "'layers' is a list, not %s", value_kind_name(v));
    if (v->entry.n && v->entry.at[0].val->kind == VALUE_MAP)
        diag_help(r->diag, "layers are items that may have names: '- {name: %s, type: ...}'",
                text_quote(r->diag, v->entry.at[0].key));
    else
        diag_help(r->diag, "start each layer with '- '");
}

static bool read_layers(struct reading *r, const struct entry *e)
{
    const struct value *v = e->val;
    int errors = diag_errors(r->diag);
    if (v->kind != VALUE_LIST && !value_is_null(v))
        report_layers_kind(r, v);
    else if (v->item.n == 0)
        report_no_layers(r, DIAG_NO_LAYERS, e->key_at, "the model has no layers");
    else if (v->item.n > LIMIT_LAYERS)
        diag_error(r->diag, DIAG_TOO_LARGE, e->key_at, "%d layers: the limit is %d", v->item.n,
                LIMIT_LAYERS);
    bool ok = diag_errors(r->diag) == errors;
    for (int i = 0; i < v->item.n && v->item.n <= LIMIT_LAYERS; i++)
        ok = read_layer(r, v->item.at[i]) && ok;
    return ok;
}

/* ---- the top level */

static const struct {
    const char *key;
    bool (*read)(struct reading *, const struct entry *);
} top_keys[] = {
    {"cnngen", read_version}, {"name", read_name}, {"batch", read_batch}, {"dtype", read_dtype},
    {"weights", read_weights}, {"defaults", read_defaults}, {"templates", read_templates},
    {"layers", read_layers}, {"outputs", read_outputs}, {"labels", read_labels},
};
enum { TOP_KEYS = sizeof top_keys / sizeof top_keys[0] };

static int top_key(const char *key)
{
    int i = 0;
    while (i < TOP_KEYS && strcmp(key, top_keys[i].key))
        i++;
    return i;
}

/* What people write, and what to tell them. */
static const struct { const char *key, *help; } foreign_keys[] = {
    {"model", "the list of layers is called 'layers'"},
    {"network", "the list of layers is called 'layers'"},
    {"output", "did you mean 'outputs'?"},
    {"input", "the input is a layer: '- {type: Input, shape: [height, width, channels]}'"},
    {"inputs", "the input is a layer: '- {type: Input, shape: [height, width, channels]}'"},
    {"version", "the version is called 'cnngen'"},
    {"batch_size", "did you mean 'batch'?"},
    {"classes", "did you mean 'labels'?"},
    {"model_name", "did you mean 'name'?"},
    {"prefix", "did you mean 'name'?"},
    {"anchors", "did you mean 'templates'?"},
    {"input_shape", "the input is a layer: '- {type: Input, shape: [height, width, channels]}'"},
};

static void report_unknown_key(struct reading *r, const struct entry *e)
{
    const char *known[TOP_KEYS], *near;
    for (int i = 0; i < TOP_KEYS; i++)
        known[i] = top_keys[i].key;
    diag_error(r->diag, DIAG_UNKNOWN_KEY, e->key_at, "a spec has no key '%s'",
            text_quote(r->diag, e->key));
    for (size_t i = 0; i < sizeof foreign_keys / sizeof foreign_keys[0]; i++)
        if (!strcmp(e->key, foreign_keys[i].key)) {
            diag_help(r->diag, "%s", foreign_keys[i].help);
            return;
        }
    near = closest(e->key, known, TOP_KEYS);
    if (near)
        diag_help(r->diag, "did you mean '%s'?", near);
}

/* A mapping that is something else altogether: one error instead of one for each key. */
static bool is_foreign(struct reading *r, const struct value *top)
{
    bool is_keras = value_find(top, "class_name") && value_find(top, "config");
    if (!r->tree_ok || value_find(top, "cnngen") || (value_find(top, "layers") && !is_keras))
        return false;
    diag_error(r->diag, DIAG_VERSION, top->at,
            "this is not a spec: it has neither 'cnngen' nor 'layers'");
    if (is_keras)
        diag_help(r->diag, "it looks like Keras' own format; a spec holds the same layers "
                "as a list 'layers' of '{type: CLASS, ARGUMENT: ...}'");
    else
        diag_help(r->diag, "a spec starts with 'cnngen: 1'");
    return true;
}

static bool read_version_first(struct reading *r, const struct value *top)
{
    const struct entry *e = value_find(top, "cnngen");
    if (e)
        return read_version(r, e);
    if (r->tree_ok) {
        diag_error(r->diag, DIAG_VERSION, top->at, "the spec does not say its version");
        diag_help(r->diag, "start the file with 'cnngen: 1'");
    }
    return true;
}

static bool read_top(struct reading *r, const struct value *top)
{
    if (is_foreign(r, top) || !read_version_first(r, top))
        return false;
    bool ok = true;
    for (int i = 0; i < top->entry.n; i++) {
        const struct entry *e = &top->entry.at[i];
        int k = top_key(e->key);
        if (k == TOP_KEYS)
            report_unknown_key(r, e);
        else if (k > 0)
            ok = top_keys[k].read(r, e) && ok;
    }
    if (value_find(top, "layers"))
        return ok;
    if (r->tree_ok && !value_find(top, "model") && !value_find(top, "network"))
        report_no_layers(r, DIAG_MISSING_KEY, top->at, "the spec has no 'layers'");
    return false;
}

struct spec *spec_read(struct pool *pool, const struct source *src, struct diag *d)
{
    int errors = diag_errors(d);
    const struct value *top = value_parse_partial(pool, src, LIMIT_SPEC_NODES, d);
    if (!top)
        return NULL;
    if (value_is_null(top) && diag_errors(d) > errors)
        return NULL;
    if (value_is_null(top)) {
        diag_error(d, DIAG_DOCUMENTS, (struct span){.src = src}, "the file holds no model");
        diag_help(d, "a spec starts with 'cnngen: 1'");
        return NULL;
    }
    if (top->kind != VALUE_MAP) {
        diag_error(d, DIAG_WRONG_TYPE, top->at, "a spec is a mapping of keys to values, not %s",
                value_kind_name(top));
        return NULL;
    }
    struct reading r = {pool, d, NULL, diag_errors(d) == errors};
    struct spec *spec = NEW(pool, struct spec);
    *spec = (struct spec){.src = src, .top = top, .batch = 1, .name_at = {.src = src}};
    spec->name = c_name_from_path(pool, src->path);
    r.spec = spec;
    return read_top(&r, top) && r.tree_ok ? spec : NULL;
}
