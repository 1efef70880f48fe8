. "$(dirname "$0")/weights.inc"
mkdir p
npy p/d.kernel.npy '<f4' '2, 3' 24
npy p/d.bias.npy '<f4' '3,' 12
npy p/other.npy '<i8' '3,' 24
npy p/._d.bias.npy '<f4' '3,' 1
ln -s / p/root
dense 'weights: p'
