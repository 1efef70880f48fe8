. "$(dirname "$0")/weights.inc"
raw w.safetensors '{{{{' 0
dense "weights: w.safetensors"
