#!/bin/sh
# RISC-V (rv64gc) under emulation: the scalar target, as it is for microcontrollers, against the
# reference.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
cd "$(dirname "$0")/.." || exit 2
out=$("$cnngen" verify -q --target cortex-m --cc riscv64-linux-gnu-gcc --cflags -O1 \
    --run "qemu-riscv64 -L /usr/riscv64-linux-gnu" \
    examples/digits/*.cnn.yaml $(ls tests/cases/*.cnn.yaml | awk 'NR % 25 == 0') 2>&1)
status=$?
echo "$out"
exit $status
