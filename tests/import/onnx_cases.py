#!/usr/bin/python3
"""Small ONNX models made here: what the importer recognises, leaves out, reads, and refuses.

    onnx_cases.py IMPORTER CNNGEN OUT
    onnx_cases.py --models OUT               the models alone

Each case is a model with the layers that its specification has to have, and a result computed by numpy;
or with a part of the message that refuses it. Ends with "N passed, M failed".
"""
import functools
import math
import os
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnx_vectors import reason, spec_shapes

RANDOM = np.random.RandomState(1)
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def rand(*shape):
    return RANDOM.uniform(-1, 1, shape).astype(np.float32)


def erf(x):
    return np.vectorize(math.erf)(x)


class Net:
    """A graph in the making: x is the input, names are given by the nodes' order."""

    def __init__(self, x, opset=13, dims=None):
        self.x, self.nodes, self.weights, self.opset = x, [], [], opset
        self.input = helper.make_tensor_value_info('x', FLOAT, list(dims or x.shape))
        self.external = None

    def weight(self, value, name=None, dtype=None):
        value = np.asarray(value, np.float32 if dtype is None else dtype)
        self.weights.append(numpy_helper.from_array(value, name or 'w%d' % len(self.weights)))
        return self.weights[-1].name

    def node(self, op, *inputs, outputs=1, **attrs):
        names = ['%s_%d%s' % (op.lower(), len(self.nodes), '' if i == 0 else '_%d' % i)
                 for i in range(outputs)]
        inputs = [i if isinstance(i, str) else self.weight(i) for i in inputs]
        self.nodes.append(helper.make_node(op, inputs, names, name='n%d' % len(self.nodes),
                                           **attrs))
        return names[0] if outputs == 1 else names

    def shape(self, *dims):
        return self.weight(dims, dtype=np.int64)

    def model(self, *outputs):
        infos = [helper.make_empty_tensor_value_info(name) for name in outputs]
        graph = helper.make_graph(self.nodes, 'net', [self.input], infos, self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid('', self.opset)])


CASES = []


class Case:
    """name; net and the outputs' names; expected: one array for each. has, lacks: patterns of the spec."""

    def __init__(self, name, net, outputs, expected, has=(), lacks=(), options=(), error=None):
        self.name, self.net, self.outputs, self.expected = name, net, outputs, expected
        self.has, self.lacks, self.options, self.error = has, lacks, options, error
        self.bytes = None
        CASES.append(self)

    def data(self):
        return self.bytes if self.bytes is not None else self.net.model(*self.outputs).SerializeToString()


def simple(name, net, out, expected, *has, lacks=()):
    return Case(name, net, [out], [expected], has, lacks)


# ---- recognised ------------------------------------------------------------------------------


def activations():
    x = rand(1, 6, 5, 4) * 5
    relu6 = np.clip(x + 3, 0, 6)
    sigmoid, softplus = 1 / (1 + np.exp(-x)), np.log1p(np.exp(x))

    def clip(n, v):
        return n.node('Clip', v, n.weight(0), n.weight(6))

    n = Net(x)
    out = n.node('Div', n.node('Mul', 'x', clip(n, n.node('Add', 'x', [3.0]))), [6.0])
    simple('hard_swish', n, out, x * relu6 / 6, 'hard_silu', lacks=('Clip',))
    n = Net(x)
    out = n.node('Mul', n.node('Mul', clip(n, n.node('Add', [3.0], 'x')), [1 / 6]), 'x')
    simple('hard_swish_of_hard_sigmoid', n, out, x * relu6 / 6, 'hard_silu', lacks=('Clip',))
    n = Net(x)
    simple('hard_sigmoid', n, n.node('Div', clip(n, n.node('Add', 'x', [3.0])), [6.0]), relu6 / 6,
           'hard_sigmoid')
    n = Net(x)
    simple('silu', n, n.node('Mul', 'x', n.node('Sigmoid', 'x')), x * sigmoid, 'activation: silu')
    n = Net(x)
    simple('mish', n, n.node('Mul', 'x', n.node('Tanh', n.node('Softplus', 'x'))),
           x * np.tanh(softplus),
           'activation: mish')
    n = Net(x)
    gate = n.node('Add', n.node('Erf', n.node('Div', 'x', [math.sqrt(2)])), [1.0])
    simple('gelu', n, n.node('Mul', n.node('Mul', 'x', gate), [0.5]),
           x / 2 * (1 + erf(x / math.sqrt(2))),
           'activation: gelu}')
    n = Net(x)
    gate = n.node('Add', n.node('Erf', n.node('Mul', 'x', [math.sqrt(0.5)])), [1.0])
    simple('gelu_half_first', n, n.node('Mul', n.node('Mul', [0.5], 'x'), gate),
           x / 2 * (1 + erf(x / math.sqrt(2))), 'activation: gelu}')
    n = Net(x)
    cube = n.node('Mul', n.node('Pow', 'x', [3.0]), [0.044715])
    inner = n.node('Mul', n.node('Add', 'x', cube), [math.sqrt(2 / math.pi)])
    out = n.node('Mul', n.node('Mul', 'x', [0.5]), n.node('Add', n.node('Tanh', inner), [1.0]))
    simple('gelu_tanh', n, out,
           x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))),
           'approximate: true')


def normalized(n, axes, shape, gamma=None, beta=None):
    d = n.node('Sub', 'x', n.node('ReduceMean', 'x', axes=axes, keepdims=1))
    v = n.node('ReduceMean', n.node('Pow', d, [2.0]), axes=axes, keepdims=1)
    out = n.node('Div', d, n.node('Sqrt', n.node('Add', v, [1e-5])))
    if gamma is not None:
        out = n.node('Mul', out, gamma.reshape(shape))
    return out if beta is None else n.node('Add', out, beta.reshape(shape))


def normalizations():
    x = rand(1, 7, 6)
    m, v = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    gamma, beta = rand(6), rand(6)
    n = Net(x)
    simple('layer_norm', n, normalized(n, [-1], (6,), gamma, beta),
           (x - m) / np.sqrt(v + 1e-5) * gamma + beta,
           'LayerNormalization', lacks=('Reduce',))
    n = Net(x)
    simple('layer_norm_plain', n, normalized(n, [2], (6,)), (x - m) / np.sqrt(v + 1e-5),
           'LayerNormalization', lacks=('Reduce',))
    x = rand(1, 4, 5, 6)
    m, v = x.mean((2, 3), keepdims=True), x.var((2, 3), keepdims=True)
    gamma, beta = rand(4), rand(4)
    n = Net(x)
    y = (x - m) / np.sqrt(v + 1e-5) * gamma.reshape(4, 1, 1) + beta.reshape(4, 1, 1)
    simple('instance_norm', n, normalized(n, [2, 3], (4, 1, 1), gamma, beta), y,
           'InstanceNormalization|LayerNormalization', lacks=('Reduce',))
    scale = rand(4, 5, 6)
    for axis, size in ((3, 6), (1, 120)):
        n = Net(x, opset=23)
        last = scale.ravel()[:size].reshape(x.shape[axis:])
        mean = (x * x).mean(tuple(range(axis, 4)), keepdims=True)
        simple('rms_norm_of_%d' % axis, n,
               n.node('RMSNormalization', 'x', last, axis=axis, epsilon=1e-5),
               x / np.sqrt(mean + 1e-5) * last, 'RMSNormalization')
    g = x.reshape(1, 2, -1)
    m, v = g.mean(-1, keepdims=True), g.var(-1, keepdims=True)
    n = Net(x)
    out = n.node('InstanceNormalization', n.node('Reshape', 'x', n.shape(1, 2, -1)), np.ones(2),
                 np.zeros(2), epsilon=1e-5)
    out = n.node('Reshape', out, n.shape(1, 4, 5, 6))
    out = n.node('Add', n.node('Mul', out, gamma.reshape(4, 1, 1)), beta.reshape(4, 1, 1))
    y = ((g - m) / np.sqrt(v + 1e-5)).reshape(x.shape) * gamma.reshape(4, 1, 1) + beta.reshape(4, 1, 1)
    simple('group_norm', n, out, y, 'GroupNormalization|LayerNormalization',
           lacks=('InstanceNormalization',))
    n = Net(x)
    out = n.node('Add', n.node('Mul', 'x', gamma.reshape(1, 4, 1, 1)), beta.reshape(4, 1, 1))
    n.nodes.append(helper.make_node('MaxPool', [out], ['pool'], kernel_shape=[1, 1]))
    simple('channel_scale', n, 'pool', x * gamma.reshape(4, 1, 1) + beta.reshape(4, 1, 1),
           'BatchNormalization|Multiply')
    w, b = rand(6, 3), rand(3)
    n = Net(x)
    simple('linear', n, n.node('Add', n.node('MatMul', 'x', w), b), x @ w + b, 'Dense',
           lacks=('Add', 'Batch'))


