/* Times one program made by cnngen (--prefix model), with which it is compiled:
 *
 *     time_cnngen SECONDS FOLDER CHANNELS HEIGHT WIDTH      of the output
 *
 * Threads are OpenMP's (OMP_NUM_THREADS). Input and output are channels last; the result is turned
 * around for the comparison, outside the timing. */
#include "sample.h"

#include "model.h"

struct call {
    const float *input;
    float *output;
    void *arena;
};

static void run(void *arg)
{
    const struct call *c = arg;
    const model_status status = model_run(c->input, c->output, c->arena, MODEL_ARENA_BYTES);

    if (status != MODEL_OK) {
        fprintf(stderr, "model_run: error %d\n", (int)status);
        exit(1);
    }
}

/* [pixels][channels] to [channels][pixels] */
static void channels_first(const float *from, float *to, size_t channels, size_t pixels)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < pixels; p++)
            to[c * pixels + p] = from[p * channels + c];
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    const char *folder = argv[2];
    const size_t channels = (size_t)atoi(argv[3]);
    const size_t pixels = (size_t)atoi(argv[4]) * (size_t)atoi(argv[5]);
    const size_t arena_bytes = /* at least one, and a multiple of the alignment */
            (MODEL_ARENA_BYTES / MODEL_ARENA_ALIGN + 1) * MODEL_ARENA_ALIGN;
    float *turned = new_floats(MODEL_OUTPUT_SIZE);
    struct call c = {
        .input = read_floats(folder, "input.hwc", MODEL_INPUT_SIZE),
        .output = new_floats(MODEL_OUTPUT_SIZE),
        .arena = must(aligned_alloc(MODEL_ARENA_ALIGN, arena_bytes), "arena"),
    };

    if (channels * pixels != MODEL_OUTPUT_SIZE)
        return 2;
    run(&c);
    channels_first(c.output, turned, channels, pixels);
    const double error = error_of(turned, folder, MODEL_OUTPUT_SIZE);
    print_json("cnngen", "", sample(run, &c, atof(argv[1])), error);
    return 0;
}
