. "$(dirname "$0")/weights.inc"
tensor d.depthwise_kernel F32 3,4,1 48
tensor d.pointwise_kernel F32 1,4,5 80
tensor d.bias F32 5 20
tensor t.kernel F32 3,5,2 120
tensor t.bias F32 2 8
save w.safetensors
cat <<END
cnngen: 1
weights: w.safetensors
layers:
  - {type: Input, shape: [9, 4]}
  - {type: SeparableConv1D, name: d, filters: 6, kernel_size: 3}
  - {type: Conv1DTranspose, name: t, filters: 2, kernel_size: 3}
END
