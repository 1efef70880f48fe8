#!/bin/sh
# The importers for Keras, TensorFlow.js and .npz: models of each format made here, evaluated beside
# numpy, and emitted (for SSE2: the kernels themselves are tested elsewhere); files that are
# refused; the command line; the export scripts; real models where CNNGEN_MODELS names their folder.
. "$(dirname "$0")/lib.sh"
importer=$build/cnngen-import-keras npz=$build/cnngen-import-npz
if [ ! -x "$importer" ] || [ ! -x "$npz" ] || ! /usr/bin/python3 -c 'import h5py, numpy' \
    2>/dev/null; then
    bad "cnngen-import-keras or cnngen-import-npz isn't built, or python3-h5py or python3-numpy is missing"
    finish
    exit
fi

# expect STATUS TEXT COMMAND...: ends with that status, and says the text on stdout or stderr.
expect() {
    status=$1 text=$2
    shift 2
    "$@" >"$tmp/said" 2>&1
    got=$?
    if [ $got -eq "$status" ] && { [ -z "$text" ] || grep -qF -- "$text" "$tmp/said"; }; then
        ok
    else
        bad "status $got instead of $status, or not '$text': $*"
        cat "$tmp/said"
    fi
}

/usr/bin/python3 "$root/tests/import/keras_cases.py" "$importer" "$npz" "$cnngen" "$tmp/cases" \
    >"$tmp/log" 2>&1
add_counts "$tmp/log"
(cd "$tmp/cases" && grep -E -- '-(keras|h5_2)\.yaml$' passed.txt |
    xargs "$cnngen" verify -q --target=sse2 --cflags -O0) >"$tmp/log" 2>&1
add_counts "$tmp/log"

/usr/bin/python3 "$root/tests/import/keras_export.py" "$cnngen" "$tmp/export" >"$tmp/log" 2>&1
add_counts "$tmp/log"

cd "$tmp" || exit 2
model=cases/classifier-keras.model
expect 0 'usage: cnngen-import-keras' "$importer" --help
expect 0 '--spec SPEC.yaml' "$importer" --help
expect 0 'WEIGHTS.safetensors' "$npz" --help
expect 0 'cnngen' "$importer" --version
expect 2 'no model is given' "$importer" -o a.yaml
expect 2 'where to' "$importer" $model
expect 2 'one model at a time' "$importer" $model $model -o a.yaml
expect 2 'unknown option' "$npz" a.npz -o a.safetensors --print-reference
expect 2 'unknown option' "$npz" a.npz -o a.safetensors --shape x=1
expect 2 'are of no use' "$importer" $model -o a.safetensors --spec a.yaml --name x
expect 2 "can't write" "$importer" $model -o none/a.yaml
expect 2 "can't read 'none.yaml'" "$importer" $model --spec none.yaml -o a.safetensors
expect 0 'name: other' sh -c "$importer $model -o a.yaml --weights a.weights --name other && cat a.yaml"
expect 0 'weights: a.weights' cat a.yaml

"$importer" --print-reference >keras.md
expect 0 '' cmp keras.md "$root/docs/keras.md"

if [ -n "${CNNGEN_MODELS:-}" ]; then
    /usr/bin/python3 "$root/tests/import/keras_real.py" "$importer" "$cnngen" "$CNNGEN_MODELS" \
        real >log 2>&1
    add_counts log
else
    echo "skip: 2, real models: CNNGEN_MODELS is not set"
fi
finish
