#!/usr/bin/python3
"""Keras models made here, in each format: imported, evaluated, and compared with keras_oracle; wrong ones, and what
the importer has to say of them.

    keras_cases.py IMPORTER NPZ_IMPORTER CNNGEN OUT

The specifications that were made are listed in OUT/passed.txt. Ends with "N passed, M failed".
"""
import json
import os
import pickle
import re
import subprocess
import sys
import zipfile

import h5py
import numpy as np

import keras_files as files
from keras_files import Net, FORMATS
from keras_oracle import evaluate

RANDOM = np.random.RandomState(1)


def rand(*shape):
    return RANDOM.uniform(-1, 1, shape).astype(np.float32)


def conv(k, i, o):
    return rand(k, k, i, o), rand(o)


def norm(c):
    return rand(c) + 1.5, rand(c), rand(c), np.abs(rand(c)) + 0.1


def image(name='net', h=9, w=7, c=3, **config):
    return Net(name).add('InputLayer', 'image', shape=[None, h, w, c], **config)


# ---- models --------------------------------------------------------------------------------------------

def classifier():
    return (image()
            .add('Conv2D', 'conv', 'image', weights=conv(3, 3, 8), filters=8, kernel_size=[3, 3],
                 strides=[2, 2], padding='same', data_format='channels_last', dilation_rate=[1, 1],
                 groups=1, activation='relu', use_bias=True,
                 kernel_initializer={'class_name': 'GlorotUniform', 'config': {'seed': None}})
            .add('BatchNormalization', 'bn', 'conv', weights=norm(8), axis=[3],
                 momentum=0.99, epsilon=0.01)
            .add('MaxPooling2D', 'pool', 'bn', pool_size=[2, 2], strides=[2, 2], padding='same')
            .add('DepthwiseConv2D', 'dw', 'pool', weights=[rand(2, 2, 8, 2)], kernel_size=[2, 2],
                 depth_multiplier=2, use_bias=False, strides=[1, 1], padding='valid')
            .add('LeakyReLU', 'leaky', 'dw', negative_slope=0.25)
            .add('Dropout', 'drop', 'leaky', rate=0.5)
            .add('GlobalAveragePooling2D', 'gap', 'drop', keepdims=False)
            .add('Dense', 'dense', 'gap', weights=[rand(16, 5), rand(5)],
                 units=5, activation='softmax'))


def sequential(first='input'):
    net = Net('seq', sequential=True)
    start = {}
    if first == 'input':
        net.add('InputLayer', 'in', shape=[None, 6, 6, 2])
    elif first == 'shape':
        start = {'batch_input_shape': [None, 6, 6, 2]}
    return (net.add('Conv2D', 'a', weights=conv(3, 2, 4), filters=4, kernel_size=[3, 3], **start)
            .add('Conv2D', 'b', weights=conv(1, 4, 3), filters=3, kernel_size=[1, 1],
                 activation='tanh')
            .add('Flatten', 'flat')
            .add('Dense', 'out', weights=[rand(48, 2)], units=2, use_bias=False))


def block(name, c):
    return (Net(name).add('InputLayer', 'x', shape=[None, 5, 5, c])
            .add('Conv2D', 'conv', 'x', weights=conv(3, c, c), filters=c,
                 kernel_size=3, padding='same')
            .add('BatchNormalization', 'bn', 'conv', weights=norm(c), axis=-1, epsilon=1e-3)
            .add('Add', 'sum', 'bn', 'x'))


def nested():
    """Two models in a model, one called twice, one holding another; names occur in several."""
    inner = Net('deep', sequential=True)
    inner.add('InputLayer', 'x', shape=[None, 5, 5, 4])
    inner.add('Conv2D', 'c1', weights=conv(1, 4, 4), filters=4, kernel_size=1)
    inner.add('Activation', 'act', activation='relu')
    return (image(h=5, w=5, c=4)
            .add('Functional', 'block', 'image', inner=block('block', 4))
            .again('block', 'block')
            .add('Sequential', 'deep', ('block', 1, 0), inner=inner)
            .add('BatchNormalization', 'last', 'deep', weights=norm(4), axis=3, epsilon=1e-3))


def shared():
    return (image(h=4, w=4, c=3)
            .add('Conv2D', 'conv', 'image', weights=conv(3, 3, 3),
                 filters=3, kernel_size=3, padding='same')
            .again('conv', 'conv')
            .add('Concatenate', 'both', 'conv', ('conv', 1, 0), axis=-1))


def two_ends():
    """Two inputs, two outputs, and a layer listed before the one that it reads."""
    net = (Net().add('InputLayer', 'b', shape=[None,
                                               4, 4, 2]).add('InputLayer', 'a', shape=[None, 4, 4, 2])
           .add('Multiply', 'product', 'sum', 'a').add('Add', 'sum', 'a', 'b')
           .add('Subtract', 'less', 'b', 'product').add('Maximum', 'most', 'a', 'b', 'less')
           .add('Minimum', 'least', 'less', 'most').add('Average', 'mean', 'least', 'sum')
           .add('Activation', 'unused', 'mean', activation='relu'))
    net.outputs = ['mean', 'product']
    return net


