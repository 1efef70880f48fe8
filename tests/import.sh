#!/bin/sh
# Models where a specification may stand: which file is taken for what, what is said of files that are no model,
# where importers are looked for, and that nothing is left behind. The importers themselves have tests of their own.
set -u
root=$(realpath "$(dirname "$0")/..")
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2
mkdir work
export TMPDIR="$tmp/work"
passed=0 failed=0

result() {                           # NAME, 0 if it is as it should be
    if [ "$2" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "$1"; cat err; fi
}

# refused FILE EXIT-CODE TEXT: by import, and by the command that writes C; nothing is written.
refused() {
    for how in import generate; do
        [ $how = import ] && set -- "$1" "$2" "$3" import || set -- "$1" "$2" "$3"
        "$cnngen" ${4:-} "$1" -o out.yaml >out 2>err
        [ $? -eq "$2" ] && grep -qF -- "$3" err && [ ! -s out ] && [ ! -e out.yaml ] && [ -z "$(ls work)" ]
        result "$how $1: not refused with: $3" $?
    done
}

# ---- models that can be imported
(cd "$root/tests/import" && /usr/bin/python3 tflite_cases.py --models "$tmp/cases" >/dev/null)
cp cases/hybrid_per_channel.tflite model.unknown
"$cnngen" import model.unknown -o net.yaml 2>err && [ -s net.yaml ] && [ -s net.safetensors ]
result "import" $?
"$cnngen" import -o other.yaml --name=a_name model.unknown 2>err && grep -qx 'name: a_name' other.yaml
result "import passes options on" $?
"$cnngen" model.unknown -o direct.c 2>err && [ -s direct.c ] && [ ! -e direct.yaml ] && [ -z "$(ls work)" ]
result "a model as C, without a specification" $?
mkdir one two
"$cnngen" model.unknown --prefix=same -o one/same.c 2>err && "$cnngen" net.yaml --prefix=same -o two/same.c 2>err &&
    sed 's/model.unknown/net.yaml/' one/same.c | diff - two/same.c >>err
result "in one step and in two the same" $?
mkdir named && cp model.unknown named/net.v2.tflite && (cd named && "$cnngen" net.v2.tflite) 2>err &&
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
cp path/cnngen-import-tflite alone/ && alone/cnngen import model.unknown -o x.yaml 2>err && [ -e started ]
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
os.mkdir('empty')
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
"$cnngen" import net.yaml -o x.yaml >out 2>err
[ $? -eq 1 ] && grep -q 'a specification needs no import' err
result "import of a specification" $?
"$cnngen" import empty -o x.yaml >out 2>err
[ $? -eq 1 ] && grep -q 'this is no model of a format that is known' err
result "import of a folder of nothing" $?
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
