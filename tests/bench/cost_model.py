#!/usr/bin/python3
"""The cost model against the machine: predicted and measured times of layers, and how often the kernel
that the planner chooses is among the best.

    CNNGEN=build/cnngen tests/bench/cost_model.py [RANDOM [SECONDS]]

Convolutions that networks have, and RANDOM (default 20) more from a seeded generator, each between an
input and an output of its own, are one network, whose kernels cnngen tune measures, SECONDS (default
2) for each program. The target is the one that runs here. Predictions are cycles: the sum of the predicted
times is set equal to that of the measured ones, so that the column tells of layers beside each other.
"""
import os
import random
import re
import subprocess
import sys
import tempfile

CNNGEN = os.environ.get('CNNGEN', 'build/cnngen')
GOOD = 1.05     # of the best kernel's time

# height and width, input channels, filters, kernel, stride
KNOWN = [(28, 1, 256, 3, 1), (28, 256, 1, 3, 1), (56, 1, 1, 3, 1), (26, 256, 64, 3, 1),
         (32, 16, 16, 3, 1), (56, 64, 64, 3, 1), (28, 128, 128, 3, 1), (14, 256, 256, 3, 1),
         (7, 512, 512, 3, 1), (56, 64, 256, 1, 1), (14, 384, 64, 1, 1), (7, 960, 320, 1, 1),
         (112, 3, 32, 3, 2), (28, 64, 128, 3, 2), (28, 1, 6, 5, 1)]
CHANNELS = [1, 2, 3, 5, 8, 13, 16, 17, 24, 32, 48, 64, 100, 128, 192]


def random_layers(count):
    r = random.Random(1)
    layers = []
    while len(layers) < count:
        layer = (r.randrange(5, 65), r.choice(CHANNELS), r.choice(CHANNELS),
                 r.choice([1, 3, 3, 3, 5, 7]), r.choice([1, 1, 1, 2]))
        if layer not in layers and layer not in KNOWN:
            layers.append(layer)
    return layers


def write_spec(path, layers):
    with open(path, 'w') as f:
        f.write('cnngen: 1\nname: layers\nweights: random\nlayers:\n')
        for i, (size, ic, oc, kernel, stride) in enumerate(layers):
            f.write(f'  - {{type: Input, name: i{i}, shape: [{size}, {size}, {ic}]}}\n'
                    f'  - {{type: Conv2D, name: c{i}, inputs: i{i}, filters: {oc}, kernel_size: {kernel}, '
                    f'strides: {stride}, padding: same, activation: relu}}\n')
        f.write('outputs: [' + ', '.join(f'c{i}' for i in range(len(layers))) + ']\n')


def read_times(path):
    """The target, and for each group, in order, the times of its kernels."""
    found = re.findall(r"^- group: '.*'\n  (\w+): \{(.*)\}$", open(path).read(), re.M)
    return found[0][0], [{k: float(us) for k, us in (pair.split(': ') for pair in times.split(', '))}
                         for _, times in found]


def read_plan(spec, target):
    """The kernel and share of predicted time of each layer that has a choice, by its number. The last
    line of a step is of the target, whose code may be a lesser one's."""
    plan = subprocess.run([CNNGEN, '--dump=plan', '--target', target, '--max-weight-growth', '100', spec],
                          check=True, capture_output=True, text=True).stdout
    found = []
    for step in re.split(r'^(?= *\d+  \w+: )', plan, flags=re.M)[1:]:
        name = re.match(r' *\d+  c(\d+): ', step)
        kernel = re.search(r'^ +(\w+) \(at worst', step, re.M)
        shares = re.findall(r'units=.* ([\d.]+) %$', step, re.M)
        if name and kernel:
            found.append((int(name[1]), kernel[1], float(shares[-1])))
    return found


def report(layers, steps, times):
    assert len(steps) == len(times), 'the plan and the tuning file disagree'
    taken = [t[kernel] for (_, kernel, _), t in zip(steps, times)]
    scale = sum(taken) / sum(share for _, _, share in steps)
    good = 0
    print(f'{"layer":28} {"chosen":17} {"predicted":>10} {"measured us":>11}  {"of best":>7}  best')
    for (i, kernel, share), t, us in zip(steps, times, taken):
        size, ic, oc, k, stride = layers[i]
        best = min(t, key=t.get)
        good += us <= GOOD * t[best]
        print(f'{f"{k}x{k}/{stride} {ic}->{oc} @{size}":28} {kernel:17} {share * scale:10.1f} {us:11.1f}  '
              f'{us / t[best]:7.2f}  {best if us > GOOD * t[best] else ""}')
    print(f'the choice is within {GOOD - 1:.0%} of the best kernel in {good} of {len(steps)} layers, '
          f'{good / len(steps):.0%}; of all time it takes {sum(taken) / sum(min(t.values()) for t in times):.3f} '
          f'of the best choice\'s')


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seconds = sys.argv[2] if len(sys.argv) > 2 else '2'
    layers = KNOWN + random_layers(count)
    with tempfile.TemporaryDirectory() as folder:
        spec, file = folder + '/layers.cnn.yaml', folder + '/layers.tuning'
        write_spec(spec, layers)
        subprocess.run([CNNGEN, 'tune', spec, '-o', file, '--seconds', seconds], check=True,
                       stdout=subprocess.DEVNULL)
        target, times = read_times(file)
        report(layers, read_plan(spec, target), times)


if __name__ == '__main__':
    main()
