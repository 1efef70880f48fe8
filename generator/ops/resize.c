/* Resize: an image of any size from another, as ONNX's operator of that name defines it. */
#include "common.h"

#include <float.h>

/* ---- where an output element lies ------------------------------------------------------------ */

/* The place that is `steps` output elements from the origin. The ratio of two sizes is not made a
 * number first: quotients of whole numbers are exact where a result is, so that ties are ties. */
static double along(const struct resizing *r, int axis, int in, int out, double steps)
{
    return r->scale[axis] > 0 ? steps / r->scale[axis] : steps * in / out;
}

double resize_origin(const struct resizing *r, int axis, int in, int out, int o)
{
    double length = r->scale[axis] > 0 ? r->scale[axis] * in : out;  /* need not be whole */

    switch ((enum resize_coordinates)r->coordinates) {
    case RESIZE_ASYMMETRIC:
        return along(r, axis, in, out, o);
    case RESIZE_TF_HALF_PIXEL_FOR_NN:
        return along(r, axis, in, out, o + 0.5);
    case RESIZE_ALIGN_CORNERS:
        return out == 1 ? 0 : (double)o * (in - 1) / (length - 1);
    case RESIZE_PYTORCH_HALF_PIXEL:
        return out == 1 ? 0 : along(r, axis, in, out, o + 0.5) - 0.5;
    case RESIZE_HALF_PIXEL_SYMMETRIC:
        return in / 2.0 * (1 - out / length) + along(r, axis, in, out, o + 0.5) - 0.5;
    case RESIZE_HALF_PIXEL:
        break;
    }
    return along(r, axis, in, out, o + 0.5) - 0.5;
}

double resize_nearest(const struct resizing *r, double at)
{
    switch ((enum resize_nearest)r->nearest_mode) {
    case RESIZE_FLOOR: return floor(at);
    case RESIZE_CEIL: return ceil(at);
    case RESIZE_ROUND_PREFER_CEIL: return floor(at + 0.5);
    case RESIZE_ROUND_PREFER_FLOOR: break;
    }
    return ceil(at - 0.5);
}

double resize_cubic(const struct resizing *r, double d)
{
    double a = (double)r->cubic_coeff_a;

    d = fabs(d);
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/* ---- shape ----------------------------------------------------------------------------------- */

/* Exactly one of the two keys says how large the output is. */
static bool one_is_given(struct graph *g, struct node *node, struct diag *diag)
{
    const struct resizing *r = node->attr;

    if (!r->size[0] && !r->scales.n)
        diag_error(diag, DIAG_MISSING_KEY, node->at,
                   "layer %s needs a size, [height, width] of its output, or scales",
                   node_title(g, node));
    else if (r->size[0] && r->scales.n)
        diag_error(diag, DIAG_CONFLICTING_KEYS, node_attr_at(node, "scales"),
                   "layer %s has a size and scales: one of them decides where pixels lie",
                   node_title(g, node));
    else if (r->scales.n > 2)
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "scales"),
                   "layer %s has %d scales, but an image has a height and a width",
                   node_title(g, node), r->scales.n);
    else
        return true;
    return false;
}

/* The extent that a scale makes, in single precision as ONNX computes it: 10 times 0.7 is 7. False
 * after an error. */
static bool scaled_extent(struct graph *g, struct node *node, int axis, int *to, struct diag *diag)
{
    struct resizing *r = node->attr;
    float scale = r->scales.at[axis < r->scales.n ? axis : 0];
    float extent = floorf((float)in_shape(node, 0)->dim[axis] * scale);

    r->scale[axis] = (double)scale;
    if (extent < 1)
        diag_error(diag, DIAG_EMPTY_OUTPUT, node_attr_at(node, "scales"),
                   "nothing is left of the %s of %s in layer %s: %d times %.9g is less than 1",
                   axis ? "width" : "height", input_words(g, node, 0, diag), node_title(g, node),
                   in_shape(node, 0)->dim[axis], (double)scale);
    else if (extent > MAX_WINDOW)
        diag_error(diag, DIAG_TENSOR_TOO_LARGE, node_attr_at(node, "scales"),
                   "layer %s would make a %s of %.9g of its input %s: at most %d is possible",
                   node_title(g, node), axis ? "width" : "height", (double)extent,
                   input_words(g, node, 0, diag), MAX_WINDOW);
    else
        *to = (int)extent;
    return extent >= 1 && extent <= MAX_WINDOW;
}

static void resize_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct resizing *r = node->attr;
    int out[2] = {r->size[0], r->size[1]};

    if (!need_rank(node, 0, 3, diag) || !one_is_given(g, node, diag))
        return;
    for (int a = 0; a < 2 && r->scales.n; a++)
        if (!scaled_extent(g, node, a, &out[a], diag))
            return;
    set_shape(g, node, image_shape(out[0], out[1], last_dim(in_shape(node, 0))), diag);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

enum { NEAR = 4 };           /* elements of an axis that go into one of the output, at most */

/* The weights of the elements from first on; those that the border is continued with are added to
 * its own. */
struct near { int first, n; double weight[NEAR]; };

/* What the element at index i, which may lie outside, counts at a place. */
static double share(const struct resizing *r, double at, double i)
{
    switch ((enum resize_mode)r->mode) {
    case RESIZE_NEAREST: return i == resize_nearest(r, at);
    case RESIZE_LINEAR: return fmax(1 - fabs(at - i), 0);
    case RESIZE_CUBIC: break;
    }
    return resize_cubic(r, at - i);
}

