/* cut.h: how kernels divide a row (of pixels, rows, outputs) into tiles. */
#ifndef CNNGEN_KERNELS_CUT_H
#define CNNGEN_KERNELS_CUT_H

#include "../kernel.h"

enum { MOST_THREADS = 16 };  /* so many are to find work alike: kernels cut with 1 to 16 in mind */

/* t0 tiles of n0, then t1 of n1 = n0 - 1; t1 and n1 are 0 when all are alike. */
struct cut { int n0, t0, n1, t1; };

/* The fewest tiles of at most `most`, as equal as can be. */
struct cut cut_even(int n, int most);

/* Of so many units alike, the largest share over the mean on MOST_THREADS; more than 1.2 is
 * uneven. */
double units_share(int64_t units);
bool units_are_uneven(int64_t units);

/* Into how many parts, each of as many of the `tiles` side by side, each of so many units is cut: the
 * fewest with which MOST_THREADS find work alike, or come nearest to that. */
int even_parts(int64_t units, int tiles);

/* The arguments that templates call P0 T0 P1 T1 when the letters are "P" and "T". */
void bind_cut(struct pool *, struct args *, const char *size, const char *count,
        const struct cut *);

/* Whether the rows of an image, and images of such rows, follow one another without a gap: are one
 * row. The pitch of a single row says nothing: behind it lies its halo. */
bool view_rows_join(const struct view *);
bool view_images_join(const struct view *);

/* The target whose vectors waste no lanes on n floats: t itself, or one that it includes. */
const struct target *target_for(const struct target *t, int n);

#endif
