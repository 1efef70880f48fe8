#!/bin/sh
# AArch64 under emulation: NEON and portable C against the reference, for a sixth of the cases,
# another one every day (CASES=all: all).
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
cd "$(dirname "$0")/.." || exit 2
root=$PWD
. tests/targets.sh
out=$("$cnngen" verify -q --cc aarch64-linux-gnu-gcc \
    --cflags -O1 --run "qemu-aarch64 -L /usr/aarch64-linux-gnu" \
    --tuning tests/cases/conv-planes.tuning $(some_cases 6) \
    examples/residual/*.cnn.yaml examples/separable/*.cnn.yaml examples/digits/*.cnn.yaml 2>&1)
status=$?
echo "$out"
exit $status
