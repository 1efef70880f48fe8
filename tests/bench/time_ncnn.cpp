// Times a model in ncnn, whose input is the blob "x" and whose output is "y":
//
//     time_ncnn MODE THREADS SECONDS FOLDER CHANNELS HEIGHT WIDTH
//
// MODE network   whole runs, with all of ncnn's choices
//      layer     the one layer alone, three ways: as ncnn chooses, without Winograd, and without
//                matrix products either. Its input lies in ncnn's packed layout, as it does between
//                layers: packing is not timed.
#include <functional>
#include <string>

#include <ncnn/cpu.h>
#include <ncnn/layer.h>
#include <ncnn/net.h>

#include "sample.h"

struct way {
    const char *name;
    bool winograd, products;
};

static ncnn::Option options(const way &w, int threads)
{
    static ncnn::UnlockedPoolAllocator blobs;
    static ncnn::PoolAllocator workspace;
    ncnn::Option o;

    o.num_threads = threads;
    o.blob_allocator = &blobs;
    o.workspace_allocator = &workspace;
    o.use_winograd_convolution = w.winograd;
    o.use_sgemm_convolution = w.products;
    o.use_fp16_packed = o.use_fp16_storage = o.use_fp16_arithmetic = o.use_bf16_storage = false;
    return o;
}

static ncnn::Mat input_of(const char *folder, int channels, int height, int width)
{
    const size_t image = (size_t)height * (size_t)width;
    float *values = read_floats(folder, "input.chw", (size_t)channels * image);
    ncnn::Mat x(width, height, channels);

    for (int c = 0; c < channels; c++)
        memcpy(x.channel(c), values + (size_t)c * image, image * sizeof(float));
    free(values);
    return x;
}

// Channels in a vector, as ncnn packs them between layers.
static ncnn::Mat packed(const ncnn::Mat &x, const ncnn::Option &o)
{
    const int most = ncnn::cpu_support_x86_avx512() ? 16 : ncnn::cpu_support_x86_avx() ? 8 : 4;
    int pack = most;
    ncnn::Mat result;

    while (pack > 1 && (x.c % pack || pack == 2))
        pack /= 2;
    ncnn::convert_packing(x, result, pack, o);
    return result;
}

static double error(const ncnn::Mat &y, const char *folder, const ncnn::Option &o)
{
    ncnn::Mat plain;

    ncnn::convert_packing(y, plain, 1, o);
    plain = plain.reshape(plain.w * plain.h * plain.c);
    return error_of(plain, folder, (size_t)plain.w);
}

static void call(void *arg)
{
    (*static_cast<std::function<void()> *>(arg))();
}

static int time_way(const way &w, bool network, int threads, double seconds, const char *folder, const ncnn::Mat &x)
{
    const std::string base = std::string(folder) + "/model";
    ncnn::Net net;
    ncnn::Mat y;

    net.opt = options(w, threads);
    if (net.load_param((base + ".param").c_str()) || net.load_model((base + ".bin").c_str()))
        return 1;
    const ncnn::Mat in = network ? x : packed(x, net.opt);
    std::function<void()> run = [&] {
        ncnn::Extractor e = net.create_extractor();
        y.release();
        e.input("x", x);
        e.extract("y", y);
    };
    if (!network)
        run = [&] {
            y.release(); // so that its memory is used again, as between layers
            net.layers().back()->forward(in, y, net.opt);
        };
    run();
    const double e = error(y, folder, net.opt);
    print_json(w.name, NCNN_VERSION_STRING, sample(call, &run, seconds), e);
    return 0;
}

int main(int argc, char **argv)
{
    static const way ways[] = {
        {"ncnn", true, true}, {"ncnn without Winograd", false, true}, {"ncnn direct", false, false}};

    if (argc != 8)
        return 2;
    const bool network = !strcmp(argv[1], "network");
    const int threads = atoi(argv[2]);
    const ncnn::Mat x = input_of(argv[4], atoi(argv[5]), atoi(argv[6]), atoi(argv[7]));
    ncnn::set_omp_num_threads(threads);
    for (const way &w : ways)
        if ((!network || &w == ways) && time_way(w, network, threads, atof(argv[3]), argv[4], x))
            return 1;
    return 0;
}
