/* permute: the dimensions in another order, of a part of a tensor (Slice), or repeated where they
 * are 1 (Expand); vectors over the channels if they stay the last. */
#include "elementwise.h"

#include <stdlib.h>

static bool ok(const struct group *g)
{
    enum family f = node_family(g->main);
    return (f == FAMILY_PERMUTE || f == FAMILY_SLICE || f == FAMILY_EXPAND) && group_is_plain(g);
}

static bool keeps_channels(const struct node *n)
{
    int last = n->out->shape.rank - 1;
    if (node_family(n) == FAMILY_PERMUTE)
        return ((const struct permute *)n->attr)->dims.dim[last] == last + 1;
    return node_family(n) == FAMILY_EXPAND || ((const struct slice *)n->attr)->stride[last] == 1;
}

/* What changes places costs two loads and stores for each float, in vectors a fourth of that. */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    bool runs = keeps_channels(g->main);
    double floats = (double)(shape_size(&g->out->shape) * batch);
    return cost_elementwise(g, batch, t, 0) + (runs ? 0 : (t->vl > 1 ? 0.5 : 2) * floats);
}

/* A dimension of the output: its extent and its pitches in input and output. */
struct dimension { int64_t n, x, y; };

/* The innermost dimension of more than one element, by the pitch in the output or in the input; of
 * equals, which stand still in the input, the last. */
static int innermost(const struct dimension *d, bool of_input)
{
    int best = -1;
    for (int i = 0; i < 4; i++)
        if (d[i].n > 1 && (best < 0 || (of_input ? llabs(d[i].x) <= llabs(d[best].x)
                                                 : d[i].y < d[best].y)))
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

/* Those of the output, and the element of the input that comes first. */
static int64_t output_dimensions(const struct step *step, struct dimension *d)
{
    const struct node *n = step->group->main;
    const struct permute *p = node_family(n) == FAMILY_PERMUTE ? n->attr : NULL;
    const struct slice *s = node_family(n) == FAMILY_SLICE ? n->attr : NULL;
    const struct shape *x = &n->in.at[0]->shape, *y = &n->out->shape;
    int shift = 4 - y->rank;
    int64_t first = 0;
    for (int i = 0; i < 4; i++) {
        bool given = i >= shift;
        int from = given && p ? p->dims.dim[i - shift] - 1 + shift : i;
        int64_t of_x = pitch_of_four(x, &step->in.at[0], from);
        d[i].n = dim_of_four(y, i);
        d[i].x = given && s ? of_x * s->stride[i - shift] : dim_of_four(x, from) > 1 ? of_x : 0;
        d[i].y = pitch_of_four(y, &step->out, i);
        first += given && s ? of_x * s->first[i - shift] : 0;
    }
    return first;
}

/* Loops over dimensions 0, 1, 2, 3 in this order, the last one contiguous in the output. If it is
 * so in the input as well, or one float is all of it there, it is moved in vectors; else dimension
 * 2 is the one that is contiguous there, and moved in blocks of 16, so that each cache line is read
 * once. */
static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    struct dimension d[4];
    int64_t from = output_dimensions(step, d);
    put_at(d, innermost(d, false), 3);
    int near = innermost(d, true);
    bool single = d[3].x == 0 && d[3].y == 1;
    bool runs = single || (near == 3 && d[3].x == 1 && d[3].y == 1);
    if (!runs && near != 3)
        put_at(d, near, 2);
    if (runs && d[2].x == d[3].x * d[3].n && d[2].y == d[3].n) {
        d[3].n *= d[2].n;
        d[2].n = 1;
    }
    b->units = (int)(step->out.n * d[0].n * d[1].n * (runs ? 1 : (d[2].n + 15) / 16));
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "RUNS", runs);
    args_int(pool, &b->args, "SINGLE", single);
    args_int(pool, &b->args, "FROM", from);
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