# ---- layouts ---------------------------------------------------------------------------------


def conv1x1(x, w):
    return np.einsum('nchw,oc->nohw', x, w[:, :, 0, 0])


def layouts():
    x, w = rand(1, 3, 4, 5), rand(6, 3, 1, 1)
    y, dense = conv1x1(x, w), rand(120, 7)
    n = Net(x)
    flat = n.node('Flatten', n.node('Conv', 'x', w, kernel_shape=[1, 1]))
    simple('flatten_gemm', n, n.node('Gemm', flat, dense), y.reshape(1, -1) @ dense, 'Dense',
           'layout: NCHW', lacks=('Permute',))
    n = Net(x)
    flat = n.node('Reshape', n.node('Conv', 'x', w), n.shape(0, -1))
    simple('reshape_matmul', n, n.node('MatMul', n.node('Relu', flat), dense),
           np.maximum(y.reshape(1, -1), 0) @ dense, lacks=('Permute',))
    n = Net(x)
    shape = n.node('Shape', 'x')
    batch = n.node('Gather', shape, n.weight(0, dtype=np.int64), axis=0)
    target = n.node('Concat', n.node('Unsqueeze', batch, n.shape(0)), n.shape(-1), axis=0)
    flat = n.node('Reshape', n.node('Conv', 'x', w), target)
    simple('shape_chain', n, n.node('Gemm', flat, dense), y.reshape(1, -1) @ dense,
           lacks=('Permute',))
    nhwc = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    n = Net(nhwc)
    out = n.node('Conv', n.node('Transpose', 'x', perm=[0, 3, 1, 2]), w)
    simple('transposes', n, n.node('Transpose', n.node('Relu', out), perm=[0, 2, 3, 1]),
           np.maximum(y, 0).transpose(0, 2, 3, 1), 'activation: relu', lacks=('Permute', 'NCHW'))
    n = Net(x)
    out = n.node('Reshape', n.node('Conv', 'x', w), n.shape(1, 2, 3, 4, 5))
    out = n.node('Reshape', n.node('Transpose', out, perm=[0, 2, 1, 3, 4]), n.shape(1, 6, 4, 5))
    simple('channel_shuffle', n, n.node('Conv', out, np.eye(6).reshape(6, 6, 1, 1)),
           y.reshape(1, 2, 3, 4, 5).transpose(0, 2, 1, 3, 4).reshape(1, 6, 4, 5))
    w = rand(8, 3, 1, 1)
    y = conv1x1(x, w)
    n = Net(x)
    out = n.node('Reshape', n.node('Conv', 'x', w), n.shape(1, 2, 2, 2, 4, 5))
    out = n.node('Reshape', n.node('Transpose', out, perm=[0, 1, 4, 2, 5, 3]), n.shape(1, 2, 8, 10))
    simple('pixel_shuffle', n, out,
           y.reshape(1, 2, 2, 2, 4, 5).transpose(0, 1, 4, 2, 5, 3).reshape(1, 2, 8, 10))
    x = rand(1, 4, 3, 2)
    w = rand(4, 3, 1, 1)
    y = np.concatenate([np.einsum('nchw,co->nohw', x[:, g:g + 2], w[g:g + 2, :, 0, 0])
                        for g in (0, 2)], 1)
    n = Net(x)
    simple('transposed_groups', n, n.node('ConvTranspose', 'x', w, group=2), y, 'Conv2DTranspose',
           'Concatenate')
    x = rand(1, 5, 7)
    n = Net(x)
    simple('gather', n, n.node('Gather', 'x', n.weight([4, 1, 2, -2], dtype=np.int64), axis=2),
           x[:, :, [4, 1, 2, 5]], 'Gather', 'indices: .4, 1, 2, 5')
    n = Net(x)
    simple('gather_evenly', n, n.node('Gather', 'x', n.weight([6, 4, 2], dtype=np.int64), axis=2),
           x[:, :, [6, 4, 2]], 'Slice', lacks=('Gather',))
    n = Net(x)
    simple('gather_matrix', n, n.node('Gather', 'x',
                                      n.weight([[0, 3], [3, -1], [1, 1]], dtype=np.int64), axis=1),
           x[:, [[0, 3], [3, 4], [1, 1]]], 'Gather')
    x = rand(1, 4, 3, 5)
    n = Net(x)
    y = conv1x1(x, np.eye(4).reshape(4, 4, 1, 1))
    out = n.node('Conv', 'x', np.eye(4).reshape(4, 4, 1, 1))
    simple('gather_channels', n, n.node('Gather', out, n.weight([3, 0, 0], dtype=np.int64), axis=1),
           y[:, [3, 0, 0]], 'axis: 3')
    x = rand(3, 4, 2, 5)
    n = Net(x)
    simple('batch', n, n.node('Relu', n.node('GlobalAveragePool', 'x')),
           np.maximum(x.mean((2, 3), keepdims=True), 0), 'batch: 3')


# ---- Einsum ----------------------------------------------------------------------------------


def einsums():
    """Equations by numpy: of x and itself, and of x and a constant on either side."""
    shapes = {'x': rand(3, 4, 5), 'y': rand(3, 5, 2), 'z': rand(5, 7), 'v': rand(5),
              'm': rand(4, 3, 5), 'i': rand(1, 6, 4, 5)}
    for equation, left, right in (
            ('ijk->kij', 'x', None), ('ijk->j', 'x', None), ('ijk', 'x', None), ('ijk->', 'x', None),
            ('...k->k...', 'x', None), ('ijk,ikl->ijl', 'x', 'y'), ('ijk,ikl->lji', 'x', 'y'),
            ('ijk,kl->ijl', 'x', 'z'), ('kl,ijk->ijl', 'z', 'x'), ('ijk,kl->lij', 'x', 'z'), ('ijk,k->ij', 'x', 'v'),
            ('ijk,jik->k', 'x', 'm'), ('ijk,jik->ijk', 'x', 'm'), ('ijk,jik->', 'x', 'm'), ('ijk, jil -> ijkl', 'x', 'm'),
            ('ijk,l->ijkl', 'x', 'v'), ('ijk,lmk->ijlm', 'x', 'm'), ('ij k,jl k', 'x', 'm'), ('...k,...k->...', 'x', 'x'),
            ('...jk,...kl->...jl', 'x', 'y'), ('...k,kl->...l', 'x', 'z'), ('nchw,wo->nohc', 'i', 'z'),
            ('nchw,nCHw->ncCH', 'i', 'i'), ('ijk,ikl->jl', 'x', 'y'), ('ijk,ilk->i', 'x', 'x')):
        operands = [shapes[name] for name in (left, right) if name]
        for fixed in ((None,) if right is None else (None, 0, 1)):
            n = Net(operands[0 if fixed != 0 else 1])
            names = ['x' if i == 0 or operands[i] is operands[0] else None
                     for i in range(len(operands))]
            if fixed is not None:
                names = [n.weight(operands[i]) if i == fixed else 'x' for i in range(2)]
            if None in names:
                continue
            simple('einsum_%s_%s' % (re.sub('[^a-zA-Z0-9]', '_', equation), fixed), n,
                   n.node('Einsum', *names, equation=equation),
                   np.einsum(equation.replace(' ', ''), *operands))
    x = rand(2, 3, 3)
    for name, equation, operands, error in (
            ('diagonal', 'ijj->ij', 1, "'ijj->ij': it takes a diagonal"), ('digit', 'i1k->i', 1, 'no equation'),
            ('rank', 'ij->i', 1, "'ij->i': [2, 3, 3], operand 0, has other"), ('size', 'ijk,jki->i', 2, '[2, 3, 3], operand 1, has other'),
            ('three', 'ijk,ijk,ijk->i', 3, "'ijk,ijk,ijk->i' has 3 operands"), ('new', 'ijk->l', 1, 'no operand'),
            ('arrow', 'ijk-', 1, 'no equation'), ('comma', 'ijk,', 1, 'no equation'), ('dots', 'i....->i', 1, 'no equation'),
            ('long', 'a' * 5000 + '->a', 1, 'has other dimensions')):
        n = Net(x)
        Case('einsum_' + name, n, [n.node('Einsum', *['x'] * operands, equation=equation)], [x],
             error=error)
    n = Net(x)
    Case('einsum_constants', n, [n.node('Add', 'x',
                                        n.node('Einsum', x, x, equation='ijk,ijk->ijk'))], [x],
         error='all of its operands are constants')


