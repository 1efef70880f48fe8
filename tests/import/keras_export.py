#!/usr/bin/python3
"""docs/export_keras.py on stand-ins for Keras' objects: a model with to_json() and get_layer(), layers with
get_weights(), as in Keras 2 and 3. What it writes is evaluated by cnngen and compared with keras_oracle.

    keras_export.py CNNGEN OUT

Ends with "N passed, M failed".
"""
import json
import os
import sys

import keras_cases as cases
import keras_files as files

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../docs'))
from export_keras import ExportError, export


class Layer:
    def __init__(self, layer):
        self.layer = layer

    def get_weights(self):
        return [w for _, w in files.named_weights(self.layer)]


class Model:
    """Of a Net."""

    def __init__(self, net, version):
        self.net, self.version = net, version
        self.kept = {l.name: Model(l.inner, version) if l.inner else Layer(l) for l in net.layers}
        # An inner model is known by its layer's name; its configuration bears its own.
        self.kept.update({l.inner.name: self.kept[l.name] for l in net.layers if l.inner})

    def to_json(self):
        config = files.model_json(self.net, self.version)
        if self.version == 2:
            config['keras_version'] = '2.10.0'
        return json.dumps(config)

    def get_layer(self, name):
        return self.kept[name]


def good(t, name, net, version, **options):
    spec = t.path('export-%s-%d.yaml' % (name, version))
    try:
        export(Model(net, version), spec, name='exported', **options)
        why = t.compare(name, spec, net, version)
    except ExportError as e:
        why = str(e)
    t.result('%s, Keras %d' % (name, version), why)


def refused(t, name, net, *parts):
    spec = t.path('export-refused-%s.yaml' % name)
    try:
        export(Model(net, 3), spec)
        why = 'not refused'
    except ExportError as e:
        missing = [p for p in parts if p not in str(e)]
        why = missing and 'no %r in %s' % (missing[0], e)
    t.result('refused ' + name, why or os.path.exists(spec))


def main():
    cnngen, out = sys.argv[1:3]
    os.makedirs(out, exist_ok=True)
    t = cases.Tests(None, None, cnngen, out)
    for version in (2, 3):
        net = cases.classifier()
        good(t, 'classifier', net, version)
        good(t, 'nested', cases.nested(), version)
        good(t, 'shared', cases.shared(), version)
        good(t, 'two', cases.two_ends(), version)
        good(t, 'shapes', cases.shapes(), version)
        good(t, 'grouped', cases.grouped(), version)
        good(t, 'sequential', cases.sequential(), version)
        good(t, 'bare', cases.sequential('none'), version, shapes={'a_input': (6, 6, 2)})
        good(t, 'norms', cases.norms(), version)
        good(t, 'more-signals', cases.more_signals(), version)
        for last in ('GlobalAveragePooling1D', 'GlobalMaxPooling1D'):
            good(t, 'signals-' + last, cases.signals(last), version)
    good(t, 'norms-of-axes', cases.norms_of_axes(), 3)
    given = cases.image().add('Normalization', 'n', 'image', axis=[-1], mean=[0.5, 0.25, 1.0],
                              variance=[1.0, 4.0, 0.25])
    good(t, 'given-statistics', given, 3)
    steep = cases.image().add('Activation', 'a', 'image', activation='hard_sigmoid').add(
        'Conv2D', 'c', 'a', filters=2, kernel_size=1, activation='hard_sigmoid',
        weights=cases.conv(1, 3, 2))
    good(t, 'steep', steep, 2)
    good(t, 'steep', steep, 3)
    good(t, 'operations', cases.operations(), 3)
    refused(t, 'layers', cases.image().add('LSTM', 'm', 'image').add('Flatten', 'f', 'm',
            data_format='channels_first')
            .add('Dense', 'd', 'f', units=2, activation='sinus',
                 weights=[cases.rand(2, 2), cases.rand(2)]),
            "'m' (LSTM)", 'channels_first', 'sinus')
    refused(t, 'training', cases.image().add('Dropout', 'd', 'image',
                                             rate=0.5, kwargs={'training': True}),
            'training=True')
    refused(t, 'open', files.Net().add('InputLayer', 'x',
                                       shape=[None, None, None, 3]).add('Flatten', 'f', 'x'),
            "input 'x' has the open shape")
    print('%d passed, %d failed' % (t.passed, t.failed))
    return t.failed > 0


if __name__ == '__main__':
    sys.exit(main())
