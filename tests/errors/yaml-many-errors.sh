# More than are shown.
echo "cnngen: 1"
for i in 1 2 3 4; do
    for j in 1 2 3 4 5 6 7; do
        echo "unknown_$i$j: 0"
    done
done
echo "layers: [{type: Input, shape: [4]}, Flatten]"
