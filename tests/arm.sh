#!/bin/sh
# AArch64 under emulation: NEON and portable C against the reference, for a quarter of the cases,
# another one every day.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
cd "$(dirname "$0")/.." || exit 2
out=$("$cnngen" verify -q --cc aarch64-linux-gnu-gcc \
    --cflags -O1 --run "qemu-aarch64 -L /usr/aarch64-linux-gnu" \
    --tuning tests/cases/conv-planes.tuning $(ls tests/cases/*.cnn.yaml |
        awk -v h=$(($(date +%s) / 86400 % 4)) 'NR % 4 == h') examples/residual/*.cnn.yaml \
            examples/separable/*.cnn.yaml \
    examples/digits/*.cnn.yaml 2>&1)
status=$?
echo "$out"
exit $status
