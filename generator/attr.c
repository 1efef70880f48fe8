#include "attr.h"

#include <ctype.h>
#include <string.h>

/* ---- tables ---------------------------------------------------------------------------------- */

const char *const attr_common_keys[] = {"type", "name", "inputs", "input_shape", "weights", NULL};

const char *const attr_training_keys[] = {
    "momentum", "trainable", "seed", "autocast", "renorm", "renorm_clipping", "renorm_momentum",
    "synchronized", "virtual_batch_size", "fused", "noise_shape", "lora_rank", "lora_alpha",
    "quantization_config", "supports_masking", "sparse", "ragged", "implementation", NULL,
};
const char *const attr_training_ends[] = {"_initializer", "_regularizer", "_constraint", NULL};

const struct attr_def attr_input_shape = {"input_shape", ATTR_SHAPE, 0, "", 1, INT32_MAX, NULL,
    "the shape that the layer expects of its input, without the batch; checked"};

static bool in_list(const char *key, const char *const *list)
{
    while (*list && strcmp(key, *list))
        list++;
    return *list != NULL;
}

static bool is_training_key(const char *key)
{
    for (int i = 0; attr_training_ends[i]; i++) {
        size_t n = strlen(key), m = strlen(attr_training_ends[i]);
        if (n > m && !strcmp(key + n - m, attr_training_ends[i]))
            return true;
    }
    return in_list(key, attr_training_keys);
}

const struct attr_def *attr_find(const struct op_def *op, const char *key)
{
    for (const struct attr_def *a = op->attrs; a && a->key; a++)
        if (!strcmp(a->key, key))
            return a;
    return NULL;
}

/* What other tools call a key. The first whose meaning the layer knows counts. */
static const struct { const char *key, *means; } aliases[] = {
    {"kernel", "kernel_size"}, {"kernel", "pool_size"}, {"kernel_shape", "kernel_size"},
    {"kernel_shape", "pool_size"}, {"ksize", "kernel_size"}, {"ksize", "pool_size"},
    {"kernel_size", "pool_size"}, {"pool_size", "kernel_size"}, {"pool", "pool_size"},
    {"size", "kernel_size"}, {"size", "pool_size"}, {"stride", "strides"},
    {"subsample", "strides"}, {"pad", "padding"}, {"pads", "padding"}, {"auto_pad", "padding"},
    {"border_mode", "padding"}, {"dilation", "dilation_rate"}, {"dilations", "dilation_rate"},
    {"rate", "dilation_rate"}, {"out_channels", "filters"}, {"num_filters", "filters"},
    {"nb_filter", "filters"}, {"n_filters", "filters"}, {"num_output", "filters"},
    {"channels", "filters"}, {"units", "filters"}, {"out_features", "units"},
    {"num_output", "units"}, {"output_dim", "units"}, {"filters", "units"}, {"group", "groups"},
    {"bias", "use_bias"}, {"has_bias", "use_bias"}, {"bias_term", "use_bias"}, {"eps", "epsilon"},
    {"alpha", "negative_slope"}, {"slope", "negative_slope"}, {"max", "max_value"}, {"p", "rate"},
    {"prob", "rate"}, {"dim", "axis"}, {"dims", "axis"}, {"perm", "dims"},
    {"shape", "target_shape"}, {"shape", "input_shape"}, {"input_shape", "shape"},
    {"batch_shape", "shape"}, {"batch_input_shape", "shape"},
    {"batch_input_shape", "input_shape"}, {"input_dim", "input_shape"}, {"scale_factor", "size"},
    {"mode", "interpolation"}, {"crop", "cropping"}, {"function", "activation"},
    {"act", "activation"}, {"nonlinearity", "activation"}, {"input", "inputs"},
    {"inbound_nodes", "inputs"}, {"from", "inputs"}, {"bottom", "inputs"}, {"id", "name"},
    {"class_name", "type"},
};

