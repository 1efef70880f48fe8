/* Layers of tensors of any rank, from 1 to 3, and within one of them to 4, that work along
 * dimensions. */
#include "layers.h"

#include <stdlib.h>
#include <string.h>

/* ---- dimensions ------------------------------------------------------------------------------ */

/* What is left where these dimensions are reduced. */
static struct tensor *add_reduced(const struct tensor *x, const int *reduced, int keep)
{
    int d[3] = {1}, rank = 0;
    for (int i = 0; i < x->rank; i++)
        if (!reduced[i] || keep)
            d[rank++] = reduced[i] ? 1 : dims(x)[i];
    return add_dims(d, rank ? rank : 1);
}

int reduce(struct tensor *x)
{
    int reduced[3] = {0}, keep = chance(50), any = 0;
    const char *type = WORD("ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare",
            "ReduceLogSum", "ReduceLogSumExp", "ReduceProd", "ReduceMax", "ReduceMin");
    for (int i = 0; i < x->rank; i++)
        any |= reduced[i] = chance(50);
    if (!any)
        reduced[below(x->rank)] = 1;
    if (!strcmp(type, "ReduceLogSum"))
        x = through("softplus", x);
    struct tensor *t = add_reduced(x, reduced, keep);
    head(type, t, x);
    printf(", axes: [");
    for (int i = 0, n = 0; i < x->rank; i++)
        if (reduced[i])
            printf("%s%d", n++ ? ", " : "", chance(50) ? i + 1 : i - x->rank);
    printf("], keepdims: %s}\n", keep ? "true" : "false");
    return 1;
}

int arg(struct tensor *x)
{
    int reduced[3] = {0}, keep = chance(50), axis = below(x->rank);
    if (chance(30))
        x = through("round", x);  /* equals */
    reduced[axis] = 1;
    struct tensor *t = add_reduced(x, reduced, keep);
    head(WORD("ArgMax", "ArgMin"), t, x);
    printf(", axis: %d, keepdims: %s, select_last_index: %s}\n", axis + 1, keep ? "true" : "false",
            WORD("true", "false"));
    return 1;
}

int slice(struct tensor *x)
{
    int begin[3], end[3], step[3], d[3];
    for (int i = 0; i < x->rank; i++) {
        int n = dims(x)[i], s = step[i] = PICK(1, 1, 1, 2, 3, -1, -2), b = below(n);
        int last = s > 0 ? between(b, n - 1) : below(b + 1);  /* nothing beyond that */
        d[i] = (abs(last - b) + abs(s)) / abs(s);
        begin[i] = chance(30) ? b - n : b;
        end[i] = s > 0 ? last + 1 : last ? last - 1 : -n - 1;
    }
    struct tensor *t = add_dims(d, x->rank);
    head("Slice", t, x);
    list("begin", begin, x->rank);
    list("end", end, x->rank);
    list("step", step, x->rank);
    printf("}\n");
    return 1;
}

/* Some of the elements of a dimension, some of them again and again. */
int gather(struct tensor *x)
{
    int axis = below(x->rank), n = dims(x)[axis], count = between(1, chance(50) ? 3 : n + 2);
    int d[3], index[64];
    if (count > 64 || (long)x->h * x->w * x->c / n * count > ELEMENTS_MAX)
        return 0;
    for (int i = 0; i < x->rank; i++)
        d[i] = i == axis ? count : dims(x)[i];
    for (int i = 0; i < count; i++)
        index[i] = between(-n, n - 1);
    struct tensor *t = add_dims(d, x->rank);
    head("Gather", t, x);
    list("indices", index, count);
    printf(", axis: %d}\n", chance(50) ? axis + 1 : axis - x->rank);
    return 1;
}

int cum_sum(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head("CumSum", t, x);
    printf(", axis: %d, exclusive: %s, reverse: %s}\n", between(1, x->rank), WORD("true", "false"),
            WORD("true", "false"));
    return 1;
}

int pad(struct tensor *x)
{
    int before[3], after[3], d[3];
    const char *mode = WORD("constant", "reflect", "edge", "symmetric", "wrap");
    for (int i = 0; i < x->rank; i++) {
        int n = dims(x)[i], copies = !strcmp(mode, "symmetric") || !strcmp(mode, "wrap");
        int most = !strcmp(mode, "reflect") ? n - 1 : copies ? n : 3;
        before[i] = chance(60) ? below((most < 3 ? most : 3) + 1) : 0;
        after[i] = chance(60) ? below((most < 3 ? most : 3) + 1) : 0;
        d[i] = before[i] + n + after[i];
    }
    struct tensor *t = add_dims(d, x->rank);
    head("Pad", t, x);
    printf(", pads: [");
    for (int i = 0; i < x->rank; i++)
        printf("%s[%d, %d]", i ? ", " : "", before[i], after[i]);
    printf("], mode: %s", mode);
    if (!strcmp(mode, "constant") && chance(40))
        printf(", value: %d", between(-2, 2));
    printf("}\n");
    return 1;
}

int tile(struct tensor *x)
{
    int repeats[3], d[3];
    for (int i = 0; i < x->rank; i++)
        d[i] = dims(x)[i] * (repeats[i] = PICK(1, 1, 2, 3));
    if (x->rank * 27L * x->h * x->w * x->c > ELEMENTS_MAX)
        return 0;
    struct tensor *t = add_dims(d, x->rank);
    head("Tile", t, x);
    list("repeats", repeats, x->rank);
    printf("}\n");
    return 1;
}

