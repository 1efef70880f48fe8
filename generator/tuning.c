#include "tuning.h"

#include <string.h>

#include "limits.h"
#include "storage.h"
#include "text.h"
#include "value.h"
#include "version.h"

enum { VERSION = 1 };

struct reader {
    struct pool *pool;
    struct diag *diag;
    struct tuning *tuning;
};

/* ---- reading --------------------------------------------------------------------------------- */

static void read_time(struct reader *r, struct tuned *tuned, int t, const struct entry *e)
{
    const char *known[KERNEL_COUNT];
    int k = -1;
    double us;
    for (int i = 0; i < KERNEL_COUNT; i++) {
        known[i] = kernels[i]->name;
        if (!strcmp(known[i], e->key))
            k = i;
    }
    if (k < 0) {
        const char *near = closest(e->key, known, KERNEL_COUNT);
        diag_error(r->diag, DIAG_TUNING, e->key_at, "there is no kernel '%s'",
                text_quote(r->diag, e->key));
        if (near)
            diag_help(r->diag, "did you mean '%s'?", near);
        else
            diag_help(r->diag, "if the file is of another version of cnngen, measure again with "
                    "'cnngen tune'");
    } else if (!value_float(e->val, &us) || !(us > 0 && us < 1e12)) {
        diag_error(r->diag, DIAG_TUNING, e->val->at,
                "the time of '%s' is a number of microseconds above 0, not %s", e->key,
                e->val->kind == VALUE_SCALAR && e->val->len
                        ? pool_printf(r->pool, "'%s'", text_quote(r->diag, e->val->text))
                        : value_kind_name(e->val));
    } else {
        tuned->us[t][k] = us;
        tuned->at[t][k] = e->key_at;
    }
}

static void read_times(struct reader *r, struct tuned *tuned, const struct entry *e)
{
    const char *known[TARGET_COUNT];
    int t = -1;
    for (int i = 0; i < TARGET_COUNT; i++) {
        known[i] = targets[i].name;
        if (!strcmp(known[i], e->key))
            t = i;
    }
    if (t < 0) {
        const char *near = closest(e->key, known, TARGET_COUNT);
        diag_error(r->diag, DIAG_TUNING, e->key_at, "there is no target '%s'",
                text_quote(r->diag, e->key));
        if (near)
            diag_help(r->diag, "did you mean '%s'?", near);
    } else if (e->val->kind != VALUE_MAP) {
        diag_error(r->diag, DIAG_TUNING, e->val->at, "times are a map of kernels to microseconds, "
                "not %s", value_kind_name(e->val));
    } else {
        for (int i = 0; i < e->val->entry.n; i++)
            read_time(r, tuned, t, &e->val->entry.at[i]);
    }
}

static void read_group(struct reader *r, const struct value *v)
{
    const struct entry *name = v->kind == VALUE_MAP ? value_find(v, "group") : NULL;
    if (!name || name->val->kind != VALUE_SCALAR || !name->val->len) {
        diag_error(r->diag, DIAG_TUNING, v->at,
                "an entry of 'groups' is a map with 'group' and times for each target");
        return;
    }
    if (tuning_find(r->tuning, name->val->text)) {
        diag_error(r->diag, DIAG_TUNING, name->val->at, "this group has an entry already");
        return;
    }
    struct tuned *tuned = tuning_entry(r->pool, r->tuning, name->val->text);
    for (int i = 0; i < v->entry.n; i++)
        if (&v->entry.at[i] != name)
            read_times(r, tuned, &v->entry.at[i]);
}

/* A text of the top level; "" after an error. */
static const char *read_text(struct reader *r, const struct value *top, const char *key)
{
    const struct entry *e = value_find(top, key);
    if (e && e->val->kind == VALUE_SCALAR)
        return e->val->text;
    diag_error(r->diag, DIAG_TUNING, e ? e->val->at : top->at, "'%s' is missing or no text", key);
    return "";
}

static void check_keys(struct reader *r, const struct value *top)
{
    static const char *const known[] = {"cnngen_tuning", "version", "cpu", "threads", "groups",
            NULL};
    for (int i = 0; i < top->entry.n; i++)
        if (!text_is_one_of(top->entry.at[i].key, known))
            diag_error(r->diag, DIAG_TUNING, top->entry.at[i].key_at, "unknown key '%s'",
                    text_quote(r->diag, top->entry.at[i].key));
}

/* Whether the rest can be understood. */
static bool check_version(struct reader *r, const struct value *top)
{
    const struct entry *e = top->kind == VALUE_MAP ? value_find(top, "cnngen_tuning") : NULL;
    int64_t version;
    if (!e) {
        diag_error(r->diag, DIAG_TUNING, top->at,
                "this is no tuning file: it has no 'cnngen_tuning'");
        diag_help(r->diag, "'cnngen tune' writes such files");
        return false;
    }
    if (value_int(e->val, &version) && version == VERSION)
        return true;
    diag_error(r->diag, DIAG_TUNING, e->val->at,
            "'cnngen_tuning' is the version of the file's format: this cnngen understands %d",
            VERSION);
    return false;
}

/* Times on more threads would not compare with those that tune measures. */
static void check_threads(struct reader *r, const struct value *top)
{
    const struct entry *e = value_find(top, "threads");
    int64_t threads;
    if (!e || !value_int(e->val, &threads) || threads != 1)
        diag_error(r->diag, DIAG_TUNING, e ? e->val->at : top->at,
                "'threads' is 1: times are those of one thread");
}

