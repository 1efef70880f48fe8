#!/usr/bin/python3
"""Turns ONNX's node tests into cases for cnngen: an oracle that is nobody's of this project.

    onnx_vectors.py [--data DIR] OUT

Reads Debian's libonnx-testdata (python3-onnx, python3-numpy) and writes, for each node test that
cnngen's layers can express, OUT/NAME.cnn.yaml, OUT/NAME.safetensors, OUT/NAME.in0.npy (in1 ...) and
OUT/NAME.out.npy. ONNX is channels first, cnngen channels last: images are transposed on the way, so
are kernels. Weights that ONNX passes as inputs become tensors. OUT/list.txt has a line per case:

    NAME IMAGES INPUTS

IMAGES is the leading dimension of the .npy files and the spec's batch. OUT/skipped.txt says of
each other test of an operator that concerns us why it was left out.
"""
import argparse
import collections
import json
import os
import struct
import sys

import numpy as np
import onnx
from onnx import numpy_helper

DATA = '/usr/share/libonnx-testdata/data/node'


class Skip(Exception):
    """The test has no counterpart; says why."""


# ---- what is read ---------------------------------------------------------------------------


def need(condition, why):
    if not condition:
        raise Skip(why)


def read_tensors(folder, kind, values):
    out = []
    for i, value in enumerate(values):
        path = os.path.join(folder, 'test_data_set_0', '%s_%d.pb' % (kind, i))
        need(value.type.HasField('tensor_type'), 'not a tensor')
        with open(path, 'rb') as f:
            out.append(numpy_helper.to_array(onnx.TensorProto.FromString(f.read())))
    return out


class Test:
    def __init__(self, folder):
        model = onnx.load(os.path.join(folder, 'model.onnx'))
        need(len(model.graph.node) == 1, 'more than one node')
        self.folder = folder
        self.graph = model.graph
        self.node = model.graph.node[0]
        self.op = self.node.op_type
        self.attr = {a.name: onnx.helper.get_attribute_value(a) for a in self.node.attribute}

    def load(self):
        given = [v for v in self.graph.input]
        values = dict(zip([v.name for v in given], read_tensors(self.folder, 'input', given)))
        for t in self.graph.initializer:
            values.setdefault(t.name, numpy_helper.to_array(t))
        self.inputs = [values[n] if n else None for n in self.node.input]
        self.out = read_tensors(self.folder, 'output', self.graph.output)[0]

    def get(self, name, default=None):
        value = self.attr.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def input(self, i):
        return self.inputs[i] if i < len(self.inputs) else None


# ---- what is written ------------------------------------------------------------------------


class Case:
    """Layers behind Inputs; arrays in cnngen's layout with the images in front."""

    def __init__(self):
        self.layers = []
        self.weights = collections.OrderedDict()
        self.x = []
        self.y = None

    def layer(self, kind, **args):
        self.layers.append((kind, args))

    def weight(self, name, value):
        self.weights['layer.' + name] = np.ascontiguousarray(value, dtype=np.float32)


def yaml(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (list, tuple)):
        return '[' + ', '.join(yaml(v) for v in value) + ']'
    if isinstance(value, dict):
        return '{' + ', '.join('%s: %s' % (k, yaml(v)) for k, v in value.items()) + '}'
    if isinstance(value, float):
        return repr(value)
    return str(value)


def spec_text(name, case):
    lines = ['cnngen: 1', 'name: onnx_case', 'batch: %d' % len(case.x[0])]
    if case.weights:
        lines.append('weights: %s.safetensors' % name)
    lines.append('layers:')
    for i, x in enumerate(case.x):
        dtype = 'uint8' if x.dtype == np.uint8 else 'float32'
        lines.append('  - {type: Input, name: in%d, shape: %s, dtype: %s}'
                     % (i, yaml(list(x.shape[1:])), dtype))
    for i, (kind, args) in enumerate(case.layers):
        args = dict(args)
        if i == 0 and len(case.x) > 1:
            args['inputs'] = ['in%d' % k for k in range(len(case.x))]
        args = dict(type=kind, name='layer' if i == len(case.layers) - 1 else 'before', **args)
        lines.append('  - ' + yaml(args))
    return '\n'.join(lines) + '\n'


