#include "onnx_ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_lower.h"
#include "out.h"

/* ---- functions of numbers -------------------------------------------------------------------- */

static double f_neg(double a) { return -a; }
static double f_reciprocal(double a) { return 1 / a; }
static double f_sign(double a) { return (a > 0) - (a < 0); }
static double f_not(double a) { return a == 0; }
static double f_relu(double a) { return a > 0 ? a : 0; }
static double f_sigmoid(double a) { return 1 / (1 + exp(-a)); }
static double f_add(double a, double b) { return a + b; }
static double f_sub(double a, double b) { return a - b; }
static double f_mul(double a, double b) { return a * b; }
static double f_div(double a, double b) { return a / b; }
static double f_max(double a, double b) { return a > b || isnan(a) ? a : b; }
static double f_min(double a, double b) { return a < b || isnan(a) ? a : b; }
static double f_mod(double a, double b) { return b == 0 ? 0 : a - b * floor(a / b); }
static double f_greater(double a, double b) { return a > b; }
static double f_greater_equal(double a, double b) { return a >= b; }
static double f_less(double a, double b) { return a < b; }
static double f_less_equal(double a, double b) { return a <= b; }
static double f_equal(double a, double b) { return a == b; }
static double f_and(double a, double b) { return a != 0 && b != 0; }
static double f_or(double a, double b) { return a != 0 || b != 0; }
static double f_xor(double a, double b) { return (a != 0) != (b != 0); }

/* ---- the table ------------------------------------------------------------------------------- */

#define INFER(name) onnx_infer_##name
#define FOLD(name) onnx_fold_##name
#define LOWER(name) onnx_lower_##name

/* Of one input, computed by an activation. */
#define UNARY(type, function, layer)                                                    \
    {type, 1, 1, INFER(same), FOLD(unary), LOWER(activation), {function, NULL, layer}, 0, "", ""}
/* An activation that constants never go through. */
#define ACTIVATION(type, layer)                                                         \
    {type, 1, 1, INFER(same), NULL, LOWER(activation), {NULL, NULL, layer}, 0, "", ""}
#define BINARY(type, most, function, layer, flags, limits)                              \
    {type, most == 2 ? 2 : 1, most, INFER(elementwise), FOLD(binary), LOWER(binary),    \
        {NULL, function, layer}, (flags) | OP_CONST, "broadcast:i", limits}
#define REDUCE(type)                                                                    \
    {type, 1, 2, INFER(reduce), NULL, LOWER(reduce), {NULL, NULL, NULL}, 0,             \
        "axes:I keepdims:i noop_with_empty_axes:i", ""}
#define REDUCE_FOLDED(type, function)                                                   \
    {type, 1, 2, INFER(reduce), FOLD(reduce), LOWER(reduce), {NULL, function, NULL}, 0, \
        "axes:I keepdims:i noop_with_empty_axes:i", ""}
/* Folded away always. */
#define CONSTANT(type, least, most, rule, flags, attrs)                                 \
    {type, least, most, INFER(rule), FOLD(rule), NULL, {NULL, NULL, NULL}, flags, attrs, ""}
#define MOVE(type, least, most, rule, fold, lower, attrs, limits)                       \
    {type, least, most, INFER(rule), FOLD(fold), LOWER(lower), {NULL, NULL, NULL},      \
        OP_INTS, attrs, limits}

#define ONE_OR_TWO "1 or 2 spatial dimensions"
#define CONSTANT_WEIGHTS "; weights are constants"
#define WINDOW "auto_pad:s dilations:I kernel_shape:I pads:I strides:I "

