#!/bin/sh
# The ONNX importer: small models made here, and the ONNX project's own tests (Debian's libonnx-testdata),
# imported, evaluated, and one in four of them (all with CASES=all) emitted, for SSE2: the kernels themselves are
# tested elsewhere; the page of operators; real models where CNNGEN_MODELS names their folder.
#     sh tests/onnx.sh [--bless]     writes anew which of the project's tests are refused, and docs/onnx.md
set -u
bless=${1:-}
root=$(realpath "$(dirname "$0")/..")
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
importer=$(realpath "${IMPORTER:-build/cnngen-import-onnx}")
if [ ! -x "$importer" ] || [ ! -d /usr/share/libonnx-testdata ] ||
    ! /usr/bin/python3 -c 'import onnx, numpy' 2>/dev/null; then
    echo "cnngen-import-onnx isn't built, or libonnx-testdata, python3-onnx or python3-numpy is missing"
    echo "0 passed, 1 failed"
    exit 1
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 every=4
[ "${CASES:-}" != all ] || every=1

# Adds the counts of a file that ends with "N passed, M failed", and shows the rest of it.
count() {
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
    grep -vE '^[0-9]+ passed, [0-9]+ failed' "$1"
    passed=$((passed + $(echo "${line:-0}" | sed 's/ .*//')))
    more=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed/\1/p')
    failed=$((failed + ${more:-1}))
}

cd "$root/tests/import" || exit 2
for part in cases vectors; do
    case $part in
    cases) set -- "$tmp/cases" ;;
    vectors) set -- onnx_refused.txt "$tmp/vectors" $bless ;;
    esac
    /usr/bin/python3 onnx_$part.py "$importer" "$cnngen" "$@" >"$tmp/log" 2>&1
    count "$tmp/log"
    (cd "$tmp/$part" && awk -v "every=$every" 'NR % every == 0 { print $0 ".yaml" }' passed.txt |
        xargs "$cnngen" verify -q --target=sse2 --cflags -O0) 2>&1 | grep -v '^passed ' >"$tmp/log"
    count "$tmp/log"
done

"$importer" --print-reference >"$tmp/onnx.md"
[ -z "$bless" ] || cp "$tmp/onnx.md" "$root/docs/onnx.md"
if cmp -s "$tmp/onnx.md" "$root/docs/onnx.md"; then
    passed=$((passed + 1))
else
    echo "docs/onnx.md is not what cnngen-import-onnx --print-reference writes"
    failed=$((failed + 1))
fi

if [ -n "${CNNGEN_MODELS:-}" ]; then
    /usr/bin/python3 onnx_real.py "$importer" "$cnngen" "$CNNGEN_MODELS" "$tmp/real" >"$tmp/log" 2>&1
    count "$tmp/log"
else
    echo "skip: 1, real models: CNNGEN_MODELS is not set"
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
