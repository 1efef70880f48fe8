"""Keras models as files, made without Keras: each format written as its documentation and loaders say.

A Net is a list of layers with their configurations and weights; write() makes a .keras archive, an .h5 of Keras 2
or 3, weights alone, or a TensorFlow.js folder of it.
"""
import json
import os
import re
import zipfile

import h5py
import numpy as np

FORMATS = ['keras', 'folder', 'h5_2', 'h5_3', 'tfjs']
VARS = {   # in the order in which Keras creates and saves them
    'Conv1D': ['kernel', 'bias'], 'Conv2D': ['kernel', 'bias'],
    'Conv2DTranspose': ['kernel', 'bias'], 'Dense': ['kernel', 'bias'],
    'DepthwiseConv2D': ['depthwise_kernel', 'bias'], 'PReLU': ['alpha'],
    'DepthwiseConv1D': ['depthwise_kernel', 'bias'], 'Conv1DTranspose': ['kernel', 'bias'],
    'SeparableConv1D': ['depthwise_kernel', 'pointwise_kernel', 'bias'],
    'SeparableConv2D': ['depthwise_kernel', 'pointwise_kernel', 'bias'],
    'BatchNormalization': ['gamma', 'beta', 'moving_mean', 'moving_variance'],
    'LayerNormalization': ['gamma', 'beta'], 'GroupNormalization': ['gamma', 'beta'],
    'RMSNormalization': ['scale'],
    'Normalization': ['mean', 'variance', 'count'],
}


def snake(name):
    name = re.sub(r'(.)([A-Z][a-z]+)', r'\1_\2', name)
    return re.sub('([a-z])([A-Z])', r'\1_\2', name).lower()


class Layer:
    def __init__(self, cls, name, inputs, config, weights, inner=None, kwargs=None, module=None):
        self.cls, self.name, self.calls, self.config = cls, name, [inputs], config
        self.weights, self.inner, self.kwargs, self.module = weights, inner, kwargs or {}, module


class Net:
    """A functional model, or a sequential one: then each layer's input is the one before."""

    def __init__(self, name='net', sequential=False):
        self.name, self.sequential, self.layers, self.outputs = name, sequential, [], None

    def add(self, cls, name, *inputs, weights=(), inner=None, kwargs=None, module=None, **config):
        """inputs are (layer, call, output), or names of layers."""
        self.layers.append(Layer(cls, name, list(inputs), config, list(weights), inner, kwargs,
                                 module))
        return self

    def again(self, name, *inputs):
        self.find(name).calls.append(list(inputs))
        return self

    def find(self, name):
        return next(l for l in self.layers if l.name == name)

    def inputs(self):
        return [l for l in self.layers if l.cls == 'InputLayer']

    def ends(self):
        return self.outputs or [self.layers[-1].name]


def ref(r):
    return [r, 0, 0] if isinstance(r, str) else list(r)


def tensor3(r):
    return {'class_name': '__keras_tensor__',
            'config': {'shape': [None], 'dtype': 'float32', 'keras_history': ref(r)}}


def node(layer, call, version):
    if version == 3:
        args = [tensor3(r) for r in call]
        merge = len(args) > 1 and not layer.module
        return {'args': [args] if merge else args, 'kwargs': layer.kwargs}
    return [ref(r) + [layer.kwargs] for r in call]


def layer_json(net, layer, version):
    out = {'class_name': layer.cls, 'name': layer.name,
           'config': model_json(layer.inner, version)['config'] if layer.inner
           else dict(layer.config, name=layer.name, trainable=True,
                     dtype='float32' if version == 2 else
                     {'class_name': 'DTypePolicy', 'config': {'name': 'float32'},
                      'module': 'keras'})}
    if 'dtype' in layer.config:
        out['config']['dtype'] = layer.config['dtype']
    if version == 3:
        out['module'] = layer.module or 'keras.layers'
    if layer.cls == 'InputLayer':
        key = 'batch_shape' if version == 3 else 'batch_input_shape'
        out['config'] = {key: layer.config['shape'], 'name': layer.name,
                         'dtype': layer.config.get('dtype', 'float32'), 'sparse': False}
    if not net.sequential:
        out['inbound_nodes'] = [node(layer, c, version) for c in layer.calls if c]
    return out


def model_json(net, version):
    config = {'name': net.name, 'layers': [layer_json(net, l, version) for l in net.layers]}
    if not net.sequential:
        config['input_layers'] = [ref(l.name) for l in net.inputs()]
        config['output_layers'] = [ref(r) for r in net.ends()]
        if version == 3 and len(net.ends()) == 1:
            config['output_layers'] = config['output_layers'][0]
    return {'class_name': 'Sequential' if net.sequential else 'Functional', 'config': config,
            'module': 'keras', 'registered_name': 'Functional'}


def named_weights(layer):
    """[(name, array)]: those of VARS that the layer has, in their order."""
    names = [n for n in VARS.get(layer.cls, [])]
    for flag, name in (('use_bias', 'bias'), ('center', 'beta'), ('scale', 'gamma')):
        if layer.config.get(flag) is False:
            names.remove(name)
    assert len(names) >= len(layer.weights)
    return list(zip(names, layer.weights))


def all_weights(net):
    """As Keras lists them of a nested model: [(layer, name, array)], those that aren't trained last."""
    found = []
    for layer in net.layers:
        found += all_weights(layer.inner) if layer.inner else [
            (layer.name, n, w) for n, w in named_weights(layer)]
    return sorted(found, key=lambda w: w[1].startswith('moving'))


# ---- Keras 3's weights ---------------------------------------------------------------------------------

