#include "targets.h"

#include <string.h>

const struct target targets[TARGET_COUNT] = {
    [TARGET_SCALAR] = {
        TARGET_SCALAR, "scalar", "portable C99", 1, 16, false, 1, 2, 1,
        32e3, 256e3, 1e6, 16, 8, 4,
        "cnn_vec_scalar.h", NULL, "CNN_SCALAR", TARGET_SCALAR,
    },
    [TARGET_SSE2] = {
        TARGET_SSE2, "sse2", "x86-64 (SSE2)", 4, 16, false, 1, 2, 1,
        32e3, 256e3, 2e6, 32, 16, 6,
        "cnn_vec_sse2.h", NULL, "CNN_SSE2", TARGET_SSE2,
    },
    [TARGET_AVX2] = {
        TARGET_AVX2, "avx2", "AVX2 with FMA", 8, 16, true, 2, 2, 1,
        32e3, 512e3, 4e6, 32, 16, 6,
        "cnn_vec_avx2.h", "avx2,fma", "CNN_AVX2", TARGET_SSE2,
    },
    [TARGET_AVX512] = {
        TARGET_AVX512, "avx512", "AVX-512", 16, 32, true, 1, 1, 2,
        32e3, 1e6, 8e6, 32, 10, 5,
        "cnn_vec_avx512.h", "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma", "CNN_AVX512",
        TARGET_AVX2,
    },
    [TARGET_NEON] = {
        TARGET_NEON, "neon", "AArch64 (NEON)", 4, 32, true, 2, 2, 1,
        32e3, 512e3, 2e6, 32, 16, 6,
        "cnn_vec_neon.h", NULL, "CNN_NEON", TARGET_NEON,
    },
    [TARGET_WASM] = {
        TARGET_WASM, "wasm", "WebAssembly (SIMD128)", 4, 16, false, 1, 2, 1,
        32e3, 256e3, 2e6, 32, 16, 6,
        "cnn_vec_wasm.h", NULL, "CNN_WASM", TARGET_WASM,
    },
};

static bool add_word(const char *word, size_t len, unsigned *set)
{
    if (len == 3 && !memcmp(word, "all", 3)) {
        *set |= TARGETS_ALL;
        return true;
    }
    for (int i = 0; i < TARGET_COUNT; i++)
        if (strlen(targets[i].name) == len && !memcmp(word, targets[i].name, len)) {
            *set |= TARGET_BIT(i) | TARGET_BIT(targets[i].base) |
                    TARGET_BIT(targets[targets[i].base].base);
            return true;
        }
    return false;
}

unsigned targets_parse(const char *list, const char **unknown)
{
    unsigned set = TARGET_BIT(TARGET_SCALAR);
    for (const char *word = list;;) {
        size_t len = strcspn(word, ",");
        *unknown = word;
        if (!add_word(word, len, &set))
            return 0;
        if (!word[len])
            return set;
        word += len + 1;
    }
}
