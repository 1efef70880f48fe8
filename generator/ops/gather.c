/* Gather: elements along a dimension in the order of a list, as NumPy's take. */
#include "common.h"

#include <string.h>

/* Counted from the front. */
static int from_front(int index, int n) { return index < 0 ? index + n : index; }

int gather_index(const struct node *node, int i)
{
    const struct gather *a = node->attr;

    return from_front(a->indices.at[i], in_shape(node, 0)->dim[a->dim]);
}

static bool check_indices(struct graph *g, struct node *node, struct diag *diag)
{
    const struct gather *a = node->attr;
    int n = in_shape(node, 0)->dim[a->dim];

    for (int i = 0; i < a->indices.n; i++) {
        if (a->indices.at[i] >= -n && a->indices.at[i] < n)
            continue;
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "indices"),
                   "layer %s takes element %d of dimension %d of its input %s: indices from %d to "
                   "%d are there", node_title(g, node), a->indices.at[i], a->dim + 1,
                   input_words(g, node, 0, diag), -n, n - 1);
        note_maker(g, node, 0, diag);
        return false;
    }
    return true;
}

static void gather_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct gather *a = node->attr;
    struct shape out = *in_shape(node, 0);

    if (!find_axis(g, node, "axis", a->axis, &a->dim, diag) || !check_indices(g, node, diag))
        return;
    out.dim[a->dim] = a->indices.n;
    set_shape(g, node, out, diag);
}

static void gather_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct gather *a = node->attr;
    int64_t from = in->shape.dim[a->dim];
    int64_t to = out->shape.dim[a->dim];
    int64_t rows = shape_size(&out->shape);
    int64_t run = 1;

    for (int d = a->dim + 1; d < out->shape.rank; d++)
        run *= out->shape.dim[d];
    rows /= run;
    for (int64_t i = 0; i < rows; i++) {
        int64_t at = i / to * from + gather_index(node, (int)(i % to));

        memcpy(out->v + i * run, in->v + at * run, (size_t)run * sizeof *out->v);
        memcpy(out->e + i * run, in->e + at * run, (size_t)run * sizeof *out->e);
    }
}

static const struct attr_def gather_attrs[] = {
    {"indices", ATTR_INTS, AT(gather, indices), NULL, 0, 0, NULL,
     "which elements, from 0, in this order; negative: from the end"},
    {"axis", ATTR_INT, AT(gather, axis), NULL, 0, 0, NULL,
     "of which dimension, 1 the first (0 is the batch) and -1 the last"},
    ATTRS_END
};

const struct op_def op_gather = {
    .type = "Gather", .stem = "gather",
    .doc = "elements along a dimension in the order of a list, as NumPy's take",
    .family = FAMILY_GATHER, .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct gather),
    .attrs = gather_attrs, .shape = gather_shape, .eval = gather_eval,
};
