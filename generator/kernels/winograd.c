#include "winograd.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "../ops/common.h"

#define ROOT2 1.41421356237309504880

/* The interpolation points but for the last, infinity: for tiles of 4, and for tiles of 6. The
 * latter, reciprocals of each other, give a quarter of the error of the usual 0, 1, -1, 2, -2, and
 * the transforms take no more operations. */
static const double points4[] = {0, 1, -1};
static const double points6[] = {0, 1 / ROOT2, -1 / ROOT2, ROOT2, -ROOT2};

/* ---- axes ------------------------------------------------------------------------------------ */

/* Pieces by points for an output; of equals the fewest pieces, which are transformed one by one. */
struct winograd_axis winograd_axis(const struct conv2d *c, int axis, int points)
{
    int taps = c->kernel[axis];
    struct winograd_axis best = {1, 1, 1, 1, 1};
    for (int r = points - 1; taps > 1 && r > 1; r--) {
        struct winograd_axis a = {points, points - r + 1, r, (taps + r - 1) / r, c->dilation[axis]};
        if (best.points == 1 || a.pieces * best.m < best.pieces * a.m)
            best = a;
    }
    return best;
}

int winograd_tiles(const struct winograd_axis *a, int outputs)
{
    int d = a->dilation, rest = (int)(outputs % ((int64_t)a->m * d));
    return (int)(outputs / ((int64_t)a->m * d)) * d + (rest < d ? rest : d);
}

int winograd_start(const struct winograd_axis *a, int tile)
{
    int d = a->dilation;
    return tile / d * a->m * d + tile % d;
}

/* ---- transforms ------------------------------------------------------------------------------ */

/* Coefficients, from x^0 on, of the product of x - at[j] over all j but `without`. */
static void polynomial(const double *at, int n, int without, double *c)
{
    for (int i = 0; i <= n; i++)
        c[i] = i == 0;
    for (int j = 0; j < n; j++)
        for (int i = n; i >= 0 && j != without; i--)
            c[i] = (i ? c[i - 1] : 0) - at[j] * c[i];
}

static void find_transforms(struct winograd *t, int axis)
{
    const struct winograd_axis *of = &t->axis[axis];
    const double *at = of->points == 4 ? points4 : points6;
    int n = of->points - 1;
    for (int k = 0; k < n; k++) {
        double scale = 1;
        for (int j = 0; j < n; j++)
            scale *= j == k ? 1 : at[k] - at[j];
        polynomial(at, n, k, t->b[axis][k]);
        for (int i = 0; i < of->r; i++)
            t->g[axis][k][i] = pow(at[k], i) / scale;
        for (int i = 0; i < of->m; i++)
            t->a[axis][i][k] = pow(at[k], i);
    }
    polynomial(at, n, n, t->b[axis][n]);
    t->g[axis][n][of->r - 1] = 1;
    t->a[axis][of->m - 1][n] = 1;
}

struct winograd winograd_transforms(const struct conv2d *c, int points)
{
    struct winograd t = {.axis = {winograd_axis(c, 0, points), winograd_axis(c, 1, points)}};
    find_transforms(&t, 0);
    find_transforms(&t, 1);
    return t;
}

/* Element (i, j) of the piece. */
static double element(const struct winograd *t, const struct conv2d *c, int piece, int i, int j, const float *kernel,
        int64_t step)
{
    int row = piece / t->axis[1].pieces * t->axis[0].r + i, column = piece % t->axis[1].pieces * t->axis[1].r + j;
    return row < c->kernel[0] && column < c->kernel[1] ? (double)kernel[(row * c->kernel[1] + column) * step] : 0;
}

void winograd_weights(const struct winograd *t, const struct conv2d *c, int piece, const float *kernel, int64_t step,
        double *u)
{
    const struct winograd_axis *down = &t->axis[0], *across = &t->axis[1];
    double rows[WINOGRAD_POINTS][WINOGRAD_POINTS] = {{0}};  /* G g */
    for (int k = 0; k < down->points; k++)
        for (int j = 0; j < across->r; j++)
            for (int i = 0; i < down->r; i++)
                rows[k][j] += t->g[0][k][i] * element(t, c, piece, i, j, kernel, step);
    for (int k = 0; k < down->points; k++)
        for (int l = 0; l < across->points; l++) {
            double sum = 0;
            for (int j = 0; j < across->r; j++)
                sum += rows[k][j] * t->g[1][l][j];
            u[k * across->points + l] = sum;
        }
}

