/* targets.h: the instruction sets code is emitted for. Data only: cnngen never looks at the
 * machine it runs on. The sizes are those of a common machine of the kind and steer the cost
 * model alone. */
#ifndef CNNGEN_TARGETS_H
#define CNNGEN_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

enum target_id {
    TARGET_SCALAR, TARGET_SSE2, TARGET_AVX2, TARGET_AVX512, TARGET_NEON, TARGET_WASM, TARGET_COUNT
};

struct target {
    enum target_id id;
    const char *name;        /* "avx512": of --target and the suffix of functions */
    const char *title;       /* "AVX-512" */
    int vl;                  /* floats in a vector */
    int registers;           /* vector registers */
    bool fma;
    double fma_per_cycle;    /* vector FMAs (or multiply and add pairs) started per cycle */
    double load_per_cycle;   /* vector loads */
    double fastest;          /* how many times as many of both on the fastest CPUs of the kind */
    double l1, l2, l3;       /* bytes a core can count on */
    double l2_bytes, l3_bytes, dram_bytes;  /* read bandwidth, bytes per cycle */
    const char *header;      /* runtime/: "cnn_vec_avx512.h" */
    const char *attribute;   /* of target(...): NULL when the compiler's default has it all */
    const char *level;       /* the runtime's constant: "CNN_AVX512" */
    enum target_id base;     /* of the same family, always there when this one is: whose code may stand in */
};

extern const struct target targets[TARGET_COUNT];

#define TARGET_BIT(id) (1u << (id))
#define TARGETS_ALL    (TARGET_BIT(TARGET_WASM) - 1)  /* of CPUs: WebAssembly is asked for by name */

/* "avx2,neon" or "all" to a set of bits, the scalar one always in it; 0: an unknown word. */
unsigned targets_parse(const char *list, const char **unknown);

#endif
