. "$(dirname "$0")/weights.inc"
tensor d.kernel F64 2,3 48
tensor d.bias I64 3 24
save w.safetensors
dense "weights: w.safetensors"
