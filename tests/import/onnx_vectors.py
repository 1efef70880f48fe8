#!/usr/bin/python3
"""The ONNX project's own tests, taken through the importer.

    onnx_vectors.py IMPORTER CNNGEN REFUSED OUT [--bless]

Reads Debian's libonnx-testdata. Each test's model gets its weights as initializers (there they are inputs),
is imported, and evaluated by `cnngen run`; the result is compared at a tenth of the ONNX project's
tolerance. A model that the importer refuses has to stand in the file REFUSED with the reason, and the other way
round. OUT/NAME.yaml and what they need stay for `cnngen verify`. Ends with "N passed, M failed".
"""
import os
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

DATA = '/usr/share/libonnx-testdata/data'
FOLDERS = ('node', 'pytorch-converted', 'pytorch-operator', 'simple')

# Operators whose first inputs alone are computed by a network; all else are weights and arguments.
DATA_INPUTS = {
    'Conv': 1, 'ConvTranspose': 1, 'BatchNormalization': 1, 'InstanceNormalization': 1,
    'LayerNormalization': 1, 'PRelu': 1, 'Clip': 1, 'Gemm': 1, 'Reshape': 1, 'Resize': 1, 'Upsample': 1,
    'Slice': 1, 'Split': 1, 'Pad': 1, 'Tile': 1, 'Expand': 1, 'Squeeze': 1, 'Unsqueeze': 1, 'Gather': 1,
    'GatherND': 1,
    'CumSum': 1, 'ReduceSum': 1, 'Dropout': 1, 'Range': 0, 'ConstantOfShape': 0,
}
# Operators that have more outputs, which networks in use don't ask for.
FIRST_OUTPUT = ('LayerNormalization', 'MaxPool', 'Dropout')
# Element-wise ones whose second input is an exponent of integers.
DATA_INPUTS_OF_TEST = {'test_pow_types_float32_int32': 1, 'test_pow_types_float32_int64': 1,
                       'test_pow_types_float32_uint32': 1, 'test_pow_types_float32_uint64': 1}


# Whose results were written with four digits: at ONNX' own tolerance.
ROUNDED = ('test_gridsample_bicubic',)


def load_tensor(path):
    with open(path, 'rb') as f:
        return numpy_helper.to_array(onnx.TensorProto.FromString(f.read()))


class Test:
    """A model, and its inputs and outputs by name."""

    def __init__(self, folder, name):
        self.name = name
        self.tolerance = 1e-3 if name in ROUNDED else 1e-4  # a tenth of ONNX' own; more for what has 16 bits
        self.path = os.path.join(DATA, folder, name)
        self.model = onnx.load(os.path.join(self.path, 'model.onnx'))

    def tensors(self, kind, values):
        out = {}
        for i, value in enumerate(values):
            path = os.path.join(self.path, 'test_data_set_0', '%s_%d.pb' % (kind, i))
            if not value.type.HasField('tensor_type') or not os.path.exists(path):
                return None
            out[value.name] = load_tensor(path)
            if value.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16:
                out[value.name] = (out[value.name].astype(np.uint32) << 16).view(np.float32)
                self.tolerance = 1e-2
            if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT16:
                self.tolerance = 1e-3
        return out

    def data_inputs(self):
        base = os.path.join(DATA, 'node', self.name.replace('_expanded', ''), 'model.onnx')
        op = onnx.load(base).graph.node[-1].op_type if os.path.exists(base) else None
        return DATA_INPUTS_OF_TEST.get(self.name, DATA_INPUTS.get(op, 1 << 20))

    def bind(self):
        """Moves weights from the inputs to the initializers; keeps the tensors. False: no tensors."""
        graph = self.model.graph
        if len(graph.node) == 1 and graph.node[0].op_type in FIRST_OUTPUT:
            del graph.output[1:]
        weights = {t.name for t in graph.initializer}
        given = [v for v in graph.input if v.name not in weights]
        try:
            values = self.tensors('input', given)
            self.outputs = self.tensors('output', graph.output)
        except (ValueError, TypeError, KeyError):
            return False
        if values is None or self.outputs is None:
            return False
        first = self.data_inputs()
        bound = [v for i, v in enumerate(given) if i >= first]
        for v in bound:
            graph.initializer.append(numpy_helper.from_array(values.pop(v.name), v.name))
            graph.input.remove(v)
        self.inputs = values
        return True


