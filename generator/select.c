#include "select.h"

#include <math.h>

#include "tuning.h"

struct candidate {
    const struct kernel *kernel;
    double cycles[TARGET_COUNT];
    double regret;
    int64_t bytes;                 /* of packed weights */
};

/* The kernels that take a group, those of less regret first. */
struct candidates {
    struct candidate at[KERNEL_COUNT];
    int n, chosen;
    unsigned timed;                /* TARGET_BITs on which all of them were measured */
    const char *how;               /* regrets are known, if not by the model: for choice.why */
};

static int64_t weight_bytes(const struct kernel *k, const struct group *g)
{
    int64_t floats = 0;
    if (k->weights)
        return 4 * k->weights(g);
    for (int i = 0; i < g->main->weights; i++)
        floats += shape_size(&g->main->weight[i].shape);
    return 4 * floats;
}

static void list_candidates(const struct plan *plan, const struct group *g, struct candidates *c)
{
    for (int i = 0; i < KERNEL_COUNT; i++) {
        struct candidate *k = &c->at[c->n];
        if (!kernel_takes(kernels[i], g))
            continue;
        *k = (struct candidate){kernels[i], .regret = 1, .bytes = weight_bytes(kernels[i], g)};
        for (int t = 0; t < TARGET_COUNT; t++)
            if (plan_judges(plan) & TARGET_BIT(t))
                k->cycles[t] = kernels[i]->cost(g, plan->graph->batch, &targets[t]);
        c->n++;
    }
}

static double best_cycles(const struct candidates *c, int t)
{
    double best = INFINITY;
    for (int i = 0; i < c->n; i++)
        if (c->at[i].cycles[t] < best)
            best = c->at[i].cycles[t];
    return best;
}

/* Over the targets with measured times, if there are any, else over all. */
static void find_regrets(const struct plan *plan, struct candidates *c)
{
    unsigned judges = c->timed ? c->timed : plan_judges(plan);
    for (int t = 0; t < TARGET_COUNT; t++) {
        double best = best_cycles(c, t);
        if (!(judges & TARGET_BIT(t)))
            continue;
        for (int i = 0; i < c->n; i++)
            if (c->at[i].cycles[t] > best * c->at[i].regret)
                c->at[i].regret = c->at[i].cycles[t] / best;
    }
}

/* Few: by insertion, so that equals stay in the order of kernels.def. */
static void sort_by_regret(struct candidates *c)
{
    for (int i = 1; i < c->n; i++) {
        struct candidate k = c->at[i];
        int at = i;
        for (; at > 0 && c->at[at - 1].regret > k.regret; at--)
            c->at[at] = c->at[at - 1];
        c->at[at] = k;
    }
}

/* ---- measured times -------------------------------------------------------------------------- */

static bool all_timed(const struct candidates *c, const struct tuned *times, int t)
{
    for (int i = 0; i < c->n; i++)
        if (!(times->us[t][kernel_index(c->at[i].kernel)] > 0))
            return false;
    return true;
}

/* Puts measured times in the place of the predictions for a target: the fastest kernel gets the
 * least prediction and the others more, in proportion, so that groups without times compare with
 * it. */
static void use_times(struct candidates *c, const struct tuned *times, int t)
{
    double least = best_cycles(c, t), fastest = INFINITY;
    for (int i = 0; i < c->n; i++)
        fastest = fmin(fastest, times->us[t][kernel_index(c->at[i].kernel)]);
    for (int i = 0; i < c->n; i++)
        c->at[i].cycles[t] = least * times->us[t][kernel_index(c->at[i].kernel)] / fastest;
}

/* ", but conv2d_winograd6, not under --math=precise, was faster": a kernel that only the mode of
 * calculation keeps from being chosen; "" when there is none. */
static const char *say_forbidden(struct plan *plan, const struct group *g,
        const struct candidates *c, const struct tuned *times, int t)
{
    struct group free = *g;
    double fastest = INFINITY;
    free.math = MATH_FAST;
    for (int i = 0; i < c->n; i++)
        fastest = fmin(fastest, times->us[t][kernel_index(c->at[i].kernel)]);
    for (int i = 0; i < KERNEL_COUNT; i++)
        if (!kernel_takes(kernels[i], g) && kernel_takes(kernels[i], &free) &&
                times->us[t][i] > 0 && times->us[t][i] < fastest)
            return pool_printf(plan->pool, "; %s was faster, but not under --math=%s",
                    kernels[i]->name, math_modes[g->math]);
    return "";
}

static void find_times(struct plan *plan, const struct group *g, struct candidates *c)
{
    const struct tuned *times = !plan->tuning ? NULL :
            tuning_find(plan->tuning, group_signature(plan->pool, g, plan->graph->batch));
    c->how = "";
    for (int t = 0; times && c->n > 0 && t < TARGET_COUNT; t++) {
        if (!(plan_judges(plan) & TARGET_BIT(t)) || !all_timed(c, times, t))
            continue;
        c->how = pool_printf(plan->pool, "%s; measured on %s%s", c->how, targets[t].name,
                say_forbidden(plan, g, c, times, t));
        c->timed |= TARGET_BIT(t);
        if (c->n > 1)
            use_times(c, times, t);
    }
}

/* For tune: the first kernel that has no time yet, where there are several. */
static void choose_trial(struct plan *plan, const struct group *g, struct candidates *c)
{
    const struct tuned *times =
            tuning_find(plan->tuning, group_signature(plan->pool, g, plan->graph->batch));
    for (int i = c->n - 1; times && i >= 0; i--)
        if (!(times->us[plan->trial_target][kernel_index(c->at[i].kernel)] > 0))
            c->chosen = i;
}

