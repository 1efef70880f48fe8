/* reduce, arg: sums, norms, extremes and the indices of extremes over any dimensions. Vectors over
 * the innermost dimension, whether it stays or is reduced. */
#include "elementwise.h"

enum { AXES = 5, VECTORS = 4 };  /* batch and four dimensions; accumulators of a block */

/* A dimension: its extent and its pitches in input and output. */
struct axis { int64_t n, x, y; bool reduced; };

/* Those of more than one element, neighbours joined where they are one to the eye of a loop; the
 * last is contiguous, a dimension of 1 if need be. */
struct axes { struct axis at[AXES + 1]; int n; };

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
    double floats = (double)(shape_size(&g->in.at[0]->shape) * batch);
    double ops = a->kind == REDUCE_LOG_SUM_EXP ? 30 : 2;
    return floats / t->vl * ops + cost_stream(t, 4 * floats, 0);
}

/* Dimension d of four of a shape seen as [D, H, W, C], and its pitch through a view. */
static int64_t extent(const struct shape *s, int d)
{
    return d < 4 - s->rank ? 1 : s->dim[d - (4 - s->rank)];
}

static int64_t pitch(const struct shape *s, const struct view *v, int d)
{
    const int64_t all[] = {extent(s, 1) * v->row, v->row, v->pixel, 1};
    return all[d];
}

static bool joins(const struct axis *a, const struct axis *b)
{
    return a->reduced == b->reduced && a->x == b->n * b->x && (a->reduced || a->y == b->n * b->y);
}

static void add_axis(struct axes *a, struct axis new)
{
    struct axis *last = &a->at[a->n - 1];
    if (new.n == 1)
        return;
    if (a->n > 0 && joins(last, &new))
        *last = (struct axis){last->n * new.n, new.x, new.y, new.reduced};
    else
        a->at[a->n++] = new;
}

static struct axes axes_of(const struct step *step)
{
    const struct node *n = step->group->main;
    const struct reduce *r = n->attr;
    const struct shape *x = &n->in.at[0]->shape, *y = &n->out->shape;
    const struct view *in = &step->in.at[0], *out = &step->out;
    struct axes a = {.n = 0};
    int to = 4 - y->rank;
    add_axis(&a, (struct axis){out->n, in->image, out->image, false});
    for (int d = 0; d < x->rank; d++) {
        int i = d + 4 - x->rank;
        bool stays = !r->reduced[d];
        add_axis(&a, (struct axis){x->dim[d], pitch(x, in, i), stays ? pitch(y, out, to) : 0,
                                   !stays});
        to += stays || r->keepdims;
    }
    const struct axis *last = &a.at[a.n - 1];
    if (a.n == 0 || last->x != 1 || (!last->reduced && last->y != 1))
        a.at[a.n++] = (struct axis){1, 1, 1, false};
    return a;
}

/* "{7, 160, 32}, {4, 32, 8}": the outer axes of a kind, and in *product what they come to. */
static const char *table(struct pool *pool, const struct axes *a, bool reduced, int *count,
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

/* Those outer axes that are reduced, without the last of them, which is a loop of its own. */
static void bind_loops(struct pool *pool, struct args *args, struct axes *a)
{
    struct axis run = {1, 0, 0, true};
    int at = a->n - 2, rounds;
    int64_t product;
    while (at >= 0 && !a->at[at].reduced)
        at--;
    if (at >= 0) {
        run = a->at[at];
        a->at[at].n = 1;
        a->at[at].reduced = false;
        a->at[at].x = a->at[at].y = 0;
    }
    args_text(pool, args, "ROUNDS", table(pool, a, true, &rounds, &product));
    args_int(pool, args, "RK", rounds);
    args_int(pool, args, "R", product);
    args_int(pool, args, "RN", run.n);
    args_int(pool, args, "RX", run.x);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    static const char *const kinds[] = {
        "sum", "mean", "l1", "l2", "square", "logsum", "lse", "prod", "max", "min", "max", "min",
    };
    const struct reduce *r = step->group->main->attr;
    struct axes a = axes_of(step);
    const struct axis inner = a.at[a.n - 1];
    int kept;
    int64_t product;
    if (!inner.reduced)
        t = narrow_target(t, (int)inner.n);
    b->target = t;
    args_int(pool, &b->args, "VL", t->vl);
    args_text(pool, &b->args, "KIND", kinds[r->kind]);
    bind_loops(pool, &b->args, &a);
    args_text(pool, &b->args, "KEPT", table(pool, &a, false, &kept, &product));
    args_int(pool, &b->args, "KK", kept);
    args_int(pool, &b->args, "INNER", inner.reduced);
    args_int(pool, &b->args, "C", inner.n);
    int64_t block = VECTORS * t->vl, blocks = inner.reduced ? 1 : (inner.n + block - 1) / block;
    args_int(pool, &b->args, "BLOCKS", blocks);
    b->units = (int)(product * blocks);
}

/* How many elements go into one: what a mean divides by. */
static void bind_reduce(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct group *g = step->group;
    double count = (double)shape_size(&g->in.at[0]->shape) / (double)shape_size(&g->out->shape);
    bind(pool, step, t, b);
    args_text(pool, &b->args, "COUNT", float_text(pool, (float)count));
}

static void bind_arg(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct reduce *r = step->group->main->attr;
    bind(pool, step, t, b);
    args_int(pool, &b->args, "LAST", r->select_last_index);
}

const struct kernel reduce = {
    .name = "reduce",
    .doc = "sums, norms, extremes over any dimensions; vectors over the innermost",
    .ok = ok, .cost = cost, .bind = bind_reduce, .math = true,
};

const struct kernel arg = {
    .name = "arg",
    .doc = "where the largest or smallest is; vectors over the innermost dimension",
    .ok = arg_ok, .cost = cost, .bind = bind_arg, .math = true,
};
