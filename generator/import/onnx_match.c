/* What exporters spell in small operators becomes one: activations, normalizations, biases. The
 * last node of a pattern turns into the new operator; the others are dropped later if nothing else
 * uses them. */
#include <math.h>
#include <string.h>

#include "onnx.h"
#include "onnx_ops.h"

/* ---- looking back ---------------------------------------------------------------------------- */

/* The node that makes the value, if it is of that type. */
static struct onnx_node *made_by(const struct onnx_value *v, const char *type)
{
    struct onnx_node *n = v ? v->maker : NULL;
    return n && !n->gone && !*n->domain && !strcmp(n->type, type) ? n : NULL;
}

static bool near(double a, double b) { return fabs(a - b) <= 1e-5 * fabs(b); }

/* Of a node with two inputs the one that isn't this one; NULL when neither is. */
static struct onnx_value *other(const struct onnx_node *n, const struct onnx_value *x)
{
    if (n->in.n != 2)
        return NULL;
    return n->in.at[0] == x ? n->in.at[1] : n->in.at[1] == x ? n->in.at[0] : NULL;
}

/* v = x op c with a constant number c, in either order where that is the same. */
static struct onnx_value *with_number(const struct onnx_value *v, const char *type, double *c)
{
    const struct onnx_node *n = made_by(v, type);
    bool commutes = !strcmp(type, "Add") || !strcmp(type, "Mul");
    if (!n || n->in.n != 2)
        return NULL;
    if (onnx_scalar(n->in.at[1], c) && !onnx_is_const(n->in.at[0]))
        return n->in.at[0];
    bool first = commutes && onnx_scalar(n->in.at[0], c) && !onnx_is_const(n->in.at[1]);
    return first ? n->in.at[1] : NULL;
}

/* v = x * c, however it is written. */
static struct onnx_value *scaled(const struct onnx_value *v, double *c)
{
    struct onnx_value *x = with_number(v, "Mul", c);
    if (x)
        return x;
    x = with_number(v, "Div", c);
    *c = x && *c != 0 ? 1 / *c : 0;
    return x;
}

static struct onnx_value *added(const struct onnx_value *v, double c)
{
    double found;
    struct onnx_value *x = with_number(v, "Add", &found);
    return x && near(found, c) ? x : NULL;
}

/* ---- turning nodes into others --------------------------------------------------------------- */

static void turn(struct onnx *m, struct onnx_node *n, const char *type)
{
    n->type = type;
    n->domain = "";
    n->op = onnx_op_find("", type);
    n->in.n = 0;
    n->attr.n = 0;
    m->matches++;
}

static void turn_unary(struct onnx *m, struct onnx_node *n, const char *type, struct onnx_value *x)
{
    turn(m, n, type);
    vec_push(m->pool, &n->in, x);
}

static void give_float(struct onnx *m, struct onnx_node *n, const char *name, double v)
{
    vec_push(m->pool, &n->attr,
            (struct onnx_attr){.name = name, .kind = ONNX_FLOAT, .f = (float)v});
}

static void give_int(struct onnx *m, struct onnx_node *n, const char *name, int64_t v)
{
    vec_push(m->pool, &n->attr, (struct onnx_attr){.name = name, .kind = ONNX_INT, .i = v});
}

/* A vector of n equal numbers. */
static struct onnx_value *filled(struct onnx *m, int64_t n, float v)
{
    struct onnx_value *c = onnx_value_new(m, "filled");
    float *f = NEW_ARRAY(m->pool, float, n + 1);
    for (int64_t i = 0; i < n; i++)
        f[i] = v;
    c->known = true;
    c->elem = ELEM_FLOAT;
    c->type = 1;
    c->dims = (struct onnx_dims){1, {n}};
    c->f = f;
    return c;
}

/* ---- hard sigmoid, hard swish, SiLU, Mish ---------------------------------------------------- */

/* v = clip(x + 3, 0, 6): x. */
static struct onnx_value *relu6_of_3(const struct onnx_value *v)
{
    const struct onnx_node *n = made_by(v, "Clip");
    double low, high;
    if (!n)
        return NULL;
    low = (double)onnx_float(n, "min", -1);
    high = (double)onnx_float(n, "max", -1);
    bool ok = (!onnx_in(n, 1) || onnx_scalar(n->in.at[1], &low)) &&
              (!onnx_in(n, 2) || onnx_scalar(n->in.at[2], &high));
    return ok && low == 0 && high == 6 ? added(n->in.at[0], 3) : NULL;
}

