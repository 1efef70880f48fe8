#include "diagram.h"

#include <string.h>

#include "ops/families.h"

const struct kind_look kind_looks[KIND_COUNT] = {
    [KIND_IO] = {"io", "input", "#ffffff", "#1b2330"},
    [KIND_CONV] = {"conv", "convolution", "#d8e8fb", "#2a6bb3"},
    [KIND_DENSE] = {"dense", "dense, matrix product", "#e8defa", "#6c46b4"},
    [KIND_POOL] = {"pool", "pooling, reduction", "#d6f0dc", "#2e7d46"},
    [KIND_NORM] = {"norm", "normalization", "#fdecc8", "#a86f0c"},
    [KIND_ACT] = {"act", "activation", "#fddfd3", "#b9502a"},
    [KIND_JOIN] = {"join", "add, concatenate ...", "#cfeff0", "#17777b"},
    [KIND_SHAPE] = {"shape", "shape, no arithmetic", "#eceff3", "#7a8594"},
    [KIND_OTHER] = {"other", "others", "#f6dcec", "#a03c77"},
};

/* Families that are not here are KIND_OTHER. */
static const struct { enum family family; enum kind kind; } kinds[] = {
    {FAMILY_INPUT, KIND_IO}, {FAMILY_CONSTANT, KIND_IO},
    {FAMILY_CONV2D, KIND_CONV}, {FAMILY_CONV2D_TRANSPOSE, KIND_CONV},
    {FAMILY_DENSE, KIND_DENSE}, {FAMILY_MATMUL, KIND_DENSE},
    {FAMILY_POOL2D, KIND_POOL}, {FAMILY_REDUCE, KIND_POOL}, {FAMILY_ARG, KIND_POOL},
    {FAMILY_CUM_SUM, KIND_POOL},
    {FAMILY_AFFINE, KIND_NORM}, {FAMILY_LAYERNORM, KIND_NORM}, {FAMILY_GROUPNORM, KIND_NORM},
    {FAMILY_LRN, KIND_NORM},
    {FAMILY_ACTIVATION, KIND_ACT}, {FAMILY_PRELU, KIND_ACT}, {FAMILY_SOFTMAX, KIND_ACT},
    {FAMILY_BINARY, KIND_JOIN}, {FAMILY_CONCAT, KIND_JOIN},
    {FAMILY_RESHAPE, KIND_SHAPE}, {FAMILY_PERMUTE, KIND_SHAPE}, {FAMILY_SLICE, KIND_SHAPE},
    {FAMILY_EXPAND, KIND_SHAPE}, {FAMILY_GATHER, KIND_SHAPE}, {FAMILY_PAD_ANY, KIND_SHAPE},
    {FAMILY_PAD, KIND_SHAPE}, {FAMILY_CROP, KIND_SHAPE}, {FAMILY_IDENTITY, KIND_SHAPE},
};

/* Of layers that optimise takes apart, what they are apart into. */
static const struct { enum op op; enum kind kind; } lowered[] = {
    {OP_SEPARABLE_CONV2D, KIND_CONV}, {OP_CONV1D, KIND_CONV}, {OP_DEPTHWISE_CONV1D, KIND_CONV},
    {OP_SEPARABLE_CONV1D, KIND_CONV}, {OP_CONV1D_TRANSPOSE, KIND_CONV},
    {OP_BATCH_NORMALIZATION, KIND_NORM}, {OP_UNIT_NORMALIZATION, KIND_NORM},
    {OP_RESCALING, KIND_NORM}, {OP_NORMALIZATION, KIND_NORM}, {OP_MAX_POOLING1D, KIND_POOL},
    {OP_AVERAGE_POOLING1D, KIND_POOL}, {OP_GLOBAL_MAX_POOLING1D, KIND_POOL},
    {OP_GLOBAL_AVERAGE_POOLING1D, KIND_POOL}, {OP_ZERO_PADDING1D, KIND_SHAPE},
    {OP_CROPPING1D, KIND_SHAPE}, {OP_TILE, KIND_SHAPE}, {OP_DEPTH_TO_SPACE, KIND_SHAPE},
    {OP_SPACE_TO_DEPTH, KIND_SHAPE},
};

enum kind kind_of(const struct node *n)
{
    for (size_t i = 0; i < sizeof lowered / sizeof lowered[0]; i++)
        if (lowered[i].op == n->op)
            return lowered[i].kind;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].family == node_family(n))
            return kinds[i].kind;
    return KIND_OTHER;
}

/* ---- numbers --------------------------------------------------------------------------------- */

const char *shape_times(struct pool *pool, const struct shape *s)
{
    const char *text = "";
    for (int i = 0; i < s->rank; i++)
        text = pool_printf(pool, "%s%s%d", text, i ? "×" : "", s->dim[i]);
    return text;
}

