#include "verify_check.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "ops/common.h"

#define EXACT_INTEGERS 0x1p24  /* below it floats hold all of them */
#define EXACT_BOUND 3          /* of a result all of whose summands are together below that */

/* ---- what a step starts from ----------------------------------------------------------------- */

static void find_sources(struct check *c)
{
    int steps = c->plan->step.n, outputs = c->plan->graph->output.n;
    c->source = NEW_ARRAY(c->pool, struct sources, steps + outputs);
    for (int i = 0; i < steps; i++)
        c->source[i] = sources_of_step(c->pool, c->plan, c->plan->step.at[i]);
    for (int i = 0; i < outputs; i++)
        c->source[steps + i] = sources_of_tensor(c->pool, c->plan, c->plan->graph->output.at[i]);
    for (int i = 0; i < steps + outputs; i++)
        for (int k = 0; k < c->source[i].layer.n; k++)
            c->last_use[c->source[i].layer.at[k]] = i;
}

/* ---- values ---------------------------------------------------------------------------------- */

static int64_t layer_size(const struct graph *g, int layer)
{
    return shape_size(&g->layer.at[layer]->out->shape);
}

static uint64_t mix(uint64_t h, uint64_t with)
{
    h = (h ^ with) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

/* Of the bits, but all NaN are the same: which one an operation makes is the machine's choice. */
static uint64_t hash_floats(const float *f, int64_t n)
{
    uint64_t h = (uint64_t)n + 1;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &f[i], sizeof bits);
        h = mix(h, isnan(f[i]) ? 0x7fc00000u : bits);
    }
    return h;
}

static void keep(struct check *c, int layer, const float *result, int64_t n)
{
    float *to = malloc((size_t)n * sizeof *to);
    if (!to)
        die("no memory for %lld values", (long long)n);
    free(c->value[layer]);
    c->value[layer] = memcpy(to, result, (size_t)n * sizeof *to);
    c->hash[layer] = hash_floats(result, n);
}

static void forget(struct check *c, int layer)
{
    free(c->value[layer]);
    c->value[layer] = NULL;
}

void check_init(struct check *c, struct pool *pool, const struct plan *plan,
        const double *const *input, bool exact)
{
    const struct graph *g = plan->graph;
    *c = (struct check){.pool = pool, .plan = plan, .input = input, .exact = exact};
    c->value = NEW_ARRAY(pool, float *, g->layer.n);
    c->hash = NEW_ARRAY(pool, uint64_t, g->layer.n);
    c->last_use = NEW_ARRAY(pool, int, g->layer.n);
    c->out = NEW_ARRAY(pool, float *, g->output.n);
    for (int t = 0; t < TARGET_COUNT; t++) {
        c->key[t] = NEW_ARRAY(pool, uint64_t, plan->step.n);
        c->step[t] = NEW_ARRAY(pool, struct finding, plan->step.n);
        c->output[t] = NEW_ARRAY(pool, struct finding, g->output.n);
    }
    find_sources(c);
}

void check_start(struct check *c)
{
    for (int k = 0; k < c->plan->graph->layer.n; k++)
        forget(c, k);
}

void check_free(struct check *c)
{
    check_start(c);
    for (int i = 0; i < c->plan->graph->output.n; i++)
        free(c->out[i]);
}

/* ---- the reference between sources and result ------------------------------------------------ */

/* The reference's evaluation of one image, of the layers that are needed. */
struct walk {
    const struct check *c;
    const struct sources *source;
    int64_t image;
    struct tval *value;        /* of each layer; v is NULL: not evaluated */
    bool *need;                /* of each layer */
    bool exact;                /* all that was evaluated keeps_integers */
};

static void walk_init(struct walk *w, const struct check *c, const struct sources *s)
{
    int n = c->plan->graph->layer.n;
    *w = (struct walk){.c = c, .source = s};
    w->value = calloc((size_t)n, sizeof *w->value);
    w->need = calloc((size_t)n, sizeof *w->need);
    if (!w->value || !w->need)
        die("out of memory");
}

static void walk_start(struct walk *w, int64_t image)
{
    int n = w->c->plan->graph->layer.n;
    w->image = image;
    w->exact = w->c->exact;
    for (int k = 0; k < n; k++)
        tval_free(&w->value[k]);
    memset(w->need, 0, (size_t)n * sizeof *w->need);
}

static void walk_free(struct walk *w)
{
    walk_start(w, 0);
    free(w->value);
    free(w->need);
}

static int input_index(const struct graph *g, int layer)
{
    for (int i = 0; i < g->input.n; i++)
        if (g->input.at[i]->layer == layer)
            return i;
    bug("layer %d is no input", layer);
}

static void note_integers(struct walk *w, const struct tval *t)
{
    int64_t n = shape_size(&t->shape);
    for (int64_t i = 0; w->exact && i < n; i++)
        w->exact = t->v[i] == floor(t->v[i]) && fabs(t->v[i]) < EXACT_INTEGERS;
}

static void take_input(struct walk *w, int layer, struct tval *to)
{
    const struct graph *g = w->c->plan->graph;
    const double *given = w->c->input[input_index(g, layer)];
    input_arrange(g->layer.at[layer], given + w->image * layer_size(g, layer), to->v);
}

