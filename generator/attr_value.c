#include "attr.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- values ---------------------------------------------------------------------------------- */

/* One value on its way into an operator's struct. */
struct parse {
    struct pool *pool;
    struct diag *diag;
    const struct attr_def *def;
    void *to;                         /* the field */
};

/* The value as messages show it: 'same', a list, null. */
static const char *shown(struct parse *p, const struct value *v)
{
    if (v->kind != VALUE_SCALAR || value_is_null(v))
        return value_kind_name(v);
    return pool_printf(p->pool, v->quoted ? "the string '%s'" : "'%s'",
            diag_quote(p->diag, v->text, v->len));
}

void attr_range(const struct attr_def *def, double *min, double *max)
{
    bool has_range = def->min != 0 || def->max != 0;
    bool is_real = def->type == ATTR_FLOAT || def->type == ATTR_FLOATS;
    bool is_border = def->type == ATTR_PADDING || def->type == ATTR_BORDER ||
                     def->type == ATTR_PADS;
    *min = has_range ? def->min : is_real ? -HUGE_VAL : is_border ? 0
            : def->type == ATTR_SHAPE ? 1 : INT32_MIN;
    *max = has_range && def->max > def->min ? def->max : is_real ? HUGE_VAL
            : is_border ? MAX_BORDER : INT32_MAX;
}

static bool in_range(const struct attr_def *def, double x)
{
    double min, max;
    attr_range(def, &min, &max);
    return x >= min && x <= max;
}

/* " from 1 to 8", " of at least 1", ""; a maximum far away is told only to those who pass it. */
static const char *range_text(struct parse *p, double x)
{
    const double far = 1e6;
    double min, max;
    attr_range(p->def, &min, &max);
    bool has_min = min > INT32_MIN, has_max = max < far || (x > max && max < HUGE_VAL);
    if (has_min && has_max)
        return pool_printf(p->pool, " from %.15g to %.15g", min, max);
    if (has_min)
        return pool_printf(p->pool, " of at least %.15g", min);
    return has_max ? pool_printf(p->pool, " of at most %.15g", max) : "";
}

/* What would have been right: 3 for 3.0 and "3". */
static void suggest_number(struct parse *p, const struct value *v)
{
    struct value plain = *v;
    double x;
    plain.quoted = false;
    if (v->kind != VALUE_SCALAR)
        return;
    if (v->quoted && value_float(&plain, &x) && in_range(p->def, x))
        diag_help(p->diag, "delete the quotes");
    else if (p->def->type != ATTR_FLOAT && p->def->type != ATTR_FLOATS && value_float(v, &x) &&
             x == floor(x) && in_range(p->def, x))
        diag_help(p->diag, "write %.0f", x);
}

/* One number, alone or in a list. */
static bool parse_number(struct parse *p, const struct value *v, bool in_list, int *to)
{
    int64_t n = 0;
    double x = 0;
    bool is_int = value_int(v, &n) || !strcmp(value_kind_name(v), "an integer");
    value_float(v, &x);
    if (is_int && x >= INT32_MIN && x <= INT32_MAX && in_range(p->def, x)) {
        *to = (int)n;
        return true;
    }
    diag_error(p->diag, is_int ? DIAG_BAD_VALUE : DIAG_WRONG_TYPE, v->at,
            in_list ? "'%s' holds integers%s, not %s" : "'%s' is an integer%s, not %s", p->def->key,
            range_text(p, x), shown(p, v));
    suggest_number(p, v);
    return false;
}

static bool parse_int(struct parse *p, const struct value *v)
{
    return parse_number(p, v, false, p->to);
}

static bool parse_real(struct parse *p, const struct value *v, bool in_list, float *to)
{
    double x = 0;
    bool is_number = value_float(v, &x), is_single = fabs(x) <= (double)FLT_MAX;
    if (is_number && is_single && in_range(p->def, x)) {
        *to = (float)x;
        return true;
    }
    const char *kind = is_single ? "" : "finite single-precision ";
    diag_error(p->diag, is_number ? DIAG_BAD_VALUE : DIAG_WRONG_TYPE, v->at,
            in_list ? "'%s' holds %snumbers%s, not %s" : "'%s' is a %snumber%s, not %s",
            p->def->key, kind, is_single ? range_text(p, x) : "", shown(p, v));
    suggest_number(p, v);
    return false;
}

