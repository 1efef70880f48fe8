#!/usr/bin/python3
"""Times cnngen's C side by side with ONNX Runtime, oneDNN, XNNPACK and ncnn; prints ratio tables. See README.md.

    run.py [short | more] [--random N] [--seed S] [--only REGEX] [--threads 1,2] [--rounds N] [--seconds S]

From the environment: CNNGEN, CC, CXX, ORT, the path of libonnxruntime.so.1, and NCNN, the folder ncnn is
installed in. Run from the top of the tree; everything is written to build/bench/.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import time

try:
    import numpy as np
    import models
    import ncnn
    import steps
except ImportError as missing:
    sys.exit('%s\ninstall them: apt-get install python3-numpy python3-onnx' % missing)
import report

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = 'build/bench'
CNNGEN = os.environ.get('CNNGEN', 'build/cnngen')
CC, CXX = os.environ.get('CC', 'cc').split(), os.environ.get('CXX', 'c++').split()
CFLAGS = ['-O2', '-fopenmp']
ORT = os.environ.get('ORT') or (
    OUT + '/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1')
NCNN = os.environ.get('NCNN') or OUT + '/ncnn'
WORST_ERROR = 1e-3      # of the largest value, against the reference

INSTALL = {
    'ONNX Runtime': 'npm install --ignore-scripts --prefix %s onnxruntime-node' % OUT,
    'oneDNN': 'apt-get install libdnnl-dev g++',
    'XNNPACK': 'apt-get install libxnnpack-dev libpthreadpool-dev',
    'ncnn': 'cmake --install BUILD_OF_NCNN --prefix %s' % NCNN,
}


def loudly(text):
    print('\n*** %s\n' % text, file=sys.stderr, flush=True)


def call(command, **options):
    """Runs it; returns what it prints, or None after saying that it failed."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              **options)
    except FileNotFoundError as missing:
        loudly('FAILED: %s' % missing)
        return None
    if done.returncode:
        loudly('FAILED (%d): %s\n%s' % (done.returncode, ' '.join(command), done.stderr[-2000:]))
        return None
    return done.stdout


# ---- what is built --------------------------------------------------------------------------


def compiled(compiler, source, *libraries):
    program = OUT + '/' + source.split('.')[0]
    return call([*compiler, *CFLAGS, '-o', program, HERE + '/' + source, *libraries]) is not None


def build_peers():
    """The names of the peers that are there; says how to install the others."""
    found = []
    if not os.path.exists(ORT):
        loudly('not found: %s (ORT)' % ORT)
    elif compiled(CC, 'time_ort.c', '-ldl', '-lm'):
        found.append('ONNX Runtime')
    if compiled(CXX, 'time_onednn.cpp', '-ldnnl') and compiled(CXX, 'time_onednn_net.cpp', '-ldnnl'):
        found.append('oneDNN')
    xnnpack = ('-lXNNPACK', '-lpthreadpool', '-lm')
    if compiled(CC, 'time_xnnpack.c', *xnnpack) and compiled(CC, 'time_xnnpack_net.c', *xnnpack):
        found.append('XNNPACK')
    if not os.path.exists(NCNN + '/lib/libncnn.a'):
        loudly('not found: %s/lib/libncnn.a (NCNN)' % NCNN)
    elif compiled(CXX, 'time_ncnn.cpp', '-I%s/include' % NCNN, NCNN + '/lib/libncnn.a', '-fopenmp'):
        found.append('ncnn')
    for peer in INSTALL:
        if peer not in found:
            loudly('SKIPPED: %s. To compare with it:\n    %s' % (peer, INSTALL[peer]))
    return found


def folder_of(net):
    return '%s/models/%s' % (OUT, re.sub(r'\W+', '_', net.name))


def build_model(net, peers):
    folder = folder_of(net)
    net.write(folder)
    if 'ncnn' in peers:
        ncnn.write(net, folder)
    steps.write(net, folder)
    made = call([CNNGEN, '-q', '--standalone', '--prefix', 'model', '-o', folder + '/model.c',
                 folder + '/model.cnn.yaml'])
    return made is not None and call(
        [*CC, *CFLAGS, '-I', folder, '-o', folder + '/time_cnngen', HERE + '/time_cnngen.c',
         folder + '/model.c', '-lm']) is not None and write_reference(net, folder, peers)


