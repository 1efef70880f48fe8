. "$(dirname "$0")/weights.inc"
tensor bn.gamma F32 2 8
tensor bn.beta F32 2 8
tensor bn.moving_mean F32 2 8
tensor bn.moving_variance F32 2 8 '\0\0\0\0\0\0\200\277'
save w.safetensors
cat <<END
cnngen: 1
weights: w.safetensors
layers:
  - {type: Input, shape: [2]}
  - {type: BatchNormalization, name: bn}
END
