/* Layers that compute element by element. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "onnx_layout.h"

/* ---- one input ------------------------------------------------------------------------------- */

/* A layer that leaves its input where it is: lies as it does. */
static struct wlayer *like(struct lower *lo, struct onnx_node *n, const struct onnx_value *x,
        const char *type)
{
    struct wlayer *l = lower_layer(lo, type, n->out.at[0]);
    struct onnx_placed *p = NEW(lo->pool, struct onnx_placed);
    *p = *x->placed;
    layer_input(l, p->layer);
    p->layer = l->name;
    p->open = NULL;
    p->also = NULL;
    n->out.at[0]->placed = p;
    place_name(lo, n->out.at[0], l);
    return l;
}

static struct wlayer *like_input(struct lower *lo, struct onnx_node *n, const char *type)
{
    return like(lo, n, n->in.at[0], type);
}

/* The layer that computes the function: the one before it, where nothing else uses what that one
 * makes, or one of its own. name is a name, or one with arguments as YAML. */
static bool activation(struct lower *lo, struct onnx_node *n, const char *name)
{
    struct onnx_value *x = n->in.at[0], *y = n->out.at[0];
    bool joins = x->placed->open && x->users == 1 && !y->is_output;
    struct wlayer *l = joins ? x->placed->open : like_input(lo, n, "Activation");
    if (joins) {
        place_alias(lo, y, x);
        y->placed->open = NULL;
    }
    layer_raw(l, "activation", "%s", name);
    return true;
}

bool onnx_lower_activation(struct lower *lo, struct onnx_node *n)
{
    return activation(lo, n, n->op->function.layer);
}

/* LeakyRelu, Elu, Celu, ThresholdedRelu: layers with the argument under another name. */
bool onnx_lower_parametric(struct lower *lo, struct onnx_node *n)
{
    static const struct { const char *type, *key; float absent; } known[] = {
        {"LeakyRelu", "negative_slope", 0.01f},
        {"Elu", "alpha", 1},
        {"ThresholdedRelu", "threshold", 1},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        float v = onnx_float(n, "alpha", known[i].absent);
        if (strcmp(known[i].type, n->type))
            continue;
        if (!isfinite(v))
            return onnx_refuse(lo->m, n, "alpha is not finite");
        layer_float(like_input(lo, n, n->op->function.layer), known[i].key, v);
    }
    return true;
}

static bool rescale(struct lower *lo, struct onnx_node *n, const struct onnx_value *x, double scale,
        double offset)
{
    struct wlayer *l = like(lo, n, x, "Rescaling");
    layer_float(l, "scale", (float)scale);
    layer_float(l, "offset", (float)offset);
    return true;
}

/* Behind the layer that was written for the value just now: another one. */
static struct wlayer *follow(struct lower *lo, struct onnx_value *v, const char *type)
{
    struct wlayer *l = lower_layer(lo, type, v);
    layer_input(l, v->placed->layer);
    v->placed->layer = l->name;
    return l;
}

static void clip_to(struct wlayer *l, double low, double high)
{
    if (low > -(double)FLT_MAX)
        layer_float(l, "min_value", (float)low);
    if (high < (double)FLT_MAX)
        layer_float(l, "max_value", (float)high);
}

bool onnx_lower_hard_sigmoid(struct lower *lo, struct onnx_node *n)
{
    float alpha = onnx_float(n, "alpha", 0.2f), beta = onnx_float(n, "beta", 0.5f);
    if (fabsf(alpha * 6 - 1) < 1e-6f && beta == 0.5f)
        return activation(lo, n, "hard_sigmoid");
    rescale(lo, n, n->in.at[0], (double)alpha, (double)beta);
    clip_to(follow(lo, n->out.at[0], "Clip"), 0, 1);
    return true;
}

