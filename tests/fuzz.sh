#!/bin/sh
# Coverage-guided fuzzing of everything that reads files, under ASan and UBSan, FUZZ_SECONDS each
# (60), from the specifications of the tests (FUZZ_TARGETS narrows it). Needs clang with its runtime
# (Debian: libclang-rt-14-dev).
set -u
root=$(realpath "$(dirname "$0")/..")
cd "$root" || exit 2
out=build/fuzz
mkdir -p $out/corpus
flags="-g -O1 -std=c11 -D_XOPEN_SOURCE=700 -fsanitize=fuzzer-no-link,address,undefined \
    -fno-sanitize-recover=all -iquote generator -iquote generator/import -iquote build -Ibuild/import \
    -DCNNGEN_LIBEXECDIR='\"/nowhere\"'"
if ! printf 'int main(void){return 0;}' | clang -fsanitize=address -x c - -o $out/probe \
    2>/dev/null; then
    echo "skip: clang has no sanitizer runtime here"
    echo "0 passed, 0 failed"
    exit 0
fi
make -s build/templates.c build/import/onnx.pb-c.c || exit 2
for f in $(ls generator/*.c generator/ops/*.c generator/kernels/*.c generator/import/onnx*.c \
    generator/import/tflite*.c | grep -v main.c) \
    generator/import/flatbuffer.c generator/import/writer.c generator/import/safetensors_write.c \
    build/templates.c build/import/onnx.pb-c.c; do
    echo "$f $out/$(echo "$f" | tr / _).o"
done | xargs -P 2 -L 1 sh -c "clang $flags -c \$0 -o \$1" || exit 2
cp tests/errors/*.yaml tests/golden/*.cnn.yaml tests/cases/*.cnn.yaml $out/corpus
mkdir -p $out/corpus_onnx
for model in /usr/share/libonnx-testdata/data/*/*/model.onnx; do
    [ ! -f "$model" ] || cp "$model" "$out/corpus_onnx/$(echo "$model" | tr / _)"
done
(cd tests/import && /usr/bin/python3 onnx_cases.py --models ../../$out/corpus_onnx)
mkdir -p $out/corpus_tflite
(cd tests/import && /usr/bin/python3 tflite_cases.py --models ../../$out/corpus_tflite >/dev/null)
mkdir -p $out/corpus_format
find $out/corpus_onnx $out/corpus_tflite -size -4k | sort | awk 'NR % 20 == 0' |
    xargs -I F cp F $out/corpus_format
/usr/bin/python3 tests/fuzz/format_seeds.py $out/corpus_format
passed=0 failed=0
for target in ${FUZZ_TARGETS:-spec model npy safetensors onnx tflite format}; do
    case $target in  # importers are programs of their own, and have functions of the same names
    onnx | tflite) others=$([ $target = onnx ] && echo tflite || echo onnx) ;;
    *) others='onnx\|tflite' ;;
    esac
    objects=$(ls $out/*.o | grep -v "import_\($others\)")
    clang $(echo "$flags" | sed 's/fuzzer-no-link/fuzzer/') tests/fuzz/fuzz_$target.c $objects \
        -lyaml -lprotobuf-c -lm \
        -o $out/fuzz_$target || exit 2
    mkdir -p $out/corpus_$target
    if $out/fuzz_$target -max_len=4096 -timeout=20 -rss_limit_mb=2048 \
        -max_total_time="${FUZZ_SECONDS:-60}" \
        -artifact_prefix=$out/ $out/corpus_$target $out/corpus >$out/$target.log 2>&1; then
        passed=$((passed + 1))
        echo "note: $target: $(grep -o 'Done [0-9]* runs' $out/$target.log)"
    else
        failed=$((failed + 1))
        tail -n 40 $out/$target.log
    fi
done
# Keras' files pass through libraries that aren't instrumented: whole programs, on files damaged at
# random.
if /usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null &&
    make -s MODE=san build/san/cnngen-import-keras build/san/cnngen-import-npz >/dev/null \
        2>$out/keras.log; then
    /usr/bin/python3 tests/import/keras_fuzz.py build/san/cnngen-import-keras \
        build/san/cnngen-import-npz \
        "${FUZZ_SECONDS:-60}" >$out/keras.log 2>&1
    status=$?
else
    echo "the Keras importers or python3-h5py are missing" >>$out/keras.log
    status=1
fi
if [ $status -eq 0 ]; then
    passed=$((passed + 1))
    grep -E '^(note|seed)' $out/keras.log
else
    failed=$((failed + 1))
    tail -n 40 $out/keras.log
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
