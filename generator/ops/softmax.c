/* Softmax and LogSoftmax, over any dimension. */
#include "common.h"

#include <stdlib.h>

static void softmax_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct softmax *s = node->attr;

    s->log = node->op == OP_LOG_SOFTMAX;
    if (find_axis(g, node, "axis", s->axis, &s->dim, diag))
        shape_as_input(g, node, diag);
}

/* The n elements from one on that are a pitch apart, out of all and back again. */
static void eval_lane(struct tval *lane, struct tval *all, int64_t from, int64_t pitch, bool log)
{
    int n = lane->shape.dim[0];

    for (int i = 0; i < n; i++) {
        lane->v[i] = all->v[from + i * pitch];
        lane->e[i] = all->e[from + i * pitch];
    }
    softmax_eval(lane, log);
    for (int i = 0; i < n; i++) {
        all->v[from + i * pitch] = lane->v[i];
        all->e[from + i * pitch] = lane->e[i];
    }
}

static void softmax_layer_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct softmax *s = node->attr;
    int n = out->shape.dim[s->dim];
    struct tval lane = {vector_shape(n), new_doubles(n), new_doubles(n)};
    int64_t size = shape_size(&out->shape);
    int64_t pitch = 1;

    for (int d = s->dim + 1; d < out->shape.rank; d++)
        pitch *= out->shape.dim[d];
    eval_copy(node, in, out);
    for (int64_t i = 0; i < size / n; i++)
        eval_lane(&lane, out, i / pitch * pitch * n + i % pitch, pitch, s->log);
    drop_nonfinite(out);
    free(lane.v);
    free(lane.e);
}

static const struct attr_def softmax_attrs[] = {
    {"axis", ATTR_INT, AT(softmax, axis), "-1", 0, 0, NULL,
     "what adds up to 1: 1 the first dimension (0 is the batch), -1 the last, the channels"},
    ATTRS_END
};

const struct op_def op_softmax = {
    .type = "Softmax", .stem = "softmax", .doc = "exp(x) / sum exp(x) over the channels",
    .family = FAMILY_SOFTMAX, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct softmax), .attrs = softmax_attrs, .shape = softmax_shape,
    .eval = softmax_layer_eval,
};

const struct op_def op_log_softmax = {
    .type = "LogSoftmax", .stem = "log_softmax", .doc = "x - log sum exp(x) over the channels",
    .family = FAMILY_SOFTMAX, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct softmax), .attrs = softmax_attrs, .shape = softmax_shape,
    .eval = softmax_layer_eval,
};
