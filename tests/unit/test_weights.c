/* Weights end to end: files written here, loaded into graphs; PyTorch's order against a computation
 * of its own in NCHW. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "eval.h"
#include "out.h"
#include "shape.h"
#include "weights.h"

static struct pool *pool;
static char folder[32];

static int setup(void **state)
{
    (void)state;
    pool = pool_new();
    memcpy(folder, "/tmp/cnngen-weights-XXXXXX", 27);
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    unlink("w.safetensors");
    unlink("link.safetensors");
    unlink("pipe");
    unlink("sub/w.safetensors");
    rmdir("sub");
    unlink("linked");
    return chdir("/tmp") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

/* ---- a file of float32 tensors -------------------------------------------------------------- */

struct file {
    struct out header, data;
};

static struct file file_new(void)
{
    struct file f;
    out_init(&f.header);
    out_init(&f.data);
    out_raw(&f.header, "{", 1);
    return f;
}

/* shape: "3,3,1,4" */
static void file_add(struct file *f, const char *name, const char *shape, const float *x, int n)
{
    size_t begin = f->data.len;
    for (int i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        for (int b = 0; b < 32; b += 8)
            out_raw(&f->data, (const char[]){(char)(bits >> b & 255)}, 1);
    }
    out_printf(&f->header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
            f->header.len > 1 ? "," : "", name, shape, begin, f->data.len);
}

static void file_write(struct file *f, const char *path)
{
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    out_raw(&f->header, "}", 1);
    for (int b = 0; b < 64; b += 8)
        fputc((int)((uint64_t)f->header.len >> b & 255), to);
    fwrite(f->header.text, 1, f->header.len, to);
    if (f->data.len)
        fwrite(f->data.text, 1, f->data.len, to);
    assert_int_equal(fclose(to), 0);
    out_free(&f->header);
    out_free(&f->data);
}

static void write_bytes(const char *path, const char *bytes, size_t n)
{
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    fwrite(bytes, 1, n, to);
    assert_int_equal(fclose(to), 0);
}

/* n different numbers, some negative. */
static float *numbers(int n, int seed)
{
    float *x = NEW_ARRAY(pool, float, n);
    for (int i = 0; i < n; i++)
        x[i] = (float)((i * 37 + seed * 101) % 211 - 105) / 64;
    return x;
}

/* ---- loading -------------------------------------------------------------------------------- */

/* The graph, and what was said; graph->pool lives as long as the test. */
static struct graph *load(const char *text, const char *override, const char **said)
{
    struct source *src = NEW(pool, struct source);
    struct diag *d = diag_new(pool);
    struct weight_options options = {override};
    struct out out;
    *src = source_of("net.cnn.yaml", text, strlen(text));
    struct spec *spec = spec_read(pool, src, d);
    struct graph *g = spec ? graph_build(pool, spec, d) : NULL;
    bool ok = false;
    if (g) {
        shape_infer(g, d);
        ok = weights_load(g, &options, d);
    }
    assert_int_equal(ok, !diag_failed(d));
    out_init(&out);
    diag_print(d, &out, COLOR_NEVER, false);
    *said = out.text ? pool_copy(pool, out.text, out.len) : "";
    out_free(&out);
    return g;
}

static struct graph *load_fine(const char *text)
{
    const char *said;
    struct graph *g = load(text, NULL, &said);
    if (*said)
        fail_msg("%s", said);
    return g;
}

static void load_says(const char *text, const char *expected)
{
    const char *said;
    load(text, NULL, &said);
    if (!strstr(said, expected))
        fail_msg("'%s' instead of '%s'", said, expected);
}

static const struct weight *weight_of(const struct graph *g, const char *layer, const char *name)
{
    for (int i = 0; i < g->layer.n; i++)
        if (!strcmp(g->layer.at[i]->name, layer))
            for (int k = 0; k < g->layer.at[i]->weights; k++)
                if (!strcmp(g->layer.at[i]->weight[k].name, name))
                    return &g->layer.at[i]->weight[k];
    fail_msg("no weight %s.%s", layer, name);
    return NULL;
}

