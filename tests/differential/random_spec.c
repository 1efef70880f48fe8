/* random_spec: prints a random specification that is valid by construction.
 *
 *     random_spec SEED [integers] > model.cnn.yaml
 *
 * With "integers" there are only layers that make integers of integers, and few in a row, so that sums
 * stay exact in single precision.
 *
 * The seed alone decides. Shapes are tracked here by rules written apart from the generator's, so that a
 * refused specification is a finding too. A policy, drawn first, says what the network is made of:
 * uniform draws hardly ever meet the corners (sizes of 1, primes, all depthwise, slices of slices). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TENSORS = 128, MACS_MAX = 3000000, ELEMENTS_MAX = 60000 };

/* [h, w, c]; of rank 2, [w, c], and of rank 1, [c], the dimensions that are missing are 1. */
struct tensor { char name[24]; int h, w, c, rank, used; };

static struct tensor all[MAX_TENSORS];
static int count;
static uint64_t state;
static long macs;
static int integers;

static uint64_t next(void)  /* splitmix64 */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int below(int n) { return (int)(next() % (uint64_t)n); }
static int between(int a, int b) { return a + below(b - a + 1); }
static int chance(int percent) { return below(100) < percent; }

static int pick(const int *list, int n) { return list[below(n)]; }
#define PICK(...) pick((const int[]){__VA_ARGS__}, (int)(sizeof((const int[]){__VA_ARGS__}) / sizeof(int)))
#define WORD(...) ((const char *const[]){__VA_ARGS__}[below((int)(sizeof((const char *const[]){__VA_ARGS__}) / \
        sizeof(char *)))])

static int channels(void)
{
    return chance(70) ? PICK(1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48) : between(1, 70);
}

static const char *activation(void)
{
    if (integers)
        return WORD("relu", "relu6", "hard_tanh");
    return WORD("relu", "relu", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "sigmoid",
            "hard_sigmoid", "tanh", "silu", "hard_silu", "mish", "softplus", "softsign", "log_sigmoid",
            "softmax", "log_softmax");
}

static struct tensor *add(int h, int w, int c, int rank)
{
    struct tensor *t = &all[count];
    snprintf(t->name, sizeof t->name, "t%d", count++);
    t->h = h;
    t->w = w;
    t->c = c;
    t->rank = rank;
    t->used = 0;
    return t;
}

/* "  - {type: X, name: tN, inputs: tM" for a layer that makes t from x. */
static void head(const char *type, const struct tensor *t, struct tensor *x)
{
    printf("  - {type: %s, name: %s, inputs: %s", type, t->name, x->name);
    x->used++;
}

static int extent(int in, int k, int s, int d, int pad) { return (in + pad - (k - 1) * d - 1) / s + 1; }

/* Prints padding and returns what both sides together add per axis; same is computed by the caller. */
struct window { int kh, kw, sh, sw, dh, dw, oh, ow; };

static int window_fits(const struct tensor *x, struct window *g, int ph, int pw)
{
    if (x->h + ph < (g->kh - 1) * g->dh + 1 || x->w + pw < (g->kw - 1) * g->dw + 1)
        return 0;
    g->oh = extent(x->h, g->kh, g->sh, g->dh, ph);
    g->ow = extent(x->w, g->kw, g->sw, g->dw, pw);
    return 1;
}

static int make_window(const struct tensor *x, struct window *g, char *text, int dilated, int pool)
{
    int b[4] = {0};
    memset(g, 0, sizeof *g);
    g->kh = PICK(1, 1, 2, 3, 3, 3, 5, 7);
    g->kw = chance(70) ? g->kh : PICK(1, 2, 3, 4, 7);
    g->sh = PICK(1, 1, 1, 2, 3);
    g->sw = chance(80) ? g->sh : PICK(1, 2);
    g->dh = g->dw = 1;
    if (dilated && chance(20)) {
        g->dh = PICK(1, 2, 3);
        g->dw = PICK(1, 2);
    }
    int kind = below(10);
    if (kind < 4) {
        strcpy(text, "same");
        g->oh = (x->h + g->sh - 1) / g->sh;
        g->ow = (x->w + g->sw - 1) / g->sw;
        return 1;
    }
    if (kind >= 7)
        for (int i = 0; i < 4; i++)  /* a pooling window must hold something of the image */
            b[i] = pool ? below(i < 2 ? g->kh : g->kw) / 2 : below(3);
    if (kind < 7)
        strcpy(text, "valid");
    else
        sprintf(text, "[[%d, %d], [%d, %d]]", b[0], b[1], b[2], b[3]);
    return window_fits(x, g, b[0] + b[1], b[2] + b[3]);
}