/* Sorted by type. */
static const struct onnx_op ops[] = {
    UNARY("Abs", fabs, "abs"),
    UNARY("Acos", acos, "acos"),
    UNARY("Acosh", acosh, "acosh"),
    BINARY("Add", 2, f_add, "Add", 0, ""),
    BINARY("And", 2, f_and, "Minimum", OP_BOOL_OUT, ""),
    {"ArgMax", 1, 1, INFER(arg), NULL, LOWER(arg), {NULL, NULL, NULL}, 0,
        "axis:i keepdims:i select_last_index:i", "the index is a float"},
    {"ArgMin", 1, 1, INFER(arg), NULL, LOWER(arg), {NULL, NULL, NULL}, 0,
        "axis:i keepdims:i select_last_index:i", "the index is a float"},
    UNARY("Asin", asin, "asin"),
    UNARY("Asinh", asinh, "asinh"),
    UNARY("Atan", atan, "atan"),
    UNARY("Atanh", atanh, "atanh"),
    {"AveragePool", 1, 1, INFER(pool), NULL, LOWER(average_pool), {NULL, NULL, NULL}, OP_IMAGE,
        WINDOW "ceil_mode:i count_include_pad:i", ONE_OR_TWO "; no dilations"},
    {"BatchNormalization", 5, 5, INFER(same), NULL, LOWER(batch_norm), {NULL, NULL, NULL}, 0,
        "epsilon:f is_test:i momentum:f spatial:i training_mode:i",
        "no training mode" CONSTANT_WEIGHTS},
    {"Cast", 1, 1, INFER(cast), FOLD(cast), LOWER(cast), {NULL, NULL, NULL}, OP_INTS,
        "to:i saturate:i", "of what the network computes: to floats only"},
    {"CastLike", 2, 2, INFER(cast), FOLD(cast), LOWER(cast), {NULL, NULL, NULL}, OP_INTS,
        "saturate:i", "as Cast"},
    UNARY("Ceil", ceil, "ceil"),
    {"Celu", 1, 1, INFER(same), NULL, LOWER(celu), {NULL, NULL, NULL}, 0, "alpha:f", ""},
    {"Clip", 1, 3, INFER(same), NULL, LOWER(clip), {NULL, NULL, NULL}, 0, "min:f max:f",
        "bounds are constants"},
    {"Concat", 1, ONNX_MANY, INFER(concat), FOLD(concat), LOWER(concat), {NULL, NULL, NULL},
        OP_INTS | OP_CONST, "axis:i", ""},
    {"ConcatFromSequence", 1, 1, INFER(concat_from_sequence), NULL, NULL, {NULL, NULL, NULL},
        OP_TAKES, "axis:i new_axis:i", "of a SequenceConstruct; no new axis"},
    {"Constant", 0, 0, INFER(constant), NULL, NULL, {NULL, NULL, NULL}, 0,
        "value:t value_float:f value_floats:F value_int:i value_ints:I", "numbers"},
    CONSTANT("ConstantOfShape", 1, 1, constant_of_shape, 0, "value:t"),
    {"Conv", 2, 3, INFER(conv), NULL, LOWER(conv), {NULL, NULL, NULL}, OP_IMAGE,
        WINDOW "group:i", ONE_OR_TWO CONSTANT_WEIGHTS},
    {"ConvTranspose", 2, 3, INFER(conv_transpose), NULL, LOWER(conv_transpose),
        {NULL, NULL, NULL}, OP_IMAGE, WINDOW "group:i output_padding:I output_shape:I",
        ONE_OR_TWO CONSTANT_WEIGHTS "; at most 64 groups"},
    UNARY("Cos", cos, "cos"),
    UNARY("Cosh", cosh, "cosh"),
    {"CumSum", 2, 2, INFER(cum_sum), NULL, LOWER(cum_sum), {NULL, NULL, NULL}, 0,
        "exclusive:i reverse:i", "the axis is a constant"},
    {"DepthToSpace", 1, 1, INFER(depth_to_space), NULL, LOWER(depth), {NULL, NULL, NULL}, OP_IMAGE,
        "blocksize:i mode:s", ""},
    BINARY("Div", 2, f_div, "Divide", 0, ""),
    {"Dropout", 1, 3, INFER(same), FOLD(copy), LOWER(dropout), {NULL, NULL, NULL}, 0,
        "ratio:f seed:i is_test:i", "left out; no training mode, no mask"},
    {"Einsum", 1, ONNX_MANY, INFER(einsum), NULL, LOWER(einsum), {NULL, NULL, NULL}, OP_CONST,
        "equation:s", "1 or 2 inputs; no diagonals, nothing stretched"},
    {"Elu", 1, 1, INFER(same), NULL, LOWER(parametric), {NULL, NULL, "ELU"}, 0, "alpha:f", ""},
    BINARY("Equal", 2, f_equal, "Equal", OP_BOOL_OUT | OP_INTS, ""),
    UNARY("Erf", erf, "erf"),
    UNARY("Exp", exp, "exponential"),
    MOVE("Expand", 2, 2, expand, expand, expand, "", "the shape is a constant"),
    MOVE("Flatten", 1, 1, flatten, copy, alias, "axis:i", ""),
    UNARY("Floor", floor, "floor"),
    MOVE("Gather", 2, 2, gather, gather, gather, "axis:i", "indices are constants"),
    {"GatherND", 2, 2, INFER(gather_nd), FOLD(gather_nd), NULL, {NULL, NULL, NULL}, 0,
        "batch_dims:i", "of constants"},
    {"Gelu", 1, 1, INFER(same), NULL, LOWER(gelu), {NULL, NULL, NULL}, 0, "approximate:s", ""},
    {"Gemm", 2, 3, INFER(gemm), NULL, LOWER(gemm), {NULL, NULL, NULL}, 0,
        "alpha:f beta:f transA:i transB:i broadcast:i", ""},
    {"GlobalAveragePool", 1, 1, INFER(global_pool), NULL, LOWER(global_pool),
        {NULL, NULL, "GlobalAveragePooling2D"}, OP_IMAGE, "", ONE_OR_TWO},
    {"GlobalMaxPool", 1, 1, INFER(global_pool), NULL, LOWER(global_pool),
        {NULL, NULL, "GlobalMaxPooling2D"}, OP_IMAGE, "", ONE_OR_TWO},
    BINARY("Greater", 2, f_greater, "Greater", OP_BOOL_OUT | OP_INTS, ""),
    BINARY("GreaterOrEqual", 2, f_greater_equal, "GreaterEqual", OP_BOOL_OUT | OP_INTS, ""),
    {"GridSample", 2, 2, INFER(grid_sample), NULL, LOWER(grid_sample), {NULL, NULL, NULL}, OP_IMAGE,
        "align_corners:i mode:s padding_mode:s",
        "2 spatial dimensions; up to 16384 rows and columns"},
    {"GroupNormalization", 3, 3, INFER(same), NULL, LOWER(group_norm), {NULL, NULL, NULL}, OP_IMAGE,
        "epsilon:f num_groups:i stash_type:i", "scale and bias are constants"},
    {"HardSigmoid", 1, 1, INFER(same), NULL, LOWER(hard_sigmoid), {NULL, NULL, NULL}, 0,
        "alpha:f beta:f", ""},
    ACTIVATION("HardSwish", "hard_silu"),
    {"Hardmax", 1, 1, INFER(same), NULL, LOWER(hardmax), {NULL, NULL, NULL}, 0, "axis:i", ""},
    {"If", 1, 1, INFER(same), NULL, NULL, {NULL, NULL, NULL}, 0, "",
        "the condition is a constant, or computed of constants and shapes"},
    MOVE("Identity", 1, 1, same, copy, alias, "", "left out"),
    {"InstanceNormalization", 3, 3, INFER(same), NULL, LOWER(instance_norm), {NULL, NULL, NULL},
        OP_IMAGE, "epsilon:f", ONE_OR_TWO "; scale and bias are constants"},
    {"LRN", 1, 1, INFER(same), NULL, LOWER(lrn), {NULL, NULL, NULL}, OP_IMAGE,
        "alpha:f beta:f bias:f size:i", "no negative alpha, beta or bias"},
    {"LayerNormalization", 2, 3, INFER(same), NULL, LOWER(layer_norm), {NULL, NULL, NULL}, 0,
        "axis:i epsilon:f stash_type:i", "scale and bias are constants; no second output"},
    {"LeakyRelu", 1, 1, INFER(same), NULL, LOWER(parametric), {NULL, NULL, "LeakyReLU"}, 0,
        "alpha:f", ""},
    BINARY("Less", 2, f_less, "Less", OP_BOOL_OUT | OP_INTS, ""),
    BINARY("LessOrEqual", 2, f_less_equal, "LessEqual", OP_BOOL_OUT | OP_INTS, ""),
    UNARY("Log", log, "log"),
    {"LogSoftmax", 1, 1, INFER(same), NULL, LOWER(softmax), {NULL, NULL, NULL}, 0, "axis:i", ""},
    {"LpNormalization", 1, 1, INFER(same), NULL, LOWER(lp_norm), {NULL, NULL, NULL}, 0,
        "axis:i p:i", ""},
    {"MatMul", 2, 2, INFER(matmul), NULL, LOWER(matmul), {NULL, NULL, NULL}, OP_CONST, "",
        "with a vector: the second one, constant"},
    BINARY("Max", ONNX_MANY, f_max, "Maximum", 0, ""),
    {"MaxPool", 1, 1, INFER(pool), NULL, LOWER(max_pool), {NULL, NULL, NULL}, OP_IMAGE,
        WINDOW "ceil_mode:i storage_order:i", ONE_OR_TWO "; no indices"},
    BINARY("Mean", ONNX_MANY, f_add, "Average", 0, ""),
    BINARY("Min", ONNX_MANY, f_min, "Minimum", 0, ""),
    ACTIVATION("Mish", "mish"),
    {"Mod", 2, 2, INFER(elementwise), FOLD(binary), NULL, {NULL, f_mod, NULL}, 0, "fmod:i",
        "of constants"},
    BINARY("Mul", 2, f_mul, "Multiply", 0, ""),
    UNARY("Neg", f_neg, "negative"),
    {"Not", 1, 1, INFER(same), FOLD(unary), LOWER(not), {f_not, NULL, NULL}, OP_BOOL_OUT, "", ""},
    MOVE("OptionalGetElement", 1, 1, same, copy, alias, "", "of a tensor: left out"),
    {"OptionalHasElement", 0, 1, INFER(has_element), FOLD(has_element), NULL, {NULL, NULL, NULL},
        OP_DIMS, "", "of a tensor, or of an input that a function is called without"},
    BINARY("Or", 2, f_or, "Maximum", OP_BOOL_OUT, ""),
    {"PRelu", 2, 2, INFER(prelu), NULL, LOWER(prelu), {NULL, NULL, NULL}, 0, "",
        "slopes are constants"},
    {"Pad", 1, 4, INFER(pad), NULL, LOWER(pad), {NULL, NULL, NULL}, OP_INTS,
        "mode:s pads:I value:f", "pads and value are constants; no negative pads"},
    {"Pow", 2, 2, INFER(elementwise), FOLD(binary), LOWER(pow), {NULL, pow, NULL}, OP_CONST, "",
        ""},
    CONSTANT("Range", 3, 3, range, 0, ""),
    UNARY("Reciprocal", f_reciprocal, "reciprocal"),
    REDUCE("ReduceL1"),
    REDUCE("ReduceL2"),
    REDUCE("ReduceLogSum"),
    REDUCE("ReduceLogSumExp"),
    REDUCE_FOLDED("ReduceMax", f_max),
    REDUCE_FOLDED("ReduceMean", f_add),
    REDUCE_FOLDED("ReduceMin", f_min),
    REDUCE_FOLDED("ReduceProd", f_mul),
    REDUCE_FOLDED("ReduceSum", f_add),
    REDUCE("ReduceSumSquare"),
    UNARY("Relu", f_relu, "relu"),
    MOVE("Reshape", 2, 2, reshape, copy, alias, "allowzero:i", "the shape is a constant"),
    {"Resize", 1, 4, INFER(resize), NULL, LOWER(resize), {NULL, NULL, NULL}, OP_IMAGE,
        "antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i "
        "extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s",
        "no antialias, no region of interest; cubic_coeff_a from -1 to 0"},
    {"RMSNormalization", 2, 2, INFER(same), NULL, LOWER(rms_norm), {NULL, NULL, NULL}, 0,
        "axis:i epsilon:f stash_type:i", "scale is a constant"},
    UNARY("Round", rint, "round"),
    {"ScatterND", 3, 3, INFER(scatter_nd), FOLD(scatter_nd), NULL, {NULL, NULL, NULL}, 0,
        "reduction:s", "of constants, without reduction"},
    {"Selu", 1, 1, INFER(same), NULL, LOWER(selu), {NULL, NULL, NULL}, 0, "alpha:f gamma:f", ""},
    {"SequenceAt", 2, 2, INFER(sequence_at), NULL, NULL, {NULL, NULL, NULL}, OP_TAKES, "",
        "of a SplitToSequence or SequenceConstruct; the position is a constant"},
    {"SequenceConstruct", 1, ONNX_MANY, INFER(sequence_construct), NULL, NULL, {NULL, NULL, NULL},
        0, "", "for SequenceAt and ConcatFromSequence"},
    CONSTANT("Shape", 1, 1, shape, OP_DIMS, "start:i end:i"),
    UNARY("Sigmoid", f_sigmoid, "sigmoid"),
    UNARY("Sign", f_sign, "sign"),
    UNARY("Sin", sin, "sin"),
    UNARY("Sinh", sinh, "sinh"),
    CONSTANT("Size", 1, 1, size, OP_DIMS, ""),
    MOVE("Slice", 1, 5, slice, slice, slice, "axes:I ends:I starts:I",
        "begin, end and step are constants"),
    {"Softmax", 1, 1, INFER(same), NULL, LOWER(softmax), {NULL, NULL, NULL}, 0, "axis:i", ""},
    ACTIVATION("Softplus", "softplus"),
    ACTIVATION("Softsign", "softsign"),
    {"SpaceToDepth", 1, 1, INFER(space_to_depth), NULL, LOWER(depth), {NULL, NULL, NULL}, OP_IMAGE,
        "blocksize:i", ""},
    MOVE("Split", 1, 2, split, split, split, "axis:i num_outputs:i split:I",
        "sizes are constants, none is 0"),
    {"SplitToSequence", 1, 2, INFER(split_to_sequence), NULL, NULL, {NULL, NULL, NULL}, 0,
        "axis:i keepdims:i", "for SequenceAt; sizes are constants; at most 4096 parts"},
    UNARY("Sqrt", sqrt, "sqrt"),
    MOVE("Squeeze", 1, 2, squeeze, copy, alias, "axes:I", ""),
    BINARY("Sub", 2, f_sub, "Subtract", 0, ""),
    BINARY("Sum", ONNX_MANY, f_add, "Add", 0, ""),
    {"Swish", 1, 1, INFER(same), NULL, LOWER(swish), {NULL, NULL, NULL}, 0, "alpha:f",
        "alpha is 1"},
    UNARY("Tan", tan, "tan"),
    UNARY("Tanh", tanh, "tanh"),
    {"ThresholdedRelu", 1, 1, INFER(same), NULL, LOWER(parametric), {NULL, NULL, "ReLU"}, 0,
        "alpha:f", ""},
    MOVE("Tile", 2, 2, tile, tile, tile, "", "repeats are constants"),
    MOVE("Transpose", 1, 1, transpose, transpose, transpose, "perm:I", ""),
    MOVE("Unsqueeze", 1, 2, unsqueeze, copy, alias, "axes:I", ""),
    {"Upsample", 1, 2, INFER(resize), NULL, LOWER(resize), {NULL, NULL, NULL}, OP_IMAGE,
        "mode:s scales:F", ""},
    {"Where", 3, 3, INFER(where), FOLD(where), LOWER(where), {NULL, NULL, NULL}, OP_CONST, "",
        ""},
    BINARY("Xor", 2, f_xor, "NotEqual", OP_BOOL_OUT, ""),
};

