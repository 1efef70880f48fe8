#!/bin/sh
# WebAssembly with SIMD128 in node: against the reference, on random and special inputs; and with
# --math=strict the bits of this machine's scalar code.
. "$(dirname "$0")/lib.sh"
cd "$root" || exit 2
wasm() {  # wasm OPTION... SPEC...
    "$cnngen" verify -q --target wasm --cc clang --cflags "--target=wasm32-wasi -msimd128 -O1" \
        --run "node --no-warnings $PWD/tests/wasm.mjs" "$@" 2>&1 | grep -v 'has no OpenMP'
}
cases=$(ls tests/cases/*.cnn.yaml | awk 'NR % 20 == 0')
wasm --fill random,special $cases examples/digits/*.cnn.yaml examples/residual/*.cnn.yaml \
    >"$tmp/out"
add_counts "$tmp/out"
# SIMD code is what ran.
wasm examples/digits/*.cnn.yaml >"$tmp/table"
if grep -q 'kernel  *scalar  *wasm' "$tmp/table"; then ok; else
    bad "SIMD code isn't what ran"
    cat "$tmp/table"
fi
bits() { sed -n 's/^passed  \(.*\): .*, bits \([0-9a-f]*\)$/\1 \2/p' "$1"; }
wasm --math strict $cases >"$tmp/strict"
add_counts "$tmp/strict"
"$cnngen" verify -q --target scalar --math strict --cflags -O1 $cases >"$tmp/here"
bits "$tmp/strict" >"$tmp/bits"
if bits "$tmp/here" | diff - "$tmp/bits" && [ -s "$tmp/bits" ]; then ok; else bad 'other bits'; fi
finish
