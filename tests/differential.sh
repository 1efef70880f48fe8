#!/bin/sh
# Random networks on random inputs, a quarter on special ones too (see cases.sh): emitted C against
# the reference, every step, for one of the targets of this machine and those that it builds on,
# another one from batch to batch and from day to day (CASES=all: every target), one and two
# threads. The seeds rotate by day; DIFFERENTIAL_SEED and DIFFERENTIAL_COUNT repeat or extend a run.
. "$(dirname "$0")/lib.sh"
. "$root/tests/targets.sh"
seed=${DIFFERENTIAL_SEED:-$(($(date +%s) / 86400 * 1000))}
count=${DIFFERENTIAL_COUNT:-250}
cc -O1 -o "$tmp/random_spec" "$root"/tests/differential/*.c || exit 2
echo "seed $seed, $count networks (DIFFERENTIAL_SEED=$seed repeats them)"
batch=25
i=0
while [ $i -lt "$count" ]; do
    rm -f "$tmp"/*.yaml
    j=0
    while [ $j -lt $batch ] && [ $((i + j)) -lt "$count" ]; do
        "$tmp/random_spec" $((seed + i + j)) >"$tmp/r$((seed + i + j)).cnn.yaml"
        j=$((j + 1))
    done
    target=$(a_target $((i / batch * 5 / 4)))
    case $target in  # what compiles it soonest: the cases are for what optimisers may do
    *sse2 | *scalar) cc=clang optimise=-O0 ;;
    *) cc=gcc optimise=-Og ;;
    esac
    fill=random
    case $((i / batch % 4)) in
    0) fill=random,special ;;
    3) cc=clang optimise=-O1 ;;
    esac
    counted "$cnngen" verify -q $target --cc "$cc" --cflags $optimise \
        --fill $fill --seed $((seed + i)) "$tmp"/*.cnn.yaml
    i=$((i + batch))
done
finish
