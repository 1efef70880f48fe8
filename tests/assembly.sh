#!/bin/sh
# Performance without a clock: the inner loops of the kernels, counted in the compilers' assembly.
# As many multiplications as the tile has registers, and no vector goes to the stack and back.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp "$root/tests/contract/kernels.cnn.yaml" "$tmp"
cd "$tmp" || exit 2
"$cnngen" -q --standalone -o k.c kernels.cnn.yaml || exit 2
"$cnngen" -q --dump plan kernels.cnn.yaml >plan || exit 2
count() {  # COMPILER ISA...
    cc=$1 name=${1#aarch64-linux-gnu-}
    shift
    if ! command -v "$cc" >/dev/null; then
        echo "skip: no $cc"
        return
    fi
    "$cc" -O2 -S -o "$cc.s" k.c || echo "FAILED  $cc"
    for isa; do
        python3 "$root/tests/contract/loops.py" k.c plan "$isa" "$cc.s" "$name $isa" ||
            echo "FAILED  $cc $isa"
    done
}
{
    count gcc sse2 avx2 avx512
    count clang sse2 avx2 avx512
    count aarch64-linux-gnu-gcc neon
} >log 2>&1
grep -v '^passed' log
failed=$(grep -c '^FAILED' log)
echo "$(grep -c '^passed' log) passed, $failed failed"
[ "$failed" -eq 0 ]
