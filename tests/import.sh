#!/bin/sh
# Models where a specification may stand: which file is taken for what, what is said of files that
# are no model, where importers are looked for, and that nothing is left behind. The importers
# themselves have tests of their own.
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 2
mkdir work
export TMPDIR="$tmp/work"

result() {                           # NAME, 0 if it is as it should be
    if [ "$2" -eq 0 ]; then ok; else bad "$1"; cat err; fi
}

# refused FILE EXIT-CODE TEXT: by import, and by the command that writes C; nothing is written.
refused() {
    for how in import generate; do
        [ $how = import ] && set -- "$1" "$2" "$3" import || set -- "$1" "$2" "$3"
        "$cnngen" ${4:-} "$1" -o out.yaml >out 2>err
        [ $? -eq "$2" ] && grep -qF -- "$3" err && [ ! -s out ] && [ ! -e out.yaml ] &&
            [ -z "$(ls work)" ]
        result "$how $1: not refused with: $3" $?
    done
}

# ---- models that can be imported
(cd "$root/tests/import" && /usr/bin/python3 tflite_cases.py --models "$tmp/cases" >/dev/null)
cp cases/hybrid_per_channel.tflite model.unknown
"$cnngen" import model.unknown -o net.yaml 2>err && [ -s net.yaml ] && [ -s net.safetensors ]
result "import" $?
"$cnngen" import -o other.yaml --name=a_name model.unknown 2>err &&
    grep -qx 'name: a_name' other.yaml
result "import passes options on" $?
"$cnngen" model.unknown -o direct.c 2>err && [ -s direct.c ] && [ ! -e direct.yaml ] &&
    [ -z "$(ls work)" ]
result "a model as C, without a specification" $?
mkdir one two
"$cnngen" model.unknown --prefix=same -o one/same.c 2>err &&
    "$cnngen" net.yaml --prefix=same -o two/same.c 2>err &&
    sed 's/model.unknown/net.yaml/' one/same.c | diff - two/same.c >>err
result "in one step and in two the same" $?
mkdir named && cp model.unknown named/net.v2.tflite && (cd named &&
    "$cnngen" net.v2.tflite) 2>err &&
    grep -q 'net_v2_run(' named/net.v2.h && [ -s named/net.v2.c ]
result "the model's name without its end" $?
"$cnngen" check model.unknown >out 2>err && [ ! -s err ] && [ -z "$(ls work)" ]
result "check" $?
cp model.unknown ./-dash && "$cnngen" -o dash.c -- -dash 2>err && [ -s dash.c ]
result "a name like an option" $?
"$cnngen" net.yaml --shape t0=1,2,3 -o no.c >out 2>err
[ $? -eq 2 ] && grep -q -- '--shape is for models of other formats' err
result "--shape with a specification" $?
"$cnngen" import >out 2>err
[ $? -eq 2 ] && grep -q 'a model is missing' err
result "import without a model" $?
"$cnngen" import --help >out 2>err && grep -q '^usage: cnngen import' out
result "import --help" $?
cp model.unknown kept
for to in '-o kept' '-o y.yaml --weights kept'; do
    "$cnngen" import kept $to >out 2>err
    [ $? -eq 2 ] && grep -q "'kept' would be overwritten" err && cmp kept model.unknown &&
        [ ! -e y.yaml ]
    result "import $to over the model" $?
done
for twice in '--output=y.yaml' '--weights=y.safetensors --weights=z.safetensors' '--name=a --name=b'; do
    "$cnngen" import model.unknown -o y.yaml $twice >out 2>err
    [ $? -eq 2 ] && grep -q 'is given twice' err && [ ! -e y.yaml ]
    result "import with $twice" $?
done
"$cnngen" import model.unknown -o y.yaml --shape t0=1,2 --shape t0=1,3 >out 2>err
[ $? -eq 2 ] && grep -q "shape is given twice for 't0'" err
result "two shapes of an input" $?
"$cnngen" import nowhere -o x.yaml >out 2>err
[ $? -eq 2 ] && grep -q "can't read 'nowhere'" err
result "a file that isn't there" $?

# ---- importers: beside cnngen, in libexecdir, never in PATH
mkdir alone path
cp "$cnngen" alone/cnngen
printf '#!/bin/sh\ntouch "%s/started"\n' "$tmp" >path/cnngen-import-tflite
chmod +x path/cnngen-import-tflite
PATH="$tmp/path:$PATH" alone/cnngen import model.unknown -o x.yaml >out 2>err
[ $? -eq 2 ] && grep -q 'cnngen-import-tflite is not installed' err && [ ! -e started ]
result "an importer in PATH is not taken" $?
cp path/cnngen-import-tflite alone/ && alone/cnngen import model.unknown -o x.yaml 2>err &&
    [ -e started ]