static int conv(struct tensor *x)
{
    struct window g;
    char pad[64];
    int oc = channels(), groups = 1;
    if (x->rank != 3 || !make_window(x, &g, pad, 1, 0))
        return 0;
    if (chance(15))
        for (groups = PICK(2, 3, 4, 8); x->c % groups; )
            groups--;
    oc = groups > 1 ? (oc + groups - 1) / groups * groups : oc;
    long m = (long)g.oh * g.ow * oc * g.kh * g.kw * (x->c / groups);
    if (macs + m > MACS_MAX || (long)g.oh * g.ow * oc > ELEMENTS_MAX)
        return 0;
    macs += m;
    struct tensor *t = add(g.oh, g.ow, oc, 3);
    head("Conv2D", t, x);
    printf(", filters: %d, kernel_size: [%d, %d], strides: [%d, %d], padding: %s", oc, g.kh, g.kw, g.sh, g.sw, pad);
    if (g.dh > 1 || g.dw > 1)
        printf(", dilation_rate: [%d, %d]", g.dh, g.dw);
    if (groups > 1)
        printf(", groups: %d", groups);
    if (chance(25))
        printf(", use_bias: false");
    if (chance(40))
        printf(", activation: %s", activation());
    printf("}\n");
    return 1;
}

static int depthwise(struct tensor *x)
{
    struct window g;
    char pad[64];
    int mult = chance(80) ? 1 : PICK(2, 3, 5), separable = chance(30), oc = channels();
    if (x->rank != 3 || !make_window(x, &g, pad, 1, 0))
        return 0;
    long m = (long)g.oh * g.ow * x->c * mult * (g.kh * g.kw + (separable ? oc : 0));
    if (macs + m > MACS_MAX || x->c * mult > 200 || (long)g.oh * g.ow * oc > ELEMENTS_MAX)
        return 0;
    macs += m;
    struct tensor *t = add(g.oh, g.ow, separable ? oc : x->c * mult, 3);
    head(separable ? "SeparableConv2D" : "DepthwiseConv2D", t, x);
    if (separable)
        printf(", filters: %d", oc);
    printf(", kernel_size: [%d, %d], strides: [%d, %d], padding: %s, depth_multiplier: %d", g.kh, g.kw, g.sh,
            g.sw, pad, mult);
    if (g.dh > 1 || g.dw > 1)
        printf(", dilation_rate: [%d, %d]", g.dh, g.dw);
    if (chance(40))
        printf(", activation: %s", activation());
    printf("}\n");
    return 1;
}

static int transpose(struct tensor *x)
{
    int kh = PICK(1, 2, 3, 4, 5), kw = chance(70) ? kh : PICK(1, 2, 3), s = PICK(1, 2, 2, 3), same = chance(50);
    int oc = channels();
    int oh = same ? x->h * s : x->h * s + (kh > s ? kh - s : 0);
    int ow = same ? x->w * s : x->w * s + (kw > s ? kw - s : 0);
    long m = (long)x->h * x->w * x->c * oc * kh * kw;
    if (x->rank != 3 || macs + m > MACS_MAX || (long)oh * ow * oc > ELEMENTS_MAX)
        return 0;
    macs += m;
    struct tensor *t = add(oh, ow, oc, 3);
    head("Conv2DTranspose", t, x);
    printf(", filters: %d, kernel_size: [%d, %d], strides: %d, padding: %s", oc, kh, kw, s, same ? "same" : "valid");
    if (chance(40))
        printf(", activation: %s", activation());
    printf("}\n");
    return 1;
}