static bool parse_float(struct parse *p, const struct value *v)
{
    return parse_real(p, v, false, p->to);
}

static bool parse_bool(struct parse *p, const struct value *v)
{
    static const struct { const char *text, *means; } others[] = {
        {"1", "true"}, {"yes", "true"}, {"on", "true"},
        {"0", "false"}, {"no", "false"}, {"off", "false"},
    };
    if (value_bool(v, p->to))
        return true;
    diag_error(p->diag, DIAG_WRONG_TYPE, v->at, "'%s' is true or false, not %s", p->def->key,
            shown(p, v));
    for (size_t i = 0; v->kind == VALUE_SCALAR && i < sizeof others / sizeof others[0]; i++)
        if (!strcmp(v->text, others[i].text))
            diag_help(p->diag, "write %s", others[i].means);
    return false;
}

static const char *word_list(struct pool *pool, const char *const *words)
{
    const char *text = words[0];
    for (int i = 1; words[i]; i++)
        text = pool_printf(pool, "%s%s%s", text, words[i + 1] ? ", " : " or ", words[i]);
    return text;
}

static int word_count(const char *const *words)
{
    int n = 0;
    while (words[n])
        n++;
    return n;
}

static bool parse_word(struct parse *p, const struct value *v)
{
    const char *const *words = p->def->words;
    for (int i = 0; v->kind == VALUE_SCALAR && words[i]; i++)
        if (!strcmp(v->text, words[i])) {
            *(int *)p->to = i;
            return true;
        }
    bool is_text = value_is_string(v);
    diag_error(p->diag, is_text ? DIAG_BAD_VALUE : DIAG_WRONG_TYPE, v->at, "'%s' is %s, not %s",
            p->def->key, word_list(p->pool, words), shown(p, v));
    const char *near = is_text ? closest(v->text, words, word_count(words)) : NULL;
    if (near)
        diag_help(p->diag, "did you mean '%s'?", near);
    return false;
}

static bool parse_two(struct parse *p, const struct value *list, int to[2])
{
    bool ok = parse_number(p, list->item.at[0], true, &to[0]);
    return parse_number(p, list->item.at[1], true, &to[1]) && ok;
}

static void report_form(struct parse *p, const struct value *v, const char *forms)
{
    const char *what = v->kind != VALUE_LIST ? shown(p, v) : !v->item.n ? "an empty list"
            : pool_printf(p->pool, "a list of %d", v->item.n);
    diag_error(p->diag, DIAG_WRONG_TYPE, v->at, "'%s' is %s, not %s", p->def->key, forms, what);
}

static bool is_number(const struct value *v)
{
    return !strcmp(value_kind_name(v), "an integer");
}

static bool parse_pair(struct parse *p, const struct value *v)
{
    int *to = p->to;
    if (v->kind == VALUE_LIST && v->item.n == 2)
        return parse_two(p, v, to);
    if (!is_number(v)) {
        report_form(p, v, "an integer, or two of them: [height, width]");
        suggest_number(p, v);
        return false;
    }
    bool ok = parse_number(p, v, false, &to[0]);
    to[1] = to[0];
    return ok;
}

static bool is_list_of_pairs(const struct value *v)
{
    bool ok = v->item.n == 2;
    for (int i = 0; ok && i < 2; i++)
        ok = v->item.at[i]->kind == VALUE_LIST && v->item.at[i]->item.n == 2;
    return ok;
}

/* n, [h, w] or [[top, bottom], [left, right]] into top bottom left right. */
static bool parse_borders(struct parse *p, const struct value *v, const char *forms, int to[4])
{
    if (is_list_of_pairs(v)) {
        bool ok = parse_two(p, v->item.at[0], to);
        return parse_two(p, v->item.at[1], to + 2) && ok;
    }
    bool is_pair = v->kind == VALUE_LIST && v->item.n == 2 &&
                   v->item.at[0]->kind == VALUE_SCALAR && v->item.at[1]->kind == VALUE_SCALAR;
    int n[2];
    if (!is_pair && !is_number(v)) {
        report_form(p, v, forms);
        suggest_number(p, v);
        return false;
    }
    if (is_pair ? !parse_two(p, v, n) : !parse_number(p, v, false, &n[0]))
        return false;
    to[0] = to[1] = n[0];
    to[2] = to[3] = is_pair ? n[1] : n[0];
    return true;
}

