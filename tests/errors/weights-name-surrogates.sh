. "$(dirname "$0")/weights.inc"
raw w.safetensors '{"\ud83d\ude00":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}' 4
dense "weights: w.safetensors"
