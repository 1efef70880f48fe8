. "$(dirname "$0")/weights.inc"
raw w.safetensors '{"d.bias":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"d.bias":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}' 8
dense "weights: w.safetensors"
