#!/bin/sh
# What programs rely on that emitted C is built into: that header, C file and runtime are of one
# version, that memory in use twice is refused, that threads are as many as asked for and images
# too, that labels are what was written, that other compilers than gcc and clang take it.
. "$(dirname "$0")/lib.sh"
# stops WHAT MESSAGE COMMAND...: must fail and say so
stops() {
    what=$1 message=$2
    shift 2
    if out=$("$@" 2>&1); then does "$what is accepted" false; else
        does "$what: $out" sh -c 'case $1 in *"$2"*) ;; *) false;; esac' sh "$out" "$message"
    fi
}
cp "$root"/tests/embedding/* "$root/tests/weights/net.cnn.yaml" "$tmp"
cd "$tmp" || exit 2
strict="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Werror"
small="--target sse2,neon"
read="gcc -std=c99 -fsyntax-only $strict -I$root/runtime"

# ---- a header of another run
"$cnngen" -q $small net.cnn.yaml -o net.c
does 'the runtime is linked' $read net.c
mkdir stale
not_its_header='error "this is not the header of net.c'
for change in '--max-threads 4' '--static-arena' '--math strict' '--weights string' '--selftest'; do
    "$cnngen" -q $small $change net.cnn.yaml -o stale/net.c
    cp net.c stale/net.c
    stops "a header of $change" "$not_its_header: it belongs to another model" $read stale/net.c
done
sed 's/random: 1/random: 2/' net.cnn.yaml >stale/net.cnn.yaml
for way in '' '--weights array' '--weights asm' '--weights bin' '--split-weights'; do
    "$cnngen" -q $small $way net.cnn.yaml -o net.c
    does "a header of its own${way:+, $way}" $read net.c
    "$cnngen" -q $small $way stale/net.cnn.yaml -o stale/net.c
    cp net.c stale/net.c
    case $way in
    *bin | *split*) does "new weights without compiling anew, $way" cmp net.h stale/net.h ;;
    *) stops "a header of other weights${way:+, $way}" \
        "$not_its_header: it belongs to another model" $read stale/net.c ;;
    esac
done
"$cnngen" -q $small --standalone net.cnn.yaml -o net.c
sed 's/\(CNNGEN_VERSION\) .*/\1 99/' net.h >stale/net.h
cp net.c stale
stops 'a header of an older version' "$not_its_header: another version of cnngen" $read stale/net.c
grep -v 'CNNGEN_VERSION\|MODEL_HASH' net.h >stale/net.h
stops 'a header of before there were versions' \
    "$not_its_header: another version of cnngen" $read stale/net.c

# ---- a runtime of another version
"$cnngen" -q $small net.cnn.yaml -o net.c
mkdir old
cp "$root"/runtime/*.[ch] old
sed 's/\(CNN_VERSION_PATCH\) .*/\1 99/' "$root/runtime/cnn_version.h" >old/cnn_version.h
stops 'older headers of the runtime' \
    'error "net.c needs the runtime of cnngen ' gcc -fsyntax-only -Iold net.c
gcc -c -Iold -o old.o old/cnn_rt.c
stops 'an older library' 'undefined reference to `cnn_isa_level_' \
    gcc -shared -fPIC -Wl,-z,defs -I"$root/runtime" -o net.so net.c old.o
does 'the library of its version' \
    gcc -shared -fPIC -Wl,-z,defs -I"$root/runtime" -o net.so net.c "$root/runtime/cnn_rt.c"

# ---- memory in use twice
"$cnngen" -q --standalone $small two.cnn.yaml -o two.c
for cc in 'gcc -std=c11' 'clang -std=c11'; do
    does "overlap: $cc" $cc -O1 $strict -fsanitize=address,undefined -o overlap overlap.c two.c
    does 'overlap is refused' ./overlap
done

# ---- fewer images than the batch
"$cnngen" -q --standalone --static-arena $small batch.cnn.yaml -o net_batch.c -H batch.h
for cc in 'gcc -std=c11 -fopenmp' 'clang -std=c11'; do
    does "batch: $cc" $cc -O1 $strict -fsanitize=address,undefined -o batch batch.c net_batch.c
    does "batch: $cc, fewer images" ./batch
done

# ---- threads by the call, and calls before and after each step
"$cnngen" -q --standalone $small "$root/examples/residual/residual.cnn.yaml" -o residual.c
for cc in 'gcc -std=c11 -fopenmp' 'clang -std=c11 -fopenmp' 'gcc -std=c11'; do
    does "threads: $cc" $cc -O1 $strict -DRESIDUAL_PROFILE=watch -o threads threads.c residual.c
    does "threads: $cc, as many as asked for" env OMP_NUM_THREADS=3 OMP_DYNAMIC=false ./threads
