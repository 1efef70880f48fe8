/* MatMul: products of matrices that are both computed, as in NumPy: [..., M, K] by [..., K, N],
 * what is in front stretching as in element-wise layers. */
#include "common.h"

#include <float.h>

/* ---- shapes ---------------------------------------------------------------------------------- */

/* Dimension d from the end, from 1. */
static int from_end(const struct shape *s, int d) { return d <= s->rank ? s->dim[s->rank - d] : 1; }

static bool check_matrix(struct graph *g, struct node *node, int i, struct diag *diag)
{
    if (in_shape(node, i)->rank >= 2)
        return true;
    diag_error(diag, DIAG_BAD_RANK, node_attr_at(node, "inputs"),
               "layer %s multiplies matrices, [rows, columns], but gets %s", node_title(g, node),
               input_words(g, node, i, diag));
    note_maker(g, node, i, diag);
    diag_help(diag, "a Reshape in front makes a matrix of it; Dense multiplies by weights");
    return false;
}

static void report_misfit(struct graph *g, struct node *node, const char *why, struct diag *diag)
{
    diag_error(diag, DIAG_SHAPE_MISMATCH, node_attr_at(node, "inputs"),
               "layer %s multiplies %s by %s: %s", node_title(g, node),
               input_words(g, node, 0, diag), input_words(g, node, 1, diag), why);
    note_maker(g, node, 0, diag);
    note_maker(g, node, 1, diag);
}

static void matmul_shape(struct graph *g, struct node *node, struct diag *diag)
{
    const struct shape *a;
    const struct shape *b;
    struct shape out;

    if (!check_matrix(g, node, 0, diag) || !check_matrix(g, node, 1, diag))
        return;
    a = in_shape(node, 0);
    b = in_shape(node, 1);
    out = a->rank > b->rank ? *a : *b;
    if (from_end(a, 1) != from_end(b, 2)) {
        report_misfit(g, node, "the columns of the first are not as many as the rows of the second",
                      diag);
        return;
    }
    out.dim[out.rank - 2] = from_end(a, 2);
    out.dim[out.rank - 1] = from_end(b, 1);
    for (int d = 3; d <= out.rank; d++) {
        int x = from_end(a, d);
        int y = from_end(b, d);

        out.dim[out.rank - d] = x == 1 ? y : x;
        if (x != y && x != 1 && y != 1) {
            report_misfit(g, node, "they are not as many matrices", diag);
            return;
        }
    }
    set_shape(g, node, out, diag);
}

static int64_t matmul_macs(const struct node *node)
{
    const int64_t factors[] = {shape_size(&node->out->shape), last_dim(in_shape(node, 0))};

    return saturated_product(factors, 2);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* Where matrix m of the output has its operand. */
static int64_t matrix_of(const struct shape *s, const struct shape *out, int64_t m)
{
    int64_t at = 0;
    int64_t pitch = (int64_t)from_end(s, 1) * from_end(s, 2);

    for (int d = 3; d <= out->rank; d++) {
        if (from_end(s, d) > 1)
            at += m % from_end(out, d) * pitch;
        pitch *= from_end(s, d);
        m /= from_end(out, d);
    }
    return at;
}

/* Of a product of two numbers with their bounds. An infinity by what may be zero is anything. */
static double product_bound(double a, double a_e, double b, double b_e, double gamma)
{
    double x = finite_magnitude(a);
    double y = finite_magnitude(b);

    if ((isinf(a) && b_e > 0 && y <= b_e) || (isinf(b) && a_e > 0 && x <= a_e))
        return INFINITY;
    return x * b_e + y * a_e + a_e * b_e + gamma * (x + a_e) * (y + b_e) + 0x1p-149;
}

static void add_row(const double *a, const double *a_e, const struct tval *b, int64_t b_at, int k,
                    int n, double gamma, double *v, double *e)
{
    for (int i = 0; i < k; i++)
        for (int j = 0; j < n; j++) {
            int64_t at = b_at + (int64_t)i * n + j;

            v[j] += a[i] * b->v[at];
            e[j] += product_bound(a[i], a_e[i], b->v[at], b->e[at], gamma);
        }
}

static void matmul_eval(const struct node *node, const struct tval *in, struct tval *out)
{
    int m = from_end(&out->shape, 2);
    int n = from_end(&out->shape, 1);
    int k = last_dim(&in[0].shape);
    int64_t matrices = shape_size(&out->shape) / ((int64_t)m * n);
    double gamma = sum_error(k, 1);

    (void)node;
    for (int64_t i = 0; i < matrices; i++) {
        int64_t a = matrix_of(&in[0].shape, &out->shape, i);
        int64_t b = matrix_of(&in[1].shape, &out->shape, i);

        for (int row = 0; row < m; row++) {
            int64_t from = a + (int64_t)row * k;
            int64_t to = (i * m + row) * n;

            add_row(in[0].v + from, in[0].e + from, &in[1], b, k, n, gamma, out->v + to,
                    out->e + to);
        }
    }
    bound_sums(out, gamma);
    drop_nonfinite(out);
}

static const struct attr_def no_attrs[] = {ATTRS_END};

const struct op_def op_matmul = {
    .type = "MatMul", .stem = "mat_mul",
    .doc = "product of two matrices, [..., m, k] by [..., k, n], as in NumPy",
    .family = FAMILY_MATMUL, .min_in = 2, .max_in = 2, .attr_bytes = 0, .attrs = no_attrs,
    .shape = matmul_shape, .macs = matmul_macs, .eval = matmul_eval,
};
