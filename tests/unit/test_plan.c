/* Places of buffers in the arena, and how work divides among threads. */
#include "build_text.h"

#include "divide.h"
#include "group.h"
#include "kernel.h"
#include "opt.h"
#include "place.h"
#include "plan.h"

/* ---- places ---------------------------------------------------------------------------------- */

struct life { int64_t bytes; int first, last; };

static struct plan *place(const struct life *life, int n, int steps)
{
    struct plan *plan = NEW(pool, struct plan);
    plan->pool = pool;
    for (int k = 0; k < steps; k++)
        vec_push(pool, &plan->step, NULL);
    for (int i = 0; i < n; i++) {
        struct buffer b = {.bytes = life[i].bytes, .first = life[i].first, .last = life[i].last};
        vec_push(pool, &plan->buffer, b);
    }
    place_offsets(plan);
    return plan;
}

static void assert_apart(const struct plan *plan)
{
    for (int i = 0; i < plan->buffer.n; i++) {
        const struct buffer *a = &plan->buffer.at[i];
        assert_int_equal(a->offset % ARENA_ALIGN, 0);
        assert_true(a->offset >= 0 && a->offset + a->bytes <= plan->shared_bytes);
        for (int k = 0; k < i; k++) {
            const struct buffer *b = &plan->buffer.at[k];
            bool together = a->first <= b->last && b->first <= a->last;
            assert_false(together && a->offset < b->offset + b->bytes &&
                    b->offset < a->offset + a->bytes);
        }
    }
}

static void no_buffers(void **state)
{
    (void)state;
    assert_int_equal(place(NULL, 0, 1)->shared_bytes, ARENA_ALIGN);
}

/* Largest first leaves what lives all the time to the end, on top of all: 1536 bytes. */
static void better_than_largest_first(void **state)
{
    static const struct life lives[] = {
        {640, 0, 1}, {320, 1, 2}, {512, 2, 3}, {448, 3, 4}, {320, 4, 5}, {704, 5, 6}, {256, 0, 6}};
    (void)state;
    struct plan *plan = place(lives, COUNT(lives), 7);
    assert_apart(plan);
    assert_int_equal(plan->lower_bound, 1280);
    assert_int_equal(plan->shared_bytes, 1280);
}

/* Chains with branches, as networks are: most values live for a step or two, some for long. */
static void close_to_the_bound(void **state)
{
    uint64_t seed = 1;
    (void)state;
    for (int trial = 0; trial < 300; trial++) {
        struct life life[60];
        int n = 1 + draw(&seed, 60);
        for (int i = 0; i < n; i++) {
            int length = draw(&seed, 6) ? 1 : draw(&seed, 8);
            int last = i + length < n ? i + length : n - 1;
            life[i] = (struct life){64 * (1 + draw(&seed, 200)), i, last};
        }
        struct plan *plan = place(life, n, n);
        assert_apart(plan);
        assert_true(plan->shared_bytes >= plan->lower_bound);
        assert_true(20 * plan->shared_bytes <= 21 * plan->lower_bound);
    }
}

/* The same buffers have the same places, run after run. */
static void repeatable(void **state)
{
    uint64_t seed = 7;
    struct life life[40];
    (void)state;
    for (int i = 0; i < COUNT(life); i++) {
        int first = draw(&seed, 20);
        life[i] = (struct life){64 * (1 + draw(&seed, 9)), first, first + draw(&seed, 20)};
    }
    struct plan *a = place(life, COUNT(life), 40), *b = place(life, COUNT(life), 40);
    assert_apart(a);
    for (int i = 0; i < COUNT(life); i++)
        assert_int_equal(a->buffer.at[i].offset, b->buffer.at[i].offset);
}

/* ---- shares ---------------------------------------------------------------------------------- */

static void assert_evenness(int units, struct load load, int threads, double expected)
{
    double found = divide_evenness(units, &load, threads);
    if (found < expected - 1e-9 || found > expected + 1e-9)
        fail_msg("%d units on %d threads: %f, not %f", units, threads, found, expected);
}