static bool parse_border(struct parse *p, const struct value *v)
{
    return parse_borders(p, v, "n, [height, width] or [[top, bottom], [left, right]]", p->to);
}

static const char *const padding_words[] = {"valid", "same", NULL};

static bool parse_padding(struct parse *p, const struct value *v)
{
    static const char *const not_here[] = {"causal", "full", NULL};
    struct padding *to = p->to;
    *to = (struct padding){PAD_EXPLICIT, {0}};
    if (!value_is_string(v))
        return parse_borders(p, v,
                "valid, same, n, [height, width] or [[top, bottom], [left, right]]", to->border);
    for (int i = 0; padding_words[i]; i++)
        if (!strcmp(v->text, padding_words[i])) {
            to->kind = i ? PAD_SAME : PAD_VALID;
            return true;
        }
    for (int i = 0; not_here[i]; i++)
        if (!strcmp(v->text, not_here[i])) {
            diag_error(p->diag, DIAG_UNSUPPORTED, v->at, "Keras' padding %s is not to be had",
                    v->text);
            diag_help(p->diag, "padding takes numbers too: [[top, bottom], [left, right]]");
            return false;
        }
    const char *near = closest(v->text, padding_words, 2);
    diag_error(p->diag, DIAG_BAD_VALUE, v->at, "'%s' is valid, same or numbers, not %s",
            p->def->key, shown(p, v));
    if (near)
        diag_help(p->diag, "did you mean '%s'?", near);
    return false;
}

/* "null" in a shape is how Keras writes a size that is not known: the batch's, in front. */
static bool refuse_unknown_size(struct parse *p, const struct value *list)
{
    int i = 0, bad = 0;
    while (i < list->item.n && !value_is_null(list->item.at[i]))
        i++;
    if (i == list->item.n)
        return true;
    diag_error(p->diag, DIAG_UNSUPPORTED, list->item.at[i]->at,
            "'%s' has a size that is not known: cnngen needs all of them", p->def->key);
    const char *rest = NULL;
    for (int k = 1; k < list->item.n; k++) {
        int64_t n;
        bad += !value_int(list->item.at[k], &n) || n < 1;
        rest = bad ? NULL
                   : pool_printf(p->pool, "%s%s%lld", rest ? rest : "", rest ? ", " : "",
                             (long long)n);
    }
    if (i == 0 && rest)
        diag_help(p->diag, "leave out the batch: [%s]", rest);
    return false;
}

static bool parse_shape(struct parse *p, const struct value *v)
{
    struct shape *to = p->to;
    int open = 0;
    bool ok = true;
    if (v->kind != VALUE_LIST) {
        report_form(p, v, "a list of sizes");
        if (is_number(v))
            diag_help(p->diag, "write [%s]", v->text);
        return false;
    }
    if (v->item.n < 1 || v->item.n > LIMIT_RANK) {
        diag_error(p->diag, DIAG_BAD_VALUE, v->at, "'%s' has 1 to %d dimensions, not %d",
                p->def->key, LIMIT_RANK, v->item.n);
        return false;
    }
    if (!refuse_unknown_size(p, v))
        return false;
    *to = (struct shape){.rank = v->item.n};
    for (int i = 0; i < to->rank; i++) {
        ok = parse_number(p, v->item.at[i], true, &to->dim[i]) && ok;
        if (ok && to->dim[i] < 1 && (to->dim[i] == 0 || ++open > 1)) {
            diag_error(p->diag, DIAG_BAD_VALUE, v->item.at[i]->at, "'%s' holds %s", p->def->key,
                    to->dim[i] ? "-1 (what remains) at most once" : "sizes of at least 1, not '0'");
            ok = false;
        }
    }
    return ok;
}

