/* images.h: what a network is given to work on: .npy files, or numbers at random. */
#ifndef CNNGEN_IMAGES_H
#define CNNGEN_IMAGES_H

#include "graph.h"
#include "options.h"

/* The inputs of all images, exactly as the emitted program takes them, in their layout: float32, or
 * whole numbers from 0 to 255 where the network has uint8. */
struct images {
    int64_t count;
    bool stacked;              /* N was given, if only as 1: results have it too */
    const double **at;         /* of each input of the network: count * shape_size */
};

/* From files in the order of the network's inputs, each [H, W, C], one image, or [N, H, W, C]; N is
 * the same in all; with layout NCHW, [C, H, W] or [N, C, H, W]. False after a message on stderr:
 * exit code 2. */
bool images_read(struct pool *, const struct graph *, const char *const *path, int n,
        struct images *);

/* FILL_RANDOM: uniform in [-1, 1), or whole numbers from 0 to 255 for uint8. FILL_SPECIAL: with
 * numbers at the ends of what float holds in between. FILL_INTEGER: whole numbers from -4 to 4, or
 * from 0 to 8. */
void images_random(struct pool *, const struct graph *, int64_t count, uint64_t seed, enum fill,
        struct images *);

/* "'input' [28, 28, 1]; 'mask' [14, 14, 1] of uint8": what the network takes. */
const char *images_wanted(struct pool *, const struct graph *);

#endif
