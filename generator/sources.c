#include "sources.h"

#include "ops.h"

/* Step whose result is the tensor, NULL: none (it is a part of another, or another's shape). */
static const struct step *find_maker(const struct plan *plan, const struct tensor *t)
{
    for (int i = 0; i < plan->step.n; i++)
        if (plan->step.at[i]->group->out == t)
            return plan->step.at[i];
    return NULL;
}

static void add_layer(struct pool *pool, struct sources *s, int layer)
{
    for (int i = 0; i < s->layer.n; i++)
        if (s->layer.at[i] == layer)
            return;
    vec_push(pool, &s->layer, layer);
}

/* Tensors that are layers' values and that steps stored are known. Where t is not, cnngen's own
 * intermediate or another view of something stored, what it was made from is. */
static void add_sources(struct pool *pool, const struct plan *plan, struct sources *s,
        const struct tensor *t)
{
    const struct step *maker = find_maker(plan, t);
    bool is_input = node_family(t->maker) == FAMILY_INPUT;
    if (t->layer >= 0 && (maker || is_input))
        add_layer(pool, s, t->layer);
    else if (maker)
        for (int i = 0; i < maker->group->in.n; i++)
            add_sources(pool, plan, s, maker->group->in.at[i]);
    else
        for (int i = 0; i < t->maker->in.n; i++)
            add_sources(pool, plan, s, t->maker->in.at[i]);
}

struct sources sources_of_step(struct pool *pool, const struct plan *plan, const struct step *step)
{
    struct sources s = {0};
    for (int k = 0; k < step->group->in.n; k++)
        add_sources(pool, plan, &s, step->group->in.at[k]);
    return s;
}

bool sources_have(const struct sources *s, int layer)
{
    for (int i = 0; i < s->layer.n; i++)
        if (s->layer.at[i] == layer)
            return true;
    return false;
}

struct sources sources_of_tensor(struct pool *pool, const struct plan *plan, const struct tensor *t)
{
    struct sources s = {0};
    add_sources(pool, plan, &s, t);
    return s;
}
