#include "selftest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"

enum { SAMPLES = 256 };

/* Unproven bounds: of the largest magnitude of an output. Rounding adds up to far less in a
 * network that works in single precision at all; a wrong weight usually shows. */
static const double tolerance = 1e-4;

struct sample { int64_t at; float value, bound; };  /* at: in floats from the first output */

struct selftest {
    struct pool *pool;
    const struct graph *graph;
    int64_t *in_at, *out_at;          /* of each input, output: bytes from the arena's start */
    int64_t in_bytes;                 /* of all inputs, a multiple of ARENA_ALIGN */
    int64_t io_bytes;                 /* of inputs and outputs, likewise */
    VEC(struct sample) sample;
    bool proven;                      /* no bound is the tolerance */
};

/* ---- the input ------------------------------------------------------------------------------- */

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state;
}

/* Numbers that are exact in float; the emitted function makes the same. */
static void fill(double *to, int64_t n, enum dtype type, uint32_t *state)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = type == DTYPE_UINT8 ? (double)(next(state) >> 24)
                                    : ((double)(next(state) >> 16) - 32768) / 32768;
}

/* ---- the expected output --------------------------------------------------------------------- */

static float round_up(double bound)
{
    float f = (float)bound;
    return (double)f < bound ? nextafterf(f, FLT_MAX) : f;
}

/* The emitted comparison rounds, too: the value and the difference. */
static void add_sample(struct selftest *t, int64_t at, double value, double proven, double largest)
{
    double bound = proven;
    if (!isfinite(value) || fabs(value) > FLT_MAX)
        return;
    if (!(bound <= tolerance * largest)) {
        bound = tolerance * largest;
        t->proven = false;
    }
    bound = (bound + fabs(value) * 0x1p-23) * (1 + 0x1p-20) + FLT_MIN;
    vec_push(t->pool, &t->sample, (struct sample){at, (float)value, round_up(bound)});
}

static double largest_of(const struct tval *v)
{
    double largest = 0;
    for (int64_t i = 0; i < shape_size(&v->shape); i++)
        if (isfinite(v->v[i]) && fabs(v->v[i]) > largest)
            largest = fabs(v->v[i]);
    return largest;
}

/* One element from each of equal stretches of the output, not always the same channel. */
static void take_samples(struct selftest *t, int output, int64_t image, const struct tval *v,
        uint32_t *state)
{
    int64_t size = shape_size(&v->shape);
    int64_t share = SAMPLES / (t->graph->output.n * t->graph->batch);
    int64_t count = share < 1 ? 1 : share < size ? share : size;
    int64_t base = (t->out_at[output] - t->in_bytes) / 4 + image * size;
    double largest = largest_of(v);
    for (int64_t i = 0; i < count && t->sample.n < SAMPLES; i++) {
        int64_t first = i * size / count, end = (i + 1) * size / count;
        int64_t at = first + next(state) % (end - first);
        add_sample(t, base + at, v->v[at], v->e[at], largest);
    }
}

static void evaluate(struct selftest *t, double *const *input, int64_t image, uint32_t *state)
{
    const struct graph *g = t->graph;
    struct tval *all = calloc((size_t)g->layer.n, sizeof *all);
    struct tval *in = calloc((size_t)g->input.n, sizeof *in);
    if (!all || !in)
        die("out of memory");
    for (int i = 0; i < g->input.n; i++) {
        int64_t n = shape_size(&g->input.at[i]->shape);
        in[i] = tval_new(&g->input.at[i]->shape);
        memcpy(in[i].v, input[i] + image * n, (size_t)n * sizeof *in[i].v);
    }
    eval_graph(g, in, all);
    for (int i = 0; i < g->output.n; i++)
        take_samples(t, i, image, &all[g->output.at[i]->layer], state);
    for (int i = 0; i < g->input.n; i++)
        tval_free(&in[i]);
    for (int k = 0; k < g->layer.n; k++)
        tval_free(&all[k]);
    free(in);
    free(all);
}

