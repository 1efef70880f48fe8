#include "shape.h"

#include <string.h>

#include "attr.h"
#include "ops.h"

/* ---- shapes ---------------------------------------------------------------------------------- */

int64_t shape_size(const struct shape *s)
{
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++)
        if (!mul_ok(n, s->dim[i], &n))
            return INT64_MAX;
    return n;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]);
}

const char *shape_text(struct pool *pool, const struct shape *s)
{
    const char *text = "[";
    for (int i = 0; i < s->rank; i++)
        text = pool_printf(pool, "%s%s%d", text, i ? ", " : "", s->dim[i]);
    return pool_printf(pool, "%s]", text);
}

struct shape shape_of(int rank, const int *dim)
{
    struct shape s = {.rank = rank};
    memcpy(s.dim, dim, (size_t)rank * sizeof *dim);
    return s;
}

struct hwc shape_hwc(const struct shape *s)
{
    struct hwc i = {1, 1, s->dim[s->rank - 1]};
    if (s->rank > 1)
        i.w = s->dim[s->rank - 2];
    for (int k = 0; k < s->rank - 2; k++)
        i.h *= s->dim[k];
    return i;
}

/* ---- layers in words ------------------------------------------------------------------------- */

static const char *printable(struct pool *pool, const char *name)
{
    return diag_quote(diag_new(pool), name, strlen(name));
}

static const char *title(struct pool *pool, const struct node *n)
{
    const char *type = node_def(n)->type;
    return pool_printf(pool, "'%s' (%s)", printable(pool, n->name),
            type ? type : node_def(n)->stem);
}

const char *node_title(const struct graph *g, const struct node *n) { return title(g->pool, n); }

/* What decides the shape, in the order in which it is told: "256 filters, 3x3, strides 1". */
enum tell { TELL, TELL_UNUSUAL, TELL_FLAG };

static const struct { const char *key, *before, *after; enum tell tell; } words[] = {
    {"filters", "", " filters", TELL},
    {"units", "", " units", TELL},
    {"depth_multiplier", "depth multiplier ", "", TELL_UNUSUAL},
    {"kernel_size", "", "", TELL},
    {"pool_size", "", "", TELL},
    {"size", "", "", TELL},
    {"strides", "strides ", "", TELL},
    {"padding", "padding ", "", TELL},
    {"output_padding", "output padding ", "", TELL_UNUSUAL},
    {"dilation_rate", "dilation ", "", TELL_UNUSUAL},
    {"groups", "", " groups", TELL_UNUSUAL},
    {"ceil_mode", "ceil mode", "", TELL_FLAG},
    {"keepdims", "keepdims", "", TELL_FLAG},
    {"cropping", "cropping ", "", TELL},
    {"target_shape", "to ", "", TELL},
    {"dims", "dims ", "", TELL},
    {"axis", "axis ", "", TELL_UNUSUAL},
};

/* Pairs that are no sizes in short: "strides 2", not "strides 2x2". */
static const char *word_value(struct pool *pool, const struct attr_def *def, const void *attr,
        bool is_size)
{
    const int *pair = (const int *)(const void *)((const char *)attr + def->offset);
    if (def->type == ATTR_PAIR && !is_size && pair[0] == pair[1] && pair[0])
        return pool_printf(pool, "%d", pair[0]);
    return attr_text(pool, def, attr, NULL);
}

const char *node_words(struct graph *g, const struct node *n)
{
    struct pool *pool = g->pool;
    const struct op_def *op = node_def(n);
    const char *text = op->type ? op->type : op->stem;
    struct attr_base plain;
    attr_fallback(pool, op, &plain);
    for (size_t i = 0; n->attr && i < sizeof words / sizeof words[0]; i++) {
        const struct attr_def *def = attr_find(op, words[i].key);
        bool is_size = !*words[i].before && !*words[i].after;
        const char *value = def ? word_value(pool, def, n->attr, is_size) : NULL;
        const char *usual = def ? word_value(pool, def, plain.attr, is_size) : NULL;
        if (!value || (words[i].tell != TELL && usual && !strcmp(value, usual)))
            continue;
        text = pool_printf(pool, "%s, %s%s%s", text, words[i].before,
                words[i].tell == TELL_FLAG ? "" : value, words[i].after);
    }
    return pool_printf(pool, "'%s' (%s)", printable(pool, n->name), text);
}

/* ---- for the operators' shape rules ---------------------------------------------------------- */

/* "[32, 32, 16], [32, 32, 8] and 3 more" */
static const char *input_shapes(struct pool *pool, const struct node *n)
{
    enum { SHOWN = 3 };
    const char *text = shape_text(pool, &n->in.at[0]->shape);
    int shown = n->in.n <= SHOWN ? n->in.n : SHOWN - 1;
    for (int i = 1; i < shown; i++)
        text = pool_printf(pool, "%s%s%s", text, i == n->in.n - 1 ? " and " : ", ",
                shape_text(pool, &n->in.at[i]->shape));
    return shown < n->in.n ? pool_printf(pool, "%s and %d more", text, n->in.n - shown) : text;
}

