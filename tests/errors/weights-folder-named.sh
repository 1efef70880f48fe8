. "$(dirname "$0")/weights.inc"
mkdir p
npy p/w.npy '<f4' '2, 3' 24
npy p/b.npy '<f4' '3,' 12
dense 'weights: p/' 'weights: {kernel: w, bias: d}'