def write_reference(net, folder, peers):
    """reference.chw, by ONNX Runtime; without it, by cnngen's evaluation in double precision."""
    if 'ONNX Runtime' in peers:
        return call(ort_command(net, 'reference', 1, 0)) is not None
    channels, height, width = net.shapes['x']
    image = np.fromfile(folder + '/input.hwc', np.float32).reshape(1, height, width, channels)
    np.save(folder + '/input.npy', image)
    if call([CNNGEN, 'run', '-q', folder + '/model.cnn.yaml', '--input', folder + '/input.npy',
             '-o', folder + '/reference.npy']) is None:
        return False
    channels, height, width = net.output_shape
    result = np.load(folder + '/reference.npy').reshape(height, width, channels)
    result.transpose(2, 0, 1).astype(np.float32).tofile(folder + '/reference.chw')
    return True


# ---- what is timed --------------------------------------------------------------------------


def ort_command(net, mode, threads, seconds):
    return [OUT + '/time_ort', mode, ORT, threads, seconds, folder_of(net), *net.shapes['x']]


def convolution_times(folder):
    """Seconds of each run of the Conv in ONNX Runtime's profile, which is deleted."""
    paths = glob.glob(folder + '/profile_*.json')
    with open(max(paths, key=os.path.getmtime)) as f:
        events = json.load(f)
    for path in paths:
        os.unlink(path)
    return [e['dur'] * 1e-6 for e in events if e.get('cat') == 'Node' and 'Conv' in
            e['args'].get('op_name', '') and e['name'].endswith('_kernel_time')]


def time_ort(net, threads, seconds, pinned):
    """Networks: whole runs. Layers: the convolution alone, without turning images to and from the
    library's own layout; the profile's clock ticks in microseconds: the mean of the faster half."""
    mode = 'run' if net.kind == 'network' else 'profile'
    lines = pinned(ort_command(net, mode, threads, seconds))
    if mode == 'profile' and lines:
        times = sorted(convolution_times(folder_of(net)))
        faster = times[:(len(times) + 1) // 2]
        lines[0].update(peer='ONNX Runtime Conv', min=statistics.mean(faster),
                        median=statistics.median(times))
    return lines


def time_onednn(net, _, seconds, pinned):
    if net.kind == 'network':
        return pinned([OUT + '/time_onednn_net', seconds, folder_of(net)])
    return pinned([OUT + '/time_onednn', seconds, folder_of(net), *net.geometry])


def time_xnnpack(net, threads, seconds, pinned):
    if net.kind == 'network':
        return pinned([OUT + '/time_xnnpack_net', threads, seconds, folder_of(net)])
    return pinned([OUT + '/time_xnnpack', threads, seconds, folder_of(net), *net.geometry])


def time_ncnn(net, threads, seconds, pinned):
    mode = 'network' if net.kind == 'network' else 'layer'
    return pinned([OUT + '/time_ncnn', mode, threads, seconds, folder_of(net), *net.shapes['x']])


def time_cnngen(net, _, seconds, pinned):
    return pinned([folder_of(net) + '/time_cnngen', seconds, folder_of(net), *net.output_shape])


TIMERS = {'ONNX Runtime': time_ort, 'oneDNN': time_onednn, 'XNNPACK': time_xnnpack, 'ncnn': time_ncnn}


def pinned_to(threads):
    """A function that runs a command on so many CPUs and returns its lines of JSON."""
    cpus = sorted(os.sched_getaffinity(0))[:threads]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_PROC_BIND='true')
    pin = ['taskset', '-c', ','.join(map(str, cpus))]

    def run(command):
        out = call(pin + command, env=environment)
        return [json.loads(line) for line in (out or '').splitlines()]
    return run


