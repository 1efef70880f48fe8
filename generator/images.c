#include "images.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "npy.h"
#include "ops/families.h"
#include "random.h"

/* "[3, 32, 32]" */
static const char *given_text(struct pool *pool, const struct tensor *input)
{
    struct shape given = input_given(input->maker);
    return shape_text(pool, &given);
}

const char *images_wanted(struct pool *pool, const struct graph *g)
{
    const char *text = "";
    for (int i = 0; i < g->input.n; i++) {
        const struct tensor *t = g->input.at[i];
        text = pool_printf(pool, "%s%s'%s' %s%s", text, i ? "; " : "", t->name,
                given_text(pool, t), t->type == DTYPE_UINT8 ? " of uint8" : "");
    }
    return text;
}

static const char *file_shape(struct pool *pool, const struct npy *npy)
{
    const char *text = "[";
    for (int i = 0; i < npy->rank; i++)
        text = pool_printf(pool, "%s%s%lld", text, i ? ", " : "", (long long)npy->dim[i]);
    return pool_printf(pool, "%s]", text);
}

static bool same_dims(const int64_t *a, const struct shape *s)
{
    for (int i = 0; i < s->rank; i++)
        if (a[i] != s->dim[i])
            return false;
    return true;
}

/* Images in a file for the tensor; 0: it has another shape. */
static int64_t count_images(const struct npy *npy, const struct tensor *t)
{
    struct shape given = input_given(t->maker);
    if (npy->rank == given.rank && same_dims(npy->dim, &given))
        return 1;
    if (npy->rank == given.rank + 1 && same_dims(npy->dim + 1, &given))
        return npy->dim[0];
    return 0;
}

/* As the program takes them; false when a uint8 input's value isn't one. */
static bool convert(struct npy *npy, enum dtype type)
{
    for (int64_t i = 0; i < npy->size; i++) {
        double v = npy->at[i];
        if (type == DTYPE_UINT8 && !(v >= 0 && v <= 255 && v == floor(v)))
            return false;
        npy->at[i] = (double)(float)v;
    }
    return true;
}

static bool refuse(const char *path, const char *why)
{
    fprintf(stderr, "cnngen: '%s': %s\n", path, why);
    return false;
}

static bool read_one(struct pool *pool, const char *path, const struct tensor *t, struct images *to,
        int i)
{
    struct npy npy;
    const char *why;
    if (!npy_read(pool, path, &npy, &why))
        return refuse(path, why);
    int64_t n = count_images(&npy, t);
    if (n == 0)
        return refuse(path, pool_printf(pool,
                "has the shape %s; input '%s' takes %s, or several of them",
                file_shape(pool, &npy), t->name, given_text(pool, t)));
    if (i > 0 && n != to->count)
        return refuse(path, pool_printf(pool, "has %lld images; the input before has %lld",
                (long long)n, (long long)to->count));
    if (!convert(&npy, t->type))
        return refuse(path, pool_printf(pool, "input '%s' takes whole numbers from 0 to 255",
                t->name));
    to->count = n;
    to->stacked = npy.rank > t->shape.rank;
    to->at[i] = npy.at;
    return true;
}

bool images_read(struct pool *pool, const struct graph *g, const char *const *path, int n,
        struct images *to)
{
    if (n != g->input.n) {
        usage_error("%d --input for a network with %d: %s", n, g->input.n, images_wanted(pool, g));
        return false;
    }
    *to = (struct images){.at = NEW_ARRAY(pool, const double *, n)};
    for (int i = 0; i < n; i++)
        if (!read_one(pool, path[i], g->input.at[i], to, i))
            return false;
    return true;
}

static void fill_random(struct random *r, enum dtype type, double *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float f = 0;
        if (type == DTYPE_FLOAT32)
            random_uniform(r, 1.0f, &f, 1);
        to[i] = type == DTYPE_UINT8 ? (double)(random_next(r) >> 56) : (double)f;
    }
}

static void fill_integers(struct random *r, enum dtype type, double *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = (double)(random_next(r) % 9) - (type == DTYPE_UINT8 ? 0 : 4);
}

/* One channel in about 3 % of the pixels, at least in one, becomes special. One NaN is enough to
 * make all that depends on it NaN, which would hide the rest: so an image has only some kinds. */
static void add_specials(struct random *r, const struct shape *s, double *to)
{
    const double kind[] = {(double)NAN, (double)INFINITY, (double)-INFINITY, -0.0, 0x1p-149,
                           (double)FLT_MIN / 4, -(double)FLT_MIN / 4, (double)FLT_MAX,
                           -(double)FLT_MAX, (double)1e30f, (double)-1e30f};
    enum { KINDS = sizeof kind / sizeof *kind };
    int channels = s->dim[s->rank - 1];
    int64_t pixels = shape_size(s) / channels, count = (pixels * 3 + 99) / 100;
    unsigned wanted = 0;
    while (!wanted)
        wanted = (unsigned)(random_next(r) & random_next(r)) & ((1u << KINDS) - 1);
    for (int64_t i = 0; i < count; i++) {
        uint64_t k, at = random_next(r) % (uint64_t)pixels * (uint64_t)channels;
        do
            k = random_next(r) % KINDS;
        while (!(wanted >> k & 1));
        to[at + random_next(r) % (uint64_t)channels] = kind[k];
    }
}

static void fill_image(struct random *r, const struct tensor *t, enum fill fill, double *to)
{
    int64_t n = shape_size(&t->shape);
    if (fill == FILL_INTEGER)
        fill_integers(r, t->type, to, n);
    else
        fill_random(r, t->type, to, n);
    if (fill == FILL_SPECIAL && t->type == DTYPE_FLOAT32)
        add_specials(r, &t->shape, to);
}

void images_random(struct pool *pool, const struct graph *g, int64_t count, uint64_t seed,
        enum fill fill, struct images *to)
{
    *to = (struct images){.count = count, .stacked = true};
    to->at = NEW_ARRAY(pool, const double *, g->input.n);
    for (int i = 0; i < g->input.n; i++) {
        const struct tensor *t = g->input.at[i];
        struct random r = random_seeded(seed, t->name, "input");
        int64_t n = shape_size(&t->shape);
        double *at = NEW_ARRAY(pool, double, count * n);
        for (int64_t k = 0; k < count; k++)
            fill_image(&r, t, fill, at + k * n);
        to->at[i] = at;
    }
}
