# Aliases that make a deep tree out of flat text.
echo "cnngen: 1"
echo "templates:"
echo "  - &d0 [x]"
i=1
while [ $i -lt 100 ]; do
    echo "  - &d$i [*d$((i - 1))]"
    i=$((i + 1))
done
