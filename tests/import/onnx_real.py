#!/usr/bin/python3
"""Real ONNX models with inputs and reference results, through import, emission and compilation.

    onnx_real.py IMPORTER CNNGEN MODELS OUT

Each folder of MODELS with a model.onnx and a meta.json that says float32 is imported; `cnngen run` has
to be within the tolerance of meta.json, and the emitted C within its bounds of that on every instruction
set. Quantised ones have to be refused with that reason. Ends with "N passed, M failed".
"""
import glob
import json
import os
import re
import subprocess
import sys

import numpy as np

from onnx_vectors import reason, spec_shapes

SHAPES = {'ppocr_cls_onnx': ['--shape', 'x=1,3,48,192']}


def differs(cnngen, folder, spec, meta):
    """The largest excess over the tolerance, in words; None when there is none."""
    shape = list(spec_shapes(spec).values())[0]
    for given in sorted(glob.glob(os.path.join(folder, 'c*_in0.npy'))):
        data, got = spec + '.in.npy', spec + '.out.npy'
        np.save(data, np.ascontiguousarray(np.load(given).astype(np.float32).reshape(shape)))
        done = subprocess.run([cnngen, 'run', '-q', spec, '--input', data, '-o', got],
                              capture_output=True, text=True)
        if done.returncode:
            return done.stderr
        expected = np.load(given.replace('_in0', '_out0')).ravel()
        if not np.allclose(np.load(got).ravel(), expected, **meta['tolerance']):
            return '%s: differs from the reference' % os.path.basename(given)
    done = subprocess.run([cnngen, 'verify', '-q', spec, '--input', data], capture_output=True,
                          text=True)
    return done.stdout + done.stderr if done.returncode else None


def check(importer, cnngen, folder, out):
    """Why the model fails, None when it doesn't."""
    name = os.path.basename(folder)
    with open(os.path.join(folder, 'meta.json')) as f:
        meta = json.load(f)
    spec = os.path.join(out, name + '.yaml')
    done = subprocess.run([importer, os.path.join(folder, 'model.onnx'), '-o', spec, '-q']
                          + SHAPES.get(name, []), capture_output=True, text=True)
    if 'float32' not in meta.get('format', ''):
        quantised = done.returncode == 1 and 'the model is quantised' in reason(done.stderr)
        return None if quantised else 'not refused as quantised: ' + done.stderr
    if done.returncode:
        return done.stderr
    why = differs(cnngen, folder, spec, meta)
    text = open(spec).read()
    leftovers = re.findall(r'type: (Permute|Identity)', text)
    allowed = 0 if 'layout: NCHW' in text else 1       # of the input
    return why or ('%s is left in the specification' % leftovers[0] if len(leftovers) > allowed
                   else None)


def main():
    importer, cnngen, models, out = sys.argv[1:5]
    os.makedirs(out, exist_ok=True)
    passed = failed = 0
    for path in sorted(glob.glob(os.path.join(models, '*', 'model.onnx'))):
        why = check(importer, cnngen, os.path.dirname(path), out)
        passed += why is None
        failed += why is not None
        if why:
            print('%s: %s' % (path, why))
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0 or not passed


if __name__ == '__main__':
    sys.exit(main())
