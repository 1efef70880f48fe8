#!/bin/sh
# The commands and programs of README.md and docs/*.md, and what the pages say that they print:
# docs.py. What the pages take for granted (a model, its weights) is made by tests/docs/given.py;
# tests/docs/not_run.txt names what is not run, and why.
#     sh tests/docs.sh [--bless] [PAGE...]     writes what they print into the pages; README, embedding ...
. "$(dirname "$0")/lib.sh"
PATH=$build:/usr/bin:$PATH
export PATH
bless=
if [ "${1:-}" = --bless ]; then
    bless=$1
    shift
fi
# As if cnngen were installed.
mkdir "$tmp/include"
ln -s "$root/runtime" "$tmp/include/cnngen"
sed "s|@prefix@|$tmp|; s|@bindir@|$build|; s|@libdir@|$build|; s|@includedir@|$tmp/include|; s|@version@|0|" \
    "$root/runtime/integration/cnngen.pc.in" >"$tmp/cnngen.pc"
PKG_CONFIG_PATH=$tmp
export PKG_CONFIG_PATH
pages=${*:-$(cd "$root" && ls README.md docs/*.md | sed 's|.*/||; s|\.md$||')}
for page in $pages; do
    if [ "$page" = tutorial ] && ! /usr/bin/python3 -c 'import torch' 2>/dev/null; then
        echo "skip: tutorial.md: python3-torch is not installed"
        continue
    fi
    file=$root/docs/$page.md
    [ "$page" = README ] && file=$root/README.md
    mkdir "$tmp/$page"
    {
        /usr/bin/python3 "$root/tests/docs/given.py" "$page" "$tmp/$page" &&
            /usr/bin/python3 "$root/tests/docs.py" "$file" "$tmp/$page" \
                "$root/tests/docs/not_run.txt" $bless
    } >"$tmp/log" 2>&1
    add_counts "$tmp/log"
done
for page in $(sed 's/ .*//' "$root/tests/docs/not_run.txt" | sort -u); do
    [ -e "$root/docs/$page" ] || [ "$page" = README.md ] || bad "no page $page"
done
finish
