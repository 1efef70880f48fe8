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
# Weights are asked for in time where they come from memory, and nowhere else.
asks() {  # SPECIFICATION INSTRUCTION WHETHER
    "$cnngen" -q --standalone --target avx512 -o asks.c "$root/tests/cases/$1.cnn.yaml" &&
        gcc -O2 -S -o asks.s asks.c
    seen=no
    ! grep -q "$2" asks.s || seen=yes
    verdict=FAILED
    [ $seen != "$3" ] || verdict=passed
    echo "$verdict  $1: $2 $seen"
}
# And all of them are, but those of kernel rows and columns outside of a small image.
most_are_asked() {
    "$cnngen" -q --standalone --target sse2 -o far.c -H asks.h "$root/tests/cases/conv-direct-ahead.cnn.yaml" &&
        sed 's/__builtin_prefetch(p, 0, 2)/asked(p)/' far.c >asks.c &&
        gcc -O1 -I. -o asked "$root/tests/contract/asked.c"
    percent=$(./asked)
    verdict=FAILED
    [ "${percent:-0}" -lt 75 ] || verdict=passed
    echo "$verdict  conv-direct-ahead: $percent % of the weights are asked for"
}
# Few stores of a tile follow one another (AVX2, few steps).
stores_are_apart() {  # COMPILER CHANNELS CONVOLUTION
    command -v "$1" >/dev/null || return 0
    printf '%s\n' 'cnngen: 1' 'weights: random' 'layers:' "  - {type: Input, shape: [24, 24, $2]}" \
        "  - {type: Conv2D, $3}" >few.yaml
    "$cnngen" -q --standalone --target avx2 -o few.c few.yaml && "$1" -O2 -S -o few.s few.c
    found=$(awk '/^[A-Za-z_].*:/ { inside = /avx2/ }
        inside && /vmov[ua]ps[ \t]+%ymm[0-9]+, *[-0-9]*\(/ { stores++; row += was; was = 1; next }
        /^[ \t]+[a-z]/ { was = 0 }
        END { print stores + 0, row + 0 }' few.s)
    verdict=FAILED
    [ "${found%% *}" -lt 12 ] || [ "${found##* }" -gt 2 ] || verdict=passed
    echo "$verdict  $1, $2 channels, $3: of ${found%% *} stores ${found##* } follow another"
}
{
    for compiler in gcc clang; do
        stores_are_apart "$compiler" 16 'filters: 16, kernel_size: 1'
        stores_are_apart "$compiler" 3 'filters: 16, kernel_size: 3'
    done
    most_are_asked
    asks conv-winograd-far prefetcht0 yes
    asks conv-winograd-fused prefetcht0 no
    asks conv-direct-ahead prefetcht1 yes
    asks conv-direct-strides prefetcht1 no
    count gcc sse2 avx2 avx512
    count clang sse2 avx2 avx512
    count aarch64-linux-gnu-gcc neon
} >log 2>&1
grep -v '^passed' log
failed=$(grep -c '^FAILED' log)
echo "$(grep -c '^passed' log) passed, $failed failed"
[ "$failed" -eq 0 ]
