#!/bin/sh
# The generator under ASan and UBSan over the golden specs and a third of the bad inputs; emitted
# code under both too: a 23rd of the cases for one instruction set, others every day (23: not always
# the same one; CASES=all: all).
. "$(dirname "$0")/lib.sh"
. "$root/tests/targets.sh"
cd "$root" || exit 2
make -s MODE=san -j2 build/san/cnngen >/dev/null || exit 2
export CNNGEN=$root/build/san/cnngen UBSAN_OPTIONS=print_stacktrace=1
third=$(($(date +%s) / 86400 % 3))
[ "${CASES:-}" != all ] || third=-1
counted sh tests/errors.sh $(ls tests/errors/*.stderr | sed 's|.*/||; s|\.stderr$||' |
    awk -v h=$third 'h >= 0 && NR % 3 == h')
counted sh tests/goldens.sh
counted "$CNNGEN" verify -q $(a_target 0) \
    --cflags "-O0 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all" \
    --tuning tests/cases/conv-planes.tuning $(some_cases 23)
finish
