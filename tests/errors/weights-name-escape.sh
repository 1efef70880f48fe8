. "$(dirname "$0")/weights.inc"
raw w.safetensors '{"\u001b[31mred":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}' 4
dense "weights: w.safetensors"
