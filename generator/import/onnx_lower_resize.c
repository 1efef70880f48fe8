/* Resize, Upsample, GridSample. */
#include <math.h>
#include <string.h>

#include "onnx_layout.h"
#include "ops/families.h"

struct resize {
    const char *mode, *coordinates, *nearest;
    double scale[ONNX_MAX_RANK];     /* given, or the ratio of the sizes */
    bool exact;                      /* the scales are the ratios */
    struct resizing as;              /* the words, and the coefficient, as the layer has them */
};

/* The scales that are given, by dimension; those of the sizes where none are. */
static void read_scales(const struct onnx_node *n, struct resize *r)
{
    const struct onnx_dims *in = &n->in.at[0]->dims, *out = &n->out.at[0]->dims;
    bool old = !strcmp(n->type, "Upsample") || n->opset < 11;
    const struct onnx_value *v = onnx_in(n, old ? 1 : 2);
    const struct onnx_attr *a = onnx_attr(n, "scales");
    int given;
    const int64_t *axes = onnx_ints(n, "axes", &given);
    r->exact = true;
    for (int i = 0; i < in->rank; i++)
        r->scale[i] = (double)out->at[i] / (double)in->at[i];
    for (int i = 0, axis; i < (axes ? given : in->rank); i++) {
        double s = v && i < onnx_size(&v->dims) ? onnx_number(v, i) : a ? (double)a->floats[i] : 0;
        if (s <= 0 || !onnx_axis(in, axes ? axes[i] : i, &axis))
            continue;
        r->exact = r->exact && s * (double)in->at[axis] == (double)out->at[axis];
        r->scale[axis] = s;
    }
}

/* Words of the file that are known: others are refused, never written. */
static bool find_word(struct lower *lo, struct onnx_node *n, const char *what, const char *word,
        const char *const *known, int *to)
{
    for (*to = 0; known[*to]; ++*to)
        if (!strcmp(known[*to], word))
            return true;
    return onnx_refuse(lo->m, n, "%s '%s' is not supported", what, onnx_quoted(lo->m, word));
}

/* The lists are in the order of the layer's. */
static bool find_words(struct lower *lo, struct onnx_node *n, struct resize *r)
{
    int stretch;
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    static const char *const coordinates[] = {"half_pixel", "half_pixel_symmetric",
        "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn", NULL};
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
        "ceil", NULL};
    return find_word(lo, n, "mode", r->mode, modes, &r->as.mode) &&
           find_word(lo, n, "coordinate_transformation_mode", r->coordinates, coordinates,
                   &r->as.coordinates) &&
           find_word(lo, n, "nearest_mode", r->nearest, nearest, &r->as.nearest_mode) &&
           find_word(lo, n, "keep_aspect_ratio_policy",
                   onnx_word(n, "keep_aspect_ratio_policy", "stretch"),
                   (const char *const[]){"stretch", NULL}, &stretch);
}

static bool read_words(struct lower *lo, struct onnx_node *n, struct resize *r)
{
    bool old = !strcmp(n->type, "Upsample") || n->opset < 11;
    r->mode = onnx_word(n, "mode", "nearest");
    r->coordinates = onnx_word(n, "coordinate_transformation_mode",
            old ? "asymmetric" : "half_pixel");
    r->nearest = onnx_word(n, "nearest_mode", old ? "floor" : "round_prefer_floor");
    if (!strcmp(r->mode, "bilinear"))
        r->mode = "linear";
    if (onnx_int(n, "antialias", 0))
        return onnx_refuse(lo->m, n, "antialias");
    r->as.cubic_coeff_a = onnx_float(n, "cubic_coeff_a", -0.75f);
    r->as.exclude_outside = onnx_int(n, "exclude_outside", 0) && !strcmp(r->mode, "cubic");
    if (!(fabsf(r->as.cubic_coeff_a + 0.5f) <= 0.5f))
        return onnx_refuse(lo->m, n, "cubic_coeff_a beyond -1 to 0");
    return find_words(lo, n, r);
}

static void write_size(struct wlayer *l, const struct resize *r, const struct onnx_dims *out)
{
    int64_t size[2] = {out->at[2], out->at[3]};
    float scale[2] = {(float)r->scale[2], (float)r->scale[3]};
    if (r->exact)
        layer_ints(l, "size", 2, size);
    else
        layer_floats(l, "scales", 2, scale);
}

static void write_words(struct wlayer *l, const struct resize *r)
{
    layer_word(l, "mode", r->mode);
    layer_word(l, "coordinates", r->coordinates);
    if (!strcmp(r->mode, "nearest"))
        layer_word(l, "nearest_mode", r->nearest);
    if (!strcmp(r->mode, "cubic")) {
        layer_float(l, "cubic_coeff_a", r->as.cubic_coeff_a);
        if (r->as.exclude_outside)
            layer_bool(l, "exclude_outside", true);
    }
}

