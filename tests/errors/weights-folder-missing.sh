. "$(dirname "$0")/weights.inc"
mkdir -p p/e
npy p/d.kernel.npy '<f4' '2, 3' 24
npy p/d.bais.npy '<f4' '3,' 12
npy p/e/kernel.npy '<f4' '2, 3' 24
dense 'weights: p/'
