# 100,000 mappings, one in the other.
yes "{a: " | head -n 100000 | tr -d "\n"
