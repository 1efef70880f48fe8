#!/bin/sh
# Every CMocka program of tests/unit.
set -u
passed=0 failed=0
for t in "${BUILD:-build}"/unit/test_*; do
    case $t in *.d) continue ;; esac
    out=$("$t" 2>&1); status=$?
    p=$(echo "$out" | sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' | head -n 1)
    f=$(echo "$out" | sed -n 's/^\[  FAILED  \].* \([0-9]*\) test.*/\1/p' | head -n 1)
    passed=$((passed + ${p:-0}))
    if [ $status -ne 0 ]; then
        echo "$out"
        failed=$((failed + ${f:-1}))
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