/* x * clip(x + 3, 0, 6): x. */
static struct onnx_value *hard_swish_6(const struct onnx_value *v)
{
    const struct onnx_node *n = made_by(v, "Mul");
    for (int i = 0; n && n->in.n == 2 && i < 2; i++)
        if (relu6_of_3(n->in.at[i]) == n->in.at[1 - i])
            return n->in.at[1 - i];
    return NULL;
}

static bool match_hard(struct onnx *m, struct onnx_node *n)
{
    double c;
    const struct onnx_value *sixth = scaled(n->out.at[0], &c);
    if (!sixth || !near(c, 1.0 / 6))
        return false;
    struct onnx_value *x = hard_swish_6(sixth);
    if (x) {
        turn_unary(m, n, "HardSwish", x);
        return true;
    }
    x = relu6_of_3(sixth);
    if (!x)
        return false;
    turn_unary(m, n, "HardSigmoid", x);
    give_float(m, n, "alpha", 1.0 / 6);
    give_float(m, n, "beta", 0.5);
    return true;
}

/* The function that v is of x, times which x is a known activation. */
static const char *gated(const struct onnx_value *v, const struct onnx_value *x)
{
    const struct onnx_node *n = v->maker;
    if (!n || n->gone || n->in.n < 1)
        return NULL;
    if (!strcmp(n->type, "Sigmoid") && n->in.at[0] == x)
        return "Swish";
    if (!strcmp(n->type, "HardSigmoid") && n->in.at[0] == x &&
            near((double)onnx_float(n, "alpha", 0.2f), 1.0 / 6) &&
            onnx_float(n, "beta", 0.5f) == 0.5f)
        return "HardSwish";
    const struct onnx_node *softplus = made_by(n->in.at[0], "Softplus");
    return !strcmp(n->type, "Tanh") && softplus && softplus->in.at[0] == x ? "Mish" : NULL;
}

static bool match_gate(struct onnx *m, struct onnx_node *n)
{
    for (int i = 0; i < 2 && n->in.n == 2; i++) {
        const char *type = gated(n->in.at[i], n->in.at[1 - i]);
        if (!type)
            continue;
        turn_unary(m, n, type, n->in.at[1 - i]);
        return true;
    }
    return false;
}

/* ---- GELU ------------------------------------------------------------------------------------ */

enum { MAX_FACTORS = 6 };

/* A product taken apart: its numbers multiplied, and the other factors. */
struct product {
    double number;
    int n;
    struct onnx_value *factor[MAX_FACTORS];
};

static void take_apart(struct onnx_value *v, struct product *p, int depth)
{
    double c;
    struct onnx_value *x = scaled(v, &c);
    const struct onnx_node *mul = made_by(v, "Mul");
    if (x && depth < MAX_FACTORS) {
        p->number *= c;
        take_apart(x, p, depth + 1);
    } else if (mul && mul->in.n == 2 && depth < MAX_FACTORS) {
        take_apart(mul->in.at[0], p, depth + 1);
        take_apart(mul->in.at[1], p, depth + 1);
    } else {
        if (p->n < MAX_FACTORS)
            p->factor[p->n] = v;
        p->n++;
    }
}

static struct product factors(struct onnx_value *v)
{
    struct product p = {.number = 1};
    take_apart(v, &p, 0);
    return p;
}

/* v = 1 + erf(x / sqrt 2) */
static bool is_erf_gate(const struct onnx_value *v, const struct onnx_value *x)
{
    double c;
    const struct onnx_node *erf = made_by(added(v, 1), "Erf");
    return erf && scaled(erf->in.at[0], &c) == x && near(c, 0.70710678118654752);
}

/* x * x * x, as a power or as products. */
static bool is_cube(struct onnx_value *v, const struct onnx_value *x)
{
    double c;
    if (with_number(v, "Pow", &c) == x && c == 3)
        return true;
    struct product p = factors(v);
    return p.n == 3 && p.number == 1 && p.factor[0] == x && p.factor[1] == x && p.factor[2] == x;
}

/* v = 0.044715 x^3, the cube being one factor or three. */
static bool is_cubic_term(struct onnx_value *v, const struct onnx_value *x)
{
    double c;
    struct onnx_value *cube = scaled(v, &c);
    if (cube && near(c, 0.044715) && is_cube(cube, x))
        return true;
    struct product p = factors(v);
    return near(p.number, 0.044715) && p.n == 3 && p.factor[0] == x && p.factor[1] == x &&
           p.factor[2] == x;
}

