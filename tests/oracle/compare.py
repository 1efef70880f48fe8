#!/usr/bin/python3
"""Compares DIR/NAME.got.npy with DIR/NAME.out.npy for the cases of DIR/list.txt, at a tenth of the
tolerance that the ONNX project asks for (relative 1e-3, absolute 1e-7)."""
import os
import sys

import numpy as np

passed = failed = 0
folder = sys.argv[1]
for line in open(os.path.join(folder, 'list.txt')):
    name = line.split()[0]
    expected = np.load(os.path.join(folder, name + '.out.npy')).astype(np.float64)
    try:
        got = np.load(os.path.join(folder, name + '.got.npy')).astype(np.float64)
        ok = got.size == expected.size and np.allclose(
            got.ravel(), expected.ravel(), rtol=1e-4, atol=1e-7, equal_nan=True)
    except OSError:
        ok = False
    passed += ok
    failed += not ok
    if not ok:
        print(name, 'differs from the ONNX project\'s result')
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