result "an importer beside cnngen is" $?
printf '#!/bin/sh\nkill -9 $$\n' >alone/cnngen-import-tflite
alone/cnngen model.unknown -o x.c >out 2>err
[ $? -eq 2 ] && grep -q 'ended by signal 9' err && [ ! -e x.c ] && [ -z "$(ls work)" ]
result "an importer that is killed" $?

# ---- what is no model
/usr/bin/python3 - <<'END'
import io, json, os, struct, zipfile

def archive(name, *members):
    with zipfile.ZipFile(name, 'w') as z:
        for m in members:
            z.writestr(m, b'x' * 10)

def put(name, data):
    with open(name, 'wb') as f:
        f.write(data)

archive('torch', 'm/data.pkl', 'm/data/0', 'm/version')
archive('script', 'm/data.pkl', 'm/constants.pkl', 'm/code/a.py')
archive('zipped', 'm/saved_model.pb', 'm/variables/x')
archive('other', 'readme.txt')
archive('office', '[Content_Types].xml', 'word/document.xml')
put('pickle', b'\x80\x04\x95\x10\0\0\0\0\0\0\0}.')
put('old_torch', b'\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.')
put('png', b'\x89PNG\r\n\x1a\n' + bytes(20))
put('jpeg', b'\xff\xd8\xff\xe0' + bytes(20))
put('gz', b'\x1f\x8b\x08' + bytes(20))
put('npy', b'\x93NUMPY\x01\0' + bytes(20))
put('weights', struct.pack('<Q', 2) + b'{}')
put('graph', b'\n\x08\n\x01x\x12\x03abc\0\0')
put('graph_model', json.dumps({'format': 'graph-model', 'modelTopology': {}}).encode())
os.mkdir('saved'); put('saved/saved_model.pb', b'')
os.mkdir('nothing'); put('empty', b'')
os.mkdir('net.mlpackage'); put('net.mlpackage/Manifest.json', b'{}')
os.mkdir('net.mlmodelc'); put('net.mlmodelc/coremldata.bin', b'')
os.mkdir('inference'); put('inference/inference.pdmodel', b'')

def part(field, data):
    tag = bytes([field << 3 | 2]) if field < 16 else bytes([field << 3 & 127 | 128 | 2, field >> 4])
    return tag + bytes([len(data)]) + data

put('saved_model.pb', b'\x08\1' + part(2, b'\n\0'))
put('net.mlmodel', b'\x08\4' + part(2, b'\n\0') + part(500, b'\n\0'))
put('net.caffemodel', part(1, b'LeNet') + part(100, b'\n\4conv') + part(100, b'\n\4pool'))
put('old.caffemodel', part(1, b'VGG') + part(2, b'\x1a\4data') + part(2, b'\x22\5conv1'))
put('deploy.prototxt', b'name: "LeNet"\ninput: "data"\nlayer {\n  name: "conv"\n  type: "Convolution"\n}\n')
put('graph.pbtxt', b'node {\n  name: "x"\n  op: "Placeholder"\n}\n')
put('net.xml', b'<?xml version="1.0"?>\n<net name="a" version="11">\n</net>\n')
put('net.bin', struct.pack('<8f', *range(1, 9)) + bytes(range(16)))
put('yolo.cfg', b'[net]\nbatch=1\n\n[convolutional]\nfilters=16\n')
put('yolo.weights', struct.pack('<3iq4f', 0, 2, 5, 32013312, 1, 2, 3, 4))
block = b'\x08\0\x10' + b'\xff' * 9 + b'\1\x1a\0'
put('net.pdmodel', part(1, block) + b'\x20\1')
put('pir.json', b'{"base_code":{"magic":"pir","trainable":false,"version":1},"program":{"regions":[]}}')
put('net.param', b'7767517\n75 83\nInput data 0 1 data\n')
put('net.param.bin', struct.pack('<3i', 7767517, 75, 83))
put('half.bin', struct.pack('<I', 0x01306b47) + bytes(8))
# A table of 12 fields, of which 3, 7 and 8 are there, at 32.
put('net.mnn', struct.pack('<I', 32) + struct.pack('<14H', 28, 20, 0, 0, 0, 4, 0, 0, 0, 8, 12, 0, 0, 0) +
    struct.pack('<iIII', 28, 16, 20, 3) + bytes(80))
