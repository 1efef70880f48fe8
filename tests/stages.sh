#!/bin/sh
# Runs the stages of the tests, two at a time (JOBS), each a script of its own that ends with a line
# "N passed, M failed"; prints how long each took, what failed, and the sum.
#     sh tests/stages.sh STAGE...        (make check and make check-all name them)
set -u
cd "$(dirname "$0")/.." || exit 2
log=$(mktemp -d)
export log
trap 'rm -rf "$log"' EXIT
trap 'exit 2' HUP INT TERM

# One stage: its output to $log/STAGE, its counts to $log/STAGE.counts.
cat >"$log/run" <<'END'
start=$(date +%s)
sh "tests/$1.sh" >"$log/$1" 2>&1
status=$?
seconds=$(($(date +%s) - start))
line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log/$1" | tail -n 1)
passed=$(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
failed=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed.*/\1/p')
if [ $status -ne 0 ] || [ -z "$line" ]; then
    cat "$log/$1"
    [ "${failed:-0}" -gt 0 ] || failed=1
else
    grep -E '^(note|skip|seed)' "$log/$1"
fi
printf '%-18s %4d s   %s\n' "$1" "$seconds" "${line:-ended with status $status}"
echo "${passed:-0} ${failed:-0}" >"$log/$1.counts"
END
start=$(date +%s)
printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -n 1 sh "$log/run"
echo "all stages: $(($(date +%s) - start)) s"
cat "$log"/*.counts | awk -v stages=$# '{ p += $1; f += $2; n++ } END {
    if (n != stages) f++
    print p " passed, " f " failed"
    exit f > 0 }'
