. "$(dirname "$0")/weights.inc"
raw w.safetensors '{"d.kernel":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]}}' 32
dense "weights: w.safetensors"
