#!/usr/bin/python3
"""Real TFLite models with inputs and reference results, through import, emission and compilation.

    tflite_real.py IMPORTER CNNGEN MODELS OUT

Each folder of MODELS with a model.tflite and a meta.json is imported; the emitted C, on one thread and on two,
has to agree with the reference within the tolerance of meta.json, and `cnngen verify` with it. Models of integers have
to be refused.

Where weights are int8 under float activations, TFLite rounds the activations in front of them to int8 in each run.
What that costs is not cnngen's: there, numpy computes the imported network both ways. With TFLite's rounding it has to
give the reference to the last digits, without it the emitted program's results. Ends with "N passed, M failed".
"""
import glob
import json
import os
import re
import struct
import subprocess
import sys

import numpy as np

from tflite_cases import SAME, VALID, conv, depthwise, input_shapes

HARNESS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'run_model.c')


def run(command, **more):
    done = subprocess.run(command, capture_output=True, **more)
    if done.returncode:
        raise ValueError('%s: %s' % (command[0], done.stderr.decode(errors='replace')))
    return done.stdout


def tolerance(meta, expected):
    """atol: a number, or "NUMBER x max(1, largest output)"."""
    atol = str(meta['tolerance']['atol']).split()
    scale = max(1, float(abs(expected).max())) if len(atol) > 1 else 1
    return {'rtol': float(meta['tolerance']['rtol']), 'atol': float(atol[0]) * scale}


# ---- networks in a row, in numpy -------------------------------------------------------------------

def tensors(path):
    raw = open(path, 'rb').read()
    n = struct.unpack('<Q', raw[:8])[0]
    for name, t in json.loads(raw[8:8 + n]).items():
        begin, end = t['data_offsets']
        yield name, np.frombuffer(raw[8 + n + begin:8 + n + end], np.float32).reshape(t['shape'])


def were_bytes(kernel):
    steps = kernel / abs(kernel).max() * 127
    return np.allclose(steps, np.rint(steps), atol=1e-3)


def rounded(x):
    scale = abs(x).max() / 127
    return np.clip(np.rint(x / scale), -127, 127) * scale


def layer(kind, keys, weight, x, rounds):
    padding = SAME if 'padding: same' in keys else VALID
    stride = re.search(r'strides: (\d+)', keys)
    more = {'padding': padding, 'stride': (int(stride.group(1)),) * 2 if stride else (1, 1)}
    if kind == 'Conv2D':
        x = rounded(x) if rounds and were_bytes(weight['kernel']) else x
        x = conv(x, weight['kernel'].transpose(3, 0, 1, 2), weight['bias'], **more)
    elif kind == 'DepthwiseConv2D':
        k = weight['kernel']
        x = depthwise(x, k.reshape((1,) + k.shape[:2] + (-1,)), weight['bias'], **more)
    elif kind == 'AveragePooling2D':     # of everything
        x = x.mean((1, 2), keepdims=True)
    elif kind == 'Flatten':
        x = x.reshape(len(x), -1)
    elif kind == 'Dense':
        x = x @ weight['kernel'] + weight['bias']
    if 'activation: relu' in keys:
        x = np.maximum(x, 0)
    if 'activation: softmax' in keys:
        x = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    return x


def evaluate(spec, x, rounds):
    weights = dict(tensors(spec[:-5] + '.safetensors'))
    text = re.sub(r',\n +', ', ', open(spec).read())
    for kind, name, keys in re.findall(r'\{type: (\w+), name: ([^,}]*)(.*)\}', text):
        own = {k[len(name) + 1:]: v for k, v in weights.items() if k.startswith(name + '.')}
        x = layer(kind, keys, own, x, rounds).astype(np.float32)
    return x


# ---- compiled --------------------------------------------------------------------------------------

def compile_model(cnngen, spec, outputs):
    c, program = spec[:-5] + '.c', spec[:-5]
    run([cnngen, '-q', '--standalone', '--prefix=net', spec, '-o', c])
    size = int(np.prod(list(input_shapes(spec))[0])) * 4
    run(['cc', '-O2', '-fopenmp', '-DHEADER="%s.h"' % os.path.basename(program), '-DRUN=net_run',
         '-DARENA=NET_ARENA_BYTES', '-DIN0=%d' % size, '-DOUT0=%d' % outputs[0].size,
         '-DOUT1=%d' % (outputs[1].size if len(outputs) > 1 else 0), '-I' + os.path.dirname(spec),
         HARNESS, c,
         '-o', program, '-lm'])
    return program


def compare(cnngen, folder, spec, meta):
    program = None
    for given in sorted(glob.glob(os.path.join(folder, 'c*_in0.npy'))):
        data = np.ascontiguousarray(np.load(given).astype(np.float32).reshape(list(input_shapes(spec))[0]))
        want = [np.load(p) for p in sorted(glob.glob(given.replace('_in0', '_out*')))]
        limit = [tolerance(meta, w) for w in want]
        if 'hybrid' in os.path.basename(folder):
            got = evaluate(spec, data, True)
            if not np.allclose(got.ravel(), want[0].ravel(), rtol=0, atol=1e-5):
                raise ValueError('with rounded activations: differs by %g' % abs(got.ravel() - want[0].ravel()).max())
            want, limit = [evaluate(spec, data, False)], [{'rtol': 0, 'atol': 1e-5}]
        program = program or compile_model(cnngen, spec, want)
        for threads in '12':
            raw = run([program], input=data.tobytes(),
                      env=dict(os.environ, OMP_NUM_THREADS=threads))
            got, at = np.frombuffer(raw, np.float32), 0
            for k, w in enumerate(want):
                part, at = got[at:at + w.size], at + w.size
                if not np.allclose(part, w.ravel(), **limit[k]):
                    raise ValueError('%s, output %d, %s threads: differs by %g' % (
                        os.path.basename(given), k, threads, abs(part - w.ravel()).max()))
        np.save(spec + '.in.npy', data)
    run([cnngen, 'verify', '-q', spec, '--input', spec + '.in.npy'])


def check(importer, cnngen, folder, out):
    """Why the model fails, None when it doesn't."""
    with open(os.path.join(folder, 'meta.json')) as f:
        meta = json.load(f)
    spec = os.path.join(out, os.path.basename(folder) + '.yaml')
    done = subprocess.run([importer, os.path.join(folder, 'model.tflite'), '-o', spec, '-q'],
                          capture_output=True, text=True)
    if 'int8' in str(meta.get('inputs')):
        refused = done.returncode == 1 and re.search('the model is quantised: .* is int8',
                                                     done.stderr)
        return None if refused else 'not refused as quantised: ' + done.stderr
    if done.returncode:
        return done.stderr
    try:
        compare(cnngen, folder, spec, meta)
    except ValueError as e:
        return str(e)
    return None


def main():
    importer, cnngen, models, out = sys.argv[1:5]
    os.makedirs(out, exist_ok=True)
    passed = failed = 0
    for path in sorted(glob.glob(os.path.join(models, '*', 'model.tflite'))):
        why = check(importer, cnngen, os.path.dirname(path), out)
        passed += why is None
        failed += why is not None
        if why:
            print('%s: %s' % (path, why))
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0 or not passed


if __name__ == '__main__':
    sys.exit(main())