/* The last layer's value for the image. */
static const double *run(const struct graph *g, const double *image)
{
    struct tval in = tval_new(&g->input.at[0]->shape);
    struct tval *all = NEW_ARRAY(pool, struct tval, g->layer.n);
    memcpy(in.v, image, (size_t)shape_size(&in.shape) * sizeof *image);
    eval_graph(g, &in, all);
    const struct tval *last = &all[g->layer.n - 1];
    size_t n = (size_t)shape_size(&last->shape);
    double *v = NEW_ARRAY(pool, double, n);
    memcpy(v, last->v, n * sizeof *v);
    for (int i = 0; i < g->layer.n; i++)
        tval_free(&all[i]);
    tval_free(&in);
    return v;
}

static void assert_close(const double *a, const double *b, int n)
{
    for (int i = 0; i < n; i++)
        if (!(fabs(a[i] - b[i]) <= 1e-9 * (1 + fabs(b[i]))))
            fail_msg("[%d] is %.15g instead of %.15g", i, a[i], b[i]);
}

/* ---- PyTorch's layers, in its own order: CHW ------------------------------------------------ */

struct chw { int c, h, w; double *v; };

static struct chw chw(int c, int h, int w)
{
    return (struct chw){c, h, w, NEW_ARRAY(pool, double, c * h * w)};
}

static struct chw from_hwc(int h, int w, int c, const double *v)
{
    struct chw x = chw(c, h, w);
    for (int i = 0; i < c * h * w; i++)
        x.v[i % c * h * w + i / c] = v[i];
    return x;
}

static const double *to_hwc(struct chw x)
{
    double *v = NEW_ARRAY(pool, double, x.c * x.h * x.w);
    for (int i = 0; i < x.c * x.h * x.w; i++)
        v[i] = x.v[i % x.c * x.h * x.w + i / x.c];
    return v;
}

/* nn.Conv2d, padding 0: weight [OC, IC / groups, K, K]. */
static struct chw conv(
        struct chw x, int oc, int k, int groups, const float *weight, const float *bias)
{
    struct chw y = chw(oc, x.h - k + 1, x.w - k + 1);
    int ic = x.c / groups, per_group = oc / groups;
    for (int o = 0; o < oc; o++)
        for (int p = 0; p < y.h * y.w; p++) {
            double sum = (double)bias[o];
            for (int i = 0; i < ic * k * k; i++) {
                int c = o / per_group * ic + i / (k * k), r = p / y.w + i / k % k,
                    q = p % y.w + i % k;
                sum += (double)weight[o * ic * k * k + i] * x.v[(c * x.h + r) * x.w + q];
            }
            y.v[o * y.h * y.w + p] = sum;
        }
    return y;
}

/* nn.ConvTranspose2d, stride 1, padding 0: weight [IC, OC, K, K]. */
static struct chw conv_transpose(
        struct chw x, int oc, int k, const float *weight, const float *bias)
{
    struct chw y = chw(oc, x.h + k - 1, x.w + k - 1);
    for (int i = 0; i < oc * y.h * y.w; i++)
        y.v[i] = (double)bias[i / (y.h * y.w)];
    for (int c = 0; c < x.c; c++)
        for (int o = 0; o < oc; o++)
            for (int p = 0; p < x.h * x.w; p++)
                for (int t = 0; t < k * k; t++)
                    y.v[(o * y.h + p / x.w + t / k) * y.w + p % x.w + t % k] +=
                            (double)weight[((c * oc) + o) * k * k + t] * x.v[c * x.h * x.w + p];
    return y;
}

/* nn.Linear on the flattened value: weight [out, in]. */
static struct chw linear(struct chw x, int out, const float *weight, const float *bias)
{
    struct chw y = chw(out, 1, 1);
    int in = x.c * x.h * x.w;
    for (int o = 0; o < out; o++) {
        y.v[o] = (double)bias[o];
        for (int i = 0; i < in; i++)
            y.v[o] += (double)weight[o * in + i] * x.v[i];
    }
    return y;
}

/* nn.BatchNorm1d or 2d with the layer's default epsilon. */
static void batch_norm(struct chw x, int features, const float *const p[4], double eps)
{
    int each = x.c * x.h * x.w / features;
    for (int i = 0; i < x.c * x.h * x.w; i++) {
        int f = i / each;
        x.v[i] = (x.v[i] - (double)p[2][f]) / sqrt((double)p[3][f] + eps) * (double)p[0][f] +
                 (double)p[1][f];
    }
}

