"""The tables that run.py prints, as Markdown."""
import math
import subprocess


MOST_BUSY = 0.1         # share of the CPUs that others may use before it is worth a word


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def first_line(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.split('\n')[0]


def cpu():
    with open('/proc/cpuinfo') as f:
        names = [line.split(':')[1].strip() for line in f if line.startswith('model name')]
    return '%s, %d CPUs' % (names[0] if names else 'unknown CPU', len(names))


def heading(results, args, tools, missing):
    lines = ['## cnngen and its peers', '',
             '* Machine: %s' % cpu(),
             '* %s, its C compiled by `%s` with `%s`'
             % (first_line(tools['cnngen'], '--version'), first_line(*tools['cc'], '--version'),
                ' '.join(tools['cflags']))]
    versions = {'ONNX': 'ONNX Runtime', 'oneDNN': 'oneDNN', 'XNNPACK': 'XNNPACK of', 'ncnn': 'ncnn'}
    lines += ['* %s %s' % (name, results.versions[key]) for key, name in versions.items()
              if key in results.versions]
    if results.busy > MOST_BUSY:
        lines.append('* **others used %.0f %% of the CPUs when it began**' % (100 * results.busy))
    lines += ['* **not compared: %s**, install with `%s`' % pair for pair in missing.items()]
    lines += ['* **left out: %s on %s**: %s' % left_out for left_out in results.left_out]
    lines += ['* **wrong result, dropped: %s on %s**' % (peer, model)
              for model, peer in sorted(results.wrong)]
    lines.append('* Best of %d rounds of %g s for each; ratio: time of the best peer / time of '
                 'cnngen, above 1 cnngen is faster' % (args.rounds, args.seconds))
    return lines + ['']


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|---' + '|---:' * (len(head) - 1) + '|']
    return lines + ['| ' + ' | '.join(row) + ' |' for row in rows] + ['']


def ratio_of(lines):
    """None where cnngen or all peers are missing."""
    peers = [line['min'] for peer, line in lines.items() if peer != 'cnngen']
    return min(peers) / lines['cnngen']['min'] if peers and 'cnngen' in lines else None


def cell(time, best, scale):
    if time is None:
        return '-'
    return ('**%.*f**' if time == best else '%.*f') % (3 if scale == 1e3 else 1, time * scale)


def comparison(nets, results, threads, unit, scale):
    """One row a model; then the geometric means of each kind and of all."""
    found = [(net, results.best.get((net.name, threads), {})) for net in nets]
    peers = sorted({peer for _, lines in found for peer in lines if peer != 'cnngen'})
    rows, kinds = [], {}
    for net, lines in found:
        ratio = ratio_of(lines)
        best = min((line['min'] for peer, line in lines.items() if peer != 'cnngen'), default=None)
        times = [lines[peer]['min'] if peer in lines else None for peer in ['cnngen'] + peers]
        rows.append([net.name] + [cell(time, best, scale) for time in times] +
                    ['%.2f' % ratio if ratio else '-'])
        if ratio:
            kinds.setdefault(net.kind, []).append(ratio)
    lines = table(['time in ' + unit, 'cnngen'] + peers + ['ratio'], rows)
    everything = [ratio for ratios in kinds.values() for ratio in ratios]
    if len(kinds) > 1:
        lines += table(['kind', 'models', 'geometric mean', 'least'],
                       [[kind, str(len(r)), '%.2f' % geometric_mean(r), '%.2f' % min(r)]
                        for kind, r in kinds.items()])
    if everything:
        lines += ['Geometric mean of %d: **%.2f**, least %.2f, %d of them at 1 or above.'
                  % (len(everything), geometric_mean(everything), min(everything),
                     sum(r >= 1 for r in everything)), '']
    return lines


def text(nets, results, args, tools, missing):
    lines = heading(results, args, tools, missing)
    networks = [net for net in nets if net.kind == 'network']
    layers = [net for net in nets if net.kind != 'network']
    for title, some, unit, scale in (('Networks', networks, 'ms', 1e3),
                                     ('Layers', layers, 'us', 1e6)):
        for threads in args.threads if some else ():
            lines += ['### %s, %d thread%s' % (title, threads, 's' if threads > 1 else ''), '']
            lines += comparison(some, results, threads, unit, scale)
    return '\n'.join(lines)