/* ---- error bounds ---------------------------------------------------------------------------- */

/* Roundings on the way of a product, but for the sum over the channels: four in each of the two
 * passes of the transform in, five in each of the two back, one of the weight, and constants. */
enum { ROUNDINGS = 24 };

struct bounds {
    struct winograd t;
    const struct conv2d *conv;
    const struct tval *in;
    struct hwc size, result;   /* of in and of the convolution's output */
    struct tval *out;
    const double *error;       /* of each input, times a product's relative error */
    int ic, oc, pieces;        /* channels of one group */
    double *u;                 /* |G g G'|: [piece][IC][OC of all groups][point] */
    double *v;                 /* |B'| error |B|: [piece][IC][point], of one group */
    double gamma;
};

/* Whether sums of terms of that error, as they are bounded, stay finite; a factor of two is for what
 * is multiplied by less than one afterwards. */
static bool stays_finite(const struct bounds *b, double error)
{
    return error / b->gamma <= (double)FLT_MAX / 2;
}

/* Points of a tile. */
static int points_of(const struct winograd *t)
{
    return t->axis[0].points * t->axis[1].points;
}

/* |B'| e |B| of one channel of the tile whose first pixel is (iy, ix). False: some isn't finite. */
static bool spread_input(const struct bounds *b, int64_t iy, int64_t ix, int c, double *v)
{
    const struct winograd_axis *down = &b->t.axis[0], *across = &b->t.axis[1];
    double row[WINOGRAD_POINTS][WINOGRAD_POINTS] = {{0}};
    bool finite = true;
    for (int i = 0; i < down->points; i++)
        for (int j = 0; j < across->points; j++) {
            int64_t y = iy + (int64_t)i * down->dilation, x = ix + (int64_t)j * across->dilation;
            if (y < 0 || y >= b->size.h || x < 0 || x >= b->size.w)
                continue;
            int64_t at = (y * b->size.w + x) * b->size.c + c;
            finite = finite && isfinite(b->in->v[at]);
            for (int k = 0; k < down->points; k++)
                row[k][j] += fabs(b->t.b[0][k][i]) * b->error[at];
        }
    for (int k = 0; k < down->points; k++)
        for (int l = 0; l < across->points; l++) {
            double *to = &v[k * across->points + l];
            *to = 0;
            for (int j = 0; j < across->points; j++)
                *to += row[k][j] * fabs(b->t.b[1][l][j]);
            finite = finite && stays_finite(b, row[k][l]) && stays_finite(b, *to);
        }
    return finite;
}

/* |A'| (sum over the pieces and channels of |U| o V) |A|: the bounds of one output channel of a tile. False:
 * some sum may not be finite. */
static bool gather_output(const struct bounds *b, int oc, double *e)
{
    const struct winograd_axis *down = &b->t.axis[0], *across = &b->t.axis[1];
    int pp = points_of(&b->t);
    double sum[WINOGRAD_POINTS * WINOGRAD_POINTS] = {0};
    bool finite = true;
    for (int ic = 0; ic < b->pieces * b->ic; ic++) {
        const double *u = b->u + ((int64_t)ic * b->conv->filters + oc) * pp;
        const double *v = b->v + (int64_t)ic * pp;
        for (int k = 0; k < pp; k++)
            sum[k] += u[k] * v[k];
    }
    for (int i = 0; i < down->m; i++)
        for (int j = 0; j < across->m; j++) {
            double *to = &e[i * across->m + j];
            *to = 0;
            for (int k = 0; k < pp; k++)
                *to += fabs(b->t.a[0][i][k / across->points] * b->t.a[1][j][k % across->points]) * sum[k];
            finite = finite && stays_finite(b, *to);
        }
    for (int k = 0; k < pp; k++)
        finite = finite && stays_finite(b, sum[k]);
    return finite;
}

