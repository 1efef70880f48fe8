#include "place.h"

#include <stdlib.h>

#include "kernel.h"

/* Memory of one tensor, or of several that share it. A store with a parent is a slice of the
 * parent's channels (concatenation) or the very same memory (in place). Only roots have halos and
 * buffers. */
struct store {
    struct store *parent;
    int at;                   /* channel of the parent where this begins */
    enum place place;
    int index;                /* of the input, output or array; of the buffer, once it has one */
    int h, w, c;
    int left, right;          /* halo */
    bool fixed;               /* takes no halo: not the arena's, or seen through several shapes */
    bool sliced;              /* others have it as their parent */
    int first, last;          /* steps */
    const char *name;
    enum dtype type;
};

struct placer {
    struct plan *plan;
    struct pool *pool;
    const struct graph *graph;
    struct store **home;      /* of graph->tensor.at[i] */
    struct store **padded;    /* its copy with a halo, if one was needed */
    VEC(struct store *) store;
    kernel_choice *choose;
    void *context;
};

static struct store *root(struct store *s)
{
    while (s->parent)
        s = s->parent;
    return s;
}

static int tensor_index(const struct graph *g, const struct tensor *t)
{
    for (int i = 0; i < g->tensor.n; i++)
        if (g->tensor.at[i] == t)
            return i;
    bug("tensor '%s' is not in the graph", t->name);
}

static struct store *home(struct placer *p, const struct tensor *t)
{
    return p->home[tensor_index(p->graph, t)];
}

