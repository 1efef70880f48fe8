. "$(dirname "$0")/weights.inc"
tensor c.weight F32 2,2,3,4 192
tensor c.bias F32 4 16
save w.safetensors
conv 'weights: {file: w.safetensors, layout: torch}'
