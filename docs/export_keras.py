#!/usr/bin/env python3
"""Writes a Keras model as a specification and weights for cnngen. Needs Keras 2 or 3, and numpy; no HDF5.

    from export_keras import export
    export(model, "net.yaml")                       # and net.safetensors beside it
    export(model, "net.yaml", shapes={"image": (224, 224, 3)})   # where the model leaves sizes open

Sequential and Functional models, models in models, layers that are called more than once. cnngen-import-keras reads
more, from saved files: use it where it can be built. What can't be written is reported all together, as an ExportError.
"""
import json
import os
import re
import struct

import numpy as np

# Arguments that are written, and weights in the order of layer.get_weights(): (name, the flag that there is one).
CONV = ["strides", "padding", "dilation_rate", "use_bias"]
POOL = ["pool_size", "strides", "padding"]
BIAS = ("bias", "use_bias")
SCALES = [("gamma", "scale"), ("beta", "center")]
WINDOWS = {   # of images and, with 1D for 2D, of signals
    "Conv2D": (["filters", "kernel_size", "groups"] + CONV, [("kernel", None), BIAS]),
    "DepthwiseConv2D": (["kernel_size", "depth_multiplier"] + CONV, [("kernel", None), BIAS]),
    "SeparableConv2D": (["filters", "kernel_size", "depth_multiplier"] + CONV,
                        [("depthwise_kernel", None), ("pointwise_kernel", None), BIAS]),
    "Conv2DTranspose": (["filters", "kernel_size", "output_padding"] + CONV, [("kernel", None), BIAS]),
    "MaxPooling2D": (POOL, []), "AveragePooling2D": (POOL, []),
    "GlobalMaxPooling2D": (["keepdims"], []), "GlobalAveragePooling2D": (["keepdims"], []),
    "ZeroPadding2D": (["padding"], []), "Cropping2D": (["cropping"], []),
}
LAYERS = {
    **WINDOWS, **{name.replace("2D", "1D"): row for name, row in WINDOWS.items()},
    "UpSampling2D": (["size", "interpolation"], []), "UpSampling1D": (["size"], []),
    "Dense": (["units", "use_bias"], [("kernel", None), BIAS]),
    "BatchNormalization": (["axis", "epsilon", "center", "scale"],
                           SCALES + [("moving_mean", None), ("moving_variance", None)]),
    "LayerNormalization": (["axis", "epsilon", "center", "scale"], SCALES),
    "GroupNormalization": (["groups", "axis", "epsilon", "center", "scale"], SCALES),
    "RMSNormalization": (["axis", "epsilon"], [("scale", None)]),
    "UnitNormalization": (["axis"], []), "Normalization": (["axis", "invert"], []),
    "Rescaling": (["scale", "offset"], []), "ReLU": (["max_value", "negative_slope", "threshold"], []),
    "LeakyReLU": (["negative_slope"], []), "PReLU": (["shared_axes"], [("alpha", None)]), "ELU": (["alpha"], []),
    "Softmax": (["axis"], []), "Activation": ([], []), "Flatten": ([], []), "Reshape": (["target_shape"], []),
    "Permute": (["dims"], []), "Add": ([], []), "Subtract": ([], []), "Multiply": ([], []),
    "Maximum": ([], []), "Minimum": ([], []), "Average": ([], []), "Concatenate": (["axis"], []),
}
IDLE = {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout",
        "ActivityRegularization", "Identity", "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation",
        "RandomContrast", "RandomBrightness"}
MODELS = {"Functional", "Sequential", "Model"}
ACTIVATIONS = {"linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "sigmoid", "hard_sigmoid", "tanh",
               "hard_tanh", "silu", "hard_silu", "mish", "softplus", "softsign", "exponential", "log_sigmoid", "softmax",
               "log_softmax"}
SAME = {"swish": "silu", "hard_swish": "hard_silu"}


class ExportError(Exception):
    pass


class Unsupported(Exception):
    """One layer that can't be written, and why."""


def check(condition, why):
    if not condition:
        raise Unsupported(why)


# ---- calls: what a layer is called with, in Keras 2's and Keras 3's writing -----------------------------------------

def history(v):
    check(isinstance(v, dict) and v.get("class_name") == "__keras_tensor__", "it is called with other things than tensors")
    return tuple(v["config"]["keras_history"][:3])


def call_of(node):
    """[(layer, call, output)]"""
    if isinstance(node, dict):
        kwargs, tensors = node.get("kwargs") or {}, []
        for arg in node["args"]:
            tensors += [history(a) for a in (arg if isinstance(arg, list) else [arg])]
    else:
        entries = [node] if isinstance(node[0], str) else node
        tensors = [tuple(e[:3]) for e in entries]
        kwargs = {k: v for e in entries if len(e) > 3 for k, v in e[3].items()}
    check(not kwargs.get("training"), "it is called with training=True")
    others = [k for k, v in kwargs.items() if v is not None and k not in ("training", "name")]
    check(not others, "it is called with the argument %s" % ", ".join(others))
    return tensors


