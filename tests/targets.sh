# For stages that need not see every instruction set each day. To be read by "." into a script.

# some_targets N: an option for verify that names two targets; which ones changes with N and with the day.
# CASES=all: none, and so all targets. Elsewhere than on x86-64 that is the option, too.
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

# a_target N: likewise, for one.
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
