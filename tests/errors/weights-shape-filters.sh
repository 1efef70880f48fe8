. "$(dirname "$0")/weights.inc"
tensor c.kernel F32 2,2,3,8 384
tensor c.bias F32 8 32
save w.safetensors
conv "weights: w.safetensors"
