#include "select.h"

#include <math.h>

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

static void find_regrets(const struct plan *plan, struct candidates *c)
{
    for (int t = 0; t < TARGET_COUNT; t++) {
        double best = plan_judges(plan) & TARGET_BIT(t) ? best_cycles(c, t) : 0;
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

static void find_candidates(const struct plan *plan, const struct group *g, struct candidates *c)
{
    list_candidates(plan, g, c);
    find_regrets(plan, c);
    sort_by_regret(c);
}

static struct choice choice_of(struct plan *plan, const struct group *g,
        const struct candidates *c)
{
    const struct candidate *k = &c->at[c->chosen], *other = &c->at[c->chosen ? 0 : 1];
    struct choice choice = {.group = g, .kernel = k->kernel, .why = "the only kernel for it"};
    if (c->n > 1)
        choice.why = pool_printf(plan->pool, "at worst %.2f of the best time; %s%s: %.2f",
                k->regret, c->chosen ? "more weights, " : "", other->kernel->name, other->regret);
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

bool select_pooled(const struct group *g, int64_t batch, unsigned set)
{
    struct group front = *g, behind = {.main = g->pool, .math = g->math, .out = g->out};
    double whole_worst = 0, apart_worst = 0;
    front.pool = NULL;
    front.out = g->pool->in.at[0];
    behind.in.at = &front.out;
    behind.in.n = 1;
    for (int t = 0; t < TARGET_COUNT; t++) {
        if (!(set & TARGET_BIT(t)))
            continue;
        double whole = least_cycles(g, batch, &targets[t]);
        double apart = least_cycles(&front, batch, &targets[t]) +
                least_cycles(&behind, batch, &targets[t]);
        whole_worst = fmax(whole_worst, whole / apart);
        apart_worst = fmax(apart_worst, apart / whole);
    }
    return whole_worst < apart_worst;
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
    fit_weights(plan, all, n, limit_bytes(groups, options));
    for (int i = 0; i < n; i++)
        if (all[i].n)
            vec_push(plan->pool, &choices.list, choice_of(plan, groups->list.at[i], &all[i]));
    return choices;
}