def spec_shapes(path):
    """The shape, with the batch in front, for each Input of a specification, by name."""
    text = open(path).read()
    batch = int((re.findall(r'^batch: (\d+)', text, re.M) or ['1'])[0])
    found = {}
    for line in re.findall(r'\{type: Input,[^}]*\}', text):
        shape = [int(n) for n in re.search(r'shape: \[([^]]*)\]', line).group(1).split(',')]
        name = re.search(r"name: '?([^,}']*)", line).group(1)
        nchw = 'layout: NCHW' in line
        found[name] = [batch] + ([shape[2], shape[0], shape[1]] if nchw else shape)
    return found


def write_inputs(out, test):
    shapes = spec_shapes(os.path.join(out, test.name + '.yaml'))
    paths = []
    for name, value in test.inputs.items():
        shape = shapes.get(re.sub('[^A-Za-z0-9_./-]', '_', name))
        if shape is None:            # it has no effect
            continue
        path = os.path.join(out, '%s.in%d.npy' % (test.name, len(paths)))
        dtype = np.uint8 if value.dtype in (np.bool_, np.uint8) else np.float32
        np.save(path, np.ascontiguousarray(value.astype(dtype).reshape(shape)))
        paths.append(path)
    return paths


def run(cnngen, out, test):
    """What differs; None when nothing does."""
    command = [cnngen, 'run', '-q', os.path.join(out, test.name + '.yaml')]
    for path in write_inputs(out, test):
        command += ['--input', path]
    results = [os.path.join(out, '%s.out%d.npy' % (test.name, i)) for i in range(len(test.outputs))]
    for path in results:
        command += ['-o', path]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return done.stderr
    for path, (name, expected) in zip(results, test.outputs.items()):
        got = np.load(path).astype(np.float64)
        with np.errstate(over='ignore'):       # float64 beyond float32's range
            expected = expected.astype(np.float32).astype(np.float64)
        if got.size != expected.size:
            return '%s has %d elements, not %d' % (name, got.size, expected.size)
        if not np.allclose(got.ravel(), expected.ravel(), rtol=test.tolerance, atol=1e-7,
                           equal_nan=True):
            return '%s differs by %g' % (name, np.nanmax(abs(got.ravel() - expected.ravel())))
    return None


def reason(stderr):
    """What a refusal says, without the path and the diagnostics' names."""
    said = re.findall(r'^\S+: (?:error|note): (.*?)(?: \[[a-z-]+\])?$', stderr, re.M)
    return ' / '.join(said)


def one_test(importer, cnngen, out, test):
    """('passed' | 'refused' | 'failed', why)."""
    if not test.bind():
        return 'refused', 'its inputs and outputs are no tensors'
    model, spec = os.path.join(out, test.name + '.onnx'), os.path.join(out, test.name + '.yaml')
    onnx.save(test.model, model)
    done = subprocess.run([importer, model, '-o', spec, '-q'], capture_output=True, text=True)
    if done.returncode == 1:
        return 'refused', reason(done.stderr)
    if done.returncode:
        return 'failed', 'status %d: %s' % (done.returncode, done.stderr)
    why = run(cnngen, out, test)
    return ('failed', why) if why else ('passed', '')


def all_tests():
    for folder in FOLDERS:
        for name in sorted(os.listdir(os.path.join(DATA, folder))):
            if os.path.exists(os.path.join(DATA, folder, name, 'model.onnx')):
                yield Test(folder, name)


def read_refused(path):
    with open(path) as f:
        return dict(line.rstrip('\n').split(': ', 1) for line in f if not line.startswith('#'))


def write_refused(path, refused):
    with open(path, 'w') as f:
        f.write('# Tests of the ONNX project that are refused, and the reason: what the importer says.\n')
        f.write(''.join('%s: %s\n' % item for item in sorted(refused.items())))


def main():
    importer, cnngen, list_path, out = sys.argv[1:5]
    os.makedirs(out, exist_ok=True)
    refused, failed, passed = {}, 0, []
    for test in all_tests():
        state, why = one_test(importer, cnngen, out, test)
        if state == 'failed':
            print('%s: %s' % (test.name, why))
            failed += 1
        elif state == 'refused':
            refused[test.name] = why
        else:
            passed.append(test.name)
    if '--bless' in sys.argv:
        write_refused(list_path, refused)
    expected = read_refused(list_path)
    for name in sorted(set(expected) | set(refused)):
        if expected.get(name) != refused.get(name):
            print('%s: refused because: %s\n    expected: %s'
                  % (name, refused.get(name), expected.get(name)))
            failed += 1
    with open(os.path.join(out, 'passed.txt'), 'w') as f:
        f.write(''.join(name + '\n' for name in passed))
    print('note: %d refused, as listed' % len(refused))
    print('%d passed, %d failed' % (len(passed), failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
