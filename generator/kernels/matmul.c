/* matmul: products of matrices in tiles of rows by columns; vectors over columns. */
#include "elementwise.h"

enum { ROWS = 4, VECTORS = 2, COLUMNS = 256 };  /* of a tile; columns of a unit */

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_MATMUL && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    double out = (double)(shape_size(&g->out->shape) * batch);
    const struct shape *a = &g->in.at[0]->shape;
    double fmas = out * a->dim[a->rank - 1] / t->vl;
    return cost_fma(t, fmas, fmas * (ROWS + VECTORS) / (ROWS * VECTORS)) +
           cost_elementwise(g, batch, t, 0);
}

/* Pitches of images, planes, matrices and rows: 0 where the operand is the same. */
static void bind_operand(struct pool *pool, struct args *args, const char *letter,
        const struct view *v, const struct shape *s)
{
    args_int(pool, args, pool_printf(pool, "%sN", letter), v->image);
    args_int(pool, args, pool_printf(pool, "%sD", letter),
            dim_of_four(s, 0) > 1 ? dim_of_four(s, 1) * v->row : 0);
    args_int(pool, args, pool_printf(pool, "%sR", letter), dim_of_four(s, 1) > 1 ? v->row : 0);
    args_int(pool, args, pool_printf(pool, "%sP", letter), v->pixel);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct group *g = step->group;
    const struct shape *a = &g->in.at[0]->shape, *y = &g->out->shape;
    t = narrow_target(t, dim_of_four(y, 3));
    int m = dim_of_four(y, 2), n = dim_of_four(y, 3), columns = COLUMNS;
    int blocks = (m + ROWS - 1) / ROWS, parts = (n + columns - 1) / columns;
    b->target = t;
    b->units = step->out.n * dim_of_four(y, 0) * dim_of_four(y, 1) * blocks * parts;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "MR", m < ROWS ? m : ROWS);
    args_int(pool, &b->args, "NR", VECTORS);
    args_int(pool, &b->args, "D", dim_of_four(y, 0));
    args_int(pool, &b->args, "H", dim_of_four(y, 1));
    args_int(pool, &b->args, "M", m);
    args_int(pool, &b->args, "N", n);
    args_int(pool, &b->args, "K", a->dim[a->rank - 1]);
    args_int(pool, &b->args, "COLUMNS", columns);
    bind_operand(pool, &b->args, "A", &step->in.at[0], a);
    bind_operand(pool, &b->args, "B", &step->in.at[1], &g->in.at[1]->shape);
    bind_operand(pool, &b->args, "Y", &step->out, y);
}

const struct kernel matmul = {
    .name = "matmul",
    .doc = "matrix by matrix, in tiles of rows by columns; vectors over columns",
    .ok = ok, .cost = cost, .bind = bind,
};
