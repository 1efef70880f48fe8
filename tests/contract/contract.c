/* contract: calls two generated models the way a careful and a careless user would.
 *
 *     contract status    what is refused, and how
 *     contract guards    memory of exactly the stated sizes between pages that can't be touched
 *     contract threads   runs at the same time, each with an arena of its own
 *     contract print     the bits of all results
 *
 * Exit code 1 after a message: a promise is broken. A signal: the guards caught something. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "small.h"
#include "wide.h"

enum { OUT1 = WIDE_OUTPUT_E2_SIZE, OUT2 = WIDE_OUTPUT_L1_SIZE, THREADS = 4 };

static int broken;

static void expect(int ok, const char *what)
{
    if (!ok) {
        printf("%s\n", what);
        broken = 1;
    }
}

static void *must(void *p)
{
    if (!p || p == MAP_FAILED) {
        perror("contract");
        exit(2);
    }
    return p;
}

/* bytes that end, or start, at a page that can't be touched; filled with a byte that makes NaN. */
static void *guarded(size_t bytes, int at_end)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (bytes + page - 1) / page * page;
    unsigned char *map = must(mmap(NULL, room + 2 * page, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

    memset(map + page, 0xff, room);
    if (mprotect(map, page, PROT_NONE) || mprotect(map + page + room, page, PROT_NONE))
        must(NULL);
    return at_end ? map + page + room - bytes : map + page;
}

/* The pages that hold it can only be read from now on. */
static void protect(const void *data, size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), from = (size_t)data / page * page;

    if (mprotect((void *)from, (size_t)data + bytes - from, PROT_READ))
        must(NULL);
}

static void fill_floats(float *to, int n)
{
    unsigned state = 7;

    for (int i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        to[i] = (float)(state >> 8) * 0x1p-23f - 1.0f;
    }
}

static void fill_bytes(uint8_t *to, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (uint8_t)(i * 37 + i / 11);
}

/* ---- one run of each, in memory of its own ------------------------------------------------ */

struct memory {
    float *in, *out1, *out2, *small_out;
    uint8_t *small_in;
    void *arena, *small_arena;
};

static struct memory memory_new(int at_end)
{
    struct memory m;

    m.in = guarded(WIDE_INPUT_SIZE * sizeof *m.in, at_end);
    m.out1 = guarded(OUT1 * sizeof *m.out1, at_end);
    m.out2 = guarded(OUT2 * sizeof *m.out2, at_end);
    m.arena = guarded(WIDE_ARENA_BYTES_FOR(1), at_end);
    m.small_in = guarded(SMALL_INPUT_SIZE, at_end);
    m.small_out = guarded(SMALL_OUTPUT_SIZE * sizeof *m.small_out, at_end);
    m.small_arena = guarded(SMALL_ARENA_BYTES_FOR(1), at_end);
    fill_floats(m.in, WIDE_INPUT_SIZE);
    fill_bytes(m.small_in, SMALL_INPUT_SIZE);
    protect(m.in, WIDE_INPUT_SIZE * sizeof *m.in);
    protect(m.small_in, SMALL_INPUT_SIZE);
    return m;
}

static void run(const struct memory *m)
{
    expect(wide_run(m->in, m->out1, m->out2, m->arena, WIDE_ARENA_BYTES_FOR(1)) == WIDE_OK,
            "wide_run failed");
    expect(small_run(m->small_in, m->small_out, m->small_arena, SMALL_ARENA_BYTES_FOR(1)) ==
            SMALL_OK, "small_run failed");
}

static int same(const struct memory *a, const struct memory *b)
{
    return !memcmp(a->out1, b->out1, OUT1 * sizeof(float)) &&
        !memcmp(a->out2, b->out2, OUT2 * sizeof(float)) &&
        !memcmp(a->small_out, b->small_out, SMALL_OUTPUT_SIZE * sizeof(float));
}

/* ---- the promises -------------------------------------------------------------------------- */

