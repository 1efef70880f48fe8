. "$(dirname "$0")/weights.inc"
tensor c.weight F32 1,4,1,1 16
tensor c.bias F32 1 4
save w.safetensors
cat <<END
cnngen: 1
weights: {file: w.safetensors, layout: torch}
layers:
  - {type: Input, shape: [24]}
  - {type: Reshape, target_shape: [2, 3, 4]}
  - {type: Conv2D, name: c, filters: 1, kernel_size: 1}
END