static int pool(struct tensor *x)
{
    struct window g;
    char pad[64];
    int average = chance(50) && !integers;
    if (x->rank != 3 || !make_window(x, &g, pad, 0, 1))
        return 0;
    struct tensor *t = add(g.oh, g.ow, x->c, 3);
    head(average ? "AveragePooling2D" : "MaxPooling2D", t, x);
    printf(", pool_size: [%d, %d], strides: [%d, %d], padding: %s", g.kh, g.kw, g.sh, g.sw, pad);
    if (average && chance(40))
        printf(", count_include_pad: true");
    printf("}\n");
    return 1;
}

static int unary(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    int kind = below(integers ? 7 : 10);
    if (kind < 4) {
        head("BatchNormalization", t, x);
        if (integers)
            printf(", epsilon: 0");
    } else if (kind < 7) {
        head("Activation", t, x);
        printf(", activation: %s", activation());
    } else if (kind < 8) {
        head(WORD("ReLU", "LeakyReLU", "ELU", "Softmax", "PReLU"), t, x);
    } else if (kind < 9) {
        head("LayerNormalization", t, x);
    } else {
        head("Rescaling", t, x);
        printf(", scale: %d.5, offset: -%d.25", between(0, 2), between(0, 2));
    }
    printf("}\n");
    return 1;
}

static int border(struct tensor *x)
{
    int a = below(3), b = below(3), c = below(3), d = below(3), crop = chance(40);
    if (x->rank != 3 || (crop && (x->h <= a + b || x->w <= c + d)))
        return 0;
    int s = crop ? -1 : 1;
    struct tensor *t = add(x->h + s * (a + b), x->w + s * (c + d), x->c, 3);
    head(crop ? "Cropping2D" : "ZeroPadding2D", t, x);
    printf(", %s: [[%d, %d], [%d, %d]]}\n", crop ? "cropping" : "padding", a, b, c, d);
    return 1;
}

static int upsample(struct tensor *x)
{
    int f = PICK(2, 2, 3), g = PICK(1, 2);
    if (x->rank != 3 || (long)x->h * x->w * x->c * f * g > ELEMENTS_MAX)
        return 0;
    struct tensor *t = add(x->h * f, x->w * g, x->c, 3);
    head("UpSampling2D", t, x);
    printf(", size: [%d, %d], interpolation: %s}\n", f, g, integers ? "nearest" : WORD("nearest", "bilinear"));
    return 1;
}

static int global_pool(struct tensor *x)
{
    int keep = chance(40);
    if (x->rank != 3)
        return 0;
    struct tensor *t = add(1, 1, x->c, keep ? 3 : 1);
    head(integers ? "GlobalMaxPooling2D" : WORD("GlobalAveragePooling2D", "GlobalMaxPooling2D"), t, x);
    printf(", keepdims: %s}\n", keep ? "true" : "false");
    return 1;
}

static int reshape(struct tensor *x)
{
    if (x->rank != 3)
        return 0;
    int kind = below(3);
    struct tensor *t = kind == 0 ? add(1, 1, x->h * x->w * x->c, 1)
                     : kind == 1 ? add(x->w, x->h, x->c, 3) : add(x->w, x->c, x->h, 3);
    head(kind == 0 ? "Flatten" : kind == 1 ? "Reshape" : "Permute", t, x);
    if (kind == 1)
        printf(", target_shape: [%d, %d, %d]", t->h, t->w, t->c);
    if (kind == 2)
        printf(", dims: [2, 3, 1]");
    printf("}\n");
    return 1;
}

static int dense(struct tensor *x)
{
    int units = channels();
    long m = (long)x->h * x->w * x->c * units;
    if (macs + m > MACS_MAX)
        return 0;
    macs += m;
    struct tensor *t = add(x->h, x->w, units, x->rank);
    head("Dense", t, x);
    printf(", units: %d", units);
    if (chance(40))
        printf(", activation: %s", activation());
    printf("}\n");
    return 1;
}

