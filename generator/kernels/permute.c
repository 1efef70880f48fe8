/* permute: the dimensions in another order, of a part of a tensor (Slice), or repeated where they
 * are 1 (Expand); vectors over the channels if they stay the last. */
#include "elementwise.h"

#include <stdlib.h>
#include <string.h>

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

/* What changes places costs two loads and stores for each float, in vectors a tenth of that. */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    bool runs = keeps_channels(g->main);
    double floats = (double)(shape_size(&g->out->shape) * batch);
    return cost_elementwise(g, batch, t, 0) + (runs ? 0 : (t->vl > 1 ? 0.2 : 2) * floats);
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

/* Neighbours that are one dimension in input and output, as rows and pixels of an image are, become
 * one: the last of them; what is left has extent 1 and is put in front. */
static void join_dimensions(struct dimension *d)
{
    for (int i = 2; i >= 0; i--)
        if (d[i].n > 1 && d[i].x == d[i + 1].n * d[i + 1].x && d[i].y == d[i + 1].n * d[i + 1].y) {
            d[i + 1].n *= d[i].n;
            memmove(&d[1], &d[0], (size_t)i * sizeof d[0]);
            d[0] = (struct dimension){1, 0, 0};
            i++;
        }
}

/* How a block is moved, as the template calls it, the vectors, and elements of dimensions 2 and 3 in
 * a block: some 16 kB, or a square of cache lines. */
struct way { const char *kind; const struct target *target; int64_t block2, block3; };

/* The longest vectors that n floats fill; NULL: none. */
static const struct target *filled_target(const struct target *t, int64_t n)
{
    while (t->vl > n && t->base != t->id)
        t = &targets[t->base];
    return t->vl > 1 && t->vl <= n ? t : NULL;
}

/* So many channels at most are woven by fewer shuffles than squares take. */
static int64_t few(const struct target *t) { return t->vl == 16 ? 7 : 4; }

/* A transposition of dimension 2 by dimension 3. */
static struct way way_of_transposing(const struct dimension *d, const struct target *t)
{
    const struct target *by2 = filled_target(t, d[2].n), *by3 = filled_target(t, d[3].n);
    bool fit = d[2].x == 1 && d[3].y == 1;
    if (fit && by2 && d[3].n <= few(by2) && d[2].y == d[3].n)
        return (struct way){"weave", by2, 1024, d[3].n};
    if (fit && by3 && d[2].n <= few(by3) && d[3].x == d[2].n)
        return (struct way){"pick", by3, d[2].n, 1024};
    if (fit && by2 && by3)
        return (struct way){"squares", by2->vl < by3->vl ? by2 : by3, 16, 128};
    return (struct way){"floats", t, 16, 128};
}

static struct way way_of_moving(const struct dimension *d, const struct target *t)
{
    enum { RUN = 4096 };
    return (struct way){"runs", t, d[3].n < RUN ? RUN / d[3].n : 1, RUN};
}

/* Dimension i in blocks of at least so many elements, the last of them longer. */
static void bind_blocks(struct pool *pool, struct args *args, int i, int64_t n, int64_t block,
        int64_t *units)
{
    int64_t blocks = n >= 2 * block ? n / block : 1;
    args_int(pool, args, pool_printf(pool, "B%d", i), blocks > 1 ? block : n);
    args_int(pool, args, pool_printf(pool, "T%d", i), blocks);
    *units *= blocks;
}

/* Loops over dimensions 0, 1, 2, 3 in this order, the last one contiguous in the output. If it is
 * so in the input as well, or one float is all of it there, it is moved in vectors; else dimension
 * 2 is the one that is contiguous there. */
static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    struct dimension d[4];
    int64_t from = output_dimensions(step, d), units = step->out.n;
    join_dimensions(d);
    put_at(d, innermost(d, false), 3);
    int near = innermost(d, true);
    bool single = d[3].x == 0 && d[3].y == 1;
    bool runs = single || (near == 3 && d[3].x == 1 && d[3].y == 1);
    if (!runs && near != 3)
        put_at(d, near, 2);
    struct way way = runs ? way_of_moving(d, t) : way_of_transposing(d, t);

    b->target = way.target;
    args_int(pool, &b->args, "VL", way.target->vl);
    args_text(pool, &b->args, "KIND", way.kind);
    args_int(pool, &b->args, "SINGLE", single);
    args_int(pool, &b->args, "FROM", from);
    for (int i = 0; i < 4; i++) {
        args_int(pool, &b->args, pool_printf(pool, "N%d", i), d[i].n);
        args_int(pool, &b->args, pool_printf(pool, "X%d", i), d[i].x);
        args_int(pool, &b->args, pool_printf(pool, "Y%d", i), d[i].y);
        units *= i < 2 ? d[i].n : 1;
    }
    bind_blocks(pool, &b->args, 2, d[2].n, way.block2, &units);
    bind_blocks(pool, &b->args, 3, d[3].n, way.block3, &units);
    b->units = (int)units;
    args_int(pool, &b->args, "XN", step->in.at[0].image);
    args_int(pool, &b->args, "YN", step->out.image);
}

const struct kernel permute = {
    .name = "permute",
    .doc = "dimensions in another order; vectors over channels that stay the last",
    .ok = ok, .cost = cost, .bind = bind,
};
