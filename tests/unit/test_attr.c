/* Layers' keys: every form of every type, defaults, what is suggested and what is ignored. */
#include "build_text.h"

#include <math.h>

#include "attr.h"
#include "ops/families.h"

/* The attributes of the one layer written as "{type: ...}". */
static const void *attr_of(const char *layer)
{
    const char *text = pool_printf(pool, IMAGE "  - %s\n", layer);
    struct graph *g = build(text);
    if (!g)
        fail_msg("%s", said());
    return g->node.at[1]->attr;
}

static void refuses(const char *layer, const char *id)
{
    assert_null(build(pool_printf(pool, IMAGE "  - %s\n", layer)));
    assert_int_equal(diag_errors(diag), 1);
    assert_non_null(strstr(said(), pool_printf(pool, "[%s]", id)));
}

static void reads_conv2d(void **state)
{
    (void)state;
    const struct conv2d *c =
            attr_of("{type: Conv2D, filters: 0x10, kernel_size: [3, 5], strides: 2}");
    assert_int_equal(c->filters, 16);
    assert_int_equal(c->kernel[0], 3);
    assert_int_equal(c->kernel[1], 5);
    assert_int_equal(c->strides[0], 2);
    assert_int_equal(c->strides[1], 2);
    assert_int_equal(c->dilation[0], 1);
    assert_int_equal(c->padding.kind, PAD_VALID);
    assert_int_equal(c->groups, 1);
    assert_true(c->use_bias);
}

static void reads_paddings(void **state)
{
    static const struct { const char *text; int kind, border[4]; } cases[] = {
        {"valid", PAD_VALID, {0}}, {"same", PAD_SAME, {0}}, {"\"same\"", PAD_SAME, {0}},
        {"0", PAD_EXPLICIT, {0}}, {"2", PAD_EXPLICIT, {2, 2, 2, 2}},
        {"[1, 2]", PAD_EXPLICIT, {1, 1, 2, 2}},
        {"[[1, 2], [3, 4]]", PAD_EXPLICIT, {1, 2, 3, 4}},
        {"[[0, 0], [0, 65536]]", PAD_EXPLICIT, {0, 0, 0, 65536}},
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        const struct conv2d *c = attr_of(pool_printf(pool,
                "{type: Conv2D, filters: 1, kernel_size: 1, padding: %s}", cases[i].text));
        assert_int_equal(c->padding.kind, cases[i].kind);
        assert_memory_equal(c->padding.border, cases[i].border, sizeof c->padding.border);
    }
}

static void reads_borders(void **state)
{
    static const struct { const char *text; int border[4]; } cases[] = {
        {"1", {1, 1, 1, 1}}, {"[1, 0]", {1, 1, 0, 0}}, {"[[1, 0], [2, 3]]", {1, 0, 2, 3}},
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        const struct border *b =
                attr_of(pool_printf(pool, "{type: ZeroPadding2D, padding: %s}", cases[i].text));
        assert_memory_equal(b->border, cases[i].border, sizeof b->border);
    }
}

static void reads_shapes(void **state)
{
    (void)state;
    const struct reshape *r = attr_of("{type: Reshape, target_shape: [-1, 4]}");
    assert_int_equal(r->target.rank, 2);
    assert_int_equal(r->target.dim[0], -1);
    assert_int_equal(r->target.dim[1], 4);
    const struct permute *p = attr_of("{type: Permute, dims: [3, 1, 2]}");
    assert_string_equal(shape_text(pool, &p->dims), "[3, 1, 2]");
}

static void reads_numbers(void **state)
{
    (void)state;
    const struct normalization *n =
            attr_of("{type: Normalization, mean: [0.5, 1, .25], variance: 1e-2}");
    assert_int_equal(n->mean.n, 3);
    assert_true(n->mean.at[0] == 0.5f && n->mean.at[1] == 1 && n->mean.at[2] == 0.25f);
    assert_int_equal(n->variance.n, 1);
    assert_true(n->variance.at[0] == 0.01f);
    const struct activation_args *a = attr_of("{type: LeakyReLU, negative_slope: +0.125}");
    assert_true(a->negative_slope == 0.125f);
}

