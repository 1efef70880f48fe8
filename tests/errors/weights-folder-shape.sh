. "$(dirname "$0")/weights.inc"
mkdir p
npy p/c.kernel.npy '<f4' '2, 2, 3, 5' 240
npy p/c.bias.npy '<f4' '5,' 20
conv 'weights: p/'
