#!/bin/sh
# The command line: every option and exit code, files that appear whole or not at all, output that
# depends on nothing but the specification and the options.
#
#   tests/cli.sh          CNNGEN is the program: build/cnngen by default.

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
cnngen=${CNNGEN:-$top/build/cnngen}
case $cnngen in
/*) ;;
*) cnngen=$PWD/$cnngen ;;
esac
[ -x "$cnngen" ] || { echo "cli.sh: no program '$cnngen' (set CNNGEN)" >&2; exit 2; }

tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
unset NO_COLOR CLICOLOR_FORCE TMPDIR CC
version=$(awk '/define CNN_VERSION_M|define CNN_VERSION_P/ { v = v dot $3; dot = "." } END { print v }' "$top/runtime/cnn_version.h")
passed=0
failed=0
TMPDIR=$tmp/temporary
export TMPDIR
mkdir "$tmp/work" "$TMPDIR"
cd "$tmp/work" || exit 2

# ---- checking ------------------------------------------------------------------------------------

ok() {
    passed=$((passed + 1))
}

fail() {
    failed=$((failed + 1))
    echo "FAIL: $*"
    sed 's/^/    | /' ../err | head -n 5
}

# expect STATUS ARGUMENT...: runs cnngen with them; output in ../out and ../err.
expect() {
    expected=$1
    shift
    what="cnngen $*"
    timeout 120 "$cnngen" "$@" >../out 2>../err </dev/null
    status=$?
    if [ $status -eq "$expected" ]; then ok; else
        fail "$what: exit code $status instead of $expected"
    fi
}

says() { if grep -qF -e "$1" ../err; then ok; else fail "$what: does not say '$1'"; fi; }
prints() { if grep -qF -e "$1" ../out; then ok; else fail "$what: does not print '$1'"; fi; }
silent() { if [ -s ../out ]; then fail "$what: something on standard output"; else ok; fi; }
quiet() { if [ -s ../err ]; then fail "$what: something on standard error"; else ok; fi; }
exists() { for f; do if [ -e "$f" ]; then ok; else fail "$what: no file '$f'"; fi; done; }
absent() { for f; do if [ -e "$f" ]; then fail "$what: made '$f'"; else ok; fi; done; }
same() { if cmp -s "$1" "$2"; then ok; else fail "$what: '$1' and '$2' differ"; fi; }
check() { what=$1; shift; if "$@" >/dev/null 2>../err; then ok; else fail "$what"; fi; }
refuses() { what=$1; shift; if "$@" >/dev/null 2>../err; then fail "$what"; else ok; fi; }

# usage MESSAGE ARGUMENT...: a usage error
usage() {
    message=$1
    shift
    expect 2 "$@"
    says "cnngen: $message"
    says "Try 'cnngen --help'."
    silent
}

# empty: nothing but the specifications is in the folder
only_specs() {
    left=$(ls -A | grep -v '\.yaml$' | grep -v '\.npy$')
    if [ -z "$left" ]; then ok; else fail "$what: left $left"; fi
}

# ---- specifications ------------------------------------------------------------------------------

cat >net.cnn.yaml <<'END'
cnngen: 1
weights: random
layers:
  - {type: Input, shape: [6, 5, 2]}
  - {type: Conv2D, filters: 4, kernel_size: 3, padding: same, activation: relu}
  - {type: Conv2D, filters: 3, kernel_size: 3}
END
cat >pair.yaml <<'END'
cnngen: 1
name: pair
weights: random
layers:
  - {type: Input, name: a, shape: [2, 2, 1]}
  - {type: Input, name: b, shape: [2, 2, 1]}
  - {type: Conv2D, name: left, filters: 2, kernel_size: 1, inputs: a}
  - {type: Conv2D, name: right, filters: 2, kernel_size: 1, inputs: b}
outputs: [left, right]
END
cat >camera.yaml <<'END'
cnngen: 1
weights: random
layers:
  - {type: Input, shape: [2, 2, 1], dtype: uint8}
  - {type: Rescaling, scale: 0.1}
  - {type: Conv2D, filters: 1, kernel_size: 1}
END
cat >planes.yaml <<'END'
cnngen: 1
weights: random
layers:
  - {type: Input, shape: [1, 2, 3], dtype: uint8, layout: NCHW}
  - {type: Activation, activation: linear}
END
cat >wrong.yaml <<'END'
cnngen: 1
weights: random
layers:
  - {type: Input, shape: [6, 5, 2]}
  - {type: Conv2D, filters: 4, kernel_size: 3, fliters: 5}
END
cat >warns.yaml <<'END'
cnngen: 1
weights: random
layers:
  - {type: Input, shape: [6, 5, 2]}
  - {type: Conv2D, filters: 4, kernel_size: 3, kernel_initializer: zeros}
END

# npy FILE TYPE SHAPE: an array whose bytes are those of standard input
npy() {
    header="{'descr': '$2', 'fortran_order': False, 'shape': ($3), }"
    { printf '\223NUMPY\001\000\166\000%-117s\n' "$header"; cat; } >"$1"
}
head -c 240 /dev/zero | npy zero.npy '<f4' '6, 5, 2'
head -c 480 /dev/zero | npy two.npy '<f4' '2, 6, 5, 2'
head -c 240 /dev/zero | npy flat.npy '<f4' '60,'
head -c 16 /dev/zero | npy small.npy '<f4' '2, 2, 1'
head -c 64 /dev/zero | npy small4.npy '<f4' '4, 2, 2, 1'
printf '\001\002\003\377' | npy bytes.npy '|u1' '2, 2, 1'
printf '\001\002\003\004\005\006' | npy planes.npy '|u1' '3, 1, 2'
printf '\001\002\003\004\005\006' | npy pixels.npy '|u1' '1, 2, 3'
printf '\000\000\000\077\000\000\000\077\000\000\000\077\000\000\000\077' |
    npy half.npy '<f4' '2, 2, 1'

# ---- help and version ----------------------------------------------------------------------------

for option in --help -h; do
    expect 0 $option
    prints 'usage: cnngen [OPTION]... SPEC.yaml'
    quiet
done
what='the help text'
widest=$(awk '{ if (length > n) n = length } END { print n }' ../out)
check 'the help text fits 80 columns' [ "$widest" -le 80 ]
for option in output header deps deps-file deps-target deps-phony file-prefix-map prefix target \
    max-threads max-arena max-weights math standalone selftest static-arena weights weights-file \
    template-dir dump json input seed cc cflags run seconds threads print-schema color quiet \
    verbose help version; do
    prints "--$option"
done
for option in --version -V; do
    expect 0 $option
    check 'the version comes first' [ "$(head -n 1 ../out)" = "cnngen $version" ]
    prints MIT
    prints 0BSD
    quiet
done
expect 0 --print-schema
prints '"$schema"'
expect 0 net.cnn.yaml --version
only_specs

# ---- usage errors --------------------------------------------------------------------------------

usage 'a specification is missing'
usage 'a specification is missing' check
usage 'a specification is missing' --standalone
usage "one specification at a time: 'net.cnn.yaml' and 'pair.yaml'" net.cnn.yaml pair.yaml
usage "one specification at a time: 'generate' and 'net.cnn.yaml'" generate net.cnn.yaml
usage "one specification at a time: 'sumary' and 'net.cnn.yaml'; did you mean 'summary'?" \
    sumary net.cnn.yaml
usage "one specification at a time" check net.cnn.yaml pair.yaml
usage "unknown option '--standalnoe'; did you mean '--standalone'?" --standalnoe net.cnn.yaml
usage "unknown option '--MD'" --MD net.cnn.yaml
usage "unknown option '--xyzzy'" --xyzzy=5 net.cnn.yaml
usage "unknown option '-MQ'" -MQ net.cnn.yaml
usage "'--s' is short for several options" --s net.cnn.yaml
usage '--output needs an argument' net.cnn.yaml -o
usage '--prefix needs an argument' net.cnn.yaml --prefix
usage '--standalone takes no argument' --standalone=1 net.cnn.yaml
usage '--output is given twice' -o a.c -o b.c net.cnn.yaml
usage '--prefix is given twice' --prefix a --prefix a net.cnn.yaml
usage '--standalone is given twice' --standalone --standalone net.cnn.yaml
usage "unknown target 'avx3'; did you mean 'avx2'?" --target avx3 net.cnn.yaml
usage "unknown target ''" --target neon, net.cnn.yaml
usage "unknown target 'cortexm'; did you mean 'cortex-m'?" --target cortexm net.cnn.yaml
usage "target 'cortex-m' is one by itself, not part of a list" --target avx2,cortex-m net.cnn.yaml
usage "--dump is spec, graph, shapes, opt or plan, not 'plane'; did you mean 'plan'?" \
    --dump plane net.cnn.yaml
usage "--color is auto, always or never, not 'blue'" --color blue net.cnn.yaml
usage "--math is strict, precise or fast, not 'fats'; did you mean 'fast'?" --math fats net.cnn.yaml
usage "'cnngen run' takes no --math" run --math strict net.cnn.yaml
size="is a number from 1 to 999999999, of bytes, or of KiB or MiB as in 64K and 2M, not"
usage "--max-arena $size '4k'" --max-arena 4k net.cnn.yaml
usage "--max-weights $size '0'" --max-weights 0 net.cnn.yaml
usage "--weights bin writes a file beside the C: it takes no '-o -'" --weights bin -o - net.cnn.yaml
printf 'cnngen: 1\nweights: random\nlayers:\n  - {type: Input, shape: [2560]}\n  - {type: Dense, units: 2560}\n' >large.yaml
expect 0 --target scalar -o large.c large.yaml
says '25 MB of weights as C text'
expect 0 --target scalar --weights asm -o large.c large.yaml
quiet
rm large.*
usage "--split-weights writes a file beside the C: it takes no '-o -'" \
    --split-weights -o - net.cnn.yaml
usage "--weights bin leaves no C to split off: it takes no --split-weights" \
    --split-weights --weights bin net.cnn.yaml
usage "'cnngen verify' takes no --split-weights" verify --split-weights net.cnn.yaml
usage "--max-stack $size '1G'" --max-stack 1G net.cnn.yaml
usage "'cnngen check' takes no --max-stack" check --max-stack 1K net.cnn.yaml
expect 1 --max-stack 100 -o stack.c net.cnn.yaml
absent stack.c
says 'bytes of stack, more than --max-stack allows: 100 [over-budget]'
says "_scalar' takes "
expect 0 --max-stack 1M -o - net.cnn.yaml
expect 0 check --max-arena 1M --max-weights 64K net.cnn.yaml
usage "--weights is auto, array, string, asm or bin, not 'arry'; did you mean 'array'?" \
    --weights arry net.cnn.yaml
for n in 0 1025 -1 1e2 '' 8x ' 8' 99999999999999999999; do
    usage "--max-threads is a number from 1 to 1024" --max-threads="$n" net.cnn.yaml
done
for n in 0 0.5 101 -1 1e1 '' . 2x ' 2' nan; do
    usage "--max-weight-growth is a number from 1 to 100" --max-weight-growth="$n" net.cnn.yaml
done
usage "--seed is a number" verify --seed x net.cnn.yaml
for n in 0 0.009 3601 -1 1e2 '' 8x ' 8' 1.2.3 nan; do
    usage "--seconds is a number from 0.01 to 3600" bench --seconds="$n" net.cnn.yaml
done
for n in 0 1025 1.5 ''; do
    usage "--threads is a number from 1 to 1024" bench --threads="$n" net.cnn.yaml
done
usage "--threads 9 is more than --max-threads 8" bench --threads 9 net.cnn.yaml
usage "one specification at a time" bench net.cnn.yaml pair.yaml
usage "'int' can't be a prefix" --prefix int net.cnn.yaml
usage "'1a' can't be a prefix" --prefix 1a net.cnn.yaml
usage "'a b' can't be a prefix" --prefix 'a b' net.cnn.yaml
usage "'cnn' can't be a prefix: names of the runtime begin with it" --prefix cnn net.cnn.yaml
usage "--time-limit is a number from 0.01 to 1000000, not '0'" tune --time-limit 0 net.cnn.yaml
usage "--output is the C file, not the header: write '--header x.h'" -o x.h net.cnn.yaml
usage "standard input holds one specification: '-' is given twice" verify - net.cnn.yaml -
usage '--dump writes to standard output: it takes no --output' --dump plan -o x net.cnn.yaml
usage '--dump writes to standard output: it takes no --header' --dump plan -H x net.cnn.yaml

# Options of other commands.
usage "--json is for 'cnngen summary or bench'" --json net.cnn.yaml
usage "--seed is for 'cnngen verify, bench, tune, plot or report'" --seed 1 net.cnn.yaml
usage "--seconds is for 'cnngen bench, tune, plot or report'" --seconds 1 net.cnn.yaml
usage "--input is for 'cnngen run, verify, bench, tune, plot or report'" \
    --input zero.npy net.cnn.yaml
usage "'cnngen check' takes no --output" check -o x net.cnn.yaml
usage "'cnngen check' takes no --json: it is for summary or bench" check --json net.cnn.yaml
for command in check summary run verify bench tune; do
    for option in --header=x --prefix=x --dump=plan --standalone; do
        usage "'cnngen $command' takes no ${option%=*}" $command $option net.cnn.yaml
    done
done
usage "'cnngen summary' takes no --weights-file" summary --weights-file x net.cnn.yaml
usage "'cnngen bench' takes no --fill: it is for verify" bench --fill integer net.cnn.yaml
usage "--fill is random, special or integer, not 'specal'; did you mean 'special'?" \
    verify --fill random,specal net.cnn.yaml
usage "--fill integer changes the weights too: it goes with no other kind" \
    verify --fill integer,random net.cnn.yaml
usage "'cnngen bench' takes no --run: it is for verify" bench --run x net.cnn.yaml
usage "'cnngen run' takes no --target" run --target avx2 net.cnn.yaml
usage "'cnngen run' takes no --verbose" run -v net.cnn.yaml
usage '--input is for one specification' verify --input zero.npy net.cnn.yaml pair.yaml
only_specs

# ---- generating ----------------------------------------------------------------------------------

expect 0 net.cnn.yaml
silent
quiet
exists net.c net.h
check 'the header is included by its name' grep -q '#include "net.h"' net.c
check 'the command is shown' grep -q '^ \*     cnngen net.cnn.yaml$' net.c
rm net.c net.h
mkdir sub
expect 0 -o sub/x.c net.cnn.yaml
exists sub/x.c sub/x.h
absent net.c
expect 0 -H sub/other.hpp -o sub/y.c net.cnn.yaml
exists sub/y.c sub/other.hpp
absent sub/y.h
check 'the header is included by its name' grep -q '#include "other.hpp"' sub/y.c
expect 0 -o sub/z net.cnn.yaml
exists sub/z sub/z.h
expect 0 -o - net.cnn.yaml
check 'standard output is the C file' grep -q '#include "net.h"' ../out
only=$(ls -A | grep -c '^net\.')
check 'nothing but the specification' [ "$only" = 1 ]
expect 0 -o - -H sub/h.h net.cnn.yaml
exists sub/h.h
what='cnngen - <net.cnn.yaml'
"$cnngen" - <net.cnn.yaml >../out 2>../err
check "$what" [ $? = 0 ]
prints '_run('
cp net.cnn.yaml ./check
what='cnngen ./check'
expect 0 ./check -o sub/check.c
expect 0 -o sub/check.c -- check
cp net.cnn.yaml ./-x.yaml
expect 0 -o sub/dash.c -- -x.yaml
exists sub/dash.c
rm -r sub ./check ./-x.yaml
expect 0 -v net.cnn.yaml
says 'wrote net.c'
says 'wrote net.h'
rm net.c net.h

# What each option does.
expect 0 --prefix eye -o - net.cnn.yaml
prints 'eye_run('
prints 'cnngen --prefix eye net.cnn.yaml'
expect 0 -p eye -o - net.cnn.yaml
prints 'eye_run('
expect 0 --target avx2 -o - net.cnn.yaml
prints '_avx2('
prints 'cnngen --target avx2 net.cnn.yaml'
refuses 'avx2 brings no avx512' grep -q _avx512 ../out
refuses 'avx2 brings no neon' grep -q _neon ../out
expect 0 --target scalar,neon,sse2 -o - net.cnn.yaml
prints 'cnngen --target sse2,neon net.cnn.yaml'
expect 0 --target scalar -o - net.cnn.yaml
prints 'cnngen --target scalar net.cnn.yaml'
expect 0 --target cortex-m -o - net.cnn.yaml
prints 'cnngen --target scalar --max-threads 1 --math precise net.cnn.yaml'
expect 0 --math strict --max-threads 2 --target cortex-m -o - net.cnn.yaml
prints 'cnngen --target scalar --max-threads 2 --math strict net.cnn.yaml'
expect 0 --target all -o - net.cnn.yaml
prints ' cnngen net.cnn.yaml'
expect 0 --max-threads 3 net.cnn.yaml
check '--max-threads' grep -q 'MAX_THREADS 3' net.h
check '--max-threads is shown' grep -q 'cnngen --max-threads 3 net.cnn.yaml' net.h
expect 0 --math=fast -o - net.cnn.yaml
prints ' cnngen net.cnn.yaml'
prints '* Math: fast.'
prints '#define CNN_STRICT 0'
expect 0 --math=precise -o - net.cnn.yaml
prints 'cnngen --math precise net.cnn.yaml'
prints '#define CNN_STRICT 0'
expect 0 --math=strict -o - net.cnn.yaml
prints 'cnngen --math strict net.cnn.yaml'
prints '* Math: strict.'
prints '#define CNN_STRICT 1'
expect 0 --math=strict --dump=plan net.cnn.yaml
prints 'strict math'
expect 0 summary --math=precise net.cnn.yaml
prints '(precise math)'
expect 0 summary --math=strict --json net.cnn.yaml
prints '"math": "strict"'
expect 0 --max-weight-growth 1.5 -o - net.cnn.yaml
prints ' cnngen --max-weight-growth 1.5 net.cnn.yaml'
cat >wide.yaml <<'END'
cnngen: 1
name: wide
weights: random
layers:
  - {type: Input, shape: [28, 28, 64]}
  - {type: Conv2D, filters: 64, kernel_size: 3}
END
expect 0 --max-weight-growth 4.1 --dump plan wide.yaml
prints 'conv2d_winograd6 ('
expect 0 --max-weight-growth 2 --dump plan wide.yaml
prints 'conv2d_winograd4 ('
expect 0 --max-weight-growth 1 --dump plan wide.yaml
prints 'conv2d_direct ('
expect 0 --standalone -o - net.cnn.yaml
refuses 'standalone includes no runtime' grep -q '#include "cnn_' ../out
expect 0 -o - net.cnn.yaml
prints '#include "cnn_rt.h"'
expect 0 --weights array -o - net.cnn.yaml
prints 'cnngen --weights array net.cnn.yaml'
expect 0 --weights array --split-weights -o split.c net.cnn.yaml
check 'two files say how they were made' \
    [ "$(grep -l '^ \*     cnngen --weights array --split-weights net.cnn.yaml$' split.c split_weights.c | wc -l)" = 2 ]
rm -f split.c split.h split_weights.c
expect 0 --dump plan --split-weights --weights asm net.cnn.yaml
expect 0 --weights auto -o - net.cnn.yaml
prints ' cnngen net.cnn.yaml'
expect 0 --weights-file="$top/examples/digits/digits.safetensors" \
    -o - "$top/examples/digits/digits.cnn.yaml"
prints 'cnngen --weights-file digits.safetensors digits.cnn.yaml'
expect 0 --template-dir "$top/templates" -o - net.cnn.yaml
refuses 'the template folder is not mentioned' grep -q template-dir ../out
expect 2 --template-dir none net.cnn.yaml
says "can't read the folder of templates 'none': No such file or directory"
mkdir -p bad/model.c.in
expect 2 --template-dir bad net.cnn.yaml
says "can't read the template 'bad/model.c.in': not a regular file"
mv bad/model.c.in bad/modle.c.in
expect 2 --template-dir bad net.cnn.yaml
says "the folder 'bad' holds no template: no file in it is called as one of cnngen's is"
rm -r bad
for stage in spec graph shapes opt plan; do
    expect 0 --dump $stage net.cnn.yaml
    check "--dump $stage prints" [ -s ../out ]
    quiet
done
rm -f net.c net.h
expect 0 --dump=plan net.cnn.yaml
absent net.c

# ---- exit codes and messages ---------------------------------------------------------------------

expect 1 wrong.yaml
silent
says 'wrong.yaml:5:'
says "did you mean 'filters'?"
absent wrong.c wrong.h
for command in check summary run verify bench tune; do
    expect 1 $command wrong.yaml
    silent
    says unknown-key
done
expect 0 check net.cnn.yaml
silent
quiet
expect 2 none.yaml
says "can't read 'none.yaml': No such file or directory"
expect 2 .
says "can't read '.': not a regular file"
expect 0 check warns.yaml
says warning:
expect 0 check -q warns.yaml
quiet
expect 1 check -q wrong.yaml
says error:

# ---- colour --------------------------------------------------------------------------------------

escape=$(printf '\033[')
coloured() { what=$1; if grep -qF "$escape" ../err; then ok; else fail "$what: no colour"; fi; }
plain() { what=$1; if grep -qF "$escape" ../err; then fail "$what: colour"; else ok; fi; }
expect 1 check wrong.yaml
plain 'not a terminal'
expect 1 check --color always wrong.yaml
coloured --color=always
expect 1 check --color never wrong.yaml
plain --color=never
CLICOLOR_FORCE=1 "$cnngen" check wrong.yaml 2>../err
coloured CLICOLOR_FORCE=1
CLICOLOR_FORCE=0 "$cnngen" check wrong.yaml 2>../err
plain CLICOLOR_FORCE=0
CLICOLOR_FORCE=1 NO_COLOR=1 "$cnngen" check wrong.yaml 2>../err
plain NO_COLOR=1
CLICOLOR_FORCE=1 NO_COLOR= "$cnngen" check wrong.yaml 2>../err
coloured 'NO_COLOR that is empty'
NO_COLOR=1 "$cnngen" check --color always wrong.yaml 2>../err
coloured '--color=always against NO_COLOR'
CLICOLOR_FORCE=1 "$cnngen" check --color=never wrong.yaml 2>../err
plain '--color=never against CLICOLOR_FORCE'

# ---- files appear whole or not at all ------------------------------------------------------------

expect 2 -o none/x.c net.cnn.yaml
says "can't write 'none/x.c'"
mkdir folder
expect 2 -o folder net.cnn.yaml
says "can't write 'folder'"
absent folder.h
expect 2 -o x.c -H folder net.cnn.yaml
absent x.c
expect 2 -o x.c -H none/x.h net.cnn.yaml
absent x.c
expect 2 -o /dev/full -H x.h net.cnn.yaml
absent x.h
expect 2 -o x.c -H x.c net.cnn.yaml
absent x.c
expect 2 -o net.cnn.yaml net.cnn.yaml
says 'would be overwritten'
check 'the specification is whole' grep -q '^cnngen: 1' net.cnn.yaml
expect 2 -H ./net.cnn.yaml -o x.c net.cnn.yaml
check 'the specification is whole' grep -q '^cnngen: 1' net.cnn.yaml
absent x.c
echo before >x.c
expect 1 -o x.c wrong.yaml
check 'an old file stays when the model is wrong' grep -qx before x.c
expect 2 -o x.c -H none/x.h net.cnn.yaml
check 'an old file stays when another fails' grep -qx before x.c
if [ "$(id -u)" != 0 ]; then
    chmod 555 folder
    expect 2 -o folder/x.c net.cnn.yaml
    chmod 755 folder
fi
check 'the folder is empty' [ -z "$(ls -A folder)" ]
for arguments in '-o - net.cnn.yaml' '--dump plan net.cnn.yaml' 'summary net.cnn.yaml' \
    --help --version \
    'summary --json net.cnn.yaml' 'run net.cnn.yaml --input zero.npy' --print-schema; do
    what="cnngen $arguments >/dev/full"
    "$cnngen" $arguments >/dev/full 2>../err
    status=$?
    check "$what: exit code $status" [ $status = 2 ]
    "$cnngen" $arguments >/dev/full 2>../err
    says "can't write standard output"
done
rm -rf folder x.c
only_specs

# ---- the same text everywhere --------------------------------------------------------------------

expect 0 --standalone --selftest --weights array -o a.c net.cnn.yaml
cp a.c ../first.c
cp a.h ../first.h
rm a.c a.h
for setting in LC_ALL=de_DE.UTF-8 LC_ALL=C.UTF-8 LC_ALL=C LC_NUMERIC=de_DE.UTF-8 TZ=Asia/Tokyo \
    HOME=/nowhere \
    OMP_NUM_THREADS=1 USER=nobody; do
    what="with $setting"
    env "$setting" "$cnngen" --standalone --selftest --weights array -o a.c net.cnn.yaml 2>../err
    same a.c ../first.c
    same a.h ../first.h
    rm -f a.c a.h
done
what='with umask 077, from another folder, options in another order'
mkdir -p ../far/away
(umask 077; cd ../far && "$cnngen" --weights=array ../work/net.cnn.yaml --selftest -o away/a.c \
    --standalone) 2>../err
same ../far/away/a.c ../first.c
same ../far/away/a.h ../first.h
for file in ../first.c ../first.h; do
    refuses "$file names a folder" grep -qF -e "$tmp" -e "$top" -e "$HOME/" "$file"
done
"$cnngen" "$PWD/net.cnn.yaml" --standalone --selftest --weights array -o "$PWD/a.c" 2>../err
what='with absolute paths'
same a.c ../first.c
rm -f a.c a.h
odd="a b'c"
cp net.cnn.yaml "$odd.yaml"
expect 0 --prefix p -o - "$odd.yaml"
prints "cnngen --prefix p 'a b'\"'\"'c.yaml'"
rm "$odd.yaml"

# ---- run -----------------------------------------------------------------------------------------

usage "--input is missing: the network takes 'input' [6, 5, 2]" run net.cnn.yaml
usage "--input is missing: the network takes 'a' [2, 2, 1]; 'b' [2, 2, 1]" run pair.yaml
usage '1 --input for a network with 2' run pair.yaml --input small.npy
usage '2 --output for a network with 1' run net.cnn.yaml --input zero.npy -o x.npy -o y.npy
expect 0 run net.cnn.yaml --input zero.npy
prints 'conv2d_1 [4, 3, 3]'
quiet
expect 0 run net.cnn.yaml --input two.npy
prints 'conv2d_1 [2, 4, 3, 3]'
expect 0 run pair.yaml --input small.npy --input small.npy
prints 'left [2, 2, 2]'
prints 'right [2, 2, 2]'
expect 0 run net.cnn.yaml --input two.npy -o x.npy
silent
check 'the shape of what is written' grep -qa '(2, 4, 3, 3)' x.npy
check 'the type of what is written' grep -qa "'<f4'" x.npy
expect 0 run pair.yaml --input small.npy --input small.npy --output x.npy --output y.npy
exists x.npy y.npy
expect 2 run pair.yaml --input small.npy --input small.npy --output z.npy --output none/y.npy
absent z.npy
expect 0 run planes.yaml --input planes.npy
prints '[[[1.00000 3.00000 5.00000]'
expect 2 run planes.yaml --input pixels.npy
says "has the shape [1, 2, 3]; input 'input' takes [3, 1, 2], or several of them"
expect 0 summary planes.yaml
prints 'input: (None, 1, 2, 3) uint8, NCHW, copied by unary, permute'
expect 0 summary --json planes.yaml
prints '"shape": [1, 2, 3], "dtype": "uint8", "layout": "NCHW"}'
expect 0 planes.yaml -o planes.c
check 'the order of an input' grep -qF 'INPUT_SIZE 6 /* input: [channels][height][width] */' \
    planes.h
