. "$(dirname "$0")/weights.inc"
tensor d.kernel F32 2,3 24
tensor d.bias F32 3 12
for i in 1 2 3 4 5 6 7; do tensor old$i F64 1 8; done
tensor d.num_batches_tracked I64 '' 8
save w.safetensors
dense "weights: w.safetensors"
