#!/bin/sh
# The TFLite importer: small models made here, of every operator, imported, evaluated, and one in four of them
# (all with CASES=all) emitted, for SSE2: the kernels themselves are tested elsewhere; the page of operators;
# real models where CNNGEN_MODELS names their folder.
set -u
root=$(realpath "$(dirname "$0")/..")
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
importer=$(realpath "${IMPORTER:-build/cnngen-import-tflite}")
if [ ! -x "$importer" ] || ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
    echo "cnngen-import-tflite isn't built, or python3-numpy is missing"
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
/usr/bin/python3 tflite_cases.py "$importer" "$cnngen" "$tmp/cases" >"$tmp/log" 2>&1
count "$tmp/log"
(cd "$tmp/cases" && awk -v "every=$every" 'NR % every == 0 { print $0 ".yaml" }' passed.txt |
    xargs "$cnngen" verify -q --target=sse2 --cflags -O0) >"$tmp/log" 2>&1
count "$tmp/log"

"$importer" --print-reference >"$tmp/tflite.md"
if cmp -s "$tmp/tflite.md" "$root/docs/tflite.md"; then
    passed=$((passed + 1))
else
    echo "docs/tflite.md is not what cnngen-import-tflite --print-reference writes"
    failed=$((failed + 1))
fi

if [ -n "${CNNGEN_MODELS:-}" ]; then
    /usr/bin/python3 tflite_real.py "$importer" "$cnngen" "$CNNGEN_MODELS" "$tmp/real" >"$tmp/log" 2>&1
    count "$tmp/log"
else
    echo "skip: 1, real models: CNNGEN_MODELS is not set"
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