static bool parse_floats(struct parse *p, const struct value *v)
{
    bool is_list = v->kind == VALUE_LIST, ok = true;
    int n = is_list ? v->item.n : 1;
    float *at = NEW_ARRAY(p->pool, float, n ? n : 1);
    if (v->kind == VALUE_MAP || n == 0) {
        report_form(p, v, "a number or a list of numbers");
        return false;
    }
    for (int i = 0; i < n; i++)
        ok = parse_real(p, is_list ? v->item.at[i] : v, is_list, &at[i]) && ok;
    *(struct floats *)p->to = (struct floats){n, at};
    return ok;
}

static bool parse_ints(struct parse *p, const struct value *v)
{
    bool is_list = v->kind == VALUE_LIST, ok = true;
    int n = is_list ? v->item.n : 1;
    int *at = NEW_ARRAY(p->pool, int, n ? n : 1);
    if ((!is_list && !is_number(v)) || n == 0) {
        report_form(p, v, "an integer or a list of integers");
        suggest_number(p, v);
        return false;
    }
    for (int i = 0; i < n; i++)
        ok = parse_number(p, is_list ? v->item.at[i] : v, is_list, &at[i]) && ok;
    *(struct ints *)p->to = (struct ints){n, at};
    return ok;
}

/* One to LIMIT_RANK items; reports if not. */
static bool fits_rank(struct parse *p, const struct value *v)
{
    if (v->item.n >= 1 && v->item.n <= LIMIT_RANK)
        return true;
    diag_error(p->diag, DIAG_BAD_VALUE, v->at, "'%s' has 1 to %d entries, not %d", p->def->key,
            LIMIT_RANK, v->item.n);
    return false;
}

static bool parse_indices(struct parse *p, const struct value *v)
{
    struct indices *to = p->to;
    bool is_list = v->kind == VALUE_LIST, ok = true;
    if (!is_list && !is_number(v)) {
        report_form(p, v, "an integer or a list of integers");
        suggest_number(p, v);
        return false;
    }
    if (is_list && !fits_rank(p, v))
        return false;
    *to = (struct indices){.n = is_list ? v->item.n : 1};
    for (int i = 0; i < to->n; i++)
        ok = parse_number(p, is_list ? v->item.at[i] : v, is_list, &to->at[i]) && ok;
    return ok;
}

static bool parse_pads(struct parse *p, const struct value *v)
{
    struct pads *to = p->to;
    bool ok = true;
    if (v->kind != VALUE_LIST) {
        report_form(p, v, "a list of pairs [before, after], one for each dimension");
        return false;
    }
    if (!fits_rank(p, v))
        return false;
    *to = (struct pads){.n = v->item.n};
    for (int i = 0; i < to->n; i++) {
        const struct value *two = v->item.at[i];
        if (two->kind == VALUE_LIST && two->item.n == 2) {
            ok = parse_two(p, two, to->at[i]) && ok;
        } else {
            report_form(p, two, "a list of pairs [before, after], one for each dimension");
            ok = false;
        }
    }
    return ok;
}

static bool parse_activation(struct parse *p, const struct value *v)
{
    const struct activation **to = p->to;
    *to = NULL;
    return value_is_null(v) || act_parse(p->pool, v, p->diag, to);
}

static bool (*const parsers[])(struct parse *, const struct value *) = {
    [ATTR_INT] = parse_int,
    [ATTR_FLOAT] = parse_float,
    [ATTR_BOOL] = parse_bool,
    [ATTR_WORD] = parse_word,
    [ATTR_PAIR] = parse_pair,
    [ATTR_PADDING] = parse_padding,
    [ATTR_BORDER] = parse_border,
    [ATTR_SHAPE] = parse_shape,
    [ATTR_FLOATS] = parse_floats,
    [ATTR_INDICES] = parse_indices,
    [ATTR_INTS] = parse_ints,
    [ATTR_PADS] = parse_pads,
    [ATTR_ACTIVATION] = parse_activation,
};

static void *field(const struct attr_def *def, void *attr, const struct activation **act)
{
    return def->offset == ATTR_TO_NODE ? (void *)act : (char *)attr + def->offset;
}

bool attr_parse(struct pool *pool, const struct attr_def *def, const struct value *v, void *attr,
        const struct activation **act, struct diag *d)
{
    bool absent_by_default = def->fallback && !*def->fallback;
    if (absent_by_default && value_is_null(v))
        return true;  /* "strides: null", as Keras writes what was not given */
    return parsers[def->type](&(struct parse){pool, d, def, field(def, attr, act)}, v);
}

