/* Dimensions of everything, in topological order; constants are folded on the way, since dimensions
 * depend on them (Shape, Gather, Concat, Reshape). */
#include <string.h>

#include "onnx.h"
#include "onnx_ops.h"

/* ---- If -------------------------------------------------------------------------------------- */

/* The condition, once it is known to be one boolean of the graph's constants. */
static bool condition_ok(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_value *v = n->in.at[0];
    if (v->refused)
        return onnx_refuse(m, n, "it uses '%s': %s", onnx_quoted(m, v->name), v->refused);
    if (!v->known)
        return n->failed = true, false;
    if (v->elem != ELEM_BOOL || onnx_size(&v->dims) != 1)
        return onnx_refuse(m, n, "its condition '%s' is %s %s, not one boolean",
                onnx_quoted(m, v->name), onnx_type_name(v->type),
                onnx_dims_text(m->pool, &v->dims));
    return onnx_is_const(v) ||
           onnx_refuse(m, n, "its condition '%s' depends on what the network computes",
                   onnx_quoted(m, v->name));
}

/* An If becomes the Identity of what the branch gives that its condition says. */
static bool decide(struct onnx *m, struct onnx_node *n)
{
    struct onnx_choice *choice = n->choice;
    if (choice->refused)
        return n->failed = true, false;
    if (!condition_ok(m, n))
        return choice->refused = true, false;
    m->choices += !choice->decided;
    choice->decided = true;
    n->choice = NULL;
    n->in.at[0] = n->in.at[onnx_number(n->in.at[0], 0) != 0 ? 1 : 2];
    n->in.n = 1;
    n->type = "Identity";
    n->op = onnx_op_find(n->domain, n->type);
    return true;
}

/* ---- all nodes ------------------------------------------------------------------------------- */

/* Why an input can't be used; passes over what depends on a node that failed. */
static bool inputs_known(struct onnx *m, struct onnx_node *n)
{
    for (int i = 0; i < n->in.n; i++) {
        const struct onnx_value *v = n->in.at[i];
        if (!v && (i < n->op->min_in || n->op->max_in == ONNX_MANY))
            return onnx_refuse(m, n, "input %d is missing", i);
        if (v && v->refused)
            return onnx_refuse(m, n, "it uses '%s': %s", onnx_quoted(m, v->name), v->refused);
        if (v && !v->known) {
            n->failed = true;
            return false;
        }
    }
    return true;
}

static bool all_const(const struct onnx_node *n)
{
    for (int i = 0; i < n->in.n; i++)
        if (n->in.at[i] && !onnx_is_const(n->in.at[i]))
            return false;
    return true;
}

static bool folds(const struct onnx_node *n)
{
    return n->op->fold && (all_const(n) || (n->op->flags & OP_DIMS));
}

static bool fold(struct onnx *m, struct onnx_node *n)
{
    for (int i = 0; i < n->out.n; i++) {
        int64_t size = n->out.at[i] ? onnx_size(&n->out.at[i]->dims) : 0;
        if (size > ONNX_MAX_FOLDED - m->folded)
            return onnx_refuse(m, n, "the constants that it makes are too large");
        m->folded += size;
    }
    n->op->fold(m, n);
    n->gone = true;
    m->folds++;
    return true;
}

bool onnx_infer_node(struct onnx *m, struct onnx_node *n)
{
    if (n->choice && !decide(m, n))
        return false;
    if (!n->op)
        return onnx_refuse(m, n, "%s", onnx_op_refused(m, n));
    if (!n->out.n || (!n->out.at[0] && strcmp(n->type, "Split")))
        return onnx_refuse(m, n, "it has no output");
    if (!onnx_attrs_ok(m, n))
        return false;
    if (n->in.n < n->op->min_in || n->in.n > n->op->max_in)
        return onnx_refuse(m, n, "%d inputs, where there have to be %d to %d", n->in.n,
                n->op->min_in, n->op->max_in);
    if ((n->op->flags & OP_TAKES) && !onnx_take(m, n))
        return false;
    if (!inputs_known(m, n) || !n->op->infer(m, n))
        return false;
    for (int i = 0; i < n->out.n; i++)
        if (!n->out.at[i] || !n->out.at[i]->users)
            continue;
        else if (!n->out.at[i]->known)
            return onnx_refuse(m, n, "its output '%s' is not supported",
                    onnx_quoted(m, n->out.at[i]->name));
        else if (!onnx_fits(&n->out.at[i]->dims))
            return onnx_refuse(m, n, "a result %s, which is too large",
                    onnx_dims_text(m->pool, &n->out.at[i]->dims));
    return !folds(n) || n->gone || fold(m, n);
}

