# 100 mappings, one in the other, in block style.
i=0
pad=
while [ $i -lt 100 ]; do
    echo "${pad}a:"
    pad="$pad "
    i=$((i + 1))
done
