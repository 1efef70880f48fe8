#include "diag.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "out.h"

enum severity { ERROR, WARNING, NOTE, HELP };

struct message {
    enum severity severity;
    enum diag_id id;  /* of an error or a warning */
    struct span at;
    const char *text;
};

struct diag {
    struct pool *pool;
    VEC(struct message) message;
    int errors, warnings;
    bool muted;  /* notes and help of what was left out are left out too */
};

static const struct { const char *name, *doc; } ids[] = {
#define DIAG(id, name, doc) {name, doc},
#include "diag.def"
#undef DIAG
};

const char *diag_name(enum diag_id id) { return ids[id].name; }
const char *diag_doc(enum diag_id id) { return ids[id].doc; }

struct diag *diag_new(struct pool *pool)
{
    struct diag *d = NEW(pool, struct diag);
    d->pool = pool;
    return d;
}

PRINTF_LIKE(5, 0)
static void add(struct diag *d, enum severity severity, enum diag_id id, struct span at,
        const char *fmt, va_list args)
{
    if (!d->muted)
        vec_push(d->pool, &d->message,
                (struct message){severity, id, at, pool_vprintf(d->pool, fmt, args)});
}

void diag_error(struct diag *d, enum diag_id id, struct span at, const char *fmt, ...)
{
    va_list args;
    d->muted = ++d->errors > MAX_ERRORS;
    va_start(args, fmt);
    add(d, ERROR, id, at, fmt, args);
    va_end(args);
}

void diag_warn(struct diag *d, enum diag_id id, struct span at, const char *fmt, ...)
{
    va_list args;
    d->muted = ++d->warnings > MAX_ERRORS;
    va_start(args, fmt);
    add(d, WARNING, id, at, fmt, args);
    va_end(args);
}

void diag_note(struct diag *d, struct span at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(d, NOTE, DIAG_COUNT, at, fmt, args);
    va_end(args);
}

void diag_help(struct diag *d, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(d, HELP, DIAG_COUNT, (struct span){0}, fmt, args);
    va_end(args);
}

bool diag_failed(const struct diag *d) { return d->errors > 0; }
int diag_errors(const struct diag *d) { return d->errors; }
int diag_warnings(const struct diag *d) { return d->warnings; }

/* ---- characters ------------------------------------------------------------------------------ */

/* One character of text as it may be shown, into shown[]; the bytes it took. */
static size_t show_char(const char *text, size_t len, char shown[24])
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t code = 0;
    size_t n = utf8_next(text, len, &code), at = 0;
    if (n && !char_is_hostile(code)) {
        memcpy(shown, text, n);
        shown[n] = 0;
        return n;
    }
    if (n == 0)
        n = 1;
    for (size_t i = 0; i < n; i++, at += 4) {
        static const char hex[] = "0123456789abcdef";
        memcpy(shown + at, "\\x", 2);
        shown[at + 2] = hex[s[i] >> 4];
        shown[at + 3] = hex[s[i] & 15];
    }
    shown[at] = 0;
    return n;
}

/* Columns of a terminal that a shown character takes: East Asian ones and emoji two, accents 0. */
static int width(const char *shown)
{
    static const struct { uint32_t first, last; int columns; } unusual[] = {
        {0x300, 0x36f, 0},       {0x1100, 0x115f, 2},     {0x200b, 0x200d, 0},
        {0x20d0, 0x20ff, 0},     {0x2e80, 0x303e, 2},     {0x3041, 0xa4cf, 2},
        {0xac00, 0xd7a3, 2},     {0xf900, 0xfaff, 2},     {0xfe00, 0xfe0f, 0},
        {0xfe30, 0xfe6f, 2},     {0xff00, 0xff60, 2},     {0xffe0, 0xffe6, 2},
        {0x1f300, 0x1f64f, 2},   {0x1f680, 0x1f6ff, 2},   {0x1f900, 0x1faff, 2},
        {0x20000, 0x3fffd, 2},
    };
    size_t len = strlen(shown);
    uint32_t code;
    if (len > 1 && shown[0] == '\\')
        return (int)len;
    if (utf8_next(shown, len, &code) > 1)
        for (size_t i = 0; i < sizeof unusual / sizeof unusual[0]; i++)
            if (code >= unusual[i].first && code <= unusual[i].last)
                return unusual[i].columns;
    return 1;
}

const char *diag_quote(struct diag *d, const char *text, size_t len)
{
    struct out out;
    char shown[24];
    int chars = 0;
    out_init(&out);
    for (size_t i = 0; i < len; chars++) {
        if (chars == 60) {
            out_raw(&out, "...", 3);
            break;
        }
        i += show_char(text + i, len - i, shown);
        out_raw(&out, shown, strlen(shown));
    }
    const char *copy = pool_copy(d->pool, out.text, out.len);
    out_free(&out);
    return copy;
}

/* ---- did you mean ---------------------------------------------------------------------------- */

enum { LONGEST_WORD = 40 };

/* Edits (insert, delete, replace, swap neighbours) from a to b; letters compare without case. */
static int distance(const char *a, const char *b)
{
    int d[LONGEST_WORD + 1][LONGEST_WORD + 1];
    int n = (int)strlen(a), m = (int)strlen(b);
    for (int i = 0; i <= n; i++)
        d[i][0] = i;
    for (int j = 0; j <= m; j++)
        d[0][j] = j;
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            int best = d[i - 1][j - 1] + (x != y);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                    y == tolower((unsigned char)a[i - 2]) && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[n][m];
}

