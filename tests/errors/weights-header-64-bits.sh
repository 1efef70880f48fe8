. "$(dirname "$0")/weights.inc"
printf '\377\377\377\377\377\377\377\377{}' > w.safetensors
dense "weights: w.safetensors"
