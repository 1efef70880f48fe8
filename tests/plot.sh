#!/bin/sh
# Pictures and pages: everything is on them, once, apart from each other and inside; arrows lead
# where values go and through no box; text of users stays text; the same bytes every time. plot.py
# reads the SVG.
set -u
top=$(realpath "$(dirname "$0")/..")
cnngen=$(realpath "${CNNGEN:-$top/build/cnngen}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
cd "$tmp" || exit 2
passed=0 failed=0
check() {  # check WHAT COMMAND...
    what=$1
    shift
    if "$@" >log 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL: $what"
        sed 's/^/    | /' log | cut -c1-300 | head -n 8
    fi
}
refuses() {  # refuses STATUS MESSAGE ARGUMENT...
    status=$1 message=$2
    shift 2
    "$cnngen" "$@" >out 2>err
    check "cnngen $*: status $? instead of $status" [ $? = "$status" ]
    check "cnngen $*: does not say '$message'" grep -qF -e "$message" err
    check "cnngen $*: prints something" [ ! -s out ]
}
look() { /usr/bin/python3 "$top/tests/plot.py" "$@"; }

# ---- networks ------------------------------------------------------------------------------------

head='cnngen: 1
weights: random
layers:'
{ echo "$head"; echo '  - {type: Input, name: x, shape: [4, 4, 2]}'; } >input.yaml
{ echo "$head"; echo '  - {type: Input, name: x, shape: [4, 4, 2]}'; echo '  - ReLU'; } >one.yaml
awk -v head="$head" 'BEGIN { print head; print "  - {type: Input, name: x, shape: [2, 2, 1]}"
    for (i = 0; i < 200; i++) print "  - {type: " (i % 2 ? "ReLU" : "Softmax") "}" }' >chain.yaml
awk -v head="$head" 'BEGIN { print head; print "  - {type: Input, name: x, shape: [2, 2, 1]}"
    for (i = 0; i < 60; i++) {
        print "  - {type: Conv2D, name: c" i ", filters: 2, kernel_size: 1, inputs: x}"
        list = list (i ? ", " : "") "c" i }
    print "  - {type: Concatenate, name: all, inputs: [" list "]}" }' >wide.yaml
awk -v head="$head" 'BEGIN { print head; print "  - {type: Input, name: y0, shape: [2, 2, 1]}"
    for (i = 1; i < 25; i++) {
        list = list (i > 1 ? ", " : "") "y" i - 1
        print "  - {type: Concatenate, name: x" i ", inputs: [" list (i == 1 ? ", y0" : "") "]}"
        print "  - {type: Conv2D, name: y" i ", filters: 1, kernel_size: 1}" } }' >dense.yaml
awk -v head="$head" 'BEGIN { print head; print "  - {type: Input, name: x0, shape: [2, 2, 1]}"
    for (i = 1; i < 2000; i++) print "  - {type: Softmax, name: x" i "}"
    for (i = 0; i < 1999; i++)
        print "  - {type: Add, name: y" i ", inputs: [" (i ? "y" i - 1 : "x1999") ", x" 1998 - i "]}" }' >tangle.yaml
awk -v head="$head" 'BEGIN { print head; print "  - {type: Input, name: image, shape: [32, 32, 3]}"
    split("16 32 64", f, " "); x = "image"
    for (i = 1; i <= 3; i++) { conv("down" i, f[i], x); print "  - {type: MaxPooling2D, name: pool" i "}"; x = "pool" i }
    conv("bottom", 64, x)
    for (i = 3; i >= 1; i--) {
        print "  - {type: Conv2DTranspose, name: up" i ", filters: " f[i] ", kernel_size: 2, strides: 2}"
        print "  - {type: Concatenate, name: cat" i ", inputs: [down" i "_b, up" i "]}"; conv("merge" i, f[i], "cat" i) }
    }
    function conv(n, f, x) {
        print "  - {type: Conv2D, name: " n "_a, filters: " f ", kernel_size: 3, padding: same, inputs: " x "}"
        print "  - {type: Conv2D, name: " n "_b, filters: " f ", kernel_size: 3, padding: same, activation: relu}" }' \
    >unet.yaml
long=$(printf 'W%.0s' $(seq 60))
{ echo "$head"; echo '  - {type: Input, name: x, shape: [2, 2, 1]}'
  echo "  - {type: Conv2D, name: $long, filters: 1, kernel_size: 1}"
  echo "  - {type: Conv2D, name: small, filters: 100000, kernel_size: 1, activation: softmax}"; } \
      >long.yaml
{ echo "$head"; echo '  - {type: Input, name: x, shape: [28, 28, 1]}'
  echo '  - {type: Conv2D, filters: 6, kernel_size: 5, activation: relu}'
  echo '  - {type: MaxPooling2D, pool_size: 2}'; } >pooled.yaml
