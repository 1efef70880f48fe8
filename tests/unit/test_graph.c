/* From layers to nodes: names, edges, outputs; changing a graph; its invariants; its text. */
#include "build_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops.h"
#include "ops/families.h"

/* ---- names ----------------------------------------------------------------------------------- */

static void default_names(void **state)
{
    static const char *const names[] = {"image", "conv2d", "conv2d_1", "mine", "conv2d_2", "re_lu",
                                        "max_pooling2d", "max_pooling2d_1", "flatten"};
    (void)state;
    struct graph *g = build(IMAGE "  - {type: Conv2D, filters: 1, kernel_size: 1}\n"
                                  "  - {type: Conv2D, filters: 1, kernel_size: 1}\n"
                                  "  - {type: Conv2D, filters: 1, kernel_size: 1, name: mine}\n"
                                  "  - {type: Conv2D, filters: 1, kernel_size: 1}\n"
                                  "  - ReLU\n  - MaxPooling2D\n  - MaxPool2D\n  - Flatten\n");
    assert_non_null(g);
    assert_int_equal(g->node.n, COUNT(names));
    for (int i = 0; i < COUNT(names); i++) {
        assert_string_equal(g->node.at[i]->name, names[i]);
        assert_string_equal(g->node.at[i]->out->name, names[i]);
    }
}

/* Every pair of characters that a name may hold collides exactly when C could not tell them apart.
 */
static void names_in_c(void **state)
{
    static const char chars[] = "_.-/aA1";
    (void)state;
    for (const char *a = chars; *a; a++)
        for (const char *b = chars; *b; b++) {
            bool letters = strchr("aA1", *a) || strchr("aA1", *b);
            bool same = letters ? *a == *b : true;
            struct graph *g = build(pool_printf(pool,
                    IMAGE "  - {type: ReLU, name: x%cy}\n  - {type: ReLU, name: x%cy}\n", *a, *b));
            assert_true(!g == same);
            assert_true(!g == (strstr(said(), "[duplicate-name]") != NULL));
        }
}

/* ---- edges ----------------------------------------------------------------------------------- */

static void chains(void **state)
{
    (void)state;
    struct graph *g = build(IMAGE "  - {type: ReLU, name: a}\n  - {type: ReLU, name: b}\n");
    assert_ptr_equal(find(g, "a")->in.at[0], find(g, "image")->out);
    assert_ptr_equal(find(g, "b")->in.at[0], find(g, "a")->out);
    assert_int_equal(find(g, "b")->in.n, 1);
    assert_int_equal(g->output.n, 1);
    assert_ptr_equal(g->output.at[0], find(g, "b")->out);
    assert_int_equal(g->layer.n, 3);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(g->layer.at[i], g->node.at[i]);
        assert_int_equal(g->node.at[i]->out->layer, i);
    }
}

static void joins(void **state)
{
    (void)state;
    struct graph *g = build(IMAGE "  - {type: ReLU, name: a}\n"
                                  "  - {type: Add, name: s, inputs: [image, a, image]}\n");
    const struct node *s = find(g, "s");
    assert_int_equal(s->in.n, 3);
    assert_ptr_equal(s->in.at[0], s->in.at[2]);
    assert_int_equal(find(g, "image")->out->user.n, 3);
    assert_int_equal(find(g, "a")->out->user.n, 1);
}

static void several_inputs(void **state)
{
    (void)state;
    struct graph *g = build("  - {type: Input, shape: [4], name: p}\n"
                            "  - {type: Input, shape: [4], name: q}\n"
                            "  - {type: ReLU, name: a}\n"
                            "  - {type: Add, inputs: [p, a]}\n");
    assert_int_equal(g->input.n, 2);
    assert_ptr_equal(g->input.at[0], find(g, "p")->out);
    assert_ptr_equal(find(g, "a")->in.at[0], find(g, "q")->out);
}

static void implied_input(void **state)
{
    (void)state;
    struct graph *g =
            infer("  - {type: Conv2D, filters: 2, kernel_size: 3, input_shape: [5, 6, 1]}\n");
    assert_int_equal(g->node.n, 2);
    assert_int_equal(g->layer.n, 2);
    assert_int_equal(g->node.at[0]->op, OP_INPUT);
    assert_string_equal(shape_text(pool, &g->input.at[0]->shape), "[5, 6, 1]");
    assert_string_equal(shape_text(pool, &g->output.at[0]->shape), "[3, 4, 2]");
}

static void outputs(void **state)
{
    (void)state;
    struct graph *g = build(IMAGE "  - {type: ReLU, name: a}\n  - {type: ReLU, name: b}\n"
                                  "outputs: [b, image, a]\n");
    static const char *const names[] = {"b", "image", "a"};
    assert_int_equal(g->output.n, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(g->output.at[i]->name, names[i]);
        assert_true(g->output.at[i]->is_output);
    }
    g = build(IMAGE "  - {type: ReLU, name: a}\noutputs: a\n");
    assert_int_equal(g->output.n, 1);
    assert_false(find(g, "image")->out->is_output);
}