def shapes():
    return (image(h=5, w=6, c=4)
            .add('ZeroPadding2D', 'pad', 'image', padding=[[1, 0], [2, 1]])
            .add('SeparableConv2D', 'sep', 'pad',
                 weights=[rand(3, 3, 4, 2), rand(1, 1, 8, 6), rand(6)],
                 filters=6, kernel_size=[3, 3], depth_multiplier=2, strides=[1, 1], padding='same')
            .add('Cropping2D', 'crop', 'sep', cropping=[[1, 1], [0, 2]])
            .add('UpSampling2D', 'up', 'crop', size=[2, 3], interpolation='nearest')
            .add('Conv2DTranspose', 'larger', 'up', weights=[rand(3, 3, 2, 6), rand(2)], filters=2,
                 kernel_size=[3, 3], strides=[2, 2], padding='same', output_padding=None)
            .add('AveragePooling2D', 'mean', 'larger', pool_size=[3, 2], strides=[2, 2],
                 padding='same')
            .add('UpSampling2D', 'smooth', 'mean', size=[2, 2], interpolation='bilinear')
            .add('Permute', 'turn', 'smooth', dims=[3, 1, 2])
            .add('Flatten', 'flat', 'turn'))


def transposed(k, s, padding):
    return image(h=3, w=4, c=2).add('Conv2DTranspose', 'up', 'image',
                                    weights=[rand(k, k, 3, 2), rand(3)],
                                    filters=3, kernel_size=[k, k], strides=[s, s], padding=padding)


def grouped():
    return (image(h=7, w=8, c=4)
            .add('Conv2D', 'groups', 'image', weights=[rand(3, 2, 2, 6), rand(6)],
                 filters=6, kernel_size=[3, 2], groups=2, padding='same', dilation_rate=[2, 1])
            .add('GlobalMaxPooling2D', 'max', 'groups', keepdims=True)
            .add('Reshape', 'shape', 'max', target_shape=[2, 3]))


def functions(version):
    """Each activation by itself, side by side; as a function in Keras 3's writing too."""
    net = image(h=3, w=3, c=2)
    ends = []
    for name in ('relu', 'relu6', 'sigmoid', 'hard_sigmoid', 'tanh', 'swish', 'gelu', 'elu',
                 'exponential',
                 'softplus', 'softsign', 'leaky_relu'):
        net.add('Activation', name + '_', 'image', activation=name)
        ends.append(name + '_')
    given = {'class_name': 'function', 'module': 'builtins',
             'config': 'hard_sigmoid'} if version == 3 else 'hard_sigmoid'
    layer = {'class_name': 'LeakyReLU', 'module': 'keras.layers',
             'config': {'name': 'l', 'alpha' if version == 2 else 'negative_slope': 0.125}}
    net.add('Conv2D', 'steep', 'image', weights=conv(1, 2, 2),
            filters=2, kernel_size=1, activation=given)
    net.add('Conv2D', 'object', 'image', weights=conv(1, 2, 2),
            filters=2, kernel_size=1, activation=layer)
    net.add('Activation', 'plain', 'image', activation='linear')
    return net.add('Concatenate', 'all', *ends, 'steep', 'object', 'plain', axis=3)


def norms():
    return (image(h=4, w=3, c=3)
            .add('Rescaling', 'scale', 'image', scale=0.5, offset=-1.0)
            .add('RandomFlip', 'flip', 'scale', mode='horizontal')
            .add('Normalization', 'statistics', 'flip', axis=[-1], mean=None, variance=None,
                 weights=[rand(3), np.abs(rand(3)), np.int64(7)])
            .add('LayerNormalization', 'layer', 'statistics', axis=[3], epsilon=0.01,
                 weights=[rand(3), rand(3)])
            .add('PReLU', 'prelu', 'layer', shared_axes=[1, 2], weights=[rand(1, 1, 3)])
            .add('GaussianNoise', 'noise', 'prelu', stddev=0.1)
            .add('BatchNormalization', 'half', 'noise', axis=-1, scale=False, weights=norm(3)[1:])
            .add('BatchNormalization', 'bare', 'half', axis=-1, scale=False, center=False,
                 weights=norm(3)[2:])
            .add('ReLU', 'relu', 'bare', max_value=1.5, negative_slope=0.1, threshold=0.25)
            .add('ELU', 'elu', 'relu', alpha=0.5)
            .add('Softmax', 'softmax', 'elu', axis=-1))


