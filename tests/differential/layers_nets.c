/* Blocks that networks are made of, each several layers: images in, images out. */
#include "layers.h"

/* Whether so many products and, in the largest tensor, elements are within the limits: of a whole
 * block, so that nothing is printed of one that isn't. */
static int affordable(const struct tensor *x, long products, long elements)
{
    return x->rank == 3 && macs + products <= MACS_MAX && elements <= ELEMENTS_MAX &&
            count < MAX_TENSORS - 32;
}

static long pixels(const struct tensor *x) { return (long)x->h * x->w; }

static int strided(int n, int s) { return (n + s - 1) / s; }

/* ---- parts of blocks ------------------------------------------------------------------------- */

/* A convolution with padding: same, of oc channels; depthwise, if oc is 0. */
static struct tensor *convolution(struct tensor *x, int oc, int k, int s, int d)
{
    struct tensor *t = add(strided(x->h, s), strided(x->w, s), oc ? oc : x->c, 3);
    macs += pixels(t) * k * k * x->c * (oc ? oc : 1);
    head(oc ? "Conv2D" : "DepthwiseConv2D", t, x);
    if (oc)
        printf(", filters: %d", oc);
    printf(", kernel_size: %d, strides: %d, padding: same", k, s);
    printf(", dilation_rate: %d, use_bias: %s}\n", d, WORD("true", "false"));
    return t;
}

static struct tensor *like(const char *type, struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head(type, t, x);
    printf("}\n");
    return t;
}

/* Convolution, most often a norm, and a function. */
static struct tensor *unit(struct tensor *x, int oc, int k, int s, const char *function)
{
    struct tensor *t = convolution(x, oc, k, s, s == 1 && chance(10) ? 2 : 1);
    if (chance(80))
        t = like("BatchNormalization", t);
    return through(function, t);
}

static struct tensor *joined(struct tensor *x, struct tensor *y)
{
    struct tensor *t = add(x->h, x->w, x->c + y->c, 3);
    line_of_two("Concatenate", t, x, y);
    return t;
}

static struct tensor *sum(struct tensor *x, struct tensor *y)
{
    struct tensor *t = add(x->h, x->w, x->c, 3);
    if (chance(50))
        line_of_two("Add", t, x, y);
    else
        line_of_two("Add", t, y, x);
    return t;
}