bool onnx_lower_selu(struct lower *lo, struct onnx_node *n)
{
    float alpha = onnx_float(n, "alpha", 1.67326319f), gamma = onnx_float(n, "gamma", 1.05070102f);
    if (fabsf(alpha - 1.67326324f) < 1e-6f && fabsf(gamma - 1.05070098f) < 1e-6f)
        return activation(lo, n, "selu");
    layer_float(like_input(lo, n, "ELU"), "alpha", alpha);
    layer_float(follow(lo, n->out.at[0], "Rescaling"), "scale", gamma);
    return true;
}

bool onnx_lower_celu(struct lower *lo, struct onnx_node *n)
{
    float alpha = onnx_float(n, "alpha", 1);
    if (!(alpha > 0 && isfinite(alpha)))
        return onnx_refuse(lo->m, n, "alpha is %g", (double)alpha);
    if (alpha == 1)
        return activation(lo, n, "celu");
    layer_float(like_input(lo, n, "Rescaling"), "scale", 1 / alpha);
    layer_word(follow(lo, n->out.at[0], "Activation"), "activation", "celu");
    layer_float(follow(lo, n->out.at[0], "Rescaling"), "scale", alpha);
    return true;
}

bool onnx_lower_gelu(struct lower *lo, struct onnx_node *n)
{
    bool tanh = !strcmp(onnx_word(n, "approximate", "none"), "tanh");
    return activation(lo, n, tanh ? "{name: gelu, approximate: true}" : "gelu");
}

bool onnx_lower_swish(struct lower *lo, struct onnx_node *n)
{
    float alpha = onnx_float(n, "alpha", 1);
    return alpha == 1 ? activation(lo, n, "silu")
                      : onnx_refuse(lo->m, n, "alpha is %g, not 1", (double)alpha);
}

/* The bound: an input, an attribute of old opsets, or none at all. */
static bool bound(struct lower *lo, struct onnx_node *n, int i, const char *attr, double absent,
        double *out)
{
    *out = (double)onnx_float(n, attr, (float)absent);
    return !onnx_in(n, i) || onnx_scalar(onnx_in(n, i), out) ||
           onnx_refuse(lo->m, n, "its bounds depend on what the network computes");
}

bool onnx_lower_clip(struct lower *lo, struct onnx_node *n)
{
    double low, high;
    if (!bound(lo, n, 1, "min", -(double)FLT_MAX, &low) ||
            !bound(lo, n, 2, "max", (double)FLT_MAX, &high))
        return false;
    if (!(low <= high))
        low = high;                  /* as ONNX says */
    bool open = high >= (double)FLT_MAX;
    if (low <= -(double)FLT_MAX && open)
        place_alias(lo, n->out.at[0], n->in.at[0]);
    else if (low == 0 && (open || high == 6))
        return activation(lo, n, open ? "relu" : "relu6");
    else
        clip_to(like_input(lo, n, "Clip"), low, high);
    return true;
}

bool onnx_lower_not(struct lower *lo, struct onnx_node *n)
{
    return rescale(lo, n, n->in.at[0], -1, 1);
}

bool onnx_lower_cast(struct lower *lo, struct onnx_node *n)
{
    const struct onnx_value *x = n->in.at[0], *y = n->out.at[0];
    if (y->elem == ELEM_INT && x->elem == ELEM_FLOAT)
        return onnx_refuse(lo->m, n, "a cast of what the network computes to %s",
                onnx_type_name(y->type));
    if (y->elem == ELEM_BOOL && x->elem != ELEM_BOOL)
        return onnx_refuse(lo->m, n, "a cast of what the network computes to bool");
    place_alias(lo, n->out.at[0], n->in.at[0]);
    return true;
}

/* ---- several inputs -------------------------------------------------------------------------- */

/* The dimensions of an operand, in those of the result: 1 where it is stretched. */
static struct onnx_dims aligned(const struct onnx_value *v, const struct onnx_dims *to)
{
    struct onnx_dims d = {.rank = to->rank};
    for (int i = 0; i < to->rank; i++) {
        int k = i - (to->rank - v->dims.rank);
        d.at[i] = k < 0 ? 1 : v->dims.at[k];
    }
    return d;
}