static void evenness(void **state)
{
    static const struct load equal = {0};
    (void)state;
    assert_evenness(16, equal, 16, 1);
    assert_evenness(5, equal, 2, 1.2);
    assert_evenness(5, equal, 16, 3.2);               /* eleven threads have nothing */
    assert_evenness(17, equal, 16, 32.0 / 17);
    assert_evenness(4, (struct load){4, 1, 0.5}, 2, 2 / 1.75);
    assert_evenness(4, (struct load){2, 1, 0.5}, 2, 1);
    assert_evenness(8, (struct load){8, 4, 0.25}, 2, 1.6);
}

static void rows_in_pieces(void **state)
{
    (void)state;
    assert_int_equal(divide_row(1e9, 100, 10), 1);
    assert_int_equal(divide_row(1e9, 40, 10), 2);
    assert_int_equal(divide_row(1e9, 1, 7), 7);
    assert_int_equal(divide_row(100, 1, 7), 1);       /* too little to divide */
    for (int rows = 1; rows < 100; rows++) {
        int pieces = divide_row(1e9, rows, 1000);
        assert_true(divide_evenness(rows * pieces, &(struct load){0}, 16) <= 1.2);
    }
}

/* ---- images ---------------------------------------------------------------------------------- */

static void units_of_images(void **state)
{
    const struct binding rows = {.units = 35};
    const struct binding blocks = {.units = 27, .crossing = {4, 5, 3}};   /* 44 tiles in blocks of 5, 3 units each */
    const struct binding all = {.units = 60, .crossing = {60, 1, 1}};
    (void)state;
    assert_int_equal(divide_units(&rows, 5, 1), 7);
    assert_int_equal(divide_units(&rows, 5, 5), 35);
    assert_int_equal(divide_units(&blocks, 11, 1), 3);
    assert_int_equal(divide_units(&blocks, 11, 2), 6);
    assert_int_equal(divide_units(&blocks, 11, 10), 24);
    assert_int_equal(divide_units(&blocks, 11, 11), 27);
    assert_int_equal(divide_units(&all, 65536, 1), 60);
    assert_int_equal(divide_units(&all, 65536, 65536), 60);
}

/* ---- threads of a run ------------------------------------------------------------------------ */

/* Steps one behind the other, each reading what the one before has written: the first of so many
 * cycles, then `others` of so many; divided. */
static struct plan *chain(double first, int others, double cycles)
{
    struct plan *plan = NEW(pool, struct plan);
    plan->pool = pool;
    plan->targets = TARGET_BIT(TARGET_AVX2);
    for (int i = 0; i < 2; i++) {
        struct buffer b = {.bytes = 1024, .offset = 1024 * i};
        vec_push(pool, &plan->buffer, b);
    }
    for (int i = 0; i <= others; i++) {
        struct step *s = NEW(pool, struct step);
        struct view v = {.place = PLACE_ARENA, .index = i % 2, .n = 1, .h = 1, .w = 16, .c = 16};
        vec_push(pool, &s->in, v);
        v.index = 1 - i % 2;
        s->out = v;
        s->cost[TARGET_AVX2] = i ? cycles : first;
        s->bind[TARGET_AVX2].units = 10000;
        vec_push(pool, &plan->step, s);
    }
    divide_work(plan);
    divide_check(plan);
    return plan;
}

static int most_parts(const struct plan *plan)
{
    return divide_most_parts(plan, plan->targets);
}

/* What many small steps gain is lost in as many meetings: there is no parallel region for them. */
static void small_steps_on_one_thread(void **state)
{
    (void)state;
    const struct plan *plan = chain(2500, 11, 2500);
    for (int i = 0; i < plan->step.n; i++) {
        assert_int_equal(divide_parts(plan->step.at[i], plan->targets), 1);
        assert_false(plan->step.at[i]->meet);
    }
    assert_true(most_parts(chain(30000, 11, 30000)) >= 2);
}

/* A step that alone is worth hundreds of threads, among many before which all of them would have to
 * meet. */
