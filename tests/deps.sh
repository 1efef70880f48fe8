#!/bin/sh
# -MD and its companions, --file-prefix-map: rules that make and ninja read as they are meant, a
# build that does nothing when nothing has changed, and that makes things once when the spec or the
# weights have.
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 2
check() { what=$1; shift; if "$@"; then ok; else bad "$what"; fi; }
# same NAME: $tmp/out against standard input
same() { if diff -u - out; then ok; else bad "$1"; fi; }
# refuses STATUS MESSAGE ARGUMENT...
refuses() {
    status=$1 message=$2
    shift 2
    "$cnngen" "$@" >out 2>err
    check "cnngen $*: exit code" [ $? -eq "$status" ]
    check "cnngen $*: says '$message'" grep -qF -e "$message" err
}

spec() {  # spec FOLDER: a network with its weights in a file
    mkdir -p "$1"
    printf 'cnngen: 1\nweights: w.safetensors\nlayers:\n  - {type: Input, shape: [3]}\n  - {type: Dense, units: 1, name: d}\n' \
        >"$1/net.cnn.yaml"
    { printf '\200\0\0\0\0\0\0\0%-128s' \
        '{"d.kernel":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]},"d.bias":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}'
      printf '\0\0\200\77\0\0\0\100\0\0\100\100\0\0\0\0'; } >"$1/w.safetensors"
}

# ---- the rule ------------------------------------------------------------------------------------

spec .
"$cnngen" -MD net.cnn.yaml && cp net.d out
same 'the rule' <<'END_OF_RULE'
net.c \
  net.h: \
  net.cnn.yaml \
  w.safetensors
END_OF_RULE
"$cnngen" --deps --deps-phony --deps-file=out -o x.c -H y.hpp net.cnn.yaml
same 'the long names, phony rules, a header of another name' <<'END_OF_RULE'
x.c \
  y.hpp: \
  net.cnn.yaml \
  w.safetensors

w.safetensors:
END_OF_RULE
mkdir templates && cp "$root/templates/model.h.in" templates
"$cnngen" -MD -MFout -MT 'a b' -MTc --template-dir templates -o - net.cnn.yaml >/dev/null
same 'targets as given, templates' <<'END_OF_RULE'
a b \
  c: \
  net.cnn.yaml \
  w.safetensors \
  templates/model.h.in
END_OF_RULE
"$cnngen" -MD -MF out -MT x -o - --weights-file ./w.safetensors - <net.cnn.yaml >/dev/null
same 'a specification from standard input' <<'END_OF_RULE'
x: \
  ./w.safetensors
END_OF_RULE
mkdir -p params/d
sed 's/w.safetensors/params/' net.cnn.yaml >folder.cnn.yaml
array() {  # array FILE SHAPE ZEROS: of float32
    head="{'descr': '<f4', 'fortran_order': True, 'shape': ($2)}"
    { printf "\\223NUMPY\\001\\000\\$(printf %03o ${#head})\\000%s" "$head"; head -c "$3" \
        /dev/zero; } >"$1"
}
array params/d/kernel.npy '3, 1' 12
array params/d.bias.npy '1,' 4
cp params/d.bias.npy params/other.npy
"$cnngen" -q -MD folder.cnn.yaml && cp folder.d out
same 'the files of a folder that were read' <<'END_OF_RULE'
folder.c \
  folder.h: \
  folder.cnn.yaml \
  params/d/kernel.npy \
  params/d.bias.npy
END_OF_RULE
refuses 2 "'params/d.bias.npy' would be overwritten" -o params/d.bias.npy folder.cnn.yaml
rm -rf params folder.*
rm -f net.c net.h net.d x.c y.hpp out
refuses 2 '-MF is of no use without -MD' -MF x.d net.cnn.yaml
refuses 2 '-MT is of no use without -MD' -MT x net.cnn.yaml
refuses 2 '-MP is of no use without -MD' -MP net.cnn.yaml
refuses 2 '-MD with output to standard output needs -MF and -MT' -MD -MF x.d -o - net.cnn.yaml
refuses 2 '-MF needs an argument' net.cnn.yaml -MD -MF
refuses 2 "unknown option '-MM'" -MM net.cnn.yaml
refuses 2 "unknown option '-MDx'" -MDx net.cnn.yaml
refuses 2 '--deps-file is given twice' -MD -MF a -MF b net.cnn.yaml
refuses 2 "--dump writes to standard output: it takes no -MD" -MD --dump plan net.cnn.yaml
refuses 2 "'cnngen check' takes no --deps" check -MD net.cnn.yaml
refuses 2 "two of the outputs are 'x.c'" -MD -MF x.c -o x.c net.cnn.yaml
refuses 2 'would be overwritten' -MD -MF w.safetensors net.cnn.yaml
newline='a
b'
refuses 2 'a name with a line break' -MD -MT "$newline" net.cnn.yaml
refuses 2 "can't write 'none/x.d'" -MD -MF none/x.d net.cnn.yaml
check 'nothing was written' [ "$(echo *)" = 'err net.cnn.yaml out templates w.safetensors' ]

