#include "common.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* ---- shapes and messages --------------------------------------------------------------------- */

const struct shape *in_shape(const struct node *node, int i)
{
    return &node->in.at[i]->shape;
}

struct shape image_shape(int h, int w, int c)
{
    return shape_of(3, (int[]){h, w, c});
}

struct shape vector_shape(int c)
{
    return shape_of(1, &c);
}

int last_dim(const struct shape *s)
{
    return s->dim[s->rank - 1];
}

const char *input_words(struct graph *g, const struct node *node, int i, struct diag *diag)
{
    const struct tensor *t = node->in.at[i];

    return pool_printf(g->pool, "'%s' %s", diag_quote(diag, t->name, strlen(t->name)),
                       shape_text(g->pool, &t->shape));
}

void note_maker(struct graph *g, const struct node *node, int i, struct diag *diag)
{
    const struct tensor *t = node->in.at[i];
    const struct node *maker = t->maker;

    if (!maker)
        return;
    if (maker->in.n == 1)
        diag_note(diag, maker->at, "%s turns %s into %s", node_words(g, maker),
                  shape_text(g->pool, in_shape(maker, 0)), shape_text(g->pool, &t->shape));
    else
        diag_note(diag, maker->at, "%s makes %s", node_words(g, maker),
                  shape_text(g->pool, &t->shape));
}

void shape_as_input(struct graph *g, struct node *node, struct diag *diag)
{
    set_shape(g, node, *in_shape(node, 0), diag);
}

bool find_axis(struct graph *g, struct node *node, const char *key, int axis, int *to,
               struct diag *diag)
{
    int rank = in_shape(node, 0)->rank;

    *to = axis > 0 ? axis - 1 : axis + rank;
    if (axis != 0 && *to >= 0 && *to < rank)
        return true;
    if (axis == 0 || axis == -rank - 1)
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, key),
                   "layer %s takes the axis %d, which is the batch: images stay apart",
                   node_title(g, node), axis);
    else
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, key),
                   "layer %s takes the axis %d, but the axes of its input %s are 1 to %d, or -%d "
                   "to -1", node_title(g, node), axis, input_words(g, node, 0, diag), rank, rank);
    note_maker(g, node, 0, diag);
    return false;
}

bool need_last_axis(struct graph *g, struct node *node, int axis, struct diag *diag)
{
    const struct shape *s = in_shape(node, 0);

    if (axis == -1 || axis == s->rank)
        return true;
    diag_error(diag, DIAG_UNSUPPORTED, node_attr_at(node, "axis"),
               "layer %s works on the last axis only, which is -1 or %d for the input %s, not %d",
               node_title(g, node), s->rank, input_words(g, node, 0, diag), axis);
    return false;
}

bool need_last_axes(struct graph *g, struct node *node, const struct indices *axis,
                    struct diag *diag)
{
    if (axis->n == 1)
        return need_last_axis(g, node, axis->at[0], diag);
    diag_error(diag, DIAG_UNSUPPORTED, node_attr_at(node, "axis"),
               "layer %s works on the last axis only, not on %d of them", node_title(g, node),
               axis->n);
    return false;
}

/* "5x5", "5x5 (9x9 with dilation_rate)" */
static const char *window_words(struct graph *g, const struct window *w)
{
    int h = (w->size[0] - 1) * w->dilation[0] + 1;
    int wd = (w->size[1] - 1) * w->dilation[1] + 1;

    if (h == w->size[0] && wd == w->size[1])
        return pool_printf(g->pool, "%dx%d", h, wd);
    return pool_printf(g->pool, "%dx%d (%dx%d with its dilation_rate)", w->size[0], w->size[1], h,
                       wd);
}

static void report_empty(struct graph *g, struct node *node, const struct window *w,
                         struct diag *diag)
{
    const struct shape *in = in_shape(node, 0);
    const char *padded = "";
    int s[2] = {w->strides[0], w->strides[1]};

    if (w->pad[0] + w->pad[1] + w->pad[2] + w->pad[3] > 0)
        padded = pool_printf(g->pool, ", padded to %dx%d", in->dim[0] + w->pad[0] + w->pad[1],
                             in->dim[1] + w->pad[2] + w->pad[3]);
    diag_error(diag, DIAG_EMPTY_OUTPUT, node_attr_at(node, w->key),
               "the %s of layer %s, %s, is larger than its input %s%s", w->what,
               node_title(g, node), window_words(g, w), input_words(g, node, 0, diag), padded);
    note_maker(g, node, 0, diag);
    diag_help(diag, "with padding: same the result would be %dx%d", (in->dim[0] + s[0] - 1) / s[0],
              (in->dim[1] + s[1] - 1) / s[1]);
}