check 'the width of an input in another order' grep -q 'INPUT_WIDTH 2$' planes.h
exists planes.c planes.h
rm planes.c planes.h
expect 2 run pair.yaml --input small.npy --input small4.npy
says 'images'
expect 2 run net.cnn.yaml --input flat.npy
says "'flat.npy': has the shape [60]; input 'input' takes [6, 5, 2]"
expect 2 run net.cnn.yaml --input none.npy
says none.npy
expect 2 run net.cnn.yaml --input net.cnn.yaml
says net.cnn.yaml
expect 0 run camera.yaml --input bytes.npy
prints '[2, 2, 1]'
expect 0 run camera.yaml --input small.npy
expect 2 run camera.yaml --input half.npy
says 'whole numbers from 0 to 255'
expect 2 run "$top/examples/digits/digits.cnn.yaml" \
    --weights-file "$top/examples/digits/digits.safetensors" \
    --input small.npy
says 'takes [28, 28, 1]'
rm -f x.npy y.npy

# ---- summary -------------------------------------------------------------------------------------

expect 0 summary "$top/examples/depth_1_to_256/mnist.cnn.yaml"
prints 'conv2d (Conv2D)'
prints '(None, 26, 26, 256)'
prints ' Total params: 435,210 (1.66 MB)'
prints ' Trainable params: 435,210 (1.66 MB)'
prints ' Non-trainable params: 0 (0.00 B)'
prints 'MACs: 1,990,144'
refuses 'plain ASCII' env LC_ALL=C grep -q '[^ -~]' ../out
expect 0 summary --json net.cnn.yaml
prints '"params": 187'
if command -v python3 >/dev/null; then
    check 'summary --json is JSON' python3 -m json.tool ../out
