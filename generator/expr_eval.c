#include "expr_tree.h"

#include <string.h>

static const char *spelling(enum expr_op op)
{
    if (op >= EX_MIN)
        return expr_functions[op - EX_MIN];
    for (int i = 0; i < EXPR_BINARIES; i++)
        if (expr_binaries[i].op == op)
            return expr_binaries[i].text;
    return "-";
}

static void report(const struct expr *e, int64_t a, int64_t b, struct diag *d, const char *problem)
{
    long long x = a, y = b;
    const char *op = spelling(e->op);
    if (e->op == EX_NEG)
        diag_error(d, DIAG_TEMPLATE, e->at, "%s: -(%lld)", problem, x);
    else if (e->op >= EX_MIN)
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
    if (b == 0 && (e->op == EX_DIV || e->op == EX_MOD || e->op == EX_CEIL_DIV)) {
        report(e, a, b, d, "division by zero");
        return false;
    }
    switch (e->op) {
    case EX_LE: *out = a <= b; break;
    case EX_GE: *out = a >= b; break;
    case EX_LT: *out = a < b; break;
    case EX_GT: *out = a > b; break;
    case EX_ADD: ok = !__builtin_add_overflow(a, b, out); break;
    case EX_SUB: ok = !__builtin_sub_overflow(a, b, out); break;
    case EX_MUL: ok = !__builtin_mul_overflow(a, b, out); break;
    case EX_DIV: ok = divide(a, b, false, out); break;
    case EX_MOD: *out = b == -1 ? 0 : a % b; break;
    case EX_MIN: *out = a < b ? a : b; break;
    case EX_MAX: *out = a > b ? a : b; break;
    case EX_CEIL_DIV: ok = divide(a, b, true, out); break;
    case EX_NOT: *out = !a; break;
    case EX_NEG: ok = !__builtin_sub_overflow(0, a, out); break;
    default: bug("operator %d", (int)e->op);
    }
    if (!ok)
        report(e, a, b, d, "overflow");
    return ok;
}

static bool same(const struct slot *a, const struct slot *b)
{
    return a->text && b->text ? !strcmp(a->text, b->text) : a->num == b->num;
}

static bool eval_operator(const struct expr *e, const struct slot *slots, struct diag *d,
        int64_t *out)
{
    struct slot a = {0}, b = {0};
    if (!expr_eval(e->arg[0], slots, d, &a))
        return false;
    if ((e->op == EX_AND && !a.num) || (e->op == EX_OR && a.num)) {
        *out = e->op == EX_OR;
        return true;
    }
    if (e->arg[1] && !expr_eval(e->arg[1], slots, d, &b))
        return false;
    if (e->op == EX_AND || e->op == EX_OR)
        *out = b.num != 0;
    else if (e->op == EX_EQ || e->op == EX_NE)
        *out = same(&a, &b) == (e->op == EX_EQ);
    else
        return arithmetic(e, a.num, b.num, d, out);
    return true;
}

bool expr_eval(const struct expr *e, const struct slot *slots, struct diag *d, struct slot *out)
{
    struct slot condition;
    *out = (struct slot){0};
    switch (e->op) {
    case EX_NUM:
        out->num = e->num;
        return true;
    case EX_NAME:
        *out = slots[e->slot];
        return true;
    case EX_WORD:
        out->text = e->text;
        return true;
    case EX_COND:
        return expr_eval(e->arg[0], slots, d, &condition) &&
               expr_eval(e->arg[condition.num ? 1 : 2], slots, d, out);
    default:
        return eval_operator(e, slots, d, &out->num);
    }
}

/* ---- values in messages --------------------------------------------------------------------- */

struct names {
    VEC(const struct expr *) at;
};

static void collect(const struct expr *e, struct pool *pool, struct names *names)
{
    if (!e)
        return;
    bool seen = e->op != EX_NAME;
    for (int i = 0; i < names->at.n && !seen; i++)
        seen = names->at.at[i]->slot == e->slot;
    if (!seen)
        vec_push(pool, &names->at, e);
    for (int i = 0; i < 3; i++)
        collect(e->arg[i], pool, names);
}

void expr_print_values(const struct expr *e, const struct slot *slots, struct pool *pool,
        struct diag *d, struct out *out)
{
    struct names names = {0};
    collect(e, pool, &names);
    for (int i = 0; i < names.at.n; i++) {
        const struct expr *name = names.at.at[i];
        const struct slot *v = &slots[name->slot];
        out_printf(out, "%s%s = ", i ? ", " : "", name->text);
        if (v->text)
            out_printf(out, "'%s'", diag_quote(d, v->text, strlen(v->text)));
        else
            out_printf(out, "%lld", (long long)v->num);
    }
}
