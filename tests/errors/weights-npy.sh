. "$(dirname "$0")/weights.inc"
printf '\223NUMPY\001\000v\000{' > w.npy
dense 'weights: w.npy'
