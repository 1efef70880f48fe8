/* gather: elements along a dimension by a table of where they are; vectors over what is contiguous
 * behind that dimension. */
#include <stdio.h>

#include "axes.h"

enum { UNIT_FLOATS = 4096 };  /* about so many are moved by a unit */

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_GATHER && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    const struct gather *a = g->main->attr;
    bool runs = a->dim < g->out->shape.rank - 1;
    double floats = (double)(shape_size(&g->out->shape) * batch);
    return cost_elementwise(g, batch, t, 0) + (runs ? 0 : 2 * floats);
}

/* "0, 32, 64": where the elements begin in the input, 12 on a line. */
static const char *offsets_text(struct pool *pool, const struct node *node, int n, int64_t pitch)
{
    size_t room = (size_t)n * 24 + 1, used = 0;
    char *text = NEW_ARRAY(pool, char, room);
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%lld",
                i == 0 ? "" : i % 12 ? ", " : ",\n    ",
                (long long)(gather_index(node, i) * pitch));
    return text;
}

/* The dimensions in front of the one that is gathered along, and those behind it; but for the
 * innermost, which ends the latter, all are loops. */
static struct axes loops_of(const struct step *step, int dim)
{
    const struct shape *s = &step->group->out->shape;
    const struct shape *from = &step->group->in.at[0]->shape;
    const struct view *x = &step->in.at[0], *y = &step->out;
    struct axes axes = {.n = 0};
    add_axis(&axes, (struct axis){y->n, x->image, y->image, false, true});
    for (int d = 0; d < 4; d++)
        if (d != dim)
            add_axis(&axes, (struct axis){dim_of_four(s, d), pitch_of_four(from, x, d),
                                          pitch_of_four(s, y, d), false, false});
    end_axes(&axes);
    return axes;
}

/* The last of the loops, if it isn't that of images, goes through RN runs in the unit itself. */
static struct axis take_run(struct axes *axes)
{
    struct axis run = {1, 0, 0, false, false};
    if (axes->n > 1 && !axes->at[axes->n - 2].batch) {
        run = axes->at[axes->n - 2];
        axes->at[axes->n - 2] = axes->at[axes->n - 1];
        axes->n--;
    }
    return run;
}

static int64_t at_most(int64_t n, int64_t most)
{
    return n < 1 ? 1 : n > most ? most : n;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct node *node = step->group->main;
    const struct gather *a = node->attr;
    const struct shape *s = &step->group->out->shape;
    int dim = a->dim + 4 - s->rank, count;
    struct axes axes = loops_of(step, dim);
    const struct axis run = take_run(&axes), inner = axes.at[axes.n - 1];
    int64_t product, n = s->dim[a->dim];
    int64_t pitch = pitch_of_four(&node->in.at[0]->shape, &step->in.at[0], dim);
    int64_t entries = at_most(UNIT_FLOATS / inner.n, n);
    int64_t rounds = at_most(UNIT_FLOATS / (inner.n * entries), run.n);
    int64_t parts = (n + entries - 1) / entries, blocks = (run.n + rounds - 1) / rounds;
    t = narrow_target(t, (int)inner.n);
    b->target = t;
    args_int(pool, &b->args, "VL", t->vl);
    args_text(pool, &b->args, "FROM", offsets_text(pool, node, (int)n, pitch));
    args_int(pool, &b->args, "N", n);
    args_int(pool, &b->args, "GY", pitch_of_four(s, &step->out, dim));
    args_int(pool, &b->args, "ENTRIES", entries);
    args_int(pool, &b->args, "PARTS", parts);
    args_text(pool, &b->args, "KEPT", axes_table(pool, &axes, false, &count, &product));
    args_int(pool, &b->args, "KK", count);
    args_int(pool, &b->args, "RN", run.n);
    args_int(pool, &b->args, "RX", run.x);
    args_int(pool, &b->args, "RY", run.y);
    args_int(pool, &b->args, "ROUNDS", rounds);
    args_int(pool, &b->args, "BLOCKS", blocks);
    args_int(pool, &b->args, "C", inner.n);
    b->units = (int)(product * blocks * parts);
}

const struct kernel gather = {
    .name = "gather",
    .doc = "elements along a dimension, from a table of them; vectors over what is behind it",
    .ok = ok, .cost = cost, .bind = bind,
};
