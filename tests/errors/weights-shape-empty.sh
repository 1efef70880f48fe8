. "$(dirname "$0")/weights.inc"
tensor d.kernel F32 0,3 0
tensor d.bias F32 3 12
save w.safetensors
dense "weights: w.safetensors"