/* nn.PReLU(features) */
static void prelu(struct chw x, const float *slope)
{
    for (int i = 0; i < x.c * x.h * x.w; i++)
        if (x.v[i] < 0)
            x.v[i] *= (double)slope[i / (x.h * x.w)];
}

static double *image(int n)
{
    double *v = NEW_ARRAY(pool, double, n);
    for (int i = 0; i < n; i++)
        v[i] = (double)(i * 29 % 53 - 20) / 16;
    return v;
}

/* Adds NAME.weight, .bias, .running_mean, .running_var; the four arrays. */
static void add_batch_norm(struct file *f, const char *name, int n, const float *p[4])
{
    static const char *const names[] = {"weight", "bias", "running_mean", "running_var"};
    for (int k = 0; k < 4; k++) {
        float *x = numbers(n, 20 + k);
        for (int i = 0; k == 3 && i < n; i++)
            x[i] = 0.5f + x[i] * x[i];
        p[k] = x;
        file_add(f, pool_printf(pool, "%s.%s", name, names[k]), pool_printf(pool, "%d", n), x, n);
    }
    float zero = 0;
    file_add(f, pool_printf(pool, "%s.num_batches_tracked", name), "", &zero, 1);
}

/* Flatten, batch norm over its features, Dense: with either way of saying PyTorch's order. */
static void check_flatten(const char *top, const char *between)
{
    struct file f = file_new();
    const float *bn[4], *w1 = numbers(6 * 3 * 4, 1), *b1 = numbers(6, 2);
    const float *w2 = numbers(5 * 72, 3), *b2 = numbers(5, 4), *w3 = numbers(10, 5),
                *b3 = numbers(2, 6);
    file_add(&f, "conv1.weight", "6,3,2,2", w1, 72);
    file_add(&f, "conv1.bias", "6", b1, 6);
    add_batch_norm(&f, "bn1", 72, bn);
    file_add(&f, "fc1.weight", "5,72", w2, 360);
    file_add(&f, "fc1.bias", "5", b2, 5);
    file_add(&f, "fc2.weight", "2,5", w3, 10);
    file_add(&f, "fc2.bias", "2", b3, 2);
    file_write(&f, "w.safetensors");
    struct graph *g = load_fine(pool_printf(pool,
            "cnngen: 1\n%s\nlayers:\n"
            "  - {type: Input, shape: [4, 5, 3]}\n"
            "  - {type: Conv2D, name: conv1, filters: 6, kernel_size: 2}\n%s"
            "  - {type: BatchNormalization, name: bn1}\n"
            "  - ReLU\n  - {type: Dropout, rate: 0.5}\n"
            "  - {type: Dense, name: fc1, units: 5}\n"
            "  - {type: Dense, name: fc2, units: 2}\n", top, between));
    const double *in = image(60);
    struct chw x = conv(from_hwc(4, 5, 3, in), 6, 2, 1, w1, b1);
    batch_norm(x, 72, bn, 1e-3);
    for (int i = 0; i < 72; i++)
        x.v[i] = x.v[i] < 0 ? 0 : x.v[i];
    x = linear(linear(x, 5, w2, b2), 2, w3, b3);
    assert_close(run(g, in), x.v, 2);
}

static void permutes_behind_flatten(void **state)
{
    (void)state;
    check_flatten("weights: {file: w.safetensors, layout: torch}", "  - Flatten\n");
    check_flatten("weights: w.safetensors", "  - Flatten\n");
    check_flatten("weights: {file: w.safetensors, layout: torch}",
            "  - {type: Reshape, target_shape: [-1]}\n");
}

/* A Permute says the order outright: nothing is permuted a second time. */
static void leaves_explicit_orders(void **state)
{
    (void)state;
    check_flatten("weights: w.safetensors", "  - {type: Permute, dims: [3, 1, 2]}\n  - Flatten\n");
}

