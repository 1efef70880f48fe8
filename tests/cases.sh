#!/bin/sh
# The specifications of tests/cases and the examples, step by step against the reference, on every target
# of this machine, compiled by gcc and by clang.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
cd "$(dirname "$0")/.." || exit 2
passed=0 failed=0
run() {
    out=$("$cnngen" verify -q "$@" 2>&1)
    status=$?
    line=$(echo "$out" | grep -E '^[0-9]+ passed, [0-9]+ failed' | tail -n 1)
    p=$(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p') f=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed.*/\1/p')
    passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
    if [ $status -ne 0 ]; then
        echo "$out"
        [ "${f:-0}" -gt 0 ] || failed=$((failed + 1))
    fi
}
ls tests/cases/*.cnn.yaml examples/depth_*/*.cnn.yaml examples/residual/*.cnn.yaml examples/separable/*.cnn.yaml \
    examples/digits/*.cnn.yaml | xargs -n 20 echo >/tmp/cases.$$
while read -r list; do
    run --cc gcc $list
    run --cc clang --cflags -O1 $list
done </tmp/cases.$$
rm -f /tmp/cases.$$
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