static struct store *store_new(struct placer *p, const struct tensor *t)
{
    struct store *s = NEW(p->pool, struct store);
    struct hwc d = shape_hwc(&t->shape);
    s->place = PLACE_ARENA;
    s->h = d.h;
    s->w = d.w;
    s->c = d.c;
    s->first = INT32_MAX;
    s->last = -1;
    s->name = t->name;
    s->type = t->type;
    vec_push(p->pool, &p->store, s);
    return s;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Views come later: in[] holds stores until all of them are final. */
struct draft {
    struct group *group;
    VEC(struct store *) in;
    struct store *out;
    const struct kernel *kernel;
    const char *why;
};

struct drafts { VEC(struct draft) list; };

static void draft_step(struct placer *p, struct drafts *d, struct group *g, struct store *out)
{
    struct draft s = {.group = g, .out = out};
    s.kernel = p->choose(p->context, g, &s.why);
    for (int i = 0; i < g->in.n; i++)
        vec_push(p->pool, &s.in, home(p, g->in.at[i]));
    vec_push(p->pool, &d->list, s);
}

/* A group that copies tensor t as it is. */
static struct group *copy_group(struct placer *p, struct tensor *t, struct node *origin)
{
    struct node *n = NEW(p->pool, struct node);
    struct tensor *out = NEW(p->pool, struct tensor);
    struct group *g = NEW(p->pool, struct group);
    *out = *t;
    out->type = DTYPE_FLOAT32;  /* whatever t has: kernels that copy write floats */
    out->maker = n;
    out->is_output = false;
    n->op = OP_COPY;
    n->name = pool_printf(p->pool, "%s/copy", t->name);
    n->out = out;
    n->layer = origin->layer;
    n->at = origin->at;
    vec_push(p->pool, &n->in, t);
    g->main = n;
    g->out = out;
    vec_push(p->pool, &g->in, t);
    return g;
}

/* ---- aliases --------------------------------------------------------------------------------- */

static int output_index(const struct graph *g, const struct tensor *t)
{
    for (int i = 0; i < g->output.n; i++)
        if (g->output.at[i] == t)
            return i;
    bug("'%s' is no output", t->name);
}

static void bind_output(struct placer *p, struct store *s, const struct tensor *t)
{
    s->place = PLACE_OUTPUT;
    s->index = output_index(p->graph, t);
    s->fixed = true;
}

/* Whether a constant of this shape may be one for all images. With four dimensions kernels count on
 * through the planes of a whole batch, so that each image needs its own. */
static bool one_for_all(const struct placer *p, const struct shape *shape)
{
    return p->graph->batch == 1 || shape->rank < 4;
}

/* Whether steps may read the constant where it lies. Outputs are the user's memory. */
static bool is_read_in_place(const struct placer *p, const struct group *g)
{
    return node_family(g->main) == FAMILY_CONSTANT && group_is_plain(g) && !g->out->is_output &&
           one_for_all(p, &g->out->shape);
}

static void place_constant(struct placer *p, struct group *g)
{
    const struct weight *w = find_weight(g->main, "value");
    struct store *s = store_new(p, g->out);
    s->place = PLACE_WEIGHTS;
    s->index = p->plan->array.n;
    s->fixed = true;
    p->home[tensor_index(p->graph, g->out)] = s;
    vec_push(p->pool, &p->plan->array, (struct array){pool_printf(p->pool, "c%d", s->index + 1),
            g->main, NULL, w->data, shape_size(&w->shape)});
}

/* A slice has other channels between its own; an output is the user's memory. */
static bool may_be_reshaped(const struct placer *p, const struct store *in,
        const struct tensor *out)
{
    return !in->parent && !(out->is_output && in->place != PLACE_ARENA) &&
           !(in->place == PLACE_WEIGHTS && !one_for_all(p, &out->shape));
}

/* Reshape: the same memory where that may be, else a copy. */
static void place_reshape(struct placer *p, struct drafts *d, struct group *g)
{
    struct store *in = home(p, g->in.at[0]);
    int at = tensor_index(p->graph, g->out);
    if (may_be_reshaped(p, in, g->out)) {
        in->fixed = true;
        if (g->out->is_output)
            bind_output(p, in, g->out);
        p->home[at] = in;
        return;
    }
    p->home[at] = store_new(p, g->out);
    p->home[at]->fixed = true;
    if (g->out->is_output)
        bind_output(p, p->home[at], g->out);
    struct group *copy = copy_group(p, g->in.at[0], g->main);
    copy->out->layer = g->out->layer;
    draft_step(p, d, copy, p->home[at]);
}

static bool concat_of_channels(const struct node *n)
{
    const struct concat *a = n->attr;
    return a->axis == n->out->shape.rank - 1;
}

/* Whether tensor t may be written right where the concatenation wants it. */
static bool may_be_slice(const struct group *g, int i, const struct store *s)
{
    for (int k = 0; k < g->in.n; k++)
        if (k != i && g->in.at[k] == g->in.at[i])
            return false;
    return !s->parent && !s->fixed && s->place == PLACE_ARENA;
}

static struct store *slice_store(struct placer *p, struct store *whole, const struct tensor *t,
        int at)
{
    struct store *s = store_new(p, t);
    s->parent = whole;
    s->at = at;
    return s;
}

static void place_concat(struct placer *p, struct drafts *d, struct group *g)
{
    struct store *whole = store_new(p, g->out);
    int c = 0;
    p->home[tensor_index(p->graph, g->out)] = whole;
    whole->sliced = true;
    if (g->out->is_output)
        bind_output(p, whole, g->out);
    for (int i = 0; i < g->in.n; i++) {
        struct tensor *t = g->in.at[i];
        struct store *s = home(p, t);
        if (may_be_slice(g, i, s)) {
            s->parent = whole;
            s->at = c;
        } else {
            draft_step(p, d, copy_group(p, t, g->main), slice_store(p, whole, t, c));
        }
        c += shape_hwc(&t->shape).c;
    }
}

/* All steps in order, each tensor with a home; no halos yet. */
static struct drafts draft_steps(struct placer *p, const struct groups *groups)
{
    struct drafts d = {0};
    for (int i = 0; i < p->graph->input.n; i++) {
        struct tensor *t = p->graph->input.at[i];
        struct store *s = store_new(p, t);
        s->place = PLACE_INPUT;
        s->index = i;
        s->fixed = true;
        p->home[tensor_index(p->graph, t)] = s;
    }
    for (int i = 0; i < groups->list.n; i++) {
        struct group *g = groups->list.at[i];
        if (node_family(g->main) == FAMILY_RESHAPE && group_is_plain(g)) {
            place_reshape(p, &d, g);
        } else if (node_family(g->main) == FAMILY_CONCAT && concat_of_channels(g->main)) {
            place_concat(p, &d, g);
        } else if (is_read_in_place(p, g)) {
            place_constant(p, g);
        } else {
            struct store *out = store_new(p, g->out);
            if (g->out->is_output)
                bind_output(p, out, g->out);
            p->home[tensor_index(p->graph, g->out)] = out;
            draft_step(p, &d, g, out);
        }
    }
    return d;
}

/* ---- halos ----------------------------------------------------------------------------------- */

static void raise_halo(struct store *s, int left, int right)
{
    if (left > s->left)
        s->left = left;
    if (right > s->right)
        s->right = right;
}

/* Whether the kernel of s reads in[0] without a halo, as it lies outside the arena. */
static bool does_edges(const struct draft *s)
{
    const struct store *in = s->in.at[0];
    return s->kernel->edges && s->kernel->edges(s->group) && in->fixed &&
            in->place != PLACE_ARENA &&
           in->type == DTYPE_FLOAT32;
}

/* Gives what draft k reads first the halo its kernel needs; a copy step goes before it if need
 * be. */
static void give_halo(struct placer *p, struct drafts *from, int k, struct drafts *to)
{
    struct draft s = from->list.at[k];
    int left = 0, right = 0;
    if (s.kernel->halo)
        s.kernel->halo(s.group, &left, &right);
    if ((left > 0 || right > 0) && !does_edges(&s)) {
        struct store *r = root(s.in.at[0]);
        int at = tensor_index(p->graph, s.group->in.at[0]);
        if (r->fixed) {
            if (!p->padded[at]) {
                p->padded[at] = store_new(p, s.group->in.at[0]);
                p->padded[at]->type = DTYPE_FLOAT32;
                draft_step(p, to, copy_group(p, s.group->in.at[0], s.group->main), p->padded[at]);
            }
            r = s.in.at[0] = p->padded[at];
        }
        raise_halo(r, left, right);
    }
    vec_push(p->pool, &to->list, s);
}

/* ---- lifetimes and sharing in place ---------------------------------------------------------- */

static void touch(struct store *s, int step)
{
    for (; s; s = s->parent) {
        if (step < s->first)
            s->first = step;
        if (step > s->last)
            s->last = step;
    }
}

static bool plain(const struct store *s)
{
    return s->place == PLACE_ARENA && !s->parent && !s->sliced && !s->fixed;
}

/* Whether the step may write its result over input k: of one shape, and not needed any more. */
static bool may_replace(const struct draft *s, int k, int step)
{
    const struct store *in = s->in.at[k], *out = s->out;
    if (!plain(in) || in->type != out->type || in->last != step ||
            in->h != out->h || in->w != out->w || in->c != out->c)
        return false;
    for (int i = 0; i < s->in.n; i++)
        if (i != k && root(s->in.at[i]) == in)
            return false;
    return true;
}

/* The result takes the place of an input: of any of an element-wise step, or of the residual. */
static void share_in_place(struct draft *s, int step)
{
    int from = s->kernel->in_place ? 0 : s->in.n - 1;
    bool may = s->kernel->in_place || (s->group->add && s->kernel->over_residual);
    for (int k = from; may && k < s->in.n && plain(s->out); k++) {
        struct store *in = s->in.at[k];
        if (!may_replace(s, k, step))
            continue;
        s->out->parent = in;
        s->out->at = 0;
        in->last = s->out->last;
        raise_halo(in, s->out->left, s->out->right);
    }
}

static void find_lifetimes(struct drafts *d)
{
    for (int k = 0; k < d->list.n; k++) {
        struct draft *s = &d->list.at[k];
        for (int i = 0; i < s->in.n; i++)
            touch(s->in.at[i], k);
        touch(s->out, k);
    }
    for (int k = 0; k < d->list.n; k++)
        share_in_place(&d->list.at[k], k);
}

/* ---- views ----------------------------------------------------------------------------------- */

static void make_buffer(struct placer *p, struct store *s)
{
    int64_t n = p->graph->batch, gap = s->left > s->right ? s->left : s->right;
    int64_t row = (s->w + gap) * s->c, size = s->type == DTYPE_UINT8 ? 1 : 4;
    int64_t bare = n * s->h * s->w * s->c * size;
    int64_t bytes = (s->left * (int64_t)s->c + n * s->h * row) * size;
    if (s->place != PLACE_ARENA)
        return;
    s->index = p->plan->buffer.n;
    vec_push(p->pool, &p->plan->buffer,
            (struct buffer){bytes, s->first, s->last, 0, bytes - bare, s->name});
}

/* Tensor t as it lies in its store: a shape of its own over fixed memory, else a slice of the
 * root. */
static struct view view_of(const struct placer *p, struct store *s, const struct tensor *t)
{
    struct hwc d = shape_hwc(&t->shape);
    struct view v = {.h = d.h, .w = d.w, .c = d.c, .n = (int)p->graph->batch, .type = t->type};
    for (; s->parent; s = s->parent)
        v.offset += s->at;
    v.place = s->place;
    v.index = s->index;
    if (d.h == s->h && d.w == s->w) {
        v.pixel = s->c;
        v.left = s->left;
        v.right = s->right;
    } else {
        v.pixel = d.c;
    }
    v.offset += (int64_t)v.left * v.pixel;
    v.row = (d.w + view_gap(&v)) * v.pixel;
    v.image = s->place == PLACE_WEIGHTS ? 0 : d.h * v.row;
    return v;
}

static void make_steps(struct placer *p, const struct drafts *d)
{
    for (int k = 0; k < d->list.n; k++) {
        const struct draft *s = &d->list.at[k];
        struct step *step = NEW(p->pool, struct step);
        step->index = k + 1;
        step->group = s->group;
        step->kernel = s->kernel;
        step->why = s->why;
        step->macs = group_macs(s->group) * p->graph->batch;
        for (int i = 0; i < s->in.n; i++)
            vec_push(p->pool, &step->in, view_of(p, s->in.at[i], s->group->in.at[i]));
        step->out = view_of(p, s->out, s->group->out);
        vec_push(p->pool, &p->plan->step, step);
    }
}

void place_views(struct plan *plan, const struct groups *groups, kernel_choice *choose,
        void *context)
{
    struct placer p = {.plan = plan, .pool = plan->pool, .graph = plan->graph, .choose = choose,
            .context = context};
    p.home = NEW_ARRAY(p.pool, struct store *, p.graph->tensor.n + 1);
    p.padded = NEW_ARRAY(p.pool, struct store *, p.graph->tensor.n + 1);
    struct drafts without = draft_steps(&p, groups), d = {0};
    for (int k = 0; k < without.list.n; k++)
        give_halo(&p, &without, k, &d);
    find_lifetimes(&d);
    for (int i = 0; i < p.store.n; i++)
        if (!p.store.at[i]->parent && p.store.at[i]->last >= 0)
            make_buffer(&p, p.store.at[i]);
    make_steps(&p, &d);
}
