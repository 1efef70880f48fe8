. "$(dirname "$0")/weights.inc"
tensor c.kernel F32 48 192
tensor c.bias F32 '' 4
save w.safetensors
conv "weights: w.safetensors"
