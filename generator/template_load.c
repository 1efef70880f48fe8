/* template_load.c: the text of a template -> its tree. */
#include "template.h"

#include <string.h>

#include "template_tree.h"
#include "template_line.h"

enum {
    MAX_SOURCE_BYTES = 1 << 18,
    MAX_BLOCKS = 64             /* one within the other */
};

struct line {
    const char *text, *end;  /* without blanks at the end and the newline */
    int number;              /* 1-based */
    int indent;              /* blanks; of no meaning when the line is blank */
    bool blank;
};

struct loader {
    struct template *t;
    struct reader r;         /* the line that is being read */
    struct scope scope;
    VEC(struct template_def *) def;  /* those in sight, innermost last */
    VEC(struct line) line;
    int next;                /* line to read */
    int blocks;              /* around it */
    int removed;             /* their indentation */
    int give_up;             /* the number of errors at which to stop: no more would be shown */
};

/* ---- lines ----------------------------------------------------------------------------------- */

static void start_line(struct loader *l, const struct line *line)
{
    l->r.line = line->number;
    l->r.start = line->text;
    l->r.end = line->end;
    l->r.at = line->text + (line->blank ? 0 : line->indent);
}

/* Tabs would make the indentation, which closes blocks, depend on who looks. */
static void check_characters(struct loader *l, const struct line *line)
{
    start_line(l, line);
    for (const char *c = line->text; c < line->end; c++)
        if ((unsigned char)*c < ' ') {
            diag_error(l->r.diag, DIAG_TEMPLATE, read_span(&l->r, c, c + 1),
                    *c == '\t' ? "a tab: indent with blanks" : "a control character");
            return;
        }
}

/* Comments ($#) vanish here: neither blocks nor the output see them. */
static void split_lines(struct loader *l)
{
    const char *at = l->r.src->text, *end = at + l->r.src->len;
    for (int number = 1; at < end; number++) {
        struct line line = {.text = at, .number = number};
        while (at < end && *at != '\n' && *at != '\r')
            at++;
        line.end = at;
        at += at + 1 < end && at[0] == '\r' && at[1] == '\n' ? 2 : at < end;
        while (line.end > line.text && line.end[-1] == ' ')
            line.end--;
        line.blank = line.end == line.text;
        while (!line.blank && line.text[line.indent] == ' ')
            line.indent++;
        check_characters(l, &line);
        if (line.end - line.text < line.indent + 2 || memcmp(line.text + line.indent, "$#", 2))
            vec_push(l->t->pool, &l->line, line);
    }
}

/* ---- control lines --------------------------------------------------------------------------- */

static struct template_node *load_block(struct loader *l, const struct line *head);

static struct template_node *new_node(struct loader *l, enum node_kind kind,
        const struct line *line)
{
    struct template_node *n = NEW(l->t->pool, struct template_node);
    n->kind = kind;
    n->at = read_span(&l->r, line->text + (line->blank ? 0 : line->indent), line->end);
    n->indent = line->blank || line->indent < l->removed ? 0 : line->indent - l->removed;
    return n;
}

static bool expect_end(struct loader *l)
{
    return read_end(&l->r) || read_expected(&l->r, "the end of the line");
}

/* A name that is new here; NULL after a diagnostic. */
static struct name *declare(struct loader *l, struct name name)
{
    const struct name *old = scope_find(&l->scope, name.name);
    if (old) {
        diag_error(l->r.diag, DIAG_TEMPLATE, name.at, "'%s' is declared twice",
                diag_quote(l->r.diag, name.name, strlen(name.name)));
        diag_note(l->r.diag, old->at, "first here");
        return NULL;
    }
    name.slot = l->scope.slots++;
    vec_push(l->t->pool, &l->scope.name, name);
    return &l->scope.name.at[l->scope.name.n - 1];
}

/* Reads the name that a control line declares; its kind is a number's until known better. */
static bool read_new_name(struct loader *l, struct name *name)
{
    read_end(&l->r);  /* skips blanks */
    const char *from = l->r.at;
    *name = (struct name){.name = read_name(&l->r), .slot = -1};
    name->at = read_span(&l->r, from, l->r.at);
    return name->name || read_expected(&l->r, "a name");
}

