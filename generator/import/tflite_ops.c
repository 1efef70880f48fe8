#include "tflite_ops.h"

#include <string.h>

#include "limits.h"
#include "out.h"

/* ---- the table ------------------------------------------------------------------------------- */

#define LOWER(name) tflite_lower_##name
#define UNARY(code, type, layer) {code, type, 1, 1, 1, -1, LOWER(activation), layer, 0, ""}
#define BINARY(code, type, layer) {code, type, 2, 2, 1, -1, LOWER(binary), layer, 0, ""}
/* With a fused activation. */
#define BINARY_FUSED(code, type, layer) {code, type, 2, 2, 1, 0, LOWER(binary), layer, 0, ""}
#define COMPARE(code, type, layer) \
    {code, type, 2, 2, 1, -1, LOWER(binary), layer, TOP_BOOL_OUT, ""}
#define LOGICAL(code, type, layer) \
    {code, type, 2, 2, 1, -1, LOWER(binary), layer, TOP_BOOL_IN | TOP_BOOL_OUT, ""}
#define REDUCE(code, type, layer) \
    {code, type, 2, 2, 1, -1, LOWER(reduce), layer, 0, "axes are constants; not across the batch"}
#define ARG(code, type, layer) \
    {code, type, 2, 2, 1, -1, LOWER(arg), layer, TOP_INT_OUT, "the index is a float"}

#define CONSTANT "weights are constants"
#define SIZE "the size is a constant"
#define INTS (TOP_INT_IN | TOP_INT_OUT | TOP_KEEPS)