enum { OPS = sizeof ops / sizeof ops[0] };

const struct onnx_op *onnx_op_find(const char *domain, const char *type)
{
    for (int i = 0; !*domain && i < OPS; i++)
        if (!strcmp(ops[i].type, type))
            return &ops[i];
    /* What ONNX Runtime and PyTorch had before ONNX did. */
    if (!strcmp(domain, "com.microsoft") && !strcmp(type, "Gelu"))
        return onnx_op_find("", type);
    return NULL;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static char letter_of(enum onnx_kind kind)
{
    return "-fisFIt--"[kind];
}

static char expected(const struct onnx_op *op, const char *name)
{
    size_t len = strlen(name);
    for (const char *a = op->attrs; *a; a += strcspn(a, " "), a += strspn(a, " "))
        if (!strncmp(a, name, len) && a[len] == ':')
            return a[len + 1];
    return 0;
}

bool onnx_attrs_ok(struct onnx *m, struct onnx_node *n)
{
    for (int i = 0; i < n->attr.n; i++) {
        const struct onnx_attr *a = &n->attr.at[i];
        char want = expected(n->op, a->name);
        bool empty = (want == 'I' || want == 'F') && !a->n &&
                     (a->kind == ONNX_INTS || a->kind == ONNX_FLOATS);
        /* An attribute of opset 1 that has meant nothing since. */
        if (!strcmp(a->name, "consumed_inputs"))
            continue;
        if (!want)
            return onnx_refuse(m, n, "attribute '%s' is not known", onnx_quoted(m, a->name));
        if (want != letter_of(a->kind) && !empty)
            return onnx_refuse(m, n, "attribute '%s' is of another kind than in ONNX",
                    onnx_quoted(m, a->name));
    }
    return true;
}

/* ---- what is refused ------------------------------------------------------------------------- */

static const struct { const char *why, *types; } refused[] = {
    {"control flow is not supported", " Loop Scan SequenceMap "},
    {"recurrent layers are not supported", " LSTM GRU RNN "},
    {"the model is quantised; import the float32 model it was made of",
        " QuantizeLinear DequantizeLinear QLinearConv QLinearMatMul QLinearAdd QLinearMul "
        "QLinearGlobalAveragePool QLinearAveragePool QLinearLeakyRelu QLinearSigmoid QLinearConcat "
        "QLinearSoftmax QGemm ConvInteger MatMulInteger DynamicQuantizeLinear "
        "DynamicQuantizeMatMul MatMulNBits "},
    {"attention is not supported",
        " Attention MultiHeadAttention GroupQueryAttention RotaryEmbedding "},
    {"the size of its result depends on the data",
        " NonMaxSuppression NonZero Unique Compress TopK "},
    {"places that depend on what is computed are not supported",
        " GatherElements ScatterElements Scatter OneHot ReverseSequence RoiAlign MaxRoiPool "
        "MaxUnpool DeformConv "},
    {"spectra are not supported",
        " DFT STFT HannWindow HammingWindow BlackmanWindow MelWeightMatrix "},
    {"there is no layer for it",
        " Trilu EyeLike BitShift BitwiseAnd BitwiseOr BitwiseXor BitwiseNot Det Shrink IsInf IsNaN "
        "MeanVarianceNormalization Col2Im CenterCropPad AffineGrid ImageDecoder "},
    {"random numbers are not supported",
        " RandomNormal RandomNormalLike RandomUniform RandomUniformLike Bernoulli Multinomial "},
    {"it belongs to training", " Adam Adagrad Momentum Gradient NegativeLogLikelihoodLoss "
        "SoftmaxCrossEntropyLoss "},
    {"sequences, maps, strings and optional values are not supported",
        " SequenceEmpty SequenceErase SequenceInsert SequenceLength StringNormalizer StringConcat "
        "StringSplit RegexFullMatch TfIdfVectorizer Optional ZipMap "},
};

const char *onnx_op_refused(struct onnx *m, const struct onnx_node *n)
{
    const char *padded = pool_printf(m->pool, " %s ", n->type);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strstr(refused[i].types, padded))
            return refused[i].why;
    if (*n->domain)
        return pool_printf(m->pool, "operators of '%s' are not known",
                onnx_quoted(m, n->domain));
    return "this operator is not known";
}