/* What can't be said by another key's name. */
static const struct { const char *key, *help; } explained[] = {
    {"in_channels", "delete it: cnngen infers it"},
    {"in_features", "delete it: cnngen infers it"},
    {"num_features", "delete it: cnngen infers it"},
    {"num_parameters", "delete it: cnngen infers it"},
    {"normalized_shape", "delete it: cnngen infers it from 'axis'"},
    {"track_running_stats", "delete it: it concerns training only"},
    {"inplace", "delete it: cnngen works in place where it can"},
    {"affine", "'scale' and 'center' say it"},
    {"elementwise_affine", "'scale' and 'center' say it"},
    {"batch_shape", "write 'shape', without the batch"},
    {"batch_input_shape", "write 'input_shape', without the batch"},
    {"batch_size", "the batch stands at the top of the file: 'batch: 1'"},
    {"padding_mode", "delete it: padding is with zeros"},
    {"config", "write what it holds beside 'type'"},
};

/* The key that was probably meant; NULL: no idea. */
static const char *meant(const struct op_def *op, const char *key)
{
    const char *known[128];
    int n = 0;
    for (const struct attr_def *a = op->attrs; a && a->key && n < 100; a++)
        known[n++] = a->key;
    for (int i = 0; attr_common_keys[i]; i++)
        known[n++] = attr_common_keys[i];
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        for (int k = 0; k < n && !strcmp(key, aliases[i].key); k++)
            if (!strcmp(aliases[i].means, known[k]))
                return known[k];
    return closest(key, known, n);
}

