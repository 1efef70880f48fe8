#!/bin/sh
# Every example builds by itself from cnngen and cc and runs
# (cortex-m: arm-none-eabi-gcc, qemu-system-arm; wasm: clang, lld, node).
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp -r "$root/examples" "$tmp"
passed=0 failed=0
for dir in "$tmp"/examples/*/; do
    if out=$(make -s -C "$dir" CNNGEN="$cnngen" run 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$dir:"
        echo "$out"
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