def write_safetensors(path, tensors):
    header, at = {}, 0
    for name, t in tensors.items():
        header[name] = {'dtype': 'F32', 'shape': list(t.shape), 'data_offsets': [at, at + t.nbytes]}
        at += t.nbytes
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for t in tensors.values():
            f.write(t.astype('<f4').tobytes())


def check(case):
    """What every case must be, whatever its operator."""
    images = case.x[0].shape[0]
    for a in case.x + [case.y]:
        need(a.dtype in (np.float32, np.uint8), 'element type %s' % a.dtype)
        need(2 <= a.ndim <= 5, 'rank %d' % a.ndim)
        need(a.shape[0] == images, 'first dimension is not the batch')
        need(a.size > 0, 'no elements')


def write(out, name, case):
    path = os.path.join(out, name)
    with open(path + '.cnn.yaml', 'w') as f:
        f.write(spec_text(name, case))
    if case.weights:
        write_safetensors(path + '.safetensors', case.weights)
    for i, x in enumerate(case.x):
        np.save('%s.in%d.npy' % (path, i), np.ascontiguousarray(x))
    np.save(path + '.out.npy', np.ascontiguousarray(case.y.astype(np.float32)))


# ---- layouts --------------------------------------------------------------------------------


def image(a):
    """NCHW as NHWC."""
    need(a.ndim == 4, '%d spatial dimensions' % (a.ndim - 2))
    return a.transpose(0, 2, 3, 1)


def channels_last(a):
    return np.moveaxis(a, 1, -1) if a.ndim > 2 else a


def with_batch(a):
    """Element-wise tests have no batch: all of it is one image."""
    need(a.ndim <= 4, 'rank %d' % a.ndim)
    return a.reshape((1,) + (a.shape or (1,)))


# ---- operators ------------------------------------------------------------------------------