/* Another tensor of the same height and width, and for sums of the same channels or one. */
static struct tensor *partner(const struct tensor *x, int same_channels)
{
    for (int tries = 0; tries < 20; tries++) {
        struct tensor *y = &all[below(count)];
        if (y != x && y->h == x->h && y->w == x->w && y->rank == x->rank && (!same_channels || y->c == x->c))
            return y;
    }
    return NULL;
}

static int binary(struct tensor *x)
{
    struct tensor *y = partner(x, 1);
    if (!y)
        return 0;
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    const char *type = integers ? WORD("Add", "Subtract", "Maximum", "Minimum")
            : WORD("Add", "Add", "Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average");
    printf("  - {type: %s, name: %s, inputs: [%s, %s]}\n", type, t->name, x->name, y->name);
    x->used++;
    y->used++;
    return 1;
}

static int concat(struct tensor *x)
{
    struct tensor *y = partner(x, 0);
    if (!y || (long)x->h * x->w * (x->c + y->c) > ELEMENTS_MAX)
        return 0;
    struct tensor *t = add(x->h, x->w, x->c + y->c, x->rank);
    printf("  - {type: Concatenate, name: %s, inputs: [%s, %s]}\n", t->name, x->name, y->name);
    x->used++;
    y->used++;
    return 1;
}

/* ---- layers of any rank ---------------------------------------------------------------------- */

static const int *dims(const struct tensor *x)
{
    static int d[3];
    d[0] = x->h;
    d[1] = x->w;
    d[2] = x->c;
    return d + 3 - x->rank;
}

static struct tensor *add_dims(const int *d, int rank)
{
    return add(rank > 2 ? d[0] : 1, rank > 1 ? d[rank - 2] : 1, d[rank - 1], rank);
}

static void list(const char *key, const int *d, int n)
{
    printf(", %s: [", key);
    for (int i = 0; i < n; i++)
        printf("%s%d", i ? ", " : "", d[i]);
    printf("]");
}

/* x, kept within what a function is defined for. */
static struct tensor *through(const char *function, struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head("Activation", t, x);
    printf(", activation: %s}\n", function);
    return t;
}

static int function(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head("Activation", t, x);
    printf(", activation: %s}\n", WORD("abs", "negative", "square", "erf", "sin", "cos", "atan", "asinh",
            "thresholded_relu", "sign", "floor", "ceil", "round"));
    return 1;
}

static int clip(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    int kind = below(3);
    head("Clip", t, x);
    if (kind != 1)
        printf(", min_value: %d", -below(3));
    if (kind != 2)
        printf(", max_value: %d", between(1, 4));
    printf("}\n");
    return 1;
}

/* Numbers that stretch to x, or are stretched by it. */
static struct tensor *constant(const struct tensor *x)
{
    int d[3], rank = between(1, x->rank);
    for (int i = 0; i < rank; i++)
        d[i] = chance(50) ? dims(x)[x->rank - rank + i] : 1;
    struct tensor *t = add_dims(d, rank);
    printf("  - {type: Constant, name: %s", t->name);
    list("shape", d, rank);
    printf("}\n");
    return t;
}

static int stretches(int a, int b) { return a == b || a == 1 || b == 1; }
static int larger(int a, int b) { return a > b ? a : b; }

/* Another tensor that NumPy broadcasts with x; a new one where none is found. */
static struct tensor *broadcast(const struct tensor *x)
{
    for (int tries = 0; tries < 10 && chance(80); tries++) {
        struct tensor *y = &all[below(count)];
        if (stretches(x->h, y->h) && stretches(x->w, y->w) && stretches(x->c, y->c) &&
                (long)larger(x->h, y->h) * larger(x->w, y->w) * larger(x->c, y->c) <= ELEMENTS_MAX)
            return y;
    }
    return constant(x);
}