static void reads_words(void **state)
{
    (void)state;
    const struct upsampling *u = attr_of("{type: UpSampling2D, interpolation: bilinear}");
    assert_int_equal(u->bilinear, 1);
    u = attr_of("UpSampling2D");
    assert_int_equal(u->bilinear, 0);
    assert_int_equal(u->size[1], 2);
}

/* Keras writes null for an argument that was not given. */
static void reads_null(void **state)
{
    (void)state;
    const struct pool2d *p = attr_of("{type: MaxPooling2D, strides: null}");
    assert_int_equal(p->strides[0], 0);
    const struct activation_args *a = attr_of("{type: ReLU, max_value: null}");
    assert_int_equal(a->max_value.n, 0);
    attr_of("{type: Conv2D, filters: 1, kernel_size: 1, activation: null, data_format: null}");
    refuses("{type: Conv2D, filters: 1, kernel_size: null}", "wrong-type");
    refuses("{type: Conv2D, filters: 1, kernel_size: 1, padding: null}", "wrong-type");
}

static void sets_activations(void **state)
{
    (void)state;
    struct graph *g = build(IMAGE "  - {type: Dense, units: 2, activation: relu}\n"
                                  "  - {type: Dense, units: 2, activation: linear}\n"
                                  "  - {type: Dense, units: 2}\n");
    assert_non_null(g);
    assert_int_equal(g->node.at[1]->act->kind, ACT_RELU);
    assert_null(g->node.at[2]->act);
    assert_null(g->node.at[3]->act);
}

static void takes_defaults(void **state)
{
    static const char text[] =
            "cnngen: 1\n"
            "defaults:\n"
            "  Conv2D: {kernel_size: 3, padding: same, activation: relu}\n"
            "  MaxPool2D: {pool_size: [2, 1]}\n"
            "layers:\n" IMAGE
            "  - {type: Conv2D, filters: 4}\n"
            "  - {type: Conv2D, filters: 4, padding: valid, activation: linear}\n"
            "  - MaxPooling2D\n";
    (void)state;
    struct graph *g = graph_build(pool, read_text(text), diag);
    assert_non_null(g);
    const struct conv2d *a = g->node.at[1]->attr, *b = g->node.at[2]->attr;
    assert_int_equal(a->padding.kind, PAD_SAME);
    assert_int_equal(g->node.at[1]->act->kind, ACT_RELU);
    assert_int_equal(b->padding.kind, PAD_VALID);
    assert_int_equal(b->kernel[1], 3);
    assert_null(g->node.at[2]->act);
    assert_int_equal(((const struct pool2d *)g->node.at[3]->attr)->size[1], 1);
}

/* A bare name will do when the defaults say what is required. */
static void bare_with_defaults(void **state)
{
    (void)state;
    struct spec *s =
            read_text("cnngen: 1\ndefaults: {Dense: {units: 7}}\nlayers:\n" IMAGE "  - Dense\n");
    struct graph *g = graph_build(pool, s, diag);
    assert_non_null(g);
    assert_int_equal(((const struct dense *)g->node.at[1]->attr)->units, 7);
}

static void warns_once(void **state)
{
    (void)state;
    assert_non_null(
            build(IMAGE "  - {type: Conv2D, filters: 4, kernel_size: 3, trainable: false,\n"
                        "     kernel_constraint: null, bias_initializer: zeros}\n"
                        "  - {type: BatchNormalization, momentum: 0.9, synchronized: true}\n"));
    assert_int_equal(diag_warnings(diag), 1);
    const char *text = said();
    assert_non_null(strstr(text, "t.yaml:4:48: warning: 'trainable' and 4 more keys"));
    assert_non_null(strstr(text, "[ignored-key]"));
}

static void every_default_is_a_value(void **state)
{
    (void)state;
    for (int i = 0; i < OP_COUNT; i++) {
        struct attr_base base;
        attr_fallback(pool, op_defs[i], &base);  /* a bug otherwise */
        assert_non_null(base.attr);
    }
}

