"""Counts, without a clock, what the inner loops of a generated program do.

    loops.py MODEL.c PLAN ISA FILE.s CASE

Each tile in the text of MODEL.c says how often its innermost loop multiplies and adds vectors. For
each there must be an innermost loop in the assembly with exactly so many (or, from clang, which
unrolls, a multiple), and none of them may move a vector to or from the stack. A tile without a loop
is part of one that goes over tiles, or of none: its step has at least its multiplications. For
direct convolutions, PLAN (of --dump=plan) says how many there should be: NR * P0, or twice that
where a round of AVX2's does two steps. Prints a line for each step, "passed" or "FAILED".
"""
import re
import sys

# Vector moves to the stack in one loop that are known, by compiler and layer; not to grow.
KNOWN = {
    ('clang sse2', 'thin'): 2,
    ('clang sse2', 'dot'): 2,
    ('clang sse2', 'row'): 6,
    ('clang sse2', 'grouped'): 12,  # clang spreads all inputs of a column and loads its weights ahead
    ('clang sse2', 'twice'): 10,
    ('clang avx2', 'pooled'): 8,  # nine weights, four sums and what clang broadcasts ahead
}

PRODUCT = re.compile(r'vf_(fma|accumulate)\(')

STORES = 3  # multiplications for each vector that a depthwise tile may store on the stack

KERNELS = ('conv2d_direct', 'conv2d_dot', 'conv2d_row', 'conv2d_planes', 'conv2d_depthwise',
           'conv2d_grouped', 'conv2d_pool', 'conv2d_scatter', 'dense_dot', 'matmul')


def innermost_counts(body):
    """Of the lines of a C function: products in each `for` that has no other inside."""
    counts, stack = [], []
    for line in body:
        indent = len(line) - len(line.lstrip())
        while stack and line.strip() and (indent < stack[-1][0] or
                                          (indent == stack[-1][0] and line.strip() != '{')):
            depth, count, inner = stack.pop()
            if not inner and count:
                counts.append(count)
        if re.match(r'\s*for \(', line):
            for entry in stack:
                entry[2] = True
            stack.append([indent, 0, False])
        if stack:
            stack[-1][1] += len(PRODUCT.findall(line))
    return counts


def tiles(path, isa):
    """{(step, kernel): set of counts} for the tile functions of one instruction set; a count is
    negative where it is of all the function."""
    wanted, body, key = {}, None, None
    head = r'(?:CNN_INLINE|CNN_NOINLINE static) void \w+?_(%s)_(\d+)_%s_(?:(?:loop|whole|tile)\d_)?\d+(x\d+)?\(' % (
        '|'.join(KERNELS), isa)
    for line in open(path):
        name = re.match(head, line)
        if name:
            key, body = (int(name.group(2)), name.group(1)), []
        elif body is not None and line.startswith('}'):
            whole = -sum(len(PRODUCT.findall(text)) for text in body)
            wanted.setdefault(key, set()).update(innermost_counts(body) or [whole])
            body = None
        elif body is not None:
            body.append(line.rstrip())
    return wanted


def functions(path):
    """(name, lines) of each function of the assembly, comments and directives left out."""
    name, lines = None, []
    for line in open(path):
        label = re.match(r'([A-Za-z_][\w.]*):', line)
        if label and not label.group(1).startswith('.L'):
            if name:
                yield name, lines
            name, lines = label.group(1), []
        elif re.match(r'\.L\w+:', line):
            lines.append(line.split(':')[0] + ':')
        elif re.match(r'\s+[a-z]', line):
            lines.append(line.split('#')[0].split('//')[0].strip())
    if name:
        yield name, lines


def loops(lines):
    """The innermost loops: from a label to a jump back to it, with no such pair inside."""
    place = {line[:-1]: i for i, line in enumerate(lines) if line.endswith(':')}
    spans = set()
    for i, line in enumerate(lines):
        jump = re.match(r'(?:j[a-z]+|b\.?[a-z]*|cbn?z|tbn?z)\s+(?:.*,\s*)?(\.L\w+)$', line)
        if jump and place.get(jump.group(1), i) < i:
            spans.add((place[jump.group(1)], i))
    return [lines[a:b + 1] for a, b in spans
            if not any((c, d) != (a, b) and a <= c and d <= b for c, d in spans)]


