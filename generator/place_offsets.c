/* Places of buffers in the arena: buffers that are alive at the same time lie apart.
 *
 * They are placed one by one, each at the lowest offset where none of those before it is in the
 * way, in several orders, and the best of these is disturbed, always in the same way, for as long
 * as the result is above the lower bound. Most networks reach it at once. */
#include "kernel.h"
#include "place.h"
#include "random.h"

#include <stdlib.h>

/* Orders that are tried for improvement: as many, or as take a tenth of a second. */
enum { ROUNDS_MAX = 4000, WORK_MAX = 20000000 };

struct packing {
    struct buffer **order;    /* n of them, in the order in which they are placed */
    int n;
    int64_t bytes;            /* of the arena */
};

static int64_t aligned(int64_t bytes) { return round_up(bytes, ARENA_ALIGN); }

static bool together(const struct buffer *a, const struct buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset for order[n] among those before it: tries 0 and the end of each neighbour. */
static int64_t lowest_gap(struct buffer *const *order, int n)
{
    const struct buffer *b = order[n];
    int64_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < n; i++) {
            int64_t end = aligned(order[i]->offset + order[i]->bytes);
            if (together(order[i], b) && at < end && order[i]->offset < at + b->bytes) {
                at = end;
                moved = true;
            }
        }
    }
    return at;
}

static void pack_in_order(struct packing *p)
{
    p->bytes = 0;
    for (int i = 0; i < p->n; i++) {
        p->order[i]->offset = lowest_gap(p->order, i);
        int64_t end = aligned(p->order[i]->offset + p->order[i]->bytes);
        p->bytes = end > p->bytes ? end : p->bytes;
    }
}

/* ---- orders ---------------------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b) { return a < b ? -1 : a > b; }

static int by_place(const struct buffer *x, const struct buffer *y) { return x < y ? -1 : x > y; }

static int by_size(const void *a, const void *b)
{
    const struct buffer *x = *(struct buffer *const *)a, *y = *(struct buffer *const *)b;
    int order = compare(y->bytes, x->bytes);
    return order ? order : by_place(x, y);
}

static int by_life(const void *a, const void *b)
{
    const struct buffer *x = *(struct buffer *const *)a, *y = *(struct buffer *const *)b;
    int order = compare(y->last - y->first, x->last - x->first);
    return order ? order : by_size(a, b);
}

static int by_area(const void *a, const void *b)
{
    const struct buffer *x = *(struct buffer *const *)a, *y = *(struct buffer *const *)b;
    int order = compare(y->bytes * (y->last - y->first + 1), x->bytes * (x->last - x->first + 1));
    return order ? order : by_place(x, y);
}

static int by_first(const void *a, const void *b)
{
    const struct buffer *x = *(struct buffer *const *)a, *y = *(struct buffer *const *)b;
    int order = compare(x->first, y->first);
    return order ? order : by_size(a, b);
}

static int by_last(const void *a, const void *b)
{
    const struct buffer *x = *(struct buffer *const *)a, *y = *(struct buffer *const *)b;
    int order = compare(y->last, x->last);
    return order ? order : by_size(a, b);
}

static int (*const orders[])(const void *, const void *) = {
    by_size, by_life, by_area, by_first, by_last,
};

enum { ORDERS = sizeof orders / sizeof orders[0] };

/* ---- the best of them ------------------------------------------------------------------------ */

static void copy(struct packing *to, const struct packing *from)
{
    for (int i = 0; i < from->n; i++)
        to->order[i] = from->order[i];
    to->bytes = from->bytes;
}

/* Moves one buffer, in the order, to somewhere else. */
static void disturb(struct packing *p, struct random *random)
{
    int from = (int)(random_next(random) % (uint64_t)p->n);
    int to = (int)(random_next(random) % (uint64_t)p->n);
    struct buffer *b = p->order[from];
    for (; from < to; from++)
        p->order[from] = p->order[from + 1];
    for (; from > to; from--)
        p->order[from] = p->order[from - 1];
    p->order[to] = b;
}

/* Orders that are as good are taken, too: what they lead to may be better. */
static void improve(struct packing *best, struct packing *trial, int64_t bound)
{
    struct random random = {1};
    int64_t rounds = WORK_MAX / ((int64_t)best->n * best->n + 1);
    for (int64_t i = 0; i < rounds && i < ROUNDS_MAX && best->bytes > bound; i++) {
        copy(trial, best);
        disturb(trial, &random);
        pack_in_order(trial);
        if (trial->bytes <= best->bytes)
            copy(best, trial);
    }
}

/* An arena of no bytes can't be declared, nor compared with: it has ARENA_ALIGN. */
static void find_bounds(struct plan *plan)
{
    plan->lower_bound = ARENA_ALIGN;
    for (int k = 0; k < plan->step.n; k++) {
        int64_t bare = 0, all = 0;
        for (int i = 0; i < plan->buffer.n; i++) {
            const struct buffer *b = &plan->buffer.at[i];
            if (k < b->first || b->last < k)
                continue;
            bare += b->bytes - b->halo_bytes;
            all += aligned(b->bytes);
        }
        plan->tensor_bytes = bare > plan->tensor_bytes ? bare : plan->tensor_bytes;
        plan->lower_bound = all > plan->lower_bound ? all : plan->lower_bound;
    }
}

static struct packing packing_new(struct plan *plan)
{
    struct packing p = {NULL, plan->buffer.n, 0};
    p.order = NEW_ARRAY(plan->pool, struct buffer *, p.n + 1);
    for (int i = 0; i < p.n; i++)
        p.order[i] = &plan->buffer.at[i];
    return p;
}

void place_offsets(struct plan *plan)
{
    struct packing best = packing_new(plan), trial = packing_new(plan);
    find_bounds(plan);
    best.bytes = INT64_MAX;  /* nothing yet */
    for (int i = 0; i < ORDERS && best.bytes > plan->lower_bound; i++) {
        qsort(trial.order, (size_t)trial.n, sizeof *trial.order, orders[i]);
        pack_in_order(&trial);
        if (trial.bytes < best.bytes)
            copy(&best, &trial);
    }
    improve(&best, &trial, plan->lower_bound);
    pack_in_order(&best);
    plan->shared_bytes = best.bytes > plan->lower_bound ? best.bytes : plan->lower_bound;
}
