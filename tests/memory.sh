#!/bin/sh
# Arenas against the least that is possible: what is alive at once, halos and rounding to cache
# lines included. Gaps of more than 5 % are a failure, on every case and on 200 random networks.
. "$(dirname "$0")/lib.sh"
cc -O1 -o "$tmp/random_spec" "$root"/tests/differential/*.c || exit 2
i=0
while [ $i -lt 200 ]; do
    "$tmp/random_spec" $i >"$tmp/r$i.cnn.yaml"
    i=$((i + 1))
done
for spec in "$root"/tests/cases/*.cnn.yaml "$root"/tests/golden/*.cnn.yaml "$tmp"/*.cnn.yaml; do
    line=$("$cnngen" "$spec" --dump=plan 2>/dev/null | grep '^arena ')
    if echo "$line" | awk '{ exit !($2 > 0 && 20 * $11 <= $2 - $11) }'; then
        ok
    else
        bad "$(basename "$spec"): $line"
    fi
done
finish