bool window_resolve(struct graph *g, struct node *node, struct window *w, struct diag *diag)
{
    for (int a = 0; a < 2; a++) {
        int in = in_shape(node, 0)->dim[a];
        int *pad = w->pad + 2 * a;

        window_padding(w->padding, a, in, w->size[a], w->strides[a], w->dilation[a], &pad[0],
                       &pad[1]);
        w->out[a] = window_extent(in, w->size[a], w->strides[a], w->dilation[a], pad[0], pad[1],
                                  w->ceil_mode);
    }
    if (w->out[0] > 0 && w->out[1] > 0)
        return true;
    report_empty(g, node, w, diag);
    return false;
}

/* ---- weights --------------------------------------------------------------------------------- */

void add_bias(struct node *node, int channels)
{
    add_weight(node, "bias", "bias", vector_shape(channels))->init = INIT_SPREAD;
}

const float *weight_data(const struct node *node, const char *name)
{
    const struct weight *w = find_weight(node, name);

    if (w && !w->data)
        bug("weight '%s' of '%s' has no data yet", name, node->name);
    return w ? w->data : NULL;
}

int64_t saturated_product(const int64_t *factor, int n)
{
    int64_t p = 1;

    for (int i = 0; i < n; i++)
        if (!mul_ok(p, factor[i], &p))
            return INT64_MAX;
    return p;
}

/* ---- evaluation ------------------------------------------------------------------------------ */

double *new_doubles(int64_t n)
{
    double *d = calloc((size_t)(n > 0 ? n : 1), sizeof *d);

    if (!d)
        die("out of memory");
    return d;
}

void keep_larger(double *v, double *e, double x, double x_e)
{
    if (isnan(*v) || *v - *e > x + x_e)
        return;
    *e = isnan(x) || x - x_e > *v + *e ? x_e : fmax(*e, x_e);
    *v = isnan(x) || x > *v ? x : *v;
}

void drop_nonfinite(struct tval *t)
{
    int64_t n = shape_size(&t->shape);

    for (int64_t i = 0; i < n; i++)
        if (!isfinite(t->v[i]) && !isinf(t->e[i]))
            t->e[i] = 0;
}

/* Partial sums lie between minus the sum of what is negative and the sum of what is positive, one
 * of which is at most (s - |v|) / 2 but for roundings. If only the other one overflows, and so does
 * v, infinity is the only result. */
double sum_bound(double v, double e, double s)
{
    bool overflows = s + e > (double)FLT_MAX;
    bool both_ways = (s - fabs(v)) / 2 + e > (double)FLT_MAX;

    if (!(e < INFINITY))
        return INFINITY;
    if (!isfinite(v))
        return overflows && !isnan(v) ? INFINITY : 0;
    return overflows && (both_ways || fabs(v) - e <= (double)FLT_MAX) ? INFINITY : e;
}

double inner_sum_bound(double v, double e, double s)
{
    bool overflows = isfinite(v) && fabs(v) + e > (double)FLT_MAX;

    return overflows ? INFINITY : sum_bound(v, e, s);
}

void bound_sums(struct tval *t, double gamma)
{
    int64_t n = shape_size(&t->shape);

    for (int64_t i = 0; i < n; i++)
        t->e[i] = sum_bound(t->v[i], t->e[i], t->e[i] / gamma);
}

void bound_hidden(struct tval *t)
{
    int64_t n = shape_size(&t->shape);

    for (int64_t i = 0; i < n; i++)
        if (isfinite(t->v[i]) && !(fabs(t->v[i]) + t->e[i] <= (double)FLT_MAX))
            t->e[i] = INFINITY;
}

void eval_copy(const struct node *node, const struct tval *in, struct tval *out)
{
    size_t bytes = (size_t)shape_size(&out->shape) * sizeof(double);

    (void)node;
    memcpy(out->v, in->v, bytes);
    memcpy(out->e, in->e, bytes);
}

/* In chunks of a fixed size, which compilers vectorise without being told to. */
void add_products(int n, double x, double t, const float *w, double *restrict v, double *restrict e)
{
    enum { CHUNK = 8 };
    int o = 0;

    for (; o + CHUNK <= n; o += CHUNK)
        for (int k = o; k < o + CHUNK; k++) {
            v[k] += x * (double)w[k];
            e[k] += t * fabs((double)w[k]);
        }
    for (; o < n; o++) {
        v[o] += x * (double)w[o];
        e[o] += t * fabs((double)w[o]);
    }
}

