/* Activations in a specification: a name, or a map of a name and arguments. */
#include "activation.h"

#include <float.h>
#include <math.h>
#include <string.h>

static bool is_internal(enum act kind)
{
    return kind == ACT_RELU_FULL || kind == ACT_GELU_TANH;
}

static const struct { const char *alias; enum act kind; } aliases[] = {
    {"swish", ACT_SILU}, {"hard_swish", ACT_HARD_SILU},
};

enum { ALIASES = sizeof aliases / sizeof *aliases };

/* Keras' others. */
static const char *const unsupported[] = {
    "glu", "hard_shrink", "soft_shrink", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
    "tanh_shrink", "threshold",
};

bool act_find(const char *name, enum act *kind)
{
    for (int i = 0; i < ACT_COUNT; i++)
        if (!is_internal((enum act)i) && !strcmp(act_defs[i].name, name)) {
            *kind = (enum act)i;
            return true;
        }
    for (int i = 0; i < ALIASES; i++)
        if (!strcmp(aliases[i].alias, name)) {
            *kind = aliases[i].kind;
            return true;
        }
    return false;
}

static bool is_unsupported(const char *name)
{
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (!strcmp(unsupported[i], name))
            return true;
    return false;
}

static const char *suggest(const char *name)
{
    const char *known[ACT_COUNT + ALIASES];
    int n = 0;

    for (int i = 0; i < ACT_COUNT; i++)
        if (!is_internal((enum act)i))
            known[n++] = act_defs[i].name;
    for (int i = 0; i < ALIASES; i++)
        known[n++] = aliases[i].alias;
    return closest(name, known, n);
}

static bool parse_name(const struct value *v, struct diag *diag, enum act *kind)
{
    const char *near;

    if (v->kind != VALUE_SCALAR) {
        diag_error(diag, DIAG_WRONG_TYPE, v->at,
                   "an activation is a name or a map with 'name', not %s", value_kind_name(v));
        return false;
    }
    if (act_find(v->text, kind))
        return true;
    if (is_unsupported(v->text)) {
        diag_error(diag, DIAG_UNSUPPORTED, v->at, "Keras' activation '%s' is not to be had",
                   v->text);
        return false;
    }
    diag_error(diag, DIAG_BAD_VALUE, v->at, "unknown activation '%s'",
               diag_quote(diag, v->text, v->len));
    near = suggest(v->text);
    if (near)
        diag_help(diag, "did you mean '%s'?", near);
    return false;
}

/* ReLU's arguments are written on "relu". */
static enum act with_args(enum act kind)
{
    return kind == ACT_RELU ? ACT_RELU_FULL : kind;
}

static int find_arg(const struct act_def *d, const char *key)
{
    for (int i = 0; i < d->args; i++)
        if (!strcmp(d->arg_name[i], key))
            return i;
    return -1;
}

static bool parse_approximate(const struct entry *e, struct diag *diag, struct activation *a)
{
    bool approximate;

    if (!value_bool(e->val, &approximate)) {
        diag_error(diag, DIAG_WRONG_TYPE, e->val->at, "'approximate' is true or false, not %s",
                   value_kind_name(e->val));
        return false;
    }
    a->kind = approximate ? ACT_GELU_TANH : ACT_GELU;
    return true;
}

static void report_key(const struct entry *e, enum act kind, struct diag *diag)
{
    const struct act_def *d = &act_defs[kind];
    bool gelu = kind == ACT_GELU || kind == ACT_GELU_TANH;
    const char *known[MAX_ACT_ARGS + 2] = {"name"};
    int n = 1;
    const char *near;

    for (int i = 0; i < d->args; i++)
        known[n++] = d->arg_name[i];
    if (gelu)
        known[n++] = "approximate";
    near = closest(e->key, known, n);
    diag_error(diag, DIAG_UNKNOWN_KEY, e->key_at, "activation %s has no argument '%s'",
               kind == ACT_RELU_FULL ? "relu" : gelu ? "gelu" : d->name,
               diag_quote(diag, e->key, strlen(e->key)));
    if (near)
        diag_help(diag, "did you mean '%s'?", near);
}