/* ---- changes --------------------------------------------------------------------------------- */

static struct graph *chain(void)
{
    return infer(IMAGE "  - {type: ReLU, name: a}\n  - {type: ReLU, name: b}\n"
                       "  - {type: Add, name: s, inputs: [a, b]}\n");
}

static const char *order(const struct graph *g)
{
    const char *text = "";
    for (int i = 0; i < g->node.n; i++)
        text = pool_printf(pool, "%s%s%s", text, i ? " " : "", g->node.at[i]->name);
    return text;
}

/* In the place of a node: made in front of it, and what used it uses the new one. */
static void replaces_a_node(void **state)
{
    (void)state;
    struct graph *g = chain();
    struct node *a = find(g, "a"), *n = graph_node(g, OP_RELU, "n", a);
    node_input(g, n, a->in.at[0]);
    struct tensor *t = graph_tensor(g, n, a->out->shape, DTYPE_FLOAT32);
    tensor_replace(g, a->out, t);
    node_remove(g, a);
    assert_string_equal(order(g), "image n b s");
    assert_ptr_equal(find(g, "s")->in.at[0], t);
    assert_ptr_equal(find(g, "b")->in.at[0], t);
    assert_int_equal(t->user.n, 2);
    assert_int_equal(find(g, "image")->out->user.n, 1);
    assert_int_equal(t->layer, -1);
    graph_check(g);
}

/* Behind a node: it takes over the uses, then uses the node itself. */
static void puts_behind(void **state)
{
    (void)state;
    struct graph *g = chain();
    struct node *s = find(g, "s"), *n = graph_node(g, OP_RELU, "n", s);
    struct tensor *t = graph_tensor(g, n, s->out->shape, DTYPE_FLOAT32);
    tensor_replace(g, s->out, t);
    node_input(g, n, s->out);
    assert_string_equal(order(g), "image a b s n");
    assert_ptr_equal(g->output.at[0], t);
    assert_true(t->is_output);
    assert_false(s->out->is_output);
    graph_check(g);
    n = graph_node(g, OP_RELU, "m", find(g, "a"));
    t = graph_tensor(g, n, s->out->shape, DTYPE_FLOAT32);
    node_input(g, n, find(g, "a")->out);
    tensor_replace(g, find(g, "a")->out, t);  /* n itself goes on using it */
    assert_string_equal(order(g), "image a m b s n");
    assert_int_equal(find(g, "a")->out->user.n, 1);
    graph_check(g);
}

static void makes_chains(void **state)
{
    (void)state;
    struct graph *g = chain();
    struct node *b = find(g, "b"), *x = graph_node(g, OP_RELU, "x", b),
                *y = graph_node(g, OP_RELU, "y", b);
    node_input(g, x, b->in.at[0]);
    node_input(g, y, graph_tensor(g, x, b->out->shape, DTYPE_FLOAT32));
    tensor_replace(g, b->out, graph_tensor(g, y, b->out->shape, DTYPE_FLOAT32));
    node_remove(g, b);
    assert_string_equal(order(g), "image a x y s");
    assert_int_equal(y->at.line, 5);
    graph_check(g);
}

/* ---- invariants ------------------------------------------------------------------------------ */

static void bad_shape(struct graph *g) { g->tensor.at[1]->shape.dim[0] = 0; }
static void unknown_shape(struct graph *g) { g->tensor.at[1]->shape.rank = 0; }
static void huge_shape(struct graph *g) { g->tensor.at[1]->shape.dim[0] = 1 << 30; }
static void wrong_order(struct graph *g)
{
    struct node *n = g->node.at[1];
    struct tensor *t = g->tensor.at[1];
    g->node.at[1] = g->node.at[2], g->node.at[2] = n;
    g->tensor.at[1] = g->tensor.at[2], g->tensor.at[2] = t;
}
static void lost_user(struct graph *g) { g->tensor.at[1]->user.n--; }
static void false_user(struct graph *g) { g->tensor.at[0]->user.at[0] = g->node.at[3]; }
static void lost_tensor(struct graph *g) { g->tensor.n--; }
static void wrong_maker(struct graph *g) { g->tensor.at[1]->maker = g->node.at[2]; }
static void lost_input(struct graph *g) { g->node.at[3]->in.n = 1; }
static void no_name(struct graph *g) { g->node.at[1]->name = ""; }
static void no_attributes(struct graph *g) { g->node.at[1]->attr = NULL; }
static void false_output(struct graph *g) { g->tensor.at[1]->is_output = true; }
static void lost_output(struct graph *g) { g->output.n = 0; }
static void lost_network_input(struct graph *g) { g->input.n = 0; }
static void many_weights(struct graph *g) { g->node.at[1]->weights = MAX_WEIGHTS + 1; }
static void nothing(struct graph *g) { (void)g; }

/* Whether graph_check stops the program. */
static bool stops(void (*spoil)(struct graph *))
{
    struct graph *g = chain();
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(3);
        spoil(g);
        graph_check(g);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == 6;
}

