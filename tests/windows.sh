#!/bin/sh
# Networks as programs for Windows, by MinGW's gcc, run by Wine: each passes its self-test on every
# instruction set, with OpenMP, without optimisation, and with weights of each kind, of which those
# of asm are linked as COFF.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'WINEPREFIX=$tmp/wine /usr/lib/wine/wineserver64 -k 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
cd "$tmp" || exit 2
cc=x86_64-w64-mingw32-gcc
wine=/usr/lib/wine/wine64
for tool in $cc $wine; do
    command -v $tool >/dev/null || { echo "skip: no $tool"; echo "0 passed, 0 failed"; exit 0; }
done
export WINEPREFIX="$tmp/wine" WINEDEBUG=-all
passed=0 failed=0
settle() {  # settle STATUS WHAT
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL: $2: status $1"
        head -n 5 log
    fi
}

# ---- networks, one after the other in one program ------------------------------------------------

strict="-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror"
{
    echo '#include <stdio.h>'
    n=0
    for spec in "$root"/tests/golden/*.cnn.yaml "$root"/tests/cases/conv-*-fused.cnn.yaml \
        "$root"/tests/cases/dense-*.cnn.yaml; do
        "$cnngen" -q --standalone --selftest --prefix p$n "$spec" -o p$n.c || exit
        echo "#include \"p$n.h\""
        n=$((n + 1))
    done
    cat <<'END'
static union { double align; unsigned char bytes[8 << 20]; } memory;
static int failed;
#define TRY(selftest, needs) \
    do { \
        const int status = needs <= sizeof memory - 64 ? (int)selftest(arena, needs) : 99; \
        if (status) \
            printf(#selftest ": status %d\n", status), failed = 1; \
    } while (0)
int main(void)
{
    unsigned char *arena = memory.bytes + (64 - (size_t)memory.bytes % 64) % 64;
END
    for i in $(seq 0 $((n - 1))); do echo "    TRY(p${i}_selftest, P${i}_SELFTEST_BYTES);"; done
    echo '    return failed;'
    echo '}'
} >all.c
cp "$($cc -print-file-name=libgomp-1.dll)" "$($cc -print-file-name=libgcc_s_seh-1.dll)" . 2>log
cp /usr/x86_64-w64-mingw32/lib/*pthread*.dll . 2>log || :

try() {  # try WHAT OPTION...
    what=$1
    shift
    mkdir -p objects
    printf '%s\n' p*.c all.c | xargs -P 2 -I FILE $cc "$@" -c FILE -o objects/FILE.o >log 2>&1
    settle $? "$what: compiling"
    $cc "$@" objects/*.o -o all.exe >log 2>&1 && $wine all.exe >log 2>&1
    settle $? "$what: running"
    rm -r objects
}
without() { for i in $(seq 0 $((n - 1))); do printf -- '-DP%s_NO_%s ' "$i" "$1"; done; }
n=$(find . -name 'p*.h' | wc -l)
# shellcheck disable=SC2086,SC2046
{
    try 'as it is' $strict -O2
    try 'without AVX-512' -O2 $(without AVX512)
    try 'SSE2' -O1 $(without AVX512) $(without AVX2)
    try 'with OpenMP' -O2 -fopenmp
    try 'without optimisation' -O0
}

# ---- weights -------------------------------------------------------------------------------------

cat >digits.c <<'END'
#include <stdio.h>
#include "net.h"
#ifdef FILE_OF_WEIGHTS
#include "cnn_file.h"
static union { double align[2]; unsigned char bytes[NET_WEIGHT_BYTES + 4096]; } file;
#endif
static union { double align; unsigned char bytes[NET_SELFTEST_BYTES + 64]; } memory;
int main(void)
{
    void *arena = memory.bytes + (64 - (size_t)memory.bytes % 64) % 64;
#ifdef FILE_OF_WEIGHTS
    struct cnn_weights w;
    int status = cnn_weights_open(&w, "net.weights", NET_WEIGHTS_ID, file.bytes, sizeof file);
    if (status == 0)
        status = net_selftest(w.data, w.bytes, arena, NET_SELFTEST_BYTES);
    cnn_weights_close(&w);
#else
    int status = net_selftest(arena, NET_SELFTEST_BYTES);
#endif
    printf("status %d\n", status);
    return status != 0;
}
END
for kind in array string asm bin; do
    with=
    [ $kind != bin ] || with="-DFILE_OF_WEIGHTS $root/runtime/cnn_file.c"
    "$cnngen" -q --selftest --weights $kind --prefix net "$root/examples/digits/digits.cnn.yaml" \
        -o net.c >log 2>&1
    settle $? "weights of $kind"
    # shellcheck disable=SC2086
    $cc -O2 -I"$root/runtime" digits.c net.c "$root/runtime/cnn_rt.c" $with -o net.exe >log \
        2>&1 && $wine net.exe >log 2>&1
    settle $? "weights of $kind: running"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