def softmaxes():
    """Along what isn't last in memory, as it lies there, if enough follows it; else moved to the end."""
    moved, along = 'Permute[^\n]*\n[^\n]*Softmax', 'Softmax[^\n]*axis: '
    for channels, axis, has, lacks in (
            (9, 1, 'Softmax', (moved, along)), (9, 2, along + '1', (moved,)), (9, -1, along + '2', (moved,)),
            (3, 3, moved, (along,))):
        x = rand(1, channels, 4, 5)
        e = np.exp(x) / np.exp(x).sum(axis, keepdims=True)
        for op, y in (('Softmax', e), ('LogSoftmax', np.log(e))):
            n = Net(x)
            out = n.node(op, n.node('Conv', 'x', np.eye(channels).reshape(channels, channels, 1, 1)), axis=axis)
            simple('%s_%d_of_%d' % (op.lower(), axis, channels), n, n.node('Conv', out, np.eye(channels).reshape(
                channels, channels, 1, 1)), y, has, lacks=lacks)


def along():
    """CumSum, Hardmax and Softmax, seen with the channels last."""
    x = rand(1, 4, 3, 5)
    identity = np.eye(4).reshape(4, 4, 1, 1)
    for axis in (1, 2, -1):
        n = Net(x)
        out = n.node('CumSum', n.node('Conv', 'x', identity), n.weight(axis, dtype=np.int64),
                     exclusive=1)
        simple('cum_sum_%d' % axis, n, out, np.cumsum(x, axis) - x, 'CumSum', 'exclusive: true')
        n = Net(x)
        best = x.argmax(axis)
        out = n.node('Hardmax', n.node('Conv', 'x', identity), axis=axis)
        simple('hardmax_%d' % axis, n, out,
               (np.arange(x.shape[axis]) == np.expand_dims(best, -1)).transpose(
            np.argsort([i for i in range(4) if i != axis % 4] + [axis % 4])), 'ArgMax')
    softmaxes()
    n = Net(x, opset=11)
    simple('hardmax_of_all', n, n.node('Hardmax', 'x'),
           (np.arange(60) == x.argmax()).reshape(x.shape), 'ArgMax')
    n = Net(x)
    Case('cum_sum_axis', n, [n.node('CumSum', 'x', n.weight(4, dtype=np.int64))], [x],
         error="axis that [1, 4, 3, 5] doesn't have")
    n = Net(rand(2, 3, 4, 5))
    Case('cum_sum_batch', n, [n.node('CumSum', n.node('Conv', 'x', rand(6, 3, 1, 1)),
                                     n.weight(0, dtype=np.int64))], [x],
         error='mixes the images of the batch')
    n, w = Net(rand(1, 3, 4)), rand(2, 5)
    nd = n.node('GatherND', w, n.weight([[1], [0], [1]], dtype=np.int64))
    simple('gather_nd_folded', n, n.node('Add', 'x',
                                         n.node('Slice', nd, n.shape(0, 0), n.shape(3, 4))),
           n.x[0] + w[[1, 0, 1], :4])
    n, w, u = Net(rand(1, 3, 4)), rand(3, 4), rand(2, 4)
    scattered = w.copy()
    scattered[[2, 0]] = u
    simple('scatter_nd', n, n.node('Add', 'x',
                                   n.node('ScatterND', w, n.weight([[-1], [0]], dtype=np.int64),
                                          u)),
           n.x + scattered)
    n = Net(rand(1, 3, 4))
    Case('scatter_nd_place', n, [n.node('Add', 'x',
                                        n.node('ScatterND', w, n.weight([[3]], dtype=np.int64),
                                               u[:1]))],
         [w], error='[1, 4] at places [1, 1] of [3, 4]')
    n, w = Net(rand(1, 2, 3, 4)), rand(2, 3, 4)
    nd = n.node('GatherND', w, n.weight([[[0], [2]], [[1], [-1]]], dtype=np.int64), batch_dims=1)
    simple('gather_nd_batched', n, n.node('MatMul', 'x', n.node('Transpose', nd, perm=[0, 2, 1])),
           n.x @ np.stack([w[0, [0, 2]], w[1, [1, 2]]]).transpose(0, 2, 1))


# ---- GridSample ------------------------------------------------------------------------------


def sampled(x, grid):
    """Bilinear, zeros outside, corners not aligned: x [N, C, H, W] at grid [N, h, w, 2]."""
    n, c, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 2), (1, 2)))
    u = np.clip(((grid[..., 0] + 1) * w - 1) / 2, -1, w)
    v = np.clip(((grid[..., 1] + 1) * h - 1) / 2, -1, h)
    i, j = np.floor(v).astype(int), np.floor(u).astype(int)
    s, t = (v - i)[:, None], (u - j)[:, None]
    b = np.arange(n)[:, None, None]

    def at(di, dj):
        return padded[b, :, i + 1 + di, j + 1 + dj].transpose(0, 3, 1, 2)
    return ((at(0, 0) * (1 - t) + at(0, 1) * t) * (1 - s) + (at(1, 0) * (1 - t) + at(1, 1) * t) * s)


def grids():
    x, grid = rand(1, 3, 5, 7), rand(1, 4, 6, 2) * 1.3
    n = Net(x, opset=16)
    simple('grid_fixed', n, n.node('GridSample', 'x', grid), sampled(x, grid), 'GridSample',
           'Constant', 'layout: NCHW')
    n = Net(x, opset=16)
    y = conv1x1(x, w := rand(2, 3, 1, 1))
    places = n.node('Transpose', n.node('Tanh', n.node('Conv', 'x', w)), perm=[0, 2, 3, 1])
    simple('grid_computed', n, n.node('GridSample', 'x', places),
           sampled(x, np.tanh(y).transpose(0, 2, 3, 1)),
           'inputs: .x, conv_0')
    n = Net(grid, opset=16)
    simple('grid_input', n, n.node('GridSample',
                                   n.node('Conv', n.node('Transpose', 'x', perm=[0, 3, 1, 2]),
                                                        rand(3, 2, 1, 1)), 'x'),
           sampled(conv1x1(grid.transpose(0, 3, 1, 2), numpy_helper.to_array(n.weights[0])), grid),
           lacks=('NCHW',))
    x, grid = rand(2, 3, 5, 7), rand(2, 4, 6, 2)
    n = Net(x, opset=16)
    Case('grid_per_image', n, [n.node('GridSample', n.node('Conv', 'x', rand(3, 3, 1, 1)), grid)],
         [x], error='differs from image to image')
    n = Net(x, opset=16)
    Case('grid_mode', n, [n.node('GridSample', 'x', grid, mode='quintic')], [x],
         error="mode 'quintic'")
    n = Net(x, opset=16)
    Case('grid_padding', n, [n.node('GridSample', 'x', grid, padding_mode='wrap')], [x],
         error="padding_mode 'wrap'")
    n = Net(x, opset=16)
    Case('grid_places', n, [n.node('GridSample', 'x', rand(2, 4, 6, 3))], [x],
         error='an image [2, 3, 5, 7] at places [2, 4, 6, 3]')
    n = Net(rand(1, 2, 3, 4, 5), opset=20)
    Case('grid_volume', n, [n.node('GridSample', 'x', rand(1, 2, 2, 2, 3))], [x],
         error='3 spatial dimensions')


# ---- edges -----------------------------------------------------------------------------------


