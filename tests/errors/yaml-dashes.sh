# 100,000 block lists, one in the other.
yes -- "- " | head -n 100000 | tr -d "\n"