static struct tensor *pooled(struct tensor *x, const char *type, int k, int s)
{
    struct tensor *t = add(strided(x->h, s), strided(x->w, s), x->c, 3);
    head(type, t, x);
    printf(", pool_size: %d, strides: %d, padding: same}\n", k, s);
    return t;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* ResNet: two convolutions and what they are given, or a convolution of that; the function behind
 * the sum or, as in its second version, before each convolution. */
int residual(struct tensor *x)
{
    int s = chance(30) ? 2 : 1, oc = s == 1 && chance(60) ? x->c : channels();
    int k = PICK(1, 3, 3, 3, 5);
    long products = pixels(x) * oc * (k * k * (x->c + oc) + x->c);
    if (!affordable(x, products, pixels(x) * larger(oc, x->c)))
        return 0;
    struct tensor *skip = x;
    if (s > 1 || oc != x->c)
        skip = convolution(x, oc, 1, s, 1);
    if (chance(30)) {
        struct tensor *t = through("relu", like("BatchNormalization", x));
        sum(convolution(unit(t, oc, k, s, "relu"), oc, k, 1, 1), skip);
        return 1;
    }
    struct tensor *t = convolution(unit(x, oc, k, s, "relu"), oc, k, 1, 1);
    if (chance(80))
        t = like("BatchNormalization", t);
    t = sum(t, skip);
    through(WORD("relu", "relu", "silu"), t);
    return 1;
}

/* MobileNet: wider, depthwise, narrower; the sum only where shapes allow it. */
int inverted(struct tensor *x)
{
    int wide = x->c * PICK(1, 2, 3, 6), s = chance(30) ? 2 : 1, k = PICK(3, 3, 5);
    int oc = chance(60) ? x->c : channels();
    long products = pixels(x) * wide * (x->c + k * k + oc);
    if (!affordable(x, products, pixels(x) * larger(wide, oc)) || wide > 200)
        return 0;
    const char *function = WORD("relu6", "relu", "hard_silu", "silu");
    struct tensor *t = unit(unit(x, wide, 1, 1, function), 0, k, s, function);
    t = convolution(t, oc, 1, 1, 1);
    if (chance(80))
        t = like("BatchNormalization", t);
    if (s == 1 && oc == x->c)
        sum(t, x);
    return 1;
}

/* Squeeze-and-excitation: channels weighed by what their means say. */
int excitation(struct tensor *x)
{
    int few = larger(x->c / PICK(2, 4, 8), 1);
    if (!affordable(x, 2L * x->c * few, pixels(x) * x->c))
        return 0;
    struct tensor *mean = add(1, 1, x->c, 3);
    head("GlobalAveragePooling2D", mean, x);
    printf(", keepdims: true}\n");
    struct tensor *t = convolution(through("relu", convolution(mean, few, 1, 1, 1)), x->c, 1, 1, 1);
    struct tensor *weights = through(WORD("sigmoid", "hard_sigmoid"), t);
    struct tensor *scaled = add(x->h, x->w, x->c, 3);
    line_of_two("Multiply", scaled, x, weights);
    return 1;
}

/* Inception: branches of several depths, side by side; concatenated by one layer, or a
 * concatenation of concatenations. */
int branches(struct tensor *x)
{
    int a = channels(), b = channels(), c = channels(), k = PICK(3, 3, 5);
    long products = pixels(x) * (x->c * (a + b + c) + (long)b * b * k * k);
    if (!affordable(x, products, pixels(x) * (a + b + c + x->c)))
        return 0;
    struct tensor *one = unit(x, a, 1, 1, "relu");
    struct tensor *two = unit(unit(x, b, 1, 1, "relu"), b, k, 1, "relu"), *three = x;
    if (chance(70))
        three = convolution(pooled(x, "MaxPooling2D", 3, 1), c, 1, 1, 1);
    if (chance(40)) {
        joined(joined(one, two), three);
        return 1;
    }
    struct tensor *t = add(x->h, x->w, one->c + two->c + three->c, 3);
    printf("  - {type: Concatenate, name: %s, inputs: [%s, %s, %s]}\n", t->name, one->name,
            two->name, three->name);
    one->used++;
    two->used++;
    three->used++;
    return 1;
}

/* DenseNet: each convolution sees all that were before it. */
int growing(struct tensor *x)
{
    int grow = PICK(1, 3, 4, 8, 12), layers = between(2, 3), k = PICK(1, 3);
    long products = pixels(x) * layers * k * k * (x->c + 2 * grow) * grow;
    if (!affordable(x, products, pixels(x) * (x->c + 3 * grow)))
        return 0;
    for (int i = 0; i < layers; i++) {
        struct tensor *t = through("relu", like("BatchNormalization", x));
        x = joined(x, convolution(t, grow, k, 1, 1));
    }
    return 1;
}

/* U-Net: half the size, some layers there, back, and beside what was there before; cropped where
 * the size was odd. */
int hourglass(struct tensor *x)
{
    int oc = channels(), h = strided(x->h, 2), w = strided(x->w, 2), up = PICK(0, 1, 2);
    long products = pixels(x) * oc * (4 * x->c + 18 * oc);
    if (!affordable(x, products, pixels(x) * 3 * larger(x->c, oc)) || x->h < 2 || x->w < 2)
        return 0;
    struct tensor *t = chance(50) ? pooled(x, WORD("MaxPooling2D", "AveragePooling2D"), 2, 2)
            : convolution(x, x->c, 2, 2, 1);
    t = unit(t, oc, 3, 1, "relu");
    struct tensor *large = add(2 * h, 2 * w, oc, 3);
    head(up ? "UpSampling2D" : "Conv2DTranspose", large, t);
    if (up)
        printf(", size: 2, interpolation: %s}\n", up == 1 ? "nearest" : "bilinear");
    else
        printf(", filters: %d, kernel_size: %d, strides: 2, padding: same}\n", oc, PICK(2, 3, 4));
    macs += pixels(large) * (up ? 0 : 4L * oc * oc);
    if (large->h != x->h || large->w != x->w) {
        struct tensor *whole = large;
        large = add(x->h, x->w, oc, 3);
        head("Cropping2D", large, whole);
        printf(", cropping: [[0, %d], [%d, 0]]}\n", whole->h - x->h, whole->w - x->w);
    }
    t = chance(50) ? joined(x, large) : joined(large, x);
    unit(t, larger(oc / 2, 1), 3, 1, "relu");
    return 1;
}

/* ShuffleNet: half of the channels go through layers, the others don't, and both are dealt like
 * cards. */
int shuffle(struct tensor *x)
{
    int half = x->c / 2;
    if (!affordable(x, pixels(x) * half * (half + 9), pixels(x) * x->c) || x->c % 2)
        return 0;
    struct tensor *side[2];
    for (int i = 0; i < 2; i++) {
        side[i] = add(x->h, x->w, half, 3);
        head("Slice", side[i], x);
        printf(", begin: [0, 0, %d], end: [%d, %d, %d]}\n", i * half, x->h, x->w, (i + 1) * half);
    }
    struct tensor *t = joined(side[0], unit(unit(side[1], 0, 3, 1, "relu"), half, 1, 1, "relu"));
    struct tensor *dealt = add(x->h, x->w, x->c, 3);
    t->used++;
    printf("  - {type: Reshape, name: %s_2, inputs: %s", dealt->name, t->name);
    printf(", target_shape: [%d, %d, 2, %d]}\n", x->h, x->w, half);
    printf("  - {type: Permute, name: %s_p, dims: [1, 2, 4, 3]}\n", dealt->name);
    printf("  - {type: Reshape, name: %s", dealt->name);
    printf(", target_shape: [%d, %d, %d]}\n", x->h, x->w, x->c);
    return 1;
}

/* A transformer's attention over the pixels, with one head: softmax(q k) v, and what it was
 * given. */
int attention(struct tensor *x)
{
    int n = x->h * x->w, d = PICK(3, 4, 8, 16);
    if (!affordable(x, (long)n * x->c * d * 4 + 2L * n * n * d, (long)n * larger(n, x->c)))
        return 0;
    macs += (long)n * x->c * d * 4 + 2L * n * n * d;
    x->used++;
    struct tensor *t = add(x->h, x->w, x->c, 3);
    const char *name = t->name;
    printf("  - {type: Reshape, name: %s_x, inputs: %s", name, x->name);
    printf(", target_shape: [%d, %d]}\n", n, x->c);
    printf("  - {type: %s, name: %s_n}\n", WORD("LayerNormalization", "RMSNormalization"), name);
    for (const char *part = "qkv"; *part; part++)
        printf("  - {type: Dense, name: %s_%c, inputs: %s_n, units: %d}\n", name, *part, name, d);
    printf("  - {type: Permute, name: %s_t, inputs: %s_k, dims: [2, 1]}\n", name, name);
    printf("  - {type: MatMul, name: %s_s, inputs: [%s_q, %s_t]}\n", name, name, name);
    printf("  - {type: Rescaling, name: %s_r, scale: 0.5}\n", name);
    printf("  - {type: Softmax, name: %s_a}\n", name);
    printf("  - {type: MatMul, name: %s_v2, inputs: [%s_a, %s_v]}\n", name, name, name);
    printf("  - {type: Dense, name: %s_o, units: %d}\n", name, x->c);
    printf("  - {type: Add, name: %s_y, inputs: [%s_o, %s_x]}\n", name, name, name);
    printf("  - {type: Reshape, name: %s", name);
    printf(", target_shape: [%d, %d, %d]}\n", x->h, x->w, x->c);
    return 1;
}
