"""What the compiler takes for each way of storing weights: processor time, memory, and bytes of C text.

    /usr/bin/python3 tests/bench/compile.py [COMPILER...]      default: gcc clang

Prints the tables of docs/weights.md. Networks have random weights; CNNGEN is the program (build/cnngen).
"""
import os
import subprocess
import sys
import tempfile

CNNGEN = os.path.abspath(os.environ.get('CNNGEN', 'build/cnngen'))
NETWORKS = {'small': [16, 32, 32], 'medium': [64, 128, 256, 512, 512], 'large': [64, 128, 256, 512, 1024, 1024, 1024]}
WAYS = (['auto'], ['array'], ['string'], ['asm'], ['bin'], ['auto', '--split-weights'], ['asm', '--split-weights'])
HUGE = 4 << 20                 # weights: numbers beyond take minutes and gigabytes


def specification(widths):
    """Convolutions of 3x3, each of the next width, and a Dense layer."""
    lines = ['cnngen: 1', 'name: net', 'weights: random', 'layers:', '  - {type: Input, shape: [64, 64, 3]}']
    for width in widths:
        lines.append('  - {type: Conv2D, filters: %d, kernel_size: 3, padding: same, activation: relu}' % width)
    return '\n'.join(lines + ['  - GlobalAveragePooling2D', '  - {type: Dense, units: 10}', ''])


def count(widths):
    channels = [3] + widths
    return sum(9 * a * b + b for a, b in zip(channels, widths)) + 11 * widths[-1]


def cost(command):
    """Seconds of processor time and bytes of memory of a command and what it starts."""
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    _, status, use = os.wait4(child, 0)
    if status:
        sys.exit('%s failed' % ' '.join(command))
    return use.ru_utime + use.ru_stime, use.ru_maxrss * 1024


def measure(compilers, widths):
    for way in WAYS:
        if way == ['array'] and count(widths) > HUGE:
            continue
        subprocess.run([CNNGEN, '-q', '--standalone', '--math=precise', '--weights=' + way[0], *way[1:], '-o', 'net.c',
                        'net.cnn.yaml'], check=True)
        files = ['net.c'] + ['net_weights.c'] * (len(way) > 1)
        cells = []
        for compiler in compilers:
            costs = [cost([compiler, '-O2', '-fopenmp', '-c', '-o', 'net.o', file]) for file in files]
            cells.append(' + '.join('%.1f s, %d MB' % (time, memory / 1e6) for time, memory in costs))
        size = sum(os.path.getsize(file) for file in files)
        print('| `%s` | %.2f MB | %s |' % (' '.join(way), size / 1e6, ' | '.join(cells)), flush=True)


def main():
    compilers = sys.argv[1:] or ['gcc', 'clang']
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, widths in NETWORKS.items():
            print('\n%s: %.2f million weights (%.1f MB)\n' % (name, count(widths) / 1e6, count(widths) * 4 / 1e6))
            print('| `--weights` | C text | %s |\n|---|---:|%s' % (' | '.join(compilers), '---:|' * len(compilers)))
            with open('net.cnn.yaml', 'w') as file:
                file.write(specification(widths))
            measure(compilers, widths)


main()
