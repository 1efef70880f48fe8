#!/bin/sh
# cnngen itself, built by other compilers, with another libc, for other machines (a big-endian one
# too): it compiles without a warning and writes the same bytes everywhere. With CNNGEN_EXHAUSTIVE
# (check-all) all of them, else clang; PORTABLE="musl s390x" names some. LIBYAML_SOURCE is libyaml's
# unpacked source; without it apt fetches that.
set -u
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset CFLAGS LDFLAGS MAKEFLAGS MAKELEVEL MFLAGS
passed=0 failed=0
ok() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL: $*"; }

# All that cnngen writes of some networks, into a folder.
outputs() {  # outputs FOLDER COMMAND
    mkdir -p "$tmp/$1"
    (cd "$root" || exit 2
    for spec in $cases; do
        name=$(basename "$spec" .cnn.yaml)
        $2 -q --standalone --selftest --weights array "$spec" -o "$tmp/$1/$name.c" \
            2>"$tmp/$1/$name.err"
        $2 -q --math strict "$spec" -MD -MF - -MT x -o /dev/null -H "$tmp/$1/$name.strict.h" \
            >"$tmp/$1/$name.d" 2>&1
        $2 -q --math precise "$spec" -o - >"$tmp/$1/$name.precise.c" 2>&1
        $2 --dump plan "$spec" >"$tmp/$1/$name.plan" 2>&1
        $2 summary "$spec" >"$tmp/$1/$name.summary" 2>&1
    done
    $2 --print-schema >"$tmp/$1/schema"
    $2 --print-reference >"$tmp/$1/reference"
    cat tests/errors/*.yaml | head -c 20000 | $2 - >"$tmp/$1/error" 2>&1)
}

# libyaml, for a compiler that has none: its source, and a library of that.
get_source() {
    [ -z "${LIBYAML_SOURCE:-}" ] || return 0
    mkdir -p "$tmp/apt/lists/partial"
    sed -s '$G' /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed 's/^Types:.*/Types: deb-src/' >"$tmp/apt/s.sources"
    set -- -o "Dir::Etc::sourcelist=$tmp/apt/s.sources" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$tmp/apt/lists" -o APT::Sandbox::User=root
    (cd "$tmp/apt" && apt-get "$@" update && apt-get "$@" source --download-only libyaml &&
        tar xf libyaml_*.orig.tar.gz) >"$tmp/log" 2>&1 || return 1
    LIBYAML_SOURCE=$(echo "$tmp"/apt/libyaml-*/ | sed 's|/$||')
}
build_yaml() {  # build_yaml FOLDER COMPILER
    (cd "$tmp/$1" && $2 -O1 -w -I"$LIBYAML_SOURCE/include" -DYAML_VERSION_STRING='"0.2.5"' \
        -DYAML_VERSION_MAJOR=0 \
        -DYAML_VERSION_MINOR=2 -DYAML_VERSION_PATCH=5 -c "$LIBYAML_SOURCE"/src/*.c &&
        ar rcs libyaml.a ./*.o)
}

# compare NAME: its outputs against those of the program under test
compare() {
    if diff -rq "$tmp/here" "$tmp/$1.out" >"$tmp/log"; then
        ok
    else
        fail "$1: cnngen writes something else"
        diff -r "$tmp/here" "$tmp/$1.out" | head -n 20
    fi
}

# with NAME COMPILER [RUNNER]: builds cnngen and compares
with() {
    command -v "${2%% *}" >/dev/null || { echo "skip: no ${2%% *}"; return; }
    [ -z "${3:-}" ] || command -v "$3" >/dev/null || { echo "skip: no $3"; return; }
    mkdir "$tmp/$1"
    set -- "$1" "$2" "${3:-}" "B=$tmp/$1" "CC=$2" HOST_CC=cc
    if [ "$1" != clang ]; then
        build_yaml "$1" "$2" >"$tmp/log" 2>&1 || { fail "$1: libyaml"; tail -n 20 "$tmp/log"; return; }
        set -- "$@" "YAML_CFLAGS=-I$LIBYAML_SOURCE/include" "YAML_LIBS=$tmp/$1/libyaml.a" \
            LDFLAGS=-static
    fi
    name=$1 runner=$3
    shift 3
    if make -s -j2 -C "$root" MODE=debug CFLAGS=-O1 "$@" "$tmp/$name/cnngen" >"$tmp/log" 2>&1; then
        ok
    else
        fail "$name: cnngen does not compile"
        tail -n 20 "$tmp/log"
        return
    fi
    outputs "$name.out" "$runner $tmp/$name/cnngen"
    compare "$name"
}

all="clang musl aarch64 s390x"
wanted=${PORTABLE:-${CNNGEN_EXHAUSTIVE:+$all}}
cases=$(cd "$root" && ls examples/digits/*.yaml examples/mismatch/*.yaml tests/golden/*.yaml)
[ -z "${CNNGEN_EXHAUSTIVE:-}" ] || \
    cases="$cases $(cd "$root" && ls examples/[rs]*/*.yaml tests/cases/*fused*.yaml)"
outputs here "$cnngen"
for build in ${wanted:-clang}; do
    if [ "$build" != clang ] && ! get_source; then
        echo "skip: no source of libyaml (set LIBYAML_SOURCE)"
        tail -n 3 "$tmp/log"
        break
    fi
    case $build in
    clang) with clang clang ;;
    musl) with musl musl-gcc ;;
    aarch64) with aarch64 aarch64-linux-gnu-gcc qemu-aarch64 ;;
    s390x) with s390x s390x-linux-gnu-gcc qemu-s390x ;;
    *) fail "PORTABLE is some of $all, not '$build'" ;;
    esac
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
