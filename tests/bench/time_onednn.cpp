// Times one convolution in oneDNN 2:
//
//     time_onednn SECONDS FOLDER IC IH IW OC OH OW KH KW SH SW TOP LEFT BOTTOM RIGHT DH DW GROUPS
//
// three ways: direct and Winograd in the memory formats that the library likes best, and direct
// with channels last. Threads are OpenMP's. Reorders stay outside the timing. What oneDNN does not
// offer for a layer (Winograd, mostly) prints nothing.
#include <unordered_map>

#include "time_onednn.h"

struct layer {
    int ic, ih, iw, oc, oh, ow, kh, kw, sh, sw, top, left, bottom, right, dh, dw, groups;

    memory::desc input(tag t) const { return {{1, ic, ih, iw}, f32, t}; }
    memory::desc output(tag t) const { return {{1, oc, oh, ow}, f32, t}; }
    memory::desc bias() const { return {{oc}, f32, tag::a}; }
    memory::desc weight(tag whole, tag grouped) const
    {
        if (groups == 1)
            return {{oc, ic, kh, kw}, f32, whole};
        return {{groups, oc / groups, ic / groups, kh, kw}, f32, grouped};
    }
};

struct call {
    convolution_forward primitive;
    stream queue;
    std::unordered_map<int, memory> memories;
};

static void run(void *arg)
{
    call *c = static_cast<call *>(arg);
    c->primitive.execute(c->queue, c->memories);
    c->queue.wait();
}

static memory load(const char *folder, const char *name, const memory::desc &plain,
        const memory::desc &wanted, const stream &queue)
{
    return formatted(read_floats(folder, name, plain.get_size() / sizeof(float)), plain, wanted, queue);
}

static double compare(const layer &l, const memory &got, const char *folder, const stream &queue)
{
    memory plain(l.output(tag::nchw), queue.get_engine());

    copy(got, plain, queue);
    return error_of(static_cast<float *>(plain.get_data_handle()), folder,
            plain.get_desc().get_size() / sizeof(float));
}

static void time_one(const char *name, const layer &l, algorithm algo, tag images,
        const char *folder, double seconds)
{
    const engine cpu(engine::kind::cpu, 0);
    const stream queue(cpu);
    const convolution_forward::primitive_desc d({prop_kind::forward_inference, algo,
            l.input(images), l.weight(tag::any, tag::any), l.bias(), l.output(images), {l.sh, l.sw},
            {l.dh - 1, l.dw - 1}, // a dilation of 1 is oneDNN's 0
            {l.top, l.left}, {l.bottom, l.right}}, cpu);
    const memory output(d.dst_desc(), cpu);
    call c = {convolution_forward(d), queue, {
            {DNNL_ARG_SRC, load(folder, "input.chw", l.input(tag::nchw), d.src_desc(), queue)},
            {DNNL_ARG_WEIGHTS, load(folder, "weight.oihw", l.weight(tag::oihw, tag::goihw),
                    d.weights_desc(), queue)},
            {DNNL_ARG_BIAS, load(folder, "bias", l.bias(), l.bias(), queue)},
            {DNNL_ARG_DST, output}}};

    run(&c);
    const double error = compare(l, output, folder, queue);
    print_json(name, version_text().c_str(), sample(run, &c, seconds), error);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        algorithm algo;
        tag images;
    } ways[] = {
        {"oneDNN direct", algorithm::convolution_direct, tag::any},
        {"oneDNN NHWC", algorithm::convolution_direct, tag::nhwc},
        {"oneDNN Winograd", algorithm::convolution_winograd, tag::any},
    };
    int numbers[17];
    layer l;

    static_assert(sizeof l == sizeof numbers, "one field for each number");
    if (argc != 20)
        return 2;
    for (int i = 0; i < 17; i++)
        numbers[i] = atoi(argv[3 + i]);
    memcpy(&l, numbers, sizeof l);
    for (const auto &way : ways) {
        try {
            time_one(way.name, l, way.algo, way.images, argv[2], atof(argv[1]));
        } catch (const error &e) {
            if (e.status != dnnl_unimplemented) {
                fprintf(stderr, "%s: %s\n", way.name, e.what());
                return 1;
            }
        }
    }
    return 0;
}
