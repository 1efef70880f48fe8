/* The configuration as layers and their calls. Keras 2 says of a call which tensors it takes as
 * [layer, call, output, {arguments}], Keras 3 as the call's arguments with tensors in them. */
#include "keras.h"

#include <ctype.h>
#include <string.h>

#include "text.h"

struct parser {
    struct keras_file *f;
    struct kmodel *model;
    const char *path;          /* NAMING_V3: of the model itself, "" is the outermost */
    const char *outermost;     /* NULL in the outermost model */
    int depth;
};

PRINTF_LIKE(2, 3)
static bool refuse(struct keras_file *f, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    diag_error(f->diag, DIAG_BAD_MODEL, f->at, "%s", pool_vprintf(f->pool, fmt, args));
    va_end(args);
    return false;
}

static const char *shown(struct keras_file *f, const char *text) { return text_quote(f->diag, text); }

/* As Keras: _ before a capital that small letters follow, and between a small letter and a capital. */
const char *keras_snake_case(struct pool *pool, const char *s)
{
    size_t n = strlen(s), at = 0;
    char *to = NEW_ARRAY(pool, char, 2 * n + 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i], before = i ? (unsigned char)s[i - 1] : 0;
        bool word = isupper(c) && (islower((unsigned char)s[i + 1]) || islower(before));
        if (!isalnum(c) && c != '_')
            continue;
        if (i && word && before != '_')
            to[at++] = '_';
        to[at++] = (char)tolower(c);
    }
    return to;
}

/* ---- references ------------------------------------------------------------------------------ */

static int find_layer(const struct kmodel *m, const char *name)
{
    for (int i = 0; name && i < m->layer.n; i++)
        if (!strcmp(m->layer.at[i].name, name))
            return i;
    return -1;
}

/* [layer, call, output, ...] */
static bool parse_ref(struct parser *p, const json_t *json, struct kref *out)
{
    int64_t call, output;
    const char *name = json_text(json_at(json, 0));
    if (!name || !json_int(json_at(json, 1), &call) || !json_int(json_at(json, 2), &output) ||
            call < 0 || output < 0)
        return refuse(p->f, "model '%s': a reference to a tensor is not [layer, call, output]",
                shown(p->f, p->model->name));
    int layer = find_layer(p->model, name);
    if (layer < 0)
        return refuse(p->f, "model '%s': a reference names the layer '%s', which is not there",
                shown(p->f, p->model->name), shown(p->f, name));
    *out = (struct kref){layer, (int)call, (int)output};
    return true;
}

/* Arguments besides tensors: those that have no effect, and those that have. */
static void check_arguments(struct parser *p, const json_t *kwargs, struct kcall *c)
{
    void *at = json_object_iter((json_t *)(uintptr_t)kwargs);
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)kwargs, at)) {
        const char *key = json_object_iter_key(at);
        const json_t *v = json_object_iter_value(at);
        if (!strcmp(key, "training"))
            c->training = json_is_true(v);
        else if (!json_is_null(v) && strcmp(key, "name"))
            c->refused = pool_printf(p->f->pool, "is called with the argument '%s'",
                    shown(p->f, key));
    }
}

/* ---- calls, as Keras 2 writes them ----------------------------------------------------------- */

static bool parse_entry(struct parser *p, const json_t *entry, struct kcall *c)
{
    struct kref ref;
    if (!parse_ref(p, entry, &ref))
        return false;
    vec_push(p->f->pool, &c->in, ref);
    check_arguments(p, json_at(entry, 3), c);
    return true;
}

static bool parse_call_2(struct parser *p, const json_t *node, struct kcall *c)
{
    if (json_text(json_at(node, 0)))
        return parse_entry(p, node, c);
    for (size_t i = 0; i < json_array_size(node); i++)
        if (!parse_entry(p, json_at(node, i), c))
            return false;
    return true;
}

/* ---- calls, as Keras 3 writes them ----------------------------------------------------------- */

static bool parse_argument(struct parser *p, const json_t *arg, int depth, struct kcall *c)
{
    struct kref ref;
    if (json_is_array(arg) && depth < 1) {
        for (size_t i = 0; i < json_array_size(arg); i++)
            if (!parse_argument(p, json_array_get(arg, i), depth + 1, c))
                return false;
        return true;
    }
    if (!json_is_text(json_get(arg, "class_name"), "__keras_tensor__")) {
        c->refused = "is called with something other than tensors";
        return true;
    }
    if (!parse_ref(p, json_get(json_get(arg, "config"), "keras_history"), &ref))
        return false;
    vec_push(p->f->pool, &c->in, ref);
    return true;
}

