#!/bin/sh
# Networks of PyTorch's torchvision, exported to ONNX here with random weights, imported, and
# compared with PyTorch's own results, step by step too (Debian: python3-torchvision). And
# docs/export_torch.py.
. "$(dirname "$0")/lib.sh"
importer=$(realpath "${IMPORTER:-$build/cnngen-import-onnx}")
/usr/bin/python3 -c 'import torchvision' 2>/dev/null || skip "python3-torchvision is not installed"
cd "$root/tests/import" || exit 2
for part in networks export; do
    case $part in
    networks) set -- torch_networks.py "$importer" "$cnngen" "$tmp/networks" ;;
    export) set -- torch_export.py "$cnngen" "$tmp/export" ;;
    esac
    mkdir "$tmp/$part"
    /usr/bin/python3 "$@" >"$tmp/log" 2>&1
    add_counts "$tmp/log"
done
finish