static struct near near_of(const struct resizing *r, int axis, int in, int out, int o)
{
    double at = resize_origin(r, axis, in, out, o);
    int low = (int)floor(at) - 1;
    bool excludes = r->exclude_outside && r->mode == RESIZE_CUBIC;
    struct near k = {.first = low < 0 ? 0 : low};
    double sum = 0;

    if (k.first > in - 1)
        k.first = in - 1;
    for (int i = low; i < low + NEAR; i++) {
        int inside = i < 0 ? 0 : i >= in ? in - 1 : i;

        if (excludes && inside != i)
            continue;
        k.weight[inside - k.first] += share(r, at, i);
        sum += share(r, at, i);
        k.n = inside - k.first + 1 > k.n ? inside - k.first + 1 : k.n;
    }
    for (int i = 0; i < k.n && excludes; i++)
        k.weight[i] /= sum;
    return k;
}

/* A kernel may make the sum of each row first, which may overflow where the whole does not: infinite
 * rows then make an infinity or, with weights of both signs, NaN. Each element is multiplied twice, with
 * weights that are rounded, and added twice. */
static void mix(const struct near *h, const struct near *w, const struct tval *in, int c, double *v,
                double *e)
{
    double all = 0;
    double largest = 0;

    *v = 0;
    *e = 0;
    for (int i = 0; i < h->n; i++) {
        double row = 0;

        for (int j = 0; j < w->n; j++) {
            double weight = h->weight[i] * w->weight[j];
            int64_t x = ((int64_t)(h->first + i) * in->shape.dim[1] + w->first + j) *
                        in->shape.dim[2] + c;

            if (weight == 0)
                continue;
            *v += weight * in->v[x];
            *e += fabs(weight) * in->e[x];
            row += fabs(w->weight[j]) * (finite_magnitude(in->v[x]) + in->e[x]);
        }
        all += fabs(h->weight[i]) * row;
        largest = fmax(largest, row);
    }
    *e += sum_error(3 * NEAR, all) + 0x1p-144;
    bool overflows = h->n > 1 && !isnan(*v) && largest + *e > (double)FLT_MAX;
    *e = overflows ? INFINITY : sum_bound(*v, *e, fmax(all, largest));
}

/* Nearest moves values: they come out as they are. */
static void take(const struct near *h, const struct near *w, const struct tval *in, int c,
                 double *v, double *e)
{
    int row = h->first + h->n - 1;
    int column = w->first + w->n - 1;
    int64_t x;

    while (h->weight[row - h->first] == 0)
        row--;
    while (w->weight[column - w->first] == 0)
        column--;
    x = ((int64_t)row * in->shape.dim[1] + column) * in->shape.dim[2] + c;
    *v = in->v[x];
    *e = in->e[x];
}

static void resize_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct resizing *r = node->attr;
    const int *from = in->shape.dim;
    const int *to = out->shape.dim;
    int64_t at = 0;

    for (int oh = 0; oh < to[0]; oh++) {
        struct near h = near_of(r, 0, from[0], to[0], oh);

        for (int ow = 0; ow < to[1]; ow++) {
            struct near w = near_of(r, 1, from[1], to[1], ow);

            for (int c = 0; c < to[2]; c++, at++)
                (r->mode == RESIZE_NEAREST ? take : mix)(&h, &w, in, c, &out->v[at], &out->e[at]);
        }
    }
    drop_nonfinite(out);
}

/* ---- definition ------------------------------------------------------------------------------ */

static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
static const char *const coordinates[] = {"half_pixel", "half_pixel_symmetric",
    "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn", NULL};
static const char *const nearest_modes[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
    "ceil", NULL};

/* With a cubic_coeff_a of at most 0, the weights that exclude_outside leaves have a sum above 0. */
static const struct attr_def resize_attrs[] = {
    {"size", ATTR_PAIR, AT(resizing, size), "", 1, MAX_WINDOW, NULL,
     "height and width of the output; or scales"},
    {"scales", ATTR_FLOATS, AT(resizing, scales), "", 1e-9, MAX_WINDOW, NULL,
     "how many times higher and wider: the output is the whole part of that, and places are "
     "computed from it, not from the ratio of the sizes"},
    {"mode", ATTR_WORD, AT(resizing, mode), "nearest", 0, 0, modes, "one, four or sixteen pixels"},
    {"coordinates", ATTR_WORD, AT(resizing, coordinates), "half_pixel", 0, 0, coordinates,
     "where a pixel of the output lies in the input: ONNX's coordinate_transformation_mode"},
    {"nearest_mode", ATTR_WORD, AT(resizing, nearest_mode), "round_prefer_floor", 0, 0,
     nearest_modes, "which pixel is the nearest"},
    {"cubic_coeff_a", ATTR_FLOAT, AT(resizing, cubic_coeff_a), "-0.75", -1, 0, NULL,
     "of the cubic kernel"},
    {"exclude_outside", ATTR_BOOL, AT(resizing, exclude_outside), "false", 0, 0, NULL,
     "cubic: whether pixels outside count nothing rather than as the border's"},
    ATTRS_END
};

const struct op_def op_resize = {
    .type = "Resize", .stem = "resize", .doc = "an image of another size, as ONNX's Resize",
    .family = FAMILY_RESIZE, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct resizing), .attrs = resize_attrs, .shape = resize_shape,
    .eval = resize_eval,
};
