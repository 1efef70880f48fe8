/* GroupNormalization and InstanceNormalization: statistics over all pixels of an image. */
#include "common.h"

#include <stdlib.h>

static bool resolve_groups(struct graph *g, struct node *node, struct groupnorm *n,
                           struct diag *diag)
{
    int channels = last_dim(in_shape(node, 0));

    n->resolved = node->op == OP_INSTANCE_NORMALIZATION || n->groups == -1 ? channels : n->groups;
    if (n->resolved > 0 && channels % n->resolved == 0)
        return true;
    diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "groups"),
               "groups %d of layer %s does not divide the %d channels of its input %s",
               n->resolved, node_title(g, node), channels, input_words(g, node, 0, diag));
    return false;
}

static void groupnorm_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct groupnorm *n = node->attr;

    if (need_last_axes(g, node, &n->axis, diag) && resolve_groups(g, node, n, diag))
        shape_as_input(g, node, diag);
}

static void groupnorm_weights(struct graph *g, struct node *node)
{
    const struct groupnorm *n = node->attr;
    struct shape s = vector_shape(last_dim(&node->out->shape));

    (void)g;
    if (n->scale)
        add_weight(node, "gamma", "weight", s)->init = INIT_ONE;
    if (n->center)
        add_weight(node, "beta", "bias", s)->init = INIT_SPREAD;
}

/* The numbers of one group side by side, what they become, and the gammas and betas of each. */
struct row {
    int n;
    double *x, *e, *y, *ye;
    float *gamma, *beta;
};

/* `size` channels from `first` on, of all pixels. */
static void eval_group(const struct node *node, const struct tval *in, int first, int size,
                       struct row *row, struct tval *out)
{
    const struct groupnorm *a = node->attr;
    const float *gamma = weight_data(node, "gamma");
    const float *beta = weight_data(node, "beta");
    int channels = last_dim(&in->shape);

    for (int i = 0; i < row->n; i++) {
        int c = first + i % size;
        int64_t at = (int64_t)(i / size) * channels + c;

        row->x[i] = in->v[at];
        row->e[i] = in->e[at];
        row->gamma[i] = gamma ? gamma[c] : 1;
        row->beta[i] = beta ? beta[c] : 0;
    }
    normalize_row(row->n, row->x, row->e, (double)a->epsilon, row->gamma, row->beta, row->y,
                  row->ye);
    for (int i = 0; i < row->n; i++) {
        int64_t at = (int64_t)(i / size) * channels + first + i % size;

        out->v[at] = row->y[i];
        out->e[at] = row->ye[i];
    }
}

static void groupnorm_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct groupnorm *a = node->attr;
    int channels = last_dim(&in->shape);
    int size = channels / a->resolved;
    int n = (int)(shape_size(&in->shape) / a->resolved);
    double *room = new_doubles(6 * (int64_t)n);  /* floats take less */
    struct row row = {n, room, room + n, room + 2 * (int64_t)n, room + 3 * (int64_t)n,
                      (float *)(room + 4 * (int64_t)n), (float *)(room + 5 * (int64_t)n)};

    for (int first = 0; first < channels; first += size)
        eval_group(node, in, first, size, &row, out);
    drop_nonfinite(out);
    free(room);
}

#define ATTRS_NORM \
    {"axis", ATTR_INDICES, AT(groupnorm, axis), "-1", 0, 0, NULL, \
     "the channels: the last axis only"}, \
    {"epsilon", ATTR_FLOAT, AT(groupnorm, epsilon), "1e-3", 0, 1e30, NULL, \
     "added to the variance (Keras' default; PyTorch's and ONNX's are 1e-5)"}, \
    {"center", ATTR_BOOL, AT(groupnorm, center), "true", 0, 0, NULL, "whether there is a beta"}, \
    {"scale", ATTR_BOOL, AT(groupnorm, scale), "true", 0, 0, NULL, "whether there is a gamma"}, \
    ATTRS_END

static const struct attr_def group_attrs[] = {
    {"groups", ATTR_INT, AT(groupnorm, groups), "32", -1, MAX_EXTENT, NULL,
     "of neighbouring channels, each with statistics of its own; -1: as many as channels"},
    ATTRS_NORM
};

const struct op_def op_group_normalization = {
    .type = "GroupNormalization", .stem = "group_normalization",
    .doc = "gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics over all pixels and "
           "a group of channels",
    .family = FAMILY_GROUPNORM, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct groupnorm), .attrs = group_attrs, .shape = groupnorm_shape,
    .weights = groupnorm_weights, .eval = groupnorm_eval,
};

static const struct attr_def instance_attrs[] = { ATTRS_NORM };

const struct op_def op_instance_normalization = {
    .type = "InstanceNormalization", .stem = "instance_normalization",
    .doc = "gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics over all pixels of "
           "each channel",
    .family = FAMILY_GROUPNORM, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct groupnorm), .attrs = instance_attrs, .shape = groupnorm_shape,
    .weights = groupnorm_weights, .eval = groupnorm_eval,
};