/* Features of two images and of none, side by side. */
static void permutes_joined_features(void **state)
{
    struct file f = file_new();
    const float *w = numbers(3 * 64, 1), *b = numbers(3, 2);
    (void)state;
    file_add(&f, "fc.weight", "3,64", w, 192);
    file_add(&f, "fc.bias", "3", b, 3);
    file_write(&f, "w.safetensors");
    struct graph *g =
            load_fine("cnngen: 1\nweights: {file: w.safetensors, layout: torch}\nlayers:\n"
                      "  - {type: Input, name: x, shape: [3, 4, 4]}\n"
                      "  - {type: Flatten, name: a}\n"
                      "  - {type: GlobalMaxPooling2D, name: m, inputs: x}\n"
                      "  - {type: Cropping2D, name: c, cropping: [[0, 0], [0, 3]], inputs: x}\n"
                      "  - {type: Flatten, name: d}\n"
                      "  - {type: Concatenate, inputs: [a, m, d]}\n"
                      "  - {type: Dense, name: fc, units: 3}\n");
    const double *in = image(48);
    struct chw x = from_hwc(3, 4, 4, in), all = chw(64, 1, 1);
    memcpy(all.v, x.v, 48 * sizeof *all.v);
    for (int i = 0; i < 48; i++)
        all.v[48 + i / 12] =
                i % 12 == 0 || x.v[i] > all.v[48 + i / 12] ? x.v[i] : all.v[48 + i / 12];
    for (int i = 0; i < 12; i++)
        all.v[52 + i] = x.v[i * 4];
    assert_close(run(g, in), linear(all, 3, w, b).v, 3);
}

/* Dense, Reshape to an image, transposed and depthwise convolutions, PReLU: a generator. */
static void permutes_before_reshape(void **state)
{
    struct file f = file_new();
    const float *bn[4], *w1 = numbers(24 * 5, 1), *b1 = numbers(24, 2), *w2 = numbers(4 * 3 * 4, 3);
    const float *b2 = numbers(3, 4), *w3 = numbers(6 * 4, 5), *b3 = numbers(6, 6),
                *s = numbers(3, 7);
    (void)state;
    file_add(&f, "fc.weight", "24,5", w1, 120);
    file_add(&f, "fc.bias", "24", b1, 24);
    add_batch_norm(&f, "bn", 24, bn);
    file_add(&f, "up.weight", "4,3,2,2", w2, 48);
    file_add(&f, "up.bias", "3", b2, 3);
    file_add(&f, "act.weight", "3", s, 3);
    file_add(&f, "dw.weight", "6,1,2,2", w3, 24);
    file_add(&f, "dw.bias", "6", b3, 6);
    file_write(&f, "w.safetensors");
    struct graph *g = load_fine(
            "cnngen: 1\nweights: {file: w.safetensors, layout: torch}\nlayers:\n"
            "  - {type: Input, shape: [5]}\n"
            "  - {type: Dense, name: fc, units: 24}\n"
            "  - {type: BatchNormalization, name: bn}\n"
            "  - {type: Reshape, target_shape: [2, 3, 4]}\n"
            "  - {type: Conv2DTranspose, name: up, filters: 3, kernel_size: 2}\n"
            "  - {type: PReLU, name: act, shared_axes: [1, 2]}\n"
            "  - {type: DepthwiseConv2D, name: dw, kernel_size: 2, depth_multiplier: 2}\n");
    const double *in = image(5);
    struct chw x = linear(from_hwc(1, 1, 5, in), 24, w1, b1);
    batch_norm(x, 24, bn, 1e-3);
    x = conv_transpose((struct chw){4, 2, 3, x.v}, 3, 2, w2, b2);
    prelu(x, s);
    x = conv(x, 6, 2, 3, w3, b3);
    assert_close(run(g, in), to_hwc(x), x.c * x.h * x.w);
}

static void reads_grouped_kernels(void **state)
{
    struct file f = file_new();
    const float *w = numbers(6 * 2 * 4, 1), *b = numbers(6, 2);
    (void)state;
    file_add(&f, "c.weight", "6,2,2,2", w, 48);
    file_add(&f, "c.bias", "6", b, 6);
    file_write(&f, "w.safetensors");
    struct graph *g = load_fine("cnngen: 1\nweights: w.safetensors\nlayers:\n"
            "  - {type: Input, shape: [3, 4, 4]}\n"
            "  - {type: Conv2D, name: c, filters: 6, kernel_size: 2, groups: 2}\n");
    const double *in = image(48);
    struct chw x = conv(from_hwc(3, 4, 4, in), 6, 2, 2, w, b);
    assert_close(run(g, in), to_hwc(x), 36);
}