/* One layer of two inputs that are stretched to each other. */
static struct tensor *pair(const char *type, struct tensor *x, struct tensor *y)
{
    struct tensor *t = add(larger(x->h, y->h), larger(x->w, y->w), larger(x->c, y->c),
            larger(x->rank, y->rank));
    printf("  - {type: %s, name: %s, inputs: [%s, %s]}\n", type, t->name, x->name, y->name);
    x->used++;
    y->used++;
    return t;
}

static int stretched(struct tensor *x)
{
    struct tensor *y = broadcast(x);
    const char *type = WORD("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average");
    if (chance(50))
        pair(type, x, y);
    else
        pair(type, y, x);
    return 1;
}

static int quotient(struct tensor *x)
{
    struct tensor *y = broadcast(x);
    if (chance(60))
        pair("Divide", x, through("sigmoid", y));
    else
        pair("Power", through("sigmoid", x), through("tanh", y));
    return 1;
}

static struct tensor *comparison(struct tensor *x)
{
    struct tensor *y = broadcast(x);
    return pair(WORD("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual"), x, y);
}

static int compare(struct tensor *x)
{
    comparison(x);
    return 1;
}

static int where(struct tensor *x)
{
    struct tensor *mask = comparison(x), *y = broadcast(mask);
    if (chance(50)) {
        struct tensor *swap = x;
        x = y;
        y = swap;
    }
    int h = larger(x->h, y->h), w = larger(x->w, y->w), c = larger(x->c, y->c);
    struct tensor *t = add(larger(h, mask->h), larger(w, mask->w), larger(c, mask->c),
            larger(larger(x->rank, y->rank), mask->rank));
    printf("  - {type: Where, name: %s, inputs: [%s, %s, %s]}\n", t->name, mask->name, x->name, y->name);
    mask->used++;
    x->used++;
    y->used++;
    return 1;
}

/* What is left where these dimensions are reduced. */
static struct tensor *add_reduced(const struct tensor *x, const int *reduced, int keep)
{
    int d[3] = {1}, rank = 0;
    for (int i = 0; i < x->rank; i++)
        if (!reduced[i] || keep)
            d[rank++] = reduced[i] ? 1 : dims(x)[i];
    return add_dims(d, rank ? rank : 1);
}

static int reduce(struct tensor *x)
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

static int arg(struct tensor *x)
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

static int slice(struct tensor *x)
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
static int gather(struct tensor *x)
{
    int axis = below(x->rank), n = dims(x)[axis], count = between(1, chance(50) ? 3 : n + 2), d[3], index[64];
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

static int cum_sum(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head("CumSum", t, x);
    printf(", axis: %d, exclusive: %s, reverse: %s}\n", between(1, x->rank), WORD("true", "false"),
            WORD("true", "false"));
    return 1;
}

static int pad(struct tensor *x)
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

static int tile(struct tensor *x)
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

static int expand(struct tensor *x)
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

static int matmul(struct tensor *x)
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
    printf("  - {type: MatMul, name: %s, inputs: [%s, %s]}\n", t->name, x->name, y->name);
    x->used++;
    y->used++;
    return 1;
}

static int softmax(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head(WORD("Softmax", "LogSoftmax"), t, x);
    printf(", axis: %d}\n", between(1, x->rank));
    return 1;
}

/* ---- images ---------------------------------------------------------------------------------- */

static int blocks(struct tensor *x)
{
    int b = PICK(2, 2, 3, 4), deep = x->c % (b * b) == 0, wide = x->h % b == 0 && x->w % b == 0;
    if (x->rank != 3 || (!deep && !wide))
        return 0;
    deep = deep && (!wide || chance(50));
    struct tensor *t = deep ? add(x->h * b, x->w * b, x->c / (b * b), 3)
            : add(x->h / b, x->w / b, x->c * b * b, 3);
    head(deep ? "DepthToSpace" : "SpaceToDepth", t, x);
    printf(", block_size: %d, mode: %s}\n", b, WORD("dcr", "crd"));
    return 1;
}

