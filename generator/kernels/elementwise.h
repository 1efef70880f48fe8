/* elementwise.h: what kernels share that go through tensors float by float or pixel by pixel. */
#ifndef CNNGEN_KERNELS_ELEMENTWISE_H
#define CNNGEN_KERNELS_ELEMENTWISE_H

#include "../kernel.h"

/* How the pixels of a step are divided into units. When those of an image are equally spaced in
 * every view, they are one list, cut into units of about 16 kB; else into rows. */
struct walk {
    bool linear;          /* one list, of a single image */
    bool packed;          /* the pixels of a unit are side by side in every view: one run */
    int channels;         /* floats of a pixel; 1 where packed floats need no channel */
    int pixels, last;     /* of a unit, and of an image's last one */
    int period;           /* floats after which constants of channels repeat; 0: there are none */
    int rows;             /* of an image: its rows, or the pieces of its list */
    int units;
    struct step step;     /* with the views in these terms */
};

/* by_channel: constants go along with the channels; runs then begin with the first channel. */
struct walk walk_step(struct pool *, const struct step *, bool by_channel, int vl);

/* LINEAR PACKED C P LAST H UNITS PERIOD. */
void bind_walk(struct pool *, struct args *, const struct walk *);

/* Constants of channels are packed, one array after the other, to pattern_length floats: of few
 * channels repeated, so that vectors may run over the ends of pixels; of many followed by zeros, so
 * that whole vectors may be read. */
int64_t pattern_length(int channels);
void pattern_pack(float *to, const float *from, int channels);

bool all_equal(const float *, int n);
int channels_of(const struct group *);        /* of the output */
double cost_elementwise(const struct group *, int64_t batch, const struct target *,
        double ops_per_vector);

/* Dimension d of four, counted from the outermost, of a shape seen as [D, H, W, C], and its pitch
 * through a view. */
int dim_of_four(const struct shape *, int d);
int64_t pitch_of_four(const struct shape *, const struct view *, int d);

/* The target itself, or its base when vectors of that hold n floats just as well. */
const struct target *narrow_target(const struct target *, int n);

#endif
