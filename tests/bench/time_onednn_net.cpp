// Times a network in oneDNN 2:
//
//     time_onednn_net SECONDS FOLDER
//
// two ways: in the memory formats that the library likes best, from channels first, and with channels last. What is in
// FOLDER/oneDNN.steps (steps.py) becomes a chain of primitives, with reorders only where one wants another format than
// there is; activations and sums are post-operations of the convolution before. Weights are reordered before the
// timing. Threads are OpenMP's.
#include <map>
#include <unordered_map>
#include <vector>

#include "time_onednn.h"
#include "steps.h"

using arguments = std::unordered_map<int, memory>;

// Memory for tensors, used again once its tensor was read for the last time.
class pool {
    std::multimap<size_t, float *> unused;
    std::unordered_map<void *, size_t> sizes;

public:
    memory take(const memory::desc &d, const engine &cpu)
    {
        auto found = unused.lower_bound(d.get_size());
        if (found == unused.end()) {
            float *fresh = new_floats((d.get_size() + sizeof(float) - 1) / sizeof(float));
            found = unused.emplace(sizes[fresh] = d.get_size(), fresh);
        }
        const memory result(d, cpu, found->second);
        unused.erase(found);
        return result;
    }

    void give_back(const memory &m)
    {
        float *data = static_cast<float *>(m.get_data_handle());
        unused.emplace(sizes.at(data), data);
    }
};

struct way {
    const char *name;
    tag images, ends; // formats between the steps; of the input, and of an image that is the result
    const char *input;
};

struct program {
    engine cpu{engine::kind::cpu, 0};
    stream queue{cpu};
    const way *formats;
    network *net;
    pool memories;
    std::vector<memory> tensors, reordered; // the latter until the step at hand is complete
    std::vector<int> last_reader;           // of each tensor
    std::vector<std::pair<primitive, arguments>> calls;

    const memory &at(int tensor) const { return tensors[(size_t)tensor]; }
    memory::desc desc(int tensor) const { return at(tensor).get_desc(); }
    void call(const primitive &p, const arguments &a) { calls.emplace_back(p, a); }

    memory::desc result(const layer &l) const { return {{1, l.oc, l.oh, l.ow}, f32, formats->images}; }

    // A tensor in the format that a primitive wants.
    memory input(int tensor, const memory::desc &wanted)
    {
        const memory there = at(tensor);
        if (there.get_desc() == wanted)
            return there;
        reordered.push_back(memories.take(wanted, cpu));
        call(reorder(there, reordered.back()), {{DNNL_ARG_FROM, there}, {DNNL_ARG_TO, reordered.back()}});
        return reordered.back();
    }

    memory output(const memory::desc &d)
    {
        tensors.push_back(memories.take(d, cpu));
        return tensors.back();
    }

    memory weights(const memory::desc &plain, const memory::desc &wanted)
    {
        return formatted(next_floats(net, plain.get_size() / sizeof(float)), plain, wanted, queue);
    }

    memory weights(unsigned n) { return weights({{n}, f32, tag::a}, {{n}, f32, tag::a}); }
};

static const struct {
    const char *act;
    algorithm algo;
    float alpha, beta; // to alpha comes the slope, which is 0 but for leaky_relu
} activations[] = {
    {"relu", algorithm::eltwise_relu, 0, 0}, {"relu6", algorithm::eltwise_clip, 0, 6},
    {"leaky_relu", algorithm::eltwise_relu, 0, 0}, {"sigmoid", algorithm::eltwise_logistic, 0, 0},
    {"silu", algorithm::eltwise_swish, 1, 0}, {"hard_silu", algorithm::eltwise_hardswish, 0, 0},
    {"hard_sigmoid", algorithm::eltwise_linear, 1.0f / 6, 0.5f}, {"hard_sigmoid", algorithm::eltwise_clip, 0, 1},
};

// What a primitive does to its result: a sum, then the activation.
static primitive_attr post_operations(const step &s, bool sum = false)
{
    primitive_attr attr;
    post_ops ops;

    if (sum)
        ops.append_sum();
    for (const auto &a : activations)
        if (!strcmp(a.act, s.act))
            ops.append_eltwise(1, a.algo, a.alpha + s.slope, a.beta);
    attr.set_post_ops(ops);
    return attr;
}

