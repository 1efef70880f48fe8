#!/bin/sh
# The stages' dumps and some emitted files against tests/golden/, byte for byte.
#     goldens.sh [--bless]      --bless rewrites them, to be read as a diff
. "$(dirname "$0")/lib.sh"
cd "$root/tests/golden" || exit 2
same() {  # same FILE: $tmp/out against FILE
    if [ "${bless:-}" ]; then
        cp "$tmp/out" "$1"
    elif diff -u "$1" "$tmp/out"; then
        ok
    else
        bad "$1 differs"
    fi
}
[ "${1:-}" = --bless ] && bless=1
for spec in *.cnn.yaml; do
    name=${spec%.cnn.yaml}
    for stage in spec graph shapes opt plan; do
        "$cnngen" "$spec" --dump="$stage" >"$tmp/out" 2>&1
        same "$name.$stage"
    done
done
# Emitted text: one target at a time, so that a file can be read.
for case in conv_chain:avx2 residual:avx512 elementwise:scalar; do
    name=${case%:*} target=${case#*:}
    "$cnngen" "$name.cnn.yaml" --target="$target" -o "$tmp/$name.$target.c" >"$tmp/said" 2>&1
    for end in c h; do
        cat "$tmp/said" "$tmp/$name.$target.$end" >"$tmp/out"
        same "$name.$target.$end"
    done
done
# Pictures.
for what in graph memory; do
    "$cnngen" plot residual.cnn.yaml --what=$what -o - >"$tmp/out"
    same residual.$what.svg
done
"$cnngen" plot residual.cnn.yaml -o "$tmp/x.dot" && cp "$tmp/x.dot" "$tmp/out"
same residual.dot
# The pages and the schema that are made from the parser's tables.
"$cnngen" --print-reference >"$tmp/out"
same ../../docs/layers.md
"$cnngen" --print-schema >"$tmp/out"
same ../../docs/cnngen-1.schema.json
finish
