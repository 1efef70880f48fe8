. "$(dirname "$0")/weights.inc"
mkdir -p p/d.bias.npy
dense 'weights: p/'