def norms_of_axes():
    """Over several of the last axes, and what of it Keras 3 alone has."""
    return (image(h=4, w=3, c=5)
            .add('LayerNormalization', 'rows', 'image', axis=[2, 3], epsilon=0.01,
                 weights=[rand(3, 5), rand(3, 5)])
            .add('GroupNormalization', 'groups', 'rows',
                 groups=5, axis=-1, epsilon=0.01, weights=[rand(5), rand(5)])
            .add('LayerNormalization', 'whole', 'groups', axis=[1, 2, 3], epsilon=0.001,
                 weights=[rand(4, 3, 5), rand(4, 3, 5)])
            .add('RMSNormalization', 'pixels', 'whole', axis=-1, epsilon=1e-6, weights=[rand(5)])
            .add('RMSNormalization', 'rms', 'pixels', axis=[-2, -1],
                 epsilon=0.125, weights=[rand(3, 5)])
            .add('UnitNormalization', 'unit', 'rms', axis=[1, 3])
            .add('Rescaling', 'tiny', 'unit', scale=1e-7, offset=0.0)
            .add('UnitNormalization', 'below', 'tiny', axis=-1)
            .add('Rescaling', 'seen', 'below', scale=10.0, offset=0.0))


def squeeze():
    """What EfficientNet has: a factor for each channel, and preprocessing with a list of scales."""
    return (image(h=5, w=4, c=3)
            .add('Rescaling', 'scale', 'image', scale=[0.5, 2.0, 1.5], offset=0.0)
            .add('GlobalAveragePooling2D', 'mean', 'scale', keepdims=False)
            .add('Reshape', 'pixel', 'mean', target_shape=[1, 1, 3])
            .add('Conv2D', 'gate', 'pixel', weights=conv(1, 3, 3), filters=3, kernel_size=[1, 1],
                 activation='sigmoid')
            .add('Multiply', 'gated', 'scale', 'gate')
            .add('ReLU', 'relu6', 'gated', max_value=6.0, negative_slope=0.0, threshold=0.0))


def operations():
    """x + y of two tensors: an operation of keras.ops, not a layer."""
    return (image(h=2, w=2, c=2)
            .add('Activation', 'act', 'image', activation='relu')
            .add('Add', 'plus', 'act', 'image', module='keras.src.ops.numpy'))


def signals(last):
    return (Net().add('InputLayer', 'x', shape=[None, 23, 3])
            .add('ZeroPadding1D', 'pad', 'x', padding=[1, 2])
            .add('Conv1D', 'conv', 'pad', weights=[rand(3, 3, 4), rand(4)],
                 filters=4, kernel_size=[3], strides=[2], padding='same', dilation_rate=[1],
                 groups=1, activation='relu')
            .add('Conv1D', 'causal', 'conv', weights=[rand(3, 2, 6), rand(6)],
                 filters=6, kernel_size=[3], strides=[1], padding='causal', dilation_rate=[2],
                 groups=2, activation='linear')
            .add('MaxPooling1D', 'max', 'causal', pool_size=[3], strides=[2], padding='same')
            .add('UpSampling1D', 'up', 'max', size=2)
            .add('Cropping1D', 'crop', 'up', cropping=[1, 0])
            .add('AveragePooling1D', 'mean', 'crop', pool_size=[2], strides=[2], padding='valid')
            .add('SpatialDropout1D', 'drop', 'mean', rate=0.25)
            .add(last, 'all', 'drop', keepdims=False))


def more_signals():
    return (Net().add('InputLayer', 'x', shape=[None, 11, 4])
            .add('DepthwiseConv1D', 'depth', 'x', weights=[rand(3, 4, 2), rand(8)], kernel_size=[3],
                 strides=[1], padding='same', dilation_rate=[2],
                 depth_multiplier=2, activation='relu')
            .add('SeparableConv1D', 'sep', 'depth', weights=[rand(4, 8, 1), rand(1, 8, 5), rand(5)],
                 filters=5, kernel_size=[4], strides=[2], padding='same', dilation_rate=[1],
                 depth_multiplier=1, activation='tanh')
            .add('Conv1DTranspose', 'up', 'sep', weights=[rand(3, 6, 5), rand(6)],
                 filters=6, kernel_size=[3], strides=[2], padding='same', output_padding=None,
                 dilation_rate=[1], activation='linear')
            .add('Conv1DTranspose', 'longer', 'up', weights=[rand(2, 3, 6)],
                 filters=3, kernel_size=[2], strides=[3], padding='valid', use_bias=False))


# ---- running -------------------------------------------------------------------------------------------

