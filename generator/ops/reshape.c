/* Flatten, Reshape and Permute. */
#include "common.h"

/* ---- Flatten, Reshape ------------------------------------------------------------------------ */

static void flatten_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct reshape *r = node->attr;

    r->target = vector_shape((int)shape_size(in_shape(node, 0)));
    set_shape(g, node, r->target, diag);
}

static const struct attr_def flatten_attrs[] = {ATTRS_END};

const struct op_def op_flatten = {
    .type = "Flatten", .stem = "flatten",
    .doc = "all elements in one axis, channels varying fastest",
    .family = FAMILY_RESHAPE, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct reshape), .attrs = flatten_attrs, .shape = flatten_shape,
    .eval = eval_copy,
};

static void report_reshape(struct graph *g, struct node *node, int64_t known, bool open,
                           struct diag *diag)
{
    const struct reshape *r = node->attr;

    diag_error(diag, DIAG_SHAPE_MISMATCH, node_attr_at(node, "target_shape"),
               "layer %s cannot reshape its input %s of %lld elements into %s%s %lld elements",
               node_title(g, node), input_words(g, node, 0, diag),
               (long long)shape_size(in_shape(node, 0)), shape_text(g->pool, &r->target),
               open ? ": no multiple of" : " of", (long long)known);
    note_maker(g, node, 0, diag);
}

static void reshape_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct reshape *r = node->attr;
    int64_t size = shape_size(in_shape(node, 0));
    int64_t known = 1;
    int open = -1;

    for (int i = 0; i < r->target.rank; i++)
        if (r->target.dim[i] < 0)
            open = i;
        else if (!mul_ok(known, r->target.dim[i], &known))
            known = INT64_MAX;
    if (known < 1 || (open < 0 ? known != size : size % known != 0)) {
        report_reshape(g, node, known, open >= 0, diag);
        return;
    }
    if (open >= 0)
        r->target.dim[open] = (int)(size / known);
    set_shape(g, node, r->target, diag);
}

static const struct attr_def reshape_attrs[] = {
    {"target_shape", ATTR_SHAPE, AT(reshape, target), NULL, -1, MAX_EXTENT, NULL,
     "of one image; one dimension may be -1: what remains"},
    ATTRS_END
};

const struct op_def op_reshape = {
    .type = "Reshape", .stem = "reshape", .doc = "the same elements in another shape",
    .family = FAMILY_RESHAPE, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct reshape), .attrs = reshape_attrs, .shape = reshape_shape,
    .eval = eval_copy,
};

/* ---- Permute --------------------------------------------------------------------------------- */

/* Each of 1 .. rank once. */
static bool is_permutation(const struct shape *dims, int rank)
{
    unsigned seen = 0;

    for (int i = 0; i < dims->rank; i++)
        seen |= 1U << dims->dim[i];
    return dims->rank == rank && seen == (2U << rank) - 2;
}

static void permute_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct permute *p = node->attr;
    const struct shape *in = in_shape(node, 0);
    struct shape out = *in;

    if (!is_permutation(&p->dims, in->rank)) {
        diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "dims"),
                   "dims %s of layer %s must hold each of 1 to %d once: the axes of its input %s",
                   shape_text(g->pool, &p->dims), node_title(g, node), in->rank,
                   input_words(g, node, 0, diag));
        note_maker(g, node, 0, diag);
        return;
    }
    for (int i = 0; i < out.rank; i++)
        out.dim[i] = in->dim[p->dims.dim[i] - 1];
    set_shape(g, node, out, diag);
}

static void permute_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    const struct permute *p = node->attr;
    int64_t pitch[LIMIT_RANK];
    int64_t n = shape_size(&out->shape);

    for (int64_t d = in->shape.rank - 1, all = 1; d >= 0; d--) {
        pitch[d] = all;
        all *= in->shape.dim[d];
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i;
        int64_t from = 0;

        for (int d = out->shape.rank - 1; d >= 0; d--) {
            from += rest % out->shape.dim[d] * pitch[p->dims.dim[d] - 1];
            rest /= out->shape.dim[d];
        }
        out->v[i] = in->v[from];
        out->e[i] = in->e[from];
    }
}

static const struct attr_def permute_attrs[] = {
    {"dims", ATTR_SHAPE, AT(permute, dims), NULL, 1, LIMIT_RANK, NULL,
     "which axis of the input comes first, second ..., counted from 1"},
    ATTRS_END
};

const struct op_def op_permute = {
    .type = "Permute", .stem = "permute", .doc = "the axes in another order",
    .family = FAMILY_PERMUTE, .min_in = 1, .max_in = 1,
    .attr_bytes = sizeof(struct permute), .attrs = permute_attrs, .shape = permute_shape,
    .eval = permute_eval,
};
