. "$(dirname "$0")/weights.inc"
mkdir p
npy p/d.kernel.npy '<i4' '2, 3' 24
npy p/d.bias.npy '|u1' '3,' 3
dense 'weights: p/'
