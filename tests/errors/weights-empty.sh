. "$(dirname "$0")/weights.inc"
: > w.safetensors
dense "weights: w.safetensors"