def edges():
    x = rand(1, 3, 4, 5)
    y, mean = np.maximum(x, 0), x.mean((2, 3))
    n = Net(x)
    Case('input_is_output', n, ['x'], [x])
    n = Net(x)
    relu = n.node('Relu', 'x')
    Case('output_twice', n, [relu, relu, n.node('Identity', relu)], [y, y, y])
    n = Net(x)
    pool = n.node('GlobalAveragePool', 'x')
    flat = n.node('Flatten', pool)
    Case('outputs_seen_differently', n, [pool, flat, n.node('Relu', flat)],
         [mean, mean, np.maximum(mean, 0)])
    for shape in ((), (1,), (5,), (2, 1), (1, 1, 1, 1), (2, 3, 4, 5, 2)):
        v = rand(*shape) if shape else np.float32(-0.5).reshape(())
        n = Net(v)
        simple('shape_' + 'x'.join(map(str, shape)), n, n.node('Add', n.node('Abs', 'x'), [1.0]),
               abs(v) + 1)
    x, w, dense = rand(2, 3, 4, 5), rand(6, 3, 1, 1), rand(120, 4)
    y = conv1x1(x, w)
    n = Net(x)
    train = n.weight(True, dtype=bool)
    simple('dropout_of_nothing', n, n.node('Dropout', n.node('Abs', 'x'), [0.0], train), abs(x),
           lacks=('Dropout',))
    n = Net(x)
    train = n.weight(True, dtype=bool)
    Case('dropout_trains', n, [n.node('Dropout', 'x', [0.5], train)], [x], error='training mode')
    n = Net(x)
    conv = n.node('Conv', 'x', w)
    Case('batch_of_two', n, [n.node('Gemm', n.node('Flatten', conv), dense), conv],
         [y.reshape(2, -1) @ dense, y], ['batch: 2'])
    n = Net(x)
    heads = n.node('Reshape', n.node('Transpose', n.node('Conv', 'x', w), perm=[0, 2, 3, 1]),
                   n.shape(2, -1, 3))
    simple('detector_head', n, heads, y.transpose(0, 2, 3, 1), lacks=('Softmax',))
    n = Net(x)
    simple('mixed_batch', n, n.node('Relu', n.node('Reshape', 'x', n.shape(6, 4, 5))),
           np.maximum(x, 0), lacks=('batch',))
    scale = rand(2, 1, 1, 1)
    n = Net(x)
    simple('constant_per_image', n, n.node('Mul', 'x', scale), x * scale)
    x = rand(1, 8, 4, 6)
    n = Net(x)
    a, b = n.node('Split', 'x', outputs=2, axis=1)
    simple('gated', n, n.node('Mul', a, n.node('Sigmoid', b)), x[:, :4] / (1 + np.exp(-x[:, 4:])),
           'Slice')
    n = Net(x)
    pool = n.node('MaxPool', 'x', kernel_shape=[2, 2], strides=[2, 2])
    simple('slice_backwards', n, n.node('Slice', pool, n.shape(-1, 0), n.shape(-100, 2),
                                        n.shape(1, 2),
                                        n.shape(-3, 1)),
           x.reshape(1, 8, 2, 2, 3, 2).max((3, 5))[:, ::-3, :2])
    x = rand(6, 5, 12)
    n = Net(x)
    parts = n.node('Transpose', n.node('Reshape', 'x', n.shape(6, 5, 3, 2, 2)),
                   perm=[2, 0, 3, 1, 4])
    q, k, v = (n.node('Gather', parts, n.weight(i, dtype=np.int64), axis=0) for i in range(3))
    out = n.node('MatMul', n.node('MatMul', q, n.node('Transpose', k, perm=[0, 1, 3, 2])), v)
    q, k, v = x.reshape(6, 5, 3, 2, 2).transpose(2, 0, 3, 1, 4)
    simple('heads_of_windows', n, out, q @ k.swapaxes(-1, -2) @ v)
    x = rand(1, 8, 4, 6)
    n = Net(x)
    simple('expanded', n, n.node('Expand', 'x', n.shape(3, 8, 4, 6)),
           np.broadcast_to(x, (3, 8, 4, 6)))
    m = rand(6, 3)
    n = Net(rand(1, 4, 6))
    product = n.node('MatMul', 'x', m)
    simple('products', n, n.node('MatMul', product, n.node('Transpose', product, perm=[0, 2, 1])),
           (n.x @ m) @ (n.x @ m).transpose(0, 2, 1))
    n = Net(rand(4, 6))
    simple('gemm_of_two', n, n.node('Gemm', 'x', 'x', rand(4, 4), transB=1, alpha=0.5, beta=2.0),
           0.5 * (n.x @ n.x.T) + 2 * numpy_helper.to_array(n.weights[0]))


# ---- data ------------------------------------------------------------------------------------


TYPES = {'float': (TensorProto.FLOAT, np.float32), 'half': (TensorProto.FLOAT16, np.float16),
         'double': (TensorProto.DOUBLE, np.float64)}


def data():
    x = rand(1, 4)
    for name, (kind, dtype) in TYPES.items():
        w = rand(4, 3).astype(dtype)
        for raw in (False, True):
            n = Net(x)
            values = w.view(np.uint16) if kind == TensorProto.FLOAT16 and not raw else w
            vals = w.tobytes() if raw else [v.item() for v in (w if raw else w).ravel()]
            n.weights.append(helper.make_tensor('m', kind, w.shape, vals, raw=raw))
            simple('%s_%s' % (name, 'raw' if raw else 'typed'), n, n.node('MatMul', 'x', 'm'),
                   x @ w.astype(np.float32))
            del values
    bits = (rand(4, 3).view(np.uint32) >> 16).astype(np.uint16)
    w = (bits.astype(np.uint32) << 16).view(np.float32)
    n = Net(x)
    n.weights.append(helper.make_tensor('m', TensorProto.BFLOAT16, w.shape, bits.tobytes(),
                                        raw=True))
    simple('bfloat_raw', n, n.node('MatMul', 'x', 'm'), x @ w)
    n = Net(x)
    n.nodes.append(helper.make_node('Constant', [], ['c'],
                                    value=numpy_helper.from_array(rand(4, 3) * 0 + 2)))
    simple('constant_node', n, n.node('MatMul', 'x', 'c'), x @ np.full((4, 3), 2, np.float32))
    n = Net(x)
    half = n.weight(np.array([[0.5] * 3] * 4), dtype=np.float16)
    simple('cast_of_constant', n, n.node('MatMul', 'x', n.node('Cast', half, to=FLOAT)),
           x @ np.full((4, 3), 0.5, np.float32), lacks=('Cast',))


def external(name, location, size, offset=None, length=None, error=None):
    w, x = np.arange(6, dtype=np.float32).reshape(2, 3), rand(1, 2)
    n = Net(x)
    t = TensorProto(name='m', data_type=FLOAT, dims=w.shape, data_location=TensorProto.EXTERNAL)
    for key, value in (('location', location), ('offset', offset), ('length', length)):
        if value is not None:
            entry = t.external_data.add()
            entry.key, entry.value = key, str(value)
    n.weights.append(t)
    case = Case('external_' + name, n, [n.node('MatMul', 'x', 'm')], [x @ w], error=error)
    n.external = (location, b'\0' * (offset if isinstance(offset, int) else 0) + w.tobytes()[:size])


def external_data():
    external('plain', 'plain.bin', 24)
    external('offset', 'offset.bin', 24, offset=16, length=24)
    external('folder', 'sub/w.bin', 24)
    external('short', 'short.bin', 23, error="is 24 bytes at 0 of 'short.bin', which has 23")
    external('length', 'length.bin', 24, length=23, error='needs 24 bytes, but its external data has a length of 23')
    external('far', 'far.bin', 24, offset='9223372036854775807', error='which has')
    external('number', 'number.bin', 24, offset='-4', error="whose offset is no number: '-4'")
    external('parent', '../w.bin', None, error="has a '..' in it")
    external('absolute', '/etc/passwd', None, error="leads out of the model's folder")
    external('link', 'link.bin', None, error='symbolic link')
    external('missing', 'missing.bin', None, error='No such file')


# ---- refused ---------------------------------------------------------------------------------


def wrong(name, error, net=None, outputs=(), data=None, options=()):
    case = Case('wrong_' + name, net, outputs, [], error=error, options=options)
    case.bytes = data