fi
expect 0 summary wide.yaml
prints ' more for each other'
expect 0 summary --max-threads 1 wide.yaml
refuses 'a single thread is alone' grep -q 'each other' ../out
expect 0 summary --target avx2 --max-threads 2 pair.yaml
prints 'Connected to'
sed 's/^weights:.*/weights: none.safetensors/' net.cnn.yaml >untrained.yaml
expect 0 summary untrained.yaml
expect 1 check untrained.yaml
rm untrained.yaml
widest=$("$cnngen" summary "$top/examples/residual/residual.cnn.yaml" |
    awk '{ if (length > n) n = length } END { print n }')
check 'a summary fits 110 columns' [ "$widest" -le 110 ]

# ---- verify --------------------------------------------------------------------------------------

expect 0 verify net.cnn.yaml
prints 'net: the same'
quiet
expect 0 verify --seed 7 --target scalar --cflags -O1 --weights array --selftest net.cnn.yaml
refuses 'only one target' grep -q sse2 ../out
quiet
expect 0 verify -q --target wasm --cflags -O0 net.cnn.yaml
says "cnngen: wasm was not tried: what runs the program doesn't have it"
expect 0 verify net.cnn.yaml --input zero.npy
expect 2 verify net.cnn.yaml --input two.npy
expect 0 verify -v --cc 'cc -g0' --run 'env X=1' net.cnn.yaml
says 'cc -g0 -O2'
says 'env X=1 '
expect 1 verify net.cnn.yaml wrong.yaml pair.yaml camera.yaml
prints '3 passed, 1 failed'
prints 'FAILED  wrong.yaml'
expect 2 verify --cc nothing-of-the-kind net.cnn.yaml
says "can't run the compiler 'nothing-of-the-kind'"
expect 2 verify --cc false net.cnn.yaml
says 'the compiler failed'
CC=nothing-of-the-kind "$cnngen" verify net.cnn.yaml >../out 2>../err
says "can't run the compiler 'nothing-of-the-kind'"
expect 2 verify --run nothing-of-the-kind net.cnn.yaml
says "the program can't be run"
check 'temporary folders are gone' [ -z "$(ls -A "$TMPDIR")" ]

