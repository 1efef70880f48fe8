#!/bin/sh
# make install into an empty folder: every file in its place, usable from there alone by pkg-config,
# Make, CMake (Ninja and Makefiles, find_package and add_subdirectory, cross-compiling) and Meson;
# builds that do nothing when nothing has changed; manual pages and completions that know every
# option; make uninstall. CNNGEN_EXHAUSTIVE (check-all) adds CMake with Makefiles, cnngen's source
# as a part of a CMake project, and the Debian package.
set -u
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2
unset DESTDIR CNNGEN CFLAGS CXXFLAGS LDFLAGS MAKEFLAGS MAKELEVEL MFLAGS PKG_CONFIG_PATH
passed=0 failed=0
ok() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL: $*"; }
check() {
    what=$1
    shift
    if "$@" >"$tmp/output" 2>&1; then ok; else
        fail "$what"
        tail -n 20 "$tmp/output"
    fi
}
refuses() { what=$1; shift; if "$@" >"$tmp/log" 2>&1; then fail "$what"; else ok; fi; }
have() { command -v "$1" >/dev/null || { echo "skip: no $1"; false; }; }
# From a copy of the build: what is installed elsewhere is linked anew, and other stages run what is
# in build.
cp -a "$root/build" build
install_to() { make -s -C "$root" B="$tmp/build" "$@"; }

# ---- files ---------------------------------------------------------------------------------------

check 'make install' install_to install prefix="$tmp/usr"
for f in bin/cnngen lib/libcnngen_rt.a include/cnngen/cnn_rt.h include/cnngen/cnn_file.h \
    share/cnngen/runtime/cnn_file.c lib/pkgconfig/cnngen.pc \
    lib/cmake/cnngen/cnngen-config.cmake share/cnngen/cnngen-1.schema.json share/man/man1/cnngen.1 \
    share/man/man5/cnngen-spec.5 share/bash-completion/completions/cnngen \
    share/zsh/site-functions/_cnngen \
    share/fish/vendor_completions.d/cnngen.fish share/doc/cnngen/examples/cpp/main.cpp \
    share/doc/cnngen/docs/build-systems.md share/doc/cnngen/docs/export_torch.py; do
    check "installs $f" [ -s "usr/$f" ]
