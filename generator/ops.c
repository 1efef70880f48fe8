#include "ops.h"

#include <string.h>

const struct op_def *const op_defs[OP_COUNT] = {
#define OP(id, def) [OP_##id] = &op_##def,
#include "ops.def"
#undef OP
};

/* ---- names ----------------------------------------------------------------------------------- */

bool op_find(const char *type, enum op *op)
{
    for (int i = 0; i < OP_COUNT; i++) {
        const struct op_def *def = op_defs[i];
        if (def->type && (!strcmp(type, def->type) || (def->alias && !strcmp(type, def->alias)))) {
            *op = (enum op)i;
            return true;
        }
    }
    return false;
}

/* What PyTorch, ONNX, TensorFlow Lite, Darknet and older Keras call a layer. */
static const struct { const char *foreign, *type; } foreign_types[] = {
    {"Conv", "Conv2D"}, {"Conv2d", "Conv2D"}, {"Convolution", "Conv2D"},
    {"Convolution2D", "Conv2D"}, {"CONV_2D", "Conv2D"}, {"LazyConv2d", "Conv2D"},
    {"Conv1d", "Conv1D"}, {"MaxPool1d", "MaxPooling1D"}, {"AvgPool1d", "AveragePooling1D"},
    {"ConvTranspose", "Conv2DTranspose"}, {"ConvTranspose2d", "Conv2DTranspose"},
    {"Deconvolution", "Conv2DTranspose"}, {"Deconv2D", "Conv2DTranspose"},
    {"DepthwiseConv", "DepthwiseConv2D"}, {"DepthwiseConv2dNative", "DepthwiseConv2D"},
    {"DEPTHWISE_CONV_2D", "DepthwiseConv2D"}, {"SeparableConvolution2D", "SeparableConv2D"},
    {"Linear", "Dense"}, {"LazyLinear", "Dense"}, {"Gemm", "Dense"}, {"BatchMatMul", "MatMul"},
    {"FC", "Dense"}, {"InnerProduct", "Dense"}, {"FullyConnected", "Dense"},
    {"FULLY_CONNECTED", "Dense"}, {"MaxPool", "MaxPooling2D"}, {"MaxPool2d", "MaxPooling2D"},
    {"MAX_POOL_2D", "MaxPooling2D"}, {"Pooling", "MaxPooling2D"}, {"AvgPool", "AveragePooling2D"},
    {"AvgPool2d", "AveragePooling2D"}, {"AveragePool", "AveragePooling2D"},
    {"AVERAGE_POOL_2D", "AveragePooling2D"}, {"AdaptiveAvgPool2d", "GlobalAveragePooling2D"},
    {"AdaptiveMaxPool2d", "GlobalMaxPooling2D"}, {"GlobalAveragePool", "GlobalAveragePooling2D"},
    {"GlobalMaxPool", "GlobalMaxPooling2D"}, {"GAP", "GlobalAveragePooling2D"},
    {"BatchNorm", "BatchNormalization"}, {"BN", "BatchNormalization"},
    {"BatchNorm1d", "BatchNormalization"}, {"BatchNorm2d", "BatchNormalization"},
    {"LayerNorm", "LayerNormalization"}, {"GroupNorm", "GroupNormalization"},
    {"InstanceNorm2d", "InstanceNormalization"}, {"Normalize", "Normalization"}, {"Relu", "ReLU"},
    {"RELU", "ReLU"}, {"Relu6", "Activation"}, {"ReLU6", "Activation"},
    {"LeakyRelu", "LeakyReLU"}, {"LEAKY_RELU", "LeakyReLU"}, {"PRelu", "PReLU"}, {"Elu", "ELU"},
    {"Sigmoid", "Activation"}, {"Tanh", "Activation"}, {"SiLU", "Activation"},
    {"Swish", "Activation"}, {"Mish", "Activation"}, {"GELU", "Activation"},
    {"Gelu", "Activation"}, {"SELU", "Activation"}, {"Selu", "Activation"},
    {"CELU", "Activation"}, {"Hardswish", "Activation"}, {"HardSwish", "Activation"},
    {"Hardsigmoid", "Activation"}, {"HardSigmoid", "Activation"}, {"Softplus", "Activation"},
    {"Softsign", "Activation"}, {"Nonlinearity", "Activation"},
    {"Softmax2d", "Softmax"}, {"SOFTMAX", "Softmax"}, {"View", "Reshape"},
    {"Unflatten", "Reshape"}, {"RESHAPE", "Reshape"}, {"Transpose", "Permute"},
    {"ZeroPad2d", "ZeroPadding2D"}, {"ConstantPad2d", "ZeroPadding2D"},
    {"Crop", "Cropping2D"}, {"Crop2D", "Cropping2D"}, {"StridedSlice", "Slice"},
    {"Upsample", "UpSampling2D"}, {"UpsamplingNearest2d", "UpSampling2D"},
    {"UpsamplingBilinear2d", "UpSampling2D"}, {"ResizeBilinear", "Resize"},
    {"RESIZE_BILINEAR", "Resize"}, {"RESIZE_NEAREST_NEIGHBOR", "Resize"},
    {"Interpolate", "Resize"}, {"Sum", "Add"}, {"Eltwise", "Add"}, {"Shortcut", "Add"},
    {"Sub", "Subtract"}, {"Div", "Divide"},
    {"Pow", "Power"}, {"GreaterOrEqual", "GreaterEqual"}, {"LessOrEqual", "LessEqual"},
    {"BroadcastTo", "Expand"}, {"Take", "Gather"}, {"IndexSelect", "Gather"},
    {"Mul", "Multiply"}, {"Max", "Maximum"}, {"Min", "Minimum"},
    {"Mean", "Average"}, {"Avg", "Average"}, {"Concat", "Concatenate"},
    {"CONCATENATION", "Concatenate"}, {"Cat", "Concatenate"}, {"Merge", "Concatenate"},
    {"Route", "Concatenate"}, {"Dropout2d", "SpatialDropout2D"}, {"InputLayer", "Input"},
    {"Placeholder", "Input"}, {"Data", "Input"},
};

