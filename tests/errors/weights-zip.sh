. "$(dirname "$0")/weights.inc"
printf 'PK\003\004..........................model.bin' > w.safetensors
dense "weights: w.safetensors"
