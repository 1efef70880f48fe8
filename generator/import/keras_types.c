/* The layers of Keras that can be imported, and why others can't. */
#include <string.h>

#include "keras_lower.h"
#include "text.h"

#define CONV "strides padding dilation_rate use_bias"
#define POOL "pool_size strides padding"

static const struct klayer_type types[] = {
    {"Conv2D", false, "filters kernel_size groups " CONV, {{"kernel", NULL}, {"bias", "use_bias"}}},
    {"DepthwiseConv2D", false, "kernel_size depth_multiplier " CONV,
     {{"kernel|depthwise_kernel", NULL}, {"bias", "use_bias"}}},
    {"SeparableConv2D", false, "filters kernel_size depth_multiplier " CONV,
     {{"depthwise_kernel", NULL}, {"pointwise_kernel", NULL}, {"bias", "use_bias"}}},
    {"Conv2DTranspose", false, "filters kernel_size output_padding " CONV,
     {{"kernel", NULL}, {"bias", "use_bias"}}},
    {"Dense", false, "units use_bias", {{"kernel", NULL}, {"bias", "use_bias"}}},
    {"MaxPooling2D", NULL, POOL, {{0}}},
    {"AveragePooling2D", NULL, POOL, {{0}}},
    {"GlobalMaxPooling2D", false, "keepdims", {{0}}},
    {"GlobalAveragePooling2D", false, "keepdims", {{0}}},
    {"Conv1D", false, "filters kernel_size groups " CONV, {{"kernel", NULL}, {"bias", "use_bias"}}},
    {"MaxPooling1D", NULL, POOL, {{0}}},
    {"AveragePooling1D", NULL, POOL, {{0}}},
    {"GlobalMaxPooling1D", false, "keepdims", {{0}}},
    {"GlobalAveragePooling1D", false, "keepdims", {{0}}},
    {"ZeroPadding1D", false, "padding", {{0}}},
    {"Cropping1D", false, "cropping", {{0}}},
    {"UpSampling1D", false, "size", {{0}}},
    {"BatchNormalization", false, "axis epsilon center scale",
     {{"gamma", "scale"}, {"beta", "center"}, {"moving_mean", NULL}, {"moving_variance", NULL}}},
    {"LayerNormalization", false, "axis epsilon center scale",
     {{"gamma", "scale"}, {"beta", "center"}}},
    {"Rescaling", false, "scale offset", {{0}}},
    {"Normalization", false, "axis invert", {{0}}},
    {"Activation", false, "", {{0}}},
    {"ReLU", false, "max_value negative_slope threshold", {{0}}},
    {"LeakyReLU", false, "alpha>negative_slope negative_slope", {{0}}},
    {"PReLU", false, "shared_axes", {{"alpha", NULL}}},
    {"ELU", false, "alpha", {{0}}},
    {"Softmax", false, "axis", {{0}}},
    {"Flatten", false, "", {{0}}},
    {"Reshape", false, "target_shape", {{0}}},
    {"Permute", false, "dims", {{0}}},
    {"ZeroPadding2D", false, "padding", {{0}}},
    {"Cropping2D", false, "cropping", {{0}}},
    {"UpSampling2D", false, "size interpolation", {{0}}},
    {"Add", false, "", {{0}}},
    {"Subtract", false, "", {{0}}},
    {"Multiply", false, "", {{0}}},
    {"Maximum", false, "", {{0}}},
    {"Minimum", false, "", {{0}}},
    {"Average", false, "", {{0}}},
    {"Concatenate", false, "axis", {{0}}},
    {"Identity", true, "", {{0}}},
    {"Dropout", true, "", {{0}}},
    {"SpatialDropout1D", true, "", {{0}}},
    {"SpatialDropout2D", true, "", {{0}}},
    {"GaussianDropout", true, "", {{0}}},
    {"GaussianNoise", true, "", {{0}}},
    {"AlphaDropout", true, "", {{0}}},
    {"ActivityRegularization", true, "", {{0}}},
    {"RandomFlip", true, "", {{0}}},
    {"RandomRotation", true, "", {{0}}},
    {"RandomZoom", true, "", {{0}}},
    {"RandomTranslation", true, "", {{0}}},
    {"RandomContrast", true, "", {{0}}},
    {"RandomBrightness", true, "", {{0}}},
};

const struct klayer_type *keras_layer_type(const char *class_name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(types[i].class_name, class_name))
            return &types[i];
    return NULL;
}

static const char *const recurrent[] = {"LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional",
    "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", NULL};
static const char *const volumes[] = {"Conv3D", "Conv3DTranspose", "MaxPooling3D",
    "AveragePooling3D", "GlobalMaxPooling3D", "GlobalAveragePooling3D", "ZeroPadding3D",
    "Cropping3D", "UpSampling3D", NULL};
static const char *const code[] = {"Lambda", "TFOpLambda", "TensorFlowOpLayer", "SlicingOpLambda",
    "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", NULL};
static const char *const attention[] = {"Attention", "AdditiveAttention", "MultiHeadAttention",
    "GroupQueryAttention", "Embedding", NULL};

const char *keras_why_not(const char *class_name)
{
    return text_is_one_of(class_name, recurrent) ? "recurrent layers are not supported"
         : text_is_one_of(class_name, volumes)   ? "3D layers are not supported"
         : text_is_one_of(class_name, code)      ? "it holds program code, not a layer's arguments"
         : text_is_one_of(class_name, attention) ? "attention and embeddings are not supported"
                                                 : "there is no such layer in cnngen";
}
