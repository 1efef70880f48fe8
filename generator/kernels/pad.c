/* pad: a border of any kind in any dimension; vectors over what is moved side by side. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_PAD_ANY && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    return cost_elementwise(g, batch, t, 0);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    static const char *const modes[] = {"constant", "reflect", "edge", "symmetric", "wrap"};
    static const char letters[] = "DHWC";
    const struct node *n = step->group->main;
    const struct pad *a = n->attr;
    const struct view *x = &step->in.at[0], *y = &step->out;
    int shift = 4 - n->out->shape.rank;
    b->units = y->n * y->h;
    args_int(pool, &b->args, "VL", t->vl);
    args_text(pool, &b->args, "MODE", modes[a->mode]);
    args_text(pool, &b->args, "VALUE", float_text(pool, a->value));
    args_int(pool, &b->args, "PACKED", x->pixel == x->c && y->pixel == y->c && x->c == y->c);
    for (int d = 0; d < 4; d++) {
        const char c = letters[d];
        args_int(pool, &b->args, pool_printf(pool, "I%c", c), dim_of_four(&n->in.at[0]->shape, d));
        args_int(pool, &b->args, pool_printf(pool, "O%c", c), dim_of_four(&n->out->shape, d));
        args_int(pool, &b->args, pool_printf(pool, "B%c", c),
                d < shift ? 0 : a->pads.at[d - shift][0]);
    }
    bind_view(pool, &b->args, "X", x);
    bind_view(pool, &b->args, "Y", y);
}

const struct kernel pad = {
    .name = "pad",
    .doc = "a border in any dimension; vectors over what is side by side",
    .ok = ok, .cost = cost, .bind = bind,
};