static void guards(void)
{
    struct memory end = memory_new(1), start = memory_new(0);

    run(&end);
    run(&start);
    expect(same(&end, &start), "results depend on where memory lies");
    memset(end.arena, 0x4b, WIDE_ARENA_BYTES_FOR(1));
    memset(end.small_arena, 0x4b, SMALL_ARENA_BYTES_FOR(1));
    run(&end);
    expect(same(&end, &start), "results depend on what was in the arena");
    run(&end);
    expect(same(&end, &start), "a second run in the same arena differs");
    for (int i = 0; i < OUT1; i++)
        expect(end.out1[i] >= 0 && end.out1[i] <= 1, "softmax out of range");
}

static void status(void)
{
    struct memory m = memory_new(1);
    const size_t bytes = WIDE_ARENA_BYTES_FOR(1);
    unsigned char *arena = must(aligned_alloc(WIDE_ARENA_ALIGN, bytes + WIDE_ARENA_ALIGN));

    expect(wide_run(NULL, m.out1, m.out2, arena, bytes) == WIDE_ERR_NULL, "NULL input");
    expect(wide_run(m.in, NULL, m.out2, arena, bytes) == WIDE_ERR_NULL, "NULL output");
    expect(wide_run(m.in, m.out1, NULL, arena, bytes) == WIDE_ERR_NULL, "NULL second output");
    expect(wide_run(m.in, m.out1, m.out2, NULL, bytes) == WIDE_ERR_NULL, "NULL arena");
    expect(wide_run(m.in, m.out1, m.out2, arena, bytes - 1) == WIDE_ERR_ARENA_SIZE,
            "an arena one byte too small");
    expect(wide_run(m.in, m.out1, m.out2, arena, 0) == WIDE_ERR_ARENA_SIZE, "an arena of nothing");
    for (int i = 1; i < WIDE_ARENA_ALIGN; i += i < 4 ? 1 : 4)
        expect(wide_run(m.in, m.out1, m.out2, arena + i, bytes) == WIDE_ERR_ARENA_ALIGN,
                "a misaligned arena");
    for (int i = 0; i < OUT1; i++)
        expect(m.out1[i] != m.out1[i], "an output was written by a call that was refused");
    expect(wide_run(m.in, m.out1, m.out2, arena, bytes) == WIDE_OK, "a proper call");
    expect(wide_run(m.in, m.out1, m.out2, arena, WIDE_ARENA_BYTES) == WIDE_OK ||
            WIDE_ARENA_BYTES > bytes + WIDE_ARENA_ALIGN, "a proper call with more arena");
    free(arena);
}

static void *run_often(void *memory)
{
    for (int i = 0; i < 3; i++)
        run(memory);
    return NULL;
}

static void threads(void)
{
    struct memory alone = memory_new(0), m[THREADS];
    pthread_t id[THREADS];

    run(&alone);
    for (int i = 0; i < THREADS; i++)
        m[i] = memory_new(i & 1);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&id[i], NULL, run_often, &m[i]))
            must(NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(id[i], NULL);
    for (int i = 0; i < THREADS; i++)
        expect(same(&alone, &m[i]), "runs at the same time differ from one alone");
}

static void print_bits(const float *f, int n)
{
    unsigned long long h = 14695981039346656037ull;

    for (int i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &f[i], sizeof bits);
        h = (h ^ bits) * 0x100000001b3ull;
        h ^= h >> 29;
    }
    printf("%016llx\n", h);
}

/* With the arena for as many threads as a run may use. */
static void print(void)
{
    struct memory m = memory_new(1);
    void *arena = guarded(WIDE_ARENA_BYTES, 1);

    for (int i = 0; i < 3; i++) {
        expect(wide_run(m.in, m.out1, m.out2, arena, WIDE_ARENA_BYTES) == WIDE_OK, "wide_run");
        print_bits(m.out1, OUT1);
        print_bits(m.out2, OUT2);
    }
    run(&m);
    print_bits(m.out2, OUT2);
    print_bits(m.small_out, SMALL_OUTPUT_SIZE);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(void); } promises[] = {
        {"status", status}, {"guards", guards}, {"threads", threads}, {"print", print},
    };

    for (size_t i = 0; argc == 2 && i < sizeof promises / sizeof *promises; i++)
        if (!strcmp(argv[1], promises[i].name)) {
            promises[i].run();
            return broken;
        }
    fprintf(stderr, "usage: contract status|guards|threads|print\n");
    return 2;
}
