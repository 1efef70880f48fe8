/* Scales and shifts per channel, merged with each other and folded into the kernels beside them. */
#include "opt_pass.h"

#include <string.h>

#include "ops/families.h"

static const float *scale_of(const struct node *n) { return find_weight(n, "scale")->data; }
static const float *shift_of(const struct node *n) { return find_weight(n, "shift")->data; }

static float *copy_floats(struct graph *g, const struct weight *w)
{
    return pool_dup(g->pool, w->data, (size_t)shape_size(&w->shape) * sizeof(float));
}

/* The bias to change, of zeros when there was none. */
static float *own_bias(struct graph *g, struct node *n, int channels)
{
    for (int i = 0; i < n->weights; i++)
        if (!strcmp(n->weight[i].name, "bias")) {
            float *bias = copy_floats(g, &n->weight[i]);
            n->weight[i].data = bias;
            return bias;
        }
    float *bias = NEW_ARRAY(g->pool, float, channels);
    add_weight(n, "bias", "bias", shape_of(1, &channels))->data = bias;
    return bias;
}

/* Which output channel element i of the kernel belongs to: the last dimension, or HWOI's third. */
static int kernel_channel(const struct node *n, int64_t i, int channels)
{
    if (node_family(n) == FAMILY_CONV2D_TRANSPOSE)
        return (int)(i / n->weight[0].shape.dim[3] % channels);
    return (int)(i % channels);
}

static bool has_kernel(const struct node *n)
{
    enum family f = node_family(n);
    return f == FAMILY_CONV2D || f == FAMILY_DENSE || f == FAMILY_CONV2D_TRANSPOSE;
}

static void set_use_bias(struct node *n)
{
    if (node_family(n) == FAMILY_CONV2D)
        ((struct conv2d *)n->attr)->use_bias = true;
    else if (node_family(n) == FAMILY_DENSE)
        ((struct dense *)n->attr)->use_bias = true;
    else
        ((struct conv2d_transpose *)n->attr)->use_bias = true;
}

/* conv -> affine: scales go into the kernel, shifts into the bias. */
void opt_fold_behind(struct graph *g, struct node *affine)
{
    struct node *n = affine->in.n ? affine->in.at[0]->maker : NULL;
    if (node_family(affine) != FAMILY_AFFINE || !n || !has_kernel(n) ||
            tensor_sole_user(n->out) != affine)
        return;
    const float *scale = scale_of(affine), *shift = shift_of(affine);
    int channels = ((const struct affine *)affine->attr)->channels;
    float *kernel = copy_floats(g, &n->weight[0]), *bias = own_bias(g, n, channels);
    const int64_t size = shape_size(&n->weight[0].shape);
    for (int64_t i = 0; i < size; i++)
        kernel[i] = (float)((double)kernel[i] * scale[kernel_channel(n, i, channels)]);
    for (int c = 0; c < channels; c++)
        bias[c] = (float)((double)bias[c] * scale[c] + shift[c]);
    n->weight[0].data = kernel;
    set_use_bias(n);
    n->out->layer = affine->out->layer;
    tensor_replace(g, affine->out, n->out);
    node_remove(g, affine);
}

static bool has_no_padding(const struct conv2d *a)
{
    return !a->pad[0] && !a->pad[1] && !a->pad[2] && !a->pad[3];
}

static bool all_zero(const float *f, int n)
{
    for (int i = 0; i < n; i++)
        if (f[i] != 0)
            return false;
    return true;
}

/* affine -> conv: scales go into the kernel by input channel, shifts, summed over the kernel, into
 * the bias. Zeros of a padding are not shifted, so with padding only a pure scale can go. */
void opt_fold_before(struct graph *g, struct node *affine)
{
    struct node *n = tensor_sole_user(affine->out);
    if (node_family(affine) != FAMILY_AFFINE || !n || node_family(n) != FAMILY_CONV2D)
        return;
    const struct conv2d *a = n->attr;
    const float *scale = scale_of(affine), *shift = shift_of(affine);
    if (!has_no_padding(a) && !all_zero(shift, a->in_channels))
        return;
    int per_group = a->in_channels / a->groups, oc_group = a->filters / a->groups;
    int taps = a->kernel[0] * a->kernel[1];
    float *kernel = copy_floats(g, &n->weight[0]), *bias = own_bias(g, n, a->filters);
    for (int oc = 0; oc < a->filters; oc++) {
        double sum = bias[oc];
        for (int i = 0; i < taps * per_group; i++) {
            int ic = oc / oc_group * per_group + i % per_group;
            float *w = &kernel[(int64_t)i * a->filters + oc];
            sum += (double)*w * shift[ic];
            *w = (float)((double)*w * scale[ic]);
        }
        bias[oc] = (float)sum;
    }
    n->weight[0].data = kernel;
    set_use_bias(n);
    tensor_replace(g, affine->out, affine->in.at[0]);
    node_remove(g, affine);
}

/* affine -> affine: one. */
void opt_merge_affines(struct graph *g, struct node *second)
{
    struct node *first = second->in.n ? second->in.at[0]->maker : NULL;
    if (node_family(second) != FAMILY_AFFINE || !first || node_family(first) != FAMILY_AFFINE ||
            tensor_sole_user(first->out) != second)
        return;
    int channels = ((const struct affine *)first->attr)->channels;
    float *scale = copy_floats(g, find_weight(first, "scale"));
    float *shift = copy_floats(g, find_weight(first, "shift"));
    const float *scale2 = scale_of(second), *shift2 = shift_of(second);
    for (int c = 0; c < channels; c++) {
        shift[c] = (float)((double)shift[c] * scale2[c] + shift2[c]);
        scale[c] = (float)((double)scale[c] * scale2[c]);
    }
    first->weight[0].data = scale;
    first->weight[1].data = shift;
    first->out->layer = second->out->layer;
    tensor_replace(g, second->out, first->out);
    node_remove(g, second);
}
