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

/* Coefficients, from x^0 on, of the product of x - at[j] over all j but `without`. */
static void polynomial(const double *at, int n, int without, double *c)
{
    for (int i = 0; i <= n; i++)
        c[i] = i == 0;
    for (int j = 0; j < n; j++)
        for (int i = n; i >= 0 && j != without; i--)
            c[i] = (i ? c[i - 1] : 0) - at[j] * c[i];
}

struct winograd winograd_transform(int points, int r)
{
    const double *at = points == 4 ? points4 : points6;
    struct winograd t = {.points = points, .m = points - r + 1, .r = r};
    int n = points - 1;
    for (int k = 0; k < n; k++) {
        double scale = 1;
        for (int j = 0; j < n; j++)
            scale *= j == k ? 1 : at[k] - at[j];
        polynomial(at, n, k, t.b[k]);
        for (int i = 0; i < r; i++)
            t.g[k][i] = pow(at[k], i) / scale;
        for (int i = 0; i < t.m; i++)
            t.a[i][k] = pow(at[k], i);
    }
    polynomial(at, n, n, t.b[n]);
    t.g[n][r - 1] = 1;
    t.a[t.m - 1][n] = 1;
    return t;
}

void winograd_weights(const struct winograd *t, const float *kernel, int64_t step, double *u)
{
    double rows[WINOGRAD_POINTS][WINOGRAD_POINTS];  /* G g */
    for (int k = 0; k < t->points; k++)
        for (int j = 0; j < t->r; j++) {
            rows[k][j] = 0;
            for (int i = 0; i < t->r; i++)
                rows[k][j] += t->g[k][i] * (double)kernel[(i * t->r + j) * step];
        }
    for (int k = 0; k < t->points; k++)
        for (int l = 0; l < t->points; l++) {
            double sum = 0;
            for (int j = 0; j < t->r; j++)
                sum += rows[k][j] * t->g[l][j];
            u[k * t->points + l] = sum;
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
    struct tval *out;
    const double *error;       /* of each input, times a product's relative error */
    int ic, oc;                /* channels of one group */
    double *u;                 /* |G g G'|: [IC][OC of all groups][point] */
    double *v;                 /* |B'| error |B|: [IC][point], of one group */
    double gamma;
};

/* Whether sums of terms of that error, as they are bounded, stay finite; a factor of two is for what
 * is multiplied by less than one afterwards. */
static bool stays_finite(const struct bounds *b, double error)
{
    return error / b->gamma <= (double)FLT_MAX / 2;
}

/* |B'| e |B| of one channel of the tile whose first pixel is (iy, ix). False: some isn't finite. */
static bool spread_input(const struct bounds *b, int iy, int ix, int c, double *v)
{
    const int n = b->t.points, *dim = b->in->shape.dim;
    double row[WINOGRAD_POINTS][WINOGRAD_POINTS] = {{0}};
    bool finite = true;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            if (iy + i < 0 || iy + i >= dim[0] || ix + j < 0 || ix + j >= dim[1])
                continue;
            int64_t at = ((int64_t)(iy + i) * dim[1] + ix + j) * dim[2] + c;
            finite = finite && isfinite(b->in->v[at]);
            for (int k = 0; k < n; k++)
                row[k][j] += fabs(b->t.b[k][i]) * b->error[at];
        }
    for (int k = 0; k < n; k++)
        for (int l = 0; l < n; l++) {
            v[k * n + l] = 0;
            for (int j = 0; j < n; j++)
                v[k * n + l] += row[k][j] * fabs(b->t.b[l][j]);
            finite = finite && stays_finite(b, row[k][l]) && stays_finite(b, v[k * n + l]);
        }
    return finite;
}

/* |A'| (sum over the channels of |U| o V) |A|: the bounds of one output channel of a tile. False:
 * some sum may not be finite. */
static bool gather_output(const struct bounds *b, int oc, double *e)
{
    int n = b->t.points, pp = n * n;
    double sum[WINOGRAD_POINTS * WINOGRAD_POINTS] = {0};
    bool finite = true;
    for (int ic = 0; ic < b->ic; ic++) {
        const double *u = b->u + ((int64_t)ic * b->conv->filters + oc) * pp;
        const double *v = b->v + (int64_t)ic * pp;
        for (int k = 0; k < pp; k++)
            sum[k] += u[k] * v[k];
    }
    for (int i = 0; i < b->t.m; i++)
        for (int j = 0; j < b->t.m; j++) {
            e[i * b->t.m + j] = 0;
            for (int k = 0; k < n; k++)
                for (int l = 0; l < n; l++)
                    e[i * b->t.m + j] += fabs(b->t.a[i][k] * b->t.a[j][l]) * sum[k * n + l];
            finite = finite && stays_finite(b, e[i * b->t.m + j]);
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

static void bound_tile(const struct bounds *b, const float *bias, int oy, int ox, int group)
{
    const int *dim = b->out->shape.dim, m = b->t.m;
    double e[WINOGRAD_POINTS * WINOGRAD_POINTS];
    bool finite = true;
    for (int ic = 0; ic < b->ic; ic++)
        if (!spread_input(b, oy - b->conv->pad[0], ox - b->conv->pad[2], group * b->ic + ic,
                    b->v + (int64_t)ic * b->t.points * b->t.points))
            finite = false;
    for (int oc = group * b->oc; oc < (group + 1) * b->oc; oc++) {
        bool known = gather_output(b, oc, e) && finite;
        for (int i = 0; i < m && oy + i < dim[0]; i++)
            for (int j = 0; j < m && ox + j < dim[1]; j++)
                b->out->e[((int64_t)(oy + i) * dim[1] + ox + j) * dim[2] + oc] =
                        element_bound(b, e[i * m + j], bias ? (double)bias[oc] : 0, known);
    }
}

static double *weight_sizes(const struct bounds *b, const float *kernel)
{
    int64_t pairs = (int64_t)b->ic * b->conv->filters;
    int64_t pp = (int64_t)b->t.points * b->t.points;
    double *u = new_doubles(pairs * pp);
    for (int64_t i = 0; i < pairs; i++)
        winograd_weights(&b->t, kernel + i, pairs, u + i * pp);
    for (int64_t i = 0; i < pairs * pp; i++)
        u[i] = fabs(u[i]);
    return u;
}

void winograd_bound(const struct node *n, int points, const struct tval *in, struct tval *out)
{
    const struct conv2d *c = n->attr;
    struct bounds b = {.t = winograd_transform(points, c->kernel[0]), .conv = c, .in = in, .out = out,
            .ic = c->in_channels / c->groups, .oc = c->filters / c->groups};
    const struct weight *bias = find_weight(n, "bias");
    b.gamma = sum_error(b.ic + ROUNDINGS, 1);
    double *error = product_errors(in, b.gamma);
    b.error = error;
    b.u = weight_sizes(&b, n->weight[0].data);
    b.v = new_doubles((int64_t)b.ic * points * points);
    for (int oy = 0; oy < out->shape.dim[0]; oy += b.t.m)
        for (int ox = 0; ox < out->shape.dim[1]; ox += b.t.m)
            for (int group = 0; group < c->groups; group++)
                bound_tile(&b, bias ? bias->data : NULL, oy, ox, group);
    free(error);
    free(b.u);
    free(b.v);
}
