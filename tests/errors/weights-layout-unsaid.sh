. "$(dirname "$0")/weights.inc"
tensor first.w F32 2,3 24
tensor first.b F32 3 12
save w.safetensors
dense "weights: w.safetensors" "weights: {kernel: first.w, bias: first.b}"