class Tests:
    def __init__(self, importer, npz, cnngen, out):
        self.importer, self.npz, self.cnngen, self.out = importer, npz, cnngen, out
        self.passed, self.failed, self.specs = 0, 0, []

    def path(self, name):
        return os.path.join(self.out, name)

    def run(self, *command):
        return subprocess.run(command, capture_output=True, text=True, errors='replace',
                              timeout=120)

    def result(self, name, why):
        self.passed += not why
        self.failed += bool(why)
        if why:
            print('FAIL %s: %s' % (name, why))

    def convert(self, name, path, *args):
        spec = self.path(name + '.yaml')
        return spec, self.run(self.importer, path, '-o', spec, '-q', *args)

    def outputs(self, spec, inputs):
        """What `cnngen run` makes of the inputs; a message if it fails."""
        command = [self.cnngen, 'run', '-q', spec, '-o', spec + '.npy']
        for i, x in enumerate(inputs):
            np.save(spec + '.in%d.npy' % i, x.astype(np.float32))
            command += ['--input', spec + '.in%d.npy' % i]
        done = self.run(*command)
        if done.returncode:
            return done.stderr
        return np.load(spec + '.npy')

    def compare(self, name, spec, net, version, tolerance=1e-5):
        inputs = [rand(*[d or 1 for d in l.config['shape'][1:]]) if l.config.get('dtype') != 'uint8'
                  else RANDOM.randint(0, 256, l.config['shape'][1:]).astype(np.uint8)
                  for l in net.inputs()] or [rand(6, 6, 2)]
        expected = evaluate(net, inputs, version)
        if len(expected) > 1:
            return self.compare_each(spec, inputs, expected)
        got = self.outputs(spec, inputs)
        if isinstance(got, str):
            return got
        self.specs.append(os.path.basename(spec))
        good = np.allclose(got.ravel(), expected[0].ravel(), rtol=tolerance, atol=tolerance)
        return None if good else 'differs by %g' % abs(got.ravel() - expected[0].ravel()).max()

    def compare_each(self, spec, inputs, expected):
        """Several outputs: one specification for each."""
        text = open(spec).read().replace('"', '')
        names = re.search(r'outputs: \[(.*)\]', text).group(1).split(', ')
        for name, e in zip(names, expected):
            got = self.outputs(self.only(spec, text, name), inputs)
            if isinstance(got, str) or not np.allclose(got.ravel(), e.ravel(),
                                                       rtol=1e-5, atol=1e-5):
                return '%s: %s' % (name, got if isinstance(got, str) else 'differs')
        return None

    def only(self, spec, text, name):
        """The specification with a layer more, which takes nothing of the other outputs away."""
        one = spec[:-5] + '_' + name + '.yaml'
        others = [n for n in re.search(r'outputs: \[(.*)\]', text).group(1).split(', ')
                  if n != name]
        zero = ''.join('  - {type: Rescaling, name: zero_%s, inputs: %s, scale: 0}\n' % (n, n)
                       for n in others)
        last = '  - {type: Add, name: last, inputs: [%s]}\n' % ', '.join([name] + ['zero_' + n for n in others])
        with open(one, 'w') as f:
            f.write(re.sub(r'outputs:.*\n', '', text) + zero + last)
        return one

    def same(self, name, net, kinds=FORMATS, args=(), **options):
        for kind in kinds:
            full = '%s-%s' % (name, kind)
            path = files.write(self.path(full + ('' if kind in ('tfjs', 'folder') else '.model')),
                               net, kind, **options)
            spec, done = self.convert(full, path, *args)
            version = 2 if kind in ('h5_2', 'tfjs') else 3
            self.result(full, done.stderr if done.returncode
                        else self.compare(full, spec, net, version))

    def refused(self, name, path, *parts, args=(), status=1):
        spec, done = self.convert('refused-' + name, path, *args)
        why = None
        if done.returncode != status:
            why = 'status %d: %s' % (done.returncode, done.stderr)
        elif os.path.exists(spec):
            why = 'a specification was written'
        else:
            missing = [p for p in parts if p not in done.stderr]
            why = missing and 'no %r in\n%s' % (missing[0], done.stderr)
        self.result('refused ' + name, why)


def models(t):
    t.same('classifier', classifier())
    t.same('nested', nested())
    t.same('shared', shared())
    t.same('two', two_ends())
    t.same('shapes', shapes())
    t.same('grouped', grouped())
    t.same('norms', norms())
    t.same('norms-of-axes', norms_of_axes(), ['keras', 'h5_3'])
    t.same('squeeze', squeeze())
    t.same('sequential', sequential())
    t.same('bare', sequential('none'), args=['--shape', 'a_input=1,6,6,2'])
    t.same('first', sequential('shape'), ['h5_2', 'tfjs'])
    for k, s, padding in [(2, 3, 'valid'), (4, 2, 'valid'), (2, 3, 'same'), (5, 2, 'same'),
                          (1, 1, 'same')]:
        t.same('transpose-%d-%d-%s' % (k, s, padding), transposed(k, s, padding), ['keras'])
    t.same('functions-2', functions(2), ['h5_2', 'tfjs'])
    t.same('functions-3', functions(3), ['keras', 'h5_3'])
    t.same('operations', operations(), ['keras'])
    t.same('bytes', image(c=1, dtype='uint8').add('Rescaling', 'scale', 'image',
                                                  scale=1 / 255, offset=0.0),
           ['keras', 'h5_2'])
    for last in ('GlobalAveragePooling1D', 'GlobalMaxPooling1D'):
        t.same('signals-' + last, signals(last))
    t.same('more-signals', more_signals())
    t.same('split', classifier(), ['h5_2', 'h5_3'], split=True)
    t.same('chunks', classifier(), ['keras'], compression=zipfile.ZIP_DEFLATED)


