# Reads gcc's call graph (-fcallgraph-info) and takes away, again and again, functions that call
# nobody that is left. What stays calls itself, directly or not, or calls one that does: printed.
match($0, /sourcename: "[^"]*"/) {
    from = substr($0, RSTART + 13, RLENGTH - 14)
    match($0, /targetname: "[^"]*"/)
    calls[from, ++n[from]] = substr($0, RSTART + 13, RLENGTH - 14)
    left[from] = 1
}
END {
    do {
        gone = 0
        for (f in left) {
            busy = 0
            for (i = 1; i <= n[f]; i++)
                if (calls[f, i] in left)
                    busy = 1
            if (!busy) {
                delete left[f]
                gone = 1
            }
        }
    } while (gone)
    for (f in left)
        print f
}
