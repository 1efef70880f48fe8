/* UpSampling2D. */
#include "common.h"

static void upsampling_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct upsampling *u = node->attr;
    const struct shape *in = in_shape(node, 0);

    if (!need_rank(node, 0, 3, diag))
        return;
    for (int a = 0; a < 2; a++)
        if (in->dim[a] > MAX_EXTENT / u->size[a]) {
            diag_error(diag, DIAG_TENSOR_TOO_LARGE, node_attr_at(node, "size"),
                       "layer %s would make %d times %d pixels of its input %s",
                       node_title(g, node), u->size[a], in->dim[a], input_words(g, node, 0, diag));
            return;
        }
    set_shape(g, node, image_shape(in->dim[0] * u->size[0], in->dim[1] * u->size[1], in->dim[2]),
              diag);
}

/* The two input elements that an output element of one axis lies between, and the share of the
 * second: elements are points at the centres of their pixels, and the border is continued. */
struct between { int lo, hi; double share; };

static struct between locate(int o, int size, int in, bool bilinear)
{
    double at = (o + 0.5) / size - 0.5;
    int lo = (int)floor(at);
    struct between b = {lo < 0 ? 0 : lo, lo + 1 < in ? lo + 1 : in - 1, at - lo};

    if (!bilinear)
        b = (struct between){o / size, o / size, 0};
    return b;
}

/* Whatever the form, a + (b - a) * share or weighted sum, the roundings are relative to the largest
 * of the four. */
static void blend(const struct between *h, const struct between *w, const struct tval *in, int c,
                  double *v, double *e)
{
    int hs[2] = {h->lo, h->hi};
    int ws[2] = {w->lo, w->hi};
    double magnitude = 0;

    *v = 0;
    *e = 0;
    for (int i = 0; i < 4; i++) {
        double share = (i / 2 ? h->share : 1 - h->share) * (i % 2 ? w->share : 1 - w->share);
        int64_t x = ((int64_t)hs[i / 2] * in->shape.dim[1] + ws[i % 2]) * in->shape.dim[2] + c;

        if (share <= 0)
            continue;
        *v += share * in->v[x];
        *e += share * in->e[x];
        magnitude = fmax(magnitude, finite_magnitude(in->v[x]) + in->e[x]);
    }
    *e = sum_bound(*v, *e + sum_error(5, magnitude) + 0x1p-147, magnitude);
}

static void upsampling_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct upsampling *u = node->attr;
    int64_t at = 0;

    for (int oh = 0; oh < out->shape.dim[0]; oh++) {
        struct between h = locate(oh, u->size[0], in->shape.dim[0], u->bilinear);

        for (int ow = 0; ow < out->shape.dim[1]; ow++) {
            struct between w = locate(ow, u->size[1], in->shape.dim[1], u->bilinear);

            for (int c = 0; c < out->shape.dim[2]; c++, at++) {
                int64_t x = ((int64_t)h.lo * in->shape.dim[1] + w.lo) * in->shape.dim[2] + c;

                out->v[at] = in->v[x];
                out->e[at] = in->e[x];
                if (u->bilinear)
                    blend(&h, &w, in, c, &out->v[at], &out->e[at]);
            }
        }
    }
    drop_nonfinite(out);
}

static const char *const interpolations[] = {"nearest", "bilinear", NULL};

static const struct attr_def upsampling_attrs[] = {
    {"size", ATTR_PAIR, AT(upsampling, size), "2", 1, MAX_WINDOW, NULL,
     "how many times higher and wider"},
    {"interpolation", ATTR_WORD, AT(upsampling, bilinear), "nearest", 0, 0, interpolations,
     "nearest repeats pixels; bilinear has half-pixel centres, as PyTorch's align_corners: false"},
    ATTRS_END
};

const struct op_def op_up_sampling2d = {
    .type = "UpSampling2D", .stem = "up_sampling2d", .doc = "enlarges the image by whole factors",
    .family = FAMILY_UPSAMPLE, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct upsampling), .attrs = upsampling_attrs, .shape = upsampling_shape,
    .eval = upsampling_eval,
};
