/* SPDX-License-Identifier: 0BSD
 *
 * rt_vec.h: the vector helpers on every instruction set of this CPU against plain C.
 * Each check returns the number of failures and prints the first few.
 */
#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cnn_rt.h"
#include "cnn_names.h"

static float rt_float(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t rt_bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float rt_max(float a, float b)
{
    return isnan(a) || isnan(b) ? rt_float(0x7fc00000) : a > b ? a : b;
}

static float rt_min(float a, float b)
{
    return isnan(a) || isnan(b) ? rt_float(0x7fc00000) : a < b ? a : b;
}

/* Name, helper on the vectors a, b, c, and what plain C gives for the floats a, b, c. */
#define RT_LANES(X)                                                                                \
    X(set1, vf_set1(1.5f), 1.5f)                                                                   \
    X(zero, vf_zero(), 0.0f)                                                                       \
    X(add, vf_add(a, b), a + b)                                                                    \
    X(sub, vf_sub(a, b), a - b)                                                                    \
    X(mul, vf_mul(a, b), a * b)                                                                    \
    X(div, vf_div(a, b), a / b)                                                                    \
    X(neg, vf_neg(a), -a)                                                                          \
    X(fma, vf_fma(a, b, c), fused ? fmaf(a, b, c) : a * b + c)                                     \
    X(mul_then_add, vf_add(vf_mul(a, b), c), a * b + c)                                            \
    X(max, vf_max(a, b), rt_max(a, b))                                                             \
    X(min, vf_min(a, b), rt_min(a, b))                                                             \
    X(atleast, vf_atleast(a, b), a < b ? b : a)                                                    \
    X(atmost, vf_atmost(a, b), b < a ? b : a)                                                      \
    X(relu, vf_relu(a), a < 0 ? 0 : a)                                                             \
    X(sqrt, vf_sqrt(a), sqrtf(a))                                                                  \
    X(select_lt, vf_select_lt(a, b, c, a), a < b ? c : a)                                          \
    X(select_nan, vf_select_nan(a, b, c), isnan(a) ? b : c)                                        \
    X(abs, vf_abs(a), fabsf(a))                                                                    \
    X(copysign, vf_copysign(a, b), copysignf(a, b))                                                \
    X(negative, vf_negative(a), copysignf(a, -1.0f))

#define RT_TAILS(X)                                                                                \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)

/* Arguments of vf_spread: run, apart, i. */
#define RT_SPREADS(X) X(1, 1, 0) X(2, 1, 0) X(2, 2, 1) X(4, 1, 0) X(4, 3, 2) X(4, 4, 3) \
    X(3, 3, 1) X(3, 4, 3) X(5, 3, 2) X(7, 7, 6)

/* Argument of vf_slide. */
#define RT_SLIDES(X) X(0) X(1) X(-1) X(2) X(-3) X(3) X(5) X(-7) X(15) X(-15) X(16) X(-20)

/* Argument of vf_every_other. */
#define RT_OTHERS(X) X(1) X(2) X(3) X(4) X(5) X(7) X(8)

/* Channels that vf_weave interleaves and vf_pick takes apart. */
#define RT_CHANNELS(X) X(2) X(3) X(5) X(7)
enum { RT_MOST_CHANNELS = 7 };

typedef void rt_lanes(const float *a, const float *b, const float *c, float *out, int n);

struct rt_vec {
    int lanes;
    rt_lanes *const *maps;
    float (*sum)(const float *p);
    float (*sum16)(const float *p);
    float (*hmax)(const float *p);
    void (*spread)(const float *in, float *out);
    void (*slide)(const float *in, float *out);
    void (*other)(const float *in, float *out);
    void (*weave)(const float *in, float *out, int n);
    void (*pick)(const float *in, float *out, int n);
    void (*copy_n)(const float *in, float *out, int n);
    void (*copy_known)(const float *in, float *out, int n);
    void (*load_n)(const float *in, float *out, int n);
    void (*from_u8_n)(const uint8_t *in, float *out, int n);
    void (*from_u8_known)(const uint8_t *in, float *out, int n);
};

#define RT_TEXT "rt_vec_text.h"
#include "rt_regions.h"
#undef RT_TEXT

static const struct rt_isa_vec {
    const char *name;
    int level;
    int fused;  /* vf_fma rounds once */
    const struct rt_vec *vec;
} rt_isa_vecs[] = {
    {"scalar", CNN_SCALAR, 0, &cnn_vec_scalar},
#if CNN_X86
    {"sse2", CNN_SSE2, 0, &cnn_vec_sse2},
    {"avx2", CNN_AVX2, 1, &cnn_vec_avx2},
    {"avx512", CNN_AVX512, 1, &cnn_vec_avx512},
#elif CNN_ARM64
    {"neon", CNN_NEON, 1, &cnn_vec_neon},
#elif CNN_WASM_SIMD
    {"wasm", CNN_WASM, 0, &cnn_vec_wasm},
#endif
};

enum { RT_ISA_VEC_COUNT = sizeof rt_isa_vecs / sizeof rt_isa_vecs[0], RT_LANE_COUNT = 16 };

#define RT_EXACT(name, value, exact)                                                               \
    static float plain_##name(float a, float b, float c, int fused)                                \
    {                                                                                              \
        (void)a, (void)b, (void)c, (void)fused;                                                    \
        return exact;                                                                              \
    }
RT_LANES(RT_EXACT)

static const struct {
    const char *name;
    float (*plain)(float a, float b, float c, int fused);
} rt_helpers[] = {
#define RT_ROW(name, value, exact) {#name, plain_##name},
    RT_LANES(RT_ROW)
};

enum { RT_HELPER_COUNT = sizeof rt_helpers / sizeof rt_helpers[0] };

/* Zeros, subnormals, the edges of normals, ties of rounding, infinities, NaN: the positive half. */
static const uint32_t rt_special_bits[] = {
    0x00000000, 0x00000001, 0x00000003, 0x00400000, 0x007fffff, 0x00800000, 0x00ffffff, 0x33800001,
    0x3f000000, 0x3effffff, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3f8007ff, 0x3fc00000, 0x40200000,
    0x42ff0000, 0x4a7fffff, 0x4e800001, 0x7f000000, 0x7f7fffff, 0x7f800000, 0x7fc00001,
};

enum { RT_SPECIALS = 2 * sizeof rt_special_bits / sizeof rt_special_bits[0] };

static float rt_special(int i)
{
    return rt_float(rt_special_bits[i / 2] | (i % 2 ? 0x80000000u : 0u));
}

/* Same bits, or any two NaN, or (max, min) zeros. */
static int rt_same(float a, float b)
{
    return rt_bits(a) == rt_bits(b) || (isnan(a) && isnan(b));
}

static int rt_zero_sign_is_free(const char *name)
{
    return !CNN_STRICT && (strcmp(name, "max") == 0 || strcmp(name, "min") == 0);
}

static long rt_expect(const struct rt_isa_vec *isa, const char *what, int i, float got, float want)
{
    if (rt_same(got, want) || (rt_zero_sign_is_free(what) && got == 0 && want == 0))
        return 0;
    printf("%s %s [%d]: got %.9g, want %.9g\n", isa->name, what, i, (double)got, (double)want);
    return 1;
}

/* One helper, all triples of special values; neighbours in memory share a vector. */
static long rt_check_helper(const struct rt_isa_vec *isa, int helper)
{
    enum { N = RT_SPECIALS * RT_SPECIALS };
    static float a[N + RT_LANE_COUNT], b[N + RT_LANE_COUNT], c[N + RT_LANE_COUNT];
    static float out[N + RT_LANE_COUNT];
    long failures = 0;
    int k;
    int i;

    for (k = 0; k < RT_SPECIALS; k++) {
        for (i = 0; i < N; i++) {
            a[i] = rt_special(i % RT_SPECIALS);
            b[i] = rt_special(i / RT_SPECIALS);
            c[i] = rt_special(k);
        }
        isa->vec->maps[helper](a, b, c, out, N);
        for (i = 0; i < N && failures < 10; i++)
            failures += rt_expect(isa, rt_helpers[helper].name, i, out[i],
                                  rt_helpers[helper].plain(a[i], b[i], c[i],
                                                           isa->fused && !CNN_STRICT));
    }
    return failures;
}

static long rt_check_lanes(const struct rt_isa_vec *isa)
{
    long failures = 0;
    int i;

    for (i = 0; i < RT_HELPER_COUNT; i++)
        failures += rt_check_helper(isa, i);
    return failures;
}

/* Square roots of a sample of all floats; scalar code has its own. */
static long rt_check_sqrt(const struct rt_isa_vec *isa)
{
    float in[RT_LANE_COUNT] = {0};
    float out[RT_LANE_COUNT];
    long failures = 0;
    uint64_t bits;
    int helper = 0;

    while (strcmp(rt_helpers[helper].name, "sqrt") != 0)
        helper++;
    for (bits = 0; bits >> 32 == 0 && failures < 10; bits += 4093) {
        in[0] = rt_float((uint32_t)bits);
        isa->vec->maps[helper](in, in, in, out, isa->vec->lanes);
        failures += rt_expect(isa, "sqrt", (int)(bits / 4093), out[0], sqrtf(in[0]));
    }
    return failures;
}

/* Lane i + lane i + half, then halves again.  The values differ in magnitude, so that any other
 * order gives other bits. */
static float rt_tree_sum(const float *p, int n)
{
    float t[RT_LANE_COUNT];
    int i;

    memcpy(t, p, (size_t)n * sizeof *p);
    while (n > 1) {
        n /= 2;
        for (i = 0; i < n; i++)
            t[i] += t[i + n];
    }
    return t[0];
}

static float rt_max_of(const float *p, int n)
{
    float max = p[0];
    int i;

    for (i = 1; i < n; i++)
        max = rt_max(max, p[i]);
    return max;
}

/* Lanes of vf_spread that are wrong. */
static long rt_check_spread(const struct rt_isa_vec *isa)
{
    static const int cases[][3] = {
#define RT_SPREAD(run, apart, i) {run, apart, i},
        RT_SPREADS(RT_SPREAD)
#undef RT_SPREAD
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    float in[RT_LANE_COUNT], out[CASES * RT_LANE_COUNT];
    const int lanes = isa->vec->lanes;
    long wrong = 0;
    int c, l;

    for (l = 0; l < RT_LANE_COUNT; l++)
        in[l] = (float)l;
    isa->vec->spread(in, out);
    for (c = 0; c < CASES && lanes > 1; c++)
        for (l = 0; l < lanes; l++)
            wrong += out[c * lanes + l] !=
                     (float)((l / cases[c][0] * cases[c][1] + cases[c][2]) % lanes);
    return wrong;
}

/* Lanes of vf_slide that are wrong. */
static long rt_check_slide(const struct rt_isa_vec *isa)
{
    static const int cases[] = {
#define RT_SLIDE(by) by,
        RT_SLIDES(RT_SLIDE)
#undef RT_SLIDE
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    float in[RT_LANE_COUNT], out[CASES * RT_LANE_COUNT];
    const int lanes = isa->vec->lanes;
    long wrong = 0;
    int c, l;

    for (l = 0; l < RT_LANE_COUNT; l++)
        in[l] = (float)(l + 1);
    isa->vec->slide(in, out);
    for (c = 0; c < CASES && lanes > 1; c++)
        for (l = 0; l < lanes; l++) {
            const int from = l + cases[c];
            wrong += out[c * lanes + l] != (from >= 0 && from < lanes ? in[from] : 0.0f);
        }
    return wrong;
}

/* Lanes of vf_every_other that are wrong. */
static long rt_check_other(const struct rt_isa_vec *isa)
{
    static const int cases[] = {
#define RT_OTHER(run) run,
        RT_OTHERS(RT_OTHER)
#undef RT_OTHER
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    float in[2 * RT_LANE_COUNT], out[CASES * RT_LANE_COUNT];
    const int lanes = isa->vec->lanes;
    long wrong = 0;
    int c, l;

    for (l = 0; l < 2 * RT_LANE_COUNT; l++)
        in[l] = (float)l;
    isa->vec->other(in, out);
    for (c = 0; c < CASES && lanes > 1; c++)
        for (l = 0; l < lanes; l++) {
            const int from = l / cases[c] * 2 * cases[c] + l % cases[c];
            wrong += out[c * lanes + l] != (float)(from % (2 * lanes));
        }
    return wrong;
}

/* Lanes that are wrong of n channels interleaved by vf_weave, and taken apart by vf_pick. */
static long rt_check_weave(const struct rt_isa_vec *isa)
{
    static const int cases[] = {
#define RT_CASE(n) n,
        RT_CHANNELS(RT_CASE)
#undef RT_CASE
    };
    enum { FLOATS = RT_MOST_CHANNELS * RT_LANE_COUNT };
    float in[FLOATS], woven[FLOATS], picked[FLOATS];
    const int lanes = isa->vec->lanes;
    long wrong = 0;
    size_t c;
    int i;

    for (i = 0; i < FLOATS; i++)
        in[i] = (float)i;
    for (c = 0; c < sizeof cases / sizeof cases[0] && lanes > 1; c++) {
        const int n = cases[c];

        isa->vec->weave(in, woven, n);
        isa->vec->pick(woven, picked, n);
        for (i = 0; i < n * lanes; i++) {
            wrong += woven[i] != in[i % n * lanes + i / n];
            wrong += picked[i] != in[i];
        }
    }
    return wrong;
}

static long rt_check_reductions(const struct rt_isa_vec *isa)
{
    float v[RT_LANE_COUNT];
    uint32_t random = 1;
    long failures = 0;
    int round;
    int i;

    for (round = 0; round < 2000 && failures < 10; round++) {
        for (i = 0; i < RT_LANE_COUNT; i++) {
            random = random * 1664525u + 1013904223u;
            v[i] = ((float)(random >> 8) - 8e6f) * (float)(1 << (random >> 5) % 20);
        }
        if (round % 2)
            v[round / 2 % isa->vec->lanes] = round % 4 == 1 ? rt_float(0x7fc00000) : CNN_INFINITY;
        failures += rt_expect(isa, "sum", round, isa->vec->sum(v), rt_tree_sum(v, isa->vec->lanes));
        failures += rt_expect(isa, "sum16", round, isa->vec->sum16(v), rt_tree_sum(v, 16));
        failures += rt_expect(isa, "hmax", round, isa->vec->hmax(v), rt_max_of(v, isa->vec->lanes));
    }
    return failures;
}

/* The middle one of three pages: touching a neighbour ends the program. */
struct rt_page {
    unsigned char *start;
    unsigned char *end;
};

static struct rt_page rt_page_new(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    struct rt_page page = {NULL, NULL};
    void *all = mmap(NULL, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (all != MAP_FAILED && mprotect((char *)all + size, size, PROT_READ | PROT_WRITE) == 0) {
        page.start = (unsigned char *)all + size;
        page.end = page.start + size;
    }
    return page;
}

/* n floats at `in` to n floats at `out`; the floats around `out` (inside the page) stay. */
static long rt_check_copy(const struct rt_isa_vec *isa, float *in, float *out, int n,
                          const struct rt_page *page)
{
    float lanes[RT_LANE_COUNT];
    long failures = 0;
    int known;
    int i;

    for (i = 0; i < n; i++)
        in[i] = (float)(i + 1);
    for (known = 0; known < 2; known++) {
        memset(page->start, 0xaa, (size_t)(page->end - page->start));
        (known ? isa->vec->copy_known : isa->vec->copy_n)(in, out, n);
        for (i = -RT_LANE_COUNT; i < 2 * RT_LANE_COUNT; i++) {
            if ((void *)(out + i) >= (void *)page->start && (void *)(out + i) < (void *)page->end)
                failures += rt_expect(isa, "store_n", i, out[i],
                                      i >= 0 && i < n ? (float)(i + 1) : rt_float(0xaaaaaaaa));
        }
    }
    isa->vec->load_n(in, lanes, n);
    for (i = 0; i < isa->vec->lanes; i++)
        failures += rt_expect(isa, "load_n", i, lanes[i], i < n ? (float)(i + 1) : 0.0f);
    return failures;
}

static long rt_check_bytes(const struct rt_isa_vec *isa, uint8_t *in, int n)
{
    float lanes[RT_LANE_COUNT];
    long failures = 0;
    int known;
    int i;

    for (i = 0; i < n; i++)
        in[i] = (uint8_t)(255 - 15 * i);
    for (known = 0; known < 2; known++) {
        (known ? isa->vec->from_u8_known : isa->vec->from_u8_n)(in, lanes, n);
        for (i = 0; i < isa->vec->lanes; i++)
            failures += rt_expect(isa, "from_u8", i, lanes[i], i < n ? (float)in[i] : 0.0f);
    }
    return failures;
}

/* Tails of all lengths, right before an unreadable page and right behind one. */
static long rt_check_tails(const struct rt_isa_vec *isa)
{
    struct rt_page in = rt_page_new();
    struct rt_page out = rt_page_new();
    long failures = 0;
    int n;

    if (!in.start || !out.start)
        return 1;
    for (n = 0; n <= isa->vec->lanes; n++) {
        size_t size = (size_t)n * sizeof(float);

        failures += rt_check_copy(isa, (float *)(void *)in.start, (float *)(void *)out.start, n,
                                  &out);
        failures += rt_check_copy(isa, (float *)(void *)(in.end - size),
                                  (float *)(void *)(out.end - size), n, &out);
        failures += rt_check_bytes(isa, in.start, n);
        failures += rt_check_bytes(isa, in.end - n, n);
    }
    munmap(in.start - (in.end - in.start), (size_t)(3 * (in.end - in.start)));
    munmap(out.start - (out.end - out.start), (size_t)(3 * (out.end - out.start)));
    return failures;
}
