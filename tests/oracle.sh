#!/bin/sh
# The reference evaluation against the ONNX project's own node tests (Debian's libonnx-testdata), and the
# emitted C against the reference on them.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
if [ ! -d /usr/share/libonnx-testdata ] || ! /usr/bin/python3 -c 'import onnx, numpy' 2>/dev/null; then
    echo "skip: libonnx-testdata, python3-onnx or python3-numpy is not installed"
    echo "0 passed, 0 failed"
    exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
/usr/bin/python3 "$root/tests/oracle/onnx_vectors.py" "$tmp" | tail -n 1 | sed 's/^/note: /'
while read -r name _ inputs; do
    i=0 args=
    while [ $i -lt "$inputs" ]; do
        args="$args --input $tmp/$name.in$i.npy"
        i=$((i + 1))
    done
    "$cnngen" run -q "$tmp/$name.cnn.yaml" $args -o "$tmp/$name.got.npy" 2>"$tmp/$name.err" ||
        { echo "$name:"; cat "$tmp/$name.err"; }
done <"$tmp/list.txt"
/usr/bin/python3 "$root/tests/oracle/compare.py" "$tmp" >"$tmp/compared"
status=$?
cat "$tmp/compared"
out=$("$cnngen" verify -q --cflags -O1 "$tmp"/*.cnn.yaml 2>&1) || { status=1; echo "$out"; }
echo "$out" | tail -n 1
cat "$tmp/compared" - <<END | awk '/^[0-9]+ passed, [0-9]+ failed/ { p += $1; f += $3 } END { print p " passed, " f " failed" }'
$(echo "$out" | tail -n 1)
END
exit $status