/* The operand that the others go by: one that is as large as the result, computed rather than
 * constant. */
static struct onnx_value *leader(const struct onnx_node *n)
{
    for (int i = 0; i < n->in.n; i++)
        if (n->in.at[i] && !onnx_is_const(n->in.at[i]) &&
                onnx_size(&n->in.at[i]->dims) == onnx_size(&n->out.at[0]->dims))
            return n->in.at[i];
    return NULL;
}

/* The result's dimensions, each cut where the leader's order of elements changes inside of it:
 * what was flattened from [H, W, C] needs no rearranging. from[i] is where dimension i begins. */
static struct onnx_dims cut_dims(const struct onnx_dims *d, const struct onnx_value *lead,
        int *from)
{
    struct onnx_placed p = {0};
    struct onnx_dims cut = {0};
    for (int i = 0; i <= d->rank; i++)
        from[i] = i;
    if (!lead || (p = *lead->placed, !place_cut(&p, d)) || p.atoms > ONNX_MAX_RANK - d->rank)
        return *d;
    for (int i = 0, a = 0; i < d->rank; i++) {
        int64_t rest = d->at[i];
        from[i] = cut.rank;
        for (; rest > 1; rest /= p.size[a++])
            cut.at[cut.rank++] = p.size[a];
        if (d->at[i] == 1)
            cut.at[cut.rank++] = 1;
    }
    from[d->rank] = cut.rank;
    return cut;
}

/* Several operands seen in the same way. */
struct joint {
    struct view result;
    int from[ONNX_MAX_RANK + 1];     /* ONNX' dimension i is from[i] .. from[i + 1] of the view */
};

static struct onnx_dims operand_dims(const struct joint *j, const struct onnx_value *v,
        const struct onnx_dims *to)
{
    struct onnx_dims d = aligned(v, to), cut = j->result.dims;
    for (int i = 0; i < to->rank; i++)
        for (int k = j->from[i]; k < j->from[i + 1]; k++)
            cut.at[k] = d.at[i] == 1 ? 1 : cut.at[k];
    return cut;
}

/* Neighbours may share a dimension where each operand has both or neither. */
static unsigned joinable(const struct joint *j, const struct onnx_node *n)
{
    const struct onnx_dims *all = &j->result.dims;
    unsigned mask = ~0u;
    for (int i = 0; i < n->in.n; i++) {
        struct onnx_dims d = operand_dims(j, n->in.at[i], &n->out.at[0]->dims);
        for (int k = 0; k + 1 < all->rank; k++) {
            int a = j->result.perm[k], b = j->result.perm[k + 1];
            if ((d.at[a] == all->at[a]) != (d.at[b] == all->at[b]))
                mask &= ~(1u << k);
        }
    }
    return mask;
}

static bool join_operands(struct lower *lo, struct onnx_node *n, struct joint *j)
{
    const struct onnx_dims *out = &n->out.at[0]->dims;
    struct onnx_value *lead = leader(n);
    j->result.dims = cut_dims(out, lead, j->from);
    place_order(lo, lead ? lead : n->out.at[0], &j->result.dims, j->result.perm);
    return place_view(lo, &j->result, 0, joinable(j, n)) ||
           onnx_refuse(lo->m, n, "%s takes more than %d dimensions",
                   onnx_dims_text(lo->pool, out), LIMIT_RANK);
}

/* The operand as the result is, but 1 where it is stretched. */
static struct view operand_view(const struct joint *j, const struct onnx_value *v,
        const struct onnx_dims *to)
{
    struct view view = j->result;
    view.dims = operand_dims(j, v, to);
    for (int i = 0; i < view.shape.rank; i++)
        view.shape.dim[i] = 1;
    for (int i = 0; i < view.dims.rank; i++)
        if (view.where[i] >= 0)
            view.shape.dim[view.where[i]] *= (int)view.dims.at[i];
    return view;
}