static void meetings_limit_threads(void **state)
{
    (void)state;
    assert_true(most_parts(chain(1e8, 0, 0)) > 300);
    assert_in_range(most_parts(chain(1e8, 300, 4000)), 20, 30);
}

/* What one thread has written the others must fetch: where every second step is too small to be
 * divided, dividing the others must gain that, too. */
static void steps_of_one_thread_between(void **state)
{
    (void)state;
    struct plan *plan = chain(20000, 11, 20000);
    assert_true(most_parts(plan) >= 2);
    for (int i = 0; i < plan->step.n; i++) {
        struct step *s = plan->step.at[i];
        s->out.h = s->in.at[0].h = 250;
        s->cost[TARGET_AVX2] = i % 2 ? 400 : 39600;
    }
    divide_work(plan);
    assert_int_equal(most_parts(plan), 1);
}

/* Among steps that are divided a small one is, too: each thread goes on with the rows that it has written. */
static void small_steps_go_along(void **state)
{
    (void)state;
    struct plan *plan = chain(60000, 11, 60000);
    for (int i = 1; i < plan->step.n; i += 2)
        plan->step.at[i]->cost[TARGET_AVX2] = 3000;
    for (int i = 0; i < plan->step.n; i++)
        plan->step.at[i]->out.h = plan->step.at[i]->in.at[0].h = 25;
    divide_work(plan);
    divide_check(plan);
    for (int i = 0; i < plan->step.n; i++)
        assert_true(divide_parts(plan->step.at[i], plan->targets) >= 2);
}

/* What one thread of AVX-512 does too soon for a second to help is worth two of AVX2: each instruction set is
 * divided by its own times, and the threads meet for whichever of them needs it. */
static void each_target_by_its_own_times(void **state)
{
    (void)state;
    struct plan *plan = chain(30000, 11, 30000);
    plan->targets |= TARGET_BIT(TARGET_AVX512);
    for (int i = 0; i < plan->step.n; i++) {
        struct step *s = plan->step.at[i];
        s->cost[TARGET_AVX512] = 5000;
        s->bind[TARGET_AVX512].units = 10000;
    }
    divide_work(plan);
    divide_check(plan);
    assert_int_equal(divide_most_parts(plan, TARGET_BIT(TARGET_AVX512)), 1);
    assert_true(divide_most_parts(plan, TARGET_BIT(TARGET_AVX2)) >= 2);
    for (int i = 1; i < plan->step.n; i++)
        assert_true(plan->step.at[i]->meet);
}

