# For stages that make and run programs in a folder of their own. To be read by "." into a script: cnngen, root,
# tmp (removed at the end), counts, and checks.
cnngen=$(realpath "${CNNGEN:-build/cnngen}")
root=$(realpath "$(dirname "$0")/..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
# does WHAT COMMAND...: must succeed
does() {
    what=$1
    shift
    if out=$("$@" 2>&1); then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED  $what: $out"
    fi
}