# The set of outputs follows from the flags: the same for a tiny network and for a large one.
outputs() { mkdir o && (cd o && "$cnngen" -q -MD -o net.c "$1" && ls | tr '\n' ' '); rm -r o; }
check 'the outputs of a small network' [ "$(outputs ../net.cnn.yaml)" = 'net.c net.d net.h ' ]
check 'the outputs of a large one' \
    [ "$(outputs "$root/examples/digits/digits.cnn.yaml")" = 'net.c net.d net.h ' ]

# ---- models of other formats: all of their files -------------------------------------------------

cat >models.py <<'END_OF_PYTHON'
import json, os, struct, sys
import onnx
from onnx import TensorProto, helper

os.makedirs('tfjs/parts')
weights = struct.pack('<4f', 1, 2, 3, 0)
for i in range(2):  # the second shard's name has a space
    with open(('tfjs/a.bin', 'tfjs/parts/b c.bin')[i], 'wb') as f:
        f.write(weights[8 * i:8 * i + 8])
layers = [{'class_name': 'Dense', 'config': {'name': 'd', 'units': 1, 'batch_input_shape': [None, 3], 'use_bias': True}}]
manifest = [{'paths': ['a.bin', 'parts/b c.bin'], 'weights': [
    {'name': 'd/kernel', 'shape': [3, 1], 'dtype': 'float32'}, {'name': 'd/bias', 'shape': [1], 'dtype': 'float32'}]}]
with open('tfjs/model.json', 'w') as f:
    json.dump({'format': 'layers-model', 'weightsManifest': manifest, 'modelTopology': {'keras_version': '2.9.0',
               'model_config': {'class_name': 'Sequential', 'config': {'name': 'm', 'layers': layers}}}}, f)

os.mkdir('onnx')
tensors = []
for i, name in enumerate(('w', 'v')):
    t = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[3, 3], data_location=TensorProto.EXTERNAL)
    t.external_data.add(key='location', value=name + '.bin')
    tensors.append(t)
    with open(f'onnx/{name}.bin', 'wb') as f:
        f.write(struct.pack('<9f', *range(i, i + 9)))
x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3]) for n in 'xy')
nodes = [helper.make_node('MatMul', ['x', 'w'], ['m']), helper.make_node('MatMul', ['m', 'v'], ['y'])]
graph = helper.make_graph(nodes, 'net', [x], [y], tensors)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=7), 'onnx/net.onnx')
END_OF_PYTHON
if [ -x "$(dirname "$cnngen")/cnngen-import-onnx" ] &&
    [ -x "$(dirname "$cnngen")/cnngen-import-keras" ] &&
    /usr/bin/python3 models.py 2>err; then
    "$cnngen" -q -MD -MF out -MT x -o - tfjs >/dev/null
    same 'a TensorFlow.js model' <<'END_OF_RULE'
x: \
  tfjs \
  tfjs/model.json \
  tfjs/a.bin \
  tfjs/parts/b\ c.bin
END_OF_RULE
    (cd onnx && "$cnngen" -q -MD -MP -MF ../out -MT x -o - net.onnx) >/dev/null
    same 'ONNX, with external data' <<'END_OF_RULE'
x: \
  net.onnx \
  w.bin \
  v.bin

w.bin:

v.bin:
END_OF_RULE
    cp onnx/v.bin v.before
    refuses 2 "'onnx/v.bin' would be overwritten" -q -MD -MF onnx/v.bin onnx/net.onnx
    refuses 2 "'onnx/v.bin' would be overwritten" import onnx/net.onnx -o onnx/v.bin
    check 'nothing was overwritten' cmp -s onnx/v.bin v.before
    "$(dirname "$cnngen")/cnngen-import-onnx" onnx/net.onnx -o i.yaml --sources list &&
        tr '\0' '\n' <list >out
    same 'the list of an importer' <<'END_OF_LIST'