/* In units of `unit`, three digits or four; in integers, so that it is the same everywhere. */
static const char *scaled(struct pool *pool, int64_t n, int64_t unit, const char *const *suffix)
{
    int64_t whole = n, size = 1;
    int i = 0;
    while (whole >= unit && suffix[i + 1]) {
        size *= unit;
        whole = n / size;
        i++;
    }
    int64_t rest = n % size;
    if (i == 0 || whole >= 100)
        return pool_printf(pool, "%lld%s", (long long)whole, suffix[i]);
    if (whole >= 10)
        return pool_printf(pool, "%lld.%lld%s", (long long)whole,
                (long long)(rest / (size / unit) * 10 / unit), suffix[i]);
    return pool_printf(pool, "%lld.%02lld%s", (long long)whole,
            (long long)(rest / (size / unit) * 100 / unit), suffix[i]);
}

const char *count_text(struct pool *pool, int64_t n)
{
    static const char *const suffix[] = {"", " K", " M", " G", " T", NULL};
    return scaled(pool, n, 1000, suffix);
}

const char *bytes_text(struct pool *pool, int64_t n)
{
    static const char *const suffix[] = {" B", " KB", " MB", " GB", " TB", NULL};
    return scaled(pool, n, 1024, suffix);
}

const char *step_text(struct pool *pool, const struct step *s)
{
    const char *main = s->group->main->name, *out = s->group->out->name;
    size_t len = strlen(out);
    if (!strncmp(main, out, len) && (main[len] == '/' || !main[len]))
        return pool_printf(pool, "%d  %s", s->index, main);
    return pool_printf(pool, "%d  %s … %s", s->index, main, out);
}