/* Fourteen units take as long on twelve threads as on seven. */
static void threads_that_units_feed(void **state)
{
    (void)state;
    struct plan *plan = chain(1e6, 0, 0);
    int many = most_parts(plan);
    assert_true(many > 14);
    plan->step.at[0]->bind[TARGET_AVX2].units = 14;
    divide_work(plan);
    int few = most_parts(plan);
    assert_true(few == 7 || few == 14);
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* Steps that compute a convolution of the filters with the activation. */
static int steps_of(int in, int filters, const char *activation)
{
    struct graph *g = infer(pool_printf(pool, "  - {type: Input, shape: [8, 8, %d]}\n"
            "  - {type: Conv2D, filters: %d, kernel_size: 1, activation: %s}\n", in, filters,
            activation));
    optimise(g);
    return group_nodes(pool, g, MATH_FAST, TARGETS_ALL).list.n;
}

/* A long function of vectors that would be mostly empty is done to the whole tensor. */
static void long_functions_want_full_vectors(void **state)
{
    (void)state;
    assert_int_equal(steps_of(16, 16, "sigmoid"), 1);
    assert_int_equal(steps_of(16, 5, "sigmoid"), 1);
    assert_int_equal(steps_of(16, 4, "sigmoid"), 2);
    assert_int_equal(steps_of(16, 1, "tanh"), 2);
    assert_int_equal(steps_of(16, 1, "relu"), 1);
    assert_int_equal(steps_of(1, 1, "sigmoid"), 1);
}

/* The groups of an inverted residual of so many rows and columns: 16 to 96 channels, 3x3 in strides of 2, to
 * 24; `behind` are further layers and outputs. */
static struct groups inverted_residual(int size, const char *behind)
{
    struct graph *g = infer(pool_printf(pool, "  - {type: Input, shape: [%d, %d, 16]}\n"
            "  - {type: Conv2D, name: a, filters: 96, kernel_size: 1, activation: relu6}\n"
            "  - {type: DepthwiseConv2D, name: b, kernel_size: 3, strides: 2, padding: same}\n"
            "  - {type: Conv2D, name: c, filters: 24, kernel_size: 1}\n%s", size, size, behind));
    optimise(g);
    return group_nodes(pool, g, MATH_FAST, TARGET_BIT(TARGET_AVX512));
}

/* One step does them where what is between leaves the cache. */
static void bands_keep_large_tensors_in_the_cache(void **state)
{
    (void)state;
    struct groups large = inverted_residual(112, ""), small = inverted_residual(14, "");
    assert_int_equal(large.list.n, 1);
    assert_int_equal(large.list.at[0]->stage.n, 3);
    assert_string_equal(group_text(pool, large.list.at[0]), "conv2d + relu6, depthwise_conv2d, conv2d");
    assert_int_equal(group_macs(large.list.at[0]), 112 * 112 * 16 * 96 + 56 * 56 * 96 * (9 + 24));
    assert_int_equal(small.list.n, 3);
    assert_int_equal(small.list.at[0]->stage.n, 0);
}

/* What another layer or the caller reads, too, is stored. */
static void bands_store_what_others_read(void **state)
{
    (void)state;
    struct groups used = inverted_residual(112, "  - {type: ReLU, name: d, inputs: b}\noutputs: [c, d]\n");
    struct groups asked = inverted_residual(112, "outputs: [a, c]\n");
    assert_int_equal(used.list.n, 3);
    assert_int_equal(used.list.at[0]->stage.n, 2);
    assert_string_equal(used.list.at[0]->out->name, "b");
    assert_int_equal(asked.list.n, 2);
    assert_int_equal(asked.list.at[0]->stage.n, 0);
    assert_int_equal(asked.list.at[1]->stage.n, 2);
}

/* Two such steps are told apart in a tuning file. */
static void bands_have_signatures_of_all_stages(void **state)
{
    (void)state;
    struct groups one = inverted_residual(112, "outputs: [c]\n"), other = inverted_residual(110, "");
    const char *text = group_signature(pool, one.list.at[0], 1);
    assert_non_null(strstr(text, "; "));
    assert_string_not_equal(text, group_signature(pool, other.list.at[0], 1));
}

/* ---- weights from memory --------------------------------------------------------------------- */

static const struct target *const avx512 = &targets[TARGET_AVX512];

/* A 3x3 convolution of so many channels, in groups. */
static struct group *grouped(int size, int in, int out, int groups, enum math_mode math)
{
    struct graph *graph = infer(pool_printf(pool, "  - {type: Input, shape: [%d, %d, %d]}\n"
            "  - {type: Conv2D, filters: %d, kernel_size: 3, padding: same, groups: %d}\n", size, size, in, out,
            groups));
    return group_nodes(pool, graph, math, TARGETS_ALL).list.at[0];
}

static struct group *square(int size, int channels)
{
    return grouped(size, channels, channels, 1, MATH_FAST);
}

/* Whether F(4x4,3x3), with four times the weights, is predicted to be faster than F(2x2,3x3), with 1.8
 * times, in a network of so many bytes of weights. */
static bool larger_tiles_pay(struct group *g, double param_bytes)
{
    g->param_bytes = param_bytes;
    return kernels[KERNEL_CONV2D_WINOGRAD6]->cost(g, 1, avx512) <
           kernels[KERNEL_CONV2D_WINOGRAD4]->cost(g, 1, avx512);
}

/* Of few pixels they don't where all weights come from memory. */
static void transformed_weights_from_memory(void **state)
{
    (void)state;
    assert_true(larger_tiles_pay(square(14, 256), 1e6));
    assert_false(larger_tiles_pay(square(14, 256), 1e8));
    assert_true(larger_tiles_pay(square(56, 64), 1e8));
}

/* 128 channels have 2.4 MB of transformed weights, which each block of tiles reads: 7 blocks of 7 tiles took
 * 1.6 times as long as 2 blocks. */
static void weights_are_read_few_times(void **state)
{
    struct step step = {.group = square(28, 128), .out = {.n = 1}};
    struct binding b = {0};
    (void)state;
    vec_push(pool, &step.in, step.out);
    kernels[KERNEL_CONV2D_WINOGRAD6]->bind(pool, &step, avx512, &b);
    assert_true(b.scratch > 36 * 24 * 128);           /* points, tiles, channels */
}

/* ---- groups ---------------------------------------------------------------------------------- */

static const enum kernel_id winograd[] = {KERNEL_CONV2D_WINOGRAD4, KERNEL_CONV2D_WINOGRAD6};

/* Sums go over the channels of one group: fewer than eight are too few, whatever there is in all. */
static void winograd_of_eight_channels_in_a_group(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(kernel_takes(kernels[winograd[i]], grouped(14, 64, 64, 8, MATH_FAST)));
        assert_false(kernel_takes(kernels[winograd[i]], grouped(14, 56, 64, 8, MATH_FAST)));
        assert_false(kernel_takes(kernels[winograd[i]], grouped(14, 64, 56, 8, MATH_FAST)));
        assert_false(kernel_takes(kernels[winograd[i]], grouped(14, 64, 64, 8, MATH_PRECISE)));
        assert_false(kernel_takes(kernels[winograd[i]], grouped(14, 64, 64, 8, MATH_STRICT)));
    }
}

