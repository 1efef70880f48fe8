"""Keras' layers in numpy, in double precision, one image at a time: what the imported models have to give."""
import functools
import math

import numpy as np

from keras_files import named_weights


def pair(v):
    return (v, v) if isinstance(v, int) else tuple(v)


def pads(n, k, s, d, padding):
    span = (k - 1) * d + 1
    if padding == 'causal':
        return (k - 1) * d, 0
    if padding == 'valid':
        return 0, 0
    total = max((-(-n // s) - 1) * s + span - n, 0)
    return total // 2, total - total // 2


def windows(x, size, strides, padding, dilation=(1, 1), fill=0.0):
    """[OH, OW, KH, KW, C]"""
    (kh, kw), (sh, sw), (dh, dw) = size, strides, dilation
    border = [pads(x.shape[0], kh, sh, dh, padding), pads(x.shape[1], kw, sw, dw, padding), (0, 0)]
    x = np.pad(x, border, constant_values=fill)
    oh = (x.shape[0] - (kh - 1) * dh - 1) // sh + 1
    ow = (x.shape[1] - (kw - 1) * dw - 1) // sw + 1
    return np.array([[x[i * sh:i * sh + (kh - 1) * dh + 1:dh, j * sw:j * sw + (kw - 1) * dw + 1:dw]
                      for j in range(ow)] for i in range(oh)])


def conv(c, w, x):
    k = w[0]
    groups = c.get('groups', 1)
    win = windows(x, k.shape[:2], pair(c.get('strides', 1)), c.get('padding', 'valid'),
                  pair(c.get('dilation_rate', 1)))
    per, out = k.shape[2], k.shape[3] // groups
    parts = [np.einsum('ijhwc,hwco->ijo', win[..., g * per:(g + 1) * per],
                       k[..., g * out:(g + 1) * out])
             for g in range(groups)]
    return np.concatenate(parts, -1) + (w[1] if len(w) > 1 else 0)


def depthwise(c, k, x):
    win = windows(x, k.shape[:2], pair(c.get('strides', 1)), c.get('padding', 'valid'),
                  pair(c.get('dilation_rate', 1)))
    y = np.einsum('ijhwc,hwcm->ijcm', win, k)
    return y.reshape(y.shape[:2] + (-1,))


def transpose(c, w, x):
    """Each pixel adds its kernel to the result; 'same' cuts the result to strides times the input."""
    k, (sh, sw) = w[0], pair(c.get('strides', 1))
    kh, kw, out = k.shape[:3]
    h, wd = x.shape[:2]
    y = np.zeros(((h - 1) * sh + max(kh, sh), (wd - 1) * sw + max(kw, sw), out))
    for i in range(h):
        for j in range(wd):
            y[i * sh:i * sh + kh, j * sw:j * sw + kw] += np.einsum('hwoc,c->hwo', k, x[i, j])
    if c.get('padding') == 'same':
        top, left = max(kh - sh, 0) // 2, max(kw - sw, 0) // 2
        y = y[top:top + h * sh, left:left + wd * sw]
    return y + (w[1] if len(w) > 1 else 0)


def batch_norm(c, w, x):
    w = list(w)
    gamma = w.pop(0) if c.get('scale', True) else 1
    beta = w.pop(0) if c.get('center', True) else 0
    return gamma * (x - w[0]) / np.sqrt(w[1] + c.get('epsilon', 1e-3)) + beta


def axes(c, x):
    """Of the array without the batch: Keras counts that as 0, or counts from the end."""
    given = c.get('axis', -1)
    return tuple(a - 1 if a > 0 else a + x.ndim
                 for a in (given if isinstance(given, list) else [given]))


def layer_norm(c, w, x):
    a = axes(c, x)
    m, v = x.mean(a, keepdims=True), x.var(a, keepdims=True)
    return w[0] * (x - m) / np.sqrt(v + c.get('epsilon', 1e-3)) + w[1]


def group_norm(c, w, x):
    """[H, W, C]: over the pixels and the channels of a group."""
    g = x.reshape(x.shape[0], x.shape[1], c['groups'], -1)
    m, v = g.mean((0, 1, 3), keepdims=True), g.var((0, 1, 3), keepdims=True)
    return w[0] * ((g - m) / np.sqrt(v + c.get('epsilon', 1e-3))).reshape(x.shape) + w[1]


def rms_norm(c, w, x):
    return w[0] * x / np.sqrt((x * x).mean(axes(c, x), keepdims=True) + c.get('epsilon', 1e-6))


def unit_norm(c, w, x):
    return x / np.sqrt(np.maximum((x * x).sum(axes(c, x), keepdims=True), 1e-12))


def normalization(c, w, x):
    """With statistics as arguments, or as weights, behind which there is a count."""
    mean, variance = (np.array(c['mean']),
                      np.array(c['variance'])) if c.get('mean') is not None else w[:2]
    return (x - mean) / np.maximum(np.sqrt(variance), 1e-7)


def pool(c, x, is_max):
    size = pair(c['pool_size'])
    strides = pair(c.get('strides') or size)
    win = windows(x, size, strides, c.get('padding', 'valid'), fill=-np.inf if is_max else np.nan)
    return win.max((2, 3)) if is_max else np.nanmean(win, (2, 3))


def bilinear(x, factor):
    for axis, f in enumerate(factor):
        n = x.shape[axis]
        at = np.clip((np.arange(n * f) + 0.5) / f - 0.5, 0, n - 1)
        low = np.floor(at).astype(int)
        part = (at - low).reshape([-1 if a == axis else 1 for a in range(x.ndim)])
        x = (1 - part) * np.take(x, low, axis) + part * np.take(x, np.minimum(low + 1, n - 1), axis)
    return x


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def erf(x):
    return np.vectorize(math.erf)(x)


SIGMOID = lambda x: 1 / (1 + np.exp(-x))
ACTIVATIONS = {
    'linear': lambda x: x, 'relu': lambda x: np.maximum(x, 0), 'relu6': lambda x: np.clip(x, 0, 6),
    'sigmoid': SIGMOID, 'tanh': np.tanh, 'softmax': softmax, 'swish': lambda x: x * SIGMOID(x),
    'silu': lambda x: x * SIGMOID(x), 'gelu': lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
    'elu': lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1), 'exponential': np.exp,
    'softplus': lambda x: np.log1p(np.exp(x)), 'softsign': lambda x: x / (1 + abs(x)),
    'leaky_relu': lambda x: np.where(x > 0, x, 0.2 * x),
    'hard_silu': lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
}


def activate(config, x, version):
    a = config.get('activation') or 'linear'
    if isinstance(a, dict):
        if a['class_name'] == 'function':
            return activate({'activation': a['config']}, x, version)
        return LAYERS[a['class_name']](a['config'], [], x)
    if a == 'hard_sigmoid':
        return np.clip(0.2 * x + 0.5 if version == 2 else x / 6 + 0.5, 0, 1)
    return ACTIVATIONS[a](x)


def border(v):
    return [(v, v)] * 2 if isinstance(v, int) else [pair(p) for p in v]


def relu(c, _, x):
    t, slope = c.get('threshold') or 0, c.get('negative_slope') or 0
    y = np.where(x >= t, x, slope * (x - t))
    return np.minimum(y, c['max_value']) if c.get('max_value') is not None else y


def slope(c):
    return c.get('alpha', c.get('negative_slope', 0.3))


LAYERS = {   # (config, weights, input)
    'Conv2D': conv, 'Conv2DTranspose': transpose,
    'DepthwiseConv2D': lambda c, w, x: depthwise(c, w[0], x) + (w[1] if len(w) > 1 else 0),
    'SeparableConv2D': lambda c, w, x: depthwise(c, w[0], x) @ w[1][0, 0] + w[2],
    'Dense': lambda c, w, x: x @ w[0] + (w[1] if len(w) > 1 else 0),
    'BatchNormalization': batch_norm, 'LayerNormalization': layer_norm,
    'GroupNormalization': group_norm, 'RMSNormalization': rms_norm, 'UnitNormalization': unit_norm,
    'MaxPooling2D': lambda c, w, x: pool(c, x, True), 'AveragePooling2D': lambda c, w,
    x: pool(c, x, False),
    'GlobalMaxPooling2D': lambda c, w, x: x.max((0, 1), keepdims=c.get('keepdims', False)),
    'GlobalAveragePooling2D': lambda c, w, x: x.mean((0, 1), keepdims=c.get('keepdims', False)),
    'Activation': lambda c, w, x: x, 'ReLU': relu,
    'LeakyReLU': lambda c, w, x: np.where(x > 0, x, slope(c) * x),
    'PReLU': lambda c, w, x: np.where(x > 0, x, w[0] * x),
    'ELU': lambda c, w, x: np.where(x > 0, x, c['alpha'] * (np.exp(np.minimum(x, 0)) - 1)),
    'Softmax': lambda c, w, x: softmax(x), 'Flatten': lambda c, w, x: x.ravel(),
    'Reshape': lambda c, w, x: x.reshape(c['target_shape']),
    'Permute': lambda c, w, x: x.transpose([d - 1 for d in c['dims']]),
    'ZeroPadding2D': lambda c, w, x: np.pad(x, border(c['padding']) + [(0, 0)]),
    'Cropping2D': lambda c, w, x: x[c['cropping'][0][0]:x.shape[0] - c['cropping'][0][1],
                                    c['cropping'][1][0]:x.shape[1] - c['cropping'][1][1]],
    'UpSampling2D': lambda c, w, x: bilinear(x, c['size']) if c['interpolation'] == 'bilinear'
    else x.repeat(c['size'][0], 0).repeat(c['size'][1], 1),
    'Rescaling': lambda c, w, x: x * c['scale'] + c['offset'],
    'Normalization': normalization,
    'Dropout': lambda c, w, x: x, 'SpatialDropout1D': lambda c, w, x: x, 'GaussianNoise': lambda c,
    w, x: x, 'RandomFlip': lambda c, w, x: x,
}


def signal(layer):
    """A layer of signals as the one of images of height 1."""
    def call(c, w, x):
        wide = dict(c)
        for key in ('kernel_size', 'strides', 'pool_size', 'dilation_rate', 'size'):
            if key in c:
                wide[key] = [1] + (c[key] if isinstance(c[key], list) else [c[key]])
        if wide.get('output_padding') is not None:
            wide['output_padding'] = [0, wide['output_padding'][0]]
        for key in ('padding', 'cropping'):
            if isinstance(c.get(key), list):
                wide[key] = [[0, 0], c[key]]
        w = [k[None] if k.ndim == 3 else k for k in w]
        y = LAYERS[layer](dict(wide, interpolation='nearest'), w, x[None])
        return y[0] if y.ndim == 3 else y
    return call


LAYERS['Conv1DTranspose'] = signal('Conv2DTranspose')
for name in ('Conv', 'DepthwiseConv', 'SeparableConv', 'MaxPooling', 'AveragePooling',
             'GlobalMaxPooling', 'GlobalAveragePooling', 'ZeroPadding', 'Cropping',
             'UpSampling'):
    LAYERS[name + '1D'] = signal(name + '2D')
MERGES = {
    'Add': lambda xs: sum(xs), 'Subtract': lambda xs: xs[0] - xs[1],
    'Multiply': lambda xs: functools.reduce(np.multiply, xs),
    'Maximum': lambda xs: np.max(xs, 0), 'Minimum': lambda xs: np.min(xs, 0),
    'Average': lambda xs: sum(xs) / len(xs),
    'Concatenate': lambda xs: np.concatenate(xs, -1),
}


def call(layer, xs, version):
    """All results of one call."""
    if layer.inner:
        return evaluate(layer.inner, xs, version)
    if layer.cls in MERGES:
        return [MERGES[layer.cls](xs)]
    weights = [np.asarray(w, np.float64) for _, w in named_weights(layer)]
    return [activate(layer.config, LAYERS[layer.cls](layer.config, weights, xs[0]), version)]


def evaluate(net, xs, version):
    """The outputs for the inputs, each of one image."""
    value, xs = {}, [np.asarray(x, np.float64) for x in xs]
    for layer, x in zip(net.inputs(), xs):
        value[layer.name, 0] = [x]
    last = xs
    todo = [(l, i) for l in net.layers for i in range(len(l.calls)) if l.cls != 'InputLayer']
    while todo:
        layer, i = todo.pop(0)
        refs = [(r, 0, 0) if isinstance(r, str) else tuple(r) for r in layer.calls[i]]
        if not all((r[0], r[1]) in value for r in refs):
            todo.append((layer, i))
            continue
        ins = last if net.sequential else [value[r[0], r[1]][r[2]] for r in refs]
        last = value[layer.name, i] = call(layer, ins, version)
    ends = [(r, 0, 0) if isinstance(r, str) else r for r in net.ends()]
    return [value[r[0], r[1]][r[2]] for r in ends]
