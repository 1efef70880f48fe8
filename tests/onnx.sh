#!/bin/sh
# The ONNX importer: small models made here, and the ONNX project's own tests (Debian's
# libonnx-testdata), imported, evaluated, and one in eight of them, others every day (all with
# CASES=all), emitted, for SSE2: the kernels themselves are tested elsewhere; the page of operators;
# real models where CNNGEN_MODELS names their folder.
#     sh tests/onnx.sh [--bless]     writes anew which of the project's tests are refused, and docs/onnx.md
. "$(dirname "$0")/lib.sh"
bless=${1:-}
importer=$(realpath "${IMPORTER:-$build/cnngen-import-onnx}")
if [ ! -x "$importer" ] || [ ! -d /usr/share/libonnx-testdata ] ||
    ! /usr/bin/python3 -c 'import onnx, numpy' 2>/dev/null; then
    bad "cnngen-import-onnx isn't built, or libonnx-testdata, python3-onnx or python3-numpy is missing"
    finish
    exit
fi
every=8
[ "${CASES:-}" != all ] || every=1

cd "$root/tests/import" || exit 2
for part in cases vectors; do
    case $part in
    cases) set -- "$tmp/cases" ;;
    vectors) set -- onnx_refused.txt "$tmp/vectors" $bless ;;
    esac
    /usr/bin/python3 onnx_$part.py "$importer" "$cnngen" "$@" >"$tmp/log" 2>&1
    add_counts "$tmp/log"
    (cd "$tmp/$part" && awk -v "every=$every" -v h=$(($(date +%s) / 86400 % every)) \
        'NR % every == h { print $0 ".yaml" }' passed.txt |
        xargs "$cnngen" verify -q --target=sse2 --cflags -O0) >"$tmp/log" 2>&1
    add_counts "$tmp/log"
done

"$importer" --print-reference >"$tmp/onnx.md"
[ -z "$bless" ] || cp "$tmp/onnx.md" "$root/docs/onnx.md"
if cmp -s "$tmp/onnx.md" "$root/docs/onnx.md"; then
    ok
else
    bad "docs/onnx.md is not what cnngen-import-onnx --print-reference writes"
fi

if [ -n "${CNNGEN_MODELS:-}" ]; then
    /usr/bin/python3 onnx_real.py "$importer" "$cnngen" "$CNNGEN_MODELS" "$tmp/real" >"$tmp/log" \
        2>&1
    add_counts "$tmp/log"
else
    echo "skip: 1, real models: CNNGEN_MODELS is not set"
fi
finish
