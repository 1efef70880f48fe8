. "$(dirname "$0")/weights.inc"
dense "weights: w.safetensors"
