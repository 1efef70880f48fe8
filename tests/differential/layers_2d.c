/* Layers of images: [h, w, c]. */
#include "layers.h"

#include <string.h>

/* ---- windows --------------------------------------------------------------------------------- */

static int extent(int in, int k, int s, int d, int pad) { return (in + pad - (k - 1) * d - 1) / s + 1; }

/* Of a convolution or pooling: kernel, strides, dilation, and the size of the result. */
struct window { int kh, kw, sh, sw, dh, dw, oh, ow; };

/* Finds the result's size with so much padding at both sides together. 0: the window is larger. */
static int window_fits(const struct tensor *x, struct window *g, int ph, int pw)
{
    if (x->h + ph < (g->kh - 1) * g->dh + 1 || x->w + pw < (g->kw - 1) * g->dw + 1)
        return 0;
    g->oh = extent(x->h, g->kh, g->sh, g->dh, ph);
    g->ow = extent(x->w, g->kw, g->sw, g->dw, pw);
    return 1;
}

/* A random one on x, its padding as text. 0: it doesn't fit. */
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

/* ---- convolutions ---------------------------------------------------------------------------- */

int conv(struct tensor *x)
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
    end_with_activation();
    return 1;
}

int depthwise(struct tensor *x)
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
    end_with_activation();
    return 1;
}

int transpose(struct tensor *x)
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
    end_with_activation();
    return 1;
}

/* ---- pooling and borders --------------------------------------------------------------------- */

int pool(struct tensor *x)
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

int border(struct tensor *x)
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

int upsample(struct tensor *x)
{
    int f = PICK(2, 2, 3), g = PICK(1, 2);
    if (x->rank != 3 || (long)x->h * x->w * x->c * f * g > ELEMENTS_MAX)
        return 0;
    struct tensor *t = add(x->h * f, x->w * g, x->c, 3);
    head("UpSampling2D", t, x);
    printf(", size: [%d, %d], interpolation: %s}\n", f, g, integers ? "nearest" : WORD("nearest", "bilinear"));
    return 1;
}

int global_pool(struct tensor *x)
{
    int keep = chance(40);
    if (x->rank != 3)
        return 0;
    struct tensor *t = add(1, 1, x->c, keep ? 3 : 1);
    head(integers ? "GlobalMaxPooling2D" : WORD("GlobalAveragePooling2D", "GlobalMaxPooling2D"), t, x);
    printf(", keepdims: %s}\n", keep ? "true" : "false");
    return 1;
}

/* ---- other sizes ----------------------------------------------------------------------------- */

int blocks(struct tensor *x)
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

int resize(struct tensor *x)
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
int grid_sample(struct tensor *x)
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