static bool load_bound(struct loader *l, int64_t *out)
{
    static const struct scope nothing;
    struct slot v;
    l->r.scope = &nothing;
    struct expr *e = expr_read(&l->r);
    l->r.scope = &l->scope;
    bool ok = e && expr_eval(e, NULL, l->r.diag, &v);
    *out = ok ? v.num : 0;
    return ok;
}

/* "in 1..28" */
static bool load_range(struct loader *l, struct param *param)
{
    read_end(&l->r);  /* skips blanks */
    const char *from = l->r.at;
    if (!load_bound(l, &param->min) || !read_required(&l->r, "..") || !load_bound(l, &param->max))
        return false;
    if (param->min > param->max)
        diag_error(l->r.diag, DIAG_TEMPLATE, read_span(&l->r, from, l->r.at), "an empty range");
    return true;
}

/* "is none|relu|relu6" */
static bool load_words(struct loader *l, struct param *param)
{
    do {
        struct name word;
        if (!read_new_name(l, &word))
            return false;
        for (int i = 0; i < param->word.n; i++)
            if (!strcmp(param->word.at[i], word.name))
                diag_error(l->r.diag, DIAG_TEMPLATE, word.at, "the same word twice");
        vec_push(l->t->pool, &param->word, word.name);
    } while (read_token(&l->r, "|"));
    return true;
}

static struct template_node *load_param(struct loader *l, const struct line *line)
{
    struct param param = {.kind = PARAM_TEXT};
    struct name name;
    bool ok = true;
    if (l->blocks)
        diag_error(l->r.diag, DIAG_TEMPLATE, read_span(&l->r, line->text + line->indent, l->r.at),
                "$param can't stand in a block");
    if (!read_new_name(l, &name))
        return NULL;
    if (read_word(&l->r, "in")) {
        param.kind = PARAM_INT;
        ok = load_range(l, &param);
    } else if (read_word(&l->r, "is")) {
        param.kind = PARAM_WORD;
        ok = load_words(l, &param);
    }
    ok = ok && (param.doc = read_quoted(&l->r)) && expect_end(l);
    param.name = name.name;
    name.kind = param.kind;
    name.word = param.word.at;
    name.words = param.word.n;
    const struct name *known = declare(l, name);
    if (known && ok) {
        vec_push(l->t->pool, &l->t->param, param);
        vec_push(l->t->pool, &l->t->decl, *known);
    }
    return NULL;
}

/* "$let NAME = EXPR". After a mistake the name is declared all the same, or every use of it would
 * be reported too. */
static struct template_node *load_let(struct loader *l, const struct line *line)
{
    struct name name;
    struct template_node *n = new_node(l, NODE_LET, line);
    if (!read_new_name(l, &name))
        return NULL;
    if (read_required(&l->r, "=") && (n->expr = expr_read_any(&l->r))) {
        const struct name *word = expr_alone(n->expr, &l->scope);
        if (word) {
            name.kind = word->kind;
            name.word = word->word;
            name.words = word->words;
        }
        expect_end(l);
    }
    const struct name *known = declare(l, name);
    n->slot = known ? known->slot : -1;
    return n;
}

static struct template_node *load_assert(struct loader *l, const struct line *line)
{
    struct template_node *n = new_node(l, NODE_ASSERT, line);
    n->expr = expr_read(&l->r);
    if (n->expr && !read_end(&l->r) && (n->text = read_quoted(&l->r)))
        expect_end(l);
    return n;
}

/* The ':' that ends a control line, and its block, which sees what the line declared. */
static struct template_node *load_body(struct loader *l, const struct line *line, bool ok)
{
    if (ok && read_required(&l->r, ":"))
        expect_end(l);
    return load_block(l, line);
}

