/* Layers that compute element by element. */
#include <math.h>
#include <string.h>

#include "tflite_fold.h"
#include "tflite_lower.h"

/* ---- one input ------------------------------------------------------------------------------- */

bool tflite_lower_activation(struct tflite *m, struct tflite_node *n)
{
    struct wlayer *l = lower_unary(m, n, "Activation");
    if (l)
        layer_word(l, "activation", n->op->layer);
    return l != NULL;
}

bool tflite_lower_gelu(struct tflite *m, struct tflite_node *n)
{
    struct wlayer *l = lower_unary(m, n, "Activation");
    bool tanh = lower_option(m, n, 0, 1, 0) != 0;
    if (l)
        layer_word(l, "activation", tanh ? "{name: gelu, approximate: true}" : "gelu");
    return l != NULL;
}

bool tflite_lower_relu_0_to_1(struct tflite *m, struct tflite_node *n)
{
    struct wlayer *l = lower_unary(m, n, "ReLU");
    if (l)
        layer_float(l, "max_value", 1);
    return l != NULL;
}

bool tflite_lower_leaky_relu(struct tflite *m, struct tflite_node *n)
{
    float slope = fb_float(&m->fb, n->options, 0, 0);
    if (!(slope >= 0 && isfinite(slope)))
        return tflite_refuse(m, n, "its slope is %g", (double)slope);
    struct wlayer *l = lower_unary(m, n, "LeakyReLU");
    if (l)
        layer_float(l, "negative_slope", slope);
    return l != NULL;
}

bool tflite_lower_softmax(struct tflite *m, struct tflite_node *n)
{
    float beta = n->op->layer ? 1 : fb_float(&m->fb, n->options, 0, 0);
    if (!isfinite(beta))
        return tflite_refuse(m, n, "its factor is %g", (double)beta);
    struct wlayer *l = lower_unary(m, n, beta == 1 ? "Activation" : "Rescaling");
    if (!l)
        return false;
    if (beta != 1) {
        layer_float(l, "scale", beta);
        l = lower_follow(m, n->out.at[0], "Activation");
    }
    layer_word(l, "activation", n->op->layer ? n->op->layer : "softmax");
    return true;
}

static bool rescale(struct tflite *m, struct tflite_node *n, int i, double scale, double offset)
{
    const char *from = lower_input(m, n, i);
    if (!from)
        return false;
    struct wlayer *l = lower_layer(m, "Rescaling", n->out.at[0]);
    layer_input(l, from);
    layer_float(l, "scale", (float)scale);
    layer_float(l, "offset", (float)offset);
    return lower_activation(m, n, l, false);
}

bool tflite_lower_logical_not(struct tflite *m, struct tflite_node *n)
{
    return rescale(m, n, 0, -1, 1);
}

bool tflite_lower_cast(struct tflite *m, struct tflite_node *n)
{
    const struct tflite_tensor *x = n->in.at[0], *y = n->out.at[0];
    bool to_integers = y->type == TFL_INT32 || y->type == TFL_INT64;
    if ((y->type == TFL_BOOL && x->type != TFL_BOOL) || (to_integers && x->type == TFL_FLOAT32))
        return tflite_refuse(m, n, "a cast of what the network computes to %s",
                tflite_type_name(y->type));
    return lower_alias(m, n, 0, n->out.at[0]);
}

/* ---- operands seen alike --------------------------------------------------------------------- */

/* The operand's dimensions, 1s in front as far as the result has more, without the batch. */
static bool operand_shape(struct tflite *m, struct tflite_node *n, const struct tflite_tensor *t,
        const struct seen *result, struct shape *to)
{
    const struct tflite_dims *d = &t->dims;
    int rank = n->out.at[0]->dims.rank, first = result->first;
    *to = (struct shape){1, {1}};
    bool per_image = first && d->rank == rank && d->at[0] != 1;
    if (d->rank > rank || (m->batch > 1 && !tflite_is_const(t) && !per_image) ||
            (tflite_is_const(t) && per_image))
        return tflite_refuse(m, n, "'%s' %s for a result %s", tflite_quoted(m, t->name),
                tflite_dims_text(m->pool, d), tflite_dims_text(m->pool, &n->out.at[0]->dims));
    for (int i = first; i < rank; i++) {
        int k = i - (rank - d->rank);
        to->rank = i - first + 1;
        to->dim[i - first] = k < 0 ? 1 : (int)d->at[k];
    }
    return true;
}

static bool combine(struct tflite *m, struct tflite_node *n, const char *type)
{
    const char **name = NEW_ARRAY(m->pool, const char *, n->in.n);
    struct seen result;
    if (!lower_seen(m, n, n->out.at[0], &result))
        return false;
    for (int i = 0; i < n->in.n; i++) {
        struct shape s;
        if (!operand_shape(m, n, n->in.at[i], &result, &s))
            return false;
        name[i] = lower_input_as(m, n, i, &s);
        if (!name[i])
            return false;
    }
    struct wlayer *l = lower_layer(m, type, n->out.at[0]);
    for (int i = 0; i < n->in.n; i++)
        layer_input(l, name[i]);
    return lower_activation(m, n, l, false);
}