def dynamic():
    x = rand(1, 3, 4, 4)
    n = Net(x, dims=['N', 3, 'H', 4])
    out = n.node('GlobalAveragePool', 'x')
    wrong('open', "input 'x' [?, 3, ?, 4] has dimensions that the model leaves open", n, [out])
    wrong('shape', "--shape says [1, 5, 4, 4] of input 'x', which is [?, 3, ?, 4]", n, [out],
          options=['--shape', 'x=1,5,4,4'])
    wrong('input', "the model has no input 'z'", n, [out],
          options=['--shape', 'x=1,3,4,4', '--shape', 'z=1'])
    Case('shape', n, [out], [x.mean((2, 3), keepdims=True)], options=['--shape', 'x=1,3,4,4'])


def large():
    """A shape that a file of a hundred bytes may claim."""
    n = Net(rand(1, 4), dims=[1, 1 << 30])
    wrong('hardmax', 'it counts more than 16777216 elements', n, [n.node('Hardmax', 'x')])


def sparse(count):
    """A graph that knows more names of sparse constants than of anything else, and reads one."""
    g = helper.make_graph([helper.make_node('Add', ['x', 's7'], ['y'], name='sum')], 'g',
                          [helper.make_tensor_value_info('x', FLOAT, [1, 3])],
                          [helper.make_tensor_value_info('y', FLOAT, [1, 3])])
    for i in range(count):
        value = helper.make_tensor('s%d' % i, FLOAT, [1], [1.0])
        g.sparse_initializer.append(helper.make_sparse_tensor(value,
                                                              helper.make_tensor('',
                                                                      TensorProto.INT64, [1], [0]), [3]))
    return helper.make_model(g).SerializeToString()


def field(number, data):
    """A message, or bytes, as field `number` of another one."""
    size, varint = len(data), b''
    while size > 127:
        varint += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + varint + bytes([size]) + data


def nested(depth):
    """A graph with a node with an attribute with a graph ..."""
    data = b''
    for _ in range(depth):
        data = field(1, field(5, field(6, data)))
    return field(7, data)


def refusals():
    x = rand(1, 4, 4, 4)
    n = Net(x)
    a = n.node('TopK', 'x', n.shape(2), outputs=2)
    b = n.node('FooBar', n.node('Relu', a[0]), domain='my.ops')
    c = n.node('FooBar', b, domain='my.ops')
    wrong('several', "TopK 'n0': the size of its result depends on the data / FooBar 'n2': operators of "
          "'my.ops' are not known / and 1 more: 'n3'", n, [c])
    n = Net(x)
    wrong('quantised', 'the model is quantised; import the float32 model', n,
          [n.node('QuantizeLinear', 'x', [1.0], n.weight(0, dtype=np.uint8))])
    n = Net(x)
    wrong('attribute', "attribute 'magic' is not known", n, [n.node('Relu', 'x', magic=1)])
    n = Net(x)
    wrong('kind', "attribute 'axis' is of another kind", n, [n.node('Softmax', 'x', axis='last')])
    n = Net(x)
    wrong('dims', "Add 'n0': [1, 4, 4, 4] and [3] don't fit together", n,
          [n.node('Add', 'x', rand(3))])
    n = Net(x, opset=99)
    wrong('opset', 'the model is of opset 99; opsets 7 to 25 are known', n, [n.node('Relu', 'x')])
    n = Net(x, opset=0)
    wrong('no_opset', "the model doesn't say of which opset of ONNX", n, [n.node('Relu', 'x')])
    n = Net(x)
    n.nodes.append(helper.make_node('Relu', ['later'], ['y'], name='early'))
    wrong('order', "Relu 'early' reads 'later', which nothing before it makes", n, ['y'])
    n = Net(x)
    n.nodes += [helper.make_node('Relu', ['x'], ['y']), helper.make_node('Relu', ['x'], ['y'])]
    wrong('twice', "makes 'y', which is there already", n, ['y'])
    wrong('no_output', "nothing makes the output 'y'", Net(x), ['y'])
    n = Net(rand(1, 2))
    n.weights.append(TensorProto(name='m', data_type=FLOAT, dims=[2, 3], raw_data=b'\0' * 20))
    wrong('size', "the tensor 'm' [2, 3] of float32 needs 24 bytes, but has 20", n,
          [n.node('MatMul', 'x', 'm')])
    n = Net(rand(1, 2))
    n.weights.append(TensorProto(name='m', data_type=FLOAT, dims=[1 << 40, 1 << 40], raw_data=b''))
    wrong('overflow', "the tensor 'm' has too many elements", n, [n.node('MatMul', 'x', 'm')])
    n = Net(rand(1, 2))
    shape = n.shape(1 << 20, 1 << 20)
    wrong('bomb', 'a result [1048576, 1048576], which is too large', n,
          [n.node('ConstantOfShape', shape)])
    n = Net(rand(1, 1))
    wrong('growing', 'a result [1, 1, 1048576, 1048576], which is too large', n,
          [n.node('Expand', 'x', n.shape(1, 1, 1 << 20, 1 << 20))])
    case = Case('sparse', None, (), [], error="it uses 's7': it is a sparse constant")
    case.bytes = sparse(100)
    wrong('empty', 'the file is empty', data=b'')
    wrong('text', 'this is no ONNX model, or it is damaged', data=b'hello, world\n' * 9)
    wrong('group', 'a group, or an unknown kind of field, which ONNX doesn\'t have at byte 0',
          data=b'\x3b\x3c')
    wrong('length', "field 'graph' is longer than the message it is in at byte 0",
          data=b'\x3a\x7fabc')
    wrong('varint', 'a number of more than ten bytes at byte 1', data=b'\x08' + b'\xff' * 12)
    wrong('deep', 'messages nested deeper than the limit of 32', data=nested(5000))
    wrong('graph', 'it has no graph', data=b'\x08\x07')


# ---- functions of the model, and If ------------------------------------------------------------


LIB = 'pkg.lib'


def function(name, inputs, outputs, nodes, attributes=(), opset=13, absent=(), overload=''):
    """A function; absent: what attributes are that a call leaves out, in a field that older schemas don't know."""
    f = helper.make_function(LIB, name, inputs, outputs, nodes,
                             [helper.make_opsetid('', opset), helper.make_opsetid(LIB, 1)],
                             list(attributes))
    more = b''.join(field(11, a.SerializeToString())
                    for a in absent) + (field(13, overload.encode()) if overload else b'')
    f.MergeFromString(more)
    return f


def refer(node, **attributes):
    """The node with attributes that are those of the function it is in: name=(name there, 'INT' ...)."""
    for name, (there, kind) in attributes.items():
        node.attribute.add(name=name, ref_attr_name=there, type=getattr(onnx.AttributeProto, kind))
    return node


def call(name, inputs, outputs, overload='', **attributes):
    node = helper.make_node(name, inputs, outputs, domain=LIB, name=name.lower(), **attributes)
    node.MergeFromString(field(8, overload.encode()) if overload else b'')
    return node


def calling(name, x, nodes, functions, expected, *has, lacks=(), error=None, weights=(),
            opset=13, outputs=('y',)):
    """A model of calls, from x to y."""
    n = Net(x, opset)
    n.nodes += nodes
    for w, value in weights:
        n.weight(value, w, value.dtype)
    model = n.model(*outputs)
    model.functions.extend(functions)
    model.opset_import.append(helper.make_opsetid(LIB, 1))
    case = Case(name, n, list(outputs), expected if isinstance(expected, list) else [expected], has,
                lacks, error=error)
    case.bytes = model.SerializeToString()
    return case


def graph(nodes, *outputs, weights=()):
    """A branch."""
    return helper.make_graph(nodes, 'branch', [],
                             [helper.make_empty_tensor_value_info(o) for o in outputs],
                             [numpy_helper.from_array(value, name) for name, value in weights])


node = helper.make_node


