. "$(dirname "$0")/weights.inc"
tensor d.kernel F32 2,3 24 '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\300\177\0\0\300\177'
tensor d.bias F16 3 6 '\0\0\0\374\0\0'
save w.safetensors
dense "weights: w.safetensors"