/* Whether the branches that the node is in are taken. */
static bool is_live(const struct onnx_node *n)
{
    double is;
    for (const struct onnx_branch *b = n->branch; b; b = b->outer)
        if (!onnx_scalar(b->condition, &is) || (is != 0) != b->when)
            return false;
    return true;
}

bool onnx_infer(struct onnx *m)
{
    onnx_count_uses(m);
    for (int i = 0; i < m->node.n; i++) {
        struct onnx_node *n = m->node.at[i];
        n->gone = n->gone || !is_live(n);
        if (n->gone || onnx_infer_node(m, n))
            continue;
        for (int k = 0; k < n->out.n; k++)
            if (n->out.at[k])
                n->out.at[k]->known = false;
    }
    onnx_count_uses(m);
    return onnx_report(m);
}

/* ---- --shape --------------------------------------------------------------------------------- */

static struct onnx_shape_arg *shape_arg(struct onnx_shape_arg *args, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(args[i].name, name))
            return &args[i];
    return NULL;
}

static void ask_shape(struct onnx *m, const struct onnx_value *v)
{
    const char *text = "";
    for (int i = 0; i < v->dims.rank; i++)
        text = pool_printf(m->pool, "%s%s%s", text, i ? "," : "",
                v->dims.at[i] > 0 ? pool_printf(m->pool, "%lld", (long long)v->dims.at[i])
                : i == 0          ? "1"
                                  : "?");
    if (v->dims.rank < 0)
        text = "?,...";
    diag_error(m->diag, DIAG_SHAPE_MISMATCH, m->at,
            "input '%s' %s has dimensions that the model leaves open", onnx_quoted(m, v->name),
            v->dims.rank < 0 ? "" : onnx_dims_text(m->pool, &v->dims));
    diag_help(m->diag, "say them: --shape '%s=%s'%s", onnx_quoted(m, v->name), text,
            strchr(text, '?') ? " with a number for each ?" : "");
}

static void set_shape(struct onnx *m, struct onnx_value *v, const struct onnx_dims *d)
{
    bool fits = v->dims.rank < 0 || v->dims.rank == d->rank;
    for (int i = 0; i < v->dims.rank && fits; i++)
        fits = v->dims.at[i] < 0 || v->dims.at[i] == d->at[i];
    if (!fits)
        diag_error(m->diag, DIAG_SHAPE_MISMATCH, m->at,
                "--shape says %s of input '%s', which is %s in the model",
                onnx_dims_text(m->pool, d), onnx_quoted(m, v->name),
                onnx_dims_text(m->pool, &v->dims));
    v->dims = *d;
    v->known = true;
}

bool onnx_set_shapes(struct onnx *m, struct onnx_shape_arg *args, int n)
{
    for (int i = 0; i < m->input.n; i++) {
        struct onnx_value *v = m->input.at[i];
        struct onnx_shape_arg *arg = shape_arg(args, n, v->name);
        if (arg) {
            arg->used = true;
            set_shape(m, v, &arg->dims);
        } else if (!v->known) {
            ask_shape(m, v);
        }
        if (v->known && !onnx_fits(&v->dims))
            diag_error(m->diag, DIAG_TENSOR_TOO_LARGE, m->at, "input '%s' %s is too large",
                    onnx_quoted(m, v->name), onnx_dims_text(m->pool, &v->dims));
    }
    for (int i = 0; i < n; i++)
        if (!args[i].used)
            diag_error(m->diag, DIAG_UNKNOWN_INPUT, m->at, "the model has no input '%s'",
                    onnx_quoted(m, args[i].name));
    return !diag_failed(m->diag);
}
