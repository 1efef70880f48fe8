#include "expr.h"

#include <string.h>

enum { MAX_DEPTH = 64, MAX_NODES = 500 };  /* parentheses; operators, names and numbers */

enum op {
    OP_NUM, OP_NAME, OP_WORD,
    OP_NOT, OP_NEG, OP_COND,
    OP_OR, OP_AND, OP_EQ, OP_NE, OP_LE, OP_GE, OP_LT, OP_GT,
    OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD,
    OP_MIN, OP_MAX, OP_CEIL_DIV
};

struct expr {
    enum op op;
    enum param_kind kind;     /* PARAM_INT but for names of words and texts, and OP_WORD */
    struct span at;           /* of the operator, or the name or number */
    struct expr *arg[3];
    int64_t num;              /* OP_NUM */
    int slot;                 /* OP_NAME */
    const char *text;         /* OP_NAME: its name; OP_WORD: the word */
    bool quoted;              /* OP_WORD */
    const char *const *word;  /* OP_NAME of a PARAM_WORD: what it may be */
    int words;
};

/* Longer spellings before their beginnings. */
static const struct { const char *text; enum op op; int level; } binary[] = {
    {"||", OP_OR, 1}, {"&&", OP_AND, 2}, {"==", OP_EQ, 3}, {"!=", OP_NE, 3},
    {"<=", OP_LE, 4}, {">=", OP_GE, 4}, {"<", OP_LT, 4}, {">", OP_GT, 4},
    {"+", OP_ADD, 5}, {"-", OP_SUB, 5}, {"*", OP_MUL, 6}, {"/", OP_DIV, 6}, {"%", OP_MOD, 6},
};
enum { BINARIES = sizeof binary / sizeof binary[0] };

static const char *const functions[] = {"min", "max", "ceil_div"};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

/* ---- reading a line -------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && *r->at == ' ')
        r->at++;
}

bool read_end(struct reader *r)
{
    skip_blanks(r);
    return r->at == r->end;
}

bool read_token(struct reader *r, const char *token)
{
    size_t len = strlen(token);
    skip_blanks(r);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, token, len))
        return false;
    r->at += len;
    return true;
}

/* The end of the word at r->at, r->at itself when there is none. */
static const char *word_end(struct reader *r)
{
    skip_blanks(r);
    const char *end = r->at;
    if (end < r->end && is_letter(*end))
        while (end < r->end && (is_letter(*end) || is_digit(*end)))
            end++;
    return end;
}

bool read_word(struct reader *r, const char *word)
{
    const char *end = word_end(r);
    size_t len = strlen(word);
    if ((size_t)(end - r->at) != len || memcmp(r->at, word, len))
        return false;
    r->at = end;
    return true;
}

const char *read_name(struct reader *r)
{
    const char *end = word_end(r);
    if (end == r->at)
        return NULL;
    const char *name = pool_copy(r->pool, r->at, (size_t)(end - r->at));
    r->at = end;
    return name;
}

const char *read_quoted(struct reader *r)
{
    if (!read_token(r, "\"")) {
        read_expected(r, "a text in quotes");
        return NULL;
    }
    const char *from = r->at, *close = memchr(from, '"', (size_t)(r->end - from));
    if (!close) {
        diag_error(r->diag, DIAG_TEMPLATE, read_span(r, from - 1, r->end), "missing '\"'");
        return NULL;
    }
    r->at = close + 1;
    return pool_copy(r->pool, from, (size_t)(close - from));
}

static int count_chars(const char *from, const char *to)
{
    int n = 0;
    for (; from < to; from++)
        n += ((unsigned char)*from & 0xc0) != 0x80;  /* not the middle of a UTF-8 character */
    return n;
}

struct span read_span(const struct reader *r, const char *from, const char *to)
{
    return (struct span){r->src, r->line, 1 + count_chars(r->start, from), count_chars(from, to)};
}

bool read_expected(struct reader *r, const char *what)
{
    const char *end = word_end(r);
    if (r->at == r->end) {
        diag_error(r->diag, DIAG_TEMPLATE, read_span(r, r->at, r->at), "expected %s", what);
        return false;
    }
    if (end == r->at)
        do
            end++;
        while (end < r->end && ((unsigned char)*end & 0xc0) == 0x80);
    diag_error(r->diag, DIAG_TEMPLATE, read_span(r, r->at, end), "expected %s, found '%s'", what,
            diag_quote(r->diag, r->at, (size_t)(end - r->at)));
    return false;
}

