/* One call of a layer as a layer of the specification: keys, weights, activation. */
#include <math.h>
#include <string.h>

#include "keras_lower.h"
#include "ops.h"
#include "text.h"

const char *lower_refuse(struct lower *k, const struct klayer *l, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct refusal r = {l, pool_vprintf(k->pool, fmt, args), false};
    va_end(args);
    for (int i = 0; i < k->refusal.n; i++)   /* another call of the same */
        if (k->refusal.at[i].layer == l && !strcmp(k->refusal.at[i].why, r.why))
            return NULL;
    vec_push(k->pool, &k->refusal, r);
    return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------ */

enum { MAX_LIST = 4096, MAX_WORD = 40 };

/* Small letters, digits and '_': the only text that goes into the specification as it is. */
static bool is_word(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n && !text[n] && n <= MAX_WORD && text[0] >= 'a';
}

/* Appends a value of the configuration as YAML; false: nothing of the kind goes there. */
static bool put_yaml(struct out *out, const json_t *v, int depth)
{
    if (json_is_integer(v))
        out_printf(out, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        out_printf(out, "%.9g", json_real_value(v));
    else if (json_is_boolean(v))
        out_printf(out, "%s", json_is_true(v) ? "true" : "false");
    else if (json_is_string(v) && is_word(json_text(v)))
        out_printf(out, "%s", json_text(v));
    else if (!json_is_array(v) || depth > 1 || json_array_size(v) > MAX_LIST)
        return false;
    if (!json_is_array(v))
        return true;
    for (size_t i = 0; i < json_array_size(v); i++) {
        out_printf(out, i ? ", " : "[");
        if (!put_yaml(out, json_array_get(v, i), depth + 1))
            return false;
    }
    out_printf(out, json_array_size(v) ? "]" : "[]");
    return true;
}

/* NULL: nothing of the kind goes there. */
static const char *yaml_text(struct pool *pool, const json_t *v)
{
    struct out out;
    out_init(&out);
    bool ok = put_yaml(&out, v, 0);
    const char *text = ok ? pool_copy(pool, out.text, out.len) : NULL;
    out_free(&out);
    return text;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), len = strlen(end);
    return n >= len && !strcmp(text + n - len, end);
}

/* What cnngen takes where nothing is said, as Keras does. */
static bool is_default(const struct klayer *l, const char *key, const char *text)
{
    static const char *const defaults[][2] = {
        {"groups", "1"}, {"strides", "[1, 1]"}, {"strides", "1"}, {"dilation_rate", "[1, 1]"},
        {"dilation_rate", "1"}, {"padding", "valid"},
        {"use_bias", "true"}, {"depth_multiplier", "1"}, {"center", "true"}, {"scale", "true"},
        {"keepdims", "false"}, {"interpolation", "nearest"}, {"axis", "-1"}, {"invert", "false"},
    };
    if (!strcmp(key, "strides") && json_get(l->config, "pool_size"))
        return false;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (!strcmp(defaults[i][0], key) && !strcmp(defaults[i][1], text))
            return true;
    return false;
}

static bool lower_key(struct lower *k, const struct klayer *l, struct wlayer *wl, const char *key,
        const char *to)
{
    const json_t *v = json_get(l->config, key);
    /* Of signals, Keras writes what has one dimension as a list of one. */
    if (strstr(l->class_name, "1D") && json_array_size(v) == 1)
        v = json_at(v, 0);
    const char *text = v ? yaml_text(k->pool, v) : NULL;
    if (v && !text)
        return lower_refuse(k, l, "its '%s' is neither a number, a word nor a list of them", key);
    if (text && !is_default(l, key, text))
        layer_raw(wl, to, "%s", text);
    return true;
}

static bool lower_keys(struct lower *k, const struct klayer *l, struct wlayer *wl,
        const char *keys)
{
    while (*keys) {
        size_t n = strcspn(keys, " ");
        const char *key = pool_copy(k->pool, keys, n), *to = strchr(key, '>');
        if (to)
            key = pool_copy(k->pool, key, (size_t)(to - key));
        if (!lower_key(k, l, wl, key, to ? to + 1 : key))
            return false;
        keys += n + (keys[n] == ' ');
    }
    return true;
}

/* Whether the word is one of those between blanks; of "alpha>negative_slope", both are. */
static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; *at; at += strspn(at, " >")) {
        size_t len = strcspn(at, " >");
        if (len == n && !strncmp(at, word, n))
            return true;
        at += len;
    }
    return false;
}