/* v = 1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)) */
static bool is_tanh_gate(const struct onnx_value *v, const struct onnx_value *x)
{
    double c;
    const struct onnx_node *tanh = made_by(added(v, 1), "Tanh");
    const struct onnx_value *inner = tanh ? scaled(tanh->in.at[0], &c) : NULL;
    const struct onnx_node *sum = made_by(inner, "Add");
    struct onnx_value *term = sum ? other(sum, x) : NULL;
    return term && near(c, 0.79788456080286536) && is_cubic_term(term, x);
}

static bool match_gelu(struct onnx *m, struct onnx_node *n)
{
    struct product p = factors(n->out.at[0]);
    if (p.n != 2 || !near(p.number, 0.5))
        return false;
    for (int i = 0; i < 2; i++) {
        struct onnx_value *gate = p.factor[i], *x = p.factor[1 - i];
        bool tanh = is_tanh_gate(gate, x);
        if (!tanh && !is_erf_gate(gate, x))
            continue;
        turn_unary(m, n, "Gelu", x);
        if (tanh)
            vec_push(m->pool, &n->attr,
                    (struct onnx_attr){.name = "approximate", .kind = ONNX_STRING, .s = "tanh"});
        return true;
    }
    return false;
}

/* ---- normalization --------------------------------------------------------------------------- */

/* v = the mean of x over axes. */
static bool is_mean(struct onnx *m, const struct onnx_value *v, const struct onnx_value *x,
        unsigned *mask)
{
    struct onnx_node *n = made_by(v, "ReduceMean");
    return n && n->in.at[0] == x && onnx_int(n, "keepdims", 1) && onnx_axes(m, n, &x->dims, mask);
}

static bool is_square(const struct onnx_value *v, const struct onnx_value *d)
{
    double c;
    const struct onnx_node *mul = made_by(v, "Mul");
    return (with_number(v, "Pow", &c) == d && c == 2) ||
           (mul && mul->in.n == 2 && mul->in.at[0] == d && mul->in.at[1] == d);
}

struct moments {
    struct onnx_value *x;
    unsigned mask;                   /* the axes of the statistics */
    double epsilon;
};

/* v = (x - mean) / sqrt(variance + epsilon), over some axes. */
static bool is_normalized(struct onnx *m, const struct onnx_value *v, struct moments *out)
{
    const struct onnx_node *div = made_by(v, "Div");
    const struct onnx_node *root = div && div->in.n == 2 ? made_by(div->in.at[1], "Sqrt") : NULL;
    const struct onnx_node *sub = div ? made_by(div->in.at[0], "Sub") : NULL;
    if (!root || !sub)
        return false;
    const struct onnx_value *variance = with_number(root->in.at[0], "Add", &out->epsilon);
    const struct onnx_node *mean = made_by(variance, "ReduceMean");
    unsigned mask;
    out->x = sub->in.at[0];
    return mean && is_square(mean->in.at[0], div->in.at[0]) &&
           is_mean(m, sub->in.at[1], out->x, &out->mask) &&
           is_mean(m, variance, mean->in.at[0], &mask) && mask == out->mask && out->epsilon >= 0;
}

/* v = u * gamma + beta with constants, either of which may be missing. */
static struct onnx_value *affine_of(struct onnx_value *v, struct onnx_value **gamma,
        struct onnx_value **beta)
{
    const char *const type[2] = {"Add", "Mul"};
    struct onnx_value **constant[2] = {beta, gamma};
    for (int t = 0; t < 2; t++) {
        const struct onnx_node *n = made_by(v, type[t]);
        *constant[t] = NULL;
        for (int i = 0; n && n->in.n == 2 && i < 2 && !*constant[t]; i++)
            if (onnx_is_const(n->in.at[i]) && !onnx_is_const(n->in.at[1 - i])) {
                *constant[t] = n->in.at[i];
                v = n->in.at[1 - i];
            }
    }
    return v;
}

/* The axes from `axis` to the last, and no other. */
static bool are_last(unsigned mask, int rank, int axis)
{
    return axis > 0 && axis < rank && mask == ((1u << rank) - 1) >> axis << axis;
}

static bool fits(const struct onnx_value *c, int64_t n) { return !c || onnx_size(&c->dims) == n; }

/* gamma, beta of C channels stand as [C, 1, 1] in front of spatial axes, and at the end of the
 * others. */
static bool shaped(const struct onnx_value *c, int rank, int axis, bool instance)
{
    for (int i = 0; c && i < c->dims.rank; i++) {
        int at = i + rank - c->dims.rank;
        bool counts = instance ? at == 1 : at >= axis;
        if (!counts && c->dims.at[i] != 1)
            return false;
    }
    return true;
}