static bool combine(struct lower *lo, struct onnx_node *n, const char *type)
{
    struct joint j;
    const char **name = NEW_ARRAY(lo->pool, const char *, n->in.n);
    if (!join_operands(lo, n, &j))
        return false;
    for (int i = 0; i < n->in.n; i++) {
        struct view view = operand_view(&j, n->in.at[i], &n->out.at[0]->dims);
        name[i] = place_arrange(lo, n, n->in.at[i], &view);
        if (!name[i])
            return false;
    }
    struct wlayer *l = lower_layer(lo, type, n->out.at[0]);
    for (int i = 0; i < n->in.n; i++)
        layer_input(l, name[i]);
    place_set(lo, n->out.at[0], l, &j.result);
    return true;
}

bool onnx_lower_where(struct lower *lo, struct onnx_node *n) { return combine(lo, n, "Where"); }

/* ---- with a constant ------------------------------------------------------------------------- */

/* scale * x + offset for an operand c: of "Sub" with the constant first, -x + c. */
struct affine { double scale, offset; };

static bool affine_of(const char *type, bool const_first, double c, struct affine *out)
{
    *out = (struct affine){1, 0};
    if (!strcmp(type, "Add"))
        out->offset = c;
    else if (!strcmp(type, "Mul"))
        out->scale = c;
    else if (!strcmp(type, "Sub"))
        *out = const_first ? (struct affine){-1, c} : (struct affine){1, -c};
    else if (!strcmp(type, "Div") && !const_first && c != 0)
        out->scale = 1 / c;
    else
        return false;
    return fabs(out->scale) < (double)FLT_MAX && fabs(out->offset) < (double)FLT_MAX;
}

static bool with_scalar(struct lower *lo, struct onnx_node *n, bool const_first, double c,
        bool *done)
{
    struct affine a;
    *done = affine_of(n->type, const_first, c, &a);
    if (*done && a.scale == 1 && a.offset == 0) {
        place_alias(lo, n->out.at[0], n->in.at[const_first]);
        lo->m->dropped++;
        return true;
    }
    if (!*done)
        return true;
    return rescale(lo, n, n->in.at[const_first], a.scale, a.offset);
}

/* A constant that has one number for each channel, the innermost dimension as it is stored. */
static bool is_per_channel(const struct joint *j, const struct onnx_value *c,
        const struct onnx_dims *to)
{
    struct onnx_dims d = operand_dims(j, c, to);
    int last = j->result.perm[d.rank - 1], where = j->result.where[last];
    for (int i = 0; i < d.rank; i++)
        if (i != last && d.at[i] != 1)
            return false;
    return d.at[last] > 1 && where >= 0 && j->result.shape.dim[where] == d.at[last];
}

/* A batch norm of mean 0 and variance 1, which the core folds into convolutions. */
static bool with_channels(struct lower *lo, struct onnx_node *n, bool const_first, bool *done)
{
    const struct onnx_value *c = n->in.at[!const_first];
    struct onnx_value *x = n->in.at[const_first];
    struct joint j;
    int channels = (int)onnx_size(&c->dims);
    if (leader(n) != x || !join_operands(lo, n, &j) || !is_per_channel(&j, c, &n->out.at[0]->dims))
        return !n->failed;
    float *gamma = NEW_ARRAY(lo->pool, float, channels);
    float *beta = NEW_ARRAY(lo->pool, float, channels);
    float *zero = NEW_ARRAY(lo->pool, float, channels);
    float *one = NEW_ARRAY(lo->pool, float, channels);
    bool scales = false, shifts = false;
    for (int i = 0; i < channels; i++) {
        struct affine a;
        if (!affine_of(n->type, const_first, onnx_number(c, i), &a))
            return true;
        gamma[i] = (float)a.scale;
        beta[i] = (float)a.offset;
        one[i] = 1;
        scales = scales || gamma[i] != 1;
        shifts = shifts || beta[i] != 0;
    }
    const char *name = place_arrange(lo, n, x, &j.result);
    if (!name)
        return false;
    struct wlayer *l = lower_layer(lo, "BatchNormalization", n->out.at[0]);
    struct shape s = {1, {channels}};
    layer_input(l, name);
    layer_float(l, "epsilon", 0);
    layer_bool(l, "scale", scales);
    layer_bool(l, "center", shifts);
    if (scales)
        layer_weight(l, "gamma", s, gamma);
    if (shifts)
        layer_weight(l, "beta", s, beta);
    layer_weight(l, "moving_mean", s, zero);
    layer_weight(l, "moving_variance", s, one);
    place_set(lo, n->out.at[0], l, &j.result);
    *done = true;
    return true;
}

