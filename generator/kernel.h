/* kernel.h: the kernels, one file each in kernels/, each with its template in templates/.
 *
 * A kernel computes a group. Its template defines one function
 *
 *     static void FN(const float *x, [const float *r,] float *y, [const float *w,]
 *                    [float *scratch,] [int images,] int first, int last)
 *
 * one pointer per input of the group in order (uint8_t where the view says so), the output, the
 * step's packed weights if it has any, scratch if the binding asks for it, the number of images
 * where units reach across them, and the range of units to do. All pointers are to element (0, 0,
 * 0, 0) of their views; constants of the view are template arguments. Units may run in any order,
 * at once, on several threads: they write disjoint elements. They go image by image, units / batch
 * of each, so that a run of fewer images than the batch is a run of fewer units: unit u reads and
 * writes elements of image u / (units / batch) alone. Where that would make tiles too small, the
 * binding says how units cross images (struct crossing), and FN touches none from image `images`
 * on. The bits of a result depend neither on the unit that computes it nor on the number of images.
 * A kernel writes the interior of its output only: halos are cleared by the caller of FN. FN may call
 * functions of other kernels, which bind has had bound for a part of the step (struct piece).
 *
 * Adding a kernel: kernels/NAME.c with one struct kernel, templates/NAME.c.in, a line in
 * kernels.def, specifications over the edges of its tiles in tests/cases. */
#ifndef CNNGEN_KERNEL_H
#define CNNGEN_KERNEL_H

#include "plan.h"

struct kernel {
    const char *name;          /* the template is NAME.c.in, if there are no parts */
    const char *doc;           /* one line: algorithm and what it vectorises over */

    /* Whether it computes the group, exactly: a chain of && with a comment per term. Groups are
     * grown by asking this, so it decides what is fused too. Views don't exist yet. */
    bool (*ok)(const struct group *);

    /* Predicted cycles for the whole batch on one thread of the target. */
    double (*cost)(const struct group *, int64_t batch, const struct target *);

    /* Floats that pack will make, where they are many more than the weights as given; else NULL. */
    int64_t (*weights)(const struct group *);

    /* Pixels of zeros that rows of in[0] must have left and right of them. NULL: none. */
    void (*halo)(const struct group *, int *left, int *right);

    /* Whether it had better do without the halo than have a copy of in[0] made, where that lies in
     * memory that takes none: contiguous floats. NULL: no. */
    bool (*edges)(const struct group *);

    /* The constants in the order the template reads them; NULL: no constants. Fills
     * step->weight. */
    void (*pack)(struct pool *, struct step *);

    /* Template arguments, units and scratch for one target. Views and weights are final but for
     * offsets. */
    void (*bind)(struct pool *, const struct step *, const struct target *, struct binding *);

    /* The error bounds of the layer's result before its activation, where those of the
     * operator's definition (op_def.eval: sums of the products as they stand) are not the
     * kernel's; else NULL. */
    bound_fn *bound;

    /* Templates expanded one behind the other, each with those arguments that it declares; the last
     * has FN. NULL-terminated; NULL: the one of the kernel's name, which declares all. */
    const char *const *parts;

    bool in_place;             /* out may be the same memory as an input (same shape, same views) */
    bool over_residual;        /* out may be the same memory as the residual */
    bool pools;                /* ok() knows group->pool; else it is never asked of such a group */
    bool stages;               /* likewise group->stage */
    bool math;                 /* the template calls functions of the runtime's cnn_math.h */
    enum math_mode strictest;  /* --math under which it may be used; unnamed: MATH_STRICT, always */
};

enum kernel_id {
#define KERNEL(id, def) KERNEL_##id,
#include "kernels.def"
#undef KERNEL
    KERNEL_COUNT
};

extern const struct kernel *const kernels[KERNEL_COUNT];
int kernel_index(const struct kernel *);   /* among them */

/* ---- helpers for kernels/ -------------------------------------------------------------------- */

/* All of the group, and --math allows it. */
bool kernel_takes(const struct kernel *, const struct group *);
bool group_is_plain(const struct group *);                 /* nothing fused behind main */

/* The arguments that every template of a kind declares alike:
 *   bind_view("X", v): XN XR XP, the pitches of images, rows and pixels;
 *   bind_activation: ACT ("none" or "vf_relu"), ACT_ARGS (", 0.3f");
 *   bind_epilogue: those of bind_activation, ADD (0 or 1), AFFINE (0 or 1),
 *                  SCALE and SHIFT (where in w; 0 without AFFINE), RN RR RP (of the residual;
 *                  0). */
void bind_view(struct pool *, struct args *, const char *letter, const struct view *);
void bind_activation(struct pool *, struct args *, const struct group *);
void bind_epilogue(struct pool *, struct args *, const struct step *, int64_t scale_at,
        int64_t shift_at);

/* The step as if `join` rows of every view were one: for kernels that may run over row ends. */
struct step step_join_rows(struct pool *, const struct step *, int join);

const char *float_text(struct pool *, float);  /* "0.3f": reads back as the same float */

/* The step's packed weights: n floats, zeroed, for pack to fill. */
float *step_weights(struct pool *, struct step *, int64_t n);
int64_t round_up(int64_t n, int64_t to);

/* Cost pieces, in cycles. */
double cost_stream(const struct target *, double bytes_read, double bytes_written);  /* each once */
double cost_fma(const struct target *, double vector_fmas, double vector_loads);

#endif