/* By the schema's numbers. */
static const struct tflite_op ops[] = {
    BINARY_FUSED(0, "ADD", "Add"),
    {1, "AVERAGE_POOL_2D", 1, 1, 1, 5, LOWER(pool), "AveragePooling2D", 0, ""},
    {2, "CONCATENATION", 1, LIMIT_INPUTS, 1, 1, LOWER(concatenation), NULL, 0, "not along the batch"},
    {3, "CONV_2D", 2, 3, 1, 3, LOWER(conv), NULL, 0, CONSTANT},
    {4, "DEPTHWISE_CONV_2D", 2, 3, 1, 4, LOWER(depthwise), NULL, 0, CONSTANT},
    {5, "DEPTH_TO_SPACE", 1, 1, 1, -1, LOWER(depth), "DepthToSpace", 0, ""},
    {6, "DEQUANTIZE", 1, 1, 1, -1, LOWER(folded), NULL, 0, "of constants"},
    UNARY(8, "FLOOR", "floor"),
    {9, "FULLY_CONNECTED", 2, 3, 1, 0, LOWER(fully_connected), NULL, 0, CONSTANT ", not shuffled"},
    {11, "L2_NORMALIZATION", 1, 1, 1, 0, LOWER(l2_norm), NULL, 0, ""},
    {12, "L2_POOL_2D", 1, 1, 1, 5, LOWER(l2_pool), NULL, 0, ""},
    {13, "LOCAL_RESPONSE_NORMALIZATION", 1, 1, 1, -1, LOWER(lrn), NULL, 0, ""},
    UNARY(14, "LOGISTIC", "sigmoid"),
    {17, "MAX_POOL_2D", 1, 1, 1, 5, LOWER(pool), "MaxPooling2D", 0, ""},
    BINARY_FUSED(18, "MUL", "Multiply"),
    UNARY(19, "RELU", "relu"),
    UNARY(20, "RELU_N1_TO_1", "hard_tanh"),
    UNARY(21, "RELU6", "relu6"),
    {22, "RESHAPE", 1, 2, 1, -1, LOWER(reshape), NULL, INTS, ""},
    {23, "RESIZE_BILINEAR", 2, 2, 1, -1, LOWER(resize_bilinear), NULL, 0, SIZE},
    {25, "SOFTMAX", 1, 1, 1, -1, LOWER(softmax), NULL, 0, ""},
    {26, "SPACE_TO_DEPTH", 1, 1, 1, -1, LOWER(depth), "SpaceToDepth", 0, ""},
    UNARY(28, "TANH", "tanh"),
    {34, "PAD", 2, 2, 1, -1, LOWER(pad), NULL, 0, "not the batch"},
    {36, "GATHER", 2, 2, 1, -1, LOWER(gather), NULL, INTS, "indices are constants; not the batch"},
    {38, "SPACE_TO_BATCH_ND", 3, 3, 1, -1, LOWER(space_to_batch), NULL, 0,
        "before a convolution with BATCH_TO_SPACE_ND behind it: a dilated one"},
    {39, "TRANSPOSE", 2, 2, 1, -1, LOWER(transpose), NULL, INTS, "not the batch"},
    REDUCE(40, "MEAN", "ReduceMean"),
    BINARY_FUSED(41, "SUB", "Subtract"),
    BINARY_FUSED(42, "DIV", "Divide"),
    {43, "SQUEEZE", 1, 1, 1, -1, LOWER(reshape), NULL, INTS, ""},
    {45, "STRIDED_SLICE", 4, 4, 1, -1, LOWER(strided_slice), NULL, INTS,
        "not of the batch; no ellipsis or new dimensions"},
    UNARY(47, "EXP", "exponential"),
    {49, "SPLIT", 2, 2, -1, -1, LOWER(split), NULL, 0, "not the batch"},
    {50, "LOG_SOFTMAX", 1, 1, 1, -1, LOWER(softmax), "log_softmax", 0, ""},
    {53, "CAST", 1, 1, 1, -1, LOWER(cast), NULL,
        TOP_BOOL_IN | TOP_BOOL_OUT | TOP_BYTES_IN | TOP_INT_IN | TOP_INT_OUT,
        "to floats; of bytes at the input, integers and truth values to integers too"},
    {54, "PRELU", 2, 2, 1, -1, LOWER(prelu), NULL, 0, "slopes are constants"},
    BINARY(55, "MAXIMUM", "Maximum"),
    ARG(56, "ARG_MAX", "ArgMax"),
    BINARY(57, "MINIMUM", "Minimum"),
    COMPARE(58, "LESS", "Less"),
    UNARY(59, "NEG", "negative"),
    {60, "PADV2", 3, 3, 1, -1, LOWER(pad), NULL, 0, "not the batch"},
    COMPARE(61, "GREATER", "Greater"),
    COMPARE(62, "GREATER_EQUAL", "GreaterEqual"),
    COMPARE(63, "LESS_EQUAL", "LessEqual"),
    {64, "SELECT", 3, 3, 1, -1, LOWER(select), NULL, TOP_BOOL_IN, ""},
    {65, "SLICE", 3, 3, 1, -1, LOWER(slice), NULL, INTS, "not of the batch"},
    UNARY(66, "SIN", "sin"),
    {67, "TRANSPOSE_CONV", 3, 4, 1, 3, LOWER(transpose_conv), NULL, 0,
        CONSTANT "; the result as large as Keras makes it"},
    {69, "TILE", 2, 2, 1, -1, LOWER(tile), NULL, 0, "not the batch; how often is a constant"},
    {70, "EXPAND_DIMS", 2, 2, 1, -1, LOWER(reshape), NULL, INTS, ""},
    COMPARE(71, "EQUAL", "Equal"),
    COMPARE(72, "NOT_EQUAL", "NotEqual"),
    UNARY(73, "LOG", "log"),
    REDUCE(74, "SUM", "ReduceSum"),
    UNARY(75, "SQRT", "sqrt"),
    UNARY(76, "RSQRT", "rsqrt"),
    {77, "SHAPE", 1, 1, 1, -1, LOWER(folded), NULL, 0, ""},
    {78, "POW", 2, 2, 1, -1, LOWER(pow), NULL, 0, ""},
    ARG(79, "ARG_MIN", "ArgMin"),
    REDUCE(81, "REDUCE_PROD", "ReduceProd"),
    REDUCE(82, "REDUCE_MAX", "ReduceMax"),
    {83, "PACK", 1, LIMIT_INPUTS, 1, -1, LOWER(pack), NULL, 0, "not along the batch"},
    LOGICAL(84, "LOGICAL_OR", "Maximum"),
    {85, "ONE_HOT", 4, 4, 1, -1, LOWER(one_hot), NULL, TOP_INT_IN,
        "depth and values are constants; not across the batch"},
    LOGICAL(86, "LOGICAL_AND", "Minimum"),
    {87, "LOGICAL_NOT", 1, 1, 1, -1, LOWER(logical_not), NULL, TOP_BOOL_IN | TOP_BOOL_OUT, ""},
    {88, "UNPACK", 1, 1, -1, -1, LOWER(unpack), NULL, 0, "not the batch"},
    REDUCE(89, "REDUCE_MIN", "ReduceMin"),
    {90, "FLOOR_DIV", 2, 2, 1, -1, LOWER(floor_div), NULL, 0, ""},
    {91, "REDUCE_ANY", 2, 2, 1, -1, LOWER(reduce), "ReduceMax", TOP_BOOL_IN | TOP_BOOL_OUT,
        "axes are constants; not across the batch"},
    UNARY(92, "SQUARE", "square"),
    {93, "ZEROS_LIKE", 1, 1, 1, -1, LOWER(folded), NULL, 0, ""},
    {94, "FILL", 2, 2, 1, -1, LOWER(folded), NULL, 0, "with a constant"},
    {95, "FLOOR_MOD", 2, 2, 1, -1, LOWER(folded), NULL, 0, "of constants"},
    {96, "RANGE", 3, 3, 1, -1, LOWER(folded), NULL, 0, "of constants"},
    {97, "RESIZE_NEAREST_NEIGHBOR", 2, 2, 1, -1, LOWER(resize_nearest), NULL, 0,
        SIZE},
    {98, "LEAKY_RELU", 1, 1, 1, -1, LOWER(leaky_relu), NULL, 0, ""},
    {99, "SQUARED_DIFFERENCE", 2, 2, 1, -1, LOWER(squared_difference), NULL, 0, ""},
    {100, "MIRROR_PAD", 2, 2, 1, -1, LOWER(pad), "Pad", 0, "not the batch"},
    UNARY(101, "ABS", "abs"),
    {102, "SPLIT_V", 3, 3, -1, -1, LOWER(split), NULL, 0, "not the batch"},
    UNARY(104, "CEIL", "ceil"),
    {105, "REVERSE_V2", 2, 2, 1, -1, LOWER(reverse), NULL, 0, "not the batch"},
    {106, "ADD_N", 1, LIMIT_INPUTS, 1, -1, LOWER(add_n), NULL, 0, ""},
    {107, "GATHER_ND", 2, 2, 1, -1, LOWER(gather_nd), NULL, INTS,
        "indices are constants; of one image"},
    UNARY(108, "COS", "cos"),
    {110, "RANK", 1, 1, 1, -1, LOWER(folded), NULL, 0, ""},
    UNARY(111, "ELU", "elu"),
    UNARY(116, "ROUND", "round"),
    UNARY(117, "HARD_SWISH", "hard_silu"),
    {123, "SELECT_V2", 3, 3, 1, -1, LOWER(select), NULL, TOP_BOOL_IN, ""},
    {126, "BATCH_MATMUL", 2, 2, 1, -1, LOWER(matmul), NULL, 0, ""},
    {128, "CUMSUM", 2, 2, 1, -1, LOWER(cum_sum), NULL, 0, "the axis is a constant, not the batch"},
    {130, "BROADCAST_TO", 2, 2, 1, -1, LOWER(broadcast), NULL, 0, "not the batch"},
    {140, "REDUCE_ALL", 2, 2, 1, -1, LOWER(reduce), "ReduceMin", TOP_BOOL_IN | TOP_BOOL_OUT,
        "axes are constants; not across the batch"},
    {150, "GELU", 1, 1, 1, -1, LOWER(gelu), NULL, 0, ""},
    {152, "RELU_0_TO_1", 1, 1, 1, -1, LOWER(relu_0_to_1), NULL, 0, ""},
    UNARY(158, "SIGN", "sign"),
};
enum { OPS = sizeof ops / sizeof ops[0] };