int expand(struct tensor *x)
{
    int d[3];
    for (int i = 0; i < x->rank; i++)
        d[i] = dims(x)[i] > 1 ? dims(x)[i] : between(1, 9);
    if (81L * x->h * x->w * x->c > ELEMENTS_MAX)
        return 0;
    struct tensor *t = add_dims(d, x->rank);
    head("Expand", t, x);
    list("shape", d, x->rank);
    printf("}\n");
    return 1;
}

/* One layer of tensors with four dimensions, which it changes in dimension axis, from 0. */
static void of_four(const char *name, int *d, int axis)
{
    int kind = below(4), order[] = {1, 2, 3, 4};
    static const char *const types[] = {"Concatenate", "CumSum", "Softmax", "Permute"};
    printf("  - {type: %s, name: %s_of_4, inputs: [%s_4%s%s%s]", types[kind], name, name,
            kind == 0 ? ", " : "", kind == 0 ? name : "", kind == 0 ? "_4" : "");
    if (kind == 0)
        d[axis] *= 2;
    if (kind == 3) {  /* with the next one */
        int next = (axis + 1) % 4, n = d[axis];
        d[axis] = d[next];
        d[next] = n;
        order[axis] = next + 1;
        order[next] = axis + 1;
        list("dims", order, 4);
    } else {
        printf(", axis: %d", axis + 1);
    }
    printf("}\n");
}

/* x, or numbers of its shape, seen with four dimensions; one layer of these; and three again. */
int volume(struct tensor *x)
{
    int planes = x->h % 2 == 0 ? 2 : x->h % 3 == 0 ? 3 : 1;
    int d[] = {planes, x->h / planes, x->w, x->c};
    if (x->rank != 3 || 2L * x->h * x->w * x->c > ELEMENTS_MAX)
        return 0;
    if (chance(40)) {
        int shape[] = {x->h, x->w, x->c};
        x = add(x->h, x->w, x->c, 3);
        printf("  - {type: Constant, name: %s", x->name);
        list("shape", shape, 3);
        printf("}\n");
    }
    x->used++;
    struct tensor *t = add(1, 1, 1, 3);  /* sizes follow */
    const char *name = t->name;
    printf("  - {type: Reshape, name: %s_4, inputs: %s", name, x->name);
    list("target_shape", d, 4);
    printf("}\n");
    of_four(name, d, below(4));
    t->h = d[0] * d[1];
    t->w = d[2];
    t->c = d[3];
    printf("  - {type: Reshape, name: %s, inputs: %s_of_4", name, name);
    list("target_shape", (int[]){t->h, t->w, t->c}, 3);
    printf("}\n");
    return 1;
}

/* ---- products and norms ---------------------------------------------------------------------- */

int matmul(struct tensor *x)
{
    int m = x->w, k = x->c, n = between(1, 40);
    if (x->rank < 2)
        return 0;
    struct tensor *y;
    if (chance(50)) {  /* by itself, turned */
        n = m;
        y = add(x->h, k, m, x->rank);
        head("Permute", y, x);
        printf(", dims: %s}\n", x->rank == 2 ? "[2, 1]" : "[1, 3, 2]");
    } else {
        y = add_dims((int[]){k, n}, 2);
        printf("  - {type: Constant, name: %s, shape: [%d, %d]}\n", y->name, k, n);
    }
    macs += (long)x->h * m * n * k;
    struct tensor *t = add(x->h, m, n, x->rank);
    line_of_two("MatMul", t, x, y);
    return 1;
}

int softmax(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head(WORD("Softmax", "LogSoftmax"), t, x);
    printf(", axis: %d}\n", between(1, x->rank));
    return 1;
}

/* ", axis: [2, 3]": the last n of x, counted from either end. */
static void last_axes(const struct tensor *x, int n)
{
    int back = chance(50), axis[3];
    for (int i = 0; i < n; i++)
        axis[i] = back ? i - n : x->rank - n + i + 1;
    if (n == 1 && chance(50))
        printf(", axis: %d", axis[0]);
    else
        list("axis", axis, n);
}

/* Any of them, in any order. */
static void some_axes(const struct tensor *x)
{
    int axis[3], n = 0, first = below(x->rank);
    for (int i = 0; i < x->rank; i++)
        if (i == 0 || chance(40))
            axis[n++] = (first + i) % x->rank + 1;
    list("axis", axis, n);
}

int norm(struct tensor *x)
{
    enum { INSTANCE, GROUP, LOCAL, LAYER, RMS, UNIT, KINDS };
    static const char *const types[] = {"InstanceNormalization", "GroupNormalization",
        "LocalResponseNormalization", "LayerNormalization", "RMSNormalization",
        "UnitNormalization"};
    int kind = below(KINDS), groups = PICK(1, 2, 3, 4, 8);
    if (kind <= GROUP && x->rank < 2)
        return 0;
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head(types[kind], t, x);
    while (x->c % groups)
        groups--;
    if (kind == GROUP)
        printf(", groups: %d", groups);
    if (kind == LOCAL)
        printf(", size: %d, alpha: 0.%d, beta: %s, bias: %d", between(1, 7), between(1, 9),
                WORD("0.75", "0.5", "1"), between(1, 2));
    if (kind == LAYER || kind == RMS)
        last_axes(x, between(1, x->rank));
    if (kind == UNIT)
        some_axes(x);
    printf("}\n");
    return 1;
}