def window(t, kernel):
    """strides, padding: of Conv and pooling. SAME_LOWER, the odd pixel in front, by numbers."""
    auto = t.get('auto_pad', 'NOTSET')
    strides = list(t.get('strides', [1, 1]))
    p = list(t.get('pads', [0, 0, 0, 0]))
    for a in range(2) if auto == 'SAME_LOWER' else ():
        n = t.input(0).shape[2 + a]
        reach = (kernel[a] - 1) * t.get('dilations', [1, 1])[a] + 1
        total = max((-(-n // strides[a]) - 1) * strides[a] + reach - n, 0)
        p[a], p[2 + a] = total - total // 2, total // 2
    same = auto == 'SAME_UPPER'
    return {'strides': strides, 'padding': 'same' if same else [[p[0], p[2]], [p[1], p[3]]]}


def conv(t, case):
    x, w, b = t.input(0), t.input(1), t.input(2)
    case.x, case.y = [image(x)], image(t.out)
    case.layer('Conv2D', filters=w.shape[0], kernel_size=list(w.shape[2:]), use_bias=b is not None,
               dilation_rate=list(t.get('dilations', [1, 1])), groups=t.get('group', 1),
               **window(t, w.shape[2:]))
    case.weight('kernel', w.transpose(2, 3, 1, 0))
    if b is not None:
        case.weight('bias', b)


def transpose_pads(t, x, kernel):
    """pads and output_padding; ONNX computes pads from output_shape or auto_pad."""
    auto = t.get('auto_pad', 'NOTSET')
    strides = t.get('strides', [1, 1])
    more = list(t.get('output_padding', [0, 0]))
    pads = list(t.get('pads', [0, 0, 0, 0]))
    shape = t.get('output_shape')
    if auto.startswith('SAME'):
        shape = [n * s for n, s in zip(x.shape[2:], strides)]
    for a in range(2) if shape else ():
        reach = (kernel[a] - 1) * t.get('dilations', [1, 1])[a] + 1
        total = strides[a] * (x.shape[2 + a] - 1) + more[a] + reach - shape[-2 + a]
        less = max(total, 0) // 2
        pads[a] = less if auto == 'SAME_UPPER' else max(total, 0) - less
        pads[2 + a] = max(total, 0) - pads[a]
        more[a] += max(-total, 0)
    return pads, more


def conv_transpose(t, case):
    x, w, b = t.input(0), t.input(1), t.input(2)
    need(x.ndim == 4, '%d spatial dimensions' % (x.ndim - 2))
    need(t.get('group', 1) == 1, 'groups')
    p, more = transpose_pads(t, x, w.shape[2:])
    strides = t.get('strides', [1, 1])
    need(all(m < s for m, s in zip(more, strides)), 'output padding as large as the stride')
    case.x, case.y = [image(x)], image(t.out)
    case.layer('Conv2DTranspose', filters=w.shape[1], kernel_size=list(w.shape[2:]),
               use_bias=b is not None, strides=list(strides), output_padding=more,
               dilation_rate=list(t.get('dilations', [1, 1])), padding=[[p[0], p[2]], [p[1], p[3]]])
    case.weight('kernel', w.transpose(2, 3, 1, 0))
    if b is not None:
        case.weight('bias', b)


def pool(kind):
    def convert(t, case):
        need(set(t.get('dilations', [1])) == {1}, 'dilated pooling')
        case.x, case.y = [image(t.input(0))], image(t.out)
        args = window(t, t.get('kernel_shape'))
        if kind == 'AveragePooling2D':
            args['count_include_pad'] = bool(t.get('count_include_pad', 0))
        case.layer(kind, pool_size=list(t.get('kernel_shape')),
                   ceil_mode=bool(t.get('ceil_mode', 0)),
                   **args)
    return convert


def global_pool(kind):
    def convert(t, case):
        case.x, case.y = [image(t.input(0))], image(t.out)
        case.layer(kind, keepdims=True)
    return convert


def batch_normalization(t, case):
    need(not t.get('training_mode', 0), 'training mode')
    case.x, case.y = [channels_last(t.input(0))], channels_last(t.out)
    case.layer('BatchNormalization', epsilon=float(t.get('epsilon', 1e-5)))
    for i, name in enumerate(('gamma', 'beta', 'moving_mean', 'moving_variance')):
        case.weight(name, t.input(1 + i))


def layer_normalization(t, case):
    x = t.input(0)
    need(t.get('axis', -1) in (-1, x.ndim - 1), 'not over the last axis')
    need(x.ndim > 1, 'no batch')
    case.x, case.y = [x], t.out
    case.layer('LayerNormalization', epsilon=float(t.get('epsilon', 1e-5)))
    case.weight('gamma', t.input(1))
    case.weight('beta', t.input(2))


def gemm(t, case):
    a, b, c = t.input(0), t.input(1), t.input(2)
    a = a.T if t.get('transA', 0) else a
    b = b.T if t.get('transB', 0) else b
    c = np.zeros((1, b.shape[1]), np.float32) if c is None else c * np.float32(t.get('beta', 1.0))
    need(c.ndim < 2 or c.shape[0] == 1, 'a bias that differs from row to row')
    case.x, case.y = [a], t.out
    case.layer('Dense', units=b.shape[1])
    case.weight('kernel', b * np.float32(t.get('alpha', 1.0)))
    case.weight('bias', np.broadcast_to(c.reshape(-1), (b.shape[1],)))


def matmul(t, case):
    a, b = t.input(0), t.input(1)
    need(b.ndim == 2, 'a second matrix with a batch')
    case.x, case.y = [a], t.out
    case.layer('Dense', units=b.shape[1], use_bias=False)
    case.weight('kernel', b)


def activation(name, **defaults):
    """Keras' name; the arguments that ONNX has too, by ONNX' names, with ONNX' defaults."""
    def convert(t, case):
        args = {keras: float(t.get(theirs, value)) for keras, (theirs, value) in defaults.items()}
        case.x, case.y = [with_batch(t.input(0))], with_batch(t.out)
        case.layer('Activation', activation=dict(name=name, **args) if args else name)
    return convert


def selu(t, case):
    need(abs(t.get('alpha', 1.67326) - 1.67326) < 1e-4
         and abs(t.get('gamma', 1.0507) - 1.0507) < 1e-4,
         "alpha and gamma other than SELU's")
    activation('selu')(t, case)


def hard_sigmoid(t, case):
    need(abs(t.get('alpha', 0.2) - 1 / 6) < 1e-6 and t.get('beta', 0.5) == 0.5,
         "alpha and beta other than Keras' 1/6 and 0.5")
    activation('hard_sigmoid')(t, case)


def clip(t, case):
    low, high = t.input(1), t.input(2)
    need(low is None or high is None or low <= high, 'empty range')
    if high is None and low is not None and low == 0:
        activation('relu')(t, case)
        return
    need(low is not None and high is not None, 'one bound other than 0')
    case.x, case.y = [with_batch(t.input(0))], with_batch(t.out)
    if low == -1 and high == 1:
        case.layer('Activation', activation='hard_tanh')
        return
    need(low == 0 and high > 0, 'lower bound other than 0')
    case.layer('ReLU', max_value=float(high))


def prelu(t, case):
    x, slope = t.input(0), t.input(1)
    slope = slope.reshape((1,) * (x.ndim - slope.ndim) + slope.shape)
    case.x, case.y = [with_batch(x)], with_batch(t.out)
    shared = [i + 1 for i in range(x.ndim) if slope.shape[i] == 1]
    case.layer('PReLU', **({'shared_axes': shared} if shared else {}))
    case.weight('alpha', slope)


def softmax(name):
    def convert(t, case):
        x = t.input(0)
        axis = t.get('axis', -1) % x.ndim
        case.x = [with_batch(np.moveaxis(x, axis, -1))]
        case.y = with_batch(np.moveaxis(t.out, axis, -1))
        case.layer('Activation', activation=name)
    return convert


def merge(kind):
    def convert(t, case):
        need(len(t.inputs) > 1, 'a single input')
        rank = max(x.ndim for x in t.inputs)
        case.x = [with_batch(x) for x in t.inputs]
        need(rank <= 4, 'rank %d' % rank)
        case.y = with_batch(t.out)
        case.layer(kind)
    return convert


def concatenate(t, case):
    rank = t.out.ndim
    axis = t.get('axis') % rank
    case.x, case.y = [with_batch(x) for x in t.inputs], with_batch(t.out)
    case.layer('Concatenate', axis=axis + 1)


def reshape(t, case):
    """All of the input is one image; ONNX' 0 (as before) is worked out here, -1 by cnngen."""
    x, target = t.input(0), [int(n) for n in t.input(1)]
    need(not (t.get('allowzero', 0) and 0 in target), 'allowzero')
    target = [x.shape[i] if n == 0 else n for i, n in enumerate(target)]
    case.x, case.y = [with_batch(x)], with_batch(t.out)
    case.layer('Reshape', target_shape=target)


def flatten(t, case):
    x = t.input(0)
    axis = t.get('axis', 1)
    axis = axis + x.ndim if axis < 0 else axis
    if axis == 1:
        case.x, case.y = [x], t.out
    else:
        rows = int(np.prod(x.shape[:axis], dtype=int))
        case.x, case.y = [x.reshape((rows,) + x.shape[axis:])], t.out
    need(case.x[0].ndim > 1, 'nothing but a batch')
    case.layer('Flatten')


def transpose(t, case):
    x = t.input(0)
    perm = t.get('perm', list(range(x.ndim))[::-1])
    case.x, case.y = [with_batch(x)], with_batch(t.out)
    case.layer('Permute', dims=[p + 1 for p in perm])


def pad(t, case):
    p, value = [int(n) for n in t.input(1)], t.input(2)
    need(t.get('mode', 'constant') == 'constant', 'mode %s' % t.get('mode'))
    need(not p[0] and not p[1] and not p[4] and not p[5], 'padded batch or channels')
    x, y = t.input(0), t.out
    if value is not None and float(value) != 0:
        # Zeros instead: padding commutes with subtracting a constant.
        x, y = x - value, y - value
        same = np.pad(x, [(p[i], p[4 + i]) for i in range(4)])
        need(np.array_equal(same, y), 'a value that cannot be shifted away exactly')
    case.x, case.y = [image(x)], image(y)
    case.layer('ZeroPadding2D', padding=[[p[2], p[6]], [p[3], p[7]]])


def upsampling_scales(t):
    x = t.input(0)
    if t.op == 'Upsample':
        scales = t.input(1)
    elif len(t.inputs) > 2 and t.input(2) is not None and t.input(2).size:
        scales = t.input(2)
    else:
        scales = np.array(t.input(3), float) / np.array(x.shape, float)
    scales = [float(s) for s in scales]
    need(scales[:2] == [1, 1], 'scaled batch or channels')
    need(all(s == int(s) and s >= 1 for s in scales), 'scales that are not whole: %s' % scales[2:])
    return [int(s) for s in scales[2:]]


def resize(t, case):
    mode = t.get('mode', 'nearest')
    need(mode in ('nearest', 'linear'), 'mode %s' % mode)
    scales = upsampling_scales(t)
    where = t.get('coordinate_transformation_mode', 'half_pixel')
    need(where in ('half_pixel', 'pytorch_half_pixel')
         or (mode == 'nearest' and where == 'asymmetric'),
         'coordinates %s' % where)
    rounding = t.get('nearest_mode', 'round_prefer_floor')
    need(mode == 'linear' or (rounding == 'floor') == (where == 'asymmetric')
         and rounding != 'ceil',
         'nearest by %s of %s coordinates' % (rounding, where))
    case.x, case.y = [image(t.input(0))], image(t.out)
    case.layer('UpSampling2D', size=scales, interpolation='bilinear' if mode == 'linear' else mode)


def identity(kind, **args):
    def convert(t, case):
        need(t.input(2) is None or not bool(t.input(2)), 'training mode')
        case.x, case.y = [with_batch(t.input(0))], with_batch(t.out)
        case.layer(kind, **args)
    return convert


def thresholded_relu(t, case):
    case.x, case.y = [with_batch(t.input(0))], with_batch(t.out)
    case.layer('ReLU', threshold=float(t.get('alpha', 1.0)))


CONVERTERS = {
    'Conv': conv, 'ConvTranspose': conv_transpose,
    'MaxPool': pool('MaxPooling2D'), 'AveragePool': pool('AveragePooling2D'),
    'GlobalMaxPool': global_pool('GlobalMaxPooling2D'),
    'GlobalAveragePool': global_pool('GlobalAveragePooling2D'),
    'BatchNormalization': batch_normalization, 'LayerNormalization': layer_normalization,
    'Gemm': gemm, 'MatMul': matmul, 'Clip': clip, 'PRelu': prelu,
    'Relu': activation('relu'), 'Sigmoid': activation('sigmoid'), 'Tanh': activation('tanh'),
    'LeakyRelu': activation('leaky_relu', negative_slope=('alpha', 0.01)),
    'Elu': activation('elu', alpha=('alpha', 1.0)),
    'Celu': activation('celu', alpha=('alpha', 1.0)),
    'Selu': selu, 'HardSigmoid': hard_sigmoid, 'HardSwish': activation('hard_silu'),
    'Mish': activation('mish'), 'Softplus': activation('softplus'),
    'Softsign': activation('softsign'),
    'Exp': activation('exponential'), 'ThresholdedRelu': thresholded_relu,
    'Softmax': softmax('softmax'), 'LogSoftmax': softmax('log_softmax'),
    'Add': merge('Add'), 'Sub': merge('Subtract'), 'Mul': merge('Multiply'),
    'Max': merge('Maximum'),
    'Min': merge('Minimum'), 'Mean': merge('Average'), 'Sum': merge('Add'),
    'Concat': concatenate, 'Reshape': reshape, 'Flatten': flatten, 'Transpose': transpose,
    'Pad': pad,
    'Resize': resize, 'Upsample': resize, 'Identity': identity('Identity'),
    'Dropout': identity('Dropout', rate=0.5),
}


def convert(folder):
    """The case of a node test, None if its operator is none of ours."""
    model = onnx.load(os.path.join(folder, 'model.onnx'))
    if len(model.graph.node) != 1 or model.graph.node[0].op_type not in CONVERTERS:
        return None
    test, case = Test(folder), Case()
    test.load()
    CONVERTERS[test.op](test, case)
    check(case)
    return case


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--data', default=DATA, help='the folder of node tests')
    parser.add_argument('out', metavar='OUT')
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    converted, skipped = [], []
    for name in sorted(os.listdir(args.data)):
        try:
            case = convert(os.path.join(args.data, name))
        except Skip as why:
            skipped.append('%s: %s' % (name, why))
            continue
        if case:
            write(args.out, name, case)
            converted.append('%s %d %d' % (name, case.x[0].shape[0], len(case.x)))
    for path, lines in (('list.txt', converted), ('skipped.txt', skipped)):
        with open(os.path.join(args.out, path), 'w') as f:
            f.write(''.join(line + '\n' for line in lines))
    print('converted %d of %d node tests' % (len(converted), len(converted) + len(skipped)))
    return 0 if converted else 1


if __name__ == '__main__':
    sys.exit(main())
