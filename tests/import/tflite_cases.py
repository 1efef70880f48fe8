#!/usr/bin/python3
"""Small TFLite models made here: every operator of the table, what is folded, read, and refused.

    tflite_cases.py IMPORTER CNNGEN OUT
    tflite_cases.py --models OUT             the models alone

Each case is a model and its result computed by numpy; or a part of the message that refuses it. OUT/passed.txt
lists the specifications for `cnngen verify`. Ends with "N passed, M failed".
"""
import math
import os
import re
import subprocess
import sys

import numpy as np

from tflite_build import Net, Table

RANDOM = np.random.RandomState(7)
SAME, VALID = 0, 1
RELU, RELU_N1, RELU6, TANH = 1, 2, 3, 4


def rand(*shape, low=-1.0, high=1.0):
    return RANDOM.uniform(low, high, shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int32)


# ---- what the operators mean -----------------------------------------------------------------------

def act(x, kind):
    return {0: lambda v: v, RELU: lambda v: np.maximum(v, 0), RELU_N1: lambda v: np.clip(v, -1, 1),
            RELU6: lambda v: np.clip(v, 0, 6), TANH: np.tanh}[kind](x)


def same_pads(n, k, s, d=1):
    total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
    return total // 2, total - total // 2


def conv(x, w, b=None, stride=(1, 1), padding=VALID, dilation=(1, 1), groups=1):
    """x [N, H, W, C], w [O, h, w, C / groups]."""
    x, w = x.astype(np.float64), w.astype(np.float64)
    (kh, kw), (sh, sw), (dh, dw) = w.shape[1:3], stride, dilation
    if padding == SAME:
        x = np.pad(x, ((0, 0), same_pads(x.shape[1], kh, sh, dh), same_pads(x.shape[2], kw, sw, dw),
                       (0, 0)))
    oh, ow = (x.shape[1] - (kh - 1) * dh - 1) // sh + 1, (x.shape[2] - (kw - 1) * dw - 1) // sw + 1
    out = np.zeros((x.shape[0], oh, ow, w.shape[0]))
    ic, oc = x.shape[3] // groups, w.shape[0] // groups
    for o in range(w.shape[0]):
        part = x[..., o // oc * ic:(o // oc + 1) * ic]
        for i in range(oh):
            for j in range(ow):
                window = part[:, i * sh:i * sh + (kh - 1) * dh + 1:dh,
                              j * sw:j * sw + (kw - 1) * dw + 1:dw]
                out[:, i, j, o] = (window * w[o]).sum((1, 2, 3))
    return out if b is None else out + b


def depthwise(x, w, b=None, **more):
    """w [1, h, w, C * multiplier]."""
    return conv(x, np.moveaxis(w, 3, 0).transpose(0, 2, 3, 1), b, groups=x.shape[3], **more)


def transpose_conv(x, w, stride, padding, out):
    """w [O, h, w, C]: the gradient of a convolution."""
    full = np.zeros((x.shape[0], (x.shape[1] - 1) * stride + w.shape[1],
                     (x.shape[2] - 1) * stride + w.shape[2], w.shape[0]))
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            full[:, i * stride:i * stride + w.shape[1], j * stride:j * stride + w.shape[2]] += \
                np.einsum('nc,ohwc->nhwo', x[:, i, j].astype(np.float64), w.astype(np.float64))
    cut = [same_pads(n, k, stride)[0] if padding == SAME else 0 for n, k in zip(out, w.shape[1:3])]
    result = np.zeros((x.shape[0],) + tuple(out) + (w.shape[0],))
    part = full[:, cut[0]:cut[0] + out[0], cut[1]:cut[1] + out[1]]
    result[:, :part.shape[1], :part.shape[2]] = part
    return result


def pool(x, size, stride, padding, how):
    pads = [same_pads(n, k, s) if padding == SAME else (0, 0)
            for n, k, s in zip(x.shape[1:3], size, stride)]
    x = np.pad(x.astype(np.float64), ((0, 0), pads[0], pads[1], (0, 0)), constant_values=np.nan)
    oh, ow = (x.shape[1] - size[0]) // stride[0] + 1, (x.shape[2] - size[1]) // stride[1] + 1
    out = np.zeros((x.shape[0], oh, ow, x.shape[3]))
    for i in range(oh):
        for j in range(ow):
            out[:, i, j] = how(x[:, i * stride[0]:i * stride[0] + size[0],
                                 j * stride[1]:j * stride[1] + size[1]], axis=(1, 2))
    return out


def resize(x, size, at):
    """One row or column of the result is the mix of two of the input, told by at(i, n_in, n_out)."""
    for axis in (1, 2):
        n, m = x.shape[axis], size[axis - 1]
        rows = []
        for i in range(m):
            p = at(i, n, m)
            low = int(math.floor(p))
            a = np.take(x, min(max(low, 0), n - 1), axis)
            b = np.take(x, min(max(low + 1, 0), n - 1), axis)
            rows.append(a + (b - a) * (p - low))
        x = np.stack(rows, axis)
    return x


# ---- options ---------------------------------------------------------------------------------------

def conv_options(padding=VALID, sh=1, sw=1, fused=0, dh=1, dw=1):
    return Table(f0=('byte', padding), f1=('int', sw), f2=('int', sh), f3=('byte', fused),
                 f4=('int', dw), f5=('int', dh))


def depthwise_options(multiplier, padding=VALID, sh=1, sw=1, fused=0, dh=1, dw=1):
    return Table(f0=('byte', padding), f1=('int', sw), f2=('int', sh), f3=('int', multiplier),
                 f4=('byte', fused), f5=('int', dw), f6=('int', dh))


def pool_options(size, stride, padding, fused=0):
    return Table(f0=('byte', padding), f1=('int', stride[1]), f2=('int', stride[0]),
                 f3=('int', size[1]), f4=('int', size[0]), f5=('byte', fused))


def fused(kind):
    return Table(f0=('byte', kind))


def number(i, kind, value):
    return Table(**{'f%d' % i: (kind, value)})


# ---- cases -----------------------------------------------------------------------------------------

CASES, REFUSED = {}, {}


def case(function):
    """function() gives (file, input or inputs, results)."""
    CASES[function.__name__] = function
    return function


def one(name, code, shape, result, inputs=(), options=None, low=-1.0, high=1.0, out=None,
        first=True):
    """A model of one operator. result(x): by numpy."""
    def make():
        net, x = Net(), rand(*shape, low=low, high=high)
        want = result(x)
        t = net.input(shape)
        operands = [t] + list(inputs) if first else list(inputs) + [t]
        return net.file(net.op(code, operands, out or want.shape, options)), [x], [want]
    CASES[name] = make


def refused(name, message, file):
    REFUSED[name] = (message, file)


def conv_cases():
    w, b = rand(5, 3, 2, 3), rand(5)
    for name, kw in {
            'conv_valid': {}, 'conv_same': {'padding': SAME},
            'conv_strides': {'padding': SAME, 'stride': (2, 3)},
            'conv_dilated': {'dilation': (2, 3)},
            'conv_dilated_same': {'padding': SAME, 'dilation': (3, 2)}}.items():
        s, d = kw.get('stride', (1, 1)), kw.get('dilation', (1, 1))
        one(name, 3, (1, 9, 11, 3), lambda x, kw=kw: act(conv(x, w, b, **kw), RELU6), [w, b],
            conv_options(kw.get('padding', VALID), *s, RELU6, *d))
    for kind in (RELU, RELU_N1, TANH):
        one('conv_fused_%d' % kind, 3, (1, 5, 5, 3), lambda x, k=kind: act(conv(x, w, b), k),
            [w, b],
            conv_options(fused=kind))
    one('conv_no_bias', 3, (1, 5, 5, 3), lambda x: conv(x, w), [w], conv_options())
    g = rand(6, 3, 3, 2)
    one('conv_groups', 3, (1, 5, 5, 4), lambda x: conv(x, g, None, groups=2), [g], conv_options())
    one('conv_batch', 3, (2, 5, 5, 3), lambda x: conv(x, w, b), [w, b], conv_options())
    for m, shape in ((1, (1, 7, 5, 3)), (2, (1, 5, 7, 3)), (4, (1, 6, 6, 1))):
        d, bias = rand(1, 3, 3, shape[3] * m), rand(shape[3] * m)
        one('depthwise_%d_%d' % (shape[3], m), 4, shape,
            lambda x, d=d, bias=bias: depthwise(x, d, bias, stride=(2, 1), padding=SAME), [d, bias],
            depthwise_options(m, SAME, 2, 1))
    d = rand(1, 3, 3, 4)
    one('depthwise_dilated', 4, (1, 9, 9, 4), lambda x: act(depthwise(x, d, dilation=(2, 2)), RELU),
        [d],
        depthwise_options(1, VALID, 1, 1, RELU, 2, 2))
    for padding, name in ((SAME, 'same'), (VALID, 'valid')):
        for k, s in ((3, 2), (2, 2), (4, 2), (3, 1)):
            w2, n = rand(2, k, k, 3), 5
            size = n * s if padding == SAME else n * s + max(k - s, 0)
            one('transpose_conv_%s_%d_%d' % (name, k, s), 67, (1, n, n, 3),
                lambda x, w2=w2, s=s, p=padding,
                size=size: transpose_conv(x, w2, s, p, (size, size)),
                [ints(1, size, size, 2), w2],
                Table(f0=('byte', padding), f1=('int', s), f2=('int', s)), first=False)


def matrix_cases():
    w, b = rand(4, 12), rand(4)
    one('dense', 9, (1, 12), lambda x: act(x @ w.T + b, RELU), [w, b], fused(RELU))
    one('dense_flattens', 9, (1, 2, 2, 3), lambda x: x.reshape(1, 12) @ w.T + b, [w, b], fused(0))
    one('dense_no_bias', 9, (3, 12), lambda x: x @ w.T, [w], fused(0))
    one('dense_rows', 9, (1, 5, 12), lambda x: (x @ w.T).reshape(5, 4), [w], fused(0))
    one('dense_keeps', 9, (1, 5, 12), lambda x: x @ w.T + b, [w, b], Table(f2=('byte', 1)))


def pool_cases():
    for code, how, name in ((17, np.nanmax, 'max'), (1, np.nanmean, 'average')):
        for padding in (SAME, VALID):
            one('pool_%s_%d' % (name, padding), code, (1, 7, 9, 3),
                lambda x, p=padding, how=how: act(pool(x, (3, 2), (2, 3), p, how), RELU),
                options=pool_options((3, 2), (2, 3), padding, RELU))
    for padding in (SAME, VALID):
        one('pool_l2_%d' % padding, 12, (1, 7, 9, 3),
            lambda x, p=padding: np.sqrt(pool(x * x, (3, 2), (2, 3), p, np.nanmean)),
            options=pool_options((3, 2), (2, 3), padding))


def reduce_cases():
    for code, how, name in ((40, np.mean, 'mean'), (74, np.sum, 'sum'), (82, np.max, 'max'),
                            (89, np.min, 'min'), (81, np.prod, 'prod')):
        for axes, keep in (((1, 2), True), ((1, 2), False), ((-1,), False), ((1, 3), True),
                           ((0, 1), True)):
            one('reduce_%s_%s_%d' % (name, '_'.join(str(a % 4) for a in axes), keep), code,
                (1, 3, 5, 4),
                lambda x, a=axes, how=how, k=keep: how(x.astype(np.float64), axis=a, keepdims=k),
                [ints(*axes)], number(0, 'byte', int(keep)))
    for exclusive in (0, 1):
        for reverse in (0, 1):
            def cum_sum(x, e=exclusive, r=reverse):
                x = np.flip(x, 2) if r else x
                y = np.cumsum(x, 2) - (x if e else 0)
                return np.flip(y, 2) if r else y
            one('cum_sum_%d%d' % (exclusive, reverse), 128, (1, 3, 5, 4), cum_sum, [np.int32(2)],
                Table(f0=('byte', exclusive), f1=('byte', reverse)))
    one('cum_sum_last', 128, (1, 7), lambda x: np.cumsum(x, 1), [np.int32(-1)])
    one('argmax', 56, (1, 3, 5, 4), lambda x: x.argmax(3), [ints(3)])
    one('argmin', 79, (1, 3, 5, 4), lambda x: x.argmin(1), [ints(1)])


def unary_cases():
    sigmoid = lambda x: 1 / (1 + np.exp(-x))
    erf = np.vectorize(math.erf)
    for code, name, how, low, high in (
            (8, 'floor', np.floor, -3, 3), (14, 'logistic', sigmoid, -4, 4),
            (19, 'relu', lambda x: act(x, 1), -2, 2),
            (20, 'relu_n1_to_1', lambda x: act(x, 2), -2, 2),
            (21, 'relu6', lambda x: act(x, 3), -3, 9),
            (28, 'tanh', np.tanh, -2, 2), (47, 'exp', np.exp, -2, 2),
            (59, 'neg', np.negative, -1, 1),
            (66, 'sin', np.sin, -4, 4), (73, 'log', np.log, 0.1, 5), (75, 'sqrt', np.sqrt, 0.1, 5),
            (76, 'rsqrt', lambda x: 1 / np.sqrt(x), 0.1, 5), (92, 'square', np.square, -2, 2),
            (101, 'abs', np.abs, -1, 1), (104, 'ceil', np.ceil, -3, 3), (108, 'cos', np.cos, -4, 4),
            (111, 'elu', lambda x: np.where(x > 0, x, np.exp(x) - 1), -2, 2),
            (116, 'round', np.round, -3, 3),
            (117, 'hard_swish', lambda x: x * np.clip(x + 3, 0, 6) / 6, -5, 5),
            (158, 'sign', np.sign, -1, 1),
            (150, 'gelu', lambda x: x * (1 + erf(x / math.sqrt(2))) / 2, -3, 3)):
        one(name, code, (1, 3, 4, 5), lambda x, how=how: how(x.astype(np.float64)), low=low,
            high=high)
    one('relu_0_to_1', 152, (1, 30), lambda x: np.clip(x, 0, 1), low=-2, high=2)
    one('gelu_tanh', 150, (1, 20), lambda x: x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
        options=number(0, 'byte', 1), low=-3, high=3)
    one('leaky_relu', 98, (1, 20), lambda x: np.where(x < 0, 0.125 * x, x),
        options=number(0, 'float', 0.125))
    alpha = rand(1, 1, 5)
    one('prelu', 54, (1, 3, 4, 5), lambda x: np.where(x < 0, alpha * x, x), [alpha])
    full = rand(3, 1, 5)
    one('prelu_rows', 54, (1, 3, 4, 5), lambda x: np.where(x < 0, full * x, x), [full])
    softmax = lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    one('softmax', 25, (1, 3, 5), softmax, options=number(0, 'float', 1))
    one('softmax_beta', 25, (1, 7), lambda x: softmax(2.5 * x), options=number(0, 'float', 2.5))
    one('log_softmax', 50, (1, 7), lambda x: np.log(softmax(x)))


def binary_cases():
    for code, name, how in ((0, 'add', np.add), (18, 'mul', np.multiply), (41, 'sub', np.subtract),
                            (42, 'div', np.divide), (55, 'maximum', np.maximum),
                            (57, 'minimum', np.minimum),
                            (99, 'squared_difference', lambda a, b: (a - b)**2)):
        for tail, c in (('scalar', rand()), ('channels', rand(5)), ('rows', rand(1, 3, 1, 1)),
                        ('all', rand(1, 3, 4, 5))):
            c = c + np.float32(2)
            options = fused(RELU) if code in (0, 18, 41, 42) else None
            kind = RELU if options else 0
            one('%s_%s' % (name, tail), code, (1, 3, 4, 5), lambda x, c=c, how=how,
                k=kind: act(how(x, c), k), [c], options)
            one('%s_%s_first' % (name, tail), code, (1, 3, 4, 5),
                lambda x, c=c, how=how, k=kind: act(how(c, x), k), [c], options,
                low=0.5, high=2, first=False)
    for exponent in (2, 0.5, -0.5, -1, 3):
        one('pow_%g' % exponent, 78, (1, 8), lambda x,
            e=exponent: np.power(x.astype(np.float64), e),
            [np.float32(exponent)], low=0.25, high=2)


@case
def two_inputs():
    net, a, b = Net(), rand(1, 3, 4, 5), rand(1, 1, 1, 5)
    s, t = net.input(a.shape), net.input(b.shape)
    return net.file(net.op(0, [s, t], a.shape, fused(0))), [a, b], [a + b]


@case
def of_fewer_dimensions():
    net, a, b = Net(), rand(1, 3, 4, 5), rand(1, 5)
    s, t = net.input(a.shape), net.input(b.shape)
    return net.file(net.op(18, [s, t], a.shape, fused(0))), [a, b], [a * b]


@case
def add_n():
    net, a, b, c = Net(), rand(1, 6), rand(1, 6), rand(1, 6)
    t = [net.input((1, 6)) for _ in range(3)]
    return net.file(net.op(106, t, (1, 6))), [a, b, c], [a + b + c]


@case
def comparisons_and_select():
    net, x, y = Net(), rand(1, 4, 5), rand(1, 4, 5)
    a, b = net.input(x.shape), net.input(y.shape)
    c = net.op(61, [a, b], x.shape, dtype=np.bool_)
    d = net.op(58, [a, np.float32(0.25)], x.shape, dtype=np.bool_)
    e = net.op(84, [c, d], x.shape, dtype=np.bool_)
    f = net.op(86, [e, net.op(87, [d], x.shape, dtype=np.bool_)], x.shape, dtype=np.bool_)
    g = net.op(123, [f, a, b], x.shape)
    h = net.op(53, [e], x.shape)
    want = np.where(((x > y) | (x < 0.25)) & ~(x < 0.25), x, y)
    return net.file(g, h), [x, y], [want, ((x > y) | (x < 0.25)).astype(np.float32)]


def compare_cases():
    for code, name, how in ((61, 'greater', np.greater), (62, 'greater_equal', np.greater_equal),
                            (58, 'less', np.less),
                            (63, 'less_equal', np.less_equal), (71, 'equal', np.equal),
                            (72, 'not_equal', np.not_equal)):
        def make(code=code, how=how):
            net, x, y = Net(), np.round(2 * rand(1, 30)), np.round(2 * rand(1, 30))
            a, b = net.input(x.shape), net.input(y.shape)
            t = net.op(53, [net.op(code, [a, b], x.shape, dtype=np.bool_)], x.shape)
            return net.file(t), [x, y], [how(x, y).astype(np.float32)]
        CASES[name] = make
    for code, name, how in ((91, 'reduce_any', np.any), (140, 'reduce_all', np.all)):
        def reduce(code=code, how=how):
            net, x = Net(), np.round(2 * rand(1, 6, 3))
            t = net.op(61, [net.input(x.shape), np.float32(-1)], x.shape, dtype=np.bool_)
            t = net.op(code, [t, ints(2)], (1, 6), number(0, 'byte', 0), dtype=np.bool_)
            return net.file(net.op(53, [t], (1, 6))), [x], [how(x > -1, 2).astype(np.float32)]
        CASES[name] = reduce


def move_cases():
    one('reshape', 22, (1, 2, 3, 4), lambda x: x.reshape(1, 6, 4), [ints(1, 6, 4)])
    one('reshape_flat', 22, (1, 2, 3, 4), lambda x: x.reshape(24), [ints(24)])
    one('squeeze', 43, (1, 1, 3, 1), lambda x: x.reshape(1, 3), options=Table(f0=('ints', [1, 3])))
    one('expand_dims', 70, (1, 3), lambda x: x.reshape(1, 1, 3), [ints(1)])
    one('transpose', 39, (1, 2, 3, 4), lambda x: x.transpose(0, 3, 1, 2), [ints(0, 3, 1, 2)])
    pads = np.array([[0, 0], [1, 2], [0, 3], [0, 0]], np.int32)
    one('pad_space', 34, (1, 3, 4, 2), lambda x: np.pad(x, pads), [pads])
    channels = np.array([[0, 0], [0, 0], [0, 0], [1, 4]], np.int32)
    one('pad_channels', 34, (1, 3, 4, 2), lambda x: np.pad(x, channels), [channels])
    one('pad_value', 60, (1, 3, 4, 2), lambda x: np.pad(x, pads, constant_values=-1.5),
        [pads, np.float32(-1.5)])
    mirror = np.array([[0, 0], [1, 2], [2, 1], [0, 0]], np.int32)
    one('mirror_reflect', 100, (1, 3, 4, 2), lambda x: np.pad(x, mirror, 'reflect'), [mirror],
        number(0, 'byte', 0))
    one('mirror_symmetric', 100, (1, 3, 4, 2), lambda x: np.pad(x, mirror, 'symmetric'), [mirror],
        number(0, 'byte', 1))
    one('slice', 65, (1, 5, 6, 3), lambda x: x[:, 1:4, 2:, :2],
        [ints(0, 1, 2, 0), ints(1, 3, -1, 2)])
    masks = Table(f0=('int', 0b1001), f1=('int', 0b0101), f4=('int', 0))
    one('tile', 69, (1, 3, 5, 2), lambda x: np.tile(x, (1, 2, 1, 3)), [ints(1, 2, 1, 3)])
    one('strided_slice', 45, (1, 5, 6, 3), lambda x: x[:, 1:-1:2, 2:, :2],
        [ints(0, 1, 2, 9), ints(9, -1, 0, 2), ints(1, 2, 1, 1)], masks)
    one('strided_slice_backwards', 45, (1, 5, 6, 3), lambda x: x[:, 4:1:-2, ::-1, 1::-1],
        [ints(0, 4, 0, 1), ints(1, 1, 0, -4), ints(1, -2, -1, -1)],
        Table(f0=('int', 4), f1=('int', 4)))
    one('reverse', 105, (1, 5, 6, 3), lambda x: x[:, ::-1, :, ::-1], [ints(1, -1)])
    one('gather_channels', 36, (1, 3, 4, 5), lambda x: x[..., [4, 0, 0, 2]], [ints(4, 0, 0, 2)],
        number(0, 'int', -1))
    one('gather_matrix', 36, (1, 3, 4), lambda x: x[:, [[0, 2], [1, 1], [2, 0]]],
        [np.array([[0, 2], [1, 1], [2, 0]], np.int32)],
        number(0, 'int', 1))
    one('gather_one', 36, (1, 3, 4), lambda x: x[:, 2], [np.int32(2)], number(0, 'int', 1))
    places = np.array([[[0, 2, 1], [0, 0, 3]], [[0, 2, 1], [0, 1, 0]]], np.int32)
    one('gather_nd', 107, (1, 3, 4, 5), lambda x: x[0, places[..., 1], places[..., 2]], [places])
    one('gather_nd_row', 107, (1, 3, 4, 5), lambda x: x[0, [2, 0]],
        [np.array([[0, 2], [0, 0]], np.int32)])
    one('gather_nd_elements', 107, (1, 3, 4), lambda x: x[0, [2, 0, 1], [3, 0, 3]],
        [np.array([[0, 2, 3], [0, 0, 0], [0, 1, 3]], np.int32)])
    one('gather_nd_image', 107, (1, 3, 4), lambda x: x[[0]], [np.array([[0]], np.int32)])
    one('broadcast', 130, (1, 3, 1, 2), lambda x: np.broadcast_to(x, (1, 3, 5, 2)),
        [ints(1, 3, 5, 2)])
    one('floor_div', 90, (1, 30), lambda x: np.floor(x / np.float32(0.3)), [np.float32(0.3)],
        low=-4, high=4)
    one('strided_slice_shrinks', 45, (1, 5, 6, 3), lambda x: x[:, 2],
        [ints(0, 2), ints(0, 0), ints(1, 1)], Table(f0=('int', 1), f1=('int', 1), f4=('int', 2)))
    blocks = lambda x: x.reshape(1, 3, 2, 2, 2, 3).transpose(0, 1, 3, 2, 4, 5)
    one('depth_to_space', 5, (1, 2, 3, 12),
        lambda x: x.reshape(1, 2, 3, 2, 2, 3).transpose(0, 1, 3, 2, 4, 5)
        .reshape(1, 4, 6, 3), options=number(0, 'int', 2))
    one('space_to_depth', 26, (1, 6, 4, 3), lambda x: blocks(x).reshape(1, 3, 2, 12),
        options=number(0, 'int', 2))


@case
def transpose_without_batch():
    net, x = Net(), rand(1, 12)
    t = net.op(22, [net.input(x.shape), ints(3, 4)], (3, 4))
    return net.file(net.op(39, [t, ints(1, 0)], (4, 3))), [x], [x.reshape(3, 4).T]


@case
def concatenation():
    net, a, b = Net(), rand(1, 2, 3, 4), rand(1, 2, 3, 1)
    s, t = net.input(a.shape), net.input(b.shape)
    c = rand(1, 2, 3, 2)
    out = net.op(2, [s, t, c], (1, 2, 3, 7), Table(f0=('int', -1), f1=('byte', RELU)))
    return net.file(out), [a, b], [np.maximum(np.concatenate([a, b, c], 3), 0)]


@case
def split():
    net, x = Net(), rand(1, 4, 6)
    t = net.input(x.shape)
    parts = net.op(49, [ints(-1), t], [(1, 4, 2)] * 3, number(0, 'int', 3))
    return net.file(*parts), [x], np.split(x, 3, 2)


@case
def split_v():
    net, x = Net(), rand(1, 5, 6)
    t = net.input(x.shape)
    parts = net.op(102, [t, ints(2, 3), ints(1)], [(1, 2, 6), (1, 3, 6)], number(0, 'int', 2))
    return net.file(*parts), [x], [x[:, :2], x[:, 2:]]


@case
def unpack_and_pack():
    net, x = Net(), rand(1, 3, 4)
    t = net.input(x.shape)
    parts = net.op(88, [t], [(1, 4)] * 3, Table(f0=('int', 3), f1=('int', 1)))
    out = net.op(83, parts[::-1], (1, 4, 3), Table(f0=('int', 3), f1=('int', 2)))
    return net.file(out), [x], [np.stack([x[:, 2], x[:, 1], x[:, 0]], 2)]


@case
def made_of_nothing():
    net, x = Net(), rand(1, 4)
    t = net.input(x.shape)
    zeros = net.op(93, [t], (1, 4))
    filled = net.op(94, [ints(1, 4), np.float32(1.5)], (1, 4))
    steps = net.op(96, [np.float32(0.5), np.float32(2.3), np.float32(0.5)], (4,))
    out = net.op(2, [t, zeros, filled], (1, 12), Table(f0=('int', 1)))
    return net.file(out, net.op(0, [t, steps], (1, 4), fused(0))), [x], [
        np.concatenate([x, 0 * x, 0 * x + 1.5], 1), x + np.arange(0.5, 2.3, 0.5, np.float32)]


def arithmetic_of_constants():
    """What depends on constants alone: each is added to the input."""
    a, b = rand(2, 3), rand(1, 3) + np.float32(2)
    matrix, table = np.array([[5, -7, 9], [-4, 8, 11]],
                             np.int32), np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    wide, third = a.astype(np.float64), np.float64(np.float32(0.3))
    plain = lambda code, *inputs: (code, inputs, None)
    rows = Table(f0=('int', 0), f1=('byte', 0))
    for name, (code, inputs, options), want in (
            ('add', plain(0, a, b), a + b), ('sub', plain(41, a, b), a - b), ('mul', plain(18, a, b), a * b),
            ('div', plain(42, a, b), a / b),
            ('maximum', plain(55, matrix, ints(2, 3, 4)), np.maximum(matrix, [2, 3, 4])),
            ('minimum', plain(57, matrix, np.int32(3)), np.minimum(matrix, 3)),
            ('floor_div', plain(90, matrix, ints(3, -3, 4)), np.floor_divide(matrix, [3, -3, 4])),
            ('floor_mod', plain(95, matrix, ints(3, -3, 4)), np.mod(matrix, [3, -3, 4])),
            ('floor_mod_floats', plain(95, a, np.float32(0.3)), np.mod(wide, third)),
            ('floor_mod_negative', plain(95, a, np.float32(-0.3)), np.mod(wide, -third)),
            ('concatenation', (2, (matrix, matrix[1:]), rows), np.concatenate([matrix, matrix[1:]])),
            ('concatenation_last', (2, (matrix, ints(1, 2).reshape(2, 1)), Table(f0=('int', -1))),
             np.concatenate([matrix, [[1], [2]]], 1)),
            ('gather', (36, (table, ints(2, 0)), number(0, 'int', 1)), table[:, [2, 0]]),
            ('gather_nd', plain(107, table, np.array([[1, 2], [0, 0], [1, 0]], np.int32)), table[[1, 0, 1], [2, 0, 0]]),
            ('gather_nd_elements', plain(107, table, np.array([[1, 2, 3], [0, 1, 2]], np.int32)),
             table[[1, 0], [2, 1], [3, 2]]),
            ('one_hot', plain(85, ints(2, 0, 5), np.int32(4), np.float32(1.5), np.float32(-0.25)),
             np.where(np.array([[2], [0], [5]]) == np.arange(4), 1.5, -0.25)),
            ('one_hot_first', (85, (ints(2, 0, 5), np.int32(4), np.int32(7), np.int32(0)), number(0, 'int', 0)),
             np.where(np.array([[2, 0, 5]]) == np.arange(4)[:, None], 7, 0)),
            ('transpose', plain(39, table, ints(2, 0, 1)), table.transpose(2, 0, 1))):
        want = np.asarray(want)
        kinds = {np.dtype(np.int32)} == {np.asarray(i).dtype
                                         for i in inputs} and np.int32 or np.float32

        def make(code=code, inputs=inputs, options=options, want=want, kind=kinds):
            net, x = Net(), rand(1, *want.shape)
            t = net.op(code, list(inputs), want.shape, options, dtype=kind)
            t = t if kind == np.float32 else net.op(53, [t], want.shape)
            return net.file(net.op(0, [net.input(x.shape), t], x.shape,
                                   fused(0))), [x], [x + want.astype(np.float32)]
        CASES['constant_' + name] = make


@case
def sizes_by_arithmetic():
    """Twice as large as the input, as resizing layers say it."""
    net, x = Net(), rand(1, 3, 5, 2)
    t = net.input(x.shape)
    s = net.op(45, [net.op(77, [t], (4,), dtype=np.int32), ints(1), ints(3), ints(1)], (2,),
               dtype=np.int32)
    to = net.op(18, [s, ints(2, 2)], (2,), fused(0), dtype=np.int32)
    return net.file(net.op(97, [t, to], (1, 6, 10, 2),
                           Table(f1=('byte', 1)))), [x], [x.repeat(2, 1).repeat(2, 2)]


@case
def one_hot_of_argmax():
    net, x = Net(), rand(1, 4, 6, 3)
    best = net.op(56, [net.input(x.shape), ints(2)], (1, 4, 3), dtype=np.int32)
    hot = net.op(85, [best, np.int32(6), np.float32(1), np.float32(0)], (1, 4, 3, 6),
                 number(0, 'int', -1))
    other = net.op(85, [best, np.int32(5), np.float32(3), np.float32(0.5)], (1, 4, 5, 3),
                   number(0, 'int', 2))
    scaled = net.op(85, [best, np.int32(4), np.float32(3), np.float32(0)], (1, 4, 3, 4),
                    number(0, 'int', -1))
    rounds = net.op(85, [best, np.int32(4), np.float32(0.1), np.float32(-1e8)], (1, 4, 3, 4),
                    number(0, 'int', -1))
    want = x.argmax(2)
    four = want[..., None] == np.arange(4)
    return net.file(hot, other, scaled, rounds), [x], [
        want[..., None] == np.arange(6),
        np.where(want[:, :, None] == np.arange(5)[:, None], 3, 0.5),
        np.where(four, 3, 0), np.where(four, 0.1, -1e8)]


@case
def integers_moved():
    net, x = Net(), rand(1, 4, 6, 3)
    best = net.op(56, [net.input(x.shape), ints(3)], (1, 4, 6), dtype=np.int64)
    seen = net.op(22, [best, ints(1, 6, 4)], (1, 6, 4), dtype=np.int64)
    turned = net.op(39, [seen, ints(0, 2, 1)], (1, 4, 6), dtype=np.int64)
    part = net.op(65, [turned, ints(0, 1, 2), ints(1, 2, 3)], (1, 2, 3), dtype=np.int64)
    some = net.op(53, [part], (1, 2, 3), dtype=np.int32)
    want = x.argmax(3).reshape(1, 6, 4).transpose(0, 2, 1)
    return net.file(turned, net.op(53, [some], (1, 2, 3))), [x], [want, want[:, 1:3, 2:5]]


@case
def matmul_turned():
    net, a, b = Net(), rand(1, 2, 4, 3), rand(1, 2, 5, 4)
    s, t = net.input(a.shape), net.input(b.shape)
    out = net.op(126, [s, t], (1, 2, 3, 5), Table(f0=('byte', 1), f1=('byte', 1)))
    return net.file(out), [a, b], [a.swapaxes(-1, -2) @ b.swapaxes(-1, -2)]


@case
def matmul():
    net, a, b = Net(), rand(1, 3, 4), rand(1, 4, 5)
    s, t = net.input(a.shape), net.input(b.shape)
    return net.file(net.op(126, [s, t], (1, 3, 5))), [a, b], [a @ b]


def resize_cases():
    for name, corners, centers in (('asymmetric', 0, 0), ('corners', 1, 0), ('centers', 0, 1)):
        for size in ((8, 10), (7, 3), (5, 4), (12, 5)):
            def at(i, n, m, c=corners, h=centers):
                if c:
                    return i * (n - 1) / (m - 1)
                return (i + 0.5) * n / m - 0.5 if h else i * n / m

            def nearest(i, n, m, c=corners, h=centers, at=at):
                p = math.floor(at(i, n, m) + 0.5) if c else math.floor((i + 0.5 * h) * n / m)
                return min(max(p, 0), n - 1)
            clamped = lambda i, n, m, at=at: max(at(i, n, m), 0)
            one('bilinear_%s_%d' % (name, size[0]), 23, (1, 4, 5, 2),
                lambda x, s=size, f=clamped: resize(x.astype(np.float64), s, f), [ints(*size)],
                Table(f2=('byte', corners), f3=('byte', centers)))
            one('nearest_%s_%d' % (name, size[0]), 97, (1, 4, 5, 2),
                lambda x, s=size, f=nearest: resize(x.astype(np.float64), s, f), [ints(*size)],
                Table(f0=('byte', corners), f1=('byte', centers)))


def norm_cases():
    for shape in ((1, 3, 4, 5), (1, 9)):
        one('l2_norm_%d' % len(shape), 11, shape,
            lambda x: x / np.sqrt((x * x).sum(-1, keepdims=True)))
    one('l2_norm_small', 11, (1, 4), lambda x: x / 1e-6, low=1e-8, high=1e-7)
    def lrn(x):
        out = np.zeros(x.shape)
        for c in range(x.shape[3]):
            out[..., c] = x[..., c] * (1.5 + 0.25 * (x[..., max(c - 2, 0):c + 3]**2).sum(3))**-0.75
        return out
    one('lrn', 13, (1, 3, 3, 9), lrn, options=Table(f0=('int', 2), f1=('float', 1.5),
                                                    f2=('float', 0.25),
                                                     f3=('float', 0.75)))


# ---- what is read, folded and joined ---------------------------------------------------------------

@case
def half_weights_dequantised():
    net, x = Net(), rand(1, 5, 5, 3)
    w, b = rand(4, 3, 3, 3).astype(np.float16), rand(4).astype(np.float16)
    t = net.input(x.shape)
    operands = [net.op(6, [net.const(v)], v.shape) for v in (w, b)]
    out = net.op(3, [t] + operands, (1, 3, 3, 4), conv_options())
    return net.file(out), [x], [conv(x, w, b)]


@case
def hybrid_per_channel():
    net, x = Net(), rand(1, 5, 5, 3)
    w = RANDOM.randint(-127, 128, (4, 3, 3, 3)).astype(np.int8)
    scale = rand(4, low=0.001, high=0.02)
    t = net.input(x.shape)
    k = net.const(w, quant=(scale, [0] * 4, 0))
    return net.file(net.op(3, [t, k], (1, 3, 3, 4), conv_options())), [x], \
        [conv(x, w * scale[:, None, None, None])]


@case
def hybrid_depthwise_per_channel():
    net, x = Net(), rand(1, 5, 5, 3)
    w = RANDOM.randint(-127, 128, (1, 3, 3, 6)).astype(np.int8)
    scale = rand(6, low=0.001, high=0.02)
    t = net.input(x.shape)
    k = net.const(w, quant=(scale, [0] * 6, 3))
    return net.file(net.op(4, [t, k], (1, 3, 3, 6),
                           depthwise_options(2))), [x], [depthwise(x, w * scale)]


@case
def hybrid_per_tensor():
    net, x = Net(), rand(1, 6)
    w = RANDOM.randint(0, 256, (4, 6)).astype(np.uint8)
    t = net.input(x.shape)
    k = net.const(w, quant=([0.01], [131], 0))
    want = x @ (np.float32(0.01) * (w.astype(np.float32) - 131)).T
    return net.file(net.op(9, [t, k], (1, 4), fused(0))), [x], [want]


@case
def hybrid_int4():
    net, x = Net(), rand(1, 6)
    w = RANDOM.randint(-8, 8, (3, 6))
    nibbles = (w.ravel() & 15).astype(np.uint8)
    packed = (nibbles[::2] | nibbles[1::2] << 4).tobytes()
    t = net.input(x.shape)
    k = net.tensor((3, 6), 17, bytes_=packed, quant=([0.125], [0], 0))
    return net.file(net.op(9, [t, k], (1, 3), fused(0))), [x], [x @ (0.125 * w).T]


@case
def pad_joins():
    net, x = Net(), rand(1, 5, 6, 3)
    w, d = rand(4, 3, 3, 3), rand(1, 3, 3, 4)
    a = np.array([[0, 0], [1, 0], [2, 1], [0, 0]], np.int32)
    p = net.op(34, [net.input(x.shape), a], (1, 6, 9, 3))
    c = net.op(3, [p, w], (1, 4, 7, 4), conv_options())
    q = net.op(34, [c, a], (1, 5, 10, 4))
    out = net.op(4, [q, d], (1, 3, 8, 4), depthwise_options(1))
    return net.file(out), [x], [depthwise(np.pad(conv(np.pad(x, a), w), a), d)]


def blocks(block, before, after, crop, kernel, multiplier=None, size=(9, 11),
           stride=1, padding=VALID, bias=True):
    """SPACE_TO_BATCH_ND, a convolution, BATCH_TO_SPACE_ND; the file, and what a dilated convolution makes."""
    net, x = Net(), rand(1, *size, 3)
    t = net.input(x.shape)
    pads = [[b, a] for b, a in zip(before, after)]
    cut = [(n + b + a) // s for n, b, a, s in zip(size, before, after, block)]
    out = [n - k + 1 for n, k in zip(cut, kernel)]
    result = [n * s - sum(c) for n, s, c in zip(out, block, crop)]
    images = block[0] * block[1]
    s = net.op(38, [t, ints(*block), np.array(pads, np.int32)], (images, *cut, 3))
    if multiplier:
        w = rand(1, *kernel, 3 * multiplier)
        c = net.op(4, [s, w, rand(3 * multiplier) * 0], (images, *out, 3 * multiplier),
                   depthwise_options(multiplier, padding, stride, stride, RELU))
    else:
        w = rand(5, *kernel, 3)
        c = net.op(3, [s, w] + bias * [rand(5) * 0], (images, *out, 5),
                   conv_options(padding, stride, stride, RELU))
    channels = 3 * multiplier if multiplier else 5
    y = net.op(37, [c, ints(*block), np.array(crop, np.int32)], (1, *result, channels))
    border = [(b - c[0], a - c[1]) for b, a, c in zip(before, after, crop)]
    padded = np.pad(x, [(0, 0), *[(max(p, 0), max(q, 0)) for p, q in border], (0, 0)])
    how = depthwise if multiplier else conv
    return net.file(y), [x], [np.maximum(how(padded, w, dilation=block), 0)]


def block_cases():
    for name, args in {'same': ((2, 2), (2, 2), (3, 3), ((0, 1), (0, 1)), (3, 3)),
                       'depthwise': ((4, 2), (4, 2), (7, 3), ((0, 3), (0, 1)), (3, 3), 2),
                       'valid': ((3, 2), (0, 0), (0, 1), ((0, 0), (0, 1)), (2, 3)),
                       'cropped': ((2, 3), (3, 4), (2, 3), ((1, 1), (2, 0)), (3, 2), 1)}.items():
        CASES['blocks_' + name] = lambda args=args: blocks(*args)
    CASES['blocks_without_bias'] = lambda: blocks((2, 2), (2, 2), (3, 3), ((0, 1), (0, 1)), (3, 3),
                                                  bias=False)


@case
def pad_with_two_readers_stays():
    net, x = Net(), rand(1, 5, 6, 3)
    w = rand(4, 3, 3, 3)
    a = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
    p = net.op(34, [net.input(x.shape), a], (1, 7, 8, 3))
    c = net.op(3, [p, w], (1, 5, 6, 4), conv_options())
    return net.file(c, p), [x], [conv(np.pad(x, a), w), np.pad(x, a)]


@case
def pad_before_same_stays():
    net, x = Net(), rand(1, 5, 6, 3)
    w = rand(4, 3, 3, 3)
    a = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
    p = net.op(34, [net.input(x.shape), a], (1, 7, 8, 3))
    c = net.op(3, [p, w], (1, 7, 8, 4), conv_options(SAME))
    return net.file(c), [x], [conv(np.pad(x, a), w, padding=SAME)]


@case
def computed_shape():
    net, x = Net(), rand(1, 2, 3, 4)
    t = net.input(x.shape, signature=(-1, 2, 3, 4))
    s = net.op(77, [t], (4,), dtype=np.int32)
    n = net.op(45, [s, ints(0), ints(1), ints(1)], (), number(4, 'int', 1), dtype=np.int32)
    to = net.op(83, [n, np.int32(24)], (2,), Table(f0=('int', 2), f1=('int', 0)), dtype=np.int32)
    return net.file(net.op(22, [t, to], (1, 24))), [x], [x.reshape(1, 24)]


@case
def bytes_at_the_input():
    net, x = Net(), RANDOM.randint(0, 256, (1, 4, 4, 3)).astype(np.uint8)
    t = net.op(53, [net.input(x.shape, np.uint8)], x.shape)
    return net.file(net.op(18, [t, np.float32(1 / 255)], x.shape, fused(0))), [x], [x / 255.0]


@case
def several_outputs():
    net, x = Net(), rand(1, 4)
    t = net.input(x.shape)
    a = net.op(19, [t], x.shape)
    return net.file(a, t, a), [x], [np.maximum(x, 0), x, np.maximum(x, 0)]


# ---- what is refused -------------------------------------------------------------------------------

def refusals():
    def net_of(code, shape, out, inputs=(), options=None, custom=None, dtype=np.float32, **more):
        net = Net()
        return net.file(net.op(code, [net.input(shape, dtype, **more)] + list(inputs), out, options,
                               custom=custom))
    refused('custom', "custom operator Frobnicate, operator 0 ('t1'): what it computes is not in the file",
            net_of(32, (1, 4), (1, 4), custom='Frobnicate'))
    refused('lstm', 'LSTM', net_of(16, (1, 4), (1, 4)))
    refused('unknown', 'operator number 250', net_of(250, (1, 4), (1, 4)))
    refused('stablehlo', 'StableHLO operator number 162', net_of(162, (1, 4), (1, 4)))
    refused('while', 'control flow is not supported', net_of(119, (1, 4), (1, 4)))
    refused('int8', "the model is quantised: 't0' is int8",
            net_of(19, (1, 4), (1, 4), dtype=np.int8, quant=([0.5], [0], 0)))
    refused('open', "the input 't0' leaves dimensions open",
            net_of(19, (1, 1, 1, 3), (1, 1, 1, 3), signature=(1, -1, -1, 3)))
    refused('batch_pad', 'it pads the batch',
            net_of(34, (1, 3, 3, 2), (2, 3, 3, 2),
                   [np.array([[0, 1], [0, 0], [0, 0], [0, 0]], np.int32)]))
    refused('batch_tile', 'it repeats the batch', net_of(69, (1, 3, 2), (2, 3, 2), [ints(2, 1, 1)]))
    refused('tile_other', 'dimension 1 2 times', net_of(69, (1, 3, 2), (1, 3, 2), [ints(1, 2, 1)]))
    refused('sign_bit', 'fused activation 5 is not supported',
            net_of(0, (1, 4), (1, 4), [rand(4)], fused(5)))
    refused('strides', 'its strides are 0 and 1',
            net_of(3, (1, 4, 4, 1), (1, 2, 2, 1), [rand(1, 3, 3, 1)], conv_options(sh=0)))
    refused('weights_short', 'takes 36 bytes, but has 4', weights_short())
    refused('nan', 'holds NaN or an infinity',
            net_of(0, (1, 4), (1, 4), [np.array([1, np.nan, 2, 3], np.float32)], fused(0)))
    refused('no_scale', 'is int8 without a scale',
            net_of(9, (1, 4), (1, 2), [np.ones((2, 4), np.int8)], fused(0)))
    refused('version', 'its version is 2', version(2))
    refused('computed_weights', "'t0' depends on what the network computes", computed_weights())
    around = 'no convolution that it is around'
    refused('blocks_strided', around, blocks((2, 2), (2, 2), (3, 3), ((0, 1), (0, 1)), (3, 3),
                                             stride=2)[0])
    refused('blocks_same', around, blocks((2, 2), (2, 2), (3, 3), ((0, 1), (0, 1)), (3, 3),
                                          padding=SAME)[0])
    refused('blocks_negative', around, blocks((2, 2), (0, 0), (1, 1), ((1, 1), (0, 1)), (3, 3))[0])
    refused('blocks_alone', around, net_of(38, (1, 4, 4, 1), (4, 2, 2, 1),
                                           [ints(2, 2), np.zeros((2, 2), np.int32)]))
    refused('blocks_of_batches', 'around one convolution alone',
            net_of(37, (4, 2, 2, 1), (1, 4, 4, 1), [ints(2, 2), np.zeros((2, 2), np.int32)]))
    refused('step', 'its step is 0',
            net_of(45, (1, 4), (1, 4), [ints(0, 3), ints(1, -5), ints(1, 0)], Table(f0=('int', 0))))
    refused('reverse_batch', 'across the images of the batch',
            net_of(105, (1, 4), (1, 4), [ints(0)]))
    refused('gather_batch', 'across the images of the batch',
            net_of(36, (1, 4), (1, 4), [ints(0)], number(0, 'int', 0)))
    refused('gather_index', 'it takes element 4 of 4',
            net_of(36, (1, 4), (1, 2), [ints(0, 4)], number(0, 'int', 1)))
    refused('gather_dims', 'batch_dims',
            net_of(36, (1, 4), (1, 2), [ints(0, 1)], Table(f0=('int', 1), f1=('int', 1))))
    refused('gather_result', 'its result is [1, 3]',
            net_of(36, (1, 4), (1, 3), [ints(0, 1)], number(0, 'int', 1)))
    refused('gather_nd_index', 'it takes element 4 of 4',
            net_of(107, (1, 4), (1, 1), [np.array([[0, 4]], np.int32)]))
    refused('gather_nd_names', 'its indices name 3 of 2 dimensions',
            net_of(107, (1, 4), (1, 1), [np.array([[0, 1, 2]], np.int32)]))
    refused('gather_nd_result', 'its result is [1, 3]',
            net_of(107, (1, 4), (1, 3), [np.array([[0, 1]], np.int32)]))
    refused('gather_nd_batch', 'across the images',
            net_of(107, (2, 4), (2, 4), [np.array([[1], [0]], np.int32)]))
    refused('gather_nd_computed', "'t0' depends on what the network computes", gather_nd_computed())
    refused('floor_mod', 'FLOOR_MOD', net_of(95, (1, 4), (1, 4), [np.float32(2)]))
    refused('cast_to_integers', 'a cast of what the network computes to int32', cast_to_integers())
    refused('transpose_twice', 'its order names dimension 0', transposed_twice())
    refused('sum_of_integers', 'it computes nothing', too_large())
    refused('cum_sum_axis', "an axis that [1, 4] doesn't have",
            net_of(128, (1, 4), (1, 4), [np.int32(2)]))
    refused('cum_sum_axes', 'it takes one axis, not 2', net_of(128, (1, 4), (1, 4), [ints(1, 1)]))
    refused('turned_vector', 'no matrix to be turned',
            net_of(126, (1, 4), (1, 4), [rand(4, 4)], Table(f0=('byte', 1))))
    refused('l2_window', 'its window is 0x2',
            net_of(12, (1, 4, 4, 1), (1, 2, 2, 1), options=pool_options((0, 2), (1, 1), VALID)))
    refused('large_fill', 'FILL', large_fill())
    refused('all_at_once', 'and 1 more: 1', twice())
    refused('not_tflite', 'its identifier is another one', b'\x10\0\0\0ABCD' + bytes(64))
    whole = net_of(19, (1, 4), (1, 4))
    refused('cut', 'the model is damaged', whole[:len(whole) // 2])
    refused('nothing', 'it ends too early', b'')


def weights_short():
    net = Net()
    t = net.input((1, 4, 4, 1))
    k = net.tensor((1, 3, 3, 1), np.float32, bytes_=bytes(4))
    return net.file(net.op(3, [t, k], (1, 2, 2, 1), conv_options()))


def large_fill():
    net = Net()
    t = net.input((1, 4))
    huge = net.op(94, [ints(1 << 14, 1 << 14), np.float32(1)], (1 << 14, 1 << 14))
    return net.file(net.op(0, [t, huge], (1, 4), fused(0)))


def gather_nd_computed():
    net = Net()
    t = net.input((1, 3, 3, 1))
    return net.file(net.op(107, [t, t], (1, 1, 1, 1)))


def cast_to_integers():
    net = Net()
    return net.file(net.op(53, [net.op(53, [net.input((1, 4))], (1, 4), dtype=np.int32)], (1, 4)))


def transposed_twice():
    net = Net()
    t = net.input((1, 3, 3))
    return net.file(net.op(39, [t, ints(0, 0, 1)], (1, 1, 3)),
                    net.op(39, [rand(3, 3), ints(0, 0)], (3, 3)))


def too_large():
    """A product beyond what int32 holds."""
    net = Net()
    t = net.op(18, [ints(1 << 20), ints(1 << 20)], (1,), fused(0), dtype=np.int32)
    return net.file(net.op(0, [net.input((1, 4)), net.op(53, [t], (1,))], (1, 4), fused(0)))


def version(n):
    net = Net()
    return net.file(net.op(19, [net.input((1, 4))], (1, 4)), version=n)


def computed_weights():
    net = Net()
    t = net.input((1, 3, 3, 1))
    return net.file(net.op(3, [t, t], (1, 1, 1, 1), conv_options()))


def twice():
    net = Net()
    a = net.op(24, [net.input((1, 4))], (1, 4))
    b = net.op(24, [net.inputs[0]], (1, 4))
    return net.file(a, b)


# ---- running them ----------------------------------------------------------------------------------

def check(importer, cnngen, out, name, make):
    """Why the case fails; None when it doesn't."""
    file, inputs, wanted = make()
    base = os.path.join(out, name)
    with open(base + '.tflite', 'wb') as f:
        f.write(file)
    done = subprocess.run([importer, base + '.tflite', '-o', base + '.yaml'], capture_output=True,
                          text=True)
    if done.returncode:
        return done.stderr
    command, results = [cnngen, 'run', '-q', base + '.yaml'], []
    shapes = [s for s in input_shapes(base + '.yaml')]
    for i, value in enumerate(inputs):
        np.save('%s.in%d.npy' % (base, i), np.ascontiguousarray(value.reshape(shapes[i])))
        command += ['--input', '%s.in%d.npy' % (base, i)]
    for i in range(len(wanted)):
        results.append('%s.out%d.npy' % (base, i))
        command += ['-o', results[-1]]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return done.stderr
    for i, (path, want) in enumerate(zip(results, wanted)):
        got = np.load(path)
        if got.size != np.size(want):
            return 'output %d has %d elements, not %d' % (i, got.size, np.size(want))
        if not np.allclose(got.ravel(), np.ravel(want), rtol=1e-5, atol=1e-6):
            return 'output %d differs by %g' % (i, abs(got.ravel() - np.ravel(want)).max())
    return None


def input_shapes(path):
    """With the batch in front, in the order of the specification."""
    text = open(path).read()
    batch = int((re.findall(r'^batch: (\d+)', text, re.M) or ['1'])[0])
    for line in re.findall(r'\{type: Input,[^}]*\}', text):
        yield [batch] + [int(n) for n in re.search(r'shape: \[([^]]*)\]', line).group(1).split(',')]


def check_refused(importer, out, name, message, file):
    base = os.path.join(out, name)
    with open(base + '.tflite', 'wb') as f:
        f.write(file)
    done = subprocess.run([importer, base + '.tflite', '-o', base + '.yaml'], capture_output=True,
                          text=True)
    if done.returncode != 1 or message not in done.stderr:
        return 'exit code %d, and not "%s": %s' % (done.returncode, message, done.stderr)
    return 'a file was written' if os.path.exists(base + '.yaml') else None


def main():
    out = sys.argv[-1]
    os.makedirs(out, exist_ok=True)
    for part in (arithmetic_of_constants, conv_cases, matrix_cases, pool_cases, reduce_cases,
                 unary_cases, binary_cases, compare_cases,
                 move_cases, resize_cases, norm_cases, block_cases, refusals):
        part()
    if sys.argv[1] == '--models':
        for name, file in [(n, make()[0]) for n,
                           make in CASES.items()] + [(n, r[1]) for n, r in REFUSED.items()]:
            with open(os.path.join(out, name + '.tflite'), 'wb') as f:
                f.write(file)
        return 0
    importer, cnngen = sys.argv[1:3]
    passed, failed = [], 0
    for name, make in CASES.items():
        why = check(importer, cnngen, out, name, make)
        if why:
            print('%s: %s' % (name, why))
            failed += 1
        else:
            passed.append(name)
    with open(os.path.join(out, 'passed.txt'), 'w') as f:
        f.write(''.join(name + '\n' for name in passed))
    count = len(passed)
    for name, (message, file) in REFUSED.items():
        why = check_refused(importer, out, 'refused_' + name, message, file)
        if why:
            print('%s: %s' % (name, why))
        count += why is None
        failed += why is not None
    print('%d passed, %d failed' % (count, failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
