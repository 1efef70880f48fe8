#!/usr/bin/python3
"""Damaged Keras, TensorFlow.js and .npz files: the importers, built with sanitizers, must end by themselves with 0, 1 or
2, in time, and without a report.

    keras_fuzz.py IMPORTER NPZ_IMPORTER SECONDS [SEED]

The HDF5 library itself isn't instrumented and crashes on some files: in a process of its own, which the importer has
to survive. A report counts unless its first frame in a program or library is libhdf5's. Files that fail are kept in
build/fuzz. Ends with "N passed, M failed".
"""
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

import h5py
import numpy as np

import keras_cases as cases
import keras_files as files

ENV = dict(os.environ, ASAN_OPTIONS='handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:detect_leaks=0',
           UBSAN_OPTIONS='print_stacktrace=1')
TIMEOUT = 120
VALUES = [None, True, 0, -1, 1, 2 ** 31, 2 ** 63 - 1, 1e308, 0.5, '', 'x' * 300, 'relu', 'Conv2D',
          'image', [], [[]],
          [1, 2, 3], {}, {'class_name': 'function', 'config': 'tanh'}, ['image', 0, 0], '\u202e',
          'a: {b', '../x']


def seeds(folder):
    """(kind, path): small models in each format."""
    made = []
    for name, net in [('nested', cases.nested()), ('norms', cases.norms()),
                      ('shapes', cases.shapes())]:
        for kind in files.FORMATS + ['npz']:
            path = os.path.join(folder, name + '-' + kind)
            if kind == 'npz':
                np.savez_compressed(path + '.npz', a=np.ones((3, 4), np.float32), b=np.zeros(5))
                path += '.npz'
            else:
                files.write(path, net, kind)
            made.append((kind, path))
    return made


def mutate_bytes(raw, rng):
    raw = bytearray(raw)
    if rng.random() < 0.1:
        return raw[:rng.randrange(len(raw) + 1)]
    for _ in range(1 << rng.randrange(5)):
        at = rng.randrange(len(raw))
        what = rng.randrange(4)
        if what == 0:
            raw[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            raw[at] = rng.choice([0, 1, 127, 128, 255])
        elif what == 2:
            n = rng.choice([2, 4, 8])
            raw[at:at + n] = rng.choice([0, 1, 2 ** (8 * n - 1) - 1, 2 ** (8 * n) - 1]).to_bytes(n, 'little')
        else:
            n = rng.randrange(1, 64)
            to = rng.randrange(len(raw))
            raw[to:to + n] = raw[at:at + n]
    return raw


def places(v, found):
    """All (container, key) of a JSON value."""
    for k in (list(v) if isinstance(v, dict) else range(len(v))):
        found.append((v, k))
        if isinstance(v[k], (dict, list)):
            places(v[k], found)
    return found


def mutate_json(v, rng):
    v = copy.deepcopy(v)
    for _ in range(rng.randrange(1, 4)):
        all_places = places(v, [])
        if not all_places:
            break
        where, key = rng.choice(all_places)
        other, k = rng.choice(all_places)
        where[key] = copy.deepcopy(rng.choice([rng.choice(VALUES), other[k]]))
        if isinstance(where, dict) and rng.random() < 0.2:
            del where[key]
        elif isinstance(where, list) and rng.random() < 0.2:
            where.append(copy.deepcopy(rng.choice(where)))
    return v


def change_file(path, rng):
    with open(path, 'rb') as f:
        raw = f.read()
    with open(path, 'wb') as f:
        f.write(mutate_bytes(raw, rng) if raw else b'x')


def change_json(path, rng):
    with open(path) as f:
        v = json.load(f)
    with open(path, 'w') as f:
        json.dump(mutate_json(v, rng), f)


def change_archive(path, rng):
    """Members changed and packed again, so that what is behind the checksums is reached."""
    with zipfile.ZipFile(path) as z:
        members = {n: z.read(n) for n in z.namelist()}
    name = rng.choice(list(members))
    if name == 'config.json':
        members[name] = json.dumps(mutate_json(json.loads(members[name]), rng)).encode()
    else:
        members[name] = bytes(mutate_bytes(members[name], rng))
    with zipfile.ZipFile(path, 'w', rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as z:
        for n, data in members.items():
            z.writestr(n, data)


def change_attributes(path, rng):
    with h5py.File(path, 'r+') as f:
        config = json.loads(f.attrs['model_config'])
        f.attrs['model_config'] = json.dumps(mutate_json(config, rng))


def change(kind, path, rng):
    deep = rng.random() < 0.6
    if kind in ('folder', 'tfjs'):
        name = rng.choice(sorted(os.listdir(path)))
        inner = os.path.join(path, name)
        (change_json if name.endswith('.json') and deep else change_file)(inner, rng)
    elif kind in ('keras', 'npz'):
        (change_archive if deep else change_file)(path, rng)
    else:
        (change_attributes if deep else change_file)(path, rng)


def is_ours(report):
    """Whether a sanitizer's report is about this program: its first frame with a name of a file."""
    for line in report.splitlines():
        frame = re.match(r'\s*#\d+ .* (\S*/generator/\S+|\(\S*/lib\S+\.so\S*)', line)
        if frame:
            return 'libhdf5' not in frame.group(1) and 'libasan' not in frame.group(1)
    return True


def run(command):
    """What is wrong with the way that it ends; None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors='replace',
                              timeout=TIMEOUT, env=ENV)
    except subprocess.TimeoutExpired:
        return 'hangs'
    if done.returncode not in (0, 1, 2):
        return 'status %d\n%s' % (done.returncode, done.stderr[-3000:])
    if ('Sanitizer' in done.stderr or 'runtime error' in done.stderr) and is_ours(done.stderr):
        return done.stderr[-3000:]
    if done.returncode and 'error:' not in done.stderr and "can't" not in done.stderr:
        return 'ends with %d without an error\n%s' % (done.returncode, done.stderr)
    return None


def keep(path, name):
    target = os.path.join('build/fuzz', name)
    os.makedirs('build/fuzz', exist_ok=True)
    if os.path.isdir(path):
        shutil.copytree(path, target, dirs_exist_ok=True)
    else:
        shutil.copy(path, target)
    return target


def main():
    importer, npz, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else int(time.time())
    rng, end, runs, failed = random.Random(seed), time.time() + seconds, 0, 0
    print('seed %d' % seed)
    with tempfile.TemporaryDirectory() as folder:
        originals = seeds(folder)
        while time.time() < end:
            kind, path = rng.choice(originals)
            damaged = os.path.join(folder, 'damaged')
            if os.path.isdir(path):
                shutil.rmtree(damaged, ignore_errors=True)
                shutil.copytree(path, damaged)
            else:
                damaged += '.file'
                shutil.copy(path, damaged)
            change(kind, damaged, rng)
            why = run([npz if kind == 'npz' else importer, damaged, '-o',
                       os.path.join(folder, 'out.yaml')])
            runs += 1
            if why:
                failed += 1
                print('FAIL %s: %s' % (keep(damaged, 'keras-%d-%d' % (seed, runs)), why))
                if failed == 10:
                    break
    print('note: keras: %d damaged files' % runs)
    print('%d passed, %d failed' % (runs - failed, failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