const struct tflite_op *tflite_op_find(int code)
{
    for (int i = 0; i < OPS; i++)
        if (ops[i].code == code)
            return &ops[i];
    return NULL;
}

/* ---- others, and why they can't be imported -------------------------------------------------- */

static const char recurrent[] = "recurrent layers are not supported",
    control[] = "control flow is not supported", quantised[] = "quantised activations are not supported",
    dynamic[] = "the size of its result depends on the data", volumes[] = "3D convolution is not supported",
    tables[] = "tables and strings are not supported", random_numbers[] = "random numbers are not supported",
    complex_numbers[] = "complex numbers are not supported",
    state[] = "variables that last from run to run are not supported",
    blocks[] = "batches cut into blocks are supported around one convolution alone";

static const struct { int code; const char *type, *why; } refused[] = {
    {7, "EMBEDDING_LOOKUP", tables}, {10, "HASHTABLE_LOOKUP", tables},
    {15, "LSH_PROJECTION", tables}, {16, "LSTM", recurrent},
    {24, "RNN", recurrent}, {27, "SVDF", recurrent}, {29, "CONCAT_EMBEDDINGS", tables},
    {30, "SKIP_GRAM", tables}, {31, "CALL", control}, {33, "EMBEDDING_LOOKUP_SPARSE", tables},
    {35, "UNIDIRECTIONAL_SEQUENCE_RNN", recurrent},
    {37, "BATCH_TO_SPACE_ND", blocks},
    {44, "UNIDIRECTIONAL_SEQUENCE_LSTM", recurrent}, {46, "BIDIRECTIONAL_SEQUENCE_RNN", recurrent},
    {48, "TOPK_V2", dynamic}, {51, "DELEGATE", NULL},
    {52, "BIDIRECTIONAL_SEQUENCE_LSTM", recurrent},
    {68, "SPARSE_TO_DENSE", NULL}, {80, "FAKE_QUANT", quantised},
    {103, "UNIQUE", dynamic},
    {109, "WHERE", dynamic}, {112, "REVERSE_SEQUENCE", NULL}, {113, "MATRIX_DIAG", NULL},
    {114, "QUANTIZE", quantised}, {115, "MATRIX_SET_DIAG", NULL}, {118, "IF", control},
    {119, "WHILE", control}, {120, "NON_MAX_SUPPRESSION_V4", dynamic},
    {121, "NON_MAX_SUPPRESSION_V5", dynamic}, {122, "SCATTER_ND", NULL}, {124, "DENSIFY", NULL},
    {125, "SEGMENT_SUM", NULL}, {129, "CALL_ONCE", control}, {131, "RFFT2D", complex_numbers},
    {132, "CONV_3D", volumes}, {133, "IMAG", complex_numbers}, {134, "REAL", complex_numbers},
    {135, "COMPLEX_ABS", complex_numbers}, {136, "HASHTABLE", tables},
    {137, "HASHTABLE_FIND", tables},
    {138, "HASHTABLE_IMPORT", tables}, {139, "HASHTABLE_SIZE", tables},
    {141, "CONV_3D_TRANSPOSE", volumes}, {142, "VAR_HANDLE", state}, {143, "READ_VARIABLE", state},
    {144, "ASSIGN_VARIABLE", state}, {145, "BROADCAST_ARGS", NULL},
    {146, "RANDOM_STANDARD_NORMAL", random_numbers}, {147, "BUCKETIZE", NULL},
    {148, "RANDOM_UNIFORM", random_numbers}, {149, "MULTINOMIAL", random_numbers},
    {151, "DYNAMIC_UPDATE_SLICE", NULL}, {153, "UNSORTED_SEGMENT_PROD", NULL},
    {154, "UNSORTED_SEGMENT_MAX", NULL}, {155, "UNSORTED_SEGMENT_SUM", NULL}, {156, "ATAN2", NULL},
    {157, "UNSORTED_SEGMENT_MIN", NULL}, {159, "BITCAST", NULL}, {160, "BITWISE_XOR", NULL},
    {161, "RIGHT_SHIFT", NULL}, {203, "DILATE", NULL},
};
enum { REFUSED = sizeof refused / sizeof refused[0] };