static struct template_node *load_for(struct loader *l, const struct line *line)
{
    struct name name;
    struct template_node *n = new_node(l, NODE_FOR, line);
    int names = l->scope.name.n;
    bool ok = read_new_name(l, &name);
    if (ok) {
        ok = (read_word(&l->r, "in") || read_expected(&l->r, "'in'")) &&
             (n->expr = expr_read(&l->r)) && read_required(&l->r, "..") &&
             (n->to = expr_read(&l->r));
        const struct name *known = declare(l, name);
        n->slot = known ? known->slot : -1;
    }
    n->body = load_body(l, line, ok);
    l->scope.name.n = names;
    return n;
}

/* The line that follows, blank ones skipped, when it is a control line $keyword as deep as line. */
static const struct line *continues(struct loader *l, const struct line *line, const char *keyword)
{
    int next = l->next;
    while (next < l->line.n && l->line.at[next].blank)
        next++;
    if (next == l->line.n || l->line.at[next].indent != line->indent)
        return NULL;
    start_line(l, &l->line.at[next]);
    if (!read_token(&l->r, "$") || !read_word(&l->r, keyword))
        return NULL;
    l->next = next + 1;
    return &l->line.at[next];
}

static struct template_node *load_if(struct loader *l, const struct line *line)
{
    struct template_node *first = new_node(l, NODE_IF, line), *n = first;
    const struct line *arm = line;
    do {
        if (arm != line)
            n = n->otherwise = new_node(l, NODE_IF, arm);
        n->expr = expr_read(&l->r);
        n->body = load_body(l, arm, n->expr != NULL);
    } while ((arm = continues(l, line, "elif")));
    if ((arm = continues(l, line, "else"))) {
        n = n->otherwise = new_node(l, NODE_IF, arm);
        n->body = load_body(l, arm, true);
    }
    return first;
}

/* $elif and $else where no $if is: their lines are read for their own mistakes. */
static struct template_node *load_stray(struct loader *l, const struct line *line)
{
    const char *from = line->text + line->indent;
    diag_error(l->r.diag, DIAG_TEMPLATE, read_span(&l->r, from, l->r.at),
            "'%.*s' without an '$if' of the same indentation before it",
            (int)(l->r.at - from), from);
    load_block(l, line);
    return NULL;
}

static struct template_node *load_insert(struct loader *l, const struct line *line)
{
    struct template_node *n = new_node(l, NODE_INSERT, line);
    n->text = read_name(&l->r);
    if (n->text || read_expected(&l->r, "a name"))
        expect_end(l);
    return n;
}

/* ---- passages -------------------------------------------------------------------------------- */

static struct template_def *find_def(struct loader *l, const char *name)
{
    for (int i = l->def.n; i-- > 0;)
        if (!strcmp(l->def.at[i]->name.name, name))
            return l->def.at[i];
    return NULL;
}

/* "(A, B)", which may be empty: names of numbers. */
static bool load_def_params(struct loader *l, struct template_def *def)
{
    struct name name;
    if (!read_required(&l->r, "("))
        return false;
    if (read_token(&l->r, ")"))
        return true;
    do {
        if (!read_new_name(l, &name))
            return false;
        const struct name *known = declare(l, name);
        vec_push(l->t->pool, &def->slot, known ? known->slot : -1);
    } while (read_token(&l->r, ","));
    return read_required(&l->r, ")");
}

/* "$def NAME(A, B):" and its block. The passage comes into sight behind it: none uses itself. */
static struct template_node *load_def(struct loader *l, const struct line *line)
{
    struct template_def *def = NEW(l->t->pool, struct template_def);
    int names = l->scope.name.n;
    if (!read_new_name(l, &def->name)) {
        load_block(l, line);
        return NULL;
    }
    const struct template_def *old = find_def(l, def->name.name);
    if (old) {
        diag_error(l->r.diag, DIAG_TEMPLATE, def->name.at, "'%s' is declared twice",
                diag_quote(l->r.diag, def->name.name, strlen(def->name.name)));
        diag_note(l->r.diag, old->name.at, "first here");
    }
    def->indent = line->indent < l->removed ? 0 : line->indent - l->removed;
    def->body = load_body(l, line, load_def_params(l, def));
    l->scope.name.n = names;
    vec_push(l->t->pool, &l->def, def);
    return NULL;
}