/* Repeated pixels, or bilinear with half-pixel centres, by whole factors: UpSampling2D. */
static bool is_upsampling(const struct onnx_node *n, const struct resize *r)
{
    bool nearest = !strcmp(r->mode, "nearest");
    bool half = strstr(r->coordinates, "half_pixel") && strncmp(r->coordinates, "tf_", 3);
    bool floors = !strcmp(r->coordinates, "asymmetric") && !strcmp(r->nearest, "floor");
    bool rounds = half && !strncmp(r->nearest, "round_prefer", 12);
    for (int i = 2; i < 4; i++) {
        double factor = (double)n->out.at[0]->dims.at[i] / (double)n->in.at[0]->dims.at[i];
        if (factor != floor(factor))
            return false;
    }
    return r->exact && (nearest ? floors || rounds : !strcmp(r->mode, "linear") && half);
}

static void write_upsampling(struct onnx_node *n, struct wlayer *l, const struct resize *r)
{
    const int64_t *in = n->in.at[0]->dims.at, *out = n->out.at[0]->dims.at;
    int64_t factor[2] = {out[2] / in[2], out[3] / in[3]};
    layer_ints(l, "size", 2, factor);
    if (strcmp(r->mode, "nearest"))
        layer_word(l, "interpolation", "bilinear");
}

/* ---- by matrices ----------------------------------------------------------------------------- */

enum { TAPS = 4 };

/* The elements that go into one of the result, from the returned index on, and their weights. */
static int64_t taps_of(const struct resizing *r, double x, double *weight)
{
    double first = floor(x);
    memset(weight, 0, TAPS * sizeof *weight);
    if (r->mode == RESIZE_NEAREST) {
        weight[0] = 1;
        return (int64_t)resize_nearest(r, x);
    }
    if (r->mode == RESIZE_LINEAR) {
        weight[1] = x - first;
        weight[0] = 1 - weight[1];
        return (int64_t)first;
    }
    for (int k = 0; k < TAPS; k++)
        weight[k] = resize_cubic(r, x - (first - 1 + k));
    return (int64_t)first - 1;
}

/* [in, out]: what each element of the result takes of those of the input. */
static const float *resize_matrix(struct lower *lo, const struct resizing *r, int64_t in,
        int64_t out)
{
    float *m = NEW_ARRAY(lo->pool, float, in * out);
    lo->weights += in * out;
    for (int64_t o = 0; o < out; o++) {
        double weight[TAPS], sum = 0;
        int64_t first = taps_of(r, resize_origin(r, 0, (int)in, (int)out, (int)o), weight);
        for (int k = 0; k < TAPS; k++) {
            bool outside = first + k < 0 || first + k >= in;
            weight[k] = outside && r->exclude_outside ? 0 : weight[k];
            sum += weight[k];
        }
        for (int k = 0; k < TAPS; k++) {
            int64_t i = onnx_clamp(first + k, 0, in - 1);
            m[i * out + o] += (float)(r->exclude_outside ? weight[k] / sum : weight[k]);
        }
    }
    return m;
}

/* Along one axis: it is made the last one, for a Dense layer. */
static bool resize_axis(struct lower *lo, struct onnx_node *n, const struct resize *r,
        struct onnx_value *x, struct onnx_value *y, int axis)
{
    int64_t in = x->dims.at[axis], out = y->dims.at[axis];
    struct view view = {.dims = x->dims};
    place_order(lo, x, &view.dims, view.perm);
    place_last(&view, axis);
    if (!place_view(lo, &view, 1u << axis, ~0u))
        return onnx_refuse(lo->m, n, "it takes more than %d dimensions", LIMIT_RANK);
    const char *name = place_arrange(lo, n, x, &view);
    if (!name)
        return false;
    struct wlayer *l = lower_layer(lo, "Dense", y);
    struct shape kernel = {2, {(int)in, (int)out}};
    struct resizing along = r->as;
    along.scale[0] = r->exact ? 0 : r->scale[axis];
    layer_input(l, name);
    layer_int(l, "units", out);
    layer_bool(l, "use_bias", false);
    layer_weight(l, "kernel", kernel, resize_matrix(lo, &along, in, out));
    view.dims.at[axis] = out;
    view.shape.dim[view.where[axis]] = (int)out;
    place_set(lo, y, l, &view);
    return true;
}

enum { MAX_MATRIX = 1 << 22 };       /* elements of one: 16 MiB */

/* What is no image, or a larger one than the layer makes: resizing is linear and goes
 * axis by axis, so each is a product with a matrix. */