static void help_unknown(struct diag *d, const struct op_def *op, const char *key)
{
    for (size_t i = 0; i < sizeof explained / sizeof explained[0]; i++)
        if (!strcmp(key, explained[i].key)) {
            diag_help(d, "%s", explained[i].help);
            return;
        }
    const char *near = diag_errors(d) > MAX_ERRORS ? NULL : meant(op, key);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static bool same_place(struct span a, struct span b)
{
    return a.src == b.src && a.line == b.line && a.col == b.col;
}

enum { MAX_REPORTED = 1000 };  /* more than are ever shown */

/* Layers made of one anchor share its mistakes. */
static bool was_reported(const struct attr_reader *r, struct span at)
{
    for (int i = 0; i < r->reported.n; i++)
        if (same_place(r->reported.at[i], at))
            return true;
    return false;
}

/* Keys of Keras that may say what is so anyway. True: e was one of them. */
static bool read_fixed_key(struct attr_reader *r, const struct entry *e)
{
    static const struct { const char *key, *value, *why, *help; } fixed[] = {
        {"data_format", "channels_last", "tensors are [height, width, channels]",
         "write shapes so and delete 'data_format'; Keras' weights are the same for both"},
        {"dtype", "float32", "cnngen computes in nothing else", "delete 'dtype'"},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (strcmp(e->key, fixed[i].key))
            continue;
        bool is_text = e->val->kind == VALUE_SCALAR;
        if (!value_is_null(e->val) && !(is_text && !strcmp(e->val->text, fixed[i].value))) {
            const char *given = is_text ? diag_quote(r->diag, e->val->text, e->val->len)
                                        : value_kind_name(e->val);
            diag_error(r->diag, is_text ? DIAG_UNSUPPORTED : DIAG_WRONG_TYPE, e->val->at,
                    is_text ? "'%s' is %s, not '%s': %s" : "'%s' is %s, not %s: %s", e->key,
                    fixed[i].value, given, fixed[i].why);
            diag_help(r->diag, "%s", fixed[i].help);
        }
        return true;
    }
    return false;
}

static void ignore_key(struct attr_reader *r, const struct entry *e)
{
    if (r->ignored++ == 0) {
        r->ignored_at = e->key_at;
        r->ignored_key = e->key;
    }
}

static void report_unknown_key(struct attr_reader *r, const struct op_def *op,
        const struct value *map, const struct entry *e)
{
    bool is_shape = op->family == FAMILY_INPUT && !strcmp(e->key, "input_shape");
    const struct entry *shape = is_shape ? value_find(map, "shape") : NULL;
    if (shape) {
        diag_error(r->diag, DIAG_CONFLICTING_KEYS, e->key_at,
                "an Input has 'shape' or 'input_shape', not both");
        diag_note(r->diag, shape->key_at, "'shape' is here");
        diag_help(r->diag, "delete 'input_shape'");
        return;
    }
    if (in_list(e->key, attr_common_keys) && op->family != FAMILY_INPUT) {
        diag_error(r->diag, DIAG_UNKNOWN_KEY, e->key_at,
                "'%s' can't have a default: layers differ in it", e->key);
        return;
    }
    diag_error(r->diag, DIAG_UNKNOWN_KEY, e->key_at, "%s has no key '%s'", op->type,
            diag_quote(r->diag, e->key, strlen(e->key)));
    help_unknown(r->diag, op, e->key);
}

/* One key of a layer, or of its type's defaults. */
static void read_key(struct attr_reader *r, const struct op_def *op, const struct value *map,
        const struct entry *e, struct attr_base *to)
{
    const struct attr_def *def = attr_find(op, e->key);
    if (def) {
        to->given |= UINT64_C(1) << (def - op->attrs);
        attr_parse(r->pool, def, e->val, to->attr, &to->act, r->diag);
    } else if (is_training_key(e->key)) {
        ignore_key(r, e);
    } else if (!read_fixed_key(r, e)) {
        report_unknown_key(r, op, map, e);
    }
}

static void read_keys(struct attr_reader *r, const struct op_def *op, const struct value *map,
        const char *const *skip, struct attr_base *to)
{
    for (int i = 0; map && i < map->entry.n; i++) {
        const struct entry *e = &map->entry.at[i];
        int errors = diag_errors(r->diag);
        if (in_list(e->key, skip))
            continue;
        if (was_reported(r, e->key_at))
            to->broken = true;
        else
            read_key(r, op, map, e, to);
        if (diag_errors(r->diag) > errors) {
            to->broken = true;
            if (r->reported.n < MAX_REPORTED)
                vec_push(r->pool, &r->reported, e->key_at);
        }
    }
}

/* ---- defaults -------------------------------------------------------------------------------- */

void attr_fallback(struct pool *pool, const struct op_def *op, struct attr_base *base)
{
    struct diag *d = diag_new(pool);
    *base = (struct attr_base){.attr = pool_alloc(pool, op->attr_bytes + 1)};
    for (const struct attr_def *a = op->attrs; a && a->key; a++) {
        if (a - op->attrs >= 64)
            bug("%s has more than 64 attributes", op->stem);
        if (!a->fallback)
            continue;
        base->given |= UINT64_C(1) << (a - op->attrs);
        if (!*a->fallback)
            continue;
        struct source *src = NEW(pool, struct source);
        *src = source_of("default", a->fallback, strlen(a->fallback));
        const struct value *v = value_parse(pool, src, 1000, d);
        if (!v || !attr_parse(pool, a, v, base->attr, &base->act, d) || diag_failed(d))
            bug("%s: the default of '%s' is not a value of it", op->stem, a->key);
    }
}

static struct attr_base *base_of(struct attr_reader *r, enum op op)
{
    if (!r->base[op].attr)
        attr_fallback(r->pool, op_defs[op], &r->base[op]);
    return &r->base[op];
}

const char *attr_snake_case(struct pool *pool, const char *type)
{
    size_t n = strlen(type), at = 0;
    char *text = pool_alloc(pool, 2 * n + 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char before = i ? (unsigned char)type[i - 1] : 0, c = (unsigned char)type[i];
        bool ends_capitals = isupper(before) && islower((unsigned char)type[i + 1]);
        if (isupper(c) && (islower(before) || ends_capitals))
            text[at++] = '_';
        text[at++] = (char)tolower(c);
    }
    return text;
}

/* As an activation would be called: "LogSoftmax" -> "log_softmax", "SiLU" -> "silu". */
static const char *activation_named(struct pool *pool, const char *type)
{
    enum act kind;
    size_t n = strlen(type);
    char *plain = pool_copy(pool, type, n);
    for (size_t i = 0; i < n; i++)
        plain[i] = (char)tolower((unsigned char)type[i]);
    const char *snake = attr_snake_case(pool, type);
    return act_find(plain, &kind) ? plain : act_find(snake, &kind) ? snake : NULL;
}

void attr_report_type(struct pool *pool, const char *type, struct span at, struct diag *d)
{
    const char *instead = op_missing(type);
    const char *near = diag_errors(d) > MAX_ERRORS ? NULL : op_suggest(type);
    const char *act = activation_named(pool, type);
    if (instead) {
        diag_error(d, DIAG_UNSUPPORTED, at, "cnngen has no layer %s", type);
        if (*instead)
            diag_help(d, "use %s", instead);
        return;
    }
    diag_error(d, DIAG_UNKNOWN_LAYER, at, "unknown layer type '%s'",
            diag_quote(d, type, strlen(type)));
    if (act && (!near || !strcmp(near, op_defs[OP_ACTIVATION]->type)))
        diag_help(d, "write {type: Activation, activation: %s}", act);
    else if (near)
        diag_help(d, "did you mean '%s'?", near);
}

static void read_defaults(struct attr_reader *r, const struct entry *e, const struct entry **first)
{
    static const char *const none[] = {NULL};
    enum op op;
    if (!op_find(e->key, &op)) {
        attr_report_type(r->pool, e->key, e->key_at, r->diag);
        return;
    }
    if (first[op]) {
        diag_error(r->diag, DIAG_DUPLICATE_KEY, e->key_at, "%s and %s are one layer type", e->key,
                first[op]->key);
        diag_note(r->diag, first[op]->key_at, "the first is here");
        return;
    }
    first[op] = e;
    if (e->val->kind != VALUE_MAP) {
        diag_error(r->diag, DIAG_WRONG_TYPE, e->val->at,
                "the defaults of %s are a mapping of keys, not %s", e->key,
                value_kind_name(e->val));
        return;
    }
    read_keys(r, op_defs[op], e->val, none, base_of(r, op));
}

void attr_start(struct attr_reader *r, struct pool *pool, const struct spec *spec, struct diag *d)
{
    const struct entry *first[OP_COUNT] = {NULL};
    *r = (struct attr_reader){.pool = pool, .spec = spec, .diag = d};
    for (int i = 0; spec->defaults && i < spec->defaults->entry.n; i++)
        read_defaults(r, &spec->defaults->entry.at[i], first);
}

/* ---- a layer --------------------------------------------------------------------------------- */

/* A key that was misspelled is not missing as well. */
static bool is_misspelled(const struct op_def *op, const struct value *map, const char *key)
{
    for (int i = 0; map && i < map->entry.n; i++) {
        const char *given = map->entry.at[i].key;
        bool is_known = attr_find(op, given) ||
                        (in_list(given, attr_common_keys) && op->family != FAMILY_INPUT);
        const char *near = is_known ? NULL : meant(op, given);
        if ((near && !strcmp(near, key)) || (!is_known && !strcmp(given, "config")))
            return true;
    }
    return false;
}

static void report_missing(struct attr_reader *r, const struct node *n, uint64_t given)
{
    const struct op_def *op = node_def(n);
    for (const struct attr_def *a = op->attrs; a && a->key; a++)
        if (!(given >> (a - op->attrs) & 1) &&
                (diag_errors(r->diag) > MAX_ERRORS || !is_misspelled(op, n->layer->map, a->key))) {
            diag_error(r->diag, DIAG_MISSING_KEY, n->at, "layer '%s' (%s) lacks '%s' (%s)",
                    diag_quote(r->diag, n->name, strlen(n->name)), op->type, a->key, a->doc);
        }
}

bool attr_read(struct attr_reader *r, struct node *n)
{
    static const char *const input_keys[] = {"type", "name", "inputs", "weights", NULL};
    const struct op_def *op = node_def(n);
    const char *const *common = op->max_in == 0 ? input_keys : attr_common_keys;
    struct attr_base own = *base_of(r, n->op);
    int errors = diag_errors(r->diag);
    own.attr = pool_alloc(r->pool, op->attr_bytes + 1);
    memcpy(own.attr, base_of(r, n->op)->attr, op->attr_bytes);
    read_keys(r, op, n->layer->map, common, &own);
    report_missing(r, n, own.given);
    n->act = own.act;
    n->attr = own.broken || diag_errors(r->diag) > errors ? NULL : own.attr;
    return n->attr != NULL;
}

void attr_finish(struct attr_reader *r)
{
    if (r->ignored == 0)
        return;
    const char *key = diag_quote(r->diag, r->ignored_key, strlen(r->ignored_key));
    if (r->ignored == 1)
        diag_warn(r->diag, DIAG_IGNORED_KEY, r->ignored_at,
                "'%s' concerns training and has no effect", key);
    else
        diag_warn(r->diag, DIAG_IGNORED_KEY, r->ignored_at,
                "'%s' and %d more keys concern training and have no effect", key, r->ignored - 1);
}