def functions():
    x = rand(1, 3, 4, 5)
    scaled = function('Scaled', ['a', 'b'], ['r'], [
        refer(node('Constant', [], ['c'], name='number'), value_float=('by', 'FLOAT')),
        node('Mul', ['a', 'c'], ['m']),
        node('Add', ['m', 'b'], ['r'], name='sum')], ['by'])
    twice = function('Twice', ['a'], ['r'], [
        refer(call('Scaled', ['a', 'a'], ['m']), by=('factor', 'FLOAT')),
        refer(call('Scaled', ['m', 'a'], ['r']), by=('factor', 'FLOAT'))], ['factor'])
    calling('function', x, [call('Scaled', ['x', 'x'], ['y'], by=2.5)], [scaled],
            x * 3.5, 'name: y')
    calling('function_nested', x, [call('Twice', ['x'], ['t'], factor=0.5),
                                   node('Relu', ['t'], ['y'])], [scaled, twice],
            np.maximum(x * 1.75, 0), 'name: twice/scaled/m')
    long = call('Scaled', ['x', 'x'], ['t'], by=2.0)
    long.name = 'torch_nn_modules_conv_Conv2d_features_layer_number_12'
    calling('function_long_name', x, [long, node('Relu', ['t'], ['y'])], [scaled],
            np.maximum(3 * x, 0), 'name: \\w*layer_number_12/m')
    calling('function_called_twice', x, [call('Scaled', ['x', 'x'], ['t'], by=2.0),
                                         call('Scaled', ['t', 'x'], ['y'], by=3.0)],
            [scaled], x * 10, 'name: scaled/m', 'name: scaled/m_1')
    leaky = function('Leaky', ['a'], ['r'],
                     [refer(node('LeakyRelu', ['a'], ['r']), alpha=('slope', 'FLOAT'))],
                     absent=[helper.make_attribute('slope', 0.25)])
    calling('function_default', x, [call('Leaky', ['x'], ['y'])], [leaky],
            np.where(x < 0, x / 4, x))
    calling('function_no_default', x, [call('Leaky', ['x'], ['y'], slope=0.5)], [leaky],
            np.where(x < 0, x / 2, x))
    softmax = function('Choose', ['a'], ['r'],
                       [refer(node('Softmax', ['a'], ['r']), axis=('dim', 'INT'))], ['dim'])
    e = np.exp(x)
    calling('function_attribute_left_out', x, [call('Choose', ['x'], ['y'])], [softmax],
            e / e.sum(-1, keepdims=True))
    old = function('Choose', ['a'], ['r'], [node('Softmax', ['a'], ['r'])], opset=11)
    calling('function_of_another_opset', x, [call('Choose', ['x'], ['y'])], [old],
            e / e.sum((1, 2, 3), keepdims=True))
    gated = function('Gated', ['a'], ['r'], [
        refer(node('Constant', [], ['n']), value_int=('leaky', 'INT')),
        node('Cast', ['n'], ['c'], to=TensorProto.BOOL),
        node('If', ['c'], ['r'], then_branch=graph([refer(node('LeakyRelu', ['a'], ['s']),
                                                          alpha=('slope', 'FLOAT'))], 's'),
             else_branch=graph([node('Relu', ['a'], ['s'])], 's'))], ['leaky', 'slope'])
    calling('function_attribute_in_branch', x,
            [call('Gated', ['x'], ['t'], leaky=1, slope=0.5), call('Gated', ['t'], ['y'], leaky=0)],
            [gated], np.maximum(x, 0), 'LeakyReLU|ReLU')
    optional = function('Linear', ['a', 'w', 'b'], ['r'], [
        node('OptionalHasElement', ['b'], ['has']), node('MatMul', ['a', 'w'], ['m']),
        node('If', ['has'], ['r'], then_branch=graph([node('Add', ['m', 'b'], ['s'])], 's'),
             else_branch=graph([node('Identity', ['m'], ['s'])], 's'))], opset=18)
    w, b = rand(5, 2), rand(2)
    for name, bias in (('', ['x', 'w']), ('_empty', ['x', 'w', '']), ('_given', ['x', 'w', 'b'])):
        calling('function_optional' + name, x, [call('Linear', bias, ['y'])], [optional],
                x @ w + (b if len(bias) == 3 and bias[2] else 0),
                'Dense', weights=[('w', w), ('b', b)], opset=18)
    several = function('Several', ['a'], ['p', 'q', 'a', 'p2'], [
        node('Abs', ['a'], ['p']), node('Neg', ['p'], ['q']), node('Identity', ['p'], ['p2']),
        node('NonZero', ['a'], ['unused'])])
    calling('function_outputs', x, [call('Several', ['x'], ['y', '', 'same', 'z'])], [several],
            [abs(x), x, abs(x)], outputs=('y', 'same', 'z'))
    calling('function_one_output', x, [call('Several', ['x'], ['', 'y'])], [several], -abs(x))
    plus, minus = (function('Op', ['a'], ['r'], [node(op, ['a'], ['r'])], overload=o) for op,
                   o in (('Abs', ''), ('Neg', 'minus')))
    calling('function_overloads', x, [call('Op', ['x'], ['t']),
                                      call('Op', ['t'], ['y'], overload='minus')], [minus, plus],
                                      -abs(x))
    shadow = function('Shadow', ['x'], ['y'],
                      [node('Abs', ['x'], ['w']), node('Neg', ['w'], ['y'])])
    calling('function_own_names', x, [call('Shadow', ['w'], ['z']), node('Add', ['x', 'z'], ['y'])],
            [shadow], x - 2, weights=[('w', np.full(1, -2.0, np.float32))])


def branches():
    x = rand(1, 3, 4, 5)
    yes, no = graph([node('Relu', ['x'], ['r'])],
                    'r'), graph([node('TopK', ['x', 'x'], ['r', 'i'])], 'r')
    for name, value, branch in (('then', True, (yes, no)), ('else', False, (no, yes))):
        calling('if_' + name, x, [node('If', ['c'], ['y'], then_branch=branch[0],
                                       else_branch=branch[1])], [], np.maximum(x, 0),
                'activation: relu', weights=[('c', np.array(value))])
    rank = [node('Shape', ['x'], ['s']), node('Size', ['s'], ['n']),
            node('Equal', ['n', 'four'], ['c'])]
    inner = graph([node('Mul', ['x', 'k'], ['m']),
                   node('If', ['d'], ['r'], then_branch=graph([node('Neg', ['m'], ['r'])], 'r'),
                                                     else_branch=graph([node('Abs', ['m'], ['r'])],
                                                             'r'))], 'r', weights=[('k', np.float32([2]))])
    nested = rank + [node('Not', ['c'], ['d']),
                     node('If', ['c'], ['y'], then_branch=inner,
                          else_branch=graph([node('Relu', ['x'], ['r'])], 'r'))]
    four = [('four', np.array(4))]
    calling('if_of_shapes_nested', x, nested, [], abs(2 * x), weights=four)
    calling('if_of_shapes_other', x[0], nested, [], np.maximum(x[0], 0), weights=four)
    two = node('If', ['c'], ['p', 'q'], then_branch=graph([node('Abs', ['x'], ['r'])], 'r', 'x'),
               else_branch=graph([node('Neg', ['x'], ['r'])], 'x', 'r'))
    calling('if_two_results', x, rank + [two, node('Sub', ['p', 'q'], ['y'])], [], abs(x) - x,
            weights=four)
    constants = [graph([], 'k', weights=[('k', np.float32([k]))]) for k in (3, 5)]
    calling('if_of_constants', x, rank + [node('If', ['c'], ['k'], then_branch=constants[0],
                                               else_branch=constants[1]),
                                          node('Mul', ['x', 'k'], ['y'])], [], 3 * x, weights=four)
    refused = [node('Greater', ['x', 'zero'], ['g']),
               node('If', ['g'], ['p', 'y'], name='gate', then_branch=two.attribute[0].g,
                                                          else_branch=two.attribute[1].g)]
    zero = [('zero', np.float32([0]))]
    calling('if_computed', x, refused, [], x,
            error="If 'gate': its condition 'g' is bool [1, 3, 4, 5], not one boolean",
            weights=zero)
    refused[0] = node('Less', ['m', 'zero'], ['g'])
    calling('if_depends', x, [node('ReduceMean', ['x'], ['m'], keepdims=0)] + refused + [node('Neg',
            ['y'], ['z'])], [], x, outputs=('y', 'z'),
            error="If 'gate': its condition 'g' depends on what the network computes",
            weights=[('zero', np.float32(0).reshape(()))])
    calling('if_number', x, [node('If', ['four'], ['y'], name='gate', then_branch=yes,
                                  else_branch=yes)], [], x,
            error="If 'gate': its condition 'four' is int64 [], not one boolean", weights=four)
    branch = node('If', ['c'], ['y'], name='gate', then_branch=yes)
    calling('wrong_if_else', x, [branch], [], x, weights=[('c', np.array(True))],
            error="If 'gate' has no else_branch of 1 results and no inputs")
    calling('wrong_if_count', x, [node('If', ['c'], ['y', 'z'], name='gate', then_branch=yes,
                                       else_branch=yes)], [], x,
            weights=[('c', np.array(True))],
            error="If 'gate' has no then_branch of 2 results and no inputs")
    calling('wrong_if_names', x, [node('If', ['c'], ['y'], then_branch=graph([], 'v'),
                                       else_branch=yes)], [], x,
            weights=[('c', np.array(True))], error="nothing makes the output 'v' of a branch")
    calling('wrong_if_scope', x, [node('If', ['c'], ['y'], then_branch=yes, else_branch=yes),
                                  node('Neg', ['r'], ['z'], name='n')], [], x,
            weights=[('c', np.array(True))],
            error="Neg 'n' reads 'r', which nothing before it makes")
    calling('wrong_if_inputs', x, [node('If', ['c', 'x'], ['y'], name='n', then_branch=yes,
                                        else_branch=yes)], [], x,
            weights=[('c', np.array(True))],
            error="If 'n' has more than a condition and two branches, or less")
    calling('wrong_if_without_condition', x,
            [node('If', [], ['y'], name='n', then_branch=yes, else_branch=yes)], [], x,
            error="If 'n' has more than a condition and two branches, or less")
    calling('wrong_if_condition', x, [node('If', ['nowhere'], ['y'], name='n', then_branch=yes,
                                           else_branch=yes)], [], x,
            error="If 'n' reads 'nowhere', which nothing before it makes")


