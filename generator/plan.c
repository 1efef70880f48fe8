#include "plan.h"

#include <string.h>

#include "divide.h"
#include "group.h"
#include "kernel.h"
#include "out.h"
#include "place.h"
#include "select.h"
#include "tuning.h"

struct chooser { struct plan *plan; struct choices choices; };

static const struct kernel *choose(void *context, const struct group *g, const char **why)
{
    struct chooser *c = context;
    struct choice made = {0};
    for (int i = 0; i < c->choices.list.n; i++)
        if (c->choices.list.at[i].group == g)
            made = c->choices.list.at[i];
    if (!made.kernel)
        made = select_kernel(c->plan, g);  /* a copy that placing needed */
    *why = made.why;
    return made.kernel;
}

/* Whether the network's layer is what a step computes, or was before it was lowered: Conv1D has Conv2D's attributes. */
static bool is_layer_of(const struct node *layer, const struct node *main)
{
    return layer->layer == main->layer && (layer->op == main->op || layer->op == OP_CONV1D);
}

/* Where the reference evaluation is to know how far the kernel's results may be off. */
static void tell_bound(const struct graph *g, const struct step *step)
{
    const struct node *main = step->group->main;
    for (int i = 0; i < g->layer.n; i++)
        if (is_layer_of(g->layer.at[i], main))
            g->layer.at[i]->bound = step->kernel->bound;
}

/* As kernel.h asks of units. */
static void check_units(const struct step *step, const struct binding *b, int batch)
{
    if (b->units < 1)
        bug("%s has no work in step %d", step->kernel->name, step->index);
    if (b->crossing.times == 0 && b->units % batch != 0)
        bug("%s doesn't divide step %d by images", step->kernel->name, step->index);
    if (divide_units(b, batch, batch) != b->units)
        bug("%s leaves units of step %d undone", step->kernel->name, step->index);
}

static void add_array(struct plan *plan, struct step *step)
{
    step->array = step->weights ? plan->array.n : -1;
    if (step->weights)
        vec_push(plan->pool, &plan->array,
                (struct array){pool_printf(plan->pool, "w%d", step->index), step->group->main, step,
                step->weight, step->weights});
}

static void pack_step(struct plan *plan, struct step *step)
{
    tell_bound(plan->graph, step);
    if (step->kernel->pack)
        step->kernel->pack(plan->pool, step);
    add_array(plan, step);
}