def write_vars(group, net, **options):
    used = {}
    for layer in net.layers:
        kind = snake(layer.cls)
        used[kind] = used.get(kind, -1) + 1
        path = 'layers/%s%s' % (kind, '_%d' % used[kind] if used[kind] else '')
        if layer.inner:
            write_vars(group.create_group(path), layer.inner, **options)
            continue
        g = group.create_group(path + '/vars')
        g.attrs['name'] = layer.name
        for i, (_, w) in enumerate(named_weights(layer)):
            write_data(g, str(i), w, **options)


def write_data(group, name, w, dtype=None, **options):
    if dtype == 'bfloat16':
        bits = (np.ascontiguousarray(w, np.float32).view(np.uint32) >> 16).astype(np.uint16)
        group.create_dataset(name, data=bits).attrs['dtype'] = 'bfloat16'
        return
    group.create_dataset(name, data=w if dtype is None else w.astype(dtype), **options)


def write_weights_3(path, net, **options):
    with h5py.File(path, 'w') as f:
        write_vars(f, net, **options)
        f.create_dataset('optimizer/vars/0', data=np.zeros(3, np.int64))


# ---- .keras ----------------------------------------------------------------------------------------------

def write_keras(path, net, compression=zipfile.ZIP_STORED, **options):
    weights = path + '.weights.h5'
    write_weights_3(weights, net, **options)
    with zipfile.ZipFile(path, 'w', compression) as z:
        z.writestr('metadata.json', json.dumps({'keras_version': '3.4.1', 'date_saved': 'x'}))
        z.writestr('config.json', json.dumps(model_json(net, 3)))
        z.write(weights, 'model.weights.h5')
    os.remove(weights)


def write_folder(path, net, **options):
    write_keras(path + '.zip', net, **options)
    with zipfile.ZipFile(path + '.zip') as z:
        z.extractall(path)


# ---- .h5 -------------------------------------------------------------------------------------------------

def write_group(group, net, version, split=False):
    names = [l.name for l in net.layers]
    if split:
        for i in range(0, len(names), 2):
            group.attrs['layer_names%d' % (i // 2)] = [n.encode() for n in names[i:i + 2]]
    else:
        group.attrs['layer_names'] = [n.encode() for n in names]
    for layer in net.layers:
        g = group.create_group(layer.name)
        weights = all_weights(layer.inner) if layer.inner else [
            (layer.name, n, w) for n, w in named_weights(layer)]
        tail, front = ('', net.name + '/') if version == 3 else (':0', '')
        paths = ['%s%s/%s%s' % (front, owner, n, tail) for owner, n, _ in weights]
        g.attrs['weight_names'] = [p.encode() for p in paths]
        for p, (_, _, w) in zip(paths, weights):
            g.create_dataset(p, data=w)


def write_h5(path, net, version, **options):
    with h5py.File(path, 'w') as f:
        f.attrs['keras_version'] = '2.10.0' if version == 2 else '3.4.1'
        f.attrs['backend'] = 'tensorflow'
        f.attrs['model_config'] = json.dumps(model_json(net, version))
        write_group(f.create_group('model_weights'), net, version, **options)
        f.create_group('optimizer_weights').attrs['weight_names'] = [b'x']


def write_weights_2(path, net):
    with h5py.File(path, 'w') as f:
        write_group(f, net, 2)


# ---- TensorFlow.js ---------------------------------------------------------------------------------------

def quantise(w, how):
    """The entry of the manifest, and the bytes."""
    if how == 'float16':
        return {'dtype': 'float16', 'original_dtype': 'float32'}, w.astype(np.float16).tobytes()
    top = np.iinfo(how).max
    low, high = float(w.min()), float(w.max())
    scale = (high - low) / top or 1.0
    q = np.round((w.astype(np.float64) - low) / scale).astype(how)
    return {'dtype': how, 'min': low, 'scale': scale, 'original_dtype': 'float32'}, q.tobytes()


def dequantised(w, how):
    """What a reader of the file gets."""
    entry, raw = quantise(w, how)
    q = np.frombuffer(raw, how).reshape(w.shape).astype(np.float64)
    return (q * entry.get('scale', 1.0) + entry.get('min', 0.0)).astype(np.float32)


def write_tfjs(path, net, shard=1000, how=None):
    os.makedirs(path, exist_ok=True)
    entries, raw = [], b''
    for owner, name, w in all_weights(net):
        w = np.asarray(w, np.float32)
        entry = {'name': '%s/%s' % (owner, name), 'shape': list(w.shape), 'dtype': 'float32'}
        if how:
            entry['quantization'], data = quantise(w, how)
        else:
            data = w.tobytes()
        entries.append(entry)
        raw += data
    pieces = [raw[i:i + shard] for i in range(0, len(raw), shard)]
    paths = ['group1-shard%dof%d.bin' % (i + 1, len(pieces)) for i in range(len(pieces))]
    for p, piece in zip(paths, pieces):
        with open(os.path.join(path, p), 'wb') as f:
            f.write(piece)
    with open(os.path.join(path, 'model.json'), 'w') as f:
        json.dump({'format': 'layers-model', 'generatedBy': 'keras v2.10.0',
                   'modelTopology': {'keras_version': '2.10.0', 'model_config': model_json(net, 2)},
                   'weightsManifest': [{'paths': paths, 'weights': entries}]}, f)


def write(path, net, kind, **options):
    """Writes the net in that format; the path to import."""
    writers = {'keras': lambda p: write_keras(p, net, **options),
               'folder': lambda p: write_folder(p, net, **options),
               'h5_2': lambda p: write_h5(p, net, 2, **options),
               'h5_3': lambda p: write_h5(p, net, 3, **options),
               'tfjs': lambda p: write_tfjs(p, net, **options)}
    writers[kind](path)
    return path