static bool match_norm(struct onnx *m, struct onnx_node *n)
{
    struct moments mo;
    struct onnx_value *gamma, *beta, *u = affine_of(n->out.at[0], &gamma, &beta);
    if (!is_normalized(m, u, &mo))
        return false;
    int rank = mo.x->dims.rank, axis = 0;
    while (axis < rank && !(mo.mask >> axis & 1))
        axis++;
    if (!are_last(mo.mask, rank, axis))
        return false;
    bool instance = axis == 2 && rank >= 3 && (gamma ? gamma->dims.rank == rank - 1 ||
                                                          gamma->dims.rank == rank
                                                    : rank == 4);
    int64_t size = instance ? mo.x->dims.at[1] : 1;
    for (int i = axis; i < rank && !instance; i++)
        size *= mo.x->dims.at[i];
    if (!fits(gamma, size) || !fits(beta, size) || !shaped(gamma, rank, axis, instance) ||
            !shaped(beta, rank, axis, instance))
        return false;
    turn_unary(m, n, instance ? "InstanceNormalization" : "LayerNormalization", mo.x);
    vec_push(m->pool, &n->in, gamma ? gamma : filled(m, size, 1));
    vec_push(m->pool, &n->in, beta ? beta : filled(m, size, 0));
    give_float(m, n, "epsilon", mo.epsilon);
    if (!instance)
        give_int(m, n, "axis", axis);
    return true;
}

