/* plan.h: what the generated program will do: steps in order, the kernel and tile of each on every
 * target, where tensors live, packed weights. Immutable once made; emission decides nothing.
 *
 *     plan_make:  group -> select -> place (views) -> pack, bind -> place (offsets) -> divide
 *                 -> plan_check
 */
#ifndef CNNGEN_PLAN_H
#define CNNGEN_PLAN_H

#include "graph.h"
#include "math_mode.h"
#include "ops.h"
#include "ops/families.h"
#include "targets.h"
#include "template.h"

/* ---- groups ---------------------------------------------------------------------------------- */

/* A connected chain of nodes that one kernel computes: a main node and what is applied to its
 * results before they are stored, always in this order: add, activation, affine, max pooling. */
struct group {
    struct node *main;
    struct node *add;              /* two-input Add whose other input is a residual; NULL: none */
    struct node *act;              /* Activation node; NULL */
    struct node *affine;           /* scale and shift per channel; NULL */
    struct node *pool;             /* max pooling; NULL */
    VEC(struct tensor *) in;       /* of main, then the residual of add */
    struct tensor *out;
    /* Of convolutions in one pass, a band of rows at a time: groups in order, each of which reads
     * only what the one before it makes. All else is the last one's then, but for in[0], which the
     * first reads. Empty: a group by itself. */
    VEC(struct group *) stage;
    enum math_mode math;           /* the plan's: which kernels may compute it */
    double param_bytes;            /* of the whole network's weights as given; 0: not known */
};

/* ---- views ----------------------------------------------------------------------------------- */

/* Where a tensor's elements are: element (n, y, x, c) is at
 *     base + offset + n*image + y*row + x*pixel + c            (in elements, not bytes)
 * Rows may have a halo of zeros: `left` pixels before and `right` behind each row. Neighbouring
 * rows share it, so that row = (w + max(left, right)) * pixel, and left pixels precede the first
 * row. In the weights all images of a batch are one: image is 0. */
enum place { PLACE_INPUT, PLACE_OUTPUT, PLACE_ARENA, PLACE_WEIGHTS };

struct view {
    enum place place;
    int index;                     /* of the network's inputs or outputs, plan.buffer, plan.array */
    int64_t offset;                /* elements from the start of that */
    int64_t image, row, pixel;     /* pitches in elements */
    int n, h, w, c;                /* extents; n is the batch */
    int left, right;               /* halo, in pixels */
    enum dtype type;
};

static inline int view_gap(const struct view *v) { return v->left > v->right ? v->left : v->right; }
bool view_is_flat(const struct view *);    /* all of it contiguous: no halo, pixel == c */

/* A piece of the arena. */
struct buffer {
    int64_t bytes;
    int first, last;               /* steps that write or read it, first to last */
    int64_t offset;                /* bytes from the arena's start, a multiple of ARENA_ALIGN */
    int64_t halo_bytes;            /* of bytes: what halos take */
    const char *name;              /* of the first tensor in it */
};

enum { ARENA_ALIGN = 64 };

/* ---- weights --------------------------------------------------------------------------------- */

/* Floats of the program that no run changes: what one step's kernel reads, packed for it, or a
 * Constant, which steps read where it lies by views of it. */
struct array {
    const char *label;             /* "w3": of step 3; "c1": the first Constant */
    const struct node *node;       /* of the step's group the main one; the Constant */
    const struct step *step;       /* NULL: a Constant */
    const float *weight;
    int64_t weights;               /* floats */
};

/* ---- steps ----------------------------------------------------------------------------------- */

/* How units differ: of every `cycle` units the last `rest` take `cost` of the time of each other
 * one. Cycle 0: not at all. */
struct load {
    int cycle, rest;
    double cost;
};

/* Units that reach across images, where tiles of one image's elements would be too small: those of
 * the first k images are the first ceil(k * of / per) * times, or all if that is more, and the
 * kernel is told k. times 0: units go image by image, as many of each. */
struct crossing { int of, per, times; };