/* "'conv1' (Conv2D, 256 filters ...) turns [28, 28, 1] into [26, 26, 256]" */
static void note_maker(struct graph *g, const struct node *n, struct diag *d)
{
    struct pool *pool = g->pool;
    const char *made = shape_text(pool, &n->out->shape);
    if (n->in.n == 0)
        diag_note(d, n->layer->at, "%s is %s", title(pool, n), made);
    else
        diag_note(d, n->layer->at, "%s turns %s into %s", node_words(g, n), input_shapes(pool, n),
                made);
}

bool need_rank(struct node *n, int i, int rank, struct diag *d)
{
    static const char *const takes[LIMIT_RANK + 1] = {
        "nothing", "[features]", "[steps, features]", "an image, [height, width, channels]",
        "a volume, [depth, height, width, channels]",
    };
    const struct tensor *t = n->in.at[i];
    if (t->shape.rank == rank)
        return true;
    struct pool *pool = pool_new();
    struct graph texts = {.pool = pool};
    diag_error(d, DIAG_BAD_RANK, n->at, "layer %s takes %s, but receives %s from '%s'",
            title(pool, n), takes[rank], shape_text(pool, &t->shape), printable(pool, t->name));
    note_maker(&texts, t->maker, d);
    pool_free(pool);
    return false;
}

/* A value of the layer that might be another: what help is computed with. */
struct change {
    const struct attr_def *def;
    struct padding padding;  /* of ATTR_PADDING */
    int number;              /* of ATTR_INT */
};

static void apply_change(const struct change *c, void *attr)
{
    void *field = (char *)attr + c->def->offset;
    if (c->def->type == ATTR_PADDING)
        *(struct padding *)field = c->padding;
    else
        *(int *)field = c->number;
}

/* What the layer would make with the changes; rank 0 when that is an error. */
static struct shape try_changes(struct graph *g, const struct node *n, const struct change *c,
        int changes)
{
    const struct op_def *op = node_def(n);
    struct node copy = *n;
    struct tensor out = *n->out;
    struct diag *quiet = diag_new(g->pool);
    copy.out = &out;
    out.maker = &copy;
    out.shape = (struct shape){0};
    copy.attr = pool_alloc(g->pool, op->attr_bytes + 1);
    memcpy(copy.attr, n->attr, op->attr_bytes);
    for (int i = 0; i < changes; i++)
        apply_change(&c[i], copy.attr);
    op->shape(g, &copy, quiet);
    return diag_failed(quiet) ? (struct shape){0} : out.shape;
}

/* "padding: same" where the layer has a padding that is something else. */
static bool could_pad(const struct node *n, struct change *c)
{
    const struct attr_def *def = attr_find(node_def(n), "padding");
    if (!def || def->type != ATTR_PADDING)
        return false;
    const struct padding *now = (const void *)((const char *)n->attr + def->offset);
    *c = (struct change){.def = def, .padding = {.kind = PAD_SAME}};
    return now->kind != PAD_SAME;
}

static void report_empty(struct graph *g, struct node *n, struct diag *d)
{
    struct change same;
    diag_error(d, DIAG_EMPTY_OUTPUT, n->at, "layer %s leaves nothing of %s", node_words(g, n),
            shape_text(g->pool, &n->in.at[0]->shape));
    if (could_pad(n, &same)) {
        struct shape s = try_changes(g, n, &same, 1);
        if (s.rank)
            diag_help(d, "with padding: same it makes %s", shape_text(g->pool, &s));
    }
}

void set_shape(struct graph *g, struct node *n, struct shape s, struct diag *d)
{
    int64_t bytes;
    if (s.rank < 1 || s.rank > LIMIT_RANK)
        bug("%s makes a shape of rank %d", n->name, s.rank);
    for (int i = 0; i < s.rank; i++)
        if (s.dim[i] < 1) {
            report_empty(g, n, d);
            return;
        }
    if (mul_ok(shape_size(&s), (int64_t)sizeof(float), &bytes) && bytes <= LIMIT_TENSOR_BYTES)
        n->out->shape = s;
    else
        diag_error(d, DIAG_TENSOR_TOO_LARGE, n->at,
                "the output of %s is %s: a tensor has to stay below 2^31 bytes",
                node_words(g, n), shape_text(g->pool, &s));
}

/* ---- declared shapes ------------------------------------------------------------------------- */

/* Which change of the maker gives the shape that is wanted: "filters: 64 and padding: same"; NULL
 * when none of those that are tried does. */
