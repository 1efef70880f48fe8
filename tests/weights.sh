#!/bin/sh
# The ways of storing weights (--weights): each computes the same, warning-free from C99 and C++11,
# and what is not the program's own weights file is refused.
. "$(dirname "$0")/lib.sh"
refuses() {
    what=$1
    shift
    if "$@" >/dev/null 2>&1; then bad "$what"; else ok; fi
}
cp "$root"/tests/weights/* "$tmp"
cd "$tmp" || exit 2
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wdouble-promotion -Werror"
strict="-O1 $warnings -c -o /dev/null"
for way in array string asm bin; do
    does "$way: verify" "$cnngen" verify -q --weights $way --selftest --cflags -O1 net.cnn.yaml
    does "$way: generate" "$cnngen" \
        -q --standalone --target sse2,neon --selftest --weights $way -o net_$way.c net.cnn.yaml
    does "$way: gcc" gcc -std=c99 -fsyntax-only $warnings net_$way.c
    does "$way: clang" clang -std=c11 -fopenmp -fsyntax-only $warnings net_$way.c
    does "$way: g++" g++ -x c++ -std=c++11 -fopenmp -fsyntax-only $warnings net_$way.c
done
does 'asm: bench' "$cnngen" bench -q --seconds 0.01 --threads 1 --weights asm \
    --cflags -O1 net.cnn.yaml
does 'bin: bench' "$cnngen" bench -q --seconds 0.01 --threads 1 --weights bin \
    --cflags -O1 net.cnn.yaml
refuses 'bin to standard output' "$cnngen" -q --weights bin -o - net.cnn.yaml

"$cnngen" -q --standalone --max-threads 1 --target scalar -o one.c \
    "$root/examples/digits/digits.cnn.yaml"
does 'one thread' gcc -std=c99 -fopenmp -O0 -Wall -Werror -c -o /dev/null one.c

# ---- memory: weights and their packed copy, 36 MB each, not the 100 MB of C text or the file beside
printf 'cnngen: 1\nweights: {random: 1}\nlayers:\n  - {type: Input, shape: [3000]}\n  - {type: Dense, units: 3000}\n' \
    >dense.cnn.yaml
for way in 'auto' 'auto --split-weights' asm bin; do
    does "$way: memory" \
        sh -c 'ulimit -v 108000 && exec "$0" "$@"' "$cnngen" -q --weights $way -o large.c dense.cnn.yaml
    does "$way: all of the weights" [ "$(cat large* | wc -c)" -gt 36000000 ]
    rm -f large*
done

# ---- an arena of the program's own
"$cnngen" -q --standalone --target sse2,neon --static-arena -o net.c net.cnn.yaml
does 'static arena: strict' gcc -std=c99 -fopenmp -fsyntax-only $warnings net.c
does 'static arena: C++' clang++ -x c++ -std=c++11 -fsyntax-only $warnings net.c
does 'static arena: compile' gcc -fopenmp -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
    -o static static.c net.c
does 'static arena: the same' ./static
"$cnngen" -q --standalone --target sse2,neon --static-arena --selftest --weights bin -o net.c \
    net.cnn.yaml
does 'static arena: weights given' gcc -std=c99 $strict net.c
does 'static arena: and said so' grep \
    -q 'net_run_static(const float \*input, float \*output, const void \*weights, size_t weight_bytes);' net.h
refuses 'static arena: verify runs in arenas of its own' \
    "$cnngen" verify -q --static-arena net.cnn.yaml

# ---- bin: other weights without another program; anything else is refused
"$cnngen" -q --standalone --target sse2,neon --weights bin -o net.c net.cnn.yaml
mkdir other
sed 's/random: 1/random: 2/' net.cnn.yaml >other/net.cnn.yaml
(cd other && "$cnngen" -q --standalone --target sse2,neon --weights bin -o net.c net.cnn.yaml)
does 'the program is the same for other weights' cmp net.c other/net.c
refuses 'but the weights are not' cmp net.weights other/net.weights
(cd other && sed 's/filters: 9/filters: 7/' ../net.cnn.yaml >narrow.cnn.yaml &&
    "$cnngen" -q --weights bin -o narrow.c narrow.cnn.yaml)
does 'a program that reads weights' gcc -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
    -I "$root/runtime" -o load load.c net.c "$root/runtime/cnn_file.c"
does 'the same without mmap, and as C++' \
    g++ -x c++ -std=c++11 -U__unix__ -I "$root/runtime" $strict "$root/runtime/cnn_file.c"
does 'its own' ./load net.weights 0
does 'other weights' ./load other/net.weights 0
does 'another network' ./load other/narrow.weights -24
head -c 1000 net.weights >cut
does 'cut short' ./load cut -22
cat net.weights cut >long
does 'too long' ./load long -23
head -c 63 net.weights >head
does 'not even a head' ./load head -22
: >nothing
does 'an empty file' ./load nothing -22
does 'no weights at all' ./load net.c -20
{ printf 'CNNGENW2'; tail -c +9 net.weights; } >later
does 'another version of the format' ./load later -21
{ head -c 900 net.weights; printf '\377'; tail -c +902 net.weights; } >damaged
does 'damaged' ./load damaged -25
does 'no file' ./load none -27
printf '#include "cnn_file.h"\nint main(int c, char **v) { struct cnn_weights w; (void)c;
    return cnn_weights_open(&w, v[1], 1, 0, 0) != CNN_WEIGHTS_READ; }\n' >odd.c
mkfifo fifo
does 'what is no file: compile' gcc -I "$root/runtime" -o odd odd.c "$root/runtime/cnn_file.c"
does 'a folder' ./odd .
does 'a FIFO that nobody writes to' timeout 10 ./odd fifo
printf '#include "cnn_file.h"\n#include "net.h"\nint same[(NET_ERR_WEIGHTS_FORMAT == CNN_WEIGHTS_FORMAT &&
    NET_ERR_WEIGHTS_VERSION == CNN_WEIGHTS_VERSION && NET_ERR_WEIGHTS_SHORT == CNN_WEIGHTS_SHORT &&
    NET_ERR_WEIGHTS_SIZE == CNN_WEIGHTS_SIZE && NET_ERR_WEIGHTS_MODEL == CNN_WEIGHTS_MODEL &&
    NET_ERR_WEIGHTS_HASH == CNN_WEIGHTS_HASH && NET_ERR_WEIGHTS_ALIGN == CNN_WEIGHTS_ALIGN &&
    NET_WEIGHTS_ALIGN == CNN_WEIGHTS_ALIGNMENT) ? 1 : -1];\n' >same.c
does 'the numbers of the runtime and of the program are the same' \
    gcc -I "$root/runtime" -c -o /dev/null same.c

# ---- asm: a file of another time is refused by the program
"$cnngen" -q --standalone --target sse2,neon --weights asm -o net.c net.cnn.yaml
does 'asm: compile' gcc -O1 -Wall -Wextra -Werror -o run run.c net.c
does 'asm: its own' ./run 0
mv net.weights own
cp other/net.weights net.weights
does 'asm: compile stale weights' gcc -O1 -o run run.c net.c
does 'asm: stale' ./run -24
head -c 1000 own >net.weights
does 'asm: compile cut weights' clang -O1 -o run run.c net.c
does 'asm: cut' ./run -22

# ---- asm: every format of object files
"$cnngen" -q --standalone --target sse2,neon --split-weights --weights asm -o net.c net.cnn.yaml
for system in x86_64-apple-macos11:_net arm64-apple-macos11:_net x86_64-windows-gnu:net \
    i686-windows-gnu:_net \
    aarch64-linux-gnu:net riscv64-linux-gnu:net thumbv7em-none-eabi:net; do
    object="clang -target ${system%:*} -ffreestanding $strict"
    does "asm: ${system%:*}" ${object% -o /dev/null} -o net.o net_weights.c
    does "asm: ${system%:*}: names" \
        [ "$(llvm-nm net.o | grep -c " ${system#*:}_weights_\(data\|size\)\$")" = 2 ]
    at=$(LC_ALL=C grep -obUa -m 1 CNNGENW1 net.o | head -n 1 | cut -d : -f 1)
    tail -c +$((at + 1)) net.o >contents
    does "asm: ${system%:*}: contents" cmp -n "$(wc -c <net.weights)" contents net.weights
    size=$(tail -c +$((1 + ($(wc -c <net.weights) + 7) / 8 * 8)) contents | od -An -tu4 -N4 |
        tr -d ' ')
    does "asm: ${system%:*}: size" [ "$size" = "$(wc -c <net.weights)" ]
done
mkdir stub
printf '#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t);\nvoid *memset(void *, int, size_t);\n' >stub/string.h
"$cnngen" -q --standalone --target sse2,neon --weights asm -o whole.c net.cnn.yaml
for system in x86_64-apple-macos11:_net arm64-apple-macos11:_net x86_64-windows-gnu:net \
    aarch64-windows-gnu:net; do
    object="clang -target ${system%:*} -ffreestanding -Istub $strict"
    does "asm: ${system%:*}: the whole program" ${object% -o /dev/null} -o whole.o whole.c
    does "asm: ${system%:*}: finds its weights" \
        [ "$(llvm-nm whole.o | grep -c " [RS] ${system#*:}_weights_\(data\|size\)\$")" = 2 ]
done
refuses 'asm: a system without any of them' \
    clang -target wasm32 -ffreestanding -c -o /dev/null net_weights.c
does 'asm: and says so' sh -c 'clang -target wasm32 -ffreestanding -c -o /dev/null net_weights.c 2>&1 |
    grep -q "error: \"the weights of net need gcc or clang, and ELF, Mach-O or COFF"'

# ---- --split-weights: the same program from two files, which fit each other or don't link
"$cnngen" -q --standalone --target scalar --weights array -o net.c net.cnn.yaml
for way in auto array string asm; do
    rm -f split_weights.c
    does "split, $way: generate" "$cnngen" -q --standalone --split-weights --prefix net_split \
        --target scalar --weights $way \
        -o split.c net.cnn.yaml
    mv split.c code.c
    for compiler in 'gcc -std=c99' 'clang -std=c99' 'g++ -x c++ -std=c++11'; do
        does "split, $way: $compiler, the code" $compiler $strict -fsyntax-only code.c
        does "split, $way: $compiler, the weights" $compiler $strict split_weights.c
    done
    cp "$root/tests/weights/split.c" .
    does "split, $way: link" gcc -O1 -o split split.c code.c split_weights.c net.c
    does "split, $way: the same" ./split
done
does 'split, C++: compile' g++ -O1 -c -x c++ code.c
does 'split, C++: and the weights' g++ -O1 -c -x c++ split_weights.c
does 'split, C++: one with the other' gcc -O1 -o split split.c code.o split_weights.o net.c
"$cnngen" -q --standalone --split-weights --target scalar -o split.c other/net.cnn.yaml
cp split.c code.c
"$cnngen" -q --standalone --split-weights --target scalar -o split.c net.cnn.yaml
does 'split: the code is the same for other weights' cmp split.c code.c
"$cnngen" -q --standalone --split-weights --prefix net --target scalar --math strict -o split.c \
    -H strict.h net.cnn.yaml
mv split.c code.c
cp split_weights.c strict_weights.c
"$cnngen" -q --standalone --split-weights --prefix net --target scalar -o split.c net.cnn.yaml
refuses 'split: weights of another program do not link' \
    gcc -O0 -shared -fPIC -Wl,-z,defs -o none code.c split_weights.c
does 'split: its own do' gcc -O0 -shared -fPIC -Wl,-z,defs -o none code.c strict_weights.c
does 'split: nothing else is seen from outside' [ -z "$(nm -D --defined-only none | grep _w)" ]
printf 'cnngen: 1\nlayers:\n  - {type: Input, shape: [9, 7, 5]}\n  - MaxPooling2D\n' >pool.cnn.yaml
for way in auto asm; do
    does "split, $way: a network without weights" \
        "$cnngen" -q --standalone --target sse2,neon --split-weights --weights $way pool.cnn.yaml
    does "split, $way: compiles" gcc -std=c99 $strict pool_weights.c
done
finish