def sequences():
    x = rand(1, 7, 4, 6)

    def at(split, which, axis=1, position=None, **attrs):
        n = Net(x, 18)
        sizes = [] if split is None else [n.weight(split, dtype=np.int64)]
        s = n.node('SplitToSequence', 'x', *sizes, axis=axis, **attrs)
        return n, n.node('SequenceAt', s, position or n.weight(which, dtype=np.int64)), s

    for name, split, which, want, attrs in (
            ('chunks', 3, 1, x[:, 3:6], {}), ('last', 3, -1, x[:, 6:], {}), ('sizes', [2, 4, 1], 1, x[:, 2:6], {}),
            ('all', 7, 0, x, {}), ('ones', None, 4, x[:, 4:5], {}), ('squeezed', None, -2, x[:, 5], {'keepdims': 0}),
            ('rows', [1, 3], 1, x[:, :, 1:], {'axis': 2}), ('keeps', 3, 0, x[:, :3], {'keepdims': 0})):
        n, out, _ = at(split, which, **attrs)
        simple('sequence_' + name, n, n.node('Relu', out), np.maximum(want, 0))
    for name, split, which, error in (
            ('position', 3, 3, 'element 3 of a sequence of 3'), ('position_before', 3, -4, 'element -4 of a sequence of 3'),
            ('zero', 0, 0, 'parts of 0 elements'), ('sum', [3, 3], 0, "don't add up to the 7 of axis 1 of [1, 7, 4, 6]"),
            ('more', [4, 4], 0, "don't add up to the 7"), ('sizes_zero', [0, 7], 0, "don't add up to the 7"),
            ('matrix', [[7]], 0, 'or are no list')):
        n, out, _ = at(split, which)
        Case('sequence_' + name, n, [out], [x], error=error)
    n, out, _ = at(3, 0, axis=4)
    Case('sequence_axis', n, [out], [x], error="an axis that [1, 7, 4, 6] doesn't have")
    n, out, _ = at(3, 0, position='x')
    Case('sequence_computed', n, [out], [x],
         error='which element it takes depends on what the network computes')
    n, _, s = at(3, 0)
    Case('sequence_added', n, [n.node('Add', 'x', s)], [x],
         error="'splittosequence_0': it is a sequence, of which elements can be taken")
    n, _, s = at(3, 0)
    Case('sequence_given', n, [s], [x], error="an output of the network can't be a sequence")
    n = Net(x, 18)
    Case('sequence_of_tensor', n, [n.node('SequenceAt', 'x', n.shape(0))], [x],
         error='its input is no sequence that SplitToSequence or SequenceConstruct makes')
    n = Net(rand(1, 5000))
    Case('sequence_long', n, [n.node('SequenceAt', n.node('SplitToSequence', 'x', axis=1),
                                     n.shape(0))], [x], error='5000 parts; the limit is 4096')
    n = Net(x)
    simple('sequence_concat', n, n.node('ConcatFromSequence',
                                        n.node('SequenceConstruct', 'x', n.node('Neg', 'x')),
                                        axis=1),
           np.concatenate([x, -x], 1), 'Concatenate')
    n = Net(x)
    Case('sequence_stack', n, [n.node('ConcatFromSequence', n.node('SequenceConstruct', 'x', 'x'),
                                      axis=1, new_axis=1)], [x],
         error='it puts the elements of a sequence along a new axis')
    n = Net(x)
    s = n.node('SequenceConstruct', 'x', n.node('Neg', 'x'), n.node('Abs', 'x'))
    simple('sequence_element', n, n.node('SequenceAt', s, n.weight(-1, dtype=np.int64)), abs(x),
           lacks=('Activation, .*negative',))
    split = function('Split', ['a'], ['r'],
                     [refer(node('Constant', [], ['c']), value_int=('size', 'INT')),
                                             refer(node('SplitToSequence', ['a', 'c'], ['r']),
                                                   axis=('dim', 'INT'))], ['size', 'dim'], 18)
    item = function('Item', ['s'], ['r'],
                    [refer(node('Constant', [], ['c']), value_int=('i', 'INT')),
                     node('SequenceAt', ['s', 'c'], ['r'])],
                    ['i'], 18)
    calling('sequence_of_functions', x, [call('Split', ['x'], ['s'], size=4, dim=1),
                                         call('Item', ['s'], ['p'], i=0),
                                         call('Item', ['s'], ['q'], i=1),
                                         node('Concat', ['q', 'p'], ['y'], axis=1)], [split, item],
            np.concatenate([x[:, 4:], x[:, :4]], 1), opset=18)


def wrong_functions():
    x = rand(1, 3)
    def body(*nodes, name='F', inputs=('a',), **options):
        return function(name, list(inputs), ['r'], list(nodes), **options)

    def bad(name, error, *functions, node=call('F', ['x'], ['y']), **options):
        damaged = 'wrong_' if ': ' not in error else ''
        calling(damaged + 'function_' + name, x, [node], functions, x, error=error, **options)

    relu = body(node('Relu', ['a'], ['r']))
    bad('recursion', "function 'F' calls itself", body(call('G', ['a'], ['r'])),
        body(call('F', ['a'], ['r']), name='G'))
    deep = [body(call('F%d' % (i + 1), ['a'], ['r']), name='F%d' % i)
            for i in range(33)] + [body(node('Relu', ['a'], ['r']), name='F33')]
    bad('deep', "function 'F32' is called in functions deeper than the limit of 32", *deep,
        node=call('F0', ['x'], ['y']))
    bomb = [body(*[call('F%d' % (i + 1), ['a'], ['r%d' % k if k else 'r']) for k in range(40)],
                 name='F%d' % i) for i in range(9)]
    bad('bomb', 'more nodes than the limit of 65536', *bomb,
        body(node('Relu', ['a'], ['r']), name='F9'), node=call('F0', ['x'], ['y']))
    wide = body(node('Split', ['a'], ['r'] + ['o%d' % i for i in range(20000)]), name='F1')
    bad('wide', 'more messages and strings, each as often as it is called, than the limit of 1048576',
        body(*[call('F1', ['a'], ['r%d' % k if k else 'r']) for k in range(60)]), wide)
    heavy = body(node('Constant', [], ['r'],
                      value=numpy_helper.from_array(np.zeros(1 << 20, np.float32))), name='F1')
    bad('heavy', 'take more bytes, each as often as it is called, than the limit of 268435456',
        body(*[call('F1', ['a'], ['r%d' % k if k else 'r']) for k in range(70)]), heavy)
    bad('twice', "two functions are called 'F'", relu, relu)
    bad('opset', "function 'F' is of opset 99; opsets 7 to 25 are known",
        body(node('Relu', ['a'], ['r']), opset=99))
    bad('inputs', "function 'F' has 1 inputs and 1 outputs, but a call 2 and 1", relu,
        node=call('F', ['x', 'x'], ['y']))
    bad('outputs', "function 'F' has 1 inputs and 1 outputs, but a call 1 and 2", relu,
        node=call('F', ['x'], ['y', 'z']))
    bad('attribute', "function 'F' has no attribute 'alpha'", relu,
        node=call('F', ['x'], ['y'], alpha=1.0))
    bad('reference', "an attribute is what 'slope' is of a function, which has none of the name",
        body(refer(node('LeakyRelu', ['a'], ['r']), alpha=('slope', 'FLOAT'))))
    bad('reference_outside', "an attribute is what 'slope' is of a function", relu,
        node=refer(node('LeakyRelu', ['x'], ['y']), alpha=('slope', 'FLOAT')))
    bad('kind', "LeakyRelu 'f/leaky': attribute 'alpha' is of another kind than in ONNX",
        body(refer(node('LeakyRelu', ['a'], ['r'], name='leaky'), alpha=('slope', 'FLOAT')),
             attributes=['slope']),
        node=call('F', ['x'], ['y'], slope='steep'))
    bad('attributes', "function 'F' has more attributes than the limit of 256",
        body(node('Relu', ['a'], ['r']), attributes=['a%d' % i for i in range(257)]))
    bad('scope', "Relu '' reads 'x', which nothing before it makes",
        body(node('Relu', ['x'], ['r'])))
    bad('nothing', "nothing in function 'F' makes its output 0, which a call calls 'y'", body())
    bad('missing', "F 'f': operators of 'pkg.lib' are not known")
    bad('unsupported', "NonZero 'f/find': the size of its result depends on the data",
        body(node('NonZero', ['a'], ['r'], name='find')))
    bad('default', "function 'F' has an attribute that is damaged",
        onnx.FunctionProto.FromString(relu.SerializeToString() + field(11, b'\x10\x01')))


