#!/bin/sh
# Runs the stages of the tests, two at a time (JOBS), each a script of its own that ends with a line
# "N passed, M failed"; prints how long each took by the clock and of the processors (which other
# programs on the machine hardly change), what failed, and the sums.
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
times >"$log/$1.times"
cpu=$(tail -n 1 "$log/$1.times" | awk -F'[ms ]+' '{ printf "%d", $1 * 60 + $2 + $3 * 60 + $4 }')
line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log/$1" | tail -n 1)
passed=$(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
failed=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed.*/\1/p')
if [ $status -ne 0 ] || [ -z "$line" ]; then
    cat "$log/$1"
    [ "${failed:-0}" -gt 0 ] || failed=1
else
    grep -E '^(note|skip|seed)' "$log/$1"
fi
printf '%-18s %4d s   cpu %4d s   %s\n' "$1" "$seconds" "$cpu" "${line:-ended with status $status}"
echo "${passed:-0} ${failed:-0} $cpu" >"$log/$1.counts"
END
start=$(date +%s)
printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -n 1 sh "$log/run"
seconds=$(($(date +%s) - start))
cat "$log"/*.counts | awk -v stages=$# -v seconds=$seconds '{ p += $1; f += $2; cpu += $3; n++ } END {
    print "all stages: " seconds " s, cpu " cpu " s"
    if (n != stages) f++
    print p " passed, " f " failed"
    exit f > 0 }'
