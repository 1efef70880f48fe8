#!/bin/sh
# WebAssembly with SIMD128 in node: against the reference, on random and special inputs; and with
# --math=strict the bits of this machine's scalar code.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
cd "$(dirname "$0")/.." || exit 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
wasm() {  # wasm OPTION... SPEC...
    "$cnngen" verify -q --target wasm --cc clang --cflags "--target=wasm32-wasi -msimd128 -O1" \
        --run "node --no-warnings $PWD/tests/wasm.mjs" "$@" 2>&1 | grep -v 'has no OpenMP'
}
count() {
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
    passed=$((passed + $(echo "${line:-0 passed}" | sed -n 's/^\([0-9]*\) passed.*/\1/p')))
    f=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed.*/\1/p')
    failed=$((failed + ${f:-1}))
    [ "${f:-1}" -eq 0 ] || cat "$1"
}
cases=$(ls tests/cases/*.cnn.yaml | awk 'NR % 20 == 0')
wasm --fill random,special $cases examples/digits/*.cnn.yaml examples/residual/*.cnn.yaml >"$tmp/out"
count "$tmp/out"
# SIMD code is what ran.
wasm examples/digits/*.cnn.yaml >"$tmp/table"
if grep -q 'kernel  *scalar  *wasm' "$tmp/table"; then passed=$((passed + 1)); else
    cat "$tmp/table" && failed=$((failed + 1))
fi
bits() { sed -n 's/^passed  \(.*\): .*, bits \([0-9a-f]*\)$/\1 \2/p' "$1"; }
wasm --math strict $cases >"$tmp/strict"
count "$tmp/strict"
"$cnngen" verify -q --target scalar --math strict --cflags -O1 $cases >"$tmp/here"
bits "$tmp/strict" >"$tmp/bits"
if bits "$tmp/here" | diff - "$tmp/bits" && [ -s "$tmp/bits" ]; then passed=$((passed + 1)); else
    failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
