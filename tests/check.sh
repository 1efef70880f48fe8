#!/bin/sh
# Installs what the tests need (Debian and its relatives) and runs them.
# As root or with sudo:  sh tests/check.sh [all]
set -eu
cd "$(dirname "$0")/.."
case ${1:-} in
"" | all) ;;
*) echo "usage: sh tests/check.sh [all]" >&2 && exit 2 ;;
esac

packages="gcc g++ libc6-dev make pkg-config libyaml-dev libcmocka-dev clang libomp-dev
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user
    gcc-riscv64-linux-gnu libc6-dev-riscv64-cross gcc-arm-none-eabi libnewlib-arm-none-eabi
    qemu-system-arm lld llvm tcc wasi-libc libclang-rt-dev libclang-rt-dev-wasm32 nodejs
    libonnx-testdata python3-onnx python3-numpy libprotobuf-c-dev protobuf-c-compiler libonnx-dev
    libhdf5-dev libminizip-dev libjansson-dev python3-h5py cmake ninja-build meson mandoc zsh fish"
[ "${1:-}" != all ] || packages="$packages python3-torchvision musl-tools lintian dpkg-dev
    gcc-mingw-w64-x86-64-win32 wine64"
installed=$(dpkg-query -W -f '${Package} ${Status}\n' $packages 2>/dev/null |
    grep -c 'install ok installed' || true)
if [ "$installed" -lt "$(echo $packages | wc -w)" ]; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -q
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
fi
make -j2
make check${1:+-$1}