/* Where sums may overflow, or an infinity or NaN spreads over the tile, nothing is known. */
static double element_bound(const struct bounds *b, double e, double bias, bool finite)
{
    double all = e + b->gamma * fabs(bias);
    return finite && stays_finite(b, all) ? all : INFINITY;
}

/* The input of all pieces of a tile. False: some isn't finite. */
static bool spread_pieces(const struct bounds *b, int oy, int ox, int group)
{
    const struct winograd_axis *down = &b->t.axis[0], *across = &b->t.axis[1];
    bool finite = true;
    for (int i = 0; i < b->pieces * b->ic; i++) {
        int piece = i / b->ic, c = group * b->ic + i % b->ic;
        int64_t iy = oy - b->conv->pad[0] + (int64_t)(piece / across->pieces) * down->r * down->dilation;
        int64_t ix = ox - b->conv->pad[2] + (int64_t)(piece % across->pieces) * across->r * across->dilation;
        finite = spread_input(b, iy, ix, c, b->v + (int64_t)i * points_of(&b->t)) && finite;
    }
    return finite;
}

static void bound_tile(const struct bounds *b, const float *bias, int oy, int ox, int group)
{
    const struct winograd_axis *down = &b->t.axis[0], *across = &b->t.axis[1];
    double e[WINOGRAD_POINTS * WINOGRAD_POINTS];
    bool finite = spread_pieces(b, oy, ox, group);
    for (int oc = group * b->oc; oc < (group + 1) * b->oc; oc++) {
        bool known = gather_output(b, oc, e) && finite;
        for (int i = 0; i < down->m && oy + i * down->dilation < b->result.h; i++)
            for (int j = 0; j < across->m && ox + j * across->dilation < b->result.w; j++) {
                int64_t y = oy + i * down->dilation, x = ox + j * across->dilation;
                b->out->e[(y * b->result.w + x) * b->result.c + oc] =
                        element_bound(b, e[i * across->m + j], bias ? (double)bias[oc] : 0, known);
            }
    }
}

static double *weight_sizes(const struct bounds *b, const float *kernel)
{
    int64_t pairs = (int64_t)b->ic * b->conv->filters, pp = points_of(&b->t), all = b->pieces * pairs * pp;
    double *u = new_doubles(all);
    for (int piece = 0; piece < b->pieces; piece++)
        for (int64_t i = 0; i < pairs; i++)
            winograd_weights(&b->t, b->conv, piece, kernel + i, pairs, u + (piece * pairs + i) * pp);
    for (int64_t i = 0; i < all; i++)
        u[i] = fabs(u[i]);
    return u;
}

void winograd_bound(const struct node *n, int points, const struct tval *in, struct tval *out)
{
    const struct conv2d *c = n->attr;
    struct bounds b = {.t = winograd_transforms(c, points), .conv = c, .in = in, .size = shape_hwc(&in->shape),
            .result = shape_hwc(&out->shape), .out = out, .ic = c->in_channels / c->groups,
            .oc = c->filters / c->groups};
    const struct winograd_axis *down = &b.t.axis[0], *across = &b.t.axis[1];
    const struct weight *bias = find_weight(n, "bias");
    b.pieces = down->pieces * across->pieces;
    b.gamma = sum_error(b.pieces * b.ic + ROUNDINGS, 1);
    double *error = product_errors(in, b.gamma);
    b.error = error;
    b.u = weight_sizes(&b, n->weight[0].data);
    b.v = new_doubles((int64_t)b.pieces * b.ic * points_of(&b.t));
    for (int ty = 0; ty < winograd_tiles(down, b.result.h); ty++)
        for (int tx = 0; tx < winograd_tiles(across, b.result.w); tx++)
            for (int group = 0; group < c->groups; group++)
                bound_tile(&b, bias ? bias->data : NULL, winograd_start(down, ty), winograd_start(across, tx),
                        group);
    free(error);
    free(b.u);
    free(b.v);
}