cp "$top/tests/golden/residual.cnn.yaml" residual.yaml
cp "$top/tests/cases/depth-to-space.cnn.yaml" shuffled.yaml
cp "$top/tests/cases/elementwise-constant.cnn.yaml" constant.yaml
cp "$top/tests/cases/conv-direct-whole.cnn.yaml" halo.yaml
cp "$top/tests/cases/one-dimension-convolutions.cnn.yaml" signals.yaml

# ---- pictures ------------------------------------------------------------------------------------

"$cnngen" plot signals.yaml -o signals.dot
check 'convolutions of signals are drawn as convolutions' \
    sh -c '! grep -q "#f6dcec" signals.dot && [ -s signals.dot ]'

for name in input one chain wide dense unet long pooled residual shuffled constant halo; do
    "$cnngen" summary --json $name.yaml >$name.json
    "$cnngen" --dump=plan $name.yaml >$name.plan
    check "$name: the graph" "$cnngen" plot $name.yaml -o $name.svg
    check "$name: what is in the graph" look graph $name.svg $name.json
    check "$name: the memory" "$cnngen" plot --what=memory $name.yaml -o $name-memory.svg
    check "$name: what is in the memory" look memory $name-memory.svg $name.plan
    check "$name: DOT" "$cnngen" plot $name.yaml -o $name.dot
    check "$name: layers in DOT" \
        [ "$(grep -c '^    n[0-9]* \[' $name.dot)" = "$(grep -c '<g class="node">' $name.svg)" ]
    if command -v dot >/dev/null && [ $name != chain ]; then
        check "$name: Graphviz" dot -Tplain -o $name.plain $name.dot
    fi
    if command -v xmllint >/dev/null; then
        check "$name: xmllint" xmllint --noout $name.svg $name-memory.svg
    fi
done
sed '2i name: node' one.yaml >node.yaml
check 'a word of DOT as a name' "$cnngen" plot node.yaml -o node.dot
check 'is quoted' grep -q '^digraph "node" {' node.dot
check 'folded into columns' grep -q 'class="turn"' chain.svg
refuses 2 'too tangled to be drawn here: write a .dot' plot tangle.yaml -o tangle.svg
check 'no picture of what is too tangled' [ ! -e tangle.svg ]
check 'DOT of what is too tangled' "$cnngen" plot tangle.yaml -o tangle.dot
check 'long names are cut' grep -q 'WWW…' long.svg

# ---- pages ---------------------------------------------------------------------------------------

for name in one wide residual constant; do
    check "$name: the page" "$cnngen" report $name.yaml -o $name.html
    check "$name: what is on the page" \
        look page $name.html $name.json "cnngen $name.yaml" 'In short' 'Stack' 'AVX-512'
