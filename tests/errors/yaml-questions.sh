# 100,000 keys that are mappings.
yes "? " | head -n 100000 | tr -d "\n"
