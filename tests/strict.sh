#!/bin/sh
# Everything emitted compiles without a warning under the strict set: gcc and clang, four C standards, C++11,
# with and without OpenMP, with the runtime linked and with it inside; and the header is C++.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2
strict="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wdouble-promotion -Werror -I$root/runtime"
passed=0 failed=0
try() {
    if "$@" 2>"$tmp/err"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$*"
        head -n 20 "$tmp/err"
    fi
}
n=0
for spec in "$root"/examples/[dr-s]*/*.cnn.yaml "$root"/tests/golden/*.cnn.yaml "$root"/tests/cases/*.cnn.yaml; do
    n=$((n + 1))
    standalone=$([ $((n % 2)) = 0 ] || echo --standalone)
    "$cnngen" -q $standalone --selftest "$spec" -o m.c || { failed=$((failed + 1)); continue; }
    # every file with every compiler once, standards and OpenMP in rotation; the first four with all
    case $((n % 4)) in 0) std=c99 ;; 1) std=gnu17 ;; 2) std=c11 ;; 3) std=gnu99 ;; esac
    omp=$([ $((n % 3)) = 0 ] || echo -fopenmp)
    try gcc -std=$std $omp $strict -O2 -c m.c -o m.o
    try clang -std=$std $omp $strict -O1 -c m.c -o m.o
    try aarch64-linux-gnu-gcc -std=$std $strict -O1 -c m.c -o m.o
    try g++ -std=c++11 $omp $strict -O1 -x c++ -c m.c -o m.o
    if [ $n -le 4 ]; then
        for std in c99 gnu99 c11 gnu17; do
            for omp in "" -fopenmp; do
                try gcc -std=$std $omp $strict -O1 -c m.c -o m.o
                try clang -std=$std $omp $strict -fsyntax-only m.c
            done
        done
        try clang++ -std=c++11 -fopenmp $strict -fsyntax-only -x c++ m.c
        printf '#include "m.h"\nint main() { return 0; }\n' >user.cc
        try g++ -std=c++11 $strict -c user.cc -o user.o
        try clang++ -std=c++20 $strict -c user.cc -o user.o
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