def storage(t):
    """Weights of other types, packed, quantised."""
    net = image(h=4, w=4, c=2).add('Conv2D', 'conv', 'image', filters=3, kernel_size=3,
                                   weights=[np.round(rand(3, 3, 2, 3) * 8) / 8, np.round(rand(3) * 8) / 8])
    for dtype in ('float16', 'bfloat16', 'float64', '>f4'):
        t.same('type-' + dtype.strip('>'), net, ['keras'], dtype=dtype)
    t.same('packed', net, ['keras'], compression=zipfile.ZIP_DEFLATED)
    for how in ('float16', 'uint8', 'uint16'):
        path = files.write(t.path('quantised-' + how), net, 'tfjs', how=how)
        spec, done = t.convert('quantised-' + how, path)
        meant = image(h=4, w=4, c=2).add('Conv2D', 'conv', 'image', filters=3, kernel_size=3,
                                         weights=[files.dequantised(w, how)
                                                  for w in net.find('conv').weights])
        t.result('quantised ' + how, done.stderr if done.returncode
                 else t.compare('', spec, meant, 2, 1e-6))


def open_sizes(t):
    net = Net().add('InputLayer', 'x', shape=[None, None, None, 2]).add(
        'Conv2D', 'conv', 'x', weights=conv(3, 2, 2), filters=2, kernel_size=3, padding='same')
    path = files.write(t.path('open.keras'), net, 'keras')
    spec, done = t.convert('open', path, '--shape', 'x=1,4,5,2')
    net.find('x').config['shape'] = [None, 4, 5, 2]
    t.result('open', done.stderr if done.returncode else t.compare('open', spec, net, 3))
    t.refused('open', path, "give --shape 'x=1,?,?,2'")
    t.refused('other', path, "no input 'y'", args=['--shape', 'y=1,4,5,2'])
    t.refused('contradiction', path, 'contradicts the model', args=['--shape', 'x=1,4,5,3'])
    t.refused('rank', path, '--shape gives 3 dimensions', args=['--shape', 'x=1,4,5'])
    spec, done = t.convert('batch', path, '--shape', 'x=3,4,5,2')
    t.result('batch', 'batch: 3\n' not in open(spec).read())


def alone(t):
    """Weights alone, for a specification."""
    spec = t.path('alone.yaml')
    net = image(h=5, w=5, c=2).add('Conv2D', 'a', 'image', weights=conv(3, 2, 4),
                                   filters=4, kernel_size=3).add(
        'BatchNormalization', 'n', 'a', weights=norm(4), axis=-1).add(
        'Conv2D', 'b', 'n', weights=conv(3, 4, 1), filters=1, kernel_size=3)
    with open(spec, 'w') as f:
        f.write('cnngen: 1\nweights: alone.safetensors\nlayers:\n  - {type: Input, shape: [5, 5, 2]}\n'
                '  - {type: Conv2D, name: a, filters: 4, kernel_size: 3}\n  - {type: BatchNormalization, name: n}\n'
                '  - {type: Conv2D, name: b, filters: 1, kernel_size: 3}\n')
    files.write_weights_2(t.path('alone_2.h5'), net)
    files.write_weights_3(t.path('alone_3.h5'), net)
    files.write_h5(t.path('alone_whole.h5'), net, 2)
    for kind in ('alone_2.h5', 'alone_3.h5', 'alone_whole.h5'):
        done = t.run(t.importer, t.path(kind), '--spec', spec, '-o', t.path('alone.safetensors'))
        t.result(kind, done.stderr if done.returncode else t.compare(kind, spec, net, 3))
    t.refused('alone', t.path('alone_3.h5'), 'weights, but no model', '--spec')
    net.find('b').weights = conv(3, 4, 2)
    files.write_weights_3(t.path('wrong.h5'), net)
    done = t.run(t.importer, t.path('wrong.h5'), '--spec', spec, '-o', t.path('x.safetensors'))
    t.result('wrong shape', "needs a kernel of [3, 3, 4, 1]; the file's is [3, 3, 4, 2]" not in done.stderr)


