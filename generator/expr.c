#include "expr_tree.h"

#include <string.h>

#include "template_line.h"

enum { MAX_DEPTH = 64, MAX_NODES = 500 };  /* parentheses; operators, names and numbers */

const struct expr_binary expr_binaries[EXPR_BINARIES] = {
    {"||", EX_OR, 1}, {"&&", EX_AND, 2}, {"==", EX_EQ, 3}, {"!=", EX_NE, 3},
    {"<=", EX_LE, 4}, {">=", EX_GE, 4}, {"<", EX_LT, 4}, {">", EX_GT, 4},
    {"+", EX_ADD, 5}, {"-", EX_SUB, 5}, {"*", EX_MUL, 6}, {"/", EX_DIV, 6}, {"%", EX_MOD, 6},
};

const char *const expr_functions[EXPR_FUNCTIONS] = {"min", "max", "ceil_div"};

/* ---- names and kinds ------------------------------------------------------------------------- */

const struct name *scope_find(const struct scope *scope, const char *name)
{
    for (int i = 0; i < scope->name.n; i++)
        if (!strcmp(scope->name.at[i].name, name))
            return &scope->name.at[i];
    return NULL;
}

static const char *quote(struct reader *r, const char *text)
{
    return diag_quote(r->diag, text, strlen(text));
}

static void help_closest(struct reader *r, const char *word, const char *const *known, int n)
{
    const char *near = closest(word, known, n);
    if (near)
        diag_help(r->diag, "did you mean '%s'?", quote(r, near));
}

static void unknown_name(struct reader *r, const struct expr *e)
{
    int n = r->scope->name.n;
    const char **known = NEW_ARRAY(r->pool, const char *, n + 1);
    for (int i = 0; i < n; i++)
        known[i] = r->scope->name.at[i].name;
    diag_error(r->diag, DIAG_TEMPLATE, e->at, "unknown name '%s'", quote(r, e->text));
    help_closest(r, e->text, known, n);
}

/* Reports a word where a number must be. */
static void want_int(struct reader *r, const struct expr *e)
{
    if (e->op == EX_WORD && !e->quoted)
        unknown_name(r, e);
    else if (e->op == EX_WORD)
        diag_error(r->diag, DIAG_TEMPLATE, e->at,
                "a text in quotes can only be compared, with a word or text parameter");
    else if (e->kind != PARAM_INT)
        diag_error(r->diag, DIAG_TEMPLATE, e->at, "'%s' is a %s, not a number", quote(r, e->text),
                e->kind == PARAM_WORD ? "word" : "text");
}

/* The word that a parameter is compared with must be one that it can be. */
static void want_word_of(struct reader *r, const struct expr *name, const struct expr *word)
{
    if (name->kind != PARAM_WORD)
        return;
    for (int i = 0; i < name->words; i++)
        if (!strcmp(name->word[i], word->text))
            return;
    diag_error(r->diag, DIAG_TEMPLATE, word->at, "'%s' is never '%s'", quote(r, name->text),
            quote(r, word->text));
    diag_note(r->diag, scope_find(r->scope, name->text)->at, "declared here");
    help_closest(r, word->text, name->word, name->words);
}

static void want_comparable(struct reader *r, const struct expr *a, const struct expr *b)
{
    bool a_name = a->op == EX_NAME && a->kind != PARAM_INT;
    bool b_name = b->op == EX_NAME && b->kind != PARAM_INT;
    if (a_name && b_name)
        return;
    if (a_name && b->op == EX_WORD) {
        want_word_of(r, a, b);
    } else if (b_name && a->op == EX_WORD) {
        want_word_of(r, b, a);
    } else {
        want_int(r, a);
        want_int(r, b);
    }
}

/* ---- parsing --------------------------------------------------------------------------------- */

static struct expr *parse(struct reader *r);

/* What follows an opening parenthesis. All other nesting takes nodes, so no input can exhaust the
 * stack. */
static struct expr *parse_nested(struct reader *r)
{
    if (r->depth == MAX_DEPTH) {
        diag_error(r->diag, DIAG_TEMPLATE, read_span(r, r->at - 1, r->at),
                "more than %d nested parentheses", MAX_DEPTH);
        return NULL;
    }
    r->depth++;
    struct expr *e = parse(r);
    r->depth--;
    return e;
}

static struct expr *new_expr(struct reader *r, enum expr_op op, const char *from, const char *to)
{
    if (++r->nodes > MAX_NODES) {
        diag_error(r->diag, DIAG_TEMPLATE, read_span(r, from, to), "expression is too long");
        return NULL;
    }
    struct expr *e = NEW(r->pool, struct expr);
    e->op = op;
    e->at = read_span(r, from, to);
    return e;
}

static struct expr *parse_number(struct reader *r)
{
    const char *from = r->at;
    int64_t num = 0;
    bool ok = true;
    for (; r->at < r->end && is_digit(*r->at); r->at++)
        ok = ok && mul_ok(num, 10, &num) && add_ok(num, *r->at - '0', &num);
    if (!ok) {
        diag_error(r->diag, DIAG_TEMPLATE, read_span(r, from, r->at),
                "number does not fit 64 bits");
        return NULL;
    }
    struct expr *e = new_expr(r, EX_NUM, from, r->at);
    if (e)
        e->num = num;
    return e;
}