static void finds_what_is_broken(void **state)
{
    static void (*const spoils[])(struct graph *) = {
        bad_shape, unknown_shape, huge_shape, wrong_order, lost_user, false_user, lost_tensor,
        wrong_maker, lost_input, no_name, no_attributes, false_output, lost_output,
        lost_network_input, many_weights,
    };
    (void)state;
    assert_false(stops(nothing));
    for (int i = 0; i < COUNT(spoils); i++)
        if (!stops(spoils[i]))
            fail_msg("graph_check is content with broken graph %d", i);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void prints(void **state)
{
    (void)state;
    struct graph *g = infer("  - {type: Input, shape: [28, 28, 1], dtype: uint8}\n"
                            "  - {type: Rescaling, scale: 0.5}\n"
                            "  - {type: Conv2D, filters: 16, kernel_size: 3, activation: relu}\n"
                            "  - {type: MaxPooling2D, name: p, pool_size: [3, 2], padding: same}\n"
                            "  - {type: ReLU, max_value: 6}\n"
                            "  - {type: Concatenate, inputs: [p, re_lu]}\n"
                            "outputs: [p, concatenate]\n");
    assert_string_equal(printed(g),
            "input        Input(shape=[28, 28, 1], dtype=uint8)"
            "                   -> [28, 28, 1] uint8\n"
            "rescaling    Rescaling(scale=0.5)                                  "
            "  input -> [28, 28, 1]\n"
            "conv2d       Conv2D(filters=16, kernel_size=3x3, activation=relu)  "
            "  rescaling -> [26, 26, 16]\n"
            "p            MaxPooling2D(pool_size=3x2, strides=3x2, padding=same)"
            "  conv2d -> [9, 13, 16] (output)\n"
            "re_lu        ReLU(max_value=6)                                     "
            "  p -> [9, 13, 16]\n"
            "concatenate  Concatenate(axis=2)                                   "
            "  p, re_lu -> [9, 13, 32] (output)\n");
    g = build(IMAGE "  - Flatten\n");
    assert_string_equal(printed(g), "image    Input(shape=[8, 8, 3])  -> ?\n"
                                    "flatten  Flatten                 image -> ? (output)\n");
}

/* ---- any graph ------------------------------------------------------------------------------- */

static const char *random_layer(uint64_t *seed, int i)
{
    static const char *const types[] = {
            "ReLU",
            "Flatten",
            "MaxPooling2D",
            "BatchNormalization",
            "GlobalAveragePooling2D",
            "Dropout, rate: 0.5",
            "Conv2D, filters: 3, kernel_size: 3, padding: same",
            "Conv2D, filters: 3, kernel_size: 3",
            "Add",
            "Concatenate",
            "Subtract",
            "Dense, units: 3",
            "Softmax",
            "UpSampling2D",
            "PReLU",
    };
    const char *inputs = "";
    int n = draw(seed, 4);
    if (n > 0) {
        for (int k = 0; k < n; k++)
            inputs = pool_printf(pool, "%s%sl%d", inputs, k ? ", " : "",
                    draw(seed, i + (draw(seed, 40) == 0)));
        inputs = pool_printf(pool, ", inputs: [%s]", inputs);
    }
    return pool_printf(pool, "  - {type: %s, name: l%d%s}\n", types[draw(seed, COUNT(types))], i,
            inputs);
}

static void any_graph(void **state)
{
    uint64_t seed = 7;
    int good = 0;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        const char *text = "  - {type: Input, shape: [8, 8, 3], name: l0}\n";
        int layers = 2 + draw(&seed, 8);
        pool_free(pool);
        pool = pool_new();
        text = pool_printf(pool, "%s", text);
        for (int i = 1; i < layers; i++)
            text = pool_printf(pool, "%s%s", text, random_layer(&seed, i));
        text = pool_printf(pool, "%soutputs: [l%d", text, layers - 1);
        for (int i = 1; i < layers - 1; i++)
            text = pool_printf(pool, "%s, l%d", text, i);
        good += infer(pool_printf(pool, "%s]\n", text)) != NULL;  /* checks itself */
    }
    assert_true(good > 200);
}

static void many_layers(void **state)
{
    (void)state;
    struct out out;
    out_init(&out);
    out_printf(&out, "%s", IMAGE);
    for (int i = 1; i < LIMIT_LAYERS; i++)
        out_printf(&out,
                i % 2 ? "  - {type: ReLU, name: r%d}\n" : "  - {type: Add, inputs: [r%d, image]}\n",
                i - (i % 2 == 0));
    struct graph *g = infer(text_of(&out));
    assert_non_null(g);
    assert_int_equal(g->node.n, LIMIT_LAYERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(default_names), TEST(names_in_c), TEST(chains), TEST(joins), TEST(several_inputs),
        TEST(implied_input), TEST(outputs), TEST(replaces_a_node), TEST(puts_behind),
        TEST(makes_chains), TEST(finds_what_is_broken), TEST(prints), TEST(any_graph),
        TEST(many_layers),
    };
    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
