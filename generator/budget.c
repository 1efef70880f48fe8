#include "budget.h"

#include <stdlib.h>

enum { SHOWN = 12 };           /* parts of a report: the largest */

/* What takes some of it: a layer's weights, a tensor or a function. */
struct part { const char *name; struct span at; int64_t bytes; int order; };

struct parts { VEC(struct part) part; };

static int compare(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->order - y->order;
}

static void report_largest(struct parts *parts, struct diag *diag)
{
    int n = parts->part.n;
    if (n)
        qsort(parts->part.at, (size_t)n, sizeof *parts->part.at, compare);
    for (int i = 0; i < n && i < SHOWN; i++)
        diag_note(diag, parts->part.at[i].at, "'%s' takes %lld bytes", parts->part.at[i].name,
                (long long)parts->part.at[i].bytes);
}

/* Of parts that add up. */
static void report(struct parts *parts, struct diag *diag)
{
    int n = parts->part.n;
    int64_t rest = 0;
    report_largest(parts, diag);
    for (int i = SHOWN; i < n; i++)
        rest += parts->part.at[i].bytes;
    if (rest)
        diag_note(diag, (struct span){0}, "%d smaller ones take %lld bytes", n - SHOWN,
                (long long)rest);
}

/* ---- weights --------------------------------------------------------------------------------- */

static void check_weights(const struct plan *p, int64_t limit, struct diag *diag)
{
    struct parts parts = {0};
    if (!limit || p->weight_bytes <= limit)
        return;
    diag_error(diag, DIAG_OVER_BUDGET, (struct span){0},
            "the weights take %lld bytes, more than --max-weights allows: %lld",
            (long long)p->weight_bytes, (long long)limit);
    for (int i = 0; i < p->array.n; i++) {
        const struct array *a = &p->array.at[i];
        vec_push(p->pool, &parts.part,
                (struct part){a->node->name, a->node->at, 4 * a->weights, i});
    }
    report(&parts, diag);
}

/* ---- the arena ------------------------------------------------------------------------------- */

static bool is_alive(const struct buffer *b, int step)
{
    return b->first <= step && step <= b->last;
}

/* The step, from 0, at which the buffers in use are largest together. */
static int find_peak(const struct plan *p, int64_t *most)
{
    int peak = 0;
    *most = -1;
    for (int k = 0; k < p->step.n; k++) {
        int64_t bytes = 0;
        for (int i = 0; i < p->buffer.n; i++)
            bytes += is_alive(&p->buffer.at[i], k) ? p->buffer.at[i].bytes : 0;
        if (bytes > *most) {
            *most = bytes;
            peak = k;
        }
    }
    return peak;
}

static void report_arena(const struct plan *p, struct diag *diag)
{
    struct parts parts = {0};
    int64_t most;
    int peak = find_peak(p, &most);
    const struct node *n = p->step.at[peak]->group->main;
    diag_note(diag, n->at,
            "most is in use in step %d, '%s': %lld bytes, and %lld of scratch for each thread",
            peak + 1, n->name, (long long)most, (long long)p->scratch_bytes);
    for (int i = 0; i < p->buffer.n; i++) {
        const struct buffer *b = &p->buffer.at[i];
        if (is_alive(b, peak))
            vec_push(p->pool, &parts.part, (struct part){b->name, {0}, b->bytes, i});
    }
    report(&parts, diag);
}

static void check_arena(const struct plan *p, int64_t limit, struct diag *diag)
{
    int64_t bytes = p->shared_bytes + p->max_threads * p->scratch_bytes;
    int64_t single = p->shared_bytes + p->scratch_bytes;
    if (!limit || bytes <= limit)
        return;
    diag_error(diag, DIAG_OVER_BUDGET, (struct span){0},
            "the arena takes %lld bytes, more than --max-arena allows: %lld", (long long)bytes,
            (long long)limit);
    report_arena(p, diag);
    if (single <= limit)
        diag_help(diag, "with --max-threads 1 it takes %lld bytes", (long long)single);
}

/* ---- the stack ------------------------------------------------------------------------------- */

void budget_check_stack(struct pool *pool, const struct stack *stack, const struct budget *budget,
        struct diag *diag)
{
    struct parts parts = {0};
    if (!budget->stack || stack->bytes <= budget->stack)
        return;
    diag_error(diag, DIAG_OVER_BUDGET, (struct span){0},
            "a call may take %lld bytes of stack, more than --max-stack allows: %lld",
            (long long)stack->bytes, (long long)budget->stack);
    for (int i = 0; i < stack->use.n; i++) {
        const struct stack_use *u = &stack->use.at[i];
        vec_push(pool, &parts.part, (struct part){u->function, u->at, u->bytes, i});
    }
    report_largest(&parts, diag);
}

void budget_check(const struct plan *p, const struct budget *budget, struct diag *diag)
{
    check_arena(p, budget->arena, diag);
    check_weights(p, budget->weights, diag);
}
