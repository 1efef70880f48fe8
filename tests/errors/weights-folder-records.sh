. "$(dirname "$0")/weights.inc"
mkdir p
printf '\223NUMPY\001\000\377\377' > p/d.kernel.npy
npy p/d.bias.npy "<f4', 'descr': '<f4" '3,' 12
dense 'weights: p/'
