/* Times one convolution in XNNPACK, as Debian 12 has it, channels last:
 *
 *     time_xnnpack THREADS SECONDS FOLDER IC IH IW OC OH OW KH KW SH SW TOP LEFT BOTTOM RIGHT DH DW GROUPS
 *
 * Packing the weights stays outside the timing. */
#include <math.h>
#include <pthreadpool.h>
#include <xnnpack.h>

#include "sample.h"

struct layer {
    int ic, ih, iw, oc, oh, ow, kh, kw, sh, sw, top, left, bottom, right, dh, dw, groups;
};

struct call {
    xnn_operator_t convolution;
    pthreadpool_t threads;     /* NULL: the calling one */
};

static void must_succeed(enum xnn_status status, const char *what)
{
    if (status != xnn_status_success) {
        fprintf(stderr, "XNNPACK: %s: %d\n", what, (int)status);
        exit(1);
    }
}

static void run(void *arg)
{
    struct call *c = arg;
    must_succeed(xnn_run_operator(c->convolution, c->threads), "run");
}

/* [n][channels][pixels] becomes [n][pixels][channels]. */
static float *channels_last(const float *from, size_t n, size_t channels, size_t pixels)
{
    float *to = new_floats(n * channels * pixels);

    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < channels; c++)
            for (size_t p = 0; p < pixels; p++)
                to[(i * pixels + p) * channels + c] = from[(i * channels + c) * pixels + p];
    return to;
}

static xnn_operator_t create(const struct layer *l, const char *folder)
{
    const size_t each = (size_t)(l->ic / l->groups), taps = (size_t)(l->kh * l->kw), oc = (size_t)l->oc;
    float *plain = read_floats(folder, "weight.oihw", oc * each * taps);
    float *weight = channels_last(plain, oc, each, taps), *bias = read_floats(folder, "bias", oc);
    xnn_operator_t made = NULL;

    must_succeed(xnn_create_convolution2d_nhwc_f32((uint32_t)l->top, (uint32_t)l->right,
            (uint32_t)l->bottom, (uint32_t)l->left, (uint32_t)l->kh, (uint32_t)l->kw, (uint32_t)l->sh,
            (uint32_t)l->sw, (uint32_t)l->dh, (uint32_t)l->dw, (uint32_t)l->groups, each,
            oc / (size_t)l->groups, (size_t)l->ic, oc, weight, bias, -INFINITY, INFINITY, 0, &made),
            "create");
    free(plain), free(weight), free(bias);
    return made;
}

int main(int argc, char **argv)
{
    int numbers[17];
    struct layer l;

    _Static_assert(sizeof l == sizeof numbers, "one field for each number");
    if (argc != 21)
        return 2;
    for (int i = 0; i < 17; i++)
        numbers[i] = atoi(argv[4 + i]);
    memcpy(&l, numbers, sizeof l);

    must_succeed(xnn_initialize(NULL), "initialize");
    const int threads = atoi(argv[1]);
    const size_t pixels = (size_t)(l.oh * l.ow), channels = (size_t)l.oc;
    struct call c = {create(&l, argv[3]), threads > 1 ? pthreadpool_create((size_t)threads) : NULL};
    float *input = read_floats(argv[3], "input.hwc", (size_t)(l.ih * l.iw * l.ic));
    float *output = new_floats(pixels * channels);

    must_succeed(xnn_setup_convolution2d_nhwc_f32(c.convolution, 1, (size_t)l.ih, (size_t)l.iw, input, output,
            c.threads), "setup");
    run(&c);
    float *plain = channels_last(output, 1, pixels, channels);
    const double error = error_of(plain, argv[3], pixels * channels);
    print_json("XNNPACK", "2022-02", sample(run, &c, atof(argv[2])), error);
    free(plain), free(input), free(output);
    return 0;
}
