#!/usr/bin/python3
"""Real Keras and TensorFlow.js models with inputs and reference results, through import, emission and compilation.

    keras_real.py IMPORTER CNNGEN MODELS OUT

Cases and tolerance are those of esrgan_x2_keras_h5, whose network is in esrgan_x2_tfjs too. Ends with
"N passed, M failed".
"""
import glob
import json
import os
import subprocess
import sys

import numpy as np

# The emitted C is verified for the first one: the second one is the same network.
MODELS = {'esrgan_x2_keras_h5': 'model.h5', 'esrgan_x2_tfjs': ''}
CASES = 'esrgan_x2_keras_h5'


def check(importer, cnngen, model, cases, spec):
    """Why the model fails, None when it doesn't."""
    with open(os.path.join(cases, 'meta.json')) as f:
        tolerance = json.load(f)['tolerance']
    absolute = float(tolerance['atol'].split()[0])   # "5e-5 x max(1, largest output)"
    done = subprocess.run([importer, model, '-o', spec, '-q', '--shape', 'LR=1,40,48,3'],
                          capture_output=True, text=True)
    if done.returncode:
        return done.stderr
    for given in sorted(glob.glob(os.path.join(cases, 'c*_in0.npy'))):
        done = subprocess.run([cnngen, 'run', '-q', spec, '--input', given, '-o', spec + '.npy'],
                              capture_output=True, text=True)
        if done.returncode:
            return done.stderr
        got, expected = np.load(spec + '.npy').ravel(), np.load(given.replace('_in0', '_out0')).ravel()
        if not np.allclose(got, expected, tolerance['rtol'],
                           absolute * max(1, abs(expected).max())):
            return '%s: differs from the reference by %g' % (given, abs(got - expected).max())
    if not model.endswith('.h5'):
        return None
    done = subprocess.run([cnngen, 'verify', '-q', spec, '--input', given], capture_output=True,
                          text=True)
    return done.stdout + done.stderr if done.returncode else None


def main():
    importer, cnngen, models, out = sys.argv[1:5]
    passed = failed = 0
    os.makedirs(out, exist_ok=True)
    for name, file in MODELS.items():
        why = check(importer, cnngen, os.path.join(models, name, file), os.path.join(models, CASES),
                    os.path.join(out, name + '.yaml'))
        passed += why is None
        failed += why is not None
        if why:
            print('FAIL %s: %s' % (name, why))
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
