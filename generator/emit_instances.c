#include "emit_instances.h"

#include <string.h>

#include "group.h"
#include "kernel.h"

static struct instance *find(struct emitter *e, const struct kernel *kernel, const struct target *t,
        const struct args *args)
{
    for (int i = 0; i < e->instance.n; i++) {
        struct instance *k = &e->instance.at[i];
        if (k->kernel == kernel && k->target == t && args_equal(&k->args, args))
            return k;
    }
    return NULL;
}

/* The binding's, and the names of its pieces' functions, which are gathered. */
static struct args args_of(struct emitter *e, const struct binding *b)
{
    struct args args = {0};
    for (int i = 0; i < b->args.arg.n; i++)
        vec_push(e->pool, &args.arg, b->args.arg.at[i]);
    for (int i = 0; i < b->piece.n; i++) {
        const struct piece *p = &b->piece.at[i];
        args_text(e->pool, &args, p->name,
                find(e, p->kernel, p->binding->target, &p->binding->args)->fn);
    }
    return args;
}

struct instance *instance_of(struct emitter *e, const struct step *s, const struct binding *b)
{
    struct args args = args_of(e, b);
    return find(e, s->kernel, b->target, &args);
}

/* Several targets may share the code of one: a group is its user once. */
static void add_user(struct emitter *e, const struct kernel *kernel, const struct target *t,
        const struct args *args, const char *name, const struct group *user)
{
    struct instance *k = find(e, kernel, t, args);
    if (!k) {
        const char *fn = pool_printf(e->pool, "%s_%s_%s_%s", e->opt->prefix, kernel->name, name, t->name);
        vec_push(e->pool, &e->instance,
                (struct instance){.fn = fn, .kernel = kernel, .target = t, .args = *args});
        k = &e->instance.at[e->instance.n - 1];
    }
    if (k->user.n == 0 || k->user.at[k->user.n - 1] != user)
        vec_push(e->pool, &k->user, user);
}

/* Pieces come first: C wants functions declared before they are called. */
static void add_step(struct emitter *e, const struct step *s, const struct binding *b)
{
    const char *index = pool_printf(e->pool, "%d", s->index);
    for (int i = 0; i < b->piece.n; i++) {
        const struct piece *p = &b->piece.at[i];
        const char *name = pool_printf(e->pool, "%d_%d", s->index, i + 1);
        add_user(e, p->kernel, p->binding->target, &p->binding->args, name, p->group);
    }
    struct args args = args_of(e, b);
    add_user(e, s->kernel, b->target, &args, index, s->group);
}

void instances_find(struct emitter *e)
{
    for (int i = 0; i < e->plan->step.n; i++)
        for (int t = 0; t < TARGET_COUNT; t++)
            if (e->plan->targets & TARGET_BIT(t))
                add_step(e, e->plan->step.at[i], &e->plan->step.at[i]->bind[t]);
}

/* The arguments that a template declares. */
static struct args declared_args(struct emitter *e, const struct template *t,
        const struct args *all)
{
    const struct param *param;
    struct args some = {0};
    int n = template_params(t, &param);
    for (int i = 0; i < all->arg.n; i++)
        for (int k = 0; k < n; k++)
            if (!strcmp(param[k].name, all->arg.at[i].name))
                vec_push(e->pool, &some.arg, all->arg.at[i]);
    return some;
}

/* Parts that have something to say, a line apart. */
static void expand_parts(struct emitter *e, const char *const *part, const struct args *args,
        struct out *out)
{
    for (; *part; part++) {
        const size_t start = out->len;
        const char *name = pool_printf(e->pool, "%s.c.in", *part);
        struct template *t = emitter_template(e, name);
        struct args some = t ? declared_args(e, t, args) : (struct args){0};
        if (!t || !template_expand(t, &some, NULL, e, out, e->diag))
            e->failed = true;
        out_printf(out, part[1] && out->len > start ? "\n" : "");
    }
}

/* The most that one of the functions takes which the instance calls: they are written already. */
static int64_t stack_of_pieces(const struct emitter *e, const struct instance *k)
{
    int64_t most = 0;
    for (int i = 0; i < e->instance.n; i++)
        for (int a = 0; a < k->args.arg.n; a++)
            if (k->args.arg.at[a].text && !strcmp(k->args.arg.at[a].text, e->instance.at[i].fn) &&
                    e->instance.at[i].stack > most)
                most = e->instance.at[i].stack;
    return most;
}

void instance_write(struct emitter *e, struct instance *k, struct out *out)
{
    struct args args = {0};
    const size_t start = out->len;
    out_printf(out, "\n/* %s: %s.\n * For", k->kernel->name, k->kernel->doc);
    for (int i = 0; i < k->user.n; i++) {
        const struct group *g = k->user.at[i];
        out_printf(out, "%s %s (%s%s%s)", i ? "," : "", g->out->name, group_text(e->pool, g),
                g->main->layer ? ", " : "", emitter_place(e, g->main));
    }
    out_printf(out, ". */\n");
    args_text(e->pool, &args, "FN", k->fn);
    for (int i = 0; i < k->args.arg.n; i++)
        vec_push(e->pool, &args.arg, k->args.arg.at[i]);
    if (k->kernel->parts)
        expand_parts(e, k->kernel->parts, &args, out);
    else
        emitter_expand(e, pool_printf(e->pool, "%s.c.in", k->kernel->name), &args, NULL, out);
    k->stack = stack_of_text(out->text + start, out->len - start, 4 * k->target->vl) + stack_of_pieces(e, k);
}

bool instances_exist(const struct emitter *e, const struct target *t)
{
    for (int i = 0; i < e->instance.n; i++)
        if (e->instance.at[i].target == t)
            return true;
    return false;
}

bool instances_need_math(const struct emitter *e, const struct target *t)
{
    for (int i = 0; i < e->instance.n; i++) {
        const struct instance *k = &e->instance.at[i];
        for (int a = 0; k->target == t && a < k->args.arg.n; a++) {
            const char *text = k->args.arg.at[a].text;
            if (k->kernel->math || (text && !strncmp(text, "vf_", 3) && strcmp(text, "vf_relu")))
                return true;
        }
    }
    return false;
}
