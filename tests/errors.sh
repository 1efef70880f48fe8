#!/bin/sh
# Every wrong spec in tests/errors/ and the diagnostics it must draw, byte for byte.
#
#   tests/errors.sh [--bless] [NAME...]
#
# A case is NAME.yaml, or NAME.sh that prints what can't be kept as text (100,000 brackets, broken
# UTF-8) and may write files that it needs into its folder, which is empty; NAME.stderr is what
# "cnngen check NAME.yaml" says, NAME.status its exit code if that is not 1. Standard output must
# stay empty. --bless writes anew the .stderr files of cases whose exit code is right: read the
# diff. NAME.options, if there is one, holds options. Without names all cases run, and every
# diagnostic of generator/diag.def must occur in one of them, or in tests/templates/errors, which a
# unit test runs, or in tests/import. CNNGEN is the program: build/cnngen by default.

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
cases=$top/tests/errors
cnngen=${CNNGEN:-$top/build/cnngen}
case $cnngen in
/*) ;;
*) cnngen=$PWD/$cnngen ;;
esac
[ -x "$cnngen" ] || { echo "errors.sh: no program '$cnngen' (set CNNGEN)" >&2; exit 2; }

bless=
if [ "$1" = --bless ]; then
    bless=1
    shift
fi

tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
LC_ALL=C
export LC_ALL
passed=0
failed=0

fail() {
    echo "FAIL $1: $2"
    bad=1
}

# Runs one case: the paths in its messages are bare names, wherever the file is.
run_case() {
    name=$1
    bad=
    dir=$cases
    if [ -f "$cases/$name.sh" ]; then
        dir=$tmp/$name
        mkdir "$dir"
        (cd "$dir" && sh "$cases/$name.sh" > "$name.yaml") || fail "$name" "its script failed"
    fi
    options=
    [ ! -f "$cases/$name.options" ] || options=$(cat "$cases/$name.options")
    (cd "$dir" && exec timeout 20 "$cnngen" check $options "$name.yaml") \
        > "$tmp/stdout" 2> "$tmp/stderr"
    status=$?
    expected=1
    [ -f "$cases/$name.status" ] && expected=$(cat "$cases/$name.status")
    [ "$status" -eq "$expected" ] || fail "$name" "exit code $status instead of $expected"
    [ -s "$tmp/stdout" ] && fail "$name" "something on standard output"
    if [ -n "$bless" ]; then  # never from a run that went wrong otherwise
        [ -n "$bad" ] || cmp -s "$tmp/stderr" "$cases/$name.stderr" ||
            cp "$tmp/stderr" "$cases/$name.stderr"
    elif [ ! -f "$cases/$name.stderr" ]; then
        fail "$name" "no $name.stderr: --bless writes it"
    elif ! cmp -s "$cases/$name.stderr" "$tmp/stderr"; then
        fail "$name" "other diagnostics"
        diff -u "$cases/$name.stderr" "$tmp/stderr"
    fi
    if [ -z "$bad" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# The ids in diag.def that no expected output shows.
missing_ids() {
    sed -n 's/^DIAG([A-Z_0-9]*, "\([^"]*\)".*/\1/p' "$top/generator/diag.def" | while read -r id; do
        grep -qF "[$id]" "$cases"/*.stderr "$top"/tests/templates/errors/*.stderr \
            "$top"/tests/import/*.py || echo "$id"
    done
}

all=
if [ $# -eq 0 ]; then
    all=1
    set -- "$cases"/*.yaml "$cases"/*.sh
fi
for file do
    name=${file##*/}
    name=${name%.yaml}
    run_case "${name%.sh}"
done

if [ -n "$all" ]; then
    missing=$(missing_ids)
    if [ -n "$missing" ]; then
        failed=$((failed + 1))
        echo "FAIL: no case shows:" $missing
    fi
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
