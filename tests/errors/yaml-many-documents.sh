# 100,000 documents.
yes -- "---" | head -n 100000