/* A spec that uses the file's 1x1 convolution 'c' of 4 channels behind other layers. */
static const char *unclear_spec(const char *layers)
{
    return pool_printf(
            pool, "cnngen: 1\nweights: {file: w.safetensors, layout: torch}\nlayers:\n%s", layers);
}

#define CONV "  - {type: Conv2D, name: c, filters: 1, kernel_size: 1}\n"

#define SIGNAL "cnngen: 1\nweights: w.safetensors\nlayers:\n  - {type: Input, shape: [7, 3]}\n"

/* PyTorch's kernels of signals: the same tensors read by layers that compute the same. */
static void reads_kernels_of_signals(void **state)
{
    struct file f = file_new();
    double image[21];
    (void)state;
    for (int i = 0; i < 21; i++)
        image[i] = (i * 29 % 17 - 8) / 4.0;
    file_add(&f, "d.depthwise.weight", "6,1,2", numbers(12, 1), 12);
    file_add(&f, "d.pointwise.weight", "5,6,1", numbers(30, 2), 30);
    file_add(&f, "d.pointwise.bias", "5", numbers(5, 3), 5);
    file_add(&f, "w.weight", "6,1,2", numbers(12, 1), 12);
    file_add(&f, "p.weight", "5,6,1", numbers(30, 2), 30);
    file_add(&f, "p.bias", "5", numbers(5, 3), 5);
    file_add(&f, "t.weight", "3,4,5", numbers(60, 4), 60);
    file_add(&f, "i.weight", "3,4,1,5", numbers(60, 4), 60);
    file_write(&f, "w.safetensors");
    const char *said;
    const double *y = run(load(SIGNAL
            "  - {type: DepthwiseConv1D, name: w, kernel_size: 2, depth_multiplier: 2, "
            "use_bias: false}\n"
            "  - {type: Conv1D, name: p, filters: 5, kernel_size: 1}\n", NULL, &said), image);
    assert_close(run(load(SIGNAL "  - {type: SeparableConv1D, name: d, filters: 5, kernel_size: 2, "
            "depth_multiplier: 2}\n", NULL, &said), image), y, 30);
    assert_close(run(load(SIGNAL
            "  - {type: Conv1D, name: w, filters: 6, groups: 3, kernel_size: 2, use_bias: false}\n"
            "  - {type: Conv1D, name: p, filters: 5, kernel_size: 1}\n", NULL, &said),
            image), y, 30);
    y = run(load(SIGNAL "  - {type: Reshape, target_shape: [1, 7, 3]}\n"
            "  - {type: Conv2DTranspose, name: i, filters: 4, kernel_size: [1, 5], "
            "strides: [1, 2], use_bias: false}\n", NULL, &said), image);
    assert_close(run(load(SIGNAL "  - {type: Conv1DTranspose, name: t, filters: 4, kernel_size: 5, "
            "strides: 2, use_bias: false}\n", NULL, &said), image), y, 68);
}

static void refuses_unclear_orders(void **state)
{
    struct file f = file_new();
    (void)state;
    file_add(&f, "c.weight", "1,4,1,1", numbers(4, 1), 4);
    file_add(&f, "c.bias", "1", numbers(1, 1), 1);
    file_write(&f, "w.safetensors");
    load_says(unclear_spec("  - {type: Input, shape: [24]}\n"
                           "  - {type: Reshape, target_shape: [2, 3, 4]}\n" CONV), "[unsupported]");
    load_says(unclear_spec("  - {type: Input, shape: [2, 3, 8]}\n"
                           "  - {type: Reshape, target_shape: [4, 3, 4]}\n" CONV), "[unsupported]");
    load_says(unclear_spec("  - {type: Input, shape: [2, 2, 4], name: x}\n" CONV
                           "  - {type: Flatten, inputs: x, name: f}\n"
                           "  - {type: Input, shape: [16], name: y}\n"
                           "  - {type: Add, inputs: [f, y]}\noutputs: [c, add]\n"),
            "[unsupported]");
    load_says(unclear_spec("  - {type: Input, shape: [2, 2, 4], name: x}\n" CONV
                           "  - {type: Flatten, inputs: x}\n"
                           "  - {type: Reshape, target_shape: [1, 16], name: r}\n"
                           "outputs: [c, r]\n"), "[unsupported]");
}

