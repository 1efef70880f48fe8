#include "select.h"

#include <math.h>

struct candidate {
    const struct kernel *kernel;
    double cycles[TARGET_COUNT];
    double regret;
};

static int list_candidates(const struct group *g, int64_t batch, unsigned set, struct candidate *c)
{
    int n = 0;
    for (int i = 0; i < KERNEL_COUNT; i++) {
        if (!kernel_takes(kernels[i], g))
            continue;
        c[n].kernel = kernels[i];
        c[n].regret = 1;
        for (int t = 0; t < TARGET_COUNT; t++)
            if (set & TARGET_BIT(t))
                c[n].cycles[t] = kernels[i]->cost(g, batch, &targets[t]);
        n++;
    }
    return n;
}

static void find_regrets(struct candidate *c, int n, unsigned set)
{
    for (int t = 0; t < TARGET_COUNT; t++) {
        if (!(set & TARGET_BIT(t)))
            continue;
        double best = c[0].cycles[t];
        for (int i = 1; i < n; i++)
            if (c[i].cycles[t] < best)
                best = c[i].cycles[t];
        for (int i = 0; i < n; i++)
            if (c[i].cycles[t] > best * c[i].regret)
                c[i].regret = c[i].cycles[t] / best;
    }
}

const struct kernel *select_kernel(struct pool *pool, const struct group *g, int64_t batch, unsigned set,
        const char **why)
{
    struct candidate c[KERNEL_COUNT];
    int n = list_candidates(g, batch, set, c), best = 0, second = -1;
    if (n == 0)
        bug("no kernel for '%s'", g->main->name);
    find_regrets(c, n, set);
    for (int i = 1; i < n; i++)
        if (c[i].regret < c[best].regret)
            best = i;
    for (int i = 0; i < n; i++)
        if (i != best && (second < 0 || c[i].regret < c[second].regret))
            second = i;
    *why = second < 0 ? "the only kernel for it"
         : pool_printf(pool, "at worst %.2f of the best time; %s: %.2f", c[best].regret,
                   c[second].kernel->name, c[second].regret);
    return c[best].kernel;
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
    struct group front = *g, behind = {.main = g->pool, .in = {0}, .out = g->out};
    front.pool = NULL;
    front.out = g->pool->in.at[0];
    behind.in.at = &front.out;
    behind.in.n = 1;
    double whole_worst = 0, apart_worst = 0;
    for (int t = 0; t < TARGET_COUNT; t++) {
        if (!(set & TARGET_BIT(t)))
            continue;
        double whole = least_cycles(g, batch, &targets[t]);
        double apart = least_cycles(&front, batch, &targets[t]) + least_cycles(&behind, batch, &targets[t]);
        whole_worst = fmax(whole_worst, whole / apart);
        apart_worst = fmax(apart_worst, apart / whole);
    }
    return whole_worst < apart_worst;
}
