/* matmul: products of matrices in tiles of rows by columns; vectors over columns. matmul_dot: of matrices with
 * vectors; vectors over what is summed. */
#include "elementwise.h"
#include "products.h"

enum {
    FEW = 16,                /* rows of a unit for which copying the second operand pays */
    LANES = 16,              /* partial sums of a dot product */
    TILE = 4,                /* dot products at once, at most */
    UNIT_FLOATS = 4096       /* about so many products go into those of a unit */
};

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_MATMUL && group_is_plain(g);
}

/* ---- products of matrices ---------------------------------------------------------------------- */

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct shape *a = &g->in.at[0]->shape, *y = &g->out->shape;
    int m = dim_of_four(y, 2), n = dim_of_four(y, 3);
    double matrices = (double)batch * dim_of_four(y, 0) * dim_of_four(y, 1);
    struct tiling x = tile_products(narrow_target(t, n), m, n, a->dim[a->rank - 1]);
    return matrices * x.cycles * t->fastest + cost_elementwise(g, batch, t, 0);
}

/* Tiles of a unit: all that are below each other, fewer where threads would share the units unevenly; but so
 * many that copying is lost in what is done with the copy. */
static int group_of(const struct tiling *x, int64_t matrices)
{
    int tiles = x->rows.t0 + x->rows.t1, columns = x->vectors.t0 + x->vectors.t1, group = tiles;
    for (;;) {
        int64_t units = matrices * columns * ((tiles + group - 1) / group);
        if (!units_are_uneven(units) || group * x->rows.n0 < 4 * FEW)
            return group;
        group = (group + 1) / 2;
    }
}

/* Rows of the second operand that are copied at once: a fifth of L2 or less, in equal parts. */
static int block_of(const struct target *t, const struct tiling *x, int k)
{
    int most = (int)(t->l2 / 5 / (4.0 * x->vectors.n0 * t->vl));
    return cut_even(k, most).n0;
}

/* ---- the kernel ------------------------------------------------------------------------------ */

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

/* The sizes of one product, and where the operands and the result of all of them are. */
static void bind_shape(struct pool *pool, struct args *args, const struct step *step)
{
    const struct group *g = step->group;
    const struct shape *a = &g->in.at[0]->shape, *y = &g->out->shape;
    args_int(pool, args, "D", dim_of_four(y, 0));
    args_int(pool, args, "H", dim_of_four(y, 1));
    args_int(pool, args, "M", dim_of_four(y, 2));
    args_int(pool, args, "N", dim_of_four(y, 3));
    args_int(pool, args, "K", a->dim[a->rank - 1]);
    bind_operand(pool, args, "A", &step->in.at[0], a);
    bind_operand(pool, args, "B", &step->in.at[1], &g->in.at[1]->shape);
    bind_operand(pool, args, "Y", &step->out, y);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct group *g = step->group;
    const struct shape *a = &g->in.at[0]->shape, *y = &g->out->shape;
    int m = dim_of_four(y, 2), n = dim_of_four(y, 3), k = a->dim[a->rank - 1];
    int64_t matrices = (int64_t)step->out.n * dim_of_four(y, 0) * dim_of_four(y, 1);
    t = narrow_target(t, n);
    struct tiling x = tile_products(t, m, n, k);
    int group = group_of(&x, matrices), tiles = x.rows.t0 + x.rows.t1;
    bool pack = (int64_t)group * x.rows.n0 >= FEW;
    int block = pack ? block_of(t, &x, k) : k;
    b->target = t;
    b->units = (int)(matrices * (x.vectors.t0 + x.vectors.t1) * ((tiles + group - 1) / group));
    b->scratch = pack ? (int64_t)block * x.vectors.n0 * t->vl : 0;
    args_int(pool, &b->args, "VL", t->vl);
    bind_cut(pool, &b->args, "P", "T", &x.rows);
    bind_cut(pool, &b->args, "Q", "U", &x.vectors);
    args_int(pool, &b->args, "GROUP", group);
    args_int(pool, &b->args, "PACK", pack);
    args_int(pool, &b->args, "BLOCK", block);
    bind_shape(pool, &b->args, step);
}

const struct kernel matmul = {
    .name = "matmul",
    .doc = "matrix by matrix, in tiles of rows by columns; vectors over columns",
    .ok = ok, .cost = cost, .bind = bind,
};

/* ---- matrix by vector ------------------------------------------------------------------------- */

static bool dot_ok(const struct group *g)
{
    return ok(g) && dim_of_four(&g->out->shape, 3) == 1;
}

/* A load for each product, and from the lanes of a vector to one result. */
static double dot_cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct shape *a = &g->in.at[0]->shape;
    double results = (double)(shape_size(&g->out->shape) * batch);
    double vectors = (double)round_up(a->dim[a->rank - 1], t->vl) / t->vl;
    return results * (vectors / t->load_per_cycle + 10) + cost_elementwise(g, batch, t, 0);
}

static void dot_bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct shape *a = &step->group->in.at[0]->shape, *y = &step->group->out->shape;
    int m = dim_of_four(y, 2), k = a->dim[a->rank - 1];
    bool pack = step->in.at[1].pixel != 1 && k > 1;
    t = narrow_target(t, k);
    int sums = ((k < LANES ? k : LANES) + t->vl - 1) / t->vl, tile = t->registers / (2 * sums);
    tile = tile > TILE ? TILE : tile < 1 ? 1 : tile;
    int64_t rows = round_up(UNIT_FLOATS / k + 1, tile);
    rows = rows < m ? rows : m;
    int64_t blocks = (m + rows - 1) / rows;
    b->target = t;
    b->units = (int)((int64_t)step->out.n * dim_of_four(y, 0) * dim_of_four(y, 1) * blocks);
    b->scratch = pack ? k : 0;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "TILE", m < tile ? 1 : tile);
    args_int(pool, &b->args, "ROWS", rows);
    args_int(pool, &b->args, "BLOCKS", blocks);
    args_int(pool, &b->args, "PACK", pack);
    bind_shape(pool, &b->args, step);
}

const struct kernel matmul_dot = {
    .name = "matmul_dot",
    .doc = "matrix by vector, rows at once; vectors over what is summed",
    .ok = dot_ok, .cost = dot_cost, .bind = dot_bind,
};
