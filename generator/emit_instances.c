#include "emit_instances.h"

#include <string.h>

#include "group.h"
#include "kernel.h"

struct instance *instance_of(struct emitter *e, const struct step *s, const struct binding *b)
{
    for (int i = 0; i < e->instance.n; i++) {
        struct instance *k = &e->instance.at[i];
        if (k->kernel == s->kernel && k->target == b->target && args_equal(k->args, &b->args))
            return k;
    }
    return NULL;
}

static struct instance *instance_new(struct emitter *e, const struct step *s,
        const struct binding *b)
{
    const char *fn = pool_printf(e->pool, "%s_%s_%d_%s", e->opt->prefix, s->kernel->name, s->index,
            b->target->name);
    vec_push(e->pool, &e->instance,
            (struct instance){
                .fn = fn, .kernel = s->kernel, .target = b->target, .args = &b->args});
    return &e->instance.at[e->instance.n - 1];
}

/* Several targets may share the code of one: a step is its user once. */
static void add_user(struct emitter *e, const struct step *s, const struct binding *b)
{
    struct instance *k = instance_of(e, s, b);
    k = k ? k : instance_new(e, s, b);
    if (k->user.n == 0 || k->user.at[k->user.n - 1] != s)
        vec_push(e->pool, &k->user, s);
}

void instances_find(struct emitter *e)
{
    for (int i = 0; i < e->plan->step.n; i++)
        for (int t = 0; t < TARGET_COUNT; t++)
            if (e->plan->targets & TARGET_BIT(t))
                add_user(e, e->plan->step.at[i], &e->plan->step.at[i]->bind[t]);
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

static void expand_parts(struct emitter *e, const char *const *part, const struct args *args,
        struct out *out)
{
    for (; *part; part++) {
        const char *name = pool_printf(e->pool, "%s.c.in", *part);
        struct template *t = emitter_template(e, name);
        struct args some = t ? declared_args(e, t, args) : (struct args){0};
        if (!t || !template_expand(t, &some, NULL, e, out, e->diag))
            e->failed = true;
        out_printf(out, part[1] ? "\n" : "");
    }
}

void instance_write(struct emitter *e, struct instance *k, struct out *out)
{
    struct args args = {0};
    const size_t start = out->len;
    out_printf(out, "\n/* %s: %s.\n * For", k->kernel->name, k->kernel->doc);
    for (int i = 0; i < k->user.n; i++) {
        const struct group *g = k->user.at[i]->group;
        out_printf(out, "%s %s (%s%s%s)", i ? "," : "", g->out->name, group_text(e->pool, g),
                g->main->layer ? ", " : "", emitter_place(e, g->main));
    }
    out_printf(out, ". */\n");
    args_text(e->pool, &args, "FN", k->fn);
    for (int i = 0; i < k->args->arg.n; i++)
        vec_push(e->pool, &args.arg, k->args->arg.at[i]);
    if (k->kernel->parts)
        expand_parts(e, k->kernel->parts, &args, out);
    else
        emitter_expand(e, pool_printf(e->pool, "%s.c.in", k->kernel->name), &args, NULL, out);
    k->stack = stack_of_text(out->text + start, out->len - start, 4 * k->target->vl);
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
        for (int a = 0; k->target == t && a < k->args->arg.n; a++) {
            const char *text = k->args->arg.at[a].text;
            if (k->kernel->math || (text && !strncmp(text, "vf_", 3) && strcmp(text, "vf_relu")))
                return true;
        }
    }
    return false;
}