def ends_of(ends):
    return [tuple(ends)] if isinstance(ends[0], str) else [tuple(e) for e in ends]


# ---- the walk ---------------------------------------------------------------------------------------------------

class Writer:
    def __init__(self, shapes, version):
        self.shapes, self.version = shapes or {}, version
        self.layers, self.tensors, self.refused = [], {}, []
        self.used, self.first, self.batch = set(), {}, 1

    def legal(self, name):
        """At most 63 of the characters that cnngen takes, and not twice."""
        base = re.sub(r"[^A-Za-z0-9_./-]", "_", name).lstrip("./-") or "layer"
        base, n, name = base[:55], 0, base[:63]
        while name in self.used:
            n, name = n + 1, "%s_%d" % (base, n + 1)
        self.used.add(name)
        return name

    def add(self, kind, name, inputs, keys):
        name = self.legal(name)
        self.layers.append((kind, name, inputs, keys))
        return name

    def input(self, name, config, dims=None):
        dims = dims or config.get("batch_shape") or config.get("batch_input_shape")
        shape = self.shapes.get(name) or (dims or [None, None])[1:]
        if any(d is None for d in shape):
            self.refused.append("input '%s' has the open shape %s: say shapes={'%s': (...)}" % (name, list(shape), name))
            return name
        return self.add("Input", name, [], {"shape": list(shape)})

    # ---- layers

    def activation(self, keys, config):
        """None, or the layers to be put behind: Keras 2's hard_sigmoid is steeper than cnngen's."""
        value = config.get("activation")
        if isinstance(value, dict):
            check(value.get("class_name") == "function", "a layer as activation is not supported")
            value = value["config"]
        value = SAME.get(value, value) or "linear"
        check(value in ACTIVATIONS, "there is no activation '%s' in cnngen" % value)
        if value == "hard_sigmoid" and self.version < 3:
            return True
        if value != "linear":
            keys["activation"] = value
        return False

    def statistics(self, layer, keys, config):
        """Mean and variance are arguments, or what adapt() found: weights, the third of which is a count."""
        found = [config.get("mean"), config.get("variance")]
        if found[0] is None:
            found = layer.get_weights()[:2]
            check(len(found) == 2, "it has neither a mean and a variance nor weights")
        keys["mean"], keys["variance"] = ([float(v) for v in np.ravel(f)] for f in found)

    def weights(self, layer, kind, name, keys, config):
        wanted = [n for n, flag in LAYERS[kind][1] if not flag or config.get(flag, True)]
        if not wanted:
            return
        if layer in self.first:
            keys["weights"] = {n: "%s.%s" % (self.first[layer], n) for n in wanted}
            return
        found = layer.get_weights()
        check(len(found) == len(wanted), "it has %d weights, not %d" % (len(found), len(wanted)))
        for n, w in zip(wanted, found):
            self.tensors["%s.%s" % (name, n)] = np.ascontiguousarray(w, "<f4")
        self.first[layer] = name

    def layer(self, kind, layer, config, name, inputs, module=""):
        check(kind in LAYERS or kind in IDLE, "there is no such layer in cnngen, or not for this script")
        check(module in ("", None) or module.split(".")[0] in ("keras", "tf_keras"), "it is a class of its own")
        check(".ops" not in (module or "") or kind in ("Add", "Subtract", "Multiply", "Maximum", "Minimum"),
              "this operation is not supported")
        check(config.get("data_format") != "channels_first", "its data_format is channels_first")
        check(not config.get("rms_scaling"), "rms_scaling is not supported")
        if kind in IDLE:
            return inputs[0]
        config = dict(config)
        if kind == "LeakyReLU":
            config.setdefault("negative_slope", config.get("alpha"))
        keys = {k: config[k] for k in LAYERS[kind][0] if config.get(k) is not None}
        if "1D" in kind:             # Keras writes lists of one
            keys = {k: v[0] if isinstance(v, (list, tuple)) and len(v) == 1 else v for k, v in keys.items()}
        if kind == "Normalization":
            self.statistics(layer, keys, config)
        steep = self.activation(keys, config)
        if kind == "Activation":
            return self.steep(name, inputs) if steep else self.add(
                kind, name, inputs, keys or {"activation": "linear"})
        name = self.add(kind, name, inputs, keys)
        self.weights(layer, kind, name, keys, config)
        return self.steep(name + "/activation", [name]) if steep else name

    def steep(self, name, inputs):
        scaled = self.add("Rescaling", name + "/slope", inputs, {"scale": 1.2})
        return self.add("Activation", name, [scaled], {"activation": "hard_sigmoid"})

    # ---- models

    def one(self, model, item, name, inputs):
        """The outputs of one call."""
        kind, config = item["class_name"], item["config"]
        # An operation of keras.ops is no layer, and has no weights.
        layer = None if ".ops" in (item.get("module") or "") else model.get_layer(config.get("name", item.get("name")))
        try:
            if kind in MODELS:
                return self.model(layer, item, name + "/", inputs)
            return [self.layer(kind, layer, config, name, inputs, item.get("module"))]
        except Unsupported as e:
            self.refused.append("layer '%s' (%s): %s" % (name, kind, e))
            return [name]

    def sequential(self, model, config, prefix, inputs, build):
        items = config["layers"]
        first = items[0]
        if first["class_name"] == "InputLayer":
            items = items[1:]
        if inputs is None and first["class_name"] == "InputLayer":
            inputs = [self.input(first["config"]["name"], first["config"])]
        elif inputs is None:
            inputs = [self.input(first["config"]["name"] + "_input", first["config"], build)]
        for item in items:
            inputs = self.one(model, item, prefix + item["config"]["name"], inputs)
        return inputs

    def functional(self, model, config, prefix, inputs):
        value, todo = {}, []
        items = {item["name"]: item for item in config["layers"]}
        for i, end in enumerate(ends_of(config["input_layers"])):
            value[end[0], 0] = [inputs[i]] if inputs else [self.input(end[0], items[end[0]]["config"])]
        for item in config["layers"]:
            for i, node in enumerate(item["inbound_nodes"]):
                try:
                    todo.append((item, i, call_of(node)))
                except Unsupported as e:
                    self.refused.append("layer '%s' (%s): %s" % (item["name"], item["class_name"], e))
                    value[item["name"], i] = [item["name"]]
        while todo:
            ready = [t for t in todo if all((r[0], r[1]) in value for r in t[2])]
            if not ready:
                raise ExportError("the layers of '%s' wait for each other in a circle" % config.get("name"))
            for item, i, refs in ready:
                name = prefix + item["name"] + ("_%d" % i if i else "")
                value[item["name"], i] = self.one(model, item, name, [value[r[0], r[1]][r[2]] for r in refs])
            todo = [t for t in todo if (t[0]["name"], t[1]) not in value]
        return [value[r[0], r[1]][r[2]] for r in ends_of(config["output_layers"])]

    def model(self, model, item, prefix, inputs):
        config = item["config"]
        if item["class_name"] == "Sequential":
            build = (item.get("build_config") or {}).get("input_shape") or config.get("build_input_shape")
            return self.sequential(model, config, prefix, inputs, build)
        return self.functional(model, config, prefix, inputs)