def busy_share(seconds=1.0):
    """Of the time of all CPUs, what others use now."""
    def ticks_idle_and_all():
        with open('/proc/stat') as f:
            ticks = [int(n) for n in f.readline().split()[1:]]
        return ticks[3] + ticks[4], sum(ticks[:8])
    idle_before, all_before = ticks_idle_and_all()
    time.sleep(seconds)
    idle_after, all_after = ticks_idle_and_all()
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)


class Results:
    """The best of all rounds: {(model, threads): {peer: line}}; and what the reader must know.

    left_out: (peer, names of models, reason)."""

    def __init__(self):
        self.best, self.wrong, self.versions, self.left_out = {}, set(), {}, []
        self.busy = busy_share()
        if self.busy > report.MOST_BUSY:
            loudly('BUSY: others use %.0f %% of the CPUs; times will be too long, those with '
                   'several threads above all' % (100 * self.busy))

    def add(self, net, threads, line):
        peer = line['peer']
        self.versions[peer.split(' ')[0]] = line['version']
        if not line['error'] <= WORST_ERROR:
            if (net.name, peer) not in self.wrong:
                loudly('WRONG RESULT, dropped: %s on %s is off by %.1e of the largest value'
                       % (peer, net.name, line['error']))
            self.wrong.add((net.name, peer))
            return
        best = self.best.setdefault((net.name, threads), {})
        if peer not in best or line['min'] < best[peer]['min']:
            best[peer] = line


def measure(nets, peers, args):
    """Round by round, model by model, thread count by thread count: all peers directly in turn."""
    results = Results()
    results.left_out = steps.left_out(nets, peers)
    for left_out in results.left_out:
        loudly('LEFT OUT: %s on %s: %s' % left_out)
    timers = [('cnngen', time_cnngen)] + [(peer, TIMERS[peer]) for peer in peers]
    for turn in range(args.rounds):
        for net in nets:
            print('round %d of %d: %s' % (turn + 1, args.rounds, net.name), file=sys.stderr)
            for threads in args.threads:
                for timer in [timer for peer, timer in timers if not steps.reason_against(net, peer)]:
                    for line in timer(net, threads, args.seconds, pinned_to(threads)):
                        results.add(net, threads, line)
    return results


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('length', nargs='?', choices=('full', 'short', 'more'), default='full')
    parser.add_argument('--random', type=int, metavar='N', help='N layers at random instead')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--only', default='', metavar='REGEX', help='models whose names match')
    parser.add_argument('--threads', default='1,2', type=lambda s: [int(n) for n in s.split(',')])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=float, help='for each measurement')
    args = parser.parse_args()
    args.seconds = args.seconds or (0.05 if args.length == 'short' else 0.1)
    cpus = len(os.sched_getaffinity(0))
    if max(args.threads) > cpus:
        loudly('SKIPPED: more threads than the %d CPUs of this machine' % cpus)
        args.threads = [n for n in args.threads if n <= cpus]
    return args


def chosen_models(args):
    if args.random:
        nets = models.random_layers(args.random, args.seed)
    elif args.length == 'more':
        nets = models.more_networks()
    else:
        nets = [*models.networks(args.length == 'short'), *models.layers(args.length == 'short')]
    return [net for net in nets if re.search(args.only, net.name)]


def main():
    args = arguments()
    os.makedirs(OUT, exist_ok=True)
    peers, nets = build_peers(), chosen_models(args)
    print('building %d models' % len(nets), file=sys.stderr)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        built = list(pool.map(lambda net: build_model(net, peers), nets))
    if not any(built):
        return 1
    results = measure([net for net, ok in zip(nets, built) if ok], peers, args)
    text = report.text(nets, results, args, dict(cnngen=CNNGEN, cc=CC, cflags=CFLAGS),
                       {p: INSTALL[p] for p in INSTALL if p not in peers})
    with open(OUT + '/results.md', 'w') as f:
        f.write(text)
    with open(OUT + '/results.json', 'w') as f:
        json.dump([dict(model=name, threads=threads, **line) for (name, threads), lines
                   in results.best.items() for line in lines.values()], f, indent=0)
    print(text, end='')
    timed = all('cnngen' in lines for lines in results.best.values())
    return 0 if all(built) and timed and not results.wrong else 1


if __name__ == '__main__':
    sys.exit(main())