/* Writes the layer where one operand is a constant that makes something simpler of it. */
static bool with_constant(struct lower *lo, struct onnx_node *n, bool *done)
{
    double c;
    *done = false;
    for (int i = 0; i < 2 && n->in.n == 2; i++) {
        struct onnx_value *v = n->in.at[i], *x = n->in.at[1 - i];
        if (!onnx_is_const(v) || onnx_size(&x->dims) != onnx_size(&n->out.at[0]->dims))
            continue;
        return onnx_scalar(v, &c) ? with_scalar(lo, n, i == 0, c, done)
                                  : with_channels(lo, n, i == 0, done);
    }
    return true;
}

bool onnx_lower_binary(struct lower *lo, struct onnx_node *n)
{
    bool done;
    if (n->in.n == 1) {
        place_alias(lo, n->out.at[0], n->in.at[0]);
        return true;
    }
    if (!with_constant(lo, n, &done))
        return false;
    return done || combine(lo, n, n->op->function.layer);
}

/* ---- powers ---------------------------------------------------------------------------------- */

bool onnx_lower_pow(struct lower *lo, struct onnx_node *n)
{
    static const struct { double exponent; const char *name; } known[] = {
        {2, "square"}, {0.5, "sqrt"}, {-0.5, "rsqrt"}, {-1, "reciprocal"},
    };
    double c;
    bool same = onnx_size(&n->in.at[0]->dims) == onnx_size(&n->out.at[0]->dims);
    if (onnx_scalar(n->in.at[1], &c) && same && !onnx_is_const(n->in.at[0])) {
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (known[i].exponent == c)
                return activation(lo, n, known[i].name);
        if (c == 1) {
            place_alias(lo, n->out.at[0], n->in.at[0]);
            return true;
        }
    }
    return combine(lo, n, "Power");
}

/* ---- PReLU ----------------------------------------------------------------------------------- */

/* The slopes, 1 where one serves a whole dimension. */
bool onnx_lower_prelu(struct lower *lo, struct onnx_node *n)
{
    struct joint j;
    const struct onnx_value *slope = n->in.at[1];
    if (!onnx_is_const(slope))
        return onnx_refuse(lo->m, n, "its slopes depend on what the network computes");
    if (!onnx_same_dims(&n->out.at[0]->dims, &n->in.at[0]->dims))
        return onnx_refuse(lo->m, n, "slopes %s for %s", onnx_dims_text(lo->pool, &slope->dims),
                onnx_dims_text(lo->pool, &n->in.at[0]->dims));
    if (!join_operands(lo, n, &j))
        return false;
    struct view view = operand_view(&j, slope, &n->out.at[0]->dims);
    if (shape_size(&view.shape) != onnx_size(&view.dims))
        return onnx_refuse(lo->m, n, "its slopes differ from image to image");
    const char *name = place_arrange(lo, n, n->in.at[0], &j.result);
    if (!name)
        return false;
    struct wlayer *l = lower_layer(lo, "PReLU", n->out.at[0]);
    int64_t shared[LIMIT_RANK];
    int n_shared = 0;
    for (int i = 0; i < view.shape.rank; i++)
        if (view.shape.dim[i] == 1)
            shared[n_shared++] = i + 1;
    layer_input(l, name);
    if (n_shared)
        layer_ints(l, "shared_axes", n_shared, shared);
    layer_weight(l, "alpha", view.shape, place_data(lo, slope, &view));
    place_set(lo, n->out.at[0], l, &j.result);
    return true;
}