done
check 'the page of what is too tangled' "$cnngen" report tangle.yaml -o tangle.html
check 'it says so' grep -q 'too tangled' tangle.html
hostile='a <script>alert(1)<\script> & "b" ]]> --> '"'"'c.yaml'
{ echo "$head"
  echo '  - {type: Input, name: x, shape: [4, 4, 2]}'
  echo '  - {type: Conv2D, name: a_./-b, filters: 2, kernel_size: 1, kernel_initializer: "<b>&amp;</pre><script>"}'
} >"$hostile"
"$cnngen" summary --json "$hostile" >hostile.json 2>err
check 'text that means something in HTML' "$cnngen" report "$hostile" -o hostile.html
check 'it stays text' look page hostile.html hostile.json '<script>alert(1)' '"<b>&amp;</pre><scri' 'warning: ' '
    5 |   - {type: Conv2D, name: a_./-b'
check 'and is a picture' "$cnngen" plot "$hostile" -o hostile.svg
check 'text stays text there' look graph hostile.svg hostile.json
refuses 1 'unknown-key' report - -o wrong.html <<END
$head
  - {type: Input, shape: [4, 4, 2]}
  - {type: Conv2D, fliters: 3, kernel_size: 1}
END
check 'no page of a wrong model' [ ! -e wrong.html ]

# ---- measured: what it takes is not compared with anything ---------------------------------------

{ echo "$head"; echo '  - {type: Input, name: x, shape: [8, 8, 8]}'
  echo '  - {type: Conv2D, name: y, filters: 8, kernel_size: 1}'; } >tiny.yaml
"$cnngen" summary --json tiny.yaml >tiny.json
check 'measuring' "$cnngen" report tiny.yaml --time --seconds 0.05 --target sse2 \
    --cflags -O0 -o times.html
check 'a page with times' look page times.html tiny.json 'Roofline' 'GFLOP/s' 'code, bytes'
"$cnngen" plot one.yaml --what=time --seconds 0.01 --target scalar --cflags -O0 -o times.svg >log \
    2>&1
check 'times of a network without a sum' look time times.svg one.json

# Times as they come and as they don't, made up by a compiler whose programs print them: texts lie
# apart.
cat >made-up-cc <<'END'
#!/bin/sh
for word; do
    [ "${before:-}" != -o ] || to=$word
    before=$word
done
case $to in
*.o) : >"$to" ;;
*) printf '#!/bin/sh\ncat "%s"\n' "$TIMES" >"$to" && chmod +x "$to" ;;
esac
END
chmod +x made-up-cc
TIMES=$tmp/times.txt
export TIMES
for seed in $(seq 22) 98 126; do
    set -- unet dense residual wide
    shift $((seed % 4))
    awk -v seed="$seed" 'BEGIN { srand(seed); memory = exp(rand() * 4); many = exp(rand() * 9)
        print "isa avx512", exp(rand() * 6), memory, memory * (0.9 + 8 * rand() * rand())
        for (i = 0; i < 300; i++) print "step", i, 10 + many * exp(rand() * 5)
        print "runs 1 10 1 1 1 1"; print "done" }' >times.txt
    "$cnngen" plot $1.yaml --what=time --cc ./made-up-cc -o times.svg 2>log
    check "made-up times $seed of $1" look time times.svg $1.json
done

# ---- the same every time -------------------------------------------------------------------------

mkdir far
for file in graph.svg memory.svg graph.dot page.html; do
    arguments="plot --what=${file%.*} unet.yaml"
    [ $file != page.html ] || arguments='report unet.yaml'
    check "$file" "$cnngen" $arguments -o $file
    (umask 077; cd far && LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo "$cnngen" ${arguments% *} \
        "$tmp/unet.yaml" -o $file)
    check "$file is the same elsewhere" cmp $file far/$file
    "$cnngen" $arguments -o - >again.${file#*.} 2>/dev/null
    case $file in *.dot) ;; *) check "$file on standard output" cmp $file again.${file#*.} ;; esac
done

# ---- usage and files -----------------------------------------------------------------------------

refuses 2 "--output is missing: as '-o model.svg'" plot one.yaml
refuses 2 "--output is missing: as '-o report.html'" report one.yaml
refuses 2 "the name of the picture ends in .svg or .dot, not as 'x.png' does" plot one.yaml -o x.png
refuses 2 "the name of the picture ends in .svg, not as 'x.dot' does" \
    plot one.yaml --what memory -o x.dot
refuses 2 "the name of the picture ends in .svg or .dot, not as '.svg' does" plot one.yaml -o .svg
refuses 2 "--what is graph, memory or time, not 'grahp'; did you mean 'graph'?" \
    plot one.yaml --what grahp -o x.svg
refuses 2 '--cc is of no use without --what time' plot one.yaml --cc gcc -o x.svg
refuses 2 '--seconds is of no use without --what time' \
    plot one.yaml --what memory --seconds 1 -o x.svg
refuses 2 '--seed is of no use without --time' report one.yaml --seed 1 -o x.html
refuses 2 "'cnngen plot' takes no --time: it is for report" plot one.yaml --time -o x.svg
refuses 2 "--what is for 'cnngen plot'" one.yaml --what graph
refuses 2 '--output is given twice' plot one.yaml -o x.svg -o y.svg
refuses 2 "can't write 'none/x.svg'" plot one.yaml -o none/x.svg
refuses 2 "can't read 'none.yaml'" report none.yaml -o x.html
cp one.yaml same.svg
refuses 2 "'same.svg' would be overwritten" plot same.svg -o same.svg
check 'the specification is whole' cmp one.yaml same.svg
echo before >kept.svg
refuses 2 "can't run the compiler 'no-such-cc'" \
    plot one.yaml --what time --cc no-such-cc -o kept.svg
check 'an old picture stays when a new one fails' grep -qx before kept.svg
"$cnngen" plot -v one.yaml -o x.svg 2>err
check '-v says what was written' grep -q '^cnngen: wrote x.svg ([0-9]* bytes)$' err
left=$(ls -A | grep -E '^\.|tmp|cnngen-' || true)
check 'no temporary file is left' [ -z "$left" ]

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
