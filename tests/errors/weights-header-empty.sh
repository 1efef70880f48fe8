. "$(dirname "$0")/weights.inc"
printf '\0\0\0\0\0\0\0\0{}' > w.safetensors
dense "weights: w.safetensors"