def arrays(t):
    """.npz, stored and compressed, Fortran order; and what isn't one."""
    wanted = {'conv.kernel': rand(3, 3, 2, 4), 'conv.bias': rand(4).astype(np.float64)}
    wanted['dense.kernel'] = np.asfortranarray(rand(5, 6))
    for save in (np.savez, np.savez_compressed):
        save(t.path('w.npz'), **wanted)
        done = t.run(t.npz, t.path('w.npz'), '-o', t.path('w.safetensors'))
        why = done.stderr
        if done.returncode == 0:
            raw = open(t.path('w.safetensors'), 'rb').read()
            n = int.from_bytes(raw[:8], 'little')
            head = json.loads(raw[8:8 + n])
            for name, w in wanted.items():
                at = head[name]['data_offsets']
                got = np.frombuffer(raw[8 + n + at[0]:8 + n + at[1]],
                                    '<f4').reshape(head[name]['shape'])
                why = why or (not np.array_equal(got, w.astype(np.float32)) and name)
        t.result('npz ' + save.__name__, why)
    for name, array, part in [('ints', np.arange(3), 'int'),
                              ('five', rand(1, 1, 1, 1, 1), '5 dimensions'),
                              ('name', None, 'characters other than')]:
        np.savez(t.path('bad.npz'), **({name: array} if array is not None else {'a b': rand(2)}))
        done = t.run(t.npz, t.path('bad.npz'), '-o', t.path('no.safetensors'))
        t.result('npz ' + name, done.returncode != 1 or part not in done.stderr)


# ---- what is refused -----------------------------------------------------------------------------------

def refused_models(t):
    def one(name, net, *parts, kind='keras', args=()):
        t.refused(name, files.write(t.path('bad-' + name), net, kind), *parts, args=args)

    one('layers', image().add('LSTM', 'memory', 'image').add('Conv3D', 'volume', 'memory')
        .add('GRU', 'gate', 'volume').add('LSTM', 'more', 'gate').add('Lambda', 'code', 'more')
        .add('MyLayer', 'own', 'code', module='my.code').add('Activation', 'wave', 'own', activation='sinus'),
        "layer 'memory' (LSTM) can't be imported: recurrent", "nor 'more', likewise",
        "'volume' (Conv3D)",
        "'gate' (GRU)", "'code' (Lambda)",
        "'own' (MyLayer) can't be imported: it is a class of its own",
        "no activation 'sinus'")
    one('first', image().add('Flatten', 'flat', 'image', data_format='channels_first'),
        'channels_first')
    one('dtype', image().add('Flatten', 'flat', 'image', dtype='int8_from_float32'),
        'dtype is none')
    one('key', image().add('Flatten', 'f', 'image', turbo=2, seed=None),
        "its argument 'turbo' is not known")
    one('groups', image().add('Conv2DTranspose', 'c', 'image', groups=3, filters=3, kernel_size=1),
        "'groups'")
    one('training', image().add('Dropout', 'd', 'image', rate=0.5, kwargs={'training': True}),
        'training=True')
    one('argument', image().add('Flatten', 'f', 'image', kwargs={'mask': ['x']}), "argument 'mask'",
        kind='h5_2')
    one('operation', image().add('Flatten', 'f', 'image', module='keras.src.ops.numpy'),
        'keras.ops')
    one('circle', image().add('Add', 'a', 'image', 'b').add('Add', 'b', 'a', 'image'),
        'in a circle')
    one('shape', image().add('Dense', 'd', 'image', units=4, weights=[rand(4, 4), rand(4)]),
        "needs a kernel of [3, 4]; the model's is [4, 4]", 'was not written')
    one('fit', image().add('Conv2D', 'c', 'image',
                           filters=1, kernel_size=11, weights=conv(11, 3, 1)), 'c')
    one('missing', image().add('Dense', 'd', 'image', units=4, weights=[rand(3, 4)]),
        "its bias is not in the file")
    one('extra', image().add('Dense', 'd', 'image', units=4, use_bias=True,
                             weights=[rand(3, 4), rand(4)])
        .add('Dense', 'e', 'd', units=4, activation='relu', weights=[rand(4, 4)]),
        "'e' (Dense): its bias", kind='tfjs')
    one('integers', image().add('Dense', 'd', 'image',
                                units=4, weights=[np.ones((3, 4), np.int32), rand(4)]),
        'other than floating-point')
    one('text', image().add('Reshape', 'r', 'image', target_shape=['a: b', '}']), "'target_shape'")
    net = image().add('Flatten', 'f', 'image')
    path = files.write(t.path('bad-dictionary'), net, 'folder')
    config = files.model_json(net, 3)
    config['config']['input_layers'] = {'x': ['image', 0, 0]}
    with open(os.path.join(path, 'config.json'), 'w') as f:
        json.dump(config, f)
    t.refused('dictionary', path, 'a dictionary, not a list, of inputs')
    one('same', image().add('Flatten', 'f', 'image').add('Flatten', 'f', 'image'), "called 'f'")
    one('nowhere', image().add('Flatten', 'f', 'gone'), "'gone', which is not there")
    one('call', image().add('Flatten', 'f', ('image', 3, 0)), 'not there')
    net = image()
    for i in range(20):
        net = Net('n%d' % i).add('InputLayer', 'image', shape=[None, 2, 2, 1]).add('Functional',
                'n', 'image', inner=net)
    one('deep', net, 'nested deeper')
    net = image(h=2, w=2, c=1).add('Dropout', 'd', 'image', rate=0.5)
    for i in range(12):
        outer = Net('n%d' % i).add('InputLayer', 'image', shape=[None, 2, 2, 1])
        outer.add('Functional', 'n', 'image', inner=net)
        for j in range(9):
            outer.again('n', ('n', j, 0))
        outer.outputs = [('n', 9, 0)]
        net = outer
    one('many', net, 'than 4096 layers')


