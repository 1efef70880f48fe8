/* Times one ONNX model in ONNX Runtime:
 *
 *     time_ort MODE LIBRARY THREADS SECONDS FOLDER CHANNELS HEIGHT WIDTH      of the input
 *
 * MODE reference   writes the result, FOLDER/reference.chw, which all others are held against
 *      run         times whole runs
 *      profile     leaves ONNX Runtime's own times of each node in FOLDER/profile_*.json
 *
 * The library is opened by name and called through its C API's table of functions. New versions
 * only append to that table (the API promises so), hence no header is needed, just the places of
 * the few functions used here. */
#include <dlfcn.h>
#include <stdint.h>

#include "sample.h"

enum { API_VERSION = 13, LOG_ERRORS = 3, OPTIMISE_ALL = 99, ARENA_ALLOCATOR = 1, FLOAT = 1 };

enum place {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION = 7,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    ENABLE_PROFILING = 14,
    SET_OPTIMIZATION_LEVEL = 23,
    SET_INTRA_OP_THREADS = 24,
    SET_INTER_OP_THREADS = 25,
    CREATE_TENSOR_WITH_DATA = 49,
    GET_TENSOR_DATA = 51,
    GET_ELEMENT_COUNT = 64,
    GET_TENSOR_TYPE_AND_SHAPE = 65,
    CREATE_CPU_MEMORY_INFO = 69,
    RELEASE_SESSION = 95,
};

struct api_base {
    void *const *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
};

static void *const *api;

static void check(void *status, const char *what)
{
    if (status) {
        const char *(*message)(void *) = (const char *(*)(void *))api[GET_ERROR_MESSAGE];
        fprintf(stderr, "%s: %s\n", what, message(status));
        exit(1);
    }
}

/* Calls the function at a place of the table, whose parameters have these types. */
#define ORT(PLACE, TYPES, ...) check(((void *(*)TYPES)api[PLACE])(__VA_ARGS__), #PLACE)

struct session {
    void *handle, *input, *output;
};

/* The first call makes the output tensor, the others write to it again. */
static void run(void *arg)
{
    static const char *const inputs[] = {"x"}, *const outputs[] = {"y"};
    struct session *s = arg;

    ORT(RUN, (void *, void *, const char *const *, void **, size_t, const char *const *, size_t,
            void **),
            s->handle, NULL, inputs, &s->input, (size_t)1, outputs, (size_t)1, &s->output);
}

static struct session open_session(const char *folder, int threads, int profile)
{
    struct session s = {NULL, NULL, NULL};
    void *env, *options;
    char path[4096];

    ORT(CREATE_ENV, (int, const char *, void **), LOG_ERRORS, "bench", &env);
    ORT(CREATE_SESSION_OPTIONS, (void **), &options);
    ORT(SET_INTRA_OP_THREADS, (void *, int), options, threads);
    ORT(SET_INTER_OP_THREADS, (void *, int), options, 1);
    ORT(SET_OPTIMIZATION_LEVEL, (void *, int), options, OPTIMISE_ALL);
    if (profile) {
        snprintf(path, sizeof path, "%s/profile", folder);
        ORT(ENABLE_PROFILING, (void *, const char *), options, path);
    }
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    ORT(CREATE_SESSION, (void *, const char *, void *, void **), env, path, options, &s.handle);
    return s;
}

static void *tensor(const int64_t shape[4], const char *folder)
{
    const size_t n = (size_t)(shape[1] * shape[2] * shape[3]);
    void *memory, *value;

    ORT(CREATE_CPU_MEMORY_INFO, (int, int, void **), ARENA_ALLOCATOR, 0, &memory);
    ORT(CREATE_TENSOR_WITH_DATA, (void *, void *, size_t, const int64_t *, size_t, int, void **),
            memory, read_floats(folder, "input.chw", n), n * sizeof(float), shape, (size_t)4, FLOAT,
            &value);
    return value;
}

static const float *result(const struct session *s, size_t *n)
{
    void *shape;
    float *data;

    ORT(GET_TENSOR_TYPE_AND_SHAPE, (void *, void **), s->output, &shape);
    ORT(GET_ELEMENT_COUNT, (void *, size_t *), shape, n);
    ORT(GET_TENSOR_DATA, (void *, float **), s->output, &data);
    return data;
}

static void write_reference(const char *folder, const float *values, size_t n)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/reference.chw", folder);
    FILE *f = must(fopen(path, "wb"), path);
    if (fwrite(values, sizeof *values, n, f) != n || fclose(f)) {
        perror(path);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    if (argc != 9)
        return 2;
    const char *mode = argv[1], *folder = argv[5];
    const int64_t shape[4] = {1, atoi(argv[6]), atoi(argv[7]), atoi(argv[8])};
    void *library = dlopen(argv[2], RTLD_NOW);
    void *entry = library ? dlsym(library, "OrtGetApiBase") : NULL;
    if (!entry) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    const struct api_base *base = ((const struct api_base *(*)(void))entry)();
    size_t n;

    api = must((void *)base->get_api(API_VERSION), "ONNX Runtime's API");
    struct session s = open_session(folder, atoi(argv[3]), !strcmp(mode, "profile"));
    s.input = tensor(shape, folder);
    run(&s);
    const float *y = result(&s, &n);
    if (!strcmp(mode, "reference")) {
        write_reference(folder, y, n);
    } else {
        const double error = error_of(y, folder, n);
        print_json("ONNX Runtime", base->get_version(), sample(run, &s, atof(argv[4])), error);
    }
    ((void (*)(void *))api[RELEASE_SESSION])(s.handle); /* ends the profile */
    return 0;
}
