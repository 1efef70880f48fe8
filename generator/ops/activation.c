/* Activation, ReLU, LeakyReLU, ELU and Clip: element-wise functions as layers. Their shape rules
 * put the function into node->act, which is applied to what eval copies. PReLU and Softmax are
 * apart. */
#include "common.h"

static void set_act(struct graph *g, struct node *node, struct activation a)
{
    struct activation *act = NEW(g->pool, struct activation);

    *act = a;
    node->act = act;
}

static void activation_shape(struct graph *g, struct node *node, struct diag *diag)
{
    node->act = ((struct activation_args *)node->attr)->given;
    shape_as_input(g, node, diag);
}

static const struct attr_def activation_attrs[] = {
    {"activation", ATTR_ACTIVATION, AT(activation_args, given), NULL, 0, 0, NULL,
     "the function: a name, or its name and arguments as a map"},
    ATTRS_END
};

const struct op_def op_activation = {
    .type = "Activation", .stem = "activation", .doc = "an activation function as a layer",
    .family = FAMILY_ACTIVATION, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct activation_args), .attrs = activation_attrs,
    .shape = activation_shape, .eval = eval_copy,
};

/* A limit is one number, or not given. */
static bool read_limit(struct graph *g, struct node *node, const char *key, const struct floats *f,
                       float none, float *to, struct diag *diag)
{
    *to = f->n ? f->at[0] : none;
    if (f->n <= 1)
        return true;
    diag_error(diag, DIAG_WRONG_TYPE, node_attr_at(node, key), "'%s' of layer %s is one number",
               key, node_title(g, node));
    return false;
}

static void relu_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct activation_args *a = node->attr;
    float most;

    if (!read_limit(g, node, "max_value", &a->max_value, INFINITY, &most, diag))
        return;
    set_act(g, node, act_relu(a->negative_slope, most, a->threshold));
    shape_as_input(g, node, diag);
}

static const struct attr_def relu_attrs[] = {
    {"max_value", ATTR_FLOATS, AT(activation_args, max_value), "", 0, 1e38, NULL,
     "largest output; default: none"},
    {"negative_slope", ATTR_FLOAT, AT(activation_args, negative_slope), "0", 0, 1e38, NULL,
     "slope below the threshold"},
    {"threshold", ATTR_FLOAT, AT(activation_args, threshold), "0", 0, 1e38, NULL,
     "up to it: negative_slope * (x - threshold)"},
    ATTRS_END
};

const struct op_def op_relu = {
    .type = "ReLU", .stem = "re_lu",
    .doc = "max(x, 0), with a maximum, slope and threshold if given",
    .family = FAMILY_ACTIVATION, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct activation_args), .attrs = relu_attrs,
    .shape = relu_shape, .eval = eval_copy,
};

static void leaky_relu_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct activation_args *a = node->attr;

    set_act(g, node, (struct activation){ACT_LEAKY_RELU, {a->negative_slope}});
    shape_as_input(g, node, diag);
}

static const struct attr_def leaky_relu_attrs[] = {
    {"negative_slope", ATTR_FLOAT, AT(activation_args, negative_slope), "0.3", 0, 1e38, NULL,
     "slope for negative inputs (Keras' default; PyTorch's is 0.01)"},
    ATTRS_END
};

const struct op_def op_leaky_relu = {
    .type = "LeakyReLU", .stem = "leaky_re_lu", .doc = "x, or negative_slope * x below 0",
    .family = FAMILY_ACTIVATION, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct activation_args), .attrs = leaky_relu_attrs,
    .shape = leaky_relu_shape, .eval = eval_copy,
};

static void elu_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct activation_args *a = node->attr;

    set_act(g, node, (struct activation){ACT_ELU, {a->alpha}});
    shape_as_input(g, node, diag);
}

static const struct attr_def elu_attrs[] = {
    {"alpha", ATTR_FLOAT, AT(activation_args, alpha), "1.0", 0, 0, NULL,
     "-alpha is the limit for large negative inputs"},
    ATTRS_END
};

const struct op_def op_elu = {
    .type = "ELU", .stem = "elu", .doc = "x, or alpha * (exp(x) - 1) below 0",
    .family = FAMILY_ACTIVATION, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct activation_args), .attrs = elu_attrs,
    .shape = elu_shape, .eval = eval_copy,
};

static void clip_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct activation_args *a = node->attr;
    float least;
    float most;

    if (!read_limit(g, node, "min_value", &a->min_value, -INFINITY, &least, diag) ||
        !read_limit(g, node, "max_value", &a->max_value, INFINITY, &most, diag))
        return;
    if (least > most) {
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "min_value"),
                   "layer %s has a min_value of %.9g, above its max_value of %.9g",
                   node_title(g, node), (double)least, (double)most);
        return;
    }
    set_act(g, node, (struct activation){ACT_CLIP, {least, most}});
    shape_as_input(g, node, diag);
}

static const struct attr_def clip_attrs[] = {
    {"min_value", ATTR_FLOATS, AT(activation_args, min_value), "", 0, 0, NULL,
     "smallest output; default: no limit"},
    {"max_value", ATTR_FLOATS, AT(activation_args, max_value), "", 0, 0, NULL,
     "largest output; default: no limit"},
    ATTRS_END
};

const struct op_def op_clip = {
    .type = "Clip", .stem = "clip", .doc = "x, not below a minimum and not above a maximum",
    .family = FAMILY_ACTIVATION, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct activation_args), .attrs = clip_attrs,
    .shape = clip_shape, .eval = eval_copy,
};