/* Kernels of another version may be others under the same names. */
static void check_origin(struct reader *r, const struct value *top)
{
    if (!*r->tuning->version || !strcmp(r->tuning->version, CNNGEN_VERSION))
        return;
    diag_warn(r->diag, DIAG_TUNING, value_find(top, "version")->val->at,
            "these times are of the kernels of cnngen %s; this is %s",
            text_quote(r->diag, r->tuning->version), CNNGEN_VERSION);
    diag_help(r->diag, "measure again with 'cnngen tune', into another file");
}

static void read_groups(struct reader *r, const struct value *top)
{
    const struct entry *e = value_find(top, "groups");
    if (!e || e->val->kind != VALUE_LIST) {
        diag_error(r->diag, DIAG_TUNING, e ? e->val->at : top->at,
                "'groups' is missing or no list");
        return;
    }
    for (int i = 0; i < e->val->item.n; i++)
        read_group(r, e->val->item.at[i]);
}

struct tuning *tuning_read(struct pool *pool, const struct source *src, struct diag *diag)
{
    struct reader r = {pool, diag, NEW(pool, struct tuning)};
    const struct value *top = value_parse(pool, src, LIMIT_SPEC_NODES, diag);
    int errors = diag_errors(diag);
    if (!top || !check_version(&r, top))
        return NULL;
    check_keys(&r, top);
    r.tuning->version = read_text(&r, top, "version");
    r.tuning->cpu = read_text(&r, top, "cpu");
    check_origin(&r, top);
    check_threads(&r, top);
    read_groups(&r, top);
    r.tuning->hash = storage_hash(src->text, src->len);
    return diag_errors(diag) > errors ? NULL : r.tuning;
}

/* ---- entries --------------------------------------------------------------------------------- */

struct tuned *tuning_find(const struct tuning *tuning, const char *signature)
{
    for (int i = 0; i < tuning->group.n; i++)
        if (!strcmp(tuning->group.at[i]->group, signature))
            return tuning->group.at[i];
    return NULL;
}

struct tuned *tuning_entry(struct pool *pool, struct tuning *tuning, const char *signature)
{
    struct tuned *tuned = tuning_find(tuning, signature);
    if (tuned)
        return tuned;
    tuned = NEW(pool, struct tuned);
    tuned->group = pool_copy(pool, signature, strlen(signature));
    vec_push(pool, &tuning->group, tuned);
    return tuned;
}

/* Whatever the mode of calculation allows: it leaves kernels out that the file may well know. */
static void check_group(const struct tuned *tuned, const struct group *g, struct diag *diag)
{
    struct group free = *g;
    free.math = MATH_FAST;
    for (int t = 0; t < TARGET_COUNT; t++)
        for (int k = 0; k < KERNEL_COUNT; k++) {
            if (!(tuned->us[t][k] > 0) || kernel_takes(kernels[k], &free))
                continue;
            diag_error(diag, DIAG_TUNING, tuned->at[t][k], "kernel '%s' can't compute this group",
                    kernels[k]->name);
            diag_note(diag, g->main->at, "this layer has its shapes and arguments");
        }
}

void tuning_check(struct pool *pool, const struct tuning *tuning, const struct groups *groups,
        int64_t batch, struct diag *diag)
{
    bool *seen = NEW_ARRAY(pool, bool, tuning->group.n + 1);
    for (int i = 0; i < groups->list.n; i++) {
        const char *signature = group_signature(pool, groups->list.at[i], batch);
        for (int k = 0; k < tuning->group.n; k++)
            if (!seen[k] && !strcmp(tuning->group.at[k]->group, signature)) {
                seen[k] = true;
                check_group(tuning->group.at[k], groups->list.at[i], diag);
            }
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static void print_quoted(struct out *out, const char *text)
{
    out_printf(out, "'");
    for (const char *c = text; *c; c++)
        out_printf(out, "%s%c", *c == '\'' ? "'" : "", *c);
    out_printf(out, "'");
}

static void print_times(const struct tuned *tuned, int t, struct out *out)
{
    const char *before = "{";
    for (int k = 0; k < KERNEL_COUNT; k++)
        if (tuned->us[t][k] > 0) {
            if (*before == '{')
                out_printf(out, "  %s: ", targets[t].name);
            out_printf(out, "%s%s: %.3f", before, kernels[k]->name, tuned->us[t][k]);
            before = ", ";
        }
    if (*before == ',')
        out_printf(out, "}\n");
}

void tuning_print(const struct tuning *tuning, struct out *out)
{
    out_printf(out, "# Times of kernels, measured by cnngen tune, for --tuning: microseconds of a "
            "step on one\n# thread. What is taken out, cnngen tune measures again.\n");
    out_printf(out, "cnngen_tuning: %d\nversion: %s\ncpu: ", VERSION, tuning->version);
    print_quoted(out, tuning->cpu);
    out_printf(out, "\nthreads: 1\ngroups:%s\n", tuning->group.n ? "" : " []");
    for (int i = 0; i < tuning->group.n; i++) {
        out_printf(out, "- group: ");
        print_quoted(out, tuning->group.at[i]->group);
        out_printf(out, "\n");
        for (int t = 0; t < TARGET_COUNT; t++)
            print_times(tuning->group.at[i], t, out);
    }
}