static void take_result(struct walk *w, int layer, struct tval *to)
{
    int64_t n = layer_size(w->c->plan->graph, layer);
    const float *from = w->c->value[layer] + w->image * n;
    for (int64_t i = 0; i < n; i++)
        to->v[i] = (double)from[i];
}

static bool keeps_activation(const struct activation *a)
{
    return !a || a->kind == ACT_LINEAR || a->kind == ACT_RELU || a->kind == ACT_RELU6 ||
        a->kind == ACT_HARD_TANH;
}

static bool keeps_family(const struct node *n)
{
    switch (node_family(n)) {
    case FAMILY_INPUT: case FAMILY_CONSTANT: case FAMILY_CONV2D: case FAMILY_CONV2D_TRANSPOSE: case FAMILY_DENSE:
    case FAMILY_ACTIVATION: case FAMILY_PRELU: case FAMILY_CONCAT: case FAMILY_RESHAPE:
    case FAMILY_PERMUTE: case FAMILY_SLICE: case FAMILY_EXPAND:
    case FAMILY_GATHER: case FAMILY_PAD: case FAMILY_CROP: case FAMILY_IDENTITY:
        return true;
    case FAMILY_POOL2D:
        return ((const struct pool2d *)n->attr)->is_max;
    case FAMILY_BINARY:
        return ((const struct binary *)n->attr)->kind < BIN_AVG;
    case FAMILY_RESIZE:
        return ((const struct resizing *)n->attr)->mode == RESIZE_NEAREST;
    case FAMILY_UPSAMPLE:
        return !((const struct upsampling *)n->attr)->bilinear;
    default:  /* a batch normalization's variance is 1 then */
        return n->op == OP_SEPARABLE_CONV2D || n->op == OP_SEPARABLE_CONV1D ||
            (n->op == OP_BATCH_NORMALIZATION &&
            ((const struct batchnorm *)n->attr)->epsilon <= 0);
    }
}

/* Of integers a layer whose weights are integers makes integers, and so does each of its steps, in
 * any order: with fewer than 25 bits no operation rounds. The bound tells whether it is so: that of
 * a sum of products is more than 3 * 2^-24 times the sum of their magnitudes (sum_error), which is
 * below 2^24 if the bound is below 3. */
static bool keeps_integers(const struct node *n)
{
    return !n->bound && keeps_activation(n->act) && keeps_family(n);
}

static bool is_given(const struct walk *w, int layer)
{
    return sources_have(w->source, layer) && w->c->value[layer];
}

static void make_value(struct walk *w, int layer)
{
    struct tval arg[LIMIT_INPUTS];
    const struct node *n = w->c->plan->graph->layer.at[layer];
    struct tval *to = &w->value[layer];
    if (is_given(w, layer)) {
        *to = tval_new(&n->out->shape);
        take_result(w, layer, to);
    } else if (node_family(n) == FAMILY_INPUT) {
        *to = tval_new(&n->out->shape);
        take_input(w, layer, to);
    } else {
        for (int i = 0; i < n->in.n; i++)
            arg[i] = w->value[n->in.at[i]->layer];
        eval_layer(n, arg, to);
        w->exact = w->exact && keeps_integers(n);
        return;
    }
    note_integers(w, to);
}

/* What follows a value that may not be a finite float is not known. */
static void hide(const struct walk *w, int layer)
{
    if (!is_given(w, layer))
        bound_hidden(&w->value[layer]);
}

