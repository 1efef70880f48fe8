# Fills the holes of a manual page from what cnngen itself is made of.
#     awk -v version=V -v schema=PATH -v options=generator/help.c -v layers=docs/layers.md -f man.awk PAGE.in
# @options@ becomes the options of the help text, @layers@ the tables of the reference page.

# Text as roff reads it: no escapes, hyphens that can be copied, no control lines.
function roff(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    gsub(/`/, "", text)
    return (text ~ /^\./ ? "\\&" : "") text
}

# The help text is C: a string literal for each line.
function option_line(line,    term)
{
    if (line ~ /^[A-Z][a-z ]+:$/) {
        print ".SS " substr(line, 1, length(line) - 1)
    } else if (match(line, /^ +(-[A-Za-z]+, )?--[a-z-]+( [A-Z][A-Za-z.=,]*)?(  +|$)/)) {
        term = substr(line, 1, RLENGTH)
        sub(/^ +/, "", term)
        sub(/ +$/, "", term)
        print ".TP\n.B " roff(term)
        if (RLENGTH < length(line))
            print roff(substr(line, RLENGTH + 1))
        within = 1
    } else if (within && line ~ /^                           [^ ]/) {
        print roff(substr(line, 28))
    } else if (line == "") {
        within = 0
    } else {
        if (within || !paragraph)
            print ".PP"
        within = 0
        paragraph = 1
        sub(/^ +/, "", line)
        print roff(line)
        return
    }
    paragraph = 0
}

function print_options(    line, started)
{
    while ((getline line <options) > 0) {
        if (line ~ /version_text/)
            break
        if (!sub(/^    "/, "", line) || !sub(/\\n"(;)?$/, "", line))
            continue
        gsub(/\\"/, "\"", line)
        if (line ~ /^Generate:/)
            started = 1
        if (line ~ /^Exit codes/)
            break
        if (started)
            option_line(line)
    }
}

# A row of a Markdown table: its first cell is a term, the others explain it.
function print_row(line,    cell, n, i, text, more)
{
    n = split(line, cell, / *\| */)
    print ".TP\n.B " roff(cell[2])
    for (i = 3; i < n; i++) {
        if (cell[i] == "")
            continue
        if (head[i] == "")
            text = cell[i] "."
        else
            more = more (more ? "; " : "") head[i] ": " cell[i]
    }
    print roff(text (text && more ? " " : "") more)
}

function print_layers(    line)
{
    print ".SH LAYERS"
    while ((getline line <layers) > 0) {
        if (line ~ /^# /)
            continue
        if (line ~ /^## /)
            print ".SH " toupper(substr(line, 4))
        else if (line ~ /^### /)
            print ".SS " roff(substr(line, 5))
        else if (line ~ /^\|-/)
            in_table = 1
        else if (line ~ /^\|/ && !in_table)
            split(line, head, / *\| */)
        else if (line ~ /^\|/)
            print_row(line)
        else if (line == "")
            in_table = blank = 1
        else
            print (blank ? ".PP\n" : "") roff(line)
        if (line !~ /^\|/)
            in_table = 0
        blank = line == ""
    }
}

/^@options@$/ { print_options(); next }
/^@layers@$/ { print_layers(); next }
{
    gsub(/@version@/, version)
    gsub(/@schema@/, schema)
    print
}