static int resize(struct tensor *x)
{
    const char *mode = WORD("nearest", "linear", "linear", "cubic");
    const char *coordinates = WORD("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
            "align_corners", "asymmetric");
    int h = between(1, 2 * x->h + 3), w = between(1, 2 * x->w + 3), twice = chance(25);
    if (x->rank != 3 || (long)(2 * x->h + 3) * (2 * x->w + 3) * x->c > ELEMENTS_MAX)
        return 0;
    struct tensor *t = twice ? add(x->h * 2, x->w * 3 / 2, x->c, 3) : add(h, w, x->c, 3);
    head("Resize", t, x);
    if (twice)
        printf(", scales: [2, 1.5]");
    else
        printf(", size: [%d, %d]", h, w);
    printf(", mode: %s, coordinates: %s", mode, coordinates);
    if (!strcmp(mode, "nearest"))
        printf(", nearest_mode: %s", WORD("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"));
    if (!strcmp(mode, "cubic"))
        printf(", cubic_coeff_a: %s, exclude_outside: %s", WORD("-0.75", "-0.5"), WORD("true", "false"));
    printf("}\n");
    return 1;
}

/* At places that are computed of another tensor, or given as a constant. */
static int grid_sample(struct tensor *x)
{
    struct tensor *y = &all[below(count)], *grid;
    const char *mode = WORD("linear", "linear", "nearest", "cubic");
    if (x->rank != 3 || y->rank != 3 || (long)y->h * y->w * x->c > ELEMENTS_MAX)
        return 0;
    if (chance(50) || macs + (long)y->h * y->w * y->c * 2 > MACS_MAX) {
        grid = add(y->h, y->w, 2, 3);
        printf("  - {type: Constant, name: %s, shape: [%d, %d, 2]}\n", grid->name, y->h, y->w);
    } else {
        macs += (long)y->h * y->w * y->c * 2;
        grid = add(y->h, y->w, 2, 3);
        head("Dense", grid, y);
        printf(", units: 2, activation: %s}\n", WORD("tanh", "softsign"));
    }
    struct tensor *t = add(grid->h, grid->w, x->c, 3);
    printf("  - {type: GridSample, name: %s, inputs: [%s, %s], mode: %s, padding_mode: %s, align_corners: %s}\n",
            t->name, x->name, grid->name, mode, WORD("zeros", "border", "reflection"), WORD("true", "false"));
    x->used++;
    grid->used++;
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

static int norm(struct tensor *x)
{
    enum { INSTANCE, GROUP, LOCAL, LAYER, RMS, UNIT, KINDS };
    static const char *const types[] = {"InstanceNormalization", "GroupNormalization",
        "LocalResponseNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"};
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

/* ---- one dimension --------------------------------------------------------------------------- */

/* [length, channels] of an image's rows, or of anything. */
static struct tensor *sequence(struct tensor *x)
{
    if (x->rank == 2)
        return x;
    struct tensor *t = add(1, x->h * x->w, x->c, 2);
    head("Reshape", t, x);
    printf(", target_shape: [%d, %d]}\n", t->w, t->c);
    return t;
}

static int conv1d(struct tensor *x)
{
    int k = PICK(1, 2, 3, 3, 5, 7), s = PICK(1, 1, 2, 3), d = s == 1 && chance(30) ? PICK(2, 3) : 1;
    int oc = channels(), groups = 1;
    const char *padding = WORD("valid", "same", "causal");
    int reach = (k - 1) * d + 1, length = x->h * x->w, valid = !strcmp(padding, "valid");
    if (chance(15))
        for (groups = PICK(2, 3, 4); x->c % groups; )
            groups--;
    oc = (oc + groups - 1) / groups * groups;
    if ((valid && length < reach) || macs + (long)length * k * x->c * oc > MACS_MAX ||
            (long)length * oc > ELEMENTS_MAX)
        return 0;
    macs += (long)length * k * x->c * oc;
    x = sequence(x);
    struct tensor *t = add(1, valid ? (length - reach) / s + 1 : (length + s - 1) / s, oc, 2);
    head("Conv1D", t, x);
    printf(", filters: %d, kernel_size: %d, strides: %d, padding: %s, dilation_rate: %d, groups: %d", oc, k, s,
            padding, d, groups);
    if (chance(40))
        printf(", activation: %s", activation());
    printf("}\n");
    return 1;
}

/* With a pointwise convolution behind it or not. */
static int depthwise1d(struct tensor *x)
{
    int k = PICK(1, 2, 3, 5), s = PICK(1, 1, 2), d = s == 1 && chance(30) ? 2 : 1, mult = chance(80) ? 1 : PICK(2, 3);
    int separable = chance(40), oc = separable ? channels() : x->c * mult;
    const char *padding = WORD("valid", "same", "causal");
    int reach = (k - 1) * d + 1, length = x->h * x->w, valid = !strcmp(padding, "valid");
    long products = (long)length * x->c * mult * (k + (separable ? oc : 0));
    if ((valid && length < reach) || x->c * mult > 200 || macs + products > MACS_MAX ||
            (long)length * oc > ELEMENTS_MAX)
        return 0;
    macs += products;
    x = sequence(x);
    struct tensor *t = add(1, valid ? (length - reach) / s + 1 : (length + s - 1) / s, oc, 2);
    head(separable ? "SeparableConv1D" : "DepthwiseConv1D", t, x);
    if (separable)
        printf(", filters: %d", oc);
    printf(", kernel_size: %d, strides: %d, padding: %s, dilation_rate: %d, depth_multiplier: %d", k, s, padding,
            d, mult);
    if (chance(40))
        printf(", activation: %s", activation());
    printf("}\n");
    return 1;
}

static int transpose1d(struct tensor *x)
{
    int k = PICK(1, 2, 3, 4, 5), s = PICK(1, 2, 2, 3), same = chance(40), more = same || chance(60) ? -1 : below(s);
    int oc = channels(), length = x->h * x->w;
    int out = same ? length * s : more >= 0 ? (length - 1) * s + k + more : length * s + (k > s ? k - s : 0);
    if (macs + (long)length * k * x->c * oc > MACS_MAX || (long)out * oc > ELEMENTS_MAX)
        return 0;
    macs += (long)length * k * x->c * oc;
    x = sequence(x);
    struct tensor *t = add(1, out, oc, 2);
    head("Conv1DTranspose", t, x);
    printf(", filters: %d, kernel_size: %d, strides: %d, padding: %s", oc, k, s, same ? "same" : "valid");
    if (more >= 0)
        printf(", output_padding: %d", more);
    if (chance(40))
        printf(", activation: %s", activation());
    printf("}\n");
    return 1;
}

static int pool1d(struct tensor *x)
{
    int k = PICK(1, 2, 3, 5), s = PICK(1, 2, 3), same = chance(50), length = x->h * x->w;
    if (!same && length < k)
        return 0;
    x = sequence(x);
    struct tensor *t = add(1, same ? (length + s - 1) / s : (length - k) / s + 1, x->c, 2);
    head(WORD("MaxPooling1D", "AveragePooling1D"), t, x);
    printf(", pool_size: %d, strides: %d, padding: %s}\n", k, s, same ? "same" : "valid");
    return 1;
}

static int line(struct tensor *x)
{
    int kind = below(4), a = below(4), b = below(4);
    if (kind == 1 && x->h * x->w <= a + b)
        return 0;
    x = sequence(x);
    struct tensor *t = kind == 0 ? add(1, x->w + a + b, x->c, 2) : kind == 1 ? add(1, x->w - a - b, x->c, 2)
            : kind == 2 ? add(1, x->w * (a + 1), x->c, 2) : add(1, 1, x->c, a % 2 ? 2 : 1);
    head(kind == 3 ? WORD("GlobalMaxPooling1D", "GlobalAveragePooling1D")
            : ((const char *const[]){"ZeroPadding1D", "Cropping1D", "UpSampling1D"})[kind], t, x);
    if (kind < 2)
        printf(", %s: [%d, %d]}\n", kind == 0 ? "padding" : "cropping", a, b);
    else if (kind == 2)
        printf(", size: %d}\n", a + 1);
    else
        printf(", keepdims: %s}\n", a % 2 ? "true" : "false");
    return 1;
}

typedef int layer_fn(struct tensor *);

/* What each policy draws from; a layer stands there as often as it is wanted. The first ones, whose layers
 * have forms that keep integers, are also for networks of those. */
static layer_fn *const policies[][12] = {
    {conv, conv, conv, unary, pool, dense, reshape, global_pool, binary, concat, border, upsample},
    {conv, binary, conv, binary, conv, binary, unary, unary, conv, conv, pool, conv},
    {conv, concat, conv, concat, conv, concat, pool, conv, concat, unary, depthwise, conv},
    {depthwise, depthwise, conv, depthwise, unary, depthwise, depthwise, conv, pool, depthwise, binary, border},
    {unary, binary, unary, concat, unary, binary, reshape, border, upsample, unary, pool, binary},
    {transpose, conv, transpose, upsample, conv, unary, transpose, concat, binary, transpose, pool, conv},
    {pool, pool, conv, pool, pool, unary, pool, conv, pool, concat, pool, border},
    {dense, dense, unary, conv, reshape, dense, global_pool, binary, concat, dense, unary, dense},
    {stretched, where, compare, stretched, clip, quotient, function, reduce, conv, concat, unary, binary},
    {slice, pad, tile, expand, blocks, conv, gather, pad, concat, gather, reshape, stretched},
    {reduce, arg, stretched, conv, reduce, unary, cum_sum, slice, softmax, matmul, cum_sum, dense},
    {norm, conv, resize, norm, blocks, depthwise, grid_sample, function, stretched, unary, concat, pool},
    {conv1d, pool1d, line, depthwise1d, dense, unary, transpose1d, binary, concat, norm, slice, matmul},
    {stretched, conv, slice, reduce, depthwise, pad, resize, dense, conv1d, norm, transpose, matmul},
};
enum { POLICIES = sizeof policies / sizeof policies[0], OF_INTEGERS = 8 };

static void inputs(int n, int bytes)
{
    for (int i = 0; i < n; i++) {
        int small = chance(20);
        struct tensor *t = add(small ? PICK(1, 1, 2, 3) : PICK(4, 5, 7, 8, 9, 11, 13, 14, 16, 17),
                small ? PICK(1, 2, 3) : PICK(4, 5, 7, 8, 9, 13, 14, 15, 16, 17, 19, 28), channels(), 3);
        printf("  - {type: Input, name: %s, shape: [%d, %d, %d]%s%s}\n", t->name, t->h, t->w, t->c,
                bytes && i == 0 ? ", dtype: uint8" : "", !integers && chance(15) ? ", layout: NCHW" : "");
    }
}

int main(int argc, char **argv)
{
    integers = argc == 3 && !strcmp(argv[2], "integers");
    if (argc != 2 + integers) {
        fprintf(stderr, "usage: random_spec SEED [integers]\n");
        return 2;
    }
    state = strtoull(argv[1], NULL, 10) * 0x2545f4914f6cdd1du + 12345;
    layer_fn *const *policy = policies[below(integers ? OF_INTEGERS : POLICIES)];
    int layers = integers ? between(2, 5) : between(3, 12), made = 0;
    printf("cnngen: 1\nname: r%s\nweights: {random: %d}\n", argv[1], below(1000));
    if (chance(20))
        printf("batch: %d\n", between(2, 3));
    printf("layers:\n");
    inputs(chance(20) ? 2 : 1, chance(15));
    for (int tries = 0; made < layers && tries < 200; tries++) {
        int latest = count - 1;
        struct tensor *x = chance(75) ? &all[latest] : &all[below(count)];
        made += policy[below(12)](x);
    }
    printf("outputs: [");
    const char *comma = "";
    for (int i = 0; i < count; i++)
        if (!all[i].used) {
            printf("%s%s", comma, all[i].name);
            comma = ", ";
        }
    printf("]\n");
    return 0;
}