/* What is written comes back as text, and the text says the same. */
static void texts(void **state)
{
    static const struct { const char *type, *key, *given, *text; } cases[] = {
        {"Dense", "units", "12", "12"},
        {"Conv2D", "kernel_size", "3", "3x3"},
        {"Conv2D", "kernel_size", "[3, 1]", "3x1"},
        {"Conv2D", "padding", "same", "same"},
        {"Conv2D", "padding", "[[1, 1], [1, 1]]", "1"},
        {"Conv2D", "padding", "[1, 2]", "[1, 2]"},
        {"Conv2D", "padding", "[[1, 2], [3, 4]]", "[[1, 2], [3, 4]]"},
        {"Conv2D", "use_bias", "FALSE", "false"},
        {"Conv2D", "activation", "relu", "relu"},
        {"Conv2D", "activation", "linear", NULL},
        {"BatchNormalization", "epsilon", "0.001", "0.001"},
        {"BatchNormalization", "epsilon", "0.1", "0.1"},
        {"LeakyReLU", "negative_slope", "0.333333343", "0.33333334"},
        {"UpSampling2D", "interpolation", "bilinear", "bilinear"},
        {"Reshape", "target_shape", "[-1, 4]", "[-1, 4]"},
        {"Rescaling", "scale", "0.00392156862", "0.0039215684"},
        {"Rescaling", "scale", "[1, 2, 3, 4, 5]", "[1, 2, 3, 4, ... 5 in all]"},
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        enum op op;
        assert_true(op_find(cases[i].type, &op));
        const struct attr_def *a = attr_find(op_defs[op], cases[i].key);
        struct attr_base to;
        attr_fallback(pool, op_defs[op], &to);
        struct source src = source_of("v", cases[i].given, strlen(cases[i].given));
        const struct value *v = value_parse(pool, &src, 100, diag);
        assert_true(attr_parse(pool, a, v, to.attr, &to.act, diag));
        const char *text = attr_text(pool, a, to.attr, to.act);
        if (cases[i].text)
            assert_string_equal(text, cases[i].text);
        else
            assert_null(text);
    }
}

/* ---- suggestions ----------------------------------------------------------------------------- */

static void suggests_keys(void **state)
{
    static const struct { const char *type, *key, *help; } cases[] = {
        {"Conv2D", "kernel", "'kernel_size'"}, {"Conv2D", "Kernel_Size", "'kernel_size'"},
        {"Conv2D", "kernelsize", "'kernel_size'"}, {"Conv2D", "stride", "'strides'"},
        {"Conv2D", "out_channels", "'filters'"}, {"Conv2D", "in_channels", "infers it"},
        {"Conv2D", "pad", "'padding'"}, {"Conv2D", "dilation", "'dilation_rate'"},
        {"Conv2D", "bias", "'use_bias'"}, {"Conv2D", "act", "'activation'"},
        {"Conv2D", "units", "'filters'"}, {"Conv2D", "batch_input_shape", "'input_shape'"},
        {"Conv2D", "inbound_nodes", "'inputs'"}, {"Conv2D", "input_shap", "'input_shape'"},
        {"Conv2D", "pool_size", "'kernel_size'"}, {"MaxPooling2D", "kernel_size", "'pool_size'"},
        {"MaxPooling2D", "kernel", "'pool_size'"}, {"Dense", "out_features", "'units'"},
        {"Dense", "filters", "'units'"}, {"BatchNormalization", "eps", "'epsilon'"},
        {"BatchNormalization", "num_features", "infers it"}, {"Input", "input_shape", "'shape'"},
        {"BatchNormalization", "affine", "'center'"}, {"LeakyReLU", "alpha", "'negative_slope'"},
        {"Dropout", "p", "'rate'"}, {"Reshape", "shape", "'target_shape'"},
        {"Permute", "perm", "'dims'"}, {"UpSampling2D", "scale_factor", "'size'"},
        {"UpSampling2D", "mode", "'interpolation'"}, {"Concatenate", "dim", "'axis'"},
        {"Conv2D", "zzz", NULL},
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        build(pool_printf(pool, IMAGE "  - {type: %s, %s: 1}\n", cases[i].type, cases[i].key));
        const char *text = said(), *help = strstr(text, "help: ");
        assert_non_null(strstr(text, "[unknown-key]"));
        if (cases[i].help && (!help || !strstr(help, cases[i].help)))
            fail_msg("%s of %s: %s", cases[i].key, cases[i].type, text);
        if (!cases[i].help)
            assert_null(help);
    }
}

