/* reduce, arg: sums, norms, extremes and the indices of extremes over any dimensions. Vectors over
 * the innermost dimension, whether it stays or is reduced. */
#include "axes.h"

enum {
    VECTORS = 4,         /* of results side by side */
    LANES = 16,          /* partial results of those that are reduced along the innermost dimension */
    TILE = 4,            /* of these at once, at most */
    UNIT_FLOATS = 4096   /* about so many elements go into the results of a unit */
};

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_REDUCE && group_is_plain(g);
}

static bool arg_ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_ARG && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct reduce *a = g->main->attr;
    const struct shape *x = &g->in.at[0]->shape;
    double floats = (double)(shape_size(x) * batch), results = (double)(shape_size(&g->out->shape) * batch);
    double ops = a->kind == REDUCE_LOG_SUM_EXP ? 30 : 2;
    double across = a->reduced[x->rank - 1] ? 8 : 0;  /* from the lanes of a vector to one result */
    return floats / t->vl * ops + results * across + cost_stream(t, 4 * floats, 0);
}

static struct axes axes_of(const struct step *step)
{
    const struct node *n = step->group->main;
    const struct reduce *r = n->attr;
    const struct shape *x = &n->in.at[0]->shape, *y = &n->out->shape;
    const struct view *in = &step->in.at[0], *out = &step->out;
    struct axes a = {.n = 0};
    int to = 4 - y->rank;
    add_axis(&a, (struct axis){out->n, in->image, out->image, false, true});
    for (int d = 0; d < x->rank; d++) {
        int i = d + 4 - x->rank;
        bool stays = !r->reduced[d];
        add_axis(&a, (struct axis){x->dim[d], pitch_of_four(x, in, i), stays ? pitch_of_four(y, out, to) : 0,
                                   !stays, false});
        to += stays || r->keepdims;
    }
    end_axes(&a);
    return a;
}

/* The last of the outer axes of a kind, which gets a loop of its own instead of a row in a table; never that
 * of the images, by which units go. */
static struct axis take_last(struct axes *a, bool reduced)
{
    int at = a->n - 2;
    while (at >= 0 && (a->at[at].reduced != reduced || a->at[at].batch))
        at--;
    if (at < 0)
        return (struct axis){1, 0, 0, reduced, false};
    const struct axis taken = a->at[at];
    for (a->n--; at < a->n; at++)
        a->at[at] = a->at[at + 1];
    return taken;
}

/* The tables of both kinds of outer axes; returns the product of those that stay. */
static int64_t bind_tables(struct pool *pool, struct args *args, const struct axes *a)
{
    int rounds, kept;
    int64_t of_rounds, of_kept;
    args_text(pool, args, "ROUNDS", axes_table(pool, a, true, &rounds, &of_rounds));
    args_int(pool, args, "RK", rounds);
    args_int(pool, args, "R", of_rounds);
    args_text(pool, args, "KEPT", axes_table(pool, a, false, &kept, &of_kept));
    args_int(pool, args, "KK", kept);
    return of_kept;
}

/* What reduce and arg have in common. */
static void bind_common(struct pool *pool, struct args *args, const struct step *step,
        const struct target *t, const struct axis *inner)
{
    static const char *const kinds[] = {
        "sum", "mean", "l1", "l2", "square", "logsum", "lse", "prod", "max", "min", "max", "min",
    };
    const struct reduce *r = step->group->main->attr;
    args_int(pool, args, "VL", t->vl);
    args_text(pool, args, "KIND", kinds[r->kind]);
    args_int(pool, args, "INNER", inner->reduced);
    args_int(pool, args, "C", inner->n);
}

static void bind_run(struct pool *pool, struct args *args, const struct axis *run)
{
    args_int(pool, args, "RN", run->n);
    args_int(pool, args, "RX", run->x);
}

static int64_t blocks_of(int64_t n, int64_t block)
{
    return (n + block - 1) / block;
}

/* So many results at once that half of the registers hold what is summed: the additions of one result
 * alone wait for each other. Exponentials need the registers themselves. */
static int tile_of(const struct step *step, const struct target *t, int64_t inner)
{
    const struct reduce *r = step->group->main->attr;
    int64_t vectors = blocks_of(inner < LANES ? inner : LANES, t->vl);
    int64_t tile = r->kind == REDUCE_LOG_SUM_EXP ? 1 : t->registers / (2 * vectors);
    return tile > TILE ? TILE : tile < 1 ? 1 : (int)tile;
}

/* How many elements go into one. */
static int64_t elements_of(const struct group *g)
{
    return shape_size(&g->in.at[0]->shape) / shape_size(&g->out->shape);
}

/* A unit's results: of about UNIT_FLOATS elements, in whole tiles. */
static int64_t results_of(const struct group *g, int64_t results, int tile)
{
    int64_t most = round_up(UNIT_FLOATS / elements_of(g) + 1, tile);
    return most < results ? most : results;
}

static void bind_reduce(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct group *g = step->group;
    struct axes a = axes_of(step);
    const struct axis inner = a.at[a.n - 1], run = take_last(&a, true);
    const struct axis side = inner.reduced ? take_last(&a, false) : (struct axis){1, 0, 0, false, false};
    t = narrow_target(t, (int)inner.n);
    int tile = tile_of(step, t, inner.n);
    int64_t results = results_of(g, side.n, tile);
    int64_t blocks = inner.reduced ? blocks_of(side.n, results) : blocks_of(inner.n, VECTORS * t->vl);
    b->target = t;
    bind_common(pool, &b->args, step, t, &inner);
    bind_run(pool, &b->args, &run);
    args_text(pool, &b->args, "COUNT", float_text(pool, (float)elements_of(g)));  /* what a mean divides by */
    args_int(pool, &b->args, "KN", side.n);
    args_int(pool, &b->args, "KX", side.x);
    args_int(pool, &b->args, "KY", side.y);
    args_int(pool, &b->args, "RESULTS", results);
    args_int(pool, &b->args, "TILE", side.n < tile ? 1 : tile);
    args_int(pool, &b->args, "BLOCKS", blocks);
    b->units = (int)(bind_tables(pool, &b->args, &a) * blocks);
}

/* One dimension is reduced: the innermost, or the run. */
static void bind_arg(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct reduce *r = step->group->main->attr;
    struct axes a = axes_of(step);
    const struct axis inner = a.at[a.n - 1], run = take_last(&a, true);
    if (!inner.reduced)
        t = narrow_target(t, (int)inner.n);
    int64_t blocks = inner.reduced ? 1 : blocks_of(inner.n, VECTORS * t->vl);
    b->target = t;
    bind_common(pool, &b->args, step, t, &inner);
    bind_run(pool, &b->args, &run);
    args_int(pool, &b->args, "BLOCKS", blocks);
    args_int(pool, &b->args, "LAST", r->select_last_index);
    b->units = (int)(bind_tables(pool, &b->args, &a) * blocks);
}

static const char *const parts[] = {"reduce_terms", "reduce_tile", "reduce", NULL};

const struct kernel reduce = {
    .name = "reduce",
    .doc = "sums, norms, extremes over any dimensions; vectors over the innermost",
    .ok = ok, .cost = cost, .bind = bind_reduce, .parts = parts, .math = true,
};

const struct kernel arg = {
    .name = "arg",
    .doc = "where the largest or smallest is; vectors over the innermost dimension",
    .ok = arg_ok, .cost = cost, .bind = bind_arg, .math = true,
};
