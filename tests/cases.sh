#!/bin/sh
# The specifications of tests/cases and the examples, step by step against the reference, on every
# instruction set of this machine: the examples compiled by gcc -O2, a fifth of the cases by gcc -O1
# and another tenth by clang -O1, other ones every day (CASES=all: all by gcc -O2 and by clang, and
# what Winograd's kernels take by default directly, too, of which exact.sh does a third every day),
# all under the strict set of warnings, see strict.sh. Inputs are random; then NaN, infinities, -0,
# denormals, the largest floats and sums that overflow stand among them: NaN must come out as NaN,
# an infinity as that infinity, and nothing of it may reach an element that doesn't depend on it:
# through padded lanes, halos, or memory that a row shares with its neighbour.
. "$(dirname "$0")/lib.sh"
cd "$root" || exit 2
strict="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wdouble-promotion -Werror"
run() {  # run COMPILER OPTIMISATION OPTION... SPEC...
    cc=$1 optimise=$2
    shift 2
    counted "$cnngen" verify -q --cc "$cc" --cflags "$optimise $strict" "$@"
}
batches() {  # batches LIST COMPILER OPTIMISATION OPTION...: 24 models for one call
    xargs -r -n 24 echo <"$1" >"$1.batches"
    list=$1
    shift
    while read -r specs; do
        run "$@" $specs
    done <"$list.batches"
}
ls tests/cases/*.cnn.yaml >"$tmp/all"
ls examples/[dr-s]*/*.cnn.yaml >"$tmp/examples"
grid=-O1
day=$(($(date +%s) / 86400))
if [ "${CASES:-}" = all ]; then
    grid=-O2
    cp "$tmp/all" "$tmp/gcc"
    cp "$tmp/all" "$tmp/clang"
    ls tests/cases/conv-direct*.cnn.yaml tests/cases/conv-winograd*.cnn.yaml >"$tmp/direct"
else
    awk -v h=$((day % 5)) 'NR % 5 == h' "$tmp/all" >"$tmp/gcc"
    awk -v h=$(((day + 1) % 10)) 'NR % 10 == h' "$tmp/all" >"$tmp/clang"
    : >"$tmp/direct"
fi
seed=${CASES_SEED:-$day}
echo "seed $seed (CASES_SEED=$seed repeats it)"
few="--tuning tests/cases/conv-planes.tuning"  # what small images are too small for, too
for spec in tests/cases/conv-planes-*.cnn.yaml; do
    if "$cnngen" --dump=plan $few "$spec" | grep '^     conv2d' |
        grep -v '^     conv2d_planes'; then
        bad "$spec: not by conv2d_planes: the tuning file doesn't know the layer"
    fi
done
takes() {  # takes KERNEL SPEC...: the cost model still gives it to one step of each at least
    kernel=$1
    shift
    for spec; do
        "$cnngen" --dump=plan "$spec" | grep -q "^     $kernel " || bad "$spec: no step by $kernel"
    done
}
takes conv2d_bands tests/cases/conv-bands-*.cnn.yaml
takes conv2d_winograd4 tests/cases/conv-winograd-groups*.cnn.yaml  # all their convolutions have groups
takes conv2d_winograd6 tests/cases/conv-winograd-groups*.cnn.yaml
[ "$("$cnngen" --dump=plan --target avx2 tests/cases/conv-direct-pairs.cnn.yaml | grep -c 'avx2 .* PAIRS=')" -ge 6 ] ||
    bad "conv-direct-pairs: fewer than 6 steps have rows in pairs"
takes pool2d_row tests/cases/pool-row-*.cnn.yaml
takes groupnorm_row tests/cases/elementwise-groupnorm-row.cnn.yaml
! "$cnngen" --dump=plan tests/cases/conv-direct-ends.cnn.yaml | grep ': copy$' ||
    bad "conv-direct-ends: an input is copied for its halo"
for spec in bands crowded edges rows strides wide; do  # units of conv2d_depthwise that are walked as one
    "$cnngen" -q -o "$tmp/run.c" "tests/cases/conv-depthwise-$spec.cnn.yaml" &&
        grep -q 'const int p0 = u % ' "$tmp/run.c" || bad "conv-depthwise-$spec: no band is one run"
done
"$cnngen" -q -o "$tmp/dots.c" tests/cases/conv-direct-dots.cnn.yaml
for channels in 1 2 3; do  # behind the last block
    grep -q "n < (rest ? $channels : 0)" "$tmp/dots.c" || bad "conv-direct-dots: $channels are no dot products"
done
batches "$tmp/examples" gcc -O2
batches "$tmp/gcc" gcc $grid --fill random,special --seed "$seed" $few
batches "$tmp/direct" clang -O1 --math precise
batches "$tmp/clang" clang -O1 --fill random,special --seed "$seed" $few
# The runtime's assembly, in the other syntax that gcc has.
[ "$(uname -m)" != x86_64 ] || run gcc "-O1 -masm=intel" tests/cases/conv-direct-ahead.cnn.yaml
finish