static void suggests_types(void **state)
{
    static const struct { const char *given, *meant; } cases[] = {
        {"Conv2d", "Conv2D"}, {"conv2d", "Conv2D"}, {"Conv", "Conv2D"}, {"Linear", "Dense"},
        {"Gemm", "Dense"}, {"MaxPool2d", "MaxPooling2D"}, {"AvgPool2d", "AveragePooling2D"},
        {"AdaptiveAvgPool2d", "GlobalAveragePooling2D"}, {"BatchNorm2d", "BatchNormalization"},
        {"Batchnormalization", "BatchNormalization"}, {"Relu", "ReLU"}, {"relu", "ReLU"},
        {"flatten", "Flatten"}, {"SiLU", "Activation"}, {"Concat", "Concatenate"},
        {"ConvTranspose2d", "Conv2DTranspose"}, {"Upsample", "UpSampling2D"},
        {"InputLayr", "InputLayer"}, {"DepthwiseConv2d", "DepthwiseConv2D"},
    };
    enum op op;
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        const char *near = op_suggest(cases[i].given);
        if (!near || strcmp(near, cases[i].meant))
            fail_msg("%s: %s", cases[i].given, near ? near : "nothing");
        assert_true(op_find(near, &op));
        assert_false(op_find(cases[i].given, &op));
    }
    assert_null(op_suggest("TransformerBlock"));
    assert_null(op_suggest(""));
}

static void names_what_is_missing(void **state)
{
    static const char *const lacking[] = {"LSTM", "GRU", "Embedding", "MultiHeadAttention",
            "Conv3D", "SpectralNormalization", "Lambda", "Masking", "TimeDistributed"};
    (void)state;
    for (int i = 0; i < COUNT(lacking); i++)
        assert_non_null(op_missing(lacking[i]));
    for (int i = 0; i < OP_COUNT; i++)
        if (op_defs[i]->type)
            assert_null(op_missing(op_defs[i]->type));
    assert_null(op_missing("Nonsense"));
}

static void snake_case(void **state)
{
    static const struct { const char *type, *name; } cases[] = {
        {"Conv2D", "conv2d"}, {"MaxPooling2D", "max_pooling2d"}, {"ReLU", "re_lu"},
        {"BatchNormalization", "batch_normalization"}, {"PReLU", "p_re_lu"}, {"ELU", "elu"},
        {"UpSampling2D", "up_sampling2d"}, {"LSTM", "lstm"}, {"ConvLSTM2D", "conv_lstm2d"},
        {"Conv2DTranspose", "conv2d_transpose"}, {"", ""},
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++)
        assert_string_equal(attr_snake_case(pool, cases[i].type), cases[i].name);
    for (int i = 0; i < OP_COUNT; i++)
        if (op_defs[i]->type)
            assert_string_equal(attr_snake_case(pool, op_defs[i]->type), op_defs[i]->stem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_conv2d), TEST(reads_paddings), TEST(reads_borders), TEST(reads_shapes),
        TEST(reads_numbers), TEST(reads_words), TEST(reads_null), TEST(sets_activations),
        TEST(takes_defaults), TEST(bare_with_defaults), TEST(warns_once),
        TEST(every_default_is_a_value), TEST(texts), TEST(suggests_keys), TEST(suggests_types),
        TEST(names_what_is_missing), TEST(snake_case),
    };
    return cmocka_run_group_tests_name("attr", tests, NULL, NULL);
}
