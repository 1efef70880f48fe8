#include "select.h"

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