static int64_t place(const struct graph *g, const struct tensor *t, int64_t at, int64_t *end)
{
    int64_t bytes = g->batch * shape_size(&t->shape) * (t->type == DTYPE_UINT8 ? 1 : 4);
    *end = (at + bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    return at;
}

const struct selftest *selftest_make(struct pool *pool, const struct graph *g)
{
    struct selftest *t = NEW(pool, struct selftest);
    double **input = NEW_ARRAY(pool, double *, g->input.n);
    uint32_t state = 1;
    *t = (struct selftest){.pool = pool, .graph = g, .proven = true};
    t->in_at = NEW_ARRAY(pool, int64_t, g->input.n);
    t->out_at = NEW_ARRAY(pool, int64_t, g->output.n);
    for (int i = 0; i < g->input.n; i++) {
        int64_t n = g->batch * shape_size(&g->input.at[i]->shape);
        t->in_at[i] = place(g, g->input.at[i], t->io_bytes, &t->io_bytes);
        input[i] = NEW_ARRAY(pool, double, n);
        fill(input[i], n, g->input.at[i]->type, &state);
    }
    t->in_bytes = t->io_bytes;
    for (int i = 0; i < g->output.n; i++)
        t->out_at[i] = place(g, g->output.at[i], t->io_bytes, &t->io_bytes);
    for (int64_t image = 0; image < g->batch; image++)
        evaluate(t, input, image, &state);
    return t;
}

int64_t selftest_io_bytes(const struct selftest *t) { return t->io_bytes; }

/* ---- the text -------------------------------------------------------------------------------- */

static bool has_input(const struct graph *g, enum dtype type)
{
    for (int i = 0; i < g->input.n; i++)
        if (g->input.at[i]->type == type)
            return true;
    return false;
}

void selftest_args(struct pool *pool, const struct selftest *t, struct args *a)
{
    args_int(pool, a, "IN_BYTES", t->in_bytes);
    args_int(pool, a, "IO_BYTES", t->io_bytes);
    args_int(pool, a, "SAMPLES", t->sample.n);
    args_int(pool, a, "FLOATS", has_input(t->graph, DTYPE_FLOAT32));
    args_int(pool, a, "UINT8S", has_input(t->graph, DTYPE_UINT8));
    args_int(pool, a, "PROVEN", t->proven);
}

static const char *number(struct pool *pool, float f)
{
    const char *text = pool_printf(pool, "%.9g", (double)f);
    return pool_printf(pool, "%s%sf", text, strpbrk(text, ".e") ? "" : ".0");
}

static void insert_samples(const struct selftest *t, struct out *out)
{
    for (int i = 0; i < t->sample.n; i++)
        out_printf(out, "{%lld, %s, %s},\n", (long long)t->sample.at[i].at,
                number(t->pool, t->sample.at[i].value), number(t->pool, t->sample.at[i].bound));
}

/* "mnist_fill((float *)(void *)(base + 0), 784, &state);", one for each input */
static void insert_fills(const struct selftest *t, const char *prefix, struct out *out)
{
    const struct graph *g = t->graph;
    for (int i = 0; i < g->input.n; i++) {
        bool bytes = g->input.at[i]->type == DTYPE_UINT8;
        out_printf(out, "%s_fill%s(%s(base + %lld), %lld, &state);\n", prefix,
                bytes ? "_uint8" : "", bytes ? "" : "(float *)(void *)", (long long)t->in_at[i],
                (long long)(g->batch * shape_size(&g->input.at[i]->shape)));
    }
}

/* "status = mnist_run((const float *)(const void *)(base + 0), (float *)(void *)(base + 3136),
 * ...);" */
static void insert_run(const struct selftest *t, const char *prefix, bool weights, struct out *out)
{
    const struct graph *g = t->graph;
    out_printf(out, "status = %s_run(", prefix);
    for (int i = 0; i < g->input.n; i++)
        out_printf(out, "%s(base + %lld), ",
                g->input.at[i]->type == DTYPE_UINT8 ? "" : "(const float *)(const void *)",
                (long long)t->in_at[i]);
    for (int i = 0; i < g->output.n; i++)
        out_printf(out, "(float *)(void *)(base + %lld), ", (long long)t->out_at[i]);
    out_printf(out, "%sbase + %lld, arena_bytes - %lld);\n",
            weights ? "weights, weight_bytes, " : "", (long long)t->io_bytes,
            (long long)t->io_bytes);
}

void selftest_insert(const struct selftest *t, const char *prefix, bool weights, const char *name,
        struct out *out)
{
    if (!strcmp(name, "selftest_samples"))
        insert_samples(t, out);
    else if (!strcmp(name, "selftest_fills"))
        insert_fills(t, prefix, out);
    else if (!strcmp(name, "selftest_run"))
        insert_run(t, prefix, weights, out);
    else
        bug("no hole '%s'", name);
}
