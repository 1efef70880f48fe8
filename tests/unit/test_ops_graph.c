/* What operators do to a graph: lowering, weights, costs, messages. */
#include "op_network.h"

/* ---- lowering -------------------------------------------------------------------------------- */

/* Lowers all layers and evaluates what they have become. */
static struct tval run_lowered(struct graph *g, const struct tval *x)
{
    struct tval *all = NEW_ARRAY(pool, struct tval, 16);
    const struct tensor *made[16];
    int n = 0;

    for (int i = g->layer.n - 1; i >= 0; i--)
        if (node_def(layer_of(g, i))->lower)
            node_def(layer_of(g, i))->lower(g, layer_of(g, i));
    graph_check(g);
    for (int i = 0; i < g->node.n; i++, n++) {
        struct node *node = g->node.at[i];
        struct tval in[2];

        for (int k = 0; k < node->in.n; k++)
            for (int m = 0; m < n; m++)
                if (made[m] == node->in.at[k])
                    in[k] = all[m];
        made[n] = node->out;
        if (node->op == OP_INPUT)
            all[n] = *x;
        else
            eval_layer(node, in, &all[n]);
        assert_int_not_equal(node_family(node), FAMILY_LOWERED);
    }
    assert_ptr_equal(g->output.at[0], made[n - 1]);
    for (int i = 1; i < n - 1; i++)
        tval_free(&all[i]);
    return all[n - 1];
}

static void test_lowering(void **state)
{
    static const char *const layers[] = {
        "type: SeparableConv2D, filters: 5, kernel_size: 3, depth_multiplier: 2, strides: 2",
        "type: SeparableConv2D, filters: 5, kernel_size: 3, use_bias: false, padding: same",
        "type: BatchNormalization", "type: BatchNormalization, center: false, scale: false",
        "type: Rescaling, scale: 0.1, offset: [1, 2, 3]",
        "type: Normalization, mean: 0.1, variance: 0.3",
        "type: Normalization, mean: 0.1, variance: [0.3, 1, 2], invert: true",
        "type: ReduceMean, axes: [1, 2]", "type: ReduceMean, axes: [-2, 1], keepdims: true",
        "type: LayerNormalization, axis: [2, 3]", "type: LayerNormalization, axis: [1, 2, 3]",
        "type: RMSNormalization, axis: [-2, -1]", "type: UnitNormalization, axis: [1, 3]",
    };

    (void)state;
    for (int i = 0; i < COUNT(layers); i++) {
        struct graph *g = one("[6, 7, 3]", layers[i]);
        struct tval x = random_value(&g->input.at[0]->shape);
        struct tval y = run(g, &x);
        struct tval z = run_lowered(g, &x);

        assert_true(shape_equal(&y.shape, &z.shape));
        for (int64_t k = 0; k < shape_size(&y.shape); k++)
            assert_true(fabs(y.v[k] - z.v[k]) <= y.e[k]);
        tval_free(&z);
    }
}