/* Layers stand in topological order: back to what is given, and forward again. */
static const struct tval *evaluate(struct walk *w, int layer)
{
    const struct graph *g = w->c->plan->graph;
    w->need[layer] = true;
    for (int k = layer; k >= 0; k--)
        for (int i = 0; w->need[k] && !is_given(w, k) && i < g->layer.at[k]->in.n; i++)
            w->need[g->layer.at[k]->in.at[i]->layer] = true;
    for (int k = 0; k <= layer; k++)
        if (w->need[k] && !w->value[k].v) {
            make_value(w, k);
            if (k < layer)
                hide(w, k);
        }
    return &w->value[layer];
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* The difference that counts: 0 where both are the same kind of not a number, or too large for
 * one. An infinite bound says that sums overflow on the way (sum_bound): nothing can be said. */
static double difference(double expected, double bound, double got)
{
    if (isinf(bound))
        return 0;
    if (isnan(expected) || isnan(got))
        return isnan(expected) && isnan(got) ? 0 : HUGE_VAL;
    if (isinf(got))
        return (got > 0 ? expected : -expected) + bound >= (double)FLT_MAX ? 0 : HUGE_VAL;
    return fabs(got - expected);
}

static void compare(struct finding *f, const struct tval *expected, bool exact, const float *got,
        int64_t image)
{
    int64_t n = shape_size(&expected->shape);
    f->seen = true;
    for (int64_t i = 0; i < n; i++) {
        bool same = exact && expected->e[i] < EXACT_BOUND;
        f->rounded = f->rounded || !same;
        double e = same ? 0 : expected->e[i];
        double d = difference(expected->v[i], e, (double)got[image * n + i]);
        double share = d == 0 ? 0 : d / e;
        f->error = d > f->error ? d : f->error;
        f->share = !(share <= f->share) ? share : f->share;
        if (d <= e)
            continue;
        if (!f->wrong++) {
            f->at = image * n + i;
            f->expected = expected->v[i];
            f->got = (double)got[f->at];
            f->bound = e;
        }
    }
}

/* Compares the layer's value on all images with what its sources make of it. */
static void judge(struct check *c, int source, int layer, const float *result, struct finding *f)
{
    struct walk w;
    walk_init(&w, c, &c->source[source]);
    for (int64_t image = 0; image < c->plan->graph->batch; image++) {
        walk_start(&w, image);
        const struct tval *expected = evaluate(&w, layer);
        compare(f, expected, w.exact, result, image);
    }
    walk_free(&w);
}

static void drop_used(struct check *c, int source)
{
    const struct sources *s = &c->source[source];
    for (int i = 0; i < s->layer.n; i++)
        if (c->last_use[s->layer.at[i]] == source)
            forget(c, s->layer.at[i]);
}

/* The reference is slow, and targets often agree to the last bit: then one verdict does. */
static bool known_verdict(struct check *c, enum target_id t, int step)
{
    uint64_t key = c->step[t][step].bits;
    for (int i = 0; i < c->source[step].layer.n; i++)
        if (c->value[c->source[step].layer.at[i]])
            key = mix(key, c->hash[c->source[step].layer.at[i]]);
    c->key[t][step] = key;
    for (int other = 0; other < TARGET_COUNT; other++)
        if (other != (int)t && c->step[other][step].seen && c->key[other][step] == key) {
            c->step[t][step] = c->step[other][step];
            return true;
        }
    return false;
}

void check_step(struct check *c, enum target_id t, int step, const float *result, int64_t n)
{
    const struct graph *g = c->plan->graph;
    int layer = c->plan->step.at[step]->group->out->layer;
    if (layer >= 0 && n != g->batch * layer_size(g, layer))
        bug("step %d has %lld elements", step + 1, (long long)n);
    c->step[t][step].bits = hash_floats(result, n);
    if (layer >= 0 && !known_verdict(c, t, step))
        judge(c, step, layer, result, &c->step[t][step]);
    if (layer >= 0 && c->last_use[layer] > step)
        keep(c, layer, result, n);
    drop_used(c, step);
}

void check_output(struct check *c, enum target_id t, int output, const float *result, int64_t n)
{
    int source = c->plan->step.n + output;
    c->output[t][output].bits = hash_floats(result, n);
    judge(c, source, c->plan->graph->output.at[output]->layer, result, &c->output[t][output]);
    drop_used(c, source);
    if (!c->out[output])
        c->out[output] = malloc((size_t)n * sizeof(float));
    if (!c->out[output])
        die("out of memory");
    memcpy(c->out[output], result, (size_t)n * sizeof(float));
}

/* ---- bits ------------------------------------------------------------------------------------ */

static struct finding *finding_of(const struct check *c, enum target_id t, int i)
{
    int steps = c->plan->step.n;
    return i < steps ? &c->step[t][i] : &c->output[t][i - steps];
}

int check_bits(const struct check *c, enum target_id t, enum target_id other)
{
    int n = c->plan->step.n + c->plan->graph->output.n;
    for (int i = 0; i < n; i++)
        if (finding_of(c, t, i)->bits != finding_of(c, other, i)->bits)
            return i;
    return -1;
}

uint64_t check_hash(const struct check *c, enum target_id t)
{
    uint64_t h = 0;
    int n = c->plan->step.n + c->plan->graph->output.n;
    for (int i = 0; i < n; i++)
        h = mix(h, finding_of(c, t, i)->bits);
    return h;
}

/* ---- the whole network ----------------------------------------------------------------------- */

struct extent { double error, largest; };

static void measure(const struct tval *expected, const float *got, struct extent *x)
{
    int64_t n = shape_size(&expected->shape);
    for (int64_t i = 0; i < n; i++) {
        double d = difference(expected->v[i], 0, (double)got[i]);
        x->error = d > x->error ? d : x->error;
        if (isfinite(expected->v[i]) && fabs(expected->v[i]) > x->largest)
            x->largest = fabs(expected->v[i]);
    }
}

void check_whole(const struct check *c, double *relative)
{
    const struct graph *g = c->plan->graph;
    struct extent *x = NEW_ARRAY(c->pool, struct extent, g->output.n);
    const struct sources none = {0};
    struct walk w;
    walk_init(&w, c, &none);
    for (int64_t image = 0; image < g->batch; image++) {
        walk_start(&w, image);
        for (int i = 0; i < g->output.n; i++) {
            int layer = g->output.at[i]->layer;
            measure(evaluate(&w, layer), c->out[i] + image * layer_size(g, layer), &x[i]);
        }
    }
    walk_free(&w);
    for (int i = 0; i < g->output.n; i++)
        relative[i] = x[i].largest > 0 ? x[i].error / x[i].largest : x[i].error;
}
