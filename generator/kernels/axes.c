#include "axes.h"

static bool joins(const struct axis *a, const struct axis *b)
{
    return !a->batch && a->reduced == b->reduced && a->x == b->n * b->x && (a->reduced || a->y == b->n * b->y);
}

void add_axis(struct axes *a, struct axis new)
{
    if (new.n == 1)
        return;
    if (a->n > 0 && joins(&a->at[a->n - 1], &new))
        a->at[a->n - 1] = (struct axis){a->at[a->n - 1].n * new.n, new.x, new.y, new.reduced, false};
    else
        a->at[a->n++] = new;
}

void end_axes(struct axes *a)
{
    const struct axis *last = a->n > 0 ? &a->at[a->n - 1] : NULL;
    if (!last || last->batch || last->x != 1 || (!last->reduced && last->y != 1))
        a->at[a->n++] = (struct axis){1, 1, 1, false, false};
}

const char *axes_table(struct pool *pool, const struct axes *a, bool reduced, int *count,
        int64_t *product)
{
    const char *text = "";
    *count = 0;
    *product = 1;
    for (int i = 0; i < a->n - 1; i++) {
        const struct axis *x = &a->at[i];
        if (x->reduced != reduced)
            continue;
        text = pool_printf(pool, "%s%s{%lld, %lld, %lld}", text, *text ? ", " : "",
                (long long)x->n, (long long)x->x, (long long)x->y);
        *product *= x->n;
        ++*count;
    }
    return *text ? text : "none";
}
