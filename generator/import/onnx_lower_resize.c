/* Resize and Upsample. */
#include <math.h>
#include <string.h>

#include "onnx_layout.h"

struct resize {
    const char *mode, *coordinates, *nearest;
    double scale[ONNX_MAX_RANK];     /* given, or the ratio of the sizes */
    bool exact;                      /* the scales are the ratios */
};

/* The scales that are given, by dimension; those of the sizes where none are. */
static void read_scales(struct onnx *m, const struct onnx_node *n, struct resize *r)
{
    const struct onnx_dims *in = &n->in.at[0]->dims, *out = &n->out.at[0]->dims;
    bool old = !strcmp(n->type, "Upsample") || m->opset < 11;
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
static bool is_known(struct lower *lo, struct onnx_node *n, const char *what, const char *word,
        const char *const *known)
{
    for (; *known; known++)
        if (!strcmp(*known, word))
            return true;
    return onnx_refuse(lo->m, n, "%s '%s' is not supported", what, onnx_quoted(lo->m, word));
}

static bool words_known(struct lower *lo, struct onnx_node *n, const struct resize *r)
{
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    static const char *const coordinates[] = {"half_pixel", "half_pixel_symmetric",
        "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn", NULL};
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
        "ceil", NULL};
    return is_known(lo, n, "mode", r->mode, modes) &&
           is_known(lo, n, "coordinate_transformation_mode", r->coordinates, coordinates) &&
           is_known(lo, n, "nearest_mode", r->nearest, nearest) &&
           is_known(lo, n, "keep_aspect_ratio_policy",
                   onnx_word(n, "keep_aspect_ratio_policy", "stretch"),
                   (const char *const[]){"stretch", NULL});
}

static bool read_words(struct lower *lo, struct onnx_node *n, struct resize *r)
{
    bool old = !strcmp(n->type, "Upsample") || lo->m->opset < 11;
    r->mode = onnx_word(n, "mode", "nearest");
    r->coordinates = onnx_word(n, "coordinate_transformation_mode",
            old ? "asymmetric" : "half_pixel");
    r->nearest = onnx_word(n, "nearest_mode", old ? "floor" : "round_prefer_floor");
    if (!strcmp(r->mode, "bilinear"))
        r->mode = "linear";
    if (onnx_int(n, "antialias", 0))
        return onnx_refuse(lo->m, n, "antialias");
    return words_known(lo, n, r);
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

static void write_words(struct onnx_node *n, struct wlayer *l, const struct resize *r)
{
    layer_word(l, "mode", r->mode);
    layer_word(l, "coordinates", r->coordinates);
    if (!strcmp(r->mode, "nearest"))
        layer_word(l, "nearest_mode", r->nearest);
    if (!strcmp(r->mode, "cubic")) {
        layer_float(l, "cubic_coeff_a", onnx_float(n, "cubic_coeff_a", -0.75f));
        if (onnx_int(n, "exclude_outside", 0))
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

bool onnx_lower_resize(struct lower *lo, struct onnx_node *n)
{
    const struct onnx_dims *in = &n->in.at[0]->dims, *out = &n->out.at[0]->dims;
    struct resize r;
    struct view view, to;
    if (in->rank != 4 || in->at[0] != out->at[0] || in->at[1] != out->at[1] ||
            (lo->batch == 1 && in->at[0] != 1))
        return onnx_refuse(lo->m, n, "%s to %s; height and width of images can be resized",
                onnx_dims_text(lo->pool, in), onnx_dims_text(lo->pool, out));
    read_scales(lo->m, n, &r);
    if (!read_words(lo, n, &r))
        return false;
    view.dims = *in;
    to.dims = *out;
    place_channels_last(4, view.perm);
    place_channels_last(4, to.perm);
    place_view(lo, &view, 14, 0);
    place_view(lo, &to, 14, 0);
    const char *name = place_arrange(lo, n, n->in.at[0], &view);
    if (!name)
        return false;
    bool whole = is_upsampling(n, &r);
    struct wlayer *l = lower_layer(lo, whole ? "UpSampling2D" : "Resize", n->out.at[0]);
    layer_input(l, name);
    if (whole) {
        write_upsampling(n, l, &r);
    } else {
        write_size(l, &r, out);
        write_words(n, l, &r);
    }
    place_set(lo, n->out.at[0], l, &to);
    return true;
}