static void unknown_def(struct loader *l, const struct name *name)
{
    const char **known = NEW_ARRAY(l->t->pool, const char *, l->def.n + 1);
    for (int i = 0; i < l->def.n; i++)
        known[i] = l->def.at[i]->name.name;
    const char *near = closest(name->name, known, l->def.n);
    diag_error(l->r.diag, DIAG_TEMPLATE, name->at, "no '$def %s' is in sight",
            diag_quote(l->r.diag, name->name, strlen(name->name)));
    if (near)
        diag_help(l->r.diag, "did you mean '%s'?", near);
}

/* "(E, E)" */
static bool load_use_args(struct loader *l, struct template_node *n)
{
    if (!read_required(&l->r, "("))
        return false;
    if (read_token(&l->r, ")"))
        return true;
    do {
        struct expr *e = expr_read(&l->r);
        if (!e)
            return false;
        vec_push(l->t->pool, &n->arg, e);
    } while (read_token(&l->r, ","));
    return read_required(&l->r, ")");
}

/* "$use NAME(E, E)" */
static struct template_node *load_use(struct loader *l, const struct line *line)
{
    struct name name;
    struct template_node *n = new_node(l, NODE_USE, line);
    if (!read_new_name(l, &name))
        return NULL;
    n->def = find_def(l, name.name);
    if (!n->def)
        unknown_def(l, &name);
    else if (load_use_args(l, n) && expect_end(l) && n->arg.n != n->def->slot.n)
        diag_error(l->r.diag, DIAG_TEMPLATE, name.at, "'%s' takes %d values, not %d",
                diag_quote(l->r.diag, name.name, strlen(name.name)), n->def->slot.n, n->arg.n);
    return n;
}

/* ---- any control line ------------------------------------------------------------------------ */