# ---- files --------------------------------------------------------------------------------------------------------

def needed(layers, outputs):
    wanted = set(outputs)
    for _, name, inputs, _ in reversed(layers):
        if name in wanted:
            wanted.update(inputs)
    return [layer for layer in layers if layer[1] in wanted]


def spec_text(layers, outputs, weights, name):
    lines = ["cnngen: 1", "name: %s" % name]
    if weights:
        lines.append("weights: %s" % json.dumps(weights))
    lines.append("layers:")
    before = None
    for kind, layer, inputs, keys in layers:
        item = ["type: %s" % kind, "name: %s" % json.dumps(layer)]
        if inputs and inputs != [before]:
            item.append("inputs: %s" % json.dumps(inputs))
        item += ["%s: %s" % (k, json.dumps(v)) for k, v in keys.items()]
        lines.append("  - {%s}" % ", ".join(item))
        before = layer
    return "\n".join(lines) + "\noutputs: %s\n" % json.dumps(outputs)


def safetensors_bytes(tensors):
    """The length of a JSON header, the header, the tensors' bytes: float32, little-endian."""
    header, at = {}, 0
    for name, w in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(w.shape), "data_offsets": [at, at + w.nbytes]}
        at += w.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(w.tobytes() for w in tensors.values())


def keras_version(model):
    """3 where the configuration is written as Keras 3 does."""
    text = json.loads(model.to_json())
    return 2 if str(text.get("keras_version", "3")).startswith("2") else 3


def export(model, path, shapes=None, name="model"):
    """shapes: {input: (height, width, channels)}; name: the prefix of the emitted C."""
    item = json.loads(model.to_json())
    if item.get("class_name") not in MODELS:
        raise ExportError("a model of the class %s is Python code, not layers" % item.get("class_name"))
    writer = Writer(shapes, keras_version(model))
    outputs = writer.model(model, item, "", None)
    if writer.refused:
        raise ExportError("this model can't be exported:\n  " + "\n  ".join(writer.refused))
    layers = needed(writer.layers, outputs)
    names = {layer[1] for layer in layers}
    tensors = {k: w for k, w in writer.tensors.items() if k.rpartition(".")[0] in names}
    weights = os.path.splitext(path)[0] + ".safetensors"
    if tensors:
        with open(weights, "wb") as f:
            f.write(safetensors_bytes(tensors))
    with open(path, "w", encoding="utf-8") as f:
        f.write(spec_text(layers, outputs, os.path.basename(weights) if tensors else None, name))