// What a convolution adds to is the memory of its result, too.
template <class P>
static void weighted(program &p, const step &s, const typename P::primitive_desc &d, const memory::desc &plain)
{
    const memory kernel = p.weights(plain, d.weights_desc()), bias = p.weights(s.l.oc);
    const memory from = p.input(s.a, d.src_desc());

    if (s.b < 0)
        p.output(d.dst_desc());
    else
        p.tensors.push_back(p.at(s.b));
    p.call(P(d), {{DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, kernel}, {DNNL_ARG_BIAS, bias},
            {DNNL_ARG_DST, p.tensors.back()}});
}

static void conv(program &p, const step &s)
{
    const layer &l = s.l;
    const bool grouped = l.groups > 1, sum = s.b >= 0;
    memory::dims shape = {l.oc / l.groups, l.ic / l.groups, l.kh, l.kw};

    if (grouped)
        shape.insert(shape.begin(), l.groups);
    weighted<convolution_forward>(p, s, {{prop_kind::forward_inference, algorithm::convolution_auto,
            {{1, l.ic, l.ih, l.iw}, f32, p.formats->images}, {shape, f32, tag::any}, {{l.oc}, f32, tag::a},
            sum ? p.desc(s.b) : p.result(l), {l.sh, l.sw},
            {l.dh - 1, l.dw - 1}, // a dilation of 1 is oneDNN's 0
            {l.top, l.left}, {l.bottom, l.right}}, post_operations(s, sum), p.cpu},
            {shape, f32, grouped ? tag::goihw : tag::oihw});
}

// An image is read in the format that it has, which the weights follow: of `any` it would be channels first.
static void dense(program &p, const step &s)
{
    const memory::desc from = p.desc(s.a);
    memory::dims shape = from.dims();

    shape[0] = s.l.oc;
    weighted<inner_product_forward>(p, s, {{prop_kind::forward_inference, from, {shape, f32, tag::any},
            {{s.l.oc}, f32, tag::a}, {{1, s.l.oc}, f32, tag::any}}, post_operations(s), p.cpu},
            {shape, f32, shape.size() == 2 ? tag::ab : tag::abcd});
}

template <class P> static void unary(program &p, const step &s, const typename P::primitive_desc &d)
{
    p.call(P(d), {{DNNL_ARG_SRC, p.at(s.a)}, {DNNL_ARG_DST, p.output(d.dst_desc())}});
}

template <algorithm algo> static void pooling(program &p, const step &s)
{
    const layer &l = s.l;

    unary<pooling_forward>(p, s, {{prop_kind::forward_inference, algo, p.desc(s.a), p.result(l), {l.sh, l.sw},
            {l.kh, l.kw}, {l.top, l.left}, {l.bottom, l.right}}, p.cpu});
}

static void upsample(program &p, const step &s)
{
    unary<resampling_forward>(p, s,
            {{prop_kind::forward_inference, algorithm::resampling_nearest, p.desc(s.a), p.result(s.l)}, p.cpu});
}

static void softmax(program &p, const step &s)
{
    unary<softmax_forward>(p, s, {{prop_kind::forward_inference, p.desc(s.a), 1}, p.cpu});
}

// Mean 0 and variance 1: they are in what is multiplied by and added.
static void batch_norm(program &p, const step &s)
{
    using flags = normalization_flags;
    const unsigned n = s.l.oc;
    const flags relu = strcmp(s.act, "relu") ? flags::none : flags::fuse_norm_relu;
    const batch_normalization_forward::primitive_desc d({prop_kind::forward_inference, p.desc(s.a), 0,
            flags::use_global_stats | flags::use_scale_shift | relu}, p.cpu);
    memory mean(d.mean_desc(), p.cpu), variance(d.variance_desc(), p.cpu);

    std::fill_n(static_cast<float *>(mean.get_data_handle()), n, 0.0f);
    std::fill_n(static_cast<float *>(variance.get_data_handle()), n, 1.0f);
    p.call(batch_normalization_forward(d), {{DNNL_ARG_SRC, p.at(s.a)}, {DNNL_ARG_MEAN, mean},
            {DNNL_ARG_VARIANCE, variance},
            {DNNL_ARG_SCALE_SHIFT, p.weights({{2, n}, f32, tag::ab}, {{2, n}, f32, tag::ab})},
            {DNNL_ARG_DST, p.output(d.dst_desc())}});
}