/* A mean over rows and columns, whatever it is called, is one operator to the kernels. */
static void test_mean_is_pooling(void **state)
{
    static const struct { const char *input, *layer; enum op op; } cases[] = {
        {"[6, 7, 3]", "type: ReduceMean, axes: [1, 2]", OP_GLOBAL_AVERAGE_POOLING2D},
        {"[6, 7, 3]", "type: ReduceMean, axes: [-2, -3]", OP_GLOBAL_AVERAGE_POOLING2D},
        {"[6, 7, 3]", "type: ReduceMean, axes: [1, 3]", OP_REDUCE_MEAN},
        {"[6, 7, 3]", "type: ReduceMean", OP_REDUCE_MEAN},
        {"[6, 7, 3]", "type: ReduceMean, axes: 1", OP_REDUCE_MEAN},
        {"[6, 7, 3, 2]", "type: ReduceMean, axes: [1, 2]", OP_REDUCE_MEAN},
        {"[6, 7, 3]", "type: ReduceSum, axes: [1, 2]", OP_REDUCE_SUM},
    };
    static const char *const keep[] = {"false", "true"};

    (void)state;
    for (int i = 0; i < 2 * COUNT(cases); i++) {
        const char *layer = pool_printf(pool, "%s, keepdims: %s", cases[i / 2].layer, keep[i % 2]);
        struct graph *g = one(cases[i / 2].input, layer);
        struct node *n = layer_of(g, 1);
        const struct pool2d *p;

        if (node_def(n)->lower)
            node_def(n)->lower(g, n);
        assert_int_equal(n->op, cases[i / 2].op);
        if (n->op != OP_GLOBAL_AVERAGE_POOLING2D)
            continue;
        p = n->attr;
        assert_true(p->is_global && !p->is_max && p->keepdims == (i % 2 == 1));
        assert_true(p->size[0] == 6 && p->size[1] == 7 && p->strides[0] == 6 && p->strides[1] == 7);
        assert_true(p->dilation[0] == 1 && p->dilation[1] == 1);
    }
}

/* ---- weights --------------------------------------------------------------------------------- */

static void test_weight_shapes(void **state)
{
    static const struct { const char *layer, *weight, *shape; } cases[] = {
        {"type: Conv2D, filters: 8, kernel_size: [3, 2], groups: 2", "kernel", "[3, 2, 2, 8]"},
        {"type: Conv2D, filters: 8, kernel_size: 3", "bias", "[8]"},
        {"type: DepthwiseConv2D, kernel_size: 3, depth_multiplier: 3", "kernel", "[3, 3, 4, 3]"},
        {"type: DepthwiseConv2D, kernel_size: 3, depth_multiplier: 3", "bias", "[12]"},
        {"type: SeparableConv2D, filters: 8, kernel_size: 3", "depthwise_kernel", "[3, 3, 4, 1]"},
        {"type: SeparableConv2D, filters: 8, kernel_size: 3", "pointwise_kernel", "[1, 1, 4, 8]"},
        {"type: Conv2DTranspose, filters: 8, kernel_size: [3, 2]", "kernel", "[3, 2, 8, 4]"},
        {"type: Dense, units: 8", "kernel", "[4, 8]"},
        {"type: BatchNormalization", "moving_variance", "[4]"},
        {"type: LayerNormalization", "gamma", "[4]"},
        {"type: RMSNormalization", "scale", "[4]"},
        {"type: LayerNormalization, axis: [2, 3]", "beta", "[9, 4]"},
        {"type: PReLU, shared_axes: [1, 2]", "alpha", "[1, 1, 4]"},
    };

    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        struct graph *g = one("[9, 9, 4]", cases[i].layer);
        const struct weight *w = find_weight(layer_of(g, 1), cases[i].weight);

        assert_non_null(w);
        assert_string_equal(shape_text(pool, &w->shape), cases[i].shape);
    }
}

