. "$(dirname "$0")/weights.inc"
name=$(head -c 65536 /dev/zero | tr '\0' n)
tensor $name F32 2 4
save w.safetensors
dense "weights: w.safetensors"
