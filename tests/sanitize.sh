#!/bin/sh
# The generator under ASan and UBSan over every spec and every bad input; emitted code under both too:
# a thirteenth of the cases for one instruction set, others every day (13: not always the same one).
set -u
root=$(realpath "$(dirname "$0")/..")
cd "$root" || exit 2
. tests/targets.sh
make -s MODE=san -j2 build/san/cnngen >/dev/null || exit 2
export CNNGEN=$root/build/san/cnngen UBSAN_OPTIONS=print_stacktrace=1
passed=0 failed=0
count() {
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' | tail -n 1)
    passed=$((passed + $(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')))
    failed=$((failed + $(echo "$line" | sed -n 's/.*, \([0-9]*\) failed.*/\1/p')))
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sh tests/errors.sh >"$tmp/errors" || cat "$tmp/errors"
count <"$tmp/errors"
sh tests/goldens.sh >"$tmp/goldens" || cat "$tmp/goldens"
count <"$tmp/goldens"
"$CNNGEN" verify -q $(a_target 0) --cflags "-O0 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all" \
    --tuning tests/cases/conv-planes.tuning \
    $(ls tests/cases/*.cnn.yaml | awk -v h=$(($(date +%s) / 86400 % 13)) 'NR % 13 == h') >"$tmp/verify" 2>&1 || cat "$tmp/verify"
count <"$tmp/verify"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