done
for flags in '' -DRESIDUAL_PROFILE=watch; do
    gcc -O1 -fopenmp $flags -c residual.c && strip --strip-unneeded residual.o
    does "layers' names are in the program${flags:+, $flags}" \
        [ "$(strings residual.o | grep -cx global_average_pooling2d)" = \
        "$([ -z "$flags" ] && echo 0 || echo 1)" ]
done

# ---- labels: whatever stands in them, they are strings of C
"$cnngen" -q --standalone $small labels.cnn.yaml -o labels.c
for cc in 'gcc -std=c99' 'clang -std=c99' 'g++ -x c++ -std=c++11'; do
    does "labels: $cc" $cc $strict -Wtrigraphs -Wmissing-declarations -c -o labels.o labels.c
    does "labels: $cc, a program" gcc -std=c99 -Wall -Werror -o print print.c labels.o
    does "labels: $cc, the same as in the specification" sh -c './print | cmp - labels.txt'
done

# From a file, with a byte order mark and lines as Windows has them, and of several outputs.
mkdir lists && mv kinds.txt lists
"$cnngen" -q --standalone $small -MD classes.cnn.yaml -o network.c -H classes.h
does 'labels of a file: the rule for make names it' grep -q ' lists/kinds.txt' network.d
does 'labels of a file: compile' gcc -std=c99 $strict -Wtrigraphs -o classes classes.c network.c
{ sed 's/^\xef\xbb\xbf//; s/\r$//' lists/kinds.txt && printf '\nsmall\nlarge\n'; } >classes.txt
does 'labels of a file and of several outputs' sh -c './classes | cmp - classes.txt'

# ---- compilers without GNU's extensions, and other systems: plain C, serial where there is no OpenMP
"$cnngen" -q --standalone --selftest --weights array net.cnn.yaml -o net.c
does 'tcc: compile' tcc -Wall -Werror -o selftest selftest.c net.c
does 'tcc: the self-test' ./selftest
"$cnngen" -q --standalone --weights array "$root/examples/residual/residual.cnn.yaml" -o residual.c
mkdir stub
printf '#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t);\nvoid *memset(void *, int, size_t);\n' >stub/string.h
echo '#define INFINITY ((float)(1e300 * 1e300))' >stub/math.h
windows="clang -target x86_64-pc-windows-msvc -ffreestanding -Istub"
msvc="$windows -U__clang__ -U__clang_major__"
for file in net residual; do
    does "clang-cl: $file" $windows -std=c11 -fsyntax-only $strict $file.c
    does "Apple clang: $file" clang -target arm64-apple-macos11 -ffreestanding -Istub -std=c11 \
        -fsyntax-only $strict $file.c
    does "like MSVC: $file" $msvc -std=c11 -fsyntax-only $strict \
        -Wno-unknown-pragmas -Wno-unused-function $file.c
    does "like MSVC: $file as C++" $msvc -x c++ -std=c++14 -fsyntax-only $strict \
        -Wno-unknown-pragmas -Wno-unused-function $file.c
    $msvc -E -P $file.c >$file.i
    does "like MSVC: nothing of GNU in $file" \
        sh -c '! grep -nE "__attribute__|__builtin|__asm|__restrict__|_(Pragma|Bool)|GCC|omp|[^_]restrict" $1' sh $file.i
    does "like MSVC: portable C alone in $file" \
        sh -c 'grep -q "_scalar(" $1 && ! grep -qE "_(sse2|avx2|avx512|neon)\(" $1' sh $file.i
done
"$cnngen" -q --standalone --weights string net.cnn.yaml -o net.c
stops 'like MSVC: weights as strings' \
    'error "MSVC takes no strings as long as the weights of net.c' $msvc -fsyntax-only net.c

# ---- the hash is of the program: not of comments, lines and names of specifications
cp "$root/tests/contract/small.cnn.yaml" plain.cnn.yaml
{ echo '# A comment.' && cat plain.cnn.yaml; } >commented.cnn.yaml
for spec in plain commented; do
    mkdir $spec && "$cnngen" -q --standalone --prefix small -o $spec/small.c $spec.cnn.yaml &&
        grep MODEL_HASH $spec/small.h >$spec.hash
done
does 'a comment changes no hash' cmp plain.hash commented.hash

finish