/* ---- values as text -------------------------------------------------------------------------- */

static const char *float_text(struct pool *pool, float x)
{
    const char *text = NULL;
    struct value v = {.kind = VALUE_SCALAR};
    for (int digits = 1; digits <= 9; digits++) {
        double back;
        v.text = text = pool_printf(pool, "%.*g", digits, (double)x);
        if (value_float(&v, &back) && (float)back == x)
            break;
    }
    return text;
}

enum { SHOWN = 4 };                   /* numbers of a list */

static const char *floats_text(struct pool *pool, const struct floats *f)
{
    const char *text = "[";
    if (f->n == 1)
        return float_text(pool, f->at[0]);
    for (int i = 0; i < f->n && i < SHOWN; i++)
        text = pool_printf(pool, "%s%s%s", text, i ? ", " : "", float_text(pool, f->at[i]));
    return pool_printf(pool, f->n > SHOWN ? "%s, ... %d in all]" : "%s]", text, f->n);
}

static const char *ints_text(struct pool *pool, const struct ints *x)
{
    const char *text = "[";
    for (int i = 0; i < x->n && i < SHOWN; i++)
        text = pool_printf(pool, "%s%s%d", text, i ? ", " : "", x->at[i]);
    return pool_printf(pool, x->n > SHOWN ? "%s, ... %d in all]" : "%s]", text, x->n);
}

static const char *indices_text(struct pool *pool, const struct indices *x)
{
    const char *text = "";
    for (int i = 0; i < x->n; i++)
        text = pool_printf(pool, "%s%s%d", text, i ? ", " : "[", x->at[i]);
    return x->n ? pool_printf(pool, "%s]", text) : NULL;
}

static const char *pads_text(struct pool *pool, const struct pads *x)
{
    const char *text = "";
    for (int i = 0; i < x->n; i++)
        text = pool_printf(pool, "%s%s[%d, %d]", text, i ? ", " : "[", x->at[i][0], x->at[i][1]);
    return x->n ? pool_printf(pool, "%s]", text) : NULL;
}

static const char *border_text(struct pool *pool, const int b[4])
{
    if (b[0] != b[1] || b[2] != b[3])
        return pool_printf(pool, "[[%d, %d], [%d, %d]]", b[0], b[1], b[2], b[3]);
    if (b[0] != b[2])
        return pool_printf(pool, "[%d, %d]", b[0], b[2]);
    return pool_printf(pool, "%d", b[0]);
}

static const char *padding_text(struct pool *pool, const struct padding *p)
{
    return p->kind == PAD_EXPLICIT ? border_text(pool, p->border)
                                   : padding_words[p->kind == PAD_SAME];
}

const char *attr_text(struct pool *pool, const struct attr_def *def, const void *attr,
        const struct activation *act)
{
    const void *at = (const char *)attr + (def->offset == ATTR_TO_NODE ? 0 : def->offset);
    const int *n = at;
    switch (def->type) {
    case ATTR_INT: return pool_printf(pool, "%d", *n);
    case ATTR_FLOAT: return float_text(pool, *(const float *)at);
    case ATTR_BOOL: return *(const bool *)at ? "true" : "false";
    case ATTR_WORD: return def->words[*n];
    case ATTR_PAIR: return n[0] || n[1] ? pool_printf(pool, "%dx%d", n[0], n[1]) : NULL;
    case ATTR_PADDING: return padding_text(pool, at);
    case ATTR_BORDER: return border_text(pool, n);
    case ATTR_SHAPE: return ((const struct shape *)at)->rank ? shape_text(pool, at) : NULL;
    case ATTR_FLOATS: return ((const struct floats *)at)->n ? floats_text(pool, at) : NULL;
    case ATTR_INDICES: return indices_text(pool, at);
    case ATTR_INTS: return ((const struct ints *)at)->n ? ints_text(pool, at) : NULL;
    case ATTR_PADS: return pads_text(pool, at);
    case ATTR_ACTIVATION: break;
    }
    if (def->offset != ATTR_TO_NODE)
        act = *(const struct activation *const *)at;
    return act ? act_text(pool, act) : NULL;
}
