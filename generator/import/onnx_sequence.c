/* Sequences: there are none in a specification. What is taken of one is known when the model is
 * imported, so that SequenceAt becomes the Slice, or Gather, that it amounts to, and
 * ConcatFromSequence a Concat; the nodes that make sequences are gone then. */
#include "onnx.h"
#include "onnx_ops.h"

enum { MAX_PARTS = 4096, TYPE_INT64 = 7 };

static const char of_sequence[] =
        "it is a sequence, of which elements can be taken, or all put together";

/* Nobody computes with it: onnx_take looks at what made it. */
static bool make_sequence(struct onnx *m, struct onnx_node *n)
{
    if (n->out.at[0]->is_output)
        return onnx_refuse(m, n, "an output of the network can't be a sequence");
    n->out.at[0]->known = true;
    n->out.at[0]->elem = ELEM_OTHER;
    n->out.at[0]->refused = of_sequence;
    return true;
}

bool onnx_infer_sequence_construct(struct onnx *m, struct onnx_node *n)
{
    return make_sequence(m, n);
}

/* ---- SplitToSequence ------------------------------------------------------------------------- */

struct parts {
    int axis;
    int64_t whole;                   /* elements along the axis */
    int64_t n, each;                 /* parts; elements of each but perhaps the last, or ... */
    const struct onnx_value *size;   /* ... how many of which; NULL: each */
    bool squeezed;                   /* without the dimension, which is 1 */
};

/* Sizes from 1 on that add up to the whole. */
static bool sizes_ok(const struct parts *p)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < p->n; i++) {
        int64_t size = onnx_integer(p->size, i);
        if (size < 1 || size > p->whole - sum)
            return false;
        sum += size;
    }
    return sum == p->whole;
}

static bool parts_of(struct onnx *m, struct onnx_node *n, struct parts *p)
{
    const struct onnx_dims *d = &n->in.at[0]->dims;
    const struct onnx_value *size = onnx_in(n, 1);
    *p = (struct parts){.each = 1, .squeezed = !size && !onnx_int(n, "keepdims", 1)};
    if (!onnx_axis(d, onnx_int(n, "axis", 0), &p->axis))
        return onnx_refuse(m, n, "an axis that %s doesn't have", onnx_dims_text(m->pool, d));
    p->whole = d->at[p->axis];
    if (size && (!onnx_is_const(size) || size->dims.rank > 1))
        return onnx_refuse(m, n, "its sizes depend on what the network computes, or are no list");
    if (size && size->dims.rank == 0)
        p->each = onnx_integer(size, 0);
    else
        p->size = size;
    if (p->each < 1)
        return onnx_refuse(m, n, "parts of %lld elements", (long long)p->each);
    p->n = p->size ? onnx_size(&size->dims) : p->whole / p->each + (p->whole % p->each != 0);
    if (p->n > MAX_PARTS)
        return onnx_refuse(m, n, "%lld parts; the limit is %d", (long long)p->n, MAX_PARTS);
    return !p->size || sizes_ok(p) ||
           onnx_refuse(m, n, "sizes that don't add up to the %lld of axis %d of %s",
                   (long long)p->whole, p->axis, onnx_dims_text(m->pool, d));
}

bool onnx_infer_split_to_sequence(struct onnx *m, struct onnx_node *n)
{
    struct parts p;
    return parts_of(m, n, &p) && make_sequence(m, n);
}

/* ---- what is taken of them ------------------------------------------------------------------- */

static void become(struct onnx_node *n, const char *type)
{
    n->type = type;
    n->op = onnx_op_find("", type);
    n->in.n = 0;
}

static void set_axis(struct onnx *m, struct onnx_node *n, int64_t axis)
{
    n->attr.n = 0;
    vec_push(m->pool, &n->attr, (struct onnx_attr){.name = "axis", .kind = ONNX_INT, .i = axis});
}

static void set_ints(struct onnx *m, struct onnx_node *n, const char *name, int64_t v)
{
    int64_t *list = NEW(m->pool, int64_t);
    *list = v;
    vec_push(m->pool, &n->attr,
            (struct onnx_attr){.name = name, .kind = ONNX_INTS, .n = 1, .ints = list});
}

