. "$(dirname "$0")/weights.inc"
mkdir p
npy w.npy '<f4' '3,' 12
ln -s ../w.npy p/d.bias.npy
dense 'weights: p/'