static void accepts_clear_orders(void **state)
{
    struct file f = file_new();
    (void)state;
    file_add(&f, "c.weight", "1,4,1,1", numbers(4, 1), 4);
    file_add(&f, "c.bias", "1", numbers(1, 1), 1);
    file_write(&f, "w.safetensors");
    load_fine(unclear_spec("  - {type: Input, shape: [24]}\n"
                           "  - {type: Reshape, target_shape: [4, 2, 3]}\n"
                           "  - {type: Permute, dims: [2, 3, 1]}\n" CONV));
    load_fine(unclear_spec("  - {type: Input, shape: [2, 3, 4]}\n"
                           "  - {type: Reshape, target_shape: [3, 2, 4]}\n" CONV));
    load_fine(unclear_spec("  - {type: Input, shape: [2, 3, 8]}\n"
                           "  - {type: Permute, dims: [3, 1, 2]}\n"
                           "  - {type: Reshape, target_shape: [4, 4, 3]}\n"
                           "  - {type: Permute, dims: [2, 3, 1]}\n" CONV));
    load_fine(unclear_spec("  - {type: Input, shape: [2, 3, 4]}\n  - Flatten\n  - ReLU\n"
                           "  - {type: Permute, dims: [1]}\n"
                           "  - {type: Reshape, target_shape: [2, 3, 4]}\n" CONV));
}

/* ---- Keras' order, names, sources ----------------------------------------------------------- */

#define DENSE "cnngen: 1\n%s\nlayers:\n  - {type: Input, shape: [2]}\n" \
              "  - {type: Dense, name: d, units: 3%s}\n"

static const char *dense_spec(const char *top, const char *keys)
{
    return pool_printf(pool, DENSE, top, keys);
}

static void write_dense(const char *kernel, const char *shape)
{
    struct file f = file_new();
    file_add(&f, kernel, shape, (const float[]){1, 2, 3, 4, 5, 6}, 6);
    file_add(&f, "d.bias", "3", (const float[]){7, 8, 9}, 3);
    file_write(&f, "w.safetensors");
}

static void assert_kernel(
        const struct graph *g, float a, float b, float c, float d, float e, float f)
{
    const float expected[] = {a, b, c, d, e, f};
    assert_memory_equal(weight_of(g, "d", "kernel")->data, expected, sizeof expected);
}

static void takes_order_from_names(void **state)
{
    (void)state;
    write_dense("d.kernel", "2,3");
    assert_kernel(load_fine(dense_spec("weights: w.safetensors", "")), 1, 2, 3, 4, 5, 6);
    write_dense("d.weight", "3,2");
    assert_kernel(load_fine(dense_spec("weights: w.safetensors", "")), 1, 3, 5, 2, 4, 6);
    write_dense("other/kernel:0", "2,3");
    assert_kernel(load_fine(dense_spec("weights: w.safetensors",
            ", weights: {kernel: 'other/kernel:0'}")), 1, 2, 3, 4, 5, 6);
    write_dense("head.fc.weight", "3,2");
    assert_kernel(load_fine(dense_spec("weights: w.safetensors",
            ", weights: {kernel: head.fc.weight}")), 1, 3, 5, 2, 4, 6);
    write_dense("W1", "3,2");
    assert_kernel(load_fine(dense_spec("weights: {file: w.safetensors, layout: torch}",
            ", weights: {weight: W1}")), 1, 3, 5, 2, 4, 6);
    load_says(dense_spec("weights: w.safetensors", ", weights: {kernel: W1}"), "[tensor-layout]");
}

static void takes_inline_weights(void **state)
{
    (void)state;
    assert_kernel(load_fine(dense_spec("weights: random",
            ", weights: {kernel: [[1, 2, 3], [4, 5, 6]]}")), 1, 2, 3, 4, 5, 6);
    assert_kernel(load_fine(dense_spec("",
            ", weights: {weight: [[1, 2], [3, 4], [5, 6]], bias: 0}")), 1, 3, 5, 2, 4, 6);
    assert_kernel(load_fine(dense_spec("weights: {random: 0, layout: torch}",
            ", weights: {kernel: [[1, 2], [3, 4], [5, 6]]}")), 1, 3, 5, 2, 4, 6);
    struct graph *g = load_fine(dense_spec("", ", weights: {kernel: 1.5, bias: [1, -0.0, 1e-40]}"));
    assert_kernel(g, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f);
    const float *bias = weight_of(g, "d", "bias")->data;
    assert_true(bias[0] == 1 && signbit(bias[1]) && bias[2] == 1e-40f);
    load_says(dense_spec("weights: {random: 0, layout: keras}",
            ", weights: {weight: [[1, 2], [3, 4], [5, 6]]}"), "[tensor-layout]");
}

