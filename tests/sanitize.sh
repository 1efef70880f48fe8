#!/bin/sh
# The generator under ASan and UBSan over every spec and every bad input; emitted code under both
# too: a 23rd of the cases for one instruction set, others every day (23: not always the same one;
# CASES=all: all).
. "$(dirname "$0")/lib.sh"
. "$root/tests/targets.sh"
cd "$root" || exit 2
make -s MODE=san -j2 build/san/cnngen >/dev/null || exit 2
export CNNGEN=$root/build/san/cnngen UBSAN_OPTIONS=print_stacktrace=1
counted sh tests/errors.sh
counted sh tests/goldens.sh
counted "$CNNGEN" verify -q $(a_target 0) \
    --cflags "-O0 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all" \
    --tuning tests/cases/conv-planes.tuning $(some_cases 23)
finish
