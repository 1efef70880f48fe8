. "$(dirname "$0")/weights.inc"
tensor fc.kernel F32 2,3 24
tensor fc.bias F32 3 12
save w.safetensors
dense "weights: w.safetensors" "weights: {kernel: fc.kernal, bias: fc.bias}"
