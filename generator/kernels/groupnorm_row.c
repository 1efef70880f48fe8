/* groupnorm_row: mean and variance of groups of channels over all pixels, for few channels. A row of the
 * image is one list of floats, whose vectors run over the ends of pixels; partial sums repeat with a period
 * that is one of the channels, too. */
#include "elementwise.h"

#include "cut.h"

enum {
    MOST_CHANNELS = 16,  /* with more, groupnorm's vectors are full or nearly so, its units many */
    LEAST_SUMS = 48,     /* three vectors of 16, or a sum would wait for itself */
    RUN_FLOATS = 4096,   /* a run: half of a first-level cache */
    SLACK = 16,          /* floats that a vector may reach too far */
};

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_GROUPNORM && !g->add && !g->affine  /* an activation goes along */
        && channels_of(g) <= MOST_CHANNELS;
}

/* Partial sums: a multiple of 16 on every target, and a power of 2 for each channel. */
static int period(int channels)
{
    int n = (int)pattern_length(channels);
    while (n < LEAST_SUMS)
        n *= 2;
    return n;
}

/* Three passes, and for each image what is done to the sums between them. */
static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    double sums = (double)period(channels_of(g)) / t->vl;
    return cost_elementwise(g, batch, t, g->act ? 14 : 4) + (double)batch * (300 + 40 * sums);
}

/* Gammas, then betas, each repeated over a period. */
static void pack(struct pool *pool, struct step *step)
{
    const struct node *n = step->group->main;
    const struct weight *gamma = find_weight(n, "gamma"), *beta = find_weight(n, "beta");
    int channels = channels_of(step->group), all = period(channels);
    float *w = step_weights(pool, step, 2 * (int64_t)all);
    for (int i = 0; i < all; i++) {
        w[i] = gamma ? gamma->data[i % channels] : 1;
        w[all + i] = beta ? beta->data[i % channels] : 0;
    }
}

/* ---- binding --------------------------------------------------------------------------------- */

/* Runs of contiguous floats in an image: pieces of it, where all is one list, else rows. */
struct runs {
    int n;
    int64_t floats, last;    /* of each, of the last */
    int64_t x, y;            /* from one to the next */
};

static bool is_list(const struct view *v)
{
    return v->pixel == v->c && view_rows_join(v);
}

static struct runs runs_of(const struct view *x, const struct view *y)
{
    int64_t row = (int64_t)x->w * x->c, all = row * x->h;
    int64_t run = RUN_FLOATS / period(x->c) * period(x->c);
    if (!is_list(x) || !is_list(y))
        return (struct runs){x->h, row, row, x->row, y->row};
    int n = (int)((all + run - 1) / run);
    return (struct runs){n, n > 1 ? run : all, all - (n - 1) * run, run, run};
}

/* As many sums as registers hold beside what is added, of a number that divides them all. */
static int sums_at_once(const struct target *t, int all)
{
    int n = t->registers - 3;
    while (all / t->vl % n != 0)
        n--;
    return n;
}

static int least_period(int channels, int vl)
{
    int n = channels;
    while (n % vl != 0)
        n += channels;
    return n;
}

static void bind_runs(struct pool *pool, struct args *args, const struct runs *r)
{
    args_int(pool, args, "RUNS", r->n);
    args_int(pool, args, "RUN", r->floats);
    args_int(pool, args, "LAST", r->last);
    args_int(pool, args, "XR", r->x);
    args_int(pool, args, "YR", r->y);
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct groupnorm *a = step->group->main->attr;
    const struct view *x = &step->in.at[0], *y = &step->out;
    int size = x->c / a->resolved, all = period(x->c);
    struct runs runs = runs_of(x, y);
    bool apart = x->pixel != x->c || y->pixel != y->c;

    b->units = x->n;
    b->scratch = 3 * (all + SLACK) + (apart ? runs.floats + SLACK : 0);
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "K", size);
    args_int(pool, &b->args, "C", x->c);
    args_int(pool, &b->args, "W", x->w);
    args_int(pool, &b->args, "SUMS", all);
    args_int(pool, &b->args, "ROOM", all + SLACK);
    args_int(pool, &b->args, "NA", sums_at_once(t, all));
    args_int(pool, &b->args, "PERIOD", least_period(x->c, t->vl));
    args_text(pool, &b->args, "COUNT", float_text(pool, (float)x->h * (float)x->w * (float)size));
    args_text(pool, &b->args, "EPSILON", float_text(pool, a->epsilon));
    bind_runs(pool, &b->args, &runs);
    args_int(pool, &b->args, "XN", x->image);
    args_int(pool, &b->args, "XP", x->pixel);
    args_int(pool, &b->args, "YN", y->image);
    args_int(pool, &b->args, "YP", y->pixel);
    bind_activation(pool, &b->args, step->group);
}

const struct kernel groupnorm_row = {
    .name = "groupnorm_row",
    .doc = "normalization of groups of few channels over all pixels; vectors along the row",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind, .in_place = true,
};