static void find_candidates(struct plan *plan, const struct group *g, struct candidates *c)
{
    list_candidates(plan, g, c);
    find_times(plan, g, c);
    find_regrets(plan, c);
    sort_by_regret(c);
    if (plan->trial)
        choose_trial(plan, g, c);
}

static struct choice choice_of(struct plan *plan, const struct group *g,
        const struct candidates *c)
{
    const struct candidate *k = &c->at[c->chosen], *other = &c->at[c->chosen ? 0 : 1];
    struct choice choice = {.group = g, .kernel = k->kernel, .why = "the only kernel for it"};
    if (c->n > 1)
        choice.why = pool_printf(plan->pool, "at worst %.2f of the best time; %s%s: %.2f%s",
                k->regret, c->chosen ? "more weights, " : "", other->kernel->name, other->regret,
                c->how);
    else if (*c->how)
        choice.why = pool_printf(plan->pool, "%s%s", choice.why, c->how);
    return choice;
}

/* Of the fastest kernel on the target. */
static double least_cycles(const struct group *g, int64_t batch, const struct target *t)
{
    double least = INFINITY;
    for (int i = 0; i < KERNEL_COUNT; i++)
        if (kernel_takes(kernels[i], g))
            least = fmin(least, kernels[i]->cost(g, batch, t));
    return least;
}

static bool is_worth(const struct group *whole, struct group *const *part, int n, int64_t batch,
        unsigned set)
{
    double whole_worst = 0, apart_worst = 0;
    for (int t = 0; t < TARGET_COUNT; t++) {
        if (!(set & TARGET_BIT(t)))
            continue;
        double together = least_cycles(whole, batch, &targets[t]), apart = 0;
        for (int i = 0; i < n; i++)
            apart += least_cycles(part[i], batch, &targets[t]);
        whole_worst = fmax(whole_worst, together / apart);
        apart_worst = fmax(apart_worst, apart / together);
    }
    return whole_worst < apart_worst;
}

bool select_pooled(const struct group *g, int64_t batch, unsigned set)
{
    struct group front = *g, behind = {.main = g->pool, .math = g->math, .out = g->out};
    front.pool = NULL;
    front.out = g->pool->in.at[0];
    behind.in.at = &front.out;
    behind.in.n = 1;
    return is_worth(g, (struct group *const[]){&front, &behind}, 2, batch, set);
}

bool select_staged(const struct group *g, int64_t batch, unsigned set)
{
    return is_worth(g, g->stage.at, g->stage.n, batch, set);
}

struct choice select_kernel(struct plan *plan, const struct group *g)
{
    struct candidates c = {.n = 0};
    find_candidates(plan, g, &c);
    if (c.n == 0)
        bug("no kernel for '%s'", g->main->name);
    return choice_of(plan, g, &c);
}

/* ---- the budget of weights ------------------------------------------------------------------- */

/* What candidate `to` costs more than the chosen one: cycles, weighted by what a target does in
 * one, so that slow targets don't outvote fast ones. */
static double loss(const struct plan *plan, const struct candidates *c, int to)
{
    double sum = 0;
    for (int t = 0; t < TARGET_COUNT; t++)
        if (plan_judges(plan) & TARGET_BIT(t))
            sum += (c->at[to].cycles[t] - c->at[c->chosen].cycles[t]) * targets[t].vl *
                    targets[t].fma_per_cycle;
    return sum;
}

struct exchange { struct candidates *of; int to; double price; };

/* The exchange of a chosen candidate for a smaller one that costs the least for each byte saved. */
static struct exchange cheapest_exchange(const struct plan *plan, struct candidates *all,
        int n)
{
    struct exchange best = {0};
    for (int i = 0; i < n; i++)
        for (int k = 0; k < all[i].n; k++) {
            int64_t saved = all[i].at[all[i].chosen].bytes - all[i].at[k].bytes;
            double price = saved > 0 ? loss(plan, &all[i], k) / (double)saved : 0;
            if (saved > 0 && (!best.of || price < best.price))
                best = (struct exchange){&all[i], k, price};
        }
    return best;
}

static int64_t chosen_bytes(const struct candidates *all, int n)
{
    int64_t bytes = 0;
    for (int i = 0; i < n; i++)
        bytes += all[i].n ? all[i].at[all[i].chosen].bytes : 0;
    return bytes;
}

static double limit_bytes(const struct groups *groups, const struct plan_options *o)
{
    static const struct kernel as_they_are;
    double bytes = 0;
    for (int i = 0; i < groups->list.n; i++)
        bytes += (double)weight_bytes(&as_they_are, groups->list.at[i]);
    bytes *= o->max_weight_growth;
    return bytes > (double)o->free_weight_bytes ? bytes : (double)o->free_weight_bytes;
}

static void fit_weights(const struct plan *plan, struct candidates *all, int n, double limit)
{
    while ((double)chosen_bytes(all, n) > limit) {
        struct exchange e = cheapest_exchange(plan, all, n);
        if (!e.of)
            return;
        e.of->chosen = e.to;
    }
}

struct choices select_kernels(struct plan *plan, const struct groups *groups,
        const struct plan_options *options)
{
    int n = groups->list.n;
    struct candidates *all = NEW_ARRAY(plan->pool, struct candidates, n + 1);
    struct choices choices = {0};
    for (int i = 0; i < n; i++)
        find_candidates(plan, groups->list.at[i], &all[i]);
    if (!plan->trial)
        fit_weights(plan, all, n, limit_bytes(groups, options));
    for (int i = 0; i < n; i++)
        if (all[i].n)
            vec_push(plan->pool, &choices.list, choice_of(plan, groups->list.at[i], &all[i]));
    return choices;
}
