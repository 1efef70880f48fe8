#!/bin/sh
# Networks of PyTorch's torchvision, exported to ONNX here with random weights, imported, and compared with
# PyTorch's own results, step by step too (Debian: python3-torchvision). And docs/export_torch.py.
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
passed=0 failed=0
for part in networks export; do
    case $part in
    networks) set -- torch_networks.py "$importer" "$cnngen" "$tmp/networks" ;;
    export) set -- torch_export.py "$cnngen" "$tmp/export" ;;
    esac
    mkdir "$tmp/$part"
    /usr/bin/python3 "$@" >"$tmp/log" 2>&1
    grep -vE '^[0-9]+ passed, [0-9]+ failed' "$tmp/log"
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$tmp/log" | tail -n 1)
    passed=$((passed + $(echo "${line:-0}" | sed 's/ .*//')))
    more=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed/\1/p')
    failed=$((failed + ${more:-1}))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