/* What converters leave that don't turn StableHLO into TFLite's own operators. */
enum { FIRST_STABLEHLO = 162, LAST_STABLEHLO = 202 };

const char *tflite_op_name(struct pool *pool, int code)
{
    for (int i = 0; i < OPS; i++)
        if (ops[i].code == code)
            return ops[i].type;
    for (int i = 0; i < REFUSED; i++)
        if (refused[i].code == code)
            return refused[i].type;
    bool stable = code >= FIRST_STABLEHLO && code <= LAST_STABLEHLO;
    return pool_printf(pool, "%s number %d", stable ? "StableHLO operator" : "operator", code);
}

const char *tflite_op_refused(const struct tflite_node *n)
{
    if (n->custom)
        return "what it computes is not in the file";
    for (int i = 0; i < REFUSED; i++)
        if (!strcmp(refused[i].type, n->type) && refused[i].why)
            return refused[i].why;
    return "this operator is not supported";
}

/* ---- docs/tflite.md -------------------------------------------------------------------------- */

static const char page_head[] =
        "# TFLite models\n\n"
        "Made by `cnngen-import-tflite --print-reference`; a test compares.\n\n"
        "    cnngen import model.tflite -o model.yaml\n\n"
        "writes `model.yaml` and `model.safetensors`. Weights may be float32, float16 (also behind\n"
        "DEQUANTIZE), or int8 under float activations (\"dynamic range\"): these become the numbers that\n"
        "they mean, of one scale or one for each channel. TFLite itself rounds activations to int8 there, so\n"
        "its results differ by what that costs. Models whose activations are int8 or uint8 are refused: they\n"
        "can't be computed in float32 as they are meant.\n\n"
        "Shapes are fixed in a TFLite model: one that leaves dimensions behind the batch open is refused. A\n"
        "PAD before a convolution becomes its padding; fused activations stay with their layers; what\n"
        "depends on constants and shapes alone is computed here. Names are those of the tensors.\n\n"
        "## Operators\n\n"
        "| operator | limits |\n|---|---|\n";

