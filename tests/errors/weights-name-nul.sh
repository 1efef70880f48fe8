. "$(dirname "$0")/weights.inc"
raw w.safetensors '{"d\u0000":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}' 4
dense "weights: w.safetensors"