double *product_errors(const struct tval *in, double gamma)
{
    int64_t n = shape_size(&in->shape);
    double *t = new_doubles(n);

    for (int64_t i = 0; i < n; i++)
        t[i] = product_error(in->v[i], in->e[i], gamma);
    return t;
}

void start_sums(int n, const float *bias, double k, double *v, double *e)
{
    double gamma = sum_error(k, 1);

    for (int o = 0; o < n; o++) {
        v[o] = bias ? (double)bias[o] : 0;
        e[o] = gamma * fabs(v[o]) + (k + 1) * 0x1p-150;
    }
}

static double products_of(const struct node *node)
{
    int64_t n = 0;

    for (int i = 0; i < node->weights; i++)
        if (node->weight[i].init == INIT_KERNEL && node->weight[i].fan_in > n)
            n = node->weight[i].fan_in;
    return (double)n;
}

/* What folding looks through: elements stay where they are. */
static bool is_transparent(const struct node *node)
{
    enum family f = node_family(node);

    return node->in.n == 1 && !node->act && products_of(node) <= 0 &&
           shape_equal(in_shape(node, 0), &node->out->shape) &&
           (f == FAMILY_LOWERED || f == FAMILY_AFFINE || f == FAMILY_IDENTITY);
}

/* Products summed by the layer in front that an affine layer may be folded into, else 0. */
static double products_before(const struct node *node)
{
    do
        node = node->in.n == 1 ? node->in.at[0]->maker : NULL;
    while (node && is_transparent(node));
    return node && !node->act ? products_of(node) : 0;
}

/* The same of the layer behind. */
static double products_behind(const struct node *node)
{
    do
        node = !node->act && node->out && node->out->user.n == 1 ? node->out->user.at[0] : NULL;
    while (node && is_transparent(node));
    return node ? products_of(node) : 0;
}

/* Alone, three roundings: of scale or shift, product, sum. Folded into the sum of n products
 * before, the shift is one of the summands. Folded into the sum behind, its products are of x *
 * scale and of shift instead of y, and what these are larger by counts too. */
void eval_affine(const struct node *node, const struct tval *in, struct tval *out,
                 const double *scale, const double *shift)
{
    int64_t n = shape_size(&out->shape);
    int channels = last_dim(&out->shape);
    double alone = sum_error(0, 1);
    double products = products_before(node);
    double before = sum_error(products, 1);
    double behind = products_behind(node) > 0 ? sum_error(products_behind(node), 1) : 0;

    for (int64_t i = 0; i < n; i++) {
        double s = scale[i % channels];
        double b = shift[i % channels];
        double y = in->v[i] * s + b;
        double magnitude = fabs(s) * (finite_magnitude(in->v[i]) + in->e[i]) + fabs(b);
        double folded = products > 0 ? fabs(s) * in->e[i] / before + fabs(b) : 0;
        double more = isfinite(y) ? behind * (magnitude - fabs(y)) : 0;
        double e = fabs(s) * product_error(in->v[i], in->e[i], alone) + before * fabs(b) + more;

        out->v[i] = y;
        out->e[i] = sum_bound(y, e + 0x1p-149, fmax(magnitude, folded));
    }
}

static void add_channel_weight(struct graph *g, struct node *node, const char *name,
                               const double *v, int channels)
{
    float *f = NEW_ARRAY(g->pool, float, channels);

    for (int c = 0; c < channels; c++)
        f[c] = (float)v[c];
    add_weight(node, name, NULL, vector_shape(channels))->data = f;
}

void replace_by_affine(struct graph *g, struct node *node, const double *scale, const double *shift)
{
    struct node *a = graph_node(g, OP_AFFINE, node->name, node);
    struct affine *attr = NEW(g->pool, struct affine);
    struct tensor *out;

    attr->channels = last_dim(&node->out->shape);
    a->attr = attr;
    a->act = node->act;
    node_input(g, a, node->in.at[0]);
    add_channel_weight(g, a, "scale", scale, attr->channels);
    add_channel_weight(g, a, "shift", shift, attr->channels);
    out = graph_tensor(g, a, node->out->shape, node->out->type);
    out->layer = node->out->layer;
    tensor_replace(g, node->out, out);
    node_remove(g, node);
}