static const char page_refused[] =
        "\n## Refused\n\n"
        "A model that can't be imported is refused with all such operators at once, each with its name and\n"
        "the reason: custom operators, those of StableHLO, whatever isn't in the table above, and\n\n"
        "| operator | reason |\n|---|---|\n";

static const char page_limits[] =
        "\n## Limits\n\n"
        "| | at most |\n|---|---|\n"
        "| bytes of a model file | %lld |\n"
        "| operators, tensors | %d, %d |\n"
        "| elements of lists in the file that aren't data | %d |\n"
        "| operands of an operator | %d |\n"
        "| dimensions of a tensor, with the batch | %d |\n"
        "| elements of all constants | %lld |\n\n"
        "The first graph of a file is read.\n";

void tflite_ops_print(struct out *out)
{
    out_printf(out, page_head);
    for (int i = 0; i < OPS; i++)
        out_printf(out, "| %s | %s |\n", ops[i].type, ops[i].limits);
    out_printf(out, page_refused);
    for (int i = 0; i < REFUSED; i++)
        if (refused[i].why)
            out_printf(out, "| %s | %s |\n", refused[i].type, refused[i].why);
    out_printf(out, page_limits, (long long)TFLITE_MAX_FILE, TFLITE_MAX_NODES, TFLITE_MAX_TENSORS,
            FB_MAX_ELEMENTS, TFLITE_MAX_OPERANDS, TFLITE_MAX_RANK, (long long)TFLITE_MAX_CONST);
}