static struct expr *parse_call(struct reader *r, const char *name, const char *from)
{
    struct span at = read_span(r, from, from + strlen(name));
    for (int i = 0; i < EXPR_FUNCTIONS; i++) {
        if (strcmp(expr_functions[i], name))
            continue;
        struct expr *e = new_expr(r, (enum expr_op)(EX_MIN + i), from, from + strlen(name));
        if (!e || !(e->arg[0] = parse_nested(r)) || !read_required(r, ",") ||
                !(e->arg[1] = parse_nested(r)) || !read_required(r, ")"))
            return NULL;
        want_int(r, e->arg[0]);
        want_int(r, e->arg[1]);
        return e;
    }
    diag_error(r->diag, DIAG_TEMPLATE, at, "unknown function '%s'", quote(r, name));
    help_closest(r, name, expr_functions, EXPR_FUNCTIONS);
    return NULL;
}

/* A name in sight, a call, or else a word, whose place in the expression decides if it is right. */
static struct expr *parse_name(struct reader *r)
{
    const char *from = r->at, *name = read_name(r), *to = r->at;
    if (read_token(r, "("))
        return parse_call(r, name, from);
    const struct name *known = scope_find(r->scope, name);
    struct expr *e = new_expr(r, known ? EX_NAME : EX_WORD, from, to);
    if (!e)
        return NULL;
    e->text = name;
    e->kind = PARAM_WORD;
    if (known) {
        e->kind = known->kind;
        e->slot = known->slot;
        e->word = known->word;
        e->words = known->words;
    }
    return e;
}

static struct expr *parse_quoted(struct reader *r)
{
    const char *from = r->at, *text = read_quoted(r);
    struct expr *e = text ? new_expr(r, EX_WORD, from, r->at) : NULL;
    if (e) {
        e->text = text;
        e->kind = PARAM_WORD;
        e->quoted = true;
    }
    return e;
}

static struct expr *parse_unary(struct reader *r);

static struct expr *parse_prefix(struct reader *r, enum expr_op op)
{
    struct expr *e = new_expr(r, op, r->at - 1, r->at);
    if (!e || !(e->arg[0] = parse_unary(r)))
        return NULL;
    want_int(r, e->arg[0]);
    return e;
}

static struct expr *parse_unary(struct reader *r)
{
    char c = read_end(r) ? 0 : *r->at;
    if (is_digit(c))
        return parse_number(r);
    if (is_letter(c))
        return parse_name(r);
    if (c == '"')
        return parse_quoted(r);
    if (read_token(r, "!"))
        return parse_prefix(r, EX_NOT);
    if (read_token(r, "-"))
        return parse_prefix(r, EX_NEG);
    if (!read_token(r, "(")) {
        read_expected(r, "a value");
        return NULL;
    }
    struct expr *e = parse_nested(r);
    return e && read_required(r, ")") ? e : NULL;
}

/* The operator at r->at when it binds at least as strongly as level: its index, or -1. */
static int read_operator(struct reader *r, int level)
{
    for (int i = 0; i < EXPR_BINARIES; i++)
        if (read_token(r, expr_binaries[i].text)) {
            if (expr_binaries[i].level >= level)
                return i;
            r->at -= strlen(expr_binaries[i].text);
            return -1;
        }
    return -1;
}

static struct expr *parse_binary(struct reader *r, int level)
{
    struct expr *left = parse_unary(r);
    for (int i; left && (i = read_operator(r, level)) >= 0;) {
        enum expr_op op = expr_binaries[i].op;
        bool compares = op == EX_EQ || op == EX_NE;
        struct expr *e = new_expr(r, op, r->at - strlen(expr_binaries[i].text), r->at);
        if (!compares)
            want_int(r, left);
        struct expr *right = e ? parse_binary(r, expr_binaries[i].level + 1) : NULL;
        if (!right)
            return NULL;
        if (compares)
            want_comparable(r, left, right);
        else
            want_int(r, right);
        e->arg[0] = left;
        e->arg[1] = right;
        left = e;
    }
    return left;
}

static struct expr *parse_cond(struct reader *r, struct expr *condition)
{
    struct expr *e = new_expr(r, EX_COND, r->at - 1, r->at);
    if (!e || !(e->arg[1] = parse(r)) || !read_required(r, ":") || !(e->arg[2] = parse(r)))
        return NULL;
    e->arg[0] = condition;
    for (int i = 0; i < 3; i++)
        want_int(r, e->arg[i]);
    return e;
}

static struct expr *parse(struct reader *r)
{
    struct expr *e = parse_binary(r, 1);
    return e && read_token(r, "?") ? parse_cond(r, e) : e;
}

struct expr *expr_read_any(struct reader *r)
{
    int before = diag_errors(r->diag);
    r->depth = r->nodes = 0;
    struct expr *e = parse(r);
    if (e && e->op == EX_WORD)
        want_int(r, e);
    return diag_errors(r->diag) == before ? e : NULL;
}

struct expr *expr_read(struct reader *r)
{
    struct expr *e = expr_read_any(r);
    if (!e || e->kind == PARAM_INT)
        return e;
    want_int(r, e);
    return NULL;
}

const struct name *expr_alone(const struct expr *e, const struct scope *scope)
{
    return e->kind == PARAM_INT ? NULL : scope_find(scope, e->text);
}