const char *op_suggest(const char *type)
{
    const char *known[2 * OP_COUNT];
    int n = 0;
    enum op op;
    for (size_t i = 0; i < sizeof foreign_types / sizeof foreign_types[0]; i++)
        if (!strcmp(type, foreign_types[i].foreign) && op_find(foreign_types[i].type, &op))
            return foreign_types[i].type;
    for (int i = 0; i < OP_COUNT; i++)
        if (op_defs[i]->type)
            known[n++] = op_defs[i]->type;
    for (int i = 0; i < OP_COUNT; i++)
        if (op_defs[i]->type && op_defs[i]->alias)
            known[n++] = op_defs[i]->alias;
    return closest(type, known, n);
}

/* Layers that Keras and PyTorch have and cnngen lacks. */
static const char *const missing[] = {
    "AdditiveAttention", "Attention", "AveragePooling3D", "Bidirectional",
    "CategoryEncoding", "CenterCrop", "Conv3D", "Conv3DTranspose",
    "Conv3d", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Cropping3D",
    "Discretization", "Dot", "EinsumDense", "Embedding", "Functional", "GRU",
    "GRUCell", "GlobalAveragePooling3D", "GlobalMaxPooling3D",
    "GroupQueryAttention", "Hashing", "IntegerLookup",
    "LSTM", "LSTMCell", "Lambda", "LocallyConnected1D", "LocallyConnected2D", "Masking",
    "MaxPooling3D", "Model",
    "MultiHeadAttention", "RNN", "RandomCrop", "RepeatVector", "Resizing",
    "Sequential", "SimpleRNN", "SpatialDropout1D", "SpatialDropout3D",
    "SpectralNormalization", "StackedRNNCells", "StringLookup", "TextVectorization",
    "TimeDistributed", "UpSampling3D", "ZeroPadding3D", NULL,
};

static const struct { const char *type, *instead; } replaceable[] = {
    {"ThresholdedReLU", "a ReLU with 'threshold'"},
    {"RandomContrast", "no layer: it concerns training only"},
    {"RandomFlip", "no layer: it concerns training only"},
    {"RandomRotation", "no layer: it concerns training only"},
    {"RandomZoom", "no layer: it concerns training only"},
};

const char *op_missing(const char *type)
{
    enum op op;
    if (op_find(type, &op))
        return NULL;
    for (size_t i = 0; i < sizeof replaceable / sizeof replaceable[0]; i++)
        if (!strcmp(type, replaceable[i].type))
            return replaceable[i].instead;
    for (int i = 0; missing[i]; i++)
        if (!strcmp(type, missing[i]))
            return "";
    return NULL;
}

/* ---- windows --------------------------------------------------------------------------------- */

/* From the first to the last element of a dilated kernel. */
static int64_t window_reach(int k, int d) { return (int64_t)(k - 1) * d + 1; }

static int64_t ceil_div(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

int window_extent(int in, int k, int s, int d, int pad_before, int pad_after, bool ceil_mode)
{
    int64_t room = (int64_t)in + pad_before + pad_after - window_reach(k, d);
    if (room < 0 && !ceil_mode)
        return 0;
    int64_t last = ceil_mode ? ceil_div(room, s) : room / s;
    int64_t last_start = ((int64_t)in + pad_before - 1) / s;
    if (ceil_mode && last > last_start)
        last = last_start;  /* no window starts in the padding behind the input */
    return last < 0 ? 0 : last >= INT32_MAX ? INT32_MAX : (int)last + 1;
}

void window_padding(const struct padding *p, int axis, int in, int k, int s, int d, int *before,
        int *after)
{
    *before = p->kind == PAD_EXPLICIT ? p->border[2 * axis] : 0;
    *after = p->kind == PAD_EXPLICIT ? p->border[2 * axis + 1] : 0;
    if (p->kind != PAD_SAME)
        return;
    int64_t out = ceil_div(in, s);
    int64_t total = (out - 1) * s + window_reach(k, d) - in;
    if (total < 0)
        total = 0;
    if (total > INT32_MAX)
        total = INT32_MAX;
    *before = (int)(total / 2);
    *after = (int)(total - total / 2);
}

bool axis_resolve(int axis, int rank, int *out)
{
    if (axis < -rank || axis >= rank)
        return false;
    *out = axis < 0 ? axis + rank : axis;
    return true;
}

/* ---- weights --------------------------------------------------------------------------------- */

struct weight *add_weight(struct node *n, const char *name, const char *torch_name,
        struct shape shape)
{
    if (n->weights == MAX_WEIGHTS)
        bug("%s has too many weights", n->name);
    struct weight *w = &n->weight[n->weights++];
    *w = (struct weight){.name = name, .torch_name = torch_name, .shape = shape, .init = INIT_ZERO,
        .trainable = true};
    for (int i = 0; i < LIMIT_RANK; i++)
        w->torch_order[i] = (int8_t)i;
    return w;
}

const struct weight *find_weight(const struct node *n, const char *name)
{
    for (int i = 0; i < n->weights; i++)
        if (!strcmp(n->weight[i].name, name))
            return &n->weight[i];
    return NULL;
}
