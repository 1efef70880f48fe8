/* tuning.h: times of kernels, as cnngen tune measures them and --tuning reads them.
 *
 *     cnngen_tuning: 1                        # version of the format
 *     version: 0.1.0                          # of the cnngen that measured
 *     cpu: 'AMD EPYC 9R14'
 *     threads: 1
 *     groups:
 *     - group: 'Conv2D(filters=64, kernel_size=3x3) + ReLU: [28, 28, 64] -> [26, 26, 64], batch 1'
 *       avx512: {conv2d_direct: 310.250, conv2d_winograd6: 120.125}
 *
 * A group is known by its signature (group.h), not by the name of a layer: equal groups are
 * measured once, and one file serves many models. Times are microseconds of a whole step on one
 * thread, for each target and kernel. */
#ifndef CNNGEN_TUNING_H
#define CNNGEN_TUNING_H

#include "group.h"
#include "kernel.h"
#include "out.h"

struct tuned {
    const char *group;
    double us[TARGET_COUNT][KERNEL_COUNT];       /* microseconds; 0: not measured */
    struct span at[TARGET_COUNT][KERNEL_COUNT];  /* where they stand */
};

struct tuning {
    const char *version, *cpu;                   /* of the program and machine that measured */
    VEC(struct tuned *) group;
    uint64_t hash;                               /* of the file's text */
};

/* NULL after diagnostics. */
struct tuning *tuning_read(struct pool *, const struct source *, struct diag *);

/* Reports times of kernels that don't take their group, for the groups of a network. */
void tuning_check(struct pool *, const struct tuning *, const struct groups *, int64_t batch,
        struct diag *);

struct tuned *tuning_find(const struct tuning *, const char *signature);   /* NULL: no such group */

/* The entry of the group, a new one if there is none. */
struct tuned *tuning_entry(struct pool *, struct tuning *, const char *signature);

void tuning_print(const struct tuning *, struct out *);

#endif