/* ---- docs/onnx.md ---------------------------------------------------------------------------- */

static const char page_head[] =
        "# ONNX models\n\n"
        "Made by `cnngen-import-onnx --print-reference`; a test compares.\n\n"
        "    cnngen import model.onnx -o model.yaml\n\n"
        "writes `model.yaml` and `model.safetensors`. Opsets %d to %d are known; of older models,\n"
        "what has meant the same since. Weights may be initializers, Constant nodes, or external\n"
        "data in the folder of the model; float64, float16 and bfloat16 become float32.\n"
        "Dimensions that the model leaves open are said with `--shape NAME=1,3,224,224`. Where\n"
        "all inputs begin with the same dimension, that is the specification's batch.\n\n"
        "Images stay as they were at the network's inputs (`layout: NCHW`) and outputs; inside,\n"
        "channels are last, and transposes in the model mostly vanish. What depends on constants\n"
        "and shapes alone is computed; of an If whose condition is, the branch is taken; what no\n"
        "output depends on is left out. Functions that the model brings along are written out\n"
        "where they are called. Recognised where exporters spell them in small operators:\n"
        "hard sigmoid and hard swish, SiLU, Mish, GELU (exact and with tanh), layer, instance and\n"
        "group normalization, biases behind MatMul, scales and shifts of channels. Layers have the\n"
        "names of the tensors that they make, in a function with names of the calls in front:\n"
        "\"block1/conv/result\".\n\n"
        "## Operators\n\n"
        "| operator | limits |\n|---|---|\n";