const char *totals_text(const struct summary *s)
{
    return pool_printf(s->pool, "%d layers in %d steps, %s parameters, %s MACs", s->graph->layer.n,
            s->plan->step.n, count_text(s->pool, s->params), count_text(s->pool, s->macs));
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* " 3×3 /2": the window of a layer that has one, and its strides. */
static const char *window_text(struct pool *pool, const int *size, const int *strides)
{
    const char *text = pool_printf(pool, " %d×%d", size[0], size[1]);
    if (strides[0] == 1 && strides[1] == 1)
        return text;
    if (strides[0] == strides[1])
        return pool_printf(pool, "%s /%d", text, strides[0]);
    return pool_printf(pool, "%s /%d,%d", text, strides[0], strides[1]);
}

static const char *type_text(struct pool *pool, const struct node *n)
{
    const char *type = node_def(n)->type, *window = "";
    const void *attr = n->attr;
    if (node_family(n) == FAMILY_CONV2D) {
        const struct conv2d *c = attr;
        window = window_text(pool, c->kernel, c->strides);
    } else if (node_family(n) == FAMILY_CONV2D_TRANSPOSE) {
        const struct conv2d_transpose *c = attr;
        window = window_text(pool, c->kernel, c->strides);
    } else if (node_family(n) == FAMILY_POOL2D && !((const struct pool2d *)attr)->is_global) {
        const struct pool2d *c = attr;
        window = window_text(pool, c->size, c->strides);
    }
    if (n->act && (node_def(n)->has_activation || n->op == OP_ACTIVATION))
        return pool_printf(pool, "%s%s, %s", type, window, act_text(pool, n->act));
    return pool_printf(pool, "%s%s", type, window);
}

enum { LONG_LINE = 42 };   /* bytes: no shape goes behind one that is longer */

static void add_line(struct pool *pool, struct diagram_box *b, enum line_look look,
        const char *text)
{
    vec_push(pool, &b->line, (struct text_line){look, text});
}

/* "conv2d_winograd4, 2.35 M MACs". */
static const char *kernel_text(const struct summary *s, const struct fact *f)
{
    const char *text = "";
    for (int i = 0; i < f->kernel.n; i++)
        text = pool_printf(s->pool, "%s%s%s", text, i ? " + " : "", f->kernel.at[i]);
    if (!f->kernel.n && f->within)
        return pool_printf(s->pool, "with %s", f->within->name);
    if (!f->kernel.n)
        return kind_of(f->node) == KIND_IO ? "" : "no code";
    if (f->macs)
        text = pool_printf(s->pool, "%s, %s MACs", text, count_text(s->pool, f->macs));
    return text;
}

/* A layer of the box; behind the last one, or below it, the shape of what leaves the box. */
static void add_layer(struct pool *pool, struct diagram_box *b, const struct node *n, bool first,
        bool last)
{
    const char *text = first ? type_text(pool, n)
                             : pool_printf(pool, "+ %s %s", n->name, type_text(pool, n));
    const char *shape = pool_printf(pool, "→ %s", shape_times(pool, &n->out->shape));
    bool fits = first || strlen(text) + strlen(shape) <= LONG_LINE;
    add_line(pool, b, LINE_PLAIN, last && fits ? pool_printf(pool, "%s %s", text, shape) : text);
    if (last && !fits)
        add_line(pool, b, LINE_PLAIN, shape);
}

static void fill_box(const struct summary *s, struct diagram_box *b, int main)
{
    const struct graph *g = s->graph;
    const struct node *first = g->layer.at[main], *last = g->layer.at[b->layer.at[b->layer.n - 1]];
    const char *kernel = kernel_text(s, &s->layer[main]);
    b->kind = kind_of(first);
    b->tooltip = pool_printf(s->pool, "%s: %s, %s parameters", first->name,
            type_text(s->pool, first), count_text(s->pool, s->layer[main].params));
    add_line(s->pool, b, LINE_NAME, first->name);
    add_layer(s->pool, b, first, true, first == last);
    for (int i = 0; i < b->layer.n; i++) {
        const struct node *n = g->layer.at[b->layer.at[i]];
        b->output = b->output || n->out->is_output;
        if (n != first)
            add_layer(s->pool, b, n, false, n == last);
    }
    if (*kernel)
        add_line(s->pool, b, LINE_DIM, kernel);
    if (b->output)
        add_line(s->pool, b, LINE_DIM, "output of the network");
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/* Layers while they are gathered into boxes: the home that each has, whose box it is, and the
 * others of the box in a ring. */
struct gatherer {
    const struct graph *g;
    int *home, *next;
    int *stack, *seen, round;  /* of a search; homes seen in it */
};

static void push_ring(const struct gatherer *q, int layer, int *depth)
{
    int at = layer;
    do {
        q->stack[(*depth)++] = at;
        at = q->next[at];
    } while (at != layer);
}

/* Whether one box takes values of another by way of a third. */
static bool leads_around(struct gatherer *q, int from, int to)
{
    int depth = 0;
    q->round++;
    push_ring(q, from, &depth);
    while (depth > 0) {
        int layer = q->stack[--depth];
        const struct node *n = q->g->layer.at[layer];
        for (int i = 0; i < n->in.n; i++) {
            int box = q->home[n->in.at[i]->layer];
            if (box == to && q->home[layer] != from)
                return true;
            if (box == from || box == to || q->seen[box] == q->round)
                continue;
            q->seen[box] = q->round;
            push_ring(q, box, &depth);
        }
    }
    return false;
}

/* Puts all of the one box into the other, unless arrows would then run in a circle: a layer with
 * several results may be computed along with one and used for another. */
static void merge(struct gatherer *q, int box, int into)
{
    if (box == into || leads_around(q, box, into) || leads_around(q, into, box))
        return;
    int at = box, next = q->next[box];
    do {
        q->home[at] = into;
        at = q->next[at];
    } while (at != box);
    q->next[box] = q->next[into];
    q->next[into] = next;
}

/* Homes of all layers. */
static int *gather(const struct summary *s)
{
    int n = s->graph->layer.n;
    struct gatherer q = {.g = s->graph};
    q.home = NEW_ARRAY(s->pool, int, n + 1);
    q.next = NEW_ARRAY(s->pool, int, n + 1);
    q.stack = NEW_ARRAY(s->pool, int, n + 1);
    q.seen = NEW_ARRAY(s->pool, int, n + 1);
    for (int k = 0; k < n; k++)
        q.home[k] = q.next[k] = k;
    for (int k = 0; k < n; k++)
        if (s->layer[k].within)
            merge(&q, q.home[k], q.home[s->layer[k].within->out->layer]);
    return q.home;
}

static void make_boxes(const struct summary *s, struct diagram *d, int *box_of)
{
    int n = s->graph->layer.n;
    int *box_at = NEW_ARRAY(s->pool, int, n + 1);   /* 1 + box of a home; 0: none yet */
    int *home = gather(s), *main = NEW_ARRAY(s->pool, int, n + 1);
    for (int k = 0; k < n; k++) {
        int at = home[k];
        if (!box_at[at]) {
            main[d->box.n] = at;
            vec_push(s->pool, &d->box, (struct diagram_box){0});
            box_at[at] = d->box.n;
        }
        box_of[k] = box_at[at] - 1;
        vec_push(s->pool, &d->box.at[box_of[k]].layer, k);
    }
    for (int i = 0; i < d->box.n; i++)
        fill_box(s, &d->box.at[i], main[i]);
}

struct diagram diagram_make(const struct summary *s)
{
    const struct graph *g = s->graph;
    struct diagram d = {0};
    int *box_of = NEW_ARRAY(s->pool, int, g->layer.n + 1);
    make_boxes(s, &d, box_of);
    int *seen = NEW_ARRAY(s->pool, int, d.box.n + 1);   /* 1 + the last box with an arrow from it */
    for (int b = 0; b < d.box.n; b++)
        for (int i = 0; i < d.box.at[b].layer.n; i++) {
            const struct node *n = g->layer.at[d.box.at[b].layer.at[i]];
            for (int k = 0; k < n->in.n; k++) {
                int from = box_of[n->in.at[k]->layer];
                if (from == b || seen[from] == b + 1)
                    continue;
                seen[from] = b + 1;
                vec_push(s->pool, &d.arrow, (struct arrow){from, b});
            }
        }
    return d;
}
