. "$(dirname "$0")/weights.inc"
printf 'weights as text, which is something else' > w.safetensors
dense "weights: w.safetensors"
