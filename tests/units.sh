#!/bin/sh
# How a step's units are divided never shows: a sample of the cases, other ones every day (CASES=all:
# all), in programs that take turns, from run to run, between doing all units of a thread at once and
# doing them last to first, one by one or two by two. What verify compares, runs on one thread and on
# two, of fewer images, and in other memory, has to be the same bits, and right.
. "$(dirname "$0")/lib.sh"
. "$root/tests/targets.sh"
cd "$root" || exit 2
awk '
/^static void \$\{MODEL\}_do\(/ { print "static int turn;\n"; changed++ }
/w->run\(job, / {
    print "    {"
    print "        const int from = (int)(units * (long long)thread / parts);"
    print "        const int to = (int)(units * (thread + 1LL) / parts), all = to - from ? to - from : 1;"
    print "        const int each = turn % 3 ? turn % 3 : all;"
    print ""
    print "        for (int u = from + (to - from - 1) / each * each; u >= from && u < to; u -= each)"
    print "            w->run(job, u, u + each < to ? u + each : to, thread);"
    print "    }"
    changed++
    next
}
/job\.work = \$\{MODEL\}_choose/ { print "    turn++;"; changed++ }
{ print }
END { exit changed != 3 }' templates/model.c.in >"$tmp/model.c.in" || bad "model.c.in isn't what it was"
counted "$cnngen" verify -q $(a_target 1) --template-dir "$tmp" --cflags "-O1" \
    --tuning tests/cases/conv-planes.tuning $(some_cases 13)
finish
