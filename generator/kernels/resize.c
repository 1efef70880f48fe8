/* resize: images of any other size, from tables of which rows and columns go into each; vectors
 * over channels. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "elementwise.h"

enum { TAPS = 4 };

/* What goes into one element of an axis: indices, all inside, and weights. */
struct taps { int n, index[TAPS]; double weight[TAPS]; };

/* Those of an axis, all with as many: index and weight of tap t of element o at o * n + t. */
struct table { int n, *index; float *weight; };

static bool ok(const struct group *g)
{
    return node_family(g->main) == FAMILY_RESIZE && group_is_plain(g);
}

static double cost(const struct group *g, int64_t batch, const struct target *t)
{
    static const int taps[] = {[RESIZE_NEAREST] = 1, [RESIZE_LINEAR] = 4, [RESIZE_CUBIC] = 16};
    const struct resizing *a = g->main->attr;
    double channels = channels_of(g);
    double pixels = (double)(shape_size(&g->out->shape) * batch) / channels;
    double vectors = (double)round_up((int64_t)channels, t->vl) / t->vl;
    return pixels * (4 + taps[a->mode] * (1 + vectors)) + cost_elementwise(g, batch, t, 0);
}

static int clamped(double i, int n)
{
    return i < 0 ? 0 : i > n - 1 ? n - 1 : (int)i;
}

/* An index that is there already takes the weight as well. */
static void add_tap(struct taps *t, int index, double weight)
{
    int i = 0;
    while (i < t->n && t->index[i] != index)
        i++;
    if (i == t->n) {
        t->index[t->n++] = index;
        t->weight[i] = 0;
    }
    t->weight[i] += weight;
}

static void drop_zeros(struct taps *t)
{
    int n = 0;
    for (int i = 0; i < t->n; i++)
        if ((float)t->weight[i] != 0) {
            t->index[n] = t->index[i];
            t->weight[n++] = t->weight[i];
        }
    t->n = n;
}

static struct taps taps_of(const struct resizing *a, int axis, int in, int out, int o)
{
    double at = resize_origin(a, axis, in, out, o), low = floor(at), sum = 0;
    struct taps t = {.n = 0};
    if (a->mode == RESIZE_NEAREST) {
        add_tap(&t, clamped(resize_nearest(a, at), in), 1);
    } else if (a->mode == RESIZE_LINEAR) {
        add_tap(&t, clamped(low, in), 1 - (at - low));
        add_tap(&t, clamped(low + 1, in), at - low);
    } else {
        for (int i = -1; i < 3; i++)
            if (!a->exclude_outside || (low + i >= 0 && low + i < in)) {
                add_tap(&t, clamped(low + i, in), resize_cubic(a, at - (low + i)));
                sum += resize_cubic(a, at - (low + i));
            }
        for (int i = 0; i < t.n && a->exclude_outside; i++)
            t.weight[i] /= sum;
    }
    drop_zeros(&t);
    return t;
}

/* As many taps as others have: halves of the last, since a weight of 0 would make a NaN of an
 * infinity. */
static void split_to(struct taps *t, int n)
{
    while (t->n < n) {
        t->index[t->n] = t->index[t->n - 1];
        t->weight[t->n - 1] /= 2;
        t->weight[t->n] = t->weight[t->n - 1];
        t->n++;
    }
}

static struct table table_of(struct pool *pool, const struct resizing *a, int axis, int in, int out)
{
    struct taps *taps = NEW_ARRAY(pool, struct taps, out);
    struct table table = {.n = 1};
    for (int o = 0; o < out; o++) {
        taps[o] = taps_of(a, axis, in, out, o);
        table.n = taps[o].n > table.n ? taps[o].n : table.n;
    }
    table.index = NEW_ARRAY(pool, int, out * table.n);
    table.weight = NEW_ARRAY(pool, float, out * table.n);
    for (int o = 0; o < out; o++) {
        split_to(&taps[o], table.n);
        for (int i = 0; i < table.n; i++) {
            table.index[o * table.n + i] = taps[o].index[i];
            table.weight[o * table.n + i] = (float)taps[o].weight[i];
        }
    }
    return table;
}

static void tables_of(struct pool *pool, const struct step *step, struct table *rows,
        struct table *columns)
{
    const struct resizing *a = step->group->main->attr;
    const struct view *x = &step->in.at[0], *y = &step->out;
    *rows = table_of(pool, a, 0, x->h, y->h);
    *columns = table_of(pool, a, 1, x->w, y->w);
}

/* The weights of rows, then of columns; none where pixels are copied. */
static void pack(struct pool *pool, struct step *step)
{
    struct table rows, columns;
    tables_of(pool, step, &rows, &columns);
    int of_rows = rows.n * step->out.h, of_columns = columns.n * step->out.w;
    if (rows.n * columns.n == 1)
        return;
    float *w = step_weights(pool, step, (int64_t)of_rows + of_columns);
    memcpy(w, rows.weight, (size_t)of_rows * sizeof *w);
    memcpy(w + of_rows, columns.weight, (size_t)of_columns * sizeof *w);
}

/* "0, 32, 64": where the elements begin, 12 on a line. */
static const char *offsets_text(struct pool *pool, const struct table *t, int n, int64_t pitch)
{
    size_t room = (size_t)n * (size_t)t->n * 24 + 1, used = 0;
    char *text = NEW_ARRAY(pool, char, room);
    for (int i = 0; i < n * t->n; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%lld",
                i == 0 ? "" : i % 12 ? ", " : ",\n    ", (long long)(t->index[i] * pitch));
    return text;
}

static void bind(struct pool *pool, const struct step *step, const struct target *t,
        struct binding *b)
{
    const struct view *x = &step->in.at[0], *y = &step->out;
    struct table rows, columns;
    tables_of(pool, step, &rows, &columns);
    t = narrow_target(t, x->c);
    b->target = t;
    b->units = y->n * y->h;
    args_int(pool, &b->args, "VL", t->vl);
    args_int(pool, &b->args, "C", x->c);
    args_int(pool, &b->args, "OH", y->h);
    args_int(pool, &b->args, "OW", y->w);
    args_int(pool, &b->args, "TH", rows.n);
    args_int(pool, &b->args, "TW", columns.n);
    args_text(pool, &b->args, "ROWS", offsets_text(pool, &rows, y->h, x->row));
    args_text(pool, &b->args, "COLUMNS", offsets_text(pool, &columns, y->w, x->pixel));
    bind_view(pool, &b->args, "X", x);
    bind_view(pool, &b->args, "Y", y);
}

const struct kernel resize = {
    .name = "resize",
    .doc = "images of another size, from tables of rows and columns; vectors over channels",
    .ok = ok, .cost = cost, .pack = pack, .bind = bind,
};
