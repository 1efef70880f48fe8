. "$(dirname "$0")/weights.inc"
tensor d.kernel F32 2,3 24
tensor d.bias F32 3 12
mkdir real
save real/w.safetensors
ln -s real sub
dense 'weights: sub/w.safetensors'