put('net.ort', b'\x20\0\0\0ORTM' + bytes(40))
put('net.pte', b'\x20\0\0\0ET12' + bytes(40))
put('net.engine', b'ftrt' + bytes(40))
put('yolo.engine', b'\x0e\0\0\0{"batch": 100}ftrt' + bytes(40))
put('net.gguf', b'GGUF\3\0\0\0' + bytes(20))
put('net-symbol.json', b'{"nodes": [{"op": "null", "name": "data"}], "arg_nodes": [0]}')
put('net-0000.params', struct.pack('<2Q', 0x112, 0) + bytes(8))
put('net.rknn', b'RKNN' + bytes(20))
put('net.tar', bytes(257) + b'ustar\x0000' + bytes(248))
put('lfs.onnx', b'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 100\n')
put('page.onnx', b'<!DOCTYPE html>\n<html><body>Not found</body></html>\n')
# None of these is text of a specification.
put('comment.yaml', b'# layer {\n# <html [net]\ncnngen: 1\nname: net\nlayers:\n  - {type: Input, shape: [4]}\n  - ReLU\n')
put('damaged.yaml', b'cnngen: 1\nname: \0\1\nlayer {\n')
END
refused torch 1 'this is a PyTorch file (pickled Python objects)'
refused old_torch 1 'this is a PyTorch file (pickled Python objects)'
refused script 1 'this is a TorchScript archive'
refused pickle 1 'this is a pickle of Python objects'
refused zipped 1 'this is a TensorFlow SavedModel'
refused saved 1 'this is a TensorFlow SavedModel'
refused graph 1 'this is a TensorFlow graph'
refused other 1 'this is a zip archive, but of no model that is known'
refused office 1 'this is an office document'
refused png 1 'this is a PNG image'
refused jpeg 1 'this is a JPEG image'
refused gz 1 'this is compressed by gzip'
refused npy 1 'this is a NumPy array'
refused weights 1 'this is a safetensors file'
refused graph_model 1 'this is a TensorFlow.js graph model'
refused saved_model.pb 1 'this is a TensorFlow SavedModel'
refused graph.pbtxt 1 'this is a TensorFlow graph'
for model in net.mlmodel net.mlpackage net.mlmodelc; do
    refused $model 1 'this is a Core ML model'
done
for model in net.caffemodel old.caffemodel deploy.prototxt; do
    refused $model 1 'this is a Caffe model'
done
refused net.xml 1 'this is an OpenVINO model'
refused net.bin 1 'this is a binary file of no format that is known'
refused yolo.cfg 1 'this is a Darknet network'
refused yolo.weights 1 'this is a file of Darknet weights'
for model in net.pdmodel pir.json inference; do
    refused $model 1 'this is a PaddlePaddle model'
done
for model in net.param net.param.bin half.bin; do refused $model 1 'this is an ncnn model'; done
refused net.mnn 1 'this is an MNN model'
refused net.ort 1 "this is a model in ONNX Runtime's own format"
refused net.pte 1 'this is an ExecuTorch program'
for model in net.engine yolo.engine; do refused $model 1 'this is a TensorRT engine'; done
refused net.gguf 1 'this is a GGUF file'
for model in net-symbol.json net-0000.params; do refused $model 1 'this is an MXNet network'; done
refused net.rknn 1 'this is an RKNN model'
refused net.tar 1 'this is an archive'
refused lfs.onnx 1 'this is the place of a file in a Git repository, without the file'
refused page.onnx 1 'this is a web page'
"$cnngen" import net.yaml -o x.yaml >out 2>err
[ $? -eq 1 ] && grep -q 'a specification needs no import' err
result "import of a specification" $?
"$cnngen" import nothing -o x.yaml >out 2>err
[ $? -eq 1 ] && grep -q 'this is a folder of no model that is known' err
result "import of a folder of nothing" $?
"$cnngen" import empty -o x.yaml >out 2>err
[ $? -eq 1 ] && grep -q 'this is an empty file' err
result "import of an empty file" $?
"$cnngen" check damaged.yaml >out 2>err
[ $? -eq 1 ] && ! grep -q "can't be imported" err
result "a specification that is damaged" $?
"$cnngen" check comment.yaml >out 2>err && [ ! -s err ]
result "a specification with words of other formats" $?
finish
