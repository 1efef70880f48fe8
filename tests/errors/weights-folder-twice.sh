. "$(dirname "$0")/weights.inc"
mkdir -p p/d
npy p/d.kernel.npy '<f4' '2, 3' 24
npy p/d/kernel.npy '<f4' '2, 3' 24
dense 'weights: p/'
