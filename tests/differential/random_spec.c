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

enum { MAX_TENSORS = 64, MACS_MAX = 3000000, ELEMENTS_MAX = 60000 };

struct tensor { char name[24]; int h, w, c, flat, used; };

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

static struct tensor *add(int h, int w, int c, int flat)
{
    struct tensor *t = &all[count];
    snprintf(t->name, sizeof t->name, "t%d", count++);
    t->h = h;
    t->w = w;
    t->c = c;
    t->flat = flat;
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
    if (x->flat || !make_window(x, &g, pad, 1, 0))
        return 0;
    if (chance(15))
        for (groups = PICK(2, 3, 4, 8); x->c % groups; )
            groups--;
    oc = groups > 1 ? (oc + groups - 1) / groups * groups : oc;
    long m = (long)g.oh * g.ow * oc * g.kh * g.kw * (x->c / groups);
    if (macs + m > MACS_MAX || (long)g.oh * g.ow * oc > ELEMENTS_MAX)
        return 0;
    macs += m;
    struct tensor *t = add(g.oh, g.ow, oc, 0);
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
    if (x->flat || !make_window(x, &g, pad, 1, 0))
        return 0;
    long m = (long)g.oh * g.ow * x->c * mult * (g.kh * g.kw + (separable ? oc : 0));
    if (macs + m > MACS_MAX || x->c * mult > 200 || (long)g.oh * g.ow * oc > ELEMENTS_MAX)
        return 0;
    macs += m;
    struct tensor *t = add(g.oh, g.ow, separable ? oc : x->c * mult, 0);
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
    if (x->flat || macs + m > MACS_MAX || (long)oh * ow * oc > ELEMENTS_MAX)
        return 0;
    macs += m;
    struct tensor *t = add(oh, ow, oc, 0);
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
    if (x->flat || !make_window(x, &g, pad, 0, 1))
        return 0;
    struct tensor *t = add(g.oh, g.ow, x->c, 0);
    head(average ? "AveragePooling2D" : "MaxPooling2D", t, x);
    printf(", pool_size: [%d, %d], strides: [%d, %d], padding: %s", g.kh, g.kw, g.sh, g.sw, pad);
    if (average && chance(40))
        printf(", count_include_pad: true");
    printf("}\n");
    return 1;
}

static int unary(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->flat);
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
    if (x->flat || (crop && (x->h <= a + b || x->w <= c + d)))
        return 0;
    int s = crop ? -1 : 1;
    struct tensor *t = add(x->h + s * (a + b), x->w + s * (c + d), x->c, 0);
    head(crop ? "Cropping2D" : "ZeroPadding2D", t, x);
    printf(", %s: [[%d, %d], [%d, %d]]}\n", crop ? "cropping" : "padding", a, b, c, d);
    return 1;
}

static int upsample(struct tensor *x)
{
    int f = PICK(2, 2, 3), g = PICK(1, 2);
    if (x->flat || (long)x->h * x->w * x->c * f * g > ELEMENTS_MAX)
        return 0;
    struct tensor *t = add(x->h * f, x->w * g, x->c, 0);
    head("UpSampling2D", t, x);
    printf(", size: [%d, %d], interpolation: %s}\n", f, g, integers ? "nearest" : WORD("nearest", "bilinear"));
    return 1;
}

static int global_pool(struct tensor *x)
{
    int keep = chance(40);
    if (x->flat)
        return 0;
    struct tensor *t = add(1, 1, x->c, !keep);
    head(integers ? "GlobalMaxPooling2D" : WORD("GlobalAveragePooling2D", "GlobalMaxPooling2D"), t, x);
    printf(", keepdims: %s}\n", keep ? "true" : "false");
    return 1;
}

static int reshape(struct tensor *x)
{
    if (x->flat)
        return 0;
    int kind = below(3);
    struct tensor *t = kind == 0 ? add(1, 1, x->h * x->w * x->c, 1)
                     : kind == 1 ? add(x->w, x->h, x->c, 0) : add(x->w, x->c, x->h, 0);
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
    struct tensor *t = add(x->h, x->w, units, x->flat);
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
        if (y != x && y->h == x->h && y->w == x->w && y->flat == x->flat && (!same_channels || y->c == x->c))
            return y;
    }
    return NULL;
}

static int binary(struct tensor *x)
{
    struct tensor *y = partner(x, 1);
    if (!y)
        return 0;
    struct tensor *t = add(x->h, x->w, x->c, x->flat);
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
    struct tensor *t = add(x->h, x->w, x->c + y->c, x->flat);
    printf("  - {type: Concatenate, name: %s, inputs: [%s, %s]}\n", t->name, x->name, y->name);
    x->used++;
    y->used++;
    return 1;
}

typedef int layer_fn(struct tensor *);

/* What each policy draws from; a layer stands there as often as it is wanted. */
static layer_fn *const policies[][12] = {
    {conv, conv, conv, unary, pool, dense, reshape, global_pool, binary, concat, border, upsample},
    {conv, binary, conv, binary, conv, binary, unary, unary, conv, conv, pool, conv},
    {conv, concat, conv, concat, conv, concat, pool, conv, concat, unary, depthwise, conv},
    {depthwise, depthwise, conv, depthwise, unary, depthwise, depthwise, conv, pool, depthwise, binary, border},
    {unary, binary, unary, concat, unary, binary, reshape, border, upsample, unary, pool, binary},
    {transpose, conv, transpose, upsample, conv, unary, transpose, concat, binary, transpose, pool, conv},
    {pool, pool, conv, pool, pool, unary, pool, conv, pool, concat, pool, border},
    {dense, dense, unary, conv, reshape, dense, global_pool, binary, concat, dense, unary, dense},
};
enum { POLICIES = sizeof policies / sizeof policies[0] };

static void inputs(int n, int bytes)
{
    for (int i = 0; i < n; i++) {
        int small = chance(20);
        struct tensor *t = add(small ? PICK(1, 1, 2, 3) : PICK(4, 5, 7, 8, 9, 11, 13, 14, 16, 17),
                small ? PICK(1, 2, 3) : PICK(4, 5, 7, 8, 9, 13, 14, 15, 16, 17, 19, 28), channels(), 0);
        printf("  - {type: Input, name: %s, shape: [%d, %d, %d]%s}\n", t->name, t->h, t->w, t->c,
                bytes && i == 0 ? ", dtype: uint8" : "");
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
    layer_fn *const *policy = policies[below(POLICIES)];
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
