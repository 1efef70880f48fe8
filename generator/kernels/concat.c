/* concat: tensors one behind the other along another axis than the channels (along those, producers
 * write into slices of the result and nothing is left to do); vectors over pixels and channels. */
#include "elementwise.h"

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_CONCAT && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    return cost_elementwise(g, batch, t, 0);
}

/* A tensor as images of rows; planes are images when the axis lies below them. */
struct part { int64_t images, image, row, pixel, rows, pixels, channels; };

static struct part part_of(const struct shape *s, const struct view *v, int axis)
{
    struct part p = {v->n, v->image, v->row, v->pixel, v->h, v->w, v->c};
    if (s->rank == 4 && axis == 1) {
        p.rows = s->dim[1];
        p.images *= s->dim[0];
        p.image = p.rows * v->row;
    }
    return p;
}

/* "{0, 3072, 96, 3, 32, 32, 3}": its place in an output image, pitches, rows, pixels, channels. */
static const char *part_text(struct pool *pool, int64_t to, const struct part *p)
{
    return pool_printf(pool, "{%lld, %lld, %lld, %lld, %lld, %lld, %lld}", (long long)to,
            (long long)p->image, (long long)p->row, (long long)p->pixel, (long long)p->rows,
            (long long)p->pixels, (long long)p->channels);
}

/* Elements from the beginning of one part of the output to that of the next. */
static int64_t part_step(const struct part *p, const struct part *whole, int from_last)
{
    return from_last == 0 ? p->channels
         : from_last == 1 ? p->pixels * whole->pixel
                          : p->rows * whole->row;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct node *n = step->group->main;
    const struct concat *a = n->attr;
    struct part whole = part_of(&n->out->shape, &step->out, a->axis);
    int from_last = n->out->shape.rank - 1 - a->axis;  /* 0 channels, 1 pixels, 2 rows, 3 planes */
    bool packed = from_last > 0 && whole.pixel == whole.channels;
    const char *parts = "";
    int64_t at = 0;
    for (int i = 0; i < step->in.n; i++) {
        struct part p = part_of(&n->in.at[i]->shape, &step->in.at[i], a->axis);
        packed = packed && p.pixel == p.channels;
        parts = pool_printf(pool, "%s%s%s", parts, i ? ",\n" : "", part_text(pool, at, &p));
        at += part_step(&p, &whole, from_last);
    }
    b->units = (int)(whole.images * step->in.n);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "N", step->in.n);
    args_text(pool, &b->args, "PARTS", parts);
    args_int(pool, &b->args, "PACKED", packed);
    args_int(pool, &b->args, "C", from_last ? whole.channels : 0);
    args_int(pool, &b->args, "YN", whole.image);
    args_int(pool, &b->args, "YR", whole.row);
    args_int(pool, &b->args, "YP", whole.pixel);
}

const struct kernel concat = {
    .name = "concat",
    .doc = "tensors one behind the other; vectors over pixels and channels",
    .ok = ok, .cost = cost, .bind = bind,
};