FMA = re.compile(r'vfn?madd\d+ps|mulps|fmla\s+v|vfmadd')
VECTOR = re.compile(r'%[xyz]mm|\b[qv]\d+\b')


STORE = re.compile(r'v?mov\w+\s+%[xyz]mm\d+, |st[rp]\s')


def stack_moves(loop, framed):
    where = r'\(%rsp|\(%rbp' if framed else r'\(%rsp'
    return [l for l in loop if VECTOR.search(l) and re.search(where + r'|\[(sp|x29)\b', l)]


def multiplications(lines):
    return sum(bool(FMA.match(l)) for l in lines)


def inner_loops(path, isa):
    """{step: [(multiplications, moves to the stack)]} of loops, {step: all multiplications}"""
    found, total = {}, {}
    for name, lines in functions(path):
        step = re.match(r'\w+?_(\d+)_(\w+_)?%s\b' % isa, name) or \
            re.match(r'\w+?_(?:%s)_(\d+)_%s(?:_\d+)?\b' % ('|'.join(KERNELS), isa), name)
        if not step:
            continue
        total[int(step.group(1))] = total.get(int(step.group(1)), 0) + multiplications(lines)
        framed = any(re.match(r'mov\w*\s+%rsp, %rbp', l) for l in lines)
        for loop in loops(lines):
            n = multiplications(loop)
            if n:
                found.setdefault(int(step.group(1)), []).append((n, stack_moves(loop, framed)))
    return found, total


def planned(path, isa):
    """{step: NR * P0} of direct convolutions, and {step: layer}."""
    tile, layer, step, direct = {}, {}, 0, False
    for line in open(path):
        head = re.match(r'\s*(\d+)  (\w+): ', line)
        if head:
            step = int(head.group(1))
            layer[step] = head.group(2)
        elif re.match(r'     [a-z]\w+ \(', line):
            direct = line.split()[0] == 'conv2d_direct'
        size = re.match(r'\s+%s\s.*NR=(\d+) P0=(\d+)' % isa, line)
        if size and direct:
            tile[step] = int(size.group(1)) * int(size.group(2))
    return tile, layer


def judge(key, wanted, plan, counted, case):
    step, kernel = key
    tile, layer = plan
    found, total = counted
    got = [n for n, _ in found.get(step, [])]
    wrong = []
    if not wanted:
        wrong.append('no tile in the text')
    rounds = {tile.get(step, 0) * steps for steps in ((1, 2) if case.endswith('avx2') else (1,))}
    if kernel == 'conv2d_direct' and not wanted & rounds:
        wrong.append('the plan has %s' % tile.get(step))
    for n in sorted(wanted):
        if n < 0 and -n <= total.get(step, 0):
            continue
        if not any(g == n or (case.startswith('clang') and g % n == 0) for g in got):
            wrong.append('%d multiplications expected, loops have %s' % (abs(n), got))
    for n, moves in found.get(step, []):
        if kernel == 'conv2d_depthwise':
            # Weights beyond the registers are operands in memory, on the stack as well as any.
            moves = [l for l in moves if STORE.match(l)][n // STORES:]
        if len(moves) > KNOWN.get((case, layer.get(step)), 0):
            wrong.append('%d moves to the stack among %d: %s' % (len(moves), n, moves[0]))
    words = '; '.join(wrong) or 'loops of ' + ', '.join(map(str, sorted(got)))
    verdict = 'FAILED' if wrong else 'passed'
    print('%s  %s %s %s: %s' % (verdict, case, layer.get(step), kernel, words))


def main():
    text, plan, isa, assembly, case = sys.argv[1:]
    wanted, found, sizes = tiles(text, isa), inner_loops(assembly, isa), planned(plan, isa)
    for key in sorted(wanted):
        judge(key, wanted[key], sizes, found, case)
    missing = set(KERNELS) - {kernel for _, kernel in wanted}
    if missing:
        print('FAILED  %s: no %s' % (case, ', '.join(sorted(missing))))


main()
