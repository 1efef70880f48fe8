/* permute: the dimensions in another order; vectors over the channels if they stay the last. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_PERMUTE && group_is_plain(g);
}

/* What moves float by float costs a load and a store for each. */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct permute *a = g->main->attr;
    bool runs = a->dims.dim[a->dims.rank - 1] == a->dims.rank;
    double floats = (double)(shape_size(&g->out->shape) * batch);
    return cost_elementwise(g, batch, t, 0) + (runs ? 0 : 2 * floats);
}

/* Dimension d of four and its pitch, of a shape seen as [D, H, W, C] through a view. */
static int64_t extent(const struct shape *s, int d)
{
    return d < 4 - s->rank ? 1 : s->dim[d - (4 - s->rank)];
}

static int64_t pitch(const struct shape *s, const struct view *v, int d)
{
    const int64_t all[] = {extent(s, 1) * v->row, v->row, v->pixel, 1};
    return all[d];
}

/* A dimension of the output: its extent and its pitches in input and output. */
struct dimension { int64_t n, x, y; };

/* The innermost dimension of more than one element, by the pitch in the output or in the input. */
static int innermost(const struct dimension *d, bool of_input)
{
    int best = -1;
    for (int i = 0; i < 4; i++)
        if (d[i].n > 1 && (best < 0 || (of_input ? d[i].x < d[best].x : d[i].y < d[best].y)))
            best = i;
    return best < 0 ? 3 : best;
}

/* Puts dimension i at place to, the others keep their order. */
static void put_at(struct dimension *d, int i, int to)
{
    struct dimension moved = d[i];
    for (; i < to; i++)
        d[i] = d[i + 1];
    d[to] = moved;
}

static void output_dimensions(const struct step *step, struct dimension *d)
{
    const struct node *n = step->group->main;
    const struct permute *a = n->attr;
    const struct shape *x = &n->in.at[0]->shape, *y = &n->out->shape;
    int shift = 4 - y->rank;
    for (int i = 0; i < 4; i++) {
        int from = i < shift ? i : a->dims.dim[i - shift] - 1 + shift;
        d[i].n = extent(y, i);
        d[i].x = pitch(x, &step->in.at[0], from);
        d[i].y = pitch(y, &step->out, i);
    }
}

/* Loops over dimensions 0, 1, 2, 3 in this order, the last one contiguous in the output. If it is
 * so in the input as well, it is moved in vectors; else dimension 2 is the one that is contiguous
 * there, and moved in blocks of 16, so that each cache line is read once. */
static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    struct dimension d[4];
    output_dimensions(step, d);
    put_at(d, innermost(d, false), 3);
    int near = innermost(d, true);
    bool runs = near == 3 && d[3].x == 1 && d[3].y == 1;
    if (near != 3)
        put_at(d, near, 2);
    if (runs && d[2].x == d[3].n && d[2].y == d[3].n) {
        d[3].n *= d[2].n;
        d[2].n = 1;
    }
    b->units = (int)(step->out.n * d[0].n * d[1].n * (runs ? 1 : (d[2].n + 15) / 16));
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "RUNS", runs);
    for (int i = 0; i < 4; i++) {
        args_int(pool, &b->args, pool_printf(pool, "N%d", i), d[i].n);
        args_int(pool, &b->args, pool_printf(pool, "X%d", i), d[i].x);
        args_int(pool, &b->args, pool_printf(pool, "Y%d", i), d[i].y);
    }
    args_int(pool, &b->args, "XN", step->in.at[0].image);
    args_int(pool, &b->args, "YN", step->out.image);
}

const struct kernel permute = {
    .name = "permute",
    .doc = "dimensions in another order; vectors over channels that stay the last",
    .ok = ok, .cost = cost, .bind = bind,
};
