#!/bin/sh
# NaN, infinities, -0, denormals, the largest floats and sums that overflow, through every kernel: NaN
# must come out as NaN, an infinity as that infinity, and nothing of it may reach an element that
# doesn't depend on it: through padded lanes, halos, or memory that a row shares with its neighbour.
set -u
. "$(dirname "$0")/targets.sh"
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
seed=${SPECIAL_SEED:-$(($(date +%s) / 86400))}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cc -O1 -o "$tmp/random_spec" "$root/tests/differential/random_spec.c" || exit 2
echo "seed $seed (SPECIAL_SEED=$seed repeats it)"
passed=0 failed=0
calls=0
run() {
    calls=$((calls + 1))
    out=$("$cnngen" verify -q $(some_targets "$calls") --fill special "$@" 2>&1)
    status=$?
    line=$(echo "$out" | grep -E '^[0-9]+ passed, [0-9]+ failed' | tail -n 1)
    p=$(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
    f=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed.*/\1/p')
    passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
    if [ $status -ne 0 ]; then
        echo "$out" | grep -v ^passed
        [ "${f:-0}" -gt 0 ] || failed=$((failed + 1))
    fi
}
for i in $(seq "${SPECIAL_COUNT:-15}"); do
    "$tmp/random_spec" $((seed * 1000 + i)) >"$tmp/r$i.cnn.yaml"
done
# Half of the cases today, the other half tomorrow (CASES=all: all of them).
half=$(($(date +%s) / 86400 % 2))
[ "${CASES:-}" != all ] || half=-1
run --cc gcc --cflags -O1 --seed $seed $(ls "$root"/tests/cases/*.cnn.yaml |
    awk -v h=$half 'h < 0 || NR % 2 == h')
run --cc gcc --cflags -O1 --seed $seed "$tmp"/*.cnn.yaml
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