bool tflite_lower_select(struct tflite *m, struct tflite_node *n) { return combine(m, n, "Where"); }

bool tflite_lower_add_n(struct tflite *m, struct tflite_node *n)
{
    if (n->in.n == 1)
        return lower_alias(m, n, 0, n->out.at[0]);
    return combine(m, n, "Add");
}

static bool one_float(struct tflite *m, struct tflite_node *n, int i, float *to)
{
    struct elements x;
    if (!tflite_elements(m, n, i, &x) || !x.f || tflite_size(&n->in.at[i]->dims) != 1)
        return false;
    *to = *x.f;
    return true;
}

/* A constant of one number, in so many dimensions. */
static const char *lower_number(struct tflite *m, const struct tflite_tensor *t, int rank, float v)
{
    const struct shape one = {rank, {1, 1, 1, 1}};
    float *data = NEW(m->pool, float);
    *data = v;
    return lower_constant(m, t, &one, data);
}

/* ONE_HOT (indices, depth, on, off): which element of a new dimension each index names. */
bool tflite_lower_one_hot(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *y = n->out.at[0];
    float on, off;
    struct seen seen;
    int axis;
    if (!lower_seen(m, n, y, &seen) ||
            !lower_axis(m, n, y, &seen, lower_option(m, n, 0, 4, -1), &axis))
        return false;
    if (!one_float(m, n, 2, &on) || !one_float(m, n, 3, &off))
        return tflite_refuse(m, n, "what it makes of an index is not one constant float");
    int depth = seen.shape.dim[axis];
    struct shape indices = seen.shape, steps = {seen.shape.rank, {1, 1, 1, 1}};
    indices.dim[axis] = 1;
    steps.dim[axis] = depth;
    const char *from = shape_size(&indices) * (int64_t)m->batch == tflite_size(&n->in.at[0]->dims)
                               ? lower_input_as(m, n, 0, &indices)
                               : NULL;
    if (!from)
        return tflite_refuse(m, n, "its result is %s", tflite_dims_text(m->pool, &y->dims));
    float *step = NEW_ARRAY(m->pool, float, depth);
    for (int i = 0; i < depth; i++)
        step[i] = (float)i;
    const char *other = lower_constant(m, y, &steps, step);
    bool selects = off != 0 || !isfinite(on);  /* on * hit + off * (1 - hit) would be rounded */
    const char *hit = selects ? lower_number(m, y, seen.shape.rank, on) : NULL;
    const char *miss = selects ? lower_number(m, y, seen.shape.rank, off) : NULL;
    struct wlayer *l = lower_layer(m, "Equal", y);
    layer_input(l, from);
    layer_input(l, other);
    if (selects) {
        l = lower_follow(m, y, "Where");
        layer_input(l, hit);
        layer_input(l, miss);
    } else if (on != 1) {
        l = lower_follow(m, y, "Rescaling");
        layer_float(l, "scale", on);
        layer_float(l, "offset", 0);
    }
    return true;
}

/* ---- with a constant ------------------------------------------------------------------------- */

/* scale * x + offset for x and a constant c. */
struct affine { double scale, offset; };

static bool affine_of(const char *layer, bool const_first, double c, struct affine *to)
{
    *to = (struct affine){1, 0};
    if (!strcmp(layer, "Add"))
        to->offset = c;
    else if (!strcmp(layer, "Multiply"))
        to->scale = c;
    else if (!strcmp(layer, "Subtract"))
        *to = const_first ? (struct affine){-1, c} : (struct affine){1, -c};
    else if (!strcmp(layer, "Divide") && !const_first && c != 0)
        to->scale = 1 / c;
    else
        return false;
    return isfinite((float)to->scale) && isfinite((float)to->offset);
}

/* A batch norm of mean 0 and variance 1, which the core folds into convolutions. */
static bool scale_channels(struct tflite *m, struct tflite_node *n, int i, int channels,
        const struct affine *affine)
{
    float *gamma = NEW_ARRAY(m->pool, float, channels), *beta = NEW_ARRAY(m->pool, float, channels);
    float *zero = NEW_ARRAY(m->pool, float, channels), *one = NEW_ARRAY(m->pool, float, channels);
    bool scales = false, shifts = false;
    for (int c = 0; c < channels; c++) {
        gamma[c] = (float)affine[c].scale;
        beta[c] = (float)affine[c].offset;
        one[c] = 1;
        scales = scales || gamma[c] != 1;
        shifts = shifts || beta[c] != 0;
    }
    const char *from = lower_input(m, n, i);
    if (!from)
        return false;
    struct wlayer *l = lower_layer(m, "BatchNormalization", n->out.at[0]);
    struct shape s = {1, {channels}};
    layer_input(l, from);
    layer_float(l, "epsilon", 0);
    layer_bool(l, "scale", scales);
    layer_bool(l, "center", shifts);
    if (scales)
        layer_weight(l, "gamma", s, gamma);
    if (shifts)
        layer_weight(l, "beta", s, beta);
    layer_weight(l, "moving_mean", s, zero);
    layer_weight(l, "moving_variance", s, one);
    return lower_activation(m, n, l, false);
}