static const char *find_change(struct graph *g, const struct node *maker, const struct shape *want)
{
    const struct attr_def *count = attr_find(node_def(maker), "filters");
    struct change channels, same, both[2];
    if (!count)
        count = attr_find(node_def(maker), "units");
    bool can_count = count && maker->in.n, can_pad = could_pad(maker, &same);
    channels = (struct change){.def = count, .number = want->dim[want->rank - 1]};
    both[0] = channels, both[1] = same;
    const char *number =
            can_count ? pool_printf(g->pool, "%s: %d", count->key, channels.number) : "";
    const struct { bool can; const struct change *change; int n; const char *text; } tries[] = {
        {can_count, &channels, 1, number},
        {can_pad, &same, 1, "padding: same"},
        {can_count && can_pad, both, 2, pool_printf(g->pool, "%s and padding: same", number)},
    };
    for (int i = 0; i < 3; i++) {
        if (!tries[i].can)
            continue;
        struct shape got = try_changes(g, maker, tries[i].change, tries[i].n);
        if (shape_equal(&got, want))
            return tries[i].text;
    }
    return NULL;
}

static void report_declared(struct graph *g, const struct node *n, const struct tensor *in,
        const struct shape *declared, struct diag *d)
{
    struct pool *pool = g->pool;
    const char *change = find_change(g, in->maker, declared);
    diag_error(d, DIAG_SHAPE_MISMATCH, node_attr_at(n, "input_shape"),
            "layer %s declares input_shape %s, but receives %s from '%s'", title(pool, n),
            shape_text(pool, declared), shape_text(pool, &in->shape), printable(pool, in->name));
    note_maker(g, in->maker, d);
    if (declared->rank == in->shape.rank + 1 &&
            !memcmp(declared->dim + 1, in->shape.dim,
                    (size_t)in->shape.rank * sizeof in->shape.dim[0]))
        diag_help(d, "leave out the batch: input_shape: %s", shape_text(pool, &in->shape));
    else if (change)
        diag_help(d, "delete input_shape from '%s' (shapes are inferred), or give '%s' %s",
                printable(pool, n->name), printable(pool, in->name), change);
    else
        diag_help(d, "delete input_shape from '%s' (shapes are inferred)",
                printable(pool, n->name));
}

static void check_declared(struct graph *g, const struct node *n, struct diag *d)
{
    const struct entry *e = n->layer->map ? value_find(n->layer->map, "input_shape") : NULL;
    struct shape declared;
    if (!e || n->in.n == 0 || value_is_null(e->val))
        return;
    if (!attr_parse(g->pool, &attr_input_shape, e->val, &declared, NULL, diag_new(g->pool)))
        return;  /* was reported */
    for (int i = 0; i < n->in.n; i++)
        if (!shape_equal(&n->in.at[i]->shape, &declared)) {
            report_declared(g, n, n->in.at[i], &declared, d);
            return;
        }
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static bool check_weight(struct graph *g, const struct node *n, const struct weight *w,
        struct diag *d)
{
    int64_t bytes;
    if (mul_ok(shape_size(&w->shape), (int64_t)sizeof(float), &bytes) &&
            bytes <= LIMIT_TENSOR_BYTES)
        return true;
    diag_error(d, DIAG_TENSOR_TOO_LARGE, n->at,
            "weight '%s' of %s is %s: a tensor has to stay below 2^31 bytes", w->name,
            node_words(g, n), shape_text(g->pool, &w->shape));
    return false;
}

/* Adds up what the layers hold; false once it is too much. */
static bool add_total(struct graph *g, const struct node *n, int64_t *total, struct diag *d)
{
    int64_t bytes = 0;
    bool ok = mul_ok(shape_size(&n->out->shape) * (int64_t)sizeof(float), g->batch, &bytes) &&
              add_ok(*total, bytes, total);
    for (int i = 0; i < n->weights && ok; i++)
        ok = add_ok(*total, shape_size(&n->weight[i].shape) * (int64_t)sizeof(float), total);
    if (ok && *total <= LIMIT_TOTAL_BYTES)
        return true;
    diag_error(d, DIAG_TENSOR_TOO_LARGE, n->at,
            "with %s the tensors of all layers come to more than 2^40 bytes", node_words(g, n));
    return false;
}

/* ---- the pass -------------------------------------------------------------------------------- */

static bool inputs_known(const struct node *n)
{
    for (int i = 0; i < n->in.n; i++)
        if (n->in.at[i]->shape.rank == 0)
            return false;
    return true;
}

/* False when the layer has no shape. */
static bool infer_node(struct graph *g, struct node *n, struct diag *d)
{
    const struct op_def *op = node_def(n);
    if (!n->attr || !inputs_known(n))
        return false;
    check_declared(g, n, d);
    op->shape(g, n, d);
    if (n->out->shape.rank == 0)
        return false;
    bool ok = true;
    if (op->weights)
        op->weights(g, n);
    for (int i = 0; i < n->weights; i++)
        ok = check_weight(g, n, &n->weight[i], d) && ok;
    return ok;
}

void shape_infer(struct graph *g, struct diag *d)
{
    int64_t total = 0;
    bool counting = true;
    for (int i = 0; i < g->node.n; i++)
        if (infer_node(g, g->node.at[i], d) && counting)
            counting = add_total(g, g->node.at[i], &total, d);
}