static bool parse_call_3(struct parser *p, const json_t *node, struct kcall *c)
{
    const json_t *args = json_get(node, "args");
    for (size_t i = 0; i < json_array_size(args); i++)
        if (!parse_argument(p, json_array_get(args, i), 0, c))
            return false;
    check_arguments(p, json_get(node, "kwargs"), c);
    return true;
}

static bool parse_calls(struct parser *p, const json_t *nodes, struct klayer *l)
{
    if (json_array_size(nodes) > LIMIT_LAYERS)
        return refuse(p->f, "layer '%s' is called more than %d times", shown(p->f, l->name),
                LIMIT_LAYERS);
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        struct kcall c = {0};
        const json_t *node = json_at(nodes, i);
        if (json_is_object(node) ? !parse_call_3(p, node, &c) : !parse_call_2(p, node, &c))
            return false;
        vec_push(p->f->pool, &l->call, c);
    }
    if (!strcmp(l->class_name, "InputLayer") && !l->call.n)
        vec_push(p->f->pool, &l->call, (struct kcall){0});
    return true;
}

/* ---- layers ---------------------------------------------------------------------------------- */

static struct kmodel *parse_model(struct parser *outer, const json_t *json, const char *path,
        const char *outermost);

static bool is_model(const char *class_name)
{
    static const char *const models[] = {"Functional", "Sequential", "Model", NULL};
    return text_is_one_of(class_name, models);
}

/* The path under which Keras 3 stores the layer: its class, and a number if it isn't the first. */
static const char *path_of(struct parser *p, const char *class_name)
{
    const char *kind = keras_snake_case(p->f->pool, class_name);
    int n = 0;
    for (int i = 0; i < p->model->layer.n; i++)
        n += !strcmp(keras_snake_case(p->f->pool, p->model->layer.at[i].class_name), kind);
    return n ? pool_printf(p->f->pool, "%s/layers/%s_%d", p->path, kind, n)
             : pool_printf(p->f->pool, "%s/layers/%s", p->path, kind);
}

static bool parse_layer(struct parser *p, const json_t *json)
{
    struct klayer l = {.class_name = json_text(json_get(json, "class_name")),
        .config = json_get(json, "config"), .module = json_text(json_get(json, "module")),
        .name = json_text(json_get(json, "name"))};
    if (!l.name)
        l.name = json_text(json_get(l.config, "name"));
    if (!l.class_name || !l.config || !l.name)
        return refuse(p->f, "model '%s': layer %d has no class_name, config or name",
                shown(p->f, p->model->name), p->model->layer.n + 1);
    if (find_layer(p->model, l.name) >= 0)
        return refuse(p->f, "two layers are called '%s'", shown(p->f, l.name));
    l.module = l.module ? l.module : "";
    l.outermost = p->outermost ? p->outermost : l.name;
    l.path = path_of(p, l.class_name);
    if (is_model(l.class_name) && !(l.inner = parse_model(p, json, l.path, l.outermost)))
        return false;
    vec_push(p->f->pool, &p->model->layer, l);
    return true;
}

static bool parse_layers(struct parser *p, const json_t *layers)
{
    if (!json_is_array(layers) || !json_array_size(layers))
        return refuse(p->f, "model '%s' has no list of layers", shown(p->f, p->model->name));
    if (json_array_size(layers) > LIMIT_LAYERS)
        return refuse(p->f, "model '%s' has %zu layers; the limit is %d",
                shown(p->f, p->model->name), json_array_size(layers), LIMIT_LAYERS);
    for (size_t i = 0; i < json_array_size(layers); i++)
        if (!parse_layer(p, json_at(layers, i)))
            return false;
    return true;
}

/* ---- models ---------------------------------------------------------------------------------- */

/* input_layers, output_layers: one reference or a list of them. */
static bool parse_ends(struct parser *p, const json_t *ends, struct kref ref, bool is_input)
{
    if (!json_is_array(ends) || !json_array_size(ends))
        return refuse(p->f, "model '%s' lists no %s", shown(p->f, p->model->name),
                is_input ? "inputs" : "outputs");
    bool single = json_text(json_at(ends, 0)) != NULL;
    for (size_t i = 0; i < (single ? 1 : json_array_size(ends)); i++) {
        if (!parse_ref(p, single ? ends : json_at(ends, i), &ref))
            return false;
        if (is_input)
            vec_push(p->f->pool, &p->model->input, ref);
        else
            vec_push(p->f->pool, &p->model->output, ref);
    }
    return true;
}

