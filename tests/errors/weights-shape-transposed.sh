. "$(dirname "$0")/weights.inc"
tensor c.kernel F32 4,3,2,2 192
tensor c.bias F32 4 16
save w.safetensors
conv "weights: w.safetensors"
