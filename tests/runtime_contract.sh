#!/bin/sh
# What is promised of emitted code beside its results: what it links to, what it keeps, how much
# stack it takes, which memory it touches, that calls may overlap, that threads don't change a bit.
. "$(dirname "$0")/lib.sh"
# empty WHAT TEXT: there must be none
empty() { if [ -z "$2" ]; then ok; else bad "$1: $(echo "$2" | head -n 5 | tr '\n' ' ')"; fi; }

cp "$root"/tests/contract/*.cnn.yaml "$tmp"
cd "$tmp" || exit 2
for model in wide small; do
    "$cnngen" -q --standalone -o $model.c $model.cnn.yaml || exit 2
done

# ---- text: the same everywhere, and nothing in it of where and when
mkdir other
cp wide.cnn.yaml other
(cd other && umask 077 &&
    TZ=Asia/Tokyo LC_ALL=C "$cnngen" -q --standalone -o wide.c wide.cnn.yaml) || exit 2
does 'another folder, another text' cmp wide.c other/wide.c
does 'another folder, another header' cmp wide.h other/wide.h
empty 'a folder in the text' "$(grep -nF -e "$tmp" -e "$root" -e "$(basename "$tmp")" ./*.c ./*.h)"
months='Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec'
date="[0-9]{4}-[0-9]{2}-[0-9]{2}|\\b($months)[a-z]* +[0-9]{1,2}\\b"
empty 'a date in the text' "$(grep -nE "$date" ./*.c ./*.h)"

# ---- symbols
may_need='memcpy|memset|cnn_isa_level_[0-9_]+|__cpu_model|__cpu_indicator_init|__stack_chk_fail'
may_need="$may_need|_GLOBAL_OFFSET_TABLE_|GOMP_[a-z_]+|omp_get_[a-z_]+|__kmpc_[a-z_0-9]+|sched_yield"
symbols() {  # COMPILER...
    "$@" -c -o symbols.o wide.c || { bad "$* doesn't compile"; return; }
    empty "$*: needs" "$(nm -u symbols.o | awk '{print $2}' | grep -vxE "$may_need")"
    empty "$*: exports" "$(nm -g --defined-only symbols.o | awk '{print $3}' | grep -v '^wide_')"
    empty "$*: mutable data" \
        "$(size -A symbols.o | grep -E '^\.(data|bss|tdata|tbss)' | grep -v '^\.data\.rel\.ro' |
            awk '$2 > 0')"
    empty "$*: common symbols" "$(nm symbols.o | grep ' C ')"
}
for cc in gcc clang; do
    for flags in -O2 '-O2 -fopenmp' '-O0 -fPIC'; do
        symbols $cc $flags
    done
done
"$cnngen" -q -o linked.c -p wide wide.cnn.yaml &&
    gcc -O1 -c -I"$root/runtime" -o linked.o linked.c &&
    empty 'the runtime apart: needs' "$(nm -u linked.o | awk '{print $2}' | grep -vxE "$may_need")"

# ---- stack and recursion
# (Without optimisation each inlined function has room of its own: no bound is promised then.)
for flags in -O2 -Os -O0; do
    limit=$([ $flags = -O0 ] && echo 1048576 || echo 65536)
    gcc $flags -fopenmp -fstack-usage -fcallgraph-info -c -o stack.o wide.c || bad 'stack usage'
    empty "gcc $flags: more than $limit bytes of stack, or as much as it takes" \
        "$(awk -F '\t' -v limit=$limit '$2 >= limit || $3 != "static"' stack.su)"
    [ "$(wc -l <stack.su)" -gt 20 ] && ok || bad 'no stack usage'
    empty "gcc $flags: recursion" "$(awk -f "$root/tests/contract/calls.awk" stack.ci)"
    [ "$(grep -c sourcename stack.ci)" -gt 20 ] && ok || bad 'no call graph'
done

# ---- the header in C++, twice, with sizes in #if
cat >header.cc <<'END'
#include "wide.h"
#include "wide.h"
#include "small.h"
#if WIDE_ARENA_BYTES < WIDE_ARENA_BYTES_FOR(1) || SMALL_BATCH != 3 || WIDE_ARENA_ALIGN % 4
#error sizes
#endif
static char arena[SMALL_ARENA_BYTES];
int main() { return small_run(0, 0, arena, sizeof arena) == SMALL_ERR_NULL ? 0 : 1; }
END
gcc -O1 -c wide.c && gcc -O1 -c small.c || bad 'two models'
for std in c++11 c++17 c++20; do
    does "header as $std" g++ -std=$std -Wall -Wextra -Wpedantic -Werror -o header header.cc small.o
    does "run from $std" ./header
done

# ---- runs
contract() {  # COMMAND: to compile the models and the program with
    "$@" -I. -pthread -o contract "$root/tests/contract/contract.c" wide.c small.c ||
        bad "$* doesn't compile"
}
for isa in avx512 avx2 sse2; do
    limit=$(echo "$isa" | sed 's/sse2/1/;s/avx2/2/;s/avx512/3/')
    contract gcc -O2 -DCNN_ISA_LIMIT="$limit"
    does "$isa: status" ./contract status
    does "$isa: guards" ./contract guards
    does "$isa: threads" ./contract threads
done
contract gcc -O1 -g -fsanitize=thread
case $(./contract status 2>&1) in
*'unexpected memory mapping'*) fixed="setarch $(uname -m) -R" ;;
*) fixed= ;;
esac
does 'thread sanitizer' $fixed ./contract threads

# ---- threads of OpenMP
export KMP_WARNINGS=0
"$cnngen" --dump plan wide.cnn.yaml | grep -qE 'parts=([2-9]|[1-9][0-9])' && ok ||
    bad 'nothing is parallel'
for cc in gcc clang; do
    contract $cc -O2 -fopenmp
    OMP_NUM_THREADS=1 ./contract print >one || bad "$cc: print"
    for n in 2 3 5 8 64; do
        OMP_NUM_THREADS=$n ./contract print >many
        does "$cc: $n threads" cmp one many
    done
    OMP_NUM_THREADS=8 OMP_THREAD_LIMIT=3 ./contract print >many
    does "$cc: fewer threads than asked for" cmp one many
    OMP_NUM_THREADS=8 OMP_THREAD_LIMIT=3 does "$cc: threads within threads" ./contract threads
done
finish
