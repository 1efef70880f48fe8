# LICENSE as Debian's machine-readable copyright file.
BEGIN {
    print "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
    print "Upstream-Name: cnngen\n"
}
/^MIT License/ { text = "Expat"; next }
/^BSD Zero Clause/ { text = "0BSD"; next }
/^Copyright \(c\) / { owner = substr($0, length("Copyright (c) ") + 1); next }
text { text_of[text] = text_of[text] " " ($0 == "" ? "." : $0) "\n" }
END {
    print "Files: *\nCopyright: " owner "\nLicense: Expat\n"
    print "Files: runtime/* templates/*\nCopyright: " owner "\nLicense: 0BSD\n"
    for (name in text_of) {
        sub(/^( \.\n)+/, "", text_of[name])
        sub(/( \.\n)+$/, "", text_of[name])
        print "License: " name "\n" text_of[name]
    }
}
