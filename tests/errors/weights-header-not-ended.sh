. "$(dirname "$0")/weights.inc"
raw w.safetensors '{"d.kernel":{"dtype":"F32",' 0
dense "weights: w.safetensors"