/* Slopes, thresholds and maxima as Keras takes them; elu's and celu's alpha. */
static bool is_allowed(const struct activation *a, int i, double x)
{
    if (a->kind == ACT_CLIP)
        return !isnan(x);
    if (!(fabs(x) <= (double)FLT_MAX))
        return a->kind == ACT_RELU_FULL && i == 1 && x > 0;
    if (a->kind == ACT_CELU)
        return x < 0 ? -x >= (double)FLT_MIN : x >= (double)FLT_MIN;
    return a->kind != ACT_RELU_FULL || x >= 0;
}

static bool parse_arg(const struct entry *e, struct diag *diag, struct activation *a)
{
    int i = find_arg(&act_defs[a->kind], e->key);
    double x;

    if (a->kind == ACT_GELU && !strcmp(e->key, "approximate"))
        return parse_approximate(e, diag, a);
    if (i < 0) {
        report_key(e, a->kind, diag);
        return false;
    }
    if (value_is_null(e->val))
        return true;
    if (!value_float(e->val, &x)) {
        diag_error(diag, DIAG_WRONG_TYPE, e->val->at, "'%s' is a number, not %s", e->key,
                   value_kind_name(e->val));
        return false;
    }
    if (!is_allowed(a, i, x)) {
        diag_error(diag, DIAG_BAD_VALUE, e->val->at, "'%s' cannot be %g", e->key, x);
        return false;
    }
    a->arg[i] = (float)x;
    return true;
}

static bool parse_map(const struct value *v, struct diag *diag, struct activation *a)
{
    const struct entry *name = value_find(v, "name");
    bool ok = true;

    if (!name) {
        diag_error(diag, DIAG_MISSING_KEY, v->at, "an activation with arguments needs its 'name'");
        return false;
    }
    if (!parse_name(name->val, diag, &a->kind))
        return false;
    a->kind = with_args(a->kind);
    memcpy(a->arg, act_defs[a->kind].arg_default, sizeof a->arg);
    for (int i = 0; i < v->entry.n; i++)
        if (&v->entry.at[i] != name)
            ok = parse_arg(&v->entry.at[i], diag, a) && ok;
    if (a->kind == ACT_RELU_FULL)
        *a = act_relu(a->arg[0], a->arg[1], a->arg[2]);
    return ok;
}

struct activation act_relu(float negative_slope, float max_value, float threshold)
{
    struct activation a = {ACT_RELU_FULL, {negative_slope, max_value, threshold}};
    bool sloped_down = negative_slope < 0 || negative_slope > 0;
    bool shifted = threshold < 0 || threshold > 0;

    if (shifted || (sloped_down && !isinf(max_value)))
        return a;
    if (sloped_down)
        return (struct activation){ACT_LEAKY_RELU, {negative_slope}};
    if (isinf(max_value))
        return (struct activation){ACT_RELU, {0}};
    return max_value >= 6 && max_value <= 6 ? (struct activation){ACT_RELU6, {0}} : a;
}

bool act_parse(struct pool *pool, const struct value *v, struct diag *diag,
               const struct activation **out)
{
    struct activation a = {ACT_LINEAR, {0}};
    struct activation *kept;

    *out = NULL;
    if (value_is_null(v))
        return true;
    if (v->kind == VALUE_MAP ? !parse_map(v, diag, &a) : !parse_name(v, diag, &a.kind))
        return false;
    if (v->kind != VALUE_MAP)
        memcpy(a.arg, act_defs[a.kind].arg_default, sizeof a.arg);
    if (a.kind == ACT_LINEAR)
        return true;
    kept = NEW(pool, struct activation);
    *kept = a;
    *out = kept;
    return true;
}

const char *act_text(struct pool *pool, const struct activation *a)
{
    const struct act_def *d = &act_defs[a->kind];
    const char *text = d->name;

    for (int i = 0; i < d->args; i++)
        text = pool_printf(pool, "%s%s%.9g", text, i ? ", " : "(", (double)a->arg[i]);
    return d->args ? pool_printf(pool, "%s)", text) : text;
}