/* Arguments that mean nothing at inference, or are looked at elsewhere. */
static bool is_known(const struct klayer_type *type, const char *key)
{
    static const char others[] = "name trainable dtype batch_input_shape batch_shape data_format "
        "activation momentum synchronized renorm_momentum renorm_clipping virtual_batch_size fused "
        "input_dtype autocast lora_rank lora_alpha mean variance";
    return has_word(type->keys, key) || has_word(others, key) || ends_with(key, "_initializer") ||
           ends_with(key, "_regularizer") || ends_with(key, "_constraint");
}

/* An argument that this program doesn't know would be ignored: it is refused, unless it says
 * nothing. */
static bool check_keys(struct lower *k, const struct klayer *l, const struct klayer_type *type)
{
    json_t *config = (json_t *)(uintptr_t)l->config;
    void *at = json_object_iter(config);
    for (; at; at = json_object_iter_next(config, at)) {
        const char *key = json_object_iter_key(at);
        const json_t *v = json_object_iter_value(at);
        int64_t one = 0;
        bool idle = json_is_null(v) || json_is_false(v) ||
                    (!strcmp(key, "groups") && json_int(v, &one) && one == 1);
        if (!idle && !is_known(type, key))
            return lower_refuse(k, l, "its argument '%s' is not known",
                    text_quote(k->f->diag, key));
    }
    return true;
}

/* ---- weights --------------------------------------------------------------------------------- */

static bool has_weight(const struct klayer *l, const struct kweight *w)
{
    return w->names && (!w->flag || !json_is_false(json_get(l->config, w->flag)));
}

static bool lower_weight(struct lower *k, struct klayer *l, const struct kweight *w, int index,
        int count, struct wlayer *wl)
{
    int dim[LIMIT_RANK];
    const struct keras_tensor *t = keras_find(k->f, l, w->names, index, count);
    for (int i = 0; t && i < t->rank; i++)
        dim[i] = (int)t->dim[i];
    if (t)
        layer_weight(wl, pool_copy(k->pool, w->names, strcspn(w->names, "|")),
                shape_of(t->rank, dim), t->at);
    return t != NULL;
}

/* The layer is called again: its weights are the first call's. */
static void share_weights(struct lower *k, struct klayer *l, const struct klayer_type *type,
        struct wlayer *wl)
{
    const char *map = "";
    for (int i = 0; i < KERAS_MAX_WEIGHTS; i++)
        if (has_weight(l, &type->weight[i])) {
            int n = (int)strcspn(type->weight[i].names, "|");
            map = pool_printf(k->pool, "%s%s%.*s: '%s.%.*s'", map, *map ? ", " : "", n,
                    type->weight[i].names, l->first, n, type->weight[i].names);
        }
    if (*map)
        layer_raw(wl, "weights", "{%s}", map);
}

bool keras_lower_weights(struct lower *k, struct klayer *l, const struct klayer_type *type,
        struct wlayer *wl)
{
    int count = 0, index = 0;
    bool ok = true;
    if (l->first) {
        share_weights(k, l, type, wl);
        return true;
    }
    for (int i = 0; i < KERAS_MAX_WEIGHTS; i++)
        count += has_weight(l, &type->weight[i]);
    for (int i = 0; i < KERAS_MAX_WEIGHTS; i++)
        if (has_weight(l, &type->weight[i]))
            ok = lower_weight(k, l, &type->weight[i], index++, count, wl) && ok;
    l->first = wl->name;
    return ok;
}

/* ---- activations ----------------------------------------------------------------------------- */

