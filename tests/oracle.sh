#!/bin/sh
# The reference evaluation against the ONNX project's own node tests (Debian's libonnx-testdata),
# and the emitted C against the reference on them.
. "$(dirname "$0")/lib.sh"
if [ ! -d /usr/share/libonnx-testdata ] || ! /usr/bin/python3 -c 'import onnx, numpy' 2>/dev/null; \
    then
    skip "libonnx-testdata, python3-onnx or python3-numpy is not installed"
fi
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
counted /usr/bin/python3 "$root/tests/oracle/compare.py" "$tmp"
counted "$cnngen" verify -q --cflags -O1 "$tmp"/*.cnn.yaml
finish
