#!/bin/sh
# The specifications of tests/cases and the examples, step by step against the reference, on every
# instruction set of this machine: the examples and half of the cases compiled by gcc -O2, the other half by
# clang -O1, and the halves change places every day (CASES=all: both compilers for all).
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
cd "$(dirname "$0")/.." || exit 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
run() {
    out=$("$cnngen" verify -q "$@" 2>&1)
    status=$?
    line=$(echo "$out" | grep -E '^[0-9]+ passed, [0-9]+ failed' | tail -n 1)
    p=$(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
    f=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed.*/\1/p')
    passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
    if [ $status -ne 0 ]; then
        echo "$out"
        [ "${f:-0}" -gt 0 ] || failed=$((failed + 1))
    fi
}
batches() {  # batches LIST OPTIONS: 24 models for one call
    xargs -n 24 echo <"$1" >"$1.batches"
    list=$1
    shift
    while read -r specs; do
        run "$@" $specs
    done <"$list.batches"
}
ls tests/cases/*.cnn.yaml >"$tmp/all"
ls examples/[dr-s]*/*.cnn.yaml >"$tmp/gcc"
half=$(($(date +%s) / 86400 % 2))
if [ "${CASES:-}" = all ]; then
    cat "$tmp/all" >>"$tmp/gcc"
    cp "$tmp/all" "$tmp/clang"
else
    awk -v h=$half 'NR % 2 == h' "$tmp/all" >>"$tmp/gcc"
    awk -v h=$half 'NR % 2 != h' "$tmp/all" >"$tmp/clang"
fi
# What Winograd's kernels take by default, convolved directly.
ls tests/cases/conv-direct*.cnn.yaml tests/cases/conv-winograd*.cnn.yaml >"$tmp/direct"
batches "$tmp/gcc" --cc gcc
batches "$tmp/direct" --cc gcc --cflags -O1 --math precise
batches "$tmp/clang" --cc clang --cflags -O1
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