static void bind_step(struct plan *plan, struct step *step)
{
    step->all_weight_bytes = plan->weight_bytes;
    for (int t = 0; t < TARGET_COUNT; t++) {
        struct binding *b = &step->bind[t];
        if (!(plan->targets & TARGET_BIT(t)))
            continue;
        b->target = &targets[t];
        b->units = 1;
        step->kernel->bind(plan->pool, step, &targets[t], b);
        check_units(step, b, (int)plan->graph->batch);
        step->cost[t] = step->kernel->cost(step->group, plan->graph->batch, &targets[t]);
        plan->cost[t] += step->cost[t];
        if (round_up(4 * b->scratch, ARENA_ALIGN) > plan->scratch_bytes)
            plan->scratch_bytes = round_up(4 * b->scratch, ARENA_ALIGN);
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* The emitted code counts units by int: there are no more of them than elements in what a step
 * reads or in what it writes. */
static bool limit_batch(const struct graph *g, struct diag *diag)
{
    const struct node *largest = NULL;
    int64_t most = 0;
    for (int i = 0; i < g->node.n; i++) {
        int64_t elements = shape_size(&g->node.at[i]->out->shape);
        if (elements > most) {
            most = elements;
            largest = g->node.at[i];
        }
    }
    if (most * g->batch <= LIMIT_BATCH_ELEMENTS)
        return true;
    diag_error(diag, DIAG_TENSOR_TOO_LARGE, largest->at,
            "layer %s makes %s for each of %lld images: the elements of all images together have "
            "to stay below 2^31", node_title(g, largest), shape_text(g->pool, &largest->out->shape),
            (long long)g->batch);
    diag_help(diag, "a batch of up to %lld fits", (long long)(LIMIT_BATCH_ELEMENTS / most));
    return false;
}

/* It counts an image's elements by int, too, of which a halo beside short rows makes many more. */
static bool limit_halos(const struct plan *plan, struct diag *diag)
{
    for (int k = 0; k < plan->step.n; k++) {
        const struct step *s = plan->step.at[k];
        for (int i = 0; i < s->in.n; i++) {
            const struct view *v = &s->in.at[i];
            if (v->image <= INT32_MAX)
                continue;
            diag_error(diag, DIAG_TENSOR_TOO_LARGE, s->group->main->at,
                    "the input %s of layer %s has %d columns of zeros on the left and %d on the "
                    "right, for padding, and so %lld elements: they have to stay below 2^31",
                    shape_text(plan->pool, &s->group->in.at[i]->shape),
                    node_title(plan->graph, s->group->main), v->left, v->right,
                    (long long)v->image);
            return false;
        }
    }
    return true;
}

static void limit_arena(const struct plan *plan, struct diag *diag)
{
    int64_t bytes = plan->shared_bytes + plan->scratch_bytes * plan->max_threads;
    if (bytes > LIMIT_TOTAL_BYTES)
        diag_error(diag, DIAG_TENSOR_TOO_LARGE, (struct span){0},
                "the arena would take %lld bytes; the limit is %lld", (long long)bytes,
                (long long)LIMIT_TOTAL_BYTES);
}

/* ---- the plan -------------------------------------------------------------------------------- */

struct plan *plan_make(struct pool *pool, const struct graph *graph,
        const struct plan_options *options, struct diag *diag)
{
    struct plan *plan = NEW(pool, struct plan);
    plan->pool = pool;
    plan->graph = graph;
    plan->targets = options->targets;
    plan->max_threads = options->max_threads;
    plan->math = options->math;
    plan->tuning = options->tuning;
    plan->trial = options->trial;
    plan->trial_target = options->trial_target;
    if (!limit_batch(graph, diag))
        return NULL;
    struct groups groups = group_nodes(pool, graph, plan->math, plan_judges(plan));
    if (plan->tuning)
        tuning_check(pool, plan->tuning, &groups, graph->batch, diag);
    struct chooser chooser = {plan, select_kernels(plan, &groups, options)};
    place_views(plan, &groups, choose, &chooser);
    if (!limit_halos(plan, diag))
        return NULL;
    for (int i = 0; i < plan->step.n; i++)
        pack_step(plan, plan->step.at[i]);
    for (int i = 0; i < plan->array.n; i++)
        plan->weight_bytes += 4 * plan->array.at[i].weights;
    for (int i = 0; i < plan->step.n; i++)
        bind_step(plan, plan->step.at[i]);
    place_offsets(plan);
    divide_work(plan);
    limit_arena(plan, diag);
    if (diag_failed(diag))
        return NULL;
    plan_check(plan);
    return plan;
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* Elements from the first to behind the last that a view may touch, its halo included. */
static void view_range(const struct view *v, int64_t *from, int64_t *to)
{
    *from = v->offset - v->left * v->pixel;
    *to = v->offset + (v->n - 1) * v->image + (v->h - 1) * v->row +
            (v->w - 1 + v->right) * v->pixel + v->c;
}

static void check_view(const struct plan *plan, const struct step *step, const struct view *v)
{
    int64_t from, to;
    view_range(v, &from, &to);
    if (v->place != PLACE_ARENA && (v->left || v->right))
        bug("step %d wants a halo outside the arena", step->index);
    if (v->place == PLACE_WEIGHTS && (from < 0 || to > plan->array.at[v->index].weights))
        bug("step %d leaves array '%s'", step->index, plan->array.at[v->index].label);
    if (v->place != PLACE_ARENA)
        return;
    const struct buffer *b = &plan->buffer.at[v->index];
    if (from < 0 || 4 * to > b->bytes)
        bug("step %d leaves buffer '%s'", step->index, b->name);
    if (b->first > step->index - 1 || b->last < step->index - 1)
        bug("step %d uses '%s' outside its life", step->index, b->name);
}

static void check_halo(const struct step *step)
{
    int left = 0, right = 0;
    if (step->kernel->halo)
        step->kernel->halo(step->group, &left, &right);
    if (step->kernel->edges && step->kernel->edges(step->group) &&
            step->in.at[0].place != PLACE_ARENA)
        return;
    if (step->in.n && (step->in.at[0].left < left || step->in.at[0].right < right))
        bug("step %d lacks its halo", step->index);
}

static void check_buffers(const struct plan *plan)
{
    for (int i = 0; i < plan->buffer.n; i++)
        for (int k = 0; k < i; k++) {
            const struct buffer *a = &plan->buffer.at[i], *b = &plan->buffer.at[k];
            bool together = a->first <= b->last && b->first <= a->last;
            if (together && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes)
                bug("buffers '%s' and '%s' overlap", a->name, b->name);
            if (a->offset + a->bytes > plan->shared_bytes)
                bug("buffer '%s' leaves the arena", a->name);
        }
}

void plan_check(const struct plan *plan)
{
    for (int i = 0; i < plan->step.n; i++) {
        const struct step *s = plan->step.at[i];
        for (int k = 0; k < s->in.n; k++)
            check_view(plan, s, &s->in.at[k]);
        check_view(plan, s, &s->out);
        if (s->out.place == PLACE_INPUT || s->out.place == PLACE_WEIGHTS)
            bug("step %d writes what runs only read", s->index);
        check_halo(s);
    }
    check_buffers(plan);
    divide_check(plan);
}

/* ---- --dump=plan ----------------------------------------------------------------------------- */

static void print_view(const struct plan *plan, const struct view *v, struct out *out)
{
    static const char *const places[] = {
        [PLACE_INPUT] = "input", [PLACE_OUTPUT] = "output", [PLACE_ARENA] = "arena",
        [PLACE_WEIGHTS] = "weights",
    };
    out_printf(out, " %s", places[v->place]);
    if (v->place == PLACE_ARENA)
        out_printf(out, "+%lld", (long long)plan->buffer.at[v->index].offset);
    else if (v->place == PLACE_WEIGHTS)
        out_printf(out, " %s", plan->array.at[v->index].label);
    else
        out_printf(out, "%d", v->index);
    if (v->offset)
        out_printf(out, "[%lld]", (long long)v->offset);
    out_printf(out, " %dx%dx%d", v->h, v->w, v->c);
    if (v->pixel != v->c)
        out_printf(out, "/%lld", (long long)v->pixel);
    if (v->left || v->right)
        out_printf(out, " halo %d,%d", v->left, v->right);
}

/* Largest share over mean, on 2, 4, ... 64 threads. */
static void print_shares(const struct binding *b, struct out *out)
{
    out_printf(out, " parts=%d shares", b->parts);
    for (int threads = 2; threads <= 64; threads *= 2) {
        int wanted = threads < b->parts ? threads : b->parts;
        out_printf(out, " %.2f", divide_evenness(b->units, &b->load, wanted));
    }
}

/* Pairs of rows if there are any, other sizes of tiles always. */
static bool is_shown(const struct arg *a)
{
    static const char *const shown[] = {"VL", "NR", "MR", "Q0", "M0", "P0", "T0", "P1", "T1"};
    for (int i = 0; i < (int)(sizeof shown / sizeof shown[0]); i++)
        if (!strcmp(a->name, shown[i]))
            return true;
    return !strcmp(a->name, "PAIRS") && a->value;
}

static void print_binding(const struct plan *plan, const struct step *s, enum target_id t,
        struct out *out)
{
    const struct binding *b = &s->bind[t];
    out_printf(out, "      %-7s", b->target->name);
    for (int i = 0; i < b->args.arg.n; i++)
        if (is_shown(&b->args.arg.at[i]))
            out_printf(out, " %s=%lld", b->args.arg.at[i].name, (long long)b->args.arg.at[i].value);
    if (b->scratch)
        out_printf(out, " scratch=%lld", (long long)(4 * b->scratch));
    out_printf(out, " units=%d", b->units);
    if (b->parts > 1)
        print_shares(b, out);
    double share = 100 * s->cost[t] / plan->cost[t];
    out_printf(out, ", %.*f %%", share < 1 ? 4 : 1, share);  /* bench-model compares small ones, too */
    out_printf(out, "\n");
}

static void print_step(const struct plan *plan, const struct step *s, struct out *out)
{
    out_printf(out, "%3d  %s: %s\n", s->index, s->group->out->name,
            group_text(plan->pool, s->group));
    out_printf(out, "    ");
    for (int i = 0; i < s->in.n; i++) {
        out_printf(out, "%s", i ? "," : "");
        print_view(plan, &s->in.at[i], out);
    }
    out_printf(out, " ->");
    print_view(plan, &s->out, out);
    out_printf(out, "\n     %s (%s), %lld MACs, %lld weight bytes%s\n", s->kernel->name,
            s->why, (long long)s->macs, (long long)(4 * s->weights), s->meet ? ", meet" : "");
    for (int t = 0; t < TARGET_COUNT; t++)
        if (plan->targets & TARGET_BIT(t))
            print_binding(plan, s, (enum target_id)t, out);
}

void plan_print(const struct plan *plan, struct out *out)
{
    out_printf(out, "plan of %s: %d steps, batch %lld, %s math; shares: the largest over the mean "
            "on 2, 4, 8, 16, 32, 64 threads\n", plan->graph->name, plan->step.n,
            (long long)plan->graph->batch, math_modes[plan->math]);
    for (int i = 0; i < plan->array.n; i++)
        if (!plan->array.at[i].step)
            out_printf(out, "%s   %s: constant, %lld bytes, read where it lies\n",
                    plan->array.at[i].label, plan->array.at[i].node->name,
                    (long long)(4 * plan->array.at[i].weights));
    for (int i = 0; i < plan->step.n; i++)
        print_step(plan, plan->step.at[i], out);
    for (int i = 0; i < plan->buffer.n; i++) {
        const struct buffer *b = &plan->buffer.at[i];
        out_printf(out, "buffer at %lld, %lld bytes, steps %d to %d: %s\n", (long long)b->offset,
                (long long)b->bytes, b->first + 1, b->last + 1, b->name);
    }
    out_printf(out, "arena %lld bytes: tensors %lld, halos and rounding %lld, gaps %lld; "
            "scratch %lld a thread; weights %lld\n",
            (long long)plan->shared_bytes, (long long)plan->tensor_bytes,
            (long long)(plan->lower_bound - plan->tensor_bytes),
            (long long)(plan->shared_bytes - plan->lower_bound), (long long)plan->scratch_bytes,
            (long long)plan->weight_bytes);
}
