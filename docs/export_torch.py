#!/usr/bin/env python3
"""Writes a PyTorch model as a specification and weights for cnngen. Needs PyTorch 1.13 or later, nothing else.

    from export_torch import export
    export(model, (3, 224, 224), "net.yaml")        # and net.safetensors beside it

The shape is that of one image, channels first as PyTorch has it; (n,) for a vector. The model is traced with torch.fx, so
its forward() may call modules and functions, but must not decide anything by a tensor's value. Weights keep PyTorch's
names and order of dimensions: the specification says `layout: torch`, and cnngen does the rest.

The emitted C takes and gives images with channels last: [height, width, channels].

What can't be written is reported all together, as an ExportError.
"""
import json
import os
import struct

import torch
import torch.fx
from torch import nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional as F


class ExportError(Exception):
    pass


class Unsupported(Exception):
    """One layer that can't be written, and why."""


def pair(v):
    return [v, v] if isinstance(v, int) else list(v)


def check(condition, why):
    if not condition:
        raise Unsupported(why)


def shape_of(node):
    """Of one image or vector, without the batch."""
    return list(node.meta["tensor_meta"].shape)[1:]


# ---- modules: (type, keys, tensors: cnngen takes PyTorch's names as they are) ---------------------------------

def conv(m, x):
    check(m.padding_mode == "zeros", f"padding_mode is {m.padding_mode}")
    keys = {"kernel_size": pair(m.kernel_size), "strides": pair(m.stride), "dilation_rate": pair(m.dilation),
            "padding": m.padding if isinstance(m.padding, str) else pair(m.padding), "use_bias": m.bias is not None}
    depthwise = m.groups == m.in_channels and m.groups > 1
    if depthwise:
        keys["depth_multiplier"] = m.out_channels // m.groups
    else:
        keys.update(filters=m.out_channels, groups=m.groups)
    return ("DepthwiseConv2D" if depthwise else "Conv2D"), keys


def conv_transpose(m, x):
    check(m.groups == 1, "groups of a transposed convolution are not supported")
    return "Conv2DTranspose", {"filters": m.out_channels, "kernel_size": pair(m.kernel_size), "strides": pair(m.stride),
                               "padding": pair(m.padding), "output_padding": pair(m.output_padding),
                               "dilation_rate": pair(m.dilation), "use_bias": m.bias is not None}


def batch_norm(m, x):
    check(m.running_mean is not None, "it keeps no running statistics")
    return "BatchNormalization", {"epsilon": m.eps, "scale": m.affine, "center": m.affine}


def linear(m, x):
    return "Dense", {"units": m.out_features, "use_bias": m.bias is not None}


def prelu(m, x):
    return "PReLU", {"shared_axes": [1, 2]} if len(x) == 3 else {}


def layer_norm(m, x):
    check(len(x) == 1 and list(m.normalized_shape) == x, "only a vector can be normalized as a whole")
    return "LayerNormalization", {"epsilon": m.eps, "scale": m.elementwise_affine, "center": m.elementwise_affine}