static struct onnx_value *number(struct onnx *m, int64_t v)
{
    struct onnx_value *value = onnx_value_new(m, "");
    int64_t *data = NEW(m->pool, int64_t);
    *data = v;
    value->type = TYPE_INT64;
    value->elem = ELEM_INT;
    value->known = true;
    value->i = data;
    return value;
}

static void become_part(struct onnx *m, struct onnx_node *n, const struct onnx_node *split,
        const struct parts *p, int64_t at)
{
    int64_t begin = p->size ? 0 : at * p->each;
    for (int64_t i = 0; i < at && p->size; i++)
        begin += onnx_integer(p->size, i);
    int64_t size = p->size ? onnx_integer(p->size, at) : p->each;
    size = size < p->whole - begin ? size : p->whole - begin;
    become(n, p->squeezed ? "Gather" : "Slice");
    vec_push(m->pool, &n->in, split->in.at[0]);
    if (p->squeezed) {
        vec_push(m->pool, &n->in, number(m, begin));
        set_axis(m, n, p->axis);
    } else {
        set_ints(m, n, "axes", p->axis);
        set_ints(m, n, "starts", begin);
        set_ints(m, n, "ends", begin + size);
    }
}

/* Which of so many elements the node takes. */
static bool place_of(struct onnx *m, struct onnx_node *n, int64_t elements, int64_t *at)
{
    const struct onnx_value *which = onnx_in(n, 1);
    double number;
    if (!onnx_scalar(which, &number) || !which->i)
        return onnx_refuse(m, n, "which element it takes depends on what the network computes");
    *at = which->i[0] < 0 ? which->i[0] + elements : which->i[0];
    return (*at >= 0 && *at < elements) ||
           onnx_refuse(m, n, "element %lld of a sequence of %lld", (long long)which->i[0],
                   (long long)elements);
}

static bool take_part(struct onnx *m, struct onnx_node *n, struct onnx_node *split)
{
    struct parts p;
    int64_t at;
    if (!parts_of(m, split, &p) || !place_of(m, n, p.n, &at))
        return false;
    become_part(m, n, split, &p, at);
    return true;
}

static bool take_element(struct onnx *m, struct onnx_node *n, const struct onnx_node *construct)
{
    int64_t at;
    if (!place_of(m, n, construct->in.n, &at))
        return false;
    become(n, "Identity");
    vec_push(m->pool, &n->in, construct->in.at[at]);
    return true;
}

/* All elements, along an axis that they have. */
static bool put_together(struct onnx *m, struct onnx_node *n, const struct onnx_node *construct)
{
    int64_t axis = onnx_int(n, "axis", 0);
    if (onnx_int(n, "new_axis", 0))
        return onnx_refuse(m, n, "it puts the elements of a sequence along a new axis");
    become(n, "Concat");
    for (int i = 0; i < construct->in.n; i++)
        vec_push(m->pool, &n->in, construct->in.at[i]);
    set_axis(m, n, axis);
    return true;
}

bool onnx_take(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_value *sequence = onnx_in(n, 0);
    struct onnx_node *maker = sequence ? sequence->maker : NULL;
    if (sequence && !sequence->known)
        return n->failed = true, false;
    const struct onnx_op *by = maker && sequence->refused == of_sequence ? maker->op : NULL;
    bool element = n->op->infer == onnx_infer_sequence_at;
    if (by && element && by->infer == onnx_infer_split_to_sequence)
        return take_part(m, n, maker);
    if (by && by->infer == onnx_infer_sequence_construct)
        return element ? take_element(m, n, maker) : put_together(m, n, maker);
    return onnx_refuse(m, n, "its input is no sequence that %sSequenceConstruct makes",
            element ? "SplitToSequence or " : "");
}

/* These are other nodes before anyone asks for their dimensions. */
bool onnx_infer_sequence_at(struct onnx *m, struct onnx_node *n)
{
    return onnx_refuse(m, n, "it takes elements of a sequence");
}

bool onnx_infer_concat_from_sequence(struct onnx *m, struct onnx_node *n)
{
    return onnx_refuse(m, n, "it puts the elements of a sequence together");
}
