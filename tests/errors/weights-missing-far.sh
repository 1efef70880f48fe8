. "$(dirname "$0")/weights.inc"
tensor features.0.w F32 2,3 24
tensor features.0.b F32 3 12
save w.safetensors
dense "weights: w.safetensors"
