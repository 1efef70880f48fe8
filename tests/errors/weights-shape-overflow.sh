. "$(dirname "$0")/weights.inc"
raw w.safetensors '{"d.kernel":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,24]}}' 24
dense "weights: w.safetensors"
