/* random_spec: prints a random specification that is valid by construction.
 *
 *     random_spec SEED [integers] > model.cnn.yaml
 *
 * With "integers" there are only layers that make integers of integers, and few in a row, so that
 * sums stay exact in single precision.
 *
 * The seed alone decides, if the same compiler made random_spec. Shapes are tracked here by rules
 * written apart from the generator's, so that a refused specification is a finding too. A policy,
 * drawn first, says what the network is made of: uniform draws hardly ever meet the corners (sizes
 * of 1, primes, all depthwise, slices of slices). */
#include "layers.h"

#include <stdlib.h>
#include <string.h>

/* What each policy draws from; a layer stands there as often as it is wanted. The first ones, whose
 * layers have forms that keep integers, are also for networks of those. */
static layer_fn *const policies[][12] = {
    {conv, conv, conv, unary, pool, dense, reshape, global_pool, binary, concat, border, upsample},
    {conv, binary, conv, binary, conv, binary, unary, unary, conv, conv, pool, conv},
    {conv, concat, conv, concat, conv, concat, pool, conv, concat, unary, depthwise, conv},
    {depthwise, depthwise, conv, depthwise, unary, depthwise, depthwise, conv, pool, depthwise,
        binary, border},
    {unary, binary, unary, concat, unary, binary, reshape, border, upsample, unary, pool, binary},
    {transpose, conv, transpose, upsample, conv, unary, transpose, concat, binary, transpose, pool,
        conv},
    {pool, pool, conv, pool, pool, unary, pool, conv, pool, concat, pool, border},
    {dense, dense, unary, conv, reshape, dense, global_pool, binary, concat, dense, unary, dense},
    {stretched, where, compare, stretched, clip, quotient, function, reduce, conv, concat, unary,
        binary},
    {slice, pad, tile, expand, blocks, conv, gather, volume, concat, volume, reshape, stretched},
    {reduce, arg, stretched, conv, reduce, unary, cum_sum, slice, softmax, matmul, cum_sum, dense},
    {norm, conv, resize, norm, blocks, depthwise, grid_sample, function, stretched, unary, concat,
        pool},
    {conv1d, pool1d, line, depthwise1d, dense, unary, transpose1d, binary, concat, norm, slice,
        matmul},
    {stretched, conv, slice, reduce, depthwise, pad, resize, dense, conv1d, norm, transpose,
        matmul},
    {residual, residual, pool, conv, residual, excitation, inverted, residual, growing, unary,
        binary, global_pool},
    {inverted, inverted, excitation, shuffle, inverted, conv, inverted, residual, growing, pool,
        dense, unary},
    {hourglass, branches, growing, conv, hourglass, branches, concat, pool, attention, shuffle,
        upsample, transpose},
};
enum { POLICIES = sizeof policies / sizeof policies[0], OF_INTEGERS = 8 };

static void inputs(int n, int bytes)
{
    for (int i = 0; i < n; i++) {
        int small = chance(20);
        struct tensor *t = add(small ? PICK(1, 1, 2, 3) : PICK(4, 5, 7, 8, 9, 11, 13, 14, 16, 17),
                small ? PICK(1, 2, 3) : PICK(4, 5, 7, 8, 9, 13, 14, 15, 16, 17, 19, 28), channels(), 3);
        printf("  - {type: Input, name: %s, shape: [%d, %d, %d]%s%s}\n", t->name, t->h, t->w, t->c,
                bytes && i == 0 ? ", dtype: uint8" : "", !integers && chance(15) ? ", layout: NCHW" : "");
    }
}

int main(int argc, char **argv)
{
    integers = argc == 3 && !strcmp(argv[2], "integers");
    if (argc != 2 + integers) {
        fprintf(stderr, "usage: random_spec SEED [integers]\n");
        return 2;
    }
    state = strtoull(argv[1], NULL, 10) * 0x2545f4914f6cdd1du + 12345;
    layer_fn *const *policy = policies[below(integers ? OF_INTEGERS : POLICIES)];
    int layers = integers ? between(2, 5) : between(3, 9), made = 0;
    printf("cnngen: 1\nname: r%s\nweights: {random: %d}\n", argv[1], below(1000));
    if (chance(20))
        printf("batch: %d\n", between(2, 3));
    printf("layers:\n");
    inputs(chance(20) ? 2 : 1, chance(15));
    for (int tries = 0; made < layers && tries < 200; tries++) {
        int latest = count - 1;
        struct tensor *x = chance(75) ? &all[latest] : &all[below(count)];
        made += policy[below(12)](x);
    }
    printf("outputs: [");
    const char *comma = "";
    int more = chance(25) ? 20 : 0;  /* some that other layers read */
    for (int i = 0; i < count; i++)
        if (!all[i].used || (more && chance(more))) {
            printf("%s%s", comma, all[i].name);
            comma = ", ";
        }
    printf("]\n");
    return 0;
}