bool read_required(struct reader *r, const char *token)
{
    return read_token(r, token) || read_expected(r, pool_printf(r->pool, "'%s'", token));
}

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
    if (e->op == OP_WORD && !e->quoted)
        unknown_name(r, e);
    else if (e->op == OP_WORD)
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
    bool a_name = a->op == OP_NAME && a->kind != PARAM_INT;
    bool b_name = b->op == OP_NAME && b->kind != PARAM_INT;
    if (a_name && b_name)
        return;
    if (a_name && b->op == OP_WORD) {
        want_word_of(r, a, b);
    } else if (b_name && a->op == OP_WORD) {
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

static struct expr *new_expr(struct reader *r, enum op op, const char *from, const char *to)
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
    struct expr *e = new_expr(r, OP_NUM, from, r->at);
    if (e)
        e->num = num;
    return e;
}

static struct expr *parse_call(struct reader *r, const char *name, const char *from)
{
    struct span at = read_span(r, from, from + strlen(name));
    for (int i = 0; i < FUNCTIONS; i++) {
        if (strcmp(functions[i], name))
            continue;
        struct expr *e = new_expr(r, (enum op)(OP_MIN + i), from, from + strlen(name));
        if (!e || !(e->arg[0] = parse_nested(r)) || !read_required(r, ",") ||
                !(e->arg[1] = parse_nested(r)) || !read_required(r, ")"))
            return NULL;
        want_int(r, e->arg[0]);
        want_int(r, e->arg[1]);
        return e;
    }
    diag_error(r->diag, DIAG_TEMPLATE, at, "unknown function '%s'", quote(r, name));
    help_closest(r, name, functions, FUNCTIONS);
    return NULL;
}

/* A name in sight, a call, or else a word, whose place in the expression decides if it is right. */
static struct expr *parse_name(struct reader *r)
{
    const char *from = r->at, *name = read_name(r), *to = r->at;
    if (read_token(r, "("))
        return parse_call(r, name, from);
    const struct name *known = scope_find(r->scope, name);
    struct expr *e = new_expr(r, known ? OP_NAME : OP_WORD, from, to);
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
    struct expr *e = text ? new_expr(r, OP_WORD, from, r->at) : NULL;
    if (e) {
        e->text = text;
        e->kind = PARAM_WORD;
        e->quoted = true;
    }
    return e;
}

static struct expr *parse_unary(struct reader *r);

static struct expr *parse_prefix(struct reader *r, enum op op)
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
        return parse_prefix(r, OP_NOT);
    if (read_token(r, "-"))
        return parse_prefix(r, OP_NEG);
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
    for (int i = 0; i < BINARIES; i++)
        if (read_token(r, binary[i].text)) {
            if (binary[i].level >= level)
                return i;
            r->at -= strlen(binary[i].text);
            return -1;
        }
    return -1;
}