/* Keras 2's hard_sigmoid is clip(0.2 x + 0.5), Keras 3's, and cnngen's, clip(x / 6 + 0.5). */
static const char *lower_steep(struct lower *k, const char *name, const char *in)
{
    struct wlayer *scale = writer_layer(k->w, "Rescaling",
            pool_printf(k->pool, "%s/slope", name));
    layer_input(scale, in);
    layer_float(scale, "scale", 1.2f);
    layer_comment(scale, "Keras 2's hard_sigmoid has the slope 0.2");
    struct wlayer *l = writer_layer(k->w, "Activation", name);
    layer_input(l, scale->name);
    layer_word(l, "activation", "hard_sigmoid");
    return l->name;
}

/* "relu", or an object that holds the name of a function, or a layer. */
static const char *activation_name(const json_t *v)
{
    return json_is_text(json_get(v, "class_name"), "function") ? json_text(json_get(v, "config"))
                                                               : json_text(v);
}

/* A layer as another one's activation: {"class_name": "LeakyReLU", "config": {...}}. */
static const char *lower_activation_layer(struct lower *k, struct klayer *l, const json_t *v,
        const char *name, const char *in)
{
    static const char *const layers[] = {"ReLU", "LeakyReLU", "ELU", "Softmax", NULL};
    const char *class_name = json_text(json_get(v, "class_name"));
    if (!class_name || !text_is_one_of(class_name, layers))
        return lower_refuse(k, l, "its activation is not one of Keras' functions");
    struct klayer *a = NEW(k->pool, struct klayer);
    *a = (struct klayer){.class_name = class_name, .name = l->name, .module = "",
        .config = json_get(v, "config"), .path = "", .outermost = ""};
    return keras_lower_layer(k, a, name, &in, 1);
}

/* The activation of a layer that has been written, as a key of it, or as layers behind it. */
static const char *lower_activation(struct lower *k, struct klayer *l, struct wlayer *wl)
{
    const json_t *v = json_get(l->config, "activation");
    const char *name = activation_name(v), *to = name ? keras_activation(name) : NULL;
    const char *behind = pool_printf(k->pool, "%s/activation", wl->name);
    if (!v)
        return wl->name;
    if (!name)
        return lower_activation_layer(k, l, v, behind, wl->name);
    if (!to)
        return lower_refuse(k, l, "there is no activation '%s' in cnngen",
                text_quote(k->f->diag, name));
    if (k->f->version < 3 && !strcmp(name, "hard_sigmoid"))
        return lower_steep(k, behind, wl->name);
    if (strcmp(to, "linear"))
        layer_word(wl, "activation", to);
    return wl->name;
}

/* The layer Activation itself. */
static const char *lower_function(struct lower *k, struct klayer *l, const char *name,
        const char *in)
{
    const json_t *v = json_get(l->config, "activation");
    const char *function = activation_name(v), *to = function ? keras_activation(function) : NULL;
    if (v && !function)
        return lower_activation_layer(k, l, v, name, in);
    if (!to)
        return lower_refuse(k, l, "there is no activation '%s' in cnngen",
                function ? text_quote(k->f->diag, function) : "");
    if (k->f->version < 3 && !strcmp(function, "hard_sigmoid"))
        return lower_steep(k, name, in);
    struct wlayer *wl = writer_layer(k->w, "Activation", name);
    layer_input(wl, in);
    layer_word(wl, "activation", to);
    return wl->name;
}

/* ---- normalization --------------------------------------------------------------------------- */

/* Mean and variance are arguments, or what adapt() found: weights, the third of which is a
 * count. */