def with_file(t, name, change, *parts):
    """A good .keras whose weights are changed."""
    path = t.path('bad-%s.keras' % name)
    net = image().add('Dense', 'd', 'image', units=2, weights=[rand(3, 2), rand(2)])
    files.write_folder(path, net)
    with h5py.File(os.path.join(path, 'model.weights.h5'), 'r+') as f:
        change(f)
    t.refused(name, path, *parts)


def refused_hdf5(t):
    group, kernel = 'layers/dense/vars', 'layers/dense/vars/0'

    def replaced(**options):
        def change(f):
            del f[kernel]
            f.create_dataset(kernel, **options)
        return change

    def soft(f):
        f[group + '/2'] = h5py.SoftLink('/x')

    def external(f):
        f['layers/x'] = h5py.ExternalLink('/etc/passwd', '/')

    def virtual(f):
        del f[kernel]
        layout = h5py.VirtualLayout((3, 2), 'f4')
        layout[:] = h5py.VirtualSource('other.h5', 'x', (3, 2))
        f.create_virtual_dataset(kernel, layout)

    def circle(f):
        f['layers/dense/again'] = f['layers']

    def renamed(f):
        f[group].attrs['name'] = 'other'

    with_file(t, 'soft', soft, 'is a soft link')
    with_file(t, 'external', external, 'is an external link')
    with_file(t, 'virtual', virtual, 'virtual dataset')
    with_file(t, 'outside', replaced(shape=(3, 2), dtype='f4', external=[('/etc/passwd', 0, 24)]),
              'in another file')
    with_file(t, 'filter', replaced(data=rand(3, 2), compression='lzf'), 'the filter 32000')
    with_file(t, 'bomb', replaced(shape=(1 << 14, 1 << 14), dtype='f4', chunks=(64, 64)),
              'the file stores')
    with_file(t, 'hole', replaced(shape=(3, 2), dtype='f4'), 'the file stores 0')
    with_file(t, 'loop', circle, 'nested deeper')
    with_file(t, 'renamed', renamed, "the layer 'other' is")


def write_archive(t, name, members, mode=zipfile.ZIP_STORED):
    path = t.path('bad-%s.zip' % name)
    with zipfile.ZipFile(path, 'w', mode) as z:
        for member, data in members:
            z.writestr(member, data)
    return path


def patched(path, change):
    with open(path, 'rb') as f:
        raw = bytearray(f.read())
    raw = change(raw) or raw
    with open(path, 'wb') as f:
        f.write(raw)
    return path


