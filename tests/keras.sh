#!/bin/sh
# The importers for Keras, TensorFlow.js and .npz: models of each format made here, evaluated beside numpy, and
# emitted (for SSE2: the kernels themselves are tested elsewhere); files that are refused; the command line; the
# export scripts; real models where CNNGEN_MODELS names their folder.
set -u
root=$(realpath "$(dirname "$0")/..")
build=$(realpath "${BUILD:-build}")
cnngen=$build/cnngen importer=$build/cnngen-import-keras npz=$build/cnngen-import-npz
if [ ! -x "$importer" ] || [ ! -x "$npz" ] || ! /usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null; then
    echo "cnngen-import-keras or cnngen-import-npz isn't built, or python3-h5py or python3-numpy is missing"
    echo "0 passed, 1 failed"
    exit 1
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

# Adds the counts of a file that ends with "N passed, M failed", and shows the rest of it.
count() {
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
    grep -vE '^([0-9]+ passed, [0-9]+ failed|passed )' "$1"
    passed=$((passed + $(echo "${line:-0}" | sed 's/ .*//')))
    more=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed/\1/p')
    failed=$((failed + ${more:-1}))
}

# expect STATUS TEXT COMMAND...: ends with that status, and says the text on stdout or stderr.
expect() {
    status=$1 text=$2
    shift 2
    "$@" >"$tmp/said" 2>&1
    got=$?
    if [ $got -eq "$status" ] && grep -qF -- "$text" "$tmp/said"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL (status $got instead of $status, or not '$text'): $*"
        cat "$tmp/said"
    fi
}

/usr/bin/python3 "$root/tests/import/keras_cases.py" "$importer" "$npz" "$cnngen" "$tmp/cases" >"$tmp/log" 2>&1
count "$tmp/log"
(cd "$tmp/cases" && grep -E -- '-(keras|h5_2)\.yaml$' passed.txt |
    xargs "$cnngen" verify -q --target=sse2 --cflags -O0) >"$tmp/log" 2>&1
count "$tmp/log"

/usr/bin/python3 "$root/tests/import/keras_export.py" "$cnngen" "$tmp/export" >"$tmp/log" 2>&1
count "$tmp/log"

cd "$tmp" || exit 2
model=cases/classifier-keras.model
expect 0 'usage: cnngen-import-keras' "$importer" --help
expect 0 '--spec SPEC.yaml' "$importer" --help
expect 0 'WEIGHTS.safetensors' "$npz" --help
expect 0 'cnngen' "$importer" --version
expect 2 'no model is given' "$importer" -o a.yaml
expect 2 'where to' "$importer" $model
expect 2 'one model at a time' "$importer" $model $model -o a.yaml
expect 2 'unknown option' "$importer" $model -o a.yaml --print-reference
expect 2 'unknown option' "$npz" a.npz -o a.safetensors --shape x=1
expect 2 'are of no use' "$importer" $model -o a.safetensors --spec a.yaml --name x
expect 2 "can't write" "$importer" $model -o none/a.yaml
expect 2 "can't read 'none.yaml'" "$importer" $model --spec none.yaml -o a.safetensors
expect 0 'name: other' sh -c "$importer $model -o a.yaml --weights a.weights --name other && cat a.yaml"
expect 0 'weights: a.weights' cat a.yaml

if [ -n "${CNNGEN_MODELS:-}" ]; then
    /usr/bin/python3 "$root/tests/import/keras_real.py" "$importer" "$cnngen" "$CNNGEN_MODELS" real >log 2>&1
    count log
else
    echo "skip: 2, real models: CNNGEN_MODELS is not set"
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