/* Weights grow as without groups; each group has whole blocks. */
static void winograd_weights_of_groups(void **state)
{
    const struct group *whole = grouped(14, 128, 128, 4, MATH_FAST), *partly = grouped(14, 128, 48, 2, MATH_FAST);
    (void)state;
    assert_int_equal(kernels[KERNEL_CONV2D_WINOGRAD6]->weights(whole), 36 * 32 * 128 + 128);
    assert_int_equal(kernels[KERNEL_CONV2D_WINOGRAD4]->weights(partly), 16 * 64 * 64 + 64);
}

/* How many times as fast as direct convolution F(4x4,3x3) is said to be. */
static double said_gain(struct group *g)
{
    const struct target *t = &targets[TARGET_AVX2];
    return kernels[KERNEL_CONV2D_DIRECT]->cost(g, 1, t) / kernels[KERNEL_CONV2D_WINOGRAD6]->cost(g, 1, t);
}

/* The transforms cost more, beside the products, the fewer channels a group has. With AVX2 of Zen 3 it is 2.7 times
 * as fast for 32 in a group, 2 times for 16. */
static void transforms_weigh_more_in_small_groups(void **state)
{
    double of32 = said_gain(grouped(28, 128, 128, 4, MATH_FAST)), of16 = said_gain(grouped(28, 128, 128, 8, MATH_FAST));
    (void)state;
    assert_true(of32 > 1.8 && of32 < 3.5 && of16 > 1.2 && of16 < of32);
    assert_true(said_gain(grouped(28, 128, 128, 16, MATH_FAST)) < of16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_buffers), TEST(better_than_largest_first), TEST(close_to_the_bound),
        TEST(repeatable), TEST(evenness), TEST(rows_in_pieces), TEST(units_of_images),
        TEST(small_steps_on_one_thread), TEST(meetings_limit_threads),
        TEST(steps_of_one_thread_between), TEST(threads_that_units_feed),
        TEST(small_steps_go_along), TEST(each_target_by_its_own_times),
        TEST(long_functions_want_full_vectors), TEST(transformed_weights_from_memory),
        TEST(weights_are_read_few_times), TEST(winograd_of_eight_channels_in_a_group),
        TEST(winograd_weights_of_groups), TEST(transforms_weigh_more_in_small_groups),
        TEST(bands_keep_large_tensors_in_the_cache), TEST(bands_store_what_others_read),
        TEST(bands_have_signatures_of_all_stages),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
