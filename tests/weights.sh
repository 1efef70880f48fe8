#!/bin/sh
# The ways of storing weights (--weights): each computes the same, warning-free from C99 and C++11, and what is not
# the program's own weights file is refused.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
# does WHAT COMMAND...: must succeed
does() {
    what=$1
    shift
    if out=$("$@" 2>&1); then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED  $what: $out"
    fi
}
refuses() { what=$1; shift; if "$@" >/dev/null 2>&1; then does "$what" false; else does "$what" true; fi; }
cp "$root"/tests/weights/* "$tmp"
cd "$tmp" || exit 2
strict="-O1 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wdouble-promotion -Werror -c -o /dev/null"
for way in array string asm bin; do
    does "$way: verify" "$cnngen" verify -q --weights $way --selftest --cflags -O1 net.cnn.yaml
    does "$way: generate" "$cnngen" -q --standalone --selftest --weights $way -o net_$way.c net.cnn.yaml
    does "$way: gcc" gcc -std=c99 $strict net_$way.c
    does "$way: clang" clang -std=c11 -fopenmp $strict net_$way.c
    does "$way: g++" g++ -x c++ -std=c++11 -fopenmp $strict net_$way.c
done
does 'asm: bench' "$cnngen" bench -q --seconds 0.01 --threads 1 --weights asm --cflags -O1 net.cnn.yaml
does 'bin: bench' "$cnngen" bench -q --seconds 0.01 --threads 1 --weights bin --cflags -O1 net.cnn.yaml
refuses 'bin to standard output' "$cnngen" -q --weights bin -o - net.cnn.yaml

"$cnngen" -q --standalone --max-threads 1 --target scalar -o one.c "$root/examples/digits/digits.cnn.yaml"
does 'one thread' gcc -std=c99 -fopenmp -O0 -Wall -Werror -c -o /dev/null one.c

# ---- an arena of the program's own
"$cnngen" -q --standalone --static-arena -o net.c net.cnn.yaml
does 'static arena: strict' gcc -std=c99 -fopenmp $strict net.c
does 'static arena: C++' clang++ -x c++ -std=c++11 $strict net.c
does 'static arena: compile' gcc -fopenmp -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -o static static.c net.c
does 'static arena: the same' ./static
"$cnngen" -q --standalone --static-arena --selftest --weights bin -o net.c net.cnn.yaml
does 'static arena: weights given' gcc -std=c99 $strict net.c
does 'static arena: and said so' grep -q 'net_run_static(const float \*input, float \*output, const void \*weights);' net.h
refuses 'static arena: verify runs in arenas of its own' "$cnngen" verify -q --static-arena net.cnn.yaml

# ---- bin: other weights without another program; anything else is refused
"$cnngen" -q --standalone --weights bin -o net.c net.cnn.yaml
mkdir other
sed 's/random: 1/random: 2/' net.cnn.yaml >other/net.cnn.yaml
(cd other && "$cnngen" -q --standalone --weights bin -o net.c net.cnn.yaml)
does 'the program is the same for other weights' cmp net.c other/net.c
refuses 'but the weights are not' cmp net.weights other/net.weights
(cd other && sed 's/filters: 9/filters: 7/' ../net.cnn.yaml >narrow.cnn.yaml &&
    "$cnngen" -q --weights bin -o narrow.c narrow.cnn.yaml)
does 'a program that reads weights' gcc -O1 -Wall -Wextra -Werror -o load load.c net.c
does 'its own' ./load net.weights 0
does 'other weights' ./load other/net.weights 0
does 'another network' ./load other/narrow.weights -7
head -c 1000 net.weights >cut
does 'cut short' ./load cut -6
cat net.weights cut >long
does 'too long' ./load long -6
head -c 63 net.weights >head
does 'not even a head' ./load head -6
does 'no weights at all' ./load net.c -5
{ head -c 900 net.weights; printf '\377'; tail -c +902 net.weights; } >damaged
does 'damaged' ./load damaged -8

# ---- asm: a file of another time is refused by the program
"$cnngen" -q --standalone --weights asm -o net.c net.cnn.yaml
does 'asm: compile' gcc -O1 -Wall -Wextra -Werror -o run run.c net.c
does 'asm: its own' ./run 0
cp other/net.weights net.weights
does 'asm: compile stale weights' gcc -O1 -o run run.c net.c
does 'asm: stale' ./run -7
head -c 1000 other/net.weights >net.weights
does 'asm: compile cut weights' clang -O1 -o run run.c net.c
does 'asm: cut' ./run -6
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
