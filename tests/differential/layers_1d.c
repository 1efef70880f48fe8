/* Layers of signals, [length, channels], to which others are reshaped. */
#include "layers.h"

#include <string.h>

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

int conv1d(struct tensor *x)
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
    end_with_activation();
    return 1;
}

/* With a pointwise convolution behind it or not. */
int depthwise1d(struct tensor *x)
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
    end_with_activation();
    return 1;
}

int transpose1d(struct tensor *x)
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
    end_with_activation();
    return 1;
}

int pool1d(struct tensor *x)
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

int line(struct tensor *x)
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
