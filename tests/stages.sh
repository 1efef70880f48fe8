#!/bin/sh
# Runs the stages of the tests one after the other, each a script of its own that ends with a line
# "N passed, M failed"; prints how long each took and the sum.
#     sh tests/stages.sh STAGE...        (make check and make check-all name them)
set -u
cd "$(dirname "$0")/.."
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
passed=0 failed=0
for stage; do
    start=$(date +%s)
    sh "tests/$stage.sh" >"$log/$stage" 2>&1
    status=$?
    seconds=$(($(date +%s) - start))
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log/$stage" | tail -n 1)
    p=$(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p') f=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed.*/\1/p')
    passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
    if [ $status -ne 0 ] || [ -z "$line" ]; then
        cat "$log/$stage"
        [ "${f:-0}" -gt 0 ] || failed=$((failed + 1))
    else
        grep -E '^(note|skip|seed)' "$log/$stage"
    fi
    printf '%-14s %4d s   %s\n' "$stage" "$seconds" "${line:-ended with status $status}"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
