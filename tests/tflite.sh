#!/bin/sh
# The TFLite importer: small models made here, of every operator, imported, evaluated, and one in
# four of them (all with CASES=all) emitted, for SSE2: the kernels themselves are tested elsewhere;
# the page of operators; real models where CNNGEN_MODELS names their folder.
. "$(dirname "$0")/lib.sh"
importer=$(realpath "${IMPORTER:-$build/cnngen-import-tflite}")
if [ ! -x "$importer" ] || ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
    bad "cnngen-import-tflite isn't built, or python3-numpy is missing"
    finish
    exit
fi
every=4
[ "${CASES:-}" != all ] || every=1

cd "$root/tests/import" || exit 2
/usr/bin/python3 tflite_cases.py "$importer" "$cnngen" "$tmp/cases" >"$tmp/log" 2>&1
add_counts "$tmp/log"
(cd "$tmp/cases" && awk -v "every=$every" 'NR % every == 0 { print $0 ".yaml" }' passed.txt |
    xargs "$cnngen" verify -q --target=sse2 --cflags -O0) >"$tmp/log" 2>&1
add_counts "$tmp/log"

"$importer" --print-reference >"$tmp/tflite.md"
if cmp -s "$tmp/tflite.md" "$root/docs/tflite.md"; then
    ok
else
    bad "docs/tflite.md is not what cnngen-import-tflite --print-reference writes"
fi

if [ -n "${CNNGEN_MODELS:-}" ]; then
    /usr/bin/python3 tflite_real.py "$importer" "$cnngen" "$CNNGEN_MODELS" "$tmp/real" >"$tmp/log" \
        2>&1
    add_counts "$tmp/log"
else
    echo "skip: 1, real models: CNNGEN_MODELS is not set"
fi
finish