static const char *const keywords[] = {
    "param", "let", "assert", "for", "if", "elif", "else", "insert", "def", "use",
};
static struct template_node *(*const load_keyword[])(struct loader *, const struct line *) = {
    load_param, load_let, load_assert, load_for, load_if, load_stray, load_stray, load_insert,
    load_def, load_use,
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

static struct template_node *load_control(struct loader *l, const struct line *line)
{
    const char *from = l->r.at++;
    for (int i = 0; i < KEYWORDS; i++)
        if (read_word(&l->r, keywords[i]))
            return load_keyword[i](l, line);
    const char *name = read_name(&l->r);
    if (name) {
        const char *near = closest(name, keywords, KEYWORDS);
        diag_error(l->r.diag, DIAG_TEMPLATE, read_span(&l->r, from, l->r.at),
                "unknown control line '$%s'", diag_quote(l->r.diag, name, strlen(name)));
        if (near)
            diag_help(l->r.diag, "did you mean '$%s'?", near);
    }
    load_block(l, line);
    return NULL;
}

/* ---- text and blocks ------------------------------------------------------------------------- */

/* "${EXPR}" at r.at */
static bool load_hole(struct loader *l, struct piece *piece)
{
    l->r.at += 2;
    *piece = (struct piece){.expr = expr_read_any(&l->r)};
    return piece->expr && read_required(&l->r, "}");
}

static struct template_node *load_text(struct loader *l, const struct line *line)
{
    struct template_node *n = new_node(l, NODE_TEXT, line);
    struct reader *r = &l->r;
    while (r->at < r->end) {
        const char *dollar = memchr(r->at, '$', (size_t)(r->end - r->at));
        struct piece piece = {.text = r->at, .len = (size_t)((dollar ? dollar : r->end) - r->at)};
        char after = dollar && dollar + 1 < r->end ? dollar[1] : 0;
        if (after == '$')
            piece.len++;
        if (piece.len)
            vec_push(l->t->pool, &n->piece, piece);
        r->at = !dollar ? r->end : after == '$' ? dollar + 2 : dollar;
        if (r->at != dollar)
            continue;
        if (after != '{') {
            diag_error(r->diag, DIAG_TEMPLATE, read_span(r, dollar, dollar + 1),
                    "'$' is followed by neither '{' nor '$'");
            return NULL;
        }
        if (!load_hole(l, &piece))
            return NULL;
        vec_push(l->t->pool, &n->piece, piece);
    }
    return n;
}

static bool is_control(const struct line *line)
{
    const char *c = line->text + line->indent;
    return *c == '$' && c + 1 < line->end &&
           ((c[1] >= 'a' && c[1] <= 'z') || (c[1] >= 'A' && c[1] <= 'Z'));
}

static struct template_node *load_line(struct loader *l, const struct line *line)
{
    start_line(l, line);
    if (line->blank)
        return new_node(l, NODE_BLANK, line);
    return is_control(line) ? load_control(l, line) : load_text(l, line);
}

/* The lines from next on that are more indented than head (all of them when head is NULL); blank
 * lines belong to the block if what follows them does. *end is the first that does not belong. */
static const struct line *find_block(struct loader *l, const struct line *head, int *end)
{
    const struct line *first = NULL;
    *end = l->next;
    for (int i = l->next; i < l->line.n; i++) {
        const struct line *line = &l->line.at[i];
        if (line->blank)
            continue;
        if (head && line->indent <= head->indent)
            return first;
        if (!first)
            first = line;
        *end = i + 1;
    }
    if (!head)
        *end = l->line.n;
    return first;
}

static struct template_node *load_lines(struct loader *l, int end, int indent)
{
    struct template_node *list = NULL, **tail = &list;
    while (l->next < end && diag_errors(l->r.diag) < l->give_up) {
        const struct line *line = &l->line.at[l->next++];
        if (!line->blank && line->indent < indent) {
            start_line(l, line);
            diag_error(l->r.diag, DIAG_TEMPLATE, read_span(&l->r, l->r.at, l->r.end),
                    "unexpected indentation: the block began with %d blanks", indent);
        }
        *tail = load_line(l, line);
        if (*tail)
            tail = &(*tail)->next;
    }
    return list;
}

/* The block of head, with its names and passages going out of sight at the end. */
static struct template_node *load_block(struct loader *l, const struct line *head)
{
    int end, names = l->scope.name.n, defs = l->def.n;
    const struct line *first = find_block(l, head, &end);
    struct span at = read_span(&l->r, head->text + head->indent, head->end);
    if (!first) {
        diag_error(l->r.diag, DIAG_TEMPLATE, at, "no indented lines follow");
        return NULL;
    }
    if (l->blocks == MAX_BLOCKS) {
        diag_error(l->r.diag, DIAG_TEMPLATE, at, "more than %d nested blocks", MAX_BLOCKS);
        l->next = end;
        return NULL;
    }
    int shift = first->indent - head->indent;
    l->blocks++;
    l->removed += shift;
    struct template_node *body = load_lines(l, end, first->indent);
    l->removed -= shift;
    l->blocks--;
    l->scope.name.n = names;
    l->def.n = defs;
    return body;
}

struct template *template_load(struct pool *pool, const struct source *src, struct diag *d)
{
    int before = diag_errors(d);
    struct template *t = NEW(pool, struct template);
    struct loader l = {.t = t, .give_up = before + MAX_ERRORS,
                       .r = {.pool = pool, .diag = d, .src = src}};
    *t = (struct template){.pool = pool, .src = src};
    l.r.scope = &l.scope;
    if (src->len > MAX_SOURCE_BYTES) {
        diag_error(d, DIAG_TEMPLATE, (struct span){src, 0, 0, 0}, "larger than %d bytes",
                MAX_SOURCE_BYTES);
        return NULL;
    }
    split_lines(&l);
    if (diag_errors(d) == before)
        t->body = load_lines(&l, l.line.n, 0);
    t->slots = l.scope.slots;
    return diag_errors(d) == before ? t : NULL;
}
