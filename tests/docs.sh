#!/bin/sh
# The commands of the documentation, and what the pages say that they print.
#     sh tests/docs.sh [--bless]     writes what they print into the pages
set -u
root=$(realpath "$(dirname "$0")/..")
PATH=$(realpath "${BUILD:-$root/build}"):/usr/bin:$PATH
export PATH
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
pages="faq plots"
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
    pages="$pages tutorial"
else
    echo "skip: tutorial.md: python3-torch is not installed"
fi
for page in $pages; do
    mkdir "$tmp/$page"
    /usr/bin/python3 "$root/tests/docs.py" "$root/docs/$page.md" "$tmp/$page" ${1:+"$1"} >"$tmp/log" 2>&1
    grep -vE '^[0-9]+ passed, [0-9]+ failed' "$tmp/log"
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$tmp/log")
    passed=$((passed + $(echo "${line:-0}" | sed 's/ .*//')))
    more=$(echo "$line" | sed -n 's/.*, \([0-9]*\) failed/\1/p')
    failed=$((failed + ${more:-1}))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
