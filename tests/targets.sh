# For stages that need not see every instruction set, or every case, each day. To be read by "."
# into a script.

# some_targets N: an option for verify that names some targets; which ones changes with N and with
# the day. With a target come those that it builds on: AVX2 with AVX-512, SSE2 with AVX2, plain C
# with all. CASES=all: no option, and so all targets; nor elsewhere than on x86-64.
some_targets() {
    if [ "${CASES:-}" = all ] || [ "$(uname -m)" != x86_64 ]; then
        return
    fi
    if [ $((($(date +%s) / 86400 + $1) % 2)) = 0 ]; then
        echo --target=avx512,scalar
    else
        echo --target=avx2,sse2
    fi
}

# a_target N: likewise, an option that names one.
a_target() {
    if [ "${CASES:-}" = all ] || [ "$(uname -m)" != x86_64 ]; then
        return
    fi
    case $((($(date +%s) / 86400 + $1) % 4)) in
    0) if grep -q avx512dq /proc/cpuinfo; then echo --target=avx512; else echo --target=avx2; fi ;;
    1) echo --target=avx2 ;;
    2) echo --target=sse2 ;;
    3) echo --target=scalar ;;
    esac
}

# some_cases N: of the specifications in tests/cases one in N, others every day. CASES=all: all.
some_cases() {
    share=$1
    [ "${CASES:-}" != all ] || share=1
    ls "$root"/tests/cases/*.cnn.yaml |
        awk -v n="$share" -v h=$(($(date +%s) / 86400 % share)) 'NR % n == h'
}
