/* GridSample: an image read at the places that another tensor holds, as ONNX's operator defines it.
 *
 * A place is a pair [x, y], in which -1 and 1 are the ends of a row and of a column: the centres of
 * the first and last pixel with align_corners, else their outer edges. Places that are not a number
 * make pixels that are none. */
#include "common.h"

/* ---- shape ----------------------------------------------------------------------------------- */

/* Places in single precision are far finer than pixels in images of up to MAX_WINDOW. */
static bool check_extents(struct graph *g, struct node *node, struct diag *diag)
{
    const struct shape *image = in_shape(node, 0);
    const struct shape *grid = in_shape(node, 1);

    if (grid->dim[2] != 2)
        diag_error(diag, DIAG_SHAPE_MISMATCH, node_attr_at(node, "inputs"),
                   "layer %s reads at places [height, width, 2], but gets %s", node_title(g, node),
                   input_words(g, node, 1, diag));
    else if (image->dim[0] > MAX_WINDOW || image->dim[1] > MAX_WINDOW)
        diag_error(diag, DIAG_UNSUPPORTED, node_attr_at(node, "inputs"),
                   "layer %s reads an image of up to %d rows and columns, but gets %s",
                   node_title(g, node), MAX_WINDOW, input_words(g, node, 0, diag));
    else
        return true;
    note_maker(g, node, grid->dim[2] != 2, diag);
    return false;
}

static void grid_sample_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct shape *grid = in_shape(node, 1);

    if (!need_rank(node, 0, 3, diag) || !need_rank(node, 1, 3, diag) ||
        !check_extents(g, node, diag))
        return;
    set_shape(g, node, image_shape(grid->dim[0], grid->dim[1], last_dim(in_shape(node, 0))), diag);
}

/* ---- places ---------------------------------------------------------------------------------- */

/* In pixels, 0 being the centre of the first; the kernel's is off by at most that much. */
struct place { double at, off; };

static struct place place_of(const struct grid_sampling *r, double x, double e, int n)
{
    double half = (r->align_corners ? n - 1 : n) / 2.0;
    double magnitude = (fabs(x) + e + 1) * half + 1;
    struct place p = {(x + 1) * half - (r->align_corners ? 0 : 0.5),
                      half * e + 4 * UNIT_ROUNDOFF * magnitude};
    double low = -3;
    double high = n + 2;

    /* What is so far outside that no pixel of the image is near. */
    if (r->padding != GRID_REFLECTION && (p.at + p.off < low || (isinf(x) && p.at < 0)))
        return (struct place){low, 0};
    if (r->padding != GRID_REFLECTION && (p.at - p.off > high || (isinf(x) && p.at > 0)))
        return (struct place){high, 0};
    return p;
}