static void test_macs(void **state)
{
    static const struct { const char *layer; int64_t macs; } cases[] = {
        {"type: Conv2D, filters: 8, kernel_size: 3", 7 * 7 * 8 * 9 * 4},
        {"type: Conv2D, filters: 8, kernel_size: 3, groups: 2", 7 * 7 * 8 * 9 * 2},
        {"type: DepthwiseConv2D, kernel_size: 3", 7 * 7 * 4 * 9},
        {"type: Conv2DTranspose, filters: 8, kernel_size: 3, strides: 2", 9 * 9 * 4 * 8 * 9},
        {"type: Dense, units: 8", 9 * 9 * 4 * 8},
    };

    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        struct node *n = layer_of(one("[9, 9, 4]", cases[i].layer), 1);

        assert_int_equal(node_def(n)->macs(n), cases[i].macs);
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

static void check_message(const char *input, const char *layer, const char *want)
{
    const char *layers = pool_printf(pool, "  - {type: Input, name: image, shape: %s}\n  - {%s}\n",
                                     input, layer);

    assert_null(build(layers));
    if (!strstr(said(), want))
        fail_msg("%s lacks '%s':\n%s", layer, want, said());
}

static void test_messages(void **state)
{
    (void)state;
    check_message("[3, 3, 8]", "type: Conv2D, filters: 1, kernel_size: 5", "[empty-output]");
    check_message("[3, 3, 8]", "type: Conv2D, filters: 1, kernel_size: 3, dilation_rate: 2",
                  "3x3 (5x5 with its dilation_rate)");
    check_message("[3, 3, 8]", "type: Conv2D, filters: 1, kernel_size: 6, padding: 1",
                  "padded to 5x5");
    check_message("[3, 3, 8]", "type: MaxPooling2D, pool_size: 4", "[empty-output]");
    check_message("[4, 4, 8]", "type: MaxPooling2D, padding: 2", "[bad-value]");
    check_message("[3, 3, 8]", "type: Conv2D, filters: 4, groups: 3, kernel_size: 1", "8 channels");
    check_message("[3, 3, 8]", "type: Conv2D, filters: 6, groups: 4, kernel_size: 1",
                  "its 6 filters");
    check_message("[3, 8]", "type: Conv2D, filters: 6, kernel_size: 1", "[bad-rank]");
    check_message("[3, 3, 8]", "type: Conv2DTranspose, filters: 6, kernel_size: 3, padding: 4",
                  "[empty-output]");
    check_message("[3, 3, 8]",
                  "type: Conv2DTranspose, filters: 6, kernel_size: 3, output_padding: 1",
                  "less than its strides");
    check_message("[3, 3, 8]", "type: BatchNormalization, axis: 1", "last axis only");
    check_message("[3, 3, 8]", "type: LayerNormalization, axis: [1, 3]", "[2, 3] for the");
    check_message("[3, 3, 8]", "type: Rescaling, scale: [1, 2]", "2 numbers");
    check_message("[3, 3, 8]", "type: Normalization, mean: 0, variance: -1", "negative");
    check_message("[3, 3, 8]", "type: Reshape, target_shape: [7, 7]", "[shape-mismatch]");
    check_message("[3, 3, 8]", "type: Reshape, target_shape: [7, -1]", "no multiple of 7");
    check_message("[3, 3, 8]", "type: Permute, dims: [1, 1, 2]", "each of 1 to 3 once");
    check_message("[3, 3, 8]", "type: Cropping2D, cropping: 2", "[empty-output]");
    check_message("[3, 3, 8]", "type: PReLU, shared_axes: [0]", "[bad-value]");
    check_message("[3, 3, 8]", "type: Softmax, axis: 0", "is the batch");
    check_message("[3, 3, 8]", "type: ReLU, max_value: [1, 2]", "one number");
}

static void test_messages_of_merges(void **state)
{
    static const char two[] = "  - {type: Input, name: stem, shape: [32, 32, 16]}\n"
                              "  - {type: Input, name: side, shape: [16, 16, 16]}\n"
                              "  - {type: %s, inputs: [stem, side]}\n";

    (void)state;
    assert_null(build(pool_printf(pool, two, "Add")));
    assert_non_null(
        strstr(said(), "'stem' [32, 32, 16] and 'side' [16, 16, 16]: height and width differ"));
    assert_null(build(pool_printf(pool, two, "Concatenate")));
    assert_non_null(strstr(said(), "[shape-mismatch]"));
    assert_null(build(pool_printf(pool, two, "Concatenate, axis: 0")));
    assert_non_null(strstr(said(), "0 would be the batch"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lowering),
        TEST(test_mean_is_pooling),
        TEST(test_weight_shapes),
        TEST(test_macs),
        TEST(test_messages),
        TEST(test_messages_of_merges),
    };
    return cmocka_run_group_tests_name("ops_graph", tests, NULL, NULL);
}
