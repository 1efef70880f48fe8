#!/bin/sh
# Networks of small integers: all their sums are exact in single precision, so that every element
# must be right to the last bit. A tap that is missing, or taken twice, can't hide behind a bound
# then, however long the sum. That many steps really are compared so is a test, too.
. "$(dirname "$0")/lib.sh"
. "$root/tests/targets.sh"
seed=${EXACT_SEED:-$(($(date +%s) / 86400 * 1000))}
cc -O1 -o "$tmp/random_spec" "$root"/tests/differential/*.c || exit 2
echo "seed $seed (EXACT_SEED=$seed repeats it)"
# run SHARE OPTION...: at least SHARE % of the steps must be exact
calls=0
run() {
    calls=$((calls + 1))
    share=$1
    shift
    counted "$cnngen" verify -q $(a_target "$calls") --math precise --fill integer "$@"
    steps='s/^passed .*: \([0-9]*\) steps, \([0-9]*\) of them exact.*/\1 \2/p'
    set -- $(sed -n "$steps" "$tmp/said" |
        awk '{steps += $1; exact += $2} END {print steps + 0, exact + 0}')
    echo "$2 of $1 steps compared exactly"
    if [ $(($2 * 100)) -ge $(($1 * share)) ] && [ "$1" -gt 0 ]; then
        ok
    else
        bad "less than $share %"
    fi
}
for i in $(seq 29); do
    "$tmp/random_spec" $((seed + i)) integers >"$tmp/r$i.cnn.yaml"
done
run 85 --cc gcc --cflags -Og --seed $((seed + 1)) "$tmp"/r[1-3]*.cnn.yaml
run 85 --cc clang --cflags -O1 --seed $((seed + 2)) "$tmp"/r[4-9]*.cnn.yaml
# A third of the convolutions, another one every day (CASES=all: all of them). Those for what is fused
# end in functions that are seldom exact: of a third that has many of them too little would be compared.
third=$(($(date +%s) / 86400 % 3))
[ "${CASES:-}" != all ] || third=-1
convolutions=$(ls "$root"/tests/cases/conv-*.cnn.yaml | grep -v fused |
    awk -v h=$third 'h < 0 || NR % 3 == h')
run 85 --cc gcc --cflags -Og --seed $((seed + 3)) $convolutions
run 50 --cc gcc --cflags -Og --seed $((seed + 4)) "$root"/tests/cases/dense-*.cnn.yaml \
    "$root"/tests/cases/pool-*.cnn.yaml
finish
