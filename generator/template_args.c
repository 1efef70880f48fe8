/* template_args.c: what a template is called with, and whether its parameters allow it. */
#include "template.h"

#include <string.h>

#include "template_tree.h"

int template_params(const struct template *t, const struct param **params)
{
    *params = t->param.at;
    return t->param.n;
}

void args_int(struct pool *pool, struct args *args, const char *name, int64_t value)
{
    vec_push(pool, &args->arg, (struct arg){.name = name, .value = value});
}

void args_text(struct pool *pool, struct args *args, const char *name, const char *text)
{
    vec_push(pool, &args->arg, (struct arg){.name = name, .text = text});
}

bool args_equal(const struct args *a, const struct args *b)
{
    if (a->arg.n != b->arg.n)
        return false;
    for (int i = 0; i < a->arg.n; i++) {
        const struct arg *x = &a->arg.at[i], *y = &b->arg.at[i];
        if (strcmp(x->name, y->name) || !x->text != !y->text ||
                (x->text ? strcmp(x->text, y->text) != 0 : x->value != y->value))
            return false;
    }
    return true;
}

/* ---- binding --------------------------------------------------------------------------------- */

static const struct arg *find_arg(const struct args *args, const char *name)
{
    for (int i = 0; i < args->arg.n; i++)
        if (!strcmp(args->arg.at[i].name, name))
            return &args->arg.at[i];
    return NULL;
}

static const char *quote(struct diag *d, const char *text)
{
    return diag_quote(d, text, strlen(text));
}

static bool check_int(const struct param *p, struct span at, const struct arg *arg, struct diag *d)
{
    if (arg->value >= p->min && arg->value <= p->max)
        return true;
    diag_error(d, DIAG_TEMPLATE, at, "'%s' is %lld, but must be in %lld..%lld", quote(d, p->name),
            (long long)arg->value, (long long)p->min, (long long)p->max);
    return false;
}

static bool check_word(const struct param *p, struct span at, const struct arg *arg, struct diag *d)
{
    for (int i = 0; p->kind == PARAM_WORD && i < p->word.n; i++)
        if (!strcmp(p->word.at[i], arg->text))
            return true;
    if (p->kind == PARAM_WORD)
        diag_error(d, DIAG_TEMPLATE, at, "'%s' can't be '%s'", quote(d, p->name),
                quote(d, arg->text));
    return p->kind != PARAM_WORD;
}

static bool bind(const struct param *p, const struct name *decl, const struct args *args,
        struct slot *slots, struct diag *d)
{
    const struct arg *arg = find_arg(args, p->name);
    if (!arg) {
        diag_error(d, DIAG_TEMPLATE, decl->at, "no argument for '%s'", quote(d, p->name));
        return false;
    }
    if (!arg->text != (p->kind == PARAM_INT)) {
        diag_error(d, DIAG_TEMPLATE, decl->at, "the argument for '%s' is a %s", quote(d, p->name),
                arg->text ? "text" : "number");
        return false;
    }
    slots[decl->slot] = (struct slot){arg->value, arg->text};
    return arg->text ? check_word(p, decl->at, arg, d) : check_int(p, decl->at, arg, d);
}

bool template_bind(const struct template *t, const struct args *args, struct slot *slots,
        struct diag *d)
{
    bool ok = true;
    for (int i = 0; i < t->param.n; i++)
        ok = bind(&t->param.at[i], &t->decl.at[i], args, slots, d) && ok;
    for (int i = 0; i < args->arg.n; i++) {
        bool declared = false;
        for (int k = 0; k < t->param.n && !declared; k++)
            declared = !strcmp(t->param.at[k].name, args->arg.at[i].name);
        bool twice = declared && find_arg(args, args->arg.at[i].name) != &args->arg.at[i];
        if (!declared || twice)
            diag_error(d, DIAG_TEMPLATE, (struct span){t->src, 1, 1, 1},
                    twice ? "two arguments for '%s'" : "an argument for '%s', which has no $param",
                    quote(d, args->arg.at[i].name));
        ok = ok && declared && !twice;
    }
    return ok;
}
