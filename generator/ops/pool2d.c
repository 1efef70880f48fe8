/* MaxPooling2D, AveragePooling2D and their global forms. */
#include "common.h"

/* ---- shapes ---------------------------------------------------------------------------------- */

/* The first of the elements x, x + d, x + 2 d ... that isn't before the input. */
static int first_inside(int x, int d)
{
    return x < 0 ? x + (d - 1 - x) / d * d : x;
}

/* Windows with holes may step over all of a short input: of nothing there is no maximum. */
static bool check_dilation(struct graph *g, struct node *node, const struct window *w,
                           struct diag *diag)
{
    for (int a = 0; a < 2; a++)
        for (int o = 0; w->dilation[a] > 1 && o < w->out[a]; o++) {
            int x = o * w->strides[a] - w->pad[2 * a];
            int first = first_inside(x, w->dilation[a]);

            if (first < in_shape(node, 0)->dim[a] && first <= x + (w->size[a] - 1) * w->dilation[a])
                continue;
            diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "dilation_rate"),
                       "a window of layer %s has no element of its input %s: with dilation_rate "
                       "%d it steps over all of %s",
                       node_title(g, node), input_words(g, node, 0, diag), w->dilation[a],
                       a ? "its columns" : "its rows");
            note_maker(g, node, 0, diag);
            return false;
        }
    return true;
}

/* Explicit padding must leave each window an element of the input, too. */
static bool check_padding(struct graph *g, struct node *node, const struct pool2d *p,
                          struct diag *diag)
{
    for (int i = 0; p->padding.kind == PAD_EXPLICIT && i < 4; i++)
        if (p->dilation[i / 2] == 1 && p->padding.border[i] >= p->size[i / 2]) {
            diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "padding"),
                       "padding %d of layer %s must be less than its pool_size, %d",
                       p->padding.border[i], node_title(g, node), p->size[i / 2]);
            return false;
        }
    return true;
}

static void pool_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct pool2d *p = node->attr;
    struct window w = {.key = "pool_size", .what = "window", .size = {p->size[0], p->size[1]},
                       .padding = &p->padding, .ceil_mode = p->ceil_mode};

    for (int a = 0; a < 2; a++)
        w.dilation[a] = p->dilation[a] = p->dilation[a] ? p->dilation[a] : 1;
    for (int a = 0; a < 2; a++)
        w.strides[a] = p->strides[a] = p->strides[a] ? p->strides[a] : p->size[a];
    p->is_max = node->op == OP_MAX_POOLING2D;
    if (!need_rank(node, 0, 3, diag) || !check_padding(g, node, p, diag) ||
        !window_resolve(g, node, &w, diag) || !check_dilation(g, node, &w, diag))
        return;
    for (int i = 0; i < 4; i++)
        p->pad[i] = w.pad[i];
    set_shape(g, node, image_shape(w.out[0], w.out[1], in_shape(node, 0)->dim[2]), diag);
}

static void global_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct pool2d *p = node->attr;
    int c;

    if (!need_rank(node, 0, 3, diag))
        return;
    p->is_max = node->op == OP_GLOBAL_MAX_POOLING2D;
    p->is_global = true;
    for (int a = 0; a < 2; a++) {
        p->size[a] = p->strides[a] = in_shape(node, 0)->dim[a];
        p->dilation[a] = 1;
    }
    c = in_shape(node, 0)->dim[2];
    set_shape(g, node, p->keepdims ? image_shape(1, 1, c) : vector_shape(c), diag);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* A window's part on the input, rows h0 <= h < h1 and columns w0 <= w < w1 in steps of the
 * dilation, and what an average divides by. With ceil_mode, the last window may reach beyond the
 * padding: that part never counts. */
struct part { int h0, h1, w0, w1, dh, dw; double count; };

static int at_most(int a, int b) { return a < b ? a : b; }

static struct part window_part(const struct pool2d *p, const struct shape *in, int oh, int ow)
{
    int h = oh * p->strides[0] - p->pad[0];
    int w = ow * p->strides[1] - p->pad[2];
    struct part a = {
        .h0 = first_inside(h, p->dilation[0]),
        .h1 = at_most(h + (p->size[0] - 1) * p->dilation[0] + 1, in->dim[0]),
        .w0 = first_inside(w, p->dilation[1]),
        .w1 = at_most(w + (p->size[1] - 1) * p->dilation[1] + 1, in->dim[1]),
        .dh = p->dilation[0], .dw = p->dilation[1],
    };

    if (p->count_include_pad)
        a.count = (double)(at_most(h + p->size[0], in->dim[0] + p->pad[1]) - h) *
                  (at_most(w + p->size[1], in->dim[1] + p->pad[3]) - w);
    else
        a.count = (double)(a.h1 - a.h0) * (a.w1 - a.w0);
    return a;
}