static void takes_the_override(void **state)
{
    const char *said;
    (void)state;
    write_dense("d.weight", "3,2");
    char *absolute = pool_printf(pool, "%s/w.safetensors", folder);
    assert_kernel(load(dense_spec("weights: random", ""), absolute, &said), 1, 3, 5, 2, 4, 6);
    assert_string_equal(said, "");
    assert_kernel(
            load(dense_spec("weights: {layout: torch}", ""), absolute, &said), 1, 3, 5, 2, 4, 6);
    load(dense_spec("", ""), "/nonexistent", &said);
    assert_string_equal(said, "cnngen: error: can't read the weight file '/nonexistent': "
                              "No such file or directory [weight-file]\n");
    load(dense_spec("", ""), "/dev/zero", &said);
    assert_non_null(strstr(said, "not a regular file"));
    load(dense_spec("", ""), "/proc/self/mem", &said);
    assert_non_null(strstr(said, "[weight-file]"));
}

static void keeps_to_the_folder(void **state)
{
    static const char *const refused[] = {"../w.safetensors", "a/../w.safetensors", "/etc/passwd",
        "'C:\\x'", "'\\\\srv\\x'", "link.safetensors", "linked/w.safetensors", "..", "a/..", "''",
        "../sub/", "linked/", "'~/w'", "c:w"};
    (void)state;
    write_dense("d.kernel", "2,3");
    assert_int_equal(mkdir("sub", 0700), 0);
    assert_int_equal(symlink("w.safetensors", "link.safetensors"), 0);
    assert_int_equal(symlink("sub", "linked"), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        load_says(dense_spec(pool_printf(pool, "weights: %s", refused[i]), ""), "[weight-path]");
    load_says(dense_spec("weights: pipe", ""), "not a regular file");
    load_says(dense_spec("weights: sub", ""), "holds no .npy files");
    load_says(dense_spec("weights: w.safetensors/", ""), "not a folder");
    load_says(dense_spec("weights: none", ""), "No such file");
    assert_int_equal(link("w.safetensors", "sub/w.safetensors"), 0);
    load_fine(dense_spec("weights: ./sub//w.safetensors", ""));
    load_says(dense_spec("weights: linked/w.safetensors", ""), "[weight-path]");
}

/* ---- folders of .npy ------------------------------------------------------------------------ */

/* How numpy.save may write an array. */
struct npy_form {
    int version;
    const char *descr;
    bool fortran;
};

/* The bits of a small whole number in IEEE binary16, 32 or 64: 5, 8 or 11 bits of exponent. */
static uint64_t float_bits(int x, int bytes)
{
    int exponent = 0, fraction = bytes == 2 ? 10 : bytes == 4 ? 23 : 52;
    int bias = bytes == 2 ? 15 : bytes == 4 ? 127 : 1023;
    while (x >> (exponent + 1))
        exponent++;
    uint64_t mantissa = (uint64_t)(x - (1 << exponent)) << (fraction - exponent);
    return (uint64_t)(exponent + bias) << fraction | mantissa;
}

/* rows x columns numbers 1, 2, 3 ... in row-major order; one row: a vector. */
static void npy_write(const char *path, const struct npy_form *f, int rows, int columns)
{
    bool big = f->descr[0] == '>';
    int bytes = f->descr[2] - '0', at = f->version == 1 ? 10 : 12;
    const char *shape = rows > 1 ? pool_printf(pool, "%d, %d", rows, columns)
                                 : pool_printf(pool, "%d,", columns);
    char *head = pool_printf(pool,
            "            {'descr': '%s', 'fortran_order': %s, 'shape': (%s), }       \n",
            f->descr, f->fortran ? "True" : "False", shape) + 12 - at;
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    memcpy(head, "\x93NUMPY", 6);
    head[6] = (char)f->version;
    head[7] = 0;
    for (int i = 8; i < at; i++)
        head[i] = (char)(i == 8 ? strlen(head + at) : 0);
    fwrite(head, 1, (size_t)at + strlen(head + at), to);
    for (int i = 0; i < rows * columns; i++) {
        int x = 1 + (f->fortran ? i % rows * columns + i / rows : i);
        for (int b = 0; b < bytes; b++)
            fputc((int)(float_bits(x, bytes) >> 8 * (big ? bytes - 1 - b : b) & 255), to);
    }
    assert_int_equal(fclose(to), 0);
}

static void takes_folders(void **state)
{
    static const struct npy_form forms[] = {
        {1, "<f4", false}, {1, "<f4", true}, {2, "<f2", false}, {2, "<f2", true}, {3, "<f8", true},
        {3, ">f8", false}, {1, ">f4", true}, {1, ">f2", true}};
    (void)state;
    assert_int_equal(mkdir("p", 0700), 0);
    assert_int_equal(mkdir("p/d", 0700), 0);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        npy_write("p/d.bias.npy", &forms[i], 1, 3);
        npy_write("p/d/kernel.npy", &forms[i], 2, 3);
        struct graph *g = load_fine(dense_spec("weights: p", ""));
        assert_kernel(g, 1, 2, 3, 4, 5, 6);
        assert_memory_equal(weight_of(g, "d", "bias")->data, ((float[]){1, 2, 3}), 12);
        assert_int_equal(g->weight_file.n, 2);
        assert_string_equal(g->weight_file.at[0], "p/d/kernel.npy");
        assert_int_equal(unlink("p/d/kernel.npy"), 0);
        npy_write("p/d.weight.npy", &forms[i], 3, 2);
        assert_kernel(load_fine(dense_spec("weights: {file: p/, layout: torch}", "")),
                1, 3, 5, 2, 4, 6);
        assert_int_equal(unlink("p/d.weight.npy"), 0);
        assert_int_equal(unlink("p/d.bias.npy"), 0);
    }
    assert_int_equal(rmdir("p/d"), 0);
    assert_int_equal(rmdir("p"), 0);
}

