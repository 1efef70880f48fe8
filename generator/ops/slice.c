/* Slice and Expand: a part of a tensor, and one repeated where its dimensions are 1, as in
 * NumPy. */
#include "common.h"

#include <string.h>

/* ---- elements by index ----------------------------------------------------------------------- */

/* Copies the element of the input that from() says for each of the output. */
static void gather(const struct node *node, const struct tval *in, struct tval *out,
                   int (*from)(const struct node *, int d, int i))
{
    int rank = out->shape.rank;
    int64_t n = shape_size(&out->shape);

    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i;
        int64_t at = 0;
        int64_t pitch = 1;

        for (int d = rank - 1; d >= 0; d--) {
            int k = d - (rank - in->shape.rank);

            if (k >= 0) {
                at += from(node, d, (int)(rest % out->shape.dim[d])) * pitch;
                pitch *= in->shape.dim[k];
            }
            rest /= out->shape.dim[d];
        }
        out->v[i] = in->v[at];
        out->e[i] = in->e[at];
    }
}

/* ---- Slice ----------------------------------------------------------------------------------- */

/* Entry d, or what stands for it when none are given. */
static int entry(const struct indices *x, int d, int otherwise)
{
    return x->n ? x->at[d] : otherwise;
}

/* Indices count from the end when negative, and stop at both ends: as Python's slices. */
static int64_t clamp_index(int64_t i, int n, int64_t low, int64_t high)
{
    i = i < 0 ? i + n : i;
    return i < low ? low : i > high ? high : i;
}

/* How many elements of n the entries of dimension d take. */
static int resolve_dimension(struct slice *s, int d, int n)
{
    int64_t step = entry(&s->step, d, 1);
    int64_t low = step > 0 ? 0 : -1;
    int64_t high = step > 0 ? n : n - 1;
    int64_t begin = clamp_index(entry(&s->begin, d, step > 0 ? 0 : n - 1), n, low, high);
    int64_t end = s->end.n ? clamp_index(s->end.at[d], n, low, high) : step > 0 ? n : -1;
    int64_t count = step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;

    s->first[d] = (int)begin;
    s->stride[d] = count > 1 ? (int)step : 1;
    return count > 0 ? (int)count : 0;
}

static bool check_entries(struct graph *g, struct node *node, const char *key,
                          const struct indices *x, struct diag *diag)
{
    int rank = in_shape(node, 0)->rank;

    if (x->n == 0 || x->n == rank)
        return true;
    diag_error(diag, DIAG_SHAPE_MISMATCH, node_attr_at(node, key),
               "'%s' of layer %s has %d entr%s, but its input %s has %d dimension%s", key,
               node_title(g, node), x->n, x->n == 1 ? "y" : "ies", input_words(g, node, 0, diag),
               rank, rank == 1 ? "" : "s");
    note_maker(g, node, 0, diag);
    return false;
}

static bool check_steps(struct graph *g, struct node *node, const struct indices *x,
                        struct diag *diag)
{
    for (int d = 0; d < x->n; d++)
        if (x->at[d] == 0) {
            diag_error(diag, DIAG_BAD_VALUE, node_attr_at(node, "step"),
                       "'step' of layer %s is 0 in dimension %d: it goes forwards or backwards",
                       node_title(g, node), d + 1);
            return false;
        }
    return true;
}

static void slice_shape(struct graph *g, struct node *node, struct diag *diag)
{
    struct slice *s = node->attr;
    struct shape out = *in_shape(node, 0);

    if (!check_entries(g, node, "begin", &s->begin, diag) ||
        !check_entries(g, node, "end", &s->end, diag) ||
        !check_entries(g, node, "step", &s->step, diag) || !check_steps(g, node, &s->step, diag))
        return;
    for (int d = 0; d < out.rank; d++) {
        out.dim[d] = resolve_dimension(s, d, out.dim[d]);
        if (out.dim[d])
            continue;
        diag_error(diag, DIAG_EMPTY_OUTPUT, node_attr_at(node, "end"),
                   "layer %s takes nothing in dimension %d of its input %s", node_title(g, node),
                   d + 1, input_words(g, node, 0, diag));
        note_maker(g, node, 0, diag);
        return;
    }
    set_shape(g, node, out, diag);
}

static int sliced_index(const struct node *node, int d, int i)
{
    const struct slice *s = node->attr;

    return s->first[d] + i * s->stride[d];
}

static void slice_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    gather(node, in, out, sliced_index);
}

static const struct attr_def slice_attrs[] = {
    {"begin", ATTR_INDICES, AT(slice, begin), "", 0, 0, NULL,
     "first index in each dimension, negative: from the end; default: where the step starts"},
    {"end", ATTR_INDICES, AT(slice, end), "", 0, 0, NULL,
     "index to stop before, negative: from the end, beyond both ends allowed; default: all"},
    {"step", ATTR_INDICES, AT(slice, step), "", 0, 0, NULL,
     "distance of indices, negative: backwards; default: 1"},
    ATTRS_END
};

const struct op_def op_slice = {
    .type = "Slice", .stem = "slice", .doc = "every step-th element from begin to end, as in NumPy",
    .family = FAMILY_SLICE, .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct slice),
    .attrs = slice_attrs, .shape = slice_shape, .eval = slice_eval,
};

/* ---- Expand ---------------------------------------------------------------------------------- */

static void expand_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct shape *want = &((const struct expand *)node->attr)->shape;
    const struct shape *in = in_shape(node, 0);
    struct shape out = want->rank > in->rank ? *want : *in;

    for (int d = 1; d <= out.rank; d++) {
        int x = d <= in->rank ? in->dim[in->rank - d] : 1;
        int y = d <= want->rank ? want->dim[want->rank - d] : 1;

        out.dim[out.rank - d] = x == 1 ? y : x;
        if (x == y || x == 1 || y == 1)
            continue;
        diag_error(diag, DIAG_SHAPE_MISMATCH, node_attr_at(node, "shape"),
                   "layer %s expands to %s, but its input is %s: only a dimension of 1 stretches",
                   node_title(g, node), shape_text(g->pool, want), input_words(g, node, 0, diag));
        note_maker(g, node, 0, diag);
        return;
    }
    set_shape(g, node, out, diag);
}

static int expanded_index(const struct node *node, int d, int i)
{
    const struct shape *in = in_shape(node, 0);

    return in->dim[d - (node->out->shape.rank - in->rank)] == 1 ? 0 : i;
}

static void expand_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    gather(node, in, out, expanded_index);
}

static const struct attr_def expand_attrs[] = {
    {"shape", ATTR_SHAPE, AT(expand, shape), NULL, 1, MAX_EXTENT, NULL,
     "what to stretch to; a dimension of 1, or one that is missing in front, keeps the input's"},
    ATTRS_END
};

const struct op_def op_expand = {
    .type = "Expand", .stem = "expand", .doc = "repeats what has dimensions of 1, as in NumPy",
    .family = FAMILY_EXPAND, .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct expand),
    .attrs = expand_attrs, .shape = expand_shape, .eval = expand_eval,
};
