. "$(dirname "$0")/weights.inc"
tensor c.kernel F32 2,2,1,4 64
tensor c.bias F32 4 16
save w.safetensors
conv "weights: w.safetensors"
