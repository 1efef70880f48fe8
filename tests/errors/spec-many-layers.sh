# One more layer than the limit.
echo "cnngen: 1"
echo "layers:"
echo "  - {type: Input, shape: [4]}"
yes -- "  - ReLU" | head -n 4096