static const char page_refused[] =
        "\n## Refused\n\n"
        "A model that can't be imported is refused with all such nodes at once, each with its\n"
        "name and the reason. Operators that aren't in the table, among them:\n\n"
        "| operators | reason |\n|---|---|\n";

static const char page_limits[] =
        "\n## Limits\n\n"
        "| | at most |\n|---|---|\n"
        "| bytes of a model file | %lld |\n"
        "| nodes, those of functions as often as they are called | %d |\n"
        "| messages and strings in the file, and those of functions likewise | %d |\n"
        "| functions that call functions, one in the other | %d |\n"
        "| nesting of messages | %d |\n"
        "| dimensions of a tensor in the model, with the batch | %d |\n"
        "| dimensions of a layer's tensor, without the batch | %d |\n"
        "| elements of all constants that are computed | %lld |\n";

void onnx_ops_print(struct out *out)
{
    out_printf(out, page_head, ONNX_MIN_OPSET, ONNX_MAX_OPSET);
    for (int i = 0; i < OPS; i++)
        out_printf(out, "| %s | %s |\n", ops[i].type, ops[i].limits);
    out_printf(out, "%s", page_refused);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        out_printf(out, "|%s| %s |\n", refused[i].types, refused[i].why);
    out_printf(out, page_limits, (long long)ONNX_MAX_FILE, ONNX_MAX_NODES, ONNX_MAX_MESSAGES,
            ONNX_MAX_CALLS, ONNX_MAX_DEPTH, ONNX_MAX_RANK, LIMIT_RANK, (long long)ONNX_MAX_FOLDED);
}