/* Group norm: instance norm between two reshapes, [N, groups, rest] and back. */
static bool match_group_norm(struct onnx *m, struct onnx_node *n)
{
    const struct onnx_node *norm = made_by(n->in.at[0], "InstanceNormalization");
    const struct onnx_node *reshape = norm ? made_by(norm->in.at[0], "Reshape") : NULL;
    struct onnx_value *x = reshape ? reshape->in.at[0] : NULL;
    if (!x || !onnx_same_dims(&x->dims, &n->out.at[0]->dims) || x->dims.rank < 3)
        return false;
    const struct onnx_dims *d = &norm->in.at[0]->dims;
    if (d->rank < 3 || d->at[0] != x->dims.at[0] || x->dims.at[1] % d->at[1])
        return false;
    struct onnx_value *scale = norm->in.at[1], *bias = norm->in.at[2];
    double epsilon = (double)onnx_float(norm, "epsilon", 1e-5f);
    int64_t groups = d->at[1];
    turn_unary(m, n, "GroupNormalization", x);
    vec_push(m->pool, &n->in, scale);
    vec_push(m->pool, &n->in, bias);
    give_float(m, n, "epsilon", epsilon);
    give_int(m, n, "num_groups", groups);
    return true;
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* A bias behind a product with a constant matrix. */
static bool match_bias(struct onnx *m, struct onnx_node *n)
{
    for (int i = 0; i < 2 && n->in.n == 2; i++) {
        const struct onnx_node *product = made_by(n->in.at[i], "MatMul");
        struct onnx_value *bias = n->in.at[1 - i];
        if (!product || product->in.n != 2 || n->in.at[i]->users != 1 || !onnx_is_const(bias) ||
                !onnx_is_const(product->in.at[1]) || product->in.at[1]->dims.rank != 2 ||
                onnx_is_const(product->in.at[0]))
            continue;
        struct onnx_value *x = product->in.at[0], *matrix = product->in.at[1];
        int64_t units = matrix->dims.at[1];
        bool row = bias->dims.rank >= 1 && bias->dims.at[bias->dims.rank - 1] == units;
        if (!row || onnx_size(&bias->dims) != units || bias->dims.rank > n->out.at[0]->dims.rank)
            continue;
        turn_unary(m, n, "MatMul", x);
        vec_push(m->pool, &n->in, matrix);
        vec_push(m->pool, &n->in, bias);
        return true;
    }
    return false;
}

/* An Expand that the operator behind it would do by itself. */
static bool match_expand(struct onnx *m, struct onnx_node *n)
{
    bool found = false;
    for (int i = 0; i < n->in.n && n->in.n == 2; i++) {
        const struct onnx_node *expand = made_by(n->in.at[i], "Expand");
        if (!expand || !onnx_same_dims(&n->in.at[1 - i]->dims, &n->out.at[0]->dims))
            continue;
        n->in.at[i] = expand->in.at[0];
        found = true;
    }
    m->matches += found;
    return found;
}

/* ---- Gemm ------------------------------------------------------------------------------------ */

/* A new node in front of `at`, and its result. */
static struct onnx_value *insert(struct onnx *m, int *at, const char *type, struct onnx_value *a,
        struct onnx_value *b)
{
    const struct onnx_node *gemm = m->node.at[*at];
    struct onnx_node *n = onnx_node_new(m, type, gemm->name);
    struct onnx_value *out = onnx_value_new(m, pool_printf(m->pool, "%s_%s", gemm->out.at[0]->name,
            type));
    n->op = onnx_op_find("", type);
    vec_push(m->pool, &n->in, a);
    if (b)
        vec_push(m->pool, &n->in, b);
    vec_push(m->pool, &n->out, out);
    out->maker = n;
    out->users = 1;
    onnx_infer_node(m, n);
    vec_push(m->pool, &m->node, NULL);
    memmove(m->node.at + *at + 1, m->node.at + *at,
            (size_t)(m->node.n - 1 - *at) * sizeof *m->node.at);
    m->node.at[(*at)++] = n;
    return out;
}

static bool is_dense(const struct onnx_node *n)
{
    const struct onnx_value *c = onnx_in(n, 2);
    int64_t units = n->out.at[0]->dims.at[1];
    bool row = !c || onnx_size(&c->dims) == 1 ||
               (onnx_size(&c->dims) == units && c->dims.at[c->dims.rank - 1] == units);
    return onnx_is_const(n->in.at[1]) && !onnx_is_const(n->in.at[0]) && row &&
           (!c || onnx_is_const(c));
}

/* A Gemm that is no Dense layer, in its parts: alpha * A' B' + beta * C. */
static void split_gemm(struct onnx *m, int *at)
{
    struct onnx_node *n = m->node.at[*at];
    struct onnx_value *a = n->in.at[0], *b = n->in.at[1], *c = onnx_in(n, 2);
    float alpha = onnx_float(n, "alpha", 1), beta = onnx_float(n, "beta", 1);
    if (onnx_int(n, "transA", 0))
        a = insert(m, at, "Transpose", a, NULL);
    if (onnx_int(n, "transB", 0))
        b = insert(m, at, "Transpose", b, NULL);
    if (c && beta != 0 && beta != 1)
        c = insert(m, at, "Mul", c, filled(m, 1, beta));
    bool more = c && beta != 0;
    if (more || alpha != 1)
        a = insert(m, at, "MatMul", a, b);
    if (more && alpha != 1)
        a = insert(m, at, "Mul", a, filled(m, 1, alpha));
    turn_unary(m, n, more ? "Add" : alpha != 1 ? "Mul" : "MatMul", a);
    vec_push(m->pool, &n->in, more ? c : alpha != 1 ? filled(m, 1, alpha) : b);
}

/* ---- all patterns ---------------------------------------------------------------------------- */

typedef bool match_fn(struct onnx *, struct onnx_node *);

static const struct { const char *type; match_fn *match; } patterns[] = {
    {"Mul", match_expand}, {"Div", match_expand}, {"Add", match_expand}, {"Sub", match_expand},
    {"Mul", match_hard}, {"Div", match_hard}, {"Mul", match_gate}, {"Mul", match_gelu},
    {"Div", match_gelu}, {"Add", match_norm}, {"Mul", match_norm}, {"Div", match_norm},
    {"Reshape", match_group_norm}, {"Add", match_bias},
};

/* Whether the next node goes on with the pattern: a norm's Div is matched with the Mul behind. */
static bool goes_on(const struct onnx_node *n)
{
    const struct onnx_value *v = n->out.at[0];
    const struct onnx_node *next = v->users == 1 ? v->user : NULL;
    return next && (!strcmp(next->type, "Mul") || !strcmp(next->type, "Add")) &&
           onnx_is_const(other(next, v));
}

bool onnx_match(struct onnx *m)
{
    for (int i = 0; i < m->node.n; i++) {
        struct onnx_node *n = m->node.at[i];
        bool done = n->gone || n->failed || !n->out.n || !n->out.at[0];
        if (!done && !strcmp(n->type, "Gemm") && !is_dense(n))
            split_gemm(m, &i);
        for (size_t p = 0; p < sizeof patterns / sizeof patterns[0] && !done; p++) {
            if (strcmp(n->type, patterns[p].type) || *n->domain)
                continue;
            if (patterns[p].match == match_norm && goes_on(n))
                continue;
            done = patterns[p].match(m, n) && patterns[p].match != match_expand;
        }
    }
    return onnx_report(m);
}
