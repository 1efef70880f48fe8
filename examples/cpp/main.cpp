// Two networks in one program, each on a thread of its own. They share nothing: each thread brings the
// memory that its network works in.
#include <array>
#include <cstddef>
#include <cstdio>
#include <thread>
#include <vector>

#include "edges.h"
#include "light.h"

namespace {

constexpr int width = 48, height = 32, frames = 200;
using Image = std::array<float, EDGES_INPUT_SIZE>;

static_assert(EDGES_INPUT_SIZE == width * height, "edges takes the camera's images");
static_assert(LIGHT_INPUT_SIZE == width * height, "light takes the camera's images");

// A bright bar that moves to the right.
Image camera(int frame)
{
    Image image{};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 6; x++)
            image[static_cast<std::size_t>(y * width + (frame + x) % width)] = 1.0F;
    return image;
}

struct Result {
    std::array<float, EDGES_OUTPUT_SIZE> edges;
    std::array<float, LIGHT_OUTPUT_WHOLE_SIZE> light;
};

bool find_edges(std::vector<Result> &results)
{
    alignas(EDGES_ARENA_ALIGN) static unsigned char arena[EDGES_ARENA_BYTES];
    for (int i = 0; i < frames; i++) {
        const Image image = camera(i);
        const auto status =
            edges_run(image.data(), results[static_cast<std::size_t>(i)].edges.data(), arena, sizeof arena);
        if (status != EDGES_OK)
            return false;
    }
    return true;
}

bool measure_light(std::vector<Result> &results)
{
    alignas(LIGHT_ARENA_ALIGN) static unsigned char arena[LIGHT_ARENA_BYTES];
    std::array<float, LIGHT_OUTPUT_QUARTERS_SIZE> quarters{};
    for (int i = 0; i < frames; i++) {
        const Image image = camera(i);
        const auto status = light_run(image.data(), quarters.data(),
                                      results[static_cast<std::size_t>(i)].light.data(), arena, sizeof arena);
        if (status != LIGHT_OK)
            return false;
    }
    return true;
}

}  // namespace

int main()
{
    std::vector<Result> results(frames);
    bool edges_ok = false, light_ok = false;
    std::thread one([&] { edges_ok = find_edges(results); });
    std::thread other([&] { light_ok = measure_light(results); });
    one.join();
    other.join();
    if (!edges_ok || !light_ok)
        return 1;

    // Every frame has a bar of 6 columns out of 48, with an edge on each side.
    for (const Result &r : results)
        if (r.edges[0] != 4.0F || r.edges[2] != 4.0F || r.light[0] != 6.0F / width) {
            std::printf("wrong: edges %g %g, light %g\n", static_cast<double>(r.edges[0]),
                        static_cast<double>(r.edges[2]), static_cast<double>(r.light[0]));
            return 1;
        }
    std::printf("%d frames, two networks on two threads: edges of %g, light %g\n", frames,
                static_cast<double>(results[0].edges[0]), static_cast<double>(results[0].light[0]));
    return 0;
}
