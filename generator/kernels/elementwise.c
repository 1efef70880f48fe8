#include "elementwise.h"

#include <string.h>

enum {
    PATTERN_CHANNELS = 32,  /* up to so many are packed as a repeated pattern: 2 kB at most */
    UNIT_FLOATS = 4096      /* 16 kB: worth a thread's while, and half of a first-level cache */
};

/* ---- constants of channels ------------------------------------------------------------------- */

static int least_multiple(int a, int b)
{
    int n = a;
    while (n % b != 0)
        n += a;
    return n;
}

int64_t pattern_length(int channels)
{
    return channels <= PATTERN_CHANNELS ? least_multiple(channels, 16) : round_up(channels, 16);
}

void pattern_pack(float *to, const float *from, int channels)
{
    int64_t n = channels <= PATTERN_CHANNELS ? pattern_length(channels) : channels;
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i % channels];
}

bool all_equal(const float *f, int n)
{
    for (int i = 1; i < n; i++)
        if (memcmp(&f[i], &f[0], sizeof f[0]) != 0)
            return false;
    return true;
}

int channels_of(const struct group *g)
{
    return shape_hwc(&g->out->shape).c;
}

/* ---- units ----------------------------------------------------------------------------------- */

/* Of an image. */
static bool view_is_linear(const struct view *v)
{
    return v->h == 1 || v->row == v->w * v->pixel;
}

/* The result of a reshaping copy is written in the order of the input, without gaps. */
static void shape_as(struct view *v, const struct view *in)
{
    if (v->h == in->h && v->w == in->w && v->c == in->c)
        return;
    if (!view_is_flat(v))
        bug("a reshaped tensor is not contiguous");
    v->h = in->h;
    v->w = in->w;
    v->c = in->c;
    v->pixel = v->c;
    v->row = v->w * v->pixel;
    v->image = v->h * v->row;
}

static void find_geometry(struct walk *w)
{
    w->linear = view_is_linear(&w->step.out);
    w->packed = w->step.out.pixel == w->step.out.c;
    for (int i = 0; i < w->step.in.n; i++) {
        w->linear = w->linear && view_is_linear(&w->step.in.at[i]);
        w->packed = w->packed && w->step.in.at[i].pixel == w->step.out.c;
    }
}

/* Vectors may run over the ends of pixels if constants are packed for all the ways they fall. */
static void find_period(struct walk *w, int vl)
{
    w->period = least_multiple(w->channels, vl);
    if (w->period > pattern_length(w->channels)) {
        w->period = w->channels;
        w->packed = false;
    }
}

/* Floats that all get the same treatment: pixels of one channel. */
static void forget_channels(struct walk *w)
{
    for (int i = 0; i < w->step.in.n; i++)
        w->step.in.at[i].pixel = 1;
    w->step.out.pixel = 1;
    w->channels = 1;
}

/* Seen as rows of so many pixels; the last one may be shorter. */
static void shape_as_pieces(struct view *v, int pieces, int pixels)
{
    v->h = pieces;
    v->w = pixels;
    v->row = pixels * v->pixel;
}

/* Several images: the pieces of each are its rows. */
static void cut_images(struct walk *w)
{
    w->linear = false;
    w->rows = w->units;
    w->units *= w->step.out.n;
    for (int i = 0; i < w->step.in.n; i++)
        shape_as_pieces(&w->step.in.at[i], w->rows, w->pixels);
    shape_as_pieces(&w->step.out, w->rows, w->pixels);
}

/* Units of about UNIT_FLOATS, in whole periods or vectors. */
static void cut_list(struct walk *w, int64_t pixels)
{
    int group = w->channels == 1 ? 16 : w->period > w->channels ? w->period / w->channels : 1;
    w->pixels = (int)round_up((UNIT_FLOATS + w->channels - 1) / w->channels, group);
    if (w->pixels > pixels)
        w->pixels = (int)pixels;
    w->units = (int)((pixels + w->pixels - 1) / w->pixels);
    w->last = (int)(pixels - (int64_t)(w->units - 1) * w->pixels);
}

struct walk walk_step(struct pool *pool, const struct step *step, bool by_channel, int vl)
{
    const struct view *in = &step->in.at[0];
    struct walk w = {.step = step_join_rows(pool, step, 1), .channels = in->c, .rows = in->h};
    int64_t pixels = (int64_t)in->h * in->w;
    shape_as(&w.step.out, in);
    find_geometry(&w);
    w.pixels = w.last = in->w;
    w.units = in->n * in->h;
    if (by_channel) {
        find_period(&w, vl);
    } else if (w.packed) {
        w.pixels = w.last = in->w * in->c;
        pixels *= in->c;
        forget_channels(&w);
    }
    if (w.linear)
        cut_list(&w, pixels);
    if (w.linear && in->n > 1)
        cut_images(&w);
    return w;
}

void bind_walk(struct pool *pool, struct args *args, const struct walk *w)
{
    args_int(pool, args, "LINEAR", w->linear);
    args_int(pool, args, "PACKED", w->packed);
    args_int(pool, args, "C", w->channels);
    args_int(pool, args, "P", w->pixels);
    args_int(pool, args, "LAST", w->last);
    args_int(pool, args, "H", w->rows);
    args_int(pool, args, "UNITS", w->units);
    args_int(pool, args, "PERIOD", w->period);
}

/* ---- four dimensions ------------------------------------------------------------------------- */

int dim_of_four(const struct shape *s, int d)
{
    return d < 4 - s->rank ? 1 : s->dim[d - (4 - s->rank)];
}

int64_t pitch_of_four(const struct shape *s, const struct view *v, int d)
{
    const int64_t all[] = {dim_of_four(s, 1) * v->row, v->row, v->pixel, 1};
    return all[d];
}

/* ---- targets --------------------------------------------------------------------------------- */

double cost_elementwise(const struct group *g, int64_t batch, const struct target *t,
        double ops_per_vector)
{
    double floats = (double)shape_size(&g->out->shape) * (double)batch, read = 0;
    for (int i = 0; i < g->in.n; i++)
        read += (double)shape_size(&g->in.at[i]->shape) *
                (g->in.at[i]->type == DTYPE_UINT8 ? 1 : 4);
    return floats / t->vl * (2 + ops_per_vector) + cost_stream(t, read * (double)batch, 4 * floats);
}

const struct target *narrow_target(const struct target *t, int n)
{
    while (t->base != t->id && targets[t->base].vl >= n)
        t = &targets[t->base];
    return t;
}