done
for link in $(grep -o ']([^):#]*[):#]' usr/share/doc/cnngen/README.md | grep -v : | tr -d '](#)' |
    sort -u); do
    case $link in
    tests/*) ;;  # of those who have the source
    *) check "$link, which README.md links" [ -e "usr/share/doc/cnngen/$link" ] ;;
    esac
done
for importer in "$root"/build/cnngen-import-*; do
    [ -x "$importer" ] && check 'an importer' [ -x "usr/libexec/cnngen/$(basename "$importer")" ]
done
refuses 'no hole is left' grep -rIn '@[a-z]*@' usr/lib usr/share/man
refuses 'nothing of this folder is in them' \
    grep -rlF "$root" usr/lib/cmake usr/lib/pkgconfig usr/share
check 'only the owner writes' [ -z "$(find usr -perm /022 ! -type l)" ]
check 'with DESTDIR and other folders' install_to install DESTDIR="$tmp/dest" prefix=/usr \
    libdir=/usr/lib/x-y libexecdir=/opt/libexec mandir=/opt/man
check 'libdir' [ -f dest/usr/lib/x-y/libcnngen_rt.a ]
check 'mandir' [ -f dest/opt/man/man1/cnngen.1 ]
check 'DESTDIR is not written down' \
    grep -qx 'libdir=/usr/lib/x-y' dest/usr/lib/x-y/pkgconfig/cnngen.pc
touch dest/usr/share/cnngen/mine
check 'make uninstall' install_to uninstall DESTDIR="$tmp/dest" prefix=/usr \
    libdir=/usr/lib/x-y libexecdir=/opt/libexec mandir=/opt/man
check 'leaves what is not its own, and nothing else' \
    [ "$(find dest -type f)" = dest/usr/share/cnngen/mine ]
PATH=$tmp/usr/bin:$PATH
export PATH

# ---- manual pages and completions ----------------------------------------------------------------

cnngen --print-options >options
cut -f 1 options | tr ' ' '\n' >names
check 'options are listed' [ "$(wc -l <names)" -ge 30 ]
sed 's/\\-/-/g' usr/share/man/man1/cnngen.1 >page
while read -r name; do
    check "cnngen(1) explains $name" grep -q "^\\.B .*$name\\([, ]\\|\$\\)" page
done <names
cnngen --help >help
for name in $(grep -o '^ \{2,6\}-[^ ].*' help | grep -o -e '--[a-z][a-z-]*' | sort -u); do
    check "--print-options has $name" grep -qx -e "$name" names
done
for type in Conv2D Softmax; do
    check "cnngen-spec(5) explains $type" grep -qx ".SS $type" usr/share/man/man5/cnngen-spec.5
done
schema_keys="import json, sys; print(*json.load(sys.stdin)['properties'])"
for key in $(/usr/bin/python3 -c "$schema_keys" <"$root/docs/cnngen-1.schema.json"); do
    check "cnngen-spec(5) explains $key" grep -qx ".B $key" usr/share/man/man5/cnngen-spec.5
done
if have mandoc; then
    for page in usr/share/man/man1/cnngen.1 usr/share/man/man5/cnngen-spec.5; do
        check "$page is well-formed" mandoc -T lint -W error "$page"
    done
fi
touch net.cnn.yaml net.txt
# completes SHELL LINE EXPECTED: some of what the shell offers behind the line
completes() {
    case $1 in
    bash) bash -c 'source "$1/share/bash-completion/completions/cnngen"
        read -ra COMP_WORDS <<<"$2"; [[ $2 = *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _cnngen; printf "%s\n" "${COMPREPLY[@]}"' - "$tmp/usr" "$2" ;;
    fish) fish -N -c 'source $argv[1]/share/fish/vendor_completions.d/cnngen.fish; complete -C $argv[2] | cut -f 1' \
        "$tmp/usr" "$2" ;;
    zsh) zsh -f -c '_call_program() { shift; "$@" }; _alternative() { print -rl -- ${(s: :)@} }
        _arguments() { for a; do print -r -- ${${a#\*}%%[=\[]*}; print -rl -- ${(s: :)a##*:} ; done }
        f() { source $1/share/zsh/site-functions/_cnngen }; words=(${(s: :)2}); [[ $2 = *" " ]] && words+=("")
        CURRENT=$#words; f $1; true' - "$tmp/usr" "$2" | tr '()' '\n\n' ;;
    esac >"$tmp/offers" 2>"$tmp/complaints"
    check "$1 completes '$2' to $3" grep -qx -e "$3" "$tmp/offers"
    check "$1 completes '$2' without complaints" [ ! -s "$tmp/complaints" ]
}
for shell in bash zsh fish; do
    have $shell || continue
    completes $shell 'cnngen ' verify
    completes $shell 'cnngen run --' --input
    refuses "$shell: options of other commands" grep -q -e --selftest "$tmp/offers"
    completes $shell 'cnngen --stand' --standalone
    completes $shell 'cnngen --math ' strict
    completes $shell 'cnngen -M' -MF
    [ $shell = zsh ] || completes $shell 'cnngen check net' net.cnn.yaml
done

# ---- pkg-config, Make ----------------------------------------------------------------------------

export PKG_CONFIG_PATH="$tmp/usr/lib/pkgconfig"
export CMAKE_PREFIX_PATH="$tmp/usr"
check 'the program in cnngen.pc' \
    [ "$(pkg-config --variable=cnngen cnngen)" = "$tmp/usr/bin/cnngen" ]
check 'the version' [ "cnngen $(pkg-config --modversion cnngen)" = \
    "$(cnngen --version | head -n 1)" ]

# Blocks of docs/build-systems.md whose first line is "# FILE" become files; the others are shell.
block() { awk -v want="$1" '/^```/ { inside = !inside; first = inside; next }
    inside && first { take = $0 == "# " want; first = 0 } inside && take' "$root/docs/build-systems.md"; }
mkdir pkg make_project cross
cat >pkg/mnist.cnn.yaml <<'END'
cnngen: 1
name: mnist
weights: random
layers:
  - {type: Input, shape: [28, 28, 1]}
  - {type: AveragePooling2D, pool_size: 28}
END
cat >pkg/main.c <<'END'
#include <stdlib.h>
#include "mnist.h"
int main(void)
{
    static float input[MNIST_INPUT_SIZE], output[MNIST_OUTPUT_SIZE];
    void *arena = aligned_alloc(MNIST_ARENA_ALIGN, MNIST_ARENA_BYTES);
    for (int i = 0; i < MNIST_INPUT_SIZE; i++)
        input[i] = (float)(i % 2);
    return mnist_run(input, output, arena, MNIST_ARENA_BYTES) != MNIST_OK || output[0] != 0.5f;
}
END
cp pkg/* make_project
cp pkg/* cross
block 'without a build system' >pkg/commands
check 'the commands of the documentation' sh -e -c 'cd pkg && sh -e commands && ./main'
block Makefile >make_project/Makefile
check 'its Makefile' sh -c 'make -C make_project CFLAGS=-O1 && make_project/build/main'
idle() { "$@" >"$tmp/log" 2>&1 && ! grep -qE 'cnngen .*-o|Building|Compiling|Generating|Linking' "$tmp/log"; }
check 'an idle make does nothing' idle make -C make_project CFLAGS=-O1
touch make_project/mnist.cnn.yaml
refuses 'a new specification' idle make -C make_project CFLAGS=-O1
check 'an idle make does nothing' idle make -C make_project CFLAGS=-O1

# ---- CMake, Meson --------------------------------------------------------------------------------

# rebuilds NAME PROJECT COMMAND...: runs once when specifications or weights change, and not
# otherwise
rebuilds() {
    name=$1 project=$2
    shift 2
    check "$name: builds" "$@"
    check "$name: an idle build does nothing" idle "$@"
    for input in "$project"/*.yaml "$project"/*.safetensors; do
        [ -e "$input" ] || continue
        sleep 0.02
        touch "$input"
        refuses "$name: $(basename "$input") has changed" idle "$@"
        check "$name: an idle build does nothing" idle "$@"
    done
}
if have cmake; then
    for generator in Ninja 'Unix Makefiles'; do
        [ "$generator" = Ninja ] || [ "${CNNGEN_EXHAUSTIVE:-}" ] || continue
        [ "$generator" != Ninja ] || have ninja || continue
        rm -rf cpp && cp -r "$root/examples/cpp" cpp
        cp "$root"/examples/digits/digits.[cs]* cpp
        echo 'cnngen_add_model(digits SPEC digits.cnn.yaml WEIGHTS asm SPLIT_WEIGHTS OPTIONS --target scalar)' >>cpp/CMakeLists.txt
        check "CMake, $generator: configures" \
            cmake -S cpp -B "cpp/b" -G "$generator" -DCMAKE_BUILD_TYPE=Debug
        rebuilds "CMake, $generator" cpp cmake --build cpp/b
        check "CMake, $generator: runs" cpp/b/main
        check "CMake, $generator: weights apart" \
            sh -c "ar t cpp/b/libdigits.a | grep -q digits_weights.c"
    done
    if [ "${CNNGEN_EXHAUSTIVE:-}" ]; then
        block 'CMakeLists.txt of a project with cnngen in it' >cpp/CMakeLists.txt
        ln -s "$root" cpp/cnngen
        check 'CMake, add_subdirectory: configures' cmake -S cpp -B cpp/sub -DCNNGEN_OPENMP=OFF \
            -DCNNGEN_EXECUTABLE="$root/build/cnngen"
        check 'CMake, add_subdirectory: builds' cmake --build cpp/sub
        check 'CMake, add_subdirectory: runs' cpp/sub/main
        refuses 'CMake: no OpenMP on request' grep -rq -e -fopenmp cpp/sub/CMakeFiles/edges.dir
        block FetchContent >fetch
        sed -e '/^add_subdirectory/r fetch' -e '/^add_subdirectory/d' cpp/CMakeLists.txt \
            >CMakeLists.txt
        rm cpp/cnngen
        mv CMakeLists.txt cpp
        tar cf source.tar -C "$root" Makefile generator runtime templates docs
        check 'CMake, FetchContent: configures' cmake -S cpp -B cpp/own -G "$generator" \
            -DCNNGEN_SOURCE="$tmp/source.tar"
        check 'CMake, FetchContent: builds cnngen' cmake --build cpp/own
        check 'CMake, FetchContent: runs' cpp/own/main
        check 'CMake, FetchContent: an idle build does nothing' idle cmake --build cpp/own
    fi
    if have aarch64-linux-gnu-gcc && have qemu-aarch64; then
        block aarch64.cmake >cross/aarch64.cmake
        printf 'cmake_minimum_required(VERSION 3.20)\nproject(x C)\nfind_package(cnngen REQUIRED)\n%s\n%s\n%s\n' \
            'cnngen_add_model(model SPEC mnist.cnn.yaml PREFIX mnist OPTIONS --target neon)' \
            'add_executable(main main.c)' \
            'target_link_libraries(main model)' >cross/CMakeLists.txt
        check 'CMake, cross-compiling: configures' cmake -S cross -B cross/b \
            -DCMAKE_TOOLCHAIN_FILE=aarch64.cmake -Dcnngen_DIR="$tmp/usr/lib/cmake/cnngen"
        check 'CMake, cross-compiling: builds' cmake --build cross/b
        check 'CMake, cross-compiling: runs' qemu-aarch64 -L /usr/aarch64-linux-gnu cross/b/main
    fi
    printf 'cmake_minimum_required(VERSION 3.20)\nproject(x C)\nfind_package(cnngen ${want} REQUIRED)\ncnngen_add_model(m)\n' \
        >cpp/CMakeLists.txt
    says() {
        tr -s '\n ' ' ' <"$tmp/log" >"$tmp/words"
        check "CMake: says '$1'" grep -qF "$1" "$tmp/words"
    }
    refuses 'CMake: without SPEC' cmake -S cpp -B cpp/none
    says 'cnngen_add_model(m): SPEC is missing'
    sed 's/_model(m/& SPEC x.yaml OPTIONS --weights=asm/' cpp/CMakeLists.txt >cross/CMakeLists.txt
    refuses 'CMake: files that it would not know of' cmake -S cross -B cross/none
    says "'--weights=' among OPTIONS: write WEIGHTS KIND or SPLIT_WEIGHTS"
    sed 's/(x C)/(x CXX)/; s/_model(m/& SPEC x.yaml/' cpp/CMakeLists.txt >cross/CMakeLists.txt
    refuses 'CMake: without C' cmake -S cross -B cross/none
    says 'models are C: project(... LANGUAGES C CXX)'
    refuses 'CMake: another version' cmake -S cpp -B cpp/none -Dwant=9.0
    says 'compatible with requested version "9.0"'
    refuses 'CMake: a program that is not there' \
        cmake -S cpp -B cpp/none -Dwant= -DCNNGEN_EXECUTABLE=/nothing
    says "no program '/nothing': set CNNGEN_EXECUTABLE"
fi
if have meson && have ninja; then
    rm -rf cpp && cp -r "$root/examples/cpp" cpp
    check 'Meson: configures' meson setup cpp/b cpp -Dbuildtype=debug
    rebuilds Meson cpp ninja -C cpp/b
    check 'Meson: runs' cpp/b/main
fi

# ---- make deb ------------------------------------------------------------------------------------

if [ "${CNNGEN_EXHAUSTIVE:-}" ] && have dpkg-deb; then
    check 'make deb' make -s -C "$root" deb DEB_DIR="$tmp"
    package=$(ls "$tmp"/cnngen_*.deb)
    if have lintian; then check 'lintian finds no error' lintian --fail-on error "$package"; fi
    if [ "$(id -u)" = 0 ]; then
        mkdir -p debroot/var/lib/dpkg/updates debroot/var/lib/dpkg/info \
            debroot/var/lib/dpkg/triggers
        touch debroot/var/lib/dpkg/status debroot/var/lib/dpkg/available
        check 'installs' dpkg --root="$tmp/debroot" --force-depends --log=/dev/null -i "$package"
        check 'runs' debroot/usr/bin/cnngen --version
        check 'is removed' dpkg --root="$tmp/debroot" --log=/dev/null -r cnngen
        check 'and leaves nothing' [ -z "$(find debroot/usr -type f 2>/dev/null)" ]
    fi
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
