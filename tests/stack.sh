#!/bin/sh
# PREFIX_STACK_BYTES against what compilers say of each function (-fstack-usage), target by target:
# the driver's frames, the largest of a step's function, and the largest sum of a kernel's
# functions, all at once, are no more. Of functions of a kernel that differ by a number alone, tiles
# of several sizes, one runs at a time. In check: the goldens at -O2, by gcc and clang in turns from
# target to target, golden to golden and day to day, and what once was over the bound. STACK=all
# (check-all): every case too, and the goldens at -O1 and -O3, all by both.
# STACK_JOBS=FIRST,LAST: only these of the list, which takes an hour or two in whole.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2
cat >frames.awk <<'END'
# Lines of a .su file: PLACE:FUNCTION, bytes, kind.
function larger(a, b) { return a > b ? a : b }
BEGIN { FS = "\t" }
{
    n = split($1, place, ":")
    name = substr(place[n], length(prefix) + 2)
    if (name ~ /^[0-9]/) {
        step = larger(step, $2)
    } else if (match(name, /_[0-9]+_(scalar|sse2|avx2|avx512|neon)/)) {
        of = substr(name, 1, RSTART + RLENGTH - 1)
        tile = substr(name, RSTART + RLENGTH)
        sub(/\.(constprop|isra)/, "", tile)
        sub(/\.(constprop|isra)/, "", tile)
        sub(/[0-9]+$/, "", tile)
        kernel[of] += larger($2 - frame[of, tile], 0)
        frame[of, tile] = larger($2, frame[of, tile])
    } else {
        driver += $2
    }
}
$3 == "dynamic" { unbounded = 1 }
END {
    for (k in kernel)
        most = larger(most, kernel[k])
    print unbounded ? "unbounded" : driver + step + most
}
END
cat >try.sh <<'END'
# try.sh SPEC TARGET COMPILER...: a line that says passed or failed
spec=$1 target=$2
shift 2
name=$(mktemp -u -p . sXXXXXX)
"$cnngen" -q --standalone --selftest --prefix p --target "$target" "$spec" -o "$name.c" || exit
"$@" -w -fstack-usage -c -o "$name.o" "$name.c" || exit
bound=$(sed -n 's/^#define P_STACK_BYTES //p' "$name.h")
frames=$(awk -v prefix=p -f frames.awk "$name.su")
verdict=passed
[ "$frames" -le "$bound" ] 2>/dev/null && [ "$frames" -gt 0 ] || verdict=failed
echo "$verdict $frames of $bound: $(basename "$spec") $target $*"
rm -f "$name".*
END
export cnngen
turn=$(($(date +%s) / 86400 % 2))
jobs() {  # jobs SPEC LEVEL...: what to try
    spec=$1
    shift
    for level; do
        for target in sse2 avx2 avx512; do
            turn=$(((turn + 1) % 2))
            case ${STACK:-}$turn in 0 | all?) echo "$spec $target gcc -fopenmp $level" ;; esac
            case ${STACK:-}$turn in 1 | all?) echo "$spec $target clang -fopenmp $level" ;; esac
        done
        echo "$spec neon aarch64-linux-gnu-gcc $level"
        echo "$spec scalar gcc -fopenmp $level"
        echo "$spec cortex-m clang -fopenmp $level"
        command -v arm-none-eabi-gcc >/dev/null &&
            echo "$spec cortex-m arm-none-eabi-gcc -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 $level"
    done
}
# Many outputs, each of which the driver's functions hand on.
for batch in 1 2; do
    {
        printf 'cnngen: 1\nbatch: %d\nlayers:\n  - {type: Input, name: x, shape: [4, 4, 3]}\n' \
            $batch
        for i in $(seq 150); do echo "  - {type: ReLU, name: y$i, inputs: x}"; done
        echo "outputs: [$(seq -s ', ' -f 'y%g' 150)]"
    } >outputs$batch.cnn.yaml
    for compiler in gcc clang aarch64-linux-gnu-gcc; do
        echo "outputs$batch.cnn.yaml scalar $compiler -O2"
    done
done >list
for spec in "$root"/tests/golden/*.cnn.yaml "$root"/tests/cases/*.cnn.yaml; do
    case ${STACK:-},$spec in
    all,*tests/golden/*) jobs "$spec" -O1 -O2 -O3 ;;
    all,* | *tests/golden/*) jobs "$spec" -O2 ;;
    *conv-row-kernels*) echo "$spec avx512 gcc -fopenmp -O2" ;;
    esac
done >>list
[ -z "${STACK_JOBS:-}" ] || sed -i -n "${STACK_JOBS}p" list
xargs -P 2 -L 1 sh try.sh <list >verdicts 2>&1
grep -v '^passed' verdicts
passed=$(grep -c '^passed' verdicts)
failed=$(($(wc -l <list) - passed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