/* A function of another kernel, bound for a part of the step, that the kernel's template calls. */
struct piece {
    const char *name;              /* of the template's argument that takes the function's name */
    const struct kernel *kernel;
    const struct group *group;     /* what it computes, a few rows at a time */
    const struct binding *binding;
};

/* One kernel instance on one target: the template's arguments and how the work divides. */
struct binding {
    const struct target *target;   /* whose code it is: may be a lesser one of the same family */
    struct args args;
    VEC(struct piece) piece;
    int units;                     /* pieces of work, taken by threads as ranges */
    int parts;                     /* threads among which dividing them pays, at least 1 */
    struct load load;              /* what units cost */
    struct crossing crossing;      /* which units are those of fewer images than the batch */
    int64_t scratch;               /* floats each thread needs */
};

struct step {
    int index;                     /* from 1, as in comments and dumps */
    const struct group *group;
    const struct kernel *kernel;
    VEC(struct view) in;           /* as group->in */
    struct view out;
    const float *weight;           /* packed, all the constants of the step; NULL: none */
    int64_t weights;               /* floats */
    int array;                     /* of plan.array; -1: it has no weights */
    int64_t all_weight_bytes;      /* of all steps: where they are more than a cache holds, each run
                                    * finds those of this step in memory, or a cache further away */
    struct binding bind[TARGET_COUNT];  /* of the plan's targets */
    int64_t macs;                  /* of the whole batch */
    double cost[TARGET_COUNT];     /* cycles, one thread, by the model */
    bool part;                     /* of another step, which calls its function: one thread does all units */
    bool meet;                     /* all threads wait for each other before it */
    const char *why;               /* the kernel was chosen */
};

struct tuning;

struct plan {
    struct pool *pool;
    const struct graph *graph;
    unsigned targets;              /* TARGET_BITs */
    enum math_mode math;
    const struct tuning *tuning;   /* measured times of kernels (tuning.h); NULL: none */
    bool trial;                    /* kernels that tuning has no times of, on trial_target */
    enum target_id trial_target;
    VEC(struct step *) step;
    VEC(struct buffer) buffer;
    VEC(struct array) array;       /* Constants, then of steps: as they are stored */
    int max_threads;
    int64_t shared_bytes;          /* of the arena, a multiple of ARENA_ALIGN */
    int64_t scratch_bytes;         /* per thread, likewise */
    int64_t tensor_bytes;          /* the largest sum of tensors alive at once, without halos */
    int64_t lower_bound;           /* the same with halos, each buffer rounded up to ARENA_ALIGN */
    int64_t weight_bytes;          /* of all arrays */
    double cost[TARGET_COUNT];     /* of all steps */
};

struct plan_options {
    unsigned targets;
    int max_threads;               /* 1 .. 1024 */
    double max_weight_growth;      /* of all packed weights over all weights as given, at least 1 */
    int64_t free_weight_bytes;     /* so many are always allowed */
    enum math_mode math;
    const struct tuning *tuning;   /* NULL: none */
    bool trial;                    /* of struct plan; no budget of weights then */
    enum target_id trial_target;
};

/* The graph is optimised already. Never fails on a graph that passed graph_check and whose
 * operators all have kernels; total sizes beyond the limits are reported. NULL after errors. */
struct plan *plan_make(struct pool *, const struct graph *, const struct plan_options *,
        struct diag *);

/* Views inside buffers, live buffers apart, halos present: bug() otherwise. */
void plan_check(const struct plan *);

/* The targets on which kernels are compared: of those that the program has code for the ones with FMA,
 * if there are any, since CPUs without are old, and what is best for them costs all others. Strict
 * programs are judged as if they had code for all targets: kernels differ in the order of their sums,
 * so that these use the same ones whatever --target says. */
static inline unsigned plan_judges(const struct plan *p)
{
    unsigned set = p->math == MATH_STRICT ? TARGETS_ALL : p->targets, with_fma = 0;
    for (int t = 0; t < TARGET_COUNT; t++)
        if (targets[t].fma)
            with_fma |= set & TARGET_BIT(t);
    return with_fma ? with_fma : set;
}

struct out;
void plan_print(const struct plan *, struct out *);  /* --dump=plan */

#endif
