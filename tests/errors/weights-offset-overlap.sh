. "$(dirname "$0")/weights.inc"
raw w.safetensors '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}' 12
dense "weights: w.safetensors"