static bool resize_by_matrices(struct lower *lo, struct onnx_node *n, const struct resize *r)
{
    struct onnx_value *x = n->in.at[0], *y = n->out.at[0];
    int last = -1;
    for (int i = 0; i < x->dims.rank; i++) {
        if (r->scale[i] == 1)
            continue;
        if (lower_is_batch(lo, i) || x->dims.at[i] * y->dims.at[i] > MAX_MATRIX)
            return onnx_refuse(lo->m, n, "%s to %s", onnx_dims_text(lo->pool, &x->dims),
                    onnx_dims_text(lo->pool, &y->dims));
        last = i;
    }
    if (last < 0)
        return onnx_lower_alias(lo, n);
    for (int i = 0; i <= last; i++) {
        if (r->scale[i] == 1)
            continue;
        struct onnx_value *to = i == last ? y : onnx_value_new(lo->m, y->name);
        if (i != last) {
            to->dims = x->dims;
            to->dims.at[i] = y->dims.at[i];
            to->users = 1;
        }
        if (!resize_axis(lo, n, r, x, to, i))
            return false;
        x = to;
    }
    return true;
}

/* ---- by a layer ------------------------------------------------------------------------------ */

static bool is_image(const struct lower *lo, const struct onnx_node *n)
{
    const struct onnx_dims *in = &n->in.at[0]->dims, *out = &n->out.at[0]->dims;
    return in->rank == 4 && in->at[0] == out->at[0] && in->at[1] == out->at[1] &&
           (lo->batch > 1 || in->at[0] == 1);
}

/* What the layer makes is as large as its table of arguments says. */
static bool is_in_range(const struct onnx_node *n)
{
    const struct attr_def *a = op_defs[OP_RESIZE]->attrs;
    const int64_t *out = n->out.at[0]->dims.at;
    while (strcmp(a->key, "size"))
        a++;
    return (double)out[2] <= a->max && (double)out[3] <= a->max;
}

bool onnx_lower_resize(struct lower *lo, struct onnx_node *n)
{
    struct resize r = {0};
    struct view view = {.dims = n->in.at[0]->dims}, to = {.dims = n->out.at[0]->dims};
    read_scales(n, &r);
    if (!read_words(lo, n, &r))
        return false;
    bool whole = is_image(lo, n) && is_upsampling(n, &r);
    if (!is_image(lo, n) || (!whole && !is_in_range(n)))
        return resize_by_matrices(lo, n, &r);
    place_channels_last(4, view.perm);
    place_channels_last(4, to.perm);
    place_view(lo, &view, 14, 0);
    place_view(lo, &to, 14, 0);
    const char *name = place_arrange(lo, n, n->in.at[0], &view);
    if (!name)
        return false;
    struct wlayer *l = lower_layer(lo, whole ? "UpSampling2D" : "Resize", n->out.at[0]);
    layer_input(l, name);
    if (whole) {
        write_upsampling(n, l, &r);
    } else {
        write_size(l, &r, &n->out.at[0]->dims);
        write_words(l, &r);
    }
    place_set(lo, n->out.at[0], l, &to);
    return true;
}

/* ---- GridSample ------------------------------------------------------------------------------ */

static const char *const grid_modes[] = {"linear", "nearest", "cubic", NULL};
static const char *const grid_paddings[] = {"zeros", "border", "reflection", NULL};

/* Before opset 20 the modes had other names. */
static bool grid_words(struct lower *lo, struct onnx_node *n, int *mode, int *padding)
{
    const char *word = onnx_word(n, "mode", "linear");
    word = !strcmp(word, "bilinear") ? "linear" : !strcmp(word, "bicubic") ? "cubic" : word;
    return find_word(lo, n, "mode", word, grid_modes, mode) &&
           find_word(lo, n, "padding_mode", onnx_word(n, "padding_mode", "zeros"), grid_paddings,
                   padding);
}

bool onnx_lower_grid_sample(struct lower *lo, struct onnx_node *n)
{
    struct view image = {.dims = n->in.at[0]->dims}, to = {.dims = n->out.at[0]->dims};
    struct view grid = {.dims = n->in.at[1]->dims, .perm = {0, 1, 2, 3}};
    int mode, padding;
    if (lo->batch == 1 && image.dims.at[0] != 1)
        return onnx_refuse(lo->m, n, "%s is no batch of images of the network's inputs",
                onnx_dims_text(lo->pool, &image.dims));
    if (!grid_words(lo, n, &mode, &padding))
        return false;
    place_channels_last(4, image.perm);
    place_channels_last(4, to.perm);
    place_view(lo, &image, 14, 0);
    place_view(lo, &to, 14, 0);
    place_view(lo, &grid, 14, 0);
    const char *x = place_arrange(lo, n, n->in.at[0], &image);
    const char *places = x ? place_arrange(lo, n, n->in.at[1], &grid) : NULL;
    if (!places)
        return false;
    struct wlayer *l = lower_layer(lo, "GridSample", n->out.at[0]);
    layer_input(l, x);
    layer_input(l, places);
    if (mode)
        layer_word(l, "mode", grid_modes[mode]);
    if (padding)
        layer_word(l, "padding_mode", grid_paddings[padding]);
    if (onnx_int(n, "align_corners", 0))
        layer_bool(l, "align_corners", true);
    place_set(lo, n->out.at[0], l, &to);
    return true;
}