static bool lower_statistics(struct lower *k, struct klayer *l, struct wlayer *wl)
{
    static const char *const keys[] = {"mean", "variance"};
    bool given = json_get(l->config, "mean") != NULL;
    for (int i = 0; i < 2; i++) {
        const struct keras_tensor *t = given ? NULL : keras_find(k->f, l, keys[i], i, 3);
        int64_t n = 1;
        for (int d = 0; t && d < t->rank; d++)
            if (!mul_ok(n, t->dim[d], &n) || n > MAX_LIST)
                return lower_refuse(k, l, "it normalises too many channels");
        if (given ? !lower_key(k, l, wl, keys[i], keys[i]) : !t)
            return false;
        if (t)
            layer_floats(wl, keys[i], (int)n, t->at);
    }
    return true;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static const char *dtype_name(const json_t *dtype)
{
    return json_is_object(dtype) ? json_text(json_get(json_get(dtype, "config"), "name"))
                                 : json_text(dtype);
}

static bool is_plain_dtype(const json_t *dtype)
{
    static const char *const plain[] = {"float32", "float16", "bfloat16", "float64",
        "mixed_float16", "mixed_bfloat16", NULL};
    const char *name = dtype_name(dtype);
    return !dtype || (name && text_is_one_of(name, plain));
}

static bool begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

/* An operation of keras.ops, as x + y makes, is configured otherwise than the layer of that
 * name. */
static bool is_operation(const struct klayer *l)
{
    return begins(l->module, "keras.src.ops") || begins(l->module, "keras.ops");
}

static bool operation_ok(const struct klayer *l, int n)
{
    static const char *const known[] = {"Add", "Subtract", "Multiply", "Maximum", "Minimum", NULL};
    return n == 2 && text_is_one_of(l->class_name, known);
}

static bool is_own_class(const struct klayer *l)
{
    return *l->module && !begins(l->module, "keras.") && !begins(l->module, "tf_keras.") &&
           !begins(l->module, "tensorflow.keras.") && strcmp(l->module, "keras");
}

/* Why the layer can't be imported whatever its class is; NULL. */
static const char *why_refused(struct lower *k, const struct klayer *l,
        const struct klayer_type *type, int n)
{
    enum op op;
    if (is_own_class(l))
        return pool_printf(k->pool, "it is a class of its own, of the module '%s'",
                text_quote(k->f->diag, l->module));
    if (is_operation(l) && !operation_ok(l, n))
        return "this operation of keras.ops is not supported";
    if (!type || (!type->idle && !op_find(l->class_name, &op)))
        return keras_why_not(l->class_name);
    if (json_is_text(json_get(l->config, "data_format"), "channels_first"))
        return "its data_format is channels_first; cnngen's layout is channels_last";
    if (!is_plain_dtype(json_get(l->config, "dtype")))
        return "its dtype is none of the floating-point ones: quantised weights can't be used";
    if (json_is_true(json_get(l->config, "rms_scaling")))
        return "rms_scaling is not supported";
    return NULL;
}

/* ---- all of a layer -------------------------------------------------------------------------- */

static const char *lower_plain(struct lower *k, struct klayer *l, const struct klayer_type *type,
        const char *name, const char *const *in, int n)
{
    struct wlayer *wl = writer_layer(k->w, l->class_name, name);
    for (int i = 0; i < n; i++)
        layer_input(wl, in[i]);
    if (!lower_keys(k, l, wl, type->keys))
        return NULL;
    if (!strcmp(l->class_name, "Normalization") && !lower_statistics(k, l, wl))
        return NULL;
    if (!keras_lower_weights(k, l, type, wl))
        return NULL;
    return lower_activation(k, l, wl);
}

const char *keras_lower_layer(struct lower *k, struct klayer *l, const char *name,
        const char *const *in, int n)
{
    const struct klayer_type *type = keras_layer_type(l->class_name);
    const char *why = why_refused(k, l, type, n);
    if (why)
        return lower_refuse(k, l, "%s", why);
    if (n == 0 || n > LIMIT_INPUTS)
        return lower_refuse(k, l, "it is called with %d tensors", n);
    if (type->idle) {
        k->dropped++;
        return n == 1 ? in[0] : lower_refuse(k, l, "it is called with several tensors");
    }
    if (!check_keys(k, l, type))
        return NULL;
    if (!strcmp(l->class_name, "Activation"))
        return n == 1 ? lower_function(k, l, name, in[0])
                      : lower_refuse(k, l, "it is called with several tensors");
    return lower_plain(k, l, type, name, in, n);
}
