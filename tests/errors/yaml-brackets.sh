# 100,000 lists, one in the other.
head -c 100000 /dev/zero | tr "\0" "["