/* Where input c is one number, or one for each channel, and the other one as large as the result:
 * *done when a layer was written. */
static bool with_constant(struct tflite *m, struct tflite_node *n, int c, bool *done)
{
    struct tflite_tensor *t = n->in.at[c], *x = n->in.at[1 - c];
    int64_t size = tflite_size(&t->dims);
    struct seen seen;
    *done = false;
    if (!tflite_is_const(t) || tflite_size(&x->dims) != tflite_size(&n->out.at[0]->dims) ||
            x->dims.rank != n->out.at[0]->dims.rank || t->dims.rank > x->dims.rank)
        return true;
    if (!lower_seen(m, n, x, &seen))
        return false;
    int channels = seen.shape.dim[seen.shape.rank - 1];
    bool last = t->dims.rank && size == channels && t->dims.at[t->dims.rank - 1] == size;
    const float *v = size == 1 || last ? tflite_floats(m, n, t) : NULL;
    if (!v)
        return !n->failed;
    struct affine *affine = NEW_ARRAY(m->pool, struct affine, size);
    for (int64_t i = 0; i < size; i++)
        if (!affine_of(n->op->layer, c == 0, (double)v[i], &affine[i]))
            return true;
    *done = true;
    return size == 1 ? rescale(m, n, 1 - c, affine->scale, affine->offset)
                     : scale_channels(m, n, 1 - c, channels, affine);
}

bool tflite_lower_binary(struct tflite *m, struct tflite_node *n)
{
    bool done = false;
    for (int c = 0; c < 2 && !done; c++)
        if (!with_constant(m, n, c, &done))
            return false;
    return done || combine(m, n, n->op->layer);
}

bool tflite_lower_squared_difference(struct tflite *m, struct tflite_node *n)
{
    if (!combine(m, n, "Subtract"))
        return false;
    layer_word(lower_follow(m, n->out.at[0], "Activation"), "activation", "square");
    return true;
}

bool tflite_lower_floor_div(struct tflite *m, struct tflite_node *n)
{
    if (!combine(m, n, "Divide"))
        return false;
    layer_word(lower_follow(m, n->out.at[0], "Activation"), "activation", "floor");
    return true;
}

/* BROADCAST_TO: as the result's dimensions say. */
bool tflite_lower_broadcast(struct tflite *m, struct tflite_node *n)
{
    struct seen y;
    struct shape s;
    if (!lower_seen(m, n, n->out.at[0], &y) || !operand_shape(m, n, n->in.at[0], &y, &s))
        return false;
    const char *from = lower_input_as(m, n, 0, &s);
    if (!from)
        return false;
    struct wlayer *l = lower_layer(m, "Expand", n->out.at[0]);
    layer_input(l, from);
    lower_dims(l, "shape", &y.shape);
    return true;
}

bool tflite_lower_pow(struct tflite *m, struct tflite_node *n)
{
    static const struct { float exponent; const char *name; } known[] = {
        {2, "square"}, {0.5f, "sqrt"}, {-0.5f, "rsqrt"}, {-1, "reciprocal"},
    };
    struct tflite_tensor *c = n->in.at[1];
    bool one = tflite_is_const(c) && tflite_size(&c->dims) == 1 &&
               tflite_size(&n->in.at[0]->dims) == tflite_size(&n->out.at[0]->dims);
    const float *v = one ? tflite_floats(m, n, c) : NULL;
    for (size_t i = 0; v && i < sizeof known / sizeof known[0]; i++)
        if (known[i].exponent == *v) {
            struct wlayer *l = lower_unary(m, n, "Activation");
            if (l)
                layer_word(l, "activation", known[i].name);
            return l != NULL;
        }
    return !n->failed && combine(m, n, "Power");
}

/* ---- PReLU ----------------------------------------------------------------------------------- */

/* The slopes, 1 where one serves a whole dimension. */
bool tflite_lower_prelu(struct tflite *m, struct tflite_node *n)
{
    struct tflite_tensor *alpha = n->in.at[1];
    struct seen seen;
    struct shape s;
    int64_t shared[LIMIT_RANK];
    int count = 0;
    if (!tflite_is_const(alpha))
        return tflite_refuse(m, n, "its slopes depend on what the network computes");
    if (!lower_seen(m, n, n->out.at[0], &seen) || !operand_shape(m, n, alpha, &seen, &s))
        return false;
    const float *data = tflite_floats(m, n, alpha);
    struct wlayer *l = data ? lower_unary(m, n, "PReLU") : NULL;
    if (!l)
        return false;
    for (int i = 0; i < s.rank; i++)
        if (s.dim[i] == 1)
            shared[count++] = i + 1;
    if (count)
        layer_ints(l, "shared_axes", count, shared);
    layer_weight(l, "alpha", s, data);
    return true;
}
