/* constant: numbers from the weights to where a tensor lies; vectors over what is contiguous. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_CONSTANT && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    return cost_elementwise(g, batch, t, 0);
}

static void pack(struct pool *pool, struct step *step)
{
    const struct weight *w = find_weight(step->group->main, "value");
    int64_t n = shape_size(&w->shape);
    float *to = step_weights(pool, step, n);
    for (int64_t i = 0; i < n; i++)
        to[i] = w->data[i];
}

/* A unit is a row of an image: one run where its pixels are side by side. */
static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct view *y = &step->out;
    bool packed = y->pixel == y->c;
    b->units = y->n * y->h;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "H", y->h);
    args_int(pool, &b->args, "W", packed ? 1 : y->w);
    args_int(pool, &b->args, "C", packed ? y->w * y->c : y->c);
    bind_view(pool, &b->args, "Y", y);
}

const struct kernel constant = {
    .name = "constant",
    .doc = "numbers copied from the weights; vectors over what is contiguous",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind,
};
