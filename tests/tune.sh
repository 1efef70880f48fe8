#!/bin/sh
# cnngen tune and --tuning: what is measured, kept and gone on with, and what a file of times
# decides. What the times are is nobody's business here.
. "$(dirname "$0")/lib.sh"
unset CC
TMPDIR=$tmp/temporary
export TMPDIR
mkdir "$TMPDIR" "$tmp/work" "$tmp/other"
cd "$tmp/work" || exit 2

# is WHAT COMMAND...: the command succeeds.
is() {
    what=$1
    shift
    if "$@" >"$tmp/out" 2>"$tmp/err"; then
        ok
    else
        bad "$what"
        head -n 5 "$tmp/err"
    fi
}

# exits STATUS MESSAGE ARGUMENT...: cnngen ends so and says so.
exits() {
    status=$1 message=$2
    shift 2
    timeout 100 "$cnngen" "$@" >"$tmp/said" 2>&1
    is "cnngen $*: exit code $status" [ $? -eq "$status" ]
    is "cnngen $*: says '$message'" grep -qF -e "$message" "$tmp/said"
}

tune() { exits 0 "$1" tune net.yaml --target scalar --cflags -O0 --seconds 0.02 -o t.tuning; }

cat >net.yaml <<'END'
cnngen: 1
weights: random
layers:
  - {type: Input, shape: [9, 9, 12]}
  - {type: Conv2D, filters: 12, kernel_size: 3, padding: same, activation: relu}
  - {type: Conv2D, filters: 12, kernel_size: 3, padding: same, activation: relu}
  - {type: Conv2D, filters: 12, kernel_size: 3, padding: same, activation: relu}
END

# ---- measuring -----------------------------------------------------------------------------------

exits 0 'of 4 kernels are measured; the same command goes on' \
    tune net.yaml --target scalar --cflags -O0 \
    --time-limit 0.01 -o t.tuning
is 'a file after no time at all' "$cnngen" check --tuning t.tuning net.yaml
# An interruption while a program is timed: one round is there before it.
rm -f t.tuning
setsid "$cnngen" tune net.yaml --target scalar --cflags -O0 --seconds 1 -o t.tuning 2>/dev/null &
pid=$!
for i in $(seq 200); do
    ! grep -q scalar t.tuning 2>/dev/null || break
    sleep 0.1
done
sleep 0.2
kill -TERM $pid
wait $pid 2>/dev/null
is 'an interruption ends it' [ $? -ge 128 ]
is 'an interruption keeps a whole file' "$cnngen" check --tuning t.tuning net.yaml
is 'with what was measured' grep -q 'scalar: {conv2d_' t.tuning
is 'and nothing else' [ -z "$(ls "$TMPDIR")" ]

tune 'all 4 kernels are measured'
is 'equal layers are measured once' [ "$(grep -c 'group:' t.tuning)" = 1 ]
cp t.tuning whole
tune 'all 4 kernels are measured'
rm t.tuning
tune 'all 4 kernels, pass 3 of 3, measured'
is 'the passes add no kernels' [ "$(tr -cd : <t.tuning | wc -c)" = "$(tr -cd : <whole | wc -c)" ]
cp whole t.tuning
exits 0 'steps with a choice, on one thread: ' \
    tune net.yaml --target scalar --cflags -O0 --seconds 0.02 -o t.tuning
is 'nothing is measured again' cmp t.tuning whole

sed 's/, conv2d_dot: [0-9.]*//' whole >t.tuning
cp t.tuning part
tune '4 of 4 kernels measured'
sed 's/, conv2d_dot: [0-9.]*//' t.tuning >left
is 'what was there is kept' cmp left part
is 'what was missing is measured' grep -q 'conv2d_dot: [0-9]' t.tuning

sed "s/^cpu: .*/cpu: 'Abacus'/" whole >t.tuning
exits 2 "was measured on 'Abacus'" tune net.yaml -o t.tuning
sed 's/^version: .*/version: 0.0.1/' whole >t.tuning
exits 2 'was measured by cnngen 0.0.1' tune net.yaml -o t.tuning
exits 1 'this is no tuning file' tune net.yaml -o net.yaml
exits 2 "can't be standard input" tune - -o t.tuning
exits 2 "can't be standard output" tune net.yaml -o -
exits 2 'the compiler failed' tune net.yaml --cc false -o failing.tuning

# ---- choosing ------------------------------------------------------------------------------------

# write_times FILE DIRECT WINOGRAD4 WINOGRAD6 DOT
write_times() {
    sed -n '/scalar/!p' whole >"$1"
    echo "  avx2: {conv2d_direct: $2, conv2d_winograd4: $3, conv2d_winograd6: $4, conv2d_dot: $5}" \
        >>"$1"
}

# plans TEXT OPTION...: the plan shows it in each of three steps.
plans() {
    text=$1
    shift
    "$cnngen" --dump=plan net.yaml "$@" >plan
    is "plan of $*: '$text'" [ "$(grep -cF -e "$text" plan)" = 3 ]
}

write_times dot.tuning 5 5 5 1
write_times wino.tuning 5 3 5 5
write_times direct.tuning 1 5 5 5
for kernel in dot:conv2d_dot wino:conv2d_winograd4 direct:conv2d_direct; do
    plans "${kernel#*:} (at worst 1.00" --target avx2,scalar --tuning "${kernel%:*}.tuning"
done
plans 'measured on avx2' --tuning dot.tuning
is 'verify with times' "$cnngen" verify -q --cflags -O0 net.yaml --target avx2 --tuning dot.tuning
plans 'conv2d_winograd4 was faster, but not under --math=precise' --math precise \
    --tuning wino.tuning
plans 'conv2d_direct (at worst 1.67 of the best time; more weights, conv2d_winograd4' \
    --target avx2 \
    --max-weight-growth 1 --tuning wino.tuning
sed 's/conv2d_dot: [0-9]*/conv2d_dot: 5000/; s/, conv2d_dot.*}/}/' dot.tuning >part.tuning
"$cnngen" --dump=plan --target avx2 net.yaml >model
is 'times that are not all there decide nothing' sh -c \
    "'$cnngen' --dump=plan --target avx2 --tuning part.tuning net.yaml | cmp - model"

# ---- the same bytes ------------------------------------------------------------------------------

is 'generate' "$cnngen" --tuning dot.tuning -MD net.yaml
cp net.yaml dot.tuning ../other
(cd / && "$cnngen" "--tuning=$tmp/other/dot.tuning" "$tmp/other/net.yaml" -o "$tmp/other/net.c")
is 'the same C from another folder' cmp net.c ../other/net.c
is 'the C says by which times' grep -q 'times in dot.tuning, hash [0-9a-f]\{16\}\.' net.c
is 'and how to make it again' grep -qF 'cnngen --tuning dot.tuning net.yaml' net.c
is 'make knows of the times' grep -q 'dot.tuning' net.d
echo '# again' >>../other/dot.tuning
(cd ../other && "$cnngen" --tuning dot.tuning net.yaml)
is 'other times, another hash' [ "$(grep -c hash ../other/net.c)" = 1 ]
is 'other times, another text' sh -c '! cmp -s net.c ../other/net.c'
exits 2 'would be overwritten' --tuning dot.tuning net.yaml -o dot.tuning
exits 2 "can't read 'no.tuning'" --tuning no.tuning net.yaml
exits 2 "'cnngen tune' takes no --tuning" tune --tuning dot.tuning net.yaml

finish
