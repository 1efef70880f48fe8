/* Pad and Tile: what lies beside a tensor, in any dimension, as in NumPy. */
#include "common.h"

#include <string.h>

/* ---- shapes ---------------------------------------------------------------------------------- */

static bool check_count(struct graph *g, struct node *node, const char *key, int n,
                        struct diag *diag)
{
    int rank = in_shape(node, 0)->rank;

    if (n == rank)
        return true;
    diag_error(diag, DIAG_SHAPE_MISMATCH, node_attr_at(node, key),
               "'%s' of layer %s has %d entr%s, but its input %s has %d dimension%s", key,
               node_title(g, node), n, n == 1 ? "y" : "ies", input_words(g, node, 0, diag), rank,
               rank == 1 ? "" : "s");
    note_maker(g, node, 0, diag);
    return false;
}

/* False after an error: a dimension that no shape can have. */
static bool set_extent(struct graph *g, struct node *node, int64_t n, int *to, struct diag *diag)
{
    *to = (int)n;
    if (n <= MAX_EXTENT)
        return true;
    diag_error(diag, DIAG_TENSOR_TOO_LARGE, node->at,
               "layer %s makes a dimension of %lld: a tensor has to stay below 2^31 bytes",
               node_title(g, node), (long long)n);
    return false;
}

static void pad_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct pads *p = &((const struct pad *)node->attr)->pads;
    struct shape out = *in_shape(node, 0);

    if (!check_count(g, node, "pads", p->n, diag))
        return;
    for (int d = 0; d < out.rank; d++)
        if (!set_extent(g, node, (int64_t)out.dim[d] + p->at[d][0] + p->at[d][1], &out.dim[d],
                        diag))
            return;
    set_shape(g, node, out, diag);
}

static void tile_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct indices *r = &((const struct tile *)node->attr)->repeats;
    struct shape out = *in_shape(node, 0);

    if (!check_count(g, node, "repeats", r->n, diag))
        return;
    for (int d = 0; d < out.rank; d++)
        if (!set_extent(g, node, (int64_t)out.dim[d] * r->at[d], &out.dim[d], diag))
            return;
    set_shape(g, node, out, diag);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* Steps to and fro between the first and the last element, the ends counting once or twice. */
static int64_t mirrored(int64_t i, int64_t n, bool ends_twice)
{
    int64_t last = ends_twice ? 2 * n - 1 : 2 * n - 2;

    if (n == 1)
        return 0;
    i %= last + ends_twice;
    while (i < 0 || i >= n)
        i = i < 0 ? -i - ends_twice : last - i;
    return i;
}

/* Which of n elements is seen at index i; -1: none, the padding's value. */
static int64_t source_index(int64_t i, int64_t n, int mode)
{
    if (i >= 0 && i < n)
        return i;
    switch ((enum pad_mode)mode) {
    case PAD_CONSTANT: return -1;
    case PAD_EDGE: return i < 0 ? 0 : n - 1;
    case PAD_REFLECT: return mirrored(i, n, false);
    case PAD_SYMMETRIC: return mirrored(i, n, true);
    case PAD_WRAP: return (i % n + n) % n;
    }
    return -1;
}

static void eval_padded(const struct tval *in, struct tval *out, const struct pad *p)
{
    int64_t n = shape_size(&out->shape);

    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i;
        int64_t at = 0;
        int64_t pitch = 1;
        bool inside = true;

        for (int d = out->shape.rank - 1; d >= 0; d--) {
            int64_t k = source_index(rest % out->shape.dim[d] - p->pads.at[d][0],
                                     in->shape.dim[d], p->mode);

            inside = inside && k >= 0;
            at += k * pitch;
            pitch *= in->shape.dim[d];
            rest /= out->shape.dim[d];
        }
        out->v[i] = inside ? in->v[at] : (double)p->value;
        out->e[i] = inside ? in->e[at] : 0;
    }
}

static void pad_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    eval_padded(in, out, node->attr);
}

/* Tiles are what wrapping around makes. */
static struct pad tiles(const struct node *node)
{
    const struct indices *r = &((const struct tile *)node->attr)->repeats;
    struct pad p = {.pads = {.n = r->n}, .mode = PAD_WRAP};

    for (int d = 0; d < r->n; d++)
        p.pads.at[d][1] = node->in.at[0]->shape.dim[d] * (r->at[d] - 1);
    return p;
}

static void tile_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    struct pad p = tiles(node);

    eval_padded(in, out, &p);
}

/* ---- other operators ------------------------------------------------------------------------- */

/* Zeros around an image are ZeroPadding2D, which may go into a convolution. */
static void pad_lower(struct graph *g, struct node *node)
{
    const struct pad *p = node->attr;
    struct border *border;

    if (p->mode != PAD_CONSTANT || p->value < 0 || p->value > 0 || p->pads.n != 3 ||
        p->pads.at[2][0] || p->pads.at[2][1])
        return;
    border = NEW(g->pool, struct border);
    memcpy(border->border, p->pads.at, sizeof border->border);
    node->op = OP_ZERO_PADDING2D;
    node->attr = border;
}

static void tile_lower(struct graph *g, struct node *node)
{
    struct pad *p = NEW(g->pool, struct pad);

    *p = tiles(node);
    node->op = OP_PAD;
    node->attr = p;
}

/* ---- definitions ----------------------------------------------------------------------------- */

static const char *const modes[] = {"constant", "reflect", "edge", "symmetric", "wrap", NULL};

static const struct attr_def pad_attrs[] = {
    {"pads", ATTR_PADS, AT(pad, pads), NULL, 0, 0, NULL,
     "elements before and after, in each dimension"},
    {"mode", ATTR_WORD, AT(pad, mode), "constant", 0, 0, modes,
     "value, mirrored without or (symmetric) with the edge, edge repeated, or the other end"},
    {"value", ATTR_FLOAT, AT(pad, value), "0", 0, 0, NULL, "of the padding, when mode is constant"},
    ATTRS_END
};

const struct op_def op_pad = {
    .type = "Pad", .stem = "pad", .doc = "a border around the tensor in any dimension, as in NumPy",
    .family = FAMILY_PAD_ANY, .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct pad),
    .attrs = pad_attrs, .shape = pad_shape, .eval = pad_eval, .lower = pad_lower,
};

static const struct attr_def tile_attrs[] = {
    {"repeats", ATTR_INDICES, AT(tile, repeats), NULL, 1, MAX_EXTENT, NULL,
     "how often, in each dimension"},
    ATTRS_END
};

const struct op_def op_tile = {
    .type = "Tile", .stem = "tile", .doc = "the tensor side by side with itself",
    .family = FAMILY_LOWERED, .min_in = 1, .max_in = 1, .attr_bytes = sizeof(struct tile),
    .attrs = tile_attrs, .shape = tile_shape, .eval = tile_eval, .lower = tile_lower,
};