/* Which of n pixels is seen at index i; -1: none, a zero. */
static int source_index(const struct grid_sampling *r, int i, int n)
{
    int period = r->align_corners ? 2 * n - 2 : 2 * n;

    if (i >= 0 && i < n)
        return i;
    switch ((enum grid_padding)r->padding) {
    case GRID_ZEROS: return -1;
    case GRID_BORDER: return i < 0 ? 0 : n - 1;
    case GRID_REFLECTION: break;
    }
    i = period ? (i % period + period) % period : 0;
    return i < n ? i : period - i - !r->align_corners;
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* One pixel of the output, and those that may go into it: from[d] to to[d] along dimension d. */
struct sample {
    const struct grid_sampling *r;
    const struct tval *image;
    struct place place[2];
    int from[2], to[2];
};

/* The pixel's channel c, with its error. */
static double pixel_at(const struct sample *s, int row, int column, int c, double *e)
{
    const int *dim = s->image->shape.dim;
    int h = source_index(s->r, row, dim[0]);
    int w = source_index(s->r, column, dim[1]);
    int64_t at = ((int64_t)h * dim[1] + w) * dim[2] + c;
    bool inside = h >= 0 && w >= 0;

    *e = inside ? s->image->e[at] : 0;
    return inside ? s->image->v[at] : 0;
}

static double share(const struct sample *s, int d, int i)
{
    double a = -0.75;
    double x = fabs(s->place[d].at - i);

    if (s->r->mode == GRID_LINEAR)
        return fmax(1 - x, 0);
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* The nearest, ties to even indices; any of those that may be it, which differ by the error. */
static void take(const struct sample *s, int c, double *v, double *e)
{
    int row = (int)rint(s->place[0].at);
    int column = (int)rint(s->place[1].at);

    *v = pixel_at(s, row, column, c, e);
    for (int h = s->from[0]; h <= s->to[0]; h++)
        for (int w = s->from[1]; w <= s->to[1]; w++) {
            double other_e;
            double other = pixel_at(s, h, w, c, &other_e);
            bool same = (h == row && w == column) || (isnan(other) && isnan(*v));

            if (same || (other <= *v && other >= *v))
                *e = fmax(*e, other_e);
            else
                *e = isfinite(other - *v) ? fmax(*e, fabs(other - *v) + other_e) : INFINITY;
        }
}

/* Shares change by at most SLOPE from pixel to pixel. Whether that of a pixel is surely not 0. */
enum { SLOPE = 4 };

static bool counts_surely(const struct sample *s, int row, int column)
{
    return fabs(share(s, 0, row)) > SLOPE * s->place[0].off &&
           fabs(share(s, 1, column)) > SLOPE * s->place[1].off;
}

/* A kernel may make the sum of each row first. The places' errors count with the steepest slope
 * between the largest pixels around; a pixel that isn't finite decides if it counts at all. */
static void mix(const struct sample *s, int c, double *v, double *e)
{
    double all = 0;
    double largest = 0;
    double near = 0;
    bool known = true;

    *v = *e = 0;
    for (int h = s->from[0]; h <= s->to[0]; h++) {
        double row = 0;

        for (int w = s->from[1]; w <= s->to[1]; w++) {
            double x_e;
            double x = pixel_at(s, h, w, c, &x_e);
            double weight = share(s, 0, h) * share(s, 1, w);

            near = fmax(near, finite_magnitude(x) + x_e);
            known = known && (isfinite(x) || counts_surely(s, h, w));
            *v += weight < 0 || weight > 0 ? weight * x : 0;
            *e += fabs(weight) * x_e;
            row += fabs(share(s, 1, w)) * (finite_magnitude(x) + x_e);
        }
        all += fabs(share(s, 0, h)) * row;
        largest = fmax(largest, row);
    }
    *e += sum_error(24, all) + 0x1p-144 + 2 * SLOPE * (s->place[0].off + s->place[1].off) * near;
    *e = known && near < INFINITY ? sum_bound(*v, *e, fmax(all, largest) + near) : INFINITY;
}

/* All channels of the pixel at places [x, y]. */
static void eval_pixel(struct sample *s, const double *x, const double *e, double *v, double *v_e)
{
    const int *dim = s->image->shape.dim;
    int reach = s->r->mode == GRID_NEAREST ? 0 : s->r->mode == GRID_LINEAR ? 1 : 2;
    bool known = true;

    for (int d = 0; d < 2; d++) {
        struct place p = s->place[d] = place_of(s->r, x[1 - d], e[1 - d], dim[d]);

        known = known && p.off < 1;
        if (!(p.off < 1))
            continue;
        s->from[d] = (int)(reach ? floor(p.at - p.off) + 1 - reach : rint(p.at - p.off));
        s->to[d] = (int)(reach ? floor(p.at + p.off) + reach : rint(p.at + p.off));
    }
    for (int c = 0; c < dim[2]; c++) {
        if (known) {
            (s->r->mode == GRID_NEAREST ? take : mix)(s, c, &v[c], &v_e[c]);
        } else {
            v[c] = s->place[0].at + s->place[1].at;
            v_e[c] = isnan(v[c]) && e[0] <= 0 && e[1] <= 0 ? 0 : INFINITY;
        }
    }
}

static void grid_sample_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    struct sample s = {.r = node->attr, .image = &in[0]};
    int64_t pixels = (int64_t)out->shape.dim[0] * out->shape.dim[1];
    int channels = last_dim(&out->shape);

    for (int64_t i = 0; i < pixels; i++)
        eval_pixel(&s, in[1].v + 2 * i, in[1].e + 2 * i, out->v + i * channels,
                   out->e + i * channels);
    drop_nonfinite(out);
}

/* ---- definition ------------------------------------------------------------------------------ */

static const char *const modes[] = {"linear", "nearest", "cubic", NULL};
static const char *const paddings[] = {"zeros", "border", "reflection", NULL};

static const struct attr_def grid_sample_attrs[] = {
    {"mode", ATTR_WORD, AT(grid_sampling, mode), "linear", 0, 0, modes,
     "four, one or sixteen pixels; of equally near ones that with the even index"},
    {"padding_mode", ATTR_WORD, AT(grid_sampling, padding), "zeros", 0, 0, paddings,
     "what lies outside of the image: zeros, its border, or its reflection"},
    {"align_corners", ATTR_BOOL, AT(grid_sampling, align_corners), "false", 0, 0, NULL,
     "whether -1 and 1 are the centres of the outermost pixels, not their outer edges"},
    ATTRS_END
};

const struct op_def op_grid_sample = {
    .type = "GridSample", .stem = "grid_sample",
    .doc = "an image [h, w, channels] at the places [h, w, 2] of a second input, x and y from -1 "
           "to 1, as ONNX's GridSample",
    .family = FAMILY_GRID_SAMPLE, .min_in = 2, .max_in = 2,
    .attr_bytes = sizeof(struct grid_sampling), .attrs = grid_sample_attrs,
    .shape = grid_sample_shape, .eval = grid_sample_eval,
};
