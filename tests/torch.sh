#!/bin/sh
# Networks of PyTorch's torchvision, exported to ONNX here with random weights, imported, and compared with
# PyTorch's own results, step by step too (Debian: python3-torchvision).
set -u
root=$(realpath "$(dirname "$0")/..")
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
importer=$(realpath "${IMPORTER:-build/cnngen-import-onnx}")
if ! /usr/bin/python3 -c 'import torchvision' 2>/dev/null; then
    echo "skip: python3-torchvision is not installed"
    echo "0 passed, 0 failed"
    exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$root/tests/import" || exit 2
/usr/bin/python3 torch_networks.py "$importer" "$cnngen" "$tmp"