def refused_files(t):
    good = files.write(t.path('good.keras'), classifier(), 'keras')
    raw = open(good, 'rb').read()
    central = raw.rindex(b'PK\x01\x02')
    big = write_archive(t, 'bomb', [('config.json', b'{}'), ('metadata.json', b'{}'),
                                    ('model.weights.h5', bytes(1 << 20))],
                        zipfile.ZIP_DEFLATED)

    def larger(raw):   # the last member's uncompressed size
        at = raw.rindex(b'PK\x01\x02')
        raw[at + 24:at + 28] = (1 << 31).to_bytes(4, 'little')

    def encrypted(raw):
        raw[raw.rindex(b'PK\x01\x02') + 8] |= 1

    t.refused('zip-bomb', patched(big, larger), 'claims more bytes')
    t.refused('zip-cut', patched(t.path('cut.keras'), lambda _: raw[:central]) if open(
        t.path('cut.keras'), 'wb').close() is None else '', 'damaged or cut off')
    open(t.path('crypt.keras'), 'wb').write(raw)
    t.refused('zip-crypt', patched(t.path('crypt.keras'), encrypted), 'is encrypted')
    open(t.path('crc.keras'), 'wb').write(raw.replace(b'"Functional"', b'"Function_l"', 1))
    t.refused('zip-crc', t.path('crc.keras'), 'its checksum disagree')
    t.refused('zip-other', write_archive(t, 'other', [('a.txt', b'')]), 'holds no Keras model')
    t.refused('zip-torch', write_archive(t, 'torch', [('m/data.pkl', b'')]), 'PyTorch')
    t.refused('zip-sharded', write_archive(t, 'sharded', [('model.weights.json', b'{}')]),
              'sharded')
    t.refused('zip-npz', write_archive(t, 'npz', [('a.npy', b'')]), 'cnngen-import-npz')
    plain = [('metadata.json', b'{}'), ('model.weights.h5', b'')]
    for name, text, part in [('deep', b'[' * 200 + b']' * 200, 'deeper than 128'),
                             ('json', b'{"a": }', 'is not JSON'),
                             ('twice', b'{"a": 1, "a": 2}', 'duplicate'), ('class', b'{"config": {}}', 'no class_name')]:
        t.refused('json-' + name, write_archive(t, 'json-' + name, [('config.json', text)] + plain),
                  part)
    own = b'{"class_name": "MyModel", "config": {"a": 1}}'
    empty = t.path('empty.h5')
    h5py.File(empty, 'w').close()
    t.refused('own', write_archive(t, 'own', [('config.json', own), ('metadata.json', b'{}'), (
        'model.weights.h5', open(empty, 'rb').read())]), "the class 'MyModel'")
    for name, text, part in [('pickle', pickle.dumps([1], 2), 'pickle'),
                             ('tflite', b'\0\0\0\0TFL3', 'TensorFlow Lite'),
                             ('npy', b'\x93NUMPY', 'single NumPy array'), ('empty', b'', 'not a Keras model'),
                             ('h5', b'\x89HDF\r\n\x1a\n' + bytes(90), 'damaged')]:
        open(t.path('what-' + name), 'wb').write(text)
        t.refused('what-' + name, t.path('what-' + name), part)
    os.makedirs(t.path('saved'), exist_ok=True)
    t.refused('folder', t.path('saved'), 'holds no Keras model')
    open(t.path('saved/saved_model.pb'), 'w').close()
    t.refused('saved', t.path('saved'), 'SavedModel')
    t.refused('absent', t.path('absent'), 'No such file', status=2)


def refused_tfjs(t):
    def one(name, change, *parts):
        path = files.write(t.path('bad-tfjs-' + name), image().add(
            'Dense', 'd', 'image', units=2, weights=[rand(3, 2), rand(2)]), 'tfjs')
        model = os.path.join(path, 'model.json')
        with open(model) as f:
            config = json.load(f)
        change(config, config['weightsManifest'][0], path)
        with open(model, 'w') as f:
            json.dump(config, f)
        t.refused('tfjs-' + name, path, *parts)

    def shard(path):
        return os.path.join(path, 'group1-shard1of1.bin')

    def link(config, group, path):
        os.rename(shard(path), t.path('elsewhere.bin'))
        os.symlink(t.path('elsewhere.bin'), shard(path))

    quantised = {'dtype': 'uint8', 'scale': 'x', 'min': 0}
    one('graph', lambda c, g, p: c.update(format='graph-model'), 'TensorFlow program')
    one('short', lambda c, g, p: open(shard(p), 'wb').write(b'12'), 'cut off')
    one('long', lambda c, g, p: open(shard(p), 'ab').write(b'12'), 'more bytes than')
    one('up', lambda c, g, p: g.update(paths=['../x.bin']), "has a '..' in it")
    one('absolute', lambda c, g, p: g.update(paths=['/etc/passwd']), 'leads out of')
    one('link', link, 'shard')
    one('gone', lambda c, g, p: os.remove(shard(p)), 'No such file')
    one('fifo', lambda c, g, p: (os.remove(shard(p)), os.mkfifo(shard(p))), 'not a regular file')
    one('type', lambda c, g, p: g['weights'][0].update(dtype='complex64'), 'has a dtype other than')
    one('huge', lambda c, g, p: g['weights'][0].update(shape=[1 << 30, 1 << 30, 4]),
        "has a shape that isn't one")
    one('negative', lambda c, g, p: g['weights'][0].update(shape=[-3, 2]),
        "has a shape that isn't one")
    one('scale', lambda c, g, p: g['weights'][0].update(quantization=quantised),
        'without scale and min')
    one('bits', lambda c, g, p: g['weights'][0].update(quantization={'dtype': 'uint4'}),
        'quantised as something')
    one('twice', lambda c, g, p: g['weights'][1].update(name='other/d/kernel', shape=[2]),
        'more than once')
    one('none', lambda c, g, p: c.pop('modelTopology'), "'modelTopology' is missing")


def main():
    importer, npz, cnngen, out = sys.argv[1:5]
    os.makedirs(out, exist_ok=True)
    t = Tests(importer, npz, cnngen, out)
    for part in (models, storage, open_sizes, alone, arrays, refused_models, refused_hdf5,
                 refused_files, refused_tfjs):
        part(t)
    with open(t.path('passed.txt'), 'w') as f:
        f.writelines(s + '\n' for s in t.specs)
    print('%d passed, %d failed' % (t.passed, t.failed))
    return t.failed > 0


if __name__ == '__main__':
    sys.exit(main())