static void max_window(const struct part *a, const struct tval *in, int c, double *v, double *e)
{
    *v = -INFINITY;
    *e = 0;
    for (int h = a->h0; h < a->h1; h += a->dh)
        for (int w = a->w0; w < a->w1; w += a->dw) {
            int64_t x = ((int64_t)h * in->shape.dim[1] + w) * in->shape.dim[2] + c;

            if (in->v[x] > *v || isnan(in->v[x]))
                *v = in->v[x];
            if (in->e[x] > *e)
                *e = in->e[x];
        }
}

static void average_window(const struct part *a, const struct tval *in, int c, double *v, double *e)
{
    double s = 0;
    double magnitude = 0;
    double error = 0;

    for (int h = a->h0; h < a->h1; h++)
        for (int w = a->w0; w < a->w1; w++) {
            int64_t x = ((int64_t)h * in->shape.dim[1] + w) * in->shape.dim[2] + c;

            s += in->v[x];
            error += in->e[x];
            magnitude += finite_magnitude(in->v[x]) + in->e[x];
        }
    error += sum_error(a->count, magnitude);
    *v = s / a->count;
    *e = inner_sum_bound(s, error, magnitude) / a->count + 0x1p-149;
}

static void pool_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct pool2d *p = node->attr;
    int oh_count = p->is_global ? 1 : out->shape.dim[0];
    int ow_count = p->is_global ? 1 : out->shape.dim[1];
    int channels = in->shape.dim[2];
    int64_t at = 0;

    for (int oh = 0; oh < oh_count; oh++)
        for (int ow = 0; ow < ow_count; ow++) {
            struct part a = window_part(p, &in->shape, oh, ow);

            for (int c = 0; c < channels; c++, at++)
                (p->is_max ? max_window : average_window)(&a, in, c, &out->v[at], &out->e[at]);
        }
    drop_nonfinite(out);
}

/* ---- definitions ----------------------------------------------------------------------------- */

#define POOL_ATTRS \
    {"pool_size", ATTR_PAIR, AT(pool2d, size), "2", 1, MAX_WINDOW, NULL, \
     "height and width of the window"}, \
    {"strides", ATTR_PAIR, AT(pool2d, strides), "", 1, MAX_WINDOW, NULL, \
     "steps of the window down and to the right; default: pool_size"}, \
    {"padding", ATTR_PADDING, AT(pool2d, padding), "valid", 0, 0, NULL, \
     "valid, same (as TensorFlow), or pixels; padding never is a maximum"}, \
    {"ceil_mode", ATTR_BOOL, AT(pool2d, ceil_mode), "false", 0, 0, NULL, \
     "PyTorch's: a last window that reaches beyond the image counts too"}

static const struct attr_def max_attrs[] = {
    POOL_ATTRS,
    {"dilation_rate", ATTR_PAIR, AT(pool2d, dilation), "1", 1, MAX_WINDOW, NULL,
     "distance of a window's elements; PyTorch's dilation"},
    ATTRS_END
};

const struct op_def op_max_pooling2d = {
    .type = "MaxPooling2D", .alias = "MaxPool2D", .stem = "max_pooling2d",
    .doc = "maximum of each window; NaN wins",
    .family = FAMILY_POOL2D, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct pool2d), .attrs = max_attrs, .shape = pool_shape, .eval = pool_eval,
};

static const struct attr_def average_attrs[] = {
    POOL_ATTRS,
    {"count_include_pad", ATTR_BOOL, AT(pool2d, count_include_pad), "false", 0, 0, NULL,
     "PyTorch's: padding counts as zeros; in Keras it does not count"},
    ATTRS_END
};

const struct op_def op_average_pooling2d = {
    .type = "AveragePooling2D", .alias = "AvgPool2D", .stem = "average_pooling2d",
    .doc = "mean of each window",
    .family = FAMILY_POOL2D, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct pool2d), .attrs = average_attrs, .shape = pool_shape,
    .eval = pool_eval,
};

static const struct attr_def global_attrs[] = {
    {"keepdims", ATTR_BOOL, AT(pool2d, keepdims), "false", 0, 0, NULL,
     "whether the result is [1, 1, channels] rather than [channels]"},
    ATTRS_END
};

const struct op_def op_global_max_pooling2d = {
    .type = "GlobalMaxPooling2D", .alias = "GlobalMaxPool2D", .stem = "global_max_pooling2d",
    .doc = "maximum of each channel; NaN wins",
    .family = FAMILY_POOL2D, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct pool2d), .attrs = global_attrs, .shape = global_shape,
    .eval = pool_eval,
};

const struct op_def op_global_average_pooling2d = {
    .type = "GlobalAveragePooling2D", .alias = "GlobalAvgPool2D",
    .stem = "global_average_pooling2d",
    .doc = "mean of each channel",
    .family = FAMILY_POOL2D, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct pool2d), .attrs = global_attrs, .shape = global_shape,
    .eval = pool_eval,
};
