#!/bin/sh
# Every example builds by itself from cnngen and cc and runs
# (cortex-m: arm-none-eabi-gcc, qemu-system-arm; wasm: clang, lld, node).
. "$(dirname "$0")/lib.sh"
cp -r "$root/examples" "$tmp"
for dir in "$tmp"/examples/*/; do
    does "$(basename "$dir")" make -s -C "$dir" CNNGEN="$cnngen" run
done
finish