static bool parse_functional(struct parser *p, const json_t *config)
{
    const json_t *layers = json_get(config, "layers");
    struct kref none = {0};
    if (!parse_layers(p, layers))
        return false;
    for (int i = 0; i < p->model->layer.n; i++)
        if (!parse_calls(p, json_get(json_at(layers, (size_t)i), "inbound_nodes"),
                    &p->model->layer.at[i]))
            return false;
    return parse_ends(p, json_get(config, "input_layers"), none, true) &&
           parse_ends(p, json_get(config, "output_layers"), none, false);
}

/* One layer behind the other. Layer -1 is what comes in where no InputLayer is. */
static bool parse_sequential(struct parser *p, const json_t *json, const json_t *config)
{
    struct kmodel *m = p->model;
    m->sequential = true;
    m->build_shape = json_get(json_get(json, "build_config"), "input_shape");
    if (!m->build_shape)
        m->build_shape = json_get(config, "build_input_shape");
    if (!parse_layers(p, json_is_array(config) ? config : json_get(config, "layers")))
        return false;
    for (int i = 0; i < m->layer.n; i++) {
        struct kcall c = {0};
        if (i || strcmp(m->layer.at[0].class_name, "InputLayer"))
            vec_push(p->f->pool, &c.in, (struct kref){i - 1, 0, 0});
        vec_push(p->f->pool, &m->layer.at[i].call, c);
    }
    bool has_input = !strcmp(m->layer.at[0].class_name, "InputLayer");
    vec_push(p->f->pool, &m->input, (struct kref){has_input ? 0 : -1, 0, 0});
    vec_push(p->f->pool, &m->output, (struct kref){m->layer.n - 1, 0, 0});
    return true;
}

static bool ref_exists(const struct kmodel *m, const struct kref *r)
{
    return r->layer < 0 || r->call < m->layer.at[r->layer].call.n;
}

static bool check_refs(struct parser *p)
{
    struct kmodel *m = p->model;
    bool ok = true;
    for (int i = 0; i < m->layer.n; i++)
        for (int c = 0; c < m->layer.at[i].call.n; c++)
            for (int k = 0; k < m->layer.at[i].call.at[c].in.n; k++)
                ok = ok && ref_exists(m, &m->layer.at[i].call.at[c].in.at[k]);
    for (int i = 0; i < m->input.n; i++)
        ok = ok && ref_exists(m, &m->input.at[i]);
    for (int i = 0; i < m->output.n; i++)
        ok = ok && ref_exists(m, &m->output.at[i]);
    return ok || refuse(p->f, "model '%s' refers to a call of a layer that is not there",
            shown(p->f, m->name));
}

/* Marks the calls that the outputs depend on. */
static void mark_needed(struct parser *p)
{
    struct kmodel *m = p->model;
    VEC(struct kref) todo = {0};
    for (int i = 0; i < m->output.n; i++)
        vec_push(p->f->pool, &todo, m->output.at[i]);
    while (todo.n) {
        struct kref r = todo.at[--todo.n];
        struct kcall *c = r.layer < 0 ? NULL : &m->layer.at[r.layer].call.at[r.call];
        if (!c || c->needed)
            continue;
        c->needed = true;
        for (int i = 0; i < c->in.n; i++)
            vec_push(p->f->pool, &todo, c->in.at[i]);
    }
}

static struct kmodel *parse_model(struct parser *outer, const json_t *json, const char *path,
        const char *outermost)
{
    const json_t *config = json_get(json, "config");
    const char *name = json_text(json_get(config, "name"));
    struct parser p = {outer->f, NEW(outer->f->pool, struct kmodel), path, outermost,
        outer->depth + 1};
    p.model->name = name ? name : "model";
    if (p.depth > KERAS_MAX_NESTING) {
        refuse(p.f, "models are nested deeper than %d", KERAS_MAX_NESTING);
        return NULL;
    }
    bool sequential = json_is_text(json_get(json, "class_name"), "Sequential");
    if (sequential ? !parse_sequential(&p, json, config) : !parse_functional(&p, config))
        return NULL;
    if (!check_refs(&p))
        return NULL;
    mark_needed(&p);
    return p.model;
}

struct kmodel *keras_parse(struct keras_file *f)
{
    const char *class_name = json_text(json_get(f->model, "class_name"));
    struct parser p = {.f = f};
    if (is_model(class_name))
        return parse_model(&p, f->model, "", NULL);
    diag_error(f->diag, DIAG_UNSUPPORTED, f->at, "the model is of the class '%s', which is Python "
            "code: Functional and Sequential models are read", shown(f, class_name));
    return NULL;
}
