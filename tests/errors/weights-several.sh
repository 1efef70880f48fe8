. "$(dirname "$0")/weights.inc"
tensor a.kernel F32 2,4 32
tensor b.kernel F32 3,3 36
tensor b.bias I32 3 12
save w.safetensors
cat <<END
cnngen: 1
weights: w.safetensors
layers:
  - {type: Input, shape: [2]}
  - {type: Dense, name: a, units: 3, weights: {bais: 0}}
  - {type: Dense, name: b, units: 3}
  - {type: Dense, name: c, units: 2, weights: {kernel: [[1, 2], [3, 4]], bias: 0}}
END
