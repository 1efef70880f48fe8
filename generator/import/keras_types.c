/* The layers of Keras that can be imported, and why others can't. */
#include <string.h>

#include "keras_lower.h"
#include "ops.h"
#include "out.h"
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
    {"DepthwiseConv1D", false, "kernel_size depth_multiplier " CONV,
     {{"kernel|depthwise_kernel", NULL}, {"bias", "use_bias"}}},
    {"SeparableConv1D", false, "filters kernel_size depth_multiplier " CONV,
     {{"depthwise_kernel", NULL}, {"pointwise_kernel", NULL}, {"bias", "use_bias"}}},
    {"Conv1DTranspose", false, "filters kernel_size output_padding " CONV,
     {{"kernel", NULL}, {"bias", "use_bias"}}},
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
    {"RMSNormalization", false, "axis epsilon", {{"scale", NULL}}},
    {"UnitNormalization", false, "axis", {{0}}},
    {"GroupNormalization", false, "groups axis epsilon center scale",
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

/* Keras' names, and cnngen's where they differ. Their arguments are the same by default. */
static const struct { const char *name, *to; } activations[] = {
    {"linear", "linear"}, {"relu", "relu"}, {"relu6", "relu6"}, {"leaky_relu", "leaky_relu"},
    {"elu", "elu"}, {"selu", "selu"}, {"celu", "celu"}, {"gelu", "gelu"}, {"sigmoid", "sigmoid"},
    {"hard_sigmoid", "hard_sigmoid"}, {"tanh", "tanh"}, {"hard_tanh", "hard_tanh"},
    {"silu", "silu"}, {"swish", "silu"}, {"hard_silu", "hard_silu"}, {"hard_swish", "hard_silu"},
    {"mish", "mish"}, {"softplus", "softplus"}, {"softsign", "softsign"},
    {"exponential", "exponential"}, {"log_sigmoid", "log_sigmoid"}, {"softmax", "softmax"},
    {"log_softmax", "log_softmax"},
};

const char *keras_activation(const char *name)
{
    for (size_t i = 0; i < sizeof activations / sizeof activations[0]; i++)
        if (!strcmp(activations[i].name, name))
            return activations[i].to;
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

/* ---- the page about it ----------------------------------------------------------------------- */

static const char head[] =
    "# Keras and TensorFlow.js models, .npz\n"
    "\n"
    "Made by `cnngen-import-keras --print-reference`; a test compares.\n"
    "\n"
    "    cnngen import model.keras -o model.yaml\n"
    "\n"
    "writes `model.yaml` and `model.safetensors`. What the file is, its content says:\n"
    "\n"
    "| format | weights are found by |\n"
    "|---|---|\n"
    "| `.keras` of Keras 3, also unpacked into a folder | class, number and place in the "
    "layer; the layer's name, where the file has it, must agree |\n"
    "| `.h5` of Keras 2 and 3 | the group of the outermost layer, and name or place in it |\n"
    "| TensorFlow.js layers model: its folder or `model.json` | name |\n"
    "| weights alone (`.weights.h5`), with `--spec model.yaml -o model.safetensors` | as in "
    "`.h5` or `.keras`; names are the specification's |\n"
    "\n"
    "Models are Functional or Sequential, models in models included; a layer that is called "
    "more than once becomes as many layers with one set of weights. Layers that do nothing at "
    "inference are left out. Sizes that the model leaves open are said with `--shape "
    "INPUT=1,224,224,3`, batch first; a Sequential model without an InputLayer has the input "
    "`LAYER_input`, LAYER being its first. float16, bfloat16 and float64 become float32; "
    "quantised shards of TensorFlow.js (float16, uint8, uint16) are multiplied out. Where "
    "Keras 2 and 3 differ (`hard_sigmoid`, `alpha` of LeakyReLU) the version that wrote the "
    "file decides. What is written is read again as cnngen would read it, so that shapes are "
    "known to fit.\n"
    "\n"
    "Refused, with all such layers at once: `channels_first`, calls with `training=True`, "
    "classes and functions of one's own, subclassed models, quantised layers. Refused as "
    "files: links, virtual and external datasets and other filters than deflate, shuffle and "
    "fletcher32 in HDF5, datasets and archive members that claim more than can be in them, "
    "encrypted archives, weights sharded over several `.h5` files, the layout that TensorFlow "
    "2.12 and 2.13 gave to `.keras`, graph models of TensorFlow.js, SavedModel. HDF5 is read "
    "by libhdf5 in a process of its own, which may crash, or run for ten seconds and what the "
    "size allows besides, without harm.\n"
    "\n"
    "    cnngen import weights.npz -o model.safetensors\n"
    "\n"
    "turns NumPy's archives into weight files: each array is a tensor of its name "
    "(`conv.kernel`), float16, float32 or float64, of 1 to 4 dimensions.\n"
    "\n"
    "[export_keras.py](export_keras.py) and [export_torch.py](export_torch.py) write "
    "specification and weights from within Keras and PyTorch, with nothing but numpy and the "
    "standard library besides. The one for PyTorch is tested with PyTorch 1.13; the one for "
    "Keras on stand-ins for Keras' objects, as the tests have no Keras.\n"
    "\n"
    "## Layers\n"
    "\n"
    "| layer | arguments | weights |\n"
    "|---|---|---|\n";

static void print_type(const struct klayer_type *t, struct out *out)
{
    enum op op;
    if (t->idle) {
        out_printf(out, "| %s | | left out |\n", t->class_name);
        return;
    }
    if (!op_find(t->class_name, &op))
        return;
    out_printf(out, "| %s | %s | ", t->class_name, t->keys);
    for (int i = 0; i < KERAS_MAX_WEIGHTS && t->weight[i].names; i++)
        out_printf(out, "%s%.*s", i ? ", " : "", (int)strcspn(t->weight[i].names, "|"),
                t->weight[i].names);
    out_printf(out, " |\n");
}

void keras_types_print(struct out *out)
{
    out_printf(out, "%s", head);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        print_type(&types[i], out);
    out_printf(out, "\n`a>b`: Keras 2's `a` is cnngen's `b`. "
                    "Layers with an activation take it too.\n\n## Activations\n\n");
    for (size_t i = 0; i < sizeof activations / sizeof activations[0]; i++)
        out_printf(out, "%s%s", i ? ", " : "", activations[i].name);
    out_printf(out, "; and the layers ReLU, LeakyReLU, ELU and Softmax as another "
                    "one's activation.\n");
}
