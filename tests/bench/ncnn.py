"""Writes the layers of a Net in ncnn's format, model.param (text) and model.bin (weights).

As in a model that ncnn's own tools have optimised, an activation that alone reads a convolution's
or dense layer's result is part of that layer. The formats are those of ncnn's wiki:
"param-and-model-file-structure" and "operation-param-weight-table".
"""
from collections import Counter

import numpy as np

from graph import activation_of, fuse_activations, uses_of, with_inputs

FUSED = {       # activations as part of a layer: parameter 9, and 10's array of values
    'relu': '9=1', 'leaky_relu': '9=2 -23310=1,%.9g', 'relu6': '9=3 -23310=2,0.0,6.0', 'sigmoid': '9=4',
    'hard_silu': '9=6 -23310=2,%.9g,0.5' % (1 / 6),
}
ALONE = {       # as a layer: its type and parameters
    'relu': ('ReLU', ''), 'leaky_relu': ('ReLU', '0=%.9g'), 'relu6': ('Clip', '0=0.0 1=6.0'),
    'sigmoid': ('Sigmoid', ''), 'silu': ('Swish', ''), 'softmax': ('Softmax', '0=0'),
    'hard_silu': ('HardSwish', '0=%.9g 1=0.5' % (1 / 6)), 'hard_sigmoid': ('HardSigmoid', '0=%.9g 1=0.5' % (1 / 6)),
}


def with_slope(text, layer):
    return text % layer['negative_slope'] if '%' in text else text


def conv(net, layer):
    weight = net.tensors[layer['weights'] + '.weight']
    (top, bottom), (left, right) = layer['padding']
    depthwise = layer['type'] == 'DepthwiseConv2D'
    groups = len(weight) if depthwise else layer['groups']
    kernel, dilation = layer['kernel_size'], layer['dilation_rate']
    text = ('0=%d 1=%d 11=%d 2=%d 12=%d 3=%d 13=%d 4=%d 14=%d 15=%d 16=%d 5=1 6=%d'
            % (len(weight), kernel[1], kernel[0], dilation[1], dilation[0], layer['strides'],
               layer['strides'], left, top, right, bottom, weight.size))
    return ('ConvolutionDepthWise', text + ' 7=%d' % groups) if groups > 1 else ('Convolution', text)


def dense(net, layer):
    return 'InnerProduct', '0=%d 1=1 2=%d' % (layer['units'], net.tensors[layer['weights'] + '.weight'].size)


def batch_norm(net, layer):
    return 'BatchNorm', '0=%d 1=%.9g' % (len(net.tensors[layer['weights'] + '.weight']), layer['epsilon'])


def pool(_, layer):
    height, width = layer['pool_size']
    return 'Pooling', ('0=%d 1=%d 11=%d 2=%d 3=%d 5=1'
                       % (layer['type'] == 'AveragePooling2D', width, height, layer['strides'], layer['padding']))


def activation(_, layer):
    type, text = ALONE[activation_of(layer)]
    return type, with_slope(text, layer)


LAYERS = {
    'Conv2D': conv, 'DepthwiseConv2D': conv, 'Dense': dense, 'BatchNormalization': batch_norm,
    'MaxPooling2D': pool, 'AveragePooling2D': pool, 'Activation': activation, 'LeakyReLU': activation,
    'GlobalAveragePooling2D': lambda *_: ('Pooling', '0=1 4=1'), 'Flatten': lambda *_: ('Flatten', ''),
    'Add': lambda *_: ('BinaryOp', '0=0'), 'Multiply': lambda *_: ('BinaryOp', '0=2'),
    'Concatenate': lambda *_: ('Concat', '0=0'), 'UpSampling2D': lambda *_: ('Interp', '0=1 1=2.0 2=2.0'),
}


class Blobs:
    """Names of tensors. One that several layers read is split, and each reads a copy of its own."""

    def __init__(self, layers):
        self.uses = uses_of(layers)
        self.given, self.count = Counter(), 0

    def read(self, name):
        self.given[name] += 1
        return name if self.uses[name] == 1 else '%s_%d' % (name, self.given[name])

    def made(self, name):
        """The line of a Split, if it takes one."""
        self.count += 1
        if self.uses[name] < 2:
            return []
        self.count += self.uses[name]
        copies = ['%s_%d' % (name, i + 1) for i in range(self.uses[name])]
        return ['Split split_%s 1 %d %s %s' % (name, len(copies), name, ' '.join(copies))]


def write_weights(f, net, layer):
    name = layer['weights']
    if layer['type'] == 'BatchNormalization':
        for part in ('weight', 'running_mean', 'running_var', 'bias'):
            f.write(net.tensors[name + '.' + part].tobytes())
    elif name + '.weight' in net.tensors:
        f.write(np.uint32(0).tobytes())             # not quantised
        f.write(net.tensors[name + '.weight'].tobytes() + net.tensors[name + '.bias'].tobytes())


def write(net, folder):
    """Of the blob named 'x' the network makes that named 'y'."""
    layers = fuse_activations(with_inputs(net.layers), dict.fromkeys(('Conv2D', 'DepthwiseConv2D', 'Dense'), FUSED))
    blobs = Blobs(layers)
    channels, height, width = net.shapes['x']
    lines = ['Input x 0 1 x 0=%d 1=%d 2=%d' % (width, height, channels)] + blobs.made('x')
    with open(folder + '/model.bin', 'wb') as f:
        for layer in layers:
            type, parameters = LAYERS[layer['type']](net, layer)
            inputs = ' '.join(map(blobs.read, layer['inputs']))
            made = 'y' if layer is layers[-1] else layer['name']
            fused = with_slope(FUSED.get(layer.get('fused'), ''), layer)
            lines.append('%s %s %d 1 %s %s %s %s' % (type, layer['name'], len(layer['inputs']), inputs, made,
                                                     parameters, fused))
            lines += blobs.made(layer['name'])
            write_weights(f, net, layer)
    with open(folder + '/model.param', 'w') as f:
        f.write('7767517\n%d %d\n%s\n' % (len(lines), blobs.count, '\n'.join(lines)))