# A kernel that is wrong by little, one that writes beside its memory, one that differs on two
# threads.
mkdir bad
sed 's/= vf_accumulate(\(.*\), v, w/= vf_accumulate(\1, vf_add(v, vf_set1(1e-5f)), w/' \
    "$top/templates/conv2d_direct_tile.c.in" \
    >bad/conv2d_direct_tile.c.in
expect 1 verify --template-dir bad net.cnn.yaml
prints DIFFERS
prints 'expected'
rm bad/*
wrong_run() {
    awk -v line="$1" '{ print } /\$insert run_job/ { print "    " line }' \
        "$top/templates/model.c.in" >bad/model.c.in
    expect 1 verify --template-dir bad net.cnn.yaml
}
wrong_run '((unsigned char *)arena)[-1] = 0;'
prints 'memory beside the arena was written to'
wrong_run '((unsigned char *)arena)[arena_bytes] = 0;'
prints 'the program ended'
wrong_run '((float *)(size_t)input)[0] += 1.0f;'
prints 'input 0 was written to'
sed 's/if (thread < parts)/if (thread < parts \&\& thread == 0)/' "$top/templates/model.c.in" \
    >bad/model.c.in
expect 1 verify --template-dir bad net.cnn.yaml
prints 'on 2 threads'
rm -r bad
check 'temporary folders are gone' [ -z "$(ls -A "$TMPDIR")" ]

# Nothing is left behind by a signal.
"$cnngen" verify --run 'sh -c "sleep 5"' net.cnn.yaml >../out 2>../err &
pid=$!
i=0
while [ -z "$(ls -A "$TMPDIR")" ] && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
kill -TERM $pid
wait $pid 2>/dev/null
check 'a signal ends verify' [ $? -gt 128 ]
check 'temporary folders are gone after a signal' [ -z "$(ls -A "$TMPDIR")" ]

# ---- bench ---------------------------------------------------------------------------------------

expect 0 bench --seconds 0.1 net.cnn.yaml
prints 'net: each step on one thread; peak of '
for column in step layer kernel 'median us' share GFLOP/s peak minimum quartiles; do
    prints "$column"
done
prints ' conv2d '
prints ' conv2d_1 '
prints ' 1 thread, '
check 'every step has a line' [ "$(grep -c '%' ../out)" -ge 2 ]
refuses 'plain ASCII' env LC_ALL=C grep -q '[^ -~]' ../out
widest=$(awk '{ if (length > n) n = length } END { print n }' ../out)
check 'the times fit 100 columns' [ "$widest" -le 100 ]
expect 0 bench --seconds 0.1 --threads 2 --json --max-threads 3 --math precise --seed 3 pair.yaml
quiet
for key in name isa peak_gflops steps macs median_us share gflops peak_share runs minimum_us \
    quartiles_us; do
    prints "\"$key\": "
done
prints '"threads": 1,'
prints '"threads": 2,'
if command -v python3 >/dev/null; then
    check 'bench --json is JSON' python3 -m json.tool ../out
fi
expect 0 bench --seconds 0.1 --threads 1 --target scalar --cflags -O1 net.cnn.yaml --input zero.npy
prints 'peak of scalar'
refuses 'one thread only' grep -q '2 threads' ../out
expect 0 bench --seconds 0.1 --max-weight-growth 1 camera.yaml --input bytes.npy
expect 0 bench --seconds 0.1 -v --cc 'cc -g0' net.cnn.yaml
says 'cc -g0 -O2'
expect 2 bench --seconds 0.1 net.cnn.yaml --input two.npy
expect 2 bench --cc nothing-of-the-kind net.cnn.yaml
says "can't run the compiler 'nothing-of-the-kind'"
expect 2 bench --cc false net.cnn.yaml
says 'the compiler failed'
check 'temporary folders are gone' [ -z "$(ls -A "$TMPDIR")" ]

# ---- the self-test -------------------------------------------------------------------------------

cc=${CC:-cc}
if command -v "$cc" >/dev/null; then
    cat >main.c <<'END'
#include "net.h"
#include <stdio.h>
#include <stdint.h>
static unsigned char memory[NET_SELFTEST_BYTES + 64];
int main(void)
{
    unsigned char *arena = memory + (64 - (uintptr_t)memory % 64) % 64;
    printf("%d %d %d %d\n", net_selftest(arena, NET_SELFTEST_BYTES), net_selftest(NULL, NET_SELFTEST_BYTES),
        net_selftest(arena, 64), net_selftest(arena + 4, NET_SELFTEST_BYTES));
    return 0;
}
END
    expect 0 --selftest --standalone --weights array net.cnn.yaml
    "$cc" -O1 -o prog main.c net.c 2>../err
    what='the self-test'
    check 'the self-test passes, and refuses bad arguments' [ "$(./prog)" = '0 -1 -2 -3' ]
    # The first weight that isn't zero changes its sign.
    awk '/static const float net_w/ { inside = 1 }
        inside && !done && match($0, /-?[0-9][0-9.e-]*[1-9][0-9.e-]*f/) {
            word = substr($0, RSTART, RLENGTH)
            flipped = substr(word, 1, 1) == "-" ? substr(word, 2) : "-" word
            $0 = substr($0, 1, RSTART - 1) flipped substr($0, RSTART + RLENGTH); done = 1
        } { print }' net.c >flipped.c
    refuses 'a weight was flipped' cmp -s net.c flipped.c
    "$cc" -O1 -o prog main.c flipped.c 2>../err
    check 'the self-test sees a flipped weight' [ "$(./prog)" = '-4 -1 -2 -3' ]
    rm -f net.c net.h flipped.c main.c prog
fi
refuses 'no self-test by default' sh -c "'$cnngen' -o - net.cnn.yaml | grep -q selftest"
only_specs

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