# ---- running ---------------------------------------------------------------------------------


def import_case(importer, out, case):
    model = os.path.join(out, case.name + '.onnx')
    with open(model, 'wb') as f:
        f.write(case.data())
    if case.net and case.net.external:
        location, content = case.net.external
        path = os.path.join(out, location)
        if location == 'link.bin' and not os.path.islink(path):
            os.symlink('plain.bin', path)
        elif location[0] not in '/.' and location not in ('missing.bin', 'link.bin'):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as f:
                f.write(content)
    return subprocess.run([importer, model, '-o', os.path.join(out, case.name + '.yaml')]
                          + list(case.options), capture_output=True, text=True, timeout=300)


def differs(cnngen, out, case):
    path = os.path.join(out, case.name)
    shape = spec_shapes(path + '.yaml')['x']
    np.save(path + '.in.npy', np.ascontiguousarray(case.net.x.reshape(shape)))
    command = [cnngen, 'run', '-q', path + '.yaml', '--input', path + '.in.npy']
    results = ['%s.out%d.npy' % (path, i) for i in range(len(case.expected))]
    for result in results:
        command += ['-o', result]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return done.stderr
    for result, expected in zip(results, case.expected):
        got, expected = np.load(result).ravel(), np.asarray(expected).ravel()
        if got.size != expected.size or not np.allclose(got, expected, rtol=1e-5, atol=1e-5):
            return 'the result differs'
    return None


@functools.lru_cache()
def takes_nchw(cnngen):
    return 'NCHW' in subprocess.run([cnngen, '--print-reference'], capture_output=True,
                                    text=True).stdout


def check(importer, cnngen, out, case):
    """Why the case fails, None when it doesn't."""
    done = import_case(importer, out, case)
    if case.error is not None:
        if done.returncode != 1:
            return 'status %d, not 1: %s' % (done.returncode, done.stderr)
        if case.name.startswith('wrong_') and case.bytes is not None and '[bad-model]' not in done.stderr:
            return 'not refused as a damaged file: ' + done.stderr
        return None if case.error in reason(done.stderr) else 'refused because: ' + reason(done.stderr)
    if done.returncode:
        return done.stderr
    spec = open(os.path.join(out, case.name + '.yaml')).read()
    spec = re.sub('#.*', '', spec)
    if not takes_nchw(cnngen):           # then images are brought into order behind the input
        spec = re.sub('.*name: x_permute.*', '# layout: NCHW', spec)
    for pattern in case.has:
        if not re.search(pattern, spec):
            return 'no %s in\n%s' % (pattern, spec)
    for pattern in case.lacks:
        if re.search(r'type: \w*' + pattern + '|layout: ' + pattern, spec):
            return '%s in\n%s' % (pattern, spec)
    return differs(cnngen, out, case)


def truncated(importer, out):
    """A model cut short anywhere is refused, with a message and without a crash."""
    whole = next(c for c in CASES if c.name == 'shape_chain').data()
    path = os.path.join(out, 'truncated.onnx')
    for size in range(0, len(whole), 7):
        with open(path, 'wb') as f:
            f.write(whole[:size])
        done = subprocess.run([importer, path, '-o', os.path.join(out, 'truncated.yaml')],
                              capture_output=True, text=True)
        if done.returncode != 1 or ': error: ' not in done.stderr or os.path.exists(
                os.path.join(out, 'truncated.yaml')):
            return 'status %d for %d of %d bytes: %s' % (done.returncode, size, len(whole), done.stderr)
    return None


def command_line(importer, out):
    """Exit codes and messages of the command line itself."""
    model, spec = os.path.join(out, 'silu.onnx'), os.path.join(out, 'line.yaml')
    good = [model, '-o', spec]
    for status, said, args in (
            (0, 'usage: cnngen-import-onnx', ['--help']), (0, 'cnngen', ['--version']),
            (0, '# ONNX models', ['--print-reference']), (0, '', good),
            (0, '', good + ['--name', 'net']),
            (2, 'no model is given', []), (2, 'where to?', [model]),
            (2, 'one model', [model] + good),
            (2, '-o names a file', [model, '-o', '-']),
            (2, "unknown option '--foo'", good + ['--foo']),
            (2, "option '-o' needs an argument", [model, '-o']),
            (2, "can't be a model's name: it is a keyword", good + ['--name', 'int']),
            (2, '--shape is INPUT=N,N...', good + ['--shape', '=1']),
            (2, '--shape takes up to 8 numbers', good + ['--shape', 'x=1,-3']),
            (2, '--shape takes up to 8 numbers', good + ['--shape', 'x=1,']),
            (2, "can't read", [model + '.not', '-o', spec]), (2, "can't read", [out, '-o', spec]),
            (2, "can't write", [model, '-o', os.path.join(out, 'no/line.yaml')]),
            (2, 'have to be in the folder', good + ['--weights', '/tmp/line.safetensors']),
            (2, 'have to be in the folder', good + ['--weights', out + '/../line.safetensors']),
            (2, 'are one file', good + ['--weights', spec])):
        done = subprocess.run([importer] + args, capture_output=True, text=True)
        if done.returncode != status or said not in done.stdout + done.stderr:
            return '%s: status %d, %s' % (args, done.returncode, done.stdout[:200] + done.stderr)
    return None


def make_all():
    for make in (activations, normalizations, layouts, einsums, along, grids, edges, data,
                 external_data, dynamic, large, refusals,
                 functions, branches, sequences, wrong_functions):
        make()


def main():
    make_all()
    if sys.argv[1] == '--models':
        for case in CASES:
            with open(os.path.join(sys.argv[2], case.name + '.onnx'), 'wb') as f:
                f.write(case.data())
        return 0
    importer, cnngen, out = sys.argv[1:4]
    os.makedirs(out, exist_ok=True)
    failed = 0
    with open(os.path.join(out, 'passed.txt'), 'w') as f:
        for case in CASES:
            why = check(importer, cnngen, out, case)
            failed += why is not None
            if why is not None:
                print('%s: %s' % (case.name, why))
            elif case.error is None:
                f.write(case.name + '\n')
    for test in (truncated, command_line):
        why = test(importer, out)
        failed += why is not None
        if why:
            print('%s: %s' % (test.__name__, why))
    print('%d passed, %d failed' % (len(CASES) + 2 - failed, failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