template <algorithm algo> static void of_both(program &p, const step &s)
{
    const binary::primitive_desc d({algo, p.desc(s.a), p.desc(s.b), p.desc(s.a)}, post_operations(s), p.cpu);

    p.call(binary(d), {{DNNL_ARG_SRC_0, p.at(s.a)}, {DNNL_ARG_SRC_1, p.at(s.b)},
            {DNNL_ARG_DST, p.output(d.dst_desc())}});
}

static void concatenate(program &p, const step &s)
{
    const concat::primitive_desc d(1, {p.desc(s.a), p.desc(s.b)}, p.cpu);

    p.call(concat(d), {{DNNL_ARG_MULTIPLE_SRC, p.at(s.a)},
            {DNNL_ARG_MULTIPLE_SRC + 1, p.at(s.b)}, {DNNL_ARG_DST, p.output(d.dst_desc())}});
}

static const std::map<std::string, void (*)(program &, const step &)> operators = {
    {"Conv2D", conv}, {"DepthwiseConv2D", conv}, {"Dense", dense}, {"MaxPooling2D", pooling<algorithm::pooling_max>},
    {"AveragePooling2D", pooling<algorithm::pooling_avg>}, {"BatchNormalization", batch_norm},
    {"GlobalAveragePooling2D", pooling<algorithm::pooling_avg>}, {"Add", of_both<algorithm::binary_add>},
    {"Multiply", of_both<algorithm::binary_mul>}, {"Concatenate", concatenate}, {"UpSampling2D", upsample},
    {"softmax", softmax},
};

// Gives back what no later step reads; the memory of a sum goes on in its result.
static void end_step(program &p, int i)
{
    const step &s = p.net->steps[i];
    const bool sum = s.b >= 0 && p.tensors.back() == p.at(s.b);

    for (const memory &m : p.reordered)
        p.memories.give_back(m);
    p.reordered.clear();
    for (size_t t = 0; t < p.tensors.size(); t++)
        if (p.last_reader[t] == i && !(sum && (int)t == s.b))
            p.memories.give_back(p.tensors[t]);
}

static void build(program &p)
{
    const layer &first = p.net->steps[0].l;

    p.last_reader.assign((size_t)p.net->count + 1, p.net->count);
    for (int i = 0; i < p.net->count; i++)
        for (int t : {p.net->steps[i].a, p.net->steps[i].b})
            if (t > 0) // the input stays
                p.last_reader[(size_t)t] = i;
    p.output({{1, first.ic, first.ih, first.iw}, f32, p.formats->ends});
    for (int i = 0; i < p.net->count; i++) {
        const step &s = p.net->steps[i];
        if (!operators.count(s.op))
            throw error(dnnl_unimplemented, s.op);
        operators.at(s.op)(p, s);
        end_step(p, i);
    }
    end_of_weights(p.net);
}

static void run(void *arg)
{
    program *p = static_cast<program *>(arg);

    for (auto &c : p->calls)
        c.first.execute(p->queue, c.second);
    p->queue.wait();
}

static double compare(const program &p, const memory &y, const char *folder)
{
    const memory::dims shape = y.get_desc().dims();
    const memory plain({shape, f32, shape.size() == 2 ? tag::nc : tag::nchw}, p.cpu);

    copy(y, plain, p.queue);
    return error_of(static_cast<float *>(plain.get_data_handle()), folder, plain.get_desc().get_size() / sizeof(float));
}

static void time_way(const way &w, const char *folder, double seconds)
{
    program p;

    p.formats = &w;
    p.net = read_network(folder, "oneDNN.steps");
    build(p);
    const size_t inputs = p.desc(0).get_size() / sizeof(float);
    float *x = read_floats(folder, w.input, inputs);
    memcpy(p.at(0).get_data_handle(), x, inputs * sizeof(float));
    const memory::dims shape = p.desc(p.net->count).dims();
    const memory y = p.input(p.net->count, {shape, f32, shape.size() == 2 ? tag::nc : w.ends});

    run(&p);
    const double e = compare(p, y, folder);
    print_json(w.name, version_text().c_str(), sample(run, &p, seconds), e);
}

int main(int argc, char **argv)
{
    static const way ways[] = {
        {"oneDNN", tag::any, tag::nchw, "input.chw"}, {"oneDNN NHWC", tag::nhwc, tag::nhwc, "input.hwc"}};

    if (argc != 3)
        return 2;
    try {
        for (const way &w : ways)
            time_way(w, argv[2], atof(argv[1]));
    } catch (const error &e) {
        fprintf(stderr, "oneDNN: %s\n", e.what());
        return 1;
    }
    return 0;
}
