. "$(dirname "$0")/weights.inc"
mkdir p
npy p/d.kernel.npy '<f4' '4294967296, 4294967296' 24
npy p/d.bias.npy '<f4' '0, 4611686018427387904, 4611686018427387904' 0
dense 'weights: p/'