static struct expr *parse_binary(struct reader *r, int level)
{
    struct expr *left = parse_unary(r);
    for (int i; left && (i = read_operator(r, level)) >= 0;) {
        enum op op = binary[i].op;
        bool compares = op == OP_EQ || op == OP_NE;
        struct expr *e = new_expr(r, op, r->at - strlen(binary[i].text), r->at);
        if (!compares)
            want_int(r, left);
        struct expr *right = e ? parse_binary(r, binary[i].level + 1) : NULL;
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
    struct expr *e = new_expr(r, OP_COND, r->at - 1, r->at);
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
    if (e && e->op == OP_WORD)
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

/* ---- evaluating ------------------------------------------------------------------------------ */

static const char *spelling(enum op op)
{
    if (op >= OP_MIN)
        return functions[op - OP_MIN];
    for (int i = 0; i < BINARIES; i++)
        if (binary[i].op == op)
            return binary[i].text;
    return "-";
}

static void report(const struct expr *e, int64_t a, int64_t b, struct diag *d, const char *problem)
{
    long long x = a, y = b;
    const char *op = spelling(e->op);
    if (e->op == OP_NEG)
        diag_error(d, DIAG_TEMPLATE, e->at, "%s: -(%lld)", problem, x);
    else if (e->op >= OP_MIN)
        diag_error(d, DIAG_TEMPLATE, e->at, "%s: %s(%lld, %lld)", problem, op, x, y);
    else
        diag_error(d, DIAG_TEMPLATE, e->at, "%s: %lld %s %lld", problem, x, op, y);
}

/* Rounds towards zero as C does, or up. INT64_MIN / -1 does not fit. */
static bool divide(int64_t a, int64_t b, bool up, int64_t *out)
{
    if (b == -1)
        return !__builtin_sub_overflow(0, a, out);
    *out = a / b + (up && a % b != 0 && (a < 0) == (b < 0));
    return true;
}

static bool arithmetic(const struct expr *e, int64_t a, int64_t b, struct diag *d, int64_t *out)
{
    bool ok = true;
    if (b == 0 && (e->op == OP_DIV || e->op == OP_MOD || e->op == OP_CEIL_DIV)) {
        report(e, a, b, d, "division by zero");
        return false;
    }
    switch (e->op) {
    case OP_LE: *out = a <= b; break;
    case OP_GE: *out = a >= b; break;
    case OP_LT: *out = a < b; break;
    case OP_GT: *out = a > b; break;
    case OP_ADD: ok = !__builtin_add_overflow(a, b, out); break;
    case OP_SUB: ok = !__builtin_sub_overflow(a, b, out); break;
    case OP_MUL: ok = !__builtin_mul_overflow(a, b, out); break;
    case OP_DIV: ok = divide(a, b, false, out); break;
    case OP_MOD: *out = b == -1 ? 0 : a % b; break;
    case OP_MIN: *out = a < b ? a : b; break;
    case OP_MAX: *out = a > b ? a : b; break;
    case OP_CEIL_DIV: ok = divide(a, b, true, out); break;
    case OP_NOT: *out = !a; break;
    case OP_NEG: ok = !__builtin_sub_overflow(0, a, out); break;
    default: bug("operator %d", (int)e->op);
    }
    if (!ok)
        report(e, a, b, d, "overflow");
    return ok;
}

static bool same(const struct value *a, const struct value *b)
{
    return a->text && b->text ? !strcmp(a->text, b->text) : a->num == b->num;
}

static bool eval_operator(const struct expr *e, const struct value *slots, struct diag *d,
        int64_t *out)
{
    struct value a = {0}, b = {0};
    if (!expr_eval(e->arg[0], slots, d, &a))
        return false;
    if ((e->op == OP_AND && !a.num) || (e->op == OP_OR && a.num)) {
        *out = e->op == OP_OR;
        return true;
    }
    if (e->arg[1] && !expr_eval(e->arg[1], slots, d, &b))
        return false;
    if (e->op == OP_AND || e->op == OP_OR)
        *out = b.num != 0;
    else if (e->op == OP_EQ || e->op == OP_NE)
        *out = same(&a, &b) == (e->op == OP_EQ);
    else
        return arithmetic(e, a.num, b.num, d, out);
    return true;
}

bool expr_eval(const struct expr *e, const struct value *slots, struct diag *d, struct value *out)
{
    struct value condition;
    *out = (struct value){0};
    switch (e->op) {
    case OP_NUM:
        out->num = e->num;
        return true;
    case OP_NAME:
        *out = slots[e->slot];
        return true;
    case OP_WORD:
        out->text = e->text;
        return true;
    case OP_COND:
        return expr_eval(e->arg[0], slots, d, &condition) &&
               expr_eval(e->arg[condition.num ? 1 : 2], slots, d, out);
    default:
        return eval_operator(e, slots, d, &out->num);
    }
}

struct names {
    VEC(const struct expr *) at;
};

static void collect(const struct expr *e, struct pool *pool, struct names *names)
{
    if (!e)
        return;
    bool seen = e->op != OP_NAME;
    for (int i = 0; i < names->at.n && !seen; i++)
        seen = names->at.at[i]->slot == e->slot;
    if (!seen)
        vec_push(pool, &names->at, e);
    for (int i = 0; i < 3; i++)
        collect(e->arg[i], pool, names);
}

void expr_print_values(const struct expr *e, const struct value *slots, struct pool *pool,
        struct diag *d, struct out *out)
{
    struct names names = {0};
    collect(e, pool, &names);
    for (int i = 0; i < names.at.n; i++) {
        const struct expr *name = names.at.at[i];
        const struct value *v = &slots[name->slot];
        out_printf(out, "%s%s = ", i ? ", " : "", name->text);
        if (v->text)
            out_printf(out, "'%s'", diag_quote(d, v->text, strlen(v->text)));
        else
            out_printf(out, "%lld", (long long)v->num);
    }
}