onnx/w.bin
onnx/v.bin
END_OF_LIST
    refuses 2 "can't write 'none/list'" import onnx/net.onnx -o i.yaml --sources none/list
    rm -f i.yaml i.safetensors
else
    bad "models of other formats: the importers or python3-onnx are missing: $(cat err)"
fi

# ---- builds --------------------------------------------------------------------------------------

# builds NAME COMMAND...: nothing to do at first; then once, and nothing again, after each input has
# changed. Every run of cnngen leaves a line in log.
cat >counted <<END_OF_SCRIPT
#!/bin/sh
echo >>"$tmp/log"
exec "$cnngen" "\$@"
END_OF_SCRIPT
chmod +x counted
runs() { wc -l <"$tmp/log" | tr -d ' '; }
quietly() { "$@" >"$tmp/err" 2>&1 || cat "$tmp/err"; }
builds() {
    name=$1
    shift
    : >"$tmp/log"
    quietly "$@"
    check "$name: a first build" [ "$(runs)" = 1 ]
    quietly "$@"
    check "$name: an idle build does nothing" [ "$(runs)" = 1 ]
    n=1
    for input in net.cnn.yaml w.safetensors; do
        sleep 0.02
        touch "$folder/$input"
        n=$((n + 1))
        quietly "$@"
        check "$name: $input has changed" [ "$(runs)" = $n ]
        quietly "$@"
        check "$name: and no more" [ "$(runs)" = $n ]
    done
}
# edit SCRIPT: the folder's name by sed
edit() { printf '%s' "$folder" | sed "$1"; }
for folder in plain 'a b' 'money$' 'hash#tag' 'c:d'; do
    spec "$folder"
    mkdir make
    cat >make/Makefile <<END_OF_MAKEFILE
build/net.c build/net.h &: ../$(edit 's/[ #:]/\\&/g; s/\$/$$/g')/net.cnn.yaml
	@mkdir -p build
	@../counted -MD -MP '../$(edit 's/\$/$$/g')/net.cnn.yaml' -o build/net.c
-include build/net.d
END_OF_MAKEFILE
    builds "make, in '$folder'" make -s -C make
    rm -r make
    command -v ninja >/dev/null || continue
    mkdir ninja
    cat >ninja/build.ninja <<END_OF_NINJA
rule cnngen
  command = ../counted -MD -MF net.d -MT net.c \$in -o net.c
  depfile = net.d
build net.c | net.h: cnngen ../$(edit 's/[$ :]/$&/g')/net.cnn.yaml
END_OF_NINJA
    builds "ninja, in '$folder'" ninja -C ninja
    rm -r ninja
done
command -v ninja >/dev/null || echo "skip: no ninja"

# ---- --file-prefix-map ---------------------------------------------------------------------------

# shows NAME ARGUMENT...: the emitted text calls the specification NAME
shows() {
    name=$1
    shift
    "$cnngen" -o - "$@" >out 2>err
    check "cnngen $*: is made from $name" grep -qF -e " from $name. Do not" out
}
shows net.cnn.yaml "$tmp/plain/net.cnn.yaml"
shows net.cnn.yaml --file-prefix-map /nowhere=x "$tmp/plain/net.cnn.yaml"
shows src/plain/net.cnn.yaml --file-prefix-map "$tmp=src" "$tmp/plain/net.cnn.yaml"
shows plain/net.cnn.yaml --file-prefix-map "$tmp/=" "$tmp/plain/net.cnn.yaml"
shows b/net.cnn.yaml --file-prefix-map "$tmp=a" --file-prefix-map "$tmp/plain=b" \
    "$tmp/plain/net.cnn.yaml"
shows plain/net.cnn.yaml --file-prefix-map = plain/net.cnn.yaml
cp out first.c
check 'layers are found in that file' grep -qF 'plain/net.cnn.yaml:5' out
check 'the command makes the same text' \
    grep -q '^ \*     cnngen --file-prefix-map = plain/net.cnn.yaml$' out
"$cnngen" --file-prefix-map "$tmp/=" "$tmp/plain/net.cnn.yaml" -o - >out
check 'the same text from two places' cmp -s first.c out
mkdir -p 'x*'
cp plain/* 'x*/'
shows 'x?/net.cnn.yaml' --file-prefix-map = 'x*/net.cnn.yaml'
refuses 2 "--file-prefix-map is OLD=NEW, not 'x'" --file-prefix-map x net.cnn.yaml
finish
