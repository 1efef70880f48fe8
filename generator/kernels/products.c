#include "products.h"

enum {
    ROWS = 16, VECTORS = 4,  /* of a tile, at most */
    ALONE = 8,               /* vectors of a tile of a single row, at most */
};

/* Cycles for one k of a tile, on the fastest CPU of the target: limited by multiplies, by loads, or by the four
 * cycles that a sum waits for itself, some of which show unless there are twice as many sums as hide them.
 * Without FMA by instructions, three in a cycle: copy, multiply and add for each sum, two for a broadcast. */
static double step_cycles(const struct target *t, int p, int q)
{
    double rate = t->fma ? t->fma_per_cycle * t->fastest : 3.0 * p * q / (3 * p * q + 2 * p);
    double busy = p * q / rate, load = (p + q) / (t->load_per_cycle * t->fastest);
    double hidden = p * q / (4 * rate);
    busy = busy > load ? busy : load;
    return (busy > 4 ? busy : 4) + (hidden < 2 ? 0.3 * rate * (2 - hidden) : 0);
}

/* Each tile begins and ends: its sums are stored. */
static double tile_cycles(const struct target *t, int p, int q, int k)
{
    return p > 0 && q > 0 ? k * step_cycles(t, p, q) + p * q + 10 : 0;
}

static double tiling_cycles(const struct target *t, const struct tiling *x, int k)
{
    const struct cut *r = &x->rows, *v = &x->vectors;
    return (double)r->t0 * (v->t0 * tile_cycles(t, r->n0, v->n0, k) + v->t1 * tile_cycles(t, r->n0, v->n1, k)) +
           (double)r->t1 * (v->t0 * tile_cycles(t, r->n1, v->n0, k) + v->t1 * tile_cycles(t, r->n1, v->n1, k));
}

/* Sums, a row of the second operand, one broadcast; without FMA a product. */
static bool fits_registers(const struct target *t, int p, int q)
{
    return p * q + q + 1 + !t->fma <= t->registers;
}

struct tiling tile_products(const struct target *t, int m, int n, int k)
{
    struct tiling best = {.cycles = 0};
    int most = m == 1 ? ALONE : VECTORS;
    for (int p = 1; p <= ROWS && p <= m; p++)
        for (int q = 1; q <= most && fits_registers(t, p, q); q++) {
            struct tiling x = {cut_even(m, p), cut_even((n + t->vl - 1) / t->vl, q), 0};
            x.cycles = tiling_cycles(t, &x, k);
            if (best.cycles == 0 || x.cycles < best.cycles)
                best = x;
        }
    return best;
}