def max_pool(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    check(pair(dilation) == [1, 1], "dilated pooling is not supported")
    check(not return_indices, "indices of maxima are not supported")
    return "MaxPooling2D", {"pool_size": pair(kernel_size), "strides": pair(stride or kernel_size),
                            "padding": pair(padding), "ceil_mode": bool(ceil_mode)}


def avg_pool(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    check(divisor_override is None, "divisor_override is not supported")
    return "AveragePooling2D", {"pool_size": pair(kernel_size), "strides": pair(stride or kernel_size),
                                "padding": pair(padding), "ceil_mode": bool(ceil_mode),
                                "count_include_pad": bool(count_include_pad)}


def adaptive_pool(kind):
    def pool(x, output_size, return_indices=False):
        out = [n if n is not None else d for n, d in zip(pair(output_size), x[1:])]
        if out == [1, 1]:
            return "Global%sPooling2D" % kind, {"keepdims": True}
        check(x[1] % out[0] == 0 and x[2] % out[1] == 0, f"{x[1]}x{x[2]} pixels don't divide into {out[0]}x{out[1]}")
        size = [x[1] // out[0], x[2] // out[1]]
        return "%sPooling2D" % kind, {"pool_size": size, "strides": size}
    return pool


def upsample(x, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None,
             antialias=False):
    check(mode in ("nearest", "bilinear"), f"mode {mode} is not supported")
    check(not align_corners and not antialias, "align_corners and antialias are not supported")
    out = pair(size) if size is not None else [d * f for d, f in zip(x[1:], pair_of_numbers(scale_factor))]
    check(all(o % d == 0 for o, d in zip(out, x[1:])), "only whole factors are supported")
    return "UpSampling2D", {"size": [int(o // d) for o, d in zip(out, x[1:])], "interpolation": mode}


def pair_of_numbers(v):
    return [v, v] if isinstance(v, (int, float)) else list(v)


def flatten(x, start_dim=0, end_dim=-1):
    check(start_dim == 1 and end_dim in (-1, len(x)), "only all dimensions behind the batch can be flattened")
    return "Flatten", {}


def view(x, *size):
    total = 1
    for d in x:
        total *= d
    sizes = list(size[0]) if len(size) == 1 and isinstance(size[0], (list, tuple, torch.Size)) else list(size)
    check(len(sizes) == 2 and sizes[1] in (-1, total), "only [batch, everything] can be made of a tensor")
    return "Flatten", {}


def zero_pad(m, x):
    left, right, top, bottom = m.padding
    check(min(m.padding) >= 0, "negative padding is not supported")
    return "ZeroPadding2D", {"padding": [[top, bottom], [left, right]]}


def softmax(log):
    def layer(x, dim=None, _stacklevel=3, dtype=None):
        check(dim in (1, -1) if len(x) == 1 else dim in (1, -len(x)), f"only over the channels, not over dim {dim}")
        return "Activation", {"activation": "log_softmax" if log else "softmax"}
    return layer


def act(name, **fixed):
    """A function of one tensor with arguments that must have the given values."""
    def layer(x, *args, inplace=False, **kwargs):
        check(not args, "arguments have to be given by name")
        for key, value in kwargs.items():
            check(fixed.get(key, value) == value, f"{key}={value} is not supported")
        return "Activation", {"activation": name}
    return layer


def leaky(x, negative_slope=0.01, inplace=False):
    return "LeakyReLU", {"negative_slope": negative_slope}


def elu(x, alpha=1.0, inplace=False):
    return "ELU", {"alpha": alpha}


def hardtanh(x, min_val=-1.0, max_val=1.0, inplace=False):
    check((min_val, max_val) in ((-1.0, 1.0), (0.0, 6.0)), "only from -1 to 1 and from 0 to 6")
    return "Activation", {"activation": "hard_tanh" if min_val else "relu6"}


def gelu(x, approximate="none"):
    return "Activation", {"activation": {"name": "gelu", "approximate": True} if approximate == "tanh" else "gelu"}


def mean(x, dim, keepdim=False):
    dims = sorted(d % (len(x) + 1) for d in (dim if isinstance(dim, (list, tuple)) else [dim]))
    check(len(x) == 3 and dims == [2, 3], "only the mean of an image's pixels, dim=[2, 3]")
    return "GlobalAveragePooling2D", {"keepdims": keepdim}


def cat(x, dim=0):
    check(dim in (1, -len(x) - 1 + 1), f"only the channels can be joined, dim=1, not dim={dim}")
    return "Concatenate", {}


def attrs(function, *names):
    """A module's arguments, handed to the function of that name."""
    return lambda m, x: function(x, **{n: getattr(m, n) for n in names})


IDLE = (nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.Identity)
MODULES = {
    nn.Conv2d: conv, nn.ConvTranspose2d: conv_transpose, nn.BatchNorm2d: batch_norm, nn.BatchNorm1d: batch_norm,
    nn.Linear: linear, nn.PReLU: prelu, nn.LayerNorm: layer_norm, nn.ZeroPad2d: zero_pad,
    nn.MaxPool2d: attrs(max_pool, "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"),
    nn.AvgPool2d: attrs(avg_pool, "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad",
                        "divisor_override"),
    nn.AdaptiveAvgPool2d: attrs(adaptive_pool("Average"), "output_size"),
    nn.AdaptiveMaxPool2d: attrs(adaptive_pool("Max"), "output_size", "return_indices"),
    nn.Upsample: attrs(upsample, "size", "scale_factor", "mode", "align_corners"),
    nn.Flatten: attrs(flatten, "start_dim", "end_dim"), nn.LeakyReLU: attrs(leaky, "negative_slope"),
    nn.ELU: attrs(elu, "alpha"), nn.Hardtanh: attrs(hardtanh, "min_val", "max_val"), nn.GELU: attrs(gelu, "approximate"),
    nn.Softmax: attrs(softmax(False), "dim"), nn.LogSoftmax: attrs(softmax(True), "dim"),
    nn.Softplus: attrs(act("softplus", beta=1, threshold=20), "beta", "threshold"),
    nn.ReLU: attrs(act("relu")), nn.ReLU6: attrs(act("relu6")), nn.Sigmoid: attrs(act("sigmoid")),
    nn.Tanh: attrs(act("tanh")), nn.SiLU: attrs(act("silu")), nn.Hardswish: attrs(act("hard_silu")),
    nn.Hardsigmoid: attrs(act("hard_sigmoid")), nn.Mish: attrs(act("mish")), nn.Softsign: attrs(act("softsign")),
    nn.SELU: attrs(act("selu")), nn.LogSigmoid: attrs(act("log_sigmoid")),
}
FUNCTIONS = {   # by name: F.relu, torch.relu and the method relu are one
    "relu": act("relu"), "relu_": act("relu"), "relu6": act("relu6"), "sigmoid": act("sigmoid"), "tanh": act("tanh"),
    "silu": act("silu"), "hardswish": act("hard_silu"), "hardsigmoid": act("hard_sigmoid"), "mish": act("mish"),
    "softsign": act("softsign"), "selu": act("selu"), "exp": act("exponential"), "logsigmoid": act("log_sigmoid"),
    "leaky_relu": leaky, "elu": elu, "hardtanh": hardtanh, "gelu": gelu, "softmax": softmax(False),
    "log_softmax": softmax(True), "flatten": flatten, "view": view, "reshape": view, "mean": mean, "cat": cat,
    "max_pool2d": max_pool, "avg_pool2d": avg_pool, "adaptive_avg_pool2d": adaptive_pool("Average"),
    "adaptive_max_pool2d": adaptive_pool("Max"), "interpolate": upsample,
}
MERGES = {"add": "Add", "iadd": "Add", "add_": "Add", "sub": "Subtract", "mul": "Multiply", "imul": "Multiply",
          "maximum": "Maximum", "minimum": "Minimum"}
PASSED = ("dropout", "contiguous", "detach")      # do nothing to a tensor at inference
SIZES = ("size", "getattr", "getitem")            # of a tensor's sizes, which are known


# ---- nodes of the trace ---------------------------------------------------------------------------------------

class Writer:
    def __init__(self, model):
        self.traced = torch.fx.symbolic_trace(model)
        self.layers, self.refused, self.used, self.name = [], [], set(), {}

    def add(self, node, kind, keys, inputs, name=None):
        """A layer; names are the modules', or those of the trace."""
        base, n = name or node.name, 1
        name = base
        while name in self.used:
            n, name = n + 1, "%s_%d" % (base, n)
        self.used.add(name)
        self.layers.append((kind, name, [self.name[i] for i in inputs], keys))
        self.name[node] = name

    def module(self, node):
        m, x = self.traced.get_submodule(node.target), shape_of(node.args[0])
        if isinstance(m, IDLE):
            self.name[node] = self.name[node.args[0]]
            return
        check(type(m) in MODULES, "there is no such layer in cnngen")
        weights = any(True for _ in m.parameters())
        check(not weights or node.target not in self.used, "it has weights and is called more than once")
        self.add(node, *MODULES[type(m)](m, x), [node.args[0]], name=node.target)

    def function(self, node, name):
        tensors = node.args[0] if name == "cat" else [
            a for a in node.args if isinstance(a, torch.fx.Node) and "tensor_meta" in a.meta]
        if name in PASSED:
            check(not node.kwargs.get("training"), "it drops out at inference too")
            self.name[node] = self.name[node.args[0]]
        elif name in MERGES:
            numbers = [a for a in node.args if not isinstance(a, torch.fx.Node)]
            check(not numbers and not node.kwargs, "only tensors can be combined, not a tensor and a number")
            check(len({len(shape_of(t)) for t in tensors}) == 1, "the tensors have different numbers of dimensions")
            self.add(node, MERGES[name], {}, node.args)
        else:
            check(name in FUNCTIONS, "there is no such function in cnngen")
            kwargs = {k: v for k, v in node.kwargs.items() if not isinstance(v, torch.fx.Node)}
            args = [self.number(a) for a in node.args[1:]]
            self.add(node, *FUNCTIONS[name](shape_of(tensors[0]), *args, **kwargs), tensors)

    def number(self, arg):
        """Sizes computed from a tensor's shape stand for the batch, or for what remains."""
        if isinstance(arg, (list, tuple)):
            return [self.number(a) for a in arg]
        return 1 if isinstance(arg, torch.fx.Node) else arg

    def node(self, node):
        name = node.target if node.op == "call_method" else getattr(node.target, "__name__", str(node.target))
        if node.op == "call_module":
            self.module(node)
        elif node.op == "get_attr":
            raise Unsupported("constants and parameters outside of modules are not supported")
        elif "tensor_meta" not in node.meta or name in SIZES:
            check(name in SIZES or name in ("add", "mul", "floordiv"), "it computes something other than a tensor")
        else:
            self.function(node, name)

    def all(self, shapes):
        inputs = [n for n in self.traced.graph.nodes if n.op == "placeholder"]
        check(len(inputs) == len(shapes), f"the model has {len(inputs)} inputs, {len(shapes)} shapes are given")
        ShapeProp(self.traced).propagate(*[torch.zeros(1, *s) for s in shapes])
        for node, shape in zip(inputs, shapes):
            hwc = list(shape[1:]) + [shape[0]] if len(shape) == 3 else list(shape)
            self.add(node, "Input", {"shape": hwc}, [])
        for node in self.traced.graph.nodes:
            if node.op in ("placeholder", "output"):
                continue
            try:
                self.node(node)
            except (Unsupported, TypeError) as e:
                what = type(self.traced.get_submodule(node.target)).__name__ if node.op == "call_module" else node.op
                self.refused.append(f"{node.target if isinstance(node.target, str) else node.name} ({what}): {e}")
                self.name[node] = node.name
        ends = next(n for n in self.traced.graph.nodes if n.op == "output").args[0]
        return [self.name[e] for e in (ends if isinstance(ends, (list, tuple)) else [ends])]


# ---- files ----------------------------------------------------------------------------------------------------

def needed(layers, outputs):
    """The layers that the outputs depend on."""
    wanted = set(outputs)
    for kind, name, inputs, _ in reversed(layers):
        if name in wanted:
            wanted.update(inputs)
    return [layer for layer in layers if layer[1] in wanted or layer[0] == "Input"]


def spec_text(layers, outputs, weights, name):
    lines = ["cnngen: 1", "name: %s" % name, "weights: {file: %s, layout: torch}" % json.dumps(weights), "layers:"]
    before = None
    for kind, layer, inputs, keys in layers:
        item = ["type: %s" % kind, "name: %s" % json.dumps(layer)]
        if inputs and inputs != [before]:
            item.append("inputs: %s" % json.dumps(inputs))
        item += ["%s: %s" % (k, json.dumps(v).replace('"', "")) for k, v in keys.items()]
        lines.append("  - {%s}" % ", ".join(item))
        before = layer
    return "\n".join(lines) + "\noutputs: %s\n" % json.dumps(outputs)


def safetensors_bytes(tensors):
    """The length of a JSON header, the header, the tensors' bytes: float32, little-endian."""
    header, data = {}, []
    at = 0
    for name, t in tensors.items():
        raw = t.detach().cpu().to(torch.float32).contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [at, at + len(raw)]}
        data.append(raw)
        at += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data)


def export(model, shape, path, name="model"):
    """shape: of one input without the batch, or a list of such shapes."""
    training, model = model.training, model.eval()
    try:
        with torch.no_grad():
            writer = Writer(model)
            outputs = writer.all([shape] if isinstance(shape[0], int) else list(shape))
    finally:
        model.train(training)
    if writer.refused:
        raise ExportError("this model can't be exported:\n  " + "\n  ".join(writer.refused))
    layers = needed(writer.layers, outputs)
    owners = {layer[1] for layer in layers}
    tensors = {k: v for k, v in model.state_dict().items()
               if k.rpartition(".")[0] in owners and not k.endswith("num_batches_tracked")}
    weights = os.path.splitext(path)[0] + ".safetensors"
    with open(weights, "wb") as f:
        f.write(safetensors_bytes(tensors))
    with open(path, "w", encoding="utf-8") as f:
        f.write(spec_text(layers, outputs, os.path.basename(weights), name))
