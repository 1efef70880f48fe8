/* Times one convolution in XNNPACK, as Debian 12 has it, channels last:
 *
 *     time_xnnpack THREADS SECONDS FOLDER IC IH IW OC OH OW KH KW SH SW TOP LEFT BOTTOM RIGHT DH DW GROUPS
 *
 * Packing the weights stays outside the timing. */
#include "time_xnnpack.h"

struct call {
    xnn_operator_t convolution;
    pthreadpool_t threads;     /* NULL: the calling one */
};

static void run(void *arg)
{
    struct call *c = arg;
    must_succeed(xnn_run_operator(c->convolution, c->threads), "run");
}

static xnn_operator_t create(const struct layer *l, const char *folder)
{
    const size_t each = l->ic / l->groups, taps = l->kh * l->kw, oc = l->oc;
    float *plain = read_floats(folder, "weight.oihw", oc * each * taps);
    float *weight = channels_last(plain, oc, each, taps), *bias = read_floats(folder, "bias", oc);
    xnn_operator_t made = NULL;

    must_succeed(xnn_create_convolution2d_nhwc_f32(l->top, l->right, l->bottom, l->left, l->kh, l->kw, l->sh, l->sw,
            l->dh, l->dw, l->groups, each, oc / l->groups, l->ic, oc, weight, bias, -INFINITY, INFINITY, 0, &made),
            "create");
    free(plain), free(weight), free(bias);
    return made;
}

int main(int argc, char **argv)
{
    unsigned numbers[GEOMETRY];
    struct layer l;

    _Static_assert(sizeof l == sizeof numbers, "one field for each number");
    if (argc != 21)
        return 2;
    for (int i = 0; i < GEOMETRY; i++)
        numbers[i] = (unsigned)atoi(argv[4 + i]);
    memcpy(&l, numbers, sizeof l);

    must_succeed(xnn_initialize(NULL), "initialize");
    const size_t pixels = l.oh * l.ow, channels = l.oc;
    struct call c = {create(&l, argv[3]), pool_of(atoi(argv[1]))};
    float *input = read_floats(argv[3], "input.hwc", l.ih * l.iw * l.ic);
    float *output = new_floats(pixels * channels);

    must_succeed(xnn_setup_convolution2d_nhwc_f32(c.convolution, 1, l.ih, l.iw, input, output, c.threads), "setup");
    run(&c);
    float *plain = channels_last(output, 1, pixels, channels);
    const double error = error_of(plain, argv[3], pixels * channels);
    print_json("XNNPACK", XNNPACK_VERSION, sample(run, &c, atof(argv[2])), error);
    free(plain), free(input), free(output);
    return 0;
}
