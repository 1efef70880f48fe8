#include "labels.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "below.h"
#include "limits.h"
#include "storage.h"
#include "text.h"

enum { LABEL_BYTES = 255 };        /* of one: C99 promises strings of 4095 characters, with escapes */
enum { NAMES_SHOWN = 8 };          /* of outputs, in a message */

struct reading {
    struct graph *g;
    struct file_list *reads;
    struct diag *diag;
    size_t room;                   /* bytes that files may still have, all together */
};

static void add_label(struct reading *r, struct label_list *list, const char *text, size_t len,
        struct span at)
{
    if (len > LABEL_BYTES)
        diag_error(r->diag, DIAG_TOO_LARGE, at, "a label of %zu bytes: the limit is %d", len,
                LABEL_BYTES);
    vec_push(r->g->pool, &list->label, ((struct label){text, len}));
}

/* ---- a list ---------------------------------------------------------------------------------- */

static void read_list(struct reading *r, const struct value *v, struct label_list *list)
{
    for (int i = 0; i < v->item.n; i++) {
        const struct value *item = v->item.at[i];
        bool scalar = item->kind == VALUE_SCALAR && !value_is_null(item);
        if (!scalar)
            diag_error(r->diag, DIAG_WRONG_TYPE, item->at, "a label is a string, not %s",
                    value_kind_name(item));
        add_label(r, list, scalar ? item->text : "", scalar ? item->len : 0, item->at);
    }
}

/* ---- a file ---------------------------------------------------------------------------------- */

/* The file of the path v in the specification's folder; NULL after an error. */
static const struct source *open_file(struct reading *r, const struct value *v)
{
    struct pool *pool = r->g->pool;
    const char *folder = folder_of(pool, r->g->spec->src->path);
    const char *why = below_refused(pool, v->text, "the spec");
    struct source *src = NEW(pool, struct source);
    int fd = why ? -1 : open_below(pool, folder, v->text);
    if (!why && fd < 0)
        why = pool_printf(pool, "can't be read: %s", below_has_link(pool, folder, v->text)
                ? "it goes through a symbolic link" : strerror(errno));
    if (fd >= 0)
        switch (source_read_open(pool, fd, pool_printf(pool, "%s%s", folder, v->text), r->room,
                src)) {
        case SOURCE_OK:
            r->room -= src->len;
            file_list_add(pool, r->reads, src->path);
            return src;
        case SOURCE_ERRNO:
            why = pool_printf(pool, "can't be read: %s", strerror(errno));
            break;
        case SOURCE_NOT_REGULAR:
            why = "is not a regular file";
            break;
        case SOURCE_TOO_BIG:
            why = pool_printf(pool, "is larger than %d MiB%s", LIMIT_LABELS_BYTES >> 20,
                    r->room < LIMIT_LABELS_BYTES ? ", together with those before it" : "");
        }
    diag_error(r->diag, DIAG_LABEL_FILE, v->at, "the file of labels '%s' %s",
            text_quote(r->diag, v->text), why);
    if (below_refused(pool, v->text, "the spec"))
        diag_help(r->diag, "name a file in the spec's folder or below it");
    return NULL;
}

/* Text that shows as it is: else an error that names the first character which doesn't. */
static bool check_line(struct reading *r, const char *text, size_t len, struct span at)
{
    uint32_t code = 0;
    if (len == 0) {
        diag_error(r->diag, DIAG_LABEL_FILE, at,
                "line %d is empty: a file of labels has one in each line", at.line);
        return false;
    }
    for (size_t i = 0, n; i < len; i += n, at.col++) {
        n = utf8_next(text + i, len - i, &code);
        if (n == 0)
            diag_error(r->diag, DIAG_LABEL_FILE, at, "byte %zu of line %d is not UTF-8", i + 1,
                    at.line);
        else if (char_is_hostile(code))
            diag_error(r->diag, DIAG_LABEL_FILE, at,
                    "byte %zu of line %d begins U+%04X, a control character or mark that doesn't "
                    "show", i + 1, at.line, (unsigned)code);
        if (n == 0 || char_is_hostile(code))
            return false;
    }
    return true;
}

/* A label a line, behind a byte order mark or not; lines end in LF or CRLF, the last one or not.
 * False: an error. */
static bool read_lines(struct reading *r, const struct source *src, struct label_list *list)
{
    struct span at = {src, 1, 1, 0};
    for (size_t i = source_bom(src); i < src->len; at.line++) {
        const char *line = src->text + i, *end = memchr(line, '\n', src->len - i);
        size_t len = end ? (size_t)(end - line) : src->len - i;
        i += len + 1;
        len -= end && len && line[len - 1] == '\r';
        if (!check_line(r, line, len, at))
            return false;
        add_label(r, list, line, len, at);
    }
    return true;
}