const char *closest(const char *word, const char *const *known, int n)
{
    const char *best = NULL;
    if (strlen(word) > LONGEST_WORD)
        return NULL;
    int limit = strlen(word) < 3 ? 0 : ((int)strlen(word) + 2) / 3;
    for (int i = 0; i < n; i++) {
        if (strlen(known[i]) > LONGEST_WORD)
            continue;
        int edits = distance(word, known[i]);
        if (edits <= limit && strcmp(word, known[i])) {
            limit = edits - 1;
            best = known[i];
        }
    }
    return best;
}

/* ---- printing -------------------------------------------------------------------------------- */

static const struct { const char *word, *escape; } styles[] = {
    [ERROR] = {"error", "\033[1;31m"},
    [WARNING] = {"warning", "\033[1;35m"},
    [NOTE] = {"note", "\033[1;36m"},
    [HELP] = {"help", "\033[1;32m"},
};

static void styled(struct out *out, enum severity s, const char *text, enum diag_color color)
{
    if (color == COLOR_ALWAYS)
        out_printf(out, "%s%s\033[0m", styles[s].escape, text);
    else if (color == COLOR_TAGS)
        out_printf(out, "<%s>%s</%s>", styles[s].word, text, styles[s].word);
    else
        out_printf(out, "%s", text);
}

enum { SHOWN_WIDTH = 100 };  /* columns of a source line that are printed */

/* As show_char, but for a line of a source: a tab is one blank. */
static size_t show_line_char(const char *text, size_t len, char shown[24])
{
    if (*text != '\t')
        return show_char(text, len, shown);
    memcpy(shown, " ", 2);
    return 1;
}

/* How many characters in front of column col are left out, so that a long line shows its place. */
static int skipped_chars(const char *line, size_t len, int col)
{
    char shown[24];
    int before = 0, skipped = 0;
    size_t i = 0;
    for (int c = 1; c < col && i < len; c++) {
        i += show_line_char(line + i, len - i, shown);
        before += width(shown);
    }
    if (before < SHOWN_WIDTH - 20)
        return 0;
    for (i = 0; before > SHOWN_WIDTH / 2; skipped++) {
        i += show_line_char(line + i, len - i, shown);
        before -= width(shown);
    }
    return skipped;
}

/* The line of m, and under it "^~~~": tabs become blanks, long lines are cut around the place. */
static void print_caret(struct out *out, const struct message *m, enum diag_color color)
{
    size_t len;
    const char *line = source_line(m->at.src, m->at.line, &len);
    int skipped = skipped_chars(line, len, m->at.col);
    int col = 1, mark_at = -1, mark_len = 0, columns = skipped ? 3 : 0;
    char shown[24], number[16], mark[2 * SHOWN_WIDTH] = "^";

    int margin = snprintf(number, sizeof number, "%5d", m->at.line);
    out_printf(out, "%s | %s", number, skipped ? "..." : "");
    for (size_t i = 0; i < len; col++) {
        i += show_line_char(line + i, len - i, shown);
        if (col <= skipped)
            continue;
        if (col == m->at.col)
            mark_at = columns;
        if (mark_at >= 0 && col < m->at.col + (m->at.len ? m->at.len : 1))
            mark_len += width(shown);
        out_printf(out, "%s", shown);
        columns += width(shown);
        if (columns > SHOWN_WIDTH && i < len) {
            out_printf(out, "...");
            break;
        }
    }
    out_printf(out, "\n%*s | %*s", margin, "", mark_at < 0 ? columns : mark_at, "");
    if (mark_len > (int)sizeof mark - 1)
        mark_len = (int)sizeof mark - 1;
    if (mark_len > 1)
        memset(mark + 1, '~', (size_t)mark_len - 1);
    styled(out, m->severity, mark, color);
    out_printf(out, "\n");
}

static void print_escaped(struct out *out, const char *text)
{
    char shown[24];
    for (size_t i = 0, len = strlen(text); i < len;) {
        i += show_char(text + i, len - i, shown);
        out_printf(out, "%s", shown);
    }
}

static void print_message(struct out *out, const struct message *m, enum diag_color color)
{
    const char *word = styles[m->severity].word;
    bool placed = m->at.src && m->at.line > 0;
    if (m->severity != HELP) {
        print_escaped(out, m->at.src ? m->at.src->path : "cnngen");
        out_printf(out, ":");
    }
    if (placed)
        out_printf(out, "%d:%d:", m->at.line, m->at.col);
    if (m->severity != HELP)
        out_printf(out, " ");
    char label[16];
    size_t n = strlen(word);
    memcpy(label, word, n);
    memcpy(label + n, ":", 2);
    styled(out, m->severity, label, color);
    out_printf(out, " %s", m->text);
    if (m->id != DIAG_COUNT)
        out_printf(out, " [%s]", diag_name(m->id));
    out_printf(out, "\n");
    if (placed)
        print_caret(out, m, color);
}

void diag_print(struct diag *d, struct out *out, enum diag_color color, bool quiet)
{
    bool skip = false;
    for (int i = 0; i < d->message.n; i++) {
        const struct message *m = &d->message.at[i];
        if (m->severity == ERROR || m->severity == WARNING)
            skip = quiet && m->severity == WARNING;
        if (!skip)
            print_message(out, m, color);
    }
    if (d->errors > MAX_ERRORS && d->message.n)
        out_printf(out, d->errors == MAX_ERRORS + 1 ? "1 more error is not shown\n"
                : "%d more errors are not shown\n", d->errors - MAX_ERRORS);
    d->message.n = 0;
}
