# A billion laughs: ten lists of ten aliases each.
echo "cnngen: 1"
echo "templates:"
echo "  - &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"
for i in 1 2 3 4 5 6 7 8 9; do
    p=*l$((i - 1))
    echo "  - &l$i [$p, $p, $p, $p, $p, $p, $p, $p, $p, $p]"
done
echo "layers:"
echo "  - {type: Input, shape: [4]}"
echo "  - Flatten"