/* ---- whose they are -------------------------------------------------------------------------- */

/* As many as the output has channels. */
static void check_count(struct reading *r, const struct label_list *list, const struct value *v)
{
    const struct tensor *t = r->g->output.at[list->output];
    const int classes = t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 0, n = list->label.n;
    const char *in = v->kind == VALUE_LIST ? ""
            : pool_printf(r->g->pool, " in '%s'", text_quote(r->diag, v->text));
    if (n == classes)
        return;
    diag_error(r->diag, DIAG_BAD_VALUE, v->at, "%d label%s%s for the %d channel%s of output '%s'",
            n, n == 1 ? "" : "s", in, classes, classes == 1 ? "" : "s", t->name);
    diag_note(r->diag, t->maker->at, "the output is made here");
}

/* v is a list or a path. */
static void read_output(struct reading *r, const struct value *v, int output)
{
    struct label_list list = {.output = output};
    if (v->kind == VALUE_LIST && v->item.n) {
        read_list(r, v, &list);
    } else if (value_is_string(v)) {
        const struct source *src = open_file(r, v);
        if (!src || !read_lines(r, src, &list))
            return;
    } else {
        diag_error(r->diag, DIAG_WRONG_TYPE, v->at,
                "labels are a list of strings or the path of a text file, not %s",
                v->kind == VALUE_LIST ? "an empty list" : value_kind_name(v));
        return;
    }
    check_count(r, &list, v);
    vec_push(r->g->pool, &r->g->labels, list);
}

/* The names of the first outputs: "prob, feat". */
static const char *output_names(const struct graph *g)
{
    const char *text = "";
    for (int i = 0; i < g->output.n && i < NAMES_SHOWN; i++)
        text = pool_printf(g->pool, "%s%s%s", text, i ? ", " : "", g->output.at[i]->name);
    return g->output.n > NAMES_SHOWN ? pool_printf(g->pool, "%s, ...", text) : text;
}

static bool is_output(const struct graph *g, const char *name)
{
    for (int i = 0; i < g->output.n; i++)
        if (!strcmp(name, g->output.at[i]->name))
            return true;
    return false;
}

/* The first of the keys that is no output is an error; true: there is none. */
static bool check_keys(struct reading *r, const struct value *map)
{
    for (int k = 0; k < map->entry.n; k++) {
        const struct entry *e = &map->entry.at[k];
        if (is_output(r->g, e->key))
            continue;
        diag_error(r->diag, DIAG_UNKNOWN_INPUT, e->key_at, "labels for '%s', which is no output",
                text_quote(r->diag, e->key));
        diag_help(r->diag, "the outputs are: %s", output_names(r->g));
        return false;
    }
    return true;
}

/* In the order of the outputs, whatever the order in the mapping. */
static void read_map(struct reading *r, const struct value *map)
{
    if (!check_keys(r, map))
        return;
    for (int i = 0; i < r->g->output.n; i++) {
        const struct entry *e = value_find(map, r->g->output.at[i]->name);
        if (e)
            read_output(r, e->val, i);
    }
}

void labels_read(struct graph *g, struct file_list *reads, struct diag *diag)
{
    struct reading r = {g, reads, diag, LIMIT_LABELS_BYTES};
    const struct value *v = g->spec->labels;
    if (!v)
        return;
    if (v->kind == VALUE_MAP && v->entry.n) {
        read_map(&r, v);
    } else if (v->kind == VALUE_MAP) {
        diag_error(diag, DIAG_WRONG_TYPE, v->at,
                "'labels' is an empty mapping: it needs the name of an output");
    } else if (g->output.n == 1) {
        read_output(&r, v, 0);
    } else {
        diag_error(diag, DIAG_MISSING_KEY, v->at,
                "'labels' has to say whose they are: this model has %d outputs", g->output.n);
        diag_help(diag, "write labels: {%s: ...}", g->output.at[g->output.n - 1]->name);
    }
}

void labels_write(const struct label_list *list, struct out *out)
{
    for (int i = 0; i < list->label.n; i++) {
        const struct label *l = &list->label.at[i];
        char text[4 * LABEL_BYTES + 3];
        const size_t n = storage_literal((const unsigned char *)l->text, l->len, text);
        out_printf(out, "    %.*s,\n", (int)n - 1, text);   /* without its newline */
    }
}
