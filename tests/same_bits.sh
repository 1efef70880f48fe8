#!/bin/sh
# --math=strict: the same bits of every step and output, whatever the compiler, its options, the
# instruction set, the machine (its order of bytes too) and the number of threads. Each call of
# verify compares the instruction sets and threads of its machine with each other and prints a hash
# for each network; here the hashes of all calls are compared with those of the first. A tenth of
# the cases takes random inputs, another NaN, infinities and zeros of both signs, other ones every
# day. Of the calls for this machine each sees two instruction sets, and all of them together every
# one (CASES=all: each sees all, of all cases).
. "$(dirname "$0")/lib.sh"
seed=${SAME_BITS_SEED:-$(($(date +%s) / 86400))}
. "$root/tests/targets.sh"
cc -O1 -o "$tmp/random_spec" "$root"/tests/differential/*.c || exit 2
for i in $(seq "${SAME_BITS_COUNT:-4}"); do
    "$tmp/random_spec" $((seed * 1000 + i)) >"$tmp/r$i.cnn.yaml"
done
cd "$root/tests/cases" || exit 2
ls conv-depthwise-fused* conv-direct-empty* conv-direct-ends* conv-direct-fused* conv-direct-padding* conv-direct-pairs* conv-dot-fused* conv-dot-kernels* \
    conv-grouped-* conv-planes-fused* conv-planes-kernels* conv-row-kernels* conv-transpose-few* conv-transpose-fused* dense-rows* elementwise-activations.* elementwise-affine-bytes* \
    elementwise-affine-channels.* elementwise-binary-many* elementwise-groupnorm* elementwise-layernorm* elementwise-lrn* \
    elementwise-prelu-channels* elementwise-rmsnorm* elementwise-softmax-slices* \
    elementwise-upsample-bilinear* cum-sum* elementwise-softmax-axis* matmul* pool-average* pool-global* pool-slices* \
    conv-bands-crowded* pool-row-slices* \
    reduce* resize-* >"$tmp/cases"
tenth() {  # tenth N: these are not the neighbours of those of N + 1: such are alike
    if [ "${CASES:-}" = all ]; then
        cat "$tmp/cases"
    else
        awk -v h=$(((seed + 5 * $1) % 10)) 'NR % 10 == h' "$tmp/cases"
    fi
}
echo "seed $seed (SAME_BITS_SEED=$seed repeats it)"
# run FILL COMPILER OPTIONS EMULATOR [SETS]: hashes into a file, compared with those of the first
# call of the fill
run() {
    if ! command -v "$2" >/dev/null; then
        echo "skip: no $2"
        return
    fi
    "$cnngen" verify -q --math strict --weights array --fill "$1" --seed "$seed" --cc "$2" \
        --cflags "$3" \
        --tuning conv-planes.tuning \
        ${4:+--run "$4"} ${5:-} $cases "$tmp"/*.cnn.yaml >"$tmp/out" 2>&1
    sed -n 's/^passed  \(.*\): .*, bits \([0-9a-f]*\)$/\1 \2/p' "$tmp/out" >"$tmp/bits"
    grep -v -e '^passed ' -e 'passed, .* failed$' "$tmp/out"
    [ -f "$tmp/first.$1" ] || cp "$tmp/bits" "$tmp/first.$1"
    p=$(grep -c -x -F -f "$tmp/first.$1" "$tmp/bits")
    f=$(($(echo $cases "$tmp"/*.cnn.yaml | wc -w) - p))
    if [ "$f" -gt 0 ]; then
        echo "$2 $3, $1 values: other bits, or none at all, of $f networks:"
        diff "$tmp/first.$1" "$tmp/bits"
    fi
    passed=$((passed + p)) failed=$((failed + f))
}
arm="qemu-aarch64 -L /usr/aarch64-linux-gnu"
s390="qemu-s390x -L /usr/s390x-linux-gnu"
cases=$(tenth 0)
run random gcc -O2 "" "$(some_targets 0)"
run random gcc "-O3 -march=native" "" "$(some_targets 1)"
run random clang "-O1 -march=native" "" "$(some_targets 0)"
run random aarch64-linux-gnu-gcc "-O2 -ffp-contract=fast" "$arm"
run random s390x-linux-gnu-gcc "-O2 -march=z13" "$s390"
rm "$tmp"/r[2-9]*.cnn.yaml
cases=$(tenth 1)
run special gcc "-O3 -march=native" "" "$(some_targets 0)"
run special aarch64-linux-gnu-gcc -O1 "$arm"
run special s390x-linux-gnu-gcc -O1 "$s390"
# Helpers exist once in a file: programs of both kinds in one must not compile.
cd "$tmp" || exit 2
"$cnngen" -q --standalone -o a.c r1.cnn.yaml &&
    "$cnngen" -q --standalone --math strict -o b.c r1.cnn.yaml
printf '#include "a.c"\n#include "b.c"\n' >both.c
if cc -fsyntax-only both.c 2>&1 | grep -q 'strict and others'; then
    ok
else
    bad "a strict program and another were compiled as one"
fi
finish
