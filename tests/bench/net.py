"""A network built layer by layer and written twice, for cnngen and as ONNX, from the same numbers.

Net.write() leaves in a folder model.cnn.yaml and model.safetensors (PyTorch's names and order),
model.onnx, the input as floats, channels first (input.chw) and last (input.hwc), and for a single
convolution its weights (weight.oihw, bias) besides. Weights are He-normal and, like the input,
depend on the model's name alone.
"""
import json
import math
import os
import struct
import zlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save


def pair(value):
    return [value, value] if isinstance(value, int) else list(value)


ACTIVATIONS = {     # cnngen's name: the operator of ONNX and its attributes
    'relu': ('Relu', {}), 'relu6': ('Clip', {}), 'sigmoid': ('Sigmoid', {}), 'softmax': ('Softmax', {}),
    'silu': ('Sigmoid', {}), 'hard_silu': ('HardSwish', {}),
    'hard_sigmoid': ('HardSigmoid', {'alpha': 1 / 6, 'beta': 0.5}), 'leaky_relu': ('LeakyRelu', {'alpha': 0.1}),
}


class Net:
    """Tensors are named by the layer that makes them; shapes are (channels, height, width)."""

    def __init__(self, name, kind, shape):
        self.name, self.kind = name, kind
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))
        self.last, self.shapes = 'x', {'x': tuple(shape)}
        channels, height, width = shape
        self.layers = [{'type': 'Input', 'name': 'x', 'shape': [height, width, channels]}]
        self.nodes, self.constants, self.tensors = [], [], {}
        self.macs = 0
        self.geometry = None            # of the last convolution, as time_onednn takes it

    @property
    def output_shape(self):
        return (self.shapes[self.last] + (1, 1))[:3]

    def layer(self, type, op, shape, inputs=None, constants=(), attributes=None, **keys):
        """One layer for cnngen, one node for ONNX; returns the name of its result."""
        name, inputs = 't%d' % len(self.layers), inputs or [self.last]
        if inputs != [self.last]:
            keys['inputs'] = inputs
        self.layers.append(dict(type=type, name=name, **keys))
        names = []
        for key, values in constants:
            self.tensors[name + '.' + key] = values
            self.constants.append(numpy_helper.from_array(values, name + '.' + key))
            names.append(name + '.' + key)
        self.nodes.append(helper.make_node(op, inputs + names, [name], **(attributes or {})))
        self.last, self.shapes[name] = name, tuple(shape)
        return name

    def normal(self, shape, scale, mean=0.0):
        return (self.rng.standard_normal(shape) * scale + mean).astype(np.float32)

    def conv(self, filters, kernel, stride=1, pad=None, dilation=1, groups=1, act=None,
             source=None):
        """pad: pixels all around, 'valid', or None: as TensorFlow's 'same'."""
        source = source or self.last
        channels, size = self.shapes[source][0], self.shapes[source][1:]
        kernel, dilation = pair(kernel), pair(dilation)
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
        if pad is None:
            total = [max((math.ceil(s / stride) - 1) * stride + r - s, 0)
                     for s, r in zip(size, reach)]
            pad = [[t // 2, t - t // 2] for t in total]
        else:
            pad = [[0 if pad == 'valid' else pad] * 2] * 2
        out = [(s + sum(p) - r) // stride + 1 for s, p, r in zip(size, pad, reach)]
        inner = channels // groups * kernel[0] * kernel[1]
        weight = self.normal([filters, channels // groups] + kernel, math.sqrt(2 / inner))
        self.macs += filters * out[0] * out[1] * inner
        begin_end = [pad[0][0], pad[1][0], pad[0][1], pad[1][1]]
        self.geometry = [channels, *size, filters, *out, *kernel, stride, stride, *begin_end,
                         *dilation, groups]
        depthwise = groups == channels == filters and groups > 1
        keys = {} if depthwise else {'filters': filters, 'groups': groups}
        self.layer('DepthwiseConv2D' if depthwise else 'Conv2D', 'Conv', [filters] + out, [source],
                   [('weight', weight), ('bias', self.normal(filters, 0.1))],
                   {'kernel_shape': kernel, 'strides': [stride] * 2, 'dilations': dilation,
                    'group': groups, 'pads': begin_end},
                   kernel_size=kernel, strides=stride, padding=pad, dilation_rate=dilation, **keys)
        return self.act(act)

    def dense(self, units, act=None):
        inputs = self.shapes[self.last][0]
        self.macs += units * inputs
        self.layer('Dense', 'Gemm', [units], None,
                   [('weight', self.normal([units, inputs], math.sqrt(1 / inputs))),
                    ('bias', self.normal(units, 0.1))], {'transB': 1}, units=units)
        return self.act(act)

    def constant(self, name, values):
        """An input of nodes that is no weight of a layer; the same for all that ask for this name."""
        if name not in [c.name for c in self.constants]:
            self.constants.append(numpy_helper.from_array(values, name))
        return name

    def act(self, name):
        if not name:
            return self.last
        op, attributes = ACTIVATIONS[name]
        before = self.last
        if name == 'leaky_relu':
            return self.layer('LeakyReLU', op, self.shapes[before], None, (), attributes,
                              negative_slope=attributes['alpha'])
        result = self.layer('Activation', op, self.shapes[before], None, (), attributes, activation=name)
        if name == 'relu6':
            self.nodes[-1].input.extend([self.constant('limit%d' % v, np.float32(v)) for v in (0, 6)])
        if name == 'silu':                          # two nodes in ONNX
            self.nodes[-1].output[0] = result + '.sigmoid'
            self.nodes.append(helper.make_node('Mul', [before, result + '.sigmoid'], [result]))
        return result

    def batch_norm(self):
        n = self.shapes[self.last][0]
        variance = (self.rng.random(n) + 0.5).astype(np.float32)
        return self.layer('BatchNormalization', 'BatchNormalization', self.shapes[self.last], None,
                          [('weight', self.normal(n, 0.3, 0.5)), ('bias', self.normal(n, 0.2)),
                           ('running_mean', self.normal(n, 0.2)), ('running_var', variance)],
                          {'epsilon': 1e-3}, epsilon=1e-3)

    def pool(self, type, size, stride, pad=0):
        size = pair(size)
        channels, *image = self.shapes[self.last]
        out = [(i + 2 * pad - s) // stride + 1 for i, s in zip(image, size)]
        return self.layer(type + 'Pooling2D', type + 'Pool', [channels] + out, None, (),
                          {'kernel_shape': size, 'strides': [stride] * 2, 'pads': [pad] * 4},
                          pool_size=size, strides=stride, padding=pad)

    def global_average(self):
        return self.layer('GlobalAveragePooling2D', 'GlobalAveragePool', [self.shapes[self.last][0], 1, 1],
                          keepdims=True)

    def flatten(self):
        self.layer('Flatten', 'Flatten', [math.prod(self.shapes[self.last])])

    def add(self, a, b, act=None):
        self.layer('Add', 'Add', self.shapes[a], [a, b])
        return self.act(act)

    def multiply(self, a, b):
        """b may be one value for each channel."""
        return self.layer('Multiply', 'Mul', self.shapes[a], [a, b])

    def concat(self, *parts):
        channels = sum(self.shapes[part][0] for part in parts)
        return self.layer('Concatenate', 'Concat', [channels, *self.shapes[parts[0]][1:]], list(parts), (),
                          {'axis': 1})

    def upsample(self):
        """Each pixel four times."""
        channels, height, width = self.shapes[self.last]
        self.layer('UpSampling2D', 'Resize', [channels, 2 * height, 2 * width], None, (),
                   {'mode': 'nearest', 'coordinate_transformation_mode': 'asymmetric',
                    'nearest_mode': 'floor'}, size=2)
        self.nodes[-1].input.extend(['', self.constant('twice', np.float32([1, 1, 2, 2]))])
        return self.last

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        image = self.rng.standard_normal(self.shapes['x']).astype(np.float32)
        image.tofile(folder + '/input.chw')
        image.transpose(1, 2, 0).tofile(folder + '/input.hwc')
        if self.kind != 'network':
            self.tensors['t1.weight'].tofile(folder + '/weight.oihw')
            self.tensors['t1.bias'].tofile(folder + '/bias')
        self.write_cnngen(folder)
        self.write_onnx(folder + '/model.onnx')

    def write_cnngen(self, folder):
        with open(folder + '/model.cnn.yaml', 'w') as f:
            f.write('cnngen: 1\nname: model\n'
                    'weights: {file: model.safetensors, layout: torch}\nlayers:\n')
            f.writelines('  - %s\n' % json.dumps(layer) for layer in self.layers)
        header, offset = {}, 0
        for name, values in self.tensors.items():
            header[name] = {'dtype': 'F32', 'shape': values.shape,
                            'data_offsets': [offset, offset + values.nbytes]}
            offset += values.nbytes
        text = json.dumps(header).encode()
        with open(folder + '/model.safetensors', 'wb') as f:
            f.write(struct.pack('<Q', len(text)) + text)
            f.writelines(values.tobytes() for values in self.tensors.values())

    def write_onnx(self, path):
        x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, (1,) + self.shapes[of])
                for name, of in (('x', 'x'), ('y', self.last)))
        self.nodes[-1].output[0] = 'y'
        graph = helper.make_graph(self.nodes, self.name, [x], [y], self.constants)
        opset = helper.make_opsetid('', 14)
        save(helper.make_model(graph, opset_imports=[opset], ir_version=7), path)
