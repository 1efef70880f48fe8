#!/bin/sh
# Everything emitted compiles without a warning under the strict set, by gcc and clang, as C99, C11,
# C17 and C++11, with and without OpenMP, with the runtime linked and with it inside, for AArch64
# too; the header is C++. The goldens see every combination, and the optimisers of three compilers;
# of the others a sixth, another one every day, is read, not optimised, in one each in rotation
# (STRICT=all: all of all, optimised), for cases.sh compiles and optimises under the same warnings.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2
cat >try.sh <<END
# try.sh COMPILER...: one line of verdict, and what the compiler says
if "\$@" -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wdouble-promotion -Werror \\
    -I$root/runtime -c -o /dev/null 2>err.\$\$; then
    echo passed
else
    echo "failed \$*"
    head -n 20 err.\$\$
fi
rm -f err.\$\$
END

# Optimisers tell gcc of more; clang says all it has to say when it reads.
every="gcc -std=c99 -O2|gcc -std=gnu99 -fopenmp -O1|gcc -std=c11 -fopenmp -O2|gcc -std=gnu17 -O1\
|clang -std=c99 -fopenmp -fsyntax-only|clang -std=gnu99 -fsyntax-only|clang -std=c11 -fsyntax-only\
|clang -std=gnu17 -fopenmp -fsyntax-only|aarch64-linux-gnu-gcc -std=c99 -O1\
|g++ -std=c++11 -fopenmp -O1 -x c++|clang++ -std=c++11 -fsyntax-only -x c++"
variants() {  # variants SPEC-NUMBER: which of them to try
    if [ "${STRICT:-}" = all ]; then
        echo "$every" | tr '|' '\n'
    elif [ "$1" -le 3 ]; then  # one standard of C suffices to optimise: -fopenmp is in cases.sh
        echo "$every" | tr '|' '\n' | sed '/^gcc/{/c99 -O2/!s/$/ -fsyntax-only/}'
    else
        echo "$every" | tr '|' '\n' | awk -v n="$1" 'NR - 1 == n % 11 {print $0 " -fsyntax-only"}'
    fi
}

sixth=$(($(date +%s) / 86400 % 6))
[ "${STRICT:-}" != all ] || sixth=-1
n=0
for spec in "$root"/tests/golden/*.cnn.yaml "$root"/examples/s*/*.cnn.yaml \
    "$root"/examples/d*/*.cnn.yaml \
    $(ls "$root"/tests/cases/*.cnn.yaml | awk -v h=$sixth 'h < 0 || NR % 6 == h'); do
    n=$((n + 1))
    standalone=$([ $((n % 2)) = 0 ] || echo --standalone)
    if "$cnngen" -q $standalone "$spec" -o m$n.c; then
        variants $n | sed "s|\$| m$n.c|" >>jobs
    else
        echo "failed to emit $spec"
    fi
    if [ $n -le 3 ]; then
        printf '#include "m%d.h"\nint main() { return 0; }\n' $n >user$n.cc
        echo "g++ -std=c++11 user$n.cc" >>jobs
        echo "clang++ -std=c++20 user$n.cc" >>jobs
    fi
done >verdicts
# Two programs as one file: the second finds the helpers of wide vectors there, and has no function
# for these. m2.c itself has been optimised: of what isn't used gcc tells only when it compiles.
printf 'cnngen: 1\nname: narrow\nweights: random\nlayers:\n  - {type: Input, shape: [4]}\n  - Softmax\n' \
    >narrow.cnn.yaml
"$cnngen" -q narrow.cnn.yaml -o narrow.c || echo "failed to emit narrow.cnn.yaml" >>verdicts
printf '#include "m2.c"\n#include "narrow.c"\n' >both.c
read_only='/^g++\|^aarch64/s/$/ -fsyntax-only/'
[ "${STRICT:-}" != all ] || read_only=
variants 1 | sed "$read_only; s/\$/ both.c/" >>jobs
xargs -P 2 -L 1 sh try.sh <jobs >>verdicts 2>&1
grep -v '^passed$' verdicts
failed=$(grep -c '^failed' verdicts)
echo "$(grep -c '^passed$' verdicts) passed, $failed failed"
[ "$failed" -eq 0 ]
