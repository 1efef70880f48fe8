#include "cut.h"

struct cut cut_even(int n, int most)
{
    int tiles = (n + most - 1) / most, small = n / tiles, wide = n - tiles * small;
    if (wide == 0)
        return (struct cut){small, tiles, 0, 0};
    return (struct cut){small + 1, wide, small, tiles - wide};
}

double units_share(int64_t units)
{
    int64_t most = (units + MOST_THREADS - 1) / MOST_THREADS;
    return (double)(most * MOST_THREADS) / (double)units;
}

bool units_are_uneven(int64_t units) { return units_share(units) > 1.2; }

int even_parts(int64_t units, int tiles)
{
    int parts = 1;
    for (int n = 2; units_are_uneven(units * parts) && n <= tiles; n++)
        if (tiles % n == 0 && units_share(units * n) < units_share(units * parts))
            parts = n;
    return parts;
}

void bind_cut(struct pool *pool, struct args *args, const char *size, const char *count,
        const struct cut *c)
{
    args_int(pool, args, pool_printf(pool, "%s0", size), c->n0);
    args_int(pool, args, pool_printf(pool, "%s0", count), c->t0);
    args_int(pool, args, pool_printf(pool, "%s1", size), c->n1);
    args_int(pool, args, pool_printf(pool, "%s1", count), c->t1);
}

bool view_rows_join(const struct view *v)
{
    return v->h == 1 || v->row == v->w * v->pixel;
}

bool view_images_join(const struct view *v)
{
    return v->n == 1 || v->image == v->h * v->w * v->pixel;
}

const struct target *target_for(const struct target *t, int n)
{
    while (targets[t->base].vl < t->vl && targets[t->base].vl >= n)
        t = &targets[t->base];
    return t;
}
