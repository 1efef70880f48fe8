/* The algebra of Winograd's kernels: how axes are cut, that tiles have every output once, and that tiles of
 * transformed inputs and pieces give the sums of the definition, in double precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernels/winograd.h"
#include "random.h"

static struct conv2d kernel_of(int rows, int columns)
{
    return (struct conv2d){.kernel = {rows, columns}, .dilation = {1, 1}, .strides = {1, 1}};
}

/* An axis of 4 or 6 points: outputs of a tile, taps of a piece, pieces. */
static void fewest_multiplications(void **state)
{
    static const struct { int points, taps, m, r, pieces; } known[] = {
        {4, 2, 3, 2, 1}, {4, 3, 2, 3, 1}, {4, 4, 3, 2, 2}, {4, 5, 2, 3, 2}, {4, 7, 3, 2, 4},
        {6, 2, 5, 2, 1}, {6, 3, 4, 3, 1}, {6, 4, 3, 4, 1}, {6, 5, 2, 5, 1}, {6, 6, 4, 3, 2},
        {6, 7, 3, 4, 2}, {6, 8, 3, 4, 2}, {6, 9, 4, 3, 3},
    };
    (void)state;
    for (int i = 0; i < (int)(sizeof known / sizeof known[0]); i++) {
        struct conv2d c = kernel_of(1, known[i].taps);
        struct winograd_axis down = winograd_axis(&c, 0, known[i].points), a = winograd_axis(&c, 1, known[i].points);
        assert_true(down.points == 1 && down.m == 1 && down.r == 1 && down.pieces == 1);
        assert_int_equal(a.points, known[i].points);
        assert_int_equal(a.m, known[i].m);
        assert_int_equal(a.r, known[i].r);
        assert_int_equal(a.pieces, known[i].pieces);
    }
}

/* Whether tiles of m outputs, d apart, have each of n outputs once, and each tile one at least. */
static bool covers_once(int m, int d, int n)
{
    struct winograd_axis a = {.points = 6, .m = m, .r = 7 - m, .pieces = 1, .dilation = d};
    int seen[64] = {0}, tiles = winograd_tiles(&a, n);
    for (int t = 0; t < tiles; t++) {
        if (winograd_start(&a, t) >= n)
            return false;
        for (int i = 0; i < m && winograd_start(&a, t) + i * d < n; i++)
            seen[winograd_start(&a, t) + i * d]++;
    }
    for (int i = 0; i < n; i++)
        if (seen[i] != 1)
            return false;
    return true;
}

static void every_output_in_one_tile(void **state)
{
    (void)state;
    for (int m = 1; m <= 5; m++)
        for (int d = 1; d <= 9; d++)
            for (int n = 1; n <= 50; n++)
                assert_true(covers_once(m, d, n));
}

/* ---- tiles against the definition ------------------------------------------------------------- */

enum { MOST_TAPS = 9, SIDE = MOST_TAPS + 8 };  /* of an image under one tile */

/* out = M in M', M being rows x inner of the first axis and M' the second one's. */
static void both_axes(const double down[][WINOGRAD_POINTS], const double across[][WINOGRAD_POINTS],
        const int rows[2], const int inner[2], const double *in, double *out)
{
    for (int k = 0; k < rows[0]; k++)
        for (int l = 0; l < rows[1]; l++) {
            out[k * rows[1] + l] = 0;
            for (int i = 0; i < inner[0]; i++)
                for (int j = 0; j < inner[1]; j++)
                    out[k * rows[1] + l] += down[k][i] * across[l][j] * in[i * inner[1] + j];
        }
}

/* The outputs of one tile whose first pixel is the image's. */
static void by_tile(const struct conv2d *c, int points, const float *kernel, const float *image, double *y)
{
    struct winograd t = winograd_transforms(c, points);
    const struct winograd_axis *down = &t.axis[0], *across = &t.axis[1];
    const int pp[] = {down->points, across->points}, m[] = {down->m, across->m};
    double sum[WINOGRAD_POINTS * WINOGRAD_POINTS] = {0}, d[WINOGRAD_POINTS * WINOGRAD_POINTS];
    double u[WINOGRAD_POINTS * WINOGRAD_POINTS], v[WINOGRAD_POINTS * WINOGRAD_POINTS];
    for (int piece = 0; piece < down->pieces * across->pieces; piece++) {
        int y0 = piece / across->pieces * down->r, x0 = piece % across->pieces * across->r;
        for (int i = 0; i < pp[0] * pp[1]; i++)
            d[i] = (double)image[(y0 + i / pp[1]) * SIDE + x0 + i % pp[1]];
        winograd_weights(&t, c, piece, kernel, 1, u);
        both_axes(t.b[0], t.b[1], pp, pp, d, v);
        for (int i = 0; i < pp[0] * pp[1]; i++)
            sum[i] += u[i] * v[i];
    }
    both_axes(t.a[0], t.a[1], m, pp, sum, y);
}

static double by_definition(const struct conv2d *c, const float *kernel, const float *image, int y, int x)
{
    double sum = 0;
    for (int i = 0; i < c->kernel[0] * c->kernel[1]; i++)
        sum += (double)kernel[i] * (double)image[(y + i / c->kernel[1]) * SIDE + x + i % c->kernel[1]];
    return sum;
}

static void check_tile(int points, int rows, int columns)
{
    struct conv2d c = kernel_of(rows, columns);
    struct random r = random_seeded((uint64_t)(rows * 100 + columns), "winograd", "image");
    int mh = winograd_axis(&c, 0, points).m, mw = winograd_axis(&c, 1, points).m;
    float kernel[MOST_TAPS * MOST_TAPS], image[SIDE * SIDE];
    double y[WINOGRAD_POINTS * WINOGRAD_POINTS];
    random_uniform(&r, 1, kernel, rows * columns);
    random_uniform(&r, 1, image, SIDE * SIDE);
    by_tile(&c, points, kernel, image, y);
    for (int i = 0; i < mh * mw; i++)
        assert_true(fabs(y[i] - by_definition(&c, kernel, image, i / mw, i % mw)) < 1e-12 * rows * columns);
}

static void tiles_are_the_convolution(void **state)
{
    (void)state;
    for (int rows = 1; rows <= MOST_TAPS; rows++)
        for (int columns = rows == 1 ? 2 : 1; columns <= MOST_TAPS; columns++) {
            check_tile(4, rows, columns);
            check_tile(6, rows, columns);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fewest_multiplications), cmocka_unit_test(every_output_in_one_tile),
        cmocka_unit_test(tiles_are_the_convolution),
    };
    return cmocka_run_group_tests_name("winograd", tests, NULL, NULL);
}
