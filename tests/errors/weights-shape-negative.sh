. "$(dirname "$0")/weights.inc"
raw w.safetensors '{"d.kernel":{"dtype":"F32","shape":[-2,-3],"data_offsets":[0,24]}}' 24
dense "weights: w.safetensors"