/* Every prefix of a good file, and the file with each byte changed, is used or refused. */
static void survives_damage(void **state)
{
    char good[1024], bad[1024];
    (void)state;
    write_dense("d.kernel", "2,3");
    FILE *from = fopen("w.safetensors", "rb");
    assert_non_null(from);
    size_t n = fread(good, 1, sizeof good, from);
    fclose(from);
    for (size_t len = 0; len < n; len++) {
        write_bytes("w.safetensors", good, len);
        load_says(dense_spec("weights: w.safetensors", ""), "error: ");
    }
    for (size_t i = 0; i < n; i++) {
        const char *said;
        memcpy(bad, good, n);
        bad[i] = (char)(bad[i] ^ 5);
        write_bytes("w.safetensors", bad, n);
        load(dense_spec("weights: w.safetensors", ""), NULL, &said);
    }
}

static const char *norm_spec(const char *variance)
{
    return pool_printf(pool, "cnngen: 1\nlayers:\n  - {type: Input, shape: [2]}\n"
            "  - {type: BatchNormalization, epsilon: 0.5, weights: {gamma: 1, beta: 0, "
            "moving_mean: 0, moving_variance: [%s, 1]}}\n", variance);
}

static void checks_variances(void **state)
{
    (void)state;
    load_fine(norm_spec("-0.25"));
    load_says(norm_spec("-0.5"), "[not-finite]");
    load_says(norm_spec("-2"), "[not-finite]");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(permutes_behind_flatten),
            TEST(leaves_explicit_orders),
            TEST(permutes_joined_features),
            TEST(permutes_before_reshape),
            TEST(reads_grouped_kernels),
            TEST(reads_kernels_of_signals),
            TEST(refuses_unclear_orders),
            TEST(accepts_clear_orders),
            TEST(takes_order_from_names),
            TEST(takes_inline_weights),
            TEST(takes_the_override),
            TEST(keeps_to_the_folder),
            TEST(takes_folders),
            TEST(survives_damage),
            TEST(checks_variances),
    };
    return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
