# What stages have in common, to be read by "." into a script: the places that they work with, a
# folder of their own, and counts. A stage says what fails, and ends with
#
#     finish
#
# which prints "N passed, M failed", for tests/stages.sh to add up, and is the stage's exit code.
set -u
root=$(realpath "$(dirname "$0")/..")          # of the source
build=$(realpath "${BUILD:-$root/build}")
cnngen=$(realpath "${CNNGEN:-$build/cnngen}")  # what is tested
tmp=$(mktemp -d)                               # removed at the end
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAIL: $*"; }

finish() {
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ]
}

# skip WHY: what a stage needs isn't here.
skip() {
    echo "skip: $*"
    finish
    exit
}

# does WHAT COMMAND...: must succeed; what it says is shown where it doesn't.
does() {
    what=$1
    shift
    if out=$("$@" 2>&1); then ok; else bad "$what: $(echo "$out" | tail -n 20)"; fi
}

# counts_in FILE: "N M" of its last line "N passed, M failed"; nothing where there is none.
counts_in() { sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$1" | tail -n 1; }

# add_counts FILE: adds what it counts, and shows the rest of it but for what passed. One without
# counts is the output of something that broke down.
add_counts() {
    grep -vE '^([0-9]+ passed, [0-9]+ failed|passed )' "$1"
    set -- $(counts_in "$1")
    passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1}))
}

# counted COMMAND...: adds what it counts; if it counts nothing, its exit code. All that it says is
# in said, and shown if it fails.
counted() {
    "$@" >"$tmp/said" 2>&1
    status=$?
    set -- $(counts_in "$tmp/said")
    passed=$((passed + ${1:-$((status == 0))})) failed=$((failed + ${2:-0}))
    [ $status -ne 0 ] || return 0
    cat "$tmp/said"
    [ "${2:-0}" -gt 0 ] || failed=$((failed + 1))
}
